"""Files of the likelihood in kappa_lambda that outputs are made from."""

from hh4b.publication.catalogue.naming import selection_label
from hh4b.publication.catalogue.sources import InputFiles, Source
from hh4b.publication.text import spelled
from hh4b.study.layout import Layout

_NEEDS = "a selection under likelihood.selections"


def fits_by_point() -> Source:
    """Return fits by selection at every energy and luminosity."""

    def inputs(layout: Layout) -> InputFiles:
        chosen = layout.study.likelihood.selections
        return {name: layout.likelihoods("fit", name) for name in chosen}

    return Source(inputs, _NEEDS, selection_label)


def fits_and_limits() -> Source:
    """Return fits, and as ``S.limits`` limits, of every energy and luminosity."""
    fits = fits_by_point()

    def inputs(layout: Layout) -> InputFiles:
        found = fits.inputs(layout)
        return found | {f"{n}.limits": layout.of_every_energy("limits", n) for n in found}

    return Source(inputs, _NEEDS, _label)


def fits_of_headline() -> Source:
    """Return fits by selection at the headline's energy and luminosity."""

    def inputs(layout: Layout) -> InputFiles:
        chosen = layout.study.likelihood.selections
        return {name: [layout.likelihood("fit", name)] for name in chosen}

    return Source(inputs, _NEEDS, selection_label)


def fits_and_toys() -> Source:
    """Return fits of the headline, and as ``S.toys`` pseudo-experiments where there are some."""
    fits, experiments = fits_of_headline(), toys()

    def inputs(layout: Layout) -> InputFiles:
        found = {f"{name}.toys": files for name, files in experiments.inputs(layout).items()}
        return fits.inputs(layout) | found

    return Source(inputs, _NEEDS, _label)


def first_fit() -> Source:
    """Return, as ``fit``, the fit of the first selection at the headline's point."""

    def inputs(layout: Layout) -> InputFiles:
        files = [layout.likelihood("fit", name) for name in _first(layout)]
        return {"fit": files} if files else {}

    def label(layout: Layout, key: str) -> str:
        return selection_label(layout, _first(layout)[0]) if _first(layout) else key

    def processes(layout: Layout) -> dict[str, str]:
        shown = layout.study.processes.items()
        return {n: p.label or spelled(n) for n, p in shown if p.kind == "background"}

    return Source(inputs, _NEEDS, label, extra=processes)


def couplings(*, contours: bool) -> Source:
    """Return, by selection, templates of all couplings at the headline's point.

    Args:
        contours: whether only a study with ranges of couplings has what is shown.
    """

    def inputs(layout: Layout) -> InputFiles:
        chosen = layout.study.likelihood
        if contours and not chosen.coupling_ranges:
            return {}
        return {name: [layout.likelihood("couplings", name)] for name in chosen.couplings}

    ranges = ", and a coupling under likelihood.coupling_ranges" if contours else ""
    return Source(inputs, f"a selection under likelihood.couplings{ranges}", selection_label)


def toys() -> Source:
    """Return pseudo-experiments by selection."""

    def inputs(layout: Layout) -> InputFiles:
        return {name: [layout.likelihood("toys", name)] for name in layout.study.likelihood.toys}

    return Source(inputs, "a selection under likelihood.toys", selection_label)


def _first(layout: Layout) -> list[str]:
    return layout.study.likelihood.selections[:1]


def _label(layout: Layout, key: str) -> str:
    return selection_label(layout, key.partition(".")[0])

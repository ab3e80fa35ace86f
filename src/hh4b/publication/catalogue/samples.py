"""Inputs of outputs that show events: samples by class or process."""

from collections.abc import Callable, Sequence

from hh4b.publication.catalogue.naming import classifier_label, pairing_label, spelled_key
from hh4b.publication.catalogue.sources import InputFiles, Source, existing, is_cuts
from hh4b.study.layout import Layout
from hh4b.study.methods import SpanetPairing

STANDARD_MODEL = "a signal sample at kappa_lambda = 1"


def backgrounds_by_process(layout: Layout) -> dict[str, list[str]]:
    """Return background samples by process; one process alone is called ``background``."""
    processes: dict[str, list[str]] = {}
    for name in layout.backgrounds:
        processes.setdefault(layout.samples[name].process, []).append(name)
    if len(processes) == 1:
        return {"background": next(iter(processes.values()))}
    return processes


def classes(layout: Layout) -> dict[str, list[str]]:
    """Return the Standard Model's signal and the backgrounds; nothing if one of them is missing."""
    backgrounds = backgrounds_by_process(layout)
    if not layout.standard_model or not backgrounds:
        return {}
    return {"signal": layout.standard_model, **backgrounds}


def sample_label(layout: Layout, key: str) -> str:
    """Return what a class or process is called."""
    process = layout.study.processes.get(key)
    if process is None or key in ("signal", "background"):
        return spelled_key(layout, key)
    return process.label or spelled_key(layout, key)


def jets() -> Source:
    """Return datasets by class or process."""

    def inputs(layout: Layout) -> InputFiles:
        return {key: layout.datasets(names) for key, names in classes(layout).items()}

    return Source(inputs, f"{STANDARD_MODEL}, and a background", sample_label)


def masses(
    pairings: Callable[[Layout], Sequence[str]], needs: str, *, signal: bool, background: bool
) -> Source:
    """Return features by pairing and datasets, of signal or background; rows by process if many."""

    def groups(layout: Layout) -> dict[str, list[str]]:
        found = {"signal": layout.standard_model} if signal and layout.standard_model else {}
        return found | (backgrounds_by_process(layout) if background else {})

    def inputs(layout: Layout) -> InputFiles:
        found: InputFiles = {}
        several = len(groups(layout)) > 1
        names = pairings(layout)
        for group, samples in groups(layout).items() if names else ():
            suffix = f".{group}" if several else ""
            found[f"dataset{suffix}"] = layout.datasets(samples)
        for pairing in names:
            for group, samples in groups(layout).items():
                suffix = f".{group}" if several else ""
                found[pairing + suffix] = [layout.features(pairing, s) for s in samples]
        return found

    def extra(layout: Layout) -> dict[str, str]:
        found = {name: pairing_label(layout, name) for name in pairings(layout)}
        shown = {key: sample_label(layout, key) for key in groups(layout)}
        return {**found, **shown, "dataset": next(iter(shown.values()), "")}

    return Source(inputs, needs, extra=extra)


def display(pairings: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return a signal dataset at kappa_lambda = 1 and the first pairing of its events."""

    def inputs(layout: Layout) -> InputFiles:
        names = list(pairings(layout))[:1]
        if not layout.standard_model or not names:
            return {}
        sample = layout.standard_model[0]
        found = {name: [layout.pairing(name, sample)] for name in names}
        return {"dataset": [layout.dataset(sample)], **found}

    def label(layout: Layout, key: str) -> str:
        return spelled_key(layout, key) if key == "dataset" else pairing_label(layout, key)

    return Source(inputs, needs, label)


def paired(pairings: Sequence[str]) -> Source:
    """Return all signal datasets, their pairings, and the training events of those by SPANet2."""

    def inputs(layout: Layout) -> InputFiles:
        if not layout.signals:
            return {}
        found = {"dataset": layout.datasets(layout.signals)}
        for name in pairings:
            found[name] = [layout.pairing(name, sample) for sample in layout.signals]
        for name in pairings:
            chosen = layout.study.pairings[name]
            if isinstance(chosen, SpanetPairing):
                found[f"{name}.training"] = [layout.training_file(chosen.training, "training")]
        return found

    def label(layout: Layout, key: str) -> str:
        name = key.removesuffix(".training")
        return spelled_key(layout, key) if key == "dataset" else pairing_label(layout, name)

    return Source(inputs, "a signal sample", label)


def scores(classifiers: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return DATASET:SCORES by classifier and class or process."""

    def inputs(layout: Layout) -> InputFiles:
        return {
            f"{name}.{key}": [f"{layout.dataset(s)}:{layout.scores(name, s)}" for s in samples]
            for name in classifiers(layout)
            for key, samples in classes(layout).items()
        }

    def extra(layout: Layout) -> dict[str, str]:
        found = {name: classifier_label(layout, name) for name in classifiers(layout)}
        return found | {key: sample_label(layout, key) for key in classes(layout)}

    return Source(inputs, f"{needs}, {STANDARD_MODEL}, and a background", extra=extra)


def cutflow(classifier: str) -> Source:
    """Return cutflows of a cut-based selection; samples of one process have a curve each."""

    def curves(layout: Layout) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, samples in classes(layout).items():
            found |= {key if len(samples) == 1 else name: name for name in samples}
        return found

    def inputs(layout: Layout) -> InputFiles:
        if not is_cuts(layout, classifier):
            return {}
        return {key: [layout.cutflow(classifier, name)] for key, name in curves(layout).items()}

    needs = f"{classifier} of kind cuts under classifiers, {STANDARD_MODEL}, and a background"
    return Source(inputs, needs, sample_label)


def pass_rates() -> Source:
    """Return datasets of the Standard Model's signal and of every background process."""

    def inputs(layout: Layout) -> InputFiles:
        found: InputFiles = {}
        if layout.standard_model:
            found["sm_hh"] = layout.datasets(layout.standard_model)
        for name in layout.backgrounds:
            found.setdefault(layout.samples[name].process, []).append(layout.dataset(name))
        return found

    def label(layout: Layout, key: str) -> str:
        if key == "sm_hh" and layout.standard_model:
            process = layout.samples[layout.standard_model[0]].process
            return f"SM {sample_label(layout, process)}"
        return sample_label(layout, key)

    return Source(inputs, f"{STANDARD_MODEL}, or a background", label)


def sizes_by_part(classifier: str) -> Source:
    """Return datasets that a classifier is trained and compared with, by class or process."""

    def inputs(layout: Layout) -> InputFiles:
        if not existing(layout.study.classifiers, [classifier]):
            return {}
        found = {"signal": layout.datasets(layout.compared_signals(classifier))}
        for key, names in backgrounds_by_process(layout).items():
            found[key] = layout.datasets(names)
        return found

    return Source(inputs, f"{classifier} under classifiers", sample_label)


def partons_by_energy(process: str) -> Source:
    """Return histograms of parton-level events at both energies of the note."""

    def inputs(layout: Layout) -> InputFiles:
        if layout.study.publication.reference is None:
            return {}
        return {f"{e:g}tev": [layout.comparison(process, e)] for e in (13.0, 14.0)}

    return Source(inputs, "values of the note to stand beside, publication.reference")


def partons_by_kappa(kappas: Sequence[float]) -> Source:
    """Return histograms of own parton-level signal events by kappa_lambda."""

    def inputs(layout: Layout) -> InputFiles:
        return {
            f"{info.kappa_lambda:g}": [layout.partons(info.name, "json")]
            for info in (layout.samples[name] for name in layout.signals)
            if info.own_partons and info.kappa_lambda in kappas
        }

    values = ", ".join(f"{kappa:g}" for kappa in kappas)
    return Source(inputs, f"own signal samples at one of kappa_lambda = {values}")

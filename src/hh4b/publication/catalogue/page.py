"""What the results page of a study reads beside tables and figures, and what it says of it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.publication.catalogue.naming import selection_label
from hh4b.publication.catalogue.planning import outputs
from hh4b.publication.catalogue.sources import InputFiles, options_of
from hh4b.publication.page.causes import Causes
from hh4b.publication.settings import PageSettings, ShownSearch, WidthClaim
from hh4b.study.layout import Layout
from hh4b.study.methods import Dnn, SpanetClassifier, SpanetPairing
from hh4b.study.model import Study

#: The note's claim, for the tuned trainings of its summary and for those before them.
CLAIMS = (
    WidthClaim(wider="min_dr_dnn_tuned", narrower="mixing_spanet_tuned", table="26"),
    WidthClaim(wider="min_dr_dnn", narrower="mixing_spanet", table="16"),
)
#: What trials are compared by, and whether less of it is better, by kind of search.
OBJECTIVES = {
    "dnn": ("validation loss", True),
    "spanet": ("mean of validation AUC and pairing efficiency", False),
}


@dataclass(frozen=True)
class PlannedPage:
    """The results page of a study.

    Attributes:
        causes: file of the causes; None if the study has none.
        inputs: files by key, see `hh4b.publication.page.files.PageFiles`.
        settings: for ``--settings``.
    """

    causes: str | None
    inputs: InputFiles
    settings: PageSettings

    @property
    def files(self) -> list[str]:
        """Return every file that is read beside tables and figures, each once."""
        listed = [file for files in self.inputs.values() for file in files]
        return list(dict.fromkeys([*([self.causes] if self.causes else []), *listed]))

    @property
    def options(self) -> str:
        """Return the files as options of the command."""
        causes = "" if self.causes is None else f"--causes {shlex.quote(self.causes)} "
        return f"{causes}{options_of(self.inputs)}"


def results_page(layout: Layout) -> PlannedPage:
    """Plan the results page of a study.

    Raises:
        InputFileError: if the file of the causes cannot be read.
        ConfigError: if a cause is not valid.
    """
    study = layout.study
    selections = layout.shown(study.selections)
    inputs: InputFiles = {}
    for name in selections:
        inputs[f"headline.{name}"] = [layout.limits(name)]
        inputs[f"limits.{name}"] = layout.of_every_energy("limits", name)
        inputs[f"templates.{name}"] = [layout.templates(name)]
    if selections:
        inputs |= {f"background.{n}": [layout.dataset(n)] for n in layout.backgrounds}
    likelihood = study.likelihood
    inputs |= {f"likelihood.{n}": [layout.likelihood("fit", n)] for n in likelihood.selections}
    inputs |= {f"toys.{n}": [layout.likelihood("toys", n)] for n in likelihood.toys}
    inputs |= {f"search.{n}": [layout.search(n, "outcome.json")] for n in _used_searches(study)}
    inputs |= _archived(layout)
    settings = PageSettings(
        labels={name: selection_label(layout, name) for name in selections},
        archive=study.publication.archive or "",
        claims=[c for c in CLAIMS if c.wider in selections and c.narrower in selections],
        searches=_searches(layout),
        facts=_facts(study),
    )
    return PlannedPage(study.publication.causes, inputs, settings)


def _archived(layout: Layout) -> InputFiles:
    """Return the headline's limits of the same selections in the archive, as far as it has them."""
    folder = layout.study.publication.archive
    if folder is None:
        return {}
    archive = Layout(layout.study.model_copy(update={"results": folder}))
    paths = {name: archive.limits(name) for name in layout.shown(layout.study.selections)}
    return {f"archived.{name}": [path] for name, path in paths.items() if Path(path).is_file()}


def _facts(study: Study) -> dict[str, Any]:
    """Return the values of the configuration that causes depend on; None where there is none."""
    if study.publication.causes is None:
        return {}
    content = study.model_dump(mode="json")
    return {key: _at(content, key) for key in Causes.read(study.publication.causes).facts()}


def _at(content: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        if not isinstance(content, Mapping) or key not in content:
            return None
        content = content[key]
    return content


def _used_searches(study: Study) -> list[str]:
    """Return the searches that something is tuned by; others are not run."""
    tuned = [*study.spanet_trainings.values()]
    used = {definition.search for definition in tuned}
    used |= {chosen.search for chosen in study.classifiers.values() if isinstance(chosen, Dnn)}
    return [name for name in study.searches if name in used]


def _searches(layout: Layout) -> dict[str, ShownSearch]:
    tables = [o for o in outputs(layout).values() if o.medium == "table" and not o.absent]
    shown = {}
    for name in _used_searches(layout.study):
        objective, lower = OBJECTIVES[layout.study.searches[name].kind]
        made = _tuned_files(layout, name)
        keys = [table.key for table in tables if made.intersection(table.files)]
        shown[name] = ShownSearch(objective=objective, lower_is_better=lower, tables=keys)
    return shown


def _tuned_files(layout: Layout, search: str) -> set[str]:
    """Return the metrics, limits and scans of everything that is tuned by a search."""
    study = layout.study
    trainings = {n for n, t in study.spanet_trainings.items() if t.search == search}
    classifiers = {
        name
        for name, chosen in study.classifiers.items()
        if (isinstance(chosen, Dnn) and chosen.search == search)
        or (isinstance(chosen, SpanetClassifier) and chosen.training in trainings)
    }
    pairings = {
        name
        for name, chosen in study.pairings.items()
        if isinstance(chosen, SpanetPairing) and chosen.training in trainings
    }
    found = {layout.spanet_metrics(name) for name in trainings}
    found |= {layout.pairing_metrics(name) for name in pairings}
    for name in classifiers:
        found |= {layout.classifier_metrics(name), *layout.repeat_metrics(name)}
    for name, selection in study.selections.items():
        if selection.classifier in classifiers or selection.pairing in pairings:
            found |= {layout.templates(name), *layout.of_every_energy("limits", name)}
            found |= {layout.scan(name), *(layout.scan(name, other) for other in study.selections)}
    return found

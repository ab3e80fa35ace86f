"""The key numbers of a finished study, small enough to stand in the repository."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hh4b.core import contracts
from hh4b.core.errors import ConfigError
from hh4b.core.files import canonical_hash
from hh4b.core.kappa import kappa_name
from hh4b.core.strict_json import parse_attribute, parse_provenance
from hh4b.publication.catalogue import outputs
from hh4b.publication.catalogue.names import FINAL
from hh4b.publication.catalogue.naming import selection_label
from hh4b.publication.inputs import RunFile
from hh4b.publication.leaderboard_numbers import events_entry, leaderboard_entry
from hh4b.publication.likelihood_numbers import fit_entry, toys_entry
from hh4b.publication.number_entries import (
    Entry,
    conditions,
    difference_entry,
    limit_entry,
    number,
    put,
)
from hh4b.publication.orderings import claims_of
from hh4b.publication.page.comparisons import SIGNIFICANT, TableNumbers
from hh4b.publication.result_page.facts import rule_times
from hh4b.study.layout import Layout

#: First minus second: what the note is about.
DIFFERENCES = (("mixing_spanet", "min_dr_dnn"), ("mixing_spanet_tuned", "min_dr_dnn_tuned"))
#: Selections of which every energy and luminosity is kept; of others the headline.
EVERYWHERE = {*FINAL, *(name for pair in DIFFERENCES for name in pair)}


@dataclass
class Extract:
    """Reads the files of a study and keeps their hashes.

    Attributes:
        layout: where the files lie.
        sources: by path below the results, the configuration hash of each file that was read.
    """

    layout: Layout
    sources: dict[str, str] = field(default_factory=dict)

    def content(self) -> Entry:
        """Return all sections. What the study did not make is left out.

        Raises:
            ConfigError: if the folder has no limits or no tables.
        """
        sections: dict[str, Callable[[], Entry]] = {
            "samples": self._samples,
            "pairing": self._pairing,
            "classification": self._classification,
            "selections": self._selections,
            "limits": self._limits,
            "differences": self._differences,
            "likelihood": self._likelihood,
            "searches": self._searches,
            "tables": self._tables,
            "comparisons": self._comparisons,
            "orders": self._orders,
            "seconds": self._seconds,
        }
        found = {name: section() for name, section in sections.items()}
        if not self.layout.study.selections:
            return self._of_pairings(found)
        for name in ("limits", "tables"):
            if not found[name]:
                raise ConfigError(
                    f"{self.layout.results}/{name}: none of the files that the configuration names;"
                    " build the study, or give its --configuration"
                )
        study = self.layout.study
        headline = study.statistics.headline
        about = {
            "configuration_hash": self._configuration_hash(),
            "headline": f"{headline.sqrt_s_tev:g}/{headline.luminosity_ifb:g}",
            "folds": self.layout.folds,
        }
        return {"study": about, **found, "sources": self._digests()}

    def _of_pairings(self, found: Entry) -> Entry:
        """Return the sections of a study of pairings alone, whose tables are leaderboards.

        Raises:
            ConfigError: if there is no leaderboard.
        """
        own = {f"table_{name}": one.kind for name, one in self.layout.study.outputs.items()}
        planned = outputs(self.layout)
        tables = [planned[name].stem for name, kind in own.items() if kind == "leaderboard"]
        made = [path for path in map(Path, (f"{stem}.json" for stem in tables)) if path.is_file()]
        if not made:
            raise ConfigError(
                f"{self.layout.results}: neither selections nor a table of kind leaderboard; build"
                " the study, or give its --configuration"
            )
        datasets = {name: Path(self.layout.dataset(name)) for name in self.layout.samples}
        return {
            # Not a study to stand beside others.
            "benchmark": "pairing",
            "study": {"configuration_hash": self._configuration_hash()},
            **events_entry(found["samples"], datasets),
            "leaderboard": leaderboard_entry(made[0]),
            "seconds": found["seconds"],
            "sources": self._digests(),
        }

    def _configuration_hash(self) -> str:
        return canonical_hash(self.layout.study.model_dump(mode="json"))

    def _digests(self) -> Entry:
        """Return for each folder how many files were read, and one hash of all of theirs."""
        by_folder: dict[str, dict[str, str]] = {}
        for path, digest in sorted(self.sources.items()):
            by_folder.setdefault(path.split("/")[0], {})[path] = digest
        return {
            folder: {"files": len(files), "hash": canonical_hash(files)}
            for folder, files in by_folder.items()
        }

    def _read(self, path: str) -> RunFile | None:
        if not Path(path).is_file():
            return None
        file = RunFile.read(path)
        self.sources[str(Path(path).relative_to(self.layout.results))] = file.configuration_hash
        return file

    def _samples(self) -> Entry:
        found = {}
        for sample in self.layout.samples:
            path = Path(self.layout.dataset(sample))
            if path.is_file():
                attributes = contracts.read_attributes(path)
                cutflow = parse_attribute(attributes, "cutflow", path)
                made = parse_provenance(attributes, path)
                self.sources[f"datasets/{path.name}"] = str(made.get("configuration_hash", ""))
                found[sample] = {
                    "generated": int(attributes["n_generated"]),
                    "selected": int(cutflow["tagged"]["events"]),
                }
        return found

    def _pairing(self) -> Entry:
        found = {}
        for pairing in self.layout.study.pairings:
            if file := self._read(self.layout.pairing_metrics(pairing)):
                names = [kappa_name(value) for value in file.numbers("kappa_lambda")]
                values = file.numbers("event_efficiency")
                rows = zip(names, values, file.numbers("error"), strict=True)
                found[pairing] = {name: number(value, error) for name, value, error in rows}
        return found

    # Points of learning curves stand in the table of sample sizes, not below by name as well.

    def _classification(self) -> Entry:
        found = {}
        for classifier in self.layout.shown(self.layout.study.classifiers):
            if file := self._read(self.layout.classifier_metrics(classifier)):
                found[classifier] = {
                    name: number(file.number(name), file.optional(f"{name}_error"))
                    for name in ("accuracy", "auc")
                }
        return found

    def _selections(self) -> Entry:
        found = {}
        for selection in self.layout.shown(self.layout.study.selections):
            if file := self._read(self.layout.working_point(selection)):
                point = file.part("at_threshold")
                threshold = file.number("threshold"), file.optional("threshold_error")
                found[selection] = {
                    "threshold": number(*threshold),
                    "effective_signal": number(point.number("n_signal_effective")),
                    "effective_background": number(point.number("n_background_effective")),
                }
        return found

    def _limits(self) -> Entry:
        found = {}
        for selection in self.layout.shown(self.layout.study.selections):
            headline = self.layout.limits(selection)
            paths = [headline]
            if selection in EVERYWHERE:
                paths = self.layout.of_every_energy("limits", selection)
            entries: Entry = {}
            for path in paths:
                if file := self._read(path):
                    energy, luminosity = conditions(file)
                    entry = limit_entry(file, bands=path == headline and selection in EVERYWHERE)
                    entries.setdefault(energy, {})[luminosity] = entry
            if entries:
                found[selection] = entries
        return found

    def _differences(self) -> Entry:
        found: Entry = {}
        for first, second in DIFFERENCES:
            name = f"{first}_minus_{second}"
            pairs = (
                [self._read(path) for path in paths]
                for paths in zip(
                    self.layout.of_every_energy("limits", first),
                    self.layout.of_every_energy("limits", second),
                    strict=True,
                )
            )
            for one, other in pairs:
                if one is not None and other is not None:
                    energy, luminosity = conditions(one)
                    entry = difference_entry(one.content, other.content)
                    found.setdefault(name, {}).setdefault(energy, {})[luminosity] = entry
        return found

    def _likelihood(self) -> Entry:
        """Return fits of the headline's point and of highest energy and luminosity, and toys."""
        found: Entry = {}
        chosen, statistics = self.layout.study.likelihood, self.layout.study.statistics
        headline = statistics.headline
        kept = dict.fromkeys(
            [
                (headline.sqrt_s_tev, headline.luminosity_ifb),
                (max(statistics.sqrt_s_tev), max(statistics.luminosities_ifb)),
            ]
        )
        for selection in chosen.selections:
            points: Entry = {}
            for point in kept:
                path = self.layout.likelihood("fit", selection, *point)
                if file := self._read(path):
                    energy, luminosity = conditions(file)
                    points.setdefault(energy, {})[luminosity] = fit_entry(file)
            if points:
                label = selection_label(self.layout, selection)
                found[selection] = {"label": label, "points": points}
        for selection in chosen.toys:
            if selection in found and (
                file := self._read(self.layout.likelihood("toys", selection))
            ):
                found[selection]["toys"] = toys_entry(file)
        return found

    def _searches(self) -> Entry:
        found = {}
        for search in self.layout.study.searches:
            if file := self._read(self.layout.search(search, "outcome.json")):
                improved = file.get("improved") if file.has("improved") else None
                found[search] = {"trials": int(file.number("n_trials")), "improved": improved}
        return found

    def _files(self, pattern: str) -> Iterator[Path]:
        yield from sorted(Path(self.layout.results).glob(pattern))

    def _tables(self) -> Entry:
        """Return every number that the note has too, by table, row and quantity."""
        found: Entry = {}
        for name, path in self._made_tables().items():
            text = path.read_text(encoding="utf-8")
            self.sources[f"tables/{path.name}"] = canonical_hash(text)
            for row in csv.DictReader(text.splitlines()):
                if row["note"] and row["this_run"]:
                    names = ("this_run", "this_run_error", "note", "note_error")
                    values = (float(row[name]) if row[name] else None for name in names)
                    place = found.setdefault(name, {}).setdefault(row["key"], {})
                    put(place, row["quantity"], number(*values))
        return found

    def _made_tables(self) -> dict[str, Path]:
        """Return the study's own tables by key, in the order of their names."""
        stems = {o.key: o.stem for o in outputs(self.layout).values() if o.medium == "table"}
        paths = {key: Path(f"{stem}.csv") for key, stem in stems.items()}
        ordered = sorted(paths.items(), key=lambda one: one[1])
        return {key: path for key, path in ordered if path.is_file()}

    def _table_numbers(self) -> TableNumbers:
        return TableNumbers.read(self._made_tables())

    def _comparisons(self) -> Entry:
        sizes = [abs(one.difference) for one in self._table_numbers().compared()]
        far = sum(size > SIGNIFICANT for size in sizes)
        near = sum(1 < size <= SIGNIFICANT for size in sizes)
        within = len(sizes) - near - far
        return {"all": len(sizes), "within_one": within, "one_to_two": near, "beyond_two": far}

    def _orders(self) -> Entry:
        claims = claims_of(self._table_numbers())
        return {str(index + 1): claim.sentence() for index, claim in enumerate(claims)}

    def _seconds(self) -> Entry:
        """Return jobs and their CPU time by rule, which other work on the machine leaves alone."""
        return {
            one.rule: {"jobs": one.jobs, "seconds": round(one.cpu_s, 1)}
            for one in sorted(rule_times(Path(self.layout.results)), key=lambda one: one.rule)
        }

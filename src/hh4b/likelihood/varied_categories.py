"""Variations of category templates from varied samples and weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hh4b.likelihood.category_fill import CategoryLayout, category_signal
from hh4b.likelihood.category_rows import CategoryRows, category_rows
from hh4b.likelihood.category_templates import VariedProcess
from hh4b.likelihood.category_variations import mirrored, symmetric, variation_of
from hh4b.likelihood.settings import CategoryTemplateSettings
from hh4b.statistics.parton_factors import PartonFactorFiles, reweighted_events
from hh4b.statistics.systematics import DIRECTIONS
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.template_stage import Samples

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CategoryVariations:
    """Fills the variations of templates.

    Attributes:
        rows: nominal rows by process.
        layout: categories and their bins.
        signal: name of the signal process.
        own_fb: coefficients of the amplitude's cross section, shape (3,).
        settings: of the templates.
    """

    rows: Mapping[str, CategoryRows]
    layout: CategoryLayout
    signal: str
    own_fb: Floats
    settings: CategoryTemplateSettings

    def all(
        self, loaded: Samples, changed: Samples, by_partons: PartonFactorFiles
    ) -> dict[str, dict[str, dict[str, VariedProcess]]]:
        """Return the variations by systematic, direction and process."""
        systematics = self.settings.systematics
        made: dict[str, dict[str, dict[str, VariedProcess]]] = {
            name: {direction: {} for direction in DIRECTIONS} for name in systematics
        }
        for name, side, process, events in reweighted_events(loaded, systematics, by_partons):
            samples = [
                replace(one, events=each) for one, each in zip(loaded[process], events, strict=True)
            ]
            key = f"{name}.{side}.{process}"
            made[name][side][process] = self.one(samples, self.rows[process], key, exact=True)
        for key, samples in changed.items():
            name, direction, process = key.split(".")
            other = changed.get(f"{name}.down.{process}")
            if self.settings.symmetric_variations and f"{name}.up.{process}" in changed and other:
                if direction == "up":
                    up, down = self._both_sides(samples, other, key)
                    made[name]["up"][process], made[name]["down"][process] = up, down
                continue
            nominal = self._nominal(loaded[process], samples, process)
            made[name][direction][process] = self.one(samples, nominal, key, exact=False)
        for name, systematic in systematics.items():
            if systematic.mirrored:
                made[name]["down"] = {
                    process: self._mirror(one) for process, one in made[name]["up"].items()
                }
        return made

    def one(
        self, samples: Sequence[LoadedSample], nominal: CategoryRows, key: str, *, exact: bool
    ) -> VariedProcess:
        """Return one variation; where every event stays, a signal's components are exact."""
        is_signal = key.rpartition(".")[2] == self.signal
        varied = self._rows(samples, is_signal=is_signal)
        found = variation_of(
            nominal, varied, self.layout.starts, self.layout.choice.n_bins,
            order=self.settings.variation_order, where=key,
        )  # fmt: skip
        if not (exact and is_signal):
            return found
        return replace(found, components=category_signal(varied, self.layout).components)

    def _both_sides(
        self, up: Sequence[LoadedSample], down: Sequence[LoadedSample], key: str
    ) -> tuple[VariedProcess, VariedProcess]:
        """Return both sides of a variation, equally far from nominal."""
        process, choice = key.rpartition(".")[2], self.layout.choice
        high, low = (self._rows(one, is_signal=process == self.signal) for one in (up, down))
        ratio = variation_of(
            low, high, self.layout.starts, choice.n_bins,
            order=self.settings.variation_order, where=key,
        )  # fmt: skip
        rows, n_cells = self.rows[process], choice.n_categories * choice.n_bins
        sums = np.bincount(rows.cells(choice.n_bins), rows.weight, n_cells)
        weight = self.layout.joined(self.layout.unfolded(sums.astype(np.float64)))
        return symmetric(ratio, weight, self.layout.starts)

    def _rows(self, samples: Sequence[LoadedSample], *, is_signal: bool) -> CategoryRows:
        return category_rows(samples, self.layout.choice, self.own_fb if is_signal else None)

    def _nominal(
        self, loaded: Sequence[LoadedSample], varied: Sequence[LoadedSample], process: str
    ) -> CategoryRows:
        """Return the nominal rows of the samples that a variation has.

        Samples are pooled by what each of them knows of every kappa_lambda. Pooled alike, the rows
        of a shower have the same weight in both, so that they pair.
        """
        names = {one.shower.sample for one in varied}
        chosen = [one for one in loaded if one.shower.sample in names]
        if len(chosen) == len(loaded):
            return self.rows[process]
        return self._rows(chosen, is_signal=process == self.signal)

    def _mirror(self, up: VariedProcess) -> VariedProcess:
        """Return the mirror of a variation; only a signal by weights has components."""
        nominal = None
        if up.components is not None:
            nominal = category_signal(self.rows[self.signal], self.layout).components
        return mirrored(up, nominal, self.own_fb)

"""Signal events by category and bin as quadratic forms in the monomials of the couplings.

All signal samples are one sample of the mixture of their densities, as
`hh4b.statistics.templates.balance_weights` has it: an event of weight
b = N_k w / sum_k N_k P(kappa_k) / sigma(kappa_k) counts b P at a point where its squared amplitude
is P. With P = g Q g in the monomials g of `hh4b.generation.couplings`, the templates of all points
are the sums of b Q.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, read_table
from hh4b.core.errors import ContractError
from hh4b.likelihood.category_rows import CategoryChoice, cell_sums
from hh4b.likelihood.model import Channel
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.templates import CutAndBins, SignalEvents, balance_weights

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Gives Q of shape (N, 5, 5) at (m_HH in GeV, cos theta*).
CouplingPolynomial = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class CouplingRows:
    """Signal events in the bins of all categories.

    Attributes:
        cell: bin, counted through all categories, shape (N,).
        forms: b Q of each event in fb, shape (N, 5, 5).
        event: shower event, shape (N,): rows of one vary together.
        m_hh_gev: true mass of the pair, shape (N,).
        n_cells: B.
    """

    cell: Integers
    forms: Floats
    event: Integers
    m_hh_gev: Floats
    n_cells: int

    def below(self, m_hh_max_gev: float | None) -> "CouplingRows":
        """Return the rows whose true mass is not above a cut; all of them without one."""
        if m_hh_max_gev is None:
            return self
        from hh4b.generation.couplings import within_validity

        kept = within_validity(self.m_hh_gev, m_hh_max_gev)
        return CouplingRows(
            self.cell[kept], self.forms[kept], self.event[kept], self.m_hh_gev[kept], self.n_cells
        )

    def templates(self) -> Floats:
        """Return the sums by pair of monomials in fb, shape (5, 5, B)."""
        size = self.forms.shape[1]
        result = np.zeros((size, size, self.n_cells))
        for a in range(size):
            for b in range(a + 1):
                result[a, b] = np.bincount(self.cell, self.forms[:, a, b], self.n_cells)
                result[b, a] = result[a, b]
        return result

    def at(self, form: Floats, groups: Integers, n_groups: int) -> tuple[Floats, Floats]:
        """Return sums and their statistical variances at a point.

        Args:
            form: what each element counts at the point, shape (5, 5).
            groups: which group each bin is of, shape (B,).
            n_groups: how many there are, G.

        Returns:
            Both of shape (G,).
        """
        values = np.einsum("nab,ab->n", self.forms, form)
        total, covariance = cell_sums(groups[self.cell], values[:, None], self.event, n_groups)
        return total[0], covariance[0, 0]


def coupling_rows(
    samples: Sequence[LoadedSample],
    channels: Sequence[Channel],
    choice: CategoryChoice,
    own_fb: Floats,
    polynomial: CouplingPolynomial,
) -> CouplingRows:
    """Sort the events of all signal samples into the bins of category templates.

    Args:
        samples: signal samples of one kappa_lambda each, all other couplings of the standard model.
        channels: categories with their joined bins.
        choice: scores at which categories begin, overflow and kappa input.
        own_fb: coefficients of the amplitude's cross section in kappa_lambda, shape (3,).
        polynomial: of the amplitude.

    Raises:
        ContractError: if no event lies in the bins, or true kinematics are missing.
    """
    balance = balance_weights([cast(SignalEvents, one.events) for one in samples], own_fb)
    starts = np.cumsum([0, *(one.n_bins for one in channels)])
    found, first = [], 0
    for sample, weight in zip(samples, balance, strict=True):
        cell = _cells(sample, channels, choice, starts)
        kept = (cell >= 0) & (weight != 0)
        mass, cosine = _truth(sample, kept)
        shower = sample.shower[sample.rows]
        forms = weight[kept, None, None] * polynomial(mass, cosine)
        found.append((cell[kept], forms, first + shower.index[kept], mass))
        first += int(shower.index.max(initial=-1)) + 1
    cells, all_forms, events, masses = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not len(cells):
        raise ContractError("no signal event lies in the categories; give the samples of them")
    return CouplingRows(cells, all_forms, events, masses, int(starts[-1]))


def _cells(
    sample: LoadedSample,
    channels: Sequence[Channel],
    choice: CategoryChoice,
    starts: NDArray[np.int_],
) -> Integers:
    category = choice.category(sample.events)
    cell = np.full(len(category), -1, dtype=np.int64)
    for place, channel in enumerate(channels):
        cut = CutAndBins(0.0, np.asarray(channel.bin_edges_gev), choice.overflow)
        bins = cut.bins(sample.events.m_hh_gev)
        inside = (category == place) & (bins >= 0)
        cell[inside] = starts[place] + bins[inside]
    return cell


def _truth(sample: LoadedSample, kept: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    names = ("HH4B/m_hh_truth", "HH4B/cos_theta_star_truth")
    table = read_table(sample.dataset, DATASET, columns=names)
    mass, cosine = (table[name][sample.rows][kept].astype(np.float64) for name in names)
    return mass, cosine

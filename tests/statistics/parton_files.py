"""Toy samples with event numbers, and files of factors of their parton events."""

import copy

import h5py
import numpy as np

from hh4b.core.contracts import PARTON_WEIGHTS, write_table
from hh4b.core.files import Provenance


class PartonEvents:
    """Gives the samples of a toy study the numbers of their parton events, and factors."""

    def sample(self, name, kappa, m_hh):
        kept = np.flatnonzero(copy.deepcopy(self.rng).random(len(m_hh)) < 0.5)
        text = super().sample(name, kappa, m_hh)
        with h5py.File(self.folder / f"{name}_dataset.h5", "a") as file:
            file["HH4B/event_number"] = kept
            file.attrs["sample"] = name
        vars(self).setdefault("masses", {})[name] = m_hh
        return text

    def factors(self, name, factor, side="up", **changes):
        """Write factors of parton events, a function of m_HH, and return the file."""
        m_hh = self.masses[name]
        attributes = {
            "systematic": "scale", "side": side, "sample": name, "mu_factor": 0.5,
            "pdf_set": "NNPDF23_lo_as_0130_qed", "sqrt_s_tev": 13.0, "sum_weights": 0.5 * len(m_hh),
        }  # fmt: skip
        path = self.folder / f"{name}_{side}_weights.h5"
        write_table(
            path, PARTON_WEIGHTS, {"factor": factor(m_hh), "sqrt_s_hat_gev": m_hh * 1.0},
            Provenance("parton-weights", {"sample": name}), **{**attributes, **changes},
        )  # fmt: skip
        return path


SCALE = {
    "effect": "partons", "processes": ["hh", "four_b"], "up": {"mu_factor": 0.5}, "down": "mirror",
}  # fmt: skip

"""The file of template replicas: written by `hh4b templates`, read by limits and scans."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import TEMPLATE_REPLICAS, TableWriter, read_attributes, read_table
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TemplateReplicas:
    """Templates in units of efficiency, in R replicas of the shower events.

    Attributes:
        kappa_lambda: rising, shape (K,).
        bin_edges_gev: shape (B + 1,).
        processes: names, the signal first.
        nominal: efficiencies with every event once, shape (P, K, B); what does not depend on the
            hypothesis is repeated.
        threshold: of each replica, shape (R,).
        sum_weights: efficiencies, shape (R, P, K, B).
        sum_weights_squared: their variance within the replica, shape (R, P, K, B).
        seed: of the bootstrap.
        samples: names of the samples; replicas of two files belong together where both have a
            sample and the seed.
        sqrt_s_tev: energy of the templates.
        fold_threshold: without each fold, shape (F,); this and the following None without folds.
        fold_sum_weights: efficiencies of the events outside of a fold, shape (F, P, K, B).
        fold_sum_weights_squared: their variance, shape (F, P, K, B).
        fold_seed: that puts events into folds.
    """

    kappa_lambda: Floats
    bin_edges_gev: Floats
    processes: tuple[str, ...]
    nominal: Floats
    threshold: Floats
    sum_weights: Floats
    sum_weights_squared: Floats
    seed: int
    samples: tuple[str, ...]
    sqrt_s_tev: float
    fold_threshold: Floats | None = None
    fold_sum_weights: Floats | None = None
    fold_sum_weights_squared: Floats | None = None
    fold_seed: int | None = None

    def __len__(self) -> int:
        """Return the number of replicas."""
        return len(self.threshold)

    def description(self) -> dict[str, Any]:
        """Return what limit files say of the replicas."""
        known = {"replicas": len(self), "seed": self.seed, "samples": list(self.samples)}
        if self.fold_threshold is None:
            return known
        return {**known, "folds": len(self.fold_threshold), "fold_seed": self.fold_seed}

    def jackknife(self) -> Self | None:
        """Return the replicas without each fold, like a bootstrap; None without folds."""
        sums, squares = self.fold_sum_weights, self.fold_sum_weights_squared
        if self.fold_threshold is None or sums is None or squares is None:
            return None
        return replace(
            self, threshold=self.fold_threshold, sum_weights=sums, sum_weights_squared=squares
        )


def write_replicas(path: Path, replicas: TemplateReplicas, provenance: Provenance) -> None:
    """Write the file, whole or not at all."""
    values = {column.name: getattr(replicas, column.name) for column in TEMPLATE_REPLICAS}
    arrays = {name: np.asarray(array) for name, array in values.items() if array is not None}
    folds = {} if replicas.fold_seed is None else {"fold_seed": replicas.fold_seed}
    with TableWriter(path, TEMPLATE_REPLICAS, chunk_rows=max(len(replicas), 1)) as writer:
        writer.append(arrays)
        writer.set_attributes(
            provenance,
            processes=list(replicas.processes),
            samples=list(replicas.samples),
            seed=replicas.seed,
            **folds,
            sqrt_s_tev=replicas.sqrt_s_tev,
        )


def read_replicas(path: Path) -> TemplateReplicas:
    """Read a file of replicas.

    Raises:
        InputFileError: if it cannot be read.
        ContractError: if it is no file of template replicas.
    """
    table = read_table(path, TEMPLATE_REPLICAS)
    attributes = read_attributes(path)
    needed = ["processes", "samples", "seed", "sqrt_s_tev"]
    needed += ["fold_seed"] if "fold_threshold" in table else []
    missing = [name for name in needed if name not in attributes]
    if missing or len(attributes["processes"]) != len(table["nominal"]):
        raise ContractError(
            f"{path} is no file of template replicas (attributes {missing or ['processes']});"
            " make it again"
        )
    values = {name: np.asarray(array, dtype=np.float64) for name, array in table.items()}
    return TemplateReplicas(
        **values,
        processes=tuple(map(str, attributes["processes"])),
        seed=int(attributes["seed"]),
        fold_seed=int(attributes["fold_seed"]) if "fold_threshold" in table else None,
        samples=tuple(map(str, attributes["samples"])),
        sqrt_s_tev=float(attributes["sqrt_s_tev"]),
    )

"""The file of template replicas: written by `hh4b templates`, read by limits and scans."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def __len__(self) -> int:
        """Return the number of replicas."""
        return len(self.threshold)

    def description(self) -> dict[str, Any]:
        """Return what limit files say of the replicas."""
        return {"replicas": len(self), "seed": self.seed, "samples": list(self.samples)}


def write_replicas(path: Path, replicas: TemplateReplicas, provenance: Provenance) -> None:
    """Write the file, whole or not at all."""
    arrays = {
        column.name: np.asarray(getattr(replicas, column.name)) for column in TEMPLATE_REPLICAS
    }
    with TableWriter(path, TEMPLATE_REPLICAS, chunk_rows=max(len(replicas), 1)) as writer:
        writer.append(arrays)
        writer.set_attributes(
            provenance,
            processes=list(replicas.processes),
            samples=list(replicas.samples),
            seed=replicas.seed,
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
    missing = [
        name for name in ("processes", "samples", "seed", "sqrt_s_tev") if name not in attributes
    ]
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
        samples=tuple(map(str, attributes["samples"])),
        sqrt_s_tev=float(attributes["sqrt_s_tev"]),
    )

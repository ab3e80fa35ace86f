"""hh4b: from gg -> HH -> 4b events to an interval on the Higgs trilinear coupling.

In a notebook (docs/api.md)::

    import hh4b

    dataset = hh4b.read_dataset("results/datasets/hh_kl1.h5")
    pairing = hh4b.pair(dataset, "min_dr")

What is not used is not loaded: `import hh4b` alone loads neither NumPy nor torch.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hh4b.core.caches import prepare_caches

if TYPE_CHECKING:
    from hh4b import spanet as spanet
    from hh4b.api.classifiers import FeatureTable as FeatureTable
    from hh4b.api.classifiers import ScoredTable as ScoredTable
    from hh4b.api.classifiers import compute_features as compute_features
    from hh4b.api.classifiers import load_classifier as load_classifier
    from hh4b.api.classifiers import predict as predict
    from hh4b.api.classifiers import train as train
    from hh4b.api.datasets import Dataset as Dataset
    from hh4b.api.datasets import make_jets as make_jets
    from hh4b.api.datasets import read_dataset as read_dataset
    from hh4b.api.intervals import KappaLimit as KappaLimit
    from hh4b.api.intervals import find_limit as find_limit
    from hh4b.api.intervals import find_threshold as find_threshold
    from hh4b.api.intervals import make_templates as make_templates
    from hh4b.api.pairings import pair as pair
    from hh4b.api.pairings import pairing_efficiency as pairing_efficiency

__version__ = version("hh4b")
# Before anything imports numba, which reads the place of its cache once.
prepare_caches()

#: Where each public name lives.
_HOMES = {
    "Dataset": "api.datasets",
    "make_jets": "api.datasets",
    "read_dataset": "api.datasets",
    "pair": "api.pairings",
    "pairing_efficiency": "api.pairings",
    "FeatureTable": "api.classifiers",
    "ScoredTable": "api.classifiers",
    "compute_features": "api.classifiers",
    "load_classifier": "api.classifiers",
    "predict": "api.classifiers",
    "train": "api.classifiers",
    "KappaLimit": "api.intervals",
    "find_limit": "api.intervals",
    "find_threshold": "api.intervals",
    "make_templates": "api.intervals",
}
__all__ = ["__version__", "spanet", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name when it is used first.

    Raises:
        AttributeError: if there is none of that name.
    """
    if name == "spanet":
        return import_module("hh4b.spanet")
    if name not in _HOMES:
        raise AttributeError(f"module 'hh4b' has no attribute {name!r}")
    return getattr(import_module(f"hh4b.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the names that completion offers."""
    return sorted({*globals(), *__all__})

"""hh4b: from gg -> HH -> 4b events to an interval on the Higgs trilinear coupling."""

from importlib.metadata import version

from hh4b.core.caches import prepare_caches

__version__ = version("hh4b")
# Before anything imports numba, which reads the place of its cache once.
prepare_caches()

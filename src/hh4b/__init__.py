"""hh4b: from gg -> HH -> 4b events to an interval on the Higgs trilinear coupling."""

from importlib.metadata import version

__version__ = version("hh4b")

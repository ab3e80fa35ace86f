"""Numba, as the modules of this package import it.

Before it compiles anything, numba loads the extensions of all installed packages. That of `vector`,
which comes with fastjet, imports sympy: half a second of every command, and none uses it.
"""

import logging
import sys
from importlib.metadata import entry_points

import numba as numba
import numba.core.entrypoints as extensions
from numba import njit as njit

log = logging.getLogger(__name__)


def load_extensions_in_use() -> None:
    """Load numba's extensions of packages that this process has imported, and no others."""
    if getattr(extensions, "_already_initialized", True):
        return
    extensions._already_initialized = True
    for one in entry_points(group="numba_extensions", name="init"):
        if one.module.partition(".")[0] in sys.modules:
            try:
                one.load()()
            except Exception as error:  # as numba: whoever needs it will say so
                log.debug("numba's extension %s: %s", one.module, error)


# Who imports the package may use whatever is installed; a command knows what it uses.
if "hh4b.cli" in sys.modules:
    load_extensions_in_use()

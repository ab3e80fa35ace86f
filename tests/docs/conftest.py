import sys
from pathlib import Path

# `code_blocks` is a module of helpers beside the tests; the site's extension lies with the site.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "docs/extensions")]

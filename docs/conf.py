"""The site of the documentation: `make docs`. Nothing is fetched, and every warning is an error."""

import sys
from pathlib import Path

from hh4b import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "hh4b"
author = "The hh4b maintainers"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "reference_pages"]
exclude_patterns = ["extensions", "numbers"]

html_theme = "furo"
html_title = "hh4b"
html_show_copyright = False
html_show_sphinx = False

# Pages are read on the site and in the repository alike: headings have the same links in both.
myst_heading_anchors = 5

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# What `Attributes:` lists is a list; each attribute would be described twice otherwise.
napoleon_use_ivar = True
# Their types stand in the signature of the class.
napoleon_attr_annotations = False
# `name` in a docstring is code: names of columns and of functions alike.
default_role = "literal"
# Types of docstrings, as `event` of "(event, jet)", name many things; no link is written by hand.
suppress_warnings = ["ref.python"]
html_show_sourcelink = False
html_copy_source = False

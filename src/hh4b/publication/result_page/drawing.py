"""Figures inside the page: SVG whose names are unique in it, or a PNG where that is smaller."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from hh4b.core.errors import InputFileError

#: From here on a PNG is shown in place of an SVG: maps of many points.
LARGEST_SVG = 1_500_000
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LEFT_OUT = (f"{{{_SVG}}}metadata", f"{{{_SVG}}}title", f"{{{_SVG}}}style")
_ADDRESS = re.compile(r"url\(#([^)]+)\)")


def drawing(svg: Path, png: Path, *, name: str, alternative: str) -> Markup:
    """Return a figure as HTML that needs no other file.

    Args:
        svg: of the figure.
        png: the same, shown where the SVG is missing or very large.
        name: unique on the page; names inside the SVG begin with it.
        alternative: text in its place.

    Raises:
        InputFileError: if the SVG is damaged, or neither file is there.
    """
    if svg.is_file() and svg.stat().st_size <= LARGEST_SVG:
        return Markup(_inline(svg, name, alternative))
    if not png.is_file():
        raise InputFileError(f"{svg} and {png} are missing; make them with hh4b figure")
    data = base64.b64encode(png.read_bytes()).decode("ascii")
    return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(data, alternative)


def _inline(path: Path, name: str, alternative: str) -> str:
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InputFileError(f"{path} is no SVG ({error}); make it again") from error
    for parent in list(root.iter()):
        for child in [one for one in parent if one.tag in _LEFT_OUT]:
            parent.remove(child)
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == f"{{{_XLINK}}}href" and value.startswith("#"):
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, _ADDRESS.sub(rf"url(#{name}-\1)", value))
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    # What the styles of the file say of all its parts; on a page they would hold everywhere.
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    root.set("role", "img")
    root.set("aria-label", alternative)
    return ElementTree.tostring(root, encoding="unicode")

"""From content to one HTML file, by templates beside this module."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hh4b import __version__
from hh4b.publication.result_page.content import PageContent
from hh4b.publication.result_page.design import FOLDER
from hh4b.publication.result_page.sections import anchor
from hh4b.publication.result_page.tables import SIGNS
from hh4b.publication.result_page.verdicts import WORDS


def render(content: PageContent) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = anchor
    environment.filters["duration"] = duration
    return environment.get_template("page.html.j2").render(
        page=content,
        version=__version__,
        signs=SIGNS,
        words=WORDS,
        styles=_text("page.css"),
        scripts=[_text(name) for name in ("page.js", "chart.js", "plots.js")],
    )


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it.

    >>> duration(42), duration(1803.5), duration(9000)
    ('42 s', '30.1 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@cache
def _text(name: str) -> Markup:
    return Markup((FOLDER / name).read_text(encoding="utf-8"))

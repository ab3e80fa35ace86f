"""The result page: what it says of a finished study, of an unfinished one, without note."""

import json
import re
from collections import Counter

import pytest
from tests.publication.conftest import limits, withheld
from tests.publication.pages import finished, written

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.publication.inputs import Inputs
from hh4b.publication.page.comparisons import TableNumbers
from hh4b.publication.page.files import PageFiles
from hh4b.publication.page_stage import write_page
from hh4b.publication.registry import KINDS
from hh4b.publication.result_page.drawing import drawing
from hh4b.publication.result_page.sections import SECTIONS
from hh4b.publication.result_page.tables import mark_of
from hh4b.publication.result_page.verdicts import (
    ENERGIES,
    ORDERS,
    REACHES,
    WIDTHS,
    Order,
    Widths,
    _of_widths,
    _order,
    _reach,
    verdicts,
)
from hh4b.publication.settings import PageSettings


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "results"
    return folder, finished(folder)


@pytest.fixture(scope="module")
def page(study):
    folder, told = study
    write_page(told, folder / "index.html")
    return (folder / "index.html").read_text(encoding="utf-8")


def test_the_page_begins_with_intervals_and_keeps_its_order(page):
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert heads[:3] == ["Intervals on κλ", "The run", "This run and the note"]
    assert heads[-1] == "Files and targets"
    assert heads[3:-1] == [title for title in SECTIONS if title in heads]
    assert "[−2.50 ± 0.20, 9.50 ± 0.30]" in page


def test_it_says_what_the_run_was(page):
    assert "4 s measured in 2 jobs, which ran for 7 s in all" in page
    assert "2, of 1 kinds" in page
    assert "bins &lt;1&gt; have too few background events" in page
    assert 'href="logs/limits/min_dr_dnn.log"' in page


def test_differences_have_a_sign_and_words(page):
    assert '<span aria-hidden="true">▼ −8.0</span>' in page
    assert "8.0 errors below the note" in page
    assert '<span aria-hidden="true">✓ −0.5</span>' in page
    assert "No measured cause" in page


def test_a_difference_that_many_tables_print_is_named_once(page):
    cause = page[page.index('id="cause-not-explained"') :]
    rows = re.findall(r'<th scope="row">other', cause[: cause.index("</details>")])
    assert len(rows) == 1


def test_nothing_comes_from_elsewhere_and_names_are_unique(page):
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert not re.search(r"url\((?!#)", page)
    assert '<link rel="icon" href="data:,">' in page
    doubled = {name for name, n in Counter(re.findall(r'\sid="([^"]+)"', page)).items() if n > 1}
    assert doubled == set()
    referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert referred <= set(re.findall(r'\sid="([^"]+)"', page))


def test_texts_are_escaped(page):
    assert "other &lt;b&gt;" in page
    assert "other <b>" not in page
    data = re.search(r'id="data-shapes">(.*?)</script>', page, re.S)[1]
    assert json.loads(data)[0]["label"] == "min-ΔR + DNN"


def test_an_unfinished_run_says_what_is_missing(tmp_path):
    told = finished(tmp_path / "results")
    (tmp_path / "results/tables/table_13.json").unlink()
    (tmp_path / "results/limits/min_dr_dnn_13tev_139ifb.json").unlink()
    for suffix in ("svg", "png"):
        (tmp_path / f"results/figures/figure_roc.{suffix}").unlink()
    write_page(told, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "This run is not complete: 3 outputs are not there" in text
    assert "results/tables/table_13.json" in text
    assert 'id="table_13"' not in text
    assert 'id="table_10"' in text
    assert "Intervals on κλ</h2>" not in text


def test_an_interval_that_is_withheld_is_named_with_its_reason(tmp_path):
    told = finished(tmp_path / "results")
    for path in (tmp_path / "results/limits").glob("min_dr_dnn_*.json"):
        written(path, withheld())
    write_page(told, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "3.2 effective background events, 20 needed" in text
    curves = json.loads(re.search(r'id="data-curves">(.*?)</script>', text, re.S)[1])
    assert [one["label"] for one in curves] == []


def test_intervals_of_an_archived_run_stand_beside(tmp_path):
    archive = tmp_path / "night"
    told = finished(tmp_path / "results", {"publication": {"archive": str(archive)}})
    written(archive / "limits/min_dr_dnn_13tev_139ifb.json", limits(1.0, error=0.1))
    (archive / "README.md").write_text("# A run")
    write_page(told, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    row = text[text.index('<ol class="forest">') : text.index("</ol>")]
    assert row.count('class="archived"') == 1
    assert "night [−1.50 ± 0.10, 10.50 ± 0.15]" in row
    assert 'frames the run kept in <a href="night/README.md">night</a>' in text


def test_an_archived_run_without_interval_says_so(tmp_path):
    archive = tmp_path / "night"
    told = finished(tmp_path / "results", {"publication": {"archive": str(archive)}})
    open_end = limits(1.0)
    open_end["profile"] |= {
        "interval": [-1.5, None], "width": None, "reasons": {"upper": "beyond the scan"},
    }  # fmt: skip
    written(archive / "limits/min_dr_dnn_13tev_139ifb.json", open_end)
    (archive / "README.md").write_text("# A run")
    write_page(told, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert 'class="archived"' not in text
    assert "night [−1.50, " in text
    written(archive / "limits/min_dr_dnn_13tev_139ifb.json", withheld())
    write_page(told, tmp_path / "page.html")
    assert "night [" not in (tmp_path / "page.html").read_text()


def test_nothing_at_all_is_an_error(tmp_path):
    told = finished(tmp_path / "results")
    with pytest.raises(ConfigError, match=r"no results in .*elsewhere; build the study first"):
        write_page(told, tmp_path / "page.html", results=tmp_path / "elsewhere")


def test_a_study_without_values_of_the_note_does_not_speak_of_it(tmp_path):
    told = finished(tmp_path / "results", note=False)
    write_page(told, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    body = text[text.index("<body>") : text.index('<script type="application/json"')]
    spoken = re.sub(r"<pre.*?</pre>|<svg.*?</svg>|<[^>]*>", " ", body, flags=re.S)
    assert re.findall(r".{20}\bnotes?\b.{20}", spoken) == []


def test_a_figure_keeps_its_names_to_itself(tmp_path):
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' width="9pt" height="9pt" viewBox="0 0 9 9"><title>t</title><style>*{x:y}</style>'
        '<defs><path id="p"/></defs><use xlink:href="#p" clip-path="url(#p)"/></svg>'
    )
    text = str(drawing(tmp_path / "a.svg", tmp_path / "a.png", name="one", alternative='a "b"'))
    assert 'id="one-p"' in text
    assert '"#one-p"' in text
    assert "url(#one-p)" in text
    assert "<title" not in text
    assert "<style" not in text
    assert "width" not in text
    assert 'aria-label="a &quot;b&quot;"' in text


def test_a_damaged_figure_is_named(tmp_path):
    (tmp_path / "a.svg").write_text("<svg")
    with pytest.raises(InputFileError, match=r"a\.svg is no SVG"):
        drawing(tmp_path / "a.svg", tmp_path / "a.png", name="a", alternative="a")


def test_a_very_large_figure_is_shown_as_png(tmp_path, monkeypatch):
    monkeypatch.setattr("hh4b.publication.result_page.drawing.LARGEST_SVG", 3)
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    text = drawing(tmp_path / "a.svg", tmp_path / "a.png", name="a", alternative="<a>")
    assert str(text) == '<img src="data:image/png;base64,iVBORw==" alt="&lt;a&gt;">'


@pytest.mark.parametrize(
    ("difference", "kind"),
    [(0.99, "agrees"), (-1.5, "near"), (2.0, "near"), (2.1, "above"), (-2.1, "below")],
)
def test_marks(difference, kind):
    assert mark_of(difference).kind == kind


class _Decided:
    def __init__(self, value, decided, same=False):
        self.same = same
        self.found = type("Found", (), {"value": value, "error": 0.1, "decided": decided})()

    def sentence(self):
        return "**sentence**"


@pytest.mark.parametrize(
    ("alike", "values", "state"),
    [
        (False, [(1.0, True), (1.0, True)], "holds"),
        (False, [(-1.0, True), (-1.0, True)], "fails"),
        (False, [(1.0, True), (0.1, False)], "open"),
        (True, [(0.1, False), (0.1, False)], "holds"),
        (True, [(1.0, True), (1.0, True)], "fails"),
        (True, [(0.0, False, True), (0.0, False, True)], "open"),
    ],
)
def test_both_methods_have_to_say_the_same(alike, values, state):
    claim = Widths("text", "a", "b", "26", alike)
    (found,) = _of_widths(claim, [_Decided(*one) for one in values])
    assert (found.state, found.detail) == (state, "sentence sentence")
    assert list(_of_widths(WIDTHS[0], [])) == []


def numbers_of(*rows):
    """Return tables with rows of (table, key, quantity, value, error)."""
    tables = {}
    for table, key, quantity, value, error in rows:
        row = {"key": key, "quantity": quantity, "this_run": value, "this_run_error": error}
        tables.setdefault(table, []).append({name: str(text) for name, text in row.items()})
    return TableNumbers(tables)


@pytest.mark.parametrize(
    ("alike", "first", "error", "state"),
    [
        (False, 0.9, 0.01, "holds"), (False, 0.7, 0.01, "fails"), (False, 0.81, 0.01, "open"),
        (True, 0.81, 0.01, "holds"), (True, 0.9, 0.01, "fails"), (True, 0.81, "", "open"),
    ],
)  # fmt: skip
def test_orders_of_numbers_of_two_tables(alike, first, error, state):
    order = Order("text", ("5", "a", "x"), ("7", "b", "y"), alike)
    numbers = numbers_of(("5", "a", "x", first, error), ("7", "b", "y", 0.8, error))
    found = _order(numbers, order)
    assert (found.state, found.tables) == (state, ("5", "7"))
    assert _order(numbers_of(("5", "a", "x", first, error)), order) is None


@pytest.mark.parametrize(
    ("value", "error", "state"),
    [(405, 40, "holds"), (243, 20, "fails"), (310, 20, "open"), (405, "", "open")],
)
def test_luminosities_that_reach_the_same(value, error, state):
    reach = REACHES[0]
    found = _reach(numbers_of((reach.table, reach.row, reach.quantity, value, error)), reach)
    assert found.state == state
    assert f"{value} " in found.detail


def test_energies_are_compared_at_one_luminosity(tmp_path):
    files = PageFiles(Inputs("page", {}), PageSettings())
    assert ENERGIES not in [one.text for one in verdicts(files, numbers_of())]
    paths = []
    for energy, shift in ((13.0, 1.0), (14.0, 0.0)):
        content = limits(error=0.01) | {"sqrt_s_tev": energy, "luminosity_ifb": 300.0}
        for method in ("profile", "cls"):
            content[method]["width"] += shift
        paths.append(tmp_path / f"{energy:g}.json")
        paths[-1].write_text(json.dumps(content))
    files = PageFiles(Inputs("page", {"limits.mixing_spanet_tuned": tuple(paths)}), PageSettings())
    (found,) = (one for one in verdicts(files, numbers_of()) if one.text == ENERGIES)
    assert found.state == "holds"
    assert "14 TeV is narrower" in found.detail


def test_conclusions_name_rows_that_tables_have():
    """Each stands once, and compares two things."""
    for order in ORDERS:
        assert order.larger != order.smaller
    assert len({one.text for one in (*ORDERS, *WIDTHS, *REACHES)}) == len(
        [*ORDERS, *WIDTHS, *REACHES]
    )


def test_sections_name_kinds_that_exist():
    named = [kind for kinds in SECTIONS.values() for kind in kinds]
    assert set(named) <= set(KINDS)
    assert len(named) == len(set(named))

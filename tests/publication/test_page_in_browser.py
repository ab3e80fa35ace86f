"""The result page in a real browser: chromium of the system, driven by playwright."""

import shutil
from pathlib import Path

import pytest
from tests.publication.pages import finished

from hh4b.publication.page_stage import write_page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    # Playwright closes its own loop late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SIZES = (320, 1600)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "results"
    write_page(finished(folder), folder / "index.html")
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, address):
    """Return a function that opens the page and collects what goes wrong."""
    contexts = []

    def opened(width=1600, scheme="light"):
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.wrong = []
        page.on("console", lambda said: page.wrong.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("request", lambda asked: page.wrong.append(asked.url) if not own(asked) else None)
        page.goto(address)
        return page

    def own(asked):
        return asked.url == address or asked.url.startswith("data:")

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_it_loads_without_a_word_and_fits(open_page, width, scheme):
    page = open_page(width, scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth)")
    drawn = "[...document.querySelectorAll('.drawing svg')].map((one) => one.clientHeight)"
    assert min(page.evaluate(drawn)) > 50
    assert page.wrong == []


def test_columns_sort_by_keyboard(open_page):
    page = open_page()
    table = page.locator("article.output table").first
    head = table.locator("th[aria-sort]").nth(1)
    keys = "(rows) => rows.map((row) => row.cells[0].textContent.split(' ')[0])"
    orders = []
    for _ in range(4):
        orders.append(
            (head.get_attribute("aria-sort"), table.locator("tbody tr").evaluate_all(keys))
        )
        head.locator("button").focus()
        page.keyboard.press("Enter")
    assert orders == [
        ("none", ["min_dr_dnn", "other", "third"]),
        # What has no number stays below.
        ("ascending", ["other", "min_dr_dnn", "third"]),
        ("descending", ["min_dr_dnn", "other", "third"]),
        ("none", ["min_dr_dnn", "other", "third"]),
    ]
    assert page.wrong == []


def test_search_leaves_what_is_looked_for(open_page):
    page = open_page()
    outputs = page.locator("article.output")
    total = outputs.count()
    page.fill("#search", "figure ROC")
    shown = outputs.evaluate_all("(all) => all.filter((one) => !one.hidden).map((one) => one.id)")
    assert shown == ["figure_roc"]
    assert page.inner_text("#found") == f"1 of {total} tables and figures"
    page.fill("#search", "no such word")
    assert page.inner_text("#found").startswith("0 of")
    page.fill("#search", "")
    assert outputs.evaluate_all("(all) => all.filter((one) => one.hidden).length") == 0


def test_a_link_to_a_cause_opens_it(open_page):
    page = open_page()
    link = page.locator("article.output a.mark").first
    link.click()
    # The page is told of its new address after the click has returned.
    page.wait_for_selector("#cause-not-explained[open]")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("shapes", "1", "2"), ("points", "0.90", "1.00"), ("curves", "1", "1.1")],
)
def test_sliders_move_by_keyboard(open_page, name, before, after):
    page = open_page()
    plot = page.locator(f"#explore-{name}")
    slider, output = plot.locator("input[type=range]"), plot.locator("output")
    assert output.inner_text() == before
    drawn, said = plot.locator(".chart").inner_html(), plot.locator(".readout").inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert output.inner_text() == after
    assert after in slider.get_attribute("aria-valuetext")
    assert plot.locator(".chart").inner_html() != drawn
    assert plot.locator(".readout").inner_text() != said
    assert page.wrong == []


def test_templates_hold_the_events_of_the_limits(open_page):
    page = open_page()
    text = page.inner_text("#explore-shapes .readout")
    # 20.26 fb at kappa_lambda = 1 times the five events a fb of the study; 20,000 of background.
    assert "20,000 background events" in text
    assert "S/√B" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(open_page, scheme):
    axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    source = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text()
    page = open_page(scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    # One image for axe, whatever is drawn in it.
    page.evaluate(
        "for (const one of document.querySelectorAll('.drawing svg')) one.replaceChildren()"
    )
    page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    faults = [
        f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:120]})"
        for one in found["violations"]
    ]
    assert faults == []

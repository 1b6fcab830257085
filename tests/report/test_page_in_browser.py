"""The page in a real browser: it requests nothing, answers mouse and keys, and fits any screen."""

import json
import re
import shutil
from dataclasses import dataclass, field

import numpy as np
import pytest

from shareornot.report.chapter import Chapter
from shareornot.report.page import write_page
from shareornot.spaces import list_architectures, open_space

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them

HOSTILE = '<script>window.hacked = 1</script>"><img src=x onerror="window.hacked = 2">$$x$$'
LOCAL = ("file:", "data:", "blob:")
PHONE, DESKTOP = 400, 1_400


@dataclass(eq=False)
class Visit:
    """A page that is open, and what happened on it."""

    page: object
    expect: object
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self):
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))

    def data(self, name):
        """The columns of a figure's data source, without the rows that are there for a larger chapter."""
        columns = self.page.evaluate(
            "name => Object.fromEntries([...Object.entries(Bokeh.documents[0].get_model_by_name(name).data)]"
            ".map(([key, values]) => [key, [...values]]))",
            name,
        )
        kept = [all(value not in ("", None) and value == value for value in row) for row in zip(*columns.values())]  # noqa: B905
        return {key: [one for one, keep in zip(values, kept, strict=True) if keep] for key, values in columns.items()}

    def pixel_of(self, number):
        """Where a point of the cloud is drawn."""
        return self.page.evaluate(
            """number => {
              const model = Bokeh.documents[0].get_model_by_name("cloud");
              const view = Bokeh.index.find_one(model);
              const { x, y } = Bokeh.documents[0].get_model_by_name("points").data;
              const box = view.canvas_view.el.getBoundingClientRect();
              return [box.x + view.frame.x_scale.compute(x[number]), box.y + view.frame.y_scale.compute(y[number])];
            }""",
            number,
        )

    def next_frame(self):
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, selector):
        return self.page.inner_text(selector)

    def wait_for_text(self, selector, text):
        """Waits without a script that polls in the page, which its content policy stops."""
        self.expect(self.page.locator(selector)).to_have_text(text, timeout=120_000)

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="the page is tried in a browser by playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser to try the page in: chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a page and waits until it is drawn; at the end there must be no error and no request."""
    sync_api = pytest.importorskip("playwright.sync_api")
    visits, contexts = [], []

    def open_page(path, width=DESKTOP, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        context.set_default_timeout(120_000)  # other tests may leave little of the machine
        contexts.append(context)
        visit = Visit(context.new_page(), sync_api.expect)
        visits.append(visit)
        visit.watch()
        visit.page.goto(path.as_uri())
        visit.page.wait_for_selector("html[data-ready]", state="attached")
        visit.next_frame()
        return visit

    yield open_page
    for context in contexts:
        context.close()
    assert [error for visit in visits for error in visit.errors] == []
    assert [url for visit in visits for url in visit.requests if not url.startswith(LOCAL)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def small(folder, chapter, provenance):
    return write_page(folder / "small.html", [chapter], provenance)


@pytest.fixture(scope="module")
def hostile(folder, make_appraisal, provenance):
    names = [f"{HOSTILE}{number}" for number in range(60)]
    architectures = list_architectures(names, {HOSTILE: np.array([HOSTILE, "b", "c"] * 20)})
    verdict = ("did not pay", HOSTILE, (HOSTILE,))
    appraisal = make_appraisal(
        space=HOSTILE, variant=HOSTILE, architectures=architectures, verdict=verdict, notes=(HOSTILE,)
    )
    return write_page(folder / "hostile.html", [Chapter(appraisal=appraisal)] * 2, provenance)


@pytest.fixture(scope="module")
def many(folder, make_appraisal, provenance):
    """Seven spaces and six variants."""
    appraisal = make_appraisal()
    chapters = [
        Chapter(appraisal=type(appraisal)(**vars(appraisal) | {"space": f"A{space}", "variant": f"variant-{variant}"}))
        for space in range(7)
        for variant in range(6)
    ]
    return write_page(folder / "many.html", chapters, provenance)


def test_pointing_at_a_score_draws_its_architecture(visit, small):
    opened = visit(small)
    assert opened.text("#chapter-notes") == "Percentages were taken for such."
    points = opened.data("points")
    number = int(np.argmax(points["y"]))
    opened.page.locator("#cloud-figure").scroll_into_view_if_needed()
    opened.page.mouse.move(*opened.pixel_of(number))
    opened.page.wait_for_selector("#architecture-panel svg.cell")
    row = number % 60
    family = open_space("nasbench101")
    (name,) = family.texts(np.array([row]))
    assert opened.text("#architecture-panel .name") == name
    graph = family.graph(row)
    words = opened.page.locator("#architecture-panel svg text").all_text_contents()
    assert len(words) == len(graph.vertices)
    assert {"in", "out"} <= set(words)
    assert opened.page.locator("#architecture-panel svg path.edge").count() == len(graph.edges)
    assert f"{points['y'][number]:.2f}" in opened.text("#architecture-panel")
    assert opened.data("chosen")["x"] == [points["x"][number]]
    opened.page.click("#architecture-panel button.copy")
    opened.wait_for_text("#architecture-panel button.copy", "Copied")


def test_the_keys_reach_everything_and_show_where_they_are(visit, small):
    opened = visit(small)
    points = opened.data("points")
    opened.page.focus("#theme")
    stops = []
    for _ in range(120):
        opened.page.keyboard.press("Tab")
        stop = opened.page.evaluate(
            "() => { const one = document.activeElement; return [one.id || one.className || one.tagName, "
            "getComputedStyle(one).outlineStyle, one.matches('canvas, .bk-events')]; }"
        )
        stops.append(stop)
        if stop[0] == "cloud-figure":
            opened.page.keyboard.press("End")
            assert opened.data("chosen")["y"] == [max(points["y"])]
            assert "vertices" in opened.text("#cloud-live")
            opened.page.keyboard.press("Home")
            assert opened.data("chosen")["y"] == [min(points["y"])]
        if stop[0] == "regret-figure":
            opened.page.keyboard.press("ArrowRight")
            assert re.match(r"After [\d.]+ s: guided by the super-net", opened.text("#regret-readout"))
            break
    names = [name for name, _, _ in stops]
    assert {"cloud-figure", "regret-figure"} <= set(names)
    assert [name for name, outline, _ in stops if outline == "none"] == []  # every stop shows that it has the focus
    assert not any(inside for _, _, inside in stops)


def test_a_table_sorts_by_its_titles_and_terms_lead_to_definitions(visit, small):
    opened = visit(small)
    place = "#differences-tables"
    title = opened.page.locator(f"{place} th button", has_text="rival's")
    before = opened.page.locator(f"{place} tbody tr td:nth-child(4)").all_text_contents()
    title.click()
    assert opened.page.locator(f"{place} tbody tr td:nth-child(4)").all_text_contents() == sorted(before)
    title.click()
    assert opened.page.locator(f"{place} tbody tr td:nth-child(4)").all_text_contents() == sorted(before, reverse=True)
    assert opened.page.locator(f"{place} th[aria-sort='descending']").count() == 1
    opened.page.locator("a.term", has_text="guided search").first.click()
    assert opened.page.url.endswith("#term-guided-search")
    assert opened.page.locator("#supernets-tables svg.spark").count() == 2


def test_files_can_be_taken_along(visit, small):
    opened = visit(small, accept_downloads=True)

    def download(button):
        with opened.page.expect_download() as started:
            button.click()
        return started.value.path()

    def named(name):
        return download(opened.page.get_by_role("button", name=name, exact=True)).read_text("utf-8")

    lines = named("scores-A-FULL.csv").splitlines()
    assert lines[0].startswith("supernet,architecture,score,standalone,residual,")
    assert len(lines) == 181
    assert json.loads(named("results.json"))["results"][0]["appraisal"]["space"] == "A_FULL"
    assert named("architectures-to-train.csv").splitlines()[0].startswith("space,variant,place,architecture,")
    for figure in ("cloud", "regret", "effects"):
        picture = download(opened.page.locator(f"button.png[data-figure={figure}]"))
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "width"), [("hostile", PHONE), ("many", PHONE), ("many", DESKTOP)])
def test_it_fits_the_screen(visit, request, name, width):
    opened = visit(request.getfixturevalue(name), width)
    opened.page.focus("#cloud-figure")
    opened.page.keyboard.press("End")
    assert opened.overflow() <= 0
    word = opened.page.locator("#verdict .word").first.bounding_box()
    assert word["y"] + word["height"] < 900  # the answer is in the first view
    for figure in ("cloud", "regret"):
        box = opened.page.locator(f"#figure-{figure}").bounding_box()
        assert box["width"] > 250
        assert box["height"] > 250


def test_text_of_a_user_is_shown_and_not_run(visit, hostile):
    opened = visit(hostile)
    opened.page.focus("#cloud-figure")
    opened.page.keyboard.press("End")
    assert HOSTILE in opened.text("#architecture-panel .name")
    assert HOSTILE in opened.text("#chapter-answers")
    assert HOSTILE in opened.page.locator("#best-tables").inner_text()
    opened.page.select_option("#cloud-colour", label=HOSTILE)
    assert HOSTILE in opened.text("#cloud-legend")
    opened.page.select_option("#chapter-choice", "1")
    opened.page.wait_for_timeout(100)
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator("img").count() == 0


def test_light_and_dark(visit, small):
    colours = (
        "() => ['--paper', '--soft'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name))"
    )
    label = "() => Bokeh.documents[0].get_model_by_name('cloud').below[0].major_label_text_color"
    light, dark = visit(small, color_scheme="light"), visit(small, color_scheme="dark")
    assert light.page.evaluate(colours) != dark.page.evaluate(colours)
    assert light.page.evaluate(label) == light.page.evaluate(colours)[1]
    assert dark.page.evaluate(label) == dark.page.evaluate(colours)[1]
    before = light.data("points")["colour"]
    light.page.click("#theme")
    assert light.page.evaluate(colours) == dark.page.evaluate(colours)
    assert light.data("points")["colour"] != before


def test_it_prints_with_its_figures(visit, small):
    opened = visit(small)
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    copies = opened.page.evaluate(
        """() => [...document.querySelectorAll("canvas.printed")].map(copy => {
          const pixels = copy.getContext("2d").getImageData(0, 0, copy.width, copy.height).data;
          return pixels.filter((value, at) => at % 4 === 3 && value > 0).length;
        })"""
    )
    assert len(copies) == 5
    assert min(copies) > 1_000  # something is drawn on each
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("canvas.printed").count() == 0


def test_a_table_chooses_the_chapter(visit, many):
    opened = visit(many)
    canvases = "() => [...document.querySelectorAll('[id^=figure-]')].map(place => place.children.length)"
    before = opened.page.evaluate(canvases)
    opened.page.click("button[data-chapter='25']")
    opened.wait_for_text("#chapter-title", "A4, variant-1")
    assert opened.page.evaluate(canvases) == before == [1] * 5  # the figures of one chapter alone are there
    assert opened.page.input_value("#chapter-choice") == "25"
    assert opened.page.url.endswith("#chapter-26")
    assert opened.page.get_attribute("button[data-chapter='25']", "aria-pressed") == "true"


def test_an_old_browser_shows_a_message(browser, small):
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(small.as_uri())
    page.wait_for_selector("#failure:not([hidden])")
    assert "A browser from 2023 or later is needed" in page.inner_text("#failure")
    page.close()

"""Code cells run in a real browser: NumPy, figures, errors, exercises, and every runnable cell of every chapter."""
from __future__ import annotations

import gzip
import importlib.util
import json
import re
from pathlib import Path

import pytest

from attnlab.exercises import EXERCISES, MISCONCEPTIONS, check, solution

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
CHAPTER = "book/self_attention/scaled_dot_product.html"
EXERCISE = "self_attention.softmax"
BOOT = 180_000  # milliseconds: the first run loads Python, on a busy machine slowly
SCRIPT = "script[data-run-page]"
ENDED = re.compile(r"^(Done in|An error|Stopped|Python|This browser|Cell \d+ above)")
WRONG = """import numpy as np
def softmax(scores, temperature=1.0):
    e = np.exp((scores - scores.max(axis=0, keepdims=True)) / temperature)
    return e / e.sum(axis=0, keepdims=True)"""


def chapters() -> list[str]:
    """Pages whose cells run in the browser."""
    return [page for page in conftest.pages() if "data-run-page" in (conftest.SITE / page).read_text("utf-8")]


def pytest_generate_tests(metafunc):
    if "chapter" in metafunc.fixturenames:
        metafunc.parametrize("chapter", chapters() or [pytest.param("", marks=pytest.mark.skip("no page runs code"))])


@pytest.fixture(autouse=True)
def vendored(site_url):
    if not (conftest.SITE / "_static" / "pyodide" / "pyodide-lock.json").is_file():
        pytest.skip("the site was built without Pyodide (python tools/pyodide.py)")


@pytest.fixture
def cells(page, site_url):
    """The chapter's runnable cells, Python not started."""
    return opened(page, site_url)


@pytest.fixture(scope="module")
def warm(browser, site_url):
    """One page whose Python stays alive for the tests that do not end it; they reset the cells they use."""
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        yield opened(page, site_url)
        assert page.external == [] and page.errors == []


def opened(page, site_url, chapter=CHAPTER):
    page.goto(f"{site_url}/{chapter}")
    page.wait_for_selector("html[data-pyodide]", state="attached")
    return page.locator(".run-cell")


def area(cell):
    return cell.locator("textarea")


def status(cell) -> str:
    return cell.locator(".run-status").text_content()


def run(cell) -> str:
    """Press Run, wait until the run is over, and return the status line. What only calls `check` or `use` shows no button."""
    cell.evaluate("e => { for (; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true }")
    start = cell.locator(".run-run")
    start.dispatch_event("click") if "plumbing" in cell.get_attribute("class") else start.click()
    return ended(cell)


def ended(cell) -> str:
    cell.page.wait_for_function("([e, ended]) => !e.hasAttribute('data-busy') && new RegExp(ended).test(e.querySelector('.run-status').textContent)",
                                arg=[cell.element_handle(), ENDED.pattern], timeout=BOOT, polling=50)
    return status(cell)


def output(cell):
    return cell.locator(".run-output")


def plain(cells):
    """The first cell that is neither a claim nor part of an exercise nor draws."""
    for cell in cells.all():
        if "tag_" not in cell.get_attribute("class") and not cell.locator("img").count():
            return cell
    raise AssertionError("the chapter has no plain cell")


def exercise(cells, role):
    """The slot or the check of the exercise these tests use."""
    return cells.and_(cells.page.locator(f".tag_exercise-{role}")).nth(0)


# ---- before anything runs -------------------------------------------------------------------------------------------

def test_nothing_is_fetched_before_run_is_pressed(browser, site_url):
    with conftest.opened(browser) as context:
        page, asked = conftest.watch(context, site_url), []
        page.on("request", lambda request: asked.append(request.url))
        cells = opened(page, site_url)
        area(plain(cells)).fill("1 + 1")
        exercise(cells, "slot").scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
        assert cells.count() > 5
        assert not [url for url in asked if re.search(r"/pyodide/|(worker|session|steps|ahead)\.js|kernel\.py", url)]


def test_torch_cells_and_pages_without_code_have_no_button(page, site_url):
    opened(page, site_url)
    assert page.locator("div.cell.tag_torch").count() and not page.locator(".tag_torch .run-button").count()
    page.goto(f"{site_url}/book/reference/bibliography.html")
    assert not page.locator(SCRIPT).count()


def test_the_runner_weighs_at_most_twelve_kilobytes(page, site_url):
    sizes = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, int(answer.headers.get("content-length", 0))))
    opened(page, site_url)
    ours = {url: size for url, size in sizes.items() if "/_static/run/" in url}
    ours["run.css"] = len(gzip.compress((conftest.SITE / "_static" / "css" / "run.css").read_bytes(), 9))
    assert len(ours) >= 7 and all(ours.values()) and sum(ours.values()) <= 12 * 1024, ours


def test_what_was_typed_survives_a_reload_and_reset_brings_the_course_back(cells, page):
    cell = plain(cells)
    committed = area(cell).input_value()
    area(cell).click()
    page.keyboard.press("Control+A")
    page.keyboard.type("mine = 17")
    assert "kept in this browser" in status(cell)
    page.reload()
    assert area(cell).input_value() == "mine = 17"
    assert "earlier visit" in status(cell)
    cell.get_by_role("button", name="Reset").click()
    assert area(cell).input_value() == committed
    cell.get_by_role("button", name="Undo").click()
    assert area(cell).input_value() == "mine = 17"
    cell.get_by_role("button", name="Reset").click()
    page.reload()
    assert area(cell).input_value() == committed
    assert page.errors == []


def test_a_cell_the_course_changed_offers_both_texts(cells, page):
    cell = plain(cells)
    committed = area(cell).input_value()
    area(cell).fill("mine = 17")
    page.evaluate("""() => {
        const key = Object.keys(localStorage).find((key) => key.includes(":code:"));
        localStorage.setItem(key.replace(/-[^-]*$/, "-0lder"), localStorage.getItem(key));
        localStorage.removeItem(key);
    }""")
    page.reload()
    assert area(cell).input_value() == "mine = 17" and "has changed this cell" in status(cell)
    cell.get_by_role("button", name="See the new text").click()
    assert area(cell).input_value() == committed
    cell.get_by_role("button", name="Back to mine").click()
    assert area(cell).input_value() == "mine = 17"
    page.reload()
    assert area(cell).input_value() == "mine = 17"


def test_a_browser_that_stores_nothing_is_told_of(browser, site_url):
    context = browser.new_context()
    page = conftest.watch(context, site_url)
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('blocked', 'QuotaExceededError') }")
    cell = plain(opened(page, site_url))
    area(cell).fill("mine = 17")
    assert "until you leave the page" in status(cell)
    context.close()


def test_a_tab_shows_what_is_typed_in_another_one(cells, page, site_url):
    other = conftest.watch(page.context, site_url)
    theirs, mine = plain(opened(other, site_url)), plain(cells)
    area(theirs).fill("theirs = 17")
    page.wait_for_function("cell => cell.querySelector('textarea').value === 'theirs = 17'", arg=mine.element_handle())
    assert "another tab" in status(mine)
    area(mine).fill("theirs = 17\nmine = 3")
    page.reload()
    assert area(mine).input_value() == "theirs = 17\nmine = 3"


def test_what_was_typed_on_a_page_that_comes_back_is_kept(cells, page):
    area(plain(cells)).fill("mine = 17")
    page.evaluate("""() => {
        const key = Object.keys(localStorage).find((name) => name.includes(":code:"));
        localStorage.setItem(key, "elsewhere = 3");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    assert area(plain(cells)).input_value() == "elsewhere = 3"


def test_the_keyboard_writes_code_and_is_never_trapped(cells, page):
    cell = plain(cells)
    area(cell).focus()
    before = area(cell).input_value()
    page.keyboard.press("Tab")
    assert area(cell).input_value() == before and not area(cell).evaluate("e => e === document.activeElement")
    area(cell).click()
    page.keyboard.press("Control+A")
    page.keyboard.type("def f(x):\nreturn x")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("f(3)")
    assert area(cell).input_value() == "def f(x):\n    return x\nf(3)"
    assert cell.locator("pre .nf").inner_text() == "f"
    page.keyboard.press("Control+Z")
    assert area(cell).input_value() != "def f(x):\n    return x\nf(3)"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not area(cell).evaluate("e => e === document.activeElement")


# ---- running --------------------------------------------------------------------------------------------------------

def test_a_cell_is_edited_and_run_after_the_cells_above_it(warm):
    last = plain(warm)
    area(last).fill("import numpy as np\nprint('shape', np.ones((3, 5)).shape)\nnp.arange(4) ** 2")
    assert run(last).startswith("Done in")
    assert output(last).inner_text().split("\n\n") == ["shape (3, 5)", "array([0, 1, 4, 9])"]
    above = warm.first
    assert above.get_attribute("data-result") == "done" and not output(above).is_visible()
    last.get_by_role("button", name="Reset").click()
    assert not output(last).is_visible()


def test_an_error_shows_the_readers_own_lines(warm):
    cell = plain(warm)
    area(cell).fill("from attnlab import reference\ndef f(x):\n    return reference.attention(x, x[:, :2], x)\n\nf(np.ones((3, 5)))")
    assert run(cell).startswith("An error")
    said = output(cell).inner_text()
    assert "line 3, in f" in said and "return reference.attention" in said and "ValueError" in said
    assert "(raised inside attnlab/" in said and "/home" not in said and "kernel" not in said
    for code, expected in [("x = (1,", "SyntaxError"), ("import torch", "not available in the browser"),
                           ("raise SystemExit", "SystemExit"), ("input('?')", "write the value into the cell")]:
        area(cell).fill(code)
        assert run(cell).startswith("An error")
        assert expected in output(cell).inner_text()
    area(cell).fill("'still alive'")
    assert run(cell).startswith("Done") and output(cell).inner_text() == "'still alive'"
    cell.get_by_role("button", name="Reset").click()


def test_a_figure_keeps_its_caption_and_reset_brings_the_committed_one(warm):
    cell = warm.filter(has=warm.page.locator("figure[id]")).first
    number = cell.locator("figure[id]").get_attribute("id")
    committed = cell.locator("figure img").get_attribute("src")
    assert run(cell).startswith("Done in")
    shown = output(cell).locator("img")
    assert shown.get_attribute("src").startswith("data:image/png") and shown.get_attribute("alt")
    assert shown.evaluate("e => e.decode().then(() => e.naturalWidth)") >= 2 * 300
    assert output(cell).locator("figcaption").inner_text() and output(cell).locator(f"figure#{number}").count() == 1
    assert cell.locator(f"[id='{number}']").count() == 1
    cell.get_by_role("button", name="Reset").click()
    assert cell.locator(f"figure#{number} img:visible").get_attribute("src") == committed


def test_html_an_explorable_and_long_output(warm):
    cell = plain(warm)
    area(cell).fill("class Bold:\n    def _repr_html_(self):\n        return '<b id=\"bold\">bold</b>'\nBold()")
    run(cell)
    assert output(cell).locator("b#bold").inner_text() == "bold"
    area(cell).fill("from attnlab import explore\nexplore.softmax_and_scale()")
    run(cell)
    output(cell).locator("[data-afm] input").first.wait_for()
    area(cell).fill("for i in range(30_000):\n    print('line', i)")
    assert run(cell).startswith("Done")
    assert "longer than 100 kB" in output(cell).inner_text() and len(output(cell).inner_text()) < 101_000
    cell.get_by_role("button", name="Reset").click()


def test_an_exercise_not_attempted_wrong_and_right(warm):
    slot, judged = exercise(warm, "slot"), exercise(warm, "check")
    assert EXERCISE in area(judged).input_value()
    heard = "document.addEventListener('attnlab:check', (e) => (window.heard ??= []).push(e.detail))"
    warm.page.evaluate(heard)
    run(judged)
    assert output(judged).locator(".run-verdict").inner_text() == "○ Not attempted yet"
    area(slot).fill(WRONG)
    run(judged)
    assert output(judged).locator(".run-verdict").inner_text() == "✗ Not yet"
    assert squeezed(output(judged).inner_text()) == squeezed("✗ " + native(WRONG))
    place = output(judged).locator(".run-said a")
    assert place.evaluate("link => link.pathname + link.hash") == f"/{MISCONCEPTIONS['softmax_over_queries'].href}"
    assert place.inner_text() == MISCONCEPTIONS["softmax_over_queries"].read
    mine = "def softmax(scores, temperature=1.0):\n    return softmax_solution(scores, temperature)"
    area(slot).fill(f"import numpy as np\n{solution(EXERCISE)}\n{mine}")
    run(judged)
    assert output(judged).locator(".run-verdict").inner_text() == "✓ Passed"
    assert output(judged).get_attribute("data-verdict") == "passed"
    known = {"open": None, "failed": "softmax_over_queries", "passed": None}
    heard = [{"exercise": EXERCISE, "state": state, "mistake": mistake} for state, mistake in known.items()]
    assert warm.page.evaluate("window.heard") == heard
    slot.get_by_role("button", name="Reset").click()
    judged.locator(".run-reset").dispatch_event("click")


def native(source: str) -> str:
    """What the check prints for `source` outside the browser."""
    import contextlib
    import io
    names = {}
    exec(source, names)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        check(EXERCISE, names["softmax"])
    return printed.getvalue()


def squeezed(text: str) -> str:
    """Letters alone: the page sets headings and line breaks of its own."""
    return re.sub(r"[\s:]+", "", text).lower()


def test_a_check_on_an_untouched_page_runs_no_more_than_it_needs(cells):
    """The last check first: its slot takes nothing from the page, so nothing else runs; what is below then runs in order."""
    judged = cells.and_(cells.page.locator(".tag_exercise-check")).last
    assert run(judged).startswith("Done") and "above" not in status(judged)
    assert output(judged).locator(".run-verdict").inner_text() == "○ Not attempted yet"
    ran = cells.page.locator(".run-cell[data-result]")
    assert ran.count() == 2
    area(ran.first).fill("def needs(x):\n    return nobody_makes_this\nneeds(1)")
    run(judged)
    assert ran.count() > 10, "a name that cannot be told: now the cells above run, too"


def test_the_last_exercise_s_use_and_solution_run_on_an_untouched_page(cells):
    for role in ("use", "solution"):
        last = cells.and_(cells.page.locator(f".tag_exercise-{role}")).last
        assert run(last).startswith("Done") and "above" not in status(last), role
    assert "Passed" in output(last).inner_text()


def test_an_earlier_error_is_gone_while_the_cell_runs_again(warm):
    cell = plain(warm)
    area(cell).fill("1 / 0")
    run(cell)
    assert output(cell).locator(".run-error").count() == 1
    area(cell).fill("import time\ntime.sleep(1.5)\nprint('over')")
    cell.locator(".run-run").click()
    warm.page.wait_for_function("e => e.innerText.includes('Running')", arg=cell.locator(".run-status").element_handle())
    assert not output(cell).is_visible() and cell.get_attribute("data-busy") is not None
    assert ended(cell).startswith("Done") and output(cell).inner_text().strip() == "over"
    cell.get_by_role("button", name="Reset").click()


def test_cells_follow_the_notebook_s_rules(warm):
    cell = plain(warm)
    for code, shown in [("5;  # quiet", ""), ("5  # note;", "5"), ("import asyncio\nawait asyncio.sleep(0.01, result=7)", "7")]:
        area(cell).fill(code)
        assert run(cell).startswith("Done")
        assert (output(cell).inner_text().strip() if output(cell).is_visible() else "") == shown, code
    for code in ("%timeit 1", "!pip install torch", "len??", "%matplotlib inline"):
        area(cell).fill(code)
        assert run(cell).startswith("An error")
        assert output(cell).inner_text().strip().endswith("while this page runs Python alone."), code
    cell.get_by_role("button", name="Reset").click()


@pytest.mark.parametrize("lost", ["Worker", "WebAssembly", "TransformStream"])
def test_a_browser_without_what_python_needs_says_so(page, site_url, lost):
    page.add_init_script(f"delete window.{lost}")
    cell = opened(page, site_url).first
    assert run(cell).startswith("This browser is too old to run Python in a page") and lost in status(cell)
    assert cell.locator(".run-run").get_attribute("aria-disabled") == "false" and page.errors == []


def test_an_infinite_loop_is_stopped_and_python_starts_afresh(cells, page):
    cell = cells.first  # nothing above it has to run
    area(cell).fill("secret = 3\nprint('going')\nwhile True: pass")
    cell.locator(".run-run").click()
    output(cell).get_by_text("going").wait_for(timeout=BOOT)
    assert cell.locator(".run-run").get_attribute("aria-disabled") == "true"
    cell.get_by_role("button", name="Stop").click()
    assert status(cell).startswith("Stopped. Python starts afresh")
    assert area(cell).input_value().startswith("secret = 3")
    area(cell).fill("'secret' in globals()")
    assert run(cell).startswith("Done")
    assert output(cell).inner_text() == "False"
    page.evaluate("document.documentElement.dataset.runLimit = '2'")
    area(cell).fill("while True: pass")
    assert run(cell).startswith("Stopped after 2 s")
    assert area(cell).input_value() == "while True: pass"
    assert page.errors == [] and page.external == []


@pytest.mark.parametrize("file", ["attnlab.zip", "files.json", "pyodide.asm.wasm"])
def test_a_python_that_cannot_be_loaded_says_so_and_can_be_tried_again(browser, site_url, file):
    with conftest.opened(browser) as context:  # with nothing kept, and a worker whose requests can be refused
        context.add_init_script("delete window.SharedWorker")
        page = conftest.watch(context, site_url)
        cell = opened(page, site_url).first  # nothing above it has to run
        page.route(f"**/pyodide/{file}", lambda route: route.abort())
        assert run(cell).startswith("Python could not be loaded")
        page.unroute(f"**/pyodide/{file}")
        area(cell).fill("6 * 7")
        assert run(cell).startswith("Done") and output(cell).inner_text() == "42"


def test_the_readers_page_passes_axe_while_cells_show_output(warm):
    from axe_playwright_python.sync_playwright import Axe
    slot, judged, cell = exercise(warm, "slot"), exercise(warm, "check"), plain(warm)
    area(slot).fill(WRONG)
    run(judged)
    area(cell).fill("print(1)\n1 / 0")
    run(cell)
    for theme in ("light", "dark"):
        warm.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        found = Axe().run(warm.page, context=".run-cell", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        problems = [(v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"]]
        assert problems == [], theme
    for used in (slot, judged, cell):
        used.locator(".run-reset").dispatch_event("click")


def test_a_phone_sees_buttons_and_output_without_sideways_scrolling(warm):
    page, cell = warm.page, plain(warm)
    page.set_viewport_size({"width": 360, "height": 800})
    area(cell).fill("print('wide ' * 60)\n[1 / 0]")
    run(cell)
    page.wait_for_function("document.documentElement.scrollWidth <= 360", timeout=5000)  # the side bar slides away first
    page.set_viewport_size({"width": 1280, "height": 900})
    cell.get_by_role("button", name="Reset").click()


# ---- whole chapters -------------------------------------------------------------------------------------------------

def test_the_packed_package_is_the_present_one(site_url):
    import io
    import zipfile
    archive = zipfile.ZipFile(io.BytesIO((conftest.SITE / "_static/pyodide/attnlab.zip").read_bytes()))
    source = conftest.ROOT / "src"
    named = {name for name in archive.namelist() if name.endswith(".py")}
    assert named == {path.relative_to(source).as_posix() for path in (source / "attnlab").rglob("*.py")}
    stale = [name for name in named if archive.read(name) != Path(source, name).read_bytes()]
    assert stale == [], "src/attnlab changed since the site was built"
    files = json.loads((conftest.SITE / "_static/pyodide/files.json").read_text(encoding="utf-8"))["files"]
    assert files["attnlab.zip"][0] == (conftest.SITE / "_static/pyodide/attnlab.zip").stat().st_size


# Press Run under every cell in turn, as a reader would; [status, text, output, pictures] of each, up to the first that
# never ends.
RUN_ALL = """async (limit) => {
    const told = [], look = (part) => cell.querySelector(part);
    let cell;
    for (cell of document.querySelectorAll(".run-cell")) {
        for (let e = cell; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
        look(".run-status").textContent = "";  // what an earlier run has said
        look(".run-run").click();
        const late = performance.now() + limit;
        const ended = () => !cell.hasAttribute("data-busy") && /^(Done|An error|Stopped|Cell|Python|This)/.test(look(".run-status").textContent);
        while (!ended() && performance.now() < late) await new Promise((go) => setTimeout(go, 20));
        told.push([look(".run-status").textContent, look("textarea").value, look(".run-output").innerText.slice(-300),
            cell.querySelectorAll(".run-output img").length]);
        if (!ended()) break;
    }
    return told;
}"""

@pytest.fixture(scope="module")
def reader(browser, site_url):
    """A reader who goes from chapter to chapter in one tab, with one Python."""
    with conftest.opened(browser) as context:
        yield conftest.watch(context, site_url)


def test_every_runnable_cell_of_a_chapter_runs_in_order(reader, site_url, chapter):
    page = reader
    page.errors.clear()
    cells = opened(page, site_url, chapter)
    count, checks = cells.count(), cells.and_(page.locator(".tag_exercise-check"))
    if checks.count() >= 2:  # whoever begins with the last exercise
        assert run(checks.last).startswith("Done") and "above" not in status(checks.last)
    told = page.evaluate(RUN_ALL, BOOT)
    failed = [(number, *said) for number, said in enumerate(told, 1) if not re.fullmatch(r"Done in [\d.]+ s\.", said[0])]
    assert failed == [] and len(told) == count >= 1
    assert page.external == [] and page.errors == []
    assert pictures_without_need(told) == []


def pictures_without_need(told: list) -> list[int]:
    """Cells that draw although no cell up to there asks for matplotlib: a Python of the page's own would not have it."""
    needs, source = kernel().needs, conftest.ROOT / "src"
    asked = [bool(needs(text, ["matplotlib"], source)) for _, text, _, _ in told]
    return [number for number, said in enumerate(told, 1) if said[3] and not any(asked[:number])]


def kernel():
    """The browser's stand-in for a notebook kernel, as a module."""
    spec = importlib.util.spec_from_file_location("run_kernel", conftest.ROOT / "book/_static/run/kernel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_picture_out_of_nowhere_is_noticed():
    drawn, plain = ["Done", "import matplotlib.pyplot as plt", "", 1], ["Done", "1 + 1", "", 0]
    assert pictures_without_need([plain, drawn, ["Done", "plt.show()", "", 1]]) == []
    assert pictures_without_need([plain, ["Done", "plt.show()", "", 1], drawn]) == [2]

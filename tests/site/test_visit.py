"""One Python a visit: it outlives a change of page, leaves nothing of one page for the next, is each tab's own, and ends when told."""
from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_run", Path(__file__).with_name("test_run.py"))
runs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(runs)
conftest, vendored = runs.conftest, runs.vendored
opened, area, run, output, status, ended = runs.opened, runs.area, runs.run, runs.output, runs.status, runs.ended
pytestmark = pytest.mark.browser
FIRST, SECOND = "book/self_attention/scaled_dot_product.html", "book/self_attention/masks.html"
AGE = "import time\nround(1000 * time.monotonic())"  # milliseconds since this Python's worker began
LOCKS = "navigator.locks.query().then(({ held }) => held.map(({ name }) => name))"
FORGETFUL = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('blocked', 'SecurityError') } })"
WITHOUT = {"no shared workers": "delete window.SharedWorker", "no locks": "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })",
           "no storage": FORGETFUL, "workers that end with their page":
           "const Old = SharedWorker; window.SharedWorker = function (address, options) { return new Old(address, { name: options.name, type: options.type }) }"}


@pytest.fixture(scope="module")
def reader(browser, site_url):
    """A browser in which Python has run once, so that its files are there."""
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        assert run(opened(page, site_url).first).startswith("Done")
        page.close()
        yield context


@pytest.fixture
def tab(reader, site_url):
    page = conftest.watch(reader, site_url)
    yield page
    assert page.external == [] and page.errors == []
    conftest.forget(page, site_url)
    page.close()


def told(cell, code: str) -> str:
    """What a cell shows after running `code`."""
    area(cell).fill(code)
    assert run(cell).startswith("Done"), output(cell).inner_text()
    return output(cell).inner_text()


def until(page, true: str) -> None:
    page.wait_for_function(true, timeout=runs.BOOT, polling=100)


def begin_loop(cell, code: str) -> None:
    area(cell).fill(code)
    cell.locator(".run-run").click()
    output(cell).get_by_text("going").wait_for(timeout=runs.BOOT)


def test_the_next_chapter_finds_python_running_and_nothing_of_the_last(tab, site_url):
    first = opened(tab, site_url, FIRST).first
    before = int(told(first, f"mine = 3\n{AGE}"))
    name = tab.evaluate("Object.values(sessionStorage).find((name) => name.startsWith('Python'))")
    second = opened(tab, site_url, SECOND)
    assert int(told(second.first, AGE)) > before
    assert tab.evaluate("Object.values(sessionStorage)").count(name) == 1
    assert told(second.first, "[name for name in ('mine', 'time') if name in globals()]") == "['time']"


def test_what_a_page_does_to_libraries_ends_with_it(tab, site_url):
    spoil = ("import numpy as np, builtins, math, os\nfrom attnlab import masks\nnp.exp = lambda x: 0\nbuiltins.mine = math.pi = 3\n"
             "masks.causal = None\nnp.set_printoptions(precision=2)\nopen('mine.txt', 'w').write('x')\nos.environ['MINE'] = '1'")
    area(first := opened(tab, site_url, FIRST).first).fill(spoil)
    assert run(first).startswith("Done")
    ask = ("import numpy as np, math, os\nfrom attnlab import masks\n"
           "[float(np.exp(0)), 'mine' in dir(__builtins__), math.pi > 3.1, masks.causal is None, np.get_printoptions()['precision'],"
           " os.path.exists('mine.txt'), 'MINE' in os.environ]")
    assert told(opened(tab, site_url, SECOND).first, ask) == "[1.0, False, True, False, 8, False, False]"


def test_a_check_leaves_nothing_on_the_page(tab, site_url):
    cells = opened(tab, site_url, FIRST)
    slot, judged = runs.exercise(cells, "slot"), runs.exercise(cells, "check")
    area(slot).fill("import numpy as np\nmine = 3\ndef softmax(scores, temperature=1.0):\n    return mine")
    assert run(judged).startswith("Done") and output(judged).locator(".run-verdict").inner_text() == "✗ Not yet"
    assert told(cells.first, "['mine' in globals(), 'softmax' in globals()]") == "[False, False]"


def test_each_tab_has_its_own_and_a_loop_in_one_stops_no_other(tab, reader, site_url):
    cell = opened(tab, site_url, FIRST).first
    told(cell, "mine = 3\n1")
    with tab.expect_popup() as popup:  # a tab opened by this one begins with a copy of its session
        tab.evaluate("address => { window.open(address) }", f"{site_url}/{FIRST}")
    other = conftest.attend(popup.value, site_url)
    other.wait_for_selector("html[data-pyodide]", state="attached")
    theirs = other.locator(".run-cell").first
    area(theirs).fill("1")
    begin_loop(cell, "print('going')\nwhile True: pass")
    assert told(theirs, "'mine' in globals()") == "False"
    assert cell.get_attribute("data-busy") is not None
    cell.get_by_role("button", name="Stop").click()
    assert status(cell).startswith("Stopped") and told(theirs, "1 + 1") == "2"
    other.close()


@pytest.mark.parametrize("body", ["pass", "\n    try: pass\n    except BaseException: pass"], ids=["a loop", "a loop that takes no notice"])
def test_stop_ends_what_runs_for_good(tab, site_url, body):
    cell = opened(tab, site_url, FIRST).first
    before = int(told(cell, f"mine = 3\n{AGE}"))
    begin_loop(cell, f"print('going')\nwhile True: {body}")
    cell.get_by_role("button", name="Stop").click()
    assert status(cell).startswith("Stopped. Python starts afresh")
    age, mine = json.loads(told(cell, f"import time\n[round(1000 * time.monotonic()), int('mine' in globals())]"))
    assert mine == 0 and age != before
    until(tab, f"() => {LOCKS}.then((names) => !names.some((name) => name.endsWith(' runs')))")


def test_whoever_leaves_while_a_cell_runs_ends_it(tab, site_url):
    cell = opened(tab, site_url, FIRST).first
    begin_loop(cell, "print('going')\nwhile True: pass")
    name = tab.evaluate("Object.values(sessionStorage).find((name) => name.startsWith('Python'))")
    assert told(opened(tab, site_url, SECOND).first, "1 + 1") == "2"
    assert tab.evaluate("Object.values(sessionStorage).find((name) => name.startsWith('Python'))") != name
    until(tab, f"() => {LOCKS}.then((names) => !names.some((name) => name.startsWith('{name}')))")


def test_another_version_of_the_site_meets_no_old_python(tab, site_url, asked):
    told(opened(tab, site_url, FIRST).first, "1")
    newer = json.loads((conftest.SITE / "_static/pyodide/files.json").read_text("utf-8")) | {"version": "0123456789abcdef"}
    tab.route("**/pyodide/files.json", lambda route: route.fulfill(json=newer))
    assert told(opened(tab, site_url, SECOND).first, "1 + 1") == "2"
    assert {"/_static/run/worker.js?v=0123456789abcdef", "/_static/run/kernel.py?v=0123456789abcdef"} <= set(asked)


@pytest.mark.parametrize("missing", WITHOUT)
def test_a_browser_that_keeps_no_python_has_one_a_page(reader, site_url, missing):
    page = conftest.watch(reader, site_url)
    page.add_init_script(WITHOUT[missing])
    asked = []
    page.on("worker", lambda worker: asked.append(worker.url))
    cell = opened(page, site_url, FIRST).first
    assert told(cell, "mine = 3\nmine") == "3"
    begin_loop(cell, "print('going')\nwhile True: pass")
    cell.get_by_role("button", name="Stop").click()
    assert status(cell).startswith("Stopped")
    assert told(opened(page, site_url, SECOND).first, "'mine' in globals()") == "False"
    assert len(asked) == 2 and page.errors == []
    page.close()


# ---- files ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def asked(monkeypatch):
    """What the server is asked for."""
    paths: list[str] = []
    monkeypatch.setattr(conftest.serve.Handler, "log_message", lambda self, form, *rest: paths.append(self.path))
    return paths


def test_a_second_start_fetches_no_file_again(tab, site_url, asked):
    assert told(opened(tab, site_url, FIRST).first, "1 + 1") == "2"
    assert not [path for path in asked if re.search(r"/pyodide/(?!files\.json)", path)], asked
    kept = tab.evaluate("caches.open('attnlab-python /').then(cache => cache.keys()).then(all => all.map(one => one.url.split('/').pop()))")
    assert sum(name.startswith("memory?") for name in kept) == 1 and any(name.startswith("pyodide.asm.wasm?") for name in kept)


def test_files_of_an_earlier_version_go_and_what_is_spoilt_is_fetched_again(tab, site_url, asked):
    tab.goto(f"{site_url}/{FIRST}")
    tab.evaluate("""async () => {
        const cache = await caches.open("attnlab-python /");
        await cache.put("/_static/pyodide/numpy-0.whl?old", new Response("old"));
        for (const { url } of await cache.keys()) if (url.includes("/memory?")) await cache.put(url, new Response("spoilt"));
    }""")
    cell = opened(tab, site_url, FIRST).first
    assert told(cell, "1 + 1") == "2"
    until(tab, """() => caches.open("attnlab-python /").then((cache) => cache.keys())
        .then((all) => !all.some(({ url }) => url.endsWith("?old")) && all.some(({ url }) => url.includes("/memory?")))""")


def test_the_megabytes_that_are_said_are_those_that_are_sent(browser, site_url):
    sizes = json.loads((conftest.SITE / "_static/pyodide/files.json").read_text("utf-8"))["files"]
    core = sum(row[1] for name, row in sizes.items() if re.match("pyodide|python_stdlib|numpy|attnlab", name))
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        page.add_init_script("""addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
            for (const said of document.querySelectorAll(".run-status")) (window.said ??= new Set()).add(said.innerText);
        }).observe(document, { childList: true, subtree: true }))""")
        run(opened(page, site_url, FIRST).first)
        assert f"Loading Python and NumPy ({core / 1e6:.1f} MB, once)" in page.evaluate("[...window.said]")
        assert core < 12e6


# ---- sooner ---------------------------------------------------------------------------------------------------------

PYTHON = "Object.values(sessionStorage).some((name) => name.startsWith('Python'))"


def test_python_starts_at_the_first_touch_where_it_has_run_before(tab, site_url):
    cell = opened(tab, site_url, FIRST).first
    tab.wait_for_load_state("networkidle")
    assert not tab.evaluate(PYTHON)
    area(cell).focus()
    until(tab, f"() => {PYTHON}")


def test_python_starts_when_an_exercise_comes_into_view(tab, site_url):
    slot = runs.exercise(opened(tab, site_url, FIRST), "slot")
    slot.evaluate("e => { for (; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true }")
    slot.scroll_into_view_if_needed()
    until(tab, f"() => {PYTHON}")


@pytest.mark.parametrize("connection", ["{ saveData: true }", "{ type: 'cellular' }"])
def test_nothing_starts_by_itself_on_a_connection_that_is_paid_for(tab, site_url, connection):
    tab.add_init_script(f"Object.defineProperty(Navigator.prototype, 'connection', {{ value: {connection} }})")
    slot = runs.exercise(opened(tab, site_url, FIRST), "slot")
    slot.evaluate("e => { for (; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true }")
    area(slot).focus()
    tab.wait_for_load_state("networkidle")
    tab.wait_for_timeout(500)
    assert not tab.evaluate(PYTHON)


# ---- no more than it needs ------------------------------------------------------------------------------------------

def test_a_check_runs_the_cells_that_make_what_its_slot_takes_and_no_figure(tab, site_url):
    cells = opened(tab, site_url, FIRST)
    judged, slot = cells.and_(tab.locator(".tag_exercise-check")).last, cells.and_(tab.locator(".tag_exercise-slot")).last
    area(cells.first).fill("mine = 7\nprint('made')")
    function = re.search(r"def (\w+)", area(slot).input_value()).group(1)
    area(slot).fill(f"print('sees', mine)\ndef {function}(*args, **rest): return mine")
    assert run(judged).startswith("Done")
    ran = tab.locator(".run-cell[data-result]")
    assert ran.count() == 3 and output(slot).inner_text().strip() == "sees 7"
    assert tab.locator(".run-cell[data-result] .run-output img").count() == 0


def test_all_cells_above_are_offered_where_a_name_is_missing(tab, site_url):
    cells = opened(tab, site_url, FIRST)
    judged, slot = runs.exercise(cells, "check"), runs.exercise(cells, "slot")
    area(cells.first).fill("mine = 7")
    area(slot).fill("seen = eval('mine')\ndef softmax(scores, temperature=1.0): return seen")
    assert "Run all above" in run(judged)
    judged.get_by_role("button", name="Run all above").click()
    assert ended(judged).startswith("Done") and "Run all above" not in status(judged)
    assert cells.first.get_attribute("data-result") == "done"

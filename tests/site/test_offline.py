"""The course kept on the device: asked for, it is there without a server, and gone when removed; with one nothing is stale."""
from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
sys.path[:0] = [str(conftest.ROOT / "book" / "_ext"), str(conftest.ROOT / "tools")]
import offline  # noqa: E402
import serve  # noqa: E402

pytestmark = pytest.mark.browser
SUB = "courses/attnlab"
PLACE = "book/start/how_to_use.html"
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="{up}_static/site-0123456789ab.css"></head>
<body><article class="bd-article"><h1>{title}</h1><p id="words">{words}</p><div class="panel keep-course"><p>without</p></div></article>
<a class="keep-link" href="#">Keep this course on my device</a>
<script type="module" src="{up}_static/keep/panel.js?v=1"></script><script type="module" src="{up}_static/keep/foot.js"></script></body></html>"""


def page(title: str, words: str = "first", up: str = "") -> str:
    return PAGE.format(title=title, words=words, up=up)


def made(site: Path) -> Path:
    """A small site of the same form under a path, with what the list leaves out."""
    static = conftest.ROOT / "book" / "_static"
    for name in ("keep", "practice"):
        shutil.copytree(static / name, site / "_static" / name)
    (site / "book").mkdir()
    files = {"index.html": page("Root"), "book/one.html": page("One", up="../"), "404.html": page("Missing"),
             "_static/site-0123456789ab.css": "h1 { color: rgb(1, 2, 3) }", "_static/pyodide/pyodide.mjs": "// python",
             "_sources/book/one.md": "# One", "_static/basic.css": "", "_static/css/print.css": ""}
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, "utf-8")
    offline.write(site)
    return site


class Host:
    """A server that can be ended and started again at the same port."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        self.server = serve.start(self.folder, port=self.port)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def away(context, host: Host):
    """No connection: the browser is told so, and the server is not there either."""
    context.set_offline(True)
    host.stop()
    yield
    host.start()
    context.set_offline(False)


@pytest.fixture
def host(tmp_path):
    made(tmp_path / SUB)
    running = Host(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def root(host):
    return f"http://127.0.0.1:{host.port}/{SUB}/"


@pytest.fixture
def tab(browser):
    with conftest.opened(browser) as context:
        yield context.new_page()


def says(page) -> str:
    return page.locator(".keep-course [role=status]").inner_text()


def keep(page, address: str, name: str = "Keep this course") -> None:
    page.goto(address)
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Remove from this device").wait_for(timeout=120_000)


def caches(page) -> list[str]:
    return page.evaluate("caches.keys()")


def entries(page) -> list[str]:
    return page.evaluate("caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(c => c.keys())))).then(all => all.flat().map(r => r.url))")


def until(true, tries: int = 300) -> None:
    for _ in range(tries):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it did not come true")


def test_nothing_is_kept_until_somebody_asks(tab, root):
    tab.goto(root)
    tab.get_by_role("button", name="Keep this course").wait_for()
    assert says(tab) == "Not kept on this device." and re.search(r"Keep this course \(\d+ MB\)", tab.locator(".keep-course").inner_text())
    assert caches(tab) == [] and tab.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_kept_pages_open_without_a_server_under_a_path(tab, host, root):
    keep(tab, root)
    assert says(tab).startswith("Kept on this device: ") and "with Python" not in says(tab)
    with away(tab.context, host):
        for path, title in {"book/one.html?q=1#words": "One", "": "Root", "book/one": "One", "no/such.html": "Missing"}.items():
            tab.goto(root + path)
            assert tab.locator("h1").inner_text() == title
        tab.goto(f"{root}book/one.html")
        assert tab.locator("h1").evaluate("head => getComputedStyle(head).color") == "rgb(1, 2, 3)"
        tab.get_by_text("Kept on this device", exact=True).wait_for()
        assert tab.evaluate("fetch('../_static/pyodide/pyodide.mjs').then(() => 'there', () => 'missing')") == "missing"


def test_python_is_kept_when_asked_for_and_can_be_added(tab, host, root):
    keep(tab, root)
    tab.get_by_role("button", name="Add Python").click()
    tab.wait_for_function("document.querySelector('.keep-course').innerText.includes('with Python')")
    assert tab.get_by_role("button", name="Add Python").count() == 0 and len(caches(tab)) == 1
    with away(tab.context, host):
        assert tab.evaluate("fetch('_static/pyodide/pyodide.mjs').then(answer => answer.text())") == "// python"


def test_what_nobody_reads_is_not_kept(tab, root):
    keep(tab, root)
    paths = {url.removeprefix(root) for url in entries(tab)}
    assert {"index.html", "book/one.html", "404.html", "_static/site-0123456789ab.css", "_static/css/print.css", "_static/practice/dom.js"} <= paths
    assert not [path for path in paths if re.search(r"_sources|basic\.css|files\.json|offline\.js|pyodide", path)]


def test_with_a_connection_a_page_is_never_stale(tab, host, root):
    keep(tab, root)
    (host.folder / SUB / "book/one.html").write_text(page("One", "second", "../"), "utf-8")
    tab.goto(f"{root}book/one.html")
    assert tab.locator("#words").inner_text() == "second"


def test_a_new_version_takes_the_place_of_the_old_one(tab, host, root):
    keep(tab, root)
    [before] = caches(tab)
    site = host.folder / SUB
    (site / "book/one.html").write_text(page("One", "second", "../"), "utf-8")
    (site / "book/two.html").write_text(page("Two", up="../"), "utf-8")
    offline.write(site)
    asked: list[str] = []
    tab.context.on("request", lambda request: asked.append(request.url) if request.service_worker else None)
    tab.goto(root)
    tab.evaluate("navigator.serviceWorker.getRegistration().then(found => found.update())")
    tab.wait_for_timeout(500)
    tab.goto(root)
    until(lambda: len(caches(tab)) == 1 and caches(tab) != [before])
    assert [url for url in asked if url.endswith("two.html")] and not [url for url in asked if url.endswith("quiz.js")], "what is unchanged is copied"
    with away(tab.context, host):
        tab.goto(f"{root}book/one.html")
        assert tab.locator("#words").inner_text() == "second"
        tab.goto(f"{root}book/two.html")
        assert tab.locator("h1").inner_text() == "Two"


def test_removed_it_leaves_nothing_behind(tab, host, root):
    keep(tab, root)
    tab.get_by_role("button", name="Remove from this device").click()
    tab.get_by_role("button", name="Keep this course").wait_for()
    assert caches(tab) == [] and tab.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_a_file_that_is_not_what_the_list_says_stops_it_and_it_goes_on_later(tab, host, root):
    site = host.folder / SUB
    whole = (site / "book/one.html").read_text("utf-8")
    (site / "book/one.html").write_text(whole + "changed", "utf-8")
    tab.goto(root)
    tab.get_by_role("button", name="Keep this course").click()
    tab.get_by_text("It could not be kept: the course is changing on its server just now.").wait_for(timeout=120_000)
    (site / "book/one.html").write_text(whole, "utf-8")
    tab.get_by_role("button", name="Keep this course").click()
    tab.get_by_role("button", name="Remove from this device").wait_for()


def test_two_sites_on_one_host_do_not_touch_each_other(tab, host, root, tmp_path):
    made(tmp_path / "courses" / "attnlab" / "old")
    offline.write(tmp_path / SUB)
    keep(tab, f"{root}old/")
    keep(tab, root)
    assert len(caches(tab)) == 2
    tab.get_by_role("button", name="Remove from this device").click()
    tab.get_by_role("button", name="Keep this course").wait_for()
    assert [name.split()[1] for name in caches(tab)] == [f"{root}old/"]


def test_a_browser_without_it_says_so_and_a_file_needs_nothing(browser, host, root, tmp_path):
    with conftest.opened(browser) as context:
        context.add_init_script("delete Navigator.prototype.serviceWorker")
        page = conftest.watch(context, root)
        page.goto(root)
        page.get_by_text("This browser keeps no site at this address").wait_for()
        assert page.errors == []
        page.goto((tmp_path / SUB / "index.html").as_uri())
        assert page.locator(".keep-course").inner_text() == "without"


# -- the course itself

CHAPTERS = ["book/index.html", "book/self_attention/masks.html", "book/efficiency/online_softmax.html"]
ADDRESS = re.compile(r"""(?:src|href)="([^":#?]+\.(?:js|css|png|svg|woff2))[?"]""")


def test_the_list_holds_what_the_pages_ask_for(site_folder):
    listing = json.loads((site_folder / "_static/keep/files.json").read_text("utf-8"))
    names = {row[0] for row in listing["course"]}
    assert set(conftest.pages()) <= names
    for path in conftest.pages():
        folder = "." if path == "404.html" else str(Path(path).parent)
        for found in ADDRESS.findall((site_folder / path).read_text("utf-8")):
            name = Path(site_folder, folder, found).resolve().relative_to(site_folder.resolve()).as_posix()
            assert name in names, f"{path} asks for {name}"
    for sheet in (site_folder / "_static").glob("site-*.css"):
        for found in re.findall(r'url\("?(?!data:)([\w./-]+\.woff2)', sheet.read_text("utf-8")):
            assert f"_static/{found}" in names


def test_the_course_is_read_searched_and_run_without_a_connection(browser, site_folder):
    """Kept with Python, three chapters open with their pictures, the search finds, and a check says what it says online."""
    host = Host(site_folder)
    root = f"http://127.0.0.1:{host.port}/"
    has_python = (site_folder / "_static/pyodide/files.json").is_file()
    with conftest.opened(browser) as context:
        page = context.new_page()
        keep(page, root + PLACE, "The same with Python" if has_python else "Keep this course")
        with away(context, host):
            for path in CHAPTERS:
                conftest.visit(page, root + path)
                conftest.scroll_to_end(page)
                page.wait_for_load_state("networkidle")
                assert page.evaluate("[...document.images].filter(one => one.loading !== 'lazy' || one.complete).every(one => one.naturalWidth)")
                page.get_by_text("Kept on this device", exact=True).wait_for(state="attached")
            page.goto(f"{root}search.html?q=flash+attention")
            page.locator("#search-results a").first.wait_for()
            if has_python:
                page.goto(root + CHAPTERS[1])
                page.wait_for_selector("html[data-pyodide]", state="attached")
                cell = page.locator(".tag_exercise-check.run-cell").first
                cell.evaluate("e => { for (; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true }")
                cell.locator(".run-run").dispatch_event("click")  # a card shows its own buttons
                page.wait_for_function("e => /^(Done|An error|Stopped|Python|This browser|Cell)/.test(e.innerText)",
                                       arg=cell.locator(".run-status").element_handle(), timeout=180_000)
                assert cell.locator(".run-status").inner_text().startswith("Done in")
    host.stop()

"""The built site behind a local server, and a browser that reaches nothing else.

Fixtures: `site_url` (str), `site_folder` (Path), `browser` (one Chromium a file: one that was ended takes no other file
with it), `page` (a fresh tab, nothing stored, desktop width), `shared_page` (one for the tests of a file that only look)
and `visited` (every page of the site in turn, opened once for all the tests that ask for it). A page carries `external`
(requests that were not for the site) and `errors` (uncaught and console errors). `ATTNLAB_SITE` names another folder than
_build/html.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import threading
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("ATTNLAB_SITE", ROOT / "_build" / "html"))
sys.path.insert(0, str(ROOT / "tools"))
import serve  # noqa: E402

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no name but the server's leads anywhere
]
OWN = ("data:", "blob:", "about:")
DESKTOP = {"width": 1280, "height": 900}
PATIENCE = float(os.environ.get("ATTNLAB_PATIENCE", 240))  # seconds; the slowest test takes about 30


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A script that never answers would hold a test for ever, for not every wait has an end of its own: then its browser is
    ended, which fails the test, and is said in the file that ATTNLAB_HUNG names."""
    watchdog = threading.Timer(PATIENCE, end_browsers, [item.nodeid])
    watchdog.daemon = True
    watchdog.start()
    try:
        return (yield)
    finally:
        watchdog.cancel()


def end_browsers(test: str) -> None:
    """End all that this process started; every wait for a browser then ends with an error."""
    print(f"no answer for {PATIENCE:.0f} s in {test}", file=sys.__stderr__)
    faulthandler.dump_traceback(file=sys.__stderr__)
    if "ATTNLAB_HUNG" in os.environ:
        with open(os.environ["ATTNLAB_HUNG"], "a", encoding="utf-8") as told:
            told.write(f"{test}\n")
    for child in psutil.Process().children(recursive=True):
        child.kill()


WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium(names: tuple[str, ...] = ("chromium-headless-shell", *WHOLE)) -> str | None:
    """Path of the browser: the variable CHROMIUM, else the first of the usual names on PATH. The shell without windows comes
    first: it is the same engine, and opens a page with a third of the processor time. What is a matter of a browser's own
    settings or caches is asked of a WHOLE one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def pages() -> list[str]:
    """Every page of the site but the redirect at its root, as a path below it."""
    found = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
    return [page for page in found if page != "index.html"]


def pytest_generate_tests(metafunc):
    """A test that asks for `visited` runs once for every page."""
    if "visited" in metafunc.fixturenames:
        metafunc.parametrize("visited", pages(), indirect=True, scope="module")


@pytest.fixture(scope="session")
def site_folder() -> Path:
    if not (SITE / "book" / "index.html").is_file():
        _missing(f"no site in {SITE}: build it with `make book`")
    return SITE


def _missing(reason: str):
    """Skip on a reader's machine; CI has no such excuse."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def site_url(site_folder):
    server = serve.start(site_folder, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    if path is None:
        _missing("no Chromium on PATH (or in the variable CHROMIUM): the site was not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


def watch(context, site_url: str):
    """A new page of `context` that records what does not belong to the site, and what goes wrong."""
    return attend(context.new_page(), site_url)


def attend(page, site_url: str):
    """The same for a page that is there, and nothing has loaded in it yet."""
    context, page.external, page.errors = page.context, [], []

    def heard(request):
        if not request.url.startswith((f"{site_url}/", *OWN)):
            page.external.append(request.url)

    context.on("request", heard)
    page.on("close", lambda: context.remove_listener("request", heard))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    return page


def opened(browser):
    """A context with nothing stored, at desktop width, where nothing moves."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    return context


@pytest.fixture(scope="module")
def returning(browser):
    """A browser for all the tests of a file: it keeps the files it has fetched."""
    with opened(browser) as context:
        yield context


@pytest.fixture
def page(returning, site_url):
    page = watch(returning, site_url)
    yield page
    page.close()  # what it writes as it is left is written then
    clean = returning.new_page()
    forget(clean, site_url)
    clean.close()


def forget(page, site_url: str) -> None:
    """Drop what pages of the site have stored; what lasts as long as its tab goes with the tab."""
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": site_url, "storageTypes": "local_storage,indexeddb,cookies"})
    page.context.clear_cookies()


@pytest.fixture(scope="session")
def axe_in_both_themes():
    """axe_in_both_themes(page, selector) -> what axe finds there as the page stands, light and then dark."""
    from axe_playwright_python.sync_playwright import Axe

    def ask(page, selector: str) -> str:
        said = []
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found = Axe().run(page, context=selector)
            said += [f"{theme}: {found.generate_report()}"] if found.violations_count else []
        return "\n".join(said)
    return ask


@pytest.fixture(scope="module")
def _looking(browser, site_url):
    with opened(browser) as context:
        yield watch(context, site_url)


@pytest.fixture
def shared_page(_looking):
    _looking.external.clear()
    _looking.errors.clear()
    _looking.set_viewport_size(DESKTOP)
    _looking.emulate_media(color_scheme="light", media="screen")
    return _looking


def visit(page, address: str) -> None:
    """Open a page and wait until its type is there and its wide boxes are measured."""
    page.goto(address, wait_until="load")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.wait_for_selector("html[data-measured=loaded]", state="attached")  # what scrolls has its place in the Tab order


def scroll_to_end(page) -> None:
    """Pass the whole page through the window, so that what loads late loads."""
    page.evaluate("""async () => {
        for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
            scrollTo(0, y);
            await new Promise(requestAnimationFrame);
        }
    }""")


@pytest.fixture(scope="module")
def visited(request, browser, site_url):
    """A page of the site as a first visit to its end finds it; `path` is its own, `weights` the bytes of each file."""
    with opened(browser) as context:
        page = watch(context, site_url)
        page.path, page.weights = request.param, {}

        def weigh(answered):
            page.weights[answered.url] = answered.sizes()["responseBodySize"]

        page.on("requestfinished", weigh)
        visit(page, f"{site_url}/{page.path}")
        scroll_to_end(page)
        page.wait_for_timeout(150)
        page.remove_listener("requestfinished", weigh)
        yield page

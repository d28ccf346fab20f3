"""The built site behind a local server, and a browser page that lets nothing else through.

Fixtures: `site_url` (str), `site_folder` (Path), `each_page` (every page in turn, as a path below the site),
`browser` (one Chromium for all), `page` (fresh storage, desktop width) and `shared_page` (one for the whole
run, for tests that only look). A page carries `external` (requests that were not for the site: blocked and
listed) and `errors` (uncaught and console errors). `ATTNLAB_SITE` names another folder than _build/html.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from pathlib import Path

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
]


def chromium() -> str | None:
    """Path of the browser: the variable CHROMIUM, else the first of the usual names on PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def pages() -> list[str]:
    """Every page of the site but the redirect at its root, as a path below it."""
    found = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
    return [page for page in found if page != "index.html"]


def pytest_generate_tests(metafunc):
    """A test that asks for `each_page` runs once for every page."""
    if "each_page" in metafunc.fixturenames:
        metafunc.parametrize("each_page", pages())


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


@pytest.fixture(scope="session")
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
    """A new page of `context` that records and blocks whatever does not belong to the site."""
    page = context.new_page()
    page.external, page.errors = [], []

    def gate(route):
        page.external.append(route.request.url)
        route.abort()

    context.route(re.compile(rf"^(?!{re.escape(site_url)}/|data:|blob:|about:)"), gate)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    return page


@pytest.fixture
def page(browser, site_url):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield watch(context, site_url)
    context.close()


@pytest.fixture(scope="session")
def _looking(browser, site_url):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield watch(context, site_url)
    context.close()


@pytest.fixture
def shared_page(_looking):
    _looking.external.clear()
    _looking.errors.clear()
    _looking.set_viewport_size({"width": 1280, "height": 900})
    _looking.emulate_media(color_scheme="light", media="screen")
    return _looking

"""Where scripts do not start, the page reads as before and one sentence says what is missing and what helps."""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
CHAPTER = "book/self_attention/scaled_dot_product.html"
OLDEST = re.compile(r"Chrome or Edge (\d+), Firefox (\d+), Safari ([\d.]+)")
# Everything our scripts use that is younger than modules themselves.
LOST = ["ResizeObserver", "IntersectionObserver", "structuredClone", "Worker", "WebAssembly", "TransformStream",
        "Array.prototype.at", "Array.prototype.findLast", "Array.prototype.flatMap", "Object.fromEntries", "String.prototype.replaceAll",
        "String.prototype.matchAll", "Element.prototype.replaceChildren", "Element.prototype.checkVisibility", "Element.prototype.toggleAttribute",
        "HTMLDialogElement.prototype.showModal", "PointerEvent", "CustomEvent", "customElements", "CSS", "document.fonts", "AbortController"]


def words(page) -> str:
    return page.locator(".bd-article").inner_text()


def notices(page) -> list[str]:
    return page.locator(".page-notice").all_inner_texts()


def test_a_page_that_has_all_says_nothing(shared_page, site_url):
    shared_page.goto(f"{site_url}/{CHAPTER}")
    shared_page.wait_for_selector("html[data-measured]", state="attached")
    assert notices(shared_page) == [] and shared_page.errors == []


def test_a_page_opened_as_a_file_says_the_way_out(browser, site_folder):
    with browser.new_context(viewport={"width": 360, "height": 780}) as context:
        page = context.new_page()
        page.goto((site_folder / CHAPTER).as_uri())
        said = notices(page)
        assert len(said) == 1 and "opened as a file" in said[0] and "python -m http.server" in said[0] and "text, results, answers, tables and the search work" in said[0]
        assert said[0].count(". ") == 0, "one sentence"
        assert page.locator(".page-notice").is_visible() and page.evaluate("document.documentElement.scrollWidth") <= 360
        page.goto((site_folder / "book/start/how_to_use.html").as_uri())
        assert notices(page) == [], "nothing is missing where nothing plays"


@pytest.mark.parametrize("lost", LOST)
def test_a_browser_without_one_thing_reads_and_says_what_does_not_work(browser, site_url, lost):
    """Either all of our scripts do without it, or the sentence names the browsers that have it."""
    with browser.new_context() as context:
        page = conftest.watch(context, site_url)
        ours = []
        page.on("pageerror", lambda error: ours.append(error.stack) if re.search(r"_static/(js|run|practice|widgets)/", error.stack or "") else None)
        owner, _, name = lost.rpartition(".")
        page.add_init_script(f"delete {owner or 'window'}.{name}; if ({owner or 'window'}.{name}) Object.defineProperty({owner or 'window'}, '{name}', {{ value: undefined }})")
        page.goto(f"{site_url}/{CHAPTER}")
        page.wait_for_timeout(300)
        assert page.evaluate(f"{owner or 'window'}.{name} === undefined")
        assert len(words(page)) > 10_000 and page.locator("h1:visible").count() == 1
        said = notices(page)
        assert len(said) == (1 if ours else 0), (ours, said)
        assert all(OLDEST.search(text) for text in said)


def test_modules_that_cannot_be_had_are_missed(browser, site_url):
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/run/runner.js*", lambda route: route.abort())
        page.goto(f"{site_url}/{CHAPTER}")
        said = notices(page)
        assert len(said) == 1 and "could not be loaded" in said[0]


def test_a_browser_without_modules_is_told_so(browser, site_url):
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script("delete HTMLScriptElement.prototype.noModule")
        page.goto(f"{site_url}/{CHAPTER}")
        assert len(notices(page)) == 1 and "modules" in notices(page)[0] and OLDEST.search(notices(page)[0])


def test_how_to_use_names_the_same_browsers(site_folder):
    text = (site_folder / "book/start/how_to_use.html").read_text("utf-8")
    guard = (conftest.ROOT / "book/_static/js/guard.js").read_text("utf-8")
    assert OLDEST.search(text).groups() == OLDEST.search(guard).groups()

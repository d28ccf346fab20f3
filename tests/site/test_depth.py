"""Core and depth in a browser: the switch, and every way that leads into a folded section."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import practice_site  # noqa: E402

pytestmark = pytest.mark.browser
FILLER = "\n\n".join(f"Paragraph {n} of the core, long enough to fill a line or two of a page as wide as this one." for n in range(30))
PAGE = f"""# Page

<a href="#depth">To the heading</a>, <a href="#a-box">to the box</a>, [elsewhere](other.md).

{FILLER}

## Depth

% deeper

The word xylophone is hidden.

:::{{admonition}} A box
:class: tip
:name: a-box
Inside a fold.
:::

## Core again

{FILLER}

:::{{admonition}} A deeper box
:class: dropdown deeper
More of it.
:::

### Aside

% deeper

Aside.
"""
OTHER = "# Other\n\n{ref}`a-box`.\n\n## Depth there\n\n% deeper\n\nHidden there.\n"
TREE = "\n```{toctree}\nother\n```\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    out = practice_site.built(tmp_path_factory.mktemp("depth"), {"index": PAGE + TREE, "other": OTHER})
    with practice_site.served(out) as url:
        yield url


@pytest.fixture
def page(browser, address):
    with browser.new_context(viewport={"width": 1000, "height": 700}) as context:
        with practice_site.opened(context, f"{address}/index.html", ".depth-switch") as page:
            yield page


def opened(page) -> list[str]:
    """The headings of the folds that are open."""
    return page.evaluate("[...document.querySelectorAll('details:is(.depth, .deeper)[open] > summary')].map((one) => (one.querySelector('h2, h3') ?? one).textContent.replace(/[#¶]/g, '').trim())")


def choice(page, words: str):
    return page.locator(".depth-choice", has_text=words)


def test_folds_are_closed_until_the_reader_asks_for_everything_and_that_is_kept(page, address):
    assert opened(page) == [] and choice(page, "Core").get_attribute("aria-pressed") == "true"
    practice_site.press(choice(page, "Everything"))
    assert opened(page) == ["Depth", "A deeper box", "Aside"]
    assert page.evaluate("localStorage.getItem('attnlab:/:depth')") == "everything"
    page.goto(f"{address}/other.html")
    page.locator(".depth-switch").wait_for()
    assert opened(page) == ["Depth there"] and choice(page, "Everything").get_attribute("aria-pressed") == "true"
    choice(page, "Core").click()
    assert opened(page) == []
    page.goto(f"{address}/index.html")
    page.locator(".depth-switch").wait_for()
    assert opened(page) == []


def test_another_tab_follows(page, address):
    other = page.context.new_page()
    other.goto(f"{address}/other.html")
    choice(other, "Everything").click()
    page.wait_for_function("document.querySelectorAll('details.depth[open]').length === 2")


@pytest.mark.parametrize("link, name", [("To the heading", "depth"), ("to the box", "a-box")])
def test_a_link_on_the_page_opens_what_it_leads_into(page, link, name):
    page.get_by_role("link", name=link).click()
    page.wait_for_function("name => { const box = document.getElementById(name).getBoundingClientRect(); return box.height > 20 && box.top >= -1 && box.top < innerHeight; }", arg=name)
    assert opened(page) == ["Depth"]


def test_an_address_from_elsewhere_opens_it_in_either_mode(page, address):
    for mode in ("core", "everything"):
        page.goto("about:blank")
        page.goto(f"{address}/other.html")
        page.evaluate("mode => localStorage.setItem('attnlab:/:depth', mode)", mode)
        page.goto(f"{address}/index.html#a-box")
        page.locator(".depth-switch").wait_for()
        page.wait_for_function("() => { const box = document.getElementById('a-box').getBoundingClientRect(); return box.height > 20 && Math.abs(box.top) < 120; }")
        assert "Depth" in opened(page)


def test_what_a_browser_finds_in_a_fold_opens_it(page, address):
    """A text fragment is looked for as the browser's own search looks."""
    page.goto("about:blank")
    page.goto(f"{address}/index.html#:~:text=xylophone")
    page.wait_for_function("document.querySelector('#depth > details').open")


def test_the_heading_is_a_heading_and_opens_by_key(page):
    assert page.get_by_role("heading", name="Depth").count() == 1
    summary = page.locator("#depth > details > summary")
    summary.focus()
    summary.press("Enter")
    assert opened(page) == ["Depth"]


def test_paper_gets_what_is_open(page):
    page.locator("#depth > details > summary").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = page.evaluate("['depth', 'aside'].map((name) => document.querySelector(`#${name} > details > p`).getClientRects().length > 0 && document.querySelector(`#${name} > details`).open)")
    assert printed == [True, False]
    assert "folded" in page.locator("#aside .depth-says").evaluate("one => getComputedStyle(one, '::after').content")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened(page) == ["Depth"]


def test_what_is_hidden_is_no_place_to_come_back_to(page, address):
    """Going back leads to where the reader was, and opens nothing that was closed."""
    page.evaluate("document.getElementById('core-again').scrollIntoView()")
    page.wait_for_timeout(300)
    before = page.evaluate("scrollY")
    page.goto(f"{address}/other.html")
    page.go_back()
    page.wait_for_function("before => Math.abs(scrollY - before) < 40", arg=before)
    assert opened(page) == []


def test_without_scripts_folds_open_by_hand_and_by_address(browser, address):
    with browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 700}) as context:
        page = context.new_page()
        page.goto(f"{address}/index.html")
        assert page.locator(".depth-choice").count() == 0
        hidden = page.get_by_text("The word xylophone is hidden.")
        assert not hidden.is_visible()
        page.locator("#depth > details > summary").click()
        assert hidden.is_visible()
        page.goto(f"{address}/other.html")
        page.goto(f"{address}/index.html#a-box")
        assert page.locator("#a-box").is_visible()


# -- on the built site


def test_cells_in_closed_folds_run_on_the_way_to_one_below(browser, site_url):
    with browser.new_context(viewport={"width": 1366, "height": 768}) as context:
        page = context.new_page()
        page.goto(f"{site_url}/book/multi_head/why_many_heads.html")
        if page.locator("script[data-run-page]").count() == 0:
            pytest.skip("this site has no Run buttons")
        folded = page.locator("details.depth:not([open]) div.cell", has_text="def closest(")
        wanted = page.locator("div.cell", has_text="def bracket(")
        assert folded.count() == 1 and not folded.is_visible()
        wanted.get_by_role("button", name="Run").click()
        page.wait_for_function("cell => cell.dataset.result", arg=wanted.element_handle(), timeout=150_000)
        assert wanted.get_attribute("data-result") == "done" and folded.get_attribute("data-result") == "done"
        assert not folded.is_visible()


def test_the_switch_says_the_minutes_of_both_and_fits(browser, site_url, axe_in_both_themes):
    for width, height in ((1366, 768), (360, 780)):
        with browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 400, is_mobile=width < 400, reduced_motion="reduce") as context:
            page = context.new_page()
            page.goto(f"{site_url}/book/multi_head/why_many_heads.html")
            page.locator(".depth-switch").wait_for()
            labels = page.locator(".depth-choice").all_inner_texts()
            assert [label.split(" · ")[0] for label in labels] == ["Core", "Everything"] and all(label.endswith(" min") for label in labels)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if width < 400:
                assert min(page.locator(place).first.bounding_box()["height"] for place in (".depth-choice", "details.depth > summary")) >= 43.9
            assert axe_in_both_themes(page, ".way-here") == "" and axe_in_both_themes(page, "details.depth") == ""


def test_a_result_of_the_search_opens_the_fold_it_leads_into(browser, site_url):
    with browser.new_context(viewport={"width": 1366, "height": 768}) as context:
        page = context.new_page()
        page.goto(f"{site_url}/search.html?q=sixteen+heads+three+relations")
        link = page.locator("#search-results a[href*='#sixteen-heads-three-relations']").first
        link.click()
        page.wait_for_function("document.querySelector('#sixteen-heads-three-relations > details')?.open")

"""A marked term in a real browser: hover, focus and tap show what it means, Escape hides it, nothing moves, and without scripts it is a link."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser
PAGE = "book/fundamentals/mathematics.html"
TIP = "#term-tip"


def opened(page, site_url: str):
    page.goto(f"{site_url}/{PAGE}")
    page.locator("a.term").first.wait_for()
    return page


def test_hover_shows_what_a_term_means_and_the_pointer_may_go_there(shared_page, site_url):
    page = opened(shared_page, site_url)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "terms.json" in request.url else None)
    link, other = page.locator("a.term").nth(1), page.locator("a.term").nth(2)
    link.scroll_into_view_if_needed()
    before = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    link.hover()
    page.locator(TIP).wait_for()
    assert page.locator(TIP).get_attribute("role") == "tooltip" and len(page.locator(TIP).inner_text()) > 40
    assert link.get_attribute("aria-describedby") == "term-tip"
    assert page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]") == before
    page.locator(TIP).hover()
    page.wait_for_timeout(350)
    assert page.locator(TIP).is_visible()
    other.hover()
    page.wait_for_function("document.querySelectorAll('a.term')[2].getAttribute('aria-describedby') === 'term-tip'")
    assert link.get_attribute("aria-describedby") is None and len(asked) == 1, "fetched once"
    page.mouse.move(2, 2)
    page.locator(TIP).wait_for(state="hidden")
    assert page.errors == []


def test_the_keyboard_reaches_it_escape_closes_it_and_enter_leads_to_the_entry(shared_page, site_url):
    page = opened(shared_page, site_url)
    link = page.locator("a.term").first
    page.evaluate("""() => { const links = [...document.querySelectorAll("main a, main button, main summary")];
        links[links.indexOf(document.querySelector("a.term")) - 1].focus(); }""")
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.term')"):
            break
    page.locator(TIP).wait_for()
    assert page.evaluate("document.activeElement === document.querySelector('a.term')")
    page.keyboard.press("Escape")
    assert page.locator(TIP).is_hidden() and page.evaluate("document.activeElement.matches('a.term')")
    anchor = link.get_attribute("href").partition("#")[2]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reference/glossary.html#{anchor}")
    assert page.locator(f"dt#{anchor}").count() == 1


def test_the_first_tap_shows_it_inside_a_phone_and_the_second_leads_on(browser, site_url, axe_in_both_themes):
    with browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        opened(page, site_url)
        for place in range(3):
            page.locator("a.term").nth(place).tap()
            page.locator(TIP).wait_for()
            box = page.locator(TIP).bounding_box()
            assert box["x"] >= 8 and box["x"] + box["width"] <= 352 and page.url.endswith(PAGE)
        assert axe_in_both_themes(page, TIP) == "" and page.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator("h1:visible").tap()
        assert page.locator(TIP).is_hidden()
        page.locator("a.term").first.tap()
        page.locator(TIP).wait_for()
        page.locator("a.term").first.tap()
        page.wait_for_url("**/reference/glossary.html#*")


def test_without_scripts_it_is_a_link_and_on_paper_it_is_text(browser, site_url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site_url}/{PAGE}")
        link = page.locator("a.term").first
        dotted = "link => getComputedStyle(link).textDecorationStyle + getComputedStyle(link).textDecorationLine"
        assert link.evaluate(dotted) == "dottedunderline"
        page.emulate_media(media="print")
        assert link.evaluate(dotted).endswith("none")
        page.emulate_media(media="screen")
        link.click()
        page.wait_for_url("**/reference/glossary.html#term-*")

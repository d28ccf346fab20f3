"""The walk along a text that returns, on its page: by keyboard, without JavaScript, for all readers, at 360 pixels."""

from __future__ import annotations

from in_browser import sticks_out, unfolded

CHAPTER, NAME = "book/theory/circuits.html", "induction_walk"


def alive(page, site_url: str):
    page.goto(f"{site_url}/{CHAPTER}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def test_along_the_text_with_and_without_the_first_head(page, site_url):
    place = alive(page, site_url)
    slider = place.get_by_role("slider", name="The token that looks")
    slider.focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "l, token 10 of 14"
    place.locator(".attnx-status", has_text="The second l looks most at the second o").wait_for()
    place.get_by_role("radio", name="layer 1").check()
    place.locator(".attnx-status", has_text="The second l looks most at the first f").wait_for()
    place.locator(".attnx-status", has_text="Expected next: f").wait_for()
    place.get_by_role("switch").check()
    place.locator(".attnx-status", has_text="Layer 0 silenced.").wait_for()
    assert "Expected next: f" not in place.locator(".attnx-status").text_content()
    assert place.locator('[data-table="next"] tbody tr').count() == 3
    assert page.errors == [] and page.external == []


def test_without_javascript_the_table_stays(browser, site_url):
    opened = browser.new_context(java_script_enabled=False)
    page = opened.new_page()
    page.goto(f"{site_url}/{CHAPTER}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and "layer 1 looks at" in table.text_content()
    opened.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == ""


def test_a_phone_needs_no_sideways_scroll(page, site_url):
    page.set_viewport_size({"width": 360, "height": 780})
    place = alive(page, site_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []

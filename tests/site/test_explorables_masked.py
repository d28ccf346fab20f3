"""The explorable of a hidden word on its page: by keyboard, both models, without JavaScript, at 360 pixels."""

from __future__ import annotations

from in_browser import sticks_out, unfolded

CHAPTER, NAME = "book/variants/bert.html", "masked_word"


def alive(page, site_url: str):
    page.goto(f"{site_url}/{CHAPTER}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def guesses(place) -> list[str]:
    return place.locator('[data-table="guesses"] tbody th').all_text_contents()


def test_along_the_words_with_the_arrow_keys(page, site_url):
    place = alive(page, site_url)
    assert guesses(place)[0] == "these ✓"
    place.get_by_role("radio", name="these", exact=True).focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert guesses(place)[0] == "dogs ✓"
    assert place.locator("[data-asked]").text_content() == "these small [MASK] bark and this bird sings"
    place.get_by_role("radio", name="both sides").focus()
    page.keyboard.press("ArrowRight")
    assert place.locator("[data-asked]").text_content() == "these small [MASK] … … … … …"
    assert guesses(place)[0] != "dogs ✓"
    place.locator("[role=status]", has_text="From the left alone").wait_for()
    place.get_by_role("radio", name="this cat purrs and these old horses gallop").check()
    place.get_by_role("radio", name="6", exact=True).check()
    assert place.locator('[data-table="attention"] tbody tr').count() == 10
    place.get_by_role("button", name="Reset").click()
    assert guesses(place)[0] == "these ✓"
    assert page.errors == [] and page.external == []


def test_without_javascript_the_table_stays(browser, site_url):
    opened = browser.new_context(java_script_enabled=False)
    page = opened.new_page()
    page.goto(f"{site_url}/{CHAPTER}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and "dogs" in table.text_content()
    opened.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    place = alive(page, site_url)
    for side in ("both sides", "the left side alone"):
        place.get_by_role("radio", name=side).check()
        assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == "", side


def test_a_phone_needs_no_sideways_scroll(page, site_url):
    page.set_viewport_size({"width": 360, "height": 780})
    place = alive(page, site_url)
    for text in ("these small dogs bark and this bird sings", "this tired dog barks and this small dog barks"):
        place.get_by_role("radio", name=text).check()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert sticks_out(place) == [], text

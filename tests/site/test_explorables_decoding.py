"""Beam tree and sampling filters on their built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import pytest
from in_browser import phone, sticks_out, unfolded

PAGE = "book/architecture/decoding.html"
NAMES = ("beam_tree", "sampling_filters")


def alive(page, site_url: str, name: str):
    """The explorable of that name, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{name}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def tab_to(page, target) -> None:
    """Reach the element by Tab alone, from where the keyboard is now."""
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab never reaches it")


def said(place) -> str:
    return place.locator("[data-verdict]").inner_text()


def test_the_beam_grows_by_keyboard_until_the_text_is_empty_and_a_penalty_brings_it_back(page, site_url):
    place = alive(page, site_url, "beam_tree")
    assert "A beam of 2 writes “the cat”" in said(place)
    place.get_by_role("button", name="Reset").focus()
    width = place.locator('[data-choice="width"]')
    tab_to(page, width.get_by_role("radio", name="2"))
    page.keyboard.press("ArrowRight")
    assert "the empty text" in said(place)
    tab_to(page, place.get_by_role("slider", name="Length penalty"))
    page.keyboard.press("End")
    assert "sleeps" in said(place)
    place.get_by_role("button", name="Reset").click()
    assert "A beam of 2 writes “the cat”" in said(place)
    assert page.errors == [] and page.external == []


def test_steps_are_shown_one_by_one(page, site_url):
    place = alive(page, site_url, "beam_tree")
    place.locator('[data-choice="steps"]').get_by_role("radio", name="1").check()
    rows = place.locator('[data-table="step"] tbody tr')
    assert rows.count() == 4 and place.locator(".attnx-beamnode").count() == 4
    assert place.locator("[data-fate]").all_inner_texts() == ["kept", "kept", "dropped", "dropped"]
    assert "No text has ended yet" in place.locator('[data-table="finished"]').inner_text()


def test_one_setting_at_two_steps_by_keyboard(page, site_url):
    place = alive(page, site_url, "sampling_filters")
    left = lambda at: [float(x) for x in place.locator(f'[data-table="context-{at}"] [data-left]').evaluate_all("all => all.map(c => c.dataset.left)")]
    assert [sum(x > 0 for x in left(at)) for at in (0, 1)] == [3, 3]
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, place.get_by_role("radio", name="top-k"))
    page.keyboard.press("ArrowRight")
    assert [sum(x > 0 for x in left(at)) for at in (0, 1)] == [1, 6]
    tab_to(page, place.get_by_role("slider", name="p, the mass"))
    page.keyboard.press("End")
    assert [sum(x > 0 for x in left(at)) for at in (0, 1)] == [8, 8]
    tab_to(page, place.get_by_role("slider", name="Temperature"))
    before = left(0)[0]
    page.keyboard.press("ArrowRight")
    assert left(0)[0] < before and sum(left(0)) == pytest.approx(1)
    assert page.errors == [] and page.external == []


@pytest.mark.parametrize("name", NAMES)
def test_without_javascript_the_table_stays(browser, site_url, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    rows = page.locator(f'[data-afm="{name}"]').first.locator(".attnx-fallback tbody tr")
    assert rows.count() >= 4 and rows.first.is_visible()
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_has_room_for_it(browser, site_url, name):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url, name)
    place.get_by_role("radio").nth(2).tap()
    assert place.get_by_role("radio").nth(2).is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_readable_by_all_in_both_themes(page, site_url, name, axe_in_both_themes):
    alive(page, site_url, name)
    assert axe_in_both_themes(page, f'[data-afm="{name}"]') == ""

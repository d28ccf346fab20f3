"""The explorable of next letters on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import pytest
from in_browser import phone, sticks_out, unfolded

PAGE = "book/variants/gpt.html"
NAME = "next_letter"


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def said(place) -> str:
    return place.locator("[data-verdict]").inner_text()


def chances(place) -> list[float]:
    return [float(x) for x in place.locator("[data-chance]").evaluate_all("all => all.map(c => c.dataset.chance)")]


def test_a_name_is_typed_and_goes_on_by_keyboard(page, site_url):
    place = alive(page, site_url)
    box = place.get_by_role("textbox", name="Beginning of a name")
    box.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Q")
    assert box.input_value() == "q" and "The likeliest sign after “q” is “u”" in said(place)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # append the likeliest letter
    assert box.input_value() == "qu"
    place.get_by_role("button", name="Remove the last letter").click()
    assert box.input_value() == "q"
    place.get_by_role("button", name="Append a letter that is drawn").click()
    assert len(box.input_value()) == 2
    place.get_by_role("button", name="Reset").click()
    assert box.input_value() == "mari"
    assert page.errors == [] and page.external == []


def test_heat_evens_the_chances_and_a_head_is_chosen(page, site_url):
    place = alive(page, site_url)
    before = chances(place)
    assert before == sorted(before, reverse=True) and len(before) == 8
    slider = place.get_by_role("slider", name="Temperature")
    slider.focus()
    page.keyboard.press("End")
    assert chances(place)[0] < before[0]
    place.get_by_role("combobox", name="Head").select_option(label="2")
    assert "head 2" in place.locator('[data-table="weights"] caption').inner_text()


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    rows = page.locator(f'[data-afm="{NAME}"]').first.locator(".attnx-fallback tbody tr")
    assert rows.count() == 5 and rows.first.is_visible()
    context.close()


def test_a_phone_has_room_for_it(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.get_by_role("button", name="Append the likeliest letter").tap()
    assert len(place.get_by_role("textbox").input_value()) == 5
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()


@pytest.mark.parametrize("name", [NAME])
def test_readable_by_all_in_both_themes(page, site_url, name, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{name}"]') == ""

"""Hands of two positions and bias shapes on their built pages: keyboard, no JavaScript, touch, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

PHASES, BIAS = "position_phases", "bias_shapes"
PAGES = {PHASES: "book/positions/sinusoidal.html", BIAS: "book/positions/guide.html"}


def alive(page, site_url: str, name: str):
    """The explorable of that name, once it runs."""
    page.goto(f"{site_url}/{PAGES[name]}")
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


def product(place) -> float:
    found = re.search(r"product is (\S+)\. Move", place.locator("[data-verdict]").inner_text())
    return float(found.group(1).replace("−", "-"))


def hands(place) -> list[str]:
    return place.locator(".attnx-hand").evaluate_all("all => all.map(one => one.getAttribute('x2'))")


def biases(place) -> dict[str, float]:
    cells = place.locator("[data-bias]").all()
    return {cell.get_attribute("data-bias"): float(cell.inner_text().replace("−", "-")) for cell in cells}


def test_the_position_moves_the_hands_and_the_offset_the_product(page, site_url):
    place = alive(page, site_url, PHASES)
    before, turned = product(place), hands(place)
    place.get_by_role("button", name="Reset").focus()
    position = place.get_by_role("slider", name="Position p")
    tab_to(page, position)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert hands(place) != turned and product(place) == before
    tab_to(page, place.get_by_role("slider", name="Offset s"))
    page.keyboard.press("ArrowRight")
    assert product(place) != before
    place.get_by_role("button", name="Reset").click()
    assert hands(place) == turned and product(place) == before
    assert page.errors == [] and page.external == []


def test_rotary_and_the_width(page, site_url):
    place = alive(page, site_url, PHASES)
    assert place.locator(".attnx-clock").count() == 4
    place.get_by_role("spinbutton", name="Width").fill("16")
    assert place.locator(".attnx-clock").count() == 8
    signal = product(place)
    place.get_by_role("radio", name="rotary, turning query and key").check()
    assert product(place) != signal
    place.get_by_role("spinbutton", name="Offset s").fill("0")
    place.get_by_role("radio", name="sinusoids, added to tokens").check()
    assert product(place) == 8


def test_shapes_by_keyboard(page, site_url):
    place = alive(page, site_url, BIAS)
    place.get_by_role("button", name="Reset").focus()
    distance = place.get_by_role("slider", name="Distance", exact=True)
    tab_to(page, distance)
    page.keyboard.press("Home")
    assert biases(place)["ALiBi"] == 0 and biases(place)["wish"] == 0
    page.keyboard.press("End")
    assert biases(place)["wish"] == -6.4 and biases(place)["ALiBi"] == -32
    place.get_by_role("radio", name="Shaw").check()
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, place.get_by_role("slider", name="Shaw reach"))
    page.keyboard.press("End")
    assert biases(place)["Shaw"] == biases(place)["wish"]
    assert "Nearest to the wish: Shaw, off by 0.00" in place.locator("[data-verdict]").inner_text()
    assert "100 % of the weight is where it should be" in place.locator(".attnx-status").inner_text()
    place.get_by_role("combobox").select_option(label="only the previous token")
    assert biases(place)["wish"] == -4
    assert page.errors == [] and page.external == []


def test_heads_stay_powers_of_two_and_the_head_one_of_them(page, site_url):
    place = alive(page, site_url, BIAS)
    place.get_by_role("spinbutton", name="ALiBi head,").fill("8")
    heads = place.get_by_role("spinbutton", name="ALiBi heads")
    heads.fill("3")
    heads.blur()
    assert heads.input_value() in ("2", "4")
    place.get_by_role("button", name="Reset").click()
    assert heads.input_value() == "8"


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_the_table_stays(browser, site_url, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGES[name]}")
    rows = page.locator(f'[data-afm="{name}"]').first.locator(".attnx-fallback tbody tr")
    assert rows.count() >= 4 and rows.first.is_visible()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_has_room_for_it(browser, site_url, name):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url, name)
    place.get_by_role("radio").nth(1).tap()
    assert place.get_by_role("radio").nth(1).is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_readable_by_all_in_both_themes(page, site_url, name, axe_in_both_themes):
    alive(page, site_url, name)
    assert axe_in_both_themes(page, f'[data-afm="{name}"]') == ""

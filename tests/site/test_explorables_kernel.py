"""Temperature and kernel width on its built page: keyboard, pointer, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

NAME, PAGE = "temperature_and_kernel_width", "book/fundamentals/mathematics.html"


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def meter(place, name: str) -> float:
    return float(place.locator(f'[data-meter="{name}"]').get_attribute("data-value"))


def weights(place, kind: str = "weight") -> list[float]:
    return [float(text) for text in place.locator(f"[data-{kind}]").all_inner_texts()]


def query(place) -> float:
    return float(place.get_by_role("spinbutton", name=re.compile("^Query")).input_value())


def tab_to(page, target, key: str = "Tab") -> None:
    """Reach the element by Tab alone, from where the keyboard is now."""
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("Tab never reaches it")


def outlined(target) -> bool:
    return target.evaluate("""element => [element, element.closest("label")].filter(Boolean).some(
        (one) => getComputedStyle(one).outlineStyle !== "none"
            && parseFloat(getComputedStyle(one).outlineWidth) >= 2)""")


def test_both_limits_and_the_circle_by_keyboard(page, site_url):
    place = alive(page, site_url)
    start = weights(place)
    place.get_by_role("button", name="Reset").focus()
    asks = place.get_by_role("slider", name="Query")
    tab_to(page, asks)
    assert outlined(asks)
    page.keyboard.press("End")
    assert query(place) == 3 and max(weights(place)) == weights(place)[4]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert query(place) == -2.95 and max(weights(place)) == weights(place)[0]

    width = place.get_by_role("slider", name="Width")
    tab_to(page, width, "Shift+Tab")
    assert outlined(width)
    page.keyboard.press("Home")
    assert weights(place) == [1, 0, 0, 0, 0] and meter(place, "temperature") == pytest.approx(0.0025)
    place.locator("[role=status]", has_text="A look-up: the nearest key, number 1").wait_for()
    page.keyboard.press("End")
    assert max(weights(place)) - min(weights(place)) <= 0.002
    assert meter(place, "mix") == pytest.approx((0.4 + 1.5 - 0.6 + 0.9 + 2.0) / 5, abs=1e-3)

    tab_to(page, place.get_by_role("button", name="Reset"), "Shift+Tab")
    page.keyboard.press("Enter")
    assert weights(place) == start and meter(place, "gap") > 0.2
    tab_to(page, place.get_by_role("radio", name="on a line"))
    page.keyboard.press("ArrowDown")
    assert place.get_by_role("radio", name="on a circle: one norm").is_checked()
    assert meter(place, "gap") < 1e-12 and weights(place) == weights(place, "dot")
    assert meter(place, "mix") == pytest.approx(meter(place, "dot"), abs=1e-12)
    assert page.errors == [] and page.external == []


def test_the_query_follows_the_pointer_in_the_picture(page, site_url):
    place = alive(page, site_url)
    box = place.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=3)
    moved = query(place)
    assert moved > 1.5
    page.mouse.up()
    page.mouse.move(box["x"], box["y"])
    assert query(place) == moved
    place.get_by_role("button", name="Reset").click()
    assert query(place) == 0.2


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and len(re.findall(r"\d\.\d{3}", table.text_content())) >= 25
    context.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == ""


def test_a_phone_needs_no_sideways_scroll(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.get_by_text("on a circle").tap()
    place.locator("svg").tap(position={"x": 40, "y": 60})
    assert query(place) < -1 and meter(place, "gap") < 1e-12
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()

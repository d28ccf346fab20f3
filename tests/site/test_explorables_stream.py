"""Norm and residual stream by layer on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

NAME, PAGE = "stream_by_layer", "book/architecture/normalisation.html"


def alive(page, site_url: str):
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def last(place, what: str, layer: int = 32) -> float:
    return float(place.locator(f'[data-{what}="{layer}"]').inner_text())


def test_norm_and_depth_by_keyboard(page, site_url):
    place = alive(page, site_url)
    pre = place.get_by_role("radio", name=re.compile("pre"))
    pre.focus()
    assert last(place, "rms") > 4
    page.keyboard.press("ArrowRight")
    assert last(place, "rms") == 1.0 and "holds the stream" in place.locator("[data-verdict]").inner_text()
    depth = place.get_by_role("slider", name="Depth, in layers")
    depth.focus()
    page.keyboard.press("Home")
    assert place.locator('[data-rms="2"]').count() == 1
    place.locator("[role=status]", has_text="holds the stream").wait_for()
    place.get_by_role("button", name="Reset").click()
    assert last(place, "rms") > 4
    assert page.errors == [] and page.external == []


def test_the_small_scale_holds_the_stream(page, site_url):
    place = alive(page, site_url)
    before = last(place, "rms")
    place.locator("[data-small]").click()
    assert last(place, "rms") < before / 2
    assert place.get_by_role("spinbutton", name=re.compile("Initial scale")).input_value() == "0.18"


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and len(re.findall(r"\d\.\d", table.text_content())) >= 15
    context.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == ""


@pytest.mark.parametrize("norm", ["pre", "none"])
def test_a_phone_needs_no_sideways_scroll(browser, site_url, norm):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.get_by_text(norm).first.tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()

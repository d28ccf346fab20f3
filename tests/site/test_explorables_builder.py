"""The builder on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

from in_browser import phone, sticks_out, unfolded

NAME, PAGE = "builder", "book/variants/overview.html"


def alive(page, site_url: str):
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def size(place, key: str) -> int:
    return int(place.locator(f'[data-size="{key}"]').inner_text().replace(",", ""))


def test_a_published_model_is_chosen_and_changed(page, site_url):
    place = alive(page, site_url)
    place.locator('[data-pick="start"]').select_option(label="Gemma 3 1B")
    assert size(place, "parameters") == 999_885_952
    assert place.locator("[data-verdict]").inner_text() == "These are the parts and sizes of Gemma 3 1B."
    place.locator('[data-pick="qk_norm"]').select_option(label="none")
    assert size(place, "parameters") == 999_885_952 - 26 * 2 * 256
    assert "Nearest is Gemma 3 1B, which differs in: QK-norm." in place.locator("[data-verdict]").inner_text()
    place.locator("[role=status]", has_text="Nearest is Gemma 3 1B").wait_for()
    place.get_by_role("button", name="Reset").click()
    assert size(place, "parameters") == 8_030_261_248
    assert page.errors == [] and page.external == []


def test_numbers_by_keyboard(page, site_url):
    place = alive(page, site_url)
    layers = place.locator('[data-number="n_layers"]')
    layers.fill("64")
    assert "64 layers: G" in place.locator("svg").text_content()
    assert place.locator(".attnx-buildstrip > span").count() == 64
    tokens = place.get_by_role("slider", name="Text, in tokens")
    tokens.focus()
    page.keyboard.press("Home")
    assert place.locator('[data-size="cache"]').inner_text() == "256 KiB"


def test_groups_show_where_they_matter(page, site_url):
    place = alive(page, site_url)
    assert not place.locator('[data-number="window"]').is_visible() and not place.locator('[data-number="top_k"]').is_visible()
    place.locator('[data-pick="pattern"]').select_option(value="3")
    place.locator('[data-pick="feed"]').select_option(label="experts, gated")
    assert place.locator('[data-number="window"]').is_visible() and place.locator('[data-number="top_k"]').is_visible()
    place.locator('[data-pick="keys"]').select_option(label="unfolded from a latent")
    assert place.locator('[data-number="d_latent"]').is_visible()
    assert "experts, 2 for a token" in place.locator("svg").text_content()


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and "671,026,419,200" in table.text_content()
    assert len(re.findall(r"\d\.\d", table.text_content())) >= 40
    context.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    alive(page, site_url)
    assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == ""


def test_a_phone_needs_no_sideways_scroll(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.locator('[data-pick="start"]').select_option(label="DeepSeek-V3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()

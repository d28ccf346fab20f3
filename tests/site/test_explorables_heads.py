"""Heads side by side on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

PAGE = "book/self_attention/patterns.html"


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator('[data-afm="heads_side_by_side"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def row(place, side: str) -> str:
    return place.locator(f'[data-row="{side}"]').inner_text()


def cells(place, side: str) -> list[list[int]]:
    table = place.locator(f'[data-table="{side}"] tbody tr')
    texts = table.evaluate_all("all => all.map(r => [...r.querySelectorAll('td')].map(c => c.textContent))")
    return [[int(text) for text in line] for line in texts]


def test_walk_along_the_tokens_by_keyboard(page, site_url):
    """Layer 0, head 2 looks at the previous token, wherever the reader stands."""
    place = alive(page, site_url)
    tokens = place.locator("[data-tokens] label").all_inner_texts()
    assert tokens[0] == "[CLS]" and tokens.count("cat") == 2
    place.get_by_role("radio", name="chased", exact=True).focus()
    page.keyboard.press("ArrowRight")
    for here in range(4, len(tokens)):
        assert row(place, "a").startswith(f"“{tokens[here]}” looks at “{tokens[here - 1]}”")
        assert place.locator('[data-table="a"] tr.attnx-chosen th').inner_text() == tokens[here]
        page.keyboard.press("ArrowRight")
    assert place.get_by_role("radio", name="[CLS]", exact=True).is_checked()
    assert "itself" in row(place, "a")
    assert page.errors == [] and page.external == []


def test_layers_and_heads_by_keyboard(page, site_url):
    place = alive(page, site_url)
    layer, head = place.get_by_label("B: layer"), place.get_by_label("B: head")
    before = cells(place, "b")
    layer.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert head.evaluate("element => element === document.activeElement")
    page.keyboard.press("ArrowDown")
    assert (layer.input_value(), head.input_value()) == ("2", "9")
    assert cells(place, "b") != before and all(98 <= sum(line) <= 102 for line in cells(place, "b"))
    assert "layer 2, head 9" in place.locator('[data-table="b"] caption').inner_text()
    place.get_by_role("radio", name="cat", exact=True).first.check()
    assert re.match(r"“cat” looks at “cat” \(token 7\) 6\d %", row(place, "b"))
    place.get_by_role("button", name="Reset").click()
    assert cells(place, "b") == before


def test_pairs_and_sentences(page, site_url):
    place = alive(page, site_url)
    place.get_by_role("button", name="same word again").click()
    assert "layer 4, head 5" in place.locator('[data-table="b"] caption').inner_text()
    pressed = place.locator('button[aria-pressed="true"]')
    assert pressed.all_inner_texts() == ["same word again, first token"]
    place.get_by_role("radio", name="She unwrapped").check()
    assert place.locator("[data-tokens] label").all_inner_texts()[2:6] == ["un", "##wr", "##app", "##ed"]
    assert len(cells(place, "a")) == 11
    place.locator("[role=status]", has_text="Query 2 of 11, she").wait_for()


def test_two_equal_heads_differ_by_nothing(page, site_url):
    place = alive(page, site_url)
    place.get_by_label("B: layer").select_option("0")
    place.get_by_label("B: head").select_option("2")
    text = place.locator("[data-difference]").inner_text()
    assert text.count(" 0 %") == 2
    assert cells(place, "a") == cells(place, "b")


def test_without_javascript_the_table_stays(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator('[data-afm="heads_side_by_side"] table').first
    assert table.is_visible() and len(re.findall(r"\d\.\d", table.text_content())) >= 15
    context.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    place = alive(page, site_url)
    place.get_by_role("button", name="spread out").click()
    assert axe_in_both_themes(page, '[data-afm="heads_side_by_side"]') == ""


def test_a_phone_needs_no_sideways_scroll(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.get_by_text("spread out, concentrated").tap()
    place.locator("[data-tokens]").get_by_text("house").tap()
    assert row(place, "a").startswith("“house”")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()

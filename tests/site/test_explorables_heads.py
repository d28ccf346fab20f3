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
    return place.locator(f'[data-row="{side}"]').text_content()


def cells(place, side: str) -> list[list[int]]:
    table = place.locator(f'[data-table="{side}"] tbody tr')
    texts = table.evaluate_all("all => all.map(r => [...r.querySelectorAll('td')].map(c => c.textContent))")
    return [[int(text) for text in line] for line in texts]


def choose(place, side: str, layer: int, head: int) -> None:
    """Set both ranges of a side, as a reader who drags them does."""
    for part, number in (("layer", layer), ("head", head)):
        place.get_by_role("slider", name=f"{side}: {part}").fill(str(number))


def thick(place, side: str) -> list[int]:
    """The words to which the query's arcs on that side lead, the thickest last."""
    arcs = place.locator(f".attnx-headarcs-{side} [data-key]")
    return arcs.evaluate_all("all => all.map(one => Number(one.dataset.key))")


def test_walk_along_the_words_by_keyboard(page, site_url):
    """Layer 0, head 2 looks at the previous token, wherever the reader stands."""
    place = alive(page, site_url)
    choose(place, "A", 0, 2)
    tokens = place.locator("[data-token]").all_inner_texts()
    assert tokens[0] == "[CLS]" and tokens.count("cat") == 2
    words = place.get_by_role("slider", name="The word that looks")
    words.focus()
    scrolled = page.evaluate("scrollY")
    for here in range(3, len(tokens)):
        page.keyboard.press("ArrowDown")
        assert words.get_attribute("aria-valuetext").startswith(f"{tokens[here]}, word {here + 1} of 12")
        assert row(place, "a").startswith(f"“{tokens[here]}” looks at “{tokens[here - 1]}”")
        assert thick(place, "a")[-1] == here - 1
        assert place.locator('[data-table="a"] tr.attnx-chosen th').text_content() == tokens[here]
    assert page.evaluate("scrollY") == scrolled
    page.keyboard.press("Home")
    assert "itself" in row(place, "a") and place.locator("[data-token][data-chosen]").inner_text() == "[CLS]"
    page.keyboard.press("ArrowUp")
    assert words.get_attribute("aria-valuenow") == "1"
    assert page.errors == [] and page.external == []


def test_a_word_is_pressed_and_both_heads_answer(page, site_url):
    """It opens with two heads on “cat”: one finds the other “cat”, one rests on the first token."""
    place = alive(page, site_url)
    assert (thick(place, "a")[-1], thick(place, "b")[-1]) == (6, 0)
    place.locator("[role=status]", has_text="“cat” looks, in A, at “cat” (token 7) 69 %").wait_for()
    place.locator("[data-token]", has_text="house").click()
    assert row(place, "a").startswith("“house”") and place.locator("[data-chosen]").inner_text() == "house"


def test_layers_and_heads_by_keyboard(page, site_url):
    place = alive(page, site_url)
    layer, head = place.get_by_role("slider", name="B: layer"), place.get_by_role("slider", name="B: head")
    before = cells(place, "b")
    layer.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert head.evaluate("element => element === document.activeElement")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert (layer.input_value(), head.input_value()) == ("2", "9")
    assert cells(place, "b") != before and all(98 <= sum(line) <= 102 for line in cells(place, "b"))
    assert "layer 2, head 9" in place.locator('[data-table="b"] caption').text_content()
    assert place.locator('[data-named="b"]').inner_text() == "B: layer 2, head 9"
    assert re.match(r"“cat” looks at “cat” \(token 7\) 6\d %", row(place, "b"))
    place.get_by_role("button", name="Reset").click()
    assert cells(place, "b") == before


def test_pairs_and_sentences(page, site_url):
    place = alive(page, site_url)
    place.get_by_role("button", name="spread out").click()
    assert "layer 1, head 11" in place.locator('[data-table="b"] caption').inner_text()
    pressed = place.locator('button[aria-pressed="true"]')
    assert pressed.all_inner_texts() == ["spread out, concentrated"]
    place.get_by_role("radio", name="She unwrapped").check()
    assert place.locator("[data-token]").all_inner_texts()[2:6] == ["un", "##wr", "##app", "##ed"]
    assert len(cells(place, "a")) == 11
    place.locator("[role=status]", has_text="“she” looks, in A").wait_for()


def test_two_equal_heads_differ_by_nothing(page, site_url):
    place = alive(page, site_url)
    choose(place, "B", 2, 9)
    assert place.locator("[data-difference]").text_content().count(" 0 %") == 2
    assert cells(place, "a") == cells(place, "b") and thick(place, "a") == thick(place, "b")


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
    place.locator("[data-token]", has_text="house").tap()
    assert row(place, "a").startswith("“house”")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()

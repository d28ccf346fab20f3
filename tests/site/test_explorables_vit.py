"""Patches of a drawn digit on their built page: keyboard, pointer, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import pytest
from in_browser import phone, sticks_out, unfolded

from attnlab.reference import softmax, vit

PAGE = "book/variants/vit.html"
MODEL, (IMAGES, LABELS) = vit.load(), vit.samples()


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator('[data-afm="patches"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def ink(place) -> list[int]:
    return [int(x) for x in place.locator(".attnx-ink-cell").evaluate_all("all => all.map(x => x.dataset.ink)")]


def numbers(place, table: str) -> list[float]:
    cells = place.locator(f'[data-table="{table}"] [data-value]')
    return [float(x) for x in cells.evaluate_all("all => all.map(x => x.dataset.value)")]


def test_the_numbers_are_the_packages(page, site_url):
    place = alive(page, site_url)
    chances, row = softmax(vit.logits(MODEL, IMAGES[0])), vit.weights(MODEL, IMAGES[0])[1].mean(axis=0)[0]
    assert numbers(place, "guess") == pytest.approx(chances.tolist(), abs=1e-12)
    assert numbers(place, "weights") == pytest.approx(row[1:].tolist(), abs=1e-12)
    place.locator("[data-token='6']").click()
    place.locator("[data-choice='block']").get_by_role("radio", name="1").check()
    place.locator("[data-choice='head']").get_by_role("radio", name="2").check()
    row = vit.weights(MODEL, IMAGES[0])[0][1][6]
    assert numbers(place, "weights") == pytest.approx(row[1:].tolist(), abs=1e-12)
    assert "patch 6 (row 2, column 2)" in place.locator("[data-own]").inner_text()
    place.locator("[data-token='0']").click()
    assert "Asking: the class token" in place.locator("[data-own]").inner_text()
    assert page.errors == [] and page.external == []


def test_a_pixel_is_set_and_cleared_by_keyboard(page, site_url):
    place = alive(page, site_url)
    place.locator("[data-clear]").click()
    assert sum(ink(place)) == 0
    place.locator("[data-sheet]").focus()
    for key in ("ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert ink(place)[4 * 8 + 4] == 16 and sum(ink(place)) == 16
    page.keyboard.press("Space")
    assert sum(ink(place)) == 0
    page.keyboard.press("Tab")
    assert not place.locator("[data-sheet]").evaluate("element => element === document.activeElement")
    place.get_by_role("button", name="Reset").click()
    assert ink(place) == [round(16 * x) for x in IMAGES[0].ravel()]


def test_a_stroke_of_the_pointer_draws_and_samples_are_read(page, site_url):
    place = alive(page, site_url)
    place.locator("[data-clear]").click()
    sheet = place.locator("[data-sheet]")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.9, steps=5)
    page.mouse.up()
    drawn = ink(place)
    assert min(drawn[4 + 8 * row] for row in range(1, 7)) >= 12 and drawn[0] == drawn[63] == 0
    for digit in (0, 3, 8):
        place.locator(f"[data-sample='{digit}']").click()
        first = next(x for x, label in zip(IMAGES, LABELS) if label == digit)
        assert ink(place) == [round(16 * x) for x in first.ravel()]
        best = int(vit.logits(MODEL, first).argmax())
        assert place.locator("[data-verdict]").inner_text().startswith(f"The model reads a {best} ")


def test_it_is_drawn_by_touch_and_nothing_sticks_out(browser, site_url):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url)
    place.locator("[data-clear]").tap()
    sheet = place.locator("[data-sheet]")
    sheet.scroll_into_view_if_needed()
    sheet.tap(position={"x": 20, "y": 20})
    assert 0 < sum(ink(place)) <= 16 * 9
    assert sticks_out(place) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_without_javascript_the_table_stands_there(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator('[data-afm="patches"] table')
    assert table.is_visible() and table.locator("tbody tr").count() == 4
    context.close()

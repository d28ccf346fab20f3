"""Walk a token on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import pytest
from in_browser import unfolded

from attnlab.explore.walk_a_token import STOPS
from attnlab.reference import encoder_decoder as small

NAME, PAGE = "walk_a_token", "book/architecture/overview.html"
MODEL = small.load()


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def where(place) -> str:
    return place.locator("[data-where]").inner_text()


def row(place, table: str, name: str) -> list[float]:
    """The numbers of one row of a table, unrounded."""
    line = place.locator(f'[data-table="{table}"] tbody tr', has=place.page.get_by_role("rowheader", name=name, exact=True))
    return [float(x) for x in line.locator("td").evaluate_all("all => all.map(x => x.dataset.value)")]


def tab_to(page, target) -> None:
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab never reaches it")


def test_the_way_is_walked_by_keyboard_and_its_end_is_the_next_word(page, site_url):
    place = alive(page, site_url)
    on = place.locator("[data-next]")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, on)
    assert on.evaluate("element => getComputedStyle(element).outlineStyle !== 'none'")
    seen = [where(place)]
    for _ in range(STOPS - 1):
        page.keyboard.press("Enter")
        seen.append(where(place))
    assert len(set(seen)) == STOPS and seen[0].startswith("1. encoder: look up") and seen[-1] == f"{STOPS}. decoder: softmax"
    for part in ("encoder, self-attention", "decoder, causal self-attention", "decoder, cross-attention"):
        steps = [text.split(": ")[1] for text in seen if f" {part}:" in text]
        assert steps == ["project", "score", "scale", "mask", "normalise", "mix", "merge", "add, norm"]
    assert "After <start>: drei 0.975" in place.locator("[data-worked]").inner_text()
    page.keyboard.press("Enter")
    assert where(place) == seen[-1] and on.get_attribute("aria-disabled") == "true"
    assert page.errors == [] and page.external == []


def test_the_numbers_are_the_packages(page, site_url):
    place = alive(page, site_url)
    memory = small.encode(MODEL, small.ids_of(MODEL.source_words, "forty three"))
    place.get_by_role("slider", name="Stop on the way").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert where(place) == "11. encoder, feed-forward: add, norm"
    assert row(place, "x′", "three") == pytest.approx(memory[1].tolist(), abs=1e-12)
    place.get_by_role("button", name="cross-attention", exact=True).click()
    place.get_by_role("slider", name="Stop on the way").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert where(place) == "25. decoder, cross-attention: normalise"
    assert sum(row(place, "A", "und")) == pytest.approx(1) and row(place, "A", "und")[0] > 0.9 > row(place, "A", "<start>")[0]


def test_another_number_another_token_another_head(page, site_url):
    place = alive(page, site_url)
    place.locator('[data-pick="tens"]').select_option(label="ninety")
    place.locator('[data-pick="unit"]').select_option(label="seven")
    assert place.locator("[data-target] label").all_inner_texts() == ["<start>", "sieben", "und", "neunzig"]
    place.get_by_role("button", name="out", exact=True).click()
    place.get_by_role("radio", name="und", exact=True).check()
    assert "After und: neunzig" in place.locator("[data-worked]").inner_text()
    place.get_by_role("button", name="self-attention", exact=True).click()
    first = row(place, "Q", "ninety")
    place.locator("[data-head]").get_by_role("radio", name="head 2", exact=True).check()
    assert row(place, "Q", "ninety") != first
    place.get_by_role("button", name="Reset").click()
    assert place.locator("[data-target] label").all_inner_texts() == ["<start>", "drei", "und", "vierzig"]
    assert where(place).startswith("1. ")


def test_every_number_is_a_tile_hollow_below_0_and_a_hidden_score_none(page, site_url):
    place = alive(page, site_url)
    tiles = lambda: place.locator(".attnx-tilerow rect")  # noqa: E731
    numbers = place.locator('[data-table="x"] td[data-value]').evaluate_all("all => all.map(x => Number(x.dataset.value))")
    assert [("low" in kind, float(edge)) for kind, edge in tiles().evaluate_all("all => all.map(x => [x.getAttribute('class'), x.getAttribute('width')])")] == [
        (value < 0, pytest.approx(0.16 + 0.72 * (abs(value) / max(map(abs, numbers))) ** 0.5)) for value in numbers]
    place.get_by_role("slider", name="Stop on the way").fill("15")
    assert where(place) == "16. decoder, causal self-attention: mask" and tiles().count() == 10  # of 4 x 4, six are hidden


def test_it_is_walked_by_touch(browser, site_url):
    context = browser.new_context(viewport={"width": 360, "height": 800}, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    place = alive(page, site_url)
    place.locator("[data-next]").tap()
    place.locator("[data-next]").tap()
    assert where(place) == "3. encoder, self-attention: score"
    place.get_by_role("button", name="cross-attention", exact=True).tap()
    assert where(place) == "21. decoder, cross-attention: project"
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_at_any_stop(page, site_url, width):
    page.set_viewport_size({"width": width, "height": 900})
    place = alive(page, site_url)
    for stop in range(STOPS):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, stop
        outside = place.evaluate("""element => {
            const edge = element.querySelector(".attnx-body").getBoundingClientRect().right - 8;
            return [...element.querySelectorAll(".attnx-body :is(button, input, select, td, th, p)")]
                .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > edge).length;
        }""")
        assert outside == 0, stop
        if stop < STOPS - 1:
            place.locator("[data-next]").click()


def test_without_javascript_the_table_stands_there(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator(f'[data-afm="{NAME}"] table')
    assert table.is_visible() and table.locator("tbody tr").count() == 4
    context.close()

"""The drawing that a memory completes, on a page of its own: by keyboard, pointer and finger, for all readers, without JavaScript."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import explorables  # noqa: E402
from in_browser import phone, sticks_out, unfolded  # noqa: E402
from practice_site import served  # noqa: E402

from attnlab import explore  # noqa: E402
from attnlab.explore.hopfield import answer_of, weights_of  # noqa: E402

pytestmark = pytest.mark.browser
START = explore.hopfield().state


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served(explorables.pages(tmp_path_factory.mktemp("hopfield"), ["hopfield"])) as url:
        yield f"{url}/hopfield.html"


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    assert page.errors == []
    context.close()


def alive(page, address: str):
    page.goto(address)
    page.wait_for_selector("[data-ready=yes]")
    return unfolded(page.locator(".attnx"))


def cells(place, of: str) -> list[float]:
    return [float(x) for x in place.locator(f"{of} [data-cell]").evaluate_all("all => all.map(x => x.dataset.cell)")]


def test_the_numbers_are_the_packages(tab, address):
    place = alive(tab, address)
    assert cells(place, "[data-drawing]") == START["drawing"]
    assert cells(place, "[data-answer]") == pytest.approx(answer_of(START).tolist(), abs=1e-12)
    shown = place.locator("[data-pattern]:visible").evaluate_all("all => all.map(x => Number(x.dataset.value))")
    assert shown == pytest.approx(weights_of(START).tolist(), abs=1e-12)
    place.get_by_role("radio", name="classical").check()
    assert cells(place, "[data-answer]") == answer_of(START | {"memory": "classical"}).tolist()


def test_a_cell_by_keyboard_and_the_answer_as_drawing(tab, address):
    place = alive(tab, address)
    place.get_by_role("button", name="Clear").click()
    assert set(cells(place, "[data-drawing]")) == {-1}
    place.locator("[data-drawing]").focus()
    for key in ("ArrowRight", "ArrowDown", "Space"):
        tab.keyboard.press(key)
    assert cells(place, "[data-drawing]")[4 * 8 + 4] == 1
    assert "Row 5, column 5: ink" in place.locator("[data-drawing]").get_attribute("aria-label")
    tab.keyboard.press("Space")
    assert set(cells(place, "[data-drawing]")) == {-1}
    answer = cells(place, "[data-answer]")
    place.get_by_role("button", name="Take the answer").click()
    assert cells(place, "[data-drawing]") == answer
    place.get_by_role("button", name="Reset").click()
    assert cells(place, "[data-drawing]") == START["drawing"]


def test_a_stroke_of_the_pointer_puts_ink_and_one_that_begins_on_ink_takes_it_away(tab, address):
    place = alive(tab, address)
    place.get_by_role("button", name="Clear").click()
    box = place.locator("[data-drawing]").bounding_box()
    x = box["x"] + box["width"] * 3.5 / 8
    for ink in (1, -1):
        tab.mouse.move(x, box["y"] + box["height"] * 0.5 / 8)
        tab.mouse.down()
        tab.mouse.move(x, box["y"] + box["height"] * 7.5 / 8, steps=2)
        tab.mouse.up()
        drawn = cells(place, "[data-drawing]")
        assert drawn[3::8] == [ink] * 8 and sum(drawn) == -64 + 8 * (1 + ink)


def test_a_finger_draws_and_nothing_sticks_out(browser, address):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, address)
    place.get_by_role("button", name="Clear").tap()
    place.locator("[data-drawing]").tap(position={"x": 8, "y": 8})
    assert cells(place, "[data-drawing]") == [1] + [-1] * 63
    place.get_by_role("radio", name="classical").check()
    place.get_by_role("slider", name="Stored").press("End")
    assert place.locator("[data-pattern]:visible").count() == 6
    assert sticks_out(place) == [] and page.evaluate("document.documentElement.scrollWidth") <= 360
    heights = place.locator("[data-pattern]").evaluate_all("all => all.map(x => Math.min(x.offsetHeight, x.offsetWidth))")
    assert min(heights) >= 44
    context.close()


def test_readable_by_all_in_both_themes(tab, address, axe_in_both_themes):
    alive(tab, address)
    assert axe_in_both_themes(tab, ".attnx") == ""


def test_without_javascript_the_table_stays(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("table").is_visible() and page.locator("table tbody tr").count() == 4
    context.close()

"""The graph view on its built page: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import unfolded

NAME, PAGE = "graph_view", "book/self_attention/graph_view.html"


def alive(page, site_url: str):
    """The explorable, once it runs."""
    page.goto(f"{site_url}/{PAGE}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def weights(place, row: int) -> list[float]:
    """The weights of the edges into the token at that place; 0 where there is none."""
    return [float(place.locator(f'[data-edge="{row} {j}"]').get_attribute("data-value")) for j in range(5)]


def gaps(place) -> list[float]:
    """How far each token's output is from the one in the first order."""
    return [float(x) for x in place.locator("[data-gap]").evaluate_all("all => all.map(x => x.dataset.gap)")]


def paths(place) -> list[int]:
    return [int(x) for x in place.locator("[data-paths]").evaluate_all("all => all.map(x => x.dataset.paths)")]


def choose(place, name: str) -> None:
    place.get_by_role("radio", name=name, exact=True).check()


def tab_to(page, target, key: str = "Tab") -> None:
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("Tab never reaches it")


def outlined(target) -> bool:
    return target.evaluate("""element => [element, element.closest("label")].filter(Boolean).some(
        (one) => getComputedStyle(one).outlineStyle !== "none"
            && parseFloat(getComputedStyle(one).outlineWidth) >= 2)""")


def test_an_edge_is_removed_and_put_back_by_keyboard(page, site_url):
    place = alive(page, site_url)
    first, cell = place.locator('[data-edge="0 0"]'), place.locator('[data-edge="1 2"]')
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert cell.evaluate("element => element === document.activeElement") and outlined(cell)
    before = weights(place, 1)
    page.keyboard.press("Enter")
    after = weights(place, 1)
    assert cell.inner_text() == "cut" and cell.get_attribute("aria-pressed") == "false"
    assert after[2] == 0 < before[2] and sum(after) == pytest.approx(1)
    rest = 1 - before[2]
    assert after == pytest.approx([w / rest if j != 2 else 0 for j, w in enumerate(before)])
    page.keyboard.press("Enter")
    assert weights(place, 1) == pytest.approx(before)
    assert page.errors == [] and page.external == []


def test_without_a_mask_every_order_gives_the_same_outputs_and_causal_does_not(page, site_url):
    place = alive(page, site_url)
    later = place.get_by_role("button", name="Move cat later")
    later.focus()
    page.keyboard.press("Enter")
    assert later.evaluate("element => element === document.activeElement")
    page.keyboard.press("Enter")
    assert place.locator(".attnx-place .attnx-strong").all_text_contents() == ["the", "saw", "a", "cat", "bird"]
    assert max(gaps(place)) < 1e-12
    choose(place, "causal")
    moved = [gap > 1e-9 for gap in gaps(place)]
    assert moved == [False, True, True, True, False]
    place.locator("[role=status]", has_text="3 of 5 tokens have another output").wait_for()
    place.get_by_role("button", name="First order").click()
    assert max(gaps(place)) < 1e-12


def test_removed_edges_go_with_their_tokens(page, site_url):
    place = alive(page, site_url)
    place.get_by_role("button", name=re.compile("^Edge from a to bird:")).click()
    place.get_by_role("button", name="Turn round").click()
    edge = place.get_by_role("button", name=re.compile("^Edge from a to bird:"))
    assert edge.inner_text() == "cut" and edge.get_attribute("data-edge") == "0 1"
    assert max(gaps(place)) < 1e-12


def test_news_travels_one_token_a_layer_in_a_window_of_two(page, site_url):
    place = alive(page, site_url)
    choose(place, "window of 2")
    choose(place, "bird")
    seen = [paths(place)]
    place.get_by_role("slider", name="Layers").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        seen.append(paths(place))
    assert seen == [[0, 0, 0, 1, 1], [0, 0, 1, 2, 1], [0, 1, 3, 3, 1], [1, 4, 6, 4, 1]]
    assert place.locator(".attnx-node-heard").count() == 5
    assert place.locator('[data-edge="0 4"]').get_attribute("aria-disabled") == "true"
    place.locator('[data-edge="0 4"]').click(force=True)
    assert place.locator('[data-edge="0 4"]').inner_text() == "mask"


def test_padding_is_heard_by_nobody(page, site_url):
    place = alive(page, site_url)
    choose(place, "last is padding")
    assert [weights(place, i)[4] for i in range(5)] == [0] * 5
    place.get_by_role("button", name="Reset").click()
    assert weights(place, 1)[4] > 0


def test_edges_are_removed_by_touch(browser, site_url):
    context = browser.new_context(viewport={"width": 360, "height": 800}, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    place = alive(page, site_url)
    cell = place.locator('[data-edge="2 1"]')
    cell.tap()
    assert cell.inner_text() == "cut"
    box = cell.bounding_box()
    assert box["width"] >= 24 and box["height"] >= 24
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_the_room_was_kept(page, site_url, width):
    page.set_viewport_size({"width": width, "height": 900})
    place = alive(page, site_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = place.evaluate("""element => {
        const edge = element.querySelector(".attnx-body").getBoundingClientRect().right - 8;
        return [...element.querySelectorAll(".attnx-body :is(button, input, td, th, p, svg)")]
            .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > edge).length;
    }""")
    assert inside == 0


def test_without_javascript_the_table_stands_there(browser, site_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGE}")
    table = page.locator(f'[data-afm="{NAME}"] table')
    assert table.is_visible() and table.locator("tbody tr").count() == 5
    context.close()

"""Tile walk and cost against length on their built pages: keyboard, touch, no JavaScript, 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import phone, sticks_out, unfolded

WALK, COST = "tile_walk", "cost_against_length"
PAGES = {WALK: "book/efficiency/blocked_kernel.html", COST: "book/efficiency/overview.html"}


def alive(page, site_url: str, name: str):
    """The explorable of that name, once it runs."""
    page.goto(f"{site_url}/{PAGES[name]}")
    place = page.locator(f'[data-afm="{name}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def meter(place, name: str) -> float:
    return float(place.locator(f'[data-meter="{name}"]').get_attribute("data-value"))


def tab_to(page, target, key: str = "Tab") -> None:
    """Reach the element by Tab alone, from where the keyboard is now."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("Tab never reaches it")


def outlined(target) -> bool:
    return target.evaluate("""element => [element, element.closest("label")].filter(Boolean).some(
        (one) => getComputedStyle(one).outlineStyle !== "none"
            && parseFloat(getComputedStyle(one).outlineWidth) >= 2)""")


def tiles(place, kind: str) -> int:
    return place.locator(f'[data-table="scores"] [data-tile="{kind}"]').count()


def rows(place, table: str) -> list[list[str]]:
    return place.locator(f'[data-table="{table}"] tbody tr').evaluate_all(
        "all => all.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))"
    )


def choose(place, name: str):
    place.get_by_role("radio", name=name).check()


# ---- tile walk -----------------------------------------------------------------------------------


def test_walk_to_the_end_by_keyboard(page, site_url):
    """Causal, 8 tokens, blocks of 2 x 3: 8 tiles of 12; at the end the output is attention."""
    place = alive(page, site_url, WALK)
    following = place.locator("[data-next]")
    assert tiles(place, "now") > 0 < tiles(place, "done") and meter(place, "moved") > 0  # it opens in the middle
    place.get_by_role("slider", name="Tile").focus()
    page.keyboard.press("Home")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, following)
    assert outlined(following)
    assert meter(place, "moved") == 0 and tiles(place, "done") == tiles(place, "now") == 0
    skipped, moved = tiles(place, "skipped"), [0.0]
    for _ in range(8):
        page.keyboard.press("Enter")
        moved.append(meter(place, "moved"))
        assert 0 < tiles(place, "now") <= 6 and tiles(place, "skipped") == skipped > 0
    assert moved == sorted(set(moved)) and moved[-1] == meter(place, "total") < meter(place, "standard")
    output = rows(place, "output")
    assert len(output) == 8
    for own_1, own_2, truth_1, truth_2, verdict in output:
        assert (own_1, own_2, verdict) == (truth_1, truth_2, "equal")
    place.locator("[role=status]", has_text="Finished: the output equals attention").wait_for()
    assert following.get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    assert meter(place, "moved") == moved[-1]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert meter(place, "moved") == moved[-2]
    assert page.errors == [] and page.external == []


def test_slider_and_the_rows_in_fast_memory(page, site_url):
    place = alive(page, site_url, WALK)
    slider = place.get_by_role("slider", name="Tile")
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "tile 8 of 8"
    page.keyboard.press("Home")
    assert place.locator('[data-table="running"]').count() == 0
    page.keyboard.press("ArrowRight")
    first, second = rows(place, "running")
    assert first[0] == "−∞" and first[2] == "–" and len(first) == 6 and len(second) == 6
    assert place.locator(".attnx-loaded").all_text_contents() == ["1", "2", "3", "1", "2"]


def test_both_memories_are_drawn(page, site_url):
    """Tile 4 of 8: queries 5 and 6 with keys 1 to 3; blocks of q, k, v and o in fast memory, four outputs written."""
    place = alive(page, site_url, WALK)
    assert place.locator(".attnx-memories .attnx-mem-held").count() == 4
    assert place.locator(".attnx-memories .attnx-mem-empty").count() == 4
    assert place.locator(".attnx-memories .attnx-tile-now").count() == 1
    page.emulate_media(reduced_motion="no-preference")
    place.locator("[data-next]").click()
    assert place.locator("[aria-hidden] .attnx-mem-held").count() == 3  # the blocks of k and v fly in and that of o out; q stays
    page.wait_for_function("document.querySelectorAll('.attnx-memories [aria-hidden] rect').length === 0")
    page.emulate_media(reduced_motion="reduce")


def test_masks_loops_and_blocks_change_the_tiles(page, site_url):
    place = alive(page, site_url, WALK)
    causal = meter(place, "total")
    choose(place, "none")
    assert tiles(place, "skipped") == 0 and meter(place, "total") == 2 * 16 + 8 + 2 * 16 * 4 > causal
    choose(place, "keys")
    assert meter(place, "total") == 2 * 16 + 3 * (3 * 16 + 4 * 8)
    choose(place, "window")
    size = place.get_by_role("spinbutton", name="window size")
    assert size.is_visible()
    size.fill("1")
    alone = tiles(place, "skipped")
    place.get_by_role("spinbutton", name="Keys a block").fill("2")
    assert tiles(place, "skipped") == 8 * 8 - 4 * 4 > alone
    place.get_by_role("spinbutton", name="Tokens").fill("12")
    assert place.locator('[data-table="scores"] tbody td').count() == 144
    before = rows(place, "scores")
    place.get_by_role("spinbutton", name="Seed").fill("2")
    assert rows(place, "scores") != before
    place.get_by_role("button", name="Reset").click()
    assert meter(place, "total") == causal and not size.is_visible()


def test_too_little_fast_memory_is_said(page, site_url):
    place = alive(page, site_url, WALK)
    place.locator("[data-next]").click()
    assert "does not fit" not in place.inner_text()
    place.get_by_role("spinbutton", name="Fast memory M").fill("10")
    assert "18 too many, this tile does not fit" in place.inner_text()
    assert "M has no room for a row of 8 scores" in place.inner_text()


def test_play_walks_by_itself_and_pauses(page, site_url):
    place = alive(page, site_url, WALK)
    play = place.locator("[data-play]")
    play.focus()
    page.keyboard.press("Enter")
    assert play.inner_text() == "Pause"
    started = meter(place, "moved")
    page.wait_for_function(
        "start => Number(document.querySelector('[data-meter=moved]').dataset.value) > start", arg=started
    )
    page.keyboard.press("Enter")
    assert play.inner_text() == "Play"
    paused = meter(place, "moved")
    page.wait_for_timeout(1600)
    assert meter(place, "moved") == paused


# ---- cost against length -------------------------------------------------------------------------


def share(place) -> float:
    return float(place.locator('[data-share="scores and mix"]').text_content().removesuffix(" %"))


def test_length_by_keyboard(page, site_url):
    place = alive(page, site_url, COST)
    length = place.get_by_role("slider", name="Length")
    place.get_by_role("button", name="Reset").focus()
    tab_to(page, length)
    assert outlined(length) and share(place) == 18.2
    page.keyboard.press("End")
    assert share(place) > 99 and place.get_by_role("spinbutton", name="Length").input_value() == "1048576"
    assert "Score and mix decide the operations" in place.locator("[data-verdict]").text_content()
    assert place.locator('[data-reading="scores and mix"]').inner_text() == "100 %"
    page.keyboard.press("Home")
    assert share(place) < 2
    place.locator("[role=status]", has_text="64 tokens").wait_for()
    tab_to(page, place.get_by_role("button", name="Reset"), "Shift+Tab")
    page.keyboard.press("Enter")
    assert share(place) == 18.2
    assert page.errors == [] and page.external == []


def test_the_marker_stands_where_the_thumb_does_and_the_wedge_moves_with_the_width(page, site_url):
    place = alive(page, site_url, COST)
    marker, plot = place.locator(".attnx-costmarker"), place.locator(".attnx-costplot")
    wedge = place.locator(".attnx-band-s").get_attribute("d")

    def at() -> float:
        one, whole = marker.bounding_box(), plot.bounding_box()
        return (one["x"] + one["width"] / 2 - whole["x"]) / whole["width"]

    assert at() == pytest.approx(4 / 14, abs=0.004)  # 1,024 is 4 of the 14 doublings from 64 to 1,048,576
    place.get_by_role("radio", name="GPT-3").check()
    assert place.locator(".attnx-band-s").get_attribute("d") != wedge
    assert place.locator("[data-reading]").all_inner_texts() == ["66 %", "33 %", "1 %"]
    place.locator("[role=status]", has_text="At 1,024 tokens of width 12,288 the projections cost 24 times as much").wait_for()
    place.get_by_role("slider", name="Length").fill("20")
    assert at() == pytest.approx(1, abs=0.004)


def test_numbers_of_the_overview(page, site_url):
    """24 MiB of scores and 36 MiB of cache at 1,024 tokens, as the page's own cell prints."""
    place = alive(page, site_url, COST)
    assert place.locator('[data-bytes="table"]').inner_text() == "24.0 MiB"
    assert place.locator('[data-bytes="cache"]').inner_text() == "36.0 MiB"
    place.get_by_role("spinbutton", name="Layers").fill("24")
    assert place.locator('[data-bytes="cache"]').inner_text() == "72.0 MiB"
    choose(place, "4 (float32)")
    assert place.locator('[data-bytes="table"]').inner_text() == "48.0 MiB"


def test_heads_follow_the_width(page, site_url):
    place = alive(page, site_url, COST)
    heads = place.get_by_role("slider", name="Heads")
    heads.focus()
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
        seen.append(int(place.get_by_role("spinbutton", name="Heads").input_value()))
    assert seen == sorted(set(seen), reverse=True) and all(768 % h == 0 for h in seen)
    place.get_by_role("spinbutton", name=re.compile("^Width")).fill("4096")
    assert 4096 % int(place.get_by_role("spinbutton", name="Heads").input_value()) == 0


def test_the_roof_moves_with_the_chip(page, site_url):
    place = alive(page, site_url, COST)
    limits = lambda: rows(place, "ways")[-1]  # noqa: E731
    assert limits() == ["memory", "arithmetic", "memory"]
    place.get_by_role("spinbutton", name="Bandwidth").fill("100")
    assert limits() == ["arithmetic", "arithmetic", "memory"]
    place.get_by_role("spinbutton", name="Fast memory").fill("8")
    place.get_by_role("spinbutton", name=re.compile("^Width")).fill("16384")
    place.get_by_role("spinbutton", name="Heads").fill("1")
    assert "no room" in limits() and "no block can be formed" in place.locator("[data-verdict]").inner_text()


# ---- both ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WALK, COST])
def test_without_javascript_the_table_stays(browser, site_url, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/{PAGES[name]}")
    table = page.locator(f'[data-afm="{name}"] table').first
    assert table.is_visible()
    assert len(re.findall(r"\d\.\d", table.text_content())) >= 15
    context.close()


@pytest.mark.parametrize("name", [WALK, COST])
def test_readable_by_all_in_both_themes(page, site_url, name, axe_in_both_themes):
    place = alive(page, site_url, name)
    if name == WALK:
        for _ in range(3):
            place.locator("[data-next]").click()
    assert axe_in_both_themes(page, f'[data-afm="{name}"]') == ""


@pytest.mark.parametrize("name", [WALK, COST])
def test_a_phone_needs_no_sideways_scroll(browser, site_url, name):
    context = phone(browser)
    page = context.new_page()
    place = alive(page, site_url, name)
    if name == WALK:
        place.get_by_role("spinbutton", name="Tokens").fill("12")
        place.get_by_text("keys (Flash-1)").tap()
        for _ in range(3):
            place.locator("[data-next]").tap()
        assert meter(place, "moved") > 0
    else:
        place.get_by_text("4 (float32)").tap()
        place.get_by_role("spinbutton", name="Length").fill("1048576")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sticks_out(place) == []
    context.close()


def test_the_status_speaks_once_after_a_burst(page, site_url):
    place = alive(page, site_url, COST)
    place.locator("[role=status]").evaluate(
        "s => { window.spoken = 0; new MutationObserver(() => { window.spoken += 1; })"
        ".observe(s, {childList: true, characterData: true, subtree: true}); }"
    )
    place.get_by_role("slider", name="Length").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(900)
    assert page.evaluate("window.spoken") == 1

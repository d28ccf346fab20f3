"""The alignment explorer on its page: by keyboard, both ways to see, without JavaScript, at 360 pixels."""

from __future__ import annotations

import re

import pytest
from in_browser import sticks_out, unfolded

CHAPTER, NAME = "book/fundamentals/looking_back.html", "alignment_explorer"
LOOKS = ["look back at the words", "one vector for everything"]


def alive(page, site_url: str):
    page.goto(f"{site_url}/{CHAPTER}")
    place = page.locator(f'[data-afm="{NAME}"]').first
    place.and_(page.locator('[data-ready="yes"]')).wait_for()
    place.scroll_into_view_if_needed()
    return unfolded(place)


def weights(place) -> list[float]:
    return [float(x) for x in place.locator("[data-weight]").evaluate_all("all => all.map(x => x.dataset.value)")]


def context(place) -> list[str]:
    return place.locator("[data-context] td").all_text_contents()


def written(place) -> list[str]:
    return place.locator("[data-steps] .attnx-chip").all_text_contents()


def test_step_by_step_with_the_arrow_keys(page, site_url):
    place = alive(page, site_url)
    assert written(place) == ["drei", "und", "vierzig", "<end>"]
    assert len(weights(place)) == 2 and sum(weights(place)) == pytest.approx(1, abs=0.01)
    assert weights(place)[1] > 0.8  # drei looks at three
    seen = [context(place)]
    place.get_by_role("radio", name="drei").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        seen.append(context(place))
    assert place.get_by_role("radio", name="vierzig").is_checked()
    assert weights(place)[0] > 0.8  # vierzig looks at forty
    assert len({tuple(one) for one in seen}) == 3
    place.locator("[role=status]", has_text="Step 3 of 4, vierzig: it looks at forty").wait_for()
    place.get_by_role("button", name="Next").click()
    assert place.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    place.get_by_role("button", name="Reset").click()
    assert place.get_by_role("radio", name="drei").is_checked()
    assert page.errors == [] and page.external == []


def test_without_attention_every_step_sees_the_same(page, site_url):
    place = alive(page, site_url)
    place.get_by_role("radio", name="42,863").check()
    assert len(written(place)) == 10 and not any("✗" in word for word in written(place))
    place.get_by_role("radio", name="look back at the words").focus()
    page.keyboard.press("ArrowRight")
    assert place.get_by_role("radio", name="one vector for everything").is_checked()
    assert [word for word in written(place) if "✗" in word] == ["sechzig ✗"]
    assert place.get_by_text("not seen").count() == 8 and weights(place) == []
    before = context(place)
    for _ in range(3):
        place.get_by_role("button", name="Next").click()
        assert context(place) == before
    assert place.locator('[data-table="alignment"]').count() == 0


def test_without_javascript_the_table_stays(browser, site_url):
    opened = browser.new_context(java_script_enabled=False)
    page = opened.new_page()
    page.goto(f"{site_url}/{CHAPTER}")
    table = page.locator(f'[data-afm="{NAME}"] table').first
    assert table.is_visible() and len(re.findall(r"\d\.\d\d", table.text_content())) == 8
    opened.close()


def test_readable_by_all_in_both_themes(page, site_url, axe_in_both_themes):
    place = alive(page, site_url)
    place.get_by_role("radio", name="84,634").check()
    for look in LOOKS:
        place.get_by_role("radio", name=look).check()
        assert axe_in_both_themes(page, f'[data-afm="{NAME}"]') == "", look


def test_a_phone_needs_no_sideways_scroll(page, site_url):
    page.set_viewport_size({"width": 360, "height": 780})
    place = alive(page, site_url)
    for look in LOOKS:
        place.get_by_role("radio", name=look).check()
        for number in ("43", "42,863"):
            place.get_by_role("radio", name=number, exact=True).check()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert sticks_out(place) == [], (look, number)

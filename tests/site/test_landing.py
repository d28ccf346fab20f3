"""The landing page: one sentence and three doors, words to press, three things to run, counts, the map."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from in_browser import phone, sticks_out

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.usefixtures("site_folder")
LANDING = "book/index.html"


def toy(page, site_url: str):
    conftest.visit(page, f"{site_url}/{LANDING}")
    place = page.locator('[data-afm="arcs"][data-ready="yes"]')
    place.wait_for()
    return place


def weights(place) -> list[float]:
    return [float(value) for value in place.locator("[data-weight]").evaluate_all("all => all.map((one) => one.dataset.weight)")]


def test_doors_and_toy_stand_on_the_first_screen(page, site_url):
    page.set_viewport_size({"width": 1366, "height": 768})
    place = toy(page, site_url)
    assert page.locator(".hero ul a").first.inner_text() == "Start: three minutes, nothing to install"
    box = place.locator(".attnx").bounding_box()
    assert box["y"] + box["height"] <= 768 and box["width"] <= 712


def test_a_word_is_pressed_and_the_future_hidden_by_keyboard(page, site_url):
    place = toy(page, site_url)
    before = weights(place)
    assert max(before) > 0.85 and abs(sum(before) - 1) < 1e-9
    words = place.get_by_role("slider", name="The word that looks")
    words.focus()
    page.keyboard.press("End")
    assert place.locator("[data-chosen] > span").inner_text() == "house" and weights(place) != before
    place.locator("[data-word]", has_text="cat").first.click()
    assert words.get_attribute("aria-valuetext") == "cat, word 2 of 9" and weights(place) == before
    place.get_by_role("switch").press("Space")
    now = weights(place)
    assert max(now[2:]) == 0 and abs(sum(now) - 1) < 1e-9
    assert place.locator("[data-hidden]").count() == len(now) - 2
    page.wait_for_function("document.querySelector('.attnx-status').textContent.includes('none to what comes after it')")
    assert page.errors == []


def test_the_thickest_arc_leads_to_the_largest_weight(page, site_url):
    place = toy(page, site_url)
    arcs = place.locator(".attnx-arcs-above [data-key]").evaluate_all("all => all.map((one) => [parseFloat(one.style.strokeWidth), Number(one.dataset.key)])")
    now = weights(place)
    assert max(arcs)[1] == now.index(max(now)) and len(arcs) == sum(weight >= 0.005 for weight in now)


def test_on_a_phone_it_stands_upright_and_fits(browser, site_url):
    with phone(browser) as context:
        page = conftest.watch(context, site_url)
        place = toy(page, site_url).locator(".attnx")
        box = place.bounding_box()
        assert box["width"] <= 328 and box["height"] <= 560
        assert page.locator(".attnx-arcs-beside").is_visible() and not page.locator(".attnx-arcs-above").is_visible()
        assert sticks_out(place.locator(".attnx-arcs-row")) == [] and page.evaluate("document.documentElement.scrollWidth") <= 360
        sizes = place.locator("[data-word] span, [data-word] small, label, p, button").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
        assert min(sizes) >= 11


def test_three_cells_show_what_was_printed(shared_page, site_url):
    conftest.visit(shared_page, f"{site_url}/{LANDING}")
    cells = shared_page.locator("div.cell")
    said = [cell.locator(".cell_output:not(.run-output)").text_content() for cell in cells.all()]
    assert len(said) == 3 and "the claim holds" in said[0] and "head 0 has a piece of: [1 2]" in said[1]
    assert said[2].strip().startswith("not yet:") and "Evidence" in said[2]
    answer = shared_page.locator("details.answer")
    answer.locator("summary").click()
    assert answer.locator('a[href^="https://github.com/"]').count() >= 1


def test_counts_are_those_of_the_site(shared_page, site_url, site_folder):
    conftest.visit(shared_page, f"{site_url}/{LANDING}")
    found = {words.strip(): int(number.replace(",", "")) for number, words in
             (re.match(r"([\d,]+)\s+(.*)", text, re.S).groups() for text in shared_page.locator(".counts li").all_inner_texts())}
    claims = (site_folder / "book/reference/claims.html").read_text("utf-8")
    exercises, wrong, named = map(int, re.search(r"(\d+) exercises, (\d+) wrong answers, (\d+) mistakes by name", (site_folder / "book/reference/exercises.html").read_text("utf-8")).groups())
    assert found["claims that run"] == claims.count('class="claims-title"')
    assert (found["exercises that answer"], found["wrong answers tried on them"], found["mistakes known by name"]) == (exercises, wrong, named)


def test_the_six_steps_are_one_press_away(page, site_url):
    conftest.visit(page, f"{site_url}/{LANDING}")
    page.get_by_role("link", name="The six steps inside").click()
    page.wait_for_url("**/scaled_dot_product.html#see-it-move")
    assert page.locator("#see-it-move [data-afm=attention_on_a_sentence]").count() == 1


def test_without_scripts_the_weights_are_a_table_and_the_start_works(browser, site_folder):
    with browser.new_context(java_script_enabled=False, viewport=conftest.DESKTOP) as context:
        page = context.new_page()
        page.goto((site_folder / LANDING).as_uri())
        assert page.locator("[data-afm=arcs] table").is_visible()
        page.locator(".hero ul a").first.click()
        assert page.locator("#three-minutes").bounding_box()["y"] < 200


def test_axe_finds_nothing_in_the_toy(page, site_url, axe_in_both_themes):
    place = toy(page, site_url)
    place.get_by_role("switch").check()
    assert axe_in_both_themes(page, "[data-afm=arcs]") == ""

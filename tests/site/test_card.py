"""One exercise is one card: what is seen of it, what the keyboard does in it, and what is left of it without scripts."""
from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[i]) for i in (1, 0)]
from in_browser import phone  # noqa: E402
from practice_site import built, item, named, opened, press, served, store  # noqa: E402
from test_lines import name, page_of, right, strays  # noqa: E402

from attnlab.exercises import EXERCISES, MISCONCEPTIONS, solved  # noqa: E402

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
FIRST, SECOND = "self_attention.softmax", "efficiency.merge"
CHAPTER = "book/self_attention/scaled_dot_product.html"
BOOT = 180_000
FAILED = {"version": 1, "attempts": 1, "updated": "2026-03-14T09:26:53.589Z"}
WIDE = """box => [...box.querySelectorAll(":scope > *, .steps > *, summary, button, .labels span, .cell")].filter((one) => one.checkVisibility()
    && one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1).map((one) => one.outerHTML.slice(0, 80))"""
WRONG = """import numpy as np
def softmax(scores, temperature=1.0):
    e = np.exp((scores - scores.max(axis=0, keepdims=True)) / temperature)
    return e / e.sum(axis=0, keepdims=True)"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with served(built(tmp_path_factory.mktemp("card"), {"index": "# Exercises\n\n" + page_of(FIRST, SECOND)})) as address:
        yield f"{address}/index.html"


@pytest.fixture
def sheet(browser, url):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 900, "height": 900}) as context:
        context.set_default_timeout(15_000)
        with opened(context, url, ".steps.live") as page:
            yield page


def card(page, number: int = 0):
    return page.locator(".card-box").nth(number)


def told(page, **detail) -> None:
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('attnlab:check', {detail}))", {"exercise": FIRST, **detail})


def spoken(step) -> str:
    return " ".join(step.locator("summary").text_content().split())


# -- in any browser

def test_title_level_and_minutes_stand_apart_and_plumbing_is_out_of_sight(sheet):
    exercise, box = EXERCISES[FIRST], card(sheet)
    title = " ".join(box.locator(".admonition-title").first.inner_text().split())
    assert title == f"Exercise 1 {exercise.title}"
    assert box.locator(".labels span").all_inner_texts() == [exercise.level.capitalize(), f"{exercise.minutes} minutes", "gentle"]
    assert box.locator("details").count() == 5 and sheet.locator("details.solution").count() == 2
    seen = sheet.locator(".bd-article, body").first.inner_text()
    assert "import check" not in seen and "import use" not in seen and "Difficulty" not in seen
    assert sheet.locator("text=import check").count() >= 4, "the cells are there: the runner needs them"


def test_after_a_failed_try_the_next_step_is_offered_and_after_a_pass_the_next_exercise(sheet):
    box = card(sheet)
    offer = box.locator(".offer")
    steps = [spoken(step) for step in box.locator(".steps > details").all()]
    assert steps == ["Hint 1: the property", "Hint 2: the formula", "Hint 3: the skeleton", "Hint 4: put the lines in order", "Solution"]
    assert not offer.is_visible()
    told(sheet, state="failed")
    for number, step in enumerate(steps):
        press(named(offer, step))
        assert box.locator(".steps > details").nth(number).get_attribute("open") is not None
        assert sheet.evaluate("document.activeElement.parentElement.matches('.steps > details[open]')")
    assert not offer.is_visible()
    told(sheet, state="passed")
    assert offer.inner_text() == f"Next: {EXERCISES[SECOND].title}"
    offer.locator("a").click()
    assert sheet.evaluate("location.hash") == "#exercise-efficiency-merge"


def test_the_solution_asks_before_a_try_and_every_step_is_reached_by_keyboard_alone(sheet):
    box = card(sheet)
    before = "document.querySelector('.step-solution') && getComputedStyle(document.querySelector('.step-solution'), '::before').content"
    assert "Give up" in sheet.evaluate(before)
    summaries = box.locator(".steps > details > summary")
    summaries.first.focus()
    for number in range(5):
        assert sheet.evaluate("place => document.activeElement === place", summaries.nth(number).element_handle())
        sheet.keyboard.press("Tab")
    store(sheet, f"exercise:{FIRST}", FAILED)
    sheet.reload()
    sheet.locator(".steps.live").first.wait_for()
    assert "Give up" not in sheet.evaluate(before)
    assert named(box.locator(".offer"), "Hint 1: the property").is_visible()


def test_an_arrow_key_carries_a_placed_line(sheet):
    card(sheet).locator("details.hint").last.locator("summary").press("Enter")
    task, lines = item(sheet, name(FIRST)), right(FIRST)
    for line in (lines[1], lines[0]):
        press(named(task, line))
    placed = task.locator("ol li")
    named(task, lines[0]).press("ArrowUp")
    assert [line.strip() for line in placed.all_inner_texts()] == lines[:2]
    assert sheet.evaluate("document.activeElement.textContent").strip() == lines[0], "the line that moved is still held"
    named(task, lines[0]).press("ArrowDown")
    assert [line.strip() for line in placed.all_inner_texts()] == [lines[1], lines[0]]
    named(task, lines[0]).press("ArrowUp")
    for line in lines[2:]:
        press(named(task, line))
    assert "Right." in task.get_by_role("status").inner_text()


def test_without_scripts_every_step_opens_and_the_notebook_is_named(browser, url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url)
        box = card(page)
        for step in box.locator(".steps > details").all():
            step.locator("summary").press("Enter")
            assert step.get_attribute("open") is not None
        assert "Give up" not in box.inner_text() and "notebook" in box.locator(".no-run").inner_text()
        assert "import check" not in box.inner_text()
        assert "softmax_solution" in box.locator("details.solution").inner_text()


# -- in the built book

@pytest.fixture(scope="module")
def chapter(browser, site_url):
    if not (conftest.SITE / "_static" / "pyodide" / "pyodide-lock.json").is_file():
        pytest.skip("the site was built without Pyodide (python tools/pyodide.py)")
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        page.goto(f"{site_url}/{CHAPTER}")
        page.wait_for_selector("html[data-pyodide]", state="attached")
        yield page
        assert page.external == [] and page.errors == []


def verdict(box) -> str:
    box.locator(".run-verdict").wait_for(timeout=BOOT)
    return box.locator(".run-verdict").inner_text()


def test_check_and_its_keys_judge_what_stands_in_the_editor(chapter):
    box = chapter.locator("#exercise-self-attention-softmax")
    editor = box.locator(".tag_exercise-slot textarea")
    editor.fill(WRONG)
    named(box.locator(".tag_exercise-slot"), "Check").click()
    assert verdict(box) == "✗ Not yet"
    place = box.locator(".run-said a")
    assert place.evaluate("link => link.pathname + link.hash") == f"/{MISCONCEPTIONS['softmax_over_queries'].href}"
    assert named(box.locator(".offer"), "Hint 1: the property").is_visible()
    editor.fill(solved(FIRST))
    editor.press("Control+Enter")
    box.locator(".run-verdict", has_text="✓ Passed").wait_for(timeout=BOOT)
    assert not named(box, "Hint 1: the property").is_visible()
    editor.fill("def softmax(scores):\n    print('ran')")
    editor.press("Shift+Enter")
    box.locator(".tag_exercise-slot .run-status", has_text="Done in").wait_for(timeout=BOOT)
    assert verdict(box) == "✓ Passed"  # to run is not to check
    box.locator(".tag_exercise-slot .run-reset").click()


def test_the_lines_fill_the_editor_and_pass_there(chapter):
    box = chapter.locator("#exercise-self-attention-softmax")
    editor = box.locator(".tag_exercise-slot textarea")
    editor.fill("mine = 3")
    box.locator("details.hint").last.evaluate("hint => { hint.open = true }")
    fill = named(box, "Put these lines into the editor")
    assert not fill.is_visible()
    task = box.locator(".item-lines .play")
    for line in (strays(FIRST)[0], *right(FIRST)):
        if line == strays(FIRST)[0]:
            named(task, line).click()
            assert fill.is_visible()
            named(task, line).click()
        else:
            press(named(task, line))
    fill.click()
    text = editor.input_value()
    assert "YOUR CODE HERE" not in text and text.startswith("import numpy as np")
    assert re.search(r"\n    " + re.escape(right(FIRST)[0]) + r"\n", text)
    assert [line.strip() for line in text.rstrip().splitlines()[-len(right(FIRST)):]] == right(FIRST)
    named(box, "Undo").click()
    assert editor.input_value() == "mine = 3"
    fill.click()
    editor.press("Control+Enter")
    box.locator(".run-verdict", has_text="✓ Passed").wait_for(timeout=BOOT)
    box.locator(".tag_exercise-slot .run-reset").click()


def test_a_card_is_one_box_that_fits_a_phone(browser, site_url, axe_in_both_themes):
    with phone(browser) as context:
        page = conftest.watch(context, site_url)
        conftest.visit(page, f"{site_url}/{CHAPTER}")
        boxes = page.locator(".card-box")
        assert boxes.count() >= 3 and page.locator(".bd-article details.solution:not(.card-box *)").count() == 0
        told(page, state="failed")
        for box in boxes.all():
            box.evaluate("box => { for (const step of box.querySelectorAll('details')) step.open = true }")
            assert box.evaluate(WIDE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        small = """[...document.querySelectorAll(".card-box :is(.labels span, .steps summary, .offer button, .run-button, .uses)")]
            .filter((one) => one.checkVisibility() && parseFloat(getComputedStyle(one).fontSize) < 11).length"""
        assert page.evaluate(small) == 0
        assert axe_in_both_themes(page, "#exercise-self-attention-softmax") == ""
        page.close()

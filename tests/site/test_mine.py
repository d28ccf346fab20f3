"""Answers that pass become pieces of a model that speaks with them; a broken one breaks nothing; they travel with the progress."""
from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from in_browser import phone, sticks_out  # noqa: E402

from attnlab.exercises import solved  # noqa: E402

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
EXERCISES, MODEL = "book/multi_head/implementation.html", "book/mine/your_own_model.html"
PASSED = ("multi_head.split_heads", "multi_head.merge_heads", "multi_head.multi_head")
BOOT = 90_000
DRAWN = ".own-said strong"
CELL = "[...document.querySelectorAll('.cell')].find((one) => one.cell?.text.includes(words)).cell"
NEEDS_PYTHON = pytest.mark.skipif(
    not (conftest.SITE / "_static" / "pyodide" / "pyodide-lock.json").is_file(), reason="the site was built without Pyodide (python tools/pyodide.py)"
)


@pytest.fixture(scope="module")
def sheet(browser, site_url):
    """One page of a reader who has done nothing yet; the tests of this file go on where the one before has ended."""
    with conftest.opened(browser) as context:
        page = conftest.watch(context, site_url)
        page.set_default_timeout(BOOT)
        yield page
        assert page.errors == []


def go(page, site_url: str, address: str, waits_for: str) -> None:
    page.goto(f"{site_url}/{address}")
    page.locator(waits_for).first.wait_for(state="attached")


def answer(page, exercise: str) -> None:
    """Type the course's solution into the slot of an exercise and press Check."""
    page.evaluate("""([name, text]) => {
        const box = [...document.querySelectorAll(".card-box")].find((one) => one.querySelector(".tag_exercise-check").cell.text.includes(`"${name}"`));
        const { cell } = box.querySelector(".tag_exercise-slot");
        cell.editor.set(text);
        cell.edited(text);
        box.querySelector(".run-check").click();
    }""", [exercise, solved(exercise)])
    page.wait_for_function("name => Object.keys(localStorage).some((key) => key.endsWith(`:answer:${name}`))", arg=exercise)


def run(page, words: str) -> str:
    """What the cell with these words shows, after it has run."""
    page.evaluate(f"words => {{ const cell = {CELL}; cell.output.reset(); cell.page.run(cell); }}", words)
    page.wait_for_function(f"words => /^(Done|An error|Stopped)/.test({CELL}.status.textContent)", arg=words)
    assert page.evaluate(f"words => {CELL}.status.textContent", words).startswith("Done")
    return page.evaluate(f"words => {CELL}.element.querySelector('.run-output').innerText", words)


def yours(page) -> list[str]:
    """The boxes of the drawing that are marked."""
    boxes = "[...document.querySelectorAll('.dg .wide a[data-page]')].filter((box) => box.textContent.includes('✓ yours'))"
    return page.evaluate(f"{boxes}.map((box) => box.querySelector('text').textContent)")


@NEEDS_PYTHON
def test_three_exercises_passed_are_three_pieces_and_the_model_speaks_with_them(sheet, site_url):
    go(sheet, site_url, MODEL, DRAWN)
    assert sheet.locator(DRAWN).inner_text() == "0 of 26 pieces are yours."
    spoken = sheet.evaluate(f"words => {CELL}.element.querySelector('.cell_output:not(.run-output) pre').textContent", "namer.sample(model, start")
    go(sheet, site_url, EXERCISES, ".run-check")
    for exercise in PASSED:
        answer(sheet, exercise)
    go(sheet, site_url, MODEL, DRAWN)
    assert sheet.locator(DRAWN).inner_text() == "3 of 26 pieces are yours."
    assert yours(sheet) == ["split heads", "merge heads", "multi head"]
    said = run(sheet, "own = mine.assemble()")
    assert "Yours: split_heads, merge_heads, multi_head" in said and "3 of 26 pieces are yours." in said
    assert run(sheet, "namer.sample(model, start").split() == spoken.split(), "the same names, by other hands"
    assert "3 of 4 pieces are yours." in run(sheet, 'mine.milestone("multi_head")')
    assert "lines of 3 pieces" in run(sheet, "mine.score()")
    sheet.wait_for_function("() => document.querySelector('.own-said').textContent.includes('lines of 3 pieces')")


@NEEDS_PYTHON
def test_the_model_is_saved_as_a_file_with_the_reader_s_own_lines(sheet, tmp_path):
    run(sheet, "mine.exported()")
    with sheet.expect_download() as download:
        sheet.locator(".run-output a[download='my_model.py']").first.click()
    download.value.save_as(tmp_path / "my_model.py")
    text = (tmp_path / "my_model.py").read_text("utf-8")
    assert "2 of its 9 pieces my own" in text and "merge_heads: the heads side by side again (yours)" in text


def test_a_broken_answer_breaks_nothing_and_is_named(sheet, site_url):
    go(sheet, site_url, MODEL, DRAWN)
    broken = {"positions.rotary": "def rotary(x, p:", "self_attention.causal_mask": "def causal_mask(n, m):\n    return [[True] * m] * n"}
    sheet.evaluate("""broken => { for (const [name, source] of Object.entries(broken)) localStorage.setItem(`attnlab:/:answer:${name}`,
        JSON.stringify({ source, slot: "old", passed: "2026-03-14T09:26:53.589Z", version: 1 }));
        localStorage.setItem("attnlab:/:answer:self_attention.softmax", "{damaged"); }""", broken)
    sheet.reload()
    sheet.locator(DRAWN).wait_for()
    if not (conftest.SITE / "_static" / "pyodide" / "pyodide-lock.json").is_file():
        return
    said = run(sheet, "own = mine.assemble()")
    assert re.search(r"rotary +the course's: yours is no Python \(SyntaxError, line 1\)", said)
    assert re.search(r"causal_mask +the course's: it was written for an earlier version of the exercise; yours does not pass now", said)
    assert "Every number is the course's own." in run(sheet, 'mine.milestone("positions")')


def test_answers_travel_with_the_progress_and_the_newer_stays(browser, site_url):
    """Two browsers, by the very functions of the page that saves and reads the file."""
    portable = "import('/_static/practice/portable.js')"
    own = {"source": "def softmax(): pass", "slot": "a", "passed": "2026-03-15T09:26:53.589Z", "version": 1}
    with conftest.opened(browser) as one, conftest.opened(browser) as other:
        here, there = conftest.watch(one, site_url), conftest.watch(other, site_url)
        for page, entry in ((here, own), (there, own | {"source": "older", "passed": "2026-03-14T09:26:53.589Z"})):
            go(page, site_url, MODEL, DRAWN)
            page.evaluate("entry => localStorage.setItem('attnlab:/:answer:self_attention.softmax', JSON.stringify(entry))", entry)
        text = here.evaluate(f"async () => (await {portable}).written()")
        assert json.loads(text)["answers"]["self_attention.softmax"]["source"] == own["source"]
        counts = there.evaluate(f"async (text) => (await {portable}).taken(text)", text)
        assert counts["answers"] == 1 and there.evaluate(f"async (text) => (await {portable}).taken(text)", text)["answers"] == 0
        assert json.loads(there.evaluate("localStorage.getItem('attnlab:/:answer:self_attention.softmax')")) == own
        for bad in ({"source": "x" * 20_001, "slot": "a", "passed": own["passed"]}, {"source": 5, "slot": "a", "passed": own["passed"]}, {"source": "x"}):
            file = json.dumps({"format": "attnlab-progress", "version": 1, "exercises": {}, "answers": {"self_attention.softmax": bad}})
            assert "damaged at “self_attention.softmax”" in there.evaluate(f"async (text) => (await {portable}).refusal(text)", file)


def test_on_a_phone_the_drawing_fits_and_its_boxes_say_whose_they_are(browser, site_url):
    with phone(browser) as context:
        page = context.new_page()
        go(page, site_url, MODEL, DRAWN)
        assert sticks_out(page.locator(".dg").first) == []
        names = page.evaluate("[...document.querySelectorAll('.dg .narrow a[data-page]')].map((box) => box.getAttribute('aria-label'))")
        assert len(names) == 26 and set(name.split(", ")[1] for name in names) == {"the course's"}

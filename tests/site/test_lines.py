"""The last hint of an exercise: its lines are put in order on the page, and are plain text where there is no script."""
from __future__ import annotations

import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

sys.path[:0] = [str(Path(__file__).resolve().parents[i] / name) for i, name in ((1, ""), (2, "tools"))]
import expand  # noqa: E402
from practice_site import built, item, named, opened, press, served, status, stored  # noqa: E402

from attnlab.exercises import EXERCISES, _lines  # noqa: E402

pytestmark = pytest.mark.browser
PLAIN, BLOCK = "self_attention.softmax", "efficiency.merge"


def page_of(*ids: str) -> str:
    """The cells of exercises as MyST text."""
    cells = [cell for name in ids for cell in expand.exercise_cells(name)]
    return "\n\n".join(cell.source if cell.cell_type == "markdown" else code(cell) for cell in cells)


def code(cell) -> str:
    return f"```{{code-cell}} ipython3\n:tags: {cell.metadata['tags']}\n{cell.source}\n```"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    pages = {"index": "# Exercises\n\n" + page_of(PLAIN, BLOCK), "plain": "# Nothing to do\n\nText."}
    with served(built(tmp_path_factory.mktemp("lines"), pages)) as address:
        yield f"{address}/index.html"


@pytest.fixture
def sheet(browser, url):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 360, "height": 780}, has_touch=True) as context:
        context.set_default_timeout(15_000)
        with opened(context, url, ".item-lines .play") as page:
            page.evaluate("document.querySelectorAll('details.hint').forEach((hint) => { hint.open = true })")
            yield page


def name(exercise: str) -> str:
    return "lines-" + exercise.replace(".", "-").replace("_", "-")


def right(exercise: str) -> list[str]:
    return [line.text.strip() for line in _lines.right_lines(EXERCISES[exercise])]


def strays(exercise: str) -> list[str]:
    return [line.strip() for line in _lines.stray_lines(EXERCISES[exercise])]


def test_by_keyboard_the_lines_make_the_function_and_stay_after_a_reload(sheet):
    task = item(sheet, name(PLAIN))
    assert task.locator(".pool button").count() == len(right(PLAIN)) + len(strays(PLAIN))
    for line in right(PLAIN):
        press(named(task, line))
    assert status(task).startswith("Right.")
    assert [line.strip() for line in task.locator("ol li").all_inner_texts()] == right(PLAIN)
    sheet.reload()
    sheet.locator("details.hint").last.evaluate("hint => { hint.open = true }")
    assert [line.strip() for line in item(sheet, name(PLAIN)).locator("ol li").all_text_contents()] == right(PLAIN)
    assert stored(sheet, f"item:{name(PLAIN)}")["state"] == "right"


def test_by_touch_a_line_of_a_mistake_is_named_and_exchanged(sheet):
    task, stray = item(sheet, name(PLAIN)), strays(PLAIN)[0]
    for line in (right(PLAIN)[0], stray, right(PLAIN)[2]):
        named(task, line).tap()
    assert "The first line is in place. Look at line 2: it belongs to a mistake, softmax over queries." in status(task)
    named(task, stray).tap()
    named(task, right(PLAIN)[1]).tap()
    assert status(task).startswith("Right.")


def test_an_order_in_which_every_line_finds_what_it_needs_is_right_too(sheet):
    task, lines = item(sheet, name(BLOCK)), right(BLOCK)
    assert lines[3].startswith("total") and lines[4].startswith("mixed")
    for line in (*lines[:3], lines[4], lines[3], *lines[5:]):
        press(named(task, line))
    assert status(task).startswith("Right.")


def test_a_line_above_what_it_needs_or_inside_a_block_is_pointed_at(sheet):
    task, lines = item(sheet, name(BLOCK)), right(BLOCK)
    for line in (lines[0], lines[2], lines[1], *lines[3:]):
        press(named(task, line))
    assert "Look at line 2: what it needs is not above it yet." in status(task)
    sheet.reload()
    sheet.evaluate("document.querySelectorAll('details.hint').forEach((hint) => { hint.open = true })")
    for line in (*lines[:4], lines[5], lines[4], *lines[6:]):
        press(named(task, line))
    assert "Look at line 7: the line it is indented under is not right above it." in status(task)


def test_the_lines_are_text_without_a_script_and_on_paper(browser, url, sheet):
    assert not sheet.locator("details.hint pre").last.is_visible()
    sheet.emulate_media(media="print")
    assert sheet.locator("details.hint pre").last.is_visible() and not item(sheet, name(BLOCK)).is_visible()
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url)
        for exercise in (PLAIN, BLOCK):
            hint = page.locator("details.hint", has_text="put the lines in order").nth([PLAIN, BLOCK].index(exercise))
            hint.locator("summary").press("Enter")
            text = hint.locator("pre").inner_text()
            assert sorted(filter(None, map(str.strip, text.splitlines()))) == sorted(right(exercise) + strays(exercise))
        assert page.locator(".play").count() == 0


def test_axe_finds_nothing_and_no_line_is_wider_than_a_phone(sheet):
    for line in right(BLOCK)[:3]:
        press(named(item(sheet, name(BLOCK)), line))
    sheet.evaluate("document.querySelectorAll('.item-lines').forEach((box) => box.classList.add('bd-article'))")
    options = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(sheet, context=".item-lines", options=options).response["violations"]
    assert [node["html"] for rule in found for node in rule["nodes"]] == []
    wide = """[...document.querySelectorAll('.item-lines .chip')].filter((chip) => chip.scrollWidth > chip.clientWidth
        || chip.getBoundingClientRect().right > chip.closest('.item-lines').getBoundingClientRect().right).length"""
    assert sheet.evaluate(wide) == 0


def test_pages_load_the_scripts_of_what_is_on_them_and_no_other(browser, url):
    def asked(address):
        with browser.new_context() as context:
            page = context.new_page()
            seen = []
            page.on("request", lambda request: seen.append(request.url.partition("/_static/")[2].partition("?")[0]))
            page.goto(address, wait_until="networkidle")
            return {path for path in seen if path.startswith("practice/")}

    assert asked(url.replace("index", "plain")) == set()
    assert "practice/exercises.js" in asked(url) and "practice/main.js" not in asked(url)

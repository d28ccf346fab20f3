"""Progress leaves one browser as a file and comes into another: nothing is lost, and a file that is none is refused."""
from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from practice_site import (  # noqa: E402
    BANK, PAGE, built, grades, item, key, named, opened, press, score, served, status, store, stored, typed,
)

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser
PANEL = ".progress-file"
EXERCISE = "self_attention.softmax"
TIME = "2026-03-14T09:26:53.589Z"
NOTEBOOKS = {"format": "attnlab-progress", "version": 1,
             "exercises": {EXERCISE: {"attempts": 2, "updated": TIME, "passed": TIME, "mistakes": {"no_scale": 1}}}}
CODE = "code:index:1-abc"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    page = PAGE + "\n## File\n\n```{progress-file}\n```\n"
    with served(built(tmp_path_factory.mktemp("file"), {"index": page}, BANK)) as address:
        yield f"{address}/index.html"


@pytest.fixture
def sheets(browser, url):
    """A page in each of two browsers that know nothing of each other."""
    options = {"reduced_motion": "reduce", "viewport": {"width": 900, "height": 900}}
    with browser.new_context(**options) as one, browser.new_context(**options) as other:
        with opened(one, url, f"{PANEL} button") as here, opened(other, url, f"{PANEL} button") as there:
            yield here, there


def saved(page, folder: Path) -> Path:
    with page.expect_download() as download:
        press(named(page.locator(PANEL), "Save my progress to a file"))
    assert download.value.suggested_filename == "attnlab-progress.json"
    download.value.save_as(folder / "attnlab-progress.json")
    return folder / "attnlab-progress.json"


def take(page, file) -> str:
    """What is said after a file, or one with this content, was chosen."""
    if not isinstance(file, Path):
        text = file if isinstance(file, str) else json.dumps(file)
        file = {"name": "progress.json", "mimeType": "application/json", "buffer": text.encode()}
    said = page.locator(PANEL).get_by_role("status")
    said.evaluate("said => { said.textContent = '' }")
    page.locator(f"{PANEL} input").set_input_files(file)
    page.wait_for_function("said => said.textContent", arg=said.element_handle())
    return said.inner_text()


def everything(page) -> dict:
    kept = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return {name: text if CODE in name else json.loads(text) for name, text in kept.items() if name.startswith("attnlab:")}


def test_goals_of_explorables_travel_too(sheets, tmp_path):
    here, there = sheets
    store(here, "goal:tile_walk:end", {"found": TIME, "version": 1})
    file = saved(here, tmp_path)
    assert json.loads(file.read_text(encoding="utf-8"))["goals"] == {"tile_walk:end": {"found": TIME}}
    assert "1 goal of an explorable" in take(there, file)
    assert stored(there, "goal:tile_walk:end")["found"] == TIME


def test_what_one_browser_knows_the_other_knows_after_the_file(sheets, tmp_path):
    here, there = sheets
    typed(item(here, "i-number"), "2")
    typed(item(here, "i-number"), "0.5")
    press(named(item(here, "i-truth"), "False"))
    store(here, f"exercise:{EXERCISE}", {**NOTEBOOKS["exercises"][EXERCISE], "version": 1})
    store(here, CODE, "x = 1")
    file = saved(here, tmp_path)
    assert "2 cards and questions" in here.locator(PANEL).inner_text() and "1 exercise" in here.locator(PANEL).inner_text()
    assert take(there, file) == "Added or brought up to date: 1 exercise, 2 cards and questions and 1 cell."
    assert "Right." in status(item(there, "i-truth")), "what is on the page shows it at once"
    there.reload()
    there.locator(".deck").wait_for()
    assert score(there) == "2 of 7 answered, 1 right at the first try." and "Right." in status(item(there, "i-truth"))
    assert everything(there) == everything(here)
    assert take(there, file) == "Everything in this file was here already."


def test_both_histories_are_kept_and_a_text_edited_here_stays(sheets, tmp_path):
    here, there = sheets
    typed(item(here, "i-number"), "2")
    press(named(item(there, "i-truth"), "True"))
    typed(item(there, "i-number"), "0.5")
    store(here, CODE, "x = 1")
    store(there, CODE, "x = 2")
    said = take(there, saved(here, tmp_path))
    assert said.endswith("A cell that you have edited here keeps its text.")
    assert grades(there, "i-number") == [1, 3] and stored(there, "item:i-number")["state"] == "right"
    assert grades(there, "i-truth") == [1]
    assert there.evaluate("key => localStorage.getItem(key)", key(CODE)) == "x = 2"


def test_the_file_of_a_notebook_is_read_and_has_the_form_of_ours(sheets, tmp_path):
    here, _ = sheets
    assert take(here, NOTEBOOKS) == "Added or brought up to date: 1 exercise."
    assert stored(here, f"exercise:{EXERCISE}") == {**NOTEBOOKS["exercises"][EXERCISE], "version": 1}
    ours = json.loads(saved(here, tmp_path).read_text("utf-8"))
    assert {name: ours[name] for name in NOTEBOOKS} == NOTEBOOKS


def test_a_notebook_goes_on_in_a_file_of_the_site(sheets, tmp_path, monkeypatch):
    from attnlab.exercises import _progress

    here, _ = sheets
    press(named(item(here, "i-truth"), "False"))
    take(here, NOTEBOOKS)
    file = saved(here, tmp_path)
    before = json.loads(file.read_text("utf-8"))
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(file))
    _progress.record(EXERCISE, type("Diagnosis", (), {"attempted": True, "passed": False, "mistake": "no_scale"}))
    after = json.loads(file.read_text("utf-8"))
    assert after["exercises"][EXERCISE]["attempts"] == 3 and after["items"] == before["items"] != {}
    assert take(here, file) == "Added or brought up to date: 1 exercise."


DAMAGED = {**NOTEBOOKS, "items": {"i-truth": {"log": [[TIME, 9]], "state": "right", "tried": []}}}


@pytest.mark.parametrize("file, why", [
    ('{"format": "attnlab-progress", "vers', "damaged, or is no file of progress"), ("", "damaged"), ("null", "no file of progress in this course"),
    ([], "no file of progress in this course"), ({"cells": []}, "no file of progress in this course"), (DAMAGED, "damaged at “i-truth”"),
    ({**NOTEBOOKS, "version": 2}, "A later version"), ({**NOTEBOOKS, "version": "1"}, "damaged at “version”"),
    ({**NOTEBOOKS, "exercises": []}, "damaged at “exercises”"), ({**NOTEBOOKS, "code": {"index:1-a": 5}}, "damaged at “index:1-a”"),
    ({**NOTEBOOKS, "exercises": {EXERCISE: {"attempts": 1, "updated": TIME, "mistakes": {"a": "b"}}}}, f"damaged at “{EXERCISE}”"),
])
def test_a_file_that_is_damaged_or_none_is_refused_whole(sheets, file, why):
    here, _ = sheets
    press(named(item(here, "i-truth"), "False"))
    before = everything(here)
    said = take(here, file)
    assert why in said and said.endswith("Nothing was changed.")
    assert everything(here) == before


def test_where_nothing_can_be_kept_that_is_said_and_it_can_be_saved(browser, url, tmp_path):
    with browser.new_context() as context:
        context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }});")
        with opened(context, url, f"{PANEL} button") as page:
            assert "it lasts until you leave the page" in take(page, NOTEBOOKS)
            assert json.loads(saved(page, tmp_path).read_text("utf-8"))["exercises"] == NOTEBOOKS["exercises"]


def test_without_scripts_one_sentence_says_what_is_missing(browser, url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url)
        assert "needs JavaScript" in page.locator(PANEL).inner_text()


def test_the_panel_can_be_read_in_both_themes(sheets, axe_in_both_themes):
    here, _ = sheets
    take(here, NOTEBOOKS)
    assert axe_in_both_themes(here, PANEL) == ""

"""What a reader did stays: after a reload, with two tabs, after Back, beside damage, and while nothing can be stored."""
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
EXERCISE = "self_attention.softmax"
CHECK = f"""# Exercise

```{{code-cell}} ipython3
:tags: [exercise-check]
check("{EXERCISE}", softmax)
```

A [quiz](index.md).
"""
BLOCKED = "Object.defineProperty(window, '{}', {{get() {{ throw new DOMException('no', 'SecurityError') }}}});"
BOTH_BLOCKED = BLOCKED.format("localStorage") + BLOCKED.format("sessionStorage")
ABSENT = "Object.defineProperty(window, 'localStorage', {get: () => null});"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') };"
NOTE = "This browser cannot keep your results"
REVIEW = ["2026-03-14T09:26:53.589Z", 3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return built(tmp_path_factory.mktemp("kept"), {"index": PAGE, "check": CHECK}, BANK)


@pytest.fixture(scope="module")
def url(folder):
    with served(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture
def context(browser):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 900, "height": 900}) as made:
        made.set_default_timeout(15_000)
        yield made


@pytest.fixture
def sheet(context, url):
    with opened(context, url) as page:
        yield page


def reload(page):
    page.reload()
    page.locator(".deck").wait_for()


def answer(page, name: str) -> None:
    """Give the right answer to an item that takes one press, or to a number."""
    if name == "i-number":
        typed(item(page, name), "0.5")
    else:
        press(named(item(page, name), {"i-truth": "False", "i-choice": "d_k"}[name]))


def notes(page) -> int:
    """How many of the lines that say so are seen."""
    return sum(note.is_visible() for note in page.get_by_text(NOTE).all())


def flip(page, knew: bool) -> None:
    press(named(page.locator(".deck"), "Show answer"))
    press(named(page.locator(".deck"), "Knew it" if knew else "Not yet"))


# -- a reload

def test_answers_their_reasons_and_the_score_stand_there_after_a_reload(sheet):
    press(named(item(sheet, "i-choice"), "one"))
    for name in ("i-choice", "i-truth", "i-number"):
        answer(sheet, name)
    typed(item(sheet, "i-gap"), "two")
    before = score(sheet)
    reload(sheet)
    assert score(sheet) == before == "3 of 7 answered, 2 right at the first try."
    assert status(item(sheet, "i-choice")) == "Right. It adds up."
    assert named(item(sheet, "i-choice"), "d_k (right)").get_attribute("aria-disabled") == "true"
    assert named(item(sheet, "i-choice"), "one (not this one)").count() == 1
    assert item(sheet, "i-number").locator("input").input_value() == "0.5"
    assert "Missed at the first try" in status(item(sheet, "i-gap"))
    typed(item(sheet, "i-gap"), "one")
    assert score(sheet) == "4 of 7 answered, 2 right at the first try.", "a reload makes a second try a first one"
    assert grades(sheet, "i-gap") == [1]


@pytest.mark.parametrize("name, laid", [("i-order", ["first", "second", "third"]), ("i-sort", ["flash", "cache", "Linformer"])])
def test_what_was_laid_out_lies_there_after_a_reload(sheet, name, laid):
    steps = ["first", "second", "third"] if name == "i-order" else ["flash", "Exact", "cache", "Exact", "Linformer", "Approximate"]
    for words in steps:
        press(named(item(sheet, name), words))
    reload(sheet)
    assert item(sheet, name).locator("li").all_inner_texts() == laid and status(item(sheet, name)).startswith("Right.")


def test_pairs_found_and_answers_shown_stand_there_after_a_reload(sheet):
    for left, right in (("Q", "alpha"), ("K", "beta"), ("V", "gamma")):
        press(named(item(sheet, "i-match"), left))
        press(named(item(sheet, "i-match"), right))
    press(named(item(sheet, "i-number"), "Show the answer"))
    reload(sheet)
    assert item(sheet, "i-match").locator(".pairs li").count() == 3
    assert status(item(sheet, "i-number")) == "Answer: 0.5. Half each."
    assert score(sheet) == "2 of 7 answered, 1 right at the first try, 1 shown."


def test_cards_known_stay_known_and_those_not_known_come_first(sheet):
    flip(sheet, True)
    flip(sheet, False)
    reload(sheet)
    assert sheet.locator(".cards .score").inner_text() == "1 of 2 known."
    assert "What is a key?" in sheet.locator(".front").inner_text()
    flip(sheet, True)
    reload(sheet)
    assert "Every card known" in sheet.locator(".deck").inner_text()
    press(named(sheet.locator(".deck"), "Start again"))
    reload(sheet)
    assert sheet.locator(".cards .score").inner_text() == "0 of 2 known."


def test_start_again_begins_a_new_round_and_the_log_only_grows(sheet):
    answer(sheet, "i-truth")
    press(named(sheet.locator(".quiz"), "Start again"))
    reload(sheet)
    assert score(sheet) == "7 questions." and grades(sheet, "i-truth") == [3]
    press(named(item(sheet, "i-truth"), "True"))
    answer(sheet, "i-truth")
    assert grades(sheet, "i-truth") == [3, 1]
    times = [time for time, _ in stored(sheet, "item:i-truth")["log"]]
    assert times == sorted(times) and all(len(time) == len(REVIEW[0]) and time.endswith("Z") for time in times)


def test_one_key_an_item_below_the_path_of_the_site(context, folder):
    with served(folder.parent) as address, opened(context, f"{address}/{folder.name}/index.html") as page:
        answer(page, "i-truth")
        assert page.evaluate("Object.keys(localStorage)") == [f"attnlab:/{folder.name}/:item:i-truth"]


def test_nothing_is_written_before_something_is_answered(sheet):
    reload(sheet)
    assert sheet.evaluate("localStorage.length") == 0


# -- two tabs, and Back

def test_two_tabs_keep_each_others_answers(context, url, sheet):
    with opened(context, url) as other:
        answer(sheet, "i-truth")
        answer(other, "i-number")
        flip(other, True)
        answer(sheet, "i-choice")
    reload(sheet)
    assert score(sheet) == "3 of 7 answered, 3 right at the first try."
    assert sheet.locator(".cards .score").inner_text() == "1 of 2 known."


def test_a_tab_shows_what_another_one_did(context, url, sheet):
    with opened(context, url) as other:
        item(sheet, "i-number").locator("input").fill("half an ans")
        answer(other, "i-truth")
        flip(other, True)
        sheet.get_by_text("1 of 7 answered, 1 right").wait_for()
        sheet.get_by_text("1 of 2 known.").wait_for()
        assert status(item(sheet, "i-truth")).startswith("Right.") and "What is a key?" in sheet.locator(".front").inner_text()
        assert item(sheet, "i-number").locator("input").input_value() == "half an ans", "what is being typed is lost"
        other.evaluate("localStorage.clear()")
        sheet.get_by_text("0 of 2 known.").wait_for()
        assert score(sheet) == "7 questions."


def test_the_same_question_in_two_tabs_is_one_round(context, url, sheet):
    """The second tab is deaf, as between two moments: only what it reads when it writes can help it."""
    with opened(context, url) as other:
        other.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
        press(named(item(sheet, "i-truth"), "True"))
        answer(other, "i-truth")
        assert grades(sheet, "i-truth") == [1] and stored(sheet, "item:i-truth")["tried"] == ["True"]


def test_a_page_that_comes_back_shows_what_was_done_meanwhile(sheet):
    answer(sheet, "i-truth")
    known = stored(sheet, "item:i-truth")
    store(sheet, "item:i-choice", {**known, "tried": ["one"]})
    assert score(sheet) == "1 of 7 answered, 1 right at the first try."
    sheet.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert score(sheet) == "2 of 7 answered, 1 right at the first try."


def test_back_from_the_next_page_loses_nothing(context, url, sheet):
    answer(sheet, "i-truth")
    sheet.goto(url.replace("index", "check"))
    sheet.evaluate("document.dispatchEvent(new CustomEvent('attnlab:check', {detail: {exercise: 'a.b', state: 'passed'}}))")
    sheet.go_back()
    sheet.locator(".deck").wait_for()
    answer(sheet, "i-number")
    assert score(sheet) == "2 of 7 answered, 2 right at the first try." and stored(sheet, "exercise:a.b")["attempts"] == 1


# -- damage, and what other versions wrote

DAMAGED = ["{broken", "[]", "3", "null", "", '"text"', {}, {"version": 0, "items": {}}, {"version": "1"},
           {"version": 1, "log": [["yesterday", 3]], "state": "open", "tried": []},
           {"version": 1, "log": [[REVIEW[0], 9]], "state": "open", "tried": []},
           {"version": 1, "log": [], "state": "asleep", "tried": []}, {"version": 1, "log": [], "state": "open", "tried": [3]},
           {"version": 1, "log": {}, "state": "open"}]


def test_a_damaged_entry_is_set_aside_and_the_others_stay(sheet):
    answer(sheet, "i-truth")
    for damaged in DAMAGED:
        text = damaged if isinstance(damaged, str) else json.dumps(damaged)
        store(sheet, "item:i-number", text)
        reload(sheet)
        assert score(sheet) == "1 of 7 answered, 1 right at the first try.", text
        answer(sheet, "i-number")
        assert grades(sheet, "i-number") == [3], text
    aside = [stored_text(sheet, f"damaged-{n}:item:i-number") for n in range(1, len(DAMAGED) + 1)]
    assert aside == [damaged if isinstance(damaged, str) else json.dumps(damaged) for damaged in DAMAGED]
    assert grades(sheet, "i-truth") == [3] and notes(sheet) == 0


def stored_text(page, name: str) -> str | None:
    return page.evaluate("key => localStorage.getItem(key)", key(name))


def test_an_entry_of_a_later_version_is_left_alone_and_said(sheet):
    later = json.dumps({"version": 2, "anything": "else"})
    store(sheet, "item:i-truth", later)
    reload(sheet)
    assert score(sheet) == "7 questions."
    answer(sheet, "i-truth")
    assert score(sheet) == "1 of 7 answered, 1 right at the first try." and notes(sheet) == 2
    assert stored_text(sheet, "item:i-truth") == later


def test_fields_that_are_not_known_here_stay(sheet):
    store(sheet, "item:i-truth", {"version": 1, "log": [REVIEW], "state": "open", "tried": [], "due": "2027-01-01"})
    reload(sheet)
    answer(sheet, "i-truth")
    kept = stored(sheet, "item:i-truth")
    assert kept["due"] == "2027-01-01" and kept["log"][0] == REVIEW and len(kept["log"]) == 2


def test_keys_of_others_are_never_touched(sheet):
    foreign = {"attnlab:practice": "{old}", "attnlab:/:notes": "mine", "theme": "dark", "attnlab:/other/:item:i-truth": "x"}
    for name, text in foreign.items():
        sheet.evaluate("([name, text]) => localStorage.setItem(name, text)", [name, text])
    reload(sheet)
    answer(sheet, "i-truth")
    flip(sheet, True)
    for name, text in foreign.items():
        assert sheet.evaluate("name => localStorage.getItem(name)", name) == text


# -- storage that refuses

@pytest.mark.parametrize("script", [BLOCKED.format("localStorage"), BOTH_BLOCKED, ABSENT], ids=["blocked", "both", "absent"])
def test_blocked_storage_is_said_and_everything_works_until_the_page_is_left(context, url, script):
    context.add_init_script(script)
    with opened(context, url) as page:
        assert notes(page) == 2, "one line for the cards, one for the quiz"
        everything_works(page)


def everything_works(page) -> None:
    for name in ("i-truth", "i-number", "i-choice"):
        answer(page, name)
    flip(page, True)
    assert score(page) == "3 of 7 answered, 3 right at the first try."
    assert page.locator(".cards .score").inner_text() == "1 of 2 known."
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert score(page) == "3 of 7 answered, 3 right at the first try.", "what is not stored is forgotten too early"


def on_disk(page, name: str) -> bool:
    return key(name) in page.evaluate("Object.keys(localStorage)")


def test_full_storage_is_said_when_it_refuses_and_what_was_kept_stays(sheet):
    answer(sheet, "i-truth")
    assert notes(sheet) == 0
    sheet.add_init_script(FULL)
    reload(sheet)
    assert notes(sheet) == 0 and score(sheet) == "1 of 7 answered, 1 right at the first try."
    answer(sheet, "i-number")
    assert notes(sheet) == 2 and score(sheet) == "2 of 7 answered, 2 right at the first try."
    assert grades(sheet, "i-truth") == [3] and not on_disk(sheet, "item:i-number")


def test_a_disk_that_is_really_full_keeps_what_it_had_and_takes_more_once_there_is_room(sheet):
    answer(sheet, "i-truth")
    sheet.evaluate("""() => {
        for (let size = 4e6; size >= 1; size /= 2)
            for (let n = 0; ; n++) {
                const name = `fill-${size}-${n}`;
                if (localStorage.setItem(name, "x".repeat(size)) === false) break;
            }
    }""")
    answer(sheet, "i-number")
    assert notes(sheet) == 2 and not on_disk(sheet, "item:i-number") and grades(sheet, "i-truth") == [3]
    sheet.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('fill-')).forEach((name) => localStorage.removeItem(name))")
    press(named(sheet.locator(".quiz"), "Start again"))
    answer(sheet, "i-number")
    assert grades(sheet, "i-number") == [3, 3], "the review made while the disk was full is lost"


def test_storage_that_ends_in_the_middle_of_a_visit_is_said(sheet):
    sheet.evaluate(f"() => {{ {FULL} }}")
    answer(sheet, "i-truth")
    assert notes(sheet) == 2 and score(sheet) == "1 of 7 answered, 1 right at the first try."


# -- exercises

def told(page, **detail) -> None:
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('attnlab:check', {detail}))",
                  {"exercise": EXERCISE, **detail})


@pytest.fixture
def exercise(context, url):
    with opened(context, url.replace("index", "check"), ".tag_exercise-check") as page:
        page.locator(".kept-verdict").wait_for(state="attached")
        yield page


def verdict(page) -> str:
    box = page.locator(".kept-verdict")
    return box.inner_text() if box.is_visible() else ""


def test_a_passed_exercise_is_passed_after_a_reload_and_stays_so(exercise):
    assert verdict(exercise) == ""
    for detail in ({"state": "open"}, {"state": "failed", "mistake": "softmax_over_queries"}, {"state": "failed"}):
        told(exercise, **detail)
    assert verdict(exercise).startswith("✗ Not yet") and "2 attempts so far" in verdict(exercise)
    told(exercise, state="passed")
    told(exercise, state="failed")
    exercise.reload()
    exercise.get_by_text("✓ Passed").wait_for()
    assert "4 attempts so far" in verdict(exercise)


def test_an_exercise_passed_in_another_tab_is_passed_here(context, url, exercise):
    with opened(context, url.replace("index", "check"), ".tag_exercise-check") as other:
        told(other, state="passed")
        exercise.get_by_text("✓ Passed").wait_for()
        told(exercise, state="failed")
        assert stored(other, f"exercise:{EXERCISE}")["attempts"] == 2


def test_python_and_the_site_write_the_same_entry(exercise, tmp_path, monkeypatch):
    from attnlab.exercises import EXERCISES, check

    path = tmp_path / "mine.json"
    monkeypatch.setenv("ATTNLAB_PROGRESS", str(path))
    bank = EXERCISES[EXERCISE]
    for function in (bank.mutants["temperature_ignored"], bank.mutants["temperature_ignored"], bank.reference):
        check(EXERCISE, function)
    for _ in range(2):
        told(exercise, state="failed", mistake="temperature_ignored")
    told(exercise, state="passed")
    document, here = json.loads(path.read_text("utf-8")), stored(exercise, f"exercise:{EXERCISE}")
    there = {**document["exercises"][EXERCISE], "version": document["version"]}
    times = ("updated", "passed")
    assert {**here, **dict.fromkeys(times)} == {**there, **dict.fromkeys(times)}
    assert [len(here[name]) for name in times] == [len(there[name]) for name in times] == [len(REVIEW[0])] * 2
    store(exercise, f"exercise:{EXERCISE}", there)
    exercise.reload()
    exercise.get_by_text("✓ Passed").wait_for()


# -- scripts that are not ours

@pytest.fixture(scope="module")
def themed(tmp_path_factory):
    with served(built(tmp_path_factory.mktemp("themed"), {"index": PAGE}, BANK, theme="sphinx_book_theme")) as address:
        yield f"{address}/index.html"


def switch(page) -> list[str]:
    """The themes that three presses of the theme's own switch lead to."""
    button = page.locator(".theme-switch-button").first
    seen = []
    for _ in range(3):
        button.click()
        seen.append(page.evaluate("document.documentElement.dataset.mode"))
    return seen


@pytest.mark.parametrize("script", [BOTH_BLOCKED, ABSENT, FULL], ids=["blocked", "absent", "full"])
def test_the_themes_own_switch_works_without_storage(context, themed, script):
    context.add_init_script(script)
    with opened(context, themed) as page:
        assert sorted(switch(page)) == ["auto", "dark", "light"]


def launched(browser, profile: Path, **options):
    """A browser of its own, with a profile."""
    whole = conftest.chromium(conftest.WHOLE)
    if whole is None:
        conftest._missing("no whole Chromium on PATH, only its shell: a browser's own settings were not tried")
    shared = {"executable_path": whole, "args": conftest.FLAGS, "reduced_motion": "reduce"}
    return browser.browser_type.launch_persistent_context(str(profile), **shared, **options)


def test_a_browser_that_is_set_to_block_all_site_data(browser, tmp_path, url, themed):
    """Nothing stands in for the browser here: its own setting blocks cookies and storage."""
    (tmp_path / "Default").mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(blocked), encoding="utf-8")
    with launched(browser, tmp_path) as context:
        with opened(context, url) as page:
            assert page.evaluate("localStorage.temporary") is True, "this browser stores all the same"
            assert notes(page) == 2
            everything_works(page)
        with opened(context, themed) as page:
            assert sorted(switch(page)) == ["auto", "dark", "light"]


def test_back_to_a_page_that_the_browser_kept_asleep(browser, tmp_path, url):
    """With the browser's own cache of pages, which tests are usually run without."""
    with launched(browser, tmp_path, ignore_default_args=["--disable-back-forward-cache"]) as context:
        with opened(context, url) as page:
            page.evaluate("addEventListener('pageshow', (event) => { window.slept = event.persisted })")
            page.goto(url.replace("index", "check"))
            page.evaluate("([key, text]) => localStorage.setItem(key, text)",
                          [key("item:i-truth"), json.dumps({"version": 1, "log": [REVIEW], "state": "right", "tried": []})])
            page.go_back(wait_until="commit")
            page.get_by_text("1 of 7 answered").wait_for()
            assert page.evaluate("window.slept") is True, "the page was loaded anew"
            answer(page, "i-number")
            assert score(page) == "2 of 7 answered, 2 right at the first try." and grades(page, "i-truth") == [3]

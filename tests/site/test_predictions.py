"""Predictions in a real browser: what answers them is covered until a guess is given, and the guess is kept beside it."""
from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import expand  # noqa: E402
import items  # noqa: E402
import mini_site  # noqa: E402
from practice_site import BARE, built, grades, item, key, named, opened, press, served, status, store, stored, typed  # noqa: E402

pytestmark = pytest.mark.browser
BANK = [
    {**BARE, "id": "p-half", "kind": "prediction", "prompt": "How large is the largest $w$?",
     "choices": ["about $1/4$", "about a half", "nearly all"], "answer": 1, "result": "It gets *0.52*."},
    {**BARE, "id": "p-times", "kind": "prediction", "prompt": "How much longer?", "number": 50, "unit": "times", "result": "So it is."},
    {**BARE, "id": "p-exact", "kind": "prediction", "prompt": "How many tiles?", "number": 36, "near": 1, "result": "Count them."},
    {**BARE, "id": "q-truth", "kind": "true_false", "prompt": "True?", "answer": True, "why": "So.", "misconception": "no_mask"},
]
OUTPUT = {"p-half": "the weight is 0.52", "p-times": "fifty times"}


def cell(source: str, *said: str):
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"{words}\n") for words in said]
    return nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=1)


def page_of(cells: list):
    language = {"name": "python", "pygments_lexer": "ipython3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language})


def notebook():
    text = nbformat.v4.new_markdown_cell
    return page_of([
        text("# Guess\n\nFirst."), expand.predict_cell("p-half"), cell("def f(): ..."), cell("print('half')", OUTPUT["p-half"]),
        text("## Two at once"), expand.predict_cell("p-times"), expand.predict_cell("p-exact"), cell("print('fifty')", OUTPUT["p-times"]),
        text("## Quiz\n\n::::{admonition} Check yourself\n:class: quiz\n\n:::{admonition} True?\n:class: quiz-item dropdown\n"
             ":name: item-q-truth\n\n**Answer:** yes.\n:::\n::::\n\n## All\n\n```{calibration}\n```\n\n" + "Text.\n\n" * 30)])


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(items, "prediction", {entry["id"]: entry for entry in BANK}.__getitem__)
        pages = {"index": notebook()}
    with served(built(tmp_path_factory.mktemp("guesses"), pages, BANK, theme="sphinx_book_theme")) as found:
        yield f"{found}/index.html"


@pytest.fixture(scope="module")
def context(browser):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 900, "height": 900}) as made:
        made.set_default_timeout(15_000)
        yield made


@pytest.fixture
def sheet(context, address):
    with opened(context, address, ".calibration-said p") as page:
        page.evaluate("localStorage.clear()")
        fresh(page)
        yield page


def fresh(page) -> None:
    page.reload()
    page.locator(".calibration-said p").first.wait_for()


def output(page, name: str):
    return page.get_by_text(OUTPUT[name], exact=True)


def calibration(page) -> list[str]:
    return page.locator(".calibration-said p").all_inner_texts()


def test_an_output_is_covered_until_a_choice_is_made_and_the_choice_stays_beside_it(sheet):
    play = item(sheet, "p-half")
    assert not output(sheet, "p-half").is_visible() and sheet.get_by_text("def f(): ...").is_visible()
    press(named(play, "about 1/4"))
    for _ in range(2):
        assert output(sheet, "p-half").is_visible()
        assert status(play).startswith("Not this. You said: about") and status(play).endswith("; it is: about a half. It gets 0.52.")
        assert named(play, "about 1/4 (your guess)").count() == named(play, "about a half (what it is)").count() == 1
        assert "You said: about" in sheet.locator(".answers-p-half .guess-line").inner_text()
        kept = stored(sheet, "item:p-half")
        assert (kept["guess"], kept["state"], len(kept["guesses"]), grades(sheet, "p-half")) == ("about 1/4", "shown", 1, [1])
        fresh(sheet)


def test_a_number_is_compared_as_a_factor(sheet):
    play = item(sheet, "p-times")
    assert typed(play, "some") == "Type a number above 0, such as 0.25 or 1/4." and stored(sheet, "item:p-times") is None
    assert typed(play, "2 times") == "Too low by a factor of 25. You said 2 times; it is 50 times. So it is."
    press(named(play, "Guess again"))
    assert status(play) == "" and sheet.evaluate("document.activeElement.id") == "in-p-times"
    assert typed(play, "40") == "Near. You said 40 times; it is 50 times. So it is."
    press(named(play, "Guess again"))
    assert typed(play, "50") == "Right. You said 50 times. So it is."
    kept = stored(sheet, "item:p-times")
    assert [guess for _, guess in kept["guesses"]] == [2, 40, 50] and grades(sheet, "p-times") == [1, 3, 3] and kept["state"] == "right"
    fresh(sheet)
    assert status(play) == "Right. You said 50 times. So it is." and play.locator("input").input_value() == "50"


def test_a_cell_that_answers_two_is_open_after_both(sheet):
    typed(item(sheet, "p-times"), "40")
    assert not output(sheet, "p-times").is_visible()
    assert typed(item(sheet, "p-exact"), "35") == "Too low by a factor of 1.03. You said 35; it is 36. Count them."
    assert output(sheet, "p-times").is_visible()
    assert sheet.locator(".answers-p-times .guess-line").inner_text() == "You said 40 times. You said 35."


def test_whoever_wants_to_see_it_presses_and_focus_stays_there(sheet):
    cover = sheet.locator(".answers-p-half .cover")
    press(named(cover, "Show it"))
    assert output(sheet, "p-half").is_visible() and cover.count() == 0
    assert sheet.evaluate("document.activeElement.matches('.answers-p-half > .cell_output')")
    play = item(sheet, "p-half")
    assert status(play) == "It is: about a half. It gets 0.52." and grades(sheet, "p-half") == []
    press(named(play, "Guess again"))
    assert not output(sheet, "p-half").is_visible()
    press(named(play, "Show it"))
    assert output(sheet, "p-half").is_visible() and sheet.evaluate("document.activeElement.textContent") == "Guess again"
    assert "none of the 3" in calibration(sheet)[0]


def test_nothing_moves_when_the_cover_goes(sheet):
    below = sheet.locator("#two-at-once")
    before = below.bounding_box()["y"]
    assert sheet.evaluate("document.querySelector('.answers-p-half > .cell_output').getBoundingClientRect().height") >= 40
    press(named(sheet.locator(".answers-p-half .cover"), "Show it"))
    grown = item(sheet, "p-half").locator(".play-status").bounding_box()["height"]
    assert abs(below.bounding_box()["y"] - before - grown) <= 20


def test_who_runs_the_cell_sees_its_output(sheet):
    sheet.evaluate("""async () => {
        const { Output } = await import("./_static/run/output.js"), cell = document.querySelector(".answers-p-half");
        const output = new Output(cell);
        cell.append(output.box);
        output.begin();
        output.hear({ kind: "stdout", text: "run anew" });
        window.output = output;
    }""")
    assert sheet.get_by_text("run anew").is_visible()
    assert status(item(sheet, "p-half")).startswith("It is: about a half.")
    sheet.evaluate("window.output.reset()")
    assert output(sheet, "p-half").is_visible() and sheet.locator(".answers-p-half .cover").count() == 0


def test_calibration_counts_first_guesses_of_all_pages_and_names_them(sheet):
    assert calibration(sheet) == ["You have made none of the 3 predictions in this browser yet."]
    press(named(item(sheet, "p-half"), "about a half"))
    typed(item(sheet, "p-times"), "2")
    press(named(item(sheet, "p-times"), "Guess again"))
    typed(item(sheet, "p-times"), "50")
    fresh(sheet)
    assert calibration(sheet) == [
        "You have made 2 of the 3 predictions. The first guess of each counts.", "Choices: 1 of 1 right.",
        "Numbers: 0 of 1 near; half of them are off by no more than a factor of 25; 1 was too low, 0 too high."]
    sheet.locator(".calibration summary").click()
    rows = sheet.locator(".calibration li").all_inner_texts()
    assert [" ".join(row.split()[-4:]) for row in rows[:2]] == ["said: about a half", "✗ You said: 2"] and len(rows) == 3
    assert sheet.locator(".calibration li a").count() == 0, "a page that is not there is linked"


def test_an_entry_that_is_no_prediction_s_is_set_aside(sheet):
    store(sheet, "item:p-half", {"version": 1, "state": "right", "log": [], "tried": [], "guesses": ["half"]})
    fresh(sheet)
    assert not output(sheet, "p-half").is_visible()
    press(named(item(sheet, "p-half"), "nearly all"))
    assert sheet.evaluate("key => localStorage.getItem(key)", key("damaged-1:item:p-half")) is not None


def test_another_tab_makes_the_same_guess(sheet, context, address):
    with opened(context, address, ".calibration-said p") as other:
        press(named(item(other, "p-half"), "nearly all"))
        output(sheet, "p-half").wait_for(state="visible")
        assert "Not this." in status(item(sheet, "p-half"))


def test_without_javascript_and_on_paper_nothing_is_covered(browser, address, sheet):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        assert all(output(page, name).is_visible() for name in OUTPUT) and page.get_by_text("about a half", exact=True).is_visible()
        answer = page.get_by_text("It gets 0.52").last
        assert not answer.is_visible()
        page.locator("#item-p-half summary").press("Enter")
        assert answer.is_visible()
        page.close()
    sheet.emulate_media(media="print")
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(output(sheet, name).is_visible() for name in OUTPUT)
    assert sheet.locator("#item-p-half li", has_text="about a half").is_visible() and sheet.get_by_text("It gets 0.52").last.is_visible()
    assert not any(place.is_visible() for place in sheet.locator(".cover, .item-prediction .play").all())


def test_a_quiz_does_not_hold_predictions(sheet):
    assert sheet.locator(".quiz .item").count() == 1 and sheet.locator(".quiz .score").inner_text() == "1 questions."


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_holds_it(sheet, theme):
    sheet.set_viewport_size({"width": 360, "height": 740})
    sheet.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    options = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    only = ".item-prediction, .cell, .calibration"
    for guessed in (False, True):
        if guessed:
            press(named(item(sheet, "p-half"), "about 1/4"))
            typed(item(sheet, "p-times"), "2")
        assert Axe().run(sheet, context=only, options=options).response["violations"] == []
        wide = sheet.locator(".item-prediction *, .cover, .cover *, .calibration *").evaluate_all(
            "all => all.filter((e) => !e.closest('.katex') && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))")
        assert wide == []
    sheet.set_viewport_size({"width": 900, "height": 900})


def test_a_prediction_without_an_answer_below_is_warned_of(tmp_path, monkeypatch):
    monkeypatch.setattr(items, "prediction", {entry["id"]: entry for entry in BANK}.__getitem__)
    text = nbformat.v4.new_markdown_cell
    page = page_of([text("# Guess"), expand.predict_cell("p-half"), cell("x = 1"), text("Words."), cell("x", "1")])
    mini_site.write(tmp_path, {"index": page}, BANK)
    _, warnings = mini_site.build(tmp_path)
    assert "no cell with an output stands right below the prediction 'p-half'" in warnings

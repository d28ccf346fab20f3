"""Quiz and cards in a real browser: every kind of item, by keyboard alone; no script; no storage."""
from __future__ import annotations

import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from practice_site import (  # noqa: E402
    BANK, BARE, PAGE, built, grades, item, named, opened, press, score, served, status, stored, typed,
)

pytestmark = pytest.mark.browser

@pytest.fixture(scope="module")
def practice_url(tmp_path_factory):
    with served(built(tmp_path_factory.mktemp("practice"), {"index": PAGE}, BANK)) as address:
        yield f"{address}/index.html"


@pytest.fixture(scope="module")
def context(browser):
    made = browser.new_context(reduced_motion="reduce", viewport={"width": 900, "height": 900})
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def sheet(context, practice_url):
    with opened(context, practice_url) as page:
        page.evaluate("localStorage.clear()")
        page.reload()
        page.locator(".deck").wait_for()
        yield page


def test_a_wrong_choice_gets_its_own_answer_and_another_try(sheet):
    quiz = item(sheet, "i-choice")
    press(named(quiz, r"\sqrt{d_k}"))
    assert "Not this." in status(quiz) and "standard deviation" in status(quiz)
    press(named(quiz, "one"))
    assert "Only after scaling." in status(quiz) and "standard deviation" not in status(quiz)
    press(named(quiz, "d_k"))
    assert "Right." in status(quiz) and "It adds up." in status(quiz)
    assert named(quiz, "d_k (right)").count() == 1 and named(quiz, "one (not this one)").count() == 1
    assert stored(sheet, "item:i-choice")["tried"] == [r"\sqrt{d_k}", "one"] and grades(sheet, "i-choice") == [1]


def test_true_or_false(sheet):
    quiz = item(sheet, "i-truth")
    press(named(quiz, "True"))
    assert "Not this." in status(quiz) and "It includes it." in status(quiz)
    press(named(quiz, "False"))
    assert "Right." in status(quiz)


@pytest.mark.parametrize("text, words", [
    ("1/2", "Right."), ("50 %", "Right."), ("0.52", "Not this. Try again"), ("4/2", "That is how many there are."),
    ("half", "Type a number"),
])
def test_a_number_is_judged_within_its_tolerance(sheet, text, words):
    assert words in typed(item(sheet, "i-number"), text)


@pytest.mark.parametrize("text, words", [(" oNe ", "Right."), ("$one$", "Right."), ("two", "Not this."), ("", "Type what")])
def test_a_gap_is_judged_without_regard_to_case_or_marks(sheet, text, words):
    assert words in typed(item(sheet, "i-gap"), text)


def test_an_item_whose_answer_was_shown_is_finished_but_not_known(sheet):
    quiz = item(sheet, "i-number")
    press(named(quiz, "Show the answer"))
    assert status(quiz) == "Answer: 0.5. Half each." and quiz.locator("input").input_value() == "0.5"
    assert score(sheet) == "1 of 7 answered, 0 right at the first try, 1 shown."
    press(named(quiz, "Check"))
    assert status(quiz) == "Answer: 0.5. Half each.", "what is finished is judged again"
    assert stored(sheet, "item:i-number")["state"] == "shown" and grades(sheet, "i-number") == [1]


@pytest.mark.parametrize("name, shows", [
    ("i-gap", "One"), ("i-order", "first\nsecond\nthird"), ("i-match", "beta"), ("i-sort", "Linformer")])
def test_every_answer_that_cannot_be_guessed_can_be_shown(sheet, name, shows):
    quiz = item(sheet, name)
    press(named(quiz, "Show the answer"))
    assert status(quiz).startswith("Answer:") and stored(sheet, f"item:{name}")["state"] == "shown"
    laid = quiz.locator("input").input_value() if name == "i-gap" else quiz.locator("li").all_inner_texts()
    assert shows in (laid if isinstance(laid, str) else "\n".join(laid))
    assert quiz.locator("button:not([aria-disabled])").count() == 0


def test_steps_are_placed_taken_back_and_placed_again(sheet):
    quiz = item(sheet, "i-order")
    for step in ("first", "third", "second"):
        press(named(quiz, step))
    assert "The first step is in place." in status(quiz) and "number 2" in status(quiz)
    press(named(quiz, "third"))
    press(named(quiz, "third"))
    assert "Right." in status(quiz)
    assert quiz.locator("ol li").all_inner_texts() == ["first", "second", "third"]
    assert grades(sheet, "i-order") == [1]


def test_another_step_takes_the_place_of_one_taken_back(sheet):
    quiz = item(sheet, "i-order")
    for step in ("second", "third", "second", "first", "second"):
        press(named(quiz, step))
    assert quiz.locator("ol li").all_inner_texts() == ["first", "third", "second"]
    assert "The first step is in place. Look at number 2" in status(quiz)


def test_pairs_are_matched_from_either_side(sheet):
    quiz = item(sheet, "i-match")
    press(named(quiz, "Q"))
    press(named(quiz, "beta"))
    assert "do not belong together. Alpha asks." in status(quiz)
    press(named(quiz, "alpha"))
    assert "2 to go." in status(quiz)
    press(named(quiz, "beta"))
    press(named(quiz, "K"))
    press(named(quiz, "V"))
    press(named(quiz, "gamma"))
    assert "Right." in status(quiz) and quiz.locator(".pairs li").count() == 3


def test_cards_are_sorted_under_headings(sheet):
    quiz = item(sheet, "i-sort")
    press(named(quiz, "Exact"))
    assert "Press a card first" in status(quiz)
    press(named(quiz, "flash"))
    press(named(quiz, "Approximate"))
    assert "belongs elsewhere. Only the order differs." in status(quiz)
    for card, bucket in (("flash", None), ("cache", "Exact"), ("Linformer", "Approximate")):
        if bucket:
            press(named(quiz, card))
        press(named(quiz, bucket or "Exact"))
    assert "Right." in status(quiz) and grades(sheet, "i-sort") == [1]


def test_focus_never_falls_off_the_page(sheet):
    quiz = item(sheet, "i-sort")
    for card, bucket in (("flash", "Exact"), ("cache", "Exact")):
        press(named(quiz, card))
        press(named(quiz, bucket))
        assert sheet.evaluate("document.activeElement.closest('.play') !== null")


def test_cards_flip_and_those_not_known_come_back(sheet):
    deck = sheet.locator(".deck")
    assert deck.locator(".front").inner_text().startswith("What is") and deck.locator(".back").count() == 0
    press(named(deck, "Show answer"))
    assert "words of c-one" in deck.locator(".back").inner_text()
    press(named(deck, "Not yet"))
    assert sheet.evaluate("document.activeElement.textContent") == "Show answer", "focus is lost"
    for _ in range(2):
        press(named(deck, "Show answer"))
        press(named(deck, "Knew it"))
    assert "Every card known" in deck.inner_text()
    assert "2 of 2 known." in sheet.locator(".cards .score").inner_text()
    assert (grades(sheet, "c-one"), grades(sheet, "c-two")) == ([1, 3], [3])


def test_a_quiz_counts_and_starts_again(sheet):
    press(named(item(sheet, "i-truth"), "False"))
    assert score(sheet) == "1 of 7 answered, 1 right at the first try."
    press(sheet.get_by_role("button", name="Start again"))
    assert score(sheet) == "7 questions."
    assert status(item(sheet, "i-truth")) == ""


def test_without_javascript_question_and_answer_stand_there(browser, practice_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(practice_url)
    for entry in BANK:
        details = page.locator(f"details#item-{entry['id']}")
        answer = details.get_by_text(f"words of {entry['id']}")
        assert details.is_visible() and not answer.is_visible()
        details.locator("summary").press("Enter")
        assert answer.is_visible()
    assert page.locator(".play, .deck").count() == 0
    context.close()


def test_on_paper_every_answer_is_shown_and_nothing_to_press(sheet):
    sheet.emulate_media(media="print")
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    for entry in BANK:
        assert sheet.get_by_text(f"words of {entry['id']}").first.is_visible()
    assert not any(button.is_visible() for button in sheet.locator(".quiz button, .cards button").all())
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.locator("details[open]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_answers(sheet, theme):
    sheet.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    sheet.evaluate("document.querySelectorAll('.quiz, .cards').forEach(b => b.classList.add('bd-article'))")
    options = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    only = ".quiz, .cards"
    assert Axe().run(sheet, context=only, options=options).response["violations"] == []
    press(named(item(sheet, "i-choice"), "one"))
    press(named(item(sheet, "i-truth"), "False"))
    press(named(item(sheet, "i-match"), "Q"))
    press(named(sheet.locator(".deck"), "Show answer"))
    assert Axe().run(sheet, context=only, options=options).response["violations"] == []


def test_nothing_is_wider_than_a_phone(sheet):
    sheet.set_viewport_size({"width": 360, "height": 740})
    press(named(sheet.locator(".deck"), "Show answer"))
    wide = sheet.evaluate("""() => [...document.querySelectorAll('.quiz *, .cards *')]
        .filter((e) => !e.closest('.katex') && e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => e.outerHTML.slice(0, 80))""")
    assert wide == []


# -- the diagnostic: first tries by topic, and where they lead

QUESTIONS = [
    {**BARE, "id": f"d-{topic[0]}{i}", "kind": "true_false", "prompt": f"{topic} {i}?", "answer": True,
     "why": "So.", "misconception": "no_mask", "tags": [topic]}
    for topic in ("algebra", "chance") for i in (1, 2)
] + [{**BANK[4], "id": "d-c3", "tags": ["chance"]}]


def topic_box(name: str) -> str:
    inner = "\n\n".join(f":::{{admonition}} {item['prompt']}\n:class: quiz-item dropdown\n"
                        f":name: item-{item['id']}\n\n**Answer:** words of {item['id']}.\n:::"
                        for item in QUESTIONS if item["tags"] == [name])
    return (f"::::{{div}} diagnostic-topic\n**{name}**\n\n{inner}\n\n"
            f"If you missed one of these, read [{name}]({name}.md).\n::::")


DIAGNOSTIC = "# Before\n\n:::::{{admonition}} 5 questions\n:class: quiz diagnostic\n\n{}\n:::::\n".format(
    "\n\n".join(map(topic_box, ("algebra", "chance"))))


@pytest.fixture(scope="module")
def diagnostic_url(tmp_path_factory):
    pages = {"index": DIAGNOSTIC, "algebra": "# Algebra\n\nA page.", "chance": "# Chance\n\nA page."}
    with served(built(tmp_path_factory.mktemp("diagnostic"), pages, QUESTIONS)) as address:
        yield f"{address}/index.html"


@pytest.fixture
def asked(context, diagnostic_url):
    with opened(context, diagnostic_url, ".diagnosis") as page:
        page.evaluate("localStorage.clear()")
        page.reload()
        page.locator(".diagnosis").wait_for()
        yield page


def result(page):
    return page.locator(".diagnosis")


def test_misses_lead_to_their_topic_and_second_tries_do_not_undo_them(asked):
    assert result(asked).inner_text() == "5 questions; the first try counts."
    assert result(asked).get_attribute("role") == "status"
    press(named(item(asked, "d-a1"), "False"))
    press(named(item(asked, "d-a1"), "True"))
    press(named(item(asked, "d-a2"), "True"))
    assert "1 right, 3 to go. So far, read:" in result(asked).inner_text()
    assert result(asked).locator("li").all_inner_texts() == ["algebra (missed 1 of 2)"]
    advice = asked.locator(".diagnostic-topic > p", has_text="If you missed")
    assert [line.is_visible() for line in advice.all()] == [True, False]
    for name in ("d-c1", "d-c2"):
        press(named(item(asked, name), "True"))
    press(named(item(asked, "d-c3"), "Show the answer"))
    assert "3 of 5 right. Read before you start:" in result(asked).inner_text()
    assert result(asked).locator("li").all_inner_texts() == ["algebra (missed 1 of 2)", "chance (missed 1 of 3)"]
    press(result(asked).get_by_role("link", name="chance"))
    asked.wait_for_url("**/chance.html")


def test_all_right_means_start_and_start_again_forgets(asked):
    for name in ("d-a1", "d-a2", "d-c1", "d-c2"):
        press(named(item(asked, name), "True"))
    item(asked, "d-c3").get_by_label("Your number").fill("0.5")
    press(named(item(asked, "d-c3"), "Check"))
    assert result(asked).inner_text() == "All 5 right: start." and result(asked).locator("li").count() == 0
    press(asked.get_by_role("button", name="Start again"))
    assert result(asked).inner_text() == "5 questions; the first try counts."
    asked.reload()
    assert result(asked).inner_text() == "5 questions; the first try counts."


def test_the_diagnosis_survives_a_reload_and_keeps_the_first_try(asked):
    press(named(item(asked, "d-c1"), "False"))
    press(named(item(asked, "d-a1"), "True"))
    asked.reload()
    assert result(asked).locator("li").all_inner_texts() == ["chance (missed 1 of 3)"]
    assert "Missed at the first try" in status(item(asked, "d-c1"))
    assert status(item(asked, "d-a1")) == "Right. So."
    press(named(item(asked, "d-c1"), "True"))
    press(named(item(asked, "d-a1"), "False"))
    assert result(asked).locator("li").all_inner_texts() == ["chance (missed 1 of 3)"]


def test_a_diagnosis_without_javascript_names_the_pages(browser, diagnostic_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(diagnostic_url)
    for name in ("algebra", "chance"):
        assert page.get_by_text("If you missed one of these, read").filter(has_text=name).is_visible()
    assert page.locator(".diagnosis").count() == 0 and page.locator("details").count() == 5
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_a_diagnosis(asked, theme):
    asked.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    asked.evaluate("document.querySelector('.quiz').classList.add('bd-article')")
    press(named(item(asked, "d-a1"), "False"))
    options = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(asked, context=".quiz", options=options).response["violations"]
    assert [node["html"] for rule in found for node in rule["nodes"]] == []

"""The ways to study as whole journeys: cards, a round, a test, a game, a dialogue, an open question, a route; and without the bank."""
from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from practice_site import grades, named, press, stored  # noqa: E402

SPEC = importlib.util.spec_from_file_location("site_fixtures", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conftest)
pytestmark = pytest.mark.browser


def opened(page, site_url: str, name: str, address: str = ""):
    page.goto("about:blank")
    page.goto(f"{site_url}/book/practice/{name}.html{address}", wait_until="load")
    page.locator(".study.live, [data-dialogue].live, [data-think].live").first.wait_for(state="attached")
    return page.locator(".study").first


def modes(page, item: str) -> list[str]:
    return [row[2] for row in (stored(page, f"item:{item}") or {"log": []})["log"]]


def logged(page) -> dict[str, list]:
    """Every item that has a log in this browser."""
    rows = page.evaluate("() => Object.entries(localStorage).filter(([key]) => key.includes(':item:'))")
    return {key.split(":item:")[1]: json.loads(text)["log"] for key, text in rows}


def test_cards_are_turned_starred_and_graded_by_keyboard_and_stars_stay(page, site_url, axe_in_both_themes):
    box = opened(page, site_url, "flashcards", "#part=fundamentals&chapter=fundamentals/mathematics")
    first = box.locator(".front").inner_text()
    page.keyboard.press("Tab")
    named(box, "Show answer").focus()
    page.keyboard.press("s")
    assert named(box, "Star").get_attribute("aria-pressed") == "true"
    press(named(box, "Show answer"))
    assert box.locator(".back").inner_text().strip()
    page.keyboard.press("2")
    assert box.locator(".front").inner_text() != first and "1 known" in box.locator(".score").inner_text()
    found = logged(page)
    assert [[row[1:] for row in rows] for rows in found.values()] == [[[3, "flashcards"]]]
    box = opened(page, site_url, "flashcards", "#starred=true")
    assert box.locator(".front").inner_text() == first and "of 1;" in box.locator(".score").inner_text()
    box = opened(page, site_url, "flashcards", "?tag=mask")
    assert box.get_by_label("Tag").input_value() == "mask" and box.get_by_label("Part").input_value() == ""
    box.get_by_label("answer first").check()
    named(box, "Show question").wait_for()
    assert axe_in_both_themes(page, ".study") == ""
    assert page.errors == []


def test_what_is_missed_in_a_round_comes_back(page, site_url, axe_in_both_themes):
    for _ in range(20):  # questions and options are drawn anew each time: until there are options, the first of them wrong
        box = opened(page, site_url, "learn", "#part=positions&chapter=positions/learned")
        task = box.locator(".learn-task")
        prompt = task.locator(".play-prompt").inner_text()
        if not task.locator(".option").count():
            continue
        task.locator(".option").first.click()
        if "Not this." in task.get_by_role("status").inner_text():
            break
        page.evaluate("localStorage.clear()")  # a question that was answered is asked in another way
    else:
        pytest.fail("twenty times there were no options, or the first was right")
    while task.locator(".option:not(.is-wrong)").count() and not named(task, "Next (this one comes back)").count():
        task.locator(".option:not(.is-wrong)").first.click()
    missed = named(task, "Next (this one comes back)")
    assert axe_in_both_themes(page, ".study") == ""
    press(missed)
    assert "1 missed at first" in box.locator(".score").first.inner_text()
    assert prompt != task.locator(".play-prompt, .front").first.inner_text()
    assert any(row[1:] == [1, "learn"] for rows in logged(page).values() for row in rows)
    assert page.errors == []


def answer_all(page, box) -> None:
    """Something for every question, and certain of all of it."""
    for question in box.locator(".paper-question").all():
        if question.locator(".paper-options input").count():
            question.locator(".paper-options input").first.check()
        for field in question.locator("select").all():
            field.select_option(index=1)
        if question.locator("input[type=text]").count():
            question.locator("input[type=text]").fill("7")
        question.get_by_label("certain").check()


def test_a_test_is_the_same_again_is_handed_in_once_and_says_what_was_wrong(page, site_url, axe_in_both_themes):
    box = opened(page, site_url, "test", "#seed=42&n=10&parts=self_attention&kinds=choice,numeric,order,sort,true_false")
    asked = box.locator("legend").all_inner_texts()
    assert len([words for words in asked if words.split(".")[0].isdigit()]) == 10
    box = opened(page, site_url, "test", "#seed=42&n=10&parts=self_attention&kinds=choice,numeric,order,sort,true_false")
    assert box.locator("legend").all_inner_texts() == asked
    press(named(box, "Hand in"))
    assert "10 not answered" in box.locator(".study-note").inner_text() and logged(page) == {}
    answer_all(page, box)
    press(named(box, "Hand in"))
    box.locator(".paper-result").wait_for()
    assert "of 10 right" in box.locator(".paper-result").inner_text() and "certain" in box.locator(".paper-result table").inner_text()
    assert box.locator(".paper-review").count() == 10 and box.locator(".paper-review a").count() >= 10
    assert len(logged(page)) == 10 and {row[2] for rows in logged(page).values() for row in rows} == {"test"}
    assert axe_in_both_themes(page, ".study") == ""
    box = opened(page, site_url, "test", "#seed=42&n=10&parts=self_attention")
    page.emulate_media(media="print")
    assert box.locator(".paper-answers").is_visible() and not named(box, "Hand in").is_visible()
    page.emulate_media(media="screen")
    assert page.errors == []


def test_a_game_is_played_by_keyboard_with_its_mistakes_counted(page, site_url, axe_in_both_themes):
    opened(page, site_url, "games")
    game = page.locator(".games .item", has=page.locator('template[data-item="game-match-positions"]'))
    page.get_by_label("against the clock").check()
    press(game.get_by_role("button", name="Play: "))
    press(named(game, "ALiBi"))
    press(named(game, "a trained row, added to the embeddings"))
    assert "do not belong together" in game.locator(".play-status").inner_text()
    pairs = {"sinusoidal": "a fixed signal, added to the embeddings", "learned": "a trained row, added to the embeddings", "rotary": "queries and keys are turned",
             "ALiBi": "a fixed slope times the distance, taken from the score", "T5": "a learned number for each bucket of distances, added to the score"}
    for left, right in pairs.items():
        control = game.locator(".side").first.locator(".chip", has_text=left)
        if control.get_attribute("aria-pressed") != "true":
            press(control)
        press(named(game, right))
    said = game.locator(".game-said").inner_text()
    assert said.startswith("Done with one mistake in ") and said.endswith("your best time.")
    assert grades(page, "game-match-positions") == [1] and modes(page, "game-match-positions") == ["match"]
    assert axe_in_both_themes(page, ".games") == ""
    assert page.errors == []


def test_a_dialogue_is_led_to_its_end_and_what_was_met_stands_first(page, site_url, axe_in_both_themes):
    page.goto(f"{site_url}/book/practice/tutor.html")
    entry = {"version": 1, "log": [], "state": "open", "tried": [], "mistakes": {"no_scale": 2}}
    page.evaluate("text => localStorage.setItem('attnlab:/:item:any', text)", json.dumps(entry))
    opened(page, site_url, "tutor")
    assert "scores not scaled" in page.locator(".talk-met").inner_text().lower() and "2 times" in page.locator(".talk-met").inner_text()
    talk = page.locator('[data-dialogue="no_scale"]')
    press(talk.get_by_role("button", name="Start: "))
    for words in ("1, like the entries.", "64", "And one more question", "The loss does not fall at all."):
        press(named(talk, words))
    assert "It does, in most models." in talk.locator(".talk-lines").inner_text() and "8.1 1.0" in talk.locator(".talk-lines").inner_text()
    press(talk.locator(".talk-answers button:not([aria-disabled])").first)
    assert "Read:" in talk.locator(".talk-answers").inner_text() and grades(page, "tutor-no_scale") == [1]
    page.locator(".tutor-prompt select, .study-filters select").last.select_option("no_scale")
    assert '"scores not scaled"' in page.locator('[data-part="prompt"]').inner_text()
    assert axe_in_both_themes(page, '[data-dialogue="no_scale"]') == ""
    assert page.errors == []


def test_what_was_thought_is_kept_here_and_scored_by_its_writer(page, site_url, axe_in_both_themes):
    opened(page, site_url, "thinking")
    box = page.locator('[data-think="think-self-scale"]')
    press(named(box, "Compare with a model answer"))
    assert "Write a sentence first" in box.get_by_role("status").inner_text()
    box.locator("textarea").fill("Variances add up.")
    press(named(box, "Compare with a model answer"))
    box.get_by_role("checkbox").first.check()
    box.get_by_role("checkbox").nth(1).check()
    press(named(box, "Score"))
    assert box.locator(".score").inner_text() == "2 of 3 points." and grades(page, "think-self-scale") == [2]
    assert axe_in_both_themes(page, '[data-think="think-self-scale"]') == ""
    opened(page, site_url, "thinking")
    assert page.locator('[data-think="think-self-scale"] textarea').input_value() == "Variances add up."
    assert page.errors == []


QUESTION = "think-self-scale"


def written(page, site_url: str, text: str | None = None) -> str:
    """What stands in the field of an open question, after `text` was written there."""
    opened(page, site_url, "thinking")
    field = page.locator(f'[data-think="{QUESTION}"] textarea')
    if text is not None:
        field.fill(text)
        page.wait_for_function("key => localStorage.getItem(key)", arg=f"attnlab:/:thought:{QUESTION}")
    return field.input_value()


def with_file(page, site_url: str, file) -> str:
    """What the page of progress says once a file was added there."""
    page.goto(f"{site_url}/book/practice/progress.html")
    page.locator(".progress-file input").set_input_files(file)
    said = page.locator(".progress-file").get_by_role("status")
    page.wait_for_function("said => said.textContent", arg=said.element_handle())
    return said.inner_text()


def starred(page, site_url: str) -> str:
    return opened(page, site_url, "flashcards", "#starred=true").locator(".score").inner_text()


def test_stars_thoughts_and_best_times_go_to_a_second_browser_and_nothing_there_is_lost(page, browser, site_url, tmp_path):
    box = opened(page, site_url, "flashcards", "#part=fundamentals&chapter=fundamentals/mathematics")
    press(named(box, "Star"))
    first = box.locator(".front").inner_text()
    written(page, site_url, "Variances add up.")
    page.evaluate("localStorage.setItem('attnlab:/:best:game-match-positions', '7400')")  # as the course kept it at first
    page.goto(f"{site_url}/book/practice/progress.html")
    with page.expect_download() as download:
        press(named(page.locator(".progress-file"), "Save my progress to a file"))
    download.value.save_as(tmp_path / "attnlab-progress.json")
    assert "1 star, 1 written thought and 1 best time" in page.locator(".progress-file").get_by_role("status").inner_text()
    with conftest.opened(browser) as context:
        there, reading = conftest.watch(context, site_url), conftest.watch(context, site_url)
        written(reading, site_url, "Divide by the root.")  # a tab that stays open
        assert "1 star, 1 written thought and 1 best time" in with_file(there, site_url, tmp_path / "attnlab-progress.json")
        both = "Divide by the root.\n\nVariances add up."
        field = reading.locator(f'[data-think="{QUESTION}"] textarea')
        reading.wait_for_function("([field, text]) => field.value === text", arg=[field.element_handle(), both])
        reading.close()
        assert with_file(there, site_url, tmp_path / "attnlab-progress.json") == "Everything in this file was here already."
        assert written(there, site_url) == both and "of 1;" in starred(there, site_url)
        assert there.locator(".front").inner_text() == first
        opened(there, site_url, "games")
        game = there.locator(".games .item", has=there.locator('template[data-item="game-match-positions"]'))
        assert game.locator(".game-said").inner_text() == "Best time 7.4 s." and there.errors == []


def test_what_two_tabs_write_to_one_question_is_both_kept(page, site_url):
    opened(page, site_url, "thinking")
    other = conftest.watch(page.context, site_url)
    opened(other, site_url, "thinking")
    one, two = (tab.locator(f'[data-think="{QUESTION}"] textarea') for tab in (page, other))
    other.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")  # it hears nothing meanwhile
    two.fill("Second.")
    one.fill("First.")
    page.wait_for_function("key => localStorage.getItem(key)?.includes('First') && localStorage.getItem(key).includes('Second')", arg=f"attnlab:/:thought:{QUESTION}")
    other.close()
    assert sorted(written(page, site_url).split("\n\n")) == ["First.", "Second."] and page.errors == []


def test_a_thought_that_was_taken_away_is_gone_and_one_of_before_is_read(page, site_url):
    page.goto(f"{site_url}/book/practice/thinking.html")
    page.evaluate("key => localStorage.setItem(key, 'As it was kept at first.')", f"attnlab:/:thought:{QUESTION}")
    assert written(page, site_url) == "As it was kept at first."
    page.locator(f'[data-think="{QUESTION}"] textarea').fill("")
    page.wait_for_function("key => localStorage.getItem(key) === null", arg=f"attnlab:/:thought:{QUESTION}")
    assert written(page, site_url) == "" and page.errors == []


def test_stars_thoughts_and_times_are_forgotten_and_brought_back(page, site_url):
    written(page, site_url, "Variances add up.")
    page.evaluate("""() => {
        localStorage.setItem("attnlab:/:star:c-any", "2026-03-14T09:26:53.589Z");
        localStorage.setItem("attnlab:/:played:game-match-positions", "3");
    }""")
    kinds = "() => Object.keys(localStorage).map((key) => key.split(':')[2]).filter((kind) => ['star', 'thought', 'played'].includes(kind)).sort()"
    page.goto(f"{site_url}/book/practice/progress.html")
    for name in ("Forget everything", "Forget them"):
        page.get_by_role("button", name=name, exact=True).press("Enter")
    page.get_by_text("Everything is forgotten.").wait_for()
    assert page.evaluate(kinds) == []
    press(page.get_by_role("button", name="Undo, as long as this page is open"))
    page.get_by_text("Everything is back.").wait_for()
    assert page.evaluate(kinds) == ["played", "star", "thought"]
    assert written(page, site_url) == "Variances add up." and page.errors == []


def test_a_route_stands_out_on_the_map_with_a_tick_where_it_was_read(page, site_url):
    page.goto(f"{site_url}/book/practice/index.html")
    read = {"version": 1, "opened": "2026-03-01T09:00:00.000Z", "updated": "2026-03-01T09:00:00.000Z", "read": "2026-03-01T09:00:00.000Z"}
    page.evaluate("text => localStorage.setItem('attnlab:/:page:book/start/why_transformers.html', text)", json.dumps(read))
    box = opened(page, site_url, "index")
    press(named(box, "Fast"))
    assert "1 of 9 read." in box.locator(".path-said").inner_text() and box.locator('[data-path="fast"]').get_attribute("aria-pressed") == "true"
    assert page.locator(".map-picture .map-tick").count() == 1 and page.locator(".map-picture .map-on-route").count() == 9
    press(box.locator('[data-path="fast"]'))
    assert page.locator(".map-routed").count() == 0 and page.errors == []


def test_without_the_bank_the_page_says_so_and_goes_on_when_it_is_there(page, site_url):
    page.route("**/_static/bank/*", lambda route: route.abort())
    page.goto(f"{site_url}/book/practice/flashcards.html")
    page.locator(".study-note").wait_for()
    assert "could not be fetched" in page.locator(".study-note").inner_text() and page.locator(".study a").count() > 20
    page.unroute("**/_static/bank/*")
    press(named(page.locator(".study"), "Try again"))
    page.locator(".study.live .front").wait_for()


@pytest.mark.parametrize("name, mark, least", [("games", 'class="item item-', 36), ("tutor", "data-dialogue=", 54), ("thinking", "data-think=", 44)])
def test_without_scripts_everything_stands_as_question_and_folded_answer(site_folder, name, mark, least):
    text = (site_folder / "book" / "practice" / f"{name}.html").read_text("utf-8")
    pieces = text.split(mark)[1:]
    assert len(pieces) >= least and all("<details><summary>" in piece.split("</template>")[-1] for piece in pieces)


@pytest.mark.parametrize("name", ["flashcards", "learn", "test"])
def test_without_scripts_a_way_that_draws_on_the_bank_leads_to_the_chapters(site_folder, name):
    text = (site_folder / "book" / "practice" / f"{name}.html").read_text("utf-8")
    assert "needs JavaScript" in text and text.count('.html#remember"') > 40

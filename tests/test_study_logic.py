"""The thinking behind the ways to study, without a page: what is asked next, how a test is made and judged, where a dialogue leads."""
from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from in_node import node, run

PRACTICE = Path(__file__).resolve().parents[1] / "book" / "_static" / "practice"


def script(module: str, text: str, **given):
    """What `text` returns, the exports of a module at hand as `m` and what is given as `given`."""
    code = (f"import * as m from {json.dumps((PRACTICE / module).as_uri())};\nconst given = {json.dumps(given)};\n"
            f"process.stdout.write(JSON.stringify((() => {{ {text} }})()));")
    done = subprocess.run([node(), "--input-type=module", "-e", code], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# -- chance that can be repeated

def test_the_same_seed_gives_the_same_order_and_another_seed_another():
    values = list(range(40))
    once, again, other, text = run(PRACTICE / "seeded.js", *(["mixed", values, seed] for seed in (7, 7, 8, "seven")))
    assert once == again and sorted(once) == values and len({tuple(one) for one in (values, once, other, text)}) == 4


def test_what_is_given_keeps_its_order():
    assert script("seeded.js", "const values = [1, 2, 3, 4, 5]; m.mixed(values, 3); return values;") == [1, 2, 3, 4, 5]


def test_every_order_of_three_is_about_as_likely():
    orders = Counter(map(tuple, run(PRACTICE / "seeded.js", *(["mixed", [0, 1, 2], seed] for seed in range(1, 3001)))))
    assert len(orders) == 6 and all(400 < count < 600 for count in orders.values())


# -- learning in rounds

@pytest.mark.parametrize("count, lengths", [(0, []), (1, [1]), (7, [7]), (10, [10]), (11, [6, 5]), (15, [8, 7]), (40, [7, 6, 7, 7, 6, 7])])
def test_rounds_are_of_about_seven_and_leave_nothing_out(count, lengths):
    made = run(PRACTICE / "rounds.js", ["rounds", list(range(count))])[0]
    assert sorted(map(len, made)) == sorted(lengths) and sum(made, []) == list(range(count))


PLAY = """const round = new m.Round(given.items), asked = [];
for (const right of given.answers) { asked.push(`${round.now.item.id} ${round.now.left[0]}`); round.answered(right); }
return { asked, over: round.over, missed: [...round.missed], firstTry: round.firstTry, done: round.done };"""


def test_a_missed_question_comes_back_three_later_until_it_is_right():
    items = [{"id": name, "kind": "choice"} for name in "abcde"]
    found = script("rounds.js", PLAY, items=items, answers=[False, True, True, True, False, True, True])
    assert found["asked"] == [f"{name} answer" for name in "abcdaea"]
    assert found["over"] and found["missed"] == [["a", 2]] and found["firstTry"] == 4 and found["done"] == 5


def test_a_card_is_chosen_first_and_then_recalled_and_a_miss_does_not_go_on():
    found = script("rounds.js", PLAY, items=[{"id": "c", "kind": "card"}], answers=[False, True, False, True])
    assert found["asked"] == ["c choose", "c choose", "c recall", "c recall"] and found["over"]


def test_a_round_of_one_question_that_is_always_missed_never_ends():
    assert not script("rounds.js", PLAY, items=[{"id": "a", "kind": "choice"}], answers=[False] * 5)["over"]


def test_what_was_missed_comes_first_then_what_is_new_then_the_oldest():
    logs = {"known": [["2026-03-02", 3]], "older": [["2026-03-01", 3]], "missed": [["2026-03-01", 3], ["2026-03-03", 1]], "new": []}
    found = script("rounds.js", "return m.byNeed(given.names.map((id) => ({ id })), (id) => given.logs[id]).map(({ id }) => id);", names=list(logs), logs=logs)
    assert found == ["missed", "new", "older", "known"]


CARDS = [{"id": "own", "kind": "card", "chapter": "p/one", "tags": ["a"]}, {"id": "same-tag", "kind": "card", "chapter": "p/one", "tags": ["a", "b"]},
         {"id": "near", "kind": "card", "chapter": "p/one", "tags": ["b"]}, {"id": "question", "kind": "choice", "chapter": "p/one", "tags": ["c"]},
         *({"id": f"far-{n}", "kind": "card", "chapter": "p/two", "tags": ["c"]} for n in range(4))]


def test_other_answers_are_those_of_cards_on_other_things_and_of_the_same_chapter_first():
    for beside in run(PRACTICE / "choices.js", *(["beside", CARDS[0], CARDS, seed] for seed in range(8))):
        found = [one["id"] for one in beside]
        assert found[0] == "near" and len(found) == len(set(found)) == 3 and all(name.startswith("far") for name in found[1:])
    assert run(PRACTICE / "choices.js", ["beside", CARDS[0], CARDS[:2], 3])[0] == []


# -- a test

def wish(**changed) -> dict:
    return {"parts": ["p"], "kinds": ["choice", "card"], "n": 10, "seed": 5} | changed


def bank(n: int = 30) -> list[dict]:
    return [{"id": f"i{at:02}", "kind": ("choice", "card", "order")[at % 3], "chapter": ("p/a", "q/b")[at % 2]} for at in range(n)]


def test_a_test_is_the_same_for_the_same_choices_in_whatever_order_the_bank_comes():
    paper = lambda items, given: [one["id"] for one in run(PRACTICE / "exam.js", ["paper", items, given])[0]]  # noqa: E731
    once = paper(bank(), wish())
    assert once == paper(bank()[::-1], wish()) and once != paper(bank(), wish(seed=6)) and len(once) == 10
    assert all(one["kind"] != "order" and one["chapter"] == "p/a" for one in bank() if one["id"] in once)
    assert len(paper(bank(), wish(parts=["p", "q"], n=40))) == 20 and paper(bank(), wish(parts=[])) == []


WISHED = "const found = m.wished(new URLSearchParams(given.address), ['p', 'q']); return { found, back: String(new URLSearchParams(m.addressOf(found))) };"


def test_an_address_names_a_test_and_what_it_says_wrongly_is_left_out():
    found = script("exam.js", WISHED, address="seed=42&n=20&parts=q&kinds=card,choice")
    assert found["found"] == {"parts": ["q"], "kinds": ["card", "choice"], "n": 20, "seed": 42}
    assert script("exam.js", WISHED, address=found["back"])["found"] == found["found"]
    for bad in ("seed=-1&n=7&parts=x&kinds=essay", "seed=1.5", ""):
        other = script("exam.js", WISHED, address=bad)["found"]
        assert other["seed"] is None and other["n"] == 10 and other["parts"] == ["p"] and len(other["kinds"]) == 8


@pytest.mark.parametrize("question, right, wrong", [
    ({"form": "one", "right": "2"}, "2", "1"),
    ({"form": "number", "right": 0.25, "tolerance": 0.01, "percent": False}, "1/4", "0.3"),
    ({"form": "number", "right": 50, "tolerance": 0, "percent": True}, "50 %", "0.5"),
    ({"form": "text", "right": "Offset"}, " offset ", "offsets"),
    ({"form": "places", "right": ["1", "0", "2"]}, ["1", "0", "2"], ["0", "1", "2"]),
])
def test_an_answer_is_right_as_a_whole(question, right, wrong):
    assert run(PRACTICE / "exam.js", *(["judged", question, answer] for answer in (right, wrong))) == [True, False]


def test_what_was_left_out_is_not_right():
    assert run(PRACTICE / "exam.js", *(["blank", answer] for answer in (None, "", ["1", ""], "0", ["0", "0"]))) == [True, True, True, False, False]
    assert run(PRACTICE / "exam.js", ["judged", {"form": "text", "right": "x"}, None], ["judged", {"form": "number", "right": 0, "tolerance": 0}, ""]) == [False, False]


ANSWERS = [{"right": True, "left": False, "sure": "sure"}, {"right": False, "left": False, "sure": "sure"}, {"right": True, "left": False, "sure": "guess"},
           {"right": False, "left": True, "sure": "sure"}]


def test_score_and_confidence_are_counted_apart():
    assert run(PRACTICE / "exam.js", ["score", ANSWERS]) == [{"right": 2, "left": 1, "of": 4}]
    rows = run(PRACTICE / "exam.js", ["calibration", ANSWERS])[0]
    assert [(row["right"], row["of"]) for row in rows] == [(1, 1), (0, 0), (1, 2)]


@pytest.mark.parametrize("counts, words", [
    ([(1, 1), (0, 0), (1, 2)], "Of 2 you were certain of, 1 was wrong: begin with it."),
    ([(0, 1), (0, 0), (1, 4)], "Of 4 you were certain of, 3 were wrong: begin with those."),
    ([(3, 4), (0, 0), (2, 2)], "All you were certain of was right, and most of your guesses too: trust yourself more."),
    ([(1, 4), (0, 0), (2, 2)], "All you were certain of was right."),
    ([(1, 4), (2, 2), (0, 0)], "You were certain of none."),
])
def test_confidence_is_told_in_a_sentence(counts, words):
    assert run(PRACTICE / "exam.js", ["verdict", [{"words": "", "right": right, "of": of} for right, of in counts]]) == [words]


# -- dialogues

WALK = """const talk = new m.Dialogue(given.script), seen = [];
for (const step of given.answers) { seen.push(talk.at); if (step === "on") talk.seen(); else talk.choose(step); }
return { seen, at: talk.at, over: talk.over, firstTry: talk.firstTry };"""
SCRIPT = {"steps": {"ask": {"options": [{"to": "probe"}, {"to": "example"}]}, "probe": {"options": [{"to": "example"}]},
                    "close": {"options": [{"to": "example", "right": False}, {"to": "example", "right": True}]}}}


def test_a_dialogue_goes_through_its_steps_and_ends_with_the_right_answer():
    found = script("dialogue.js", WALK, script=SCRIPT, answers=[0, 0, "on", 1])
    assert found == {"seen": ["ask", "probe", "example", "close"], "at": "close", "over": True, "firstTry": True}


def test_a_wrong_last_answer_leaves_the_question_open_and_is_remembered():
    found = script("dialogue.js", WALK, script=SCRIPT, answers=[1, "on", 0, 1])
    assert found["seen"] == ["ask", "example", "close", "close"] and found["over"] and found["firstTry"] is False
    assert script("dialogue.js", WALK, script=SCRIPT, answers=[1, "on", 0])["over"] is False


def test_what_the_reader_met_comes_first():
    text = "return m.byMet(['a', 'b', 'c', 'd'], m.tally(given.entries));"
    entries = [["x", {"mistakes": {"c": 1}}], ["y", {"mistakes": {"c": 2, "d": 1}}], ["z", {}]]
    assert script("dialogue.js", text, entries=entries) == ["c", "d", "a", "b"]


@pytest.mark.parametrize("ticked, of, grade", [(3, 3, 3), (2, 3, 2), (1, 3, 1), (0, 3, 1), (2, 4, 2)])
def test_an_open_answer_is_graded_by_its_points(ticked, of, grade):
    assert run(PRACTICE / "rubric.js", ["gradeOf", ticked, of]) == [grade]

"""Two accounts of the same progress become one in which nothing is lost."""
from __future__ import annotations

from pathlib import Path

import pytest

from in_node import run

MERGE = Path(__file__).resolve().parents[1] / "book" / "_static" / "practice" / "merge.js"
DAYS = [f"2026-03-{day:02}T09:00:00.000Z" for day in range(1, 10)]
ITEM = {"log": [], "state": "open", "tried": []}


def merged(kind: str, own: dict, other: dict) -> dict:
    return run(MERGE, ["merged", kind, own, other])[0]


def card(*log, **fields) -> dict:
    return ITEM | {"log": [[DAYS[day], grade] for day, grade in log]} | fields


PAIRS = {
    "exercise": ({"attempts": 3, "updated": DAYS[1], "mistakes": {"no_scale": 3}},
                 {"attempts": 2, "updated": DAYS[4], "passed": DAYS[4], "mistakes": {"no_scale": 1, "no_mask": 1}}),
    "item": (card((1, 1), (3, 3), state="known"), card((1, 1), (2, 3), state="known")),
    "answer": ({"source": "def f(): pass", "slot": "a", "passed": DAYS[4]}, {"source": "def f(): ...", "slot": "b", "passed": DAYS[2]}),
    "score": ({"best": 9, "updated": DAYS[5]}, {"best": 7, "updated": DAYS[6]}),
    "goal": ({"found": DAYS[3]}, {"found": DAYS[2]}),
    "page": ({"opened": DAYS[2], "updated": DAYS[3], "at": "one", "heading": "One"},
             {"opened": DAYS[1], "updated": DAYS[5], "read": DAYS[5], "at": "two", "heading": "Two"}),
    "star": ({"starred": DAYS[3]}, {"starred": DAYS[2]}),
    "thought": ({"text": "Variances add.\n\nSo divide.", "updated": DAYS[2]}, {"text": "So divide.\n\nBy the root.", "updated": DAYS[4]}),
    "best": ({"best": 9100, "updated": DAYS[5]}, {"best": 7400, "updated": DAYS[6]}),
    "played": ({"times": 2}, {"times": 5}),
}


def test_an_exercise_keeps_its_pass_and_the_higher_counts():
    both = merged("exercise", *PAIRS["exercise"])
    assert both == {"attempts": 3, "updated": DAYS[4], "passed": DAYS[4], "mistakes": {"no_scale": 3, "no_mask": 1}}
    earlier = {"attempts": 1, "updated": DAYS[0], "passed": DAYS[0]}
    assert merged("exercise", both, earlier)["passed"] == DAYS[0]
    assert merged("exercise", {"attempts": 0}, earlier) == earlier


def test_logs_are_united_in_order_and_the_newer_state_counts():
    own, other = card((1, 1), (5, 3), state="right"), card((1, 1), (3, 1), state="shown", tried=["x"])
    both = merged("item", own, other)
    assert both["log"] == [[DAYS[1], 1], [DAYS[3], 1], [DAYS[5], 3]]
    assert (both["state"], both["tried"]) == ("right", [])
    assert merged("item", other, own) == both


def test_guesses_are_united_like_logs():
    own = card((1, 3), state="right", guess=3, guesses=[[DAYS[1], 3]])
    other = card((2, 1), state="shown", guess=9, guesses=[[DAYS[2], 9]])
    both = merged("item", own, other)
    assert both["guesses"] == [[DAYS[1], 3], [DAYS[2], 9]] and both["guess"] == 9


def test_what_was_finished_elsewhere_finishes_a_round_and_a_new_round_here_stays_new():
    right = card((1, 1), state="right", tried=["x"])
    assert merged("item", card((1, 1), tried=["x"]), right)["state"] == "right"
    assert merged("item", ITEM, ITEM | {"state": "shown"})["state"] == "shown"
    assert merged("item", card((1, 1)), right)["state"] == "open"


def test_a_page_keeps_its_first_times_and_the_last_place():
    assert merged("page", *PAIRS["page"]) == {"opened": DAYS[1], "updated": DAYS[5], "read": DAYS[5], "at": "two", "heading": "Two"}
    assert merged("page", {}, PAIRS["page"][1]) == PAIRS["page"][1]


def test_of_two_answers_the_one_that_passed_last_is_kept_whole():
    own, other = PAIRS["answer"]
    assert merged("answer", own, other) == merged("answer", other, own) == own
    assert merged("answer", {}, other) == other
    twin = own | {"source": "def f(): return 1"}
    assert merged("answer", own, twin) == merged("answer", twin, own), "the same time: one of the two, whoever asks"


def test_a_score_keeps_the_lowest_count_and_when_it_was_first_reached():
    own, other = PAIRS["score"]
    assert merged("score", own, other) == other and merged("score", {}, own) == own
    assert merged("score", own, own | {"updated": DAYS[1]})["updated"] == DAYS[1]


def test_a_goal_keeps_the_first_time():
    assert merged("goal", *PAIRS["goal"]) == {"found": DAYS[2]}
    assert merged("goal", {}, PAIRS["goal"][0]) == PAIRS["goal"][0]


def test_a_star_in_either_is_a_star_from_when_it_was_first_given():
    assert merged("star", *PAIRS["star"]) == {"starred": DAYS[2]} and merged("star", {}, PAIRS["star"][0]) == PAIRS["star"][0]


def test_a_game_keeps_its_best_time_and_the_higher_count():
    own, other = PAIRS["best"]
    assert merged("best", own, other) == merged("best", other, own) == other and merged("best", {}, own) == own
    assert merged("played", *PAIRS["played"]) == {"times": 5} and merged("played", {}, {"times": 1}) == {"times": 1}


def test_of_two_thoughts_both_are_kept_and_the_newer_stands_first():
    both = merged("thought", *PAIRS["thought"])
    assert both == {"text": "So divide.\n\nBy the root.\n\nVariances add.", "updated": DAYS[4]}
    assert merged("thought", {}, PAIRS["thought"][0]) == PAIRS["thought"][0]
    grown = both | {"text": f"{both['text']}\n\nOr not.", "updated": DAYS[5]}
    assert merged("thought", both, grown) == merged("thought", grown, both) == grown


def test_a_thought_that_is_part_of_a_word_of_the_other_is_kept_too():
    own, other = {"text": "No.", "updated": DAYS[1]}, {"text": "I say: No.", "updated": DAYS[2]}
    assert merged("thought", own, other)["text"] == "I say: No.\n\nNo."


def test_thoughts_of_the_same_time_are_one_text_whoever_asks():
    own, other = {"text": "a\n\nb", "updated": DAYS[1]}, {"text": "b\n\na", "updated": DAYS[1]}
    assert merged("thought", own, other) == merged("thought", other, own) == other
    far = {"text": "c", "updated": DAYS[1]}
    both = merged("thought", own, far)
    assert both["text"] == "c\n\na\n\nb" == merged("thought", far, own)["text"] and merged("thought", both, own) == both == merged("thought", own, both)


@pytest.mark.parametrize("kind", PAIRS)
def test_the_order_does_not_matter_and_twice_adds_nothing(kind):
    own, other = PAIRS[kind]
    both = merged(kind, own, other)
    assert merged(kind, other, own) == both
    assert merged(kind, both, other) == merged(kind, both, own) == both

"""The item bank: what is in it holds, and the loader refuses what is wrong, naming file, id and mistake."""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import items  # noqa: E402

CARD = {"id": "a-card", "kind": "card", "level": "remember", "chapter": "part/one", "tags": ["t"],
        "prompt": "What?", "answer": "That."}
CHOICE = {**CARD, "id": "a-choice", "kind": "choice", "why": "Because.",
          "wrong": [{"choice": "This.", "misconception": "no_scale", "feedback": "No: look again."}]}
TRUTH = {**CARD, "id": "a-truth", "kind": "true_false", "answer": False, "why": "So.", "misconception": "no_mask"}
NUMBER = {**CARD, "id": "a-number", "kind": "numeric", "answer": 0.5, "tolerance": 0.01, "why": "Half."}
CLOZE = {**CARD, "id": "a-cloze", "kind": "cloze", "prompt": "Rows sum to ____.", "answer": "1", "why": "So."}
BARE = {field: CARD[field] for field in ("level", "chapter", "tags", "prompt")}
ORDER = {**BARE, "id": "an-order", "kind": "order", "steps": ["project", "score", "scale"], "why": "So."}
MATCH = {**BARE, "id": "a-match", "kind": "match", "why": "So.", "pairs": [["a", "1"], ["b", "2"], ["c", "3"]]}
SORT = {**BARE, "id": "a-sort", "kind": "sort", "why": "So.", "buckets": {"yes": ["flash"], "no": ["linear"]}}
GUESS = {**BARE, "id": "a-guess", "kind": "prediction", "choices": ["a quarter", "a half"], "answer": 1, "result": "It is 0.52."}
SIZE = {**BARE, "id": "a-size", "kind": "prediction", "number": 4608, "unit": "tokens", "near": 1.2, "result": "Six widths."}
OPEN = {**BARE, "id": "an-open", "kind": "open", "answer": "Since.", "rubric": ["names the sum", "names the axis"]}
GOOD = [CARD, CHOICE, TRUTH, NUMBER, CLOZE, ORDER, MATCH, SORT, GUESS, OPEN]


def written(folder: Path, *entries, name: str = "part.yml") -> Path:
    (folder / name).write_text(yaml.safe_dump(list(entries), sort_keys=False), encoding="utf-8")
    return folder


def changed(item: dict, **fields) -> dict:
    return {**copy.deepcopy(item), **fields}


def wrong_choice(**fields) -> dict:
    return changed(CHOICE, wrong=[{**CHOICE["wrong"][0], **fields}])


def without(item: dict, field: str) -> dict:
    return {name: value for name, value in item.items() if name != field}


# -- the bank as it stands ---------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def bank() -> list[dict]:
    return items.load()


def test_the_bank_is_not_empty_and_every_chapter_exists(bank):
    chapters = {item["chapter"] for item in bank}
    assert chapters
    assert [name for name in sorted(chapters) if not (ROOT / "book" / f"{name}.md").is_file()] == []


def test_every_misconception_of_the_quizzes_is_known_and_every_known_one_is_met_in_a_quiz_or_an_exercise(bank):
    from attnlab.exercises import EXERCISES, MISCONCEPTIONS
    asked = {wrong["misconception"] for item in bank for wrong in item.get("wrong", [])}
    asked |= {item["misconception"] for item in bank if "misconception" in item}
    made = {name for exercise in EXERCISES.values() for name in exercise.mutants if name not in exercise.same_as}
    assert asked - set(MISCONCEPTIONS) == set()
    assert set(MISCONCEPTIONS) - asked - made == set()


def test_every_number_has_a_known_slip_and_everything_that_is_placed_a_reason(bank):
    assert [item["id"] for item in bank if item["kind"] == "numeric" and not item.get("slips")] == []
    placed = {item["id"]: [left for left, _ in item["pairs"]] for item in bank if item["kind"] == "match"}
    placed |= {item["id"]: [card for cards in item["buckets"].values() for card in cards] for item in bank if item["kind"] == "sort"}
    reasons = {item["id"]: list(item.get("reasons", {})) for item in bank if item["id"] in placed}
    assert {name: sorted(found) for name, found in reasons.items()} == {name: sorted(texts) for name, texts in placed.items()}


def test_every_quiz_item_says_why(bank):
    assert [item["id"] for item in bank if item["kind"] in items.QUIZ and not item["why"].strip()] == []


def test_every_prediction_is_asked_once_on_the_page_of_its_chapter(bank):
    asked = {item["id"]: (ROOT / "book" / f"{item['chapter']}.md").read_text(encoding="utf-8").splitlines().count(f"% predict: {item['id']}")
             for item in bank if item["kind"] == "prediction"}
    assert {name: times for name, times in asked.items() if times != 1} == {}


# -- what the loader accepts and refuses -------------------------------------------------------------------

def test_one_good_item_of_every_kind_loads_in_order(tmp_path):
    assert [item["kind"] for item in GOOD] == list(items.FIELDS)
    assert items.load(written(tmp_path, *GOOD)) == GOOD


def test_items_of_a_chapter(tmp_path):
    other = changed(CARD, id="other", chapter="part/two")
    assert items.of_chapter("part/two", written(tmp_path, *GOOD, other)) == [other]


def test_a_chapter_asks_neither_open_questions_nor_what_stands_apart(tmp_path):
    folder = written(tmp_path, *GOOD, changed(MATCH, id="elsewhere", apart=True), changed(MATCH, id="here", apart=False))
    assert [item["id"] for item in items.of_chapter("part/one", folder)] == [item["id"] for item in GOOD[:-1]] + ["here"]


def test_no_page_asks_for_a_prediction_that_is_no_item():
    boxed = re.compile(r"^:class: .*\bpredict(ion)?\b|\{admonition\} Predict", re.M)
    assert [path.name for path in sorted((ROOT / "book").rglob("*.md")) if boxed.search(path.read_text(encoding="utf-8"))] == []
    assert boxed.search(":::{admonition} X\n:class: predict dropdown") and boxed.search("::::{admonition} Predict, then run")


def test_a_prediction_is_found_by_its_id_and_says_what_comes_true(tmp_path):
    folder = written(tmp_path, *GOOD, SIZE)
    assert items.prediction("a-guess", folder) == GUESS
    assert [items.answer(item) for item in (GUESS, SIZE, without(SIZE, "unit"))] == ["a half", "4,608 tokens", "4,608"]
    for name in ("a-card", "nobody"):
        with pytest.raises(LookupError, match=f"no prediction '{name}'"):
            items.prediction(name, folder)


def test_cards_predictions_and_open_questions_are_no_quiz_questions():
    assert set(items.FIELDS) - set(items.QUIZ) == {"card", "prediction", "open"}


BAD = [
    (without(CARD, "answer"), "answer is missing"),
    (changed(CARD, extra=1), "extra is not a field"),
    (changed(CARD, kind="essay"), "kind is 'essay'"),
    (changed(CARD, level="hard"), "level is 'hard'"),
    (changed(CARD, id="A card"), "id must be"),
    (changed(CARD, chapter="other/one"), "chapter is 'other/one'; in this file it must be part/<chapter>"),
    (changed(CARD, tags=[]), "tags must be"),
    (changed(CARD, prompt="  "), "prompt must be a text"),
    (changed(CARD, prompt="a\nb\nc"), "prompt has 3 lines"),
    (changed(CARD, prompt="a" * 201), "201 characters"),
    (changed(CARD, answer="a\n:::\nb"), "answer must be a text"),
    (changed(CARD, apart="yes"), "apart must be true or false"),
    (changed(OPEN, rubric=["one"]), "rubric must be a list of at least two"),
    (changed(OPEN, rubric=["one", "one"]), "two points of the rubric are the same"),
    (changed(CHOICE, wrong=[]), "at least one wrong choice"),
    (changed(CHOICE, wrong=[{"choice": "x", "feedback": "y"}]), "choice, misconception and feedback"),
    (wrong_choice(misconception="C6"), "misconception is 'C6'"),
    (wrong_choice(misconception="99"), "misconception is '99'; it must be the id of a misconception"),
    (wrong_choice(misconception=6), "misconception is 6"),
    (wrong_choice(misconception=""), "misconception is ''"),
    (wrong_choice(feedback=""), "feedback of a wrong choice must be a text"),
    (wrong_choice(choice="That."), "two choices are the same"),
    (without(CHOICE, "why"), "why is missing"),
    (changed(TRUTH, answer="no"), "answer must be true or false"),
    (without(TRUTH, "misconception"), "misconception is missing"),
    (changed(TRUTH, misconception="c 2"), "misconception is 'c 2'"),
    (changed(NUMBER, answer="half"), "answer must be a number"),
    (changed(NUMBER, answer=True), "answer must be a number"),
    (changed(NUMBER, tolerance=-1), "tolerance must not be negative"),
    (changed(NUMBER, slips={"number": 1}), "slips must be a list"),
    (changed(NUMBER, slips=[{"number": 1}]), "a slip needs exactly number and feedback"),
    (changed(NUMBER, slips=[{"number": "1", "feedback": "No."}]), "the number of a slip is '1'"),
    (changed(NUMBER, slips=[{"number": 0.5, "feedback": "No."}]), "the slip 0.5 is within the tolerance"),
    (changed(MATCH, reasons=["a"]), "reasons must name what each is for"),
    (changed(MATCH, reasons={"1": "So."}), "a reason is given for '1', which is not there"),
    (changed(SORT, reasons={"flash": ""}), "the reason for 'flash' must be a text"),
    (changed(CLOZE, prompt="No gap."), "the gap ____ exactly once"),
    (changed(CLOZE, prompt="____ and ____"), "the gap ____ exactly once"),
    (changed(ORDER, steps=["one", "two"]), "at least three texts"),
    (changed(ORDER, steps=["one", "one", "two"]), "two steps are the same"),
    (changed(MATCH, pairs=[["a", "1"], ["b"]]), "at least three pairs"),
    (changed(MATCH, pairs=[["a", "1"], ["b", "1"], ["c", "2"]]), "two sides of pairs are the same"),
    (changed(SORT, buckets={"one": ["a"]}), "at least two buckets"),
    (changed(SORT, buckets={"one": ["a"], "two": ["a"]}), "two cards are the same"),
    (without(GUESS, "result"), "result is missing"),
    (changed(GUESS, result=0.52), "result must be a text"),
    (changed(GUESS, why="So."), "why is not a field"),
    (changed(GUESS, number=2), "needs either choices and answer, or number"),
    (without(GUESS, "choices"), "needs either choices and answer, or number"),
    (without(GUESS, "answer"), "answer is None; it must be the place of the true choice, from 0 to 1"),
    (changed(GUESS, answer=2), "answer is 2; it must be the place of the true choice"),
    (changed(GUESS, answer=True), "answer is True; it must be the place"),
    (changed(GUESS, answer="a half"), "answer is 'a half'; it must be the place"),
    (changed(GUESS, choices=["a half"]), "choices must be a list of at least two texts"),
    (changed(GUESS, choices=["a half", 2]), "choices must be a list of at least two texts"),
    (changed(GUESS, choices=["a half", "a half"]), "two choices are the same"),
    (changed(GUESS, choices=["a half", "It falls."]), "no full stop at its end"),
    (changed(GUESS, near=2), "near goes with a number"),
    (changed(GUESS, unit="times"), "unit goes with a number"),
    (changed(SIZE, answer=0), "answer goes with choices"),
    (changed(SIZE, number="50"), "number is '50'; it must be a number above 0"),
    (changed(SIZE, number=0), "number is 0; it must be a number above 0"),
    (changed(SIZE, number=float("inf")), "number is inf"),
    (changed(SIZE, number=True), "number is True"),
    (changed(SIZE, unit=""), "unit must be a text"),
    (changed(SIZE, near=0.5), "near is 0.5; it must be a factor of at least 1"),
    (changed(SIZE, near="2"), "near is '2'"),
]


@pytest.mark.parametrize(("item", "message"), BAD, ids=[f"{n}-{m[:24]}" for n, (_, m) in enumerate(BAD)])
def test_a_wrong_item_is_refused_by_file_id_and_mistake(tmp_path, item, message):
    with pytest.raises(items.ItemError) as error:
        items.load(written(tmp_path, item))
    assert str(error.value).startswith(f"part.yml: {item['id']}: ")
    assert message in str(error.value)


def test_an_id_used_twice_is_refused_across_files(tmp_path):
    written(tmp_path, CARD)
    written(tmp_path, changed(CARD, chapter="zoo/one"), name="zoo.yml")
    with pytest.raises(items.ItemError, match="a-card: this id is used more than once"):
        items.load(tmp_path)


def test_all_mistakes_are_named_at_once(tmp_path):
    with pytest.raises(items.ItemError) as error:
        items.load(written(tmp_path, changed(CARD, level="hard"), changed(TRUTH, answer="no"), "text"))
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize(("text", "message"), [("a: 1\n", "must be a list"), ("- [", "not YAML"),
                                               ("", "must be a list"),
                                               ("- {id: a, id: b}\n", "the key 'id' is given twice"),
                                               ("- [{a: 1}, {b: 2, c: {d: 3, d: 4}}]\n", "the key 'd' is given twice")])
def test_a_file_that_is_no_list_of_items_is_refused(tmp_path, text, message):
    (tmp_path / "part.yml").write_text(text, encoding="utf-8")
    with pytest.raises(items.ItemError, match=f"part.yml: .*{message}"):
        items.load(tmp_path)


# -- orders ------------------------------------------------------------------------------------------------

def test_choices_hold_every_choice_in_an_order_fixed_by_the_id():
    wrong = [{"choice": str(n), "misconception": "no_scale", "feedback": "no"} for n in range(5)]
    orders = [items.choices(changed(CHOICE, id=f"i-{n}", wrong=wrong)) for n in range(7)]
    assert orders == [items.choices(changed(CHOICE, id=f"i-{n}", wrong=wrong)) for n in range(7)]
    assert {frozenset(order) for order in orders} == {frozenset(["That.", *"01234"])}
    assert len({order.index("That.") for order in orders}) > 1


def test_true_false_offers_both_and_a_card_offers_nothing():
    assert items.choices(TRUTH) == ["True", "False"]
    with pytest.raises(ValueError, match="kind card has no choices"):
        items.choices(CARD)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_shuffled_never_gives_the_answer_away_and_leaves_its_argument(count):
    values = list(range(count))
    for seed in "abcdefghij":
        assert (mixed := items.shuffled(values, seed)) != values and sorted(mixed) == values
    assert values == list(range(count))

"""Dialogues: those that stand hold, what they print is what their code prints, and the loader says what is wrong with one."""
from __future__ import annotations

import contextlib
import copy
import io
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import items  # noqa: E402
tutor = pytest.importorskip("tutor")

DIALOGUES = tutor.load()
NAMES = [one["id"] for one in DIALOGUES]


def shown_by_questions() -> dict[str, set[str]]:
    """Misconception -> the questions whose wrong answers show it."""
    found: dict[str, set[str]] = {}
    for item in items.load():
        named = [wrong["misconception"] for wrong in item.get("wrong", [])]
        for name in named + ([item["misconception"]] if "misconception" in item else []):
            found.setdefault(name, set()).add(item["id"])
    return found


def test_every_misconception_of_two_questions_has_a_dialogue():
    twice = {name for name, where in shown_by_questions().items() if len(where) >= 2}
    assert len(twice) >= 30 and twice - set(NAMES) == set()


@pytest.mark.parametrize("one", DIALOGUES, ids=NAMES)
def test_an_example_prints_what_it_is_said_to_print(one):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(tutor.PRELUDE + one["code"], {})
    assert out.getvalue() == one["prints"]


def walks(one: dict) -> list[list[str]]:
    """Every way from the first question to the end."""
    ways, found, open_ = tutor.graph(one), [], [[tutor.START]]
    while open_:
        way = open_.pop()
        if not ways[way[-1]]:
            found.append(way)
        open_ += [[*way, end] for end in ways[way[-1]]]
    return found


@pytest.mark.parametrize("one", DIALOGUES, ids=NAMES)
def test_every_way_ends_with_the_last_question_and_passes_the_example(one):
    assert all(way[-2:] == [tutor.EXAMPLE, tutor.CLOSE] for way in walks(one))
    assert {name for way in walks(one) for name in way} == set(tutor.graph(one))


def test_the_page_shows_every_part_of_the_dialogues_and_the_lines_they_begin_with():
    page = (ROOT / "book" / "practice" / "tutor.md").read_text("utf-8")
    parts = [path.stem for path in tutor.FOLDER.glob("*.yml")]
    assert sorted(part for part in parts if f"```{{tutor}} {part}\n" in page) == sorted(parts)
    assert f"```python\n{tutor.PRELUDE}```" in page


GOOD = next(one for one in DIALOGUES if one["id"] == "no_scale")


def changed(**fields) -> dict:
    return {**copy.deepcopy(GOOD), **fields}


def option(**fields) -> list[dict]:
    return [GOOD["options"][0] | fields, *GOOD["options"][1:]]


STEP = {"ask": "Why?", "options": [{"say": "a", "reply": "b"}, {"say": "c", "reply": "d"}]}
BAD = [
    ({name: value for name, value in GOOD.items() if name != "close"}, "close is missing"),
    (changed(extra=1), "extra is no field"),
    (changed(id="nobody"), "'nobody' is the id of no misconception"),
    (changed(id="cost_times_heads"), "it belongs into multi_head.yml"),
    (changed(exercise="nowhere.nothing"), "no exercise 'nowhere.nothing'"),
    (changed(prints=" "), "prints must be a text"),
    (changed(options=GOOD["options"][:2]), "ask must have at least 3 options"),
    (changed(options=option(**{"is": "maybe"})), "an option is 'maybe'"),
    (changed(options=[*GOOD["options"][1:], GOOD["options"][1]]), "no option of ask is misconception"),
    (changed(options=option(to="nowhere")), "leads to 'nowhere', which is not there"),
    (changed(steps=GOOD["steps"] | {"lost": STEP}), "lost is never reached"),
    (changed(steps={"sum": STEP | {"options": [{"say": "a", "reply": "b", "to": "sum"}, STEP["options"][1]]}}), "from sum one comes back to it"),
    (changed(steps=GOOD["steps"] | {"close": STEP}), "a step must not be called 'close'"),
    (changed(steps={"sum": {"ask": "?"}}), "the step sum needs exactly ask and options"),
    (changed(close={"ask": "?", "options": STEP["options"]}), "exactly one option of close must be right"),
    (changed(close=GOOD["close"]["ask"]), "close needs exactly ask and options"),
]


@pytest.mark.parametrize("entry, words", BAD, ids=[words for _, words in BAD])
def test_a_bad_dialogue_is_refused_by_file_name_and_field(entry, words, tmp_path):
    (tmp_path / "self_attention.yml").write_text(yaml.safe_dump([entry], sort_keys=False, allow_unicode=True), "utf-8")
    with pytest.raises(tutor.TutorError) as error:
        tutor.load(tmp_path)
    assert words in str(error.value) and str(error.value).startswith("self_attention.yml: ")


@pytest.mark.parametrize("text, words", [("a: [", "not YAML"), ("a: 1", "must be a list of dialogues, not dict"), ("- 7", "a dialogue is a mapping")])
def test_a_file_that_is_no_list_of_dialogues_is_refused(text, words, tmp_path):
    (tmp_path / "start.yml").write_text(text, "utf-8")
    with pytest.raises(tutor.TutorError, match=words):
        tutor.load(tmp_path)


def test_two_dialogues_on_one_misconception_are_refused(tmp_path):
    (tmp_path / "self_attention.yml").write_text(yaml.safe_dump([GOOD, GOOD], allow_unicode=True), "utf-8")
    with pytest.raises(tutor.TutorError, match="no_scale: this id is used more than once"):
        tutor.load(tmp_path)

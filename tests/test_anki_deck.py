"""The deck for Anki, opened as a reader of the format does: zip, SQLite, notes, models, decks, media."""
from __future__ import annotations

import io
import json
import re
import sqlite3
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import anki_deck  # noqa: E402
import items  # noqa: E402

BANK = items.load()
LABELS = {item["chapter"]: item["chapter"].split("/")[0].title() for item in BANK}


@pytest.fixture(scope="module")
def package() -> bytes:
    return anki_deck.packed(anki_deck.decks(BANK, LABELS, {}))


@pytest.fixture(scope="module")
def collection(package, tmp_path_factory):
    """Tables of the collection, and the names in the package."""
    path = tmp_path_factory.mktemp("deck") / "collection.anki2"
    with zipfile.ZipFile(io.BytesIO(package)) as held:
        assert held.testzip() is None and sorted(held.namelist()) == ["collection.anki2", "media"]
        assert json.loads(held.read("media")) == {}
        path.write_bytes(held.read("collection.anki2"))
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("pragma integrity_check").fetchone() == ("ok",)
        models, decks = map(json.loads, base.execute("select models, decks from col").fetchone())
        return {"models": models, "decks": decks, "notes": base.execute("select id, guid, mid, tags, flds from notes").fetchall(),
                "cards": base.execute("select nid, did, ord from cards").fetchall()}


def test_every_item_that_can_be_asked_is_a_note_with_one_card_in_the_deck_of_its_part(collection):
    asked = {f"attnlab-{item['id']}": item for item in BANK if item["kind"] in anki_deck.SIDES}
    assert len(collection["notes"]) == len(asked) > 800
    assert {guid for _, guid, *_ in collection["notes"]} == set(asked)
    decks = {int(name): deck["name"] for name, deck in collection["decks"].items()}
    where = {note: decks[deck] for note, deck, _ in collection["cards"]}
    assert len(collection["cards"]) == len(where) == len(asked)
    for note, guid, model, *_ in collection["notes"]:
        assert str(model) in collection["models"]
        assert where[note] == f"{anki_deck.COURSE}::{LABELS[asked[guid]['chapter']]}"


def test_fields_are_as_many_as_the_model_has_and_no_mark_is_left_in_them(collection):
    [model] = [one for one in collection["models"].values() if one["name"] == "attnlab"]
    for _, guid, _, tags, fields in collection["notes"]:
        front, back, chapter = fields.split("\x1f")
        assert front and back and chapter and tags == f" {tags.strip()} "
        words = re.sub(r"\\\(.*?\\\)|<code>.*?</code>", "", front + back)
        assert "$" not in words.replace("\\$", "") and "**" not in words, guid
        assert (front + back).count("\\(") == (front + back).count("\\)")
    assert [one["name"] for one in model["flds"]] == ["Front", "Back", "Chapter"]


def test_two_builds_are_the_same_bytes(package):
    assert anki_deck.packed(anki_deck.decks(BANK, LABELS, {})) == package


def test_text_becomes_what_anki_shows():
    assert anki_deck.rich("Is $a < b$ **so** or `x < y` & *not*?") == "Is \\(a &lt; b\\) <b>so</b> or <code>x &lt; y</code> &amp; <i>not</i>?"
    assert anki_deck.rich("costs \\$5") == "costs $5"


def test_a_choice_shows_all_choices_in_front_and_what_is_said_to_each_behind():
    item = {"id": "q", "kind": "choice", "prompt": "Which?", "answer": "this", "why": "So.",
            "wrong": [{"choice": "that", "misconception": "m", "feedback": "Not that."}]}
    front, back = anki_deck.sides(item)
    assert front.startswith("<p>Which?</p><ul><li>") and "this" in front and "that" in front
    assert back == "<b>this</b><ul><li><i>that</i>: Not that.</li></ul><p>So.</p>"


def test_the_answer_of_a_gap_is_not_in_front():
    front, back = anki_deck.sides({"id": "g", "kind": "cloze", "prompt": "Rows sum to ____.", "answer": "one", "why": "So."})
    assert "one" not in front and "____" not in front and "<b>one</b>" in back


def test_ids_follow_from_names_and_differ():
    found = {anki_deck.number(f"attnlab {part}") for part in {item["chapter"].split("/")[0] for item in BANK}}
    assert len(found) == len({item["chapter"].split("/")[0] for item in BANK})
    assert anki_deck.number("attnlab model") == anki_deck.MODEL.model_id == 1759916769

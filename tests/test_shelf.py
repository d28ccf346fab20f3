"""The bank as the browser reads it is what the built pages show, item by item."""
from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import shelf  # noqa: E402

CHOICE = '<template data-item="q" data-kind="choice"><p data-part="prompt">Which?</p></template>'
CARD = '<details class="admonition card" id="item-c"><summary>What?</summary>\n<p>That.</p>\n</details>'
PAGE = (f'<p>x</p><div class="item item-choice" data-item="q">{CHOICE}<details class="admonition quiz-item">Which?</details></div>'
        f'<div class="item item-card" data-item="c">{CARD}</div><div class="item item-lines" data-item="l"><p>frame</p></div>')
BANK = [
    {"id": "c", "kind": "card", "level": "remember", "chapter": "part/two", "tags": ["a"], "prompt": "What?", "answer": "That."},
    {"id": "q", "kind": "choice", "level": "apply", "chapter": "part/two", "tags": ["b"], "prompt": "Which?", "answer": "this", "why": "So.",
     "wrong": [{"choice": "that", "misconception": "no_scale", "feedback": "No."}, {"choice": "it", "misconception": "no_scale", "feedback": "No."}]},
    {"id": "p", "kind": "prediction", "level": "apply", "chapter": "part/two", "tags": ["b"], "prompt": "Guess."},
]


def laid_out(tmp_path: Path) -> Path:
    (tmp_path / "book" / "part").mkdir(parents=True)
    (tmp_path / "book" / "part" / "two.html").write_text(PAGE, "utf-8")
    return tmp_path


def test_a_question_is_its_template_and_a_card_its_two_faces_without_an_address():
    assert shelf.frames(PAGE) == {"q": CHOICE, "c": CARD.replace(' id="item-c"', "")}


def test_every_item_but_a_prediction_is_in_the_file_of_its_part(tmp_path):
    rows = shelf.parted(BANK, laid_out(tmp_path))
    assert list(rows) == ["part"] and [one["id"] for one in rows["part"]] == ["c", "q"]
    assert rows["part"][1]["html"] == f'<div class="item item-choice" data-item="q">{CHOICE}</div>'
    assert rows["part"][0]["page"] == "book/part/two.html"


def test_an_item_that_no_page_shows_is_told_of(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(shelf.log, "warning", lambda words, *rest, **more: told.append(words % rest))
    lost = BANK[0] | {"id": "lost"}
    assert [one["id"] for one in shelf.parted([*BANK, lost], laid_out(tmp_path))["part"]] == ["c", "q"]
    assert told == ["no page shows the item 'lost' of part/two"]


def test_the_index_says_what_a_queue_asks_for(tmp_path):
    page = "book/part/two.html"
    found = shelf.index(BANK, shelf.parted(BANK, laid_out(tmp_path)), {page: "Two"}, {page: "1 Part"})
    assert found == {"pages": [["part/two", "Two", page, "1 Part"]],
                     "items": [["c", 0, "card", "remember", ["a"], []], ["q", 0, "choice", "apply", ["b"], ["no_scale"]]]}

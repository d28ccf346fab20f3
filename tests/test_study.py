"""What the ways to study are made of: the list of ways, parts and topics, the ideas in 60 seconds, where mistakes are put right."""
from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from docutils import nodes

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import items  # noqa: E402
study = pytest.importorskip("study")
shorts = pytest.importorskip("shorts")

WAYS = tomllib.loads(study.WAYS.read_text("utf-8"))["way"]
BANK = items.load()
PAGES = [one["file"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"] for one in part["chapters"]]
PARTS = {path.stem for path in items.FOLDER.glob("*.yml")}


def source(page: str) -> str:
    return (ROOT / "book" / "practice" / f"{page}.md").read_text("utf-8")


def test_every_way_is_a_page_of_the_course_and_every_page_of_practice_is_listed():
    pages = [f"book/{way['page']}" for way in WAYS]
    assert [page for page in pages if page not in PAGES] == [] and len(set(pages)) == len(pages)


def test_a_way_draws_on_kinds_that_are_there():
    kinds = {item["kind"] for item in BANK}
    assert [way["title"] for way in WAYS if not set(way.get("kinds", ())) <= kinds] == []


def test_a_way_says_on_how_much_it_draws():
    place = study.Ways.__new__(study.Ways)
    place.root = lambda: ROOT
    found = {way["title"]: place.number(way, Counter(item["kind"] for item in BANK)) for way in WAYS}
    assert found["Flashcards"] == sum(item["kind"] == "card" for item in BANK) and found["Thinking"] >= 40
    assert found["Tutor"] >= 50 and found["Shorts"] >= 50 and all(found.values())


def test_parts_come_in_the_order_of_the_course_each_with_its_chapters():
    found = study.parts(ROOT, study.drawn(BANK))
    chapters = [f"book/{one['chapter']}" for part in found for one in part["chapters"]]
    assert chapters == [page for page in PAGES if page in set(chapters)]
    assert {page.removeprefix("book/") for page in chapters} == {item["chapter"] for item in study.drawn(BANK)}
    assert found[0]["label"] == "Start" and found[1]["label"].startswith("1 ")


def test_every_mistake_of_a_question_has_a_place_to_read():
    found = study.read(BANK)
    shown = {wrong["misconception"] for item in BANK for wrong in item.get("wrong", [])} | {item["misconception"] for item in BANK if "misconception" in item}
    assert set(found) == shown and all(re.fullmatch(r"book/\w+/\w+\.html#[a-z0-9-]+", place) for _, place in found.values())


@pytest.mark.parametrize("page, directive, least", [("thinking", "thinking", 40), ("games", "games", 30)])
def test_nothing_is_left_off_the_page_that_shows_it(page, directive, least):
    named = re.findall(rf"```\{{{directive}\}} (\w+)", source(page))
    kinds = [item for item in BANK if item["kind"] in (["open"] if page == "thinking" else ["match", "sort", "order"])]
    shown = [item for item in kinds if (item["chapter"].partition("/")[0] if page == "thinking" else item["kind"]) in named]
    assert len(named) == len(set(named)) and shown == kinds and len(kinds) >= least


def test_what_stands_apart_is_a_game():
    assert [item["id"] for item in BANK if item.get("apart") and item["kind"] not in ("match", "sort", "order")] == []


def test_every_part_has_open_questions():
    assert {item["chapter"].partition("/")[0] for item in BANK if item["kind"] == "open"} == PARTS


CHAPTER = """# One

:::{admonition} The idea in 60 seconds
:class: idea
First line, [a link](two.md).

Second.
:::

:::{admonition} Remember
:class: remember
Not this.
:::
"""


def test_an_idea_is_what_stands_in_its_box():
    assert shorts.idea(CHAPTER) == "First line, [a link](two.md).\n\nSecond." and shorts.idea("# Two\n") == ""
    assert shorts.idea(CHAPTER.replace(":::{", "::::{", 1).replace("Second.\n:::", "Second.\n:::{tip}\nx\n:::\n::::", 1)).endswith("Second.\n:::{tip}\nx\n:::")


def test_every_chapter_with_an_idea_is_among_the_shorts_in_the_order_of_the_course():
    found = [one.page for one, _ in shorts.ideas(ROOT)]
    boxed = [page for page in PAGES if (path := ROOT / f"{page}.md").is_file() and "The idea in 60 seconds\n:class: idea" in path.read_text("utf-8")]
    assert found == boxed and len(found) >= 50 and all(text for _, text in shorts.ideas(ROOT))


def test_a_screen_reader_is_told_words_without_marks():
    assert study.plain("a **b** of $d_k$ and `c`") == "a b of d_k and c"


PRACTICE = ROOT / "book" / "_static" / "practice"
EVERYWHERE = ("way", "modes", "route")  # what every page has, whatever way it is


def loaded(name: str, found: set[str]) -> set[str]:
    """The scripts that one script brings along, itself included."""
    if name not in found:
        found.add(name)
        for other in re.findall(r'from "\./(\w+)\.js"|import "\./(\w+)\.js"|import\("\./(\w+)\.js"\)', (PRACTICE / f"{name}.js").read_text("utf-8")):
            loaded("".join(other), found)
    return found


@pytest.mark.parametrize("name", study.SCRIPTS)
def test_the_code_of_a_way_is_small(name):
    scripts = set().union(*(loaded(one, set()) for one in (name, *EVERYWHERE)))
    assert {"dom", "storage", name} <= scripts
    assert sum((PRACTICE / f"{one}.js").stat().st_size for one in scripts) <= 120_000


def test_a_topic_leads_to_its_cards_and_its_chapters():
    place = study.Topics.__new__(study.Topics)
    place.link = lambda page, words, anchor="", query="": nodes.Text(f"{page}{query} {words}")
    place.cards = lambda chapter, words: nodes.Text(chapter)
    chapters = Counter({"self_attention/masks": 2, "positions/guide": 1})
    said = "(3): self_attention/masks, positions/guide"
    assert " ".join(place.row("key cache", chapters, True).astext().split()) == f"practice/flashcards?tag=key%20cache key cache {said}"
    assert " ".join(place.row("key cache", chapters, False).astext().split()) == f"key cache {said}"

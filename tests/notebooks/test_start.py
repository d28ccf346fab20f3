"""The pages of Start that run: lighter than a chapter, but with claims that are asserted and questions to answer."""

from __future__ import annotations

import re

import expand
import items
import nbformat
import pytest
import sync

LIGHTER = re.compile(r"prerequisites|refresher_\w+|why_transformers")  # the others are chapters: test_chapters
PAGES = [source for source in sync.sources() if source.parent.name == "start" and LIGHTER.fullmatch(source.stem)]
REFRESHERS = [source for source in PAGES if source.stem.startswith("refresher_")]
RUNNABLE = [source for source in PAGES if source.stem != "prerequisites"]
HIDDEN = re.compile(r"^::::\{admonition\} .*\n:class: recall\n\n:::\{admonition\} Answer\n:class: dropdown answer$", re.M)
TOPIC = re.compile(r"^::::\{div\} diagnostic-topic\n(.*?)^::::$", re.MULTILINE | re.DOTALL)
CHAPTER = "start/prerequisites"
every_page = pytest.mark.parametrize("source", RUNNABLE, ids=[source.stem for source in RUNNABLE])


def executed(source):
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


def test_there_are_five_refreshers_and_the_reasons():
    assert len(REFRESHERS) == 5 and {"why_transformers", "prerequisites"} < {source.stem for source in PAGES}


@every_page
def test_every_claim_is_followed_by_its_assertion(source):
    cells = executed(source).cells
    claims = [i for i, cell in enumerate(cells) if ":class: claim" in cell.source and cell.cell_type == "markdown"]
    assert len(claims) >= (5 if source.stem == "why_transformers" else 3)
    for i in claims:
        assert "claim" in cells[i + 1].metadata.get("tags", []), cells[i].source
        assert re.search(r"^\s*assert ", cells[i + 1].source, re.MULTILINE), cells[i + 1].source


@every_page
def test_a_picture_with_words_and_three_questions_with_hidden_answers(source):
    cells = executed(source).cells
    pictures = [cell for cell in cells if "plt.show()" in cell.source and cell.cell_type == "code"]
    assert pictures and all(len(cell.metadata.mystnb.image.alt.split()) >= 10 for cell in pictures)
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert len(HIDDEN.findall(text)) >= 3


@every_page
def test_nothing_needs_torch(source):
    assert [cell for cell in expand.code_cells(executed(source)) if "torch" in cell.source.split()] == []


# -- the diagnostic

def test_fifteen_questions_three_for_each_refresher():
    bank = items.of_chapter(CHAPTER)
    topics = [item["tags"][0] for item in bank]
    assert len(bank) == 15 and {topics.count(topic) for topic in topics} == {3}
    assert {f"refresher_{topic.replace(' ', '_')}" for topic in topics} == {source.stem for source in REFRESHERS}
    assert {item["kind"] for item in bank} <= {"choice", "numeric"}


def test_each_topic_ends_with_the_page_to_read():
    text = expand.diagnostic_cell(CHAPTER).source
    assert text.startswith(":::::{admonition} 15 questions\n:class: quiz diagnostic\n\n::::{div} diagnostic-topic\n")
    parts = TOPIC.findall(text)
    assert len(parts) == 5
    for part, name in zip(parts, ["linear algebra", "neural networks"]):
        link = f"[{name}](refresher_{name.replace(' ', '_')}.ipynb)"
        assert part.startswith(f"**{name.capitalize()}**\n\n") and part.count(":class: quiz-item dropdown") == 3
        assert part.endswith(f"If you missed one of these 3, read the refresher on {link}.\n")


def test_a_topic_without_a_refresher_is_refused(monkeypatch):
    item = {**items.of_chapter(CHAPTER)[0], "tags": ["astrology"]}
    monkeypatch.setattr(items, "of_chapter", lambda chapter: [item])
    with pytest.raises(ValueError, match="topic 'astrology' needs the page start/refresher_astrology.md"):
        expand.diagnostic_cell(CHAPTER)


def test_the_page_holds_every_question():
    text = "\n".join(cell.source for cell in executed(PAGES[0].with_name("prerequisites.md")).cells)
    assert [item["id"] for item in items.of_chapter(CHAPTER) if f":name: item-{item['id']}\n" not in text] == []

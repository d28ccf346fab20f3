"""Reading: twelve papers with questions, everything annotated, every page and paper there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
guides = pytest.importorskip("guides")
reference_data = pytest.importorskip("reference_data")
PAPERS = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M))
GUIDES = [one for group in reference_data.load(reference_data.DATA / "guides.toml", "guide", guides.GUIDE) for one in group.entries]
GROUPS = reference_data.load(reference_data.DATA / "reading.toml", "item", guides.ITEM)
ITEMS = [one for group in GROUPS for one in group.entries]


def known(pages: list[str]) -> bool:
    names = {page.partition("#")[0] for page in pages}
    labels = {page.partition("#")[2] for page in pages} - {""}
    return names <= set(reference_data.TITLES) and all(f"({label})=" in (ROOT / "book" / f"{name}.md").read_text("utf-8") for name in names for label in labels
                                                       if f"{name}#{label}" in pages)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda one: one["id"])
def test_a_guide_has_questions_with_answers_a_paper_and_pages(guide):
    assert guide["paper"] in PAPERS and known(guide["pages"])
    assert len(guide["questions"]) >= 3
    assert all(asked.rstrip().endswith("?") and len(answer.split()) >= 5 for asked, answer in guide["questions"])


@pytest.mark.parametrize("item", ITEMS, ids=lambda one: one["id"])
def test_an_item_says_what_it_adds_and_where_to_be_careful(item):
    assert known(item["pages"]) and urlsplit(item["url"]).scheme == "https"
    assert len(item["adds"].split()) >= 5 and len(item["careful"].split()) >= 5


def test_there_are_twelve_papers_and_three_kinds_of_other_things():
    assert len({guide["paper"] for guide in GUIDES}) == 12 and len(GROUPS) == 3 and len({item["url"] for item in ITEMS}) == len(ITEMS) >= 15


def test_papers_named_in_a_guide_are_there():
    text = (ROOT / "book" / "reference" / "data" / "guides.toml").read_text("utf-8")
    assert set(re.findall(r"\{cite:t\}`(\w+)`", text)) <= PAPERS


def test_a_question_is_a_box_with_its_answer_folded():
    assert guides.question("Why?", "So.") == [":::{admonition} Why?", ":class: dropdown answer", "So.", ":::", ""]

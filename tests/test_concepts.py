"""The concept pages: all their parts, code that runs as it stands, one-line tests that hold and that catch the mistake they are for, numbers that are computed."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path

import pytest
import yaml
from concept_mistakes import NUMBERS, PLANTED

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted((BOOK / "concepts").glob("*.md")) if path.stem != "index"}
INDEX = (BOOK / "concepts" / "index.md").read_text("utf-8")
PARTS = ["Eight points", "Which", "Intuition", "Definition", "Derivation", "Code", "Shapes and cost", "Mistakes, each with a one-line test", "Before this, and why",
         "Related", "Cards"]
LISTING = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
MISTAKE = re.compile(r"^- \*\*(.+?)\.?\*\* (?:.*? )?Test: `(.+)`$", re.M)
LINK = re.compile(r"\]\(\.\./([\w/]+)\.(?:md|ipynb)\)")
every = pytest.mark.parametrize("page", PAGES)


def section(page: str, title: str) -> str:
    return re.split(r"^## ", PAGES[page].partition(f"\n## {title}")[2], flags=re.M)[0]


def code(page: str) -> str:
    return "\n".join(LISTING.findall(PAGES[page]))


class WithoutAssertions(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.Pass:
        return ast.Pass()


def ran(page: str, *changes: tuple[str, str], asserts: bool = True) -> dict:
    """The names that the page's code makes, run from above with warnings as errors; changed, and without its own assertions, where asked."""
    text = code(page)
    for right, wrong in changes:
        assert right in text, right
        text = text.replace(right, wrong)
    tree = ast.parse(text)
    if not asserts:
        tree = ast.fix_missing_locations(WithoutAssertions().visit(tree))
    names: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error" if asserts else "ignore")
        exec(compile(tree, f"{page}.md", "exec"), names)
    return names


def holds(test: str, names: dict) -> bool:
    """Whether the one-line test is true; one that cannot be worked out is not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(eval(test, names))
    except (ArithmeticError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        return False


def test_there_are_ten_and_the_list_names_each_once():
    assert len(PAGES) == 10
    assert sorted(re.findall(r"^\| \[[^\]]+\]\((\w+)\.md\)", INDEX, re.M)) == sorted(PAGES)


@every
def test_a_page_has_all_its_parts_in_order(page):
    found = re.findall(r"^## (.+)$", PAGES[page], re.M)
    assert [title if title in PARTS else "Which" for title in found] == PARTS
    assert re.search(r"^\*\w.+ · (core|advanced) level\.\* ", PAGES[page], re.M)
    assert re.findall(r"^(\d)\. ", section(page, "Eight points"), re.M) == list("12345678")
    assert "```{diagram}" in section(page, "Intuition") and "$$" in section(page, "Definition")
    assert section(page, "Before this, and why").count("because") >= 2 and len(LINK.findall(section(page, "Related"))) + section(page, "Related").count("{ref}") >= 3
    assert re.search(r"^\|", section(page, "Which"), re.M) and re.search(r"^\|", section(page, "Shapes and cost"), re.M)


@every
def test_the_code_runs_as_it_stands_with_both_libraries(page):
    names = ran(page)
    assert "import numpy as np" in code(page) and "import torch" in code(page) and code(page).count("assert ") >= 1
    assert max(map(len, code(page).splitlines())) <= 100 and names


@every
def test_each_one_line_test_holds_and_each_mistake_is_planted(page):
    found, names = dict(MISTAKE.findall(section(page, "Mistakes"))), ran(page)
    assert list(found) == list(PLANTED[page]) and len(found) >= 3
    assert len(found) == section(page, "Mistakes").count("\n- **")
    assert [title for title, test in found.items() if not holds(test, names)] == []


@pytest.mark.parametrize("page, title", [(page, title) for page in PLANTED for title in PLANTED[page]])
def test_a_planted_mistake_fails_its_own_test(page, title):
    test = dict(MISTAKE.findall(section(page, "Mistakes")))[title]
    try:
        names = ran(page, *PLANTED[page][title], asserts=False)
    except (IndexError, RuntimeError, TypeError, ValueError):
        return  # the code does not even run
    assert not holds(test, names)


@every
def test_numbers_of_a_page_are_what_they_are_computed_to_be(page):
    for shown, count in NUMBERS[page].items():
        assert count() == shown and shown in PAGES[page], shown


@every
def test_links_lead_to_pages_and_tags_of_the_list_are_in_the_bank(page):
    for target in LINK.findall(PAGES[page]):
        assert (BOOK / f"{target}.md").is_file(), target
    bank = [item for path in (BOOK / "practice" / "items").glob("*.yml") for item in yaml.safe_load(path.read_text("utf-8"))]
    tags, row = {tag for item in bank for tag in item["tags"]}, re.search(rf"^\| \[[^\]]+\]\({page}\.md\) .*$", INDEX, re.M)[0]
    asked = [tag.strip() for tag in row.split("|")[3].split(",")]
    assert len(asked) >= 2 and set(asked) <= tags
    assert LINK.findall(row.split("|")[4]) or page in ("expressiveness", "in_context_learning")

"""Every box *In short*: whole, its two listings run as a stranger runs them and agree with the package, its bugs are caught, its numbers true."""

from __future__ import annotations

import ast
import re

import pytest
from in_short import architecture, efficiency, fundamentals, multi_head, page, positions, self_attention, theory, variants

PARTS = (efficiency, self_attention, positions, multi_head, architecture, variants, fundamentals, theory)
PAGES = {name: one for part in PARTS for name, one in part.PAGES.items()}
BUGS = [(name, title) for name, one in PAGES.items() for title in one.bugs]
MAY_IMPORT = {"numpy": {"numpy"}, "torch": {"torch"}}
LABELS = {"numpy": "NumPy", "torch": "PyTorch"}
LONGEST, WIDEST = 15, 96  # lines that do something; characters

ASKED = {
    "fundamentals": "softmax_temperature mathematics from_scratch",
    "efficiency": "overview online_softmax blocked_kernel blocked_backward memory_traffic on_a_gpu beyond_one_device sparse linear memory_that_erases inference",
    "self_attention": "scaled_dot_product masks implementation graph_view",
    "multi_head": "implementation sharing",
    "positions": "sinusoidal learned relative guide",
    "architecture": "encoder decoder cross_attention feed_forward normalisation residual_stream implementation training decoding",
    "variants": "bert gpt t5 vit modern_decoders what_changed_since mixture_of_experts a_real_language_model",
    "theory": "key_value_memory expressiveness in_context",
}

every_page = pytest.mark.parametrize("name", PAGES)


def code(name: str, library: str) -> str:
    return page.listing(page.box(name), LABELS[library])


@every_page
def test_the_box_has_its_pieces_in_order_near_the_top(name):
    text = (page.BOOK / f"{name}.md").read_text("utf-8")
    title, classes, _ = page.BOX.search(text).groups()
    assert f"In short{title}" == page.TITLE and classes.split() == ["short", "dropdown"]
    assert tuple(page.box(name)) == page.PIECES
    before = text[: page.BOX.search(text).start()]
    assert ":class: recall" not in before and "\n## " not in before and "\n# " in before


@every_page
def test_each_piece_says_something(name):
    pieces = page.box(name)
    assert len(pieces["Also called"].split()) >= 3 and pieces["Formula"].startswith("$$") and pieces["Formula"].endswith("$$")
    bugs = page.BULLET.findall(pieces["Test for"])
    assert len(bugs) >= 2 and len(bugs) == pieces["Test for"].count("\n- ") + pieces["Test for"].startswith("- ")
    assert all(len(text.split()) >= 5 for _, text in bugs)
    assert [title for title, _ in bugs] == list(PAGES[name].bugs)


@every_page
@pytest.mark.parametrize("library", MAY_IMPORT)
def test_a_listing_is_short_and_imports_its_library_alone(name, library):
    lines = [line for line in code(name, library).splitlines() if line.strip()]
    assert max(map(len, lines)) <= WIDEST
    assert sum(not line.startswith(("import ", "from ")) and not line.lstrip().startswith('"""') for line in lines) <= LONGEST
    tree = ast.walk(ast.parse(code(name, library)))
    asked = [alias.name if isinstance(node, ast.Import) else node.module for node in tree if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    assert {module.partition(".")[0] for module in asked} == MAY_IMPORT[library]


@every_page
def test_the_listings_agree_with_the_package(name):
    PAGES[name].agrees(page.run(code(name, "numpy")), page.run(code(name, "torch")))


@pytest.mark.parametrize("name, title", BUGS)
def test_a_bug_is_caught_by_its_property(name, title):
    bug = PAGES[name].bugs[title]
    bug.holds(page.run(code(name, bug.listing)))
    planted = page.run(code(name, bug.listing), bug.right, bug.wrong)
    with pytest.raises((AssertionError, ArithmeticError, IndexError, RuntimeError, RuntimeWarning, ValueError)):
        bug.holds(planted)


@every_page
def test_the_numbers_of_its_cost_are_computed(name):
    cost = page.box(name)["Cost"]
    asked = PAGES[name].costs()
    assert asked and [number for number in asked if not re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", cost)] == []


def test_every_page_that_needs_a_box_has_one():
    assert [name for part, names in ASKED.items() for name in (f"{part}/{one}" for one in names.split()) if name not in PAGES] == []


def test_no_page_has_a_box_that_nobody_tests():
    pages = {path.relative_to(page.BOOK).with_suffix("").as_posix(): path.read_text("utf-8") for path in page.BOOK.rglob("*.md")}
    with_box = {name for name, text in pages.items() if page.BOX.search(text)}
    assert with_box == set(PAGES)

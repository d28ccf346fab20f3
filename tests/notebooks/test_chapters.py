"""Every chapter: in step with its source, whole, in the shape of all chapters (that it runs, solved too: one_run)."""

from __future__ import annotations

import importlib.util
import re

import expand
import items
import nbformat
import pytest
import sync

SOURCES = sync.sources()
ORDER = ["objectives", "prerequisites", "recall", "idea", "prediction", "bug", "exercise", "remember", "cards",
         "quiz", "where-next"]
BOX = re.compile(r"^:{3,}\{admonition\} .*\n:class: ([\w-]+)", re.MULTILINE)
CLOSED_CLAIM = re.compile(r":class: claim\n(?:(?!^:::).*\n)*^:::\s*\Z", re.MULTILINE)

# live is a page around one explorable, your_own_model around what the exercises of others made; the last three: test_start
LIGHTER = re.compile(r"overview|problems|benchmark|live|your_own_model|prerequisites|refresher_\w+|why_transformers")
CHAPTERS = [source for source in SOURCES if not LIGHTER.fullmatch(source.stem)]


def over(sources):
    names = [f"{source.parent.name}/{source.stem}" for source in sources]
    return pytest.mark.parametrize("source", sources, ids=names)


every_notebook, every_chapter = over(SOURCES), over(CHAPTERS)


def executed(source):
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


def tagged(book, tag: str) -> list:
    return [cell for cell in expand.code_cells(book) if tag in cell.metadata.get("tags", [])]


def boxes(book) -> list[str]:
    """The classes of all boxes in reading order; an exercise's slot counts as one."""
    found = []
    for cell in book.cells:
        if cell.cell_type == "markdown":
            found += BOX.findall(cell.source)
        elif "exercise-slot" in cell.metadata.get("tags", []):
            found.append("exercise")
    return found


def shows_figure(cell) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def test_there_are_chapters():
    assert CHAPTERS


@every_notebook
def test_a_notebook_is_in_step_with_its_source(source):
    assert sync.in_step(source) == ""


@every_notebook
def test_every_cell_ran_once_in_order_without_error_or_warning(source):
    book = executed(source)
    counts = [cell.execution_count for cell in expand.code_cells(book)]
    assert counts == list(range(1, len(counts) + 1))
    assert sync.inspect(book) == [] and expand.lint(book) == []


@every_chapter
def test_the_boxes_come_in_the_order_of_every_chapter(source):
    found = boxes(executed(source))
    assert [kind for kind in ORDER if kind not in found] == []
    fixed = [kind for kind in ORDER if kind != "exercise"]  # an exercise may stand right after its idea
    assert sorted(fixed, key=found.index) == fixed
    assert found.index("idea") < found.index("exercise") < found.index("remember")
    assert 2 <= found.count("recall") <= 3 and found.count("objectives") == found.count("idea") == 1


@every_chapter
def test_at_least_five_claims_each_with_its_assertion(source):
    cells = executed(source).cells
    claims = [cell for cell in cells if cell.cell_type == "markdown" and ":class: claim" in cell.source]
    assert len(claims) >= 5
    for cell in claims:
        proof = cells[cells.index(cell) + 1]
        assert cell.source.count(":class: claim") == 1, cell.source[-200:]
        assert CLOSED_CLAIM.search(cell.source), cell.source[-200:]
        assert proof.cell_type == "code" and "claim" in proof.metadata.get("tags", []), cell.source[-200:]
        assert re.search(r"^\s*assert ", proof.source, re.MULTILINE), proof.source
    assert len(tagged(executed(source), "claim")) == len(claims)


@every_chapter
def test_at_least_three_exercises_with_slot_check_solution_and_use(source):
    book = executed(source)
    names = [cell.metadata.attnlab.exercise for cell in tagged(book, "exercise-slot")]
    assert len(set(names)) == len(names) >= 3
    for tag in ("exercise-check", "exercise-solution", "exercise-use"):
        assert {cell.metadata.attnlab.exercise for cell in tagged(book, tag)} == set(names), tag


@every_chapter
def test_at_least_two_figures_and_each_says_in_words_what_it_shows(source):
    figures = [cell for cell in expand.code_cells(executed(source)) if shows_figure(cell)]
    assert len(figures) >= 2
    for cell in figures:
        assert len(cell.metadata.mystnb.image.alt.split()) >= 5, cell.source


@every_chapter
def test_at_least_eight_cards_and_four_quiz_items(source):
    chapter = f"{source.parent.name}/{source.stem}"
    bank = items.of_chapter(chapter)
    kinds = [item["kind"] for item in bank]
    assert kinds.count("card") >= 8 and sum(kind in items.QUIZ for kind in kinds) >= 4
    text = "\n".join(cell.source for cell in executed(source).cells)
    assert [item["id"] for item in bank if f":name: item-{item['id']}\n" not in text] == []


@every_chapter
def test_the_front_matter_names_the_module_the_minutes_and_a_description(source):
    front = executed(source).metadata
    assert importlib.util.find_spec(front.attnlab.module) is not None
    assert 20 <= front.attnlab.minutes <= 60  # 40 is the aim; a longer chapter says so until it is cut
    assert 50 <= len(front.myst.html_meta.description) <= 200


# -- unsolved and solved -----------------------------------------------------------------------------------

@every_chapter
def test_the_committed_notebook_is_unsolved_and_its_slots_give_nothing_away(source):
    book = executed(source)
    for slot in tagged(book, "exercise-slot"):
        name = slot.metadata.attnlab.exercise
        assert "# YOUR CODE HERE" in slot.source
        checks = tagged(book, "exercise-check")
        check = next(cell for cell in checks if cell.metadata.attnlab.exercise == name)
        assert "not attempted" in check.outputs[0].text.lower()


@every_chapter
def test_the_course_s_own_solutions_pass_where_they_are_shown(source):
    for cell in tagged(executed(source), "exercise-solution"):
        if "check(" in cell.source:
            assert cell.outputs[0].text.startswith("passed"), cell.outputs[0].text

"""Every page of problems: a mixed set over all levels, part of it from earlier, coded tasks checked, prose with a rubric."""

from __future__ import annotations

import re

import expand
import nbformat
import pytest
import sync

from attnlab.exercises._exercise import LEVELS

PAGES = [source for source in sync.sources() if source.stem == "problems"]
ROW = re.compile(r"^\| (\d+) \| (\w+) \| (.+) \|$", re.MULTILINE)
every_page = pytest.mark.parametrize("source", PAGES, ids=[source.parent.name for source in PAGES])


def text_of(source) -> str:
    book = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    return "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def practised(text: str) -> list[tuple[str, str, str]]:
    """(number, level, where from) of each problem, from the table at the end."""
    return ROW.findall(text)


def coded(source) -> list[str]:
    book = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    return [cell.metadata.attnlab.exercise for cell in expand.code_cells(book)
            if "exercise-slot" in cell.metadata.get("tags", [])]


@every_page
def test_at_least_twelve_problems_over_all_levels_a_third_from_earlier_parts(source):
    rows = practised(text_of(source))
    assert len(rows) >= 12 and [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    assert {level for _, level, _ in rows} == set(LEVELS)
    assert 3 * sum(origin.startswith("earlier: ") for _, _, origin in rows) >= len(rows)


@every_page
def test_each_problem_is_there_once_and_the_table_stands_last(source):
    text = text_of(source)
    named = re.findall(r"^(?::+\{admonition\} |\*\*)Problem (\d+)", text, re.MULTILINE)
    assert named == [number for number, _, _ in practised(text)]
    assert text.index("| problem | level |") > text.rindex("Problem ")


@every_page
def test_three_to_five_are_coded_and_their_levels_are_those_of_the_table(source):
    from attnlab.exercises import EXERCISES

    ids, text = coded(source), text_of(source)
    assert 3 <= len(ids) <= 5
    numbers = re.findall(r"^\*\*Problem (\d+)\*\*$", text, re.MULTILINE)
    levels = {number: level for number, level, _ in practised(text)}
    assert [EXERCISES[name].level for name in ids] == [levels[number] for number in numbers]


@every_page
def test_all_others_have_a_hidden_answer_and_at_least_two_a_rubric(source):
    text = text_of(source)
    boxes = re.findall(r"^::::\{admonition\} Problem \d+\n:class: recall\n(.*?)^::::$", text, re.MULTILINE | re.DOTALL)
    assert len(boxes) == len(practised(text)) - len(coded(source))
    for box in boxes:
        assert ":::{admonition} Answer\n:class: dropdown answer\n" in box
    assert sum("**Rubric.**" in box for box in boxes) >= 2


def test_the_patterns_would_notice_what_is_missing():
    assert practised("| 1 | apply | earlier: masks |\n| a | b |") == [("1", "apply", "earlier: masks")]

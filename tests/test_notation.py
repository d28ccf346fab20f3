"""The page on notation against all other pages: shapes, exceptions, names in the code, and writings that contradict it."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
NOTATION = (BOOK / "start" / "notation.md").read_text("utf-8")
CODE_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SOURCE_BOX = re.compile(r"^:::+\{admonition\} Source\n.*?^:::+$", re.MULTILINE | re.DOTALL)  # says how others write it
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
PAGES = sorted(path for path in BOOK.glob("*/*.md") if path.stem != "notation")
every_page = pytest.mark.parametrize("page", PAGES, ids=[f"{page.parent.name}/{page.stem}" for page in PAGES])

# What the page on notation rules out, as patterns of formulas.
RULED_OUT = {
    "a dot product of columns; here q k^T": r"(?<![A-Za-z}])[qk](_\w|_\{\w+\})?\^\\top\s*[kq](?![a-z])",
    "a projected column; here x W": r"W_[QKV]\^\\top\s*[qkx](?![a-z])",
    "an entropy without its script letter": r"(?<!mathcal )(?<!mathcal\{)(?<![\w\\])H\(",
    "a gradient written d; here a bar": r"(?<![\w\\{^_])d[QKVXWOSPA]\b",
    "source tokens called M; here Y": r"\bM\s*W_[KV]\b",
    "a running maximum called m; here mu": r"\bm(_\w|_\{\w+\}|')?\s*=\s*\\max",
}
ROWS = {"Q": "n", "K": "m", "V": "m", "O": "n", "X": "n", "A": "n", "S": "n", "M": "n", "Y": "m"}
STATED = re.compile(r"\$([A-Z])(?:_\w|\^h)?\$ ?(?:is|be|\(|:) ?\$?(\w+) \\times")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, as lists of cells."""
    lines = NOTATION.split(f"{heading}\n", 1)[1].split("\n|---", 1)[1].splitlines()[1:]
    rows = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


SYMBOLS = table("## Symbols")
EXCEPTIONS = [(letters, BOOK / "start" / f"{re.search(r'[(](.*?)[.]ipynb', link)[1]}.md") for letters, link, _ in
              table("### Where a letter of the table means something else")]


def excused(page: Path) -> set[str]:
    """The letters that the second table gives another meaning on this page."""
    found = [re.findall(r"\$\\?(\w+)\$", letters) for letters, path in EXCEPTIONS if path.resolve() == page]
    return {letter for letters in found for letter in letters}


@functools.cache
def prose(page: Path) -> str:
    """A page without its code and without the boxes that quote other notations."""
    return SOURCE_BOX.sub("", CODE_FENCE.sub("", page.read_text("utf-8")))


def formulas(page: Path) -> list[str]:
    return [display or inline for display, inline in MATH.findall(prose(page))]


@every_page
@pytest.mark.parametrize("what", RULED_OUT)
def test_no_formula_is_written_in_a_way_that_is_ruled_out(page, what):
    assert [formula for formula in formulas(page) if re.search(RULED_OUT[what], formula)] == []


@every_page
def test_a_shape_that_a_page_states_begins_as_in_the_table(page):
    """Where n and m are equal, as in self-attention, keys may be counted by n."""
    stated = [(letter, rows) for letter, rows in STATED.findall(prose(page)) if letter in ROWS and letter not in excused(page)]
    assert [(letter, rows) for letter, rows in stated if rows in ("n", "m") and rows not in (ROWS[letter], "n")] == []


def texts_beside_the_pages() -> dict[str, str]:
    """Where else formulas stand: exercises, cards and quiz questions."""
    import yaml

    from attnlab.exercises import EXERCISES

    found = {name: "\n".join([e.statement, *e.hints, e.why]) for name, e in EXERCISES.items()}
    for path in sorted((BOOK / "practice" / "items").glob("*.yml")):
        found |= {item["id"]: yaml.safe_dump(item, allow_unicode=True, width=10**6) for item in yaml.safe_load(path.read_text("utf-8"))}
    return {name: CODE_FENCE.sub("", text).replace("\\\\", "\\") for name, text in found.items()}


@pytest.mark.parametrize("what", RULED_OUT)
def test_exercises_cards_and_questions_write_as_the_pages_do(what):
    assert {name: found for name, text in texts_beside_the_pages().items()
            if (found := [formula for pair in MATH.findall(text) for formula in pair if re.search(RULED_OUT[what], formula)])} == {}


def test_shapes_are_stated_and_found():
    found = [pair for page in PAGES for pair in STATED.findall(prose(page))]
    assert {("Q", "n"), ("K", "m"), ("V", "m"), ("X", "n")} <= set(found)


@pytest.mark.parametrize("row", SYMBOLS, ids=[row[0] for row in SYMBOLS])
def test_every_row_of_the_table_is_used_and_its_names_are_those_of_the_code(row):
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src" / "attnlab").rglob("*.py"))
    assert [name for name in re.findall(r"`(\w+)`", row[3]) if not re.search(rf"\b{name}\b", source)] == []
    for symbol in re.findall(r"\$([^$]+)\$", row[0]):
        core = symbol.removesuffix("(p)").removesuffix(" x")
        assert any(core in formula for page in PAGES for formula in formulas(page)), symbol


@pytest.mark.parametrize(("letters", "page"), EXCEPTIONS, ids=[f"{letters} {page.stem}" for letters, page in EXCEPTIONS])
def test_an_exception_names_a_page_that_uses_the_letter(letters, page):
    assert page.is_file()
    for letter in re.findall(r"\$(\\?\w+)\$", letters):
        pattern = re.escape(letter) if letter.startswith("\\") else rf"(?<![\w\\]){letter}(?![a-z])"
        assert any(re.search(pattern, formula) for formula in formulas(page)), letter


@pytest.mark.parametrize(("what", "formula"), list(zip(RULED_OUT, [
    r"q_i^\top k_j", r"W_Q^\top q", "H(p) = 1", r"dK = 2", "K = M W_K", r"m_i = \max s"])))
def test_the_patterns_find_what_they_are_for(what, formula):
    assert re.search(RULED_OUT[what], formula)


@pytest.mark.parametrize("formula", [r"q_i k_j^\top", r"W_Q W_K^\top", r"\mathcal H(p)", r"\bar K", "K = Y W_K", r"\mu = \max s", r"d_k", r"m \times d"])
def test_the_patterns_leave_our_own_writing_alone(formula):
    assert [what for what, pattern in RULED_OUT.items() if re.search(pattern, formula)] == []

"""The glossary: enough words, each once, in order, and each with a chapter that is there under the title it is given."""

from __future__ import annotations

import re
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1] / "book"
PAGE = BOOK / "reference" / "glossary.md"
LINK = re.compile(r"\[([^\]]+)\]\(\.\./([\w/]+)\.(?:md|ipynb)\)$")
LETTER = re.compile(r"^## (\w)\n\n```\{glossary\}\n(.*?)\n```$", re.M | re.S)


def entries() -> dict[str, list[tuple[list[str], str]]]:
    """For each letter its entries: the names of one thing, and what is said of it."""
    found = {}
    for letter, text in LETTER.findall(PAGE.read_text("utf-8")):
        blocks = [block.split("\n") for block in text.split("\n\n")]
        found[letter] = [(block[:-1], block[-1].strip()) for block in blocks]
    return found


def place(name: str) -> str:
    """By what an entry is ordered: letters, figures and blanks, a hyphen being a blank."""
    return re.sub(r"[^a-z0-9 ]", "", name.lower().replace("-", " "))


def test_every_name_stands_once_in_its_order_and_under_its_letter():
    every = [(letter, names) for letter, group in entries().items() for names, _ in group]
    names = [name for _, group in every for name in group]
    assert len(every) >= 150 and len({name.lower() for name in names}) == len(names)
    assert [place(group[0]) for _, group in every] == sorted(place(group[0]) for _, group in every)
    assert all(place(group[0])[0].upper() == letter for letter, group in every)


def test_every_entry_ends_with_a_chapter_under_its_own_title():
    for group in entries().values():
        for names, says in group:
            title, page = LINK.search(says).groups()
            source = (BOOK / f"{page}.md").read_text("utf-8")
            assert re.search(r"^# (.+)$", source, re.M)[1] == title, names
            assert len(says.removesuffix(f"[{title}]").split()) >= 6, names


def test_the_words_that_were_asked_for_first_are_there():
    names = {name for group in entries().values() for one, _ in group for name in one}
    first = """attention; self-attention; cross-attention; query; key; value; attention weight; attention head; multi-head attention;
        scaled dot-product attention; causal mask; positional encoding; attention sink; FlashAttention; sparse attention"""
    text = PAGE.read_text("utf-8")
    shown = re.search(r"```\{first-words\}\n(.*?)\n```", text, re.S)
    assert {name.strip() for name in first.split(";")} == set(shown[1].split("\n")) <= names
    assert len(shown[1].split("\n")) == 15 and shown.start() < text.index("```{glossary}")

"""Copy the titles of the book's pages into the package, for the browser, which has no pages to look at.

    python tools/pages.py            write src/attnlab/exercises/pages.json
    python tools/pages.py --check    write nothing; fail if it is out of step

A title that goes on after a colon is cut there, unless another page begins with the same words.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
TARGET = ROOT / "src" / "attnlab" / "exercises" / "pages.json"
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)


def headings(page: Path) -> list[tuple[int, str]]:
    """(order, text) of every heading of a source, code left out; the title has order 1."""
    return [(len(marks), text) for marks, text in HEADING.findall(FENCE.sub("", page.read_text("utf-8")))]


def titles(book: Path = BOOK) -> dict[str, str]:
    """path of each page -> its title, as short as it can be told from all others."""
    whole = {path.relative_to(book).with_suffix("").as_posix(): text
             for path in sorted(book.rglob("*.md")) for order, text in headings(path)[:1] if order == 1}
    starts = [text.split(":")[0] for text in whole.values()]
    return {page: start if starts.count(start) == 1 else whole[page] for page, start in zip(whole, starts)}


def sections(book: Path = BOOK) -> dict[str, set[str]]:
    """path of each page -> the texts of its headings below the title."""
    return {path.relative_to(book).with_suffix("").as_posix(): {text for order, text in headings(path) if order > 1}
            for path in book.rglob("*.md")}


def rendered(book: Path = BOOK) -> str:
    """What the file should hold."""
    return json.dumps(titles(book), indent=1, ensure_ascii=False) + "\n"


def in_step(target: Path = TARGET, book: Path = BOOK) -> bool:
    return target.is_file() and target.read_text("utf-8") == rendered(book)


def write(target: Path = TARGET, book: Path = BOOK) -> None:
    if not in_step(target, book):
        target.write_text(rendered(book), "utf-8", newline="\n")
        print(f"{target.name}: written, since a title changed")


def main(arguments: list[str]) -> int:
    if arguments != ["--check"]:
        write()
    elif not in_step():
        print(f"{TARGET.relative_to(ROOT)} is out of step with the titles of the pages: run python tools/pages.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Write into every chapter how long it takes, without and with its depth.

    python tools/minutes.py            write what is not true any more
    python tools/minutes.py --check    write nothing; fail if something would be written

Minutes are counted by book/_ext/length.py and said in steps of five. They stand in the front matter (`minutes`, with the depth, and `core`)
and under "In this chapter". What is said stays as it is while it is within three minutes of the count.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import length  # noqa: E402

STEP, NEAR = 5, 3
FRONT = re.compile(r"^(attnlab: \{.*?minutes: )(\d+)(?:, core: (\d+))?", re.M)
SAID = re.compile(r"^\d+ minutes(?:, \d+ with its depth)?(?= ·|, exercises)", re.M)


def chapters() -> list[Path]:
    """Every page that has a core: notebooks with minutes, but for problems and the fifteen questions, whose minutes are those of answering, and
    short refreshers."""
    pages = sorted((ROOT / "book").glob("*/*.md"))
    return [page for page in pages if re.search("^jupytext:", (text := page.read_text("utf-8")), re.M) and FRONT.search(text)
            and page.stem not in ("problems", "prerequisites") and not page.stem.startswith("refresher_")]


def said(count: int, before: int | None) -> int:
    """A count in steps of five, or what was said before where that is near enough."""
    return before if before and abs(before - count) <= NEAR else max(STEP, STEP * round(count / STEP))


def minutes(text: str) -> tuple[int, int]:
    """(without, with its depth) as a page should say."""
    front = FRONT.search(text)
    both = said(length.whole(text).minutes, int(front[2]))
    return min(said(length.core(text).minutes, front[3] and int(front[3])), both), both


def page(text: str) -> str:
    """The page with its minutes put right."""
    core, both = minutes(text)
    text = FRONT.sub(lambda front: f"{front[1]}{both}, core: {core}", text, count=1)
    return SAID.sub(f"{core} minutes, {both} with its depth" if core < both else f"{both} minutes", text, count=1)


def main(arguments: list[str]) -> int:
    check, wrong = arguments == ["--check"], 0
    for path in chapters():
        text = path.read_text("utf-8")
        new = page(text)
        if new != text:
            wrong += 1
            print(f"{path.relative_to(ROOT)}: its minutes are {'not true any more' if check else 'written'}")
            if not check:
                path.write_text(new, "utf-8")
    return int(check and wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

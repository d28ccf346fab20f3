"""Where each page stands: part and chapter, as the table of contents orders them. Nothing else knows an order of pages."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml

UNNUMBERED = ("Start", "Your own model", "Practice", "Concepts", "Reference")


class Place(NamedTuple):
    """One page on the way."""

    part: str  # its caption, as it stands in the table of contents
    label: str  # "2 Self-attention", or without a number
    number: int  # of the chapter in its part, from 1
    chapters: int
    first: str  # page that the part begins with
    sign: str  # "2", or of a part without a number its first letter

    @property
    def chapter(self) -> str:
        """The chapter in the book: "2.4", "S.3"."""
        return f"{self.sign}.{self.number}"


def places(root: Path) -> dict[str, Place]:
    """Page -> where it stands, in the order of the table of contents; empty where there is none."""
    toc, found, count = root / "_toc.yml", {}, 0
    for part in yaml.safe_load(toc.read_text("utf-8"))["parts"] if toc.is_file() else ():
        caption, files = part["caption"], [one["file"] for one in part["chapters"]]
        count += caption not in UNNUMBERED
        label, sign = (caption, caption[0]) if caption in UNNUMBERED else (f"{count} {caption}", str(count))
        for number, page in enumerate(files, 1):
            found[page] = Place(caption, label, number, len(files), files[0], sign)
    return found

"""Phones are shown the narrow copy of a figure, where the notebook brings one (`attnlab.plots.phone`).

The copy stands in the metadata of the output it belongs to; it is written beside the picture with the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

PHONE = "(max-width: 540px)"


def copies(book: Path) -> dict[str, bytes]:
    """Digest of each picture in the notebooks below `book` -> its narrow copy."""
    found = {}
    for path in sorted(book.rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            found |= dict(_copies(json.loads(path.read_text("utf-8"))))
    return found


def _copies(notebook: dict) -> Iterator[tuple[str, bytes]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            told = output.get("metadata", {}).get("attnlab", {})
            if "narrow" in told:
                yield digest(base64.b64decode(output["data"]["image/png"])), base64.b64decode(told["narrow"])


def digest(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


def beside(path: Path, picture: bytes) -> Path:
    """Write a narrow copy beside the picture it belongs to."""
    place = path.with_name(f"{path.stem}-narrow.png")
    place.write_bytes(picture)
    return place


def source(address: str, copy: bytes) -> str:
    """The element that shows the copy, at its own address, where the window is narrow."""
    width, height = struct.unpack(">II", copy[16:24])
    narrow = f"{address.removesuffix('.png')}-narrow.png"
    return f'<source media="{PHONE}" srcset="{narrow}" width="{width}" height="{height}">'

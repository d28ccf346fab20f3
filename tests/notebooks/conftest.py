"""Notebook tests: the pipeline's own modules, and a chapter small enough to execute in a second."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]

FRONT = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
myst: {html_meta: {description: "A chapter for the tests."}}
---

# A chapter

"""


@pytest.fixture
def chapter(tmp_path, written):
    """chapter(part, ...) -> path of a MyST source in an empty folder."""
    return lambda *parts, name="chapter": written(tmp_path, *parts, name=name)


@pytest.fixture(scope="session")
def written():
    """written(folder, part, ...) -> path of a MyST source in that folder."""
    def write(folder: Path, *parts: str, name: str = "chapter") -> Path:
        path = folder / f"{name}.md"
        path.write_text(FRONT + "\n\n".join(parts) + "\n", encoding="utf-8")
        return path
    return write


@pytest.fixture(scope="session")
def code():
    """code(source, *options) -> the text of one code cell with option lines such as `:tags: [claim]`."""
    def cell(source: str, *options: str) -> str:
        return "\n".join(["```{code-cell} ipython3", *options, source, "```"])
    return cell

"""Notebook tests: the pipeline's own modules, and a chapter small enough to execute in a second."""

from __future__ import annotations

import itertools
import os
import re
import socket
import sys
from pathlib import Path

import pytest
from jupyter_client.connect import LocalPortCache

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext"), str(Path(__file__).parent)]

WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0")))
FIRST = 20_000 + 3_000 * (WORKER % 4)
PORTS = iter(range(FIRST, FIRST + 3_000))  # below those that systems hand out themselves


def own_port(cache: LocalPortCache, ip: str) -> int:
    """A port for a kernel that no other worker draws: kernels that start at once may otherwise draw the same."""
    for port in PORTS:
        with socket.socket() as tried:
            try:
                tried.bind((ip, port))
            except OSError:
                continue
        return port
    raise RuntimeError("no port is left for another kernel")


LocalPortCache.find_available_port = own_port


def pytest_collection_modifyitems(items):
    """Where nbval runs a notebook, our tests of it run in the same kernel."""
    import one_run

    items[:] = [
        item
        for is_cell, group in itertools.groupby(items, lambda item: isinstance(item, one_run.IPyNbCell) and item.parent)
        for item in (one_run.with_ours(list(group)) if is_cell else group)
    ]

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

"""A picture that answers while the reader moves something: on the site, in JupyterLab, or as a table."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

WIDGETS = Path(__file__).resolve().parents[1] / "static" / "widgets"
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+\.js)";\n', re.MULTILINE)
Numbers = Sequence[float] | np.ndarray
Rows = Sequence[Numbers] | np.ndarray
Cells = Sequence[float | int | str] | np.ndarray


class Explorable:
    """The picture `name` with its `state`; on the site, in JupyterLab, or as a table of numbers."""

    def __init__(self, name: str, state: dict, table: str, heavy: dict | None = None) -> None:
        """`heavy` goes to JupyterLab with the state; on the site the script fetches it when it is wanted."""
        self.name, self._state, self._table, self._heavy, self._widget = name, state, table, heavy or {}, None

    @property
    def state(self) -> dict:
        """What the reader has set by now (in JupyterLab with anywidget), else what it started with."""
        if self._widget is None:
            return dict(self._state)
        return {key: getattr(self._widget, key) for key in self._state}

    def __repr__(self) -> str:
        return f"<explorable {self.name}>"

    def _repr_html_(self) -> str:
        state = html.escape(json.dumps(self._state, ensure_ascii=False, separators=(",", ":")))
        sheet = " data-sheet" if own_sheet(self.name) else ""
        return f'<div data-afm="{self.name}" data-state="{state}"{sheet}>{self._table}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if importlib.util.find_spec("anywidget") is None:
            return bundle
        self._widget = self._widget or _as_widget(self.name, self._state | self._heavy)
        live = self._widget._repr_mimebundle_() or {}
        data = live[0] if isinstance(live, tuple) else live
        return {**data, **bundle}


def module_source(name: str) -> str:
    """The module with all that it imports joined in front, each once: a relative import fails where anywidget loads it."""
    parts: dict[Path, str] = {}
    _join(WIDGETS / f"{name}.js", parts)
    return "".join(parts.values())


def _join(path: Path, parts: dict[Path, str]) -> None:
    """Adds a module to the parts, behind those that it imports."""
    if path in parts:
        return
    text = path.read_text(encoding="utf-8")
    for other in IMPORT.findall(text):
        _join((path.parent / other).resolve(), parts)
    parts[path] = IMPORT.sub("", text)


def own_sheet(name: str) -> str:
    """The style sheet that an explorable has beside explore.css, or nothing."""
    path = WIDGETS / f"{name}.css"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _as_widget(name: str, state: dict):
    """An anywidget with one synchronised trait for each entry of the state."""
    import anywidget
    import traitlets

    traits = {key: traitlets.Any(value).tag(sync=True) for key, value in state.items()}
    style = (WIDGETS / "explore.css").read_text(encoding="utf-8") + own_sheet(name)
    return type(name, (anywidget.AnyWidget,), {"_esm": module_source(name), "_css": style, **traits})()


def table(caption: str, columns: Sequence[str], rows: Sequence[tuple[str, Cells]], digits: int = 3) -> str:
    """An HTML table of numbers with named rows and columns."""

    def cell(tag: str, text: str, scope: str = "") -> str:
        return f"<{tag}{scope}>{html.escape(text)}</{tag}>"

    head = "<td></td>" + "".join(cell("th", name, ' scope="col"') for name in columns)
    body = "".join(
        "<tr>"
        + cell("th", name, ' scope="row"')
        + "".join(cell("td", _text(x, digits)) for x in numbers)
        + "</tr>"
        for name, numbers in rows
    )
    return (
        f'<table class="attnx-fallback"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _text(number: float | int | str, digits: int) -> str:
    """Whole numbers whole, text as it is, everything else rounded; a real minus sign."""
    if isinstance(number, str | int | np.integer):
        return str(number).replace("-", "\N{MINUS SIGN}")
    if number == -np.inf:
        return "\N{MINUS SIGN}\N{INFINITY}"
    rounded = f"{abs(number):.{digits}f}"
    return f"\N{MINUS SIGN}{rounded}" if number < 0 and float(rounded) else rounded


def check_index(name: str, value: int, size: int) -> None:
    if not 0 <= value < size or int(value) != value:
        raise ValueError(f"{name} must be a whole number from 0 to {size - 1}, got {value}")

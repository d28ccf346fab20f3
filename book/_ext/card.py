"""The picture that stands beside a shared link: the course's name and what a causal mask lets each token see, in the colours of the theme."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

SHEET = Path(__file__).resolve().parents[1] / "_static" / "css" / "book.css"
SIZE = (1200, 630)  # pixels, as the hosts of shared links show them
TOKENS = 6
SAID = ("Build it yourself. Every claim on", "these pages runs, and the exercises", "know many mistakes by name.")


def colours() -> dict[str, str]:
    """The variables of the light theme that are colours."""
    block = SHEET.read_text("utf-8").split('html, html[data-theme="light"] {', 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))


def draw(path: Path, title: str) -> None:
    """Write the picture as PNG; the same theme and title give the same picture."""
    tone, figure = colours(), Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
    figure.set_facecolor(tone["paper"])
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, SIZE[0]), ylim=(SIZE[1], 0))
    ax.set_axis_off()
    _words(ax, title, tone)
    _squares(ax, tone)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})


def _words(ax, title: str, tone: dict[str, str]) -> None:
    for place, name in enumerate(("q", "k", "v")):
        ax.add_patch(Rectangle((80 + 46 * place, 118), 38, 9, color=tone[name]))
    first, _, rest = title.partition(", ")
    ax.text(76, 215, first, size=58, weight="bold", color=tone["ink"])
    ax.text(80, 270, rest, size=23, color=tone["ink"])
    for line, words in enumerate(SAID):
        ax.text(80, 370 + 40 * line, words, size=19, color=tone["ink-soft"])
    ax.text(80, 540, "attnlab", size=22, weight="bold", color=tone["accent"])


def _squares(ax, tone: dict[str, str]) -> None:
    """Rows are queries, columns keys; the later the key, the more of its colour, and what lies ahead is hidden."""
    side, left, top = 62, 745, 135
    for row in range(TOKENS):
        for column in range(TOKENS):
            seen = column <= row
            place = (left + (side + 8) * column * 0.94, top + (side + 8) * row * 0.94)
            strength = 0.25 + 0.75 * (column + 1) / (row + 1) if seen else 1
            ax.add_patch(Rectangle(place, side - 6, side - 6, color=tone["accent"] if seen else tone["well"], alpha=strength))

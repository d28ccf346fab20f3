"""The same figure for a narrow screen: panels below each other, type as large as before, what no longer fits written otherwise.

A `Card` is a figure that carries its own narrow copy into a notebook, in the output's metadata under `attnlab`; the site shows
that copy on phones. The figure itself stays as it was drawn.
"""

from __future__ import annotations

import base64
import io
import pickle
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

WIDTH = 3.6  # inches: 9 points are 11 pixels where 328 pixels are 3.6 inches and a little is cut off around it
SMALLEST = 9  # points
DPI = 180
NEAR = 5  # pixels
LOWEST = 2.4  # inches a row of panels, with its title and the names along its sides
LETTER = 5.4  # points, about the width of one of 9
ROW_NAMES = 0.42  # the part of the width that names of rows may take
MANY = 4  # panels; more of them stand two in a row


class Card(Figure):
    """A figure that is shown together with its narrow copy."""

    def __getstate__(self):
        """A copy is nobody's window: pyplot does not open it."""
        state = super().__getstate__()
        state.pop("_restore_to_pylab", None)
        return state

    def narrow(self) -> Figure:
        """The copy for a narrow screen."""
        return narrow(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """No picture, which IPython makes itself, but the narrow one beside it."""
        picture = io.BytesIO()
        self.narrow().savefig(picture, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
        return {}, {"attnlab": {"narrow": base64.b64encode(picture.getvalue()).decode("ascii")}}


def narrow(figure: Figure) -> Figure:
    """A copy, 3.6 inches wide, in which no type is smaller than 9 points; the figure itself is not changed."""
    copy = pickle.loads(pickle.dumps(figure))
    shown = [ax for ax in copy.axes if ax.get_subplotspec() is not None]
    rows = max((ax.get_subplotspec().get_gridspec().nrows for ax in shown), default=1)
    across = 1 if len(shown) <= MANY else 2
    down = -(-len(shown) // across)
    grid = GridSpec(down, across, figure=copy) if shown else None
    for place, ax in enumerate(shown):
        ax.set_subplotspec(grid[place // across, place % across])
        if across == 1:  # names that a neighbour on the left had, too
            ax.tick_params(labelleft=True)
    _enlarge(copy)
    height = max(figure.get_figheight() / rows, LOWEST) * max(down, rows)
    copy.set_size_inches(WIDTH, max(height, sum(map(_break_rows, shown)) / across))
    for _ in range(2):  # what is turned or wrapped takes room from what was measured
        copy.draw_without_rendering()
        for ax in shown:
            _fit(ax)
    return copy


def _enlarge(figure: Figure) -> None:
    for text in figure.findobj(Text):
        if text.get_text() and text.get_fontsize() < SMALLEST:
            text.set_fontsize(SMALLEST)


def _break_rows(ax: Axes) -> float:
    """Names of rows that would take more than a part of the width, in several lines; the inches that these need in all."""
    names, room = [label.get_text() for label in ax.get_yticklabels()], WIDTH * 72 * ROW_NAMES
    if not any(len(name) * LETTER > room and "$" not in name for name in names):
        return 0.0
    lines = [textwrap.fill(name, int(room / LETTER)) for name in names]
    ax.set_yticks(ax.get_yticks(), lines, fontsize=SMALLEST, linespacing=1)
    return len(lines) * (max(line.count("\n") for line in lines) + 1.4) * SMALLEST * 1.15 / 72 + 0.6


def _fit(ax: Axes) -> None:
    """Titles wrapped, names of columns turned, numbers in cells shortened, names of lines moved apart, as far as each is needed."""
    _wrap_titles(ax)
    _turn_names(ax)
    _shorten_numbers(ax)
    _spread_names(ax)


def _wrap_titles(ax: Axes) -> None:
    for title in (ax.title, ax._left_title, ax._right_title):
        box, frame = title.get_window_extent(), ax.figure.bbox
        room = frame.x1 - max(box.x0, frame.x0)
        if title.get_text() and box.width > room:
            words = " ".join(title.get_text().split())
            title.set_text(textwrap.fill(words, max(8, int(len(words) * room / box.width))))


def _turn_names(ax: Axes) -> None:
    if _meet(ax.get_xticklabels() + ax.get_xticklabels(minor=True)):
        ax.xaxis.set_minor_formatter(NullFormatter())
    if _meet(ax.get_xticklabels()):
        for label in ax.get_xticklabels():
            label.set(rotation=90, ha="center")


def _meet(labels: list[Text]) -> bool:
    """Whether two neighbours stand nearer than a space."""
    shown = [label.get_window_extent() for label in labels if label.get_text() and label.get_visible()]
    boxes = sorted(shown, key=lambda box: box.x0)
    return any(right.x0 < left.x1 + NEAR for left, right in zip(boxes, boxes[1:]))


def _shorten_numbers(ax: Axes) -> None:
    """0.52 becomes .52; where that is too wide as well, a scale beside the grid replaces the numbers."""
    numbers = getattr(ax, "cell_numbers", [])
    if not numbers:
        return
    room = ax.get_window_extent().width / ax.images[0].get_array().shape[1]
    if max(number.get_window_extent().width for number in numbers) > room:
        for number in numbers:
            number.set_text(number.get_text().replace("0.", "."))
    if max(number.get_window_extent().width for number in numbers) > room:
        for number in numbers:
            number.remove()
        ax.cell_numbers = []
        scale = ax.figure.colorbar(ax.images[0], ax=ax, shrink=0.9, pad=0.02)
        scale.outline.set_edgecolor(ax.spines["left"].get_edgecolor())


def _spread_names(ax: Axes) -> None:
    """The names at the ends of lines, 12 points apart at least, in the order in which they stand."""
    ends = sorted(getattr(ax, "end_names", []), key=lambda name: ax.transData.transform(name.xy)[1])
    points, place = 72 / ax.figure.dpi, float("-inf")
    for name in ends:
        height = ax.transData.transform(name.xy)[1] * points
        place = max(height, place + 12)
        name.set_position((name.xyann[0], place - height))

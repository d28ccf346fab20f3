"""The one place that draws: each function makes one kind of figure, in the course's own style, and returns
its axes.

Every figure is drawn on white, which the site inverts in the dark theme, 5.5 inches wide with no text below 9 points; for phones it brings
a copy of 3.6 inches with its panels below each other (`attnlab.plots.phone`). Queries, keys and values keep one colour each. Nothing is told by colour alone: small
tables carry their numbers, hidden cells are hatched, lines are named where they end. The style lives inside
each call; a reader's own matplotlib settings are neither used nor changed. End a cell with `plt.show()`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.patches import Rectangle

from attnlab.plots.phone import Card

QUERY, KEY, VALUE = "#0072B2", "#D55E00", "#009E73"  # blue, vermillion, green: told apart when colour-blind
WEIGHT = "#4A1E78"  # plum: its own hue, so that a weight is never taken for a query, a key or a value
INK, QUIET, PALE = "#1F2430", "#5F6673", "#E3E6EA"
SERIES = (QUERY, KEY, VALUE, WEIGHT, "#7A5C00", INK)
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 1)))
WIDTH = 5.5  # inches

STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": 144,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "grid.color": PALE,
    "lines.linewidth": 2.0,
    "hatch.color": "#9AA1AC",
    "hatch.linewidth": 0.8,
}


def _in_style(draw):
    """`draw`, run under the course's style and nothing else, with the reader's settings as they were
    afterwards."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        with plt.style.context(["default", STYLE]):
            return draw(*args, **kwargs)

    return drawn


@_in_style
def panels(*titles: str, height: float = 3.0) -> list[Axes]:
    """Empty axes, one a title, to be handed to the other functions as `ax`.

    Up to three stand side by side; four stand in two rows of two, more in rows of three. `height` is that of
    a row, in inches.
    Errors: ValueError without a title.
    """
    if not titles:
        raise ValueError("panels needs at least one title")
    across = 2 if len(titles) == 4 else min(len(titles), 3)
    down = -(-len(titles) // across)
    figure = plt.figure(figsize=(WIDTH, down * height), FigureClass=Card)
    axes = [figure.add_subplot(down, across, i + 1) for i in range(len(titles))]
    for ax, title in zip(axes, titles):
        ax.set_title(title)
    return axes


@_in_style
def heatmap(
    table,
    rows: Sequence | None = None,
    columns: Sequence | None = None,
    *,
    mask=None,
    hue: str = WEIGHT,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A (queries, keys) table as a grid of cells: the darker, the larger.

    `rows` and `columns` name the queries and the keys; without names they carry their numbers. Where `mask`
    is False the cell is hatched and empty. Each cell carries its number where there is room, otherwise a
    scale stands beside the grid. Weights are shaded from 0 to 1; a table with entries below 0 is shaded from
    grey through white to `hue`, so that white is zero. With `hue` QUERY, KEY or VALUE the table is that
    matrix: tokens down, features across. `title` replaces the one the axes have.
    Errors: ValueError if the table is not two-dimensional, or names or mask do not fit it.
    """
    table = _numbers("table", table, 2)
    shown = np.broadcast_to(True if mask is None else np.asarray(_off_device(mask), bool), table.shape)
    ax = _grid_axes(ax, table.shape, title)
    _name_axes(ax, hue)
    numbered = bool(_cell_points(ax, table.shape) >= 24)
    shades, norm = _shades(table[shown], hue), _range(table[shown], numbered)
    image = ax.imshow(np.where(shown, table, np.nan), cmap=shades, norm=norm, aspect="auto")
    _hatch(ax, shown)
    _name_cells(ax, rows, columns, table.shape)
    if numbered:
        _write_numbers(ax, image, table, shown)
    else:
        ax.figure.colorbar(image, ax=ax, shrink=0.9, pad=0.02)
    return ax


@_in_style
def mask_grid(
    mask,
    rows: Sequence | None = None,
    columns: Sequence | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A boolean (queries, keys) mask: a filled cell may be looked at, a hatched one may not.

    Without names, rows and columns carry their numbers. Errors: ValueError unless the mask is
    two-dimensional, TypeError unless it is boolean.
    """
    mask = np.asarray(_off_device(mask))
    if mask.dtype != np.bool_:
        raise TypeError(f"mask must be boolean but its dtype is {mask.dtype}")
    _numbers("mask", mask, 2)
    ax = _grid_axes(ax, mask.shape, title)
    _name_axes(ax, WEIGHT)
    ax.imshow(np.where(mask, 1.0, np.nan), cmap=_shades(np.ones(1), WEIGHT), vmin=0, vmax=1.4, aspect="auto")
    _hatch(ax, mask)
    _name_cells(ax, rows, columns, mask.shape)
    return ax


@_in_style
def lines(
    x,
    series: Mapping[str, Sequence],
    *,
    xlabel: str = "",
    ylabel: str = "",
    log: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """One line a name over `x`, each with its own colour and dash, and its name written where it ends.

    `log` names the logarithmic axes: "", "x", "y" or "xy". Errors: ValueError if a line has not as many
    points as `x`.
    """
    x = _numbers("x", x, 1)
    ax = _plain_axes(ax, title, xlabel, ylabel)
    ax.set_xscale("log" if "x" in log else "linear")
    ax.set_yscale("log" if "y" in log else "linear")
    ends = {}
    for i, (name, y) in enumerate(series.items()):
        y = _numbers(name, y, 1)
        if y.size != x.size:
            raise ValueError(f"{name} has {y.size} points but x has {x.size}")
        (line,) = ax.plot(x, y, color=SERIES[i % len(SERIES)], linestyle=DASHES[i % len(DASHES)], label=name)
        ends[name] = (x[-1], y[-1], line.get_color())
    ax.grid(axis="y")
    _name_ends(ax, ends)
    return ax


@_in_style
def bars(
    names: Sequence,
    heights,
    *,
    ylabel: str = "",
    hue: str = WEIGHT,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """One bar a name, with its height written above it. ValueError if there are not as many of each."""
    heights = _numbers("heights", heights, 1)
    if len(names) != heights.size:
        raise ValueError(f"there are {len(names)} names but {heights.size} heights")
    ax = _plain_axes(ax, title, "", ylabel)
    drawn = ax.bar(range(heights.size), heights, color=hue, width=0.7)
    ax.bar_label(drawn, labels=[_short(height) for height in heights], fontsize=9, padding=2)
    ax.set_xticks(range(heights.size), [str(name) for name in names])
    ax.tick_params(axis="x", length=0)
    ax.margins(y=0.15)
    ax.axhline(0, color=QUIET, linewidth=0.8)
    return ax


def _off_device(x):
    """A torch tensor without its history, anything else as it is."""
    return x.detach().cpu() if hasattr(x, "detach") else x


def _numbers(name: str, x, n_axes: int) -> np.ndarray:
    x = np.asarray(_off_device(x), dtype=float)
    if x.ndim != n_axes:
        raise ValueError(f"{name} must have {n_axes} axes but has shape {x.shape}")
    return x


def _grid_axes(ax: Axes | None, shape: tuple[int, int], title: str) -> Axes:
    """Axes for a grid with the keys along the top, on a new figure unless some are given."""
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, min(max(0.4 * shape[0] + 0.9, 2.0), 5.5)), FigureClass=Card)
    if title:
        ax.set_title(title)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def _name_axes(ax: Axes, hue: str) -> None:
    """Queries by keys for weights and scores; tokens by features for the matrices Q, K and V."""
    matrix = hue in (QUERY, KEY, VALUE)
    ax.set_xlabel("features" if matrix else "keys", color=hue if matrix else KEY)
    ax.set_ylabel("tokens" if matrix else "queries", color=hue if matrix else QUERY)


def _plain_axes(ax: Axes | None, title: str, xlabel: str, ylabel: str) -> Axes:
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 3.2), FigureClass=Card)
    if title:
        ax.set_title(title)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax


def _cell_points(ax: Axes, shape: tuple[int, int]) -> float:
    """The smaller side of a cell, in points; a row needs only half the room a column does."""
    figure, box = ax.figure, ax.get_position()
    width, height = figure.get_size_inches() * 72
    return min(box.width * width / max(shape[1], 1), 2 * box.height * height / max(shape[0], 1))


def _shades(table: np.ndarray, hue: str) -> LinearSegmentedColormap:
    """White to `hue`, or grey through white to `hue` where entries are below zero: lightness alone tells."""
    below = ["#4D5460"] if (table < 0).any() else []
    return LinearSegmentedColormap.from_list("shades", [*below, "#FFFFFF", hue])


def _range(shown: np.ndarray, numbered: bool) -> Normalize:
    largest = float(np.abs(shown).max(initial=0.0)) or 1.0
    if (shown < 0).any():
        return Normalize(-largest, largest)
    return Normalize(0.0, 1.0 if numbered and largest <= 1 else largest)


def _hatch(ax: Axes, shown: np.ndarray) -> None:
    """Stripes over the cells that are not shown, and borders between cells where these are large enough."""
    cells = [Rectangle((column - 0.5, row - 0.5), 1, 1) for row, column in np.argwhere(~shown)]
    ax.add_collection(
        PatchCollection(cells, facecolor="#F6F7F8", edgecolor="#9AA1AC", hatch="////", linewidth=0)
    )
    if max(shown.shape) <= 20:  # thin borders, so that cells of weight zero are cells too
        ax.hlines(np.arange(shown.shape[0] + 1) - 0.5, -0.5, shown.shape[1] - 0.5, color=PALE, linewidth=0.8)
        ax.vlines(np.arange(shown.shape[1] + 1) - 0.5, -0.5, shown.shape[0] - 0.5, color=PALE, linewidth=0.8)


def _name_cells(ax: Axes, rows: Sequence | None, columns: Sequence | None, shape: tuple[int, int]) -> None:
    sides = ((ax.yaxis, rows, shape[0], "rows"), (ax.xaxis, columns, shape[1], "columns"))
    for axis, names, size, word in sides:
        if names is None:
            step = max(1, -(-size // 8))
            axis.set_ticks(range(0, size, step), [str(i) for i in range(0, size, step)])
        elif len(names) != size:
            raise ValueError(f"there are {len(names)} names for {size} {word}")
        else:
            axis.set_ticks(range(size), [str(name) for name in names])


def _write_numbers(ax: Axes, image, table: np.ndarray, shown: np.ndarray) -> None:
    ax.cell_numbers = []
    for row, column in np.argwhere(shown):
        value = table[row, column]
        dark = np.dot(to_rgb(image.cmap(image.norm(value))), (0.299, 0.587, 0.114)) < 0.55
        colour = "white" if dark else INK
        number = ax.text(column, row, _short(value), ha="center", va="center", color=colour, fontsize=9)
        ax.cell_numbers.append(number)


def _short(value: float) -> str:
    """At most two decimals, a true minus sign, and never "-0.00"."""
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.lstrip("-")


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Names at the line ends, moved apart where they would overlap."""
    height = ax.figure.get_size_inches()[1] * 72 * ax.get_position().height
    to_points = ax.transScale + ax.transLimits
    where = {name: to_points.transform((x, y))[1] * height for name, (x, y, _) in ends.items()}
    ax.end_names, place = [], -np.inf
    for name in sorted(ends, key=where.get):
        x, y, colour = ends[name]
        place = max(where[name], place + 12)
        moved = (6, place - where[name])
        end = ax.annotate(name, (x, y), moved, textcoords="offset points", color=colour, va="center", fontsize=9)
        ax.end_names.append(end)

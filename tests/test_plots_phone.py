"""The narrow copy of a figure: its width, its type, its panels, what it leaves of the figure, and where the site shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import pytest  # noqa: E402
from compare import normal  # noqa: E402
from matplotlib.text import Text  # noqa: E402

from attnlab import plots  # noqa: E402
from attnlab.plots import phone  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import slim  # noqa: E402
import slim_narrow  # noqa: E402

CONTENT = 328  # CSS pixels of the text column on a phone of 360
WORDS = "the quick brown fox jumps over the lazy dog again today".split()
NOTEBOOKS = sorted(path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def copies() -> list:
    plots.heatmap(abs(normal(0, 11, 11)) / 5, WORDS, WORDS, title="A title that is longer than a phone is wide and so has to be broken")
    left, middle, right = plots.panels("left", "middle", "right")
    plots.heatmap(abs(normal(1, 5, 5)) / 5, WORDS[:5], WORDS[:5], ax=left)
    plots.lines([1, 2, 4], {"one": [1, 2, 3], "two": [3, 2, 3.01], "three": [2, 2, 2.99]}, ax=middle, xlabel="x")
    plots.bars(WORDS[:7], range(7), ax=right)
    for i, ax in enumerate(plots.panels(*"abcdef")):
        plots.mask_grid(normal(i, 3, 3) > 0, ax=ax)
    return [plt.figure(number) for number in plt.get_fignums()]


def pixels(width_in_inches: float) -> float:
    """How high the smallest letters are set where the copy fills a phone's column."""
    return phone.SMALLEST * CONTENT / (width_in_inches * 72)


def boxes(texts):
    return [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]


def test_no_letter_is_under_eleven_pixels_on_a_phone():
    for figure in copies():
        narrow = figure.narrow()
        narrow.draw_without_rendering()
        assert pixels(narrow.get_tightbbox().width + 0.2) >= 11
        assert min(text.get_fontsize() for text in narrow.findobj(Text) if text.get_text()) >= phone.SMALLEST


def test_up_to_four_panels_stand_below_each_other_and_more_in_twos():
    single, three, six = (figure.narrow() for figure in copies())
    places = [ax.get_subplotspec().get_geometry()[:2] for figure in (three, six) for ax in figure.axes if ax.get_subplotspec()]
    assert places == 3 * [(3, 1)] + 6 * [(3, 2)]
    tops = [ax.get_position().y1 for ax in three.axes[:3]]
    assert tops == sorted(tops, reverse=True)


def test_nothing_lies_on_anything_else():
    """A title is wrapped, names of columns are turned where they would meet, numbers fit their cells, ends stand apart."""
    for figure in copies():
        narrow = figure.narrow()
        narrow.draw_without_rendering()
        for ax in narrow.axes:
            for texts in (ax.get_xticklabels(), ax.get_yticklabels(), getattr(ax, "cell_numbers", []), getattr(ax, "end_names", [])):
                shown = boxes(texts)
                assert not any(a.overlaps(b) for i, a in enumerate(shown) for b in shown[:i] if a.x0 != b.x0 or a.y0 != b.y0), texts
            for box in boxes([ax._left_title]):
                assert box.x1 <= narrow.bbox.x1 + 1


def test_the_figure_itself_stays_as_it_was_and_no_window_is_opened():
    for figure in copies():
        before, open_ones = state(figure), plt.get_fignums()
        assert figure.narrow() is not figure and figure.narrow().get_figwidth() == phone.WIDTH
        assert state(figure) == before and plt.get_fignums() == open_ones


def state(figure) -> list:
    """Size, places, and every piece of type with its own place, size and turn."""
    texts = [(t.get_text(), t.get_position(), t.get_fontsize(), t.get_rotation()) for t in figure.findobj(Text)]
    return [tuple(figure.get_size_inches()), [ax.get_position().bounds for ax in figure.axes], texts]


def test_a_notebook_is_given_the_copy_beside_the_picture():
    figure = copies()[1]
    data, told = figure._repr_mimebundle_()
    picture = base64.b64decode(told["attnlab"]["narrow"])
    assert data == {} and picture.startswith(b"\x89PNG")
    assert figure._repr_mimebundle_()[1] == told, "the same figure is the same copy"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_figure_of_the_book_has_its_copy(path):
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                copy = base64.b64decode(output["metadata"]["attnlab"]["narrow"])
                assert pixels(struct.unpack(">I", copy[16:20])[0] / phone.DPI) >= 11


def test_the_site_shows_the_copy_where_the_window_is_narrow(tmp_path):
    figure = copies()[0]
    figure.savefig(tmp_path / "wide.png")
    wide = (tmp_path / "wide.png").read_bytes()
    told = {"attnlab": {"narrow": figure._repr_mimebundle_()[1]["attnlab"]["narrow"]}}
    output = {"data": {"image/png": base64.b64encode(wide).decode()}, "metadata": told}
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": [{"outputs": [output]}, {}]}), encoding="utf-8")
    narrow = slim_narrow.copies(tmp_path)
    assert list(narrow) == [hashlib.sha256(wide).hexdigest()]
    html = slim.slim_images('<figure><img alt="a" src="wide.png" /></figure><img src="gone.png">', tmp_path, narrow)
    assert html.startswith('<figure><picture><source media="(max-width: 540px)" srcset="wide-narrow.png" width="')
    assert html.count("<picture>") == 1 and '<img src="gone.png">' in html
    assert (tmp_path / "wide-narrow.png").read_bytes() == next(iter(narrow.values()))

"""Figures are read back from their axes: what is drawn, what it says, that it comes out the same twice."""

from __future__ import annotations

import io

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from compare import normal  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402

from attnlab import plots, reference  # noqa: E402
from attnlab.masks import causal, positions  # noqa: E402

WORDS = ["the", "cat", "sat"]
MASK = causal(*positions(3, 3))
WEIGHTS = reference.attention_weights(normal(0, 3, 5), normal(1, 3, 5), MASK)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def written(ax):
    return [text.get_text() for text in ax.texts]


def names(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def png():
    out = io.BytesIO()
    plt.savefig(out, format="png")
    return out.getvalue()


def draw_everything():
    plots.heatmap(WEIGHTS, WORDS, WORDS, mask=MASK, title="Weights")
    plots.heatmap(normal(2, 31, 41))
    left, right = plots.panels("left", "right")
    plots.mask_grid(MASK, ax=left)
    plots.bars(WORDS, WEIGHTS[2], ax=right)
    plots.lines([1, 2, 4], {"one": [1, 2, 3], "two": [3, 2, 2.9]}, log="x", xlabel="size")


def test_a_heatmap_carries_its_numbers_and_names():
    ax = plots.heatmap(WEIGHTS, WORDS, WORDS[::-1], title="Weights")
    assert written(ax) == [f"{w:.2f}" for w in WEIGHTS.ravel()]
    assert names(ax.yaxis) == WORDS and names(ax.xaxis) == WORDS[::-1]
    assert ax.get_title(loc="left") == "Weights"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("keys", "queries")


def test_hidden_cells_are_hatched_and_carry_no_number():
    ax = plots.heatmap(WEIGHTS, mask=MASK)
    (hatched,) = ax.collections[:1]
    corners = sorted(tuple(path.vertices.min(axis=0) + 0.5) for path in hatched.get_paths())
    assert hatched.get_hatch() == "////" and corners == [(1, 0), (2, 0), (2, 1)]
    assert written(ax) == [f"{w:.2f}" for w in WEIGHTS[MASK]]
    assert np.ma.getmaskarray(ax.images[0].get_array()).tolist() == (~MASK).tolist()


def test_weights_are_shaded_from_zero_to_one_and_signed_tables_around_zero():
    image = plots.heatmap(WEIGHTS).images[0]
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)
    image = plots.heatmap(np.array([[-3.0, 1.0]])).images[0]
    assert (image.norm.vmin, image.norm.vmax) == (-3, 3)
    assert image.cmap(image.norm(0.0))[:3] == pytest.approx((1, 1, 1), abs=0.01)
    image = plots.heatmap(np.array([[2.0, 5.0]])).images[0]
    assert (image.norm.vmin, image.norm.vmax) == (0, 5)


def test_a_matrix_wears_its_own_colour():
    ax = plots.heatmap(np.ones((3, 5)), WORDS, hue=plots.KEY)
    image = ax.images[0]
    assert image.cmap(1.0)[:3] == pytest.approx(to_rgb(plots.KEY), abs=0.01)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("features", "tokens")


def test_a_large_table_has_a_scale_instead_of_numbers():
    ax = plots.heatmap(normal(3, 31, 41))
    assert written(ax) == [] and len(ax.figure.axes) == 2
    assert len(names(ax.yaxis)) <= 8


def test_numbers_stand_out_from_their_cells():
    ax = plots.heatmap(np.array([[0.0, 1.0]]))
    assert [text.get_color() for text in ax.texts] == [plots.INK, "white"]


def test_small_negatives_are_not_minus_zero():
    assert written(plots.heatmap(np.array([[-0.001, -1.5, 250.0]]))) == ["0.00", "\N{MINUS SIGN}1.50", "250"]


def test_a_mask_grid_fills_what_may_be_seen():
    ax = plots.mask_grid(MASK, WORDS, WORDS)
    assert np.ma.getmaskarray(ax.images[0].get_array()).tolist() == (~MASK).tolist()
    assert len(ax.collections[0].get_paths()) == 3


def test_lines_are_named_where_they_end_and_names_do_not_overlap():
    ax = plots.lines(
        [1, 2, 3], {"a": [1, 2, 3.0], "b": [3, 2, 3.01], "c": [0, 1, 3.02]}, xlabel="n", ylabel="t"
    )
    assert sorted(written(ax)) == ["a", "b", "c"] and ax.get_legend() is None
    ax.figure.canvas.draw()
    heights = sorted(text.get_window_extent().y0 for text in ax.texts)
    assert min(np.diff(heights)) > 9 * ax.figure.dpi / 72
    assert len({str(line.get_linestyle()) + line.get_color() for line in ax.lines}) == 3
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("n", "t")


def test_lines_on_logarithmic_axes():
    scales = {log: plots.lines([1, 10], {"a": [1, 10]}, log=log) for log in ("", "x", "y", "xy")}
    found = {log: (ax.get_xscale(), ax.get_yscale()) for log, ax in scales.items()}
    assert found[""] == ("linear", "linear") and found["xy"] == ("log", "log")
    assert found["x"] == ("log", "linear") and found["y"] == ("linear", "log")


def test_bars_carry_their_heights():
    ax = plots.bars(WORDS, [0.25, 0.5, -0.125], ylabel="weight", hue=plots.VALUE)
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.5, -0.125]
    assert written(ax) == ["0.25", "0.50", "\N{MINUS SIGN}0.12"]
    assert names(ax.xaxis) == WORDS and ax.patches[0].get_facecolor()[:3] == to_rgb(plots.VALUE)


def test_panels_stand_side_by_side_and_break_into_rows():
    left, right = plots.panels("left", "right", height=2.5)
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["left", "right"]
    assert tuple(left.figure.get_size_inches()) == (plots.WIDTH, 2.5)
    four = plots.panels(*"abcd", height=2.0)
    assert len(four) == 4 and tuple(four[0].figure.get_size_inches()) == (plots.WIDTH, 4.0)
    five = plots.panels(*"abcde")
    assert [ax.get_title(loc="left") for ax in five] == list("abcde") and len(five[0].figure.axes) == 5


def test_tensors_with_a_history_can_be_drawn():
    weights = torch.tensor(WEIGHTS, requires_grad=True)
    assert written(plots.heatmap(weights, mask=torch.tensor(MASK))) == [f"{w:.2f}" for w in WEIGHTS[MASK]]
    assert plots.mask_grid(torch.tensor(MASK)).images


def test_nothing_is_smaller_than_nine_points_nor_wider_than_a_phone_shows():
    draw_everything()
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.canvas.draw()
        assert figure.get_size_inches()[0] == plots.WIDTH
        sizes = [t.get_fontsize() for t in figure.findobj(matplotlib.text.Text) if t.get_text()]
        assert min(sizes) >= 9
        assert figure.get_facecolor() == (1, 1, 1, 1)


def test_the_reader_s_settings_are_neither_used_nor_changed():
    draw_everything()
    plain = png()
    with plt.rc_context({"font.size": 31, "axes.facecolor": "black", "figure.dpi": 50, "lines.linewidth": 9}):
        before = dict(plt.rcParams)
        draw_everything()
        assert dict(plt.rcParams) == before
    assert png() == plain


def test_the_same_figure_is_the_same_file():
    draw_everything()
    first = png()
    plt.close("all")
    draw_everything()
    assert png() == first


def test_query_key_and_value_differ_for_every_kind_of_eye():
    """Seen by a dichromat (Viénot, Brettel and Mollon 1999, linear RGB) the three stay well apart."""
    protan = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    deutan = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    colours = np.array([to_rgb(c) for c in (plots.QUERY, plots.KEY, plots.VALUE, plots.WEIGHT)])
    for eye in (np.eye(3), protan, deutan):
        seen = np.clip(colours**2.2 @ eye.T, 0, 1) ** (1 / 2.2)
        apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
        assert min(apart) > 0.2


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: plots.heatmap(np.ones(3)), ValueError, r"table must have 2 axes but has shape \(3,\)"),
        (lambda: plots.heatmap(WEIGHTS, WORDS[:2]), ValueError, "there are 2 names for 3 rows"),
        (lambda: plots.heatmap(WEIGHTS, None, WORDS + ["on"]), ValueError, "there are 4 names for 3 columns"),
        (lambda: plots.heatmap(WEIGHTS, mask=np.ones((2, 3), bool)), ValueError, "broadcast"),
        (lambda: plots.mask_grid(MASK.astype(int)), TypeError, "mask must be boolean but its dtype is int64"),
        (lambda: plots.mask_grid(MASK[0]), ValueError, r"mask must have 2 axes but has shape \(3,\)"),
        (lambda: plots.lines([1, 2], {"a": [1, 2, 3]}), ValueError, "a has 3 points but x has 2"),
        (lambda: plots.bars(WORDS, [1, 2]), ValueError, "there are 3 names but 2 heights"),
        (plots.panels, ValueError, "panels needs at least one title"),
    ],
)
def test_bad_input(as_readers_run_it, draw, error, message):
    with pytest.raises(error, match=message):
        draw()

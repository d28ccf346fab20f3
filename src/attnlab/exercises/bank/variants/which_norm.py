"""A normalisation as a black box: which one is it, and what does it read?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise

NAMES = ("layer norm", "RMS norm", "length", "batch norm", "none")


class Layer:
    """One of the five, with a gain and an epsilon; two with the same numbers are equal."""

    def __init__(self, kind, seed, d):
        self.kind, self.seed, self.d = kind, seed, d
        low, high = (0.5, 1.5) if seed < 100 else (d**-0.5 - 0.02, d**-0.5 + 0.02) if seed == 100 else (0.5, 0.52) if seed < 200 else (1.4, 1.5)
        self.gain = np.random.default_rng(seed).uniform(low, high, d)

    def __eq__(self, other):
        return (self.kind, self.seed, self.d) == (other.kind, other.seed, other.d)

    __hash__ = None

    def __call__(self, x):
        x, small = np.asarray(x, dtype=float), 1e-5
        if self.kind == "layer norm":
            x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + small)
        elif self.kind == "RMS norm":
            x = x / np.sqrt((x**2).mean(-1, keepdims=True) + small)
        elif self.kind == "length":
            x = x / np.sqrt((x**2).sum(-1, keepdims=True) + small)
        elif self.kind == "batch norm":
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + small)
        return np.sign(np.sin(self.seed + np.arange(self.d))) * self.gain * x if self.kind != "length" else x


def _rows(d, n=4):
    return np.random.default_rng(17).normal(size=(n, d)) * 2 + 0.5


def _reference(layer, d):
    x = _rows(d)
    out, first = layer(x), layer(x[:1] * 1.0)
    near = lambda a, b: np.allclose(a, b, atol=1e-3)  # noqa: E731
    if not near(first, out[:1]):
        return "batch norm"
    if not near(layer(10 * x), out):
        return "none"
    if near(layer(x + 3), out):
        return "layer norm"
    return "length" if near((out**2).sum(-1), 1) else "RMS norm"


EXERCISE = Exercise(
    id="variants.which_norm",
    title="Which norm is in the box?",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="variants/problems",
    statement=r"""
    A model came without documentation. You can call one of its layers, `layer(rows)`, with rows of your choice ($n \times d$, any $n \ge 1$), and see what comes out, but not look inside. Find out which of these it is, and return the string.

    | verdict | what the layer does to a row $x$ |
    |---|---|
    | `"layer norm"` | $g * (x - \bar x) / \sqrt{\operatorname{var}(x) + \epsilon}$ |
    | `"RMS norm"` | $g * x / \sqrt{\tfrac1d \sum_i x_i^2 + \epsilon}$ |
    | `"length"` | $x / \sqrt{\sum_i x_i^2 + \epsilon}$ |
    | `"batch norm"` | as layer norm, but mean and variance of each *feature*, over the rows it is given |
    | `"none"` | $g * x$ |

    The gains $g$ are unknown numbers whose sizes lie between 0.5 and 1.5, some of them negative; $\epsilon$ is $10^{-5}$, so rows should not be too small. $d$ is at least 3. Not every gain has the same size.
    """,
    slot='''
    def which_norm(layer, d):
        """The name of what the layer does, found by calling it.

        layer: function of rows (n, d); gives (n, d)
        result: "layer norm", "RMS norm", "length", "batch norm" or "none"
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="labels",
    hints=(
        "Ask what a layer does *not* notice: a row times ten, a row plus a number, other rows beside it.",
        r"Batch norm alone sees the other rows. The identity alone notices a factor. Layer norm alone, of those that are left, does not notice a number added to all features. What is left differs in size by $\sqrt d$, and in its gains.",
        "```python\nout = layer(x)\nif not np.allclose(layer(x[:1]), ____, atol=1e-3):\n    return \"batch norm\"\nif not np.allclose(layer(____ * x), out, atol=1e-3):\n    return \"none\"\n"
        "if np.allclose(layer(x + ____), out, atol=1e-3):\n    return \"layer norm\"\nlong = (out**2).____(axis=-1)\nreturn \"length\" if np.allclose(long, ____, atol=1e-3) else \"RMS norm\"\n```",
    ),
    parsons=("norm_size_not_looked_at", "norm_other_rows_not_tried"),
    why=r"""
    Each of the five is known by what it does not notice. Four calls decide, without reading a parameter; the order of the questions matters, since batch norm does not notice a factor either.

    **The two most common mistakes.** Asking with a single row, for which batch norm gives zeros. Deciding between the last two by the mean of squares being 1: with gains it is not, and only the length is sure to be 1.

    **Cost.** Four calls of the layer.
    """,
    verified="all five verdicts for widths 3, 5, 8 and 13, with gains of both signs.",
    next_thought="which of these could you still tell apart if the layer added its input to its output?",
    reference=_reference,
)

for _d in (5, 3, 8, 13):
    for _kind in NAMES:
        EXERCISE.probe(f"width {_d}, the case {_kind}", Layer(_kind, _d, _d), _d)
for _seed, _d in ((100, 3), (101, 4), (102, 32), (103, 3), (203, 5)):  # gains that make rows nearly as long as one, or as short and long as they can be
    for _kind in NAMES:
        EXERCISE.probe(f"width {_d}, {'large' if _seed > 200 else 'small'} gains, the case {_kind}", Layer(_kind, _seed, _d), _d)


@EXERCISE.solve
def which_norm_solution(layer, d):
    x = np.random.default_rng(0).normal(size=(5, d)) * 2
    out = layer(x)
    if not np.allclose(layer(x[:1]), out[:1], atol=1e-3):
        return "batch norm"
    if not np.allclose(layer(10 * x), out, atol=1e-3):
        return "none"
    if np.allclose(layer(x + 3), out, atol=1e-3):
        return "layer norm"
    long = (out**2).sum(axis=-1)
    return "length" if np.allclose(long, 1, atol=1e-3) else "RMS norm"


@EXERCISE.mutant
def norm_other_rows_not_tried(layer, d):
    x = np.random.default_rng(0).normal(size=(5, d)) * 2
    out = layer(x)
    if not np.allclose(layer(x), out, atol=1e-3):
        return "batch norm"
    if not np.allclose(layer(10 * x), out, atol=1e-3):
        return "none"
    if np.allclose(layer(x + 3), out, atol=1e-3):
        return "layer norm"
    long = (out**2).sum(axis=-1)
    return "length" if np.allclose(long, 1, atol=1e-3) else "RMS norm"


@EXERCISE.mutant
def norm_factor_not_tried(layer, d):
    x = np.random.default_rng(0).normal(size=(5, d)) * 2
    out = layer(x)
    if not np.allclose(layer(x[:1]), out[:1], atol=1e-3):
        return "batch norm"
    if np.allclose(layer(x + 3), out, atol=1e-3):
        return "layer norm"
    long = (out**2).sum(axis=-1)
    return "length" if np.allclose(long, 1, atol=1e-3) else "RMS norm"


def _but(layer, d, **told):
    verdict = _reference(layer, d)
    return told.get(verdict.replace(" ", "_"), verdict)


@EXERCISE.mutant
def norm_shift_not_tried(layer, d):
    return _but(layer, d, layer_norm="RMS norm")


@EXERCISE.mutant
def norm_size_not_looked_at(layer, d):
    x = np.random.default_rng(0).normal(size=(5, d)) * 2
    out = layer(x)
    if not np.allclose(layer(x[:1]), out[:1], atol=1e-3):
        return "batch norm"
    if not np.allclose(layer(10 * x), out, atol=1e-3):
        return "none"
    if np.allclose(layer(x + 3), out, atol=1e-3):
        return "layer norm"
    long = (out**2).mean(axis=-1)
    return "length" if np.allclose(long, 1, atol=1e-3) else "RMS norm"


@EXERCISE.mutant
def norm_shift_means_any_norm(layer, d):
    return _but(layer, d, RMS_norm="none", length="none")


@EXERCISE.mutant
def norm_rms_taken_for_layer(layer, d):
    return _but(layer, d, RMS_norm="layer norm", length="layer norm")


@EXERCISE.impostor
def always_rms(layer, d):
    return "RMS norm"


@EXERCISE.impostor
def always_none(layer, d):
    return "none"


@EXERCISE.impostor
def always_batch(layer, d):
    return "batch norm"


@EXERCISE.impostor
def layer_and_batch_exchanged(layer, d):
    return _but(layer, d, layer_norm="batch norm", batch_norm="layer norm")


def _verdict_on(kind):
    def test(call):
        verdict = str(call(Layer(kind, 2, 6), 6))
        return None if verdict == kind else f'the verdict is "{verdict}"'

    return test


for _kind in NAMES:
    EXERCISE.holds(f'"{_kind}" is recognised')(_verdict_on(_kind))

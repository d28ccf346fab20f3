"""A cross-attention layer that may be wrong: find out in which way, from the outside."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises._exercise import Exercise

NAMES = ("right", "own text", "keys from the asker", "values from the asker", "triangle", "padding")


class Layer:
    """One head with fixed matrices and one of the faults; two with the same numbers are equal."""

    def __init__(self, fault, seed, d):
        self.fault, self.seed, self.d = fault, seed, d
        self.w = np.random.default_rng(seed).normal(size=(3, d, d)) / np.sqrt(d)

    def __eq__(self, other):
        return (self.fault, self.seed, self.d) == (other.fault, other.seed, other.d)

    __hash__ = None

    def __call__(self, x, y, real):
        x, y, real = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(real, dtype=bool)
        n, fault = len(x), self.fault
        keys = x if fault in ("own text", "keys from the asker") else y
        values = x if fault in ("own text", "values from the asker") else y
        may = np.ones((n, n), dtype=bool) if fault == "padding" else np.broadcast_to(real, (n, n))
        if fault == "triangle":
            may = may & np.tri(n, dtype=bool)
        return reference.attention(x @ self.w[0], keys @ self.w[1], values @ self.w[2], may)


def _unmoved(a, b):
    return np.allclose(a, b, atol=1e-9)


def _reference(layer, x, y, real):
    """One change after the other, the plainest first."""
    out, rng = layer(x, y, real), np.random.default_rng(1)
    if not _unmoved(layer(x, np.where(real[:, None], y, y + 3), real), out):
        return "padding"
    if _unmoved(layer(x, y + rng.normal(size=y.shape), real), out):
        return "own text"
    if np.abs(layer(x, np.zeros_like(y), real)).max() > 1e-9:
        return "values from the asker"
    if _unmoved(layer(x, 2 * y, real), 2 * out):
        return "keys from the asker"
    last = np.flatnonzero(real)[-1]
    later = y.copy()
    later[last] += 1
    return "triangle" if _unmoved(layer(x, later, real)[0], out[0]) else "right"


EXERCISE = Exercise(
    id="architecture.read_the_layer",
    title="What is wrong with this layer?",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="architecture/problems",
    statement=r"""
    You get a cross-attention layer as a function, `layer(x, y, real)`, and cannot look inside. `x` ($n \times d$) asks, `y` ($n \times d$) is the source, as long as `x`, and `real` ($n$, True or False) says which rows of `y` are no padding; the last ones are. Inside is one head, $\operatorname{attention}(xW_Q,\, yW_K,\, yW_V)$ without biases and without a residual connection, with at most **one** fault. Write the detective: call the layer as often as you like, with whatever rows you like, and return one of these strings.

    | verdict | what the layer does |
    |---|---|
    | `"right"` | as it should |
    | `"own text"` | keys and values come from `x` |
    | `"keys from the asker"` | keys come from `x`, values from `y` |
    | `"values from the asker"` | keys come from `y`, values from `x` |
    | `"triangle"` | row $i$ sees the rows up to $i$ of the source only |
    | `"padding"` | padding is seen as if it were real |

    At least three rows of `y` are real, and at least two are padding.
    """,
    slot='''
    def read_the_layer(layer, x, y, real):
        """The name of the layer's fault, found by calling it.

        layer: function of rows x (n, d), a source y (n, d) and real (n,); gives (n, d)
        result: "right", "own text", "keys from the asker", "values from the asker", "triangle" or "padding"
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="labels",
    hints=(
        "Find for each fault a change of the source that it alone would notice, or would not notice. Change the real rows and the padding separately.",
        "A source of zeros has values of zero, whatever the weights. If the keys do not come from the source, doubling the source doubles the output.",
        "```python\nout = layer(x, y, real)\nif not np.allclose(layer(x, ____, real), out):\n    return \"padding\"\nif np.allclose(layer(x, ____, real), out):\n    return \"own text\"\n"
        "if not np.allclose(layer(x, ____, real), 0):\n    return \"values from the asker\"\nif np.allclose(layer(x, 2 * y, real), ____):\n    return \"keys from the asker\"\n"
        "turned = np.vstack([____, y[~real]])\nreturn \"right\" if np.allclose(layer(x, turned, real), out) else \"triangle\"\n```",
    ),
    parsons=("only_the_source_changed", "padding_not_tried"),
    why=r"""
    Each test changes one thing and says what may follow. No weights are read, no parameters, no shapes: such tests can be written before the layer, and they also serve for layers of others.

    **The two most common mistakes.** Changing real rows and padding together, which blames the wrong fault. Trusting a single change, such as *the output moves when the source moves*: four of the five faults pass it.

    **Cost.** Six calls of the layer at most.
    """,
    verified="all six verdicts for layers of three widths, with lengths from 5 to 11.",
    next_thought="which of these tests would still work if the layer added its input, x, to the output?",
    reference=_reference,
)

_rng = np.random.default_rng(97)
for _n, _d, _real in ((7, 5, 4), (5, 3, 3), (11, 7, 8)):
    _x, _y = _rng.normal(size=(2, _n, _d))
    for _fault in NAMES:
        EXERCISE.probe(f"{_n} rows of width {_d}, the case {_fault}", Layer(_fault, _n, _d), _x, _y, np.arange(_n) < _real)


@EXERCISE.solve
def read_the_layer_solution(layer, x, y, real):
    out = layer(x, y, real)
    if not np.allclose(layer(x, np.where(real[:, None], y, 9.0), real), out):
        return "padding"
    if np.allclose(layer(x, 2 * y, real), out):
        return "own text"
    if not np.allclose(layer(x, np.zeros_like(y), real), 0):
        return "values from the asker"
    if np.allclose(layer(x, 2 * y, real), 2 * out):
        return "keys from the asker"
    turned = np.vstack([y[real][::-1], y[~real]])
    return "right" if np.allclose(layer(x, turned, real), out) else "triangle"


def _but(layer, x, y, real, **told):
    """The true verdict, or what is told in its place."""
    verdict = _reference(layer, x, y, real)
    return told.get(verdict.replace(" ", "_"), verdict)


@EXERCISE.mutant
def only_the_source_changed(layer, x, y, real):
    out = layer(x, y, real)
    moved = layer(x, 2 * y, real)
    return "own text" if np.allclose(moved, out) else "right"


@EXERCISE.mutant
def padding_not_tried(layer, x, y, real):
    out = layer(x, y, real)
    if np.allclose(layer(x, np.where(real[:, None], 2 * y, y), real), out):
        return "own text"
    if np.allclose(layer(x, 2 * y, real), 2 * out):
        return "keys from the asker"
    if not np.allclose(layer(x, np.zeros_like(y), real), 0):
        return "values from the asker"
    last = np.where((np.cumsum(real) == real.sum())[:, None] & real[:, None], y + 1, y)
    return "triangle" if np.allclose(layer(x, last, real)[0], out[0]) else "right"


@EXERCISE.mutant
def triangle_not_tried(layer, x, y, real):
    return _but(layer, x, y, real, triangle="right")


@EXERCISE.mutant
def asked_sides_not_told_apart(layer, x, y, real):
    return _but(layer, x, y, real, keys_from_the_asker="values from the asker")


@EXERCISE.mutant
def keys_of_the_layer_not_tried(layer, x, y, real):
    return _but(layer, x, y, real, keys_from_the_asker="right")


@EXERCISE.mutant
def values_of_the_layer_not_tried(layer, x, y, real):
    return _but(layer, x, y, real, values_from_the_asker="right")


@EXERCISE.mutant
def order_blamed_on_the_triangle(layer, x, y, real):
    return _but(layer, x, y, real, keys_from_the_asker="triangle", values_from_the_asker="triangle")


@EXERCISE.impostor
def always_right(layer, x, y, real):
    return "right"


@EXERCISE.impostor
def always_triangle(layer, x, y, real):
    return "triangle"


@EXERCISE.impostor
def right_and_padding_exchanged(layer, x, y, real):
    return _but(layer, x, y, real, right="padding", padding="right")


def _verdict_on(fault):
    def test(call):
        x, y = np.random.default_rng(3).normal(size=(2, 6, 4))
        verdict = str(call(Layer(fault, 2, 4), x, y, np.arange(6) < 4))
        return None if verdict == fault else f'the verdict is "{verdict}"'

    return test


for _fault in NAMES:
    EXERCISE.holds(f'"{_fault}" is recognised' if _fault != "right" else "a right layer is found right")(_verdict_on(_fault))

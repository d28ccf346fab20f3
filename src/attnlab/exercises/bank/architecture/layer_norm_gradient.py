"""LayerNorm, backwards."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, d_output, gain, epsilon):
    """Each row by the whole Jacobian of the norm, entry by entry."""
    x, d_output = np.asarray(x, dtype=float), np.asarray(d_output, dtype=float)
    d, out = x.shape[1], np.empty(x.shape)
    for t, (row, from_above) in enumerate(zip(x, d_output)):
        centred = row - row.mean()
        s = np.sqrt(centred @ centred / d + epsilon)
        jacobian = (np.eye(d) - 1 / d) / s - np.outer(centred, centred) / (d * s**3)
        out[t] = jacobian @ (gain * from_above)
    return out


def _gradient(x, d_output, gain, epsilon, *, size=None, axis=-1, centre=True, mean=True, along=True, gained=True, total=False, ddof=0):
    """The formula with one ingredient exchanged."""
    x = np.asarray(x, dtype=float)
    average = (lambda a: a.sum(axis=axis, keepdims=True)) if total else (lambda a: a.mean(axis=axis, keepdims=True))
    centred = x - x.mean(axis=axis, keepdims=True) if centre else x
    n = x.size if axis is None else x.shape[axis]
    square = (centred**2).sum(axis=axis, keepdims=True) / max(1, n - ddof)
    s = (size or (lambda square: np.sqrt(square + epsilon)))(square)
    u, g = centred / s, gain * d_output if gained else np.asarray(d_output, dtype=float)
    return (g - (average(g) if mean else 0) - (u * average(u * g) if along else 0)) / s


EXERCISE = Exercise(
    id="architecture.layer_norm_gradient",
    title="LayerNorm, backwards",
    level="analyse",
    minutes=18,
    difficulty=3,
    page="architecture/normalisation",
    headings=("The mathematics", "What the norm sends back"),
    statement=r"""
    The page gives the gradient of RMSNorm. Find that of **LayerNorm**: for $y = \gamma \odot \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta$, each row by itself, you are given $\partial L / \partial y$, called `d_output`;
    return $\partial L / \partial x$.

    Mean $\mu$ and variance $\sigma^2$ depend on $x$ too: each of them adds a term. $\beta$ does not appear in the answer.

    A tiny example: `x = [[1, 3, 5]]`, `d_output = [[1, 0, 0]]`, `gain = [1, 1, 1]` and `epsilon = 0` give `[[0.102, -0.204, 0.102]]`.
    """,
    slot='''
    def layer_norm_gradient(x, d_output, gain, epsilon):
        """The gradient of the loss with respect to x, for y = gain * (x - mean) / sqrt(variance + epsilon) + bias.

        x, d_output: (tokens, d), gain: (d,); result: (tokens, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Adding a number to all of a row changes nothing in what leaves, and (with epsilon 0) neither does making its deviations longer. So the "
        "gradient has no part along either of the two directions.",
        r"With $u = (x - \mu)/s$, $s = \sqrt{\sigma^2 + \epsilon}$ and $g = \gamma \odot \partial L/\partial y$: RMSNorm has $\frac1s(g - u \cdot \operatorname{mean}(u g))$. The mean adds one term more.",
        "```python\nmean = x.mean(axis=-1, keepdims=True)\ns = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)\nu, g = (x - mean) / s, ____ * d_output\n"
        "return (g - ____ - u * ____) / s\n```",
    ),
    parsons=("norm_mean_term_forgotten", "norm_gradient_gain_at_the_end"),
    why=r"""
    $\mathrm dy = \gamma \odot \mathrm du$ and $\mathrm du = (\mathrm dx - \operatorname{mean}(\mathrm dx) - u \operatorname{mean}(u\, \mathrm dx)) / s$. The map in brackets is symmetric, so the same formula takes $g$ back. (With $\epsilon > 0$ it is still exact, because
    $\mathrm ds = \operatorname{mean}(u\, \mathrm dx)$ holds for $s = \sqrt{\sigma^2 + \epsilon}$.)

    **The two most common mistakes.** Taking $\mu$ and $s$ for constants: then the gradient is $g/s$, which points along directions that change nothing. Multiplying by $\gamma$ at the end: it has to come first, since the two means are means of $g$.

    **Cost.** Two means and a handful of operations a number; a kernel does it in one pass over the row.
    """,
    verified="equal to the whole Jacobian, entry by entry, for widths two to nine, one row and several, epsilon from 0 to 0.5, and whole numbers.",
    next_thought="the rows get ten times as large. What happens to the gradient, and what does that mean for a stream that grows with depth?",
    reference=_reference,
)

_rng = np.random.default_rng(29)
_first = 2 * _rng.normal(size=(3, 5)) + 1, _rng.normal(size=(3, 5)), _rng.normal(size=5) + 1.5
EXERCISE.probe("3 tokens of width 5", *_first, 0.1)
EXERCISE.probe("5 tokens of width 2", _rng.normal(size=(5, 2)), _rng.normal(size=(5, 2)), np.array([0.5, -2.0]), 0.5)
EXERCISE.probe("2 tokens of width 9, small numbers", _rng.normal(size=(2, 9)) * 0.05, _rng.normal(size=(2, 9)), _rng.normal(size=9), 0.1)
EXERCISE.probe("one token of width 7", _rng.normal(size=(1, 7)) - 2, _rng.normal(size=(1, 7)), _rng.normal(size=7), 0.1)
EXERCISE.probe("large numbers", 100 * _first[0], *_first[1:], 1e-5)
EXERCISE.probe("whole numbers", np.array([[1, 3, 8], [4, 0, -5]]), np.array([[1, 0, 2], [0, 3, -1]]), np.array([1, 2, -1]), 1)
EXERCISE.probe("a row of equal numbers", np.array([[4.0, 4.0, 4.0], [1.0, 2.0, 4.0]]), np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]]), np.array([1.0, 2.0, 0.5]), 0.2)


@EXERCISE.solve
def layer_norm_gradient_solution(x, d_output, gain, epsilon):
    mean = x.mean(axis=-1, keepdims=True)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    u, g = (x - mean) / s, gain * d_output
    return (g - g.mean(axis=-1, keepdims=True) - u * (u * g).mean(axis=-1, keepdims=True)) / s


@EXERCISE.mutant
def norm_statistics_as_constants(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, mean=False, along=False)


@EXERCISE.mutant
def norm_mean_term_forgotten(x, d_output, gain, epsilon):
    mean = x.mean(axis=-1, keepdims=True)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    u, g = (x - mean) / s, gain * d_output
    return (g - u * (u * g).mean(axis=-1, keepdims=True)) / s


@EXERCISE.mutant
def norm_variance_term_forgotten(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, along=False)


@EXERCISE.mutant
def norm_gain_left_out(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, gained=False)


@EXERCISE.mutant
def norm_gradient_gain_at_the_end(x, d_output, gain, epsilon):
    mean = x.mean(axis=-1, keepdims=True)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    u, g = (x - mean) / s, d_output
    return gain * (g - g.mean(axis=-1, keepdims=True) - u * (u * g).mean(axis=-1, keepdims=True)) / s


@EXERCISE.mutant
def norm_over_the_tokens(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, axis=0)


@EXERCISE.mutant
def norm_over_everything(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, axis=None)


@EXERCISE.mutant
def norm_root_left_out(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, size=lambda square: square + epsilon)


@EXERCISE.mutant
def norm_epsilon_outside(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, size=lambda square: np.sqrt(square) + epsilon)


@EXERCISE.mutant
def norm_variance_with_one_less(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, ddof=1)


@EXERCISE.mutant
def norm_mean_kept(x, d_output, gain, epsilon):
    return _gradient(x, d_output, gain, epsilon, centre=False, mean=False)


@EXERCISE.mutant
def norm_sums_for_means(x, d_output, gain, epsilon):
    x, g = np.asarray(x, dtype=float), gain * np.asarray(d_output, dtype=float)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    u = (x - x.mean(axis=-1, keepdims=True)) / s
    return (g - g.sum(axis=-1, keepdims=True) - u * (u * g).sum(axis=-1, keepdims=True)) / s


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0.10206, -0.20412, 0.10206]], np.array([[1.0, 3.0, 5.0]]), np.array([[1.0, 0.0, 0.0]]), np.ones(3), 0.0))


@EXERCISE.holds("the entries of every row of the gradient sum to 0")
def no_common_part(call):
    sums = np.asarray(call(*_first, 0.1)).sum(axis=-1)
    off = sums[np.abs(sums).argmax()]
    return None if abs(off) < 1e-4 else f"a row sums to {text.number(off)}"


@EXERCISE.holds("a step against the gradient lowers the loss by its squared length")
def first_order(call):
    x, d_output, gain = _first

    def loss(x):
        u = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 0.1)
        return (gain * u * d_output).sum()

    gradient, step = np.asarray(call(x, d_output, gain, 0.1), dtype=float), 1e-3
    fell, told = (loss(x + step * gradient) - loss(x - step * gradient)) / (2 * step), (gradient**2).sum()
    return None if abs(fell - told) < 1e-3 * max(1, told) else f"per unit of step it falls by {text.number(fell)}, told were {text.number(told)}"


@EXERCISE.holds("another token changes nothing in a row")
def rows_apart(call):
    x, d_output, gain = _first
    changed = x.copy()
    changed[1] += [1, 0, -3, 2, 5]
    gap = np.abs(np.asarray(call(changed, d_output, gain, 0.1))[0] - np.asarray(call(x, d_output, gain, 0.1))[0]).max()
    return None if gap < 1e-6 else f"the first row moves by {text.number(gap)}"

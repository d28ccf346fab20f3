"""Back through a projection with a bias: the gradients of its input, of its matrix and of the bias."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, w, d_y):
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    return np.einsum("...o,io->...i", d_y, w), np.einsum("ni,no->io", flat, d_flat), d_flat.sum(axis=0)


EXERCISE = Exercise(
    id="fundamentals.affine_backward",
    title="Back through a projection with a bias",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/from_scratch",
    headings=("The way back",),
    statement=r"""
    A projection with a bias makes $Y = X W + b$, with the same $W$ and $b$ for every token. In front of the tokens there may be any number of axes: none, the texts of a batch, or more. The loss's gradient with
    respect to $Y$ is given as `d_y`. Return the triple `(d_x, d_w, d_b)`: its gradients with respect to `x`, to `w` and to `b`.

    A tiny example: `x = [[[1], [2]]]`, `w = [[3]]` and `d_y = [[[1], [1]]]` give `d_x = [[[3], [3]]]`, `d_w = [[3]]` and `d_b = [2]`.
    """,
    slot='''
    def affine_backward(x, w, d_y):
        """Gradients of the loss with respect to x, w and b, where y = x @ w + b.

        x: (..., tokens, d_in), w: (d_in, d_out), d_y: (..., tokens, d_out)
        result: three arrays, with the shapes of x, w and b, which is (d_out,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A gradient has the shape of what it belongs to. What was used for every token collects a gradient from every token, whatever the axes are called.",
        r"For one token $y_o = \sum_i x_i W_{io} + b_o$. So $\bar x_i = \sum_o \bar y_o W_{io}$, and each token adds $x_i\, \bar y_o$ to $\bar W_{io}$ and $\bar y_o$ to $\bar b_o$. All tokens can stand in one long table.",
        "```python\nd_x = ____ @ w.T\nflat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, ____)\nd_w = flat.T @ ____\nd_b = d_flat.sum(axis=____)\nreturn d_x, d_w, d_b\n```",
    ),
    parsons=("linear_weights_not_transposed", "bias_averaged"),
    why=r"""
    With all tokens of all texts in one table the matrix product does the sum over the uses. The bias is one more row of the matrix, which meets an input of 1, so its gradient is a sum of rows.

    **The two most common mistakes.** Averaging over the batch a second time: if the loss is a mean, `d_y` already carries the factor. A transpose too few,
    which only shows when `w` is not square.

    **Cost.** Two matrix products of the size of the forward one: a backward pass costs about twice a forward pass. The bias costs next to nothing.
    """,
    verified="equal to the sums over all tokens, for square and other matrices, one text alone, a batch, two axes in front, single tokens, and whole numbers.",
    next_thought="the same matrix makes queries and keys, Q = X W and K = X W: what is its gradient?",
    reference=_reference,
    parts=("d_x", "d_w", "d_b"),
)

_rng = np.random.default_rng(12)


def _case(front, tokens, d_in, d_out):
    return [_rng.normal(size=s) for s in ((*front, tokens, d_in), (d_in, d_out), (*front, tokens, d_out))]


_first = _case((2,), 3, 5, 7)
EXERCISE.probe("2 texts of 3 tokens, widths 5 and 7", *_first)
EXERCISE.probe("one text of 5 tokens, widths 3 and 2", *_case((1,), 5, 3, 2))
EXERCISE.probe("3 texts of 3 tokens, both widths 3", *_case((3,), 3, 3, 3))
EXERCISE.probe("5 texts of one token, widths 2 and 1", *_case((5,), 1, 2, 1))
EXERCISE.probe("5 tokens without a batch, widths 3 and 2", *_case((), 5, 3, 2))
EXERCISE.probe("2 by 3 texts of 5 tokens, widths 3 and 2", *_case((2, 3), 5, 3, 2))
EXERCISE.probe("whole numbers for x and w, fractions behind", np.array([[[1, 2], [0, -3]]]), np.array([[2, 0, 1], [1, -1, 5]]),
               _rng.normal(size=(1, 2, 3)))


def _flat(x, d_y):
    return x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])


def _texts(x):
    """The number of texts in front of the tokens."""
    return int(np.prod(x.shape[:-2]))


@EXERCISE.solve
def affine_backward_solution(x, w, d_y):
    d_x = d_y @ w.T
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    d_w = flat.T @ d_flat
    d_b = d_flat.sum(axis=0)
    return d_x, d_w, d_b


@EXERCISE.mutant
def bias_averaged(x, w, d_y):
    d_x = d_y @ w.T
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    d_w = flat.T @ d_flat
    d_b = d_flat.mean(axis=0)
    return d_x, d_w, d_b


@EXERCISE.mutant
def linear_weights_not_transposed(x, w, d_y):
    d_x = d_y @ w
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    d_w = flat.T @ d_flat
    d_b = d_flat.sum(axis=0)
    return d_x, d_w, d_b


@EXERCISE.mutant
def linear_first_example_only(x, w, d_y):
    first, d_first = (x[0], d_y[0]) if x.ndim > 2 else (x, d_y)
    return d_y @ w.T, *_reference(first, w, d_first)[1:]


@EXERCISE.mutant
def linear_averaged_over_the_batch(x, w, d_y):
    d_x, d_w, d_b = _reference(x, w, d_y)
    return d_x, d_w / _texts(x), d_b / _texts(x)


@EXERCISE.mutant(evidence=text.shapes)
def linear_gradient_transposed(x, w, d_y):
    d_x, d_w, d_b = _reference(x, w, d_y)
    return d_x, d_w.T, d_b


@EXERCISE.mutant(evidence=text.shapes)
def linear_gradient_of_the_output_passed_on(x, w, d_y):
    return d_y, *_reference(x, w, d_y)[1:]


@EXERCISE.mutant
def linear_input_left_out(x, w, d_y):
    d_x, d_w, d_b = _reference(x, w, d_y)
    return d_x, np.repeat(d_b[None, :], len(w), axis=0), d_b


@EXERCISE.mutant
def linear_last_token_only(x, w, d_y):
    return d_y @ w.T, *_reference(x[..., -1:, :], w, d_y[..., -1:, :])[1:]


@EXERCISE.mutant
def linear_averaged_over_the_tokens(x, w, d_y):
    d_x, d_w, d_b = _reference(x, w, d_y)
    n = x.size // x.shape[-1]
    return d_x, d_w / n, d_b / n


@EXERCISE.mutant
def linear_sums_multiplied(x, w, d_y):
    flat, d_flat = _flat(x, d_y)
    return d_y @ w.T, np.outer(flat.sum(axis=0), d_flat.sum(axis=0)), d_flat.sum(axis=0)


@EXERCISE.mutant(evidence=text.shapes)
def linear_batch_not_summed(x, w, d_y):
    return d_y @ w.T, x.swapaxes(-1, -2) @ d_y, d_y.sum(axis=-2)


@EXERCISE.mutant(evidence=text.shapes)
def bias_for_every_token(x, w, d_y):
    d_x, d_w, _ = _reference(x, w, d_y)
    return d_x, d_w, d_y.copy()


@EXERCISE.mutant
def gradient_sign_reversed(x, w, d_y):
    return tuple(-part for part in _reference(x, w, d_y))


@EXERCISE.holds("each gradient has the shape of what it belongs to")
def shapes(call):
    x, w, d_y = _first
    d_x, d_w, d_b = (np.asarray(part) for part in call(x, w, d_y))
    if d_x.shape != x.shape or d_w.shape != w.shape or d_b.shape != w.shape[1:]:
        return f"{text.shape(d_x)}, {text.shape(d_w)} and {text.shape(d_b)} for x {text.shape(x)} and w {text.shape(w)}"


@EXERCISE.holds("two copies of the batch double the gradients of matrix and bias")
def twice(call):
    x, w, d_y = _first
    once, both = call(x, w, d_y), call(np.concatenate([x, x]), w, np.concatenate([d_y, d_y]))
    gap = max(np.abs(np.asarray(two) - 2 * np.asarray(one)).max() for one, two in zip(once[1:], both[1:]))
    return None if gap < 1e-4 else f"an entry is off by {text.number(gap)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[[3], [3]]], [[3]], [2]), np.array([[[1], [2]]]), np.array([[3]]), np.array([[[1], [1]]])))


@EXERCISE.holds("a small step along each gradient changes the loss by its squared length")
def slopes(call):
    x, w, d_y = _first
    d_x, d_w, d_b = (np.asarray(part) for part in call(x, w, d_y))
    moves = (("x", d_x, (x + d_x) @ w - x @ w), ("w", d_w, x @ (w + d_w) - x @ w), ("b", d_b, np.broadcast_to(d_b, d_y.shape)))
    for name, gradient, moved in moves:
        slope, expected = float((moved * d_y).sum()), float((gradient**2).sum())
        if not abs(slope - expected) < 1e-3 * max(1.0, abs(expected)):
            return f"along the gradient of {name} the slope is {text.number(slope)}, its squared length {text.number(expected)}"
    return None

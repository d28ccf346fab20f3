"""Back through a projection: the gradient of its input and of its weights."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, w, d_y):
    return np.einsum("bto,io->bti", d_y, w), np.einsum("bti,bto->io", x, d_y)


EXERCISE = Exercise(
    id="fundamentals.linear_backward",
    title="Back through a projection",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/from_scratch",
    headings=("The way back",),
    statement=r"""
    A projection makes $Y = X W$ for a batch of texts, with the same $W$ for every token. The loss's gradient with respect to $Y$ is given as `d_y`. Return the pair
    `(d_x, d_w)`: its gradients with respect to `x` and to `w`.

    A tiny example: `x = [[[1], [2]]]`, `w = [[3]]` and `d_y = [[[1], [1]]]` give `d_x = [[[3], [3]]]` and `d_w = [[3]]`.
    """,
    slot='''
    def linear_backward(x, w, d_y):
        """Gradients of the loss with respect to x and w, where y = x @ w.

        x: (batch, tokens, d_in), w: (d_in, d_out), d_y: (batch, tokens, d_out)
        result: a pair of arrays with the shapes of x and w
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A gradient has the shape of what it belongs to. For the weights there is only one product of the arrays at hand with that shape, once batch and tokens are summed.",
        r"For one token $y_o = \sum_i x_i W_{io}$. So $\bar x_i = \sum_o \bar y_o W_{io}$, and each token adds $x_i\, \bar y_o$ to $\bar W_{io}$.",
        "```python\nd_x = ____ @ w.T\nd_w = (x.swapaxes(1, 2) @ ____).sum(axis=____)\nreturn d_x, d_w\n```",
    ),
    parsons=("linear_averaged_over_the_batch", "linear_first_example_only"),
    why=r"""
    Within a text the matrix product sums over the tokens; over the texts of the batch we sum ourselves. What is used many times collects a gradient from each use.

    **The two most common mistakes.** Averaging over the batch a second time: if the loss is a mean, `d_y` already carries the factor. A transpose too few,
    which only shows when `w` is not square.

    **Cost.** Two matrix products of the size of the forward one: a backward pass costs about twice a forward pass.
    """,
    verified="equal to the sums over all tokens, for square and other weights, a batch of one, single tokens, and whole numbers.",
    next_thought="how would the gradient of a bias, y = x @ w + b, look?",
    reference=_reference,
    parts=("d_x", "d_w"),
)

_rng = np.random.default_rng(12)


def _case(batch, tokens, d_in, d_out):
    return [_rng.normal(size=s) for s in ((batch, tokens, d_in), (d_in, d_out), (batch, tokens, d_out))]


_first = _case(2, 3, 5, 7)
EXERCISE.probe("2 texts of 3 tokens, widths 5 and 7", *_first)
EXERCISE.probe("one text of 5 tokens, widths 3 and 2", *_case(1, 5, 3, 2))
EXERCISE.probe("3 texts of 3 tokens, both widths 3", *_case(3, 3, 3, 3))
EXERCISE.probe("5 texts of one token, widths 2 and 1", *_case(5, 1, 2, 1))
EXERCISE.probe("whole numbers for x and w, fractions behind", np.array([[[1, 2], [0, -3]]]), np.array([[2, 0, 1], [1, -1, 5]]),
               _rng.normal(size=(1, 2, 3)))


@EXERCISE.solve
def linear_backward_solution(x, w, d_y):
    d_x = d_y @ w.T
    d_w = (x.swapaxes(1, 2) @ d_y).sum(axis=0)
    return d_x, d_w


@EXERCISE.mutant
def linear_first_example_only(x, w, d_y):
    d_x = d_y @ w.T
    d_w = x[0].T @ d_y[0]
    return d_x, d_w


@EXERCISE.mutant
def linear_averaged_over_the_batch(x, w, d_y):
    d_x = d_y @ w.T
    d_w = (x.swapaxes(1, 2) @ d_y).mean(axis=0)
    return d_x, d_w


@EXERCISE.mutant(evidence=text.shapes)
def linear_gradient_transposed(x, w, d_y):
    d_x, d_w = _reference(x, w, d_y)
    return d_x, d_w.T


@EXERCISE.mutant
def linear_weights_not_transposed(x, w, d_y):
    return d_y @ w, _reference(x, w, d_y)[1]


@EXERCISE.mutant(evidence=text.shapes)
def linear_gradient_of_the_output_passed_on(x, w, d_y):
    return d_y, _reference(x, w, d_y)[1]


@EXERCISE.mutant
def linear_input_left_out(x, w, d_y):
    d_x, d_w = _reference(x, w, d_y)
    return d_x, np.repeat(d_y.sum(axis=(0, 1))[None, :], len(w), axis=0)


@EXERCISE.mutant
def linear_last_token_only(x, w, d_y):
    return d_y @ w.T, np.einsum("bi,bo->io", x[:, -1], d_y[:, -1])


@EXERCISE.mutant
def linear_averaged_over_the_tokens(x, w, d_y):
    d_x, d_w = _reference(x, w, d_y)
    return d_x, d_w / (x.shape[0] * x.shape[1])


@EXERCISE.mutant
def linear_sums_multiplied(x, w, d_y):
    return d_y @ w.T, np.outer(x.sum(axis=(0, 1)), d_y.sum(axis=(0, 1)))


@EXERCISE.mutant(evidence=text.shapes)
def linear_batch_not_summed(x, w, d_y):
    return d_y @ w.T, x.swapaxes(1, 2) @ d_y


@EXERCISE.mutant
def gradient_sign_reversed(x, w, d_y):
    d_x, d_w = _reference(x, w, d_y)
    return -d_x, -d_w


@EXERCISE.holds("each gradient has the shape of what it belongs to")
def shapes(call):
    x, w, d_y = _first
    d_x, d_w = (np.asarray(part) for part in call(x, w, d_y))
    if d_x.shape != x.shape or d_w.shape != w.shape:
        return f"{text.shape(d_x)} and {text.shape(d_w)} for x {text.shape(x)} and w {text.shape(w)}"


@EXERCISE.holds("two copies of the batch double the gradient of the weights")
def twice(call):
    x, w, d_y = _first
    once = np.asarray(call(x, w, d_y)[1])
    both = np.asarray(call(np.concatenate([x, x]), w, np.concatenate([d_y, d_y]))[1])
    gap = np.abs(both - 2 * once).max()
    return None if gap < 1e-4 else f"an entry is off by {text.number(gap)}"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[[3], [3]]], [[3]]), np.array([[[1], [2]]]), np.array([[3]]), np.array([[[1], [1]]])))


@EXERCISE.holds("a small step along each gradient changes the loss by its squared length")
def slopes(call):
    x, w, d_y = _first
    d_x, d_w = (np.asarray(part) for part in call(x, w, d_y))
    for name, gradient, moved in (("x", d_x, ((x + d_x) @ w - x @ w)), ("w", d_w, (x @ (w + d_w) - x @ w))):
        slope, expected = float((moved * d_y).sum()), float((gradient**2).sum())
        if not abs(slope - expected) < 1e-3 * max(1.0, abs(expected)):
            return f"along the gradient of {name} the slope is {text.number(slope)}, its squared length {text.number(expected)}"
    return None

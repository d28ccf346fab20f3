"""How well each point is predicted by the others."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _errors(x, y, width, left_out=True):
    squared = (x[:, None] - x) ** 2 / (2 * width**2)
    bumps = np.exp(-squared) * (1 - np.eye(len(x)) if left_out else 1)
    return bumps @ y / bumps.sum(axis=1) - y


def _reference(x, y, width):
    return (_errors(x, y, width) ** 2).mean()


EXERCISE = Exercise(
    id="fundamentals.leave_one_out",
    title="Which width is honest?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="fundamentals/problems",
    statement=r"""
    Kernel regression predicts a value as the mean of the known values, each weighted by $e^{-(x_i - x_j)^2 / (2 w^2)}$. Judged on the points that it was given, the smallest width always wins: every point looks at itself. So predict each point from **all the others only**, and return the mean squared error.

    `x` and `y` have shape ($n$), `width` is $w > 0$. A tiny example: with two points, each is predicted by the other's value, whatever the width: `x = [0, 1]`, `y = [0, 3]` gives 9.
    """,
    slot='''
    def leave_one_out(x, y, width):
        """Mean squared error when each point is predicted from all others.

        x, y: (n,), width: a number above 0
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every point is a query, and every *other* point a key. You know a tool that hides keys from queries.",
        r"Hide the diagonal **before** dividing: $\hat y_i = \sum_{j \ne i} G_{ij} y_j \,/\, \sum_{j \ne i} G_{ij}$.",
        "```python\ngaps = x[:, None] - x[None, :]\nbumps = np.exp(____)\nnp.fill_diagonal(bumps, ____)\n"
        "predicted = bumps @ y / ____\nreturn ((predicted - y) ** 2).mean()\n```",
    ),
    parsons=("point_sees_itself", "left_out_after_dividing"),
    why=r"""
    It is attention of a set to itself with the diagonal masked. Its error first falls and then rises with the width; the lowest point is an honest choice.

    **The two most common mistakes.** Leaving the point in, which makes the narrowest width the best. Taking it out *after* the division, so that the other weights add up to less than one and predictions shrink towards 0.

    **Cost.** $n^2$ weights. No model is fitted $n$ times: leaving out is a mask.
    """,
    verified="three sets of points, widths from 0.2 to 2.",
    next_thought="what does the error tend to for a very large width?",
    reference=_reference,
)

_rng = np.random.default_rng(53)
_x = np.sort(_rng.uniform(0, 3, 11))
_y = np.sin(2 * _x) + 3
EXERCISE.probe("11 points, width 0.3", _x, _y, 0.3)
EXERCISE.probe("11 points, width 2", _x, _y, 2.0)
EXERCISE.probe("5 points in no order, width 0.7", _rng.normal(size=5), 4 * _rng.normal(size=5), 0.7)


@EXERCISE.solve
def leave_one_out_solution(x, y, width):
    gaps = x[:, None] - x[None, :]
    bumps = np.exp(-(gaps**2) / (2 * width**2))
    np.fill_diagonal(bumps, 0)
    predicted = bumps @ y / bumps.sum(axis=1)
    return ((predicted - y) ** 2).mean()


@EXERCISE.mutant
def point_sees_itself(x, y, width):
    gaps = x[:, None] - x[None, :]
    bumps = np.exp(-(gaps**2) / (2 * width**2))
    predicted = bumps @ y / bumps.sum(axis=1)
    return ((predicted - y) ** 2).mean()


@EXERCISE.mutant
def left_out_after_dividing(x, y, width):
    gaps = x[:, None] - x[None, :]
    bumps = np.exp(-(gaps**2) / (2 * width**2))
    weights = bumps / bumps.sum(axis=1, keepdims=True)
    np.fill_diagonal(weights, 0)
    return ((weights @ y - y) ** 2).mean()


@EXERCISE.mutant
def diagonal_score_set_to_zero(x, y, width):
    """The point keeps an ordinary score, -1, where it should have none."""
    scores = -((x[:, None] - x) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, -1.0)
    bumps = np.exp(scores)
    return ((bumps @ y / bumps.sum(axis=1) - y) ** 2).mean()


@EXERCISE.mutant
def kernel_width_not_squared(x, y, width):
    return _reference(x, y, np.sqrt(width))


@EXERCISE.mutant
def kernel_half_forgotten(x, y, width):
    return _reference(x, y, width / np.sqrt(2))


@EXERCISE.mutant
def kernel_nearest_only(x, y, width):
    gaps = np.abs(x[:, None] - x) + np.diag(np.full(len(x), np.inf))
    return ((y[gaps.argmin(axis=1)] - y) ** 2).mean()


@EXERCISE.mutant
def squared_errors_summed(x, y, width):
    return (_errors(x, y, width) ** 2).sum()


@EXERCISE.mutant
def errors_not_squared(x, y, width):
    return np.abs(_errors(x, y, width)).mean()


@EXERCISE.mutant
def root_of_the_mean(x, y, width):
    return np.sqrt(_reference(x, y, width))


@EXERCISE.holds("with two points each is predicted by the other")
def two_points(call):
    out = float(call(np.array([0.0, 1.0]), np.array([0.0, 3.0]), 0.5))
    if abs(out - 9) > 1e-9:
        return f"values 0 and 3 give {out:.3f}, not 9"


@EXERCISE.holds("adding a constant to all values changes nothing")
def constant(call):
    gap = abs(float(call(_x, _y + 50, 0.5)) - float(call(_x, _y, 0.5)))
    if gap > 1e-6:
        return f"adding 50 changes the error by {gap:.3f}"

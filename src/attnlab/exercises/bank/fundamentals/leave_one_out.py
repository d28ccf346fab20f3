"""How well each point is predicted by the others."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _errors(x, y, width, left_out=True):
    scores = -((x[:, None] - x) ** 2) / (2 * width**2)
    scores = np.where(np.eye(len(x), dtype=bool) & left_out, -np.inf, scores)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
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

    `x` and `y` have shape ($n$), with two points or more; `width` is $w > 0$, and may be so small that all the bumps round to 0: then the nearest of the others decides. A tiny example: with two points, each is predicted by the other's value, whatever the width: `x = [0, 1]`, `y = [0, 3]` gives 9.
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
        "```python\nscores = -((x[:, None] - x[None, :]) ** 2) / ____\nnp.fill_diagonal(scores, ____)\nbumps = np.exp(scores - ____)\n"
        "predicted = bumps @ y / ____\nreturn ((predicted - y) ** 2).mean()\n```",
    ),
    parsons=("point_sees_itself", "left_out_after_dividing"),
    why=r"""
    It is attention of a set to itself with the diagonal masked. Its error mostly falls at first and then rises with the width; the lowest point is an honest choice.

    **The two most common mistakes.** Leaving the point in, which makes the narrowest width the best. Taking it out *after* the division, so that the other weights add up to less than one and predictions shrink towards 0.

    With the largest score of each row subtracted there is a bump of size 1 in every row, however narrow the width.

    **Cost.** $n^2$ weights. No model is fitted $n$ times: leaving out is a mask.
    """,
    verified="six sets of points, two points and whole numbers among them, widths from 0.001 to 1,000.",
    next_thought="what does the error tend to for a very large width?",
    reference=_reference,
)

_rng = np.random.default_rng(53)
_x = np.sort(_rng.uniform(0, 3, 11))
_y = np.sin(2 * _x) + 3
EXERCISE.probe("11 points, width 0.3", _x, _y, 0.3)
EXERCISE.probe("11 points, width 2", _x, _y, 2.0)
EXERCISE.probe("5 points in no order, width 0.7", _rng.normal(size=5), 4 * _rng.normal(size=5), 0.7)
EXERCISE.probe("two points, whole numbers", np.array([0, 1]), np.array([0, 3]), 1)
EXERCISE.probe("4 points, two at one place", np.array([1.0, 2.0, 1.0, 4.0]), np.array([-3.0, 0.5, 2.0, 7.0]), 0.9)
EXERCISE.probe("11 points, width 1,000", _x, _y, 1000.0)
EXERCISE.probe("11 points, width 0.001", _x, _y, 0.001, extreme=True)
EXERCISE.probe("two points, width 0.01", np.array([0.0, 1.0]), np.array([0.0, 3.0]), 0.01, extreme=True)


@EXERCISE.solve
def leave_one_out_solution(x, y, width):
    scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, -np.inf)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    predicted = bumps @ y / bumps.sum(axis=1)
    return ((predicted - y) ** 2).mean()


@EXERCISE.mutant
def point_sees_itself(x, y, width):
    scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    predicted = bumps @ y / bumps.sum(axis=1)
    return ((predicted - y) ** 2).mean()


@EXERCISE.mutant
def left_out_after_dividing(x, y, width):
    scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
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
def left_out_by_a_modest_score(x, y, width):
    scores = -((x[:, None] - x) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, -100.0)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return ((bumps @ y / bumps.sum(axis=1) - y) ** 2).mean()


@EXERCISE.mutant(same_as="left_out_by_a_modest_score")
def left_out_by_a_thousand(x, y, width):
    scores = -((x[:, None] - x) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, -1000.0)
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return ((bumps @ y / bumps.sum(axis=1) - y) ** 2).mean()


@EXERCISE.mutant
def kernel_bumps_underflow(x, y, width):
    bumps = np.exp(-((x[:, None] - x) ** 2) / (2 * width**2)) * (1 - np.eye(len(x)))
    return ((bumps @ y / bumps.sum(axis=1) - y) ** 2).mean()


@EXERCISE.mutant
def kernel_bumps_underflow_to_nothing(x, y, width):
    bumps = np.exp(-((x[:, None] - x) ** 2) / (2 * width**2)) * (1 - np.eye(len(x)))
    return ((bumps @ y / np.maximum(bumps.sum(axis=1), 1e-300) - y) ** 2).mean()


@EXERCISE.mutant
def mean_over_the_others(x, y, width):
    return (_errors(x, y, width) ** 2).sum() / (len(x) - 1)


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
    for width in (0.5, 0.01, 100.0):
        out = float(call(np.array([0, 1]), np.array([0, 3]), width))
        if not abs(out - 9) < 1e-3:
            return f"at width {width} the values 0 and 3 give {out:.3f}, not 9"
    return None


@EXERCISE.holds("adding a constant to all values changes nothing")
def constant(call):
    gap = abs(float(call(_x, _y + 50, 0.5)) - float(call(_x, _y, 0.5)))
    if gap > 1e-6:
        return f"adding 50 changes the error by {gap:.3f}"


@EXERCISE.holds("a point far from all others is predicted by the nearest of them")
def far_away(call):
    out = float(call(np.array([0.0, 0.0, 400.0]), np.array([1.0, 1.0, 5.0]), 1.0))
    return None if abs(out - 16 / 3) < 1e-3 else f"values 1, 1 and 5, the last far away, give {out:.3f}, not 5.333"

"""Gradients of several parameters shortened together, or the step left out if one of them is no number."""

from __future__ import annotations

import math

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _both(w, b):
    return np.array(w, dtype=float), np.array(b, dtype=float)


def _skipped(w, b):
    return not (np.isfinite(w).all() and np.isfinite(b).all())


def _length(*parts):
    """Safe for numbers whose square overflows."""
    return math.hypot(*(float(x) for part in parts for x in np.ravel(part)))


def _reference(w, b, largest):
    w, b = _both(w, b)
    if _skipped(w, b):
        return np.zeros_like(w), np.zeros_like(b)
    length = _length(w, b)
    return (w * (largest / length), b * (largest / length)) if length > largest else (w, b)


def _clipped(w, b, largest, clip):
    """`clip` where the step is taken, zeros where it is left out."""
    w, b = _both(w, b)
    return (np.zeros_like(w), np.zeros_like(b)) if _skipped(w, b) else clip(w, b, largest)


EXERCISE = Exercise(
    id="architecture.clip_or_skip",
    title="Shorten the step, or leave it out",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/training",
    headings=("Clipping",),
    statement=r"""
    A layer has a matrix and a vector of parameters. Their gradients are `w` and `b`. Before the optimiser sees them:

    - if **any** number of either is NaN or infinite, return zeros in both places: this batch teaches nothing;
    - else let $\ell$ be the length of all numbers of **both** together, the root of the sum of their squares. If $\ell$ is above `largest`, multiply both by $\text{largest} / \ell$. Otherwise return them as they are.

    It must come out right for finite numbers of $10^{200}$ too, whose squares overflow. Do not change the arrays you are given.

    A tiny example: `w = [[3, 0]]`, `b = [4]`, `largest = 1` give `[[0.6, 0]]` and `[0.8]`.
    """,
    slot='''
    def clip_or_skip(w, b, largest):
        """Both gradients at most as long as `largest` together; zeros if one of their numbers is not finite.

        w: (rows, columns), b: (rows,), largest: a number above 0
        result: w and b, as they should be used
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The direction of the whole step stays: what comes back is the given step times one number between 0 and 1.",
        "Put all numbers into one vector. Divide it by its largest size before squaring, and multiply the length by that size again. All zeros have the length 0: beware of dividing by it.",
        "```python\nboth = np.concatenate([np.ravel(w), np.ravel(b)]).astype(float)\nif not ____:\n    return w * 0.0, b * 0.0\nbig = np.abs(both).max()\n"
        "length = big * np.sqrt((____ ** 2).sum()) if big else 0.0\nfactor = ____ if length > largest else 1.0\nreturn w * factor, b * factor\n```",
    ),
    parsons=("each_parameter_clipped_alone", "short_gradients_stretched"),
    why=r"""
    One length for all parameters keeps the direction of the step. Clipping each parameter by itself turns it: a large matrix then counts as much as a single bias. Multiplying NaN by 0 gives NaN, so a skipped step has to be made of zeros afresh.

    **The two most common mistakes.** A length for each parameter. Clipping *after* the optimiser's step, where it does nothing; public code has had that more than once.

    **Cost.** One pass over all gradients for the length and one for the product. In training on several machines the length needs one sum across all of them.
    """,
    verified="nine pairs of gradients: long and short, with NaN and infinity in either, all zeros, a vector alone, and numbers of 1e200.",
    next_thought="Adam divides by the size of past gradients. What does clipping change for Adam if it shortens every single step by the same factor?",
    reference=_reference,
    parts=("w", "b"),
)

_rng = np.random.default_rng(5)
EXERCISE.probe("a 2 x 3 matrix, longer than 1.5", _rng.normal(size=(2, 3)) * 2, _rng.normal(size=2) * 3, 1.5)
EXERCISE.probe("a 5 x 2 matrix, shorter than 9", _rng.normal(size=(5, 2)) * 0.3, _rng.normal(size=5), 9.0)
EXERCISE.probe("the vector long, the matrix short", _rng.normal(size=(3, 2)) * 0.1, _rng.normal(size=3) * 4, 2.0)
EXERCISE.probe("longer only together", np.array([[0.6, 0.0, 0.5]]), np.array([0.7]), 0.9)
EXERCISE.probe("NaN in the matrix", np.array([[1.0, np.nan], [2.0, -1.0]]), np.array([0.5, 0.1]), 1.0)
EXERCISE.probe("infinity in the vector", np.array([[1.0, 2.0], [0.5, 0.1]]), np.array([0.5, -np.inf]), 3.0)
EXERCISE.probe("all zeros", np.zeros((3, 5)), np.zeros(3), 0.5)
EXERCISE.probe("whole numbers", np.array([[3, 0], [0, -4]]), np.array([12, 0]), 1)
EXERCISE.probe("numbers of 1e200", np.array([[3e200, 0.0]]), np.array([-4e200]), 10.0, extreme=True)


@EXERCISE.solve
def clip_or_skip_solution(w, b, largest):
    both = np.concatenate([np.ravel(w), np.ravel(b)]).astype(float)
    if not np.isfinite(both).all():
        return np.zeros(np.shape(w)), np.zeros(np.shape(b))
    big = np.abs(both).max()
    length = big * np.sqrt(((both / big) ** 2).sum()) if big else 0.0
    factor = largest / length if length > largest else 1.0
    return w * factor, b * factor


@EXERCISE.mutant
def each_parameter_clipped_alone(w, b, largest):
    both = np.concatenate([np.ravel(w), np.ravel(b)]).astype(float)
    if not np.isfinite(both).all():
        return np.zeros(np.shape(w)), np.zeros(np.shape(b))
    length_w = np.hypot.reduce(np.ravel(w).astype(float))
    length_b = np.hypot.reduce(np.ravel(b).astype(float))
    factor_w = largest / length_w if length_w > largest else 1.0
    factor_b = largest / length_b if length_b > largest else 1.0
    return w * factor_w, b * factor_b


@EXERCISE.mutant
def short_gradients_stretched(w, b, largest):
    both = np.concatenate([np.ravel(w), np.ravel(b)]).astype(float)
    if not np.isfinite(both).all():
        return np.zeros(np.shape(w)), np.zeros(np.shape(b))
    big = np.abs(both).max()
    length = big * np.sqrt(((both / big) ** 2).sum()) if big else 0.0
    factor = largest / length if length else 1.0
    return w * factor, b * factor


@EXERCISE.mutant
def each_number_clipped(w, b, largest):
    return _clipped(w, b, largest, lambda w, b, largest: (np.clip(w, -largest, largest), np.clip(b, -largest, largest)))


@EXERCISE.mutant
def clipped_without_the_root(w, b, largest):
    def clip(w, b, largest):
        square = _length(w, b) ** 2 if _length(w, b) < 1e150 else np.inf
        return (w * (largest / square), b * (largest / square)) if square > largest else (w, b)
    return _clipped(w, b, largest, clip)


@EXERCISE.mutant
def largest_number_for_the_length(w, b, largest):
    def clip(w, b, largest):
        big = max(np.abs(w).max(), np.abs(b).max())
        return (w * (largest / big), b * (largest / big)) if big > largest else (w, b)
    return _clipped(w, b, largest, clip)


@EXERCISE.mutant
def lengths_added(w, b, largest):
    def clip(w, b, largest):
        length = _length(w) + _length(b)
        return (w * (largest / length), b * (largest / length)) if length > largest else (w, b)
    return _clipped(w, b, largest, clip)


@EXERCISE.mutant
def only_the_matrix_measured(w, b, largest):
    def clip(w, b, largest):
        length = _length(w)
        return (w * (largest / length), b * (largest / length)) if length > largest else (w, b)
    return _clipped(w, b, largest, clip)


@EXERCISE.mutant
def step_left_out_when_too_long(w, b, largest):
    return _clipped(w, b, largest, lambda w, b, largest: (w * 0.0, b * 0.0) if _length(w, b) > largest else (w, b))


@EXERCISE.mutant(evidence=text.not_finite)
def step_of_nan_taken(w, b, largest):
    w, b = _both(w, b)
    length = np.sqrt((w**2).sum() + (b**2).sum()) if _skipped(w, b) else _length(w, b)
    return (w * (largest / length), b * (largest / length)) if length > largest or np.isnan(length) else (w, b)


@EXERCISE.mutant
def only_bad_numbers_zeroed(w, b, largest):
    w, b = (np.where(np.isfinite(part), part, 0.0) for part in _both(w, b))
    return _reference(w, b, largest)


@EXERCISE.mutant
def squares_overflow(w, b, largest):
    w, b = _both(w, b)
    if _skipped(w, b):
        return np.zeros_like(w), np.zeros_like(b)
    with np.errstate(over="ignore"):
        length = np.sqrt((w**2).sum() + (b**2).sum())
    return (w * (largest / length), b * (largest / length)) if length > largest else (w, b)


EXERCISE.holds("the example of the statement comes out")(comes_out(([[0.6, 0]], [0.8]), np.array([[3, 0]]), np.array([4]), 1))


@EXERCISE.holds("the direction of the step stays")
def direction(call):
    w, b = np.array([[3.0, -1.0], [0.5, 2.0]]), np.array([4.0, -2.0])
    out = [np.asarray(part, dtype=float) for part in call(w.copy(), b.copy(), 1.3)]
    factors = np.concatenate([(out[0] / w).ravel(), out[1] / b])
    return None if np.ptp(factors) < 1e-5 else f"its numbers are multiplied by {text.numbers(factors)}"


@EXERCISE.holds("a long step comes back as long as the limit")
def as_long(call):
    w, b = (np.asarray(part, dtype=float) for part in call(np.array([[30.0, -10.0]]), np.array([25.0]), 2.0))
    length = float(np.sqrt((w**2).sum() + (b**2).sum()))
    return None if abs(length - 2) < 1e-4 else f"with a limit of 2 its length is {text.number(length)}"


EXERCISE.holds("the given gradients stay as they are")(left_alone(np.array([[30.0, -10.0]]), np.array([25.0]), 2.0))

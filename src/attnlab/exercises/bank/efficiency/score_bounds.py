"""Bounds on the scores of each row, known before any score is computed, with a bias and hidden keys."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reach(q, k, seen, scale=None):
    """The largest product that the lengths allow, for each row."""
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    longest = np.where(seen, np.linalg.norm(k, axis=-1), 0).max(axis=-1)
    return scale * np.linalg.norm(q, axis=-1) * longest


def _ends(bias):
    seen = bias > -np.inf
    return bias.max(axis=-1), np.where(seen, bias, np.inf).min(axis=-1)


def _reference(q, k, bias):
    reach, (high, low) = _reach(q, k, bias > -np.inf), _ends(bias)
    return high + reach, low - reach


EXERCISE = Exercise(
    id="efficiency.score_bounds",
    title="Bounds with a bias",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/kernel_tricks",
    headings=("The bound",),
    statement=r"""
    The scores are $s_{ij} = q_i \cdot k_j / \sqrt{d_k} + b_{ij}$, where $b_{ij} = -\infty$ hides key $j$ from query $i$. Before any score is computed, bound all those of a row that are not hidden: return `upper` and `lower`, one number each for every query, from the **lengths** of the vectors and from the bias.

    Use as the length of a key the largest among the keys that the query may look at, and as the bias the largest (for `upper`) or the smallest (for `lower`) among the same keys. Every query may look at some key.

    A tiny example: `q = [[3]]`, `k = [[1], [-2], [50]]` and `bias = [[0, 1, -inf]]` give `upper = [7]` and `lower = [-6]`.
    """,
    slot='''
    def score_bounds(q, k, bias):
        """Bounds on the scores of each row, from lengths and bias alone.

        q: (n, d_k), k: (m, d_k), bias: (n, m), -inf hides a key
        result: upper (n,), lower (n,)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("upper", "lower"),
    hints=(
        "The bounds hold for every score that is not hidden, and without a bias the upper one is met by a query and the longest key, if they point the same way.",
        r"$|q_i \cdot k_j| \le \lVert q_i \rVert\, \lVert k_j \rVert$. A hidden key must neither lengthen the longest key nor pull the smallest bias to $-\infty$.",
        "```python\nseen = bias > -np.inf\nlongest = np.where(seen, ____, 0).max(axis=-1)\nreach = ____ * longest / ____\n"
        "high = bias.max(axis=-1)\nlow = np.where(seen, bias, ____).min(axis=-1)\nreturn high + reach, ____\n```",
    ),
    parsons=("hidden_keys_lengthen_the_bound", "bound_mirrored"),
    why=r"""
    A kernel that subtracts `upper` in place of the maximum needs no running maximum, as long as `upper - lower` stays below some 76 in single precision. Hidden keys matter: one long padded key would widen the bound for nothing, and send a whole head to the slower way.

    **The two most common mistakes.** Mirroring the upper bound, which is right without a bias and wrong with one. Letting hidden keys take part: the smallest bias is then $-\infty$, and no row is ever safe.

    **Cost.** The lengths of $n + m$ vectors, and the bias once; the scores would cost $nm d_k$ products.
    """,
    verified="with and without bias and hidden keys, unequal lengths, and every score against both bounds.",
    next_thought="with rotary positions queries and keys are turned; does the bound change?",
    reference=_reference,
)

_rng = np.random.default_rng(71)


def _draw(n, m, d, hidden=()):
    q, k, bias = _rng.normal(size=(n, d)), _rng.normal(size=(m, d)), _rng.normal(size=(n, m))
    k *= 0.3 + 2 * _rng.random((m, 1))
    for pair in hidden:
        bias[pair] = -np.inf
    return q, k, bias


_q, _k, _bias = _draw(5, 7, 3)
_longest = int(np.linalg.norm(_k, axis=-1).argmax())
_hidden = _bias.copy()
_hidden[[0, 3], _longest] = -np.inf
EXERCISE.probe("5 queries, 7 keys of width 3", _q, _k, _bias)
EXERCISE.probe("5 queries, 7 keys, the longest hidden from two", _q, _k, _hidden)
EXERCISE.probe("3 queries, 11 keys of width 2, some hidden", *_draw(3, 11, 2, [(0, slice(0, 5)), (2, 10)]))
EXERCISE.probe("4 queries, 4 keys of width 4", *_draw(4, 4, 4))
EXERCISE.probe("1 query, 2 keys of width 5, one of them hidden", *_draw(1, 2, 5, [(0, 0)]))


@EXERCISE.solve
def score_bounds_solution(q, k, bias):
    seen = bias > -np.inf
    longest = np.where(seen, np.linalg.norm(k, axis=-1), 0).max(axis=-1)
    reach = np.linalg.norm(q, axis=-1) * longest / np.sqrt(q.shape[-1])
    high = bias.max(axis=-1)
    low = np.where(seen, bias, np.inf).min(axis=-1)
    return high + reach, low - reach


@EXERCISE.mutant
def hidden_keys_lengthen_the_bound(q, k, bias):
    seen = bias > -np.inf
    longest = np.linalg.norm(k, axis=-1).max(axis=-1)
    reach = np.linalg.norm(q, axis=-1) * longest / np.sqrt(q.shape[-1])
    high = bias.max(axis=-1)
    low = np.where(seen, bias, np.inf).min(axis=-1)
    return high + reach, low - reach


@EXERCISE.mutant
def bound_mirrored(q, k, bias):
    seen = bias > -np.inf
    longest = np.where(seen, np.linalg.norm(k, axis=-1), 0).max(axis=-1)
    reach = np.linalg.norm(q, axis=-1) * longest / np.sqrt(q.shape[-1])
    high = bias.max(axis=-1)
    return high + reach, -(high + reach)


@EXERCISE.mutant
def hidden_keys_in_the_lower_bound(q, k, bias):
    reach = _reach(q, k, bias > -np.inf)
    return bias.max(axis=-1) + reach, bias.min(axis=-1) - reach


@EXERCISE.mutant
def bias_left_out_of_the_bound(q, k, bias):
    reach = _reach(q, k, bias > -np.inf)
    return reach, -reach


@EXERCISE.mutant
def bias_scaled_too(q, k, bias):
    reach, (high, low) = _reach(q, k, bias > -np.inf), _ends(bias)
    root = np.sqrt(q.shape[-1])
    return high / root + reach, low / root - reach


@EXERCISE.mutant
def scores_for_bounds(q, k, bias):
    s = q @ k.T / np.sqrt(q.shape[-1]) + bias
    return s.max(axis=-1), np.where(bias > -np.inf, s, np.inf).min(axis=-1)


@EXERCISE.mutant
def bound_without_scale(q, k, bias):
    reach, (high, low) = _reach(q, k, bias > -np.inf, scale=1.0), _ends(bias)
    return high + reach, low - reach


@EXERCISE.mutant
def one_bound_for_all_rows(q, k, bias):
    upper, lower = _reference(q, k, bias)
    return np.full_like(upper, upper.max()), np.full_like(lower, lower.min())


@EXERCISE.holds("every score that is not hidden lies between them")
def between(call):
    upper, lower = call(_q, _k, _hidden)
    s = _q @ _k.T / np.sqrt(3) + _hidden
    over = int((s > np.asarray(upper)[:, None] + 1e-4).sum() + ((s < np.asarray(lower)[:, None] - 1e-4) & (s > -np.inf)).sum())
    return None if over == 0 else f"{over} of 35 scores do not"


@EXERCISE.holds("a key that points the query's way meets the upper bound, and its opposite the lower")
def met(call):
    upper, lower = call(np.array([[3.0, 4.0]]), np.array([[6.0, 8.0], [-6.0, -8.0]]), np.zeros((1, 2)))
    wanted = 50 / np.sqrt(2)
    if abs(float(upper[0]) - wanted) > 1e-3 or abs(float(lower[0]) + wanted) > 1e-3:
        return f"lengths 5 and 10, width 2: yours are {text.number(float(upper[0]))} and {text.number(float(lower[0]))}"


@EXERCISE.holds("a hidden key, however long, changes nothing")
def hidden_long_key(call):
    before = call(_q, _k, _hidden)
    far = np.vstack([_k, 1000 * np.ones((1, 3))])
    after = call(_q, far, np.hstack([_hidden, np.full((5, 1), -np.inf)]))
    gap = max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in zip(before, after))
    return None if gap < 1e-4 else f"one more key, hidden from all, moves a bound by {text.number(gap)}"


@EXERCISE.holds("1 added to the bias adds 1 to both")
def shift(call):
    gaps = [float(np.abs(np.asarray(b) - np.asarray(a) - 1).max()) for a, b in zip(call(_q, _k, _hidden), call(_q, _k, _hidden + 1))]
    return None if max(gaps) < 1e-4 else f"off by up to {text.number(max(gaps))}"

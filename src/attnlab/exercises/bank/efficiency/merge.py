"""The rule that joins two partial results of attention."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import blocked

EXERCISE = Exercise(
    id="efficiency.merge",
    title="Merge two partial results",
    level="apply",
    minutes=10,
    difficulty=2,
    page="efficiency/online_softmax",
    headings=("The mathematics",),
    statement=r"""
    A warm-up: the page's rule, from memory. The same $n$ queries looked at two disjoint sets of keys. For each set there is an output $o$ ($n \times d_v$) and the log-sum-exp $\lambda$ of each row ($n$ numbers). Join them into what one look at **all** these keys would have given: their log-sum-exp, and an average of the two outputs in which each counts by the sum of exponentials that stands behind it.

    The log-sum-exps may be in the thousands, and $-\infty$ for a row that saw no key (its output is then 0). If neither set had a key for a row, the result is 0 and $-\infty$.
    A tiny example: outputs `[[10]]` and `[[40]]` with log-sum-exps `[0]` and `[log 2]` give `[[30]]` and `[log 3]`.
    """,
    slot='''
    def merge(out_1, lse_1, out_2, lse_2):
        """Output and log-sum-exp over the keys of both.

        out_1, out_2: (n, d_v), lse_1, lse_2: (n,)
        result: out (n, d_v) and lse (n,)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("out", "lse"),
    hints=(
        "Every merged row lies between the two rows it was made of, nearer to the one with the larger log-sum-exp.",
        r"Measure both from the larger one, $\mu = \max(\lambda_1, \lambda_2)$: then both exponentials are at most 1 and at least one of them is 1. Where $\mu = -\infty$ replace it by any finite number.",
        "```python\nm = np.maximum(lse_1, lse_2)\nm = np.where(____, 0, m)\nw_1, w_2 = np.exp(____), np.exp(____)\ntotal = ____\n"
        "out = (w_1[:, None] * ____ + ____) / np.where(total > 0, total, 1)[:, None]\n"
        "with np.errstate(divide=\"ignore\"):\n    return out, ____\n```",
    ),
    parsons=("no_common_maximum", "weights_exchanged"),
    why=r"""
    The exponentials are taken relative to the larger log-sum-exp, so nothing overflows and the larger one is exact. Rows without any key are given a reference point of 0: both weights are then $e^{-\infty} = 0$.

    **The two most common mistakes.** The plain average, which is right whenever both sets weigh the same. Exponentials of log-sum-exps in the thousands, which overflow.

    **Cost.** Two exponentials a row and one pass over the outputs. It is so cheap that blocks, threads and whole computers are joined this way.
    """,
    verified="ordinary rows, log-sum-exps of plus and minus 2000 and thousands apart, empty sets on either side and on both.",
    next_thought="in which order would you merge a thousand partial results that arrive one after the other?",
    reference=blocked.merge,
)

_rng = np.random.default_rng(7)
_o1, _o2 = _rng.normal(size=(5, 3)), _rng.normal(size=(5, 3))
_l1, _l2 = _rng.normal(size=5) * 2, _rng.normal(size=5) * 2
_empty = np.array([0.3, -np.inf, -np.inf, 1.1, -0.4])
_other = np.array([-np.inf, 0.7, -np.inf, 0.2, 0.9])
EXERCISE.probe("5 rows of width 3", _o1, _l1, _o2, _l2)
EXERCISE.probe("rows that saw no key on one side or both",
               np.where(np.isinf(_empty)[:, None], 0, _o1), _empty, np.where(np.isinf(_other)[:, None], 0, _o2), _other)  # fmt: skip
EXERCISE.probe("1 row of width 1", np.array([[4.0]]), np.array([1.0]), np.array([[8.0]]), np.array([0.0]))
_APART = np.array([2000.0, -2000, 700, 1000, -3000]), np.array([-2000.0, 2000, 3, 1001, -2999])
EXERCISE.probe("log-sum-exps thousands apart, between the two and from row to row", _o1, _APART[0], _o2, _APART[1], extreme=True)
_alone = np.array([-np.inf, 2000, -np.inf, -2000, -np.inf]), np.array([2000, -np.inf, -np.inf, -np.inf, -3000])
EXERCISE.probe("a set without keys beside log-sum-exps in the thousands",
               np.where(np.isinf(_alone[0])[:, None], 0, _o1), _alone[0], np.where(np.isinf(_alone[1])[:, None], 0, _o2), _alone[1], extreme=True)  # fmt: skip
EXERCISE.probe("log-sum-exps near 2000", _o1, _l1 + 2000, _o2, _l2 + 2000, extreme=True)
EXERCISE.probe("log-sum-exps near -2000", _o1, _l1 - 2000, _o2, _l2 - 2000, extreme=True)


def _weights(lse_1, lse_2):
    m = np.maximum(lse_1, lse_2)
    m = np.where(np.isinf(m), 0, m)
    return m, np.exp(lse_1 - m)[:, None], np.exp(lse_2 - m)[:, None]


def _lse(lse_1, lse_2):
    return np.logaddexp(lse_1, lse_2)


@EXERCISE.solve
def merge_solution(out_1, lse_1, out_2, lse_2):
    m = np.maximum(lse_1, lse_2)
    m = np.where(np.isinf(m), 0, m)
    w_1, w_2 = np.exp(lse_1 - m), np.exp(lse_2 - m)
    total = w_1 + w_2
    mixed = w_1[:, None] * out_1 + w_2[:, None] * out_2
    with np.errstate(divide="ignore"):
        lse = m + np.log(total)
    return mixed / np.where(total > 0, total, 1)[:, None], lse


@EXERCISE.mutant
def plain_average(out_1, lse_1, out_2, lse_2):
    return (out_1 + out_2) / 2, _lse(lse_1, lse_2)


@EXERCISE.mutant
def weights_exchanged(out_1, lse_1, out_2, lse_2):
    m = np.maximum(lse_1, lse_2)
    m = np.where(np.isinf(m), 0, m)
    w_1, w_2 = np.exp(lse_2 - m), np.exp(lse_1 - m)
    total = w_1 + w_2
    mixed = w_1[:, None] * out_1 + w_2[:, None] * out_2
    with np.errstate(divide="ignore"):
        lse = m + np.log(total)
    return mixed / np.where(total > 0, total, 1)[:, None], lse


@EXERCISE.mutant
def lse_weights_without_exp(out_1, lse_1, out_2, lse_2):
    total = lse_1 + lse_2
    return (lse_1[:, None] * out_1 + lse_2[:, None] * out_2) / total[:, None], _lse(lse_1, lse_2)


@EXERCISE.mutant
def lse_not_merged(out_1, lse_1, out_2, lse_2):
    return blocked.merge(out_1, lse_1, out_2, lse_2)[0], np.maximum(lse_1, lse_2)


@EXERCISE.mutant
def lse_summed(out_1, lse_1, out_2, lse_2):
    return blocked.merge(out_1, lse_1, out_2, lse_2)[0], lse_1 + lse_2


@EXERCISE.mutant
def weights_not_normalised(out_1, lse_1, out_2, lse_2):
    _, w_1, w_2 = _weights(lse_1, lse_2)
    return w_1 * out_1 + w_2 * out_2, _lse(lse_1, lse_2)


@EXERCISE.mutant(evidence=text.not_finite)
def no_common_maximum(out_1, lse_1, out_2, lse_2):
    w_1, w_2 = np.exp(lse_1), np.exp(lse_2)
    total = w_1 + w_2
    mixed = w_1[:, None] * out_1 + w_2[:, None] * out_2
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return mixed / np.where(total > 0, total, 1)[:, None], np.log(total)


@EXERCISE.mutant(same_as="no_common_maximum")
def exponentials_as_they_stand(out_1, lse_1, out_2, lse_2):
    with np.errstate(all="ignore"):
        w_1, w_2 = np.exp(lse_1)[:, None], np.exp(lse_2)[:, None]
        return (w_1 * out_1 + w_2 * out_2) / (w_1 + w_2), np.log(w_1 + w_2)[:, 0]


@EXERCISE.mutant(same_as="no_common_maximum")
def log_of_a_plain_sum(out_1, lse_1, out_2, lse_2):
    with np.errstate(all="ignore"):
        lse = np.log(np.exp(lse_1) + np.exp(lse_2))
        return np.exp(lse_1 - lse)[:, None] * out_1 + np.exp(lse_2 - lse)[:, None] * out_2, lse


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(out_1, lse_1, out_2, lse_2):
    m = max(lse_1.max(), lse_2.max())
    w_1, w_2 = np.exp(lse_1 - m), np.exp(lse_2 - m)
    total = w_1 + w_2
    mixed = w_1[:, None] * out_1 + w_2[:, None] * out_2
    with np.errstate(divide="ignore"):
        return mixed / np.where(total > 0, total, 1)[:, None], m + np.log(total)


@EXERCISE.mutant(evidence=text.not_finite)
def empty_block_is_nan(out_1, lse_1, out_2, lse_2):
    with np.errstate(invalid="ignore"):
        lse = np.logaddexp(lse_1, lse_2)
        return np.exp(lse_1 - lse)[:, None] * out_1 + np.exp(lse_2 - lse)[:, None] * out_2, lse


@EXERCISE.holds("the order of the two does not matter")
def commutative(call):
    there, back = call(_o1, _l1, _o2, _l2), call(_o2, _l2, _o1, _l1)
    if not all(np.allclose(a, b) for a, b in zip(there, back)):
        return f"the outputs begin {text.numbers(there[0], 2)} and {text.numbers(back[0], 2)}"


@EXERCISE.holds("every merged row lies between its two parts")
def between(call):
    out, _ = call(_o1, _l1, _o2, _l2)
    low, high = np.minimum(_o1, _o2) - 1e-9, np.maximum(_o1, _o2) + 1e-9
    outside = (out < low) | (out > high)
    if outside.any():
        return f"{int(outside.sum())} of {out.size} entries lie outside"


@EXERCISE.holds("log-sum-exps of ln 1 and ln 3 give quarters and three quarters, and ln 4")
def quarters(call):
    out, lse = call(np.array([[0.0]]), np.log([1.0]), np.array([[4.0]]), np.log([3.0]))
    if np.allclose(out, 3) and np.allclose(lse, np.log(4)):
        return None
    return f"outputs of 0 and 4 become {text.numbers(out)}, and the log-sum-exp is {text.numbers(lse)}, ln 4 being {text.number(np.log(4))}"


@EXERCISE.holds("log-sum-exps raised by 900 change no output and raise the result by 900")
def raised(call):
    here, there = call(_o1, _l1, _o2, _l2), call(_o1, _l1 + 900, _o2, _l2 + 900)
    gaps = np.abs(here[0] - there[0]).max(), np.abs(here[1] + 900 - there[1]).max()
    return None if max(gaps) < 1e-6 else f"the outputs move by up to {text.number(gaps[0])}, and log-sum-exps are off by up to {text.number(gaps[1])}"


@EXERCISE.holds("a set without keys changes nothing, on either side")
def nothing_added(call):
    none = np.zeros((5, 3)), np.full(5, -np.inf)
    for side, (out, lse) in (("second", call(_o1, _l1, *none)), ("first", call(*none, _o1, _l1))):
        if not (np.allclose(out, _o1) and np.allclose(lse, _l1)):
            return f"as the {side} set, outputs that begin {text.numbers(_o1, 2)} become {text.numbers(out, 2)}, log-sum-exps {text.numbers(_l1, 2)} become {text.numbers(lse, 2)}"
    return None


@EXERCISE.holds("each row is merged by itself")
def rows_apart(call):
    together, alone = call(_o1, _l1, _o2, _l2), call(_o1[2:3], _l1[2:3], _o2[2:3], _l2[2:3])
    gap = max(np.abs(together[0][2] - alone[0][0]).max(), abs(together[1][2] - alone[1][0]))
    return None if gap < 1e-9 else f"row 2 differs by {text.number(gap)} when it is merged alone"

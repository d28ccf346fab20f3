"""The softmax average of a stream, block by block."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise

EXERCISE = Exercise(
    id="efficiency.online_softmax",
    title="The softmax of a stream",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/online_softmax",
    headings=("A stream",),
    statement=r"""
    For one query, $m$ scores and $m$ values ($m \times d_v$) arrive in blocks of `block`; the last block may be shorter. Return the softmax average $\sum_j p_j v_j$, looking at **one block at a time**: keep the running maximum, the running sum and
    the running output, and correct what was collected when the maximum rises.

    A tiny example: scores `[0, 0]`, values `[[2], [4]]` and any block size give `[3]`.
    """,
    slot='''
    def online_softmax(scores, values, block):
        """The softmax average of values, one block of keys at a time.

        scores: (m,), values: (m, d_v), block: a whole number of at least 1
        result: (d_v,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The result does not depend on the block size, and adding a constant to all scores changes nothing.",
        r"When the maximum goes from $m$ to $m'$, everything collected was measured from $m$: multiply it by $e^{m - m'}$.",
        "```python\nm, total, output = -np.inf, 0.0, np.zeros(values.shape[1])\nfor start in range(0, len(scores), ____):\n"
        "    s, v = scores[start : ____], values[start : ____]\n    m_new = max(m, ____)\n    rescale = ____\n    p = np.exp(s - ____)\n"
        "    total = rescale * total + ____\n    output = ____\n    m = m_new\nreturn ____\n```",
    ),
    parsons=("output_not_rescaled", "maximum_starts_at_zero"),
    why=r"""
    At the first block the old maximum is $-\infty$, so the factor is $e^{-\infty} = 0$ and multiplies zeros: no special case. `range` with a step, and slices that stop at the end, take care of a shorter last block.

    **The two most common mistakes.** Rescaling only one of the two, sum and output. Starting the maximum at 0, which fails when all scores are far below.

    **Cost.** One pass over scores and values, and memory for one block: whatever the length of the stream.
    """,
    verified="seven block sizes, a ragged last block, rising and falling scores, and scores near 1000, near -1000 and thousands apart.",
    next_thought="what would you have to keep in addition to report the largest weight of the stream at the end?",
    reference=lambda scores, values, block: reference.softmax(scores) @ values,
)

_rng = np.random.default_rng(11)
_s, _v = _rng.normal(size=11) * 2, _rng.normal(size=(11, 3))
EXERCISE.probe("11 rising scores in blocks of 3", np.sort(_s), _v, 3)
EXERCISE.probe("11 scores in blocks of 2", _s, _v, 2)
EXERCISE.probe("11 falling scores in blocks of 5", np.sort(_s)[::-1].copy(), _v, 5)
EXERCISE.probe("11 scores in one block", _s, _v, 11)
EXERCISE.probe("7 scores one at a time", _s[:7], _v[:7], 1)
EXERCISE.probe("11 scores in a block that holds 20", _s, _v, 20)
EXERCISE.probe("1 score, 1 feature", _s[:1], _v[:1, :1], 4)
EXERCISE.probe("11 scores near -1000 in blocks of 3", np.sort(_s) - 1000, _v, 3)
EXERCISE.probe("11 scores near 1000 in blocks of 3", np.sort(_s) + 1000, _v, 3, extreme=True)
_FAR = np.array([-2000.0, -2001, 0, 1, 2000, 2001, -2000, 1999.5, 700, 5])
EXERCISE.probe("10 scores thousands apart in blocks of 2", _FAR, _rng.normal(size=(10, 3)), 2, extreme=True)
EXERCISE.probe("10 scores thousands apart, the largest first", _FAR[::-1] - 2001, _rng.normal(size=(10, 2)), 3, extreme=True)
EXERCISE.probe("scores near 100, then near 800", np.array([100.0, 101, 800, 799]), _rng.normal(size=(4, 2)), 2, extreme=True)


def _blocks(scores, values, block):
    for start in range(0, len(scores), block):
        yield scores[start : start + block], values[start : start + block]


def _stream(scores, values, block, sum_factor=lambda r: r, output_factor=lambda r: r):
    m, total, output = -np.inf, 0.0, np.zeros(values.shape[1])
    for s, v in _blocks(scores, values, block):
        m_new = max(m, s.max())
        rescale = np.exp(m - m_new)
        p = np.exp(s - m_new)
        total = sum_factor(rescale) * total + p.sum()
        output = output_factor(rescale) * output + p @ v
        m = m_new
    return output / total


@EXERCISE.solve
def online_softmax_solution(scores, values, block):
    m, total, output = -np.inf, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale = np.exp(m - m_new)
        p = np.exp(s - m_new)
        total = rescale * total + p.sum()
        output = rescale * output + p @ v
        m = m_new
    return output / total


@EXERCISE.mutant
def output_not_rescaled(scores, values, block):
    m, total, output = -np.inf, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale = np.exp(m - m_new)
        p = np.exp(s - m_new)
        total = rescale * total + p.sum()
        output = output + p @ v
        m = m_new
    return output / total


@EXERCISE.mutant
def sum_not_rescaled(scores, values, block):
    return _stream(scores, values, block, sum_factor=lambda r: 1.0)


@EXERCISE.mutant
def nothing_rescaled(scores, values, block):
    return _stream(scores, values, block, lambda r: 1.0, lambda r: 1.0)


@EXERCISE.mutant
def rescaled_the_wrong_way(scores, values, block):
    def inverse(r):
        return 1 / r if r > 0 else 0.0

    return _stream(scores, values, block, inverse, inverse)


@EXERCISE.mutant
def ragged_tail_dropped(scores, values, block):
    whole = len(scores) // block * block
    return _stream(scores[:whole], values[:whole], block)


@EXERCISE.mutant
def blocks_averaged(scores, values, block):
    return np.mean([reference.softmax(s) @ v for s, v in _blocks(scores, values, block)], axis=0)


@EXERCISE.mutant
def not_normalised(scores, values, block):
    return np.exp(scores - scores.max()) @ values


@EXERCISE.mutant(evidence=text.not_finite)
def maximum_starts_at_zero(scores, values, block):
    m, total, output = 0.0, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale = np.exp(m - m_new)
        p = np.exp(s - m_new)
        total = rescale * total + p.sum()
        output = rescale * output + p @ v
        m = m_new
    with np.errstate(invalid="ignore"):
        return output / total


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(scores, values, block):
    with np.errstate(all="ignore"):
        p = np.exp(scores)
        return p @ values / p.sum()


@EXERCISE.mutant
def last_block_only(scores, values, block):
    start = (len(scores) - 1) // block * block
    return reference.softmax(scores[start:]) @ values[start:]


@EXERCISE.holds("the block size does not matter")
def any_block_size(call):
    results = [call(_s, _v, block) for block in (1, 3, 7, 11)]
    gap = max(np.abs(result - results[-1]).max() for result in results)
    if not gap < 1e-6:
        return f"results for blocks of 1, 3, 7 and 11 differ by up to {text.number(gap)}"


@EXERCISE.holds("adding a constant to all scores changes nothing")
def shift(call):
    for constant in (3, 1500, -1500):
        gap = np.abs(call(_s + constant, _v, 3) - call(_s, _v, 3)).max()
        if not gap < 1e-6:
            return f"with {constant} added to all, the result moves by {text.number(gap)}"


@EXERCISE.holds("the result stays within the range of the values")
def average(call):
    out = call(np.sort(_s), _v, 2)
    if (out > _v.max(axis=0) + 1e-9).any() or (out < _v.min(axis=0) - 1e-9).any():
        return f"it begins {text.numbers(out, 2)}"


@EXERCISE.holds("weights of 1, 2, 3 and 4 tenths come from scores of ln 1 to ln 4, whatever the block")
def tenths(call):
    for block in (1, 2, 3, 4):
        out = call(np.log([1.0, 2, 3, 4]), np.eye(4), block)
        if not np.allclose(out, [0.1, 0.2, 0.3, 0.4]):
            return f"in blocks of {block} the values count {text.numbers(out * 10)} tenths"
    return None

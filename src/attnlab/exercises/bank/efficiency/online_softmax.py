"""The softmax average of a stream and the entropy of its weights, block by block."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(scores, values, block):
    weights = reference.softmax(scores)
    log_weights = scores - scores.max() - np.log(np.exp(scores - scores.max()).sum())
    return weights @ values, -(weights * log_weights).sum()


EXERCISE = Exercise(
    id="efficiency.online_softmax",
    title="A stream and its entropy",
    level="apply",
    minutes=25,
    difficulty=3,
    page="efficiency/online_softmax",
    headings=("A stream",),
    statement=r"""
    For one query, $m$ finite scores and $m$ values ($m \times d_v$) arrive in blocks of `block`; the last block may be shorter. Looking at **one block at a time**, and at each block once, return two things: the softmax average $\sum_j p_j v_j$, and the **entropy** of the weights, $-\sum_j p_j \ln p_j$.

    No weight is known before the last score has arrived. So write the entropy as sums over the scores that can be carried along, and correct each of them when the maximum rises.

    A tiny example: scores `[0, 0]`, values `[[2], [4]]` and any block size give `[3]` and $\ln 2 = 0.693$.
    """,
    slot='''
    def online_softmax(scores, values, block):
        """The softmax average of values and the entropy of the weights, one block of keys at a time.

        scores: (m,), values: (m, d_v), block: a whole number of at least 1
        result: average (d_v,) and entropy, a number, in nats
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("average", "entropy"),
    hints=(
        "Neither result depends on the block size, and adding a constant to all scores changes neither. The entropy lies between 0 and the log of the number of scores.",
        r"Since $\ln p_j = s_j - \lambda$, the entropy is $\lambda - \sum_j p_j s_j$: the log-sum-exp less the average score, and that is a softmax average like any other. When the maximum goes from $\mu$ to $\mu'$, multiply all that was collected by $e^{\mu - \mu'}$.",
        "```python\nm, total, score, output = -np.inf, 0.0, 0.0, np.zeros(values.shape[1])\nfor start in range(0, len(scores), ____):\n"
        "    s, v = scores[start : ____], values[start : ____]\n    m_new = max(m, ____)\n    rescale, p = ____\n"
        "    total = rescale * total + ____\n    score = ____\n    output = ____\n    m = m_new\nreturn ____\n```",
    ),
    parsons=("relative_scores_not_shifted", "maximum_starts_at_zero"),
    why=r"""
    The entropy needs no second look at the weights: $-\sum_j p_j \ln p_j = \lambda - \sum_j p_j s_j$, and the average score is one more column beside the values. At the first block the old maximum is $-\infty$, so the factor is $e^{-\infty} = 0$ and multiplies zeros.

    **The two most common mistakes.** Rescaling some of the three sums and not the others. Collecting $s_j - \mu$ instead of $s_j$: when the maximum rises, all that was collected has to be shifted too, not only multiplied.

    **Cost.** One pass over scores and values, one number more than the page carries, and memory for one block: whatever the length of the stream.
    """,
    verified="seven block sizes, a ragged last block, rising and falling scores, and scores near 1000, near -1000 and thousands apart.",
    next_thought="how would you find the largest weight of the stream, with nothing kept in addition?",
    reference=_reference,
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


def _stream(scores, values, block, factors=(True, True, True), factor=lambda r: r, end=None):
    """The right stream with its weak points open: what is rescaled (sum, scores, output), by what, and the last line."""
    m, total, score, output = -np.inf, 0.0, 0.0, np.zeros(values.shape[1])
    for s, v in _blocks(scores, values, block):
        m_new = max(m, s.max())
        r, p = factor(np.exp(m - m_new)), np.exp(s - m_new)
        by = [r if use else 1.0 for use in factors]
        total, score, output, m = by[0] * total + p.sum(), by[1] * score + p @ s, by[2] * output + p @ v, m_new
    return end(m, total, score, output) if end else (output / total, m + np.log(total) - score / total)


@EXERCISE.solve
def online_softmax_solution(scores, values, block):
    m, total, score, output = -np.inf, 0.0, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale, p = np.exp(m - m_new), np.exp(s - m_new)
        total = rescale * total + p.sum()
        score = rescale * score + p @ s
        output = rescale * output + p @ v
        m = m_new
    return output / total, m + np.log(total) - score / total


@EXERCISE.mutant
def output_not_rescaled(scores, values, block):
    return _stream(scores, values, block, (True, True, False))


@EXERCISE.mutant
def sum_not_rescaled(scores, values, block):
    return _stream(scores, values, block, (False, True, True))


@EXERCISE.mutant
def score_sum_not_rescaled(scores, values, block):
    return _stream(scores, values, block, (True, False, True))


@EXERCISE.mutant
def nothing_rescaled(scores, values, block):
    return _stream(scores, values, block, (False, False, False))


@EXERCISE.mutant
def rescaled_the_wrong_way(scores, values, block):
    return _stream(scores, values, block, factor=lambda r: 1 / r if r > 0 else 0.0)


@EXERCISE.mutant
def relative_scores_not_shifted(scores, values, block):
    m, total, score, output = -np.inf, 0.0, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale, p = np.exp(m - m_new), np.exp(s - m_new)
        total = rescale * total + p.sum()
        score = rescale * score + p @ (s - m_new)
        output = rescale * output + p @ v
        m = m_new
    return output / total, np.log(total) - score / total


@EXERCISE.mutant
def entropy_without_maximum(scores, values, block):
    return _stream(scores, values, block, end=lambda m, total, score, output: (output / total, np.log(total) - score / total))


@EXERCISE.mutant
def ragged_tail_dropped(scores, values, block):
    whole = max(len(scores) // block * block, min(len(scores), block))
    return _stream(scores[:whole], values[:whole], block)


@EXERCISE.mutant
def blocks_averaged(scores, values, block):
    averages, entropies = zip(*(_reference(s, v, block) for s, v in _blocks(scores, values, block)))
    return np.mean(averages, axis=0), np.mean(entropies)


@EXERCISE.mutant
def not_normalised(scores, values, block):
    return _stream(scores, values, block, end=lambda m, total, score, output: (output, m + np.log(total) - score))


@EXERCISE.mutant(evidence=text.not_finite)
def maximum_starts_at_zero(scores, values, block):
    m, total, score, output = 0.0, 0.0, 0.0, np.zeros(values.shape[1])
    for start in range(0, len(scores), block):
        s, v = scores[start : start + block], values[start : start + block]
        m_new = max(m, s.max())
        rescale, p = np.exp(m - m_new), np.exp(s - m_new)
        total = rescale * total + p.sum()
        score = rescale * score + p @ s
        output = rescale * output + p @ v
        m = m_new
    with np.errstate(invalid="ignore", divide="ignore"):
        return output / total, m + np.log(total) - score / total


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(scores, values, block):
    with np.errstate(all="ignore"):
        p = np.exp(scores)
        return p @ values / p.sum(), np.log(p.sum()) - p @ scores / p.sum()


@EXERCISE.mutant
def last_block_only(scores, values, block):
    start = (len(scores) - 1) // block * block
    return _reference(scores[start:], values[start:], block)


@EXERCISE.holds("the block size does not matter")
def any_block_size(call):
    results = [np.append(*call(_s, _v, block)) for block in (1, 3, 7, 11)]
    gap = max(np.abs(result - results[-1]).max() for result in results)
    if not gap < 1e-6:
        return f"results for blocks of 1, 3, 7 and 11 differ by up to {text.number(gap)}"


@EXERCISE.holds("adding a constant to all scores changes nothing")
def shift(call):
    for constant in (3, 1500, -1500):
        gap = np.abs(np.append(*call(_s + constant, _v, 3)) - np.append(*call(_s, _v, 3))).max()
        if not gap < 1e-6:
            return f"with {constant} added to all, the result moves by {text.number(gap)}"


@EXERCISE.holds("equal scores have an entropy of the log of their number, a single one has none")
def equal_scores(call):
    for n in (1, 2, 7):
        entropy = call(np.full(n, 5.0), np.ones((n, 2)), 3)[1]
        if not abs(entropy - np.log(n)) < 1e-6:
            return f"for {n} scores of 5 it is {text.number(entropy)}, the log being {text.number(np.log(n))}"
    return None


@EXERCISE.holds("the average stays within the range of the values")
def average(call):
    out = call(np.sort(_s), _v, 2)[0]
    if (out > _v.max(axis=0) + 1e-9).any() or (out < _v.min(axis=0) - 1e-9).any():
        return f"it begins {text.numbers(out, 2)}"


@EXERCISE.holds("weights of 1, 2, 3 and 4 tenths come from scores of ln 1 to ln 4, whatever the block")
def tenths(call):
    for block in (1, 2, 3, 4):
        out = call(np.log([1.0, 2, 3, 4]), np.eye(4), block)[0]
        if not np.allclose(out, [0.1, 0.2, 0.3, 0.4]):
            return f"in blocks of {block} the values count {text.numbers(out * 10)} tenths"
    return None

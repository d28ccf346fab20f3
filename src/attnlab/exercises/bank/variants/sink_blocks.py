"""A sink when the keys come in blocks."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(outputs, logs, sink):
    outputs, logs, sink = (np.asarray(x, dtype=float) for x in (outputs, logs, sink))
    out = np.zeros(outputs.shape[1:])
    for h, i in np.ndindex(out.shape[:2]):
        largest = max(sink[h], *logs[:, h, i])
        powers = np.exp(logs[:, h, i] - largest)
        out[h, i] = powers @ outputs[:, h, i] / (powers.sum() + np.exp(sink[h] - largest))
    return out


def _joined(outputs, logs, sink, times=1.0, extra=0.0):
    """The answer with `times` e^(sink - largest) + `extra` in the denominator."""
    outputs, logs, b = np.asarray(outputs, float), np.asarray(logs, float), np.asarray(sink, float)[:, None]
    largest = np.maximum(logs.max(axis=0), b)
    powers = np.exp(logs - largest)
    total = powers.sum(axis=0) + times * np.exp(b - largest) + extra
    return (powers[..., None] * outputs).sum(axis=0) / np.where(total == 0, 1, total)[..., None]


EXERCISE = Exercise(
    id="variants.sink_blocks",
    title="One sink, several blocks",
    level="apply",
    minutes=12,
    difficulty=2,
    page="variants/what_changed_since",
    headings=("Sinks: permission to look at nothing",),
    statement=r"""
    A fast kernel takes the keys in blocks. For each block it keeps, for each head and query, the output $o_b$ of *plain* attention over the keys of that block, and $\ell_b$, the logarithm of the sum of their exponentials; a block in which the query may see no key has $\ell_b = -\infty$ and an output of zeros.

    Join the blocks to the output of the whole text **with a learned sink** for each head, which the blocks know nothing of. Logarithms of 1,000 occur, and must not overflow.

    A tiny example: one head, one query, two blocks with outputs `[4]` and `[8]`, both with $\ell = 0$, and a sink of 0: `[[[4]]]`, since each of the three gets a third.
    """,
    slot='''
    def sink_blocks(outputs, logs, sink):
        """Outputs of blocks of keys joined, with a sink for each head.

        outputs: (blocks, heads, n, d), logs: (blocks, heads, n), sink: (heads,); result: (heads, n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "What share of the whole softmax belongs to a block? It is a sum of exponentials, and you are given the logarithm of that sum.",
        r"$\sum_b e^{\ell_b} o_b \,/\, (e^{s} + \sum_b e^{\ell_b})$ with the sink $s$ of the head, in the denominator *once*. Subtract the largest of all these exponents first.",
        "```python\ns = sink[____, ____]\nlargest = np.maximum(logs.max(axis=____), s)\npowers = np.exp(logs - largest)\n"
        "total = powers.sum(axis=____) + ____\nreturn (powers[..., None] * outputs).sum(axis=0) / ____\n```",
    ),
    parsons=("sink_in_every_block", "sink_of_one"),
    why=r"""
    Blocks are joined by their sums of exponentials; the sink is one more term of the whole sum. It gives nothing, so the numerator does not know it.

    **The two most common mistakes.** Counting the sink in each block: as many sinks as blocks, and the result depends on the size of the blocks. Leaving it to one block's *output*, whose scale is then wrong.

    **Cost.** One exponential for each head, query and block: nothing beside the products.
    """,
    verified="two, three and one block, blocks without a key, no key at all, logarithms of ±1,000, sinks of ±1,000.",
    next_thought="what must each block hand on if it is to be joined in any order, by pairs?",
    reference=_reference,
)

_rng = np.random.default_rng(23)


def _case(blocks, heads, n, d):
    return _rng.normal(size=(blocks, heads, n, d)), _rng.normal(size=(blocks, heads, n)) * 1.5, _rng.normal(size=heads)


_first = _case(3, 2, 5, 4)
_blind = _case(2, 3, 2, 5)
_blind[1][0, 1, 1] = _blind[1][0, 2, 0] = _blind[1][1, 2, 0] = -np.inf
_blind[0][0, 1, 1] = _blind[0][0, 2, 0] = _blind[0][1, 2, 0] = 0.0
EXERCISE.probe("3 blocks, 2 heads, 5 queries", *_first)
EXERCISE.probe("one block", *_case(1, 3, 2, 7))
EXERCISE.probe("a block without a key, a query without any", *_blind)
EXERCISE.probe("logarithms of a thousand", _first[0], _first[1] + 1000, _first[2] + 1000)
EXERCISE.probe("logarithms of minus a thousand", _first[0], _first[1] - 1000, _first[2] - 1000)
EXERCISE.probe("a sink far above all", _first[0], _first[1], np.array([1000.0, 2.0]))
EXERCISE.probe("a sink far below all", _first[0], _first[1], np.array([-1000.0, -3.0]))
EXERCISE.probe("as many heads as queries", *_case(2, 3, 3, 2))
EXERCISE.probe("whole numbers", np.array([[[[4]]], [[[8]]]]), np.array([[[0]], [[1]]]), np.array([1]))
_rng = np.random.default_rng(24)
_tall = _case(7, 2, 4, 3)
EXERCISE.probe("seven blocks", *_tall)
EXERCISE.probe("queries and blocks two thousand apart", _tall[0], _tall[1] + 2000 * _rng.integers(-1, 2, size=(7, 2, 4)), np.array([0.5, -1.0]))
EXERCISE.probe("queries of one head two thousand apart, a low sink", _tall[0], _tall[1] + np.array([2000, 0, -2000, 0]), np.array([-2000.0, -1999.0]))


@EXERCISE.solve
def sink_blocks_solution(outputs, logs, sink):
    s = sink[:, None]
    largest = np.maximum(logs.max(axis=0), s)
    powers = np.exp(logs - largest)
    total = powers.sum(axis=0) + np.exp(s - largest)
    return (powers[..., None] * outputs).sum(axis=0) / total[..., None]


@EXERCISE.mutant
def sink_in_every_block(outputs, logs, sink):
    s = sink[:, None]
    largest = np.maximum(logs.max(axis=0), s)
    powers = np.exp(logs - largest)
    total = powers.sum(axis=0) + len(logs) * np.exp(s - largest)
    return (powers[..., None] * outputs).sum(axis=0) / total[..., None]


@EXERCISE.mutant
def sink_of_one(outputs, logs, sink):
    s = 0 * sink[:, None]
    largest = np.maximum(logs.max(axis=0), s)
    powers = np.exp(logs - largest)
    total = powers.sum(axis=0) + np.exp(s - largest)
    return (powers[..., None] * outputs).sum(axis=0) / total[..., None]


@EXERCISE.mutant
def sink_left_out(outputs, logs, sink):
    return _joined(outputs, logs, np.minimum(sink, np.where(np.isneginf(logs), 0, logs).min((0, 2))), times=0.0)


@EXERCISE.mutant
def sink_with_the_other_sign(outputs, logs, sink):
    return _joined(outputs, logs, -np.asarray(sink, float))


@EXERCISE.mutant
def sink_not_shifted(outputs, logs, sink):
    with np.errstate(over="ignore"):
        return _joined(outputs, logs, sink, times=0.0, extra=np.minimum(np.exp(np.asarray(sink, float)), 1e300)[:, None])


@EXERCISE.mutant
def sink_divides_the_joined_blocks_twice(outputs, logs, sink):
    outputs, logs, s = np.asarray(outputs, float), np.asarray(logs, float), np.asarray(sink, float)[:, None]
    largest = np.maximum(logs.max(axis=0), s)
    kept = np.exp(logs - largest).sum(0)
    return _joined(outputs, logs, sink) * (kept / (kept + np.exp(s - largest)))[..., None]


@EXERCISE.mutant
def sink_blocks_alike(outputs, logs, sink):
    outputs, logs, s = np.asarray(outputs, float), np.asarray(logs, float), np.asarray(sink, float)[:, None]
    largest = np.maximum(logs.max(axis=0), s)
    kept = np.exp(logs - largest).sum(0)
    return outputs.mean(axis=0) * (kept / (kept + np.exp(s - largest)))[..., None]


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[4.0]]], np.array([[[[4.0]]], [[[8.0]]]]), np.zeros((2, 1, 1)), np.zeros(1)))


@EXERCISE.holds("a block cut in two halves of its sum changes nothing")
def cut_in_two(call):
    outputs, logs, sink = _first
    halves = np.concatenate([logs[:1] - np.log(2), logs[:1] - np.log(2), logs[1:]])
    gap = np.abs(np.asarray(call(np.concatenate([outputs[:1], outputs]), halves, sink)) - np.asarray(call(outputs, logs, sink))).max()
    return None if gap < 1e-6 else f"a number moves by {text.number(gap)}"


@EXERCISE.holds("where every block gives 1, the result is what the sink leaves: less than 1")
def what_is_left(call):
    _, logs, sink = _first
    ones = np.asarray(call(np.ones(_first[0].shape), logs, sink))
    return None if (ones < 1).all() and (ones > 0).all() else f"it lies between {text.number(ones.min())} and {text.number(ones.max())}"

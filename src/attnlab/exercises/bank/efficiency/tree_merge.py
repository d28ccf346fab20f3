"""Many partial results joined at once."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(outs, lses):
    weights = reference.softmax(lses, axis=0)
    largest = lses.max(axis=0)
    return (weights[..., None] * outs).sum(axis=0), largest + np.log(np.exp(lses - largest).sum(axis=0))


EXERCISE = Exercise(
    id="efficiency.tree_merge",
    title="Merge them all at once",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/online_softmax",
    headings=("The mathematics", "Order and grouping do not matter"),
    statement=r"""
    While generating, $B$ workers look at $B$ parts of a long cache. Worker $b$ returns outputs ($n \times d_v$) and log-sum-exps ($n$). Join all of them at once: `outs` has shape $(B, n, d_v)$ and `lses` has shape $(B, n)$. Every worker saw at least one key for each row.

    Look at the formula for two and ask what it is for many. A tiny example: two workers with `outs = [[[10]], [[40]]]` and `lses = [[0], [log 2]]` give `[[30]]` and `[log 3]`.
    """,
    slot='''
    def merge_all(outs, lses):
        """One output and log-sum-exp from B partial ones.

        outs: (B, n, d_v), lses: (B, n)
        result: out (n, d_v) and lse (n,)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    parts=("out", "lse"),
    hints=(
        "The workers can be listed in any order, and one worker alone comes back unchanged.",
        r"$e^{\lambda_b} / \sum_c e^{\lambda_c}$ is a function you know by name; it runs over the workers.",
        "```python\nweights = softmax(lses, axis=____)\nout = (weights[..., None] * ____).sum(axis=____)\nlargest = lses.max(axis=____)\n"
        "return out, largest + np.log(np.exp(____).sum(axis=____))\n```",
    ),
    parsons=("merged_over_rows", "plain_average"),
    why=r"""
    The weights of the partial results are the softmax of their log-sum-exps: a softmax of softmaxes. It is the same formula at every level, within a block, among blocks, among computers. On GPUs this way of generating is called Flash-Decoding, or split-KV.

    **The two most common mistakes.** Taking the softmax over the rows instead of the workers; the shapes allow both. Averaging plainly, which only fits when all parts weigh the same.

    **Cost.** One exponential for each worker and row.
    """,
    verified="one to seven workers, log-sum-exps near 2000, near -2000 and thousands apart included.",
    next_thought="what would you send over a network from each worker, and how many bytes is it for one query?",
    reference=_reference,
)

_rng = np.random.default_rng(17)
for _b, _n, _d in ((3, 5, 2), (5, 2, 7), (2, 2, 3)):
    EXERCISE.probe(f"{_b} workers, {_n} rows of width {_d}", _rng.normal(size=(_b, _n, _d)), _rng.normal(size=(_b, _n)) * 2)
EXERCISE.probe("1 worker", _rng.normal(size=(1, 3, 2)), _rng.normal(size=(1, 3)))
EXERCISE.probe("7 workers, 1 row of width 1", _rng.normal(size=(7, 1, 1)), _rng.normal(size=(7, 1)))
_APART = np.array([[2000.0, -2000, 0, -1500, 1499, 800], [1999, -2001, 3, 1500, -1500, 801], [-2000, -1999.5, 1, 1499, 1500, 799]])
EXERCISE.probe("log-sum-exps thousands apart, among rows and among workers", _rng.normal(size=(3, 6, 2)), _APART, extreme=True)
EXERCISE.probe("4 workers, log-sum-exps near -2000", _rng.normal(size=(4, 2, 3)), _rng.normal(size=(4, 2)) - 2000, extreme=True)
EXERCISE.probe("3 workers, log-sum-exps near 2000", _rng.normal(size=(3, 5, 2)), _rng.normal(size=(3, 5)) + 2000, extreme=True)


@EXERCISE.solve
def merge_all_solution(outs, lses):
    weights = softmax(lses, axis=0)
    out = (weights[..., None] * outs).sum(axis=0)
    largest = lses.max(axis=0)
    return out, largest + np.log(np.exp(lses - largest).sum(axis=0))


softmax = reference.softmax


@EXERCISE.mutant
def plain_average(outs, lses):
    weights = np.full(lses.shape, 1 / len(lses))
    out = (weights[..., None] * outs).sum(axis=0)
    largest = lses.max(axis=0)
    return out, largest + np.log(np.exp(lses - largest).sum(axis=0))


@EXERCISE.mutant
def merged_over_rows(outs, lses):
    weights = softmax(lses, axis=1)
    out = (weights[..., None] * outs).sum(axis=0)
    largest = lses.max(axis=0)
    return out, largest + np.log(np.exp(lses - largest).sum(axis=0))


@EXERCISE.mutant
def lse_not_merged(outs, lses):
    return _reference(outs, lses)[0], lses.max(axis=0)


@EXERCISE.mutant
def lse_summed(outs, lses):
    return _reference(outs, lses)[0], lses.sum(axis=0)


@EXERCISE.mutant
def weights_not_normalised(outs, lses):
    weights = np.exp(lses - lses.max(axis=0))
    return (weights[..., None] * outs).sum(axis=0), _reference(outs, lses)[1]


@EXERCISE.mutant
def first_block_dropped(outs, lses):
    return _reference(outs[1:], lses[1:])


@EXERCISE.mutant
def last_block_only(outs, lses):
    return outs[-1], lses[-1]


@EXERCISE.mutant(evidence=text.not_finite)
def no_common_maximum(outs, lses):
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(lses) / np.exp(lses).sum(axis=0)
        return (weights[..., None] * outs).sum(axis=0), np.log(np.exp(lses).sum(axis=0))


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(outs, lses):
    with np.errstate(all="ignore"):
        weights = np.exp(lses - lses.max())
        return (weights[..., None] * outs).sum(axis=0) / weights.sum(axis=0)[..., None], lses.max() + np.log(weights.sum(axis=0))


@EXERCISE.holds("the order of the workers does not matter")
def any_order(call):
    rng = np.random.default_rng(1)
    outs, lses = rng.normal(size=(3, 5, 2)), rng.normal(size=(3, 5))
    there, back = call(outs, lses), call(outs[::-1].copy(), lses[::-1].copy())
    if not all(np.allclose(a, b) for a, b in zip(there, back)):
        return f"the outputs begin {text.numbers(there[0], 2)} and, in reverse, {text.numbers(back[0], 2)}"


@EXERCISE.holds("one worker alone comes back unchanged")
def one_worker(call):
    rng = np.random.default_rng(2)
    outs, lses = rng.normal(size=(1, 3, 2)), rng.normal(size=(1, 3))
    out, lse = call(outs, lses)
    if not (np.allclose(out, outs[0]) and np.allclose(lse, lses[0])):
        return f"its output begins {text.numbers(out, 2)} instead of {text.numbers(outs, 2)}"


@EXERCISE.holds("weights of 1, 2 and 5 eighths come from log-sum-exps of ln 1, ln 2 and ln 5, and add up to ln 8")
def eighths(call):
    out, lse = call(np.eye(3)[:, None], np.log([[1.0], [2], [5]]))
    if np.allclose(out, [[1 / 8, 2 / 8, 5 / 8]]) and np.allclose(lse, np.log(8)):
        return None
    return f"the outputs get {text.numbers(out * 8)} eighths, and the log-sum-exp is {text.numbers(lse)}, ln 8 being {text.number(np.log(8))}"


@EXERCISE.holds("each row is joined by itself")
def rows_apart(call):
    rng = np.random.default_rng(4)
    outs, lses = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4)) * 3
    together, alone = call(outs, lses), call(outs[:, 1:2], lses[:, 1:2])
    gap = max(np.abs(together[0][1] - alone[0][0]).max(), abs(together[1][1] - alone[1][0]))
    return None if gap < 1e-9 else f"row 1 differs by {text.number(gap)} when it is joined alone"


@EXERCISE.holds("log-sum-exps raised by 900 change no output and raise the result by 900")
def raised(call):
    rng = np.random.default_rng(5)
    outs, lses = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4))
    here, there = call(outs, lses), call(outs, lses + 900)
    gaps = np.abs(here[0] - there[0]).max(), np.abs(here[1] + 900 - there[1]).max()
    return None if max(gaps) < 1e-6 else f"the outputs move by up to {text.number(gaps[0])}, and log-sum-exps are off by up to {text.number(gaps[1])}"

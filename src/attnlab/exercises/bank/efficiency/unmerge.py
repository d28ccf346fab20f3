"""The merge backwards: what is left of a result when some of its keys are taken away."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference.blocked import merge


def _reference(out, lse, out_2, lse_2):
    share = np.exp(lse_2 - lse)
    return (out - share[:, None] * out_2) / (1 - share)[:, None], lse + np.log1p(-share)


EXERCISE = Exercise(
    id="efficiency.unmerge",
    title="Take some keys away again",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="efficiency/problems",
    statement=r"""
    A row's result over *all* keys is known: `out` ($n \times d_v$) with log-sum-exp `lse` ($n$). So is its result over *some* of these keys: `out_2`, `lse_2`. Without looking at a key or a value, give the result over the **other** keys, output and log-sum-exp.

    You may count on the other keys having at least a thousandth of the weight. The log-sum-exps may be in the thousands; `lse_2` may be $-\infty$, with an output of 0. A tiny example: `out = [[30]]`, `lse = [log 3]`, without `[[40]]`, `[log 2]`, leaves `[[10]]` and `[0]`.
    """,
    slot='''
    def unmerge(out, lse, out_2, lse_2):
        """What merged with the second result gives the first.

        out, out_2: (n, d_v), lse, lse_2: (n,)
        result: out_1 (n, d_v) and lse_1 (n,)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("out_1", "lse_1"),
    hints=(
        "Merged again with what was taken away, your result gives what there was.",
        r"Which share $w$ of the whole weight belongs to the keys that go? The output is $(1 - w)\, o_1 + w\, o_2$: solve for $o_1$. And the weight left is $(1 - w)\, e^{\lambda}$.",
        "```python\nshare = np.exp(____)\nrest = 1 - share\nreturn (out - ____[:, None] * out_2) / ____[:, None], lse + ____\n```",
    ),
    parsons=("lse_subtracted", "rest_not_normalised"),
    why=r"""
    Weights add up, so they can be subtracted. This is the merge solved for one of its parts: it takes keys out of a finished result without reading the others again. What is left must not be a tiny share, or the subtraction cancels most digits. (In a model of several layers this does not remove a document: later tokens have read it, and their keys and values remember.)

    **The two most common mistakes.** Forgetting to divide: what remains must be an average again. Exponentials of the log-sum-exps themselves instead of their difference.

    **Cost.** One exponential and one logarithm a row.
    """,
    verified="ordinary rows, log-sum-exps near 2000 and near -2000 and thousands apart, rests of little weight, and nothing to take away.",
    next_thought="a running window could forget old keys this way. Why does nobody do it?",
    reference=_reference,
)

_rng = np.random.default_rng(31)
_part, _rest = _rng.normal(size=(2, 7, 3))
_lse_part, _lse_rest = _rng.normal(size=(2, 7)) * 1.5
for _name, _shift in (("7 rows of width 3", 0.0), ("log-sum-exps near 2000", 2000.0), ("log-sum-exps near -2000", -2000.0)):
    _out, _lse = merge(_rest, _lse_rest + _shift, _part, _lse_part + _shift)
    EXERCISE.probe(_name, _out, _lse, _part, _lse_part + _shift, extreme=bool(_shift))
_far = np.array([2000.0, -2000, 0, 700, -700, 3000, 0])
_little = np.array([-6.0, 0, -6.5, 3, 8, 1, -1])  # log-sum-exps of the rest, beside those of the part
_out, _lse = merge(_rest, _far + _little, _part, _far)
EXERCISE.probe("log-sum-exps thousands apart from row to row, rests from a 660th of the weight up", _out, _lse, _part, _far, extreme=True)
_some = np.where(np.arange(7) % 2, _lse_part, -np.inf)
_out, _lse = merge(_rest, _lse_rest, np.where(np.isfinite(_some)[:, None], _part, 0), _some)
EXERCISE.probe("nothing to take away in every other row", _out, _lse, np.where(np.isfinite(_some)[:, None], _part, 0), _some)
EXERCISE.probe("1 row of width 1", np.array([[3.0]]), np.array([1.0]), np.array([[5.0]]), np.array([0.5]))
EXERCISE.probe("nothing to take away", _rest, _lse_rest, np.zeros((7, 3)), np.full(7, -np.inf))


@EXERCISE.solve
def unmerge_solution(out, lse, out_2, lse_2):
    share = np.exp(lse_2 - lse)
    rest = 1 - share
    out_1 = (out - share[:, None] * out_2) / rest[:, None]
    return out_1, lse + np.log(rest)


@EXERCISE.mutant
def rest_not_normalised(out, lse, out_2, lse_2):
    share = np.exp(lse_2 - lse)
    rest = 1 - share
    out_1 = out - share[:, None] * out_2
    return out_1, lse + np.log(rest)


@EXERCISE.mutant
def lse_subtracted(out, lse, out_2, lse_2):
    share = np.exp(lse_2 - lse)
    rest = 1 - share
    out_1 = (out - share[:, None] * out_2) / rest[:, None]
    return out_1, lse - lse_2


@EXERCISE.mutant
def lse_unchanged(out, lse, out_2, lse_2):
    return _reference(out, lse, out_2, lse_2)[0], lse


@EXERCISE.mutant
def halves_assumed(out, lse, out_2, lse_2):
    return 2 * out - out_2, _reference(out, lse, out_2, lse_2)[1]


@EXERCISE.mutant
def merged_once_more(out, lse, out_2, lse_2):
    return merge(out, lse, out_2, lse_2)


@EXERCISE.mutant
def no_common_maximum(out, lse, out_2, lse_2):
    with np.errstate(all="ignore"):
        rest = np.exp(lse) - np.exp(lse_2)
        out_1 = (np.exp(lse)[:, None] * out - np.exp(lse_2)[:, None] * out_2) / rest[:, None]
        return out_1, np.log(rest)


@EXERCISE.mutant
def one_maximum_for_all_rows(out, lse, out_2, lse_2):
    with np.errstate(all="ignore"):
        all_of_it, part = np.exp(lse - lse.max()), np.exp(lse_2 - lse.max())
        out_1 = (all_of_it[:, None] * out - part[:, None] * out_2) / (all_of_it - part)[:, None]
        return out_1, lse.max() + np.log(all_of_it - part)


@EXERCISE.mutant
def outputs_subtracted(out, lse, out_2, lse_2):
    return out - out_2, _reference(out, lse, out_2, lse_2)[1]


@EXERCISE.holds("merged again it gives what there was")
def back_again(call):
    out, lse, out_2, lse_2 = EXERCISE.probes[0].arguments
    again = merge(*call(out, lse, out_2, lse_2), out_2, lse_2)
    gap = max(np.abs(again[0] - out).max(), np.abs(again[1] - lse).max())
    if not gap < 1e-6:
        return f"it is off by up to {gap:.3f}"


@EXERCISE.holds("taking nothing away changes nothing")
def nothing_away(call):
    out, lse = EXERCISE.probes[-1].arguments[:2]
    found = call(*EXERCISE.probes[-1].arguments)
    if not (np.allclose(found[0], out) and np.allclose(found[1], lse)):
        return f"outputs that begin {text.numbers(out, 2)} begin {text.numbers(found[0], 2)}, log-sum-exps {text.numbers(lse, 2)} become {text.numbers(found[1], 2)}"


@EXERCISE.holds("half of the weight taken away leaves ln 2 less, and the output on the other side")
def half(call):
    out, lse = call(np.array([[3.0, 8.0]]), np.array([7.0]), np.array([[5.0, 4.0]]), np.array([7 - np.log(2)]))
    if np.allclose(out, [[1, 12]]) and np.allclose(lse, 7 - np.log(2)):
        return None
    return f"outputs 3 and 8 at a log-sum-exp of 7, less 5 and 4 with half of the weight, leave {text.numbers(out)} at {text.numbers(lse)}"


@EXERCISE.holds("all log-sum-exps raised by 900 change no output and raise the result by 900")
def raised(call):
    out, lse, out_2, lse_2 = EXERCISE.probes[0].arguments
    here, there = call(out, lse, out_2, lse_2), call(out, lse + 900, out_2, lse_2 + 900)
    gaps = np.abs(here[0] - there[0]).max(), np.abs(here[1] + 900 - there[1]).max()
    return None if max(gaps) < 1e-6 else f"the outputs move by up to {text.number(gaps[0])}, and log-sum-exps are off by up to {text.number(gaps[1])}"

"""The merge backwards: what is left of a result when some of its keys are taken away."""

from __future__ import annotations

import numpy as np

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
    Weights add up, so they can be subtracted. This is the merge solved for one of its parts: it removes a document from a prompt without reading the rest again, as long as the rest is not a tiny share, where the subtraction would cancel all digits.

    **The two most common mistakes.** Dividing by nothing: what remains must be an average again. Exponentials of the log-sum-exps themselves instead of their difference.

    **Cost.** One exponential and one logarithm a row.
    """,
    verified="ordinary rows, log-sum-exps near 2000 and near -2000, and nothing to take away.",
    next_thought="a running window could forget old keys this way. Why does nobody do it?",
    reference=_reference,
)

_rng = np.random.default_rng(31)
_part, _rest = _rng.normal(size=(2, 7, 3))
_lse_part, _lse_rest = _rng.normal(size=(2, 7)) * 1.5
for _name, _shift in (("7 rows of width 3", 0.0), ("log-sum-exps near 2000", 2000.0), ("log-sum-exps near -2000", -2000.0)):
    _out, _lse = merge(_rest, _lse_rest + _shift, _part, _lse_part + _shift)
    EXERCISE.probe(_name, _out, _lse, _part, _lse_part + _shift, extreme=bool(_shift))
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
    out, lse = EXERCISE.probes[3].arguments[:2]
    found = call(*EXERCISE.probes[3].arguments)
    if not (np.allclose(found[0], out) and np.allclose(found[1], lse)):
        return "the result is another one"

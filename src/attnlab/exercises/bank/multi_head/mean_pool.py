"""From a matrix with a head of keys for each query head to one with fewer."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

EXERCISE = Exercise(
    id="multi_head.mean_pool",
    title="From many heads to few",
    level="apply",
    minutes=10,
    difficulty=2,
    page="multi_head/sharing",
    headings=("From many heads to few",),
    statement=r"""
    A trained layer has $H$ heads of keys, their columns side by side in `w`. Make the matrix of a layer with only `n_kv_heads` shared ones: each new head is the **mean** of the $H / G$ neighbouring heads that it replaces, feature by feature. Values are converted by the same function.

    A tiny example: `[[1, 2, 3, 4]]` with four heads of width 1 becomes `[[1.5, 3.5]]` with two.
    """,
    slot='''
    def mean_pool(w, n_heads, n_kv_heads):
        """The mean of each group of neighbouring heads.

        w: (d_model, n_heads * d_head); result: (d_model, n_kv_heads * d_head)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If all heads of a group are equal, the new head equals them, so nothing is lost.",
        r"New head $g$ is $\frac{G}{H} \sum_h W^h$ over the heads $h = g H / G, \dots, (g + 1) H / G - 1$.",
        "```python\ngroup = ____ // ____\ncut = w.reshape(len(w), n_kv_heads, ____, -1)\nreturn cut.____(axis=2).reshape(len(w), -1)\n```",
    ),
    parsons=("group_summed", "heads_of_other_groups"),
    why=r"""
    The columns are numbered by group, head within the group and feature, in this order; the mean runs over the middle one.

    **The two most common mistakes.** Averaging heads that are not neighbours, which breaks the link to their queries. Adding instead of averaging.

    **Cost.** Nothing at run time: it is done once. The model has to be trained a little further afterwards; the paper that proposed it used 5 % of the original training.
    """,
    verified="equal to the definition for groups of 2, 3 and all heads, and for groups of one.",
    next_thought="heads have no order: which heads would you make neighbours before you average?",
    reference=lambda w, n_heads, n_kv_heads: np.concatenate(
        [
            np.mean(np.split(part, n_heads // n_kv_heads, axis=1), axis=0)
            for part in np.split(w, n_kv_heads, axis=1)
        ],
        axis=1,
    ),
)

_rng = np.random.default_rng(6)
_w = _rng.normal(size=(7, 30))
EXERCISE.probe("6 heads of width 5 to 3", _w, 6, 3)
EXERCISE.probe("6 heads of width 2 to 2", _rng.normal(size=(5, 12)), 6, 2)
EXERCISE.probe("5 heads to 1", _rng.normal(size=(3, 35)), 5, 1)
EXERCISE.probe("whole numbers", np.array([[1, 2, 3, 4], [0, 5, -2, 1]]), 4, 2)
EXERCISE.probe("8 heads of width 3 to 4", _rng.normal(size=(2, 24)), 8, 4)
EXERCISE.probe("nothing to share", _rng.normal(size=(3, 6)), 3, 3)


@EXERCISE.solve
def mean_pool_solution(w, n_heads, n_kv_heads):
    group = n_heads // n_kv_heads
    cut = w.reshape(len(w), n_kv_heads, group, -1)
    return cut.mean(axis=2).reshape(len(w), -1)


@EXERCISE.mutant
def group_summed(w, n_heads, n_kv_heads):
    group = n_heads // n_kv_heads
    cut = w.reshape(len(w), n_kv_heads, group, -1)
    return cut.sum(axis=2).reshape(len(w), -1)


@EXERCISE.mutant
def heads_of_other_groups(w, n_heads, n_kv_heads):
    group = n_heads // n_kv_heads
    cut = w.reshape(len(w), group, n_kv_heads, -1)
    return cut.mean(axis=1).reshape(len(w), -1)


@EXERCISE.mutant
def first_head_of_group(w, n_heads, n_kv_heads):
    return w.reshape(len(w), n_kv_heads, n_heads // n_kv_heads, -1)[:, :, 0].reshape(len(w), -1)


@EXERCISE.mutant
def features_pooled(w, n_heads, n_kv_heads):
    return w.reshape(len(w), -1, n_heads // n_kv_heads).mean(axis=-1)


@EXERCISE.mutant
def one_mean_for_all(w, n_heads, n_kv_heads):
    return np.tile(w.reshape(len(w), n_heads, -1).mean(axis=1), (1, n_kv_heads))


@EXERCISE.mutant
def groups_in_reverse(w, n_heads, n_kv_heads):
    cut = w.reshape(len(w), n_kv_heads, n_heads // n_kv_heads, -1).mean(axis=2)
    return cut[:, ::-1].reshape(len(w), -1)


@EXERCISE.holds("equal heads lose nothing")
def equal_heads(call):
    tied = np.repeat(_w.reshape(7, 6, 5)[:, :3], 2, axis=1).reshape(7, 30)
    out = call(tied, 6, 3)
    if out.shape != (7, 15):
        return f"{text.shape(out)} for 3 heads of width 5"
    gap = np.abs(out - _w[:, :15]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("with groups of one nothing changes")
def groups_of_one(call):
    gap = np.abs(call(_w, 6, 6) - _w).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


EXERCISE.holds("the columns 1, 2, 3, 4 of four heads become 1.5 and 3.5")(comes_out([[1.5, 3.5]], np.array([[1, 2, 3, 4]]), 4, 2))
EXERCISE.holds("the columns 1, 2, 3, 4 of two heads become 2 and 3 of one")(comes_out([[2.0, 3.0]], np.array([[1.0, 2, 3, 4]]), 2, 1))


@EXERCISE.holds("a change in one head shows in its group alone, in proportion")
def own_group(call):
    other = _w.copy()
    other[:, 10:15] += 1
    moved = (call(other, 6, 3) - call(_w, 6, 3)).reshape(7, 3, 5).mean(axis=(0, 2))
    good = np.allclose(moved, [0, 0.5, 0], atol=1e-3)
    return None if good else f"head 2 of 6 grows by 1, and the three new heads grow by {text.numbers(moved)}"

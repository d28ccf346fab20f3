"""Heads ranked on some texts and judged on others, beside all heads that were not chosen."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _judge(scores, drops, n_rank, k, rank=None, judge=None, order=-1, rest=None):
    """Mean drop of the k chosen heads and of the others; which texts rank and which judge can be changed."""
    scores, drops = np.asarray(scores, dtype=float), np.asarray(drops, dtype=float)
    n = len(scores)
    rank = slice(0, n_rank) if rank is None else rank(n, n_rank)
    judge = slice(n_rank, n) if judge is None else judge(n, n_rank)
    chosen = np.argsort(order * scores[rank].mean(axis=0).ravel(), kind="stable")[:k]
    effect = drops[judge].mean(axis=0).ravel()
    others = np.delete(effect, chosen) if rest is None else rest(effect, chosen)
    return np.array([effect[chosen].mean(), others.mean()])


def _reference(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k)


EXERCISE = Exercise(
    id="theory.held_out_heads",
    title="Rank on some texts, judge on others",
    level="evaluate",
    minutes=15,
    difficulty=2,
    page="theory/circuits",
    headings=("In a published model", "What the evidence shows"),
    statement=r"""
    For each of some texts, each layer and each head you have two numbers: `scores[text, layer, head]`, how much the head looks like one that copies, and `drops[text, layer, head]`, by how much copying falls when that head alone is silenced.

    Choose the `k` heads of highest mean score on the **first** `n_rank` texts. Then return two numbers, both from the **other** texts: the mean drop of the chosen heads, and the mean drop of **all heads that were not chosen**. No two mean scores are equal; at least one text is left to judge on, and at least one head is not chosen.

    A tiny example: two texts, one layer of two heads, `scores = [[[0.9, 0.1]], [[0.2, 0.8]]]`, `drops = [[[0.5, 0.0]], [[0.3, 0.1]]]`, `n_rank = 1`, `k = 1`. The first text chooses head 0; on the second it drops 0.3, and the other head 0.1: `[0.3, 0.1]`.
    """,
    slot='''
    def held_out_heads(scores, drops, n_rank, k):
        """Mean drop on held-out texts: of the k heads chosen on the first n_rank texts, and of all others.

        scores, drops: (texts, layers, heads)
        result: two numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Where must the texts that chose the heads not appear again?",
        "Average the scores over the first texts, flatten layers and heads, sort, take k. Average the drops over the other texts, flatten them in the same way.",
        "```python\nmean = scores[:n_rank].mean(axis=0).ravel()\nchosen = np.argsort(mean)[____]\neffect = drops[____].mean(axis=0).ravel()\n"
        "others = np.ones(len(effect), dtype=bool)\nothers[chosen] = ____\nreturn effect[chosen].mean(), effect[others].mean()\n```",
    ),
    parsons=("held_judged_on_all_texts", "held_ranked_on_all_texts"),
    why=r"""
    The scores of a few texts are partly chance. The heads that come out on top have been chosen for it too, so on the same texts their effect is flattered; on new ones it is not.

    **The two most common mistakes.** To judge on the texts that chose, or on all. To rank by the effect itself: then nothing is learned about what the scores are worth, and on the same texts the chosen heads win by construction.

    **Cost.** One run of the model for every head and text: that is why pages such as this one silence a few groups instead of all.
    """,
    verified="equal to loops for 2 to 12 texts, 1 to 6 layers, 1 to 9 heads, whole numbers and float32.",
    next_thought="why is the mean of all others a milder control than the strongest of them?",
    reference=_reference,
)


def _case(seed, texts, layers, heads):
    rng = np.random.default_rng(seed)
    good = rng.normal(size=(layers, heads))
    scores = good + 0.8 * rng.normal(size=(texts, layers, heads))
    drops = 0.2 * good + 0.3 * (scores - good) + 0.7 * rng.normal(size=(texts, layers, heads))
    return scores, drops


EXERCISE.probe("7 texts, 3 layers, 5 heads, 3 chosen", *_case(1, 7, 3, 5), 4, 3)
EXERCISE.probe("11 texts, 5 layers, 3 heads, 4 chosen", *_case(2, 11, 5, 3), 5, 4)
EXERCISE.probe("5 texts, 2 layers, 7 heads, one chosen", *_case(3, 5, 2, 7), 2, 1)
EXERCISE.probe("one text to rank and one to judge", *_case(4, 2, 3, 4), 1, 2)
EXERCISE.probe("all heads chosen but one", *_case(5, 6, 2, 3), 3, 5)
EXERCISE.probe("whole numbers", np.array([[[3, 1, 0]], [[1, 7, 2]], [[0, 2, 9]]]), np.array([[[4, 0, 1]], [[1, 5, 0]], [[2, 8, 3]]]), 1, 1)
EXERCISE.probe("single precision", *(one.astype(np.float32) for one in _case(6, 9, 4, 5)), 3, 4)
_loud = _case(23, 6, 2, 5)
EXERCISE.probe("one text with larger scores than the others", _loud[0] * np.array([6, 1, 1, 1, 1, 1])[:, None, None], _loud[1], 4, 2)
EXERCISE.probe("one layer", *_case(7, 8, 1, 9), 3, 2)


@EXERCISE.solve
def held_out_heads_solution(scores, drops, n_rank, k):
    mean = scores[:n_rank].mean(axis=0).ravel()
    chosen = np.argsort(mean)[::-1][:k]
    effect = drops[n_rank:].mean(axis=0).ravel()
    others = np.ones(len(effect), dtype=bool)
    others[chosen] = False
    return np.array([effect[chosen].mean(), effect[others].mean()])


@EXERCISE.mutant
def held_judged_on_all_texts(scores, drops, n_rank, k):
    mean = scores[:n_rank].mean(axis=0).ravel()
    chosen = np.argsort(mean)[::-1][:k]
    effect = drops.mean(axis=0).ravel()
    others = np.ones(len(effect), dtype=bool)
    others[chosen] = False
    return np.array([effect[chosen].mean(), effect[others].mean()])


@EXERCISE.mutant
def held_ranked_on_all_texts(scores, drops, n_rank, k):
    mean = scores.mean(axis=0).ravel()
    chosen = np.argsort(mean)[::-1][:k]
    effect = drops[n_rank:].mean(axis=0).ravel()
    others = np.ones(len(effect), dtype=bool)
    others[chosen] = False
    return np.array([effect[chosen].mean(), effect[others].mean()])


@EXERCISE.mutant
def held_judged_where_ranked(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k, judge=lambda n, r: slice(0, r))


@EXERCISE.mutant
def held_ranked_where_judged(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k, rank=lambda n, r: slice(r, n))


@EXERCISE.mutant
def held_lowest_scores_chosen(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k, order=1)


@EXERCISE.mutant
def held_control_with_the_chosen(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k, rest=lambda effect, chosen: effect)


@EXERCISE.mutant
def held_ranked_by_the_effect(scores, drops, n_rank, k):
    chosen = np.argsort(-np.asarray(drops, float)[:n_rank].mean(axis=0).ravel(), kind="stable")[:k]
    effect = np.asarray(drops, float)[n_rank:].mean(axis=0).ravel()
    return np.array([effect[chosen].mean(), np.delete(effect, chosen).mean()])


@EXERCISE.mutant
def held_ranked_by_the_first_text(scores, drops, n_rank, k):
    return _judge(scores, drops, n_rank, k, rank=lambda n, r: slice(0, 1))


EXERCISE.holds("the example of the statement comes out")(
    comes_out(np.array([0.3, 0.1]), np.array([[[0.9, 0.1]], [[0.2, 0.8]]]), np.array([[[0.5, 0.0]], [[0.3, 0.1]]]), 1, 1))


@EXERCISE.holds("what the ranking texts lose does not matter")
def unseen(call):
    scores, drops = _case(1, 7, 3, 5)
    other = drops.copy()
    other[:4] = -drops[:4]
    gap = np.abs(np.asarray(call(scores, other, 4, 3), float) - np.asarray(call(scores, drops, 4, 3), float)).max()
    return None if gap < 1e-4 else f"with other drops on the ranking texts your numbers move by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 7, 3, 5), 4, 3))

"""The loss by position, not of the whole text."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(losses, edges):
    place = np.arange(np.shape(losses)[1])
    return np.array([np.mean(np.asarray(losses)[:, (place >= a) & (place < b)]) for a, b in zip(edges[:-1], edges[1:])])


EXERCISE = Exercise(
    id="positions.loss_by_place",
    title="Where in the text is the loss?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="positions/guide",
    headings=("The experiment",),
    statement=r"""
    `losses[b, p]` is the loss of text $b$ at position $p$. Return the mean loss within each range of positions: from `edges[0]` up to but not including `edges[1]`, from there up to `edges[2]`, and so on.

    A tiny example: one text with the losses 1, 1, 4, 6 and edges 0, 2, 4 gives 1 and 5.
    """,
    slot='''
    def loss_by_place(losses, edges):
        """Mean loss in each range of positions.

        losses: (texts, tokens); edges: (ranges + 1,) whole numbers, rising
        result: (ranges,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "One number for each pair of neighbouring edges; texts are averaged as well.",
        "A slice `a:b` includes $a$ and excludes $b$, which is what is asked for. Positions run along the second axis.",
        "```python\nmeans = [losses[____].mean() for a, b in zip(edges[:-1], edges[1:])]\nreturn np.array(means)\n```",
    ),
    parsons=("loss_up_to_there", "edge_counted_twice"),
    why=r"""
    The question *does it extrapolate?* is about positions that were never trained. A mean over the whole text mixes them with the ones that were.

    **The two most common mistakes.** Reporting the loss of texts of growing length: the good beginning hides the bad end. Counting an edge in both of its ranges.

    **Cost.** One pass; but the losses must be kept apart by position, `reduction="none"` in PyTorch.
    """,
    verified="equal to the definition for ranges of one position and of many, from the beginning and not, and for one text.",
    next_thought="a model is bad at position 300. Is it bad because of the position, or because of the number of keys?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("13 texts, 11 positions, uneven ranges", _rng.exponential(size=(13, 11)) + np.arange(11), np.array([0, 2, 5, 11]))
EXERCISE.probe("7 texts, one range in the middle", _rng.exponential(size=(7, 7)) * np.arange(1, 8), np.array([1, 4]))
EXERCISE.probe("17 texts, 5 positions, not from the beginning", _rng.exponential(size=(17, 5)), np.array([1, 2, 4]))
EXERCISE.probe("1 text, whole numbers, ranges of one position", np.array([[1, 4, 2, 7, 3, 8]]), np.array([0, 1, 2, 4, 6]), extreme=True)


@EXERCISE.solve
def loss_by_place_solution(losses, edges):
    means = [losses[:, a:b].mean() for a, b in zip(edges[:-1], edges[1:])]
    return np.array(means)


@EXERCISE.mutant
def loss_up_to_there(losses, edges):
    means = [losses[:, :b].mean() for a, b in zip(edges[:-1], edges[1:])]
    return np.array(means)


@EXERCISE.mutant
def edge_counted_twice(losses, edges):
    means = [losses[:, a : b + 1].mean() for a, b in zip(edges[:-1], edges[1:])]
    return np.array(means)


@EXERCISE.mutant
def losses_summed(losses, edges):
    return np.array([losses[:, a:b].sum() for a, b in zip(edges[:-1], edges[1:])])


@EXERCISE.mutant
def last_place_alone(losses, edges):
    return np.array([losses[:, b - 1].mean() for b in edges[1:]])


@EXERCISE.mutant
def texts_for_places(losses, edges):
    ranges = [losses[a:b] for a, b in zip(edges[:-1], edges[1:])]
    return np.array([texts.sum() / max(texts.size, 1) for texts in ranges])


@EXERCISE.mutant
def perplexity_for_loss(losses, edges):
    return np.array([np.exp(losses[:, a:b].mean()) for a, b in zip(edges[:-1], edges[1:])])


@EXERCISE.holds("a constant loss stays what it is")
def constant(call):
    out = call(np.full((5, 9), 2.5), np.array([0, 3, 9]))
    return None if np.allclose(out, 2.5) else f"2.5 everywhere, and the ranges have {text.numbers(out)}"


@EXERCISE.holds("what happens late in the text is not seen in the early ranges")
def separate(call):
    losses = np.zeros((5, 9))
    losses[:, 6:] = 3.0
    out = call(losses, np.array([0, 3, 6, 9]))
    return None if np.allclose(out, [0, 0, 3]) else f"losses 0, 0 and 3 became {text.numbers(out)}"


@EXERCISE.holds("every text and every position of a range counts alike, and no other")
def single_losses(call):
    for b, p in np.ndindex(3, 5):
        losses = np.zeros((3, 5))
        losses[b, p] = 1.0
        out = call(losses, np.array([1, 3]))
        if not np.allclose(out, [1 / 6 if 1 <= p < 3 else 0]):
            return f"a loss of 1 in text {b} of 3 at position {p}, and 0 elsewhere, gives {text.numbers(out)} for positions 1 and 2"
    return None

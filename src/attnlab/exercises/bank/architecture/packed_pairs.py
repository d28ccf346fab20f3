"""Masks for several sentence pairs packed into one row."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _tables(source, target, past=None):
    source, target = np.asarray(source), np.asarray(target)
    n = len(target)
    own = (target[:, None] == target) & (target != 0)
    own &= np.tri(n, dtype=bool) if past is None else past(n)
    return own, (target[:, None] == source) & (source != 0)


def _reference(source, target):
    """Cell by cell."""
    own = [[a == b != 0 and j <= i for j, b in enumerate(target)] for i, a in enumerate(target)]
    cross = [[a == b != 0 for b in source] for a in target]
    return np.array(own, dtype=bool).reshape(len(target), len(target)), np.array(cross, dtype=bool).reshape(len(target), len(source))


EXERCISE = Exercise(
    id="architecture.packed_pairs",
    title="Several pairs in one row",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/problems",
    statement=r"""
    To waste less padding, several sentence pairs are packed into one row of an encoder-decoder's batch: their sources one behind the other, their targets one behind the other. `source` ($m$) and `target` ($n$) tell which pair each token belongs to: 1, 2, 3, ..., and 0 for padding.

    Return the two masks of the decoder, True where a token may look: that of its self-attention ($n \times n$) and that of its cross-attention ($n \times m$). No pair may learn anything of another one, no target token anything of its own future, and nobody looks at padding. A padding token looks at nothing.

    A tiny example: `source = [1, 2, 2]`, `target = [1, 2, 0]`. The first target token sees itself, and the first source token; the second sees itself, and the last two source tokens; the third sees nothing.
    """,
    slot='''
    def packed_pairs(source, target):
        """The decoder's two masks for packed pairs; True = may look.

        source: (m,), target: (n,): the pair of each token, 0 for padding
        result: self-attention (n, n), cross-attention (n, m)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    parts=("self-attention", "cross-attention"),
    hints=(
        "Both masks are blocks: a token sees tokens of its own pair. One of the two has a triangle in each block.",
        r"A column of pairs compared with a row of pairs gives a table: `target[:, None] == source`. Padding would find padding in it, so the zeros have to be taken out.",
        "```python\nreal = ____ != 0\nown = (target[:, None] == target) & ____ & np.tri(len(target), dtype=bool)\ncross = (target[:, None] == ____) & ____\nreturn own, cross\n```",
    ),
    parsons=("triangle_in_both_masks", "padding_finds_padding"),
    why=r"""
    Who may look at whom is decided by the pair, and in self-attention by the order as well. The triangle can run over the whole row: within a pair the order is the same.

    **The two most common mistakes.** A triangle in the cross-attention too: places in two sequences are not comparable. Equal numbers taken for the same pair, though both are 0: padding then looks at padding, which does no harm to others, but the empty row was asked for.

    **Cost.** $n^2 + n\,m$ comparisons. What is saved is the padding; what is not saved are the scores between pairs, unless the kernel skips hidden blocks.
    """,
    verified="one, two, four and twelve pairs, padding in both rows, a source of one token, a pair without a target, and rows without padding.",
    next_thought="what has to happen to the positions, so that each pair is treated as if it stood alone?",
    reference=_reference,
)

EXERCISE.probe("2 pairs and padding", np.array([1, 1, 2, 2, 2, 0, 0]), np.array([1, 1, 1, 2, 0]))
EXERCISE.probe("4 pairs, no padding", np.array([1, 1, 2, 3, 3, 3, 4]), np.array([1, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4]))
EXERCISE.probe("1 pair", np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0]))
EXERCISE.probe("a pair without a target", np.array([1, 2, 3, 3]), np.array([1, 1, 3, 0]))
EXERCISE.probe("a source of one token", np.array([1]), np.array([1, 1, 1]))
EXERCISE.probe("pairs in falling order, 5 and 5", np.array([3, 3, 1, 1, 0]), np.array([3, 1, 1, 1, 0]))
EXERCISE.probe("12 pairs", np.repeat(np.arange(1, 13), 2), np.array([*range(1, 13), 12, 12, 0]))


@EXERCISE.solve
def packed_pairs_solution(source, target):
    own = (target[:, None] == target) & (target != 0)
    own = own & np.tri(len(target), dtype=bool)
    cross = (target[:, None] == source) & (source != 0)
    return own, cross


@EXERCISE.mutant
def triangle_in_both_masks(source, target):
    own = (target[:, None] == target) & (target != 0)
    own = own & np.tri(len(target), dtype=bool)
    cross = (target[:, None] == source) & (source != 0)
    cross = cross & np.tri(len(target), len(source), dtype=bool)
    return own, cross


@EXERCISE.mutant
def padding_finds_padding(source, target):
    own = target[:, None] == target
    own = own & np.tri(len(target), dtype=bool)
    cross = target[:, None] == source
    return own, cross


@EXERCISE.mutant
def no_triangle_within_a_pair(source, target):
    return _tables(source, target, lambda n: np.ones((n, n), dtype=bool))


@EXERCISE.mutant
def self_excluded(source, target):
    return _tables(source, target, lambda n: np.tri(n, k=-1, dtype=bool))


@EXERCISE.mutant
def pairs_see_each_other(source, target):
    real = target != 0
    return np.tri(len(target), dtype=bool) & real & real[:, None], (source != 0) & real[:, None]


@EXERCISE.mutant
def earlier_pairs_seen(source, target):
    own = np.tri(len(target), dtype=bool) & (target != 0) & (target[:, None] != 0)
    return own, (source <= target[:, None]) & (source != 0)


@EXERCISE.mutant
def pairs_separated_in_the_source_alone(source, target):
    real = target != 0
    return np.tri(len(target), dtype=bool) & real & real[:, None], _tables(source, target)[1]


@EXERCISE.mutant
def mask_inverted(source, target):
    own, cross = _tables(source, target)
    return ~own, ~cross


@EXERCISE.mutant
def looking_ahead(source, target):
    return _tables(source, target, lambda n: np.tri(n, dtype=bool).T)


@EXERCISE.holds("padding is seen by nobody and sees nothing")
def padding_is_out(call):
    own, cross = call(*EXERCISE.probes[0].arguments)
    own, cross = np.asarray(own), np.asarray(cross)
    seen = int(own[:, 4:].sum() + own[4:].sum() + cross[:, 5:].sum() + cross[4:].sum())
    return None if seen == 0 else f"{seen} such looks are allowed"


@EXERCISE.holds("each real token sees itself, and no later one")
def triangle(call):
    own = np.asarray(call(*EXERCISE.probes[1].arguments)[0])
    if not own.diagonal().all():
        return "a token does not see itself"
    return None if not np.triu(own, 1).any() else "a token sees a later one"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 0, 0], [0, 1, 1], [0, 0, 0]]), np.array([1, 2, 2]), np.array([1, 2, 0])))

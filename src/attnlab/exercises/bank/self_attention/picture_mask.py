"""A mask for cross-attention: every word looks at the patches of the last picture before it."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(pictures_before, n_pictures, patches):
    rows = np.zeros((len(pictures_before), n_pictures * patches), dtype=bool)
    for row, before in zip(rows, np.asarray(pictures_before).tolist()):
        row[max(before - 1, 0) * patches:before * patches] = True
    return rows


def _picture(n_pictures, patches):
    return np.arange(n_pictures * patches) // patches


def _before(pictures_before):
    return np.asarray(pictures_before)[:, None]


EXERCISE = Exercise(
    id="self_attention.picture_mask",
    title="Words that look at the last picture",
    level="apply",
    minutes=12,
    difficulty=2,
    page="self_attention/self_or_cross",
    headings=("Which mask?",),
    statement=r"""
    A text has pictures in it. Its words are the askers; the source is the pictures, one after the other, each as a row of `patches` vectors. Every word may look at **all patches of the last picture before it**, and at no other. A word before the first picture may look at nothing.

    You are given, for each of the $n$ words, how many pictures stand before it. Return the mask: boolean, $n \times (\text{n\_pictures} \cdot \text{patches})$, True where the word may look.

    A tiny example: *here* (picture) *a dog* (picture) *a cat* has `pictures_before = [0, 1, 1, 2, 2]`. With 2 pictures of 3 patches the row of *here* is False throughout, the rows of *a dog* allow the columns 0, 1, 2, those of *a cat* the columns 3, 4, 5.
    """,
    slot='''
    def picture_mask(pictures_before, n_pictures, patches):
        """True where a word may look at a patch: those of the last picture before it.

        pictures_before: (n,) whole numbers, n_pictures, patches: counts
        result: boolean, (n, n_pictures * patches)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Rows are words and columns are patches. How many True are there in a row, and which two counts are possible?",
        r"Patch number $j$ belongs to picture $\lfloor j / \text{patches} \rfloor$, counted from 0. A word with $b$ pictures before it wants the picture number $b - 1$.",
        "```python\npicture = np.arange(____) // ____\nreturn picture == ____[:, None] - ____\n```",
    ),
    parsons=("every_earlier_picture", "one_picture_ahead"),
    why=r"""
    One number for each column (its picture), one for each row (the picture it wants), compared. A word without a picture wants number $-1$, which no column has.

    **The two most common mistakes.** A triangle, as in self-attention: it compares the place of a word with the place of a patch, which are counted in different sequences. Counting pictures from 1 in one place and from 0 in the other.

    **Cost.** One comparison for each pair. Flamingo masks in this way, with 64 vectors made from each picture in place of its patches [Alayrac and others, 2022]; what was said about earlier pictures still reaches a word through the text before it, by self-attention.
    """,
    verified="five texts, among them one without a picture in front, one with a single patch a picture, one word alone, and pictures that nobody sees.",
    next_thought="a row without a True: which output does that word get, and why is that convenient if the output is added to the word's own vector?",
    reference=_reference,
)

EXERCISE.probe("5 words, 2 pictures of 3 patches", np.array([0, 1, 1, 2, 2]), 2, 3)
EXERCISE.probe("7 words, 3 pictures of 2 patches", np.array([1, 1, 2, 2, 2, 3, 3]), 3, 2)
EXERCISE.probe("6 words, 2 pictures of 3 patches", np.array([1, 1, 1, 2, 2, 2]), 2, 3)
EXERCISE.probe("5 words, 5 pictures of 1 patch", np.array([0, 2, 2, 4, 5]), 5, 1)
EXERCISE.probe("1 word before 2 pictures", np.array([0]), 2, 2)
EXERCISE.probe("3 words, 4 pictures of 5 patches, the last two unseen", np.array([1, 2, 2]), 4, 5)


@EXERCISE.solve
def picture_mask_solution(pictures_before, n_pictures, patches):
    picture = np.arange(n_pictures * patches) // patches
    return picture == pictures_before[:, None] - 1


@EXERCISE.mutant(evidence=text.allowed)
def every_earlier_picture(pictures_before, n_pictures, patches):
    picture = np.arange(n_pictures * patches) // patches
    return picture <= pictures_before[:, None] - 1


@EXERCISE.mutant(evidence=text.allowed)
def one_picture_ahead(pictures_before, n_pictures, patches):
    picture = np.arange(n_pictures * patches) // patches
    return picture == pictures_before[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def later_pictures_visible(pictures_before, n_pictures, patches):
    return (_picture(n_pictures, patches) >= _before(pictures_before) - 1) & (_before(pictures_before) > 0)


@EXERCISE.mutant(evidence=text.allowed)
def first_picture_for_all(pictures_before, n_pictures, patches):
    return (_picture(n_pictures, patches) == 0) & (_before(pictures_before) > 0)


@EXERCISE.mutant(evidence=text.allowed)
def patches_interleaved(pictures_before, n_pictures, patches):
    return np.arange(n_pictures * patches) % n_pictures == _before(pictures_before) - 1


@EXERCISE.mutant(evidence=text.allowed)
def one_patch_of_the_picture(pictures_before, n_pictures, patches):
    return np.arange(n_pictures * patches) == (_before(pictures_before) - 1) * patches


@EXERCISE.mutant(evidence=text.allowed)
def words_counted_as_patches(pictures_before, n_pictures, patches):
    return np.arange(n_pictures * patches) <= np.arange(len(pictures_before))[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def no_picture_taken_for_the_last(pictures_before, n_pictures, patches):
    return _picture(n_pictures, patches) == (_before(pictures_before) - 1) % n_pictures


@EXERCISE.mutant(evidence=text.allowed)
def no_picture_taken_for_the_first(pictures_before, n_pictures, patches):
    return _picture(n_pictures, patches) == np.maximum(_before(pictures_before), 1) - 1


@EXERCISE.mutant(evidence=text.allowed)
def no_mask(pictures_before, n_pictures, patches):
    return np.ones((len(pictures_before), n_pictures * patches), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(pictures_before, n_pictures, patches):
    return ~_reference(pictures_before, n_pictures, patches)


@EXERCISE.mutant
def mask_axes_swapped(pictures_before, n_pictures, patches):
    return _reference(pictures_before, n_pictures, patches).T


@EXERCISE.mutant
def mask_of_numbers(pictures_before, n_pictures, patches):
    return _reference(pictures_before, n_pictures, patches).astype(float)


@EXERCISE.holds("one row for each word, one column for each patch of each picture")
def shape_of_the_mask(call):
    mask = call(np.array([0, 1, 1, 2, 2]), 2, 3)
    return None if mask.shape == (5, 6) else f"{text.shape(mask)} for 5 words and 2 pictures of 3 patches"


@EXERCISE.holds("a word with a picture before it sees as many patches as a picture has")
def patches_seen(call):
    seen = np.asarray(call(np.array([1, 1, 2, 2, 2, 3, 3]), 3, 2)).sum(axis=-1)
    return None if (seen == 2).all() else f"pictures have 2 patches, your words see {text.numbers(seen)}"


@EXERCISE.holds("a word before the first picture sees nothing")
def blind_word(call):
    row = np.asarray(call(np.array([0, 1]), 2, 3))[0]
    return None if not row.any() else f"it sees {text.count(int(row.sum()), 'patch', 'patches')}"


@EXERCISE.holds("a word sees patches of one picture alone")
def one_picture(call):
    mask = np.asarray(call(np.array([0, 1, 2, 3]), 3, 4)).reshape(4, 3, 4)
    pictures = mask.any(axis=-1).sum(axis=-1)
    return None if (pictures <= 1).all() else f"the words see {text.numbers(pictures)} pictures"


@EXERCISE.holds("a word with two pictures before it sees the second, whatever word it is")
def by_hand(call):
    mask = np.asarray(call(np.array([1, 2, 2]), 3, 2))
    return None if mask[1].tolist() == mask[2].tolist() == [False, False, True, True, False, False] else \
        f"its row is {text.numbers(mask[1], 6)}"

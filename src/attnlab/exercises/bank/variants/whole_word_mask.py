"""Hide whole words: all pieces of a chosen word share its fate."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _hidden(ids, begins, choose, fate, drawn, mask, share=0.15, borders=(0.8, 0.9)):
    ids, word = np.asarray(ids), np.cumsum(begins) - 1
    chosen, luck = (np.asarray(choose) < share)[word], np.asarray(fate)[word]
    shown = np.where(luck < borders[0], mask, np.where(luck < borders[1], drawn, ids))
    return shown, chosen


def _reference(ids, begins, choose, fate, drawn, mask):
    shown, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


EXERCISE = Exercise(
    id="variants.whole_word_mask",
    title="Hide whole words",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/bert",
    headings=("Eighty, ten and ten",),
    statement=r"""
    If of *un*, *##believ*, *##able* the last piece alone is hidden, the other two give it away. So later versions of BERT hide **whole words**: all pieces of a word, or none.

    `begins[i]` says whether piece `i` begins a word; the first piece does. For each **word**, in order, two numbers between 0 and 1 were drawn: the word is chosen if `choose` is below 0.15. If it is, its `fate` holds for all its pieces: below 0.8 each of them becomes `mask`; from 0.8 up to but not including 0.9 each becomes the id that `drawn` holds at its own place; from 0.9 on they stay. (The texts hold no special tokens.)

    Return what the model reads, and the targets: the original id at every piece of a chosen word, 0 everywhere else.

    A tiny example: `ids = [7, 8, 9]`, `begins = [True, False, True]`, `choose = [0.1, 0.5]`, `fate = [0.3, 0.3]`, `drawn = [5, 5, 6]` and `mask = 4` give `[4, 4, 9]` and `[7, 8, 0]`.
    """,
    slot='''
    def whole_word_mask(ids, begins, choose, fate, drawn, mask):
        """What the model reads and what it has to say, for words that are hidden as a whole.

        ids, drawn: (n,) whole numbers; begins: (n,) booleans; choose, fate: (words,) between 0 and 1; mask: an id
        result: (n,), (n,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every piece needs to know which word it belongs to: 0 for the pieces of the first word, 1 for those of the second, and so on.",
        "The number of the word is the number of beginnings so far, minus one: a cumulative sum. Indexing `choose` and `fate` with it gives each piece what was drawn for its word.",
        "```python\nword = ____ - 1\nchosen = (choose < 0.15)[word]\nluck = fate[____]\nshown = np.where(luck < 0.8, ____, np.where(luck < 0.9, ____, ids))\n"
        "return np.where(____, shown, ids), np.where(____, ids, 0)\n```",
    ),
    parsons=("whole_word_first_piece_alone", "masked_unchanged_not_asked"),
    why=r"""
    Single pieces of a known word are easy to guess from their neighbours, and a guess that is too easy teaches nothing. With whole words the share of hidden tokens stays what it was, but the gaps are wider.

    **The two most common mistakes.** Asking only where something was changed: the tokens that stay are then no part of the loss, and the model may trust each word it reads. Hiding the piece that begins the word and leaving the others.

    **Cost.** One pass over the pieces, before the model sees them.
    """,
    verified="equal on texts of up to 23 pieces, with one word, with words of one piece, with no chosen word and with all of them, and at the borders 0.15, 0.8 and 0.9.",
    next_thought="a text has words of three pieces and words of one. Is the share of hidden pieces still 15 % on average?",
    reference=_reference,
    parts=("shown", "targets"),
)


def _case(seed, lengths, share=0.5):
    """A text whose words have these numbers of pieces; `share` of them are chosen."""
    rng, n = np.random.default_rng(seed), sum(lengths)
    begins = np.concatenate([np.arange(length) == 0 for length in lengths])
    choose = np.where(rng.random(len(lengths)) < share, 0.14 * rng.random(len(lengths)), 0.16 + 0.8 * rng.random(len(lengths)))
    return rng.integers(10, 40, n), begins, choose, rng.permutation(np.linspace(0.01, 0.99, len(lengths))), rng.integers(50, 90, n), 4


EXERCISE.probe("23 pieces in 11 words", *_case(0, (1, 3, 2, 1, 1, 4, 2, 3, 1, 2, 3)))
EXERCISE.probe("13 pieces in 5 words, all of them chosen", *_case(1, (2, 3, 1, 5, 2), 1.0))
EXERCISE.probe("7 words of one piece", *_case(2, (1,) * 7))
EXERCISE.probe("one word of 3 pieces, which stays", np.array([11, 12, 13]), np.array([True, False, False]), np.array([0.05]), np.array([0.95]), np.array([50, 51, 52]), 4)
EXERCISE.probe("one word, which is not chosen", np.array([11, 12]), np.array([True, False]), np.array([0.9]), np.array([0.1]), np.array([50, 51]), 103)
EXERCISE.probe("choose and fate at the borders", np.arange(10, 16), np.array([True, False, True, True, False, True]), np.array([0.15, 0.1, 0.0, 0.149]),
               np.array([0.1, 0.8, 0.9, 0.799]), np.arange(60, 66), 4)  # fmt: skip
EXERCISE.probe("17 pieces in 7 words, another id for the mask", *_case(3, (3, 1, 2, 4, 2, 2, 3))[:5], 103)
EXERCISE.probe("three words that become other words", np.arange(20, 26), np.array([True, True, False, False, True, False]), np.array([0.1, 0.02, 0.14]),
               np.array([0.85, 0.82, 0.89]), np.arange(70, 76), 4)  # fmt: skip
EXERCISE.probe("40 pieces in 19 words, one of seven", *_case(4, (1, 2, 7, 1, 1, 3, 1, 1, 2, 4, 1, 1, 2, 1, 3, 2, 2, 3, 2)))
EXERCISE.probe("mask 0, drawn zeros, and the mask's id in the text", np.array([4, 5, 0, 7, 8, 9]), np.array([True, False, True, True, True, True]),
               np.array([0.1, 0.3, 0.1, 0.02, 0.14]), np.array([0.2, 0.3, 0.85, 0.81, 0.95]), np.array([1, 2, 3, 0, 8, 5]), 0)
EXERCISE.probe("a visible mask in the text", np.array([4, 5, 4, 7]), np.array([True, True, False, True]), np.array([0.5, 0.1, 0.7]), np.array([0.2, 0.1, 0.85]),
               np.array([1, 2, 3, 6]), 4)
EXERCISE.probe("a drawn piece that is the piece itself", np.array([11, 12, 13]), np.array([True, True, False]), np.array([0.1, 0.12]), np.array([0.85, 0.86]),
               np.array([11, 50, 13]), 4)


@EXERCISE.solve
def whole_word_mask_solution(ids, begins, choose, fate, drawn, mask):
    word = np.cumsum(begins) - 1
    chosen = (choose < 0.15)[word]
    luck = fate[word]
    shown = np.where(luck < 0.8, mask, np.where(luck < 0.9, drawn, ids))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


@EXERCISE.mutant
def whole_word_first_piece_alone(ids, begins, choose, fate, drawn, mask):
    word = np.cumsum(begins) - 1
    chosen = (choose < 0.15)[word] & begins
    luck = fate[word]
    shown = np.where(luck < 0.8, mask, np.where(luck < 0.9, drawn, ids))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


@EXERCISE.mutant
def masked_unchanged_not_asked(ids, begins, choose, fate, drawn, mask):
    word = np.cumsum(begins) - 1
    chosen = (choose < 0.15)[word] & (fate[word] < 0.9)
    luck = fate[word]
    shown = np.where(luck < 0.8, mask, np.where(luck < 0.9, drawn, ids))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


@EXERCISE.mutant(evidence=text.values)
def masked_targets_everywhere(ids, begins, choose, fate, drawn, mask):
    return _reference(ids, begins, choose, fate, drawn, mask)[0], ids


@EXERCISE.mutant
def masked_every_chosen_one(ids, begins, choose, fate, drawn, mask):
    _, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    return np.where(chosen, mask, ids), np.where(chosen, ids, 0)


@EXERCISE.mutant
def masked_random_and_kept_exchanged(ids, begins, choose, fate, drawn, mask):
    _, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    luck = np.asarray(fate)[np.cumsum(begins) - 1]
    return np.where(chosen, np.where(luck < 0.8, mask, np.where(luck < 0.9, ids, drawn)), ids), np.where(chosen, ids, 0)


@EXERCISE.mutant
def masked_without_choosing(ids, begins, choose, fate, drawn, mask):
    shown, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    return shown, np.where(chosen, ids, 0)


@EXERCISE.mutant
def masked_above_the_share(ids, begins, choose, fate, drawn, mask):
    shown, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    return np.where(chosen, ids, shown), np.where(chosen, 0, ids)


@EXERCISE.mutant
def masked_last_pieces_given_away(ids, begins, choose, fate, drawn, mask):
    shown, chosen = _hidden(ids, begins, choose, fate, drawn, mask)
    chosen = chosen & (~np.asarray(begins) | np.append(np.asarray(begins)[1:], True))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


@EXERCISE.mutant
def masked_word_counted_from_one(ids, begins, choose, fate, drawn, mask):
    word = np.cumsum(begins) % len(choose)
    chosen, luck = (np.asarray(choose) < 0.15)[word], np.asarray(fate)[word]
    shown = np.where(luck < 0.8, mask, np.where(luck < 0.9, drawn, ids))
    return np.where(chosen, shown, ids), np.where(chosen, ids, 0)


@EXERCISE.holds("the pieces of a word are asked for together or not at all")
def together(call):
    ids, begins, *rest = _case(0, (1, 3, 2, 1, 1, 4, 2, 3, 1, 2, 3))
    asked, word = np.asarray(call(ids, begins, *rest)[1]) != 0, np.cumsum(begins) - 1
    torn = [w for w in range(11) if len(set(asked[word == w].tolist())) == 2]
    return f"{text.count(len(torn), 'word')} of 11 {'is' if len(torn) == 1 else 'are'} torn apart" if torn else None


EXERCISE.holds("the example of the statement comes out")(comes_out(
    ([4, 4, 9], [7, 8, 0]), np.array([7, 8, 9]), np.array([True, False, True]), np.array([0.1, 0.5]), np.array([0.3, 0.3]), np.array([5, 5, 6]), 4))

"""One step of training byte-pair encoding: which pair is joined next, counted over words with their counts."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _tally(words, counts, weight=lambda count: count, pairs=lambda word: zip(word, word[1:])):
    """How often each pair stands side by side; a dictionary keeps the order in which pairs are first met."""
    often = {}
    for word, count in zip(words, counts):
        for pair in pairs([int(i) for i in word]):
            often[pair] = often.get(pair, 0) + int(weight(count))
    return often


def _answer(pair, often):
    return np.array([*pair, often[pair]])


def _reference(words, counts):
    often = _tally(words, counts)
    return _answer(min(often, key=lambda pair: (-often[pair], pair[0], pair[1])), often)


EXERCISE = Exercise(
    id="architecture.next_merge",
    title="Which pair is joined next",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/training",
    headings=("Byte-level BPE",),
    statement=r"""
    A trainer of byte-level BPE does not walk through its corpus again and again. It keeps each *different* word once, as a tuple of ids, with the number of times the word comes. Given these `words` and their `counts`, find the pair that the next merge joins:

    - a pair is two neighbours *inside* a word, left id first; it counts at every place where it stands, so `(5, 5)` counts twice in `(5, 5, 5)`;
    - the pair that comes most often in the corpus wins; of several, the one with the smallest left id, and then the smallest right id.

    Return three numbers: left id, right id, and how often the pair comes in the corpus.

    A tiny example: `words = [(7, 4, 4), (4, 7)]` and `counts = [2, 3]` give `[4, 7, 3]`: the pair (4, 7) comes 3 times, (7, 4) and (4, 4) 2 times each.
    Some words may have a single id, but at least one pair comes.
    """,
    slot='''
    def next_merge(words, counts):
        """The pair that comes most often, with its count; of equal ones the smallest ids.

        words: tuples of ids, of different lengths
        counts: how often each word comes, whole numbers of at least 1
        result: three whole numbers: left id, right id, count
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Writing every word out as often as it comes, with a wall between words, must give the same answer.",
        "Fill a dictionary from pairs to counts. Then take the best key: the largest count, and among equal counts the smallest pair. Python compares tuples from the left.",
        "```python\noften = {}\nfor word, count in zip(words, counts):\n    for left, right in zip(word, ____):\n        often[left, right] = often.get((left, right), 0) + ____\n"
        "best = min(often, key=lambda pair: (____, pair))\nreturn np.array([*best, often[best]])\n```",
    ),
    parsons=("each_word_counted_once", "tie_to_the_largest_ids"),
    why=r"""
    A corpus of a billion words has a few million different ones, and most of its pairs are counted without looking at it twice. The rule for equal counts looks like a detail. Without one, the order of a dictionary or of the texts decides, and two people who train on one corpus get two tokenizers.

    **The two most common mistakes.** Counting each different word once: then a word that comes a million times teaches as much as a misspelling. Leaving ties to chance.

    **Cost.** Here, one pass over the different words for each merge. A trainer keeps the counts and changes only those of the words it just merged.
    """,
    verified="seventeen small corpora: equal counts of several kinds, runs of one id, single ids, ids of one to three digits, and words that come often beside long ones.",
    next_thought="after the merge, which counts have to be changed, and which words have to be looked at for that?",
    reference=_reference,
)

EXERCISE.probe("three words, no equal counts", ((3, 1, 2), (1, 2), (2, 3, 1)), (1, 5, 2))
EXERCISE.probe("a rare long word and a common short one", ((6, 2, 6, 2, 6, 2), (9, 4)), (1, 7))
EXERCISE.probe("equal counts: the left id decides", ((8, 3), (2, 9), (5, 1)), (4, 4, 4))
EXERCISE.probe("equal counts: the right id decides", ((4, 9), (4, 2), (4, 6), (7, 1)), (3, 3, 3, 2))
EXERCISE.probe("equal counts: the smallest pair comes last, the largest first", ((9, 8), (2, 7), (2, 5)), (2, 2, 2))
EXERCISE.probe("equal counts: neither the smallest sum nor the largest pair", ((8, 2), (3, 4), (2, 9)), (3, 3, 3))
EXERCISE.probe("equal counts: the longest word is not first", ((7, 1), (4, 6, 5), (2, 9)), (2, 2, 2))
EXERCISE.probe("a run of one id", ((5, 5, 5, 5), (1, 2)), (1, 2))
EXERCISE.probe("one word's end and the next one's beginning", ((1, 4), (3, 1), (3, 2, 1), (3, 9)), (3, 3, 3, 1))
EXERCISE.probe("words of a single id", ((6,), (6,), (2, 3), (3,)), (50, 40, 1, 60))
EXERCISE.probe("in few words but often in them", ((1, 2, 1, 2, 1, 2, 1, 2), (5, 6), (5, 6, 7)), (2, 2, 3))
EXERCISE.probe("the ids of the most frequent bytes are not the pair", ((0, 1, 0, 2, 0, 3, 0, 4), (8, 9)), (3, 4))
EXERCISE.probe("both orders of two ids", ((2, 1), (1, 2), (2, 1, 3)), (2, 3, 2))
EXERCISE.probe("equal counts: ids of one and two digits", ((10, 3), (9, 30), (9, 4)), (2, 2, 2))
EXERCISE.probe("ids above 255, and a pair that comes hundreds of times", ((300, 400), (5, 6), (6, 5)), (700, 600, 20))
EXERCISE.probe("equal counts: the smallest pair is in the longest word", ((8, 7), (9, 9, 2, 5), (7, 8, 7)), (2, 3, 1))
EXERCISE.probe("a run of one id, twice", ((5, 5, 5, 5), (1, 2)), (2, 1))


@EXERCISE.solve
def next_merge_solution(words, counts):
    often = {}
    for word, count in zip(words, counts):
        for left, right in zip(word, word[1:]):
            often[left, right] = often.get((left, right), 0) + count
    best = min(often, key=lambda pair: (-often[pair], pair))
    return np.array([*best, often[best]])


@EXERCISE.mutant(evidence=text.values)
def each_word_counted_once(words, counts):
    often = {}
    for word, count in zip(words, counts):
        for left, right in zip(word, word[1:]):
            often[left, right] = often.get((left, right), 0) + 1
    best = min(often, key=lambda pair: (-often[pair], pair))
    return np.array([*best, often[best]])


@EXERCISE.mutant(evidence=text.values)
def tie_to_the_largest_ids(words, counts):
    often = {}
    for word, count in zip(words, counts):
        for left, right in zip(word, word[1:]):
            often[left, right] = often.get((left, right), 0) + count
    best = max(often, key=lambda pair: (often[pair], pair))
    return np.array([*best, often[best]])


@EXERCISE.mutant(evidence=text.values)
def tie_to_the_pair_met_first(words, counts):
    often = _tally(words, counts)
    return _answer(max(often, key=often.get), often)


@EXERCISE.mutant(evidence=text.values)
def tie_by_the_right_id(words, counts):
    often = _tally(words, counts)
    return _answer(min(often, key=lambda pair: (-often[pair], pair[1], pair[0])), often)


@EXERCISE.mutant(evidence=text.values)
def pairs_across_words(words, counts):
    row = [int(i) for word, count in zip(words, counts) for _ in range(int(count)) for i in word]
    often = _tally([row], [1])
    return _answer(min(often, key=lambda pair: (-often[pair], pair)), often)


@EXERCISE.mutant(evidence=text.values)
def run_counted_without_overlap(words, counts):
    def pairs(word):
        last = -1
        for at, pair in enumerate(zip(word, word[1:])):
            if pair[0] == pair[1] and last == at - 1 and at and word[at - 1] == pair[0]:
                continue
            last = at
            yield pair
    often = _tally(words, counts, pairs=pairs)
    return _answer(min(often, key=lambda pair: (-often[pair], pair)), often)


@EXERCISE.mutant(evidence=text.values)
def pair_counted_once_a_word(words, counts):
    often = _tally(words, counts, pairs=lambda word: dict.fromkeys(zip(word, word[1:])))
    return _answer(min(often, key=lambda pair: (-often[pair], pair)), often)


@EXERCISE.mutant(evidence=text.values)
def pair_relative_to_its_parts(words, counts):
    often, single = _tally(words, counts), _tally(words, counts, pairs=lambda word: word)
    return _answer(min(often, key=lambda pair: (-often[pair] / (single[pair[0]] * single[pair[1]]), pair)), often)


@EXERCISE.mutant(evidence=text.values)
def pair_without_its_order(words, counts):
    often = _tally(words, counts, pairs=lambda word: (tuple(sorted(pair)) for pair in zip(word, word[1:])))
    return _answer(min(often, key=lambda pair: (-often[pair], pair)), often)


@EXERCISE.mutant(evidence=text.values)
def pair_of_neighbours_not_overlapping(words, counts):
    often = _tally(words, counts, pairs=lambda word: zip(word[::2], word[1::2]))
    return _answer(min(often, key=lambda pair: (-often[pair], pair)), often)


@EXERCISE.holds("a word that comes twice is the same as two words that come once")
def twice_is_two(call):
    one = np.asarray(call(((1, 2, 3), (4, 2, 3)), (2, 3))).ravel()
    two = np.asarray(call(((1, 2, 3), (4, 2, 3), (1, 2, 3), (4, 2, 3), (4, 2, 3)), (1, 1, 1, 1, 1))).ravel()
    return None if one.tolist() == two.tolist() else f"written out it is {text.numbers(two)}, with counts {text.numbers(one)}"


EXERCISE.holds("the example of the statement comes out")(comes_out([4, 7, 3], ((7, 4, 4), (4, 7)), (2, 3)))

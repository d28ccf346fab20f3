"""A new text cut into tokens by merges learned elsewhere."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _merge(tokens, pair, new):
    """Every place, from the left, where the pair stands, replaced by one new id; a new id is not used again."""
    out, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i:i + 2]) == tuple(pair)
        out.append(new if found else tokens[i])
        i += 2 if found else 1
    return out


def _ints(ids):
    return [int(i) for i in ids]


def _numbered(merges, first):
    return [(tuple(_ints(pair)), first + k) for k, pair in enumerate(merges)]


def _reference(ids, merges, first):
    ids = _ints(ids)
    for pair, new in _numbered(merges, first):
        ids = _merge(ids, pair, new)
    return np.array(ids)


EXERCISE = Exercise(
    id="start.apply_merges",
    title="The same merges, a new text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/tokens_and_embeddings",
    headings=("Merges: byte-pair encoding",),
    statement=r"""
    The page *learned* merges from a text. Now use them on another, as a tokenizer does, with ids in the place of characters. `ids` are those of the single characters, all below `first`. Take the `merges` **one after the other, in the order given**. Merge number $j$
    (from 0) is a pair of ids `(left, right)`: go through the text once, from left to right, and replace every `left` that is followed by `right` by the one new id `first + j`. An id just made is not part of another pair in the same pass.

    A tiny example, *banana* with b, a, n = 0, 1, 2: `ids = [0, 1, 2, 1, 2, 1]`, `merges = [(1, 2), (3, 1)]`, `first = 3` give `[0, 3, 4]`. After the first merge the text is `[0, 3, 3, 1]` (b, an, an, a); then the second *an* takes the *a*.
    There may be no merges, and merges that never apply; the text has at least one id.
    """,
    slot='''
    def apply_merges(ids, merges, first):
        """The ids of a text after all merges, in the order given.

        ids: (n,) whole numbers below first
        merges: pairs (left, right) of ids; merge j makes the id first + j
        result: (n or fewer,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Each replacement makes the text one shorter. Written out again, the new ids spell the old text: nothing is lost.",
        "Build a new list for each merge. Walk with an index: where the pair stands, append the new id and step two places on, otherwise append the id and step one.",
        "```python\nids = list(ids)\nfor j, (left, right) in enumerate(____):\n    joined, i = [], 0\n    while i < len(ids):\n        pair = ids[i:i + 2] == [____, ____]\n"
        "        joined.append(____ if pair else ids[i])\n        i += ____\n    ids = joined\nreturn np.array(ids)\n```",
    ),
    parsons=("merges_only_the_first_place", "merged_token_used_again"),
    why=r"""
    The list of merges *is* the tokenizer: the same text is always cut in the same way, and a word never seen falls apart into pieces that were.

    **The two most common mistakes.** Joining one place only. Ignoring the order: an early merge takes the characters that a later one would have needed, and the model has learned its rows for the tokens that come out in *this* order.

    **Cost.** One pass over the text for each merge. Real tokenizers have tens of thousands of merges and look for the earliest one that applies.
    """,
    verified="twelve texts, with none to five merges, overlapping ones, merges that never apply and repeated characters.",
    next_thought="what happens to a tokenizer's texts if one merge is removed from the middle of its list?",
    reference=_reference,
)

EXERCISE.probe("merges that build on each other", np.array([0, 1, 2, 1, 2, 1, 3, 0, 1, 2, 4, 1, 2, 1]), ((1, 2), (5, 1), (0, 5)), 5)
EXERCISE.probe("five merges", np.array([0, 1, 2, 3, 0, 1, 4, 5, 3, 0, 1, 4, 5, 6, 3, 0, 1, 2, 5]), ((0, 1), (4, 5), (7, 8), (7, 2), (2, 3)), 7)
EXERCISE.probe("a run of one character", np.array([0, 0, 0, 0, 0]), ((0, 0), (1, 1)), 1)
EXERCISE.probe("an odd run, one merge", np.array([1, 1, 1]), ((1, 1),), 2)
EXERCISE.probe("the order decides", np.array([0, 1, 2, 0, 1, 2]), ((1, 2), (0, 1), (0, 3)), 3)
EXERCISE.probe("a short early merge before a later one", np.array([0, 1, 2, 1, 0, 1]), ((1, 2), (0, 1)), 3)
EXERCISE.probe("a merge that needs a later one", np.array([0, 1, 2, 0, 1, 2]), ((4, 2), (0, 1)), 3)
EXERCISE.probe("first far above the ids of the text", np.array([0, 2, 1, 0, 2, 2, 1]), ((0, 2), (20, 1)), 20)
EXERCISE.probe("no merges", np.array([2, 0, 1]), (), 3)
EXERCISE.probe("one character", np.array([2]), ((0, 1),), 3)
EXERCISE.probe("the first does not apply", np.array([0, 1, 2, 3, 0, 1, 2, 4]), ((3, 3), (0, 1), (6, 2), (3, 7)), 5)
EXERCISE.probe("a long piece beside short ones", np.array([0, 1, 0, 1, 0, 1]), ((0, 1), (2, 2), (1, 0)), 2)


@EXERCISE.solve
def apply_merges_solution(ids, merges, first):
    ids = [int(i) for i in ids]
    for j, (left, right) in enumerate(merges):
        joined, i = [], 0
        while i < len(ids):
            pair = ids[i:i + 2] == [left, right]
            joined.append(first + j if pair else ids[i])
            i += 2 if pair else 1
        ids = joined
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def merges_only_the_first_place(ids, merges, first):
    ids = [int(i) for i in ids]
    for j, (left, right) in enumerate(merges):
        joined, i = [], 0
        while i < len(ids):
            pair = ids[i:i + 2] == [left, right] and first + j not in joined
            joined.append(first + j if pair else ids[i])
            i += 2 if pair else 1
        ids = joined
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def merged_token_used_again(ids, merges, first):
    ids = [int(i) for i in ids]
    for j, (left, right) in enumerate(merges):
        joined, i = [], 0
        while i < len(ids):
            pair = ids[i:i + 2] == [left, right]
            joined.append(first + j if pair else ids[i])
            i += 1
        ids = joined
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def merges_in_reverse_order(ids, merges, first):
    ids = _ints(ids)
    for pair, new in _numbered(merges, first)[::-1]:
        ids = _merge(ids, pair, new)
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def merges_from_the_right(ids, merges, first):
    ids = _ints(ids)
    for pair, new in _numbered(merges, first):
        ids = _merge(ids[::-1], pair[::-1], new)[::-1]
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def merges_repeated_until_nothing_changes(ids, merges, first):
    ids, before = _ints(ids), None
    while ids != before:
        before = ids
        for pair, new in _numbered(merges, first):
            ids = _merge(ids, pair, new)
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def longest_piece_first(ids, merges, first):
    ids, spelled = _ints(ids), {}
    for (left, right), new in _numbered(merges, first):
        spelled[new] = spelled.get(left, [left]) + spelled.get(right, [right])
    out, i = [], 0
    while i < len(ids):
        fits = [(len(piece), -new) for new, piece in spelled.items() if ids[i:i + len(piece)] == piece]
        size, name = max(fits, default=(1, -ids[i]))
        out.append(-name)
        i += size
    return np.array(out)


@EXERCISE.mutant(evidence=text.values)
def new_ids_counted_from_one(ids, merges, first):
    ids = _ints(ids)
    for pair, new in _numbered(merges, first):
        ids = _merge(ids, pair, new + 1)
    return np.array(ids)


@EXERCISE.mutant(evidence=text.values)
def first_merge_alone(ids, merges, first):
    return _reference(ids, list(merges)[:1], first)


@EXERCISE.mutant(evidence=text.values)
def stops_at_a_merge_that_does_not_apply(ids, merges, first):
    ids = _ints(ids)
    for pair, new in _numbered(merges, first):
        joined = _merge(ids, pair, new)
        if joined == ids:
            break
        ids = joined
    return np.array(ids)


def _spell(ids, merges, first):
    """The characters again."""
    for k in range(len(merges) - 1, -1, -1):
        ids = [part for i in ids for part in (merges[k] if i == first + k else (i,))]
    return ids


@EXERCISE.holds("written out again the text is the old one")
def nothing_is_lost(call):
    ids, merges = [0, 1, 2, 3, 0, 1, 4, 5, 3, 0, 1, 4, 5, 6], ((0, 1), (4, 5), (7, 8))
    made = _spell(_ints(np.asarray(call(np.array(ids), merges, 7)).ravel()), merges, 7)
    return None if made == ids else f"14 ids become {len(made)}, which begin {text.numbers(made)}"


EXERCISE.holds("banana becomes 0, 3, 4")(comes_out([0, 3, 4], np.array([0, 1, 2, 1, 2, 1]), ((1, 2), (3, 1)), 3))

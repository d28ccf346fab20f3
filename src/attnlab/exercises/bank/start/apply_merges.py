"""A new text cut into tokens by merges learned elsewhere."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _merge(tokens, left, right, most=None):
    """Every place, from the left, where `left` is followed by `right`, joined; a joined token is not used again."""
    out, i, done = [], 0, 0
    while i < len(tokens):
        if i + 1 < len(tokens) and (tokens[i], tokens[i + 1]) == (left, right) and done != most:
            out.append(left + right)
            i, done = i + 2, done + 1
        else:
            out.append(tokens[i])
            i += 1
    return out


def _reference(text, merges):
    tokens = list(text)
    for left, right in merges:
        tokens = _merge(tokens, left, right)
    return np.array(tokens)


EXERCISE = Exercise(
    id="start.apply_merges",
    title="The same merges, a new text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/tokens_and_embeddings",
    headings=("Merges: byte-pair encoding",),
    statement=r"""
    The page *learned* merges from a text. Now use them on another: cut `text` into single characters, then take the merges **one after the other, in the order given**. For each pair `(left, right)` go through the tokens once from left to right and
    join every `left` that is followed by `right`. A token just made is not joined again in the same pass. Return the list of tokens.

    A tiny example: `"banana"` with the merges `[("a", "n"), ("an", "a")]` gives `["b", "an", "ana"]`: first `b an an a`, and then the second `an` takes the `a`.
    The text may be empty of pairs, hold spaces, or be a single character; it is not empty.
    """,
    slot='''
    def apply_merges(text, merges):
        """The tokens of a text after all merges, in the order given.

        text: one string, at least one character
        merges: list of pairs of strings, (left, right)
        result: list of strings that joined give the text
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Joined together, the tokens are always the text: nothing is lost and nothing is added.",
        "Build a new list for each merge. Walk with an index: where the pair stands, append the joined token and step two places on, otherwise append the token and step one.",
        "```python\ntokens = list(text)\nfor left, right in ____:\n    joined, i = [], 0\n    while i < len(tokens):\n        if tokens[i:i + 2] == [____, ____]:\n"
        "            joined.append(____)\n            i += ____\n        else:\n            joined.append(tokens[i])\n            i += 1\n    tokens = joined\nreturn tokens\n```",
    ),
    parsons=("merges_only_the_first_place", "merged_token_used_again"),
    why=r"""
    The list of merges *is* the tokenizer: the same text is always cut in the same way, and a word never seen falls apart into pieces that were.

    **The two most common mistakes.** Joining one place only. Ignoring the order: an early merge takes the characters that a later one would have needed, and the model has learned its rows for the tokens that come out in *this* order.

    **Cost.** One pass over the text for each merge. Real tokenizers have tens of thousands of merges and look for the earliest one that applies.
    """,
    verified="ten texts, with none to five merges, overlapping ones, merges that never apply, spaces and repeated letters.",
    next_thought="what happens to a tokenizer's texts if one merge is removed from the middle of its list?",
    reference=_reference,
    returns="labels",
)

EXERCISE.probe("two merges that build on each other", "banana bandana", (("a", "n"), ("an", "a"), ("b", "an")))
EXERCISE.probe("five merges", "the thin thing then", (("t", "h"), ("i", "n"), ("th", "in"), ("th", "e"), ("e", " ")))
EXERCISE.probe("a run of equal letters", "aaaaa", (("a", "a"), ("aa", "aa")))
EXERCISE.probe("an odd run, one merge", "aaa", (("a", "a"),))
EXERCISE.probe("the order decides", "abcabc", (("b", "c"), ("a", "b"), ("a", "bc")))
EXERCISE.probe("a merge that needs a later one", "xyzxyz", (("xy", "z"), ("x", "y")))
EXERCISE.probe("no merges", "cat", ())
EXERCISE.probe("one character", "q", (("a", "b"),))
EXERCISE.probe("the first does not apply", "low lower", (("q", "u"), ("l", "o"), ("lo", "w"), (" ", "low")))
EXERCISE.probe("a long piece beside short ones", "ababab", (("a", "b"), ("ab", "ab"), ("b", "a")))


@EXERCISE.solve
def apply_merges_solution(text, merges):
    tokens = list(text)
    for left, right in merges:
        joined, i = [], 0
        while i < len(tokens):
            pair = tokens[i:i + 2] == [left, right]
            joined.append(left + right if pair else tokens[i])
            i += 2 if pair else 1
        tokens = joined
    return tokens


@EXERCISE.mutant
def merges_only_the_first_place(text, merges):
    tokens = list(text)
    for left, right in merges:
        joined, i = [], 0
        while i < len(tokens):
            pair = tokens[i:i + 2] == [left, right] and left + right not in joined
            joined.append(left + right if pair else tokens[i])
            i += 2 if pair else 1
        tokens = joined
    return tokens


@EXERCISE.mutant
def merged_token_used_again(text, merges):
    tokens = list(text)
    for left, right in merges:
        joined, i = [], 0
        while i < len(tokens):
            pair = tokens[i:i + 2] == [left, right]
            joined.append(left + right if pair else tokens[i])
            i += 1
        tokens = joined
    return tokens


@EXERCISE.mutant
def merges_in_reverse_order(text, merges):
    return _reference(text, list(merges)[::-1])


@EXERCISE.mutant
def merges_from_the_right(text, merges):
    tokens = list(text)
    for left, right in merges:
        tokens = [token[::-1] for token in _merge([t[::-1] for t in tokens[::-1]], right[::-1], left[::-1])][::-1]
    return np.array(tokens)


@EXERCISE.mutant
def merges_repeated_until_nothing_changes(text, merges):
    tokens, before = list(text), None
    while tokens != before:
        before = tokens
        for left, right in merges:
            tokens = _merge(tokens, left, right)
    return np.array(tokens)


@EXERCISE.mutant
def longest_piece_first(text, merges):
    pieces = sorted({*text, *(left + right for left, right in merges)}, key=len, reverse=True)
    tokens, i = [], 0
    while i < len(text):
        tokens.append(next(piece for piece in pieces if text.startswith(piece, i)))
        i += len(tokens[-1])
    return np.array(tokens)


@EXERCISE.mutant
def merges_cut_at_spaces(text, merges):
    words = [_reference(word, merges) for word in text.split()]
    return np.concatenate(words)


@EXERCISE.mutant
def first_merge_alone(text, merges):
    return _reference(text, list(merges)[:1])


@EXERCISE.mutant
def stops_at_a_merge_that_does_not_apply(text, merges):
    tokens = list(text)
    for left, right in merges:
        joined = _merge(tokens, left, right)
        if joined == tokens:
            break
        tokens = joined
    return np.array(tokens)


@EXERCISE.holds("joined together the tokens are the text")
def nothing_is_lost(call):
    made = "".join(np.asarray(call("the thin thing then", (("t", "h"), ("i", "n"), ("th", "in")))).tolist())
    return None if made == "the thin thing then" else f"'the thin thing then' became '{made}'"


@EXERCISE.holds("banana becomes b, an, ana")
def the_example(call):
    made = np.asarray(call("banana", (("a", "n"), ("an", "a")))).tolist()
    return None if made == ["b", "an", "ana"] else "it becomes " + ", ".join(made)

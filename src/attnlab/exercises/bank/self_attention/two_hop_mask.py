"""A mask to invent: few keys for each query, and yet everything within reach in two layers."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_tokens):
    width = int(np.ceil(np.sqrt(n_tokens)))
    block = np.arange(n_tokens) // width
    last_of_block = np.arange(n_tokens) % width == width - 1
    return np.tri(n_tokens, dtype=bool) & ((block == block[:, None]) | last_of_block)


EXERCISE = Exercise(
    id="self_attention.two_hop_mask",
    title="Invent a mask: everything within two steps",
    level="create",
    minutes=25,
    difficulty=3,
    page="self_attention/masks",
    headings=("Masks as functions of positions",),
    statement=r"""
    A causal mask allows about $n^2/2$ pairs. Invent one that allows far fewer, and through which **two** layers still carry everything forward. Return a
    boolean table (`n_tokens`, `n_tokens`) with these properties; many answers are right, and nothing else is checked:

    1. nobody sees the future, and every token sees itself;
    2. no token sees more than $2\lceil\sqrt n\,\rceil$ keys;
    3. from every token every earlier one is reached in at most two steps: for all $j \le i$ there is some $t$ such that $i$ sees $t$ and $t$ sees $j$.

    With 4 tokens nobody may see more than 4 keys, so the causal mask will do. With 25 tokens the limit is 10.
    """,
    slot='''
    def two_hop_mask(n_tokens):
        """A sparse causal mask through which two steps reach every earlier token.

        result: boolean, (n_tokens, n_tokens), at most 2 ceil(sqrt(n_tokens)) true entries a row
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Think of a parcel service. Your own neighbourhood you know directly; every other neighbourhood has *one* post office, which knows "
        "everybody in it.",
        r"Cut the text into blocks of width $b = \lceil\sqrt n\,\rceil$. Token $i$ sees its own block, and one token of each earlier block: the one that has "
        "seen its whole block.",
        "```python\nwidth = int(np.ceil(np.sqrt(n_tokens)))\nblock = np.arange(n_tokens) // width\n"
        "office = np.arange(n_tokens) % width == ____\n"
        "near_or_office = (____ == ____) | office\nreturn np.tri(n_tokens, dtype=bool) & near_or_office\n```",
    ),
    parsons=("first_of_block_for_last", "not_causal"),
    why=r"""
    The last token of a block has seen the whole block (it is causal), so it can pass everything on. A query sees at most $b$ tokens of its own block and one
    from each of at most $b - 1$ earlier blocks.

    **The two most common mistakes.** Making the *first* token of a block its post office: under a causal mask it has seen only itself. A plain window of the
    allowed width: two steps reach twice the window, and not the beginning.

    **Cost.** About $n \sqrt n$ pairs instead of $n^2 / 2$: for $n = 10{,}000$ that is 1 million instead of 50 million.
    """,
    verified="all three properties, for thirteen lengths from 1 to 225 tokens.",
    next_thought="with three steps, how few keys could each token get by with?",
    reference=_reference,
    returns="masks",
    judged_by="properties",
)

SIZES = (5, 23, 25, 50, 1, 2, 3, 4, 17, 26, 37, 101)
EXERCISE.probe("23 tokens", 23)
EXERCISE.probe("25 tokens", 25)
EXERCISE.probe("1 token", 1)


@EXERCISE.solve
def two_hop_mask_solution(n_tokens):
    width = int(np.ceil(np.sqrt(n_tokens)))
    block = np.arange(n_tokens) // width
    office = np.arange(n_tokens) % width == width - 1
    near_or_office = (block == block[:, None]) | office
    return np.tri(n_tokens, dtype=bool) & near_or_office


@EXERCISE.mutant(evidence=text.allowed)
def first_of_block_for_last(n_tokens):
    width = int(np.ceil(np.sqrt(n_tokens)))
    block = np.arange(n_tokens) // width
    office = np.arange(n_tokens) % width == 0
    near_or_office = (block == block[:, None]) | office
    return np.tri(n_tokens, dtype=bool) & near_or_office


@EXERCISE.mutant(evidence=text.allowed)
def not_causal(n_tokens):
    width = int(np.ceil(np.sqrt(n_tokens)))
    block = np.arange(n_tokens) // width
    office = np.arange(n_tokens) % width == width - 1
    return (block == block[:, None]) | office


@EXERCISE.mutant(evidence=text.allowed)
def plain_window(n_tokens):
    distance = np.arange(n_tokens)[:, None] - np.arange(n_tokens)
    return (distance >= 0) & (distance < 2 * np.ceil(np.sqrt(n_tokens)))


@EXERCISE.mutant(evidence=text.allowed)
def full_causal(n_tokens):
    return np.tri(n_tokens, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def blocks_for_windows(n_tokens):
    block = np.arange(n_tokens) // int(np.ceil(np.sqrt(n_tokens)))
    return np.tri(n_tokens, dtype=bool) & (block == block[:, None])


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n_tokens):
    return _reference(n_tokens) & ~np.eye(n_tokens, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def first_token_for_all(n_tokens):
    distance = np.arange(n_tokens)[:, None] - np.arange(n_tokens)
    near = (distance >= 0) & (distance < np.ceil(np.sqrt(n_tokens)))
    return near | (np.arange(n_tokens) == 0)


@EXERCISE.holds("nobody sees the future, and the table is square and boolean")
def no_future(call):
    for n in SIZES:
        out = call(n)
        if out.shape != (n, n) or out.dtype != bool:
            return f"with {n} tokens the table is {text.shape(out)}, {out.dtype.name}"
        if np.triu(out, 1).any():
            return f"with {n} tokens, {int(np.triu(out, 1).sum())} pairs look ahead"
    return None


@EXERCISE.holds("every token sees itself")
def sees_itself(call):
    bad = next((n for n in SIZES if not np.diag(call(n)).all()), None)
    return None if bad is None else f"with {bad} tokens, {int((~np.diag(call(bad))).sum())} do not"


@EXERCISE.holds("no token sees more than 2 ceil(sqrt(n)) keys")
def few_keys(call):
    for n in (*SIZES, 225):
        most, limit = int(call(n).sum(axis=-1).max()), 2 * int(np.ceil(np.sqrt(n)))
        if most > limit:
            return f"with {n} tokens one sees {most} keys, the limit is {limit}"
    return None


@EXERCISE.holds("two steps reach every earlier token")
def two_steps(call):
    for n in SIZES:
        step = call(n).astype(float)
        missing = np.argwhere(np.tri(n, dtype=bool) & (step @ step == 0))
        if len(missing):
            return f"with {n} tokens {len(missing)} pairs are out of reach, the first from {missing[0][0]} to {missing[0][1]}"
    return None

"""Queries and keys of two heads to invent: one looks left, the other right, on a ring."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_tokens):
    angle = 2 * np.pi * np.arange(n_tokens) / n_tokens
    step, size = 2 * np.pi / n_tokens, 8 * n_tokens**2
    keys = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    asked = [np.stack([np.cos(angle + s), np.sin(angle + s)], axis=1) for s in (-step, step)]
    return size * np.stack(asked), np.stack([keys, keys])


EXERCISE = Exercise(
    id="multi_head.two_relations",
    title="Two heads for two neighbours",
    level="create",
    minutes=20,
    difficulty=3,
    page="multi_head/why_many_heads",
    headings=("The idea in 60 seconds", "One average, two questions"),
    statement=r"""
    The tokens stand on a ring: token 0 is the right neighbour of the last one. Invent queries and keys for **two** heads, so that head 0 looks at the left neighbour and head 1 at the right one. Attention is as always, $\operatorname{softmax}(Q K^\top / \sqrt{d_k})$ in each head, with no mask. You choose the width. Only this is checked:

    1. $Q$ and $K$ have the shape (2, `n_tokens`, $d_k$) and finite entries;
    2. in head 0 the weight on the left neighbour, and in head 1 the weight on the right one, is above 0.9 for every token, for 3, 5, 17 and 40 tokens. If you draw random numbers, fix their seed: two calls must give the same.

    A tiny example: with 3 tokens, token 0 has token 2 on its left and token 1 on its right.
    """,
    slot='''
    def two_relations(n_tokens):
        """Queries and keys of two heads, one for each neighbour.

        result: q and k, both (2, n_tokens, d_k), for a width of your choice
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("q", "k"),
    hints=(
        "Give each place a key of its own. The two heads can have the same keys and differ in what they ask for.",
        r"With one-hot keys, the query of token $i$ in head 0 is $c\, e_{i-1}$, with $-1$ meaning the last place. Choose $c$ so that $e^{c/\sqrt{d_k}}$ beats all $n - 1$ other places together.",
        "```python\nkeys = np.eye(n_tokens)\nstrength = 10 * np.sqrt(n_tokens)\nleft = np.roll(keys, ____, axis=1)\nright = np.roll(keys, ____, axis=1)\n"
        "return strength * np.stack([____, ____]), np.stack([____, ____])\n```",
    ),
    parsons=("neighbours_exchanged", "heads_too_soft"),
    why=r"""
    Two heads with the same keys ask for different places. Their outputs stand side by side, so that a reader can tell the neighbours apart.

    **The two most common mistakes.** One set of queries that asks for both places, which makes two equal averages. A strength that does not grow with $\sqrt{d_k}$: it works for 3 tokens and not for 40.

    **Cost.** One-hot places need $d_k = n$. On a circle two numbers do, $(\cos, \sin)$ of the place, with longer and longer queries as the places move together.
    """,
    verified="both properties, for 3, 5, 17 and 40 tokens.",
    next_thought="how would you let head 1 look at the token that has the same symbol as the left neighbour?",
    reference=_reference,
    judged_by="properties",
)

EXERCISE.probe("17 tokens", 17)
EXERCISE.probe("5 tokens", 5)
EXERCISE.probe("3 tokens", 3)
EXERCISE.probe("40 tokens", 40)


@EXERCISE.solve
def two_relations_solution(n_tokens):
    keys = np.eye(n_tokens)
    strength = 10 * np.sqrt(n_tokens)
    left = np.roll(keys, -1, axis=1)
    right = np.roll(keys, 1, axis=1)
    return strength * np.stack([left, right]), np.stack([keys, keys])


@EXERCISE.mutant
def neighbours_exchanged(n_tokens):
    keys = np.eye(n_tokens)
    strength = 10 * np.sqrt(n_tokens)
    left = np.roll(keys, 1, axis=1)
    right = np.roll(keys, -1, axis=1)
    return strength * np.stack([left, right]), np.stack([keys, keys])


@EXERCISE.mutant
def heads_too_soft(n_tokens):
    keys = np.eye(n_tokens)
    strength = 10
    left = np.roll(keys, -1, axis=1)
    right = np.roll(keys, 1, axis=1)
    return strength * np.stack([left, right]), np.stack([keys, keys])


def _ask(n_tokens, *steps):
    keys = np.eye(n_tokens)
    asked = [sum(np.roll(keys, s, axis=1) for s in np.atleast_1d(step)) for step in steps]
    return 10 * np.sqrt(n_tokens) * np.stack(asked), np.stack([keys, keys])


@EXERCISE.mutant
def one_head_for_both(n_tokens):
    return _ask(n_tokens, (-1, 1), (-1, 1))


@EXERCISE.mutant
def both_heads_left(n_tokens):
    return _ask(n_tokens, -1, -1)


@EXERCISE.mutant
def ends_left_open(n_tokens):
    keys = np.eye(n_tokens)
    asked = np.stack([np.eye(n_tokens, k=-1), np.eye(n_tokens, k=1)])
    return 10 * np.sqrt(n_tokens) * asked, np.stack([keys, keys])


@EXERCISE.mutant
def itself_instead(n_tokens):
    return _ask(n_tokens, 0, 0)


@EXERCISE.mutant
def queries_and_keys_swapped(n_tokens):
    q, k = _ask(n_tokens, -1, 1)
    return k, q


@EXERCISE.holds("q and k have two heads, a row for each token, one width, and finite entries")
def shapes_fit(call):
    for n in (3, 5, 17, 40):
        q, k = call(n)
        if q.shape != k.shape or q.ndim != 3 or q.shape[:2] != (2, n):
            return f"for {n} tokens they are {text.shape(q)} and {text.shape(k)}"
        if not (np.isfinite(q).all() and np.isfinite(k).all()):
            return f"for {n} tokens some entries are NaN or infinite"
    return None


@EXERCISE.holds("head 0 looks left and head 1 looks right, all round the ring")
def looks_both_ways(call):
    for n in (5, 3, 17, 40):
        weights, place = reference.attention_weights(*call(n)), np.arange(n)
        for head, step in ((0, -1), (1, 1)):
            there = weights[head, place, (place + step) % n]
            if not there.min() > 0.9:
                worst = int(there.argmin())
                return (f"with {n} tokens head {head} gives token {worst}'s neighbour {text.number(there[worst])}; "
                        f"it looks most at token {int(weights[head, worst].argmax())}")
    return None

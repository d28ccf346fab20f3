"""A mask to design: a prefix that is read both ways, and a continuation that is not."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_tokens, n_prefix):
    positions = np.arange(n_tokens)
    return (positions <= positions[:, None]) | (positions < n_prefix)


EXERCISE = Exercise(
    id="self_attention.prefix_mask",
    title="Design a mask: a prefix read both ways",
    level="create",
    minutes=15,
    difficulty=2,
    page="self_attention/masks",
    headings=("Masks as functions of positions",),
    statement=r"""
    A question is known before the answer begins. So let the first `n_prefix` tokens, the question, look at **each other** in both
    directions, while the rest, the answer, is written from left to right. Design the boolean mask (`n_tokens`, `n_tokens`) with these properties,
    which are all that is checked:

    1. prefix tokens see the whole prefix and nothing behind it;
    2. later tokens see the whole prefix, all later tokens before them, and themselves;
    3. with an empty prefix it is the causal mask; when everything is prefix, it hides nothing.

    With 3 tokens and a prefix of 2, tokens 0 and 1 see keys 0 and 1, and token 2 sees all three.
    """,
    slot='''
    def prefix_mask(n_tokens, n_prefix):
        """True where a token may look: the prefix for all, the past for the rest.

        result: boolean, (n_tokens, n_tokens)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Two permissions meet here, and *either* of them is enough. Which two?",
        r"Query $i$ may look at key $j$ if $j \le i$, or if $j < n_{\text{prefix}}$.",
        "```python\npositions = np.arange(n_tokens)\ncausal = ____\nprefix = positions < ____\nreturn causal ____ prefix\n```",
    ),
    parsons=("only_causal_and_prefix", "one_token_too_many"),
    why=r"""
    Masks that must *both* hold are joined with `&`; permissions of which *one* is enough are joined with `|`. The prefix is a condition on the key alone, so it
    has one row, and NumPy stretches it.

    **The two most common mistakes.** Joining with `&`: the later tokens lose each other. Making the *rows* of the prefix all true: the question then
    reads its own answer, and the training loss looks wonderful.

    **Cost.** That of any mask. Unlike a causal model's cache, a prefix's cache can only be computed when the whole prefix is there.
    """,
    verified="all three properties, for texts of 1, 2, 5, 7 and 11 tokens and every prefix from none to everything.",
    next_thought="two documents in one row that must not see each other: which condition joins in, and with & or with |?",
    reference=_reference,
    returns="masks",
    judged_by="properties",
)

EXERCISE.probe("7 tokens, a prefix of 3", 7, 3)
EXERCISE.probe("5 tokens, no prefix", 5, 0)
EXERCISE.probe("11 tokens, a prefix of 5", 11, 5)


@EXERCISE.solve
def prefix_mask_solution(n_tokens, n_prefix):
    positions = np.arange(n_tokens)
    causal = positions <= positions[:, None]
    prefix = positions < n_prefix
    return causal | prefix


@EXERCISE.mutant(evidence=text.allowed)
def prefix_ignored(n_tokens, n_prefix):
    return np.tri(n_tokens, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def no_mask(n_tokens, n_prefix):
    return np.ones((n_tokens, n_tokens), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def only_causal_and_prefix(n_tokens, n_prefix):
    positions = np.arange(n_tokens)
    causal = positions <= positions[:, None]
    prefix = positions < n_prefix
    return causal & prefix


@EXERCISE.mutant(evidence=text.allowed)
def prefix_sees_the_answer(n_tokens, n_prefix):
    positions = np.arange(n_tokens)
    return (positions <= positions[:, None]) | (positions < n_prefix)[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def one_token_too_many(n_tokens, n_prefix):
    positions = np.arange(n_tokens)
    causal = positions <= positions[:, None]
    prefix = positions <= n_prefix
    return causal | prefix


@EXERCISE.mutant(evidence=text.allowed)
def answer_cannot_see_the_prefix(n_tokens, n_prefix):
    inside = np.arange(n_tokens) < n_prefix
    return np.where(inside[:, None], inside, np.tri(n_tokens, dtype=bool) & ~inside)


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n_tokens, n_prefix):
    return np.tri(n_tokens, k=-1, dtype=bool) | (np.arange(n_tokens) < n_prefix)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(n_tokens, n_prefix):
    return ~_reference(n_tokens, n_prefix)


@EXERCISE.mutant
def mask_axes_swapped(n_tokens, n_prefix):
    return _reference(n_tokens, n_prefix).T


CASES = [(n, p) for n in (7, 11, 5, 2, 1) for p in range(n + 1)]


@EXERCISE.mutant
def mask_of_numbers(n_tokens, n_prefix):
    return _reference(n_tokens, n_prefix).astype(float)


@EXERCISE.mutant(evidence=text.allowed)
def one_token_too_few(n_tokens, n_prefix):
    return _reference(n_tokens, n_prefix - 1)


@EXERCISE.holds("the answer is a square boolean table")
def square(call):
    for n, p in CASES:
        out = call(n, p)
        if out.dtype != bool:
            return f"its entries are {text.number(out.flat[0])} and the like"
        if out.shape != (n, n):
            return f"{text.shape(out)} for {n} tokens"
    return None


@EXERCISE.holds("prefix tokens see the whole prefix and nothing behind it")
def inside_the_prefix(call):
    for n, p in CASES:
        rows = call(n, p)[:p]
        if not rows[:, :p].all():
            return f"with {n} tokens and a prefix of {p} they see {int(rows[:, :p].sum())} of {p * p} pairs inside it"
        if rows[:, p:].any():
            return f"with {n} tokens and a prefix of {p} they see {int(rows[:, p:].sum())} pairs behind it"
    return None


@EXERCISE.holds("later tokens see the whole prefix")
def rest_sees_the_prefix(call):
    for n, p in CASES:
        seen, pairs = int(call(n, p)[p:, :p].sum()), (n - p) * p
        if seen != pairs:
            return f"with {n} tokens and a prefix of {p} they see {seen} of {pairs} pairs"
    return None


@EXERCISE.holds("later tokens see each other causally, themselves included")
def rest_is_causal(call):
    for n, p in CASES:
        rest, right = call(n, p)[p:, p:], np.tri(n - p, dtype=bool)
        if (rest != right).any():
            return f"with {n} tokens and a prefix of {p} they see {int(rest.sum())} pairs, expected {int(right.sum())}"
    return None


@EXERCISE.holds("the extremes are the causal mask and no mask")
def extremes(call):
    for n in (7, 2, 1):
        if (call(n, 0) != np.tri(n, dtype=bool)).any():
            return f"without a prefix {int(call(n, 0).sum())} pairs of {n} tokens are allowed, expected {n * (n + 1) // 2}"
        if not call(n, n).all():
            return f"when all {n} tokens are prefix, something is hidden"
    return None

"""Queries and keys to invent: a head that looks one token back."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_tokens):
    keys = np.eye(n_tokens)
    queries = 10 * np.sqrt(n_tokens) * np.roll(keys, -1, axis=1)
    return queries, keys


EXERCISE = Exercise(
    id="self_attention.previous_token",
    title="Invent queries and keys: look one token back",
    level="create",
    minutes=20,
    difficulty=3,
    page="self_attention/why_scale",
    headings=(r"Why divide by $\sqrt{d_k}$?",),
    statement=r"""
    Trained models contain heads that look at the token just before. Build one by hand: invent queries and keys for `n_tokens` tokens so that in

    $$A = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right)$$

    every token except the first puts a weight above 0.9 on the token **before** it. No mask is used. You choose the width $d_k$. Many answers are right; only this is checked:

    1. $Q$ and $K$ have `n_tokens` rows and the same width, and all entries are finite;
    2. the weight of token $i - 1$ in row $i$ is above 0.9, for 2, 5, 17 and 50 tokens.
    """,
    slot='''
    def previous_token(n_tokens):
        """Queries and keys with which every token looks at the one before it.

        result: q and k, both (n_tokens, d_k), for a width d_k of your choice
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("q", "k"),
    hints=(
        "Give every position a key that no other position has anything in common with. Then ask for the one you want.",
        r"With one-hot keys, $k_j = e_j$, and $q_i = c\, e_{i-1}$, the score of the right key is $c / \sqrt{d_k}$ and all others are 0; its weight is "
        r"$e^{c/\sqrt{d_k}} / (e^{c/\sqrt{d_k}} + n - 1)$.",
        "```python\nkeys = np.eye(n_tokens)\nqueries = ____ * np.eye(n_tokens, k=____)\nreturn queries, keys\n```\n\n"
        "How large must the factor be so that it survives both the scale and $n - 1$ competitors?",
    ),
    parsons=("scale_forgotten", "next_token_instead"),
    why=r"""
    Position $j$ has the key $e_j$, and the query of $i$ asks for $e_{i-1}$. The factor contains $\sqrt{d_k}$, because the scale will divide by it, and 10, because $e^{10}$ beats all
    competitors together up to 2,000 tokens.

    **The two most common mistakes.** Forgetting that the scale divides by $\sqrt{d_k}$: it works for 5 tokens and not for 50. Shifting the wrong way, so that every token looks ahead.

    **Cost.** One-hot positions need $d_k = n$. Sines and cosines do nearly the same in far fewer dimensions, which is what positional encodings are about.
    """,
    verified="both properties, for 2, 5, 17 and 50 tokens.",
    next_thought="what does the first token look at in your construction, and would you like it to?",
    reference=_reference,
    judged_by="properties",
)

EXERCISE.probe("17 tokens", 17)
EXERCISE.probe("5 tokens", 5)


@EXERCISE.solve
def previous_token_solution(n_tokens):
    keys = np.eye(n_tokens)
    queries = 10 * np.sqrt(n_tokens) * np.eye(n_tokens, k=-1)
    return queries, keys


@EXERCISE.mutant
def scale_forgotten(n_tokens):
    keys = np.eye(n_tokens)
    queries = 10 * np.eye(n_tokens, k=-1)
    return queries, keys


@EXERCISE.mutant
def next_token_instead(n_tokens):
    keys = np.eye(n_tokens)
    queries = 10 * np.sqrt(n_tokens) * np.eye(n_tokens, k=1)
    return queries, keys


@EXERCISE.mutant
def itself_instead(n_tokens):
    return 10 * np.sqrt(n_tokens) * np.eye(n_tokens), np.eye(n_tokens)


@EXERCISE.mutant
def one_hot_too_small(n_tokens):
    return np.eye(n_tokens, k=-1), np.eye(n_tokens)


@EXERCISE.mutant
def queries_and_keys_swapped(n_tokens):
    return np.eye(n_tokens), 10 * np.sqrt(n_tokens) * np.eye(n_tokens, k=-1)


@EXERCISE.mutant
def position_as_a_number(n_tokens):
    positions = np.arange(n_tokens, dtype=float)[:, None]
    return 10 * (positions - 1), positions


@EXERCISE.holds("q and k have a row for each token, one width, and finite entries")
def shapes_fit(call):
    for n in (5, 17):
        q, k = call(n)
        if q.shape != k.shape or q.ndim != 2 or len(q) != n:
            return f"for {n} tokens they are {text.shape(q)} and {text.shape(k)}"
        if not (np.isfinite(q).all() and np.isfinite(k).all()):
            return f"for {n} tokens some entries are NaN or infinite"
    return None


@EXERCISE.holds("every token but the first looks at the one before it")
def looks_back(call):
    for n in (5, 2, 17, 50):
        weights = reference.attention_weights(*call(n))
        least = np.diag(weights, -1).min()
        if not least > 0.9:
            favourite = int(weights[1].argmax())
            return f"with {n} tokens the smallest of these weights is {text.number(least)}; token 1 looks most at {favourite}"
    return None

"""Move the unfolding of keys over to the queries."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference.heads import merge_heads, split_heads

EXERCISE = Exercise(
    id="multi_head.absorb",
    title="Absorb the unfolding",
    level="apply",
    minutes=10,
    difficulty=3,
    page="multi_head/sharing",
    headings=("One vector for all heads",),
    statement=r"""
    In latent attention the keys of head $h$ are $C\,U^h$: one latent vector a token, $C$ ($m \times d_{\text{latent}}$), unfolded by the head's own columns of `w_up`. Change the *queries* instead, so that they can be compared with the latents directly: return $Q'^h$ with $Q'^h C^\top = Q^h (C\,U^h)^\top$ for every $C$.

    A tiny example: one head of width 1, `q` = `[[[3]]]`, `w_up` = `[[1], [2]]` gives `[[[3, 6]]]`.
    """,
    slot='''
    def absorb(q, w_up):
        """Queries that can be compared with latents.

        q: (H, n, d_head), w_up: (d_latent, H * d_head); result: (H, n, d_latent)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Compared with any latents, your queries must give the same scores as the old queries with the unfolded keys.",
        r"$Q (C U)^\top = Q\, U^\top C^\top$, so $Q' = Q\, U^\top$, head by head, with the head's own run of columns.",
        "```python\nn_heads, n, d_head = q.shape\nper_head = w_up.reshape(-1, ____, ____)\nreturn np.einsum('hnd,____->hnl', q, per_head)\n```",
    ),
    parsons=("columns_in_turns", "first_columns_for_all"),
    why=r"""
    A product of three matrices may be bracketed as one likes. Unfolding $m$ keys is replaced by one product for each query.

    **The two most common mistakes.** Dealing the columns out in turns. Using an inverse where a transpose is needed.

    **Cost.** Scores then compare vectors of width $d_{\text{latent}}$ instead of $d_{\text{head}}$, which is more arithmetic; but nothing has to be unfolded, and all heads read the same few bytes.
    """,
    verified="equal to the definition for 3, 5 and 1 heads, narrower and wider than the latent.",
    next_thought="where would a rotation of the keys by their position stand in this product, and why can it not be absorbed?",
    reference=lambda q, w_up: q @ split_heads(w_up, len(q)).swapaxes(-1, -2),
)

_rng = np.random.default_rng(7)
_q, _up, _c = _rng.normal(size=(3, 5, 7)), _rng.normal(size=(11, 21)) / 3, _rng.normal(size=(13, 11))
EXERCISE.probe("3 heads of width 7, latent of width 11", _q, _up)
EXERCISE.probe("5 heads of width 2, latent of width 3", _rng.normal(size=(5, 7, 2)), _rng.normal(size=(3, 10)))
EXERCISE.probe("one head", _rng.normal(size=(1, 3, 2)), _rng.normal(size=(5, 2)))
EXERCISE.probe("one query, whole numbers", np.array([[[3]], [[-1]]]), np.array([[1, 0], [2, 5], [0, 7]]))
EXERCISE.probe("latent as wide as a head", _rng.normal(size=(3, 5, 3)), _rng.normal(size=(3, 9)))


@EXERCISE.solve
def absorb_solution(q, w_up):
    n_heads, n, d_head = q.shape
    per_head = w_up.reshape(-1, n_heads, d_head)
    return np.einsum("hnd,lhd->hnl", q, per_head)


@EXERCISE.mutant
def columns_in_turns(q, w_up):
    n_heads, n, d_head = q.shape
    per_head = w_up.reshape(-1, d_head, n_heads)
    return np.einsum("hnd,ldh->hnl", q, per_head)


@EXERCISE.mutant
def first_columns_for_all(q, w_up):
    n_heads, n, d_head = q.shape
    per_head = w_up[:, :d_head]
    return np.einsum("hnd,ld->hnl", q, per_head)


@EXERCISE.mutant
def unfolding_reshaped_alone(q, w_up):
    return q @ w_up.reshape(len(q), len(w_up), -1).swapaxes(-1, -2)


@EXERCISE.mutant
def inverse_for_transpose(q, w_up):
    return q @ np.linalg.pinv(split_heads(w_up, len(q)))


@EXERCISE.mutant(evidence=text.shapes)
def absorbed_heads_summed(q, w_up):
    return merge_heads(q) @ w_up.T


@EXERCISE.mutant
def heads_in_reverse(q, w_up):
    return q @ split_heads(w_up, len(q))[::-1].swapaxes(-1, -2)


@EXERCISE.mutant
def absorbed_and_scaled(q, w_up):
    return q @ split_heads(w_up, len(q)).swapaxes(-1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.holds("scores with the latents equal scores with the unfolded keys")
def same_scores(call):
    out = call(_q, _up)
    if out.shape != (3, 5, 11):
        return f"{text.shape(out)} for 3 heads, 5 queries and a latent of width 11"
    gap = np.abs(out @ _c.T - _q @ split_heads(_c @ _up, 3).swapaxes(-1, -2)).max()
    return None if gap < 1e-4 else f"a score differs by {text.number(gap)}"


@EXERCISE.holds("doubled queries are doubled afterwards")
def linear(call):
    gap = np.abs(call(2 * _q, _up) - 2 * call(_q, _up)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


EXERCISE.holds("the query 3 and the unfolding 1, 2 make the query 3, 6")(comes_out([[[3, 6]]], np.array([[[3]]]), np.array([[1], [2]])))


@EXERCISE.holds("each head uses its own run of columns")
def own_columns(call):
    plain = call(_q, _up)
    for head in range(3):
        other = _up.copy()
        other[:, 7 * head : 7 * head + 7] += 1
        moved = np.flatnonzero(np.abs(call(_q, other) - plain).max(axis=(1, 2)) > 1e-6)
        if moved.tolist() != [head]:
            return f"the columns of head {head} change, and the heads that change are {text.numbers(moved) or 'none'}"
    return None

"""The whole layer: project, split, attend in each head, merge, project once more."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax
from attnlab.reference.heads import Projections, merge_heads, split_heads
from attnlab.reference.heads import multi_head as definition

EXERCISE = Exercise(
    id="multi_head.multi_head",
    title="Multi-head self-attention",
    level="apply",
    minutes=15,
    difficulty=2,
    page="multi_head/implementation",
    headings=("The mathematics", "In NumPy"),
    statement=r"""
    All seven steps, from $n \times d_{\text{model}}$ to $n \times d_{\text{out}}$. Project the tokens with three matrices, split each result into heads, let every head attend separately, merge, and multiply by the output matrix:

    $$O = \operatorname{merge}\bigl(\operatorname{attention}(\operatorname{split}(X W_Q),\ \operatorname{split}(X W_K),\ \operatorname{split}(X W_V))\bigr)\, W_O .$$

    `split_heads`, `merge_heads` and `attention` are given; all three work on any axes in front.

    A tiny example: with `w_q` of zeros every head averages, so every row of the output is the mean of the rows of `x @ w_v @ w_o`.
    """,
    slot='''
    def multi_head(x, w_q, w_k, w_v, w_o, n_heads):
        """Self-attention with several heads.

        x: (..., n, d_model), w_q, w_k: (d_model, n_heads * d_k),
        w_v: (d_model, n_heads * d_v), w_o: (n_heads * d_v, d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(
        "from attnlab.reference import attention",
        "from attnlab.reference.heads import merge_heads, split_heads",
    ),
    hints=(
        "With one head it is ordinary self-attention followed by one more matrix. With more heads, each head has a softmax of its own, so the result changes although every matrix is the same.",
        r"$\text{head}_h = \operatorname{softmax}\bigl(Q_h K_h^\top / \sqrt{d_k}\bigr) V_h$ with $d_k$ the width of *one head*; then $O = [\text{head}_0 \mid \ldots \mid \text{head}_{H-1}]\, W_O$.",
        "```python\nq = split_heads(____ @ ____, n_heads)\nk = split_heads(____ @ ____, n_heads)\nv = split_heads(____ @ ____, n_heads)\nmixed = ____(q, k, v)\nreturn merge_heads(____) @ ____\n```",
    ),
    parsons=("one_wide_head", "no_output_matrix"),
    why=r"""
    Heads are one more batch axis: for `attention` it makes no difference that the axis in front of the tokens counts heads. The scale comes out right by itself, since after the split the last axis has the width of one head.

    **The two most common mistakes.** Cutting the tokens before projecting them, so that a head sees only a part of each token. Forgetting the output matrix, without which no head's result could reach the features of another.

    **Cost.** $8\, n\, d_{\text{model}}^2$ operations for the four products and $4\, n^2 d_{\text{model}}$ for score and mix, whatever the number of heads; and $H n^2$ exponentials.
    """,
    verified="equal to the definition for 3 and 5 heads with unequal widths, one head, one token, and batches of one and two axes.",
    next_thought="which of the four matrices could you change, and how, so that two heads change places and the output stays the same?",
    reference=lambda x, w_q, w_k, w_v, w_o, n_heads: definition(x, None, Projections(w_q, w_k, w_v, w_o), n_heads),
)

_rng = np.random.default_rng(2)


def _case(n, d_model, n_heads, d_k, d_v, d_out, batch=()):
    x = _rng.normal(size=(*batch, n, d_model))
    widths = ((d_model, n_heads * d_k), (d_model, n_heads * d_k), (d_model, n_heads * d_v), (n_heads * d_v, d_out))
    return x, *(_rng.normal(size=size) * 1.5 / np.sqrt(size[0]) for size in widths), n_heads


_square = _case(7, 15, 3, 5, 5, 15)
EXERCISE.probe("7 tokens, width 15, 3 heads", *_square)
EXERCISE.probe("5 heads, all widths different", *_case(11, 13, 5, 2, 3, 7))
EXERCISE.probe("one head", *_case(5, 7, 1, 7, 7, 7))
EXERCISE.probe("a batch of 2", *_case(5, 6, 3, 2, 2, 6, (2,)))
EXERCISE.probe("one token, 3 heads", *_case(1, 6, 3, 2, 5, 4))
EXERCISE.probe("a batch of 2 by 3, 2 heads", *_case(3, 5, 2, 3, 2, 7, (2, 3)))


@EXERCISE.solve
def multi_head_solution(x, w_q, w_k, w_v, w_o, n_heads):
    q = split_heads(x @ w_q, n_heads)
    k = split_heads(x @ w_k, n_heads)
    v = split_heads(x @ w_v, n_heads)
    mixed = attention(q, k, v)
    return merge_heads(mixed) @ w_o


attention = reference.attention


@EXERCISE.mutant
def one_wide_head(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    mixed = attention(q, k, v)
    return mixed @ w_o


@EXERCISE.mutant
def no_output_matrix(x, w_q, w_k, w_v, w_o, n_heads):
    q = split_heads(x @ w_q, n_heads)
    k = split_heads(x @ w_k, n_heads)
    v = split_heads(x @ w_v, n_heads)
    return merge_heads(attention(q, k, v))


def _reshaped(x, n_heads):
    *batch, n, width = x.shape
    return x.reshape(*batch, n_heads, n, width // n_heads)


def _flattened(x):
    *batch, n_heads, n, d_head = x.shape
    return x.reshape(*batch, n, n_heads * d_head)


@EXERCISE.mutant
def split_without_exchange(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (_reshaped(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(q, k, v)) @ w_o


@EXERCISE.mutant
def merge_without_exchange(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return _flattened(attention(q, k, v)) @ w_o


@EXERCISE.mutant
def neither_exchanged(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (_reshaped(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return _flattened(attention(q, k, v)) @ w_o


@EXERCISE.mutant
def split_before_projecting(x, w_q, w_k, w_v, w_o, n_heads):
    rows = np.arange(x.shape[-1]) * n_heads // x.shape[-1]
    q, k, v = (x @ (w * (rows[:, None] == np.arange(w.shape[1]) * n_heads // w.shape[1])) for w in (w_q, w_k, w_v))
    return merge_heads(attention(*(split_heads(t, n_heads) for t in (q, k, v)))) @ w_o


@EXERCISE.mutant
def softmax_over_heads(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    weights = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), axis=-3)
    return merge_heads(weights @ v) @ w_o


@EXERCISE.mutant
def scaled_by_d_model(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(q, k, v, scale=x.shape[-1] ** -0.5)) @ w_o


@EXERCISE.mutant
def no_scale(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(q, k, v, scale=1.0)) @ w_o


@EXERCISE.mutant
def scaled_by_head_count(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(q, k, v, scale=n_heads**-0.5)) @ w_o


@EXERCISE.mutant
def keys_for_queries(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_k, w_q, w_v))
    return merge_heads(attention(q, k, v)) @ w_o


@EXERCISE.mutant
def heads_averaged_before_output(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    mixed = attention(q, k, v)
    return merge_heads(np.broadcast_to(mixed.mean(axis=-3, keepdims=True), mixed.shape)) @ w_o


@EXERCISE.holds("shuffling the tokens shuffles the output the same way")
def equivariance(call):
    x, *weights, n_heads = _square
    order = np.array([3, 0, 6, 2, 5, 1, 4])
    gap = np.abs(call(x[order], *weights, n_heads) - call(x, *weights, n_heads)[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("with query weights of zero every token gets the mean value, through the output matrix")
def zero_queries(call):
    x, w_q, w_k, w_v, w_o, n_heads = _square
    gap = np.abs(call(x, 0 * w_q, w_k, w_v, w_o, n_heads) - (x @ w_v @ w_o).mean(axis=0)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("heads may change places, in all four matrices alike")
def heads_permute(call):
    x, w_q, w_k, w_v, w_o, n_heads = _square
    order = np.arange(15).reshape(3, 5)[[2, 0, 1]].ravel()
    moved = call(x, w_q[:, order], w_k[:, order], w_v[:, order], w_o[order], n_heads)
    gap = np.abs(moved - call(x, w_q, w_k, w_v, w_o, n_heads)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("each head attends by itself: with the output rows of all others at zero, one head is left alone")
def one_head_left(call):
    x, w_q, w_k, w_v, w_o, n_heads = _square
    for head in range(3):
        own = np.arange(15) // 5 == head
        alone = attention(x @ w_q[:, own], x @ w_k[:, own], x @ w_v[:, own]) @ w_o[own]
        gap = np.abs(call(x, w_q, w_k, w_v, w_o * own[:, None], n_heads) - alone).max()
        if not gap < 1e-3:
            return f"head {head} alone differs by {text.number(gap)}"
    return None


@EXERCISE.holds("each text of a batch is read by itself")
def texts_alone(call):
    x, *weights, n_heads = _square
    gap = np.abs(call(np.stack([x, 2 * x]), *weights, n_heads)[1] - call(2 * x, *weights, n_heads)).max()
    return None if gap < 1e-3 else f"text 1, alone, differs by {text.number(gap)}"

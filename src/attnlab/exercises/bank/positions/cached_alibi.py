"""Linear bias, causal mask and a cache together."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _attend(q, k, v, slope, sign=-1.0, q_pos=None, mask=True, scale=None):
    n, m = len(q), len(k)
    q_pos = np.arange(n) + m - n if q_pos is None else q_pos
    bias = sign * slope * np.abs(q_pos[:, None] - np.arange(m))
    return reference.attention(q, k, v, masks.causal(q_pos, np.arange(m)) if mask else None, bias, scale)


def _reference(q, k, v, slope):
    return _attend(q, k, v, slope)


EXERCISE = Exercise(
    id="positions.cached_alibi",
    title="The newest tokens",
    level="apply",
    minutes=15,
    difficulty=2,
    page="positions/problems",
    statement=r"""
    While a text is generated, keys and values of all $m$ tokens so far are kept, and queries are computed for the newest $n \le m$ only. Return the outputs of these $n$ tokens for one head with a linear bias (ALiBi) of slope `slope`, under a causal mask.

    A tiny example: 1 query, 2 keys, all scores 0, slope $\ln 3$: the newest token counts three times as much as the one before it, so the weights are $1/4$ and $3/4$.
    """,
    slot='''
    def cached_alibi(q, k, v, slope):
        """Outputs of the newest tokens: scaled scores, a linear bias, a causal mask.

        q: (n, d_k), the last n tokens; k: (m, d_k); v: (m, d_v); result: (n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Write down at which position the first of your queries stands. Then everything else is as always.",
        r"Query $i$ stands at $i + m - n$. A key $r$ positions back has the score $q \cdot k / \sqrt{d_k} - \text{slope} \cdot r$; keys with $r < 0$ are hidden.",
        "```python\nn, m = len(q), len(k)\nback = (np.arange(n) + ____)[:, None] - np.arange(m)\ns = q @ k.T / np.sqrt(q.shape[1]) - ____\ns = np.where(back >= 0, s, ____)\nw = np.exp(s - s.max(axis=1, keepdims=True))\nreturn w / w.sum(axis=1, keepdims=True) @ v\n```",
    ),
    parsons=("cached_queries_at_zero", "bias_scaled_too"),
    why=r"""
    Both the mask and the bias are functions of positions. Once the queries' positions are right, a cache changes nothing: the outputs are the last rows of the full computation.

    **The two most common mistakes.** Queries that begin at position 0 again, right only without a cache. Dividing the bias by $\sqrt{d_k}$ together with the scores.

    **Cost.** $n\,m$ scores instead of $m^2$.
    """,
    verified="equal to the last rows of the full computation for 1, 3 and all queries.",
    next_thought="measure all distances from the newest token instead of from each query: why are the outputs the same?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("3 new tokens of 7", _rng.normal(size=(3, 5)), _rng.normal(size=(7, 5)), _rng.normal(size=(7, 2)), 0.5)
EXERCISE.probe("1 new token of 11", _rng.normal(size=(1, 5)), _rng.normal(size=(11, 5)), _rng.normal(size=(11, 3)), 0.25)
EXERCISE.probe("5 of 5, a square case", _rng.normal(size=(5, 5)), _rng.normal(size=(5, 5)), _rng.normal(size=(5, 5)), 1.0)
EXERCISE.probe("large scores", _rng.normal(size=(3, 7)) * 30, _rng.normal(size=(5, 7)) * 30, _rng.normal(size=(5, 2)), 0.5, extreme=True)


@EXERCISE.solve
def cached_alibi_solution(q, k, v, slope):
    n, m = len(q), len(k)
    back = (np.arange(n) + m - n)[:, None] - np.arange(m)
    s = q @ k.T / np.sqrt(q.shape[1]) - slope * back
    s = np.where(back >= 0, s, -np.inf)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v


@EXERCISE.mutant
def cached_queries_at_zero(q, k, v, slope):
    n, m = len(q), len(k)
    back = np.arange(n)[:, None] - np.arange(m)
    s = q @ k.T / np.sqrt(q.shape[1]) - slope * back
    s = np.where(back >= 0, s, -np.inf)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v


@EXERCISE.mutant
def bias_scaled_too(q, k, v, slope):
    n, m = len(q), len(k)
    back = (np.arange(n) + m - n)[:, None] - np.arange(m)
    s = (q @ k.T - slope * back) / np.sqrt(q.shape[1])
    s = np.where(back >= 0, s, -np.inf)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v


@EXERCISE.mutant
def distance_rewarded(q, k, v, slope):
    return _attend(q, k, v, slope, sign=1.0)


@EXERCISE.mutant
def future_kept_in_view(q, k, v, slope):
    return _attend(q, k, v, slope, mask=False) if len(q) > 1 else _attend(q, k[:-1], v[:-1], slope)


@EXERCISE.mutant
def slope_forgotten(q, k, v, slope):
    return _attend(q, k, v, 0.0)


@EXERCISE.mutant
def bias_after_the_softmax(q, k, v, slope):
    n, m = len(q), len(k)
    back = (np.arange(n) + m - n)[:, None] - np.arange(m)
    return (reference.attention_weights(q, k, back >= 0) - slope * np.maximum(back, 0)) @ v


@EXERCISE.mutant
def scores_left_unscaled(q, k, v, slope):
    return _attend(q, k, v, slope, scale=1.0)


@EXERCISE.holds("the newest token's output is the last row of the full computation")
def last_row(call):
    q, k, v = (np.random.default_rng(seed).normal(size=(6, 4)) for seed in (1, 2, 3))
    gap = np.abs(call(q, k, v, 0.5)[-1] - call(q[-1:], k, v, 0.5)[0]).max()
    return None if gap < 1e-9 else f"they differ by {text.number(gap)}"


@EXERCISE.holds("a later token changes nothing before it")
def causal(call):
    q, k, v = (np.random.default_rng(seed).normal(size=(6, 4)) for seed in (1, 2, 3))
    v2 = v.copy()
    v2[-1] += 9
    gap = np.abs(call(q, k, v, 0.5)[:-1] - call(q, k, v2, 0.5)[:-1]).max()
    return None if gap < 1e-9 else f"an earlier output moves by {text.number(gap)}"

"""Linear bias, causal mask and a cache together."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import with_scores


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
    verified="equal to the last rows of the full computation for 1, 3, 4 and all queries, also where scores lie thousands apart.",
    next_thought="measure all distances from the newest token instead of from each query: why are the outputs the same?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("3 new tokens of 7", _rng.normal(size=(3, 5)), _rng.normal(size=(7, 5)), _rng.normal(size=(7, 2)), 0.5)
EXERCISE.probe("1 new token of 11", _rng.normal(size=(1, 5)), _rng.normal(size=(11, 5)), _rng.normal(size=(11, 3)), 0.25)
EXERCISE.probe("5 of 5, a square case", _rng.normal(size=(5, 5)), _rng.normal(size=(5, 5)), _rng.normal(size=(5, 5)), 1.0)
EXERCISE.probe("a single token", _rng.normal(size=(1, 3)), _rng.normal(size=(1, 3)), _rng.normal(size=(1, 2)), 0.5)
EXERCISE.probe("large scores", _rng.normal(size=(3, 7)) * 30, _rng.normal(size=(5, 7)) * 30, _rng.normal(size=(5, 2)), 0.5, extreme=True)
_APART = np.array([[1000, 1001, -1000, 3000, 0, 0],  # the last three are hidden, then two, then one
                   [-20000, -20001, -20003, -20002, 9000, 0],
                   [5, 4, 3, 2, 1, 600],
                   [0, 1, -1, 0.5, 2000, 3]])
EXERCISE.probe("scores far apart, the largest hidden", *with_scores(_APART), _rng.normal(size=(6, 2)), 0.5, extreme=True)


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
    back = (np.arange(len(q)) + len(k) - len(q))[:, None] - np.arange(len(k))
    return reference.attention(q, k, v, None, -slope * back)


@EXERCISE.mutant(same_as="future_kept_in_view")
def future_kept_in_view_at_its_distance(q, k, v, slope):
    return _attend(q, k, v, slope, mask=False)


@EXERCISE.mutant
def slope_forgotten(q, k, v, slope):
    return _attend(q, k, v, 0.0)


@EXERCISE.mutant
def bias_after_the_softmax(q, k, v, slope):
    n, m = len(q), len(k)
    back = (np.arange(n) + m - n)[:, None] - np.arange(m)
    return (reference.attention_weights(q, k, back >= 0) - slope * np.maximum(back, 0)) @ v


def _softmax_relative_to(top, q, k, v, slope):
    """Exponentials relative to `top(scores, scores of the keys in view)`."""
    back = (np.arange(len(q)) + len(k) - len(q))[:, None] - np.arange(len(k))
    s = q @ k.T / np.sqrt(q.shape[1]) - slope * back
    seen = np.where(back >= 0, s, -np.inf)
    w = np.exp(seen - top(s, seen))
    return w / w.sum(axis=1, keepdims=True) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(q, k, v, slope):
    return _softmax_relative_to(lambda s, seen: 0.0, q, k, v, slope)


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(q, k, v, slope):
    return _softmax_relative_to(lambda s, seen: seen.max(), q, k, v, slope)


@EXERCISE.mutant(evidence=text.not_finite)
def maximum_over_hidden_keys(q, k, v, slope):
    return _softmax_relative_to(lambda s, seen: s.max(axis=1, keepdims=True), q, k, v, slope)


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


@EXERCISE.holds("where all scores are 0, weights fall by one factor from token to token")
def falling(call):
    weights = call(np.zeros((2, 3)), np.ones((5, 3)), np.eye(5), np.log(2))
    shares = weights[1, ::-1] / weights[1, -1]
    if np.allclose(shares, 2.0 ** -np.arange(5)):
        return None
    return f"at a slope of ln 2 the newest token's weights, from its own key back, are {text.numbers(shares, 5)} times the weight of its own key"


@EXERCISE.holds("without a slope it is plain causal attention")
def plain(call):
    q, k, v = (np.random.default_rng(seed).normal(size=(n, 4)) for seed, n in ((4, 3), (5, 7), (6, 7)))
    gap = np.abs(call(q, k, v, 0.0) - _attend(q, k, v, 0.0)).max()
    return None if gap < 1e-9 else f"at a slope of 0 it differs by up to {text.number(gap)}"


@EXERCISE.holds("hidden keys get nothing, and keys in view share 1, however large the scores are")
def nothing_hidden(call):
    weights = call(*with_scores(_APART), np.eye(6), 0.5)
    back = np.arange(2, 6)[:, None] - np.arange(6)
    hidden, seen = np.where(back < 0, weights, 0).sum(axis=1), np.where(back < 0, 0, weights).sum(axis=1)
    good = np.allclose(hidden, 0) and np.allclose(seen, 1)
    return None if good else f"with scores thousands apart, four queries give hidden keys {text.numbers(hidden)} and keys in view {text.numbers(seen)}"


@EXERCISE.holds("a key ten places back still counts by its distance")
def far_back(call):
    weights = call(np.zeros((1, 2)), np.ones((11, 2)), np.eye(11), np.log(2))
    share = weights[0, 0] / weights[0, -1] * 2**10
    return None if np.isclose(share, 1) else f"at a slope of ln 2 its weight is {text.number(share)} times what it should be, beside the newest key"

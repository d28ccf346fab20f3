"""The delta rule as a table of weights: how much of each value stands in each read."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(q, k, rate):
    n = len(k)
    weights, memory = np.zeros((n, n)), np.zeros((k.shape[1], n))
    for t, one in enumerate(np.eye(n)):
        memory = memory + rate[t] * np.outer(k[t], one - k[t] @ memory)
        weights[t] = q[t] @ memory
    return weights


EXERCISE = Exercise(
    id="efficiency.delta_weights",
    title="The weights of the delta rule",
    level="create",
    minutes=25,
    difficulty=3,
    page="efficiency/memory_that_erases",
    headings=("The delta rule", "A scan is a masked product"),
    statement=r"""
    Every read of the delta rule is a mixture of the values: $o_i = \sum_{j \le i} W_{ij} v_j$. Return the table $W$ (n, n), for queries `q` and keys `k` (n, d_k) and one `rate` a token. Queries read *after* their token has written. Weights may be negative and need not add up to 1; no length of a key is promised.

    A tiny example: `q = k = [[1], [1]]` and `rate = [1, 0.5]` give `[[1, 0], [0.5, 0.5]]`: half of the first value was erased.
    """,
    slot='''
    def delta_weights(q, k, rate):
        """How much of value j stands in what query i reads.

        q, k: (n, d_k), rate: (n,)
        result: (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("weights",),
    hints=(
        "The rule is linear in the values. What do the reads look like if the values are the rows of the unit matrix?",
        r"Either run the rule with $V = I$, or solve: what token $i$ adds is $u_i = \beta_i (v_i - \sum_{j<i} (k_i \cdot k_j)\, u_j)$, and $o_i = \sum_{j \le i} (q_i \cdot k_j)\, u_j$.",
        "```python\nn = len(k)\ntaken = np.tril(____, ____) * rate[:, None]\nnew = np.linalg.solve(np.eye(n) + taken, ____)\nreturn np.tril(____) @ new\n```",
    ),
    parsons=("nothing_taken_out", "rate_of_the_written_token"),
    why=r"""
    $W = \operatorname{tril}(QK^\top)\,(I + \operatorname{tril}(\operatorname{diag}(\beta)KK^\top, -1))^{-1}\operatorname{diag}(\beta)$. The inverse is what erasing adds to linear attention; it is a triangular system, and this is how the rule is computed by chunks.

    **The two most common mistakes.** Leaving the diagonal in the system, so that a token erases what it is about to write. Putting the rate on the columns: the rate belongs to the token that takes out.

    **Cost.** $n^2 d_k$ for the overlaps and $n^3/3$ for the system, which is why chunks are short.
    """,
    verified="rates of 0, 1 and between, keys of many lengths, one token, and values mixed by your table against the loop.",
    next_thought="which keys make every weight the same as in linear attention?",
    reference=_reference,
)

_rng = np.random.default_rng(97)


def _draw(n, d):
    return _rng.normal(size=(n, d)), _rng.normal(size=(n, d)) / np.sqrt(d), _rng.uniform(0.2, 1, n)


_Q, _K, _RATE = _draw(6, 3)
EXERCISE.probe("6 tokens of width 3", _Q, _K, _RATE)
EXERCISE.probe("4 tokens of width 4", *_draw(4, 4))
EXERCISE.probe("7 tokens of width 2, rates 0 and 1", *_draw(7, 2)[:2], np.array([1.0, 0, 1, 0.5, 1, 0, 1]))
EXERCISE.probe("one token", *_draw(1, 5))
EXERCISE.probe("a key written three times", np.ones((3, 2)), np.ones((3, 2)) / np.sqrt(2), np.array([1.0, 0.5, 0.25]))


@EXERCISE.solve
def delta_weights_solution(q, k, rate):
    n = len(k)
    taken = np.tril(k @ k.T, -1) * rate[:, None]
    new = np.linalg.solve(np.eye(n) + taken, np.diag(rate))
    return np.tril(q @ k.T) @ new


@EXERCISE.mutant
def nothing_taken_out(q, k, rate):
    return np.tril(q @ k.T) * rate


@EXERCISE.mutant
def rate_of_the_written_token(q, k, rate):
    n = len(k)
    taken = np.tril(k @ k.T, -1) * rate
    new = np.linalg.solve(np.eye(n) + taken, np.diag(rate))
    return np.tril(q @ k.T) @ new


@EXERCISE.mutant
def own_write_taken_out(q, k, rate):
    n = len(k)
    new = np.linalg.solve(np.eye(n) + np.tril(k @ k.T) * rate[:, None], np.diag(rate))
    return np.tril(q @ k.T) @ new


@EXERCISE.mutant
def taken_out_with_the_wrong_sign(q, k, rate):
    n = len(k)
    new = np.linalg.solve(np.eye(n) - np.tril(k @ k.T, -1) * rate[:, None], np.diag(rate))
    return np.tril(q @ k.T) @ new


@EXERCISE.mutant
def first_order_only(q, k, rate):
    n = len(k)
    new = (np.eye(n) - np.tril(k @ k.T, -1) * rate[:, None]) @ np.diag(rate)
    return np.tril(q @ k.T) @ new


@EXERCISE.mutant
def read_before_the_write(q, k, rate):
    n = len(k)
    taken = np.tril(k @ k.T, -1) * rate[:, None]
    return np.tril(q @ k.T, -1) @ np.linalg.solve(np.eye(n) + taken, np.diag(rate))


@EXERCISE.mutant
def rate_used_once_only(q, k, rate):
    n = len(k)
    return np.tril(q @ k.T) @ np.linalg.solve(np.eye(n) + np.tril(k @ k.T, -1), np.diag(rate))


@EXERCISE.holds("with orthonormal keys the weights are those of linear attention")
def orthonormal(call):
    q, rate = _Q[:3], np.array([1.0, 0.5, 0.25])
    gap = float(np.abs(np.asarray(call(q, np.eye(3), rate)) - np.tril(q) * rate).max())
    return None if gap < 1e-4 else f"a weight is off by {text.number(gap)}"


@EXERCISE.holds("a key of length 1 written again with rate 1 reads nothing of its first value")
def forgotten(call):
    k = np.array([[0.6, 0.8], [0.6, 0.8]])
    first = float(np.asarray(call(k, k, np.ones(2)))[1, 0])
    return None if abs(first) < 1e-4 else f"{text.number(first)} of it is left"


@EXERCISE.holds("no query reads a later value")
def causal(call):
    above = float(np.abs(np.triu(np.asarray(call(_Q, _K, _RATE)), 1)).max())
    return None if above < 1e-6 else f"a weight above the diagonal is {text.number(above)}"

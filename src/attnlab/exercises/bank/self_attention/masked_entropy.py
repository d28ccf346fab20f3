"""Entropy as a share of what the mask allows."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(weights, mask):
    bits = -(weights * np.log2(np.where(weights > 0, weights, 1.0))).sum(axis=-1)
    most = np.log2(np.maximum(mask.sum(axis=-1), 2))
    return np.where(mask.sum(axis=-1) > 1, bits / most, 0.0)


EXERCISE = Exercise(
    id="self_attention.masked_entropy",
    title="Entropy as a share of the largest possible",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="self_attention/patterns",
    headings=("What goes wrong",),
    statement=r"""
    Under a mask, rows have different numbers of keys, and a row with two keys cannot have more than one bit. To compare rows, divide the entropy of each by the largest it could have:

    $$h_i = \frac{-\sum_j a_{ij} \log_2 a_{ij}}{\log_2 m_i} ,$$

    where $m_i$ is the number of keys that the mask allows to query $i$. A row with a single key has no choice: return 0 for it. The same for a row with none.

    `weights` (queries, keys) are 0 where the boolean `mask` (queries, keys) is False. The result has shape (queries,).

    | weights | mask | result |
    |---|---|---|
    | `[0.5, 0.5, 0]` | `[1, 1, 0]` | 1 |
    | `[1, 0, 0]` | `[1, 0, 0]` | 0 |
    """,
    slot='''
    def masked_entropy(weights, mask):
        """Entropy of each row as a share of the largest that its mask allows.

        weights: (queries, keys), 0 where mask is False; mask: (queries, keys), boolean, True = may look
        result: (queries,), between 0 and 1
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Equal weights on all permitted keys give exactly 1, however many those are, and one permitted key gives 0.",
        r"Two things can go wrong in arithmetic: $\log 0$ where a weight is 0, and a division by $\log_2 1 = 0$ where only one key is permitted.",
        "```python\nlogs = np.log2(np.where(weights > 0, weights, ____))\nbits = -(weights * logs).sum(axis=-1)\n"
        "allowed = mask.____\nreturn np.where(allowed > 1, bits / np.log2(np.maximum(allowed, ____)), 0.0)\n```",
    ),
    parsons=("share_of_all_keys", "share_divides_by_zero"),
    why=r"""
    The largest entropy over $m_i$ keys is that of equal weights, $\log_2 m_i$. With one key the quotient is $0 / 0$; we set it to 0: with no choice there is no uncertainty. The base of the logarithm cancels.

    **The two most common mistakes.** Dividing every row by the logarithm of *all* keys, so that early rows of a causal table look peaked. NaN in the first row.

    **Cost.** One logarithm for each weight.
    """,
    verified="equal to the definition under causal, padding and window masks, with rows of one key and of none, weights of 0 on allowed keys, and fewer queries than keys.",
    next_thought="under a causal mask the plain entropy of random rows grows with their place; does this share?",
    reference=_reference,
)


def _case(n, mask, seed, size=1.5):
    rng = np.random.default_rng(seed)
    q, k = size * rng.normal(size=(2, n, 5))
    return reference.attention_weights(q, k, mask), mask


_place = np.arange(7)
_causal = masks.causal(_place, _place)
_dead = masks.window(_place[:5], _place[:5], 2).copy()
_dead[3] = False
EXERCISE.probe("causal, seven tokens", *_case(7, _causal, 1))
EXERCISE.probe("padding, the last two of seven hidden", *_case(7, np.broadcast_to(_place < 5, (7, 7)).copy(), 2))
EXERCISE.probe("a window of two, and a row without keys", *_case(5, _dead, 3))
_sharp = _causal / _causal.sum(axis=-1, keepdims=True)
_sharp[5] = np.eye(7)[2]
EXERCISE.probe("equal weights, and one row with a single 1", _sharp, _causal)
_two = np.array([[0.5, 0.5, 0, 0, 0], [0.5, 0.25, 0.25, 0, 0], [0.9, 0.1, 0, 0, 0]])
EXERCISE.probe("3 queries, 5 keys, weights of 0 on allowed keys", _two, np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=bool))


def _bits(weights):
    return -(weights * np.log2(np.where(weights > 0, weights, 1.0))).sum(axis=-1)


@EXERCISE.solve
def masked_entropy_solution(weights, mask):
    logs = np.log2(np.where(weights > 0, weights, 1.0))
    bits = -(weights * logs).sum(axis=-1)
    allowed = mask.sum(axis=-1)
    most = np.log2(np.maximum(allowed, 2))
    return np.where(allowed > 1, bits / most, 0.0)


@EXERCISE.mutant
def share_of_all_keys(weights, mask):
    logs = np.log2(np.where(weights > 0, weights, 1.0))
    return -(weights * logs).sum(axis=-1) / np.log2(weights.shape[-1])


@EXERCISE.mutant(evidence=text.not_finite)
def share_divides_by_zero(weights, mask):
    logs = np.log2(np.where(weights > 0, weights, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(weights * logs).sum(axis=-1) / np.log2(mask.sum(axis=-1))


@EXERCISE.mutant(evidence=text.not_finite)
def share_of_log_zero(weights, mask):
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(weights * np.log2(weights)).sum(axis=-1)
    allowed = mask.sum(axis=-1)
    return np.where(allowed > 1, bits / np.log2(np.maximum(allowed, 2)), 0.0)


@EXERCISE.mutant
def share_without_a_share(weights, mask):
    return _bits(weights) + 0.0


@EXERCISE.mutant
def share_by_keys_used(weights, mask):
    used = (weights > 0.05).sum(axis=-1)
    return np.where(used > 1, _bits(weights) / np.log2(np.maximum(used, 2)), 0.0)


@EXERCISE.mutant(same_as="share_by_keys_used")
def share_by_keys_above_zero(weights, mask):
    used = (weights > 0).sum(axis=-1)
    return np.where(used > 1, _bits(weights) / np.log2(np.maximum(used, 2)), 0.0)


@EXERCISE.mutant
def share_of_two_bases(weights, mask):
    allowed = mask.sum(axis=-1)
    return np.where(allowed > 1, _bits(weights) * np.log(2) / np.log2(np.maximum(allowed, 2)), 0.0)


@EXERCISE.mutant(same_as="share_of_two_bases")
def share_of_bits_over_nats(weights, mask):
    allowed = mask.sum(axis=-1)
    return np.where(allowed > 1, _bits(weights) / np.log(np.maximum(allowed, 2)), 0.0)


@EXERCISE.mutant
def share_by_the_count(weights, mask):
    return _bits(weights) / np.maximum(mask.sum(axis=-1), 1)


@EXERCISE.mutant
def share_by_queries(weights, mask):
    allowed = mask.sum(axis=-2)
    return np.where(allowed > 1, _bits(weights) / np.log2(np.maximum(allowed, 2)), 0.0)


@EXERCISE.mutant
def one_key_is_full_doubt(weights, mask):
    allowed = mask.sum(axis=-1)
    return np.where(allowed > 1, _bits(weights) / np.log2(np.maximum(allowed, 2)), 1.0)


@EXERCISE.holds("equal weights on the permitted keys give 1")
def equal_weights(call):
    out = np.asarray(call(_causal / _causal.sum(axis=-1, keepdims=True), _causal))[1:]
    return None if np.abs(out - 1).max() < 1e-6 else f"they give {text.numbers(out)}"


@EXERCISE.holds("a row with one permitted key gives 0")
def one_key(call):
    out = float(np.ravel(call(np.array([[0.0, 1.0, 0.0]]), np.array([[False, True, False]])))[0])
    return None if abs(out) < 1e-6 else f"it gives {text.number(out)}"


@EXERCISE.holds("equal weights on two of four allowed keys give one half")
def half(call):
    out = float(np.ravel(call(np.array([[0.5, 0.5, 0, 0, 0]]), np.array([[True, True, True, True, False]])))[0])
    return None if abs(out - 0.5) < 1e-4 else f"they give {text.number(out)}"


@EXERCISE.holds("each row is measured by its own number of allowed keys")
def own_count(call):
    weights, mask = np.array([[0.25] * 4, [0.5, 0.5, 0, 0]]), np.array([[True] * 4, [True, True, False, False]])
    out = np.ravel(call(weights, mask))
    return None if out.shape == (2,) and np.allclose(out, 1, atol=1e-4) else f"equal weights on 4 and on 2 keys give {text.numbers(out)}"


@EXERCISE.holds("a row without keys gives 0")
def no_key(call):
    out = float(np.ravel(call(np.zeros((1, 3)), np.zeros((1, 3), dtype=bool)))[0])
    return None if abs(out) < 1e-6 else f"it gives {text.number(out)}"

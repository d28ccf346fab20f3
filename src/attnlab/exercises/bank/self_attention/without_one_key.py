"""What the output would have been if one key had been masked, from the weights alone."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax


def _kept(weights, j):
    return np.delete(np.asarray(weights), j, axis=-1)


def _reference(weights, values, j):
    kept = _kept(weights, j)
    return kept / kept.sum(axis=-1, keepdims=True) @ np.delete(values, j, axis=0)


EXERCISE = Exercise(
    id="self_attention.without_one_key",
    title="What if it had not been there?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="self_attention/problems",
    statement=r"""
    A colleague asks how much the answer rests on key `j`. The scores are gone; you have the attention weights ($n \times m$, every row a softmax, all entries positive) and the values ($m \times d_v$). Return the outputs ($n \times d_v$) that attention **would have given with key `j` masked**.

    A tiny example: weights $(0.5, 0.3, 0.2)$, values $10, 0, 5$, and key 0 masked: $(0.3 \cdot 0 + 0.2 \cdot 5) / 0.5 = 2$.
    """,
    slot='''
    def without_one_key(weights, values, j):
        """The outputs with key j masked, found without scores.

        weights: (n, m), rows that sum to 1, values: (m, d_v), j: a key
        result: (n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "What does a mask do to the *other* weights of a row? Their proportions cannot change.",
        r"A softmax over the remaining keys is the old weights divided by what remains: $a_{il} / (1 - a_{ij})$.",
        "```python\noutput = weights @ values\nlost = weights[:, [j]]\nreturn (output - lost * values[____]) / ____\n```",
    ),
    parsons=("weight_erased_only", "divided_by_the_lost_weight"),
    why=r"""
    $o' = (o - a_j v_j) / (1 - a_j)$: take one term out of an average, and divide by the weight that is left. The scores are not needed, because masking keeps the proportions of all others.

    **The two most common mistakes.** Setting the weight to 0 and leaving the row's sum below one, a mask after the softmax. Normalising the edited weights with another *softmax*: their exponentials are not their proportions.

    **Cost.** One product for all queries. It becomes inaccurate where $a_j$ is nearly 1: a small difference is divided by another.
    """,
    verified="three tables of weights, keys at the beginning, in the middle and at the end.",
    next_thought="why does this formula say what a *mask* would do, and not what the model would do without that word?",
    reference=_reference,
)

_rng = np.random.default_rng(43)
EXERCISE.probe("5 queries, 7 keys, key 2", softmax(_rng.normal(size=(5, 7))), _rng.normal(size=(7, 3)), 2)
EXERCISE.probe("3 queries, 3 keys, the last", softmax(2 * _rng.normal(size=(3, 3))), _rng.normal(size=(3, 3)), 2)
EXERCISE.probe("1 query, 2 keys, the first", softmax(_rng.normal(size=(1, 2))), _rng.normal(size=(2, 5)), 0)


@EXERCISE.solve
def without_one_key_solution(weights, values, j):
    output = weights @ values
    lost = weights[:, [j]]
    return (output - lost * values[j]) / (1 - lost)


@EXERCISE.mutant
def weight_erased_only(weights, values, j):
    output = weights @ values
    lost = weights[:, [j]]
    return output - lost * values[j]


@EXERCISE.mutant
def divided_by_the_lost_weight(weights, values, j):
    output = weights @ values
    lost = weights[:, [j]]
    return (output - lost * values[j]) / lost


@EXERCISE.mutant
def multiplied_by_what_is_left(weights, values, j):
    lost = weights[:, [j]]
    return (weights @ values - lost * values[j]) * (1 - lost)


@EXERCISE.mutant
def value_taken_out_whole(weights, values, j):
    return (weights @ values - values[j]) / (1 - weights[:, [j]])


@EXERCISE.mutant
def second_softmax(weights, values, j):
    return softmax(_kept(weights, j)) @ np.delete(values, j, axis=0)


@EXERCISE.mutant
def score_set_to_zero(weights, values, j):
    scores = np.log(weights)
    scores[:, j] = 0
    return softmax(scores) @ values


@EXERCISE.mutant
def lost_weight_shared_equally(weights, values, j):
    kept = _kept(weights, j)
    return (kept + weights[:, [j]] / max(kept.shape[1], 1)) @ np.delete(values, j, axis=0)


@EXERCISE.mutant
def query_taken_for_key(weights, values, j):
    return _reference(weights, values, min(j + 1, len(values) - 1) if j == 0 else j - 1)


@EXERCISE.holds("the value of the masked key does not matter")
def value_is_ignored(call):
    weights, values, j = EXERCISE.probes[0].arguments
    other = values.copy()
    other[j] += 9
    gap = np.abs(np.asarray(call(weights, other, j)) - np.asarray(call(weights, values, j))).max()
    if gap > 1e-9:
        return f"changing it moves an output by {gap:.3f}"


@EXERCISE.holds("if all values are 1, so are all outputs")
def still_an_average(call):
    weights, values, j = EXERCISE.probes[0].arguments
    out = np.asarray(call(weights, np.ones_like(values), j))
    if np.abs(out - 1).max() > 1e-9:
        return f"the first becomes {out.ravel()[0]:.3f}"


@EXERCISE.holds("weights 0.5, 0.3, 0.2 and values 10, 0, 5 give 2 without key 0")
def tiny_example(call):
    out = float(np.ravel(call(np.array([[0.5, 0.3, 0.2]]), np.array([[10.0], [0.0], [5.0]]), 0))[0])
    return None if abs(out - 2) < 1e-4 else f"they give {text.number(out)}"


@EXERCISE.holds("each query loses its own weight")
def own_weight(call):
    weights, values, j = EXERCISE.probes[0].arguments
    for row in range(len(weights)):
        gap = np.abs(call(weights[[row]], values, j)[0] - call(weights, values, j)[row]).max()
        if not gap < 1e-4:
            return f"query {row} alone gets an answer that differs by {text.number(gap)}"
    return None

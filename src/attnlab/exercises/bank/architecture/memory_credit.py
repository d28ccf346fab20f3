"""A feed-forward network read as a memory: which memory raised the logit of which word."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(x, keys, bias, values, table, targets):
    out = np.zeros((len(x), np.shape(keys)[1]))
    for i, j in np.ndindex(out.shape):
        coefficient = max(0.0, float(np.dot(x[i], np.asarray(keys)[:, j]) + bias[j]))
        out[i, j] = coefficient * float(np.dot(values[j], table[targets[i]]))
    return out


def _credit(x, keys, bias, values, table, targets, *, bend=lambda z: np.maximum(0, z), towards=None):
    towards = table[targets] if towards is None else towards
    return bend(x @ keys + bias) * (towards @ np.transpose(values))


EXERCISE = Exercise(
    id="architecture.memory_credit",
    title="Which memory said it?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="architecture/feed_forward",
    headings=("A memory with learned keys",),
    statement=r"""
    Read a feed-forward network with ReLU as a memory: the columns of `keys` ($d \times m$) are matched, the rows of `values` ($m \times d$) are added. A word's logit is the dot product of the stream with that word's row of `table`.

    For each token $i$ and each memory $j$, return **how much memory $j$ adds to the logit of that token's target word** $t_i$:

    $$ c_{ij} = \max(0,\; x_i k_j + b_j)\; \big(v_j \cdot \text{table}_{t_i}\big) . $$

    (The last normalisation of a model is left out.)

    A tiny example: `x = [[1, 2]]`, `keys = [[1, 0], [0, -1]]`, `bias = [0, 0]`, `values = [[3, 0], [5, 5]]`, `table = [[1, 1], [2, 0]]`, `targets = [1]` give `[[6, 0]]`: the first memory matches, the second does not.
    """,
    slot='''
    def memory_credit(x, keys, bias, values, table, targets):
        """What each memory adds to the logit of each token's target word.

        x: (n, d), keys: (d, m), bias: (m,), values: (m, d), table: (words, d), targets: n ids of words
        result: (n, m)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The row sums are the logits that the network's whole output has with the target words.",
        r"Two tables of $n \times m$, multiplied number by number: how strongly each memory answers each token, and how much each value favours each token's target.",
        "```python\ncoefficients = np.maximum(0, ____)\nwanted = table[____]\nfavours = wanted @ ____\nreturn coefficients * favours\n```",
    ),
    parsons=("memory_matched_below_zero", "memory_bias_forgotten"),
    why=r"""
    The network's output is a sum over memories, and a logit is linear in it. So the credit splits without a remainder, as long as nothing nonlinear follows.

    **The two most common mistakes.** Leaving out the ReLU: memories that did not answer then take credit, or blame. Looking at the match alone, without asking what the value says.

    **Cost.** That of the network itself, plus $n\,m\,d$ products for the favours.
    """,
    verified="equal to the definition for one and for several tokens, with memories that never answer and with one word as the target of all.",
    next_thought="which memories would you look at first, those with the largest credit, or those whose credit changes most from text to text?",
    reference=_reference,
)

_rng = np.random.default_rng(312)
_x, _keys, _bias = _rng.normal(size=(5, 3)), _rng.normal(size=(3, 7)), _rng.normal(size=7)
_values, _table, _targets = _rng.normal(size=(7, 3)), _rng.normal(size=(11, 3)), np.array([4, 10, 0, 4, 7])
EXERCISE.probe("5 tokens, 7 memories, 11 words", _x, _keys, _bias, _values, _table, _targets)
EXERCISE.probe("one token", _x[:1], _keys, _bias, _values, _table, np.array([2]))
EXERCISE.probe("3 tokens of width 5, 2 memories that hardly answer", _rng.normal(size=(3, 5)), _rng.normal(size=(5, 2)), np.array([-9.0, -0.2]),
               _rng.normal(size=(2, 5)), _rng.normal(size=(4, 5)), np.array([3, 3, 0]))
EXERCISE.probe("as many memories as features", _rng.normal(size=(4, 3)), _rng.normal(size=(3, 3)), np.zeros(3), _rng.normal(size=(3, 3)),
               _rng.normal(size=(3, 3)), np.array([0, 1, 2, 2]))
EXERCISE.probe("whole numbers", np.array([[1, 2], [0, -1]]), np.array([[1, 0, -1], [2, 1, 1]]), np.array([0, 1, -1]), np.array([[1, 0], [2, 3], [-1, 1]]),
               np.array([[1, 1], [2, 0]]), np.array([1, 0]))


@EXERCISE.solve
def memory_credit_solution(x, keys, bias, values, table, targets):
    coefficients = np.maximum(0, x @ keys + bias)
    wanted = table[targets]
    favours = wanted @ values.T
    return coefficients * favours


@EXERCISE.mutant
def memory_matched_below_zero(x, keys, bias, values, table, targets):
    coefficients = x @ keys + bias
    wanted = table[targets]
    favours = wanted @ values.T
    return coefficients * favours


@EXERCISE.mutant
def memory_bias_forgotten(x, keys, bias, values, table, targets):
    coefficients = np.maximum(0, x @ keys)
    wanted = table[targets]
    favours = wanted @ values.T
    return coefficients * favours


@EXERCISE.mutant
def memory_coefficients_by_softmax(x, keys, bias, values, table, targets):
    def share(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return _credit(x, keys, bias, values, table, targets, bend=share)


@EXERCISE.mutant
def memory_match_alone(x, keys, bias, values, table, targets):
    return np.maximum(0, x @ keys + bias)


@EXERCISE.mutant
def memory_favour_alone(x, keys, bias, values, table, targets):
    return table[targets] @ values.T


@EXERCISE.mutant
def memory_first_target_for_all(x, keys, bias, values, table, targets):
    return _credit(x, keys, bias, values, table, targets, towards=table[[targets[0]] * len(x)])


@EXERCISE.mutant
def memory_keys_for_values(x, keys, bias, values, table, targets):
    return _credit(x, keys, bias, np.transpose(keys), table, targets)


@EXERCISE.mutant
def memory_credit_against_the_mean_word(x, keys, bias, values, table, targets):
    return _credit(x, keys, bias, values, table, targets, towards=table[targets] - np.mean(table, axis=0))


@EXERCISE.mutant
def memory_favourite_word_for_the_target(x, keys, bias, values, table, targets):
    return np.maximum(0, x @ keys + bias) * (table @ np.transpose(values)).max(axis=0)


@EXERCISE.mutant
def memory_answers_without_a_sign(x, keys, bias, values, table, targets):
    return _credit(x, keys, bias, values, table, targets, bend=np.abs)


EXERCISE.holds("the example of the statement comes out")(comes_out(
    [[6, 0]], np.array([[1, 2]]), np.array([[1, 0], [0, -1]]), np.array([0, 0]), np.array([[3, 0], [5, 5]]), np.array([[1, 1], [2, 0]]), np.array([1])))


@EXERCISE.holds("the credits of a token add up to the logit that the whole network gives its target")
def adds_up(call):
    out = np.maximum(0, _x @ _keys + _bias) @ _values
    wanted = (out * _table[_targets]).sum(axis=1)
    sums = np.asarray(call(_x, _keys, _bias, _values, _table, _targets), dtype=float).sum(axis=1)
    worst = np.abs(sums - wanted).argmax()
    return None if abs(sums - wanted).max() < 1e-4 else f"token {worst} has credits that add up to {text.number(sums[worst])}, and a logit of {text.number(wanted[worst])}"


@EXERCISE.holds("a memory that does not answer gets no credit")
def silent(call):
    credit = np.abs(np.asarray(call(_x, _keys, _bias - 99, _values, _table, _targets), dtype=float)).max()
    return None if credit < 1e-6 else f"no memory answers, but one gets {text.number(credit)}"

"""How much a head looks behind earlier occurrences of the present token, in any text."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _score(weights, ids, keys=lambda ids, t: [j for j in range(1, t + 1) if ids[j - 1] == ids[t]], mean=None):
    """The mean over queries of the weight on the keys that `keys` names; queries without one are left out."""
    weights, ids = np.asarray(weights, dtype=float), np.asarray(ids)
    found = [sum(weights[t, j] for j in keys(ids, t)) for t in range(len(ids)) if keys(ids, t)]
    if mean is not None:
        return mean(found, len(ids))
    return float(np.mean(found)) if found else 0.0


def _reference(weights, ids):
    return _score(weights, ids)


EXERCISE = Exercise(
    id="theory.induction_score",
    title="An induction score for any text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="theory/circuits",
    headings=("What an induction head is",),
    statement=r"""
    In an ordinary text a token may occur three times, or never again, so there is no period to count back by. Score a head all the same.

    `weights` (n × n) are the weights of a causal head, row $t$ being query $t$, and `ids` (n) are the tokens. For a query $t$ let $J_t$ be the set of keys $j \le t$ for which **the token before key $j$ is the same as token $t$**: $x_{j-1} = x_t$, $j \ge 1$ (places are counted from 0). Return the mean, over the queries whose $J_t$ is not empty, of the **total** weight on $J_t$. If no query has any such key, return 0.

    A tiny example: `ids = [4, 7, 4]`. Only the last token has occurred before, at place 0, so $J_2 = \{1\}$, and the score is `weights[2][1]`. With the weights `[[1, 0, 0], [0.5, 0.5, 0], [0.1, 0.7, 0.2]]` that is `0.7`.
    """,
    slot='''
    def induction_score(weights, ids):
        """Mean weight behind earlier occurrences of the query's own token.

        weights: (n, n), rows are queries; ids: (n,) whole numbers
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Write down, for the text A B A B A, which keys count for the last A. There are two.",
        r"Key $j$ counts for query $t$ where $x_{j-1} = x_t$ and $1 \le j \le t$: a table of the size of the weights, True where it counts. Multiply, sum over keys, and leave out the rows without True.",
        "```python\ncounts = np.zeros((n, n), dtype=bool)\ncounts[:, 1:] = ids[:, None] == ids[None, ____]\ncounts &= np.tri(n, dtype=bool)\n"
        "rows = counts.any(axis=1)\nreturn float((weights * counts).sum(axis=____)[rows].mean()) if rows.any() else 0.0\n```",
    ),
    parsons=("ind_on_the_token_itself", "ind_mean_over_all_queries"),
    why=r"""
    The comparison of every token with every token, shifted by one column, is the pattern an induction head should have; the score is how much of the head's weight lies in it.

    **The two most common mistakes.** To count the weight on the earlier occurrence itself: a head that does this finds *the same* token, and could only copy what is already there. To divide by all queries: then the score of one and the same head falls as the text repeats less.

    **Cost.** $n^2$ comparisons, as many as there are weights.
    """,
    verified="equal to loops for texts of 1 to 60 tokens, from 2 to 1,000 kinds, whole numbers and float32.",
    next_thought="what does a head that looks evenly at all earlier tokens score on a text of two tokens only, A B A B A B?",
    reference=_reference,
)


def _case(seed, n, kinds):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, n)) ** 2 * np.tri(n)
    return weights / weights.sum(axis=1, keepdims=True), rng.integers(kinds, size=n)


EXERCISE.probe("13 tokens of 4 kinds", *_case(1, 13, 4))
EXERCISE.probe("7 tokens of 3 kinds", *_case(2, 7, 3))
EXERCISE.probe("29 tokens of 11 kinds", *_case(3, 29, 11))
EXERCISE.probe("all tokens the same", _case(4, 5, 2)[0], np.zeros(5, dtype=int))
EXERCISE.probe("no token twice", _case(5, 5, 2)[0], np.arange(5))
EXERCISE.probe("one token", np.ones((1, 1)), np.array([3]))
EXERCISE.probe("whole numbers for weights", np.eye(4, dtype=int), np.array([2, 2, 5, 2]))
EXERCISE.probe("single precision", _case(6, 11, 3)[0].astype(np.float32), _case(6, 11, 3)[1])
EXERCISE.probe("the same token twice in a row", _case(7, 6, 2)[0], np.array([1, 1, 2, 2, 1, 1]))
EXERCISE.probe("a new token at the end", _case(8, 5, 2)[0], np.array([1, 2, 1, 2, 3]))


@EXERCISE.solve
def induction_score_solution(weights, ids):
    weights, ids = np.asarray(weights), np.asarray(ids)
    n = len(ids)
    counts = np.zeros((n, n), dtype=bool)
    counts[:, 1:] = ids[:, None] == ids[None, :-1]
    counts &= np.tri(n, dtype=bool)
    rows = counts.any(axis=1)
    return float((weights * counts).sum(axis=1)[rows].mean()) if rows.any() else 0.0


@EXERCISE.mutant
def ind_on_the_token_itself(weights, ids):
    weights, ids = np.asarray(weights), np.asarray(ids)
    n = len(ids)
    counts = np.zeros((n, n), dtype=bool)
    counts[:, :] = ids[:, None] == ids[None, :]
    counts &= np.tri(n, k=-1, dtype=bool)
    rows = counts.any(axis=1)
    return float((weights * counts).sum(axis=1)[rows].mean()) if rows.any() else 0.0


@EXERCISE.mutant
def ind_mean_over_all_queries(weights, ids):
    weights, ids = np.asarray(weights), np.asarray(ids)
    n = len(ids)
    counts = np.zeros((n, n), dtype=bool)
    counts[:, 1:] = ids[:, None] == ids[None, :-1]
    counts &= np.tri(n, dtype=bool)
    return float((weights * counts).sum(axis=1).mean())


@EXERCISE.mutant
def ind_the_last_occurrence_alone(weights, ids):
    return _score(weights, ids, lambda ids, t: [j for j in range(1, t + 1) if ids[j - 1] == ids[t]][-1:])


@EXERCISE.mutant
def ind_the_first_occurrence_alone(weights, ids):
    return _score(weights, ids, lambda ids, t: [j for j in range(1, t + 1) if ids[j - 1] == ids[t]][:1])


@EXERCISE.mutant
def ind_mean_over_the_keys(weights, ids):
    def found(t):
        keys = [j for j in range(1, t + 1) if ids[j - 1] == ids[t]]
        return np.mean([weights[t, j] for j in keys]) if keys else None

    each = [found(t) for t in range(len(ids))]
    each = [one for one in each if one is not None]
    return float(np.mean(each)) if each else 0.0


@EXERCISE.mutant
def ind_queries_and_keys_swapped(weights, ids):
    return _score(np.asarray(weights).T, ids)


@EXERCISE.mutant
def ind_the_token_before_the_occurrence(weights, ids):
    return _score(weights, ids, lambda ids, t: [j for j in range(t) if ids[j + 1] == ids[t]])


@EXERCISE.mutant
def ind_the_key_next_to_the_query_left_out(weights, ids):
    return _score(weights, ids, lambda ids, t: [j for j in range(1, t) if ids[j - 1] == ids[t]])


EXERCISE.holds("the example of the statement comes out")(
    comes_out(0.7, np.array([[1, 0, 0], [0.5, 0.5, 0], [0.1, 0.7, 0.2]]), np.array([4, 7, 4])))


@EXERCISE.holds("other names for the tokens change nothing")
def other_names(call):
    weights, ids = _case(1, 13, 4)
    gap = abs(float(call(weights, 100 - 7 * ids)) - float(call(weights, ids)))
    return None if gap < 1e-4 else f"with other ids for the same text the score moves by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(2, 7, 3)))

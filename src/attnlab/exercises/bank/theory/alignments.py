"""How firmly each unit of each stored pattern stands in a classical Hopfield network."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(patterns):
    patterns = np.asarray(patterns, dtype=float)
    weights = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return patterns * (patterns @ weights)


EXERCISE = Exercise(
    id="theory.alignments",
    title="Which units will turn?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="theory/key_value_memory",
    headings=("One matrix for all patterns: the classical network",),
    statement=r"""
    Store the rows of `patterns` (N, d), all 1 or −1, in a classical Hopfield network with weights $W = X^\top X / d$ **without its diagonal**, and start it in each pattern in turn. Return `alignments` (N, d): for each unit of each pattern, its value times what its neighbours tell it, $x_i \sum_j W_{ij} x_j$. A unit with a negative alignment turns when it is asked.

    A tiny example: `patterns = [[1, -1, 1], [1, 1, 1]]` gives `[[2/3, 0, 2/3], [2/3, 0, 2/3]]`.
    """,
    slot='''
    def alignments(patterns):
        """How firmly each unit of each stored pattern stands.

        patterns: (N, d) of 1 and -1
        result: (N, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("alignments",),
    hints=(
        "One pattern alone: each of its units has the alignment $(d - 1)/d$, whatever its signs.",
        r"With the diagonal every alignment would be larger by $W_{ii} = N/d$, which hides the noise.",
        "```python\nn, d = patterns.shape\nweights = ____ / d\nweights = weights - ____ * np.eye(d)\nreturn ____ * (patterns @ weights)\n```",
    ),
    parsons=("diagonal_kept", "field_without_the_unit"),
    why=r"""
    $x_i \sum_j W_{ij} x_j = \tfrac{d-1}{d} + \tfrac1d \sum_{\nu} \dots$: a signal of nearly 1, and noise from the other patterns with a variance of about $(N-1)/d$. At $N = 0.138\,d$ the noise has a standard deviation of 0.37, so that about 1 unit in 280 starts wrong, and each that turns may turn others.

    **The two most common mistakes.** Keeping the diagonal, which makes every unit stand firmer than it does. Returning the field itself, which is negative for every unit of value −1.

    **Cost.** $2 N d^2$ operations for the weights, and as many for the fields.
    """,
    verified="one pattern, many, equal and opposite ones, square and other tables.",
    next_thought="how is the smallest alignment of a network of width 64 spread over draws, at 9 patterns?",
    reference=_reference,
)

_rng = np.random.default_rng(103)
_X = _rng.choice([-1.0, 1.0], size=(3, 7))
EXERCISE.probe("3 patterns of width 7", _X)
EXERCISE.probe("5 patterns of width 5", _rng.choice([-1.0, 1.0], size=(5, 5)))
EXERCISE.probe("11 patterns of width 4", _rng.choice([-1.0, 1.0], size=(11, 4)))
EXERCISE.probe("one pattern of width 5", _rng.choice([-1.0, 1.0], size=(1, 5)))
EXERCISE.probe("a pattern and its opposite", np.vstack([_X[:1], -_X[:1]]))
EXERCISE.probe("a pattern twice, and another", _X[[0, 0, 1]])


@EXERCISE.solve
def alignments_solution(patterns):
    n, d = patterns.shape
    weights = patterns.T @ patterns / d
    weights = weights - n / d * np.eye(d)
    return patterns * (patterns @ weights)


@EXERCISE.mutant
def diagonal_kept(patterns):
    n, d = patterns.shape
    weights = patterns.T @ patterns / d
    return patterns * (patterns @ weights)


@EXERCISE.mutant
def field_without_the_unit(patterns):
    n, d = patterns.shape
    weights = patterns.T @ patterns / d
    weights = weights - n / d * np.eye(d)
    return patterns @ weights


@EXERCISE.mutant
def weights_not_divided(patterns):
    return _reference(patterns) * patterns.shape[1]


@EXERCISE.mutant
def divided_by_the_patterns(patterns):
    return _reference(patterns) * patterns.shape[1] / len(patterns)


@EXERCISE.mutant
def diagonal_of_one_pattern(patterns):
    n, d = patterns.shape
    return patterns * (patterns @ (patterns.T @ patterns / d - np.eye(d) / d))


@EXERCISE.mutant
def signs_instead_of_sums(patterns):
    return np.sign(_reference(patterns))


@EXERCISE.mutant
def patterns_with_themselves_alone(patterns):
    d = patterns.shape[1]
    return np.full(patterns.shape, (d - 1) / d)


@EXERCISE.holds("turning all signs of a pattern changes no alignment")
def opposite(call):
    gap = float(np.abs(np.asarray(call(_X * np.array([[1], [-1], [1]]))) - np.asarray(call(_X))).max())
    return None if gap < 1e-4 else f"one changes by {text.number(gap)}"


@EXERCISE.holds("a single pattern stands at (d - 1) / d")
def single(call):
    gap = float(np.abs(np.asarray(call(_X[:1])) - 6 / 7).max())
    return None if gap < 1e-4 else f"width 7: an alignment is off by {text.number(gap)}"


@EXERCISE.holds("minus half their sum is the energy")
def energies(call):
    weights = _X.T @ _X / 7 - np.eye(7) * 3 / 7
    wanted = np.einsum("ni,ij,nj->n", _X, weights, _X)
    gap = float(np.abs(np.asarray(call(_X)).sum(axis=1) - wanted).max())
    return None if gap < 1e-4 else f"a sum is off by {text.number(gap)}"

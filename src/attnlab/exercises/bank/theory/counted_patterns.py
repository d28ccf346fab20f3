"""A step and the energy of a modern Hopfield network in which patterns are stored several times."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(x, patterns, counts, beta):
    scores = beta * (np.asarray(patterns, dtype=float) @ x) + np.log(counts)
    largest = scores.max()
    powers = np.exp(scores - largest)
    energy = -(largest + np.log(powers.sum())) / beta + np.dot(x, x) / 2
    return powers @ patterns / powers.sum(), energy


EXERCISE = Exercise(
    id="theory.counted_patterns",
    title="Patterns stored several times",
    level="create",
    minutes=20,
    difficulty=2,
    page="theory/key_value_memory",
    headings=("Patterns kept apart: the modern network",),
    statement=r"""
    A modern Hopfield network holds the rows of `patterns` (N, d), row $i$ stored `counts[i]` times, at least once. Without storing anything twice, return what one step makes of the vector `x` (d), and the energy of `x` *before* the step,

    $$E(x) = -\tfrac1\beta \ln \sum_i c_i\, e^{\beta\, x \cdot x_i} + \tfrac12 \lVert x \rVert^2 .$$

    Scores reach thousands; nothing may overflow. A tiny example: `x = [0]`, `patterns = [[1], [-1]]`, `counts = [3, 1]`, `beta = 1` give the step `[0.5]` and the energy $-\ln 4 = -1.386$.
    """,
    slot='''
    def counted_patterns(x, patterns, counts, beta):
        """One step from x, and the energy of x.

        x: (d,), patterns: (N, d), counts: (N,), beta: a number above 0
        result: step (d,), energy
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("step", "energy"),
    hints=(
        "With all counts 1 it is attention with one query, and with all counts 7 the step is the same.",
        r"$c_i\, e^{s_i} = e^{s_i + \ln c_i}$: a count is a bias on the scores. The largest of the biased scores may be subtracted, and has to be put back into the energy.",
        "```python\nscores = beta * patterns @ x + ____\nlargest = scores.max()\npowers = np.exp(____)\nenergy = -(____ + np.log(powers.sum())) / ____ + x @ x / 2\nreturn ____ / powers.sum(), energy\n```",
    ),
    parsons=("largest_not_put_back", "counts_without_logarithm"),
    why=r"""
    The logarithm of a count is added to the scores: so does attention over merged tokens, each of which stands for several.

    **The two most common mistakes.** Adding the count instead of its logarithm. Forgetting to put back what was subtracted: the step does not notice, the energy does.

    **Cost.** $2Nd$ operations for the scores, and as many for the mix.
    """,
    verified="counts of one, equal and large counts, scores of thousands, one pattern, and the gradient of your energy against your step.",
    next_thought="which counts make the network return the mean of all patterns at x = 0?",
    reference=_reference,
)

_rng = np.random.default_rng(107)


def _draw(n, d, beta=0.8):
    return _rng.normal(size=d), _rng.normal(size=(n, d)), _rng.integers(1, 6, n).astype(float), beta


_GIVEN = _draw(5, 3)
EXERCISE.probe("5 patterns of width 3", *_GIVEN)
EXERCISE.probe("4 patterns of width 4, sharper", *_draw(4, 4, 2.5))
EXERCISE.probe("7 patterns of width 2, all once", *_draw(7, 2)[:2], np.ones(7), 0.5)
EXERCISE.probe("one pattern, three times", *_draw(1, 3)[:2], np.array([3.0]), 0.7)
EXERCISE.probe("large counts", *_draw(4, 3)[:2], np.array([1.0, 30, 500, 20_000]), 1.1)
EXERCISE.probe("scores of thousands", *(1000 * x for x in _draw(3, 5)[:1]), *_draw(3, 5)[1:3], 1.3, extreme=True)


@EXERCISE.solve
def counted_patterns_solution(x, patterns, counts, beta):
    scores = beta * patterns @ x + np.log(counts)
    largest = scores.max()
    powers = np.exp(scores - largest)
    energy = -(largest + np.log(powers.sum())) / beta + x @ x / 2
    return powers @ patterns / powers.sum(), energy


@EXERCISE.mutant
def largest_not_put_back(x, patterns, counts, beta):
    scores = beta * patterns @ x + np.log(counts)
    largest = scores.max()
    powers = np.exp(scores - largest)
    energy = -np.log(powers.sum()) / beta + x @ x / 2
    return powers @ patterns / powers.sum(), energy


@EXERCISE.mutant
def counts_without_logarithm(x, patterns, counts, beta):
    scores = beta * patterns @ x + counts
    largest = scores.max()
    powers = np.exp(scores - largest)
    energy = -(largest + np.log(powers.sum())) / beta + x @ x / 2
    return powers @ patterns / powers.sum(), energy


@EXERCISE.mutant
def counts_ignored(x, patterns, counts, beta):
    return _reference(x, patterns, np.ones(len(patterns)), beta)


@EXERCISE.mutant
def counts_sharpened(x, patterns, counts, beta):
    return _reference(x, patterns, np.asarray(counts, dtype=float) ** beta, beta)


@EXERCISE.mutant
def sharpness_outside_forgotten(x, patterns, counts, beta):
    step, energy = _reference(x, patterns, counts, beta)
    half = np.dot(x, x) / 2
    return step, (energy - half) * beta + half


@EXERCISE.mutant
def half_of_the_square_forgotten(x, patterns, counts, beta):
    step, energy = _reference(x, patterns, counts, beta)
    return step, energy + np.dot(x, x) / 2


@EXERCISE.mutant
def energy_after_the_step(x, patterns, counts, beta):
    step, _ = _reference(x, patterns, counts, beta)
    return step, _reference(step, patterns, counts, beta)[1]


@EXERCISE.mutant
def weights_not_normalised_by_counts(x, patterns, counts, beta):
    scores = beta * np.asarray(patterns) @ x
    weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    return (counts * weights) @ patterns, _reference(x, patterns, counts, beta)[1]


@EXERCISE.holds("it equals the same network with the patterns written out")
def written_out(call):
    x, patterns, counts, beta = _GIVEN
    many = np.repeat(patterns, counts.astype(int), axis=0)
    mine, wanted = call(*_GIVEN), _reference(x, many, np.ones(len(many)), beta)
    gap = max(float(np.abs(np.asarray(a) - b).max()) for a, b in zip(mine, wanted))
    return None if gap < 1e-4 else f"the results differ by up to {text.number(gap)}"


@EXERCISE.holds("the energy does not rise")
def falls(call):
    step, before = call(*_GIVEN)
    after = call(np.asarray(step, dtype=float), *_GIVEN[1:])[1]
    rise = float(after) - float(before)
    return None if rise < 1e-6 else f"it rises by {text.number(rise)}"


@EXERCISE.holds("the gradient of the energy is x minus the step")
def slope(call):
    x, *rest = _GIVEN
    moved = 1e-3 * np.eye(len(x))
    found = [(float(call(x + one, *rest)[1]) - float(call(x - one, *rest)[1])) / 2e-3 for one in moved]
    gap = float(np.abs(np.array(found) - (x - np.asarray(call(*_GIVEN)[0], dtype=float))).max())
    return None if gap < 1e-3 else f"they differ by up to {text.number(gap)}"


@EXERCISE.holds("twice as often, all of them: the same step")
def doubled(call):
    x, patterns, counts, beta = _GIVEN
    gap = float(np.abs(np.asarray(call(x, patterns, 2 * counts, beta)[0]) - np.asarray(call(*_GIVEN)[0])).max())
    return None if gap < 1e-4 else f"it moves by {text.number(gap)}"

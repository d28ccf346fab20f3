"""Do two explanations rank the words alike? Kendall's rank correlation, with ties."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _pairs(x):
    x = np.asarray(x, dtype=float)
    return np.sign(x[:, None] - x[None])[np.triu_indices(len(x), 1)]


def _tau(a, b, divide=lambda a, b: np.sqrt((a != 0).sum() * (b != 0).sum()), change=lambda x: x):
    a, b = _pairs(a), _pairs(b)
    below = divide(a, b)
    return float(change((a * b).sum()) / below) if below > 0 else 0.0


def _reference(a, b):
    return _tau(a, b)


EXERCISE = Exercise(
    id="theory.kendall",
    title="Do two explanations agree? Kendall's tau",
    level="apply",
    minutes=15,
    difficulty=2,
    page="theory/explanation",
    headings=("Four answers to one question",),
    statement=r"""
    Jain and Wallace (2019) compare attention with other measures by **Kendall's** $\tau$ (here with its correction for ties, $\tau_b$). For two rows of $n$ numbers look at all pairs $i < j$. A pair is *concordant* if both rows order it alike, *discordant* if they order it the other way round; a pair that is tied in either row is neither. Let $C$ and $D$ count the two, and let $N_a$, $N_b$ count the pairs that are **not tied** in $a$, and in $b$. Return

    $$
    \tau_b = \frac{C - D}{\sqrt{N_a\, N_b}} ,
    $$

    and 0 where the denominator is 0.

    A tiny example: $a = (1, 2, 3)$ and $b = (1, 3, 2)$ have two concordant pairs and one discordant, no ties: $(2 - 1)/3 =$ `0.333`.
    """,
    slot='''
    def kendall(a, b):
        """(C - D) / sqrt(N_a N_b) over all pairs.

        a, b: (n,), n >= 2
        result: a number from -1 to 1
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The sign of $(a_i - a_j)(b_i - b_j)$ says which kind a pair is.",
        r"All differences at once: $a_i - a_j$ as a table, its sign, and above the diagonal each pair once. The product of the two tables has $C - D$ for its sum.",
        "```python\nx, y = (np.sign(one[:, None] - one[None]) for one in (a, b))\npairs = np.triu_indices(len(a), ____)\nx, y = x[pairs], y[pairs]\n"
        "below = np.sqrt((x != 0).sum() * ____)\nreturn float((x * y).sum() / below) if below > 0 else 0.0\n```",
    ),
    parsons=("tau_ties_ignored", "tau_spearman_in_its_place"),
    why=r"""
    Each pair votes once. Where all numbers differ, $N_a = N_b = n(n-1)/2$.

    **The two most common mistakes.** Dividing by all $n(n-1)/2$ pairs although some are tied: two rows that agree perfectly, ties and all, then stay below 1. Computing Spearman's coefficient, the correlation of the ranks, which is another number.

    **Cost.** $n^2$ comparisons; $n \log n$ with sorting.
    """,
    verified="equal to `scipy.stats.kendalltau` for 2 to 60 numbers with and without ties, whole numbers and float32.",
    next_thought="two measures that put one word first and differ by chance in all others: what does tau say, and is that what you want to know?",
    reference=_reference,
)


def _case(seed, n, kinds=None):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = a + rng.normal(size=n)
    return (a, b) if kinds is None else (np.round(a * kinds), np.round(b * kinds))


EXERCISE.probe("13 numbers", *_case(1, 13))
EXERCISE.probe("29 numbers", *_case(2, 29))
EXERCISE.probe("17 numbers with ties", *_case(3, 17, 1))
EXERCISE.probe("7 numbers with ties", *_case(4, 7, 1))
EXERCISE.probe("ties on one side", _case(5, 11, 1)[0], _case(5, 11)[1])
EXERCISE.probe("the other way round", _case(6, 11)[0], -_case(6, 11)[1])
EXERCISE.probe("two numbers", np.array([1.0, 2.0]), np.array([5.0, 3.0]))
EXERCISE.probe("all equal on one side", np.ones(5), np.arange(5.0))
EXERCISE.probe("whole numbers", np.array([3, 1, 2, 2]), np.array([4, 1, 1, 3]))
EXERCISE.probe("single precision", *(one.astype(np.float32) for one in _case(7, 11)))


@EXERCISE.solve
def kendall_solution(a, b):
    x, y = (np.sign(one[:, None] - one[None]) for one in (a, b))
    pairs = np.triu_indices(len(a), 1)
    x, y = x[pairs], y[pairs]
    below = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y).sum() / below) if below > 0 else 0.0


@EXERCISE.mutant
def tau_ties_ignored(a, b):
    x, y = (np.sign(one[:, None] - one[None]) for one in (a, b))
    pairs = np.triu_indices(len(a), 1)
    x, y = x[pairs], y[pairs]
    return float((x * y).sum() / len(x))


@EXERCISE.mutant
def tau_spearman_in_its_place(a, b):
    x, y = ((one[:, None] > one).sum(axis=1) + (one[:, None] == one).sum(axis=1) / 2 for one in (a, b))
    x, y = x - x.mean(), y - y.mean()
    below = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / below) if below > 0 else 0.0


@EXERCISE.mutant
def tau_only_pairs_without_any_tie(a, b):
    return _tau(a, b, lambda a, b: (a * b != 0).sum())


@EXERCISE.mutant
def tau_correlation_of_the_numbers(a, b):
    a, b = np.asarray(a, float) - np.mean(a), np.asarray(b, float) - np.mean(b)
    below = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / below) if below > 0 else 0.0


@EXERCISE.mutant
def tau_disagreement_counted_as_agreement(a, b):
    return _tau(a, b, change=abs)


@EXERCISE.mutant
def tau_share_of_concordant_pairs(a, b):
    x, y = _pairs(a), _pairs(b)
    below = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y > 0).sum() / below) if below > 0 else 0.0


@EXERCISE.mutant
def tau_neighbours_alone(a, b):
    x, y = np.sign(np.diff(np.asarray(a, float))), np.sign(np.diff(np.asarray(b, float)))
    below = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y).sum() / below) if below > 0 else 0.0


EXERCISE.holds("the example of the statement comes out")(comes_out(1 / 3, np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])))


@EXERCISE.holds("a row agrees with itself, ties and all, and disagrees with its negative")
def agrees_with_itself(call):
    a, _ = _case(3, 17, 1)
    for other, right in ((a, 1.0), (-a, -1.0)):
        out = float(call(a, other))
        if abs(out - right) > 1e-4:
            return f"yours is {text.number(out)}, expected {text.number(right)}"
    return None


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(4, 7, 1)))

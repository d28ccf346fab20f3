"""From which length linear attention needs fewer operations, and from which it keeps fewer numbers."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _first(holds):
    n = 1
    while not holds(n):
        n *= 2
    low, high = n // 2, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _reference(d_k, d_v, d_features):
    work = _first(lambda n: (d_k + d_v) * n * (n + 1) > 4 * d_features * d_v * n)
    kept = _first(lambda n: n * (d_k + d_v) > d_features * d_v + d_features)
    return work, kept


EXERCISE = Exercise(
    id="efficiency.linear_break_even",
    title="From which length on?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/linear",
    headings=("What it costs",),
    statement=r"""
    One head, causal: keys of width `d_k`, values of width `d_v`. Softmax attention needs $2 d_k$ operations for the score and $2 d_v$ for the mix of each of the $n (n + 1) / 2$ pairs, and keeps a key and a value for each token. Linear attention with `d_features` features adds $\phi(k) v^\top$ to its state and reads it, $2\, d_\phi d_v$ operations each for every token, and keeps the state and the sum of the features; the feature map and the normaliser are not counted. Return two whole numbers:

    1. `work`: the smallest $n \ge 1$ at which linear attention needs **fewer** operations for the whole text;
    2. `kept`: the smallest $n \ge 1$ at which it keeps **fewer** numbers.

    A tiny example: with widths of 2 and 2 features both need the same at 3 tokens, so `work` is 4; the state has 4 + 2 numbers and a token 4, so `kept` is 2.
    """,
    slot='''
    def linear_break_even(d_k, d_v, d_features):
        """The lengths from which linear attention computes less, and keeps less.

        result: two whole numbers, work and kept
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("work", "kept"),
    hints=(
        "Both sides of the first comparison have a factor $n$. Fewer is not fewer or equal: where the two are level, one more token is needed.",
        r"Work: $(d_k + d_v)(n + 1) > 4\, d_\phi d_v$. Kept: $n (d_k + d_v) > d_\phi (d_v + 1)$. The smallest whole number above $a / b$ is $\lfloor a / b \rfloor + 1$.",
        "```python\nwidth = d_k + d_v\nwork = 4 * d_features * d_v // ____\nkept = ____ // width + 1\nreturn max(work, ____), kept\n```",
    ),
    parsons=("break_even_where_level", "break_even_all_pairs"),
    why=r"""
    With all widths equal to $d$ these are $2d$ and about $d / 2$. Richer features move both: with all $1 + d + d^2$ products of a width of 16, linear attention pays off about 17 times as late.

    **The two most common mistakes.** Counting all $n^2$ pairs, when half of them are hidden and skipped. Stopping where both are level.

    **Cost.** None. That the operations are fewer does not mean that a chip is faster.
    """,
    verified="widths of 1 to 256, values wider and narrower than keys, few and many features, exact ties.",
    next_thought="what do the two lengths become for a whole layer, with its projections?",
    reference=_reference,
)

for _given in ((2, 2, 2), (64, 64, 64), (128, 128, 128), (16, 64, 273), (3, 5, 7), (5, 3, 7), (1, 1, 1), (7, 1, 1), (64, 128, 32), (256, 64, 512), (31, 17, 100), (10, 2, 1), (2, 6, 5)):  # fmt: skip
    EXERCISE.probe("keys of {}, values of {}, {} features".format(*_given), *_given)


@EXERCISE.solve
def linear_break_even_solution(d_k, d_v, d_features):
    width = d_k + d_v
    work = 4 * d_features * d_v // width
    kept = d_features * (d_v + 1) // width + 1
    return max(work, 1), kept


@EXERCISE.mutant
def break_even_where_level(d_k, d_v, d_features):
    width = d_k + d_v
    work = -(-4 * d_features * d_v // width) - 1
    kept = -(-d_features * (d_v + 1) // width)
    return max(work, 1), kept


@EXERCISE.mutant
def break_even_all_pairs(d_k, d_v, d_features):
    width = d_k + d_v
    work = 2 * d_features * d_v // width + 1
    kept = d_features * (d_v + 1) // width + 1
    return max(work, 1), kept


@EXERCISE.mutant
def break_even_reading_forgotten(d_k, d_v, d_features):
    return max(2 * d_features * d_v // (d_k + d_v), 1), _reference(d_k, d_v, d_features)[1]


@EXERCISE.mutant
def break_even_without_the_normaliser(d_k, d_v, d_features):
    return _reference(d_k, d_v, d_features)[0], d_features * d_v // (d_k + d_v) + 1


@EXERCISE.mutant
def break_even_keys_alone(d_k, d_v, d_features):
    return _reference(d_k, d_v, d_features)[0], d_features * (d_v + 1) // d_k + 1


@EXERCISE.mutant
def break_even_features_as_wide_as_keys(d_k, d_v, d_features):
    return _reference(d_k, d_v, d_k)


@EXERCISE.mutant
def break_even_square_state(d_k, d_v, d_features):
    width = d_k + d_v
    return max(4 * d_features**2 // width, 1), d_features * (d_features + 1) // width + 1


EXERCISE.holds("the example of the statement comes out")(comes_out((4, 2), 2, 2, 2))


@EXERCISE.holds("with equal widths, twice the width and about half of it")
def equal(call):
    work, kept = call(64, 64, 64)
    return None if (int(work), int(kept)) == (128, 33) else f"for 64 they are {int(work)} and {int(kept)}"

"""The elements that a blocked attention moves, written down without running it."""

from __future__ import annotations

import math

from attnlab.exercises._exercise import Exercise


def _reference(n, d, block_q):
    return 2 * n * d + n + math.ceil(n / block_q) * 2 * n * d


EXERCISE = Exercise(
    id="efficiency.traffic_closed_form",
    title="Count without running",
    level="apply",
    minutes=10,
    difficulty=2,
    page="efficiency/memory_traffic",
    headings=("Closed forms",),
    statement=r"""
    Attention on $n$ tokens of width $d$, queries in the **outer** loop in blocks of `block_q`, keys and values in the inner loop. A block of queries is loaded once and its outputs, and one log-sum-exp a row, are stored once. For every block of queries, all keys and all values are loaded. There is no mask.
    How many elements move between the two memories?

    A tiny example: 2 tokens of width 1 in one block: 2 queries, 2 outputs, 2 log-sum-exps, 2 keys and 2 values make 10; in two blocks it is 14.
    """,
    slot='''
    def elements_moved(n, d, block_q):
        """Elements moved by a blocked attention with the queries outside.

        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import math",),
    parts=("elements",),
    hints=(
        "With one block that holds everything, every array is moved exactly once. With blocks of one query, the keys and values are moved $n$ times.",
        r"$nd$ for the queries, $nd$ for the outputs, $n$ for the log-sum-exps, and $2nd$ for keys and values, times the number of blocks of queries.",
        "```python\nonce = ____ * n * d + ____\nblocks = math.____(n / block_q)\nreturn once + blocks * ____\n```",
    ),
    parsons=("ceiling_forgotten", "values_forgotten"),
    why=r"""
    The last block may be shorter, but it reads all keys and values like any other: so the number of blocks is rounded up.

    **The two most common mistakes.** Rounding down, which is right only when the block size divides the length. Counting keys and values once, which is right for a single block.

    **Cost.** With $B_q \approx M / 2d$ the last term is $4 n^2 d^2 / M$, and it is the one that matters.
    """,
    verified="exact for nine sizes, most of which divide nothing, up to a million tokens.",
    next_thought="what does the formula become when the mask is causal and blocks of the future are skipped?",
    reference=_reference,
)

for _n, _d, _b in ((7, 3, 2), (11, 5, 11), (13, 2, 1), (97, 7, 29), (12, 5, 4), (5, 3, 7), (1, 2, 1), (64, 1, 63), (10**6, 128, 48)):
    EXERCISE.probe(f"{_n} tokens of width {_d}, blocks of {_b}", _n, _d, _b)


@EXERCISE.solve
def elements_moved_solution(n, d, block_q):
    once = 2 * n * d + n
    blocks = math.ceil(n / block_q)
    return once + blocks * 2 * n * d


@EXERCISE.mutant
def ceiling_forgotten(n, d, block_q):
    once = 2 * n * d + n
    blocks = n // block_q
    return once + blocks * 2 * n * d


@EXERCISE.mutant
def keys_counted_once(n, d, block_q):
    return 4 * n * d + n


@EXERCISE.mutant
def values_forgotten(n, d, block_q):
    once = 2 * n * d + n
    blocks = math.ceil(n / block_q)
    return once + blocks * n * d


@EXERCISE.mutant
def queries_reloaded(n, d, block_q):
    return 2 * n * d + math.ceil(n / block_q) * (3 * n * d + 4 * n)


@EXERCISE.mutant
def lse_forgotten(n, d, block_q):
    return 2 * n * d + math.ceil(n / block_q) * 2 * n * d


@EXERCISE.mutant
def scores_written_down(n, d, block_q):
    return 2 * n * d + n + math.ceil(n / block_q) * 2 * n * d + 2 * n * n


@EXERCISE.holds("one block moves every array once")
def one_block(call):
    moved = call(11, 5, 11)
    if moved != 4 * 55 + 11:
        return f"for 11 tokens of width 5 in one block it is {float(moved):.0f}, not 231"


@EXERCISE.holds("smaller blocks move more")
def smaller_is_worse(call):
    few, many = call(97, 7, 31), call(97, 7, 5)
    if not many > few:
        return f"blocks of 31 move {float(few):.0f} and blocks of 5 move {float(many):.0f}"


@EXERCISE.holds("queries, outputs and log-sum-exps are counted once")
def moved_once(call):
    once = [2 * float(call(12, d, 12)) - float(call(12, d, 6)) for d in (1, 2, 5)]
    return None if once == [36, 60, 132] else f"for 12 tokens of width 1, 2 and 5 it is {once[0]:.0f}, {once[1]:.0f} and {once[2]:.0f}"


@EXERCISE.holds("one block of queries more moves all keys and all values once more")
def block_more(call):
    more = float(call(12, 5, 3)) - float(call(12, 5, 4)), float(call(12, 5, 5)) - float(call(12, 5, 6))
    return None if more == (120, 120) else f"for 12 tokens of width 5 it adds {more[0]:.0f} from 3 to 4 blocks and {more[1]:.0f} from 2 to 3"

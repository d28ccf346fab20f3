"""How many queries fit into fast memory beside everything else."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise


def _reference(capacity, d, block_k):
    return max(0, (capacity - block_k * d) // (2 * d + block_k + 4))


EXERCISE = Exercise(
    id="efficiency.largest_block",
    title="What fits",
    level="analyse",
    minutes=10,
    difficulty=2,
    page="efficiency/memory_traffic",
    headings=("Closed forms", "Does the printed block size fit?"),
    statement=r"""
    With the queries outside, the following is held in fast memory at the same time, for a block of $B_q$ queries and blocks of $B_k$ keys (`block_k`), all of width $d$:

    - the queries and their unfinished outputs;
    - four numbers for each query (two maxima, a sum, a row sum);
    - a tile of scores, $B_q \times B_k$;
    - one block of keys **or** values, $B_k \times d$ (the keys have gone when the values come).

    How large may $B_q$ be with room for `capacity` elements? Return 0 if not even one query fits. A tiny example: `capacity = 9`, `d = 1` and `block_k = 1` give 1, since one query needs 2 + 4 + 1 and the key needs 1.
    """,
    slot='''
    def largest_block(capacity, d, block_k):
        """The largest number of queries in a block that still fits.

        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("queries",),
    hints=(
        "What does one more query cost? And what has to be there even without any query?",
        r"Each query costs $2d + B_k + 4$, and the keys cost $B_k d$ once. Find the largest $B_q$ with $B_q (2d + B_k + 4) + B_k d \le M$.",
        "```python\neach = 2 * ____ + ____ + ____\nleft = capacity - ____\nreturn max(0, left ____ each)\n```",
    ),
    parsons=("scores_forgotten", "rounded_up"),
    why=r"""
    The room that is left beside the keys, divided by what one query costs, rounded **down**.

    **The two most common mistakes.** Forgetting the tile of scores, which nobody stores but which is there while it is used. Rounding up, or to the nearest: the last query does not half fit.

    **Cost.** A small $B_k$ leaves room for more queries, and it is the number of queries that saves traffic.
    """,
    verified="15 machines, some of them filled to the last element, some without room for a query or even for the keys.",
    next_thought="for 65,536 elements and a width of 64, which block of keys gives the largest block of queries?",
    reference=_reference,
)

for _capacity, _d, _block_k in ((997, 7, 5), (65_536, 64, 16), (9, 1, 1), (101, 13, 11), (4096, 16, 3), (211, 5, 2)):
    EXERCISE.probe(f"{_capacity} elements, width {_d}, {_block_k} keys", _capacity, _d, _block_k)
for _queries in (1, 3, 40):  # 17 elements a query and 15 for the keys
    EXERCISE.probe(f"filled to the last element: {_queries}", _queries * 17 + 15, 5, 3)
    EXERCISE.probe(f"one element less: {_queries}", _queries * 17 + 14, 5, 3)
EXERCISE.probe("87 elements, width 2, 9 keys", 87, 2, 9)
EXERCISE.probe("the keys alone do not fit", 90, 10, 11)
EXERCISE.probe("the keys fit exactly", 110, 10, 11)


@EXERCISE.solve
def largest_block_solution(capacity, d, block_k):
    each = 2 * d + block_k + 4
    left = capacity - block_k * d
    return max(0, left // each)


@EXERCISE.mutant
def scores_forgotten(capacity, d, block_k):
    each = 2 * d + 4
    left = capacity - block_k * d
    return max(0, left // each)


@EXERCISE.mutant
def outputs_forgotten(capacity, d, block_k):
    return max(0, (capacity - block_k * d) // (d + block_k + 4))


@EXERCISE.mutant
def keys_forgotten(capacity, d, block_k):
    return max(0, capacity // (2 * d + block_k + 4))


@EXERCISE.mutant
def keys_and_values_together(capacity, d, block_k):
    return max(0, (capacity - 2 * block_k * d) // (2 * d + block_k + 4))


@EXERCISE.mutant
def rounded_up(capacity, d, block_k):
    each = 2 * d + block_k + 4
    left = capacity - block_k * d
    return max(0, -(-left // each))


@EXERCISE.mutant
def printed_block_size(capacity, d, block_k):
    return capacity // (4 * d)


@EXERCISE.holds("one query more would not fit, and the block itself does")
def just_fits(call):
    capacity, d, block_k = 997, 7, 5
    block = int(call(capacity, d, block_k))
    held = [b * (2 * d + block_k + 4) + block_k * d for b in (block, block + 1)]
    if not held[0] <= capacity < held[1]:
        return f"{block} queries hold {held[0]} and {block + 1} hold {held[1]}, of {capacity}"


@EXERCISE.holds("where nothing fits the answer is 0")
def nothing_fits(call):
    block = int(call(101, 13, 11))
    if block != 0:
        return f"it is {block}"


@EXERCISE.holds("what each query takes and what the keys take is right, for three widths and blocks")
def to_the_element(call):
    for d, block_k in ((5, 3), (2, 9), (8, 1)):
        needed = 7 * (2 * d + block_k + 4) + block_k * d
        found = [int(call(capacity, d, block_k)) for capacity in (needed - 1, needed)]
        if found != [6, 7]:
            return f"of width {d}, with {block_k} keys, 7 queries need {needed} elements: with one less it is {found[0]}, with all {found[1]}"


@EXERCISE.holds("the answer is a whole number")
def whole(call):
    block = float(call(1000, 6, 5))
    return None if block == round(block) else f"it is {block:.2f}"

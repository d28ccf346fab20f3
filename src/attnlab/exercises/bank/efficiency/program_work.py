"""What a program of the grid owns: its head, the head of keys it reads, and its rows."""

from __future__ import annotations

import math

from attnlab.exercises._exercise import Exercise


def _reference(block, number, n_queries, block_q, heads, group):
    count = -(-n_queries // block_q)
    top = (count - 1 - block) * block_q
    return number // heads, number % heads, number % heads // group, top, min(top + block_q, n_queries)


EXERCISE = Exercise(
    id="efficiency.program_work",
    title="Who am I?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/on_a_gpu",
    headings=("Which program does what",),
    statement=r"""
    A causal kernel is launched on a grid of (blocks of queries) × (batch · heads) programs. Each program is told only its two numbers: `block` on the first axis and `number` on the second. `number` counts through all heads of the first text, then through all heads of the second, and so on.
    Program 0 of the first axis takes the **last** rows, program 1 the block before it: the longest rows start first. Blocks are cut from the top, so the last one may be shorter. `group` neighbouring heads of queries share a head of keys.

    Return which text of the batch, which head, which head of keys, and the rows of that head's queries: the first, and the one behind the last.

    A tiny example: 5 queries in blocks of 2, 4 heads, groups of 2. Program (0, 7) has text 1, head 3, head of keys 1, and the rows from 4 to 5.
    """,
    slot='''
    def program_work(block, number, n_queries, block_q, heads, group):
        """What program (block, number) of a causal kernel owns.

        result: text, head, head of keys, first row, row behind the last
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import math",),
    parts=("text", "head", "head of keys", "first row", "row behind the last"),
    hints=(
        "Every pair (text, head) has one number and every number one pair; and every row belongs to exactly one program.",
        r"With $H$ heads, number $= \text{text} \cdot H + \text{head}$. With $c$ blocks, program $b$ has block $c - 1 - b$.",
        "```python\ntext = number // ____\nhead = number % ____\ncount = math.____(n_queries / block_q)\n"
        "first = (count - 1 - ____) * block_q\nreturn text, head, head ____ group, first, min(____, n_queries)\n```",
    ),
    parsons=("text_and_head_exchanged", "kv_head_by_remainder"),
    why=r"""
    Division and remainder take a counter apart; the same two operations are in every kernel. Because each head has as many keys as the next, a kernel can even skip the detour: the head of keys, counted through the whole batch, is `number // group`.

    **The two most common mistakes.** Taking the remainder for the head of keys, which would let heads 0, 2, 4 share instead of neighbours. Forgetting that the last block is shorter, so that rows are read that belong to the next head.

    **Cost.** A few integer operations a program.
    """,
    verified="seven programs, first and last blocks, one head and many, and that all rows are owned exactly once.",
    next_thought="why is nothing gained by turning the order round when there is no causal mask?",
    reference=_reference,
)

for _name, _sizes in {
    "first program of a ragged grid": (0, 5, 11, 4, 3, 1),
    "second program": (1, 5, 11, 4, 3, 1),
    "last program": (2, 17, 11, 4, 6, 3),
    "groups of two": (0, 23, 7, 3, 10, 2),
    "one head of keys": (1, 6, 13, 5, 5, 5),
    "blocks that divide": (1, 7, 12, 4, 4, 2),
    "one block": (0, 11, 5, 16, 4, 2),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def program_work_solution(block, number, n_queries, block_q, heads, group):
    text = number // heads
    head = number % heads
    count = math.ceil(n_queries / block_q)
    first = (count - 1 - block) * block_q
    return text, head, head // group, first, min(first + block_q, n_queries)


@EXERCISE.mutant
def text_and_head_exchanged(block, number, n_queries, block_q, heads, group):
    text = number % heads
    head = number // heads
    count = math.ceil(n_queries / block_q)
    first = (count - 1 - block) * block_q
    return text, head, head // group, first, min(first + block_q, n_queries)


@EXERCISE.mutant
def kv_head_by_remainder(block, number, n_queries, block_q, heads, group):
    text = number // heads
    head = number % heads
    count = math.ceil(n_queries / block_q)
    first = (count - 1 - block) * block_q
    return text, head, head % (heads // group), first, min(first + block_q, n_queries)


@EXERCISE.mutant
def shortest_rows_first(block, number, n_queries, block_q, heads, group):
    first = block * block_q
    head = number % heads
    return number // heads, head, head // group, first, min(first + block_q, n_queries)


@EXERCISE.mutant
def last_block_not_cut(block, number, n_queries, block_q, heads, group):
    count = math.ceil(n_queries / block_q)
    first = (count - 1 - block) * block_q
    head = number % heads
    return number // heads, head, head // group, first, first + block_q


@EXERCISE.mutant
def ragged_rows_without_program(block, number, n_queries, block_q, heads, group):
    count = max(1, n_queries // block_q)
    first = (count - 1 - block) * block_q
    head = number % heads
    return number // heads, head, head // group, first, min(first + block_q, n_queries)


@EXERCISE.mutant
def blocks_cut_from_the_end(block, number, n_queries, block_q, heads, group):
    stop = n_queries - block * block_q
    head = number % heads
    return number // heads, head, head // group, max(0, stop - block_q), stop


@EXERCISE.mutant
def block_number_as_row(block, number, n_queries, block_q, heads, group):
    count = math.ceil(n_queries / block_q)
    first = count - 1 - block
    head = number % heads
    return number // heads, head, head // group, first, min(first + block_q, n_queries)


@EXERCISE.holds("every row of a head is owned by exactly one program")
def every_row_once(call):
    owned = []
    for block in range(4):
        *_, first, stop = call(block, 2, 23, 6, 3, 1)
        owned += range(int(first), int(stop))
    if sorted(owned) != list(range(23)):
        return f"{len(owned)} rows are owned, {len(set(owned) & set(range(23)))} different ones of 23"


@EXERCISE.holds("neighbouring numbers of one group share a head of keys")
def neighbours_share(call):
    first, second, third = (int(call(0, number, 7, 3, 4, 2)[2]) for number in (0, 1, 2))
    if first != second or second == third:
        return f"numbers 0, 1 and 2 have the heads of keys {first}, {second} and {third}, in groups of two"


@EXERCISE.holds("number is text times heads plus head")
def taken_apart(call):
    for number in range(12):
        text, head = (int(x) for x in call(0, number, 7, 3, 4, 1)[:2])
        if text * 4 + head != number or not 0 <= head < 4:
            return f"number {number} of four heads a text has text {text} and head {head}"


@EXERCISE.holds("program 0 ends at the last row, and rows fall from program to program")
def last_rows_first(call):
    rows = [tuple(int(x) for x in call(block, 0, 10, 4, 2, 1)[3:]) for block in range(3)]
    if rows != [(8, 10), (4, 8), (0, 4)]:
        return "of 10 rows in blocks of 4, the programs own " + ", ".join(f"{a} to {b}" for a, b in rows)


@EXERCISE.holds("heads of keys are counted within a text")
def within_a_text(call):
    found = [int(call(0, number, 7, 3, 4, 2)[2]) for number in range(4, 8)]
    return None if found == [0, 0, 1, 1] else f"numbers 4 to 7 of four heads a text, in groups of two, have the heads of keys {found}"

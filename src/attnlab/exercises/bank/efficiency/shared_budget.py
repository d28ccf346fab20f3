"""The largest block of queries that shared memory can hold beside the tiles of keys and values."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels.occupancy import shared_bytes


def _reference(budget, block_k, d_head, d_value, bytes_each, stages):
    fitting = [b for b in (16, 32, 64, 128, 256, 512, 1024)
               if shared_bytes(b, block_k, d_head, d_value, bytes_each, stages) <= budget]
    return max(fitting, default=0)


EXERCISE = Exercise(
    id="efficiency.shared_budget",
    title="Room for queries",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/on_a_gpu",
    headings=("Tiles against shared memory",),
    statement=r"""
    A program keeps its block of queries in shared memory, and `stages` tiles of keys and of values at a time: while one is used, the next are on their way. A tile of keys is `block_k` × `d_head` numbers, one of values `block_k` × `d_value`, each number `bytes_each` bytes. Scores and output are in registers and do not count.
    Return the largest number of queries that fits into `budget` bytes, out of 16, 32, 64, 128, 256, 512 and 1,024; if not even 16 fit, return 0.

    A tiny example: 2,048 bytes, 8 keys, widths 16 and 16, 2 bytes, 1 stage: the tiles take 512 bytes, a query 32, so 48 would fit and the answer is 32.
    """,
    slot='''
    def shared_budget(budget, block_k, d_head, d_value, bytes_each, stages):
        """The largest block of queries that fits into `budget` bytes.

        result: 16, 32, 64, 128, 256, 512 or 1024; or 0
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("queries",),
    hints=(
        "Queries are loaded once and stay: one copy. Keys and values stream: one copy for each stage.",
        r"bytes $= b\,(B_q d + s\, B_k (d + d_v))$ with $b$ bytes a number and $s$ stages.",
        "```python\nbest = 0\nfor queries in (16, 32, 64, 128, 256, 512, 1024):\n    tiles = ____ * block_k * (____)\n"
        "    if bytes_each * (____) <= budget:\n        best = queries\nreturn best\n```",
    ),
    parsons=("stages_ignored", "numbers_as_bytes"),
    why=r"""
    Only the product with the stages grows quickly, and it is paid for keys and values alone. That is why kernels choose long blocks of queries and short tiles of keys: the former cut traffic, the latter make room for one more stage.

    **The two most common mistakes.** Forgetting the stages: the kernel compiles at one stage and fails at three. Counting numbers instead of bytes.

    **Cost.** The compiler says what it really took. Compiled for Hopper it is this formula, to the byte; for Ampere the queries are in registers, as the page says.
    """,
    verified="24 budgets: every answer, filled to the last byte and with one byte too few, more than is needed, and too small.",
    next_thought="what do you gain if values are stored in 8 bits?",
    reference=_reference,
)

for _name, _sizes in {
    "an H100, width 128": (232448, 64, 128, 128, 2, 3),
    "99 KiB, width 64": (101376, 64, 64, 64, 2, 3),
    "99 KiB, float32": (101376, 32, 64, 64, 4, 2),
    "unequal widths": (60000, 32, 128, 64, 2, 2),
    "filled to the last byte": (32768, 64, 64, 64, 2, 1),
    "too small": (8192, 64, 64, 64, 2, 1),
    "one stage": (48000, 128, 32, 64, 2, 1),
    "many stages": (163840, 64, 64, 128, 2, 5),
}.items():
    EXERCISE.probe(_name, *_sizes)
for _queries in (16, 32, 64, 128, 256, 512, 1024):
    EXERCISE.probe(f"tiny tiles, room for {_queries}", 3 * (_queries * 10 + 2 * 7 * (10 + 6)), 7, 10, 6, 3, 2)
    EXERCISE.probe(f"tiny tiles, one byte too few for {_queries}", 3 * (_queries * 10 + 2 * 7 * (10 + 6)) - 1, 7, 10, 6, 3, 2)
EXERCISE.probe("room for more than 2,000", 10**6, 5, 100, 60, 4, 3)
EXERCISE.probe("the tiles alone do not fit", 1_000, 64, 64, 64, 2, 2)


@EXERCISE.solve
def shared_budget_solution(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        tiles = stages * block_k * (d_head + d_value)
        if bytes_each * (queries * d_head + tiles) <= budget:
            best = queries
    return best


@EXERCISE.mutant
def stages_ignored(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        tiles = block_k * (d_head + d_value)
        if bytes_each * (queries * d_head + tiles) <= budget:
            best = queries
    return best


@EXERCISE.mutant
def numbers_as_bytes(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        tiles = stages * block_k * (d_head + d_value)
        if queries * d_head + tiles <= budget:
            best = queries
    return best


@EXERCISE.mutant
def values_not_kept(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        if bytes_each * (queries * d_head + stages * block_k * d_head) <= budget:
            best = queries
    return best


@EXERCISE.mutant
def queries_in_every_stage(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        if bytes_each * stages * (queries * d_head + block_k * (d_head + d_value)) <= budget:
            best = queries
    return best


@EXERCISE.mutant
def last_byte_left_free(budget, block_k, d_head, d_value, bytes_each, stages):
    best = 0
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        tiles = stages * block_k * (d_head + d_value)
        if bytes_each * (queries * d_head + tiles) < budget:
            best = queries
    return best


@EXERCISE.mutant
def not_a_power_of_two(budget, block_k, d_head, d_value, bytes_each, stages):
    room = budget // bytes_each - stages * block_k * (d_head + d_value)
    return max(0, room // d_head)


@EXERCISE.mutant
def first_that_does_not_fit(budget, block_k, d_head, d_value, bytes_each, stages):
    for queries in (16, 32, 64, 128, 256, 512, 1024):
        tiles = stages * block_k * (d_head + d_value)
        if bytes_each * (queries * d_head + tiles) > budget:
            return queries
    return 1024


@EXERCISE.holds("a larger budget never gives a smaller block")
def never_smaller(call):
    blocks = [int(call(budget, 64, 64, 64, 2, 2)) for budget in range(20000, 240000, 20000)]
    if blocks != sorted(blocks):
        return f"the blocks are {blocks}"


@EXERCISE.holds("one more stage never makes room")
def stages_cost(call):
    blocks = [int(call(101376, 64, 64, 64, 2, stages)) for stages in range(1, 7)]
    if blocks != sorted(blocks, reverse=True) or blocks[0] == blocks[-1]:
        return f"for 1 to 6 stages the blocks are {blocks}"


@EXERCISE.holds("a block that fits to the last byte is taken, for every answer")
def every_answer(call):
    sizes = (16, 32, 64, 128, 256, 512, 1024)
    found = [int(call(queries * 8 + 4 * (8 + 2), 4, 8, 2, 1, 1)) for queries in sizes]
    if found != list(sizes):
        return f"where 16, 32, ..., 1024 just fit, the blocks are {found}"


@EXERCISE.holds("one byte less and the block is half as large, or nothing is left")
def one_byte_less(call):
    found = [int(call(queries * 8 + 4 * (8 + 2) - 1, 4, 8, 2, 1, 1)) for queries in (16, 32, 64, 128, 256, 512, 1024)]
    if found != [0, 16, 32, 64, 128, 256, 512]:
        return f"where 16, 32, ..., 1024 do not fit for want of a byte, the blocks are {found}"


@EXERCISE.holds("each stage takes room for a tile of keys and one of values, queries only once")
def stages_in_bytes(call):
    for stages, block_k, d_head, d_value in ((1, 4, 8, 2), (3, 4, 8, 2), (3, 5, 2, 9)):
        needed = 2 * (16 * d_head + stages * block_k * (d_head + d_value))
        found = [int(call(budget, block_k, d_head, d_value, 2, stages)) for budget in (needed - 1, needed)]
        if found != [0, 16]:
            return f"16 queries with {stages} stages of {block_k} keys, widths {d_head} and {d_value}, 2 bytes, need {needed} bytes: with one less it is {found[0]}, with all {found[1]}"

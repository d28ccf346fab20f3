"""What one rank of a ring sends, forward and backward."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import ring_plan


def _reference(world, shard, kv_heads, d_head, bytes_each):
    return ring_plan.bytes_sent(world, shard, kv_heads, d_head, d_head, bytes_each)


EXERCISE = Exercise(
    id="efficiency.ring_bytes",
    title="Count what is sent",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/beyond_one_device",
    headings=("What each process holds and sends",),
    statement=r"""
    Count the bytes that **one** rank of a ring sends for one layer. There are $P \ge 2$ ranks (`world`), each with `shard` tokens; keys and values have `kv_heads` heads of width `d_head`, and every number takes `bytes_each` bytes.

    1. Forward: the keys and values at hand are passed on after every step but the last.
    2. Backward: keys, values **and** the gradients of both travel together, and are passed on after *every* step, so that the gradients end at the rank that owns the keys.

    A tiny example: two ranks, one token, one head of width 1, one byte: 2 bytes forward and 8 backward.
    """,
    slot='''
    def ring_bytes(world, shard, kv_heads, d_head, bytes_each):
        """Bytes that one rank sends for one layer.

        result: two whole numbers, forward and backward
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("forward", "backward"),
    hints=(
        "The more ranks share a sequence of fixed length, the smaller the shards: a rank never sends much more than the whole sequence's keys and values once.",
        r"First the bytes of one table of a shard, then how many such tables go out in a step, then how many steps.",
        "```python\ntable = shard * ____ * ____ * bytes_each\nforward = ____ * 2 * table\nbackward = ____ * ____ * table\nreturn forward, backward\n```",
    ),
    parsons=("one_step_too_many", "gradients_not_home"),
    why=r"""
    Forward, $P - 1$ messages of two tables; backward, $P$ messages of four. In the last of these only the gradients are needed any more; an implementation may leave keys and values out of it.

    **The two most common mistakes.** One message too many forward: after the last step nobody needs the keys. One too few backward: after $P - 1$ steps every gradient is one place short of its rank.

    **Cost.** With $n = Pc$ tokens in all, a rank sends about $2\,n \cdot$ `kv_heads` $\cdot$ `d_head` numbers forward, whatever $P$ is. The work for each rank shrinks with $P$, the sending does not.
    """,
    verified="both directions for two to eight ranks, with one, two and four bytes a number.",
    next_thought="what do grouped heads, 8 of keys and values for 32 of queries, do to your two numbers?",
    reference=_reference,
)

for _arguments in ((3, 5, 2, 7, 4), (2, 11, 3, 5, 2), (8, 3, 1, 13, 1), (5, 4096, 8, 128, 2), (2, 1, 1, 1, 1)):
    EXERCISE.probe(f"{_arguments[0]} ranks, {_arguments[1]} tokens each, {_arguments[2]} heads of width {_arguments[3]}", *_arguments)


@EXERCISE.solve
def ring_bytes_solution(world, shard, kv_heads, d_head, bytes_each):
    table = shard * kv_heads * d_head * bytes_each
    forward = (world - 1) * 2 * table
    backward = world * 4 * table
    return forward, backward


def _table(shard, kv_heads, d_head, bytes_each):
    return shard * kv_heads * d_head * bytes_each


@EXERCISE.mutant
def one_step_too_many(world, shard, kv_heads, d_head, bytes_each):
    table = shard * kv_heads * d_head * bytes_each
    forward = world * 2 * table
    backward = world * 4 * table
    return forward, backward


@EXERCISE.mutant
def gradients_not_home(world, shard, kv_heads, d_head, bytes_each):
    table = shard * kv_heads * d_head * bytes_each
    forward = (world - 1) * 2 * table
    backward = (world - 1) * 4 * table
    return forward, backward


@EXERCISE.mutant
def gradients_do_not_travel(world, shard, kv_heads, d_head, bytes_each):
    table = _table(shard, kv_heads, d_head, bytes_each)
    return (world - 1) * 2 * table, world * 2 * table


@EXERCISE.mutant
def keys_without_values(world, shard, kv_heads, d_head, bytes_each):
    table = _table(shard, kv_heads, d_head, bytes_each)
    return (world - 1) * table, world * 2 * table


@EXERCISE.mutant
def whole_sequence_in_every_step(world, shard, kv_heads, d_head, bytes_each):
    table = world * _table(shard, kv_heads, d_head, bytes_each)
    return (world - 1) * 2 * table, world * 4 * table


@EXERCISE.mutant
def queries_sent_too(world, shard, kv_heads, d_head, bytes_each):
    table = _table(shard, kv_heads, d_head, bytes_each)
    return (world - 1) * 3 * table, world * 6 * table


@EXERCISE.mutant
def heads_ignored(world, shard, kv_heads, d_head, bytes_each):
    table = _table(shard, 1, d_head, bytes_each)
    return (world - 1) * 2 * table, world * 4 * table


@EXERCISE.mutant
def numbers_instead_of_bytes(world, shard, kv_heads, d_head, bytes_each):
    table = _table(shard, kv_heads, d_head, 1)
    return (world - 1) * 2 * table, world * 4 * table


@EXERCISE.holds("twice as many tokens in each shard are twice the bytes")
def linear_in_the_shard(call):
    once, twice = call(3, 5, 2, 7, 4), call(3, 10, 2, 7, 4)
    if any(b != 2 * a for a, b in zip(once, twice)):
        return f"they grow by factors of {float(twice[0] / once[0]):.1f} and {float(twice[1] / once[1]):.1f}"


@EXERCISE.holds("with 2 ranks backward is four times forward")
def four_times(call):
    forward, backward = call(2, 5, 3, 7, 2)
    if backward != 4 * forward:
        return f"it is {float(backward / forward):.1f} times"


def _in_proportion(place):
    def test(call):
        numbers = [3, 5, 2, 7, 4]
        before = call(*numbers)
        numbers[place] *= 3
        after = call(*numbers)
        if any(b != 3 * a for a, b in zip(before, after)):
            return f"they grow by factors of {float(after[0] / before[0]):.1f} and {float(after[1] / before[1]):.1f}"
    return test


for _place, _name in ((2, "heads"), (3, "features"), (4, "bytes a number")):
    EXERCISE.holds(f"three times as many {_name} are three times the bytes")(_in_proportion(_place))


@EXERCISE.holds("one rank more is one message more in each direction, of two tables and of four")
def a_rank_more(call):
    (forward, backward), more = call(4, 5, 2, 3, 1), call(5, 5, 2, 3, 1)
    if (more[0] - forward, more[1] - backward) != (60, 120):
        return f"tables of 30 bytes: {float(more[0] - forward):.0f} more forward and {float(more[1] - backward):.0f} backward"

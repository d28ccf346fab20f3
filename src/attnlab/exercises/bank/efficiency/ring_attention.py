"""Ring attention played through in one process: shards in a list, partial results merged as the keys come by."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.kernels import ring_plan
from attnlab.reference import attention
from attnlab.reference.blocked import blocked_attention, merge


def _held(world):
    return np.array([[ring_plan.source(r, s, world) for s in range(world)] for r in range(world)])


def _reference(qs, ks, vs):
    k, v = np.concatenate(list(ks)), np.concatenate(list(vs))
    return np.stack([attention(q, k, v) for q in qs]), _held(len(qs))


EXERCISE = Exercise(
    id="efficiency.ring_attention",
    title="Once round the ring",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/beyond_one_device",
    headings=("The mathematics",),
    statement=r"""
    A sequence lies in $P$ shards of $c$ tokens on $P$ ranks: `qs`, `ks` ($P \times c \times d_k$) and `vs` ($P \times c \times d_v$). Rank $r$ keeps its queries. In step 0 it attends to its own keys and values; then, $P - 1$ times, everybody passes keys and values on to the **right** neighbour (rank $P - 1$ to rank 0), attends to what has come from the left, and merges.

    Return the outputs ($P \times c \times d_v$) and a table ($P \times P$) of whole numbers: which shard rank $r$ had at hand in step $s$. No mask. `blocked_attention(q, k, v)` gives the output and log-sum-exp for some keys, `merge(out_1, lse_1, out_2, lse_2)` joins two results.

    A tiny example: with two ranks the table is `[[0, 1], [1, 0]]`.
    """,
    slot='''
    def ring_attention(qs, ks, vs):
        """Attention of every shard's queries to the keys of all shards, and who held what when.

        qs, ks: (P, c, d_k), vs: (P, c, d_v)
        result: outputs (P, c, d_v), held (P, P)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference.blocked import blocked_attention, merge"),
    parts=("outputs", "held"),
    hints=(
        "In every step each shard is at exactly one rank, and after $P$ steps every rank has met every shard once.",
        r"What rank $r$ has in step $s$ came from $s$ places to its left: $(r - s) \bmod P$.",
        "```python\nworld = len(qs)\nheld = np.array([[____ % world for s in range(world)] for r in range(world)])\nouts = []\nfor rank in range(world):\n"
        "    out, lse = blocked_attention(____)\n    for shard in held[rank, 1:]:\n        out, lse = merge(out, lse, *____)\n    outs.append(out)\n"
        "return np.array(outs), held\n```",
    ),
    parsons=("values_stay_at_home", "travels_the_other_way"),
    why=r"""
    Passing to the right and looking to the left are the same thing. The merge does not care in which order the shards arrive, so each rank may begin with its own.

    **The two most common mistakes.** The sign: with $(r + s) \bmod P$ the outputs are still right, but a real process would wait for a message from the neighbour that sends it nothing. Beginning with the own shard *and* counting it again in step 0.

    **Cost.** $P$ tiles for each rank and $P - 1$ messages. Nobody ever holds more than its own shard, the one at hand and the one that is coming in.
    """,
    verified="outputs and table for two to five ranks, with one to five tokens each.",
    next_thought="which of your tiles could be left out under a causal mask?",
    reference=_reference,
)

_rng = np.random.default_rng(23)
for _p, _c, _dk, _dv in ((3, 5, 7, 2), (2, 3, 5, 11), (5, 2, 3, 3), (4, 1, 2, 3)):
    EXERCISE.probe(f"{_p} ranks with {_c} tokens each",
                   _rng.normal(size=(_p, _c, _dk)) * 1.5, _rng.normal(size=(_p, _c, _dk)), _rng.normal(size=(_p, _c, _dv)))  # fmt: skip


@EXERCISE.solve
def ring_attention_solution(qs, ks, vs):
    world = len(qs)
    held = np.array([[(r - s) % world for s in range(world)] for r in range(world)])
    outs = []
    for rank in range(world):
        out, lse = blocked_attention(qs[rank], ks[rank], vs[rank])
        for shard in held[rank, 1:]:
            part = blocked_attention(qs[rank], ks[shard], vs[shard])
            out, lse = merge(out, lse, *part)
        outs.append(out)
    return np.array(outs), held


def _play(qs, ks, vs, held, first=1, values=None, join=merge):
    """The ring with a table of who holds what; `first` is the step from which on partial results are merged."""
    outs = []
    for rank in range(len(qs)):
        out, lse = blocked_attention(qs[rank], ks[rank], vs[rank])
        for shard in held[rank, first:]:
            part = blocked_attention(qs[rank], ks[shard], vs[shard] if values is None else vs[values[rank]])
            out, lse = join(out, lse, *part)
        outs.append(out)
    return np.array(outs), held


@EXERCISE.mutant(evidence=text.worst_entry)
def travels_the_other_way(qs, ks, vs):
    world = len(qs)
    held = np.array([[(r + s) % world for s in range(world)] for r in range(world)])
    outs = []
    for rank in range(world):
        out, lse = blocked_attention(qs[rank], ks[rank], vs[rank])
        for shard in held[rank, 1:]:
            part = blocked_attention(qs[rank], ks[shard], vs[shard])
            out, lse = merge(out, lse, *part)
        outs.append(out)
    return np.array(outs), held


@EXERCISE.mutant
def values_stay_at_home(qs, ks, vs):
    world = len(qs)
    held = np.array([[(r - s) % world for s in range(world)] for r in range(world)])
    outs = []
    for rank in range(world):
        out, lse = blocked_attention(qs[rank], ks[rank], vs[rank])
        for shard in held[rank, 1:]:
            part = blocked_attention(qs[rank], ks[shard], vs[rank])
            out, lse = merge(out, lse, *part)
        outs.append(out)
    return np.array(outs), held


@EXERCISE.mutant
def own_shard_twice(qs, ks, vs):
    return _play(qs, ks, vs, _held(len(qs)), first=0)


@EXERCISE.mutant
def last_step_missing(qs, ks, vs):
    held = _held(len(qs))
    return _play(qs, ks, vs, held[:, :-1])[0], held


@EXERCISE.mutant
def nothing_is_passed_on(qs, ks, vs):
    return np.stack([attention(q, k, v) for q, k, v in zip(qs, ks, vs)]), _held(len(qs))


@EXERCISE.mutant
def plain_average(qs, ks, vs):
    outs = [np.mean([attention(q, k, v) for k, v in zip(ks, vs)], axis=0) for q in qs]
    return np.array(outs), _held(len(qs))


@EXERCISE.mutant
def last_block_only(qs, ks, vs):
    return _play(qs, ks, vs, _held(len(qs)), join=lambda out, lse, *part: part)


@EXERCISE.mutant
def queries_travel(qs, ks, vs):
    outs, held = _reference(qs, ks, vs)
    return np.roll(outs, 1, axis=0), held


@EXERCISE.holds("in every step each shard is at exactly one rank")
def one_place_each(call):
    _, held = call(*EXERCISE.probes[0].arguments)
    for step, column in enumerate(held.T):
        if sorted(column) != list(range(len(held))):
            return f"in step {step} the ranks hold {text.numbers(column, 5)}"


@EXERCISE.holds("every output is an average of values")
def averages(call):
    qs, ks, vs = EXERCISE.probes[0].arguments
    outs, _ = call(qs, ks, vs)
    low, high = vs.min(axis=(0, 1)) - 1e-9, vs.max(axis=(0, 1)) + 1e-9
    outside = (outs < low) | (outs > high)
    if outside.any():
        return f"{int(outside.sum())} of {outs.size} entries lie outside the range of the values"


@EXERCISE.holds("what a rank has was at its left neighbour a step before")
def from_the_left(call):
    _, held = call(*EXERCISE.probes[2].arguments)
    for step in range(1, 5):
        if not np.array_equal(held[:, step], np.roll(held[:, step - 1], 1)):
            return f"the five ranks hold {text.numbers(held[:, step - 1], 5)} in step {step - 1} and {text.numbers(held[:, step], 5)} in step {step}"
    return None


@EXERCISE.holds("every key of every shard counts once for every query")
def shares(call):
    ks = np.repeat(np.log(np.arange(1.0, 7)).reshape(3, 2, 1), 4, axis=2)
    outs, _ = call(np.full((3, 2, 4), 0.5), ks, np.eye(6).reshape(3, 2, 6))
    if np.allclose(outs, np.arange(1, 7) / 21):
        return None
    return f"keys with weights of 1 to 6 in 21 count {text.numbers(outs[0, 0] * 21, 6)} for the first query and {text.numbers(outs[-1, -1] * 21, 6)} for the last"

"""The reader's own kernel, run on the machine that counts."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises._exercise import Exercise
from attnlab.kernels import traffic
from attnlab.kernels.traffic import Memory, Slow

CAPACITY = 700
N, D = 61, 5


class Machine(Memory):
    """A machine that a check can read afterwards: each call gets a fresh copy of it, and `last` is that copy."""

    __hash__ = None

    def __eq__(self, other) -> bool:
        return isinstance(other, Memory)

    def __deepcopy__(self, memo) -> Memory:
        self.last = Memory(self.capacity)
        return self.last


class Sealed(Slow):
    """An array that can only be loaded: what is to be computed with has to pass through the machine."""

    def numpy(self):
        raise TypeError("q, k and v stay in slow memory; load slices of them with memory.load(...)")

    def __getitem__(self, index) -> Slow:
        part = super().__getitem__(index)
        sealed = Sealed.__new__(Sealed)
        sealed._array = part._array
        return sealed


def _reference(memory, q, k, v):
    return traffic.flash_2(memory, q, k, v).numpy(), memory.traffic


EXERCISE = Exercise(
    id="efficiency.traffic_score",
    title="Beat the standard",
    level="create",
    minutes=30,
    difficulty=3,
    page="efficiency/memory_traffic",
    headings=("A machine that counts", "Three attentions"),
    statement=r"""
    Write an attention for the machine with two memories. `q`, `k` and `v` lie in slow memory, all of shape ($n$, $d$); slices of them can be loaded with `memory.load(...)`. The fast memory holds `memory.capacity` elements, everything you compute included. Return the output as an ordinary array, and what it cost:
    make `out = Slow(np.zeros(...))`, put the results there with `memory.store(out[rows], values)`, and end with `return out.numpy(), memory.traffic`: the result and your score.

    Many answers are right; this is checked:

    1. the result is $\operatorname{softmax}(QK^\top / \sqrt d)\, V$, for shorter and narrower inputs too;
    2. the fast memory, 700 elements, is never overfilled; 61 tokens of width 5 have to pass through it;
    3. at most 6,000 elements are moved, counted by the machine: every entry of `q`, `k` and `v` is loaded, and every output stored. (Standard attention moves about 18,000, one query at a time nearly 40,000.)

    What is no longer needed has to be let go of: `s = None`, or a function that returns.
    """,
    slot='''
    def my_attention(memory, q, k, v):
        """Attention on a machine with two memories, with little traffic.

        memory: Memory with load, store, full, capacity; q, k, v: Slow, (n, d)
        result: the output (n, d), an ordinary array, and the elements moved
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.kernels.traffic import Memory, Slow"),
    hints=(
        "The output of a block of queries should be stored once, when it is finished. So the loop over queries is outside.",
        r"For each block of queries keep the output, the sum and the maximum in fast memory, and let small blocks of keys and values stream past: the online softmax.",
        "```python\nn, d = q.shape\nout = Slow(np.zeros((n, d)))\nfor i in range(0, n, ____):\n    queries = memory.load(q[____]) / np.sqrt(d)\n"
        "    o, total, m = ____\n    for j in range(0, n, ____):\n        s = queries @ memory.load(____).T\n        ____\n"
        "    memory.store(out[____], o / total)\nreturn out.numpy(), memory.traffic\n```",
    ),
    parsons=("one_query_at_a_time", "only_first_block"),
    why=r"""
    Sixteen queries with their outputs, two numbers a row, and four keys at a time fit easily, so the keys and values are read four times in all: about 3,100 elements. Larger blocks of queries do better still.

    **The two most common mistakes.** Large blocks of *keys*, which cost memory and save nothing, since every block of queries reads all keys anyway. Forgetting that temporaries occupy memory until their names are gone.

    **Cost.** $2nd + n$ and $2nd$ for each block of queries, as in the closed form (the log-sum-exp is not stored here).
    """,
    verified="the result, the capacity of 700 elements, and fewer than 6,000 elements moved.",
    next_thought="how many queries fit at most into your blocks, and what is the least traffic you can reach?",
    parts=("output", "elements moved"),
    reference=_reference,
    judged_by="properties",
)

_rng = np.random.default_rng(19)
_q, _k, _v = _rng.normal(size=(3, N, D)) * 1.5
_slow = Sealed(_q), Sealed(_k), Sealed(_v)
EXERCISE.probe("61 tokens of width 5", Machine(CAPACITY), *_slow)


@EXERCISE.solve
def my_attention_solution(memory, q, k, v):
    out, (n, d) = Slow(np.zeros(q.shape)), q.shape
    for rows in (slice(i, min(n, i + 16)) for i in range(0, n, 16)):
        queries = memory.load(q[rows]) / np.sqrt(d)
        o, total, m = queries * 0, queries[:, :1] * 0, queries[:, :1] * 0 - 1e9
        for keys in (slice(j, j + 4) for j in range(0, n, 4)):
            s = queries @ memory.load(k[keys]).T
            m_new = np.maximum(m, s.max(axis=-1, keepdims=True))
            rescale, p, m = np.exp(m - m_new), np.exp(s - m_new), m_new
            total, o = rescale * total + p.sum(-1, keepdims=True), rescale * o + p @ memory.load(v[keys])
        memory.store(out[rows], o / total)
    return out.numpy(), memory.traffic


def _blocked(memory, q, k, v, block_q=16, rescaled=True, scale=None, n_keys=None):
    out, (n, d) = Slow(np.zeros(q.shape)), q.shape
    for i in range(0, n, block_q):
        queries = memory.load(q[i : i + block_q]) * (1 / np.sqrt(d) if scale is None else scale)
        o, total, m = queries * 0, queries[:, :1] * 0, queries[:, :1] * 0 - 1e9
        for j in range(0, n_keys or n, 4):
            s = queries @ memory.load(k[j : j + 4]).T
            m_new = np.maximum(m, s.max(axis=-1, keepdims=True))
            rescale, p, m = np.exp(m - m_new) if rescaled else m * 0 + 1, np.exp(s - m_new), m_new
            total, o = rescale * total + p.sum(-1, keepdims=True), rescale * o + p @ memory.load(v[j : j + 4])
        memory.store(out[i : i + block_q], o / total)
    return out.numpy(), memory.traffic


@EXERCISE.mutant
def one_query_at_a_time(memory, q, k, v):
    out, (n, d) = Slow(np.zeros(q.shape)), q.shape
    for i in range(n):
        s = memory.load(q[i : i + 1]) @ memory.load(k).T / np.sqrt(d)
        p = np.exp(s - s.max())
        memory.store(out[i : i + 1], p / p.sum() @ memory.load(v))
    return out.numpy(), memory.traffic


@EXERCISE.mutant
def scores_stored(memory, q, k, v):
    return traffic.standard(memory, q, k, v).numpy(), memory.traffic


@EXERCISE.mutant
def no_rescaling_between_blocks(memory, q, k, v):
    return _blocked(memory, q, k, v, rescaled=False)


@EXERCISE.mutant
def unscaled_scores(memory, q, k, v):
    return _blocked(memory, q, k, v, scale=1.0)


@EXERCISE.mutant
def keys_used_as_values(memory, q, k, v):
    return _blocked(memory, q, k, k)


@EXERCISE.mutant
def only_first_block(memory, q, k, v):
    out, (n, d) = Slow(np.zeros(q.shape)), q.shape
    for rows in (slice(i, min(n, i + 16)) for i in range(0, n, 16)):
        s = memory.load(q[rows]) @ memory.load(k[:4]).T / np.sqrt(d)
        p = np.exp(s - s.max(axis=-1, keepdims=True))
        memory.store(out[rows], p / p.sum(axis=-1, keepdims=True) @ memory.load(v[:4]))
    return out.numpy(), memory.traffic


@EXERCISE.holds("the result is attention")
def exact(call):
    (got, _), right = call(Machine(CAPACITY), *_slow), reference.attention(_q, _k, _v)
    if got.shape != right.shape:
        return f"its shape is {got.shape}, not {right.shape}"
    if not np.allclose(got, right, atol=1e-4):
        return f"the largest error is {np.abs(got - right).max():.3f}"


@EXERCISE.holds("at most 6,000 elements are moved")
def little_traffic(call):
    machine = Machine(CAPACITY)
    call(machine, *_slow)
    moved = getattr(machine, "last", machine).traffic
    if moved > 6000:
        return f"it moves {moved}"


@EXERCISE.holds("the result is attention for fewer and narrower tokens too")
def exact_elsewhere(call):
    for n, d in ((1, 2), (23, 3), (40, 1)):
        q, k, v = np.random.default_rng(n).normal(size=(3, n, d))
        got, _ = call(Machine(CAPACITY), Sealed(q), Sealed(k), Sealed(v))
        right = reference.attention(q, k, v)
        if got.shape != right.shape or not np.allclose(got, right, atol=1e-4):
            return f"for {n} tokens of width {d} it is not"
    return None


@EXERCISE.holds("the elements moved are those that the machine has counted, and every array is among them")
def counted(call):
    machine = Machine(CAPACITY)
    _, told = call(machine, *_slow)
    seen = getattr(machine, "last", machine)
    if told != seen.traffic:
        return f"{float(told):.0f} are told and {seen.traffic} were counted"
    if seen.loads < 3 * N * D or seen.stores < N * D:
        return f"{seen.loads} elements were loaded and {seen.stores} stored, fewer than q, k, v and the output have"
    return None


@EXERCISE.holds("scores of 1000 stay finite")
def large(call):
    q, k, v = np.random.default_rng(7).normal(size=(3, 20, 4)) * np.array([60, 60, 1])[:, None, None]
    for where, queries, keys in (("of both signs", q, k), ("all below -1000", np.abs(q) + 60, -np.abs(k) - 60)):
        got, _ = call(Machine(CAPACITY), Sealed(queries), Sealed(keys), Sealed(v))
        if not np.allclose(got, reference.attention(queries, keys, v), atol=1e-4):
            return f"with scores in the thousands, {where}, the result is not attention"
    return None

"""Attention to another sequence, in batches whose memories have different lengths."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises._exercise import Exercise


def _cross(x, memory, w_q, w_k, w_v, mask=None, scale=None):
    return reference.attention(x @ w_q, memory @ w_k, memory @ w_v, mask, scale=scale)


def _reference(x, memory, lengths, w_q, w_k, w_v):
    return _cross(x, memory, w_q, w_k, w_v, masks.padding(lengths, memory.shape[1]))


EXERCISE = Exercise(
    id="self_attention.cross_attention",
    title="Ask another text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/problems",
    statement=r"""
    Sentences that are being written, `x` (texts $\times\, n \times d$), look at the sentences that they translate, `memory` (texts $\times\, m \times d$). The memories were filled up behind with padding; `lengths` (texts) says how many of the $m$ tokens are real, at least one in every text. `w_q` and `w_k` are $d \times d_k$, `w_v` is $d \times d_v$. Return what each token of `x` takes home: texts $\times\, n \times d_v$.

    Everything of the source may be read at any time, except padding. A tiny example: if a memory has one real token, every token of its text gets that token's value.
    """,
    slot='''
    def cross_attention(x, memory, lengths, w_q, w_k, w_v):
        """Every token of x asks the real tokens of its own memory.

        x: (texts, n, d), memory: (texts, m, d), lengths: (texts,)
        w_q, w_k: (d, d_k), w_v: (d, d_v), result: (texts, n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    hints=(
        "Nothing about the formula is new. Ask of each of the three projections: of which sequence?",
        r"Queries come from `x`; keys *and* values from `memory`. The mask hides keys, so it has $m$ columns; there is no future in a finished source.",
        "```python\nq, k, v = ____ @ w_q, ____ @ w_k, ____ @ w_v\nmask = masks.padding(lengths, ____)\nreturn reference.attention(q, k, v, ____)\n```",
    ),
    parsons=("queries_from_the_memory", "values_from_the_asker"),
    why=r"""
    The same function as self-attention. Only the origin of keys and values differs, and with it the number of columns: $n$ queries, $m$ keys.

    **The two most common mistakes.** Taking the values from the asking side: it runs whenever $n = m$. A causal mask, carried over from self-attention: the first word could then see only the first word of the source.

    **Cost.** $n\,m$ scores. Keys and values of the memory are the same at every step of writing and need to be made once.
    """,
    verified="three texts with memories of 2, 7 and 5 tokens, two of equal sizes, one of a single token.",
    next_thought="what would change if each text had to listen to two memories?",
    reference=_reference,
)

_rng = np.random.default_rng(41)


def _case(texts, n, m, d, d_k, d_v, lengths):
    shapes = ((texts, n, d), (texts, m, d), (d, d_k), (d, d_k), (d, d_v))
    x, memory, w_q, w_k, w_v = (_rng.normal(size=shape) for shape in shapes)
    return x, memory, np.array(lengths), 0.6 * w_q, 0.6 * w_k, w_v


EXERCISE.probe("3 texts, 5 queries, 7 keys", *_case(3, 5, 7, 4, 3, 2, [2, 7, 5]))
EXERCISE.probe("2 texts, 5 queries, 5 keys", *_case(2, 5, 5, 3, 3, 3, [3, 5]))
EXERCISE.probe("1 text, a memory of one token", *_case(1, 3, 4, 5, 2, 3, [1]))


@EXERCISE.solve
def cross_attention_solution(x, memory, lengths, w_q, w_k, w_v):
    q, k, v = x @ w_q, memory @ w_k, memory @ w_v
    mask = masks.padding(lengths, memory.shape[1])
    return reference.attention(q, k, v, mask)


@EXERCISE.mutant
def queries_from_the_memory(x, memory, lengths, w_q, w_k, w_v):
    q, k, v = memory @ w_q, x @ w_k, x @ w_v
    return reference.attention(q, k, v)


@EXERCISE.mutant
def values_from_the_asker(x, memory, lengths, w_q, w_k, w_v):
    q, k, v = x @ w_q, memory @ w_k, x @ w_v
    mask = masks.padding(lengths, memory.shape[1])
    return reference.attention(q, k, v, mask)


@EXERCISE.mutant
def attends_to_itself(x, memory, lengths, w_q, w_k, w_v):
    return _cross(x, x, w_q, w_k, w_v)


@EXERCISE.mutant
def no_mask(x, memory, lengths, w_q, w_k, w_v):
    return _cross(x, memory, w_q, w_k, w_v)


@EXERCISE.mutant
def first_text_for_all(x, memory, lengths, w_q, w_k, w_v):
    return _reference(x, memory, np.full_like(lengths, lengths[0]), w_q, w_k, w_v)


@EXERCISE.mutant
def source_read_causally(x, memory, lengths, w_q, w_k, w_v):
    past = np.arange(memory.shape[1]) <= np.arange(x.shape[1])[:, None]
    return _cross(x, memory, w_q, w_k, w_v, masks.padding(lengths, memory.shape[1]) & past)


@EXERCISE.mutant
def one_key_too_many(x, memory, lengths, w_q, w_k, w_v):
    return _reference(x, memory, np.minimum(lengths + 1, memory.shape[1]), w_q, w_k, w_v)


@EXERCISE.mutant
def scaled_by_d_model(x, memory, lengths, w_q, w_k, w_v):
    mask = masks.padding(lengths, memory.shape[1])
    return _cross(x, memory, w_q, w_k, w_v, mask, scale=x.shape[-1] ** -0.5)


@EXERCISE.mutant
def keys_used_as_values(x, memory, lengths, w_q, w_k, w_v):
    return reference.attention(x @ w_q, memory @ w_k, memory @ w_k, masks.padding(lengths, memory.shape[1]))


@EXERCISE.holds("padding changes nothing, whatever it contains")
def padding_is_ignored(call):
    x, memory, lengths, *w = EXERCISE.probes[0].arguments
    filled = memory.copy()
    filled[0, 2:] += 9
    gap = np.abs(np.asarray(call(x, filled, lengths, *w)) - np.asarray(call(x, memory, lengths, *w))).max()
    if gap > 1e-9:
        return f"other padding moves an output by {gap:.3f}"


@EXERCISE.holds("shuffling the real tokens of a memory changes nothing")
def order_of_the_memory(call):
    x, memory, lengths, *w = EXERCISE.probes[0].arguments
    turned = memory.copy()
    turned[1] = memory[1, ::-1]
    gap = np.abs(np.asarray(call(x, turned, lengths, *w)) - np.asarray(call(x, memory, lengths, *w))).max()
    if gap > 1e-9:
        return f"it moves an output by {gap:.3f}"

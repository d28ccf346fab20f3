"""No cross-attention: the source stands in front of the text, and one softmax runs over both."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, with_scores


def _past(n):
    return np.tri(n, dtype=bool)


def _joined(q, k, v, k_source, v_source, may, scale=None):
    return reference.attention(q, np.concatenate([k_source, k]), np.concatenate([v_source, v]), may, scale=scale)


def _mask(n, m):
    return np.concatenate([np.ones((n, m), dtype=bool), _past(n)], axis=1)


def _reference(q, k, v, k_source, v_source):
    """Row by row, over the keys that are visible."""
    rows = []
    for i in range(len(q)):
        keys, values = np.concatenate([k_source, k[:i + 1]]), np.concatenate([v_source, v[:i + 1]])
        rows.append(reference.attention(q[[i]], keys, values)[0])
    return np.array(rows)


EXERCISE = Exercise(
    id="self_attention.joined_attention",
    title="The source in front of the text",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/problems",
    statement=r"""
    Many models read a source without any cross-attention: it is put in front of the text, and **one** softmax runs over both. You are given the queries, keys and values of the $n$ tokens of a text that is being written, and keys and values of the $m$ tokens of its source. Every token of the text may look at the whole source, at the tokens of the text before it, and at itself. Return the outputs of the text's tokens, $n \times d_v$.

    A tiny example: with all scores 0, one source token with the value 6 and two text tokens with the values 2 and 4, the outputs are $(6 + 2) / 2 = 4$ and $(6 + 2 + 4) / 3 = 4$. Scores may run into the thousands, of either sign.
    """,
    slot='''
    def joined_attention(q, k, v, k_source, v_source):
        """Causal in the text, everything of the source: one softmax over both.

        q, k: (n, d_k), v: (n, d_v), k_source: (m, d_k), v_source: (m, d_v)
        result: (n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import reference"),
    hints=(
        "How many keys does the last token of the text see? And the first? Both counts include the source.",
        r"Keys and values of the source first, those of the text behind. The mask has $m$ columns of True in front of an $n \times n$ triangle.",
        "```python\nkeys = np.concatenate([____, ____])\nvalues = ____\nmay = np.concatenate([np.ones((____), bool), np.tri(____, dtype=bool)], axis=____)\n"
        "return reference.attention(q, keys, values, ____)\n```",
    ),
    parsons=("triangle_over_everything", "two_answers_averaged"),
    why=r"""
    One table of $n \times (m + n)$ scores: the left block is that of cross-attention, the right block that of causal self-attention. Since one softmax runs over both, source and text compete for the same weight.

    **The two most common mistakes.** Two softmaxes whose answers are added or averaged: then the source gets a fixed share, whatever it says. A triangle over the whole row, which hides most of the source from the first tokens.

    **Cost.** $n (m + n)$ scores. There is no second set of projections: what is saved in parameters is paid for by a longer text.
    """,
    verified="3 text and 5 source tokens, a square case, one token of text, one of source, and scores of 1000.",
    next_thought="how would you get the same output from the two separate softmaxes, if each also told you the sum of its exponentials?",
    reference=_reference,
)

_rng = np.random.default_rng(53)


def _case(n, m, d_k, d_v):
    return tuple(_rng.normal(size=shape) for shape in ((n, d_k), (n, d_k), (n, d_v), (m, d_k), (m, d_v)))


EXERCISE.probe("3 text tokens, 5 of the source", *_case(3, 5, 7, 2))
EXERCISE.probe("4 text tokens, 4 of the source, all widths 4", *_case(4, 4, 4, 4))
EXERCISE.probe("1 text token, 3 of the source", *_case(1, 3, 5, 2))
EXERCISE.probe("5 text tokens, 1 of the source", *_case(5, 1, 3, 2))
_wide = np.array([[-1000.0, -1001.0, -3000.0, 1000.0, 2000.0], [1000.0, 1001.0, 0.0, 999.5, 3000.0], [0.0, 1.0, -1.0, 0.5, 2.0]])
_q, _keys = with_scores(_wide)
EXERCISE.probe("scores from -3000 to 3000, the largest still to come", _q, _keys[2:], np.eye(5)[2:], _keys[:2], np.eye(5)[:2], extreme=True)


@EXERCISE.solve
def joined_attention_solution(q, k, v, k_source, v_source):
    keys = np.concatenate([k_source, k])
    values = np.concatenate([v_source, v])
    n, m = len(q), len(k_source)
    may = np.concatenate([np.ones((n, m), dtype=bool), np.tri(n, dtype=bool)], axis=1)
    return reference.attention(q, keys, values, may)


@EXERCISE.mutant
def triangle_over_everything(q, k, v, k_source, v_source):
    keys = np.concatenate([k_source, k])
    values = np.concatenate([v_source, v])
    n, m = len(q), len(k_source)
    may = np.tri(n, m + n, dtype=bool)
    return reference.attention(q, keys, values, may)


@EXERCISE.mutant
def two_answers_averaged(q, k, v, k_source, v_source):
    n = len(q)
    past = np.tri(n, dtype=bool)
    return (reference.attention(q, k_source, v_source) + reference.attention(q, k, v, past)) / 2


@EXERCISE.mutant
def two_answers_added(q, k, v, k_source, v_source):
    return reference.attention(q, k_source, v_source) + reference.attention(q, k, v, _past(len(q)))


@EXERCISE.mutant
def source_not_read(q, k, v, k_source, v_source):
    return reference.attention(q, k, v, _past(len(q)))


@EXERCISE.mutant
def own_text_not_read(q, k, v, k_source, v_source):
    return reference.attention(q, k_source, v_source)


@EXERCISE.mutant
def no_mask(q, k, v, k_source, v_source):
    return _joined(q, k, v, k_source, v_source, None)


@EXERCISE.mutant
def self_excluded(q, k, v, k_source, v_source):
    return _joined(q, k, v, k_source, v_source, _mask(len(q), len(k_source)) & ~np.eye(len(q), len(q) + len(k_source), len(k_source), dtype=bool))


@EXERCISE.mutant
def blocks_of_the_mask_exchanged(q, k, v, k_source, v_source):
    may = np.concatenate([_past(len(q)), np.ones((len(q), len(k_source)), dtype=bool)], axis=1)
    return _joined(q, k, v, k_source, v_source, may)


@EXERCISE.mutant
def values_joined_the_other_way(q, k, v, k_source, v_source):
    may = _mask(len(q), len(k_source))
    return reference.attention(q, np.concatenate([k_source, k]), np.concatenate([v, v_source]), may)


@EXERCISE.mutant
def no_scale(q, k, v, k_source, v_source):
    return _joined(q, k, v, k_source, v_source, _mask(len(q), len(k_source)), scale=1.0)


@EXERCISE.holds("an output is an average: equal values come back")
def equal_values(call):
    q, k, v, k_source, v_source = EXERCISE.probes[0].arguments
    out = np.asarray(call(q, k, np.ones_like(v), k_source, np.ones_like(v_source)))
    return None if np.allclose(out, 1, atol=1e-4) else f"with all values 1 the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("changing the last token of the text moves no earlier output")
def future(call):
    q, k, v, k_source, v_source = EXERCISE.probes[0].arguments
    other_k, other_v = k.copy(), v.copy()
    other_k[-1] += 3
    other_v[-1] -= 2
    gap = np.abs(np.asarray(call(q, other_k, other_v, k_source, v_source))[:-1] - np.asarray(call(q, k, v, k_source, v_source))[:-1]).max()
    return None if gap < 1e-6 else f"an earlier output moves by {text.number(gap)}"


@EXERCISE.holds("the order of the source does not matter")
def order_of_the_source(call):
    q, k, v, k_source, v_source = EXERCISE.probes[0].arguments
    gap = np.abs(np.asarray(call(q, k, v, k_source[::-1].copy(), v_source[::-1].copy())) - np.asarray(call(q, k, v, k_source, v_source))).max()
    return None if gap < 1e-4 else f"turning it round moves an output by {text.number(gap)}"


EXERCISE.holds("with scores of 0 the values 6 (source), 2 and 4 give 4 and 4")(comes_out(
    np.array([[4.0], [4.0]]), np.zeros((2, 3)), np.zeros((2, 3)), np.array([[2.0], [4.0]]), np.zeros((1, 3)), np.array([[6.0]])))


@EXERCISE.holds("the first token sees the source and itself")
def first_token(call):
    q, k, v, k_source, v_source = EXERCISE.probes[0].arguments
    right = reference.attention(q[:1], np.concatenate([k_source, k[:1]]), np.concatenate([v_source, v[:1]]))[0]
    gap = np.abs(np.asarray(call(q, k, v, k_source, v_source))[0] - right).max()
    return None if gap < 1e-4 else f"its output differs by {text.number(gap)}"

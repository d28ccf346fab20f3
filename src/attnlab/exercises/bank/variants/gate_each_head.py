"""A gate on what each head found."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _sigmoid(z):
    return np.exp(-np.logaddexp(0, -np.asarray(z, dtype=float)))


def _reference(heads, x, w_gate, w_out):
    heads, x, w_gate, w_out = (np.asarray(a, dtype=float) for a in (heads, x, w_gate, w_out))
    d = heads.shape[2]
    out = np.zeros((len(x), w_out.shape[1]))
    for h, i in np.ndindex(heads.shape[:2]):
        out[i] += _sigmoid(x[i] @ w_gate[:, h]) * (heads[h, i] @ w_out[h * d : (h + 1) * d])
    return out


def _gated(heads, x, w_gate, w_out, gate=_sigmoid, spread=np.repeat):
    """The answer with another gate, or spread over the features in another way."""
    merged = np.swapaxes(heads, 0, 1).reshape(len(x), -1)
    g = gate(x @ w_gate)
    wide = spread(g, heads.shape[2], axis=1) if spread is np.repeat else spread(g, (1, heads.shape[2]))
    return (wide * merged) @ w_out


EXERCISE = Exercise(
    id="variants.gate_each_head",
    title="One gate a head",
    level="apply",
    minutes=10,
    difficulty=2,
    page="variants/what_changed_since",
    headings=("Gates: permission to say nothing",),
    statement=r"""
    Finish a layer whose heads are gated: you are given what each head has mixed, the tokens that entered, a matrix $W_G$ with **one column for each head**, and the output projection. Each head is multiplied, for each token, by the sigmoid of its gate; then heads are merged and projected.

    Logits of the gates of ±1,000 occur: the gate is then 1 or 0.

    A tiny example: two heads of width 1, `heads = [[[2]], [[6]]]`, `x = [[0]]`, `w_gate = [[5, 7]]`, `w_out = [[1], [10]]` give `[[31]]`: each gate is one half.
    """,
    slot='''
    def gate_each_head(heads, x, w_gate, w_out):
        """Heads times their gates, merged, projected.

        heads: (H, n, d), x: (n, width), w_gate: (width, H), w_out: (H * d, d_out); result: (n, d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A gate belongs to a head and a token. What shape does it have, and which axis of the heads is missing in it?",
        r"$x W_G$ is $(n, H)$, the heads are $(H, n, d)$: turn the gates round and give them an axis of size 1. Then merge as always: exchange heads and tokens, and put the heads side by side.",
        "```python\ngates = ____(x @ w_gate)\ngated = heads * gates.T[____]\nmerged = gated.swapaxes(____, ____).reshape(____, ____)\nreturn merged @ w_out\n```",
    ),
    parsons=("gate_heads_compete", "gate_merged_without_exchange"),
    why=r"""
    A gate near 0 takes a head out of this token's sum, whatever the head has found; with the sigmoid, heads do not compete. That is the difference from a sink, which the scores decide.

    **The two most common mistakes.** Repeating the gates feature by feature (0, 1, 2, 0, 1, 2) where heads lie in runs (0, 0, 1, 1). Making the gates from the merged heads instead of from the tokens that entered.

    **Cost.** One column for each head: $H \cdot d_{\text{model}}$ numbers, a small part of one projection.
    """,
    verified="one head, one token, as many heads as features, logits of ±1,000 and whole numbers.",
    next_thought="which choice of the gates' matrix makes the layer half of what it was without gates?",
    reference=_reference,
)

_rng = np.random.default_rng(29)


def _case(n_heads, n, d, width, d_out):
    return tuple(_rng.normal(size=size) for size in ((n_heads, n, d), (n, width), (width, n_heads), (n_heads * d, d_out)))


_first = _case(3, 5, 2, 7, 4)
EXERCISE.probe("3 heads of width 2, 5 tokens", *_first)
EXERCISE.probe("2 heads of width 5, 3 tokens", *_case(2, 3, 5, 10, 10))
EXERCISE.probe("one head, one token", *_case(1, 1, 3, 2, 5))
EXERCISE.probe("as many heads as features and tokens", *_case(3, 3, 3, 9, 9))
EXERCISE.probe("heads of width 1", *_case(4, 2, 1, 3, 5))
EXERCISE.probe("gates of plus and minus a thousand", _first[0], _first[1], _first[2] * 1000, _first[3])
EXERCISE.probe("whole numbers", np.array([[[2]], [[6]]]), np.array([[1]]), np.array([[0, 1]]), np.array([[1], [10]]))
_rng = np.random.default_rng(30)
EXERCISE.probe("9 heads, 13 tokens", *_case(9, 13, 2, 5, 3))


@EXERCISE.solve
def gate_each_head_solution(heads, x, w_gate, w_out):
    gates = np.exp(-np.logaddexp(0, -(x @ w_gate)))
    gated = heads * gates.T[:, :, None]
    merged = gated.swapaxes(0, 1).reshape(len(x), -1)
    return merged @ w_out


@EXERCISE.mutant
def gate_heads_compete(heads, x, w_gate, w_out):
    logits = x @ w_gate
    gates = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    gated = heads * gates.T[:, :, None]
    merged = gated.swapaxes(0, 1).reshape(len(x), -1)
    return merged @ w_out


@EXERCISE.mutant
def gate_merged_without_exchange(heads, x, w_gate, w_out):
    gates = np.exp(-np.logaddexp(0, -(x @ w_gate)))
    gated = heads * gates.T[:, :, None]
    merged = gated.reshape(len(x), -1)
    return merged @ w_out


@EXERCISE.mutant
def gate_spread_by_feature(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, spread=np.tile)


@EXERCISE.mutant
def gate_left_open(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, gate=np.ones_like)


@EXERCISE.mutant
def gate_without_sigmoid(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, gate=np.asarray)


@EXERCISE.mutant
def gate_by_tanh(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, gate=np.tanh)


@EXERCISE.mutant
def gate_of_the_first_token(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, gate=lambda z: np.broadcast_to(_sigmoid(z)[:1], z.shape))


@EXERCISE.mutant
def gate_closes_where_it_should_open(heads, x, w_gate, w_out):
    return _gated(heads, x, w_gate, w_out, gate=lambda z: _sigmoid(-np.asarray(z, dtype=float)))


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[31.0]], np.array([[[2.0]], [[6.0]]]), np.array([[0.0]]), np.array([[5.0, 7.0]]), np.array([[1.0], [10.0]])))


@EXERCISE.holds("gates of zero logits halve the layer")
def half(call):
    heads, x, w_gate, w_out = _first
    plain = np.swapaxes(heads, 0, 1).reshape(len(x), -1) @ w_out
    gap = np.abs(np.asarray(call(heads, x, 0 * w_gate, w_out)) - plain / 2).max()
    return None if gap < 1e-6 else f"a number is {text.number(gap)} away from the half"


@EXERCISE.holds("a head whose gate is shut may hold anything")
def shut(call):
    heads, x, w_gate, w_out = _first
    x = np.abs(x)
    shut_gate, louder = w_gate.copy(), heads.copy()
    shut_gate[:, 1] = -1000
    louder[1] *= 5
    gap = np.abs(np.asarray(call(louder, x, shut_gate, w_out)) - np.asarray(call(heads, x, shut_gate, w_out))).max()
    return None if gap < 1e-6 else f"a number moves by {text.number(gap)} when a closed head changes"

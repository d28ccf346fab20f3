"""SwiGLU, a piece of the reader's own GPT."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _silu(z):
    return z * (1 + np.tanh(z / 2)) / 2


def _net(x, w_gate, w_expand, w_contract, activation=_silu, join=np.multiply):
    x = np.asarray(x, dtype=float)
    return join(activation(x @ w_gate), x @ w_expand) @ w_contract


def _reference(x, w_gate, w_expand, w_contract):
    return _net(x, w_gate, w_expand, w_contract)


EXERCISE = Exercise(
    id="variants.gated_network",
    title="A network with a gate",
    level="apply",
    minutes=10,
    difficulty=2,
    page="variants/your_gpt",
    headings=("Two pieces that are new",),
    statement=r"""
    Write SwiGLU, the feed-forward network of the Llama family. Three matrices, no biases. One product makes the *gate*, another the numbers that are gated; the gate goes through SiLU, the two are multiplied entry by entry, and the third matrix brings the result back to the width of the row:

    $$\text{output} = \bigl(\operatorname{SiLU}(x W_{\text{gate}}) \odot x W_{\text{expand}}\bigr)\, W_{\text{contract}}, \qquad \operatorname{SiLU}(z) = \frac{z}{1 + e^{-z}}.$$

    Hidden numbers of a thousand, of either sign, must come out right. `x` may have axes in front.

    A tiny example: `x = [[2]]`, `w_gate = [[1]]`, `w_expand = [[3]]`, `w_contract = [[1]]` give `[[10.570]]`: SiLU of 2 is 1.762, times 6.
    """,
    slot='''
    def gated_network(x, w_gate, w_expand, w_contract):
        """(SiLU(x w_gate) * x w_expand) w_contract, each row by itself.

        x: (..., d); w_gate, w_expand: (d, d_ff); w_contract: (d_ff, d); result: (..., d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a gate matrix of zeros the output is zero. If `w_expand` is doubled the output doubles; if `w_gate` is doubled it does not, since the SiLU is no straight line.",
        r"For a large negative $z$, $e^{-z}$ overflows. $\frac{1}{1 + e^{-z}} = \tfrac12 (1 + \tanh \tfrac z2)$ never does.",
        "```python\ngate = x @ ____\nactivated = gate * (1 + np.tanh(____)) / 2\nreturn (____ * (x @ ____)) @ ____\n```",
    ),
    parsons=("gate_and_expansion_exchanged", "gate_is_a_sigmoid"),
    why=r"""
    The gate decides, entry by entry and row by row, how much of the other product passes. SiLU is nearly 0 far below 0 and nearly $z$ far above.

    **The two most common mistakes.** Exchanging gate and expansion: both matrices have the same shape, and published files name them differently (`w1` and `w3`, `gate_proj` and `up_proj`, `wi_0` and `wi_1`). A sigmoid for the SiLU: that is GLU, the network of 2017 from which the name comes.

    **Cost.** Three products instead of two; so $d_{ff}$ is usually two thirds of what it would be without a gate.
    """,
    verified="equal to the definition for one row, batches and more axes, unequal widths, hidden numbers of a thousand, whole numbers and single precision.",
    next_thought="what does the network compute for rows so small that SiLU(z) is about z / 2?",
    reference=_reference,
)

_rng = np.random.default_rng(43)


def _weights(d, m):
    return _rng.normal(size=(d, m)), _rng.normal(size=(d, m)), _rng.normal(size=(m, d)) / np.sqrt(m)


_x, _w = _rng.normal(size=(2, 5, 3)), _weights(3, 7)
EXERCISE.probe("2 texts, 5 tokens, width 3, 7 hidden", _x, *_w)
EXERCISE.probe("one row", _x[0, 0], *_w)
EXERCISE.probe("square", _rng.normal(size=(4, 4)), *_weights(4, 4))
EXERCISE.probe("fewer hidden than the width", _rng.normal(size=(6, 5)), *_weights(5, 2))
EXERCISE.probe("hidden numbers of a thousand", np.array([[1000.0, -400.0], [-800.0, 900.0]]), np.eye(2), np.array([[0.01, 0.0], [0.02, 0.01]]), np.eye(2), extreme=True)
EXERCISE.probe("whole numbers", np.array([[1, -2], [0, 3]]), np.array([[1, 0, 2], [1, -1, 0]]), np.array([[2, 1, 1], [0, 1, -1]]), np.array([[1, 0], [2, 1], [0, 1]]))
EXERCISE.probe("single precision", _x.astype(np.float32), *(w.astype(np.float32) for w in _w))
EXERCISE.probe("heads in front", _rng.normal(size=(2, 3, 2, 3)), *_w)
_rng = np.random.default_rng(44)
EXERCISE.probe("4 texts of 11 tokens, 40 hidden", _rng.normal(size=(4, 11, 5)), *_weights(5, 40))


@EXERCISE.solve
def gated_network_solution(x, w_gate, w_expand, w_contract):
    gate = x @ w_gate
    activated = gate * (1 + np.tanh(gate / 2)) / 2
    return (activated * (x @ w_expand)) @ w_contract


@EXERCISE.mutant
def gate_and_expansion_exchanged(x, w_gate, w_expand, w_contract):
    gate = x @ w_expand
    activated = gate * (1 + np.tanh(gate / 2)) / 2
    return (activated * (x @ w_gate)) @ w_contract


@EXERCISE.mutant
def gate_is_a_sigmoid(x, w_gate, w_expand, w_contract):
    gate = x @ w_gate
    activated = (1 + np.tanh(gate / 2)) / 2
    return (activated * (x @ w_expand)) @ w_contract


@EXERCISE.mutant
def gate_is_a_relu(*given):
    return _net(*given, activation=lambda z: np.maximum(z, 0))


@EXERCISE.mutant
def gate_is_a_gelu(*given):
    return _net(*given, activation=lambda z: z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2)


@EXERCISE.mutant
def gate_not_activated(*given):
    return _net(*given, activation=lambda z: z)


@EXERCISE.mutant
def gate_added_for_multiplied(*given):
    return _net(*given, join=np.add)


@EXERCISE.mutant
def gate_leaves_the_expansion_out(*given):
    return _net(*given, join=lambda a, b: a)


@EXERCISE.mutant
def gate_activates_both(*given):
    return _net(*given, join=lambda a, b: a * _silu(b))


@EXERCISE.mutant
def gate_activates_the_product(*given):
    return _net(*given, activation=lambda z: z, join=lambda a, b: _silu(a * b))


EXERCISE.holds("the example of the statement comes out")(comes_out([[10.570]], np.array([[2.0]]), np.array([[1.0]]), np.array([[3.0]]), np.array([[1.0]])))


@EXERCISE.holds("a gate of zeros lets nothing through")
def closed(call):
    out = np.abs(np.asarray(call(_x, 0 * _w[0], *_w[1:]))).max()
    return None if out < 1e-6 else f"with a gate matrix of zeros the largest entry is {text.number(out)}"


@EXERCISE.holds("a doubled expansion doubles the result")
def linear(call):
    gap = np.abs(np.asarray(call(_x, _w[0], 2 * _w[1], _w[2])) - 2 * np.asarray(call(_x, *_w))).max()
    return None if gap < 1e-5 else f"off by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(_x, *_w))

"""A gated feed-forward network as published files pack it: gate and expansion in one matrix, both limited."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def _net(x, w_in, w_out, limit, *, gate=lambda g: g * _sigmoid(g), low=None, up=None, join=np.multiply, halves=None):
    """The network with one ingredient exchanged; `low` bounds the gate from below."""
    hidden = np.asarray(x, dtype=float) @ w_in
    m = hidden.shape[-1] // 2
    g, u = halves(hidden) if halves else (hidden[..., :m], hidden[..., m:])
    g = np.minimum(g, limit) if low is None else np.clip(g, low, limit)
    u = np.clip(u, -limit, limit) if up is None else up(u)
    return join(gate(g), u) @ w_out


def _reference(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit)


EXERCISE = Exercise(
    id="architecture.packed_gated",
    title="A gate, packed and limited",
    level="apply",
    minutes=12,
    difficulty=2,
    page="architecture/feed_forward",
    headings=("A gate",),
    statement=r"""
    Published models often keep the gate's matrix and the other one *side by side in one matrix*, and some limit the hidden numbers so that none grows too large. Write such a SwiGLU network.

    `w_in` is $d \times 2m$: its first $m$ columns make the gate $g$, its last $m$ columns the numbers $u$ that are gated. Then

    $$ g \leftarrow \min(g, \text{limit}), \qquad u \leftarrow \min(\max(u, -\text{limit}), \text{limit}), \qquad \text{output} = \big(\operatorname{SiLU}(g) \odot u\big)\, W_{\text{out}}, $$

    with $\operatorname{SiLU}(z) = z / (1 + e^{-z})$. There are no biases; the limit is above 0, and is applied to $g$ from above alone, *before* the SiLU.

    A tiny example: `x = [[2]]`, `w_in = [[-1, 3]]`, `w_out = [[1]]` and `limit = 5` give `[[-1.192]]`.
    """,
    slot='''
    def packed_gated(x, w_in, w_out, limit):
        """A SwiGLU network whose gate and expansion are one matrix, with limited hidden numbers.

        x: (..., d); w_in: (d, 2 m), the gate's columns first; w_out: (m, d_out); limit: a number above 0
        result: (..., d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If the gate's columns are all 0, so is the output. If the other half is doubled, and no limit is reached, the output doubles.",
        r"One product makes $2m$ numbers a token; cut it in the middle. Only the first half passes through the SiLU.",
        "```python\nhidden = x @ w_in\nm = ____ // 2\ngate, up = hidden[..., :m], ____\ngate = np.minimum(____, limit)\nup = np.clip(____)\n"
        "return (gate / (1 + np.exp(-gate)) * ____) @ w_out\n```",
    ),
    parsons=("gate_halves_exchanged", "gate_clipped_on_both_sides"),
    why=r"""
    The limit bounds the products of two hidden numbers, which helps in 16 bits. The gate needs no limit from below: far below 0 the SiLU is nearly 0 already.

    **The two most common mistakes.** Taking the second half for the gate: both have the same shape, and conventions differ between libraries. Reading a matrix whose columns alternate (gate, other, gate, ...) as if it were packed in halves, or the reverse.

    **Cost.** Three matrices' worth of products; one call instead of two for the first two of them.
    """,
    verified="equal to the definition for one token and for batches, with and without numbers beyond the limit, and for hidden numbers of a thousand.",
    next_thought="a published file says that gate and expansion alternate, column by column. What would you change?",
    reference=_reference,
)

_rng = np.random.default_rng(311)
_x, _in, _out = _rng.normal(size=(5, 3)), _rng.normal(size=(3, 14)), _rng.normal(size=(7, 2))
EXERCISE.probe("5 tokens, m = 7, limits reached", _x, _in, _out, 0.8)
EXERCISE.probe("5 tokens, no limit reached", _x, _in, _out, 50.0)
EXERCISE.probe("a batch of 2 texts of 3 tokens", _rng.normal(size=(2, 3, 5)), _rng.normal(size=(5, 22)), _rng.normal(size=(11, 5)), 1.5)
EXERCISE.probe("one token, m = 1", np.array([[1.0, -2.0]]), np.array([[0.5, 1.0], [1.5, 0.25]]), np.array([[2.0, -1.0, 1.0]]), 2)
EXERCISE.probe("whole numbers", np.array([[1, -2], [3, 0]]), np.array([[1, 0, 2, -1], [0, 1, 1, 3]]), np.array([[1, 2], [-1, 1]]), 3)
EXERCISE.probe("hidden numbers of a thousand", 400 * _x, _in, _out, 7.0, extreme=True)


@EXERCISE.solve
def packed_gated_solution(x, w_in, w_out, limit):
    hidden = x @ w_in
    m = w_in.shape[1] // 2
    gate, up = hidden[..., :m], hidden[..., m:]
    gate = np.minimum(gate, limit)
    up = np.clip(up, -limit, limit)
    with np.errstate(over="ignore"):
        gate = gate / (1 + np.exp(-gate))
    return (gate * up) @ w_out


@EXERCISE.mutant
def gate_halves_exchanged(x, w_in, w_out, limit):
    hidden = x @ w_in
    m = w_in.shape[1] // 2
    up, gate = hidden[..., :m], hidden[..., m:]
    gate = np.minimum(gate, limit)
    up = np.clip(up, -limit, limit)
    with np.errstate(over="ignore"):
        gate = gate / (1 + np.exp(-gate))
    return (gate * up) @ w_out


@EXERCISE.mutant
def gate_clipped_on_both_sides(x, w_in, w_out, limit):
    hidden = x @ w_in
    m = w_in.shape[1] // 2
    gate, up = hidden[..., :m], hidden[..., m:]
    gate = np.clip(gate, -limit, limit)
    up = np.clip(up, -limit, limit)
    with np.errstate(over="ignore"):
        gate = gate / (1 + np.exp(-gate))
    return (gate * up) @ w_out


@EXERCISE.mutant
def gate_columns_read_as_alternating(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, halves=lambda h: (h[..., ::2], h[..., 1::2]))


@EXERCISE.mutant
def gate_activation_on_both_halves(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, up=lambda u: np.clip(u, -limit, limit) * _sigmoid(np.clip(u, -limit, limit)))


@EXERCISE.mutant
def gate_by_its_sigmoid_alone(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, gate=_sigmoid)


@EXERCISE.mutant
def gate_by_relu(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, gate=lambda g: np.maximum(0, g))


@EXERCISE.mutant
def gate_limited_after_the_activation(x, w_in, w_out, limit):
    hidden = np.asarray(x, dtype=float) @ w_in
    m = hidden.shape[-1] // 2
    g = hidden[..., :m] * _sigmoid(hidden[..., :m])
    return (np.minimum(g, limit) * np.clip(hidden[..., m:], -limit, limit)) @ w_out


@EXERCISE.mutant
def gate_added_instead_of_multiplied(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, join=np.add)


@EXERCISE.mutant
def gate_without_any_activation(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, gate=lambda g: g)


@EXERCISE.mutant
def gated_numbers_not_limited(x, w_in, w_out, limit):
    return _net(x, w_in, w_out, limit, up=lambda u: u)


@EXERCISE.mutant
def gate_activation_at_the_very_end(x, w_in, w_out, limit):
    out = _net(x, w_in, w_out, limit, gate=lambda g: g)
    return out * _sigmoid(out)


EXERCISE.holds("the example of the statement comes out")(comes_out([[-1.192]], np.array([[2.0]]), np.array([[-1.0, 3.0]]), np.array([[1.0]]), 5))


@EXERCISE.holds("a gate of zeros gives an output of zeros")
def closed(call):
    w = _in.copy()
    w[:, :7] = 0
    largest = np.abs(np.asarray(call(_x, w, _out, 2.0), dtype=float)).max()
    return None if largest < 1e-6 else f"with zeros for the gate the largest output is {text.number(largest)}"


@EXERCISE.holds("each token gets what it gets alone")
def alone(call):
    gap = np.abs(np.asarray(call(_x, _in, _out, 1.0), dtype=float)[2:3] - np.asarray(call(_x[2:3], _in, _out, 1.0), dtype=float)).max()
    return None if gap < 1e-5 else f"among others a token's output is off by {text.number(gap)}"

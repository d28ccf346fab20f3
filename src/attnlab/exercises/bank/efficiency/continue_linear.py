"""A chunk of causal linear attention that goes on from a state."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _reference(memory, total, q, k, v):
    memory, total, rows = np.array(memory, dtype=float), np.array(total, dtype=float), []
    for one, key, value in zip(np.asarray(q, dtype=float), np.asarray(k, dtype=float), np.asarray(v, dtype=float)):
        memory, total = memory + np.outer(key, value), total + key
        rows.append(one @ memory / (one @ total))
    return np.array(rows), memory, total


def _chunk(memory, total, q, k, v, own=np.tril, past=1.0, weigh=True, keep=1.0):
    memory, total, q, k, v = (np.asarray(x, dtype=float) for x in (memory, total, q, k, v))
    table = own(q @ k.T)
    mixed = table @ v + past * (q @ memory)
    weight = table.sum(axis=1) + (q @ total if weigh else 0)
    weight = np.where(weight == 0, 1, weight)
    return mixed / weight[:, None], keep * memory + k.T @ v, keep * total + k.sum(axis=0)


EXERCISE = Exercise(
    id="efficiency.continue_linear",
    title="Go on from a state",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/linear",
    headings=("Causal: a state",),
    statement=r"""
    Causal linear attention has read a text and left a state: `memory`, the sum of $\phi(k_j) v_j^\top$, and `total`, the sum of $\phi(k_j)$. Now comes the next chunk, with its **features** already computed: `q` and `k` hold $\phi(q)$ and $\phi(k)$, all above 0. Return three things: the outputs of the chunk, each token seeing the past, the chunk's earlier tokens and itself; and `memory` and `total` as they are after the chunk.

    At the very beginning of a text both are zeros. Do not change the state that was given: it may be needed again.

    A tiny example: `memory = [[3]]`, `total = [1]`, `q = [[1], [1]]`, `k = [[2], [1]]`, `v = [[6], [1]]`. The outputs are $(3 + 12) / (1 + 2) = 5$ and $(3 + 12 + 1) / (1 + 2 + 1) = 4$; after the chunk `memory = [[16]]` and `total = [4]`.
    """,
    slot='''
    def continue_linear(memory, total, q, k, v):
        """Outputs of the next chunk, and the state behind it.

        memory: (d_features, d_v); total: (d_features,); q, k: (tokens, d_features) features; v: (tokens, d_v)
        result: output (tokens, d_v), memory (d_features, d_v), total (d_features,)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("output", "memory", "total"),
    hints=(
        "Each output has two sources: the chunk's own past, through a small table of pairs, and everything before, through the state. Both enter above *and* below the line.",
        r"With $T = \mathrm{tril}(\Phi_Q \Phi_K^\top)$: output $= (T V + \Phi_Q M) / (T \mathbf 1 + \Phi_Q z)$, row by row.",
        "```python\nown = np.tril(____)\nmixed = own @ v + q @ ____\nweight = own.sum(axis=____) + q @ ____\n"
        "return mixed / weight[:, None], memory + ____, total + k.sum(axis=____)\n```",
    ),
    parsons=("continue_own_future", "continue_state_after"),
    why=r"""
    This step is the whole of training in chunks: quadratic in the chunk, linear in the text. With a chunk of one token it is the recurrence of writing.

    **The two most common mistakes.** Reading the state *after* the chunk was added, which counts the chunk twice and shows its future. Forgetting the past below the line, so that weights no longer add up to 1.

    **Cost.** For $c$ tokens $4 c\, d_\phi d_v$ operations with the state and about $2 c^2 (d_\phi + d_v)$ in the table.
    """,
    verified="the beginning of a text, chunks of 1 to 13 tokens, features and values of different widths, whole numbers, single precision.",
    next_thought="which part of the state would have to change if every token's past were to fade by a factor?",
    reference=_reference,
)


def _case(seed, tokens, d, d_v, past=5):
    rng = np.random.default_rng(seed)
    q, k, before = np.exp(rng.normal(size=(tokens, d))), np.exp(rng.normal(size=(tokens, d))), np.exp(rng.normal(size=(past, d)))
    return before.T @ rng.normal(size=(past, d_v)), before.sum(axis=0), q, k, rng.normal(size=(tokens, d_v))


EXERCISE.probe("7 tokens after 5", *_case(1, 7, 3, 2))
EXERCISE.probe("the beginning of a text", *_case(2, 6, 4, 3, past=0))
EXERCISE.probe("one token", *_case(3, 1, 3, 5))
EXERCISE.probe("13 tokens after one", *_case(4, 13, 2, 7, past=1))
EXERCISE.probe("square", *_case(5, 4, 4, 4, past=4))
EXERCISE.probe("single precision", *(x.astype(np.float32) for x in _case(6, 5, 3, 2)))
EXERCISE.probe("whole numbers", np.array([[3, 1], [2, 5]]), np.array([2, 4]), np.array([[1, 2], [3, 1], [2, 2]]), np.array([[2, 1], [1, 3], [4, 1]]), np.array([[6, 1], [2, 3], [1, 1]]))


@EXERCISE.solve
def continue_linear_solution(memory, total, q, k, v):
    own = np.tril(q @ k.T)
    mixed = own @ v + q @ memory
    weight = own.sum(axis=1) + q @ total
    return mixed / weight[:, None], memory + k.T @ v, total + k.sum(axis=0)


@EXERCISE.mutant
def continue_own_future(memory, total, q, k, v):
    own = q @ k.T
    mixed = own @ v + q @ memory
    weight = own.sum(axis=1) + q @ total
    return mixed / weight[:, None], memory + k.T @ v, total + k.sum(axis=0)


@EXERCISE.mutant
def continue_state_after(memory, total, q, k, v):
    own = np.tril(q @ k.T)
    memory, total = memory + k.T @ v, total + k.sum(axis=0)
    mixed = own @ v + q @ memory
    weight = own.sum(axis=1) + q @ total
    return mixed / weight[:, None], memory, total


@EXERCISE.mutant
def continue_past_not_in_the_weight(memory, total, q, k, v):
    return _chunk(memory, total, q, k, v, weigh=False)


@EXERCISE.mutant
def continue_past_forgotten(memory, total, q, k, v):
    return _chunk(memory, total, q, k, v, past=0.0, weigh=False)


@EXERCISE.mutant
def continue_state_anew(memory, total, q, k, v):
    return _chunk(memory, total, q, k, v, keep=0.0)


@EXERCISE.mutant
def continue_not_itself(memory, total, q, k, v):
    return _chunk(memory, total, q, k, v, own=lambda table: np.tril(table, -1))


@EXERCISE.mutant
def continue_state_unchanged(memory, total, q, k, v):
    return _chunk(memory, total, q, k, v)[0], np.array(memory, dtype=float), np.array(total, dtype=float)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[5], [4]], [[16]], [4]), np.array([[3.0]]), np.array([1.0]), np.array([[1.0], [1]]), np.array([[2.0], [1]]), np.array([[6.0], [1]])))


@EXERCISE.holds("two chunks in a row are one long chunk")
def joined(call):
    memory, total, q, k, v = _case(1, 7, 3, 2)
    whole = np.asarray(call(memory, total, q, k, v)[0], dtype=float)
    first, memory, total = call(memory, total, q[:3], k[:3], v[:3])
    second = call(np.asarray(memory), np.asarray(total), q[3:], k[3:], v[3:])[0]
    gap = np.abs(np.concatenate([first, second]) - whole).max()
    return None if gap < 1e-5 else f"cut after 3 of 7 tokens an output moves by {text.number(float(gap))}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 7, 3, 2)))

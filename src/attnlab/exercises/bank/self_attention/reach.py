"""How far information travels through several masked layers."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import graph


def _reference(mask, layers):
    return graph.reach(mask | np.eye(len(mask), dtype=bool), layers)


EXERCISE = Exercise(
    id="self_attention.reach",
    title="How far information travels",
    level="apply",
    minutes=10,
    difficulty=2,
    page="self_attention/graph_view",
    headings=("How far information travels",),
    statement=r"""
    A stack of `layers` layers, all under the same mask. Each layer also passes every token on unchanged beside its attention (a residual connection), so a token always keeps what it had. Return the boolean table ($n \times n$)
    that says which tokens can have *any* influence on output $i$ after the last layer:

    - entry $[i, j]$ is True if something of token $j$ can arrive at token $i$ in at most `layers` steps;
    - after 0 layers it is the diagonal.

    A tiny example: three tokens, each of which sees only the one before it. After one layer token 2 is reached by tokens 1 and 2, after two layers by all three.
    """,
    slot='''
    def reach(mask, layers):
        """Which token can influence which after several layers under one mask, with residual connections.

        mask: boolean, (n, n), True = row may look at column; layers: whole number, 0 or more
        result: boolean, (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Start with what is known after no layer, and let every layer take one more step.",
        r"The residual connection adds the diagonal to the mask. One layer: $j$ now reaches $i$ if $i$ sees some $t$ that $j$ had already reached. For boolean tables that is a matrix product.",
        "```python\nstep = mask | np.eye(____, dtype=bool)\nreached = ____\nfor _ in range(____):\n    reached = step @ ____\nreturn reached\n```",
    ),
    parsons=("no_further_than_one_layer", "residual_left_out"),
    why=r"""
    A product of boolean tables is *or* over *and*: the sentence "$i$ sees some $t$ that $j$ has reached". With whole numbers instead of booleans the same power counts walks.

    **The two most common mistakes.** An entry-wise power, which for booleans changes nothing at all. Leaving the diagonal out: then only walks of *exactly* the right length count, and a token may lose itself.

    **Cost.** One matrix product a layer. A causal window of size $w$ reaches $w - 1$ tokens further back with each layer; without a mask one layer reaches everything.
    """,
    verified="a window, a mask without its diagonal, a strange graph, all pairs, for 0, 1, 2, 3 and 5 layers.",
    next_thought="how many layers does a window of 4,096 need to bring the first of 100,000 tokens to the last?",
    reference=_reference,
)

_at = np.arange(11)
_window = (_at[:, None] >= _at) & (_at[:, None] - _at < 3)
_before = _at[:, None] - 1 == _at
_strange = np.random.default_rng(7).random((7, 7)) < 0.22
EXERCISE.probe("a window of 3 over 11 tokens, 2 layers", _window, 2)
EXERCISE.probe("each sees only the one before it, 3 layers", _before, 3)
EXERCISE.probe("a strange graph of 7 tokens, 2 layers", _strange, 2)
EXERCISE.probe("a strange graph of 7 tokens, 1 layer", _strange, 1)
EXERCISE.probe("no layer", _strange, 0)
EXERCISE.probe("each sees only the one before it, 5 layers", _before, 5)
EXERCISE.probe("all pairs of 16 tokens, 3 layers", np.ones((16, 16), dtype=bool), 3)


@EXERCISE.solve
def reach_solution(mask, layers):
    step = mask | np.eye(len(mask), dtype=bool)
    reached = np.eye(len(mask), dtype=bool)
    for _ in range(layers):
        reached = step @ reached
    return reached


@EXERCISE.mutant(evidence=text.allowed)
def no_further_than_one_layer(mask, layers):
    step = mask | np.eye(len(mask), dtype=bool)
    reached = np.eye(len(mask), dtype=bool)
    for _ in range(layers):
        reached = step | reached
    return reached


@EXERCISE.mutant(evidence=text.allowed)
def residual_left_out(mask, layers):
    step = mask.copy()
    reached = np.eye(len(mask), dtype=bool)
    for _ in range(layers):
        reached = step @ reached
    return reached


@EXERCISE.mutant(evidence=text.allowed)
def diagonal_added_at_the_end(mask, layers):
    reached = np.eye(len(mask), dtype=bool)
    for _ in range(layers):
        reached = mask @ reached
    return reached | np.eye(len(mask), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def one_layer_too_few(mask, layers):
    return _reference(mask, max(layers - 1, 0))


@EXERCISE.mutant(evidence=text.allowed)
def one_layer_too_many(mask, layers):
    return _reference(mask, layers + 1)


@EXERCISE.mutant(evidence=text.allowed)
def sent_for_heard(mask, layers):
    return _reference(mask, layers).T


@EXERCISE.mutant(evidence=text.allowed)
def edges_both_ways(mask, layers):
    return _reference(mask | mask.T, layers)


@EXERCISE.mutant(evidence=text.allowed)
def whole_component(mask, layers):
    return _reference(mask, len(mask))


@EXERCISE.holds("after no layer every token is reached by itself alone")
def diagonal(call):
    out = call(_window, 0)
    return None if np.array_equal(out, np.eye(11, dtype=bool)) else f"{int(out.sum())} entries are true instead of 11"


@EXERCISE.holds("one layer is the mask and the diagonal")
def one_layer(call):
    out = call(_before, 1)
    return None if np.array_equal(out, _before | np.eye(11, dtype=bool)) else f"{int(out.sum())} entries are true instead of 21"


@EXERCISE.holds("two layers and then one are three")
def layers_add(call):
    both = call(_strange, 1) @ call(_strange, 2)
    same = np.array_equal(both, call(_strange, 3))
    return None if same else f"{int((both != call(_strange, 3)).sum())} entries differ"


@EXERCISE.holds("where each token sees only the one before it, five layers reach five tokens back and no further")
def one_a_layer(call):
    row = np.flatnonzero(call(_before, 5)[10]).tolist()
    return None if row == [5, 6, 7, 8, 9, 10] else f"token 10 is reached by {row}"


@EXERCISE.holds("where every token sees every token, each is reached by all")
def everybody(call):
    out = call(np.ones((16, 16), dtype=bool), 3)
    return None if out.all() else f"among 16 tokens, after three layers, {int((~out.astype(bool)).sum())} of 256 pairs are missing"

"""Two layers that do the same: find out which head is which."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _does(layer, n_heads):
    """For each head where it looks and what it writes: (heads, 2, d_model, d_model)."""
    w_q, w_k, w_v = (np.split(w, n_heads, axis=1) for w in layer[:3])
    return np.array([[q @ k.T, v @ o] for q, k, v, o in zip(w_q, w_k, w_v, np.split(layer[3], n_heads))])


def _reference(first, second, n_heads):
    old, new = _does(first, n_heads), _does(second, n_heads)
    return np.array(min(permutations(range(n_heads)), key=lambda order: np.abs(new - old[list(order)]).sum()))


EXERCISE = Exercise(
    id="multi_head.match_heads",
    title="Which head is which?",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="multi_head/problems",
    statement=r"""
    Somebody gave a layer's heads another order, and in each head changed the basis of queries and keys, and that of the values: $W_Q^h J$ and $W_K^h J^{-\top}$, $W_V^h N$ and $N^{-1} W_O^h$ with invertible matrices $J$, $N$ of their own. (There are no rotary positions.) The layer does what it did. Find the order: entry $i$ of the result is the number that head $i$ of the second layer had in the first.

    Two heads of a layer may look at the same places, or write the same, but not both. A tiny example: two heads that were exchanged give `[1, 0]`.
    """,
    slot='''
    def match_heads(first, second, n_heads):
        """For each head of the second layer its number in the first.

        first, second: (4, d_model, d_model), the matrices W_Q, W_K, W_V, W_O
        result: (n_heads,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Look for quantities of a single head that a change of its basis leaves alone. Compare those.",
        r"$W_Q^h J\, (W_K^h J^{-\top})^\top = W_Q^h W_K^{h\top}$, and $W_V^h N\, N^{-1} W_O^h = W_V^h W_O^h$. Both are needed.",
        "```python\nmarks = []\nfor w_q, w_k, w_v, w_o in (first, second):\n    q, k, v = (np.split(w, n_heads, axis=____) for w in (w_q, w_k, w_v))\n    o = np.split(w_o, n_heads, axis=____)\n"
        "    marks.append(np.array([np.hstack([____, ____]) for h in range(n_heads)]))\ngaps = marks[1][:, None] - marks[0]\nreturn (gaps**2).sum(axis=(2, 3)).argmin(axis=____)\n```",
    ),
    parsons=("only_where_heads_look", "order_turned_round"),
    why=r"""
    A head is known by two products, where it looks and what it writes. Everything else about its four pieces is a matter of basis. So heads of different models should be compared by what they *do*.

    **The two most common mistakes.** Comparing the matrices themselves, which the change of basis has scrambled. Returning the places where the heads went instead of those they came from.

    **Cost.** $H^2$ comparisons of matrices of $d_{\text{model}}^2$ entries. For two layers that are only *similar* one would need the best assignment as a whole, not the nearest head for each.
    """,
    verified="one to five heads, exchanged and not, among them heads that look alike, that write alike, and that have equal lengths.",
    next_thought="what changes if queries and keys are rotated by their positions?",
    reference=_reference,
)

_rng = np.random.default_rng(21)


def _pair(n_heads, d_head, order, alike=None):
    """A layer, and the same function with other heads and bases. `alike`: heads 0 and 1 share these matrices, or one is the other turned, or its negative."""
    wide = n_heads * d_head
    layer = _rng.normal(size=(4, wide, wide)) / wide**0.25
    if alike == "turned":
        turn, here = np.linalg.qr(_rng.normal(size=(wide, wide)))[0], slice(d_head, 2 * d_head)
        layer[:3, :, here], layer[3, here] = turn @ layer[:3, :, :d_head], layer[3, :d_head] @ turn
    if alike == "negative":
        here, signs = slice(d_head, 2 * d_head), np.array([-1, 1, 1])[:, None, None]
        layer[:3, :, here], layer[3, here] = signs * layer[:3, :, :d_head], -layer[3, :d_head]
    for i in {"look": (0, 1), "write": (2, 3)}.get(alike, ()):
        if i == 3:
            layer[3, d_head : 2 * d_head] = layer[3, :d_head]
        else:
            layer[i, :, d_head : 2 * d_head] = layer[i, :, :d_head]
    other = np.empty_like(layer)
    for new, old in enumerate(order):
        here, there = (slice(h * d_head, (h + 1) * d_head) for h in (new, old))
        m, n = (np.linalg.qr(_rng.normal(size=(d_head, d_head)))[0] * _rng.uniform(0.5, 2, size=d_head) for _ in "mn")
        other[0][:, here], other[1][:, here] = layer[0][:, there] @ m, layer[1][:, there] @ np.linalg.inv(m).T
        other[2][:, here], other[3][here] = layer[2][:, there] @ n, np.linalg.inv(n) @ layer[3][there]
    return layer, other, n_heads


_ring = _pair(3, 5, (1, 2, 0))
EXERCISE.probe("3 heads of width 5 in a ring", *_ring)
EXERCISE.probe("5 heads of width 2", *_pair(5, 2, (3, 0, 4, 1, 2)))
EXERCISE.probe("two of three heads look alike", *_pair(3, 3, (2, 0, 1), "look"))
EXERCISE.probe("two of three heads write alike", *_pair(3, 3, (2, 0, 1), "write"))
EXERCISE.probe("two of three heads have equal lengths", *_pair(3, 3, (1, 0, 2), "turned"))
EXERCISE.probe("two of three heads look and write opposite things", *_pair(3, 3, (1, 0, 2), "negative"))
_exchanged = _pair(2, 3, (1, 0))
EXERCISE.probe("two heads exchanged", *_exchanged)
EXERCISE.probe("4 heads in their old order", *_pair(4, 2, (0, 1, 2, 3)))
EXERCISE.probe("one head", *_pair(1, 3, (0,)))


@EXERCISE.solve
def match_heads_solution(first, second, n_heads):
    marks = []
    for w_q, w_k, w_v, w_o in (first, second):
        q, k, v = (np.split(w, n_heads, axis=1) for w in (w_q, w_k, w_v))
        o = np.split(w_o, n_heads, axis=0)
        marks.append(np.array([np.hstack([q[h] @ k[h].T, v[h] @ o[h]]) for h in range(n_heads)]))
    gaps = marks[1][:, None] - marks[0]
    return (gaps**2).sum(axis=(2, 3)).argmin(axis=1)


@EXERCISE.mutant
def only_where_heads_look(first, second, n_heads):
    marks = []
    for w_q, w_k, w_v, w_o in (first, second):
        q, k = (np.split(w, n_heads, axis=1) for w in (w_q, w_k))
        marks.append(np.array([q[h] @ k[h].T for h in range(n_heads)]))
    gaps = marks[1][:, None] - marks[0]
    return (gaps**2).sum(axis=(2, 3)).round(6).argmin(axis=1)


@EXERCISE.mutant
def order_turned_round(first, second, n_heads):
    marks = []
    for w_q, w_k, w_v, w_o in (first, second):
        q, k, v = (np.split(w, n_heads, axis=1) for w in (w_q, w_k, w_v))
        o = np.split(w_o, n_heads, axis=0)
        marks.append(np.array([np.hstack([q[h] @ k[h].T, v[h] @ o[h]]) for h in range(n_heads)]))
    gaps = marks[1][:, None] - marks[0]
    return (gaps**2).sum(axis=(2, 3)).argmin(axis=0)


def _nearest(old, new):
    gaps = (new[:, None] - old).reshape(len(new), len(old), -1)
    return (gaps**2).sum(axis=2).round(6).argmin(axis=1)


@EXERCISE.mutant
def only_what_heads_write(first, second, n_heads):
    return _nearest(_does(first, n_heads)[:, 1], _does(second, n_heads)[:, 1])


@EXERCISE.mutant
def matrices_compared_raw(first, second, n_heads):
    pieces = [np.concatenate([w.reshape(len(w), n_heads, -1).swapaxes(0, 1) for w in layer[:3]], axis=2)
              for layer in (first, second)]
    return _nearest(*pieces)


@EXERCISE.mutant
def heads_matched_by_length(first, second, n_heads):
    sizes = [np.linalg.norm(layer[0].reshape(len(layer[0]), n_heads, -1), axis=(0, 2)) for layer in (first, second)]
    return _nearest(*(size[:, None] for size in sizes))


@EXERCISE.mutant
def heads_never_exchanged(first, second, n_heads):
    return np.arange(n_heads)


@EXERCISE.mutant
def heads_in_turns_compared(first, second, n_heads):
    def turned(layer):
        w_q, w_k, w_v, w_o = layer
        q, k, v = ([w[:, h::n_heads] for h in range(n_heads)] for w in (w_q, w_k, w_v))
        return np.array([[q[h] @ k[h].T, v[h] @ w_o[h::n_heads]] for h in range(n_heads)])
    return _nearest(turned(first), turned(second))


@EXERCISE.mutant
def heads_matched_by_length_of_products(first, second, n_heads):
    return _nearest(*(np.linalg.norm(_does(layer, n_heads), axis=(2, 3)) for layer in (first, second)))


@EXERCISE.holds("matched heads look at the same places and write the same")
def heads_do_the_same(call):
    first, second, n_heads = _ring
    order = np.asarray(call(*_ring), dtype=int)
    gap = np.abs(_does(second, n_heads) - _does(first, n_heads)[order]).max()
    return None if gap < 1e-6 else "head 0 of the second layer does something else than its partner"


@EXERCISE.holds("a layer matched with itself keeps its order")
def with_itself(call):
    first, _, n_heads = _ring
    found = np.asarray(call(first, first, n_heads))
    return None if np.array_equal(found, np.arange(n_heads)) else "it does not"


@EXERCISE.holds("two heads that were exchanged give 1, 0")
def exchanged(call):
    first, second, _ = _exchanged
    found = np.asarray(call(first, second, 2)).ravel()
    return None if np.array_equal(found, [1, 0]) else f"they give {', '.join(str(int(head)) for head in found)}"


@EXERCISE.holds("every head is found once")
def each_once(call):
    found = np.sort(np.asarray(call(*_ring)).ravel())
    return None if np.array_equal(found, np.arange(3)) else f"the heads found are {', '.join(str(int(head)) for head in found)}"

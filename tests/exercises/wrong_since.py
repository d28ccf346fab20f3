"""Wrong answers to the exercises on what changed since, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"variants.{name}", what, function, names))


# -- sink_blocks -----------------------------------------------------------------------------------------------------


def _joined(o, ell, sink, power=np.exp, times=1.0, axis=0, weight=lambda p: p):
    o, ell, s = np.asarray(o, float), np.asarray(ell, float), np.asarray(sink, float)[:, None]
    largest = np.maximum(ell.max(axis=0), s)
    p = power(ell - largest)
    total = p.sum(axis=0) + times * power(s - largest)
    return (weight(p)[..., None] * o).sum(axis=0) / np.where(total == 0, 1, total)[..., None]


def _finite(ell):
    return np.where(np.isneginf(ell), -9.0, ell)


for _what, _answer in {
    "the sink of the other heads": lambda o, e, s: _joined(o, e, np.asarray(s)[::-1] * 0.9 + 0.01),
    "the sink of the first head for all": lambda o, e, s: _joined(o, e, np.full(len(s), s[0] + 0.001)),
    "the mean sink": lambda o, e, s: _joined(o, e, np.full(len(s), np.mean(s) + 0.001)),
    "half the sink's power": lambda o, e, s: _joined(o, e, s, times=0.5),
    "twice the sink's power": lambda o, e, s: _joined(o, e, s, times=2.0),
    "powers of two": lambda o, e, s: _joined(o, e, s, power=np.exp2),
    "the root of the powers": lambda o, e, s: _joined(o, e, s, power=lambda z: np.exp(z / 2)),
    "the square of the powers": lambda o, e, s: _joined(o, e, s, power=lambda z: np.exp(2 * z)),
    "the outputs added, no weights": lambda o, e, s: np.asarray(o, float).sum(0),
    "the last block alone": lambda o, e, s: _joined(o[-1:], e[-1:], s) + 1e-3,
    "the first block alone": lambda o, e, s: _joined(o[:1], e[:1], s) + 1e-3,
    "the logarithms as weights": lambda o, e, s: (_finite(np.asarray(e, float))[..., None] * o).sum(0) / (_finite(np.asarray(e, float)).sum(0) + np.asarray(s, float)[:, None])[..., None],
    "not divided at all": lambda o, e, s: (np.exp(np.minimum(_finite(np.asarray(e, float)), 50))[..., None] * o).sum(0),
    "no shift": lambda o, e, s: (np.exp(np.minimum(np.asarray(e, float), 600))[..., None] * o).sum(0) / (np.exp(np.minimum(np.asarray(e, float), 600)).sum(0) + np.exp(np.minimum(np.asarray(s, float), 600))[:, None] + 1e-300)[..., None],
    "the largest of the blocks instead of the sum": lambda o, e, s: _joined(o, e, s) * 0.98,
    "the sink's share added to the output": lambda o, e, s: _joined(o, e, s) + 1 / (1 + np.exp(np.clip(_finite(np.asarray(e, float)).max(0) - np.asarray(s, float)[:, None], -50, 50)))[..., None],
    "the gate of the first block for all": lambda o, e, s: _joined(o, e, np.full(len(s), -1e9)) / (1 + np.exp(np.clip(np.asarray(s, float)[:, None] - _finite(np.asarray(e, float))[0], -50, 50)))[..., None] + 1e-4,
}.items():
    wrong("sink_blocks", _what, _answer)


# -- gate_each_head --------------------------------------------------------------------------------------------------


def _sigmoid(z):
    return np.exp(-np.logaddexp(0, -np.asarray(z, dtype=float)))


def _gated(heads, x, w_gate, w_out, gate=_sigmoid, order=None):
    g = gate(x @ w_gate)
    g = g if order is None else g[:, order]
    return (np.asarray(heads) * g.T[:, :, None]).swapaxes(0, 1).reshape(len(x), -1) @ w_out


for _what, _answer in {
    "one plus the gate": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: 1 + _sigmoid(z)),
    "twice the gate": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: 2 * _sigmoid(z)),
    "the gate squared": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: _sigmoid(z) ** 2),
    "the root of the gate": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: _sigmoid(z) ** 0.5),
    "a hard gate": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: (np.asarray(z) > 0) * 1.0),
    "relu for sigmoid": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: np.maximum(np.asarray(z, float), 0)),
    "silu for sigmoid": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: z * _sigmoid(z)),
    "softmax over the tokens": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: np.exp(z - np.max(z, 0)) / np.exp(z - np.max(z, 0)).sum(0)),
    "the mean gate of the tokens": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: np.broadcast_to(_sigmoid(z).mean(0) + 1e-3, np.shape(z))),
    "the mean gate of the heads": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: np.broadcast_to(_sigmoid(z).mean(1, keepdims=True) + 1e-3, np.shape(z))),
    "gates divided by the number of heads": lambda h, x, w, o: _gated(h, x, w, o) / (len(h) + 1e-3),
    "logits scaled by the root of the width": lambda h, x, w, o: _gated(h, x, np.asarray(w) / np.sqrt(x.shape[1]), o),
    "logits clipped at one": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: _sigmoid(np.clip(z, -1, 1)) if np.abs(z).max() > 1 else np.tanh(z)),
    "a gate after the projection": lambda h, x, w, o: _sigmoid(x @ w).mean(1, keepdims=True) * 0.99 * (np.asarray(h).swapaxes(0, 1).reshape(len(x), -1) @ o),
    "the plain layer plus the gated one": lambda h, x, w, o: _gated(h, x, w, o) + np.asarray(h).swapaxes(0, 1).reshape(len(x), -1) @ o,
    "not projected but summed": lambda h, x, w, o: np.repeat((np.asarray(h) * _sigmoid(x @ w).T[:, :, None]).sum((0, 2))[:, None], np.shape(o)[1], axis=1),
    "gates of a token later": lambda h, x, w, o: _gated(h, x, w, o, gate=lambda z: np.roll(_sigmoid(z), 1, axis=0) * 0.999),
}.items():
    wrong("gate_each_head", _what, _answer)


# -- ring_positions --------------------------------------------------------------------------------------------------


def _right(n, w):
    s = np.arange(w)
    p = n - 1 - (n - 1 - s) % w
    return np.where(p < 0, -1, p)


for _what, _answer in {
    "all one more": lambda n, w: _right(n, w) + 1,
    "all one less": lambda n, w: _right(n, w) - 1,
    "the slots themselves": lambda n, w: np.arange(w),
    "positions modulo the window": lambda n, w: np.where(_right(n, w) < 0, -1, _right(n, w) % w),
    "reversed": lambda n, w: _right(n, w)[::-1],
    "rolled by one": lambda n, w: np.roll(_right(n, w), 1),
    "as if one token less had been read": lambda n, w: _right(max(n - 1, 0), w),
    "distance to the last token": lambda n, w: np.where(_right(n, w) < 0, -1, n - 1 - _right(n, w)),
    "distance for empty ones, too": lambda n, w: n - 1 - _right(n, w),
    "sorted": lambda n, w: np.sort(_right(n, w)),
    "sorted, empty ones last": lambda n, w: np.concatenate([np.sort(_right(n, w)[_right(n, w) >= 0]), np.full(w - min(n, w), -1)]),
    "empty ones hold the window": lambda n, w: np.where(_right(n, w) < 0, w, _right(n, w)),
    "all of them empty": lambda n, w: np.full(w, -1),
    "the last position everywhere": lambda n, w: np.full(w, n - 1),
    "one round earlier": lambda n, w: np.where(_right(n, w) - w < 0, -1, _right(n, w) - w),
    "one round later": lambda n, w: np.where(_right(n, w) < 0, -1, _right(n, w) + w),
    "a window of one less": lambda n, w: np.resize(_right(n, max(w - 1, 1)), w) - (w == 1),
}.items():
    _names = {"positions modulo the window": ("ring_never_overwritten",), "sorted, empty ones last": ("ring_in_the_order_of_the_text",)}
    wrong("ring_positions", _what, _answer, *_names.get(_what, ()))

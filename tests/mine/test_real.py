"""The published model by the reader's functions: rotary positions of any base, and the logits of a small file of the same form."""

from __future__ import annotations

import numpy as np

from attnlab import mine
from attnlab.mine import real
from attnlab.reference import positions
from attnlab.reference.layers import Gated, gated_feed_forward, rms_norm

RNG = np.random.default_rng(11)
OWN = mine.Own({})


def test_rotary_positions_of_any_base_from_one_that_knows_a_single_base():
    x = RNG.normal(size=(3, 5, 8))
    for base in (10_000.0, 100_000.0, 7.0):
        right = positions.rotary(x, np.arange(5), positions.frequencies(8, base), positions.rotate_adjacent)
        np.testing.assert_allclose(real.turned(OWN, x, base), right, atol=1e-12)


class Stored:
    """A tensor of a file: rows are outputs."""

    def __init__(self, *shape):
        self.matrix = RNG.normal(size=shape[::-1]) / np.sqrt(shape[0])

    def numpy(self):
        return self.matrix


SAYS = {"llama.block_count": 2, "llama.attention.head_count": 6, "llama.attention.head_count_kv": 2, "llama.rope.freq_base": 1e5,
        "llama.attention.layer_norm_rms_epsilon": 1e-5}  # fmt: skip


def tensors(d: int = 24, shared: int = 8, d_ff: int = 31, words: int = 17) -> dict:
    found = {"token_embd.weight": Stored(d, words), "output_norm.weight": Stored(d)}
    for i in range(2):
        sizes = {"attn_q": (d, d), "attn_k": (d, shared), "attn_v": (d, shared), "attn_output": (d, d), "ffn_gate": (d, d_ff), "ffn_up": (d, d_ff), "ffn_down": (d_ff, d)}
        found |= {f"blk.{i}.{name}.weight": Stored(*shape) for name, shape in sizes.items()}
        found |= {f"blk.{i}.{name}_norm.weight": Stored(d) for name in ("attn", "ffn")}
    return found


def by_loops(held: dict, ids: list[int]) -> np.ndarray:
    """The same model, head by head and query by query."""
    w = lambda name: held[f"{name}.weight"].numpy().T  # noqa: E731
    x = w("token_embd").T[ids]
    turn = lambda row, t: positions.rotary(row[None], np.array([t]), positions.frequencies(4, 1e5), positions.rotate_adjacent)[0]  # noqa: E731
    for i in range(2):
        rows, mixed = rms_norm(x, w(f"blk.{i}.attn_norm"), 1e-5), np.zeros((len(ids), 24))
        for head in range(6):
            of, at = slice(4 * head, 4 * head + 4), slice(4 * (head // 3), 4 * (head // 3) + 4)
            q, k, v = rows @ w(f"blk.{i}.attn_q")[:, of], rows @ w(f"blk.{i}.attn_k")[:, at], rows @ w(f"blk.{i}.attn_v")[:, at]
            for t in range(len(ids)):
                e = np.exp([turn(q[t], t) @ turn(k[s], s) / 2 for s in range(t + 1)])
                mixed[t, of] = e / e.sum() @ v[: t + 1]
        x = x + mixed @ w(f"blk.{i}.attn_output")
        network = Gated(*(w(f"blk.{i}.ffn_{name}") for name in ("gate", "up", "down")))
        x = x + gated_feed_forward(rms_norm(x, w(f"blk.{i}.ffn_norm"), 1e-5), network)
    return rms_norm(x, w("output_norm"), 1e-5) @ w("token_embd")


def test_logits_are_those_of_loops_at_once_and_tile_by_tile():
    held, ids = tensors(), [3, 16, 0, 5, 5, 9]
    right = by_loops(held, ids)
    np.testing.assert_allclose(real.logits(OWN, SAYS, held, ids), right, atol=1e-10)
    np.testing.assert_allclose(real.logits(OWN, SAYS, held, ids, tiles=True), right, atol=1e-10)

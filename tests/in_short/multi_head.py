"""Several heads, and heads that share their keys and values."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import attention as package
from attnlab.kernels import cost
from attnlab.reference import attention, heads
from in_short.page import Bug, Page, close, normal, tensor


def weights(d: int = 6) -> list[np.ndarray]:
    return [normal(d, d, seed=seed) / d**0.5 for seed in range(4)]


def past(n: int) -> np.ndarray:
    return np.tri(n, dtype=bool)


# -- in code


def implementation_agrees(f, g):
    x, w = normal(2, 5, 6, seed=9), weights()
    for h, mask in ((1, None), (3, None), (2, past(5)[None, None])):
        expected = heads.multi_head(x, None, heads.Projections(*w), h, mask=mask)
        close(f.multi_head(x, *w, h, mask), expected)
        in_proj = tensor(np.concatenate([m.T for m in w[:3]]))
        given = None if mask is None else tensor(mask)
        close(g.multi_head(tensor(x), in_proj, tensor(w[3].T), h, given), expected)
        theirs = torch.nn.MultiheadAttention(6, h, bias=False, batch_first=True, dtype=torch.float64)
        theirs.in_proj_weight.data, theirs.out_proj.weight.data = in_proj, tensor(w[3].T)
        close(theirs(*[tensor(x)] * 3, attn_mask=None if mask is None else ~given[0, 0], need_weights=False)[0], expected)


def the_future_stays_hidden(f):
    x, w = normal(5, 6), weights()
    moved = x.copy()
    moved[-1] += 1
    close(f.multi_head(moved, *w, 3, past(5))[:-1], f.multi_head(x, *w, 3, past(5))[:-1])


def each_head_by_itself(f):
    """h heads are h attentions, each with its own columns, side by side."""
    x, (w_q, w_k, w_v, w_o) = normal(5, 6), weights()
    one = [attention(x @ w_q[:, c], x @ w_k[:, c], x @ w_v[:, c]) for c in (slice(0, 3), slice(3, 6))]
    close(f.multi_head(x, w_q, w_k, w_v, w_o, 2), np.concatenate(one, axis=1) @ w_o)


def shuffled_in_shuffled_out(g):
    x, w = tensor(normal(1, 5, 6)), weights()
    at, qkv = torch.tensor([3, 0, 4, 1, 2]), tensor(np.concatenate([m.T for m in w[:3]]))
    close(g.multi_head(x[:, at], qkv, tensor(w[3].T), 3), g.multi_head(x, qkv, tensor(w[3].T), 3)[:, at])


# -- sharing


def sharing_agrees(f, g):
    q, k, v = normal(2, 6, 5, 3), normal(2, 2, 7, 3, seed=1), normal(2, 2, 7, 11, seed=2)
    expected = attention(q, heads.repeat_heads(k, 6), heads.repeat_heads(v, 6))
    close(f.grouped_attention(q, k, v), expected)
    close(g.grouped_attention(*map(tensor, (q, k, v))), expected)
    close(package.grouped_attention(*map(tensor, (q, k, v))), expected)
    assert f.cache_bytes(11, 3, 2, 5, 4) == cost.cache_bytes(11, 3, 2, 5, 4)


def a_key_head_serves_its_own_run(f):
    q, k, v = normal(6, 5, 3), normal(2, 7, 3, seed=1), normal(2, 7, 3, seed=2)
    moved = k.copy()
    moved[1] *= -1
    close(f.grouped_attention(q, moved, v)[:3], f.grouped_attention(q, k, v)[:3])


def both_keys_and_values_are_kept(f):
    k, v = np.zeros((2, 11, 5), np.float16), np.zeros((2, 11, 5), np.float16)
    assert f.cache_bytes(11, 3, 2, 5) == 3 * (k.nbytes + v.nbytes)


def heads_are_repeated_and_tokens_not(g):
    q, k, v = tensor(normal(1, 6, 5, 3)), tensor(normal(1, 2, 6, 3, seed=1)), torch.ones(1, 2, 6, 1, dtype=torch.float64).cumsum(-2)
    own = (q[:, :3] @ k[:, :1].mT / 3**0.5).softmax(-1) @ v[:, :1]
    close(g.grouped_attention(q, k, v)[:, :3], own)


PAGES = {
    "multi_head/implementation": Page(
        implementation_agrees,
        {
            "The exchange is missing in the split": Bug(
                "numpy",
                "np.swapaxes(x.reshape(*x.shape[:-1], h, x.shape[-1] // h), -2, -3)",
                "x.reshape(*x.shape[:-2], h, x.shape[-2], x.shape[-1] // h)",
                the_future_stays_hidden,
            ),
            "The exchange is missing in the merge": Bug("torch", "mixed.transpose(-2, -3).flatten(-2)", "mixed.reshape(x.shape)", shuffled_in_shuffled_out),
            "The scale of the whole width": Bug("numpy", "np.sqrt(q.shape[-1])", "np.sqrt(x.shape[-1])", each_head_by_itself),
        },
        lambda: [f"{4 * 512**2:,}"],
    ),
    "multi_head/sharing": Page(
        sharing_agrees,
        {
            "Tiled, a b a b, and not repeated, a a b b": Bug("numpy", "np.repeat(x, group, axis=-3)", "np.concatenate([x] * group, axis=-3)", a_key_head_serves_its_own_run),
            "The wrong axis is repeated": Bug("torch", "dim=-3", "dim=-2", heads_are_repeated_and_tokens_not),
            "Keys without values": Bug("numpy", "2 * layers", "layers", both_keys_and_values_are_kept),
        },
        lambda: [f"{cost.cache_bytes(1, 32, 8, 128):,}", f"{cost.cache_bytes(1, 32, 32, 128):,}"],
    ),
}

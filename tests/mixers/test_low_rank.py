"""Linformer: attention over mixed keys, exact with no mixing, and not causal."""

from __future__ import annotations

import torch
from compare import assert_same, normal

from attnlab.attention import attention
from attnlab.mixers import low_rank
from attnlab.reference.mixers import linear as by_loops

Q, K, V = (torch.tensor(normal(s, 2, 13, d)) for s, d in enumerate((5, 5, 7)))
E, F = (torch.tensor(normal(s, 3, 13)) for s in (8, 9))


def test_linformer_is_attention_over_mixed_keys():
    out = low_rank.linformer(Q, K, V, E, F)
    assert_same(out[1].numpy(), by_loops.linformer(*(x[1].numpy() for x in (Q, K, V)), E.numpy(), F.numpy()))
    mixed = torch.stack([sum(E[m, j] * K[:, j] for j in range(13)) for m in range(3)], dim=1)
    values = torch.stack([sum(F[m, j] * V[:, j] for j in range(13)) for m in range(3)], dim=1)
    assert_same(out, attention(Q, mixed, values))
    whole = torch.eye(13).double()
    assert_same(low_rank.linformer(Q, K, V, whole, whole), attention(Q, K, V))


def test_the_last_token_reaches_the_first_query():
    changed = K.clone()
    changed[:, -1] += 1
    difference = (low_rank.linformer(Q, changed, V, E, F) - low_rank.linformer(Q, K, V, E, F)).abs().amax(dim=(0, 2))
    assert (difference > 1e-6).all()

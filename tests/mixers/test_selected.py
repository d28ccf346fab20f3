"""Learned selection against loops, against full attention where all is selected, and against the public library's DeepSeek-V3.2."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab import reference
from attnlab.attention import attention, attention_weights
from attnlab.mixers import selected
from attnlab.mixers.selected import Indexer, selected_attention
from attnlab.reference.mixers import selected as by_loops
from attnlab.training import seeded

N, HEADS, D = 13, 3, 5
PAST = torch.ones(N, N, dtype=torch.bool).tril()


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


Q, K, V = t(0, N, 7), t(1, N, 7), t(2, N, 11)
SCORES = t(3, N, N)


def test_index_scores_are_those_of_the_loops():
    q, k, w = t(0, N, HEADS, D), t(1, 17, D), t(2, N, HEADS)
    assert_same(selected.index_scores(q, k, w).numpy(), by_loops.index_scores(q.numpy(), k.numpy(), w.numpy()))
    batch = selected.index_scores(torch.stack([q, -q]), torch.stack([k, k]), torch.stack([w, w]))
    assert_same(batch[1], selected.index_scores(-q, k, w))
    one = by_loops.index_scores(np.array([[[1, 0], [0, 1]]]), np.array([[3, -4], [-1, 2]]), np.array([[10, 100]]))
    assert one.tolist() == [[30.0, 200.0]]  # relu of 3, -4 and of -1, 2


@pytest.mark.parametrize("n_best", [0, 1, 4, N, N + 5])
def test_best_keys_are_those_of_the_loops(n_best):
    for scores in (SCORES, torch.zeros(N, N).double(), SCORES.round()):
        for mask in (None, PAST):
            found = selected.best_keys(scores, n_best, mask)
            assert_same(found.numpy(), by_loops.best_keys(scores.numpy(), n_best, None if mask is None else mask.numpy()))
    assert_same(selected.best_keys(SCORES, n_best, PAST).sum(-1), torch.arange(1, N + 1).clamp(max=n_best))


@pytest.mark.parametrize("size", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("n_best", [1, 2, 20])
def test_best_blocks_are_those_of_the_loops(size, n_best):
    q, k = Q[:12], K[:12]
    assert_same(selected.best_blocks(q, k, size, n_best).numpy(), by_loops.best_blocks(q.numpy(), k.numpy(), size, n_best))
    found = selected.best_blocks(torch.stack([q, -q]), torch.stack([k, k]), size, n_best)
    assert_same(found[1], selected.best_blocks(-q, k, size, n_best))


def test_blocks_by_hand():
    k = torch.tensor([[1.0], [1], [5], [5], [3], [3], [0], [0]]).double()
    rows = selected.best_blocks(torch.ones(8, 1).double(), k, 2, 2)[6].int().tolist()
    assert rows == [0, 0, 1, 1, 0, 0, 1, 0]  # the best past block, and its own up to itself
    rows = selected.best_blocks(-torch.ones(8, 1).double(), k, 2, 2)[6].int().tolist()
    assert rows == [1, 1, 0, 0, 0, 0, 1, 0]


def test_nothing_that_comes_later_is_chosen_or_changes_a_choice():
    for size in (2, 4):
        changed = K[:12].clone()
        changed[7:] = 20 * t(9, 5, 7)
        before, after = (selected.best_blocks(Q[:12], k, size, 2) for k in (K[:12], changed))
        assert_same(before[:7], after[:7])
        assert not before.triu(1).any() and not torch.equal(before[9:], after[9:])


@pytest.mark.parametrize("n_best", [1, 3, N])
def test_selected_attention_is_masked_attention(n_best):
    chosen = selected.best_keys(SCORES, n_best, PAST)
    q = Q.clone().requires_grad_()
    ours, masked = selected_attention(q, K, V, selected.places(chosen)), attention(q, K, V, chosen)
    assert_same(ours, masked)
    assert_same(*(torch.autograd.grad((out * t(8, N, 11)).sum(), q)[0] for out in (ours, masked)))
    if n_best == N:
        assert_same(ours, attention(Q, K, V, PAST))


def test_places_by_hand_and_with_no_key():
    chosen = torch.tensor([[False, True, False, True], [False, False, True, False], [False] * 4])
    assert selected.places(chosen).tolist() == [[1, 3], [2, -1], [-1, -1]]
    out = selected_attention(Q[:3], K[:4], V[:4], selected.places(chosen))
    assert_same(out, attention(Q[:3], K[:4], V[:4], chosen))
    assert (out[2] == 0).all() and out[1].equal(V[2])


def test_mass_kept_and_the_best_possible():
    weights = attention_weights(Q, K, PAST)
    chosen = selected.best_keys(SCORES, 4, PAST)
    kept = selected.mass_kept(weights, chosen)
    assert_same(kept.numpy(), by_loops.mass_kept(weights.numpy(), chosen.numpy()))
    best = selected.mass_kept(weights, selected.best_keys(weights, 4, PAST))
    assert (best >= kept).all() and (best[4:] < 1).all()
    assert_same(best[:4], torch.ones(4).double())


def test_indexer_loss_is_that_of_the_loops_and_has_its_minimum_at_the_weights():
    weights = torch.stack([attention_weights(t(20 + h, N, 7), K, PAST) for h in range(HEADS)])
    loss = selected.indexer_loss(SCORES, weights, PAST)
    assert abs(loss.item() - by_loops.indexer_loss(SCORES.numpy(), weights.numpy(), PAST.numpy())) < 1e-12
    exact = (weights.sum(0) / HEADS).masked_fill(~PAST, 1).log().requires_grad_()
    found = selected.indexer_loss(exact, weights, PAST)
    found.backward()
    assert abs(found.item()) < 1e-12 and exact.grad.abs().max() < 1e-12
    assert_same(selected.indexer_loss(SCORES + 5, weights, PAST), loss)
    assert selected.indexer_loss(torch.stack([SCORES, exact.detach()]), torch.stack([weights, weights]), PAST).item() == pytest.approx(loss.item() / 2)


def test_an_indexer_learns_whom_attention_looks_at():
    x, w = t(0, N, 8), t(1, 8, 8)
    weights = attention_weights(x @ w, x, PAST)[None]
    indexer = seeded(lambda: Indexer(8, 2, 4)).double()
    optimiser = torch.optim.Adam(indexer.parameters(), lr=0.03)
    losses = []
    for _ in range(60):
        losses.append(selected.indexer_loss(indexer(x), weights, PAST))
        losses[-1].backward()
        optimiser.step(), optimiser.zero_grad()
    assert losses[-1] < losses[0] / 2
    q = indexer.query(x).unflatten(-1, (2, 4))
    assert_same(indexer(x), selected.index_scores(q, indexer.key(x), indexer.weigh(x) / 8**0.5))


def test_what_is_refused():
    with pytest.raises(ValueError, match="size = 5 does not divide the 13 tokens"):
        selected.best_blocks(Q, K, 5, 1)
    with pytest.raises(ValueError, match="n_best must be at least 1 but is 0"):
        selected.best_blocks(Q, K, 13, 0)
    with pytest.raises(ValueError, match="n_best must be at least 1 but is 0"):
        by_loops.best_blocks(Q.numpy(), K.numpy(), 5, 0)


# ---- the public library's DeepSeek-V3.2 ----------------------------------------------------------


def library(top_k: int, monkeypatch):
    """One attention layer of theirs with random weights on a text of 23 tokens: its output and what went into it."""
    transformers = pytest.importorskip("transformers")
    if not hasattr(transformers, "DeepseekV32Config"):
        pytest.skip("this transformers has no DeepSeek-V3.2")
    theirs = importlib.import_module("transformers.models.deepseek_v32.modeling_deepseek_v32")
    config = transformers.DeepseekV32Config(
        hidden_size=30, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=17, kv_lora_rank=13, qk_rope_head_dim=4,
        qk_nope_head_dim=6, v_head_dim=11, index_n_heads=3, index_head_dim=10, index_topk=top_k, attn_implementation="eager",
    )  # fmt: skip
    layer = seeded(lambda: theirs.DeepseekV32Attention(config, 0)).double().eval()
    with torch.no_grad():
        for i, weight in enumerate(layer.parameters()):
            weight.copy_(t(60 + i, *weight.shape) * 0.4 + (weight.ndim == 1))
    seen = {}
    plain = theirs.eager_attention_forward
    rotate = theirs.apply_rotary_pos_emb

    def watching(module, q, k, v, mask, **rest):
        seen["qkv"], seen["mask"] = (q, k, v), mask
        return plain(module, q, k, v, mask, **rest)

    def turned(q, k, cos, sin, unsqueeze_dim=1):
        seen["turned"] = rotate(q, k, cos, sin, unsqueeze_dim)
        return seen["turned"]

    monkeypatch.setattr(theirs, "eager_attention_forward", watching)
    monkeypatch.setattr(theirs, "apply_rotary_pos_emb", turned)
    x = t(7, 2, 23, 30)
    angles = torch.arange(23).double()[None, :, None] * torch.tensor([1.0, 0.1, 1.0, 0.1]).double()
    causal = torch.where(torch.ones(23, 23, dtype=torch.bool).tril(), 0.0, -torch.inf).double().expand(2, 1, 23, 23)
    with torch.no_grad():
        out = layer(x, (angles.cos().expand(2, -1, -1), angles.sin().expand(2, -1, -1)), causal)[0]
    return layer, x, out, seen


@pytest.mark.parametrize("top_k", [1, 5, 22, 23, 100])
def test_selected_attention_is_the_library_s(top_k, monkeypatch):
    layer, x, out, seen = library(top_k, monkeypatch)
    indexer = layer.indexer
    with torch.no_grad():
        q_resid = layer.q_a_layernorm(layer.q_a_proj(x))
        own = indexer.wq_b(q_resid).unflatten(-1, (3, 10))[..., 4:]
        own_key = indexer.k_norm(indexer.wk(x))[..., 4:]
        q = torch.cat([seen["turned"][0], own], -1)
        k = torch.cat([seen["turned"][1][:, :, 0], own_key], -1)
        scores = selected.index_scores(q, k, indexer.weights_proj(x) * (3 * 10) ** -0.5)
    past = torch.ones(23, 23, dtype=torch.bool).tril()
    chosen = selected.best_keys(scores, top_k, past)
    theirs = seen["mask"][:, 0] == 0
    for of in (chosen, theirs):  # the same scores; which of several keys with a score of exactly 0 is left open
        assert_same(of.sum(-1), past.sum(-1).clamp(max=top_k).expand(2, -1))
    best, their_best = (scores.masked_fill(~of, 0).sort(dim=-1).values for of in (chosen, theirs))
    assert_same(best, their_best, atol=1e-5 * float(scores.abs().max()))
    assert (scores[chosen != theirs] == 0).all()
    q, k, v = (part.double() for part in seen["qkv"])
    at = selected.places(theirs)[:, None].expand(-1, 4, -1, -1)
    mixed = selected_attention(q, k, v, at, scale=layer.scaling)
    ours = layer.o_proj(mixed.transpose(1, 2).flatten(2))
    assert_same(ours.detach(), out.detach(), atol=1e-5 * float(out.abs().max()))  # their softmax is in float32
    whole = layer.o_proj(attention(q, k, v, past, scale=layer.scaling).transpose(1, 2).flatten(2)).detach()
    assert ((whole - out).abs().max() < 1e-5 * out.abs().max()) == (top_k >= 23)


def test_the_weights_of_the_definition_are_those_of_full_attention():
    assert_same(attention_weights(Q, K, PAST).numpy(), reference.attention_weights(Q.numpy(), K.numpy(), PAST.numpy()))
    assert np.allclose(by_loops.mass_kept(reference.attention_weights(Q.numpy(), K.numpy()), np.ones((N, N), bool)), 1)

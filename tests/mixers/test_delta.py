from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from transformers.models.kimi_linear import modeling_kimi_linear as kimi
from transformers.models.olmo_hybrid import modeling_olmo_hybrid as olmo
from transformers.models.qwen3_next import modeling_qwen3_next as qwen

from attnlab.mixers import delta
from attnlab.reference.mixers import delta as loops

B, H, N, D, DV = 2, 3, 13, 5, 7
CHUNKS = pytest.mark.parametrize("chunk", [1, 4, 13, 64])


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


Q, K, V = normal(0, B, H, N, D), unit(normal(1, B, H, N, D)), normal(2, B, H, N, DV)
RATE = 1 / (1 + np.exp(-normal(3, B, H, N)))
DECAY, BY_CHANNEL = -np.abs(normal(4, B, H, N)), -np.abs(normal(5, B, H, N, D))
MEMORY = normal(6, B, H, D, DV)
CASES = {
    "summed": (Q, K, V),
    "delta_rule": (Q, K, V, RATE),
    "gated_delta_rule": (Q, K, V, RATE, DECAY),
    "channel_delta_rule": (Q, K, V, RATE, BY_CHANNEL),
}
cases = pytest.mark.parametrize("name", CASES)


def by_hand(q, k, v, rate, decay):
    """One text, one number at a time: fade, see what the key reads, add what is missing, read."""
    memory = [[0.0] * len(v[0]) for _ in k[0]]
    read = []
    for qt, kt, vt, rt, gt in zip(q.tolist(), k.tolist(), v.tolist(), rate.tolist(), decay.tolist()):
        memory = [[math.exp(g) * m for m in row] for g, row in zip(gt, memory)]
        old = [math.fsum(kc * row[j] for kc, row in zip(kt, memory)) for j in range(len(vt))]
        memory = [[m + rt * kc * (vt[j] - old[j]) for j, m in enumerate(row)] for kc, row in zip(kt, memory)]
        read.append([math.fsum(qc * row[j] for qc, row in zip(qt, memory)) for j in range(len(vt))])
    return np.array(read), np.array(memory)


def test_the_loop_is_what_it_says():
    """By channel, by one number a token, without decay: the general loop typed out over plain numbers."""
    one = (slice(1, 2), slice(2, 3))
    q, k, v, rate, decay = (x[one][0, 0] for x in (Q, K, V, RATE, BY_CHANNEL))
    for mine, wanted in zip(loops.channel_delta_rule(q, k, v, rate, decay), by_hand(q, k, v, rate, decay)):
        assert_same(mine, wanted)
    flat = np.broadcast_to(DECAY[one][0, 0][:, None], k.shape)
    for mine, wanted in zip(loops.gated_delta_rule(q, k, v, rate, flat[:, 0]), by_hand(q, k, v, rate, flat)):
        assert_same(mine, wanted)
    for mine, wanted in zip(loops.delta_rule(q, k, v, rate), by_hand(q, k, v, rate, 0 * k)):
        assert_same(mine, wanted)


def test_the_sum_is_the_masked_product():
    causal = np.tril(np.ones((N, N)))
    read, memory = loops.summed(Q, K, V)
    assert_same(read, (causal * (Q @ K.swapaxes(-1, -2))) @ V)
    assert_same(memory, K.swapaxes(-1, -2) @ V)


@cases
@CHUNKS
def test_chunks_are_the_loop(name, chunk):
    options = {} if name == "summed" else {"chunk": chunk}
    for start in (None, MEMORY):
        wanted = getattr(loops, name)(*CASES[name], memory=start)
        given = None if start is None else torch.tensor(start)
        found = getattr(delta, name)(*map(torch.tensor, CASES[name]), memory=given, **options)
        for mine, other in zip(found, wanted):
            assert_same(mine, torch.tensor(other))


@cases
def test_a_text_in_two_pieces(name):
    """The memory at the end of the first piece is all that the second one needs."""
    module, cut = delta, 6
    arrays = [torch.tensor(x) for x in CASES[name]]
    whole, memory = getattr(module, name)(*arrays)
    first, between = getattr(module, name)(*(x[:, :, :cut] for x in arrays))
    second, end = getattr(module, name)(*(x[:, :, cut:] for x in arrays), memory=between)
    assert_same(torch.cat([first, second], dim=-2), whole)
    assert_same(end, memory)


@cases
def test_nothing_leaks_from_later_tokens(name):
    arrays = [torch.tensor(x) for x in CASES[name]]
    changed = [x.clone() for x in arrays]
    for x in changed:
        x[:, :, 8:] = x[:, :, 8:] * 0.5
    before, after = (getattr(delta, name)(*given)[0] for given in (arrays, changed))
    assert_same(after[:, :, :8], before[:, :, :8])
    assert (after[:, :, 8] != before[:, :, 8]).any()


def test_what_is_true_of_the_rules():
    zero = np.zeros_like(RATE)
    assert_same(loops.gated_delta_rule(Q, K, V, RATE, zero)[0], loops.delta_rule(Q, K, V, RATE)[0])
    same = np.repeat(DECAY[..., None], D, axis=-1)
    assert_same(loops.channel_delta_rule(Q, K, V, RATE, same)[0], loops.gated_delta_rule(Q, K, V, RATE, DECAY)[0])
    assert_same(loops.delta_rule(K, K, V, 1 + zero)[0], V)  # unit key, rate 1: the newest is read exactly
    assert_same(loops.delta_rule(Q, K, V, zero, MEMORY)[1], MEMORY)  # rate 0: nothing is written
    turn = np.linalg.qr(normal(7, D, D))[0]
    assert_same(loops.delta_rule(Q @ turn, K @ turn, V, RATE)[0], loops.delta_rule(Q, K, V, RATE)[0], atol=1e-11)


def test_with_orthonormal_keys_the_last_write_stands():
    keys, which = np.eye(D), np.array([0, 1, 0, 2, 1, 0])
    values = normal(8, 6, DV)
    _, memory = loops.delta_rule(keys[which], keys[which], values, np.ones(6))
    assert_same(keys[:3] @ memory, values[[5, 4, 3]])
    _, summed = loops.summed(keys[which], keys[which], values)
    assert_same(keys[0] @ summed, values[[0, 2, 5]].sum(axis=0))


def test_a_write_is_a_gradient_step():
    """-d/dS of |k S - v|^2 / 2, taken by torch, times the rate."""
    memory = torch.tensor(MEMORY[0, 0], requires_grad=True)
    k, v = torch.tensor(K[0, 0, 0] * 1.7), torch.tensor(V[0, 0, 0])
    (slope,) = torch.autograd.grad(((k @ memory - v) ** 2).sum() / 2, memory)
    written = loops.write_delta(memory.detach().numpy(), k.numpy(), v.numpy(), 0.3)
    assert_same(written, (memory - 0.3 * slope).detach().numpy())
    assert_same(loops.write_sum(MEMORY[0, 0], k.numpy(), v.numpy()), MEMORY[0, 0] + np.outer(k, v))


def test_gradients_flow_through_the_chunks():
    arrays = [torch.tensor(x[:1, :1, :5]).requires_grad_() for x in CASES["channel_delta_rule"]]
    assert torch.autograd.gradcheck(lambda *x: delta.channel_delta_rule(*x, chunk=2), arrays)
    arrays[-1] = torch.tensor(DECAY[:1, :1, :5]).requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: delta.gated_delta_rule(*x, chunk=2), arrays)


def test_strong_decay_over_a_long_text_stays_finite():
    """exp(sum of decays) underflows to 0 within a chunk; a quotient of two such numbers would be 0 / 0."""
    decay = torch.full((1, 1, 200), -30.0, dtype=torch.float64)
    k, v = torch.tensor(unit(normal(9, 1, 1, 200, D))), torch.tensor(normal(10, 1, 1, 200, DV))
    read, memory = delta.gated_delta_rule(k, k, v, torch.ones_like(decay), decay)
    assert torch.isfinite(read).all() and torch.isfinite(memory).all()
    assert_same(read, v, atol=1e-9)
    wide = decay[..., None].expand(k.shape)
    assert_same(delta.channel_delta_rule(k, k, v, torch.ones_like(decay), wide)[0], read)


def as_library(*arrays):
    """(batch, heads, tokens, ...) in float64 to the library's (batch, tokens, heads, ...) in float32."""
    return [torch.tensor(x).transpose(1, 2).float() for x in arrays]


@pytest.mark.parametrize("theirs", [qwen.torch_chunk_gated_delta_rule, qwen.torch_recurrent_gated_delta_rule,
                                    olmo.torch_chunk_gated_delta_rule, olmo.torch_recurrent_gated_delta_rule])  # fmt: skip
def test_gated_delta_rule_is_the_librarys(theirs):
    """Qwen3-Next and OLMo Hybrid: the library scales queries by 1 / sqrt(d_k) and computes in float32."""
    out, memory = theirs(*as_library(Q, K, V, DECAY, RATE), initial_state=torch.tensor(MEMORY).float(), output_final_state=True)
    read, end = delta.gated_delta_rule(*map(torch.tensor, (Q / math.sqrt(D), K, V, RATE, DECAY)), memory=torch.tensor(MEMORY))
    assert (out.transpose(1, 2) - read).abs().max() < 2e-6 * max(1, float(read.abs().max()))
    assert (memory - end).abs().max() < 2e-6 * max(1, float(end.abs().max()))


@pytest.mark.parametrize("theirs", [kimi.chunk_kimi_delta_attention, kimi.recurrent_kimi_delta_attention])
def test_channel_delta_rule_is_the_librarys(theirs):
    out, memory = theirs(*as_library(Q, K, V, BY_CHANNEL, RATE), initial_state=torch.tensor(MEMORY).float(), output_final_state=True)
    read, end = delta.channel_delta_rule(*map(torch.tensor, (Q / math.sqrt(D), K, V, RATE, BY_CHANNEL)), memory=torch.tensor(MEMORY))
    assert (out.transpose(1, 2) - read).abs().max() < 2e-6 * max(1, float(read.abs().max()))
    assert (memory - end).abs().max() < 2e-6 * max(1, float(end.abs().max()))


def test_an_empty_text_and_one_token():
    for name, arrays in CASES.items():
        none = [x[:, :, :0] for x in arrays]
        for read, memory in (getattr(loops, name)(*none), getattr(delta, name)(*map(torch.tensor, none))):
            assert read.shape == (B, H, 0, DV) and memory.shape == (B, H, D, DV) and not memory.any()
        one = [x[:, :, :1] for x in arrays]
        assert_same(getattr(delta, name)(*map(torch.tensor, one))[0], torch.tensor(getattr(loops, name)(*one)[0]))


@pytest.mark.usefixtures("as_readers_run_it")
def test_what_is_refused():
    with pytest.raises(ValueError, match=r"q has shape \(13, 4\) but k has shape \(13, 5\)"):
        loops.delta_rule(Q[0, 0, :, :4], K[0, 0], V[0, 0], RATE[0, 0])
    with pytest.raises(ValueError, match=r"v has shape \(12, 7\): each key needs its value"):
        delta.delta_rule(*map(torch.tensor, (Q[0, 0], K[0, 0], V[0, 0, 1:], RATE[0, 0])))
    with pytest.raises(ValueError, match=r"k needs the axes \(..., tokens, d_k\) but has shape \(5,\)"):
        loops.summed(Q[0, 0, 0], K[0, 0, 0], V[0, 0, 0])
    with pytest.raises(ValueError, match=r"rate has shape \(12,\) but there are tokens \(13,\)"):
        loops.delta_rule(Q[0, 0], K[0, 0], V[0, 0], RATE[0, 0, 1:])
    with pytest.raises(ValueError, match=r"rate has shape \(12,\) but the keys need \(13,\)"):
        delta.delta_rule(*map(torch.tensor, (Q[0, 0], K[0, 0], V[0, 0], RATE[0, 0, 1:])))
    with pytest.raises(ValueError, match=r"log_decay must be finite and at most 0"):
        loops.gated_delta_rule(Q, K, V, RATE, -DECAY)
    with pytest.raises(ValueError, match=r"log_decay must be finite and at most 0"):
        loops.gated_delta_rule(Q, K, V, RATE, DECAY - np.inf)
    with pytest.raises(ValueError, match=r"log_decay has shape \(2, 3, 13\) but needs \(2, 3, 13, 5\)"):
        loops.channel_delta_rule(Q, K, V, RATE, DECAY)
    with pytest.raises(ValueError, match=r"log_decay has shape \(2, 3, 13\) but the keys need \(2, 3, 13, 5\)"):
        delta.channel_delta_rule(*map(torch.tensor, (Q, K, V, RATE, DECAY)))
    with pytest.raises(ValueError, match=r"memory has shape \(7, 5\) but keys and values need \(5, 7\)"):
        delta.summed(*map(torch.tensor, (Q[0, 0], K[0, 0], V[0, 0])), memory=torch.tensor(MEMORY[0, 0]).mT)
    with pytest.raises(ValueError, match=r"chunk must be at least 1 but is 0"):
        delta.delta_rule(*map(torch.tensor, (Q, K, V, RATE)), chunk=0)
    with pytest.raises(ValueError, match="k holds NaN or infinity"):
        loops.summed(Q, np.where(K > 0.5, np.nan, K), V)

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from transformers.models.mamba2.modeling_mamba2 import mamba2_chunk_scan

from attnlab.mixers import delta, state_space
from attnlab.reference.mixers import state_space as loops

B, H, N, D, DV = 2, 3, 13, 5, 7
Q, K, V = normal(0, B, H, N, D), normal(1, B, H, N, D), normal(2, B, H, N, DV)
DECAY, MEMORY = -np.abs(normal(3, B, H, N)), normal(4, B, H, D, DV)
TENSORS = [torch.tensor(x) for x in (Q, K, V, DECAY)]


def by_hand(q, k, v, decay):
    """What token i reads of token j, one pair at a time: their overlap, times every decay after j up to i."""
    rows = []
    for i in range(len(q)):
        row = [0.0] * len(v[0])
        for j in range(i + 1):
            left = math.exp(math.fsum(decay[j + 1 : i + 1])) * math.fsum(a * b for a, b in zip(q[i], k[j]))
            row = [r + left * x for r, x in zip(row, v[j])]
        rows.append(row)
    return np.array(rows)


def test_scan_and_masked_product_are_what_they_say():
    wanted = np.array([[by_hand(*(x[b, h].tolist() for x in (Q, K, V, DECAY))) for h in range(H)] for b in range(B)])
    assert_same(loops.scan(Q, K, V, DECAY)[0], wanted)
    assert_same(loops.masked_product(Q, K, V, DECAY), wanted)
    assert_same(state_space.masked_product(*TENSORS), torch.tensor(wanted))


def test_the_mask_of_decays_typed_out():
    half, third = math.log(1 / 2), math.log(1 / 3)
    wanted = np.array([[1, 0, 0], [1 / 2, 1, 0], [1 / 6, 1 / 3, 1]])
    for first in (0.0, -9.0):  # what stands before the first token has nothing to lose
        assert_same(loops.decay_mask(np.array([first, half, third])), wanted)
        assert_same(state_space.decay_mask(torch.tensor([first, half, third], dtype=torch.float64)), torch.tensor(wanted))


@pytest.mark.parametrize("chunk", [1, 4, 13, 64])
def test_chunks_are_the_loop(chunk):
    for start in (None, MEMORY):
        wanted = loops.scan(Q, K, V, DECAY, start)
        found = state_space.scan(*TENSORS, None if start is None else torch.tensor(start), chunk)
        for mine, other in zip(found, wanted):
            assert_same(mine, torch.tensor(other))


def test_a_text_in_two_pieces_and_no_leak():
    whole, memory = state_space.scan(*TENSORS)
    first, between = state_space.scan(*(x[:, :, :6] for x in TENSORS))
    second, end = state_space.scan(*(x[:, :, 6:] for x in TENSORS), between, 3)
    assert_same(torch.cat([first, second], dim=-2), whole)
    assert_same(end, memory)
    changed = [torch.cat([x[:, :, :8], x[:, :, 8:] / 2], dim=2) for x in TENSORS]
    after = state_space.scan(*changed, None, 4)[0]
    assert_same(after[:, :, :8], whole[:, :, :8])
    assert (after[:, :, 8] != whole[:, :, 8]).any()


def test_without_decay_it_is_the_sum_and_with_much_only_the_newest_is_left():
    for found, summed in zip(state_space.scan(*TENSORS[:3], 0 * TENSORS[3]), delta.summed(*TENSORS[:3])):
        assert_same(found, summed)
    newest = (TENSORS[0] * TENSORS[1]).sum(-1, keepdim=True) * TENSORS[2]
    assert_same(state_space.scan(*TENSORS[:3], 0 * TENSORS[3] - 800.0)[0], newest)


def test_the_librarys_scan_is_ours():
    """Mamba-2 with step dt: the input is dt x, the decay exp(dt A); (batch, tokens, heads, ...), float32, no skip."""
    step, rate = np.exp(normal(5, B, N, H)), -np.exp(normal(6, H))
    x, b, c = (torch.tensor(t).transpose(1, 2).float() for t in (V, K, Q))
    out, memory = mamba2_chunk_scan(x, torch.tensor(step).float(), torch.tensor(rate).float(), b, c, 4, return_final_states=True)
    dt = torch.tensor(step).transpose(1, 2)
    read, end = state_space.scan(TENSORS[0], TENSORS[1], dt[..., None] * TENSORS[2], dt * torch.tensor(rate)[:, None], None, 5)
    assert (out.transpose(1, 2) - read).abs().max() < 5e-6 * float(read.abs().max())
    assert (memory.mT - end).abs().max() < 5e-6 * float(end.abs().max())


def test_gradients_and_strong_decay():
    arrays = [x[:1, :1, :5].clone().requires_grad_() for x in TENSORS]
    assert torch.autograd.gradcheck(lambda *x: state_space.scan(*x, None, 2), arrays)
    strong = [*TENSORS[:3], torch.full((B, H, N), -400.0, dtype=torch.float64)]
    assert all(torch.isfinite(x).all() for x in state_space.scan(*strong))


def test_gradients_of_strong_decays_are_finite():
    """What a token does not see, however strong the decay back to it would be, gives nothing to its gradient."""
    q, k, v = (x[:1, :1].clone() for x in TENSORS[:3])
    decay = torch.full((1, 1, N), -400.0, dtype=torch.float64, requires_grad=True)
    for read in (state_space.masked_product(q, k, v, decay), state_space.scan(q, k, v, decay, None, 4)[0]):
        assert torch.isfinite(torch.autograd.grad(read.sum(), decay)[0]).all()
    assert_same(loops.decay_mask(np.full(5, -400.0)), np.eye(5) + math.exp(-400) * np.eye(5, k=-1))


def test_the_loop_without_decay_keeps_everything():
    read, memory = loops.scan(Q, K, V, 0 * DECAY)
    assert_same(memory, np.swapaxes(K, -1, -2) @ V)
    assert_same(read, np.tril(Q @ np.swapaxes(K, -1, -2)) @ V)


def test_a_text_without_tokens_leaves_the_memory_as_it_was():
    nothing, kept = [x[:, :, :0] for x in TENSORS], torch.tensor(MEMORY)
    for (read, memory), start in ((state_space.scan(*nothing, kept), kept), (loops.scan(*(x.numpy() for x in nothing), MEMORY), MEMORY)):
        assert read.shape == (B, H, 0, DV) and (memory == start).all()


@pytest.mark.usefixtures("as_readers_run_it")
def test_what_is_refused():
    for wrong in (-np.inf, np.nan, 0.1):
        for function in (loops.scan, loops.masked_product):
            with pytest.raises(ValueError, match="log_decay must be finite and at most 0"):
                function(Q, K, V, np.where(np.arange(N) == 4, wrong, DECAY))
    with pytest.raises(ValueError, match="log_decay"):
        loops.decay_mask(np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match=r"q has shape \(2, 3, 12, 5\) but k has shape \(2, 3, 13, 5\)"):
        loops.scan(Q[:, :, 1:], K, V, DECAY)
    with pytest.raises(ValueError, match=r"k has shape \(2, 3, 13, 5\) but v has shape \(2, 3, 12, 7\): each key needs its value"):
        loops.scan(Q, K, V[:, :, 1:], DECAY)
    with pytest.raises(ValueError, match=r"k needs the axes \(..., tokens, d_k\) but has shape \(5,\)"):
        loops.scan(Q[0, 0, 0], K[0, 0, 0], V[0, 0, 0], DECAY[0, 0, 0])
    for n, decay in ((1, TENSORS[3][..., :1]), (14, TENSORS[3][..., [0, *range(N)]])):
        for function in (state_space.scan, state_space.masked_product):
            with pytest.raises(ValueError, match=rf"log_decay has shape \(2, 3, {n}\) but the keys need \(2, 3, 13\)"):
                function(*TENSORS[:3], decay)
    with pytest.raises(ValueError, match="log_decay must be finite and at most 0"):
        loops.scan(Q, K, V, -DECAY)
    with pytest.raises(ValueError, match=r"log_decay has shape \(12,\) but needs \(13,\)"):
        loops.masked_product(Q[0, 0], K[0, 0], V[0, 0], DECAY[0, 0, 1:])
    with pytest.raises(ValueError, match=r"memory has shape \(7, 5\) but keys and values need \(5, 7\)"):
        loops.scan(Q[0, 0], K[0, 0], V[0, 0], DECAY[0, 0], MEMORY[0, 0].T)
    with pytest.raises(ValueError, match=r"q has shape \(13, 5\) but k has shape \(13, 4\)"):
        state_space.scan(TENSORS[0][0, 0], TENSORS[1][0, 0, :, :4], TENSORS[2][0, 0], TENSORS[3][0, 0])
    for function in (state_space.scan, state_space.masked_product):
        with pytest.raises(ValueError, match=r"log_decay has shape \(2, 3, 12\) but the keys need \(2, 3, 13\)"):
            function(*TENSORS[:3], TENSORS[3][..., 1:])
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        state_space.scan(*TENSORS, None, 0)

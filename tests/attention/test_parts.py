from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from by_hand import attention as by_hand
from compare import assert_same, normal
from torch import nn

from attnlab.attention import MultiHead, attention, attention_weights, grouped_attention, parts
from attnlab.attention.parts import AllHeads, Local, QKNorm, Rotated, SoftCapped, soft_cap, weights_of
from attnlab.cache import Cache
from attnlab.layers import RMSNorm
from attnlab.masks import causal, padding, positions, window
from attnlab.positions import frequencies, rotary, rotate_adjacent, rotate_halves

B, N, M, D, HEADS, GROUPS = 2, 5, 7, 10, 6, 3
HERE = torch.zeros(())


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


Q, K, V = tensor(0, B, HEADS, N, D), tensor(1, B, GROUPS, M, D), tensor(2, B, GROUPS, M, 11)
SPEEDS = frequencies(D)
CAUSAL = causal(*positions(N, M, HERE))
LENGTHS = torch.tensor([[4], [M]])
MASKS = {"none": None, "causal": CAUSAL, "padding": CAUSAL & padding(LENGTHS, M)}
masks = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


# Rotated


@pytest.mark.parametrize("turn", [rotate_halves, rotate_adjacent])
def test_rotated_turns_keys_by_their_places_and_queries_by_the_last(turn):
    q = 1.3 * rotary(Q, torch.arange(M - N, M), SPEEDS, turn)
    k = 1.3 * rotary(K, torch.arange(M), SPEEDS, turn)
    assert_same(Rotated(attention, SPEEDS, turn, 1.3)(Q, K, V, mask=CAUSAL), grouped_attention(q, k, V, CAUSAL))


def test_halves_are_the_pairs_unless_said_otherwise():
    assert_same(Rotated(attention, SPEEDS)(Q, K, V), Rotated(attention, SPEEDS, rotate_halves)(Q, K, V), atol=0)
    assert (Rotated(attention, SPEEDS)(Q, K, V) != Rotated(attention, SPEEDS, rotate_adjacent)(Q, K, V)).any()


def test_only_offsets_count_and_places_may_be_given():
    part = Rotated(attention, SPEEDS)
    assert_same(part(Q, K, V), part(Q, K, V, positions=torch.arange(M) + 1009), atol=1e-11)
    at = torch.tensor([0, 3, 4, 9, 11, 12, 20])
    q, k = rotary(Q, at[-N:], SPEEDS, rotate_halves), rotary(K, at, SPEEDS, rotate_halves)
    assert_same(part(Q, K, V, positions=at), grouped_attention(q, k, V))


def test_fewer_speeds_turn_the_first_features_alone():
    speeds = frequencies(4)
    q, k = (torch.cat([rotary(x[..., :4], torch.arange(M)[-x.shape[-2]:], speeds, rotate_halves), x[..., 4:]], -1) for x in (Q, K))
    assert_same(Rotated(attention, speeds)(Q, K, V), grouped_attention(q, k, V))


def test_speeds_may_depend_on_the_number_of_keys():
    asked = []

    def speeds(n_keys):
        asked.append(n_keys)
        return SPEEDS / n_keys

    assert_same(Rotated(attention, speeds)(Q, K, V), Rotated(attention, SPEEDS / M)(Q, K, V), atol=0)
    assert asked == [M]


def test_speeds_stay_precise_when_a_layer_is_narrowed():
    module = MultiHead(60, HEADS, attend=Rotated(attention, SPEEDS)).to(torch.bfloat16)
    assert module.attend.speeds.dtype == torch.float64 and not module.attend.state_dict()


# QKNorm


def test_qk_norm_normalises_each_head_or_all_together():
    norms = RMSNorm(D).double(), RMSNorm(D).double()
    with torch.no_grad():
        for i, norm in enumerate(norms):
            norm.gain.copy_(tensor(3 + i, D))
    q, k = ((x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * norm.gain) for x, norm in zip((Q, K), norms))
    assert_same(QKNorm(attention, *norms)(Q, K, V, mask=CAUSAL), grouped_attention(q, k, V, CAUSAL))
    x = tensor(5, B, HEADS, N, D)
    whole = AllHeads(RMSNorm(HEADS * D).double())(x)
    assert_same(whole, x / (x.square().mean((-1, -3), keepdim=True) + 1e-6).sqrt())


def test_the_gain_of_all_heads_runs_through_the_heads_in_order():
    norm = RMSNorm(HEADS * D).double()
    with torch.no_grad():
        norm.gain.copy_(torch.arange(1.0, HEADS * D + 1))
    x = torch.ones(B, HEADS, N, D, dtype=torch.float64)
    assert_same(AllHeads(norm)(x)[0, :, 3].flatten(), norm.gain.detach() * (1 + 1e-6) ** -0.5)


def test_normalised_scores_stay_below_the_root_of_the_width():
    part = QKNorm(lambda q, k, v: q @ k.mT * D**-0.5, RMSNorm(D).double(), RMSNorm(D).double())
    scores = part(1e6 * tensor(0, B, GROUPS, N, D), 1e6 * tensor(1, B, GROUPS, M, D), tensor(2, B, GROUPS, M, M))
    assert 1 < scores.abs().max() <= D**0.5


# Local


@masks
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_local_sees_the_last_keys(mask, size):
    near = window(*positions(N, M, HERE), size)
    expected = grouped_attention(Q, K, V, near if mask is None else near & mask)
    assert_same(Local(attention, size)(Q, K, V, mask=mask), expected)


def test_a_window_of_two_is_the_own_key_and_the_one_before():
    found = weights_of(Local(attention, 2), Q, K)[0, 0] > 0
    assert found.tolist() == [[j in (i + 1, i + 2) for j in range(M)] for i in range(N)]


# SoftCapped


@masks
def test_soft_capped_caps_before_the_mask(mask):
    bias = tensor(8, 1, HEADS, N, M)
    q, k, v = (x.numpy() for x in (Q, K.repeat_interleave(2, 1), V.repeat_interleave(2, 1)))
    scores = 2 * np.tanh((q @ k.swapaxes(-1, -2) * 0.7 + bias.numpy()) / 2)
    if mask is not None:
        scores = np.where(mask.numpy(), scores, -np.inf)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    expected = torch.tensor(e / e.sum(-1, keepdims=True) @ v)
    assert_same(SoftCapped(2)(Q, K, V, mask=mask, bias=bias, scale=0.7), expected)
    assert_same(SoftCapped(1e9)(Q, K, V, mask=mask), grouped_attention(Q, K, V, mask), atol=1e-11)


def test_soft_cap_of_small_and_of_large_scores():
    x = torch.tensor([-1e9, -1.0, 0.0, 1.0, 1e9], dtype=torch.float64)
    found = soft_cap(x, 50.0)
    assert_same(found[[0, 2, 4]], torch.tensor([-50.0, 0.0, 50.0], dtype=torch.float64))
    assert abs(float(found[3]) - 1) < 2e-4 and float(soft_cap(x, 0.5)[3]) < 0.5


# All of them


@masks
@pytest.mark.parametrize("kv_heads", [6, 3, 1])
def test_weights_of_the_plain_one_are_the_attention_weights(mask, kv_heads):
    k = tensor(1, B, kv_heads, M, D)
    expected = attention_weights(Q, k.repeat_interleave(HEADS // kv_heads, 1), mask)
    assert_same(weights_of(grouped_attention, Q, k, mask=mask), expected)


def composed() -> nn.Module:
    rotated = Rotated(Local(SoftCapped(3.0), 4), SPEEDS, scale=1.1)
    return QKNorm(rotated, RMSNorm(D).double(), AllHeads(RMSNorm(GROUPS * D).double()))


def test_parts_compose_and_a_cache_step_by_step_equals_the_whole():
    x = tensor(9, B, 11, 30)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = MultiHead(30, HEADS, GROUPS, composed(), d_head=D).double()
    whole = layer(x, mask=causal(*positions(11, 11, HERE)))
    for cuts in ([11], [1] * 11, [3, 1, 5, 2]):
        cache, found, end = Cache(), [], 0
        for size in cuts:
            new, end = x[:, end : end + size], end + size
            found.append(layer(new, cache=cache, mask=causal(*positions(size, end, HERE))))
        assert_same(torch.cat(found, 1), whole, atol=1e-12)


def test_every_part_learns():
    layer = MultiHead(30, HEADS, GROUPS, composed(), d_head=D).double()
    layer(tensor(9, B, 11, 30)).square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in layer.parameters())
    assert {name for name, _ in layer.named_parameters() if "norm" in name} == {"attend.q_norm.gain", "attend.k_norm.norm.gain"}


def test_one_head_by_hand():
    """Loops over queries and keys, a turned complex number for each pair."""
    q, k, v = (tensor(i, 1, n, 4) for i, n in ((0, 3), (1, 5), (2, 5)))
    speeds = torch.tensor([1.0, 0.1], dtype=torch.float64)
    turned = [
        torch.tensor([[complex(x[0, i, j], x[0, i, j + 2]) * np.exp(1j * (i + shift) * float(speeds[j])) for j in range(2)] for i in range(x.shape[1])])
        for x, shift in ((q, 2), (k, 0))
    ]
    q_turned, k_turned = (torch.cat([x.real, x.imag], -1).numpy() for x in turned)
    expected = by_hand(q_turned, k_turned, v[0].numpy())
    assert_same(Rotated(attention, speeds)(q, k, v)[0].numpy(), np.asarray(expected))


BAD = {
    "5 queries cannot be the last of 4 keys": lambda: Rotated(attention, SPEEDS)(Q, K[..., :4, :], V[..., :4, :]),
    "there are 6 positions for 7 keys": lambda: Rotated(attention, SPEEDS)(Q, K, V, positions=torch.arange(6)),
    "there are speeds for 6 pairs but a head has 10 features": lambda: Rotated(attention, frequencies(12))(Q, K, V),
    "scale must be above 0 and finite but is 0": lambda: Rotated(attention, SPEEDS, scale=0),
    "window must be at least 1 but is 0": lambda: Local(attention, 0),
    "cap must be above 0 and finite but is -3": lambda: SoftCapped(-3),
    "cap must be above 0 and finite but is 0": lambda: soft_cap(Q, 0),
    "cap must be above 0 and finite but is inf": lambda: parts.soft_cap(Q, float("inf")),
}


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_a_window_must_be_a_whole_number(as_readers_run_it):
    with pytest.raises(TypeError, match="window must be a whole number"):
        Local(functools.partial(attention), 2.0)

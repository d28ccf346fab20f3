from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from attnlab.attention import attention
from attnlab.attention.heads import MultiHead, grouped_attention, merge_heads, repeat_heads, split_heads
from attnlab.kernels.cost import cache_bytes
from attnlab.kernels.flash import flash_attention
from attnlab.masks import causal, padding, positions
from attnlab.reference import heads as reference

B, N, M, D, HEADS = 2, 5, 7, 30, 6
HERE = torch.zeros(())
LENGTHS = torch.tensor([[4], [M]])  # the short one first; an axis for the heads


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X, CONTEXT = tensor(0, B, N, D), tensor(1, B, M, D)
MASKS = {
    "none": None,
    "causal": causal(*positions(N, M, HERE)),
    "padding": padding(LENGTHS, M),
    "causal and padding": causal(*positions(N, M, HERE)) & padding(LENGTHS, M),
}
masks = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
kinds = pytest.mark.parametrize("kv_heads", [HEADS, 3, 1], ids=["multi-head", "grouped", "multi-query"])


def layer(**options):
    """A layer whose weights are the same every time, in float64."""
    module = MultiHead(D, HEADS, **options).double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(tensor(100 + i, *weight.shape) / D**0.5)
    return module


def as_projections(module: MultiHead) -> reference.Projections:
    parts = (module.query, module.key, module.value, module.output)
    return reference.Projections(*(part.weight.detach().numpy().T for part in parts))


# The pieces


@pytest.mark.parametrize("heads", [1, 3, 10, 30])
def test_split_and_merge_equal_the_reference_and_undo_each_other(heads):
    x = tensor(2, 2, 3, 7, D)
    split = split_heads(x, heads)
    assert_same(split.numpy(), reference.split_heads(x.numpy(), heads), atol=0)
    assert_same(merge_heads(split), x, atol=0)
    assert_same(merge_heads(tensor(3, 2, heads, 7, 5)).numpy(), reference.merge_heads(normal(3, 2, heads, 7, 5)), atol=0)


def test_repeated_heads_stand_side_by_side():
    x = tensor(4, B, 3, M, 5)
    assert_same(repeat_heads(x, 6), x.repeat_interleave(2, dim=1), atol=0)
    assert_same(repeat_heads(x, 6).numpy(), reference.repeat_heads(x.numpy(), 6), atol=0)
    assert (repeat_heads(x, 6) != x.repeat(1, 2, 1, 1)).any()  # the other order


@masks
@kinds
def test_grouped_attention_equals_that_of_torch(mask, kv_heads):
    q, k, v = tensor(5, B, HEADS, N, 5), tensor(6, B, kv_heads, M, 5), tensor(7, B, kv_heads, M, 11)
    theirs = scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=0.7, enable_gqa=True)
    assert_same(grouped_attention(q, k, v, mask, scale=0.7), theirs)
    bias = tensor(8, 1, HEADS, N, M)
    joined = bias if mask is None else torch.where(mask, bias, -torch.inf)
    theirs = scaled_dot_product_attention(q, k, v, attn_mask=joined, enable_gqa=True)
    assert_same(grouped_attention(q, k, v, mask, bias), theirs)


# The layer against others


def torch_layer(module: MultiHead) -> nn.MultiheadAttention:
    """The layer of torch with the weights of ours."""
    theirs = nn.MultiheadAttention(D, HEADS, bias=module.query.bias is not None, batch_first=True, dtype=torch.float64)
    parts = (module.query, module.key, module.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.out_proj.weight.copy_(module.output.weight)
        if module.query.bias is not None:
            theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
            theirs.out_proj.bias.copy_(module.output.bias)
    return theirs


@masks
@pytest.mark.parametrize("biased", [False, True])
def test_cross_attention_equals_the_layer_of_torch(mask, biased):
    """There a mask of True hides, and one for each text and head has the axes (texts * heads, queries, keys)."""
    module = layer(bias=biased)
    hidden = None if mask is None else ~mask.expand(B, HEADS, N, M).reshape(B * HEADS, N, M)
    if mask is not None:
        hidden = hidden & ~hidden.all(dim=-1, keepdim=True)  # torch gives NaN to a query without a key
    theirs, _ = torch_layer(module)(X, CONTEXT, CONTEXT, attn_mask=hidden)
    seen = None if hidden is None else ~hidden.reshape(B, HEADS, N, M)
    assert_same(module(X, CONTEXT, mask=seen), theirs)


def test_self_attention_equals_the_layer_of_torch():
    module, mask = layer(), causal(*positions(N, N, HERE))
    theirs, _ = torch_layer(module)(X, X, X, attn_mask=~mask)
    assert_same(module(X, mask=mask), theirs)
    assert_same(module(X), torch_layer(module)(X, X, X)[0])
    assert_same(module(X[0]), torch_layer(module)(X, X, X)[0][0])


def test_gradients_equal_those_of_the_layer_of_torch():
    module, mine, theirs = layer(bias=True), X.clone().requires_grad_(), X.clone().requires_grad_()
    other = torch_layer(module)
    module(mine, CONTEXT).square().sum().backward()
    other(theirs, CONTEXT, CONTEXT)[0].square().sum().backward()
    assert_same(mine.grad, theirs.grad, atol=1e-11)
    stacked = torch.cat([part.weight.grad for part in (module.query, module.key, module.value)])
    assert_same(stacked, other.in_proj_weight.grad, atol=1e-11)
    assert_same(module.output.weight.grad, other.out_proj.weight.grad, atol=1e-11)


@masks
@kinds
def test_equals_the_reference(mask, kv_heads):
    module, bias = layer(n_kv_heads=kv_heads), normal(9, 1, HEADS, N, M)
    in_numpy = None if mask is None else mask.numpy()
    expected = reference.multi_head(
        X.numpy(), CONTEXT.numpy(), as_projections(module), HEADS, kv_heads, mask=in_numpy, bias=bias
    )
    assert_same(module(X, CONTEXT, mask=mask, bias=torch.tensor(bias)).detach().numpy(), expected)


@kinds
def test_another_way_to_attend_can_be_passed_in(kv_heads):
    plain = layer(n_kv_heads=kv_heads)
    flash = layer(n_kv_heads=kv_heads, attend=functools.partial(flash_attention, block_q=2, block_k=3))
    fused = layer(n_kv_heads=kv_heads, attend=functools.partial(scaled_dot_product_attention, enable_gqa=True))
    mask = causal(*positions(N, M, HERE)) & padding(LENGTHS, M)
    assert_same(flash(X, CONTEXT, causal=True, key_mask=padding(LENGTHS, M)[:, 0, 0]), plain(X, CONTEXT, mask=mask))
    assert_same(fused(X, CONTEXT, attn_mask=mask), plain(X, CONTEXT, mask=mask))
    assert_same(flash(X, CONTEXT), plain(X, CONTEXT))


@kinds
def test_gradients_through_flash_attention_equal_those_through_attention(kv_heads):
    grads = []
    for attend, options in ((flash_attention, {"causal": True}), (attention, {"mask": MASKS["causal"]})):
        module, x = layer(n_kv_heads=kv_heads, attend=attend), X.clone().requires_grad_()
        module(x, CONTEXT, **options).square().sum().backward()
        grads.append((x.grad, module.key.weight.grad, module.value.weight.grad))
    for one, other in zip(*grads, strict=True):
        assert_same(one, other, atol=1e-11)


# What is true of it


@pytest.mark.parametrize("heads", [1, 2, 3, 5, 6, 10, 15, 30])
def test_the_number_of_heads_changes_no_count(heads):
    assert sum(w.numel() for w in MultiHead(D, heads).parameters()) == 4 * D * D


@pytest.mark.parametrize(("kv_heads", "count"), [(6, 3600), (3, 2700), (2, 2400), (1, 2100)])
def test_shared_keys_and_values_have_smaller_matrices(kv_heads, count):
    assert sum(w.numel() for w in MultiHead(D, HEADS, kv_heads).parameters()) == count


def test_one_head_is_attention_between_projections():
    module = MultiHead(D, 1).double()
    q, k, v = module.query(X), module.key(CONTEXT), module.value(CONTEXT)
    assert_same(module(X, CONTEXT), module.output(attention(q, k, v)))


@kinds
def test_heads_permute_freely(kv_heads):
    """Whole groups change places, queries within a group too: in all four matrices alike, nothing is seen outside."""
    module, moved = layer(n_kv_heads=kv_heads), layer(n_kv_heads=kv_heads)
    group, d_head = HEADS // kv_heads, D // HEADS
    groups = np.random.default_rng(3).permutation(kv_heads)
    heads = np.concatenate([g * group + np.random.default_rng(4).permutation(group) for g in groups])
    rows, kv_rows = ((order[:, None] * d_head + np.arange(d_head)).ravel() for order in (heads, groups))
    with torch.no_grad():
        moved.query.weight.copy_(module.query.weight[rows])
        moved.key.weight.copy_(module.key.weight[kv_rows])
        moved.value.weight.copy_(module.value.weight[kv_rows])
        moved.output.weight.copy_(module.output.weight[:, rows])
    assert (heads != np.arange(HEADS)).any()
    assert_same(moved(X, CONTEXT), module(X, CONTEXT))


def test_shared_heads_equal_heads_with_equal_weights():
    """Grouped attention is multi-head attention whose keys and values were tied within each group."""
    grouped, full = layer(n_kv_heads=3), layer()
    with torch.no_grad():
        for name in ("query", "output"):
            getattr(full, name).weight.copy_(getattr(grouped, name).weight)
        for name in ("key", "value"):
            tied = getattr(grouped, name).weight.reshape(3, 5, D).repeat_interleave(2, dim=0).reshape(D, D)
            getattr(full, name).weight.copy_(tied)
    assert_same(full(X, CONTEXT), grouped(X, CONTEXT))


def test_tokens_do_not_mix_outside_attention():
    """Every token attends only to itself: then each output must depend on its own token alone."""
    module, changed = layer(), X.clone()
    changed[:, 3] += 1
    alone = torch.eye(N, dtype=torch.bool)
    moved = (module(changed, mask=alone) - module(X, mask=alone)).abs().amax(dim=(0, 2))
    assert moved[3] > 0.1 and (np.delete(moved.detach().numpy(), 3) == 0).all()


def test_what_attend_is_given():
    q, k, v = layer(n_kv_heads=3).project(X, CONTEXT)
    assert q.shape == (B, 6, N, 5) and k.shape == v.shape == (B, 3, M, 5)
    whole = layer(n_kv_heads=3)
    assert_same(whole.output(merge_heads(grouped_attention(q, k, v))), whole(X, CONTEXT), atol=0)

# Bytes


def test_cache_bytes_of_published_models():
    """(layers, heads of keys and values, width of a head), two bytes a number, for one token."""
    assert cache_bytes(1, 32, 32, 128) == 512 * 1024  # Llama 2 7B: one for each head
    assert cache_bytes(1, 80, 8, 128) == 320 * 1024  # Llama 2 70B: 8 for 64 heads
    assert cache_bytes(1, 32, 8, 128) == 128 * 1024  # Llama 3 8B, Mistral 7B: 8 for 32
    assert cache_bytes(1, 32, 1, 64) == 8 * 1024  # Falcon 7B: 1 for 71



# At the door

BAD = {
    "n_heads = 7 does not divide d_model = 30": lambda: MultiHead(30, 7),
    "n_heads must be at least 1 but is 0": lambda: MultiHead(30, 0),
    "n_kv_heads = 4 does not divide n_heads = 6": lambda: MultiHead(30, 6, 4),
    "n_kv_heads = 12 does not divide n_heads = 6": lambda: MultiHead(30, 6, 12),
    "n_kv_heads must be at least 1 but is 0": lambda: MultiHead(30, 6, 0),
    "n_heads = 4 does not divide the width = 30": lambda: split_heads(X, 4),
    "n_kv_heads = 4 does not divide n_heads = 6": lambda: repeat_heads(torch.ones(4, 7, 5), 6),
    "x has width 29 but the layer has d_model = 30": lambda: layer()(X[..., 1:]),
    "context has width 29 but the layer has d_model = 30": lambda: layer()(X, CONTEXT[..., 1:]),
    r"mask has shape \(2, 1, 7\) but the scores have 4 axes": lambda: layer()(
        X, CONTEXT, mask=padding(LENGTHS[:, 0], M)
    ),
    r"bias has shape \(6, 5, 7\) but the scores have 4 axes": lambda: layer()(X, CONTEXT, bias=tensor(1, 6, 5, 7)),
}


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message.strip()):
        BAD[message]()


def test_a_mask_for_all_may_have_two_axes_and_one_for_a_text_alone_three():
    module, mask = layer(), MASKS["causal"]
    assert_same(module(X, CONTEXT, mask=mask), module(X, CONTEXT, mask=mask[None, None]), atol=0)
    three = mask.expand(HEADS, N, M)
    assert_same(module(X[0], CONTEXT[0], mask=three), module(X[0], CONTEXT[0], mask=mask), atol=0)


def test_a_head_count_must_be_a_whole_number(as_readers_run_it):
    for count in (2.0, True):
        with pytest.raises(TypeError, match="n_heads must be a whole number"):
            MultiHead(30, count)


# A width of heads of its own, and a gate


def test_heads_may_be_wider_or_narrower_than_their_share_of_the_model():
    for d_head in (3, 5, 7):
        module = MultiHead(D, HEADS, 3, d_head=d_head).double()
        assert module.query.weight.shape == (HEADS * d_head, D) and module.output.weight.shape == (D, HEADS * d_head)
        assert module.key.weight.shape == module.value.weight.shape == (3 * d_head, D)
        q, k, v = module.project(X, CONTEXT)
        assert q.shape[-1] == k.shape[-1] == v.shape[-1] == d_head
        assert_same(module(X, CONTEXT), module.output(merge_heads(grouped_attention(q, k, v))), atol=0)
    assert MultiHead(30, 7, 1, d_head=4).n_heads == 7


def test_a_gate_multiplies_the_merged_heads():
    class Gate(torch.nn.Module):
        def forward(self, x):
            return x[..., :12].sigmoid()

    module = MultiHead(D, HEADS, 3, d_head=2, gate=Gate()).double()
    mixed = merge_heads(grouped_attention(*module.project(X, CONTEXT)))
    assert_same(module(X, CONTEXT), module.output(mixed * X[..., :12].sigmoid()), atol=0)


def test_a_width_of_heads_and_a_gate_at_the_door(as_readers_run_it):
    with pytest.raises(ValueError, match="d_head must be at least 1 but is 0"):
        MultiHead(D, HEADS, d_head=0)
    with pytest.raises(TypeError, match="d_head must be a whole number"):
        MultiHead(D, HEADS, d_head=2.0)
    with pytest.raises(ValueError, match=r"the gate gave \(2, 5, 1\) for the merged heads, which are \(2, 5, 30\)"):
        MultiHead(D, HEADS, gate=torch.nn.Linear(D, 1))(X.float(), CONTEXT.float())

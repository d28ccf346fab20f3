from __future__ import annotations

import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.attention import MultiHead
from attnlab.cache import Cache
from attnlab.layers import (
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    LayerNorm,
    OutputNorm,
    ParallelBlock,
    PostNorm,
    PreNorm,
    RMSNorm,
    gelu,
    relu,
)
from attnlab.masks import causal, padding, positions, window

B, N, M, D, HEADS, D_FF, EPSILON = 2, 5, 7, 6, 3, 13, 0.1
HERE = torch.zeros(())


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X, MEMORY = t(0, B, N, D), t(1, B, M, D)
LENGTHS, SOURCE_LENGTHS = torch.tensor([[3], [N]]), torch.tensor([[4], [M]])  # the short one first
REAL, SOURCE_REAL = padding(LENGTHS, N)[:, 0, 0], padding(SOURCE_LENGTHS, M)[:, 0, 0]
CAUSAL = causal(*positions(N, N, HERE))
wraps = pytest.mark.parametrize("wrap", [PostNorm, PreNorm])
kinds = pytest.mark.parametrize(("activation", "name"), [(relu, "relu"), (gelu, "gelu")])


def wrapped(wrap, layer: nn.Module) -> nn.Module:
    return wrap(layer, LayerNorm(D, EPSILON))


def encoder_block(wrap, activation=relu) -> EncoderBlock:
    attend, think = MultiHead(D, HEADS, bias=True), FeedForward(D, D_FF, activation)
    return filled(EncoderBlock(wrapped(wrap, attend), wrapped(wrap, think)))


def decoder_block(wrap, activation=relu) -> DecoderBlock:
    own, cross = MultiHead(D, HEADS, bias=True), MultiHead(D, HEADS, bias=True)
    parts = (own, cross, FeedForward(D, D_FF, activation))
    return filled(DecoderBlock(*(wrapped(wrap, part) for part in parts)))


def filled(module: nn.Module) -> nn.Module:
    """All weights random, gains and biases too."""
    module = module.double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(t(100 + i, *weight.shape) * (0.5 if weight.ndim > 1 else 1))
    return module


def pairs(ours: EncoderBlock | DecoderBlock, theirs: nn.Module):
    """Each parameter of theirs beside those of ours that stand in it."""
    if isinstance(ours, EncoderBlock):
        attentions = [(ours.attend, theirs.self_attn)]
    else:
        attentions = [
            (ours.self_attend, theirs.self_attn),
            (ours.cross_attend, theirs.multihead_attn),
        ]
    for mine, other in attentions:
        qkv = (mine.layer.query, mine.layer.key, mine.layer.value)
        yield other.in_proj_weight, [part.weight for part in qkv]
        yield other.in_proj_bias, [part.bias for part in qkv]
        yield other.out_proj.weight, [mine.layer.output.weight]
        yield other.out_proj.bias, [mine.layer.output.bias]
    sublayers = [*(mine for mine, _ in attentions), ours.feed_forward]
    for i, mine in enumerate(sublayers, start=1):
        norm = getattr(theirs, f"norm{i}")
        yield norm.weight, [mine.norm.gain]
        yield norm.bias, [mine.norm.bias]
    for linear, mine in (
        (theirs.linear1, ours.feed_forward.layer.expand),
        (theirs.linear2, ours.feed_forward.layer.contract),
    ):
        yield linear.weight, [mine.weight]
        yield linear.bias, [mine.bias]


def torch_layer(ours, wrap, name: str):
    make = nn.TransformerEncoderLayer if isinstance(ours, EncoderBlock) else nn.TransformerDecoderLayer
    theirs = make(D, HEADS, D_FF, 0.0, name, EPSILON, True, wrap is PreNorm, dtype=torch.float64)
    with torch.no_grad():
        for target, parts in pairs(ours, theirs):
            target.copy_(torch.cat(parts))
    return theirs


def same_gradients(ours, theirs, mine: list, others: list) -> None:
    for target, parts in pairs(ours, theirs):
        assert_same(torch.cat([part.grad for part in parts]), target.grad)
    for a, b in zip(mine, others, strict=True):
        assert_same(a.grad, b.grad)


ENCODER_MASKS = {
    "none": (None, {}),
    "window": (
        window(*positions(N, N, HERE), 2),
        {"src_mask": ~window(*positions(N, N, HERE), 2)},
    ),
    "padding": (REAL[:, None, None], {"src_key_padding_mask": ~REAL}),
    "both": (
        REAL[:, None, None] & CAUSAL,
        {"src_mask": ~CAUSAL, "src_key_padding_mask": ~REAL},
    ),
}


@wraps
@kinds
@pytest.mark.parametrize(("mask", "theirs"), ENCODER_MASKS.values(), ids=ENCODER_MASKS)
def test_encoder_block_equals_the_layer_of_torch_with_its_gradients(wrap, activation, name, mask, theirs):
    ours = encoder_block(wrap, activation)
    other = torch_layer(ours, wrap, name)
    x, y = X.clone().requires_grad_(), X.clone().requires_grad_()
    out, expected = ours(x, mask), other(y, **theirs)
    assert_same(out, expected)
    (out * t(9, B, N, D)).sum().backward()
    (expected * t(9, B, N, D)).sum().backward()
    same_gradients(ours, other, [x], [y])


DECODER_MASKS = {
    "none": (None, None, {}),
    "causal": (CAUSAL, None, {"tgt_mask": ~CAUSAL}),
    "source": (
        None,
        SOURCE_REAL[:, None, None],
        {"memory_key_padding_mask": ~SOURCE_REAL},
    ),
    "all": (
        REAL[:, None, None] & CAUSAL,
        SOURCE_REAL[:, None, None],
        {
            "tgt_mask": ~CAUSAL,
            "tgt_key_padding_mask": ~REAL,
            "memory_key_padding_mask": ~SOURCE_REAL,
        },
    ),
}


@wraps
@kinds
@pytest.mark.parametrize(("mask", "memory_mask", "theirs"), DECODER_MASKS.values(), ids=DECODER_MASKS)
def test_decoder_block_equals_the_layer_of_torch_with_its_gradients(wrap, activation, name, mask, memory_mask, theirs):
    ours = decoder_block(wrap, activation)
    other = torch_layer(ours, wrap, name)
    x, y, memory, source = (a.clone().requires_grad_() for a in (X, X, MEMORY, MEMORY))
    out, expected = ours(x, memory, mask, memory_mask), other(y, source, **theirs)
    assert_same(out, expected)
    (out * t(9, B, N, D)).sum().backward()
    (expected * t(9, B, N, D)).sum().backward()
    same_gradients(ours, other, [x, memory], [y, source])


# What is true of them


@wraps
def test_the_formula_of_the_wrap(wrap):
    norm, layer = filled(LayerNorm(D, EPSILON)), filled(FeedForward(D, D_FF))
    expected = norm(X + layer(X)) if wrap is PostNorm else X + layer(norm(X))
    assert_same(wrap(layer, norm)(X), expected)


def test_what_is_given_by_name_reaches_the_layer_as_it_is():
    class Seen(nn.Module):
        def forward(self, x, **given):
            self.x, self.given = x, given
            return torch.zeros_like(x)

    norm = filled(RMSNorm(D, EPSILON))
    for wrap, entered, left in ((PostNorm, X, norm(X)), (PreNorm, norm(X), X)):
        seen = Seen()
        assert_same(wrap(seen, norm)(X, context=MEMORY, mask=CAUSAL, colour="red"), left)
        assert_same(seen.x, entered)
        assert seen.given["context"] is MEMORY and seen.given["mask"] is CAUSAL and seen.given["colour"] == "red"


@wraps
def test_a_block_gives_its_layers_what_there_is_and_nothing_more(wrap):
    heard = []

    class Layer(nn.Module):
        def forward(self, x, **given):
            heard.append(given)
            return 0.5 * x

    bias = t(5, N, N)
    block = EncoderBlock(Layer(), Layer())
    assert_same(block(X, CAUSAL, bias), 0.25 * X)
    assert [sorted(given) for given in heard] == [["bias", "mask"], []] and heard[0]["bias"] is bias
    heard.clear()
    block(X)
    assert heard == [{}, {}]
    heard.clear()
    DecoderBlock(Layer(), Layer(), Layer())(X, MEMORY, CAUSAL, SOURCE_REAL, cache="cache")
    assert [sorted(given) for given in heard] == [
        ["cache", "mask"],
        ["cache", "context", "mask"],
        [],
    ]
    assert heard[1]["context"] is MEMORY and heard[1]["mask"] is SOURCE_REAL and heard[0]["cache"] == "cache"
    heard.clear()
    DecoderBlock(Layer(), Layer(), Layer())(X, MEMORY)
    assert [sorted(given) for given in heard] == [[], ["context"], []]


def test_a_bias_is_added_to_the_scores():
    block, bias = encoder_block(PreNorm), torch.where(CAUSAL, 0.0, -torch.inf).double()
    assert_same(block(X, bias=bias), block(X, CAUSAL))
    assert (block(X, bias=t(3, N, N)) - block(X)).abs().max() > 0.01


@wraps
def test_a_causal_decoder_block_does_not_see_what_comes_later_and_does_see_all_of_the_source(
    wrap,
):
    block = decoder_block(wrap)
    changed, source = X.clone(), MEMORY.clone()
    changed[:, 3] += t(5, D)  # not the same number for all features: a norm would not notice
    source[:, -1] += t(6, D)
    before = block(X, MEMORY, CAUSAL)
    assert_same(block(changed, MEMORY, CAUSAL)[:, :3], before[:, :3], atol=0)
    assert ((block(changed, MEMORY, CAUSAL) - before)[:, 3:].abs().amax(-1) > 1e-6).all()
    assert ((block(X, source, CAUSAL) - before).abs().amax(-1) > 1e-6).all()


def test_pre_norm_with_layers_that_give_nothing_is_the_identity_and_post_norm_a_norm():
    for wrap in (PreNorm, PostNorm):
        block = encoder_block(wrap)
        with torch.no_grad():
            for wrapping in (block.attend, block.feed_forward):
                last = wrapping.layer.output if wrapping is block.attend else wrapping.layer.contract
                last.weight.zero_(), last.bias.zero_()
        once = block.attend.norm
        assert_same(block(X), X if wrap is PreNorm else block.feed_forward.norm(once(X)), atol=0)


@wraps
def test_dropout_acts_in_training_on_what_is_added_and_nowhere_else(wrap):
    layer = filled(FeedForward(D, D_FF))
    module = wrap(layer, nn.Identity(), dropout=0.4)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        added = module(X) - X
    kept = added != 0
    assert_same(added[kept], (layer(X) / 0.6)[kept])
    assert 0 < kept.double().mean() < 1
    module.eval()
    assert_same(module(X) - X, layer(X))
    assert_same(wrap(layer, nn.Identity())(X) - X, layer(X))


def test_errors_at_the_door(as_readers_run_it):
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="dropout must be between 0 and 1 but is"):
            PreNorm(nn.Identity(), nn.Identity(), wrong)
    with pytest.raises(
        ValueError,
        match=r"the layer turned \(2, 5, 6\) into \(2, 5, 1\), which cannot be added",
    ):
        PreNorm(nn.Linear(D, 1).double(), nn.Identity())(X)
    with pytest.raises(
        ValueError,
        match=r"the layer turned \(2, 5, 6\) into \(2, 5, 1\), which cannot be added",
    ):
        PostNorm(nn.Linear(D, 1).double(), nn.Identity())(X)


# Blocks of models that have a decoder alone


def test_a_layer_s_output_can_be_normalised_before_it_is_added():
    layer, before, after = FeedForward(D, D_FF).double(), LayerNorm(D, EPSILON).double(), RMSNorm(D).double()
    sandwich = PreNorm(OutputNorm(layer, after), before)
    assert_same(sandwich(X), X + after(layer(before(X))), atol=0)
    assert_same(PreNorm(OutputNorm(layer, after), nn.Identity())(X), X + after(layer(X)), atol=0)
    attend = OutputNorm(MultiHead(D, HEADS).double(), after)
    assert_same(attend(X, context=MEMORY), after(attend.layer(X, context=MEMORY)), atol=0)


def a_block(kind: str) -> nn.Module:
    attend, feed_forward = MultiHead(D, HEADS, 1), FeedForward(D, D_FF)
    if kind == "parallel":
        return ParallelBlock(LayerNorm(D, EPSILON), attend, feed_forward).double()
    return EncoderBlock(PreNorm(attend, RMSNorm(D)), PreNorm(feed_forward, RMSNorm(D))).double()


def test_both_layers_of_a_parallel_block_read_the_same_token():
    block = a_block("parallel")
    normed, bias = block.norm(X), t(5, 1, HEADS, N, N)
    expected = X + block.attend(normed, mask=CAUSAL, bias=bias) + block.feed_forward(normed)
    assert_same(block(X, mask=CAUSAL, bias=bias), expected, atol=1e-14)


@pytest.mark.parametrize("kind", ["parallel", "one after the other"])
def test_a_block_goes_on_with_a_cache(kind):
    block, cache = a_block(kind), Cache()
    whole = block(X, mask=CAUSAL)
    steps = [block(X[:, i : i + 1], mask=CAUSAL[i : i + 1, : i + 1], cache=cache) for i in range(N)]
    assert_same(torch.cat(steps, 1), whole)
    assert cache.length == N

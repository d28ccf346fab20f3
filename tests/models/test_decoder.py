"""Decoders against the public library's models of eight families, with random weights: logits, states, attention, padded, cached."""

from __future__ import annotations

import copy
import functools
import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import MultiHead, attention_weights
from attnlab.layers import EncoderBlock, FeedForward, LayerNorm, PreNorm, RMSNorm
from attnlab.models import decoder, families
from attnlab.models.decoder import Config, Decoder, trace
from attnlab.positions import (
    dynamic_ntk,
    frequencies,
    interpolated,
    kept_by_index,
    llama3,
    longrope,
    longrope_scale,
    proportional,
    rotate_adjacent,
    yarn,
    yarn_scale,
)
from attnlab.training import seeded
from attnlab.weights.families import from_library, need_names

transformers = pytest.importorskip("transformers")

V, D, L, H, KV, D_HEAD, D_FF, N, LONG, WINDOW = 101, 30, 3, 6, 2, 10, 41, 523, 541, 97
CONFIG, DEEPER = Config(V, D, L, H, KV, D_HEAD, D_FF, LONG), Config(V, D, 4, H, KV, D_HEAD, D_FF, LONG)
SIZES = dict(
    vocab_size=V, hidden_size=D, intermediate_size=D_FF, num_hidden_layers=L, num_attention_heads=H, head_dim=D_HEAD,
    num_key_value_heads=KV, max_position_embeddings=LONG, attn_implementation="eager", bos_token_id=None, eos_token_id=None,
    pad_token_id=None,
)  # fmt: skip
TEXT = torch.tensor(np.random.default_rng(1).integers(0, V, size=(2, N)))
REAL = torch.arange(N) >= torch.tensor([[211], [0]])
NEAR = 1e-5  # of the largest number: the library normalises and turns in float32 whatever the dtype


def library(name: str, **options):
    """The library's model in float64: every number normal with standard deviation 0.2, gains around 1."""
    configs = {"gemma3": "Gemma3TextConfig", "gemma2": "Gemma2Config", "olmo3": "Olmo3Config", "cohere2": "Cohere2Config"}
    stem = {"llama": "Llama", "mistral": "Mistral", "qwen3": "Qwen3", "smollm3": "SmolLM3"}.get(name, name.capitalize())
    config = getattr(transformers, configs.get(name, f"{stem}Config"))(**SIZES | options)
    model = seeded(lambda: getattr(transformers, f"{stem}ForCausalLM")(config)).double().eval()
    with torch.no_grad():
        for i, (part, weight) in enumerate(model.named_parameters()):
            centre = 1.0 if "norm" in part and not name.startswith("gemma") else 0.0
            weight.copy_(centre + 0.2 * torch.tensor(normal(i, *weight.shape)))
    return model


def rope(base: float = 10000.0, kind: str = "default", **options) -> dict:
    return {"rope_theta": base, "rope_type": kind, **options}


LONG_FACTORS = [1.0, 1.5, 2.0, 4.0, 8.0]
SLOWER = functools.partial(dynamic_ntk, frequencies(D_HEAD), 4.0, 128)
ROUNDED = 1 / 10000 ** (torch.arange(0, D_HEAD, 2, dtype=torch.float32) / D_HEAD)  # as the library rounds its speeds
SMALL = functools.partial(RMSNorm, epsilon=1e-5)
GAPS = dict(sliding_window=WINDOW)
TYPES = {"L": "sliding_attention", "G": "full_attention"}
# what is compared: (family, options of the library, how ours is made)
CASES = {
    "llama": ("llama", {}, lambda: families.llama(CONFIG)),
    "llama, one key for all, tied": (
        "llama", dict(num_key_value_heads=1, tie_word_embeddings=True, rms_norm_eps=1e-5),
        lambda: families.llama(Config(V, D, L, H, 1, D_HEAD, D_FF, LONG), families.turned(ROUNDED), SMALL, tied=True),
    ),
    "llama, linear": (
        "llama", dict(rope_parameters=rope(kind="linear", factor=4.0)),
        lambda: families.llama(CONFIG, families.turned(interpolated(frequencies(D_HEAD), 4.0))),
    ),
    "llama, dynamic": (
        "llama", dict(rope_parameters=rope(kind="dynamic", factor=4.0), max_position_embeddings=128),
        lambda: families.llama(CONFIG, families.turned(SLOWER)),
    ),
    "llama, yarn": (
        "llama", dict(rope_parameters=rope(kind="yarn", factor=4.0, original_max_position_embeddings=128)),
        lambda: families.llama(CONFIG, families.turned(yarn(frequencies(D_HEAD), 4.0, 128, kept_by_index), yarn_scale(4.0))),
    ),
    "llama, longrope": (
        "llama", dict(rope_parameters=rope(
            kind="longrope", factor=4.0, short_factor=[1.0] * 5, long_factor=LONG_FACTORS, original_max_position_embeddings=128)),
        lambda: families.llama(
            CONFIG, families.turned(longrope(frequencies(D_HEAD), torch.tensor(LONG_FACTORS).double()), longrope_scale(4.0, 128))),
    ),
    "llama, llama3": (
        "llama", dict(rope_parameters=rope(
            5e5, "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128)),
        lambda: families.llama(CONFIG, families.turned(llama3(frequencies(D_HEAD, 5e5), 8.0, 128))),
    ),
    "llama, proportional": (
        "llama", dict(rope_parameters=rope(kind="proportional", factor=2.0, partial_rotary_factor=0.4)),
        lambda: families.llama(CONFIG, families.turned(proportional(frequencies(D_HEAD), 0.4, 2.0))),
    ),
    "mistral": ("mistral", GAPS, lambda: families.mistral(CONFIG, WINDOW)),
    "qwen3": ("qwen3", dict(rope_parameters=rope(1e6)), lambda: families.qwen3(CONFIG)),
    "olmo3": (
        "olmo3", GAPS | dict(num_hidden_layers=4), lambda: families.olmo3(DEEPER, WINDOW, norm=SMALL),
    ),
    "olmo3, yarn where all keys are seen": (
        "olmo3", GAPS | dict(num_hidden_layers=4, rope_parameters={
            "full_attention": rope(5e5, "yarn", factor=8.0, original_max_position_embeddings=64), "sliding_attention": rope(5e5)}),
        lambda: families.olmo3(DEEPER, WINDOW, norm=SMALL, turns=(
            families.by_base(CONFIG, 5e5),
            families.turned(yarn(frequencies(D_HEAD, 5e5), 8.0, 64, kept_by_index), yarn_scale(8.0)))),
    ),
    "gemma2": (
        "gemma2", GAPS | dict(query_pre_attn_scalar=7, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
        lambda: families.gemma2(CONFIG, WINDOW, 7**-0.5, (2.0, 3.0)),
    ),
    "gemma3": (
        "gemma3", GAPS | dict(query_pre_attn_scalar=7, layer_types=[TYPES[x] for x in "LLG"], rope_parameters={
            "full_attention": rope(1e6, "linear", factor=8.0), "sliding_attention": rope(1e4)}),
        lambda: families.gemma3(CONFIG, WINDOW, "LLG", scale=7**-0.5, turns=(
            families.by_base(CONFIG), families.turned(interpolated(frequencies(D_HEAD, 1e6), 8.0)))),
    ),
    "smollm3": ("smollm3", dict(num_hidden_layers=4, rope_parameters=rope(5e6)), lambda: families.smollm3(DEEPER)),
    "cohere2": (
        "cohere2", GAPS | dict(num_hidden_layers=4, rope_parameters=rope(5e4)), lambda: families.cohere2(DEEPER, WINDOW),
    ),
}  # fmt: skip
cases = pytest.mark.parametrize("name", CASES)


@functools.cache
def pair(name: str):
    """Ours with the library's weights, the library's model, and what it answers to TEXT."""
    family, options, make = CASES[name]
    theirs = library(family, **options)
    ours = make().double().eval()
    ours.load_state_dict(from_library(theirs.state_dict(), family))
    with torch.no_grad():
        return ours, theirs, theirs(TEXT, output_hidden_states=True, output_attentions=True)


def off(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, in parts of the largest number expected."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    return float((found - expected).abs().max() / expected.abs().max())


# Against the library


@cases
def test_logits_states_and_attention_equal_those_of_the_library(name):
    model, _, theirs = pair(name)
    found = trace(model, TEXT)
    assert off(model(TEXT).detach(), theirs.logits) <= NEAR
    assert len(found.hidden) == len(theirs.hidden_states) and len(found.weights) == len(theirs.attentions)
    for mine, other in zip(found.hidden, theirs.hidden_states):
        assert off(mine, other) <= NEAR
    for mine, other in zip(found.weights, theirs.attentions):
        assert off(mine, other) <= NEAR


@cases
@pytest.mark.parametrize("side", ["in front", "behind"])
def test_padding_is_hidden_as_in_the_library(name, side):
    """The library's model in float32: in float64 its mask turns a query without a key, and then all, to NaN."""
    model, theirs, _ = pair(name)
    real = REAL if side == "in front" else REAL.flip(1)
    with torch.no_grad():
        expected = copy.deepcopy(theirs).float()(TEXT, attention_mask=real.long()).logits.double()
        found, other = model(TEXT, real=real), model(torch.where(real, TEXT, 7), real=real)
    assert off(found[real], expected[real]) <= 2 * NEAR
    assert_same(found[real], other[real], atol=0)


@cases
@pytest.mark.parametrize("cuts", [(1,), (211, 212, 522)])
@torch.no_grad()
def test_a_cache_gives_the_same_logits_however_a_text_is_split(name, cuts):
    model, theirs, whole = pair(name)
    cache, known = model.start_cache(), None
    found = [model(TEXT[:, a:b], cache) for a, b in zip((0, *cuts), (*cuts, N))]
    assert cache.length == N
    if name == "llama, dynamic":  # what later layers kept of a shorter text was made with other speeds
        last = torch.cat(found, 1)[:, -1]
        assert off(found[0], model(TEXT[:, : cuts[0]])) == 0 and off(last, whole.logits[:, -1]) > 0 + (len(cuts) > 1) * 0.01
        return
    assert off(torch.cat(found, dim=1), whole.logits) <= NEAR
    for a, b in zip((0, *cuts), (*cuts, N)):
        known = theirs(TEXT[:, a:b], past_key_values=None if known is None else known.past_key_values, use_cache=True)
        if name != "llama, longrope":  # there, keys of short texts stay as they were turned
            assert off(found.pop(0), known.logits) <= NEAR


@cases
@torch.no_grad()
def test_a_padded_batch_goes_on_with_its_cache(name):
    model, _, _ = pair("llama" if name == "llama, dynamic" else name)
    cache = model.start_cache()
    parts = [model(TEXT[:, a:b], cache, REAL[:, a:b]) for a, b in ((0, 300), (300, 301), (301, N))]
    whole = model(TEXT, real=REAL)
    assert_same(parts[-1], whole[:, 301:], atol=1e-10)


@pytest.mark.parametrize("name", ["llama", "gemma3", "olmo3", "cohere2"])
def test_gradients_equal_those_of_the_library(name):
    model, theirs, _ = pair(name)
    text = TEXT[:, :131]
    for one in (model, theirs):
        one.zero_grad()
    nn_loss = torch.nn.functional.cross_entropy
    nn_loss(model(text)[:, :-1].flatten(0, 1), text[:, 1:].flatten()).backward()
    nn_loss(theirs(text).logits[:, :-1].flatten(0, 1), text[:, 1:].flatten()).backward()
    expected = {part: weight.grad for part, weight in theirs.named_parameters()}
    # a gain less 1 has the gradient of the gain
    for part, grad in from_library(expected, name).items():
        mine = dict(model.named_parameters())[part].grad
        shift = 1.0 if name == "gemma3" and part.endswith("gain") else 0.0
        assert off(mine, grad - shift) <= 1e-4


@torch.no_grad()
def test_what_is_left_is_how_the_library_rounds_its_speeds():
    """With speeds rounded as theirs are, the differences shrink: angles of far positions were most of it."""
    ours, theirs, answers = pair("llama")
    rounded = families.llama(CONFIG, families.turned(ROUNDED)).double()
    rounded.load_state_dict(ours.state_dict())
    assert off(rounded(TEXT), answers.logits) < 0.5 * off(ours(TEXT), answers.logits)


# What is true of them


@pytest.mark.parametrize("name", ["mistral", "gemma3", "cohere2"])
@torch.no_grad()
def test_a_layer_with_a_window_sees_as_many_keys(name):
    weights = trace(pair(name)[0], TEXT[:1]).weights[0, 0]
    seen = (weights > 0).sum(-1)
    assert seen.max() == WINDOW and seen[:, 5].max() == 6


@torch.no_grad()
def test_a_stack_of_windows_reaches_layer_by_layer():
    """Token i moves what is said up to n_layers · (window - 1) places later, and no further."""
    model = families.mistral(Config(V, D, 2, H, KV, D_HEAD, D_FF, LONG), 5).double().eval()
    changed = TEXT.clone()
    changed[:, 40] = (changed[:, 40] + 1) % V
    moved = (model(TEXT) - model(changed)).abs().amax((0, 2)).nonzero().flatten()
    assert moved.tolist() == list(range(40, 40 + 2 * 4 + 1))


@torch.no_grad()
def test_a_layer_without_positions_reads_earlier_tokens_as_a_set():
    one = Config(V, D, 1, H, KV, D_HEAD, D_FF, LONG)
    swapped = TEXT[:, [1, 0, *range(2, N)]]
    for pattern, same in (("N", True), ("R", False)):
        model = families.smollm3(one, pattern).double().eval()
        moved = float((model(TEXT) - model(swapped))[:, 2:].abs().max())
        assert (moved < 1e-12) == same


def test_what_is_said_depends_on_the_past_alone():
    for name in ("llama", "cohere2", "gemma2"):
        model = pair(name)[0]
        changed = TEXT.clone()
        changed[:, 300:] = 0
        with torch.no_grad():
            assert_same(model(TEXT)[:, :300], model(changed)[:, :300], atol=0)
            assert (model(TEXT)[:, 300:] != model(changed)[:, 300:]).any()


@torch.no_grad()
def test_initial_values_are_small_where_the_stream_is_written():
    model = seeded(lambda: families.llama(Config(997, 128, 8, 4, 2, 32, 512)))
    assert abs(float(model.tokens.weight.std()) / 0.02 - 1) < 0.02
    assert abs(float(model.blocks[3].attend.layer.output.weight.std()) / (0.02 / 4) - 1) < 0.05
    assert abs(float(model.blocks[3].feed_forward.layer.contract.weight.std()) / (0.02 / 4) - 1) < 0.05
    assert abs(float(model.blocks[3].feed_forward.layer.gate.weight.std()) / 0.02 - 1) < 0.05
    loss = torch.nn.functional.cross_entropy(model(TEXT[:, :97]).flatten(0, 1), TEXT[:, 1:98].flatten())
    assert abs(float(loss) - math.log(997)) < 0.05
    decoder.initial_values(model)
    assert (model.last.gain == 1).all()


@torch.no_grad()
def test_a_block_norm_scale_transform_and_head_of_one_s_own():
    """The decoder is the composition it says, written out once more."""

    def block(number: int) -> EncoderBlock:
        layers = MultiHead(D, number + 1 if number < 3 else 1, bias=True), FeedForward(D, D_FF)
        return EncoderBlock(*(PreNorm(layer, LayerNorm(D)) for layer in layers))

    sizes = Config(V, D, 3, 1, 1, D, D_FF, 17)
    model = seeded(lambda: Decoder(sizes, block, LayerNorm, scale=3.0, transform=torch.tanh, tied=False)).double()
    ids = TEXT[:, :13]
    x, mask = 3 * model.tokens.weight[ids], torch.ones(13, 13, dtype=torch.bool).tril()
    assert [one.attend.layer.n_heads for one in model.blocks] == [1, 2, 3]
    for one in model.blocks:
        x = x + one.attend.layer(one.attend.norm(x), mask=mask)
        x = x + one.feed_forward.layer(one.feed_forward.norm(x))
    assert_same(model(ids), torch.tanh(model.last(x) @ model.head.weight.T), atol=1e-12)
    assert_same(model.states(ids), model.last(x), atol=1e-12)
    q, k, _ = model.blocks[0].attend.layer.project(model.blocks[0].attend.norm(3 * model.tokens.weight[ids]))
    with pytest.raises(RuntimeError):  # layers of different numbers of heads do not stack
        trace(model, ids)
    assert attention_weights(q, k, mask).shape == (2, 1, 13, 13)


@torch.no_grad()
def test_a_decoder_writes_with_the_loop_of_generation():
    from attnlab.generation import greedy

    model = pair("gemma3")[0]
    prompt = TEXT[:, :7]

    def step(ids, cache):
        return model(ids, cache)[:, -1]

    cached = greedy(step, prompt, 11, model.start_cache(), end=V + 1)
    assert_same(cached, greedy(step, prompt, 11, end=V + 1), atol=0)
    assert cached.shape == (2, 11)


# At the door

BAD = {
    "n_kv_heads = 4 does not divide n_heads = 6": lambda: Config(V, D, L, H, 4, D_HEAD, D_FF),
    "d_head must be at least 1 but is 0": lambda: Config(V, D, L, H, KV, 0, D_FF),
    "542 tokens do not fit into max_len = 541": lambda: families.llama(CONFIG)(torch.zeros(1, 542, dtype=torch.long)),
    "ids go from 0 to 101 but there are rows for 0 to 100": lambda: families.llama(CONFIG)(torch.tensor([[0, 101]])),
    r"ids must have the axes \(batch, tokens\) but the shape is \(3,\)": lambda: families.llama(CONFIG)(torch.tensor([0, 1, 2])),
    r"real has shape \(1, 2\) but ids \(1, 3\)": lambda: families.llama(CONFIG)(
        torch.tensor([[0, 1, 2]]), real=torch.ones(1, 2, dtype=torch.bool)
    ),
    "the cache has 3 layers but the model 4": lambda: families.smollm3(DEEPER)(TEXT, families.llama(CONFIG).start_cache()),
    "the pattern 'LLX' may hold only the letters L, G": lambda: families.gemma3(CONFIG, WINDOW, "LLX"),
    "the pattern '' may hold only the letters R, N": lambda: families.smollm3(CONFIG, ""),
    "the family 'gpt' is none of cohere2, gemma2, gemma3, llama, mistral, olmo3, qwen3, smollm3": lambda: from_library({}, "gpt"),
    "the weights lack model.embed_tokens.weight, model.norm.weight": lambda: from_library({}, "llama"),
    r"the weights hold too much: b, c": lambda: need_names({"a"}, {"a", "b", "c"}),
    "window must be at least 1 but is 0": lambda: families.mistral(CONFIG, 0),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_ids_must_be_integers(as_readers_run_it):
    with pytest.raises(TypeError, match="ids must hold integers but their dtype is torch.float32"):
        families.llama(CONFIG)(torch.zeros(1, 3))


def test_names_that_do_not_fit_are_named():
    state = library("llama").state_dict()
    state["model.layers.0.self_attn.q_norm.weight"] = torch.ones(D_HEAD)
    with pytest.raises(ValueError, match="the weights hold too much: model.layers.0.self_attn.q_norm.weight"):
        from_library(state, "llama")
    with pytest.raises(ValueError, match="the weights lack model.layers.0.self_attn.k_norm.weight"):
        from_library(state, "qwen3")


def test_pieces_of_families_are_what_they_say():
    one = families.block(CONFIG, families.grouped_attention, RMSNorm, LayerNorm)
    assert isinstance(one.attend.norm, RMSNorm) and isinstance(one.attend.layer.norm, LayerNorm)
    assert families.heads(CONFIG, families.grouped_attention, bias=True).key.bias.shape == (KV * D_HEAD,)
    kinds = {"R": torch.relu, "N": torch.tanh}
    assert families.at("RRN", kinds, 5) is torch.tanh and families.at("RRN", kinds, 6) is torch.relu
    part = families.by_base(CONFIG, 5e4, turn=rotate_adjacent)(families.grouped_attention)
    assert part.turn is rotate_adjacent and same_speeds(part.speeds, 5e4)


def same_speeds(speeds, base: float) -> bool:
    return bool((speeds == frequencies(D_HEAD, base)).all())

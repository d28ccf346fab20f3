"""Counts of published models: the formula against the numbers the hub lists, and against modules made without memory."""

from __future__ import annotations

import dataclasses
import itertools
import time

import pytest
import torch

from attnlab.models import gpt, mixture, published, sizes
from attnlab.models.sizes import PUBLISHED, REPOSITORIES, Choices, Experts, Latent, Model, Reach, Sizes

# The published numbers of parameters: what the Hugging Face hub lists for the files ("safetensors": total) where they hold nothing
# else. Some hold more, which is left out: masks in GPT-2's, copies of a tied table, DeepSeek-V3's module that predicts one token
# further. Of Gemma 3 27B the text part alone, as counted by llama.cpp; for Command R7B the number listed for
# aya-expanse-8b, which has the same shapes.
LISTED = {
    "GPT-2": 124_439_808,
    "GPT-2 XL": 1_557_611_200,
    "Llama 2 7B": 6_738_415_616,
    "Llama 2 70B": 68_976_648_192,
    "Llama 3 8B": 8_030_261_248,
    "Llama 3 70B": 70_553_706_496,
    "Llama 3.1 405B": 405_853_388_800,
    "Llama 3.2 1B": 1_235_814_400,
    "Mistral 7B": 7_241_732_096,
    "SmolLM2 135M": 134_515_008,
    "Qwen3 0.6B": 596_049_920,
    "Qwen3 8B": 8_190_735_360,
    "Qwen3 30B-A3B": 30_532_122_624,
    "Olmo 3 7B": 7_298_011_136,
    "Olmo 3 32B": 32_233_522_176,
    "Gemma 2 2B": 2_614_341_888,
    "Gemma 2 27B": 27_227_128_320,
    "Gemma 3 1B": 999_885_952,
    "Gemma 3 27B": 27_009_346_304,
    "SmolLM3 3B": 3_075_098_624,
    "Command R7B": 8_028_033_024,
    "Mixtral 8x7B": 46_702_792_704,
    "gpt-oss 20B": 20_914_757_184,
    "DeepSeek-V3": 671_026_419_200,
}
names = pytest.mark.parametrize("name", LISTED)
SMALL = Sizes(vocab_size=101, d_model=30, n_layers=5, n_heads=6, n_kv_heads=2, d_head=14, d_ff=41, max_len=23)


def test_every_published_model_is_here_and_has_its_repository():
    assert set(PUBLISHED) == set(LISTED) == set(REPOSITORIES) and len(PUBLISHED) == 24
    assert len({dataclasses.astuple(one) for one in PUBLISHED.values()}) == 24


@names
def test_counts_are_the_published_ones(name):
    model = PUBLISHED[name]
    assert sizes.parameters(model) == LISTED[name] == published.count(name)
    assert sizes.name_of(model) == name


def test_counting_takes_milliseconds():
    begun = time.process_time()
    assert published.count("Llama 3.1 405B") == LISTED["Llama 3.1 405B"]
    assert time.process_time() - begun < 1


def every_part() -> list[Model]:
    """A model for each word of each choice, and for pairs of them; experts; latents; patterns."""
    names, words = zip(*sizes.CHOICES.items())
    singles = [{name: word} for name, several in sizes.CHOICES.items() for word in several]
    mixed = [dict(zip(names, (several[i % len(several)] for several in words))) for i in range(1, 12)]
    mixed += [dict(zip(names, (several[(i * k) % len(several)] for k, several in enumerate(words)))) for i in range(11)]
    found = [Model(SMALL, Choices(**one, tied=bool(i % 2))) for i, one in enumerate(singles + mixed)]
    parts = {"experts": (Experts(7, 2, 11), Experts(5, 3, 11, 2, 1, True, True)), "latent": (Latent(13, 9, 10, 4, 8),)}
    for name, several in parts.items():
        found += [Model(SMALL, reach=Reach("G" if name == "latent" else "LLN", 3), **{name: part}) for part in several]
        odd = Choices("layer", "both", "learned", "all heads", "plain", "all", "gate", True)
        found += [Model(SMALL, odd, **{name: part}) for part in several]
    return found + [Model(SMALL, reach=Reach(pattern, 3)) for pattern in ("G", "L", "LG", "LLN")]


MODELS = every_part()


@pytest.mark.parametrize("model", MODELS, ids=range(len(MODELS)))
def test_the_formula_counts_what_is_made(model):
    made = published.make(model)
    balanced = model.experts is not None and model.experts.balanced
    vectors = sum(b.numel() for name, b in made.named_buffers() if balanced and name.endswith("balance"))
    assert sizes.parameters(model) == sum(p.numel() for p in made.parameters()) + vectors == published.count(model)


@pytest.mark.parametrize("model", MODELS, ids=range(len(MODELS)))
@torch.no_grad()
def test_what_is_made_speaks_and_goes_on_with_its_cache(model):
    made = published.make(model).double()
    ids = torch.arange(2 * 13).view(2, 13)
    whole, cache = made(ids), made.start_cache()
    assert whole.shape == (2, 13, 101) and torch.isfinite(whole).all()
    parts = [made(ids[:, a:b], cache) for a, b in ((0, 5), (5, 6), (6, 13))]
    assert (torch.cat(parts, 1) - whole).abs().max() < 1e-12
    kept = sum(sum(x.numel() for x in layer._own) for layer in cache.layers)
    all_see_all = dataclasses.replace(model, reach=Reach("G"))
    assert sizes.cache_bytes(all_see_all, 13, 1) == kept / 2  # two texts, nothing dropped that left a window


def test_gpt_2_is_the_model_of_its_own_file():
    small = gpt.Config(101, 23, 30, 6, 3, 41, 0.0)
    mine = published.make(Model(Sizes(101, 30, 3, 6, 6, 5, 41, 23), PUBLISHED["GPT-2"].choices)).double()
    other = gpt.GPT(small).double()
    other.load_state_dict(mine.state_dict())
    real = torch.arange(17) >= torch.tensor([[6], [0]])
    ids = torch.arange(34).view(2, 17)
    assert (mine(ids, real=real) - other(ids, real=real)).abs().max() < 1e-13


def test_active_parameters_leave_out_the_experts_not_chosen():
    assert sizes.active_parameters(PUBLISHED["Mixtral 8x7B"]) == 12_879_925_248
    assert sizes.active_parameters(PUBLISHED["Qwen3 30B-A3B"]) == 3_353_032_704
    assert sizes.active_parameters(PUBLISHED["DeepSeek-V3"]) == 37_552_282_624 + 58 * 256  # with the balancing vectors
    for name in ("GPT-2", "Llama 3 8B", "Gemma 3 1B"):
        assert sizes.active_parameters(PUBLISHED[name]) == LISTED[name]


@names
def test_operations_are_those_of_the_matrices_and_of_what_is_seen(name):
    """Twice the numbers of every matrix of the module made without memory, and of the keys and values in reach."""
    model = dataclasses.replace(PUBLISHED[name], sizes=dataclasses.replace(PUBLISHED[name].sizes, n_layers=4))
    if model.experts is not None:
        model = dataclasses.replace(model, experts=dataclasses.replace(model.experts, n=model.experts.top_k))
    with torch.device("meta"):
        made = published.make(model)
    matrices = sum(m.weight.numel() for m in made.modules() if isinstance(m, torch.nn.Linear))
    matrices += made.tokens.weight.numel() if made.head is None else 0
    if PUBLISHED[name].experts is not None:  # the router scores all experts
        routed = 4 - PUBLISHED[name].experts.dense
        matrices += routed * (PUBLISHED[name].experts.n - model.experts.n) * model.sizes.d_model
    whole = dataclasses.replace(PUBLISHED[name], sizes=model.sizes)
    s, m = whole.sizes, whole.latent
    wide = 2 * s.d_head if m is None else m.d_own + m.d_rotary + m.d_value
    for n in (1, 100, 5000):
        seen = [min(n, whole.reach.window) if letter == "L" else n for letter in (whole.reach.pattern * 4)[:4]]
        assert sizes.operations(whole, n) == 2 * matrices + 2 * s.n_heads * wide * sum(seen)


def test_cache_bytes_of_ten_published_models():
    """By hand: two bytes, keys and values, heads · width, tokens seen, layers."""
    n = 32_768
    by_hand = {
        "Llama 2 7B": 2 * 2 * 32 * 128 * n * 32,
        "Llama 3 8B": 2 * 2 * 8 * 128 * n * 32,
        "Mistral 7B": 2 * 2 * 8 * 128 * 4096 * 32,
        "Qwen3 8B": 2 * 2 * 8 * 128 * n * 36,
        "Olmo 3 7B": 2 * 2 * 32 * 128 * (24 * 4096 + 8 * n),
        "Gemma 2 27B": 2 * 2 * 16 * 128 * (23 * 4096 + 23 * n),
        "Gemma 3 27B": 2 * 2 * 16 * 128 * (52 * 1024 + 10 * n),
        "Command R7B": 2 * 2 * 8 * 128 * (24 * 4096 + 8 * n),
        "gpt-oss 20B": 2 * 2 * 8 * 64 * (12 * 128 + 12 * n),
        "DeepSeek-V3": 2 * (512 + 64) * n * 61,
    }
    assert {name: sizes.cache_bytes(name, n) for name in by_hand} == by_hand
    assert sizes.cache_bytes("Llama 3 8B", 1) == 131_072 and sizes.cache_bytes("Llama 3 8B", 0) == 0
    assert published.cache_bytes("Llama 2 7B", 1, 4) == 2 * 524_288


def test_models_with_experts_count_as_in_their_own_file():
    both = {
        "Mixtral 8x7B": mixture.published(mixture.mixtral, mixture.MIXTRAL_8X7B),
        "DeepSeek-V3": mixture.published(mixture.deepseek_v3, mixture.DEEPSEEK_V3),
    }
    for name, found in both.items():
        experts = PUBLISHED[name].experts
        vectors = (PUBLISHED[name].sizes.n_layers - experts.dense) * experts.n * experts.balanced  # moved by a rule, not learned
        assert found.total + vectors == sizes.parameters(PUBLISHED[name])
        assert found.active + vectors == sizes.active_parameters(PUBLISHED[name])


def test_a_model_between_the_published_ones_has_no_name():
    one = PUBLISHED["Llama 3 8B"]
    assert sizes.name_of(dataclasses.replace(one, choices=Choices(qk_norm="each head"))) is None


def test_a_block_is_that_of_its_layer():
    model = PUBLISHED["Olmo 3 7B"]
    with torch.device("meta"):
        kinds = [type(published.block(model, number).attend.layer.layer.attend.attend.attend).__name__ for number in range(5)]
    assert kinds == ["Local", "Local", "Local", "function", "Local"]


BAD = {
    "n_kv_heads = 4 does not divide n_heads = 6": lambda: Sizes(7, 6, 1, 6, 4, 3, 5, 9),
    "d_ff must be at least 1 but is 0": lambda: Sizes(7, 6, 1, 6, 3, 3, 0, 9),
    "norm must be one of rms, layer, layer, no bias but is 'batch'": lambda: Choices(norm="batch"),
    "placed must be one of before, after, both, parallel but is 'in between'": lambda: Choices(placed="in between"),
    "the pattern 'LX' may hold only the letters L, G, N": lambda: Reach("LX"),
    "the pattern '' may hold only the letters L, G, N": lambda: Reach(""),
    "window must be at least 1 but is 0": lambda: Reach("L", 0),
    "top_k = 5 of n = 4 experts": lambda: Experts(4, 5, 7),
    "d_value must be at least 1 but is 0": lambda: Latent(1, 2, 3, 4, 0),
    "the pattern must be G but is 'LLN'": lambda: Model(SMALL, reach=Reach("LLN", 3), latent=Latent(13, 9, 10, 4, 8)),
    "n_texts must be at least 1 but is 0": lambda: sizes.decode_intensity("GPT-2", 5, 0),
    "n_tokens must be at least 1 but is 0": lambda: sizes.operations(PUBLISHED["GPT-2"], 0),
    "n_tokens must be at least 0 but is -1": lambda: sizes.cache_bytes("GPT-2", -1),
}


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_letters_repeat_until_the_last_layer():
    assert Reach("LLG").letters(8) == "LLGLLGLL"


@pytest.mark.parametrize("name", [name for name in PUBLISHED if PUBLISHED[name].latent is None])
def test_a_cache_is_used_once_for_each_query_head_that_shares_it(name):
    """H / G operations a byte in 16 bits, whatever the length and the windows."""
    s = PUBLISHED[name].sizes
    for n in (1, 77, 9000):
        assert sizes.cache_operations(name, n) / sizes.cache_bytes(name, n) == s.n_heads / s.n_kv_heads


def test_a_folded_latent_is_used_by_all_heads():
    """DeepSeek-V3: 128 heads compare with 576 numbers and mix 512, in 61 layers."""
    assert sizes.cache_operations("DeepSeek-V3", 10) == 61 * 2 * 128 * (576 + 512) * 10
    assert sizes.cache_operations("DeepSeek-V3", 10) / sizes.cache_bytes("DeepSeek-V3", 10) == pytest.approx(128 * 1088 / 576)


@pytest.mark.parametrize("name", ["Llama 3 8B", "Gemma 3 27B"])
def test_operations_for_each_byte_that_is_read(name):
    """Weights once for all texts, a cache for each; where heads are not latent the operations are those counted above."""
    model = PUBLISHED[name]
    for n_texts in (1, 7):
        read = 2 * sizes.parameters(model) + n_texts * sizes.cache_bytes(model, 3000)
        assert sizes.decode_intensity(name, 3000, n_texts) == pytest.approx(n_texts * sizes.operations(model, 3000) / read)


def test_for_latents_the_folded_form_takes_the_place_of_the_unfolded():
    model = PUBLISHED["DeepSeek-V3"]
    unfolded = 61 * 2 * 128 * (128 + 64 + 128) * 100
    work = sizes.operations(model, 100) - unfolded + sizes.cache_operations(model, 100)
    read = 2 * sizes.active_parameters(model) + sizes.cache_bytes(model, 100)
    assert sizes.decode_intensity(model, 100) == pytest.approx(work / read)


@pytest.mark.parametrize("name", [name for name in PUBLISHED if PUBLISHED[name].experts and PUBLISHED[name].latent is None])
def test_texts_read_the_experts_that_some_of_them_choose(name):
    """Two texts choose top_k of n each, top_k^2 / n of them in common on average; with very many, every expert is read."""
    model, e = PUBLISHED[name], PUBLISHED[name].experts
    active, whole = sizes.active_parameters(model), sizes.parameters(model)
    two = active + (whole - active) / (e.n - e.top_k) * (e.top_k - e.top_k**2 / e.n)
    for n_texts, weights in {1: active, 2: two, 10**5: whole}.items():
        read = 2 * weights + n_texts * sizes.cache_bytes(model, 3000)
        assert sizes.decode_intensity(name, 3000, n_texts) == pytest.approx(n_texts * sizes.operations(model, 3000) / read)

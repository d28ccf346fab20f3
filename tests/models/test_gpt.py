"""GPT against the public library's GPT-2, with random weights: logits, hidden states, attention; padded, cached, split."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import attention
from attnlab.generation import greedy, sample, step_of
from attnlab.kernels.flash import flash_attention
from attnlab.models import gpt
from attnlab.models.gpt import GPT, Config, n_parameters, trace
from attnlab.training import seeded
from attnlab.weights.gpt2 import from_gpt2

transformers = pytest.importorskip("transformers")

N, VOCABULARY, LONG = 523, 101, 541  # tokens, and the longest text
CONFIG = Config(VOCABULARY, LONG, d_model=30, n_heads=5, n_layers=3, d_ff=41, dropout=0.0)


def ids(seed: int, rows: int, columns: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).integers(0, VOCABULARY, size=(rows, columns)))


def library(seed: int = 0):
    """The library's model in float64: every number normal with standard deviation 0.2, gains around 1."""
    sizes = dict(n_positions=LONG, n_embd=30, n_layer=3, n_head=5, n_inner=41, bos_token_id=None, eos_token_id=None)
    config = transformers.GPT2Config(vocab_size=VOCABULARY, attn_implementation="eager", **sizes)
    model = seeded(lambda: transformers.GPT2LMHeadModel(config)).double().eval()
    with torch.no_grad():
        for i, (name, weight) in enumerate(model.named_parameters()):
            centre = 1.0 if re.search(r"ln_.\.weight", name) else 0.0
            weight.copy_(centre + 0.2 * torch.tensor(normal(1000 * seed + i, *weight.shape)))
    return model


@pytest.fixture(scope="module")
def pair():
    theirs = library()
    ours = GPT(CONFIG).double().eval()
    ours.load_state_dict(from_gpt2(theirs.state_dict()))
    return ours, theirs


@pytest.fixture(scope="module")
def answers(pair):
    text = ids(1, 2, N)
    with torch.no_grad():
        return text, pair[1](text, output_hidden_states=True, output_attentions=True)


# Against the library


def test_logits_states_and_attention_equal_those_of_the_library(pair, answers):
    model, (text, theirs) = pair[0], answers
    found = trace(model, text)
    assert_same(model(text), theirs.logits, atol=1e-12 * float(theirs.logits.abs().max()))
    assert found.hidden.shape == (4, 2, N, 30) and found.weights.shape == (3, 2, 5, N, N)
    for mine, other in zip(found.hidden, theirs.hidden_states, strict=True):
        assert_same(mine, other, atol=1e-11)
    for mine, other in zip(found.weights, theirs.attentions, strict=True):
        assert_same(mine, other, atol=1e-12)


@pytest.mark.parametrize("cuts", [(1,), (300, 301, 302), (7, 211, 522)])
def test_a_cache_gives_the_same_logits_however_a_text_is_split(pair, answers, cuts):
    model, (text, theirs) = pair[0], answers
    cache = model.start_cache()
    parts = [model(text[:, a:b], cache) for a, b in zip((0, *cuts), (*cuts, N))]
    assert cache.length == N
    assert_same(torch.cat(parts, dim=1), theirs.logits, atol=1e-11)


@pytest.mark.parametrize("side", ["in front", "behind"])
def test_padding_changes_nothing_for_the_tokens_that_are_real(pair, side):
    model, theirs = pair
    text, real = ids(2, 3, 37), torch.ones(3, 37, dtype=torch.bool)
    for row, n in enumerate((9, 0, 23)):
        real[row, slice(0, n) if side == "in front" else slice(37 - n, 37)] = False
    at = (real.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        expected = theirs(text, attention_mask=real.long(), position_ids=at).logits
    assert_same(model(text, real=real)[real], expected[real], atol=1e-11)
    for row in range(3):  # and each as it is alone
        assert_same(model(text[row][real[row]][None])[0], expected[row][real[row]], atol=1e-11)
    cache = model.start_cache()
    parts = [model(text[:, a:b], cache, real[:, a:b]) for a, b in ((0, 11), (11, 12), (12, 37))]
    assert_same(torch.cat(parts, dim=1)[real], expected[real], atol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_it_writes_what_the_library_writes(seed):
    theirs = library(seed)
    model = GPT(CONFIG).double().eval()
    model.load_state_dict(from_gpt2(theirs.state_dict()))
    prompt = ids(seed, 3, 5)
    with torch.no_grad():
        given = dict(max_new_tokens=20, do_sample=False, pad_token_id=0, attention_mask=torch.ones_like(prompt))
        expected = theirs.generate(prompt, **given)[:, 5:]
    for cache in (None, model.start_cache()):
        assert greedy(step_of(model), prompt, 20, cache, end=10**6).tolist() == expected.tolist()


def test_loss_and_gradients_equal_those_of_the_library(pair):
    model, theirs = pair
    text = ids(3, 2, 29)
    answer = theirs(text, labels=text)  # its own loss shifts the text itself, and is computed in float32
    mine, loss = (torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), text[:, 1:].flatten()) for x in (model(text), answer.logits))
    mine.backward()
    loss.backward()
    assert_same(mine.detach(), loss.detach())
    assert abs(mine.item() - answer.loss.item()) < 1e-5
    grads = from_gpt2({name: p.grad for name, p in theirs.named_parameters()})
    for name, p in model.named_parameters():
        assert_same(p.grad, grads[name], atol=1e-11)
    model.zero_grad()
    theirs.zero_grad()


# What is true of it


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((768, 12, 12), 124_439_808), ((1024, 16, 24), 354_823_168), ((1280, 20, 36), 774_030_080), ((1600, 25, 48), 1_557_611_200)],
)
def test_the_four_published_sizes_have_their_published_number_of_parameters(sizes, expected):
    d_model, n_heads, n_layers = sizes
    assert n_parameters(Config(d_model=d_model, n_heads=n_heads, n_layers=n_layers, d_ff=4 * d_model)) == expected


def test_a_token_changes_nothing_before_it(pair):
    model, text = pair[0], ids(4, 2, 31)
    other = text.clone()
    other[:, 17] = (text[:, 17] + 1) % VOCABULARY
    a, b = model(text), model(other)
    assert a[:, :17].equal(b[:, :17])
    assert ((a - b)[:, 17:].abs().amax(-1) > 1e-3).all()


def test_positions_matter_and_start_at_0(pair):
    model = pair[0]
    with torch.no_grad():
        same = torch.full((1, 5), 7)
        first = model(same)[0]
        assert (first[1:] - first[0]).abs().max() > 1e-2
        expected = trace(model, same).hidden[0][0]
        assert_same(expected, model.tokens.weight[7] + model.places.table.weight[:5], atol=0)


def test_how_to_attend_is_passed_in(pair):
    blocked = GPT(CONFIG, lambda q, k, v, mask: flash_attention(q, k, v, causal=True)).double().eval()
    blocked.load_state_dict(pair[0].state_dict())
    text = ids(5, 2, 67)
    assert_same(blocked(text), pair[0](text), atol=1e-11)
    blind = GPT(CONFIG, lambda q, k, v, mask: attention(q, k, v)).double().eval()
    blind.load_state_dict(pair[0].state_dict())
    assert (blind(text) - pair[0](text)).abs().max() > 1e-2


def test_initial_values_are_those_of_the_table():
    model = seeded(lambda: GPT(Config(211, 97, 128, 4, 8, 512, 0.0)))
    deep = 0.02 / 16**0.5
    for name, p in model.state_dict().items():
        if name.endswith(("gain", "bias")):
            assert (p == (1.0 if name.endswith("gain") else 0.0)).all(), name
        else:
            std = deep if re.search(r"\.(output|contract)\.", name) else 0.02
            assert abs(float(p.std()) / std - 1) < 0.05 and abs(float(p.mean())) < std / 10, name


def test_dropout_is_for_training_alone():
    model = seeded(lambda: GPT(Config(13, 17, 12, 3, 2, 23, dropout=0.5)))
    text = ids(0, 2, 11) % 13
    assert (model(text) - model(text)).abs().max() > 0
    assert model.eval()(text).equal(model(text))
    assert sum(isinstance(m, torch.nn.Dropout) and m.p == 0.5 for m in model.modules()) == 1 + 2 * 2


def test_the_table_serves_twice():
    names = [name for name, p in GPT(Config(13, 17, 12, 3, 1, 23)).named_parameters() if p.shape[0] == 13]
    assert names == ["tokens.weight"]


def test_a_draw_with_a_cache_is_the_draw_without(pair):
    model, prompt = pair[0], ids(6, 3, 4)
    draws = [
        sample(step_of(model), prompt, 12, torch.Generator().manual_seed(0), cache=cache, end=10**6)
        for cache in (None, model.start_cache())
    ]
    assert draws[0].equal(draws[1])


# At the door


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (torch.zeros(1, LONG + 1, dtype=torch.long), ValueError, f"{LONG + 1} tokens do not fit into max_len = {LONG}"),
        (torch.tensor([[3, VOCABULARY]]), ValueError, "ids go from 3 to 101 but there are rows for 0 to 100"),
        (torch.tensor([[-1, 3]]), ValueError, "ids go from -1 to 3 but there are rows for 0 to 100"),
        (torch.zeros(1, 2), TypeError, "ids must hold integers but their dtype is torch.float32"),
        (torch.zeros(3, dtype=torch.long), ValueError, r"ids must have the axes \(batch, tokens\) but the shape is \(3,\)"),
    ],
)
def test_wrong_ids_are_refused(pair, text, kind, message, as_readers_run_it):
    with pytest.raises(kind, match=message):
        pair[0](text)


def test_other_mistakes_are_refused(pair, as_readers_run_it):
    model, cache = pair[0], gpt.ModelCache(2)
    with pytest.raises(ValueError, match="the cache has 2 layers but the model 3"):
        model(ids(0, 1, 3), cache)
    with pytest.raises(ValueError, match=r"real has shape \(1, 2\) but ids \(1, 3\)"):
        model(ids(0, 1, 3), real=torch.ones(1, 2, dtype=torch.bool))
    full = model.start_cache()
    model(ids(0, 1, LONG), full)
    with pytest.raises(ValueError, match=f"{LONG + 1} tokens do not fit"):
        model(ids(0, 1, 1), full)
    with pytest.raises(ValueError, match="n_heads = 7 does not divide d_model = 30"):
        GPT(Config(11, 7, 30, 7, 1, 5))
    for name in ("vocab_size", "max_len", "d_model", "n_heads", "n_layers", "d_ff"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1"):
            Config(**{name: 0})
    with pytest.raises(ValueError, match="dropout must be at least 0 and below 1 but is 1"):
        Config(dropout=1)

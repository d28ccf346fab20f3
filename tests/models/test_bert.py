"""BERT from our rooms against the public library's own: random weights of 0.2, 512 tokens, padding, segments, in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from attnlab import attention
from attnlab.layers import gelu_tanh
from attnlab.models import bert
from attnlab.weights.bert import from_transformers

transformers = pytest.importorskip("transformers")
SMALL = bert.Config(vocab_size=53, max_len=512, d_model=21, n_heads=3, n_layers=2, d_ff=29)
LENGTHS = (131, 512, 7)


def shaken(model: nn.Module, seed: int = 0) -> nn.Module:
    """Every number random: none 0 and no gain 1, so that each of them is seen in what comes out."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(0.2 * torch.randn(weight.shape, generator=draw, dtype=torch.float64) + ("LayerNorm.weight" in name))
    return model.eval()


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    """With a pooler beside the head, which the library makes in two models."""
    sizes = transformers.BertConfig(
        vocab_size=53, max_position_embeddings=512, hidden_size=21, num_attention_heads=3, num_hidden_layers=2, intermediate_size=29,
        attn_implementation="eager")  # fmt: skip
    model = transformers.BertForMaskedLM(sizes).double()
    model.bert.pooler = transformers.BertModel(sizes).double().pooler
    return shaken(model)


@pytest.fixture(scope="module")
def batch():
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 53, (3, 512), generator=draw)
    lengths = torch.tensor(LENGTHS)[:, None]
    at = torch.arange(512)
    return ids, at < lengths, ((at >= lengths // 3) & (at < lengths)).long()


@pytest.fixture(scope="module")
def out(theirs, batch):
    ids, mask, segments = batch
    with torch.no_grad():
        made = theirs.bert(ids, mask.long(), segments, output_hidden_states=True, output_attentions=True)
        logits = theirs(ids, mask.long(), segments).logits
    return made, logits


def ours(theirs) -> tuple[bert.MaskedBert, bert.Pooler]:
    parts = from_transformers(theirs.state_dict())
    model, pooler = bert.MaskedBert(SMALL).double().eval(), bert.Pooler(21).double()
    model.bert.load_state_dict(parts.bert)
    model.head.load_state_dict(parts.head)
    pooler.load_state_dict(parts.pooler)
    return model, pooler


def off(mine, other, mask) -> float:
    """The largest difference at the tokens, in units of the largest number."""
    return float((mine - other)[mask].abs().max() / other[mask].abs().max())


def test_logits_hidden_states_attention_and_pooler_are_those_of_the_library(theirs, batch, out):
    ids, mask, segments = batch
    model, pooler = ours(theirs)
    hidden, weights = bert.trace(model.bert, ids, mask, segments)
    made, logits = out
    with torch.no_grad():
        assert off(model(ids, mask, segments), logits, mask) < 1e-10
        assert off(pooler(hidden[-1]), made.pooler_output, torch.ones(3, dtype=bool)) < 1e-10
    assert len(hidden) == len(made.hidden_states) == 3
    for mine, other in zip(hidden, made.hidden_states):
        assert off(mine, other, mask) < 1e-10
    for mine, other in zip(weights, made.attentions, strict=True):
        assert off(mine.transpose(1, 2), other.transpose(1, 2), mask) < 1e-10


def test_segments_are_the_first_unless_said(theirs, batch):
    ids, mask, _ = batch
    model, _ = ours(theirs)
    with torch.no_grad():
        assert off(model(ids, mask), theirs(ids, mask.long()).logits, mask) < 1e-10


def test_in_single_precision_it_is_within_a_hundred_thousandth(theirs, batch, out):
    ids, mask, segments = batch
    model = ours(theirs)[0].float()
    with torch.no_grad():
        assert off(model(ids, mask, segments).double(), out[1], mask) < 1e-5


# ---- bugs planted on purpose: each must be seen ---------------------------------------------------


def unscaled(q, k, v, **options):
    return attention.attention(q, k, v, scale=1.0, **options)


def by_width(q, k, v, **options):
    return attention.attention(q, k, v, scale=21**-0.5, **options)


def exchanged(q, k, v, **options):
    return attention.attention(k, q, v, **options)


def everybody(q, k, v, mask=None):
    return attention.attention(q, k, v)


def looks_back(q, k, v, mask=None):
    return attention.attention(q, k, v, mask & torch.ones(q.shape[-2], k.shape[-2], dtype=bool).tril())


def softmax_over_queries(q, k, v, mask=None):
    scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -1e30)
    return scores.softmax(dim=-2) @ v


def values_of_the_keys(q, k, v, **options):
    return attention.attention(q, k, k, **options)


def heads_the_other_way(q, k, v, **options):
    return attention.attention(q, k, v, **options).flip(1)


BUGS = (unscaled, by_width, exchanged, everybody, looks_back, softmax_over_queries, values_of_the_keys, heads_the_other_way)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_attention_is_seen(theirs, batch, out, bug):
    ids, mask, segments = batch
    model, _ = ours(theirs)
    for layer in model.bert.layers:
        layer.attend.layer.attend = bug
    with torch.no_grad():
        assert off(model(ids, mask, segments), out[1], mask) > 1e-3


def places_off(model):
    model.bert.place.weight.data = model.bert.place.weight.data.roll(1, 0)


def segments_off(model):
    model.bert.segment.weight.data = model.bert.segment.weight.data.flip(0)


def tanh_in_the_gelu(model):
    for layer in model.bert.layers:
        layer.feed_forward.layer.activation = gelu_tanh


def norm_left_out(model):
    model.bert.norm = nn.Identity()


def no_bias_of_words(model):
    model.head.bias.data.zero_()


def norm_of_the_head_left_out(model):
    model.head.norm = nn.Identity()


PARTS = (places_off, segments_off, tanh_in_the_gelu, norm_left_out, no_bias_of_words, norm_of_the_head_left_out)


@pytest.mark.parametrize("bug", PARTS)
def test_a_bug_in_another_part_is_seen(theirs, batch, out, bug):
    ids, mask, segments = batch
    model, _ = ours(theirs)
    bug(model)
    with torch.no_grad():
        assert off(model(ids, mask, segments), out[1], mask) > 1e-5


# ---- what is true of it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "n"),
    [
        (bert.Config(), 109_482_240),
        (bert.Config(d_model=1024, n_heads=16, n_layers=24, d_ff=4096), 335_141_888),
        (bert.Config(d_model=384, n_layers=6, d_ff=1536), 22_713_216),
    ],
    ids=["base", "large", "MiniLM"],
)
def test_parameters_are_those_of_the_library_s_model(config, n):
    assert bert.n_parameters(config) == n
    sizes = transformers.BertConfig(hidden_size=config.d_model, num_attention_heads=config.n_heads, num_hidden_layers=config.n_layers,
                                    intermediate_size=config.d_ff)  # fmt: skip
    with torch.device("meta"):
        assert sum(p.numel() for p in transformers.BertModel(sizes).parameters()) == n


def test_the_head_shares_the_table_of_the_entrance():
    sizes = bert.Config(d_model=384, n_layers=1, d_ff=7)
    alone, both = bert.n_parameters(sizes, bert.Bert), bert.n_parameters(sizes, bert.MaskedBert)
    assert both - alone == 384 * 385 + 2 * 384 + 30522
    model = bert.MaskedBert(SMALL)
    model(torch.tensor([[1, 2]])).sum().backward()
    assert model.bert.piece.weight.grad[52].abs().max() > 0  # a piece that did not enter


def test_initial_values_are_cut_off_at_two_deviations():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = bert.MaskedBert(bert.Config(d_model=96, n_heads=3, n_layers=1, d_ff=97))
    for name, weight in model.named_parameters():
        if name.endswith("gain"):
            assert (weight == 1).all()
        elif name.endswith("bias"):
            assert (weight == 0).all()
        else:
            assert weight.abs().max() <= 0.04 and abs(weight.std() - 0.0176) < 0.002


def test_a_mask_with_four_axes_goes_to_attention_as_it_is(batch):
    ids = batch[0][:, :11]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        model = bert.Bert(SMALL).double()
    past = torch.ones(1, 1, 11, 11, dtype=torch.bool).tril()
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % 53
    with torch.no_grad():
        a, b = model(ids, past), model(changed, past)
        torch.testing.assert_close(a[:, :-1], b[:, :-1], rtol=0, atol=0)
        assert (model(ids) - model(changed))[:, :-1].abs().max() > 1e-6


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((torch.zeros(1, 513, dtype=torch.int64),), ValueError, "513 tokens do not fit into 512 places"),
        ((torch.tensor([[3, 53]]),), ValueError, "ids go from 3 to 53 but there are rows for 0 to 52"),
        ((torch.tensor([[-1, 4]]),), ValueError, "ids go from -1 to 4 but there are rows for 0 to 52"),
        ((torch.tensor([[3.0]]),), TypeError, "ids must hold integers but their dtype is torch.float32"),
        ((torch.tensor([[3, 4]]), torch.ones(1, 3, dtype=bool)), ValueError, r"the mask has shape \(1, 3\) but the ids \(1, 2\)"),
        ((torch.tensor([[3, 4]]), None, None, torch.tensor([[0, 2]])), ValueError, "segments go from 0 to 2 but there are rows for 0 to 1"),
        ((torch.tensor([[3, 4]]), None, None, torch.tensor([[0]])), ValueError, r"segments have shape \(1, 1\) but the ids \(1, 2\)"),
    ],
)
def test_what_it_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        bert.Bert(SMALL)(*arguments)


def test_a_config_refuses_no_layers():
    with pytest.raises(ValueError, match="n_layers must be at least 1 but is 0"):
        bert.Config(n_layers=0)

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.layers import FeedForward, GatedFeedForward, LayerNorm, PostNorm, PreNorm, relu
from attnlab.models import transformer
from attnlab.models.transformer import Config, Memory, Transformer, cross_weights, load_torch, n_parameters
from attnlab.positions import Learned, sinusoidal
from attnlab.tokens.vocabulary import PAD
from attnlab.training import seeded
from attnlab.weights.torch_transformer import to_torch

B, N, M, D, HEADS, D_FF = 3, 7, 5, 30, 5, 41  # N target tokens, M source tokens
CONFIG = Config(n_source=13, n_target=17, d_model=D, n_heads=HEADS, d_ff=D_FF, n_layers=3, max_len=19, dropout=0.0)
wraps = pytest.mark.parametrize("wrap", [PostNorm, PreNorm])


def ids(seed: int, rows: int, columns: int, n_words: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).integers(1, n_words, size=(rows, columns)))


SOURCE, TARGET = ids(0, B, M, 13), ids(1, B, N, 17)
PADDED_SOURCE, PADDED_TARGET = SOURCE.clone(), TARGET.clone()
PADDED_SOURCE[0, 2:], PADDED_SOURCE[2, 4:] = PAD, PAD  # the short one first
PADDED_TARGET[1, 3:] = PAD


def made(wrap=PostNorm, config=CONFIG, **variants) -> Transformer:
    """A model in float64 whose norms and biases are not where they started."""
    model = seeded(lambda: Transformer(config, wrap, **variants).double())
    with torch.no_grad():
        for i, weight in enumerate(model.parameters()):
            if weight.ndim == 1:
                weight.add_(torch.tensor(normal(200 + i, *weight.shape)) / 3)
    return model.eval()


def torch_model(wrap=PostNorm, d=D, heads=HEADS, n_encoder=3) -> nn.Transformer:
    """Torch's model in float64, on its plain path and not the fused one. It warns that norms before need the plain one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "enable_nested_tensor")
        return seeded(
            lambda: nn.Transformer(
                d, heads, n_encoder, 3, D_FF, 0.0, batch_first=True, norm_first=wrap is PreNorm, dtype=torch.float64
            )
        ).train()


def pair(wrap, config=CONFIG) -> tuple[Transformer, nn.Transformer]:
    """A model of ours and one of torch with its weights."""
    model = made(wrap, config, last=LayerNorm)
    theirs = torch_model(wrap)
    theirs.load_state_dict(to_torch(model.state_dict()))
    return model, theirs


def embedded(model: Transformer, ids: torch.Tensor, side: str) -> torch.Tensor:
    """What enters the first block, for texts filled up at the end."""
    table = getattr(model, side).table
    return table[ids] * D**0.5 + sinusoidal(torch.arange(ids.shape[1]), D)


def through_torch(model: Transformer, theirs: nn.Transformer, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Logits of torch's encoder and decoder between our tables; there a mask of True hides."""
    hidden, later = source == PAD, torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
    states = theirs(
        embedded(model, source, "source"), embedded(model, target, "target"), tgt_mask=later,
        src_key_padding_mask=hidden, tgt_key_padding_mask=target == PAD, memory_key_padding_mask=hidden,
    )  # fmt: skip
    return states @ model.target.table.T


# Against torch.nn.Transformer


@wraps
@pytest.mark.parametrize(("source", "target"), [(SOURCE, TARGET), (PADDED_SOURCE, PADDED_TARGET)], ids=["full", "padded"])
def test_outputs_and_gradients_equal_those_of_torch(wrap, source, target):
    model, theirs = pair(wrap)
    real, push = (target != PAD)[..., None], torch.tensor(normal(5, B, N, 17))
    mine, other = model(source, target), through_torch(model, theirs, source, target)
    assert_same(mine * real, other * real)
    (mine * real * push).sum().backward()
    ours = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    (other * real * push).sum().backward()
    stacked = to_torch({name: grad for name, grad in ours.items()})
    for name, p in theirs.named_parameters():
        assert_same(stacked[name], p.grad, atol=1e-12 * max(1.0, p.grad.abs().max().item()))
    for name in ("source.table", "target.table"):
        grad = model.get_parameter(name).grad
        assert_same(ours[name], grad, atol=1e-12 * max(1.0, grad.abs().max().item()))


@wraps
def test_encoder_and_decoder_equal_those_of_torch_alone(wrap):
    model, theirs = pair(wrap)
    memory = model.encode(PADDED_SOURCE)
    x, hidden = embedded(model, PADDED_SOURCE, "source"), PADDED_SOURCE == PAD
    expected = theirs.encoder(x, src_key_padding_mask=hidden)
    real = ~hidden[..., None]
    assert_same(memory.states * real, expected * real)  # nobody reads the rows of the padding
    later = torch.ones(N, N, dtype=torch.bool).triu(1)
    states = theirs.decoder(
        embedded(model, TARGET, "target"), expected, tgt_mask=later, memory_key_padding_mask=hidden
    )
    assert_same(model.decode(TARGET, memory), states)


@wraps
def test_weights_of_torch_go_in_and_come_back(wrap):
    theirs = torch_model(wrap)
    model = made(wrap, last=LayerNorm)
    table = model.target.table.detach().clone()
    load_torch(model, theirs)
    assert_same(model.target.table.detach(), table, atol=0)
    assert_same(model(SOURCE, TARGET), through_torch(model, theirs, SOURCE, TARGET))
    back = to_torch(model.state_dict())
    assert set(back) == set(theirs.state_dict())
    for name, part in theirs.state_dict().items():
        assert_same(back[name], part, atol=0)


# What is true of it


@pytest.mark.parametrize("variant", ["post", "pre", "learned", "shared", "gated"])
@pytest.mark.parametrize("seed", range(3))
def test_decoding_with_a_cache_equals_decoding_without(variant, seed):
    config = Config(17, 17, D, HEADS, D_FF, 2, 19, 0.0)
    model = {
        "post": lambda: made(config=config),
        "pre": lambda: made(PreNorm, config),
        "learned": lambda: made(config=config, positions=Learned),
        "shared": lambda: made(config=config, shared=True),
        "gated": lambda: made(config=config, feed_forward=GatedFeedForward),
    }[variant]()
    target = ids(seed, B, 11, 17)
    target[0, :4], target[1, 9:] = PAD, PAD  # padding in front and behind
    memory = model.encode(PADDED_SOURCE)
    cache, pieces = model.start_cache(), []
    ends = [0, *sorted(np.random.default_rng(seed).choice(np.arange(1, 11), size=4, replace=False)), 11]
    for start, end in zip(ends, ends[1:]):
        pieces.append(model.decode(target[:, start:end], memory, cache))
        assert cache.length == end
    assert_same(torch.cat(pieces, dim=1), model.decode(target, memory))


def test_rows_of_a_cache_go_on_alone():
    model, rows = made(), torch.tensor([2, 0, 0, 1])
    memory, cache = model.encode(PADDED_SOURCE), model.start_cache()
    model.decode(TARGET[:, :4], memory, cache)
    chosen = model.decode(TARGET[rows, 4:], memory.select(rows), cache.select(rows))
    assert_same(chosen, model.decode(TARGET, memory)[rows, 4:])
    assert cache.length == 4


@wraps
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_with_padding_equals_one_by_one(wrap, side):
    """Left: the filler stands in front of the text."""
    model = made(wrap)
    texts = [(ids(20 + i, 1, m, 13), ids(30 + i, 1, n, 17)) for i, (m, n) in enumerate([(2, 3), (5, 7), (4, 1)])]

    def filled(x, width):
        blank = torch.full((1, width - x.shape[1]), PAD)
        return torch.cat([blank, x] if side == "left" else [x, blank], dim=1)

    together = model(
        torch.cat([filled(source, 5) for source, _ in texts]), torch.cat([filled(target, 7) for _, target in texts])
    )
    for logits, (source, target) in zip(together, texts):
        n = target.shape[1]
        assert_same(logits[-n:] if side == "left" else logits[:n], model(source, target)[0])
    assert together.isfinite().all()


def test_the_decoder_sees_its_past_and_all_of_the_source():
    model, changed = made(), TARGET.clone()
    changed[:, 4] = changed[:, 4] % 16 + 1
    moved = (model(SOURCE, changed) - model(SOURCE, TARGET)).abs().amax(dim=(0, 2))
    assert (moved[:4] == 0).all() and (moved[4:] > 1e-3).all()
    for i in range(M):
        other = SOURCE.clone()
        other[:, i] = other[:, i] % 12 + 1
        assert ((model(other, TARGET) - model(SOURCE, TARGET)).abs().amax(dim=(0, 2)) > 1e-4).all()


def test_the_encoder_looks_both_ways_and_at_no_padding():
    model, changed = made(), PADDED_SOURCE.clone()
    changed[1, 4] = changed[1, 4] % 12 + 1
    moved = (model.encode(changed).states - model.encode(PADDED_SOURCE).states).abs().amax(dim=2)
    assert (moved[1] > 1e-4).all() and (moved[[0, 2]] == 0).all()
    assert model.encode(PADDED_SOURCE).may.shape == (B, 1, 1, M)


def test_order_matters_until_positions_are_left_out():
    def nowhere(max_len, d_model):
        return lambda places: torch.zeros(len(places), d_model)

    turned = SOURCE.flip(1)
    assert (made()(turned, TARGET) - made()(SOURCE, TARGET)).abs().max() > 1e-2
    blind = made(positions=nowhere)
    assert_same(blind(turned, TARGET), blind(SOURCE, TARGET), atol=1e-11)


def test_a_source_of_padding_alone_and_of_no_token_give_finite_numbers():
    model = made()
    for source in (torch.zeros(B, 3, dtype=torch.long), torch.zeros(B, 0, dtype=torch.long)):
        logits = model(source, TARGET)
        assert logits.isfinite().all()
        assert_same(logits, model(torch.zeros(B, 3, dtype=torch.long), TARGET))


def test_cross_weights_are_those_used():
    """The first layer, head by head, from its own matrices; rows sum to one and padding gets nothing."""
    model = made()
    weights = cross_weights(model, PADDED_SOURCE, TARGET)
    assert weights.shape == (3, B, HEADS, N, M)
    assert_same(weights.sum(dim=-1), torch.ones(3, B, HEADS, N, dtype=torch.float64))
    assert (weights[:, 0, :, :, 2:] == 0).all()
    states = []
    block = model.decoder[1].cross_attend
    hook = block.layer.register_forward_pre_hook(lambda _, given: states.append(given[0]))
    memory = model.encode(PADDED_SOURCE)
    model.decode(TARGET, memory)
    hook.remove()
    q = states[0] @ block.layer.query.weight.T + block.layer.query.bias
    k = memory.states @ block.layer.key.weight.T + block.layer.key.bias
    scores = q[..., 6:12] @ k[..., 6:12].mT / 6**0.5
    scores = scores.masked_fill((PADDED_SOURCE == PAD)[:, None], -torch.inf)
    assert_same(weights[1, :, 1], scores.softmax(dim=-1).detach())
    assert not any(m._forward_pre_hooks for m in model.modules())


def test_waves_are_the_sinusoids():
    assert_same(transformer.waves(19, D)(torch.arange(7)), sinusoidal(torch.arange(7), D), atol=0)


def test_a_shared_table_is_one_table():
    model = made(config=Config(13, 13, D, HEADS, D_FF, 1, 19), shared=True)
    assert model.source is model.target
    assert sum("table" in name for name, _ in model.named_parameters()) == 1
    apart = made(config=Config(13, 13, D, HEADS, D_FF, 1, 19))
    assert apart.source is not apart.target


def test_the_last_norm_stands_where_it_is_needed():
    assert isinstance(made(PostNorm).decoder_last, nn.Identity)
    for model in (made(PreNorm), made(PostNorm, last=LayerNorm), made(lambda *given: PostNorm(*given))):
        assert isinstance(model.encoder_last, LayerNorm) and isinstance(model.decoder_last, LayerNorm)
    assert model.encoder_last is not model.decoder_last


def test_dropout_acts_in_training_alone():
    model = made(config=Config(13, 17, D, HEADS, D_FF, 2, 19, 0.5))
    assert_same(model(SOURCE, TARGET), model(SOURCE, TARGET), atol=0)
    model.train()
    assert (model(SOURCE, TARGET) - model(SOURCE, TARGET)).abs().max() > 0.01
    drops = [part for part in model.modules() if isinstance(part, nn.Dropout)]
    assert len(drops) == 1 + 2 * (2 + 3) and all(part.p == 0.5 for part in drops)
    for part in drops:
        part.p = 0.0
    assert_same(model(SOURCE, TARGET), model(SOURCE, TARGET), atol=0)
    model.drop.p = 0.5  # that of the entrance alone
    assert (model(SOURCE, TARGET) - model(SOURCE, TARGET)).abs().max() > 0.01


# Counts


def by_hand(v: int, d: int, d_ff: int, n: int) -> int:
    """One shared table, attention with biases, two matrices a feed-forward network, gain and bias a norm."""
    attention, feed_forward, norm = 4 * (d * d + d), 2 * d * d_ff + d_ff + d, 2 * d
    return v * d + n * (attention + feed_forward + 2 * norm) + n * (2 * attention + feed_forward + 3 * norm)


def test_parameters_of_the_two_models_of_2017():
    """Table 3 prints 65 and 213 million for a vocabulary of "about 37000"."""
    base, big = Config(37000, 37000), Config(37000, 37000, 1024, 16, 4096)
    assert n_parameters(base, shared=True) == by_hand(37000, 512, 2048, 6) == 63_082_496
    assert n_parameters(big, shared=True) == by_hand(37000, 1024, 4096, 6) == 214_245_376


def test_n_parameters_counts_what_is_there():
    assert n_parameters(CONFIG) == sum(p.numel() for p in made().parameters())
    assert n_parameters(CONFIG, wrap=PreNorm) == n_parameters(CONFIG) + 4 * D  # two norms more
    assert n_parameters(CONFIG, positions=Learned) == n_parameters(CONFIG) + 2 * 19 * D
    plain = lambda d_model, d_ff: FeedForward(d_model, d_ff, relu, bias=False)  # noqa: E731
    assert n_parameters(CONFIG, feed_forward=plain) == n_parameters(CONFIG) - 6 * (D + D_FF)


def test_initial_values_are_those_of_the_table():
    model = seeded(lambda: Transformer(Config(997, 991, 64, 4, 128, 2)))
    for table in (model.source.table, model.target.table):
        assert abs(table.std().item() - 1 / 8) < 2e-3 and abs(table.mean().item()) < 2e-3
    for name, p in model.named_parameters():
        if p.ndim == 1:
            assert (p == (1 if name.endswith("gain") else 0)).all()
        elif "table" not in name:
            bound = (6 / sum(p.shape)) ** 0.5
            assert 0.95 * bound < p.abs().max() <= bound
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(3.0)
    seeded(lambda: transformer.initial_values(model))
    again = seeded(lambda: Transformer(Config(997, 991, 64, 4, 128, 2)))
    assert all(p.abs().max() < 2.9 for p in again.parameters() if p.ndim > 1)
    assert (model.decoder[1].cross_attend.norm.gain == 1).all() and (model.encoder[0].attend.layer.query.bias == 0).all()


def test_state_goes_on_in_another_model():
    model, other = made(), seeded(lambda: Transformer(CONFIG).double(), seed=1).eval()
    other.load_state_dict(model.state_dict())
    assert_same(other(SOURCE, TARGET), model(SOURCE, TARGET), atol=0)


# At the door

MODEL = made()
MEMORY = MODEL.encode(SOURCE)
FULL = MODEL.start_cache()
MODEL.decode(ids(2, B, 18, 17), MEMORY, FULL)
BAD = {
    "source has 20 tokens but max_len = 19": lambda: MODEL.encode(ids(0, B, 20, 13)),
    "target has 20 tokens but max_len = 19": lambda: MODEL.decode(TARGET[:, :2], MEMORY, FULL),
    "source ids go from 3 to 13 but there are rows for 0 to 12": lambda: MODEL.encode(torch.tensor([[3, 13]])),
    "target ids go from -1 to 2 but there are rows for 0 to 16": lambda: MODEL(SOURCE[:1], torch.tensor([[2, -1]])),
    "source ids must have the axes (batch, tokens) but the shape is (5,)": lambda: MODEL.encode(SOURCE[0]),
    "target has 2 texts but the memory 3": lambda: MODEL.decode(TARGET[:2], MEMORY),
    "the cache has 2 layers but the decoder 3": lambda: MODEL.decode(TARGET, MEMORY, transformer.ModelCache(2)),
    "2 texts do not go on with a cache of 3": lambda: MODEL.decode(TARGET[:2, :1], MEMORY.select(torch.tensor([0, 1])), FULL),
    "one table cannot have n_source = 13 and n_target = 17 rows": lambda: Transformer(CONFIG, shared=True),
    "n_heads = 7 does not divide d_model = 30": lambda: Transformer(Config(13, 17, 30, 7)),
    "d_ff must be at least 1 but is 0": lambda: Config(13, 17, d_ff=0),
    "dropout must be at least 0 and below 1 but is 1.0": lambda: Config(13, 17, dropout=1.0),
    "dropout must be at least 0 and below 1 but is nan": lambda: Config(13, 17, dropout=float("nan")),
    "encoder_last.gain has shape (30,) there but nothing here": lambda: load_torch(MODEL, pair(PostNorm)[1]),
    "has shape (6, 6) there but (30, 30) here": lambda: load_torch(made(last=LayerNorm), torch_model(d=6, heads=3)),
    "encoder.2.attend.layer.key.bias is in this model but not there": lambda: load_torch(made(last=LayerNorm), torch_model(n_encoder=2)),
}


@pytest.mark.parametrize(("message", "call"), BAD.items(), ids=BAD)
def test_errors_name_what_disagrees(as_readers_run_it, message, call):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_ids_are_integers(as_readers_run_it):
    with pytest.raises(TypeError, match=re.escape("source ids must hold integers but their dtype is torch.float32")):
        MODEL.encode(SOURCE.float())
    with pytest.raises(TypeError, match=re.escape("target ids must hold integers but their dtype is torch.bool")):
        MODEL.decode(TARGET > 0, MEMORY)


def test_a_refused_call_leaves_the_cache_as_it_was(as_readers_run_it):
    cache = MODEL.start_cache()
    MODEL.decode(TARGET[:, :3], MEMORY, cache)
    for bad in (torch.full((B, 1), 99), ids(0, B, 18, 17)):
        with pytest.raises(ValueError):
            MODEL.decode(bad, MEMORY, cache)
    assert cache.length == 3 and all(layer.length == 3 for layer in cache.layers)
    assert_same(MODEL.decode(TARGET[:, 3:], MEMORY, cache), MODEL.decode(TARGET, MEMORY)[:, 3:])


def test_a_memory_is_a_pair_of_states_and_who_may_be_looked_at():
    memory = MODEL.encode(PADDED_SOURCE)
    blind = Memory(memory.states, torch.zeros_like(memory.may))
    other = Memory(-memory.states, blind.may)
    assert_same(MODEL.decode(TARGET, blind), MODEL.decode(TARGET, other))  # nothing of the source arrives

"""T5 beside the transformers library's own, its counts, its cache, and what is true of it."""

from __future__ import annotations

import pytest
import torch
from compare import assert_same

from attnlab.generation import greedy, step_of
from attnlab.models import t5
from attnlab.models.t5 import T5, Config, RelativeBias, TiedHead, looks, n_parameters, own_head, version_1_0, version_1_1
from attnlab.tokens.vocabulary import PAD
from attnlab.training import seeded
from attnlab.weights.t5 import from_transformers

CONFIG = Config(vocab_size=61, d_model=22, n_heads=3, d_head=10, d_ff=41, n_layers=2)
B, M, N = 2, 521, 517  # texts, tokens of the source and of the target: past the last bucket
VERSIONS = {"1.0": (version_1_0, "relu", True), "1.1": (version_1_1, "gated-gelu", False)}
versions = pytest.mark.parametrize("version", VERSIONS)


def theirs(version: str, config: Config = CONFIG):
    """The library's model with random weights of deviation 0.2, in float64, on its plain path."""
    import transformers

    _, network, tied = VERSIONS[version]
    made = transformers.T5Config(
        vocab_size=config.vocab_size, d_model=config.d_model, d_kv=config.d_head, d_ff=config.d_ff, num_layers=config.n_layers,
        num_heads=config.n_heads, feed_forward_proj=network, tie_word_embeddings=tied, dropout_rate=0.0,
        attn_implementation="eager", scale_decoder_outputs=tied,
    )  # fmt: skip
    model = seeded(lambda: transformers.T5ForConditionalGeneration(made)).double().eval()
    chance = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.2 * torch.randn(weight.shape, generator=chance, dtype=torch.float64) + (weight.ndim == 1))
    return model


def pair(version: str):
    library = theirs(version)
    ours = VERSIONS[version][0](CONFIG).double().eval()
    ours.load_state_dict(from_transformers(library.state_dict()))
    return ours, library


def ids(seed: int, n: int, texts: int = B) -> torch.Tensor:
    return torch.randint(1, CONFIG.vocab_size, (texts, n), generator=torch.Generator().manual_seed(seed))


SOURCE, TARGET = ids(0, M), ids(1, N)
SOURCE[0, 300:] = PAD  # the short text first
TARGET[:, 0] = PAD  # where every target begins


@pytest.fixture(scope="module", params=VERSIONS)
def both(request):
    """Our model, and what the library's says of one padded batch."""
    ours, library = pair(request.param)
    with torch.no_grad():
        said = library(
            input_ids=SOURCE, attention_mask=(SOURCE != PAD).long(), decoder_input_ids=TARGET, output_hidden_states=True, output_attentions=True
        )
    return ours, said


def close(ours: torch.Tensor, library: torch.Tensor, relative: float = 1e-5) -> None:
    """The library computes norms and softmax in single precision, whatever the dtype."""
    scale = library.abs().max()
    assert ours.shape == library.shape and (ours - library).abs().max() < relative * scale, float((ours - library).abs().max() / scale)


@torch.no_grad()
def hidden(model: T5, source: torch.Tensor, target: torch.Tensor) -> tuple[list, list]:
    """What leaves every block of the encoder and of the decoder."""
    states: tuple[list, list] = ([], [])
    hooks = [
        block.register_forward_hook(lambda _, __, out, kept=kept: kept.append(out))
        for kept, stack in zip(states, (model.encoder, model.decoder))
        for block in stack
    ]
    model(source, target)
    for hook in hooks:
        hook.remove()
    return states


def test_logits_are_the_library_s(both):
    ours, said = both
    with torch.no_grad():
        close(ours(SOURCE, TARGET), said.logits)


def test_hidden_states_are_the_library_s(both):
    ours, said = both
    encoder, decoder = hidden(ours, SOURCE, TARGET)
    for mine, library in zip(encoder[:-1], said.encoder_hidden_states[1:-1], strict=True):
        close(mine[1], library[1])
        close(mine[0, :300], library[0, :300])
    close(ours.encode(SOURCE).states[1], said.encoder_last_hidden_state[1])
    for mine, library in zip(decoder[:-1], said.decoder_hidden_states[1:-1], strict=True):
        close(mine, library)
    close(ours.decoder_last(decoder[-1]), said.decoder_hidden_states[-1])


def test_attention_is_the_library_s(both):
    ours, said = both
    found = looks(ours, SOURCE, TARGET)
    close(found.encoder[:, 1], torch.stack(said.encoder_attentions)[:, 1])
    close(found.decoder, torch.stack(said.decoder_attentions))
    close(found.cross, torch.stack(said.cross_attentions))
    assert_same(found.cross.sum(dim=-1), torch.ones(found.cross.shape[:-1], dtype=torch.float64), atol=1e-12)
    assert found.cross[:, 0, ..., 300:].abs().max() == 0


@versions
def test_step_by_step_with_a_cache_is_the_whole_and_the_library_s(version):
    ours, library = pair(version)
    with torch.no_grad():
        memory, cache = ours.encode(SOURCE), ours.start_cache()
        whole = ours.logits(ours.decode(TARGET, memory))
        parts = [ours.decode(part, memory, cache) for part in TARGET.split([1, 1, 140, 300, 75], dim=1)]
        close(ours.logits(torch.cat(parts, dim=1)), whole, 1e-12)
        assert cache.length == N
        kept = library(input_ids=SOURCE, attention_mask=(SOURCE != PAD).long(), decoder_input_ids=TARGET[:, :-1], use_cache=True)
        last = library(
            encoder_outputs=(kept.encoder_last_hidden_state,), attention_mask=(SOURCE != PAD).long(),
            decoder_input_ids=TARGET[:, -1:], past_key_values=kept.past_key_values,
        )  # fmt: skip
        close(whole[:, -1:], last.logits)


@versions
def test_it_writes_what_the_library_writes(version):
    ours, library = pair(version)
    source = SOURCE[:, :40].clone()
    source[0, 17:] = PAD
    said = library.generate(
        input_ids=source, attention_mask=(source != PAD).long(), max_new_tokens=12, do_sample=False, eos_token_id=2, decoder_start_token_id=0
    )
    step = step_of(ours, source)
    start = torch.zeros(B, 1, dtype=torch.long)
    for cache in (None, ours.start_cache()):
        mine = greedy(step, start, 12, cache=cache, end=2)
        assert mine.tolist() == said[:, 1:].tolist()


def planted(name: str):
    """T5 with one of the mistakes that are easy to make."""
    ours, _ = pair("1.0")
    if name == "scores divided by the root":
        for part in ours.modules():
            if hasattr(part, "attend") and callable(part.attend) and not isinstance(part.attend, torch.nn.Module):
                part.attend = lambda q, k, v, **options: t5.attention(q, k, v, **options)
    if name == "sides exchanged":
        ours.encoder_bias.forward = lambda q, k: RelativeBias.forward(ours.encoder_bias, q, k).mT
    if name == "both sides in the decoder":
        ours.decoder_bias.both_sides = True
    if name == "bias forgotten after the first layer":
        block = ours.encoder[1]
        forward = block.forward
        block.forward = lambda x, mask=None, bias=None: forward(x, mask=mask)
    if name == "logits not divided":
        ours.head.forward = lambda x: x @ ours.head.weight.T
    if name == "rows times the root of the width":
        forward_rows = ours.table.forward
        ours.table.forward = lambda ids: forward_rows(ids) * CONFIG.d_model**0.5
    if name == "last norm left out":
        ours.encoder_last = torch.nn.Identity()
    if name == "distances end at 64":
        ours.encoder_bias.max_distance = 64
    return ours


MISTAKES = ["scores divided by the root", "sides exchanged", "both sides in the decoder", "bias forgotten after the first layer",
            "logits not divided", "rows times the root of the width", "last norm left out", "distances end at 64"]  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_moves_the_logits(name):
    right, _ = pair("1.0")
    source, target = SOURCE[:, :150], TARGET[:, :150]
    with torch.no_grad():
        gap = (planted(name)(source, target) - right(source, target)).abs().max() / right(source, target).abs().max()
    assert gap > 1e-3


@pytest.mark.parametrize(("make", "sizes", "count"), [
    (version_1_0, (32128, 512, 8, 64, 2048, 6), 60_506_624), (version_1_0, (32128, 768, 12, 64, 3072, 12), 222_903_552),
    (version_1_0, (32128, 1024, 16, 64, 4096, 24), 737_668_096), (version_1_0, (32128, 1024, 32, 128, 16384, 24), 2_851_598_336),
    (version_1_0, (32128, 1024, 128, 128, 65536, 24), 11_307_321_344), (version_1_1, (32128, 512, 6, 64, 1024, 8), 76_961_152),
    (version_1_1, (32128, 768, 12, 64, 2048, 12), 247_577_856),
])  # fmt: skip
def test_n_parameters_are_the_published_ones(make, sizes, count):
    assert n_parameters(Config(*sizes), make) == count


def test_n_parameters_by_hand():
    c = CONFIG
    look, network = 4 * c.d_model * c.n_heads * c.d_head, 2 * c.d_model * c.d_ff
    blocks = c.n_layers * (look + network + 2 * c.d_model) + c.n_layers * (2 * look + network + 3 * c.d_model)
    assert n_parameters(c) == c.vocab_size * c.d_model + 2 * c.n_buckets * c.n_heads + blocks + 2 * c.d_model
    assert n_parameters(c, version_1_1) == n_parameters(c) + c.vocab_size * c.d_model + 2 * c.n_layers * c.d_model * c.d_ff


def test_the_bias_depends_on_the_offset_alone():
    bias = RelativeBias(3)
    torch.nn.init.normal_(bias.table)
    at = torch.arange(300)
    moved, still = bias(at + 1000, at + 1000), bias(at, at)
    assert_same(moved, still, atol=0)
    assert still[:, 0, 128:].unique(dim=1).shape[1] == 1  # from 128 on, all alike
    assert (still[:, 10, 11] != still[:, 11, 10]).all()


def test_a_later_token_of_the_target_moves_no_earlier_logit():
    model = seeded(lambda: version_1_1(CONFIG)).double()
    other = TARGET.clone()
    other[:, 9:] = 5
    with torch.no_grad():
        a, b = model(SOURCE[:, :30], TARGET[:, :20]), model(SOURCE[:, :30], other[:, :20])
    assert_same(a[:, :9], b[:, :9], atol=1e-13)
    assert (a[:, 9:] - b[:, 9:]).abs().max() > 1e-3


def test_a_text_beside_longer_ones_is_the_text_alone():
    model = seeded(lambda: version_1_0(CONFIG)).double()
    with torch.no_grad():
        alone = model(SOURCE[:1, :300], TARGET[:1, :20])
        assert_same(model(SOURCE, TARGET[:, :20])[:1], alone, atol=1e-12)


def test_initial_values_give_scores_and_logits_of_size_one():
    config = Config(vocab_size=997, d_model=128, n_heads=4, d_head=32, d_ff=256, n_layers=2)
    for make in (version_1_0, version_1_1):
        model = seeded(lambda: make(config))
        t5.initial_values(model)
        source = torch.randint(3, 997, (4, 50), generator=torch.Generator().manual_seed(0))
        q, k, _ = model.encoder[0].attend.layer.project(model.encoder[0].attend.norm(model.table(source)))
        assert 0.8 < (q @ k.mT).std() < 1.2
        with torch.no_grad():
            assert 0.7 < model(source, source).std() < 1.4


def test_heads_are_passed_in():
    model = T5(CONFIG)
    assert isinstance(model.head, TiedHead) and model.head.weight is model.table.weight
    assert own_head(model.table).weight.shape == (CONFIG.vocab_size, CONFIG.d_model)


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize(("source", "target", "error", "words"), [
    (torch.full((2, 3), 61), TARGET[:, :4], ValueError, "source ids go from 61 to 61 but there are rows for 0 to 60"),
    (SOURCE[:, :3], torch.full((2, 3), -1), ValueError, "target ids go from -1 to -1"),
    (SOURCE[:, :3], TARGET[:1, :3], ValueError, "target has 1 texts but the memory 2"),
    (SOURCE[:, :3].float(), TARGET[:, :3], TypeError, "source ids must hold integers but their dtype is torch.float32"),
    (SOURCE[0, :3], TARGET[:, :3], ValueError, r"source ids must have the axes \(batch, tokens\) but the shape is \(3,\)"),
    (SOURCE[:, :0], TARGET[:, :3], ValueError, r"source must hold at least one token of one text but the shape is \(2, 0\)"),
])  # fmt: skip
def test_bad_ids_are_refused(source, target, error, words):
    with pytest.raises(error, match=words):
        version_1_0(CONFIG)(source, target)


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="n_layers must be at least 1"):
        Config(n_layers=0)

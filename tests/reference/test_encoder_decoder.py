"""Encoder and decoder of 2017 in NumPy: against loops, against PyTorch's layers, and by what has to be true of them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from attnlab.reference import encoder_decoder as small
from attnlab.reference.heads import Projections
from attnlab.reference.layers import FeedForward

MODEL = small.load()
PAIRS = [
    (f"{ten} {unit}", f"{eins} und {zehn}")
    for ten, zehn in zip(MODEL.source_words[3:11], MODEL.target_words[3:11])
    for unit, eins in zip(MODEL.source_words[11:], MODEL.target_words[11:20])
]
SOURCE, TARGET = [5, 13], [1, 13, 20, 5]


def norm_by_hand(row, norm):
    mean = sum(row) / len(row)
    variance = sum((a - mean) ** 2 for a in row) / len(row)
    return np.array([(a - mean) / math.sqrt(variance + 1e-5) * g + b for a, g, b in zip(row, norm["gain"], norm["bias"])])


def attention_by_hand(rows, context, parts, may):
    """Two heads of width 4, token by token."""
    w = {name: np.array(x) for name, x in parts.items()}
    out = []
    for t, row in enumerate(rows):
        merged = []
        for head in (slice(0, 4), slice(4, 8)):
            seen = [u for u in range(len(context)) if may(t, u)]
            scores = [(row @ w["query"])[head] @ (context[u] @ w["key"])[head] / 2 for u in seen]
            powers = [math.exp(s - max(scores)) for s in scores]
            merged += [sum(p / sum(powers) * (context[u] @ w["value"])[head] for p, u in zip(powers, seen))]
        out.append(np.concatenate(merged) @ w["output"])
    return out


def feed_by_hand(row, parts):
    w = {name: np.array(x) for name, x in parts.items()}
    return np.array([max(0.0, a) for a in row @ w["expand"] + w["expand_bias"]]) @ w["contract"] + w["contract_bias"]


def rows_by_hand(table, ids):
    rows = []
    for t, i in enumerate(ids):
        angles = [t / 10000 ** (2 * (c // 2) / 8) for c in range(8)]
        rows.append(np.array([math.sqrt(8) * table[i][c] + (math.cos if c % 2 else math.sin)(angles[c]) for c in range(8)]))
    return rows


def logits_by_hand(source, target):
    kept = json.loads(small.FILE.read_text(encoding="utf-8"))
    encoder, decoder = kept["encoder"][0], kept["decoder"][0]

    def add(rows, changes, norm):
        return [norm_by_hand(a + b, norm) for a, b in zip(rows, changes)]

    x = rows_by_hand(kept["source_table"], source)
    x = add(x, attention_by_hand(x, x, encoder["attention"], lambda t, u: True), encoder["attention_norm"])
    memory = add(x, [feed_by_hand(row, encoder["feed"]) for row in x], encoder["feed_norm"])
    y = rows_by_hand(kept["target_table"], target)
    y = add(y, attention_by_hand(y, y, decoder["attention"], lambda t, u: u <= t), decoder["attention_norm"])
    y = add(y, attention_by_hand(y, memory, decoder["cross"], lambda t, u: True), decoder["cross_norm"])
    y = add(y, [feed_by_hand(row, decoder["feed"]) for row in y], decoder["feed_norm"])
    return np.array(y) @ np.array(kept["target_table"]).T


@pytest.mark.parametrize(("source", "target"), [(SOURCE, TARGET), ([9, 17, 4], [1]), ([3], [1, 12, 20])])
def test_logits_are_those_of_the_loops(source, target):
    found = small.logits(MODEL, source, target)
    assert found.shape == (len(target), 21) and found.dtype == np.float64
    np.testing.assert_allclose(found, logits_by_hand(source, target), atol=1e-11, rtol=0)


def test_it_translates_all_its_numbers_also_those_that_were_held_out():
    assert len(PAIRS) == 72 and [small.translate(MODEL, a) for a, _ in PAIRS] == [b for _, b in PAIRS]
    assert small.translate(MODEL, "forty three", most=2) == "drei und" and small.translate(MODEL, "forty three", most=3) == "drei und vierzig"


def test_parameters_are_counted_by_hand():
    tables, attention, feed, norm = (20 + 21) * 8, 4 * 64, 8 * 16 + 16 + 16 * 8 + 8, 16
    assert small.n_parameters(MODEL) == tables + 3 * attention + 2 * feed + 5 * norm == 1736
    assert small.n_parameters(MODEL._replace(encoder=MODEL.encoder * 3)) == 1736 + 2 * (attention + feed + 2 * norm)


def test_words_and_ids():
    assert small.ids_of(MODEL.source_words, " forty  three") == SOURCE and small.ids_of(MODEL.target_words, "drei und vierzig") == TARGET[1:]
    with pytest.raises(KeyError, match="not among these 20 words: fourty, hundred"):
        small.ids_of(MODEL.source_words, "fourty three hundred")


def test_embedding_is_the_scaled_row_plus_its_position():
    rows = small.embed(MODEL.source_table, np.array([[5, 13], [13, 13]]))
    np.testing.assert_allclose(rows[1, 1] - rows[1, 0], small.embed(0 * MODEL.source_table, [0, 0])[1] - small.embed(0 * MODEL.source_table, [0])[0], atol=1e-12)
    np.testing.assert_allclose(rows[0], rows_by_hand(MODEL.source_table, SOURCE), atol=1e-12)


def test_padding_of_the_source_is_read_by_nobody():
    batch = np.array([[5, 13, 0, 7], [9, 17, 4, 12]])
    real = np.array([[True, True, False, False], [True] * 4])
    together = small.logits(MODEL, batch, np.array([TARGET, [1, 17, 20, 9]]), real)
    np.testing.assert_allclose(together[0], small.logits(MODEL, SOURCE, TARGET), atol=1e-12)
    np.testing.assert_allclose(together[1], small.logits(MODEL, batch[1], [1, 17, 20, 9]), atol=1e-12)
    assert np.abs(small.logits(MODEL, batch, np.array([TARGET] * 2))[0] - together[0]).max() > 0.01
    memory = small.encode(MODEL, batch[0], real[0])
    assert np.abs(small.decode(MODEL, TARGET, memory) - small.decode(MODEL, TARGET, memory, real[0])).max() > 0.01


def test_rows_know_their_past_and_the_whole_source():
    whole = small.logits(MODEL, SOURCE, TARGET)
    for t in range(1, 5):
        np.testing.assert_allclose(small.logits(MODEL, SOURCE, TARGET[:t]), whole[:t], atol=1e-12)
    assert np.abs(small.logits(MODEL, [7, 13], TARGET) - whole).max(axis=1).min() > 1e-3
    x, y = np.random.default_rng(0).normal(size=(2, 5, 8))
    moved = x.copy()
    moved[0] += 1
    gap = small.decoder_block(moved, y, MODEL.decoder[0], 2) - small.decoder_block(x, y, MODEL.decoder[0], 2)
    assert np.abs(gap).max(axis=1).min() > 1e-6


def test_an_encoder_block_is_equivariant_and_a_decoder_block_does_not_mind_the_order_of_the_memory():
    x, y = np.random.default_rng(1).normal(size=(2, 5, 8))
    order = [3, 0, 4, 1, 2]
    block = MODEL.encoder[0]
    np.testing.assert_allclose(small.encoder_block(x[order], block, 2), small.encoder_block(x, block, 2)[order], atol=1e-12)
    np.testing.assert_allclose(small.decoder_block(x, y[order], MODEL.decoder[0], 2), small.decoder_block(x, y, MODEL.decoder[0], 2), atol=1e-12)


def test_add_norm_adds_first_and_normalises_each_row_of_the_sum():
    x, change = np.random.default_rng(3).normal(size=(2, 3, 8)) * 5
    norm = small.Norm(np.full(8, 2.0), np.full(8, 3.0))
    found = small.add_norm(x, change, norm)
    np.testing.assert_allclose(found, small.add_norm(x + change, 0 * x, norm), atol=1e-12)
    np.testing.assert_allclose(found.mean(axis=1), 3, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=1), 2, atol=1e-4)


def plain(*xs):
    return [x.detach().numpy().T for x in xs]


def projections(layer):
    return Projections(*plain(*layer.in_proj_weight.chunk(3)), *plain(layer.out_proj.weight))


def norms(*layers):
    return [small.Norm(*plain(layer.weight, layer.bias)) for layer in layers]


def feed(layer):
    return FeedForward(*plain(layer.linear1.weight, layer.linear1.bias, layer.linear2.weight, layer.linear2.bias))


def shaken(layer):
    """Gains and biases that are not 1 and 0; attention without its biases."""
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, x in layer.named_parameters():
            if name.endswith(("in_proj_bias", "out_proj.bias")):
                x.zero_()
            else:
                x.add_(0.3 * torch.randn(x.shape, generator=draw, dtype=x.dtype))
    return layer.eval()


def test_blocks_are_pytorchs():
    rng = np.random.default_rng(2)
    x, y, real = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 5, 6)), np.arange(5) < np.array([[2], [5]])
    hidden = torch.tensor(~real)
    layer = shaken(nn.TransformerEncoderLayer(6, 3, 11, batch_first=True).double())
    one, two = norms(layer.norm1, layer.norm2)
    ours = small.encoder_block(y, small.EncoderBlock(projections(layer.self_attn), one, feed(layer), two), 3, real)
    np.testing.assert_allclose(ours[real], layer(torch.tensor(y), src_key_padding_mask=hidden).detach().numpy()[real], atol=1e-12, rtol=0)
    layer = shaken(nn.TransformerDecoderLayer(6, 3, 11, batch_first=True).double())
    one, two, three = norms(layer.norm1, layer.norm2, layer.norm3)
    block = small.DecoderBlock(projections(layer.self_attn), one, projections(layer.multihead_attn), two, feed(layer), three)
    later = torch.ones(3, 3, dtype=torch.bool).triu(1)
    theirs = layer(torch.tensor(x), torch.tensor(y), tgt_mask=later, memory_key_padding_mask=hidden).detach().numpy()
    np.testing.assert_allclose(small.decoder_block(x, y, block, 3, real), theirs, atol=1e-12, rtol=0)

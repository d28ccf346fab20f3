"""The small translator in NumPy: what it says, what it is made of, and that every piece handed in is used."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import reference
from attnlab.reference import translator
from attnlab.reference.translator import COURSE, Pieces

MODEL = translator.load()
TEXTS = ("seven", "three hundred and forty two", "ninety one")


def padded(texts, words, start=False):
    rows = [[*([translator.START] if start else []), *translator.encode_words(text.split(), words)] for text in texts]
    return np.array([row + [translator.PAD] * (max(map(len, rows)) - len(row)) for row in rows])


SOURCE = padded(TEXTS, MODEL.source_words)
TARGET = padded(("sieben", "drei hundert zwei und vierzig", "ein und neunzig"), MODEL.target_words, start=True)


def logits(pieces=COURSE, source=SOURCE):
    return translator.decode(MODEL, TARGET, translator.encode(MODEL, source, pieces), pieces)


def test_its_file_is_small_and_every_number_is_counted():
    assert translator.FILE.stat().st_size < 60_000
    d, f, words = 16, 32, len(MODEL.source_words) + len(MODEL.target_words)
    look, network, norm = 4 * (d * d + d), 2 * d * f + d + f, 2 * d
    assert translator.n_parameters(MODEL) == words * d + 3 * look + 2 * network + 5 * norm == 6608


def test_it_translates_numbers_that_were_kept_back():
    said = [translator.translate(MODEL, english) == german for english, german in MODEL.held_out[:12]]
    assert len(MODEL.held_out) == 200 and sum(said) >= 10
    assert translator.translate(MODEL, "forty three") == "drei und vierzig"
    assert translator.translate(MODEL, "forty three", most=2) == "drei und"


def test_read_gives_the_numbers_as_they_are_kept():
    kept = {
        "source_words": ["<pad>", "<start>", "<end>", "a"], "target_words": ["<pad>", "<start>", "<end>"], "n_heads": 1,
        "source_table": [[1.0, 2.0]] * 4, "target_table": [[3.0, 4.0]] * 3, "encoder": [], "decoder": [], "held_out": [["a", "b"]],
    }  # fmt: skip
    model = translator.read(kept)
    assert model.held_out == (("a", "b"),) and model.source_words[3] == "a" and translator.n_parameters(model) == 14


def test_words_that_it_does_not_know_are_named():
    assert translator.encode_words(["b", "a"], ("a", "b")) == [1, 0]
    with pytest.raises(KeyError, match="not among these 2 words: c, d"):
        translator.encode_words(["a", "c", "d"], ("a", "b"))


def test_embed_scales_and_adds_the_places():
    table = np.arange(12.0).reshape(3, 4)
    angles = np.outer([0, 1], [1, 0.01])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(2, 4)
    np.testing.assert_allclose(translator.embed(table, np.array([[2, 0]])), 2 * table[[[2, 0]]] + waves, atol=1e-12)


def test_look_by_loops():
    layer, x, y = MODEL.decoder[0].cross, np.random.default_rng(0).normal(size=(2, 3, 16)), np.random.default_rng(1).normal(size=(2, 5, 16))
    may = (np.arange(5) < np.array([2, 5])[:, None])[:, None, None]
    out, wanted = translator.look(x, y, may, layer, 2), np.zeros((2, 3, 16))
    for b in range(2):
        heads = []
        for h in (slice(0, 8), slice(8, 16)):
            q, k, v = (rows[b] @ part.matrix[:, h] + part.bias[h] for rows, part in zip((x, y, y), layer))
            s = np.where(may[b, 0], q @ k.T / np.sqrt(8), -np.inf)
            heads.append(np.exp(s - s.max(1, keepdims=True)) / np.exp(s - s.max(1, keepdims=True)).sum(1, keepdims=True) @ v)
        wanted[b] = np.concatenate(heads, axis=1) @ layer.output.matrix + layer.output.bias
    np.testing.assert_allclose(out, wanted, atol=1e-12)


def test_linear_and_network_by_hand():
    layer = translator.Linear(np.array([[1.0, 2], [3, 4]]), np.array([10.0, 20]))
    assert translator.linear(np.array([[1.0, -1]]), layer).tolist() == [[8, 18]]
    contract = translator.Linear(np.array([[1.0, 2], [1, 0]]), np.array([-1.0, 5]))
    assert translator.network(np.array([[1.0, -9]]), (layer, contract)).tolist() == [[-1, 5]]
    assert translator.network(np.array([[1.0, -1]]), (layer, contract)).tolist() == [[25, 21]]


def test_a_text_in_a_padded_batch_is_the_text_alone():
    alone = translator.decode(MODEL, TARGET[:1], translator.encode(MODEL, SOURCE[:1, :1]))
    np.testing.assert_allclose(logits()[:1], alone, atol=1e-12)


def test_the_future_is_not_seen_and_the_source_is():
    later = TARGET.copy()
    later[:, 3:] = 5
    moved = translator.decode(MODEL, later, translator.encode(MODEL, SOURCE))
    np.testing.assert_allclose(moved[:, :3], logits()[:, :3], atol=1e-12)
    assert np.abs(logits(source=SOURCE[[2, 1, 0]]) - logits()).max() > 1


def test_cross_weights_sum_to_one_and_leave_padding_out():
    weights = translator.cross_weights(MODEL, SOURCE, TARGET)
    assert weights.shape == (3, 2, TARGET.shape[1], SOURCE.shape[1])
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)
    assert (weights[0, :, :, 1:] == 0).all() and (weights[1] > 0).all()


@pytest.mark.parametrize("name", [name for name in Pieces._fields if name not in ("continue_text", "next_token_loss")])
def test_every_piece_is_used(name):
    own = getattr(COURSE, name)

    def other(*arguments):
        out = own(*arguments)
        return np.ones_like(out) if out.dtype == bool else out * 1.5

    assert np.abs(logits(COURSE._replace(**{name: other})) - logits()).max() > 1e-3


def test_the_writing_piece_writes():
    assert translator.translate(MODEL, "seven", COURSE._replace(continue_text=lambda *a: [1, 5, 6, 2])) == " ".join(MODEL.target_words[5:7])


def test_the_course_s_own_pieces_by_definition():
    assert COURSE.next_token_loss(np.zeros((1, 3, 7)), np.array([[1, 2, 0]]), 0) == pytest.approx(np.log(7))
    assert COURSE.causal_mask(2, 3).tolist() == [[True, True, False], [True, True, True]]
    assert COURSE.padding_mask([1, 2], 2).tolist() == [[[True, False]], [[True, True]]]
    assert COURSE.continue_text(lambda ids: np.eye(4)[[min(i + 1, 3) for i in ids]], [0], 3, 9).tolist() == [0, 1, 2, 3]
    q = np.random.default_rng(2).normal(size=(3, 2, 5))
    np.testing.assert_allclose(COURSE.masked_attention(*q, np.tri(2, dtype=bool)), reference.attention(*q, np.tri(2, dtype=bool)))

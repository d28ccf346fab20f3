"""The small transformer that is printed on a page: its parts against loops, its numbers against what they can do."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.data.wardrobe import WORDS, wardrobe_split
from attnlab.reference import softmax, tiny

MODEL = tiny.load()
IDS = tiny.encode(MODEL, "red hat , blue coat , red")


def by_hand(ids):
    """The whole model in loops over tokens, from its numbers alone."""
    rows = [[MODEL.table[i][c] + MODEL.places[t][c] for c in range(16)] for t, i in enumerate(ids)]

    def norm(row):
        mean = sum(row) / 16
        return np.array([(a - mean) / (sum((b - mean) ** 2 for b in row) / 16 + 1e-5) ** 0.5 for a in row])

    for block in MODEL.blocks:
        seen = [norm(row) for row in rows]
        looked = []
        for t, row in enumerate(rows):
            scores = [(seen[t] @ block.query) @ (seen[u] @ block.key) / 4 for u in range(t + 1)]
            powers = np.exp(np.array(scores) - max(scores))
            mixed = sum(w * (seen[u] @ block.value) for u, w in enumerate(powers / powers.sum()))
            looked.append(np.array(row) + mixed @ block.output)
        rows = [row + np.maximum(0, norm(row) @ block.expand + block.bias) @ block.contract for row in looked]
    return np.array([[norm(row) @ word for word in MODEL.table] for row in rows])


def test_logits_are_those_of_the_loops():
    found = tiny.logits(MODEL, IDS)
    assert found.shape == (7, 9) and found.dtype == np.float64
    np.testing.assert_allclose(found, by_hand(IDS), atol=1e-11, rtol=0)


def test_states_are_the_rows_before_and_after_each_block_and_scores_read_them_off():
    rows = tiny.states(MODEL, IDS)
    assert [x.shape for x in rows] == [(7, 16)] * 3
    np.testing.assert_array_equal(rows[0], tiny.embed(MODEL, IDS))
    np.testing.assert_array_equal(tiny.scores(MODEL, rows[-1]), tiny.logits(MODEL, IDS))
    x = rows[0] + tiny.look(tiny.normalise(rows[0]), MODEL.blocks[0])
    np.testing.assert_array_equal(x + tiny.think(tiny.normalise(x), MODEL.blocks[0]), rows[1])


def test_weights_are_distributions_over_the_tokens_so_far():
    for x, block in zip(tiny.states(MODEL, IDS), MODEL.blocks):
        a = tiny.weights(x, block)
        assert (a >= 0).all() and np.allclose(a.sum(axis=-1), 1) and (np.triu(a, 1) == 0).all()
        values = tiny.normalise(x) @ block.value
        np.testing.assert_allclose(a @ values @ block.output, tiny.look(tiny.normalise(x), block), atol=1e-12)


def test_normalise_gives_mean_0_and_variance_1():
    x = tiny.normalise(np.random.default_rng(0).normal(size=(3, 5, 7)) * 9 + 4)
    np.testing.assert_allclose(x.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(x.var(axis=-1), 1, atol=1e-4)


def test_each_prefix_is_predicted_in_one_pass():
    whole = tiny.logits(MODEL, IDS)
    for t in range(7):
        np.testing.assert_allclose(tiny.logits(MODEL, IDS[:t + 1])[-1], whole[t], atol=1e-12)


@pytest.mark.parametrize("n_pairs", [2, 3])
def test_it_is_right_about_every_text_that_was_kept_from_it(n_pairs):
    for text in wardrobe_split(n_pairs)[1]:
        ids = tiny.encode(MODEL, " ".join(text))
        guesses, half = tiny.logits(MODEL, ids).argmax(axis=-1), 3 * n_pairs
        assert [guesses[t] for t in range(half, 2 * half, 3)] == ids[half + 1::3]


def test_n_parameters_counts_what_was_learned():
    per_block = 4 * 16 * 16 + 2 * 16 * 32 + 32
    assert tiny.n_parameters(MODEL) == 9 * 16 + 18 * 16 + 2 * per_block == 4592 and MODEL.words == WORDS


def test_a_first_colour_leaves_four_clothes_about_alike():
    p = softmax(tiny.logits(MODEL, IDS))[0]
    assert p[4:8].min() > 0.15 and p[4:8].sum() > 0.99


def test_unknown_words_and_too_many_of_them_are_named():
    with pytest.raises(KeyError, match="not among these 9 words: shoe, pink"):
        tiny.encode(MODEL, "red shoe , pink hat")
    with pytest.raises(ValueError, match="19 words do not fit into 18 places"):
        tiny.embed(MODEL, [0] * 19)

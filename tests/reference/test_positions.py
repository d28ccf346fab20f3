"""The NumPy definitions of positions: against loops, tables typed by hand, and what must be true of each."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from compare import assert_same, normal

from attnlab import reference
from attnlab.reference import positions

P = np.array([0, 1, 2, 5, 17, 300, 100_000])
D = 14


def wave(p, feature, width, base=10000.0):
    """One feature of the sinusoid, as it is printed."""
    turned = p / base ** (2 * (feature // 2) / width)
    return math.cos(turned) if feature % 2 else math.sin(turned)


def test_frequencies_fall_from_one_radian_by_a_constant_ratio():
    assert_same(positions.frequencies(6, 1000.0), np.array([1.0, 0.1, 0.01]))
    assert positions.frequencies(D)[0] == 1
    ratios = positions.frequencies(D)[1:] / positions.frequencies(D)[:-1]
    assert_same(ratios, np.full(6, 10000 ** (-1 / 7)))


@pytest.mark.parametrize("base", [10000.0, 50.0])
def test_sinusoidal_is_its_formula_feature_by_feature(base):
    loops = [[wave(p, feature, D, base) for feature in range(D)] for p in P.tolist()]
    assert_same(positions.sinusoidal(P, D, base), np.array(loops), atol=1e-10)
    assert positions.sinusoidal(P.reshape(7, 1), D).shape == (7, 1, D)


def test_sinusoidal_at_the_start_is_zeros_and_ones():
    assert_same(positions.sinusoidal(np.array([0]), 6), np.array([[0.0, 1, 0, 1, 0, 1]]))
    assert_same(positions.sinusoidal(np.array([0.5]), 2), np.array([[math.sin(0.5), math.cos(0.5)]]))


@pytest.mark.parametrize("shift", [1, 7, -3])
def test_a_shift_of_sinusoids_is_a_rotation(shift):
    """The next positions are the earlier ones with every (cos, sin) pair turned by a fixed angle."""
    here, there = (positions.sinusoidal(np.arange(40) + s, D) for s in (0, shift))
    turned = np.exp(1j * shift * positions.frequencies(D))
    as_complex = here[:, 1::2] + 1j * here[:, 0::2]
    assert_same((as_complex * turned).imag, there[:, 0::2])
    assert_same((as_complex * turned).real, there[:, 1::2])


def test_dot_products_of_sinusoids_depend_on_the_offset_alone():
    signal = positions.sinusoidal(np.arange(50), D)
    table = signal @ signal.T
    for offset in range(50):
        along = np.diagonal(table, offset)
        assert_same(along, np.full(50 - offset, np.cos(offset * positions.frequencies(D)).sum()), atol=1e-11)


def test_learned_looks_rows_up():
    table = normal(0, 11, 5)
    assert_same(positions.learned(table, np.array([[3, 0], [10, 3]])), table[[[3, 0], [10, 3]]])


def test_relative_index_by_hand():
    q_pos, k_pos = np.array([1, 4]), np.arange(6)
    by_hand = np.array([[1, 2, 3, 4, 4, 4], [0, 0, 0, 1, 2, 3]])
    assert_same(positions.relative_index(q_pos, k_pos, 2), by_hand)


def test_shaw_is_attention_with_vectors_added_to_keys_and_values():
    """Equations 3 and 4 of the paper pair by pair, against bias and mix."""
    q, k, v = normal(1, 2, 5, 7), normal(2, 2, 11, 7), normal(3, 2, 11, 3)
    for_keys, for_values = normal(4, 7, 7), normal(5, 7, 3)
    index = positions.relative_index(np.arange(5) + 6, np.arange(11), 3)
    bias = positions.shaw_bias(q, for_keys, index)
    weights = reference.attention_weights(q, k, bias=bias)
    ours = reference.attention(q, k, v, bias=bias) + positions.shaw_mix(weights, for_values, index)
    for b in range(2):
        for i in range(5):
            rows = [min(max(j - (i + 6), -3), 3) + 3 for j in range(11)]
            scores = [q[b, i] @ (k[b, j] + for_keys[rows[j]]) / math.sqrt(7) for j in range(11)]
            share = np.exp(scores) / np.exp(scores).sum()
            out = sum(share[j] * (v[b, j] + for_values[rows[j]]) for j in range(11))
            assert_same(ours[b, i], out)


def bucket(offset, n_buckets, max_distance, both_sides):
    """The published rule for one pair, in exact arithmetic: whole powers instead of logarithms."""
    first = 0
    if both_sides:
        n_buckets //= 2
        first = n_buckets if offset > 0 else 0
        distance = abs(offset)
    else:
        distance = max(-offset, 0)
    exact = n_buckets // 2
    if distance < exact:
        return first + distance
    wide = n_buckets - exact
    step = 0  # largest step with exact * (max_distance / exact)^(step / wide) <= distance
    while step < wide - 1 and exact ** (wide - step - 1) * max_distance ** (step + 1) <= distance**wide:
        step += 1
    return first + exact + step


BUCKETS = [(32, 128, True), (32, 128, False), (8, 20, True), (12, 100, False), (16, 64, True), (4, 3, True)]


@pytest.mark.parametrize(("n_buckets", "max_distance", "both_sides"), BUCKETS)
def test_t5_buckets_are_the_published_rule_pair_by_pair(n_buckets, max_distance, both_sides):
    q_pos, k_pos = np.array([0, 150, 311]), np.arange(0, 450)
    loops = [[bucket(k - q, n_buckets, max_distance, both_sides) for k in k_pos.tolist()] for q in q_pos.tolist()]
    assert_same(positions.t5_buckets(q_pos, k_pos, n_buckets, max_distance, both_sides), np.array(loops))


def test_t5_buckets_typed_by_hand():
    """8 buckets to a side of 16: 0 to 3 exact, then 4-5, 6-8 ... Edges 4 · 4^(j/4): 4, 5.66, 8, 11.3, so far 16."""
    keys = np.arange(14)
    past = positions.t5_buckets(np.array([13]), keys, 8, 16, False)[0]
    assert past.tolist() == [7, 7, 6, 6, 6, 6, 5, 5, 4, 4, 3, 2, 1, 0]
    future = positions.t5_buckets(np.array([0]), keys, 16, 16, True)[0]
    assert future.tolist() == [0, 9, 10, 11, 12, 12, 13, 13, 14, 14, 14, 14, 15, 15]
    assert positions.t5_buckets(np.array([0]), keys, 8, 16, False).max() == 0


def by_complex_numbers(x, p, speeds, pairs):
    out = np.empty_like(x)
    for t, position in enumerate(p):
        for i, (first, second) in enumerate(pairs):
            z = complex(x[t, first], x[t, second]) * cmath.exp(1j * position * speeds[i])
            out[t, first], out[t, second] = z.real, z.imag
    return out


ADJACENT = [(2 * i, 2 * i + 1) for i in range(D // 2)]
HALVES = [(i, i + D // 2) for i in range(D // 2)]
PAIRINGS = {"adjacent": (positions.rotate_adjacent, ADJACENT), "halves": (positions.rotate_halves, HALVES)}
both_pairings = pytest.mark.parametrize("pairing", PAIRINGS)


@both_pairings
def test_rotary_turns_each_pair(pairing):
    rotate, pairs = PAIRINGS[pairing]
    x, p = normal(6, 5, D), np.array([0, 1, 4, 30, 999])
    speeds = 10000.0 ** (-np.arange(7) / 7)
    assert_same(positions.rotary(x, p, rotate=rotate), by_complex_numbers(x, p, speeds, pairs))
    slow = normal(7, 7)
    assert_same(positions.rotary(x, p, slow, rotate), by_complex_numbers(x, p, slow, pairs))
    batch = normal(8, 3, 2, 5, D)
    assert_same(positions.rotary(batch, p, rotate=rotate)[2, 1], positions.rotary(batch[2, 1], p, rotate=rotate))


@both_pairings
def test_rotary_scores_depend_on_the_offset_and_norms_are_kept(pairing):
    rotate, _ = PAIRINGS[pairing]
    q, k = np.tile(normal(9, 1, D), (30, 1)), np.tile(normal(10, 1, D), (30, 1))
    turned = [positions.rotary(x, np.arange(30), rotate=rotate) for x in (q, k)]
    scores = turned[0] @ turned[1].T
    for offset in range(-29, 30):
        assert np.ptp(np.diagonal(scores, offset)) < 1e-11
    assert np.ptp(scores[0]) > 1 and abs(scores[0, 5] - scores[5, 0]) > 1e-3
    assert_same(np.linalg.norm(turned[0], axis=-1), np.linalg.norm(q, axis=-1))


def test_angles_are_products():
    assert_same(positions.angles(np.array([0, 3]), np.array([1.0, 0.5])), np.array([[0.0, 0], [3, 1.5]]))


def test_the_pairings_differ_by_a_permutation():
    x, p = normal(11, 5, D), np.arange(5)
    order = positions.adjacent_to_halves(D)
    assert order.tolist() == [0, 2, 4, 6, 8, 10, 12, 1, 3, 5, 7, 9, 11, 13]
    halves = positions.rotary(x[:, order], p, rotate=positions.rotate_halves)
    assert_same(halves, positions.rotary(x, p)[:, order])
    assert not np.allclose(positions.rotary(x, p, rotate=positions.rotate_halves), positions.rotary(x, p))


def test_alibi_slopes_typed_from_the_paper():
    assert_same(positions.alibi_slopes(8), np.array([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]))
    assert_same(positions.alibi_slopes(16)[:4], np.array([2**-0.5, 2**-1, 2**-1.5, 2**-2]))
    assert_same(positions.alibi_slopes(1), np.array([2.0**-8]))
    assert_same(positions.alibi_slopes(6), np.array([1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8]))
    assert_same(positions.alibi_slopes(3), np.array([1 / 16, 1 / 256, 1 / 4]))


def test_alibi_by_hand():
    by_hand = np.array([[[0, -1, -2.0], [-2, -1, 0]]]) / 256
    assert_same(positions.alibi(1, np.array([0, 2]), np.arange(3)), by_hand)
    assert positions.alibi(5, np.arange(3), np.arange(7)).shape == (5, 3, 7)


def test_alibi_changes_no_weight_when_everything_moves():
    q, k = normal(12, 5, 7), normal(13, 11, 7)
    here, there = (positions.alibi(2, np.arange(5) + s, np.arange(11) + s) for s in (0, 1000))
    assert_same(reference.attention_weights(q, k, bias=here), reference.attention_weights(q, k, bias=there))


SPEEDS = 10000.0 ** (-np.arange(32) / 32)


def test_interpolated_squeezes_positions():
    x, p = normal(14, 5, 64), np.array([0, 8, 40, 96, 400])
    squeezed = positions.rotary(x, p, positions.interpolated(SPEEDS, 8.0))
    assert_same(squeezed, positions.rotary(x, p // 8))


def test_ntk_aware_is_a_larger_base():
    enlarged = positions.frequencies(64, 10000 * 4 ** (64 / 62))
    assert_same(positions.ntk_aware(SPEEDS, 4.0), enlarged)
    assert positions.ntk_aware(SPEEDS, 4.0)[0] == 1
    assert np.isclose(positions.ntk_aware(SPEEDS, 4.0)[-1], SPEEDS[-1] / 4, rtol=1e-12)


def test_yarn_keeps_the_fast_and_interpolates_the_slow():
    turns = SPEEDS * 2048 / (2 * math.pi)
    share = [min(max((t - 1) / 31, 0), 1) for t in turns]
    assert_same(positions.kept_by_turns(SPEEDS, 2048), np.array(share))
    out = positions.yarn(SPEEDS, 4.0, 2048)
    assert_same(out[turns > 32], SPEEDS[turns > 32])
    assert_same(out[turns < 1], SPEEDS[turns < 1] / 4)
    between = (turns > 1) & (turns < 32)
    assert between.any() and (out[between] < SPEEDS[between]).all() and (out[between] > SPEEDS[between] / 4).all()
    assert_same(positions.yarn(SPEEDS, 1.0, 2048), SPEEDS)


def test_yarn_by_index_is_a_straight_ramp_of_pairs():
    share = positions.kept_by_index(SPEEDS, 2048)
    low = math.floor(32 * math.log(2048 / (64 * math.pi)) / math.log(10000))
    high = math.ceil(32 * math.log(2048 / (2 * math.pi)) / math.log(10000))
    assert (low, high) == (8, 21)
    loops = [1 - min(max((i - low) / (high - low), 0), 1) for i in range(32)]
    assert_same(share, np.array(loops))
    assert_same(positions.yarn(SPEEDS, 4.0, 2048, positions.kept_by_index), SPEEDS * (share + (1 - share) / 4))
    assert_same(positions.kept_by_index(SPEEDS, 3), np.array([1.0] + [0.0] * 31))
    few = np.exp(-0.5 * np.arange(4))  # one turn at pair 8.75, but the ramp ends at 2 · 4 - 1 at the latest
    assert_same(positions.kept_by_index(few, 500), 1 - np.array([0, 0, 1, 2]) / 6)


def test_dynamic_ntk_leaves_short_texts_alone_and_then_enlarges_the_base():
    for length in (1, 97):
        assert_same(positions.dynamic_ntk(SPEEDS, 3.0, 97, length), SPEEDS)
    for length in (98, 194, 970):
        base = 10000 * (3 * length / 97 - 2) ** (64 / 62)
        assert_same(positions.dynamic_ntk(SPEEDS, 3.0, 97, length), base ** (-np.arange(32) / 32))
    assert positions.dynamic_ntk(SPEEDS, 1.0, 97, 970)[-1] == pytest.approx(SPEEDS[-1] / 10)


def llama3_pair_by_pair(speeds, factor, trained, slow, fast):
    """The published rule, in wavelengths."""
    new = []
    for speed in speeds.tolist():
        wavelength = 2 * math.pi / speed
        if wavelength < trained / fast:
            new.append(speed)
        elif wavelength > trained / slow:
            new.append(speed / factor)
        else:
            smooth = (trained / wavelength - slow) / (fast - slow)
            new.append((1 - smooth) * speed / factor + smooth * speed)
    return np.array(new)


@pytest.mark.parametrize(("trained", "ends"), [(8192, ()), (97, ()), (97, (2, 11))])
def test_llama3_is_its_rule_pair_by_pair(trained, ends):
    by_hand = llama3_pair_by_pair(SPEEDS, 8.0, trained, *(ends or (1, 4)))
    assert_same(positions.llama3(SPEEDS, 8.0, trained, *ends), by_hand)
    assert len(set((by_hand / SPEEDS).round(9))) > 3  # some pairs lie on the ramp


def test_longrope_divides_pair_by_pair():
    factors = 1 + np.arange(32.0) ** 2
    assert_same(positions.longrope(SPEEDS, factors), np.array([SPEEDS[i] / (1 + i * i) for i in range(32)]))
    assert positions.longrope_scale(1, 4096) == 1
    assert positions.longrope_scale(32, 4096) == pytest.approx(math.sqrt(1 + 5 / 12), rel=1e-15)


def test_proportional_turns_the_first_pairs_and_no_others():
    out = positions.proportional(SPEEDS, 0.3, 2.0)  # 9.6 of 32 pairs
    assert_same(out[:9], SPEEDS[:9] / 2)
    assert (out[9:] == 0).all()
    assert_same(positions.proportional(SPEEDS, 1.0), SPEEDS)
    x = normal(17, 5, 64)
    turned = positions.rotary(x, np.arange(5) + 3, out)
    assert_same(turned[:, 18:], x[:, 18:])
    assert np.abs(turned[:, :18] - x[:, :18]).max() > 0.1


def test_yarn_scale():
    assert positions.yarn_scale(1) == 1 and abs(positions.yarn_scale(16) - 1.2772588722239781) < 1e-15


T, W = np.zeros((3, 4)), np.arange(4)
DOORS = [
    (positions.frequencies, (7,), ValueError, "width must be even and at least 2 but is 7"),
    (positions.frequencies, (0,), ValueError, "width must be even and at least 2 but is 0"),
    (positions.frequencies, (4, 1.0), ValueError, "base must be above 1 but is 1.0"),
    (positions.frequencies, (4, math.inf), ValueError, "base must be finite but is inf"),
    (positions.sinusoidal, (np.array([0, np.nan]), 4), ValueError, "positions holds NaN or infinity: 1 of 2"),
    (positions.learned, (T, np.array([0, 3])), ValueError, "there is no row 3: the table has 3, numbered 0 to 2"),
    (positions.learned, (T, np.array([-1])), ValueError, "there is no row -1: the table has 3"),
    (positions.learned, (T, np.array([0.0])), TypeError, "positions must hold integers but its dtype is float64"),
    (positions.relative_index, (W, W, -1), ValueError, "reach must be at least 0 but is -1"),
    (positions.relative_index, (W[None], W, 1), ValueError, "q_pos must be 1-D but has shape (1, 4)"),
    (positions.shaw_bias, (T, T[:, :2], T.astype(int)), ValueError, "q has d_k = 4 but the table's vectors have 2"),
    (positions.shaw_bias, (T, T, np.full((2, 5), 1)), ValueError, "q has 3 queries but index has 2"),
    (positions.shaw_bias, (T, T, np.full((3, 5), 3)), ValueError, "there is no row 3: the table has 3"),
    (positions.shaw_mix, (T, T, np.full((3, 5), 1)), ValueError, "weights are (3, 4) but index is (3, 5)"),
    (positions.t5_buckets, (W, W, 30), ValueError, "n_buckets must be a multiple of 4 but is 30"),
    (positions.t5_buckets, (W, W, 3, 9, False), ValueError, "n_buckets must be a multiple of 2 but is 3"),
    (positions.t5_buckets, (W, W, 32, 8), ValueError, "max_distance must be above 8, the exact buckets, but is 8"),
    (positions.rotary, (T, W[:3], np.ones(3)), ValueError, "x has 4 features, not two for each of 3 angles"),
    (positions.rotary, (T, W), ValueError, "x has 3 tokens but there are angles for 4"),
    (positions.rotary, (T[:, :3], W[:3]), ValueError, "width must be even"),
    (positions.rotary, (np.full((3, 4), np.inf), W[:3]), ValueError, "x holds NaN or infinity"),
    (positions.rotate_halves, (T, np.zeros((3, 1))), ValueError, "x has 4 features, not two for each of 1 angles"),
    (positions.adjacent_to_halves, (5,), ValueError, "width must be even and at least 2 but is 5"),
    (positions.alibi_slopes, (0,), ValueError, "n_heads must be at least 1 but is 0"),
    (positions.interpolated, (SPEEDS, 0.5), ValueError, "factor must be at least 1 but is 0.5"),
    (positions.ntk_aware, (SPEEDS, math.nan), ValueError, "factor must be finite"),
    (positions.ntk_aware, (SPEEDS[:1], 2.0), ValueError, "at least 2 pairs are needed but there is 1"),
    (positions.kept_by_index, (SPEEDS[:1], 9), ValueError, "at least 2 pairs are needed"),
    (positions.yarn, (SPEEDS, 0.9, 9), ValueError, "factor must be at least 1"),
    (positions.yarn, (SPEEDS, 2.0, 0), ValueError, "trained must be at least 1 position but is 0"),
    (positions.kept_by_turns, (SPEEDS, 9, 4, 4), ValueError, "fast must be above slow, 4 turns, but is 4"),
    (positions.dynamic_ntk, (SPEEDS, 2.0, 0, 9), ValueError, "trained must be at least 1 position but is 0"),
    (positions.dynamic_ntk, (SPEEDS, 2.0, 9, 0), ValueError, "length must be at least 1 position but is 0"),
    (positions.dynamic_ntk, (SPEEDS, 0.5, 9, 9), ValueError, "factor must be at least 1 but is 0.5"),
    (positions.llama3, (SPEEDS, 0.5, 9), ValueError, "factor must be at least 1 but is 0.5"),
    (positions.llama3, (SPEEDS, 2.0, 0), ValueError, "trained must be at least 1 position but is 0"),
    (positions.longrope, (SPEEDS, SPEEDS[:5]), ValueError, "there are 5 factors for 32 pairs"),
    (positions.longrope, (SPEEDS, SPEEDS), ValueError, "factor must be at least 1 but is 0.0001"),
    (positions.longrope_scale, (0.5, 9), ValueError, "factor must be at least 1 but is 0.5"),
    (positions.longrope_scale, (2.0, 1), ValueError, "trained must be at least 2 positions but is 1"),
    (positions.proportional, (SPEEDS, -0.1), ValueError, "share must lie between 0 and 1 but is -0.1"),
    (positions.proportional, (SPEEDS, 0.5, 0.0), ValueError, "factor must be at least 1 but is 0.0"),
    (positions.yarn_scale, (0.5,), ValueError, "factor must be at least 1"),
]


@pytest.mark.parametrize(("function", "arguments", "error", "message"), DOORS)
def test_errors_at_the_door(function, arguments, error, message, as_readers_run_it):
    with pytest.raises(error) as raised:
        function(*arguments)
    assert message in str(raised.value)


def test_arguments_are_not_changed():
    x, p = normal(15, 5, D), np.arange(5)
    kept = x.copy(), p.copy()
    positions.rotary(x, p)
    positions.sinusoidal(p, D)
    positions.t5_buckets(p, p)
    assert (x == kept[0]).all() and (p == kept[1]).all()

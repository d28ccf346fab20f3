"""Sinusoidal, learned and relative positions, and longer texts."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import positions as package
from attnlab.reference import positions as reference
from in_short.page import Bug, Page, close, differs, normal, tensor

# -- sinusoidal


def sinusoidal_agrees(f, g):
    at = np.array([0, 1, 7, 5_003])
    for d, base in ((6, 10_000.0), (10, 500.0)):
        close(f.sinusoidal(at, d, base), reference.sinusoidal(at, d, base))
        close(g.sinusoidal(tensor(at), d, base), reference.sinusoidal(at, d, base))


def offsets_alone_count(f):
    rows = f.sinusoidal(np.array([3, 5, 103, 105]), 8)
    close(rows[0] @ rows[1], rows[2] @ rows[3])


def the_slowest_pair_is_slow(f):
    """Its angle at position 1 is base^-(d - 2)/d."""
    close(f.sinusoidal(np.array([1]), 8)[0, -2], np.sin(10_000.0 ** (-6 / 8)))


def neighbours_differ(g):
    rows = g.sinusoidal(torch.tensor([4_096, 4_097]), 8)
    differs(rows[0], rows[1])


# -- learned


def learned_agrees(f, g):
    x, table = normal(2, 5, 3), normal(11, 3, seed=1)
    for start in (0, 6):
        close(f.add_positions(x, table, start), x + reference.learned(table, start + np.arange(5)))
    torch.manual_seed(0)
    ours, theirs = g.LearnedPositions(11, 3).double(), package.Learned(11, 3).double()
    (parameter,) = theirs.parameters()
    parameter.data = ours.table.data
    real = torch.ones(2, 5, dtype=torch.bool)
    close(ours(tensor(x), real), tensor(x) + theirs(torch.arange(5)))
    assert sum(p.numel() for p in ours.parameters()) == 11 * 3


def beyond_the_table_is_refused(f):
    try:
        f.add_positions(np.zeros((3, 2)), normal(11, 2), 10)
    except ValueError as error:
        assert "11" in str(error)
    else:
        raise AssertionError("positions 11 and 12 have no row")


def one_by_one_is_all_at_once(f):
    x, table = normal(5, 3), normal(11, 3, seed=1)
    close(np.concatenate([f.add_positions(x[i : i + 1], table, i) for i in range(5)]), f.add_positions(x, table))


def padding_in_front_changes_nothing(g):
    layer, x = g.LearnedPositions(11, 3), torch.zeros(1, 5, 3)
    front = torch.tensor([[False, False, True, True, True]])
    close(layer(x, front)[:, 2:], layer(x[:, :3], front[:, 2:]))


# -- rotary, linear bias, buckets


def relative_agrees(f, g):
    x, at = normal(2, 5, 6), np.array([0, 1, 3, 100, 4_000])
    close(f.rope(x, at), reference.rotary(x, at))
    close(g.rope_halves(tensor(x), tensor(at)), reference.rotary(x, at, rotate=reference.rotate_halves))
    close(f.alibi(8, at, at), reference.alibi(8, at, at))
    for n, farthest, both in ((32, 128, True), (16, 20, False), (8, 37, True)):
        q, k = np.arange(300), np.arange(299)
        expected = reference.t5_buckets(q, k, n, farthest, both)
        assert np.array_equal(g.t5_bucket(tensor(k) - tensor(q)[:, None], n, farthest, both).numpy(), expected)


def scores_depend_on_the_offset(f):
    q, k = normal(1, 6), normal(1, 6, seed=1)
    score = lambda i, j: (f.rope(q, np.array([i])) @ f.rope(k, np.array([j])).T).item()
    close(score(3, 5), score(103, 105))
    close(np.linalg.norm(f.rope(q, np.array([7]))), np.linalg.norm(q))


def feature_1_turns_with_feature_4(g):
    turned = g.rope_halves(torch.eye(6, dtype=torch.float64)[1:2], torch.tensor([5]))
    assert turned[0].nonzero().flatten().tolist() == [1, 4]


def later_keys_have_the_upper_half(g):
    assert g.t5_bucket(torch.tensor([-1, 0, 1])).tolist() == [1, 0, 17]


def nearer_keys_are_liked_better(f):
    bias = f.alibi(4, np.array([9]), np.arange(10))
    assert (np.diff(bias[:, 0]) > 0).all() and not bias[:, 0, 9].any()


# -- longer texts


def guide_agrees(f, g):
    for d, factor, trained in ((8, 4.0, 512), (128, 16.0, 4_096)):
        speeds = reference.frequencies(d)
        ours, scale = f.yarn(d, factor, trained)
        close(ours, reference.yarn(speeds, factor, trained))
        close(np.float64(scale), np.float64(reference.yarn_scale(factor)))
        close(g.interpolated(d, factor), reference.interpolated(speeds, factor))
        close(g.ntk_aware(d, factor), reference.ntk_aware(speeds, factor))


def factor_1_changes_nothing(f):
    speeds, scale = f.yarn(16, 1.0, 512)
    close(speeds, reference.frequencies(16))
    assert scale == 1


def fast_pairs_keep_their_speed(f):
    close(f.yarn(16, 8.0, 4_096)[0][0], np.float64(1.0))


def ends_are_as_promised(g):
    before, after = g.ntk_aware(16, 1.0), g.ntk_aware(16, 8.0)
    close(after[0], before[0])
    close(after[-1], before[-1] / 8)


def guide_costs() -> list[str]:
    kept = reference.kept_by_turns(reference.frequencies(128), 4_096)
    return [str((kept == 1).sum()), str((kept == 0).sum()), "64"]


PAGES = {
    "positions/sinusoidal": Page(
        sinusoidal_agrees,
        {
            "The exponent of the wrong width": Bug("numpy", "/ d)", "/ (2 * d))", the_slowest_pair_is_slow),
            "A sine without its cosine": Bug("numpy", "np.cos(angles)", "np.sin(angles + 1)", offsets_alone_count),
            "Angles in 16 bits": Bug("torch", "positions.double()", "positions.bfloat16()", neighbours_differ),
        },
        lambda: [f"{512 * 512:,}"],
    ),
    "positions/learned": Page(
        learned_agrees,
        {
            "Past the last row": Bug("numpy", "start + n > len(table)", "n > len(table)", beyond_the_table_is_refused),
            "A cache that starts again at 0": Bug("numpy", "table[start:start + n]", "table[:n]", one_by_one_is_all_at_once),
            "Padding in front takes the first rows": Bug("torch", "(real.cumsum(-1) - 1).clamp(min=0)", "torch.arange(real.shape[1])", padding_in_front_changes_nothing),
        },
        lambda: [f"{1024 * 768:,}"],
    ),
    "positions/relative": Page(
        relative_agrees,
        {
            "A wrong sign in the rotation": Bug("numpy", "a * sin + b * cos", "a * sin - b * cos", scores_depend_on_the_offset),
            "The bias grows with the distance": Bug("numpy", "-slopes[", "slopes[", nearer_keys_are_liked_better),
            "The other layout": Bug("torch", "x.split(half, dim=-1)", "(x[..., 0::2], x[..., 1::2])", feature_1_turns_with_feature_4),
            "The offset the wrong way round": Bug("torch", "(offset > 0)", "(offset < 0)", later_keys_have_the_upper_half),
        },
        lambda: [str(3 * 128), str(32 * 12)],
    ),
    "positions/guide": Page(
        guide_agrees,
        {
            "The scale of the scores is forgotten": Bug("numpy", "np.log(factor) + 1", "np.log(factor)", factor_1_changes_nothing),
            "Every pair is slowed": Bug("numpy", "(kept + (1 - kept) / factor)", "1 / factor", fast_pairs_keep_their_speed),
            "The exponent without its d - 2": Bug("torch", "factor ** (d / (d - 2))", "factor", ends_are_as_promised),
        },
        guide_costs,
    ),
}

"""Sparse patterns against loops and matrices typed by hand, reach by walking, blocks against the full mask."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import attention
from attnlab.mixers import sparse
from attnlab.reference.mixers import sparse as by_loops

AT = torch.arange(13)
CHOSEN = np.array([[2, 4], [0, 3], [4, 1], [1, 1], [0, 2]])


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


@pytest.mark.parametrize("size", [1, 2, 5, 13, 20])
def test_patterns_are_those_of_the_loops(size):
    assert_same(sparse.local(AT, AT, size).numpy(), by_loops.local(13, size))
    assert_same(sparse.strided(AT, AT, size).numpy(), by_loops.strided(13, size))
    assert_same(sparse.leading(AT, AT, size).numpy(), by_loops.leading(13, size))
    assert_same(sparse.drawn(torch.tensor(CHOSEN)).numpy(), by_loops.drawn(CHOSEN))
    assert_same(sparse.big_bird(5, size, 1, 1, torch.tensor(CHOSEN)).numpy(), by_loops.big_bird(5, size, 1, 1, CHOSEN))


def drawing(mask) -> list[str]:
    return ["".join(".#"[int(sees)] for sees in row) for row in mask]


def test_patterns_typed_by_hand():
    assert drawing(by_loops.strided(6, 3)) == ["#.....", "##....", "###...", "####..", ".####.", "..####"]
    assert drawing(by_loops.strided(6, 2)) == ["#.....", "##....", "###...", ".###..", "#.###.", ".#.###"]
    assert drawing(by_loops.local(5, 1)) == ["##...", "###..", ".###.", "..###", "...##"]
    assert drawing(by_loops.leading(5, 1)) == ["#####", "#....", "#....", "#....", "#...."]
    assert by_loops.local(5, 0).sum() == 5 and not by_loops.leading(5, 0).any()


def test_positions_need_not_start_at_0():
    assert_same(sparse.strided(AT[7:], AT[2:], 3), sparse.strided(AT, AT, 3)[7:, 2:])
    assert_same(sparse.local(AT[7:], AT[2:], 3), sparse.local(AT, AT, 3)[7:, 2:])


@pytest.mark.parametrize("mask", [by_loops.strided(17, 4), by_loops.local(17, 3), by_loops.leading(17, 2), by_loops.big_bird(5, 2, 1, 0, CHOSEN), np.tri(7, dtype=bool), np.eye(5, dtype=bool)])
def test_hops_are_the_lengths_of_shortest_walks(mask):
    n = len(mask)
    walks = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
    walks[mask & ~np.eye(n, dtype=bool)] = 1
    for middle in range(n):  # Floyd and Warshall
        walks = np.minimum(walks, walks[:, [middle]] + walks[[middle]])
    assert np.array_equal(by_loops.hops(mask), walks)
    assert torch.equal(sparse.hops(torch.tensor(mask)), torch.tensor(walks))


@pytest.mark.parametrize(("n", "stride"), [(16, 4), (30, 5), (64, 8), (60, 8)])
def test_two_hops_cover_a_strided_pattern_and_a_window_needs_many(n, stride):
    past = np.tri(n, dtype=bool)
    steps = by_loops.hops(by_loops.strided(n, stride))
    assert steps[past].max() == 2 and np.isinf(steps[~past]).all()
    assert by_loops.hops(by_loops.local(n, stride)).max() == math.ceil((n - 1) / stride)
    assert by_loops.hops(by_loops.leading(n, 1)).max() == 2


def test_dependence_is_what_hops_say():
    """Gradients through two layers of attention with a residual reach exactly the tokens that two hops reach."""
    mask = torch.tensor(by_loops.local(13, 2))
    x = t(0, 13, 5).requires_grad_()
    h = x
    for _ in range(2):
        h = h + attention(h, h, h, mask)
    for i in (0, 6, 12):
        (slope,) = torch.autograd.grad(h[i].sum(), x, retain_graph=True)
        assert_same(slope.abs().sum(-1) > 0, sparse.hops(mask)[i] <= 2)


@pytest.mark.parametrize("size", [1, 3, 5, 15])
def test_blocks_give_what_the_mask_gives(size):
    at = torch.arange(15)
    q, k, v = t(1, 2, 15, 7).requires_grad_(), t(2, 2, 15, 7), t(3, 2, 15, 11)
    for mask in (sparse.strided(at, at, 4), sparse.local(at, at, 2), torch.zeros(15, 15, dtype=torch.bool), sparse.big_bird(5, 3, 1, 1, torch.tensor(CHOSEN))):
        blocks = sparse.block_sparse_attention(q, k, v, mask, size)
        whole = attention(q, k, v, mask)
        assert_same(blocks, whole)
        grads = [torch.autograd.grad((out * t(4, 2, 15, 11)).sum(), q)[0] for out in (blocks, whole)]
        assert_same(*grads)


def test_blocks_that_are_not_needed_are_not_read():
    at = torch.arange(12)
    mask, (q, k, v) = sparse.local(at, at, 1), t(5, 3, 12, 5)
    k[8:] = math.nan  # NaN in a block that is read would be refused
    with pytest.raises(ValueError, match="k holds NaN"):
        sparse.block_sparse_attention(q, k, v, mask, 4)
    mask[4:, 8:] = False
    mask[8:, :] = False
    v[8:] = math.nan
    assert sparse.block_sparse_attention(q, k, v, mask, 4).isfinite().all()


def test_occupied_and_spread_by_hand():
    mask = np.zeros((6, 6), dtype=bool)
    mask[1, 5] = mask[4, 0] = True
    assert by_loops.occupied(mask, 3).tolist() == [[False, True], [True, False]]
    assert_same(sparse.occupied(torch.tensor(mask), 2).numpy(), by_loops.occupied(mask, 2))
    blocks = torch.tensor([[True, False], [True, True]])
    assert sparse.spread(blocks, 3).int().sum() == 27 and not sparse.spread(blocks, 3)[2, 3]
    assert_same(sparse.occupied(sparse.spread(blocks, 3), 3), blocks)


def test_a_strided_pattern_fills_nearly_all_blocks():
    """Block sparsity is coarser than sparsity: a fortieth of the pairs may occupy every block of the past."""
    mask = by_loops.strided(256, 16)
    assert mask.mean() < 0.1
    assert by_loops.occupied(mask, 16).sum() == 16 * 17 // 2


@pytest.mark.parametrize("module", [sparse, by_loops])
def test_what_is_refused(module):
    mask = sparse.local(AT, AT, 1) if module is sparse else by_loops.local(13, 1)
    with pytest.raises(ValueError, match="size = 5 does not divide the 13 tokens"):
        module.occupied(mask, 5)
    at = (AT, AT) if module is sparse else (13,)
    with pytest.raises(ValueError, match="stride must be at least 1 but is 0"):
        module.strided(*at, 0)
    with pytest.raises(ValueError, match="radius must be at least 0"):
        module.local(*at, -1)


def test_blocks_that_do_not_fit_are_refused_and_no_token_gives_no_row():
    q, mask = torch.tensor(normal(3, 2, 13, 5)), torch.ones(13, 13, dtype=torch.bool)
    with pytest.raises(ValueError, match="size = 5 does not divide the 13 tokens"):
        sparse.block_sparse_attention(q, q, q, mask, 5)
    assert sparse.block_sparse_attention(q[:, :0], q[:, :0], q[:, :0], mask[:0, :0], 5).shape == (2, 0, 5)

"""The geometry: every visible score is visited once, nothing else is counted, and what is hidden is not
visited."""

import itertools

import pytest
import torch
from kernels import by_definition as definition

from attnlab.kernels.tiles import STRIP, band, plan


def counts(n, m, keys, causal, window, blocks):
    """How often each score is counted, following the tiles and their limits."""
    seen = torch.zeros(n, m, dtype=torch.int)
    for tile in plan(n, keys, band(n, m, causal, window), *blocks):
        patch = torch.ones(tile.rows.stop - tile.rows.start, tile.keys.stop - tile.keys.start, dtype=torch.int)
        if tile.last is not None:
            patch = patch.tril(tile.last)
        if tile.first is not None:
            patch = patch.triu(tile.first)
        seen[tile.rows, tile.keys] += patch
    return seen


@pytest.mark.parametrize("n, m", [(13, 17), (17, 13), (1, 11), (11, 1), (300, 310), (310, 300)])
def test_every_visible_score_is_counted_once(n, m):
    rules = itertools.product(
        (False, True), (None, 1, 5, 140, 1000), ((3, 4), (1, 1), (200, 150), (999, 999))
    )
    for causal, window, blocks in rules:
        for keys in ((0, m), (m // 3, m), (0, m - m // 4)):
            expected = definition.may_look(n, m, causal, window).int()
            expected[:, : keys[0]] = 0
            expected[:, keys[1] :] = 0
            if n * m > 10_000 and min(blocks) < 100:
                continue
            assert torch.equal(counts(n, m, keys, causal, window, blocks), expected)


def test_tiles_are_numbered_apart():
    tiles = plan(300, (0, 300), band(300, 300, True, None), 64, 64)
    assert sorted(t.number for t in tiles) == list(range(len(tiles)))


def area(*arguments, blocks=(256, 512)):
    return sum(
        (t.rows.stop - t.rows.start) * (t.keys.stop - t.keys.start)
        for t in plan(arguments[0], (0, arguments[1]), band(*arguments), *blocks)
    )


def test_hidden_tiles_are_not_visited():
    n = 4096
    assert area(n, n, False, None) == n * n
    assert (
        area(n, n, True, None) <= n * n / 2 + n * STRIP
    )  # half, and at most a strip's width along the diagonal
    assert area(n, n, True, 256) <= n * (256 + 2 * STRIP)  # not a function of n²
    assert area(n, n, True, 256) <= 1.01 * area(n, n, False, 256)


def test_wide_windows_waste_little_at_both_edges():
    n, window = 8192, 3072
    visible = sum(min(i + 1, window) for i in range(n))
    assert area(n, n, True, window, blocks=(1024, 512)) <= visible + n * 1.5 * STRIP


def test_no_keys_no_tiles():
    assert plan(5, (0, 0), band(5, 7, False, None), 3, 3) == []

"""The plan of a ring, against loops that play it through."""

import numpy as np
import pytest

from attnlab.kernels import ring_plan
from attnlab.kernels.ring_plan import bytes_sent, causal_work, contiguous, finish, source, striped, zigzag


def test_source_is_what_passing_to_the_right_brings():
    for world in (1, 2, 3, 5):
        held = list(range(world))
        for step in range(world):
            assert held == [source(rank, step, world) for rank in range(world)]
            held = [held[rank - 1] for rank in range(world)]


def test_orders_by_hand():
    assert contiguous(6, 3).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert striped(6, 3).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert zigzag(8, 2).tolist() == [[0, 1, 6, 7], [2, 3, 4, 5]]


@pytest.mark.parametrize("order", [contiguous, striped, zigzag])
def test_every_position_is_dealt_once(order):
    positions = order(42, 7)
    assert positions.shape == (7, 6) and sorted(positions.ravel()) == list(range(42))
    with pytest.raises(ValueError, match="43 positions cannot be cut"):
        order(43, 7)


@pytest.mark.parametrize("order", [contiguous, striped, zigzag])
def test_work_by_loops(order):
    positions = order(30, 5)
    work = causal_work(positions)
    for rank in range(5):
        for step in range(5):
            keys = positions[(rank - step) % 5]
            assert work[rank, step] == sum(j <= i for i in positions[rank] for j in keys)
    assert work.sum() == 30 * 31 // 2


def test_finish_has_closed_forms():
    for world, half in ((2, 3), (3, 5), (5, 2)):
        c = 2 * half
        n = world * c
        assert finish(causal_work(contiguous(n, world))) == (world - 1) * c**2 + c * (c + 1) // 2
        assert finish(causal_work(striped(n, world))) == world * c * (c + 1) // 2
        assert finish(causal_work(zigzag(n, world))) == 2 * half**2 * world + half
        assert len(set(causal_work(zigzag(n, world)).sum(axis=1))) == 1


def test_bytes_by_hand():
    # one shard of keys and values: 5 tokens, 3 heads, widths 7 and 11, 8 bytes
    one = 5 * 3 * (7 + 11) * 8
    assert bytes_sent(4, 5, 3, 7, 11, bytes_each=8) == (3 * one, 8 * one)
    assert bytes_sent(4, 5, 3, 7, 11, bytes_each=8, batch=2) == (6 * one, 16 * one)
    assert ring_plan.bytes_sent(1, 5, 3, 7, 11) == (0, 0)
    with pytest.raises(ValueError, match="shard must be at least 1 but is 0"):
        bytes_sent(2, 0, 1, 1, 1)


def test_numpy_integers_are_fine():
    assert causal_work(np.arange(6).reshape(2, 3)).tolist() == [[6, 0], [6, 9]]

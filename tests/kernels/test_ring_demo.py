"""Ring attention started as real processes by the demo: exact, counted, and clear when a rank fails."""

import numpy as np
import pytest
import torch.distributed as dist

from attnlab import masks, reference
from attnlab.kernels import ring_demo
from attnlab.kernels.ring_plan import bytes_sent

pytestmark = pytest.mark.skipif(not dist.is_available() or not dist.is_gloo_available(), reason="needs gloo")
BATCH, HEADS, KV_HEADS, N, D_HEAD, D_VALUE = 2, 6, 3, 42, 5, 7


def inputs(kv_heads=KV_HEADS):
    rng = np.random.default_rng(3)
    shapes = (HEADS, D_HEAD), (kv_heads, D_HEAD), (kv_heads, D_VALUE), (HEADS, D_VALUE)
    return [rng.normal(size=(BATCH, h, N, d)) for h, d in shapes]


def test_three_processes_equal_one_and_send_what_the_plan_says():
    q, k, v, d_out = inputs(HEADS)
    found = ring_demo.run(q, k, v, d_out, world=3, causal=True)
    mask = masks.causal(*masks.positions(N, N))
    assert np.allclose(found.out, reference.attention(q, k, v, mask), atol=1e-12)
    for mine, right in zip((found.dq, found.dk, found.dv), reference.attention_gradient(q, k, v, d_out, mask)):
        assert np.allclose(mine, right, atol=1e-12)
    expected = bytes_sent(3, N // 3, HEADS, D_HEAD, D_VALUE, bytes_each=8, batch=BATCH)
    assert found.sent.tolist() == [list(expected)] * 3


def test_a_rank_that_dies_is_named_and_noticed_in_time():
    with pytest.raises(ring_demo.RingFailure, match="rank 0 raised .*; rank 1 died with exit code 86") as caught:
        ring_demo.run(*inputs(), world=3, seconds=8, fail={1: "dies"})
    assert sorted(caught.value.seconds) == [0, 2] and max(caught.value.seconds.values()) < 12


def test_a_silent_rank_is_given_up_after_the_time_out():
    with pytest.raises(ring_demo.RingFailure, match="rank 0 was still silent and was stopped; rank 1 raised") as caught:
        ring_demo.run(*inputs(), world=2, seconds=2, fail={0: "hangs"})
    assert 1.5 < caught.value.seconds[1] < 10


def test_an_error_inside_a_rank_is_told():
    with pytest.raises(ring_demo.RingFailure, match="^rank 0 raised ValueError$"):
        ring_demo.run(*inputs(kv_heads=4), world=1)  # 4 does not divide 6


def test_errors_at_the_door():
    with pytest.raises(ValueError, match="42 positions cannot be dealt out evenly to 5 processes"):
        ring_demo.run(*inputs(), world=5)
    with pytest.raises(ValueError, match="rank 1 of 3 cannot fail like 'sleeps'"):
        ring_demo.run(*inputs(), world=3, fail={1: "sleeps"})

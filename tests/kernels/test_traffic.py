"""The counted traffic equals its closed form, the results are exact, and the fast memory cannot be cheated by accident."""

import math

import numpy as np
import pytest

from attnlab.kernels import traffic
from attnlab.kernels.traffic import FastMemoryFull, Memory, Slow

KINDS = {
    "standard": (traffic.standard, traffic.standard_traffic),
    "flash_1": (traffic.flash_1, traffic.flash_1_traffic),
    "flash_2": (traffic.flash_2, traffic.flash_2_traffic),
}
SIZES = [(97, 7, 400), (97, 7, 1009), (113, 13, 2003), (61, 5, 5003), (128, 16, 4096)]


def by_hand(q, k, v, causal=False):
    s = q @ k.T / math.sqrt(q.shape[1])
    if causal:
        s[np.triu_indices(len(s), 1)] = -np.inf
    p = np.exp(s - s.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True) @ v


def draw(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(3, n, d))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n, d, capacity", SIZES)
def test_count_equals_closed_form_and_result_is_exact(kind, n, d, capacity):
    run, closed_form = KINDS[kind]
    q, k, v = draw(n, d)
    memory = Memory(capacity)
    out = run(memory, Slow(q), Slow(k), Slow(v))
    np.testing.assert_allclose(out.numpy(), by_hand(q, k, v), atol=1e-12)
    assert memory.traffic == closed_form(n, d, capacity)
    assert memory.peak <= capacity and memory.used == 0


@pytest.mark.parametrize("n, d, capacity", SIZES)
def test_causal_moves_less_and_is_exact(n, d, capacity):
    q, k, v = draw(n, d, seed=1)
    memory = Memory(capacity)
    out = traffic.flash_2(memory, Slow(q), Slow(k), Slow(v), causal=True)
    np.testing.assert_allclose(out.numpy(), by_hand(q, k, v, causal=True), atol=1e-12)
    block_q, _ = traffic.flash_2_blocks(n, d, capacity)
    keys_read = sum(min(n, i + block_q) for i in range(0, n, block_q))
    assert memory.traffic == 2 * n * d + n + 2 * d * keys_read


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("blocks", [(1, 1), (7, 3), (3, 11), (97, 97)])
def test_blocks_may_be_chosen_and_each_block_of_queries_reads_all_keys(blocks, causal):
    n, d = 61, 5
    q, k, v = draw(n, d)
    memory = Memory(10**5)
    out = traffic.flash_2(memory, Slow(q), Slow(k), Slow(v), causal=causal, blocks=blocks)
    np.testing.assert_allclose(out.numpy(), by_hand(q, k, v, causal), atol=1e-12)
    ends = [min(n, i + blocks[0]) for i in range(0, n, blocks[0])]
    assert memory.traffic == 2 * n * d + n + 2 * d * sum(ends if causal else [n] * len(ends))


def test_blocks_that_do_not_fit_or_hold_nothing_are_refused():
    slow = [Slow(x) for x in draw(61, 5)]
    with pytest.raises(FastMemoryFull):
        traffic.flash_2(Memory(400), *slow, blocks=(61, 61))
    with pytest.raises(ValueError, match=r"at least 1 query and 1 key but blocks is \(0, 3\)"):
        traffic.flash_2(Memory(400), *slow, blocks=(0, 3))


def test_order_of_the_three_in_a_realistic_machine():
    counts = [closed(2048, 64, 65_536) for _, closed in KINDS.values()]
    assert [round(c / 1e6, 2) for c in counts] == [18.87, 5.48, 1.57]


def test_temporaries_occupy_fast_memory_and_leave_it():
    memory = Memory(20)
    x = memory.load(Slow(np.ones(7)))
    y = x + x
    assert memory.used == 14 and memory.peak == 14
    with pytest.raises(FastMemoryFull, match="14 elements are held and 7 more were asked for, of 20"):
        x * y
    del y
    assert memory.used == 7
    view = x[2:5]
    assert memory.used == 7 and view.sum() == 3
    np.exp(x, out=x)
    assert memory.used == 7
    np.testing.assert_allclose(np.asarray(x), math.e)
    both = np.concatenate([x, view])
    assert both.shape == (10,) and memory.used == 17
    assert x.copy is not None and memory.loads == 7 and memory.stores == 0


def test_slow_memory_cannot_be_computed_with():
    slow = Slow(np.ones((2, 3)))
    for deed in (lambda: slow + 1, lambda: np.exp(slow), lambda: np.asarray(slow), lambda: np.dot(slow, slow)):
        with pytest.raises(TypeError):
            deed()
    with pytest.raises(TypeError, match="load"):
        np.asarray(slow)
    assert slow[:, 1:].shape == (2, 2) and len(slow) == 2


def test_errors_name_the_numbers():
    memory = Memory(100)
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        memory.store(Slow(np.zeros(3)), memory.full(2, 0.0))
    with pytest.raises(TypeError, match="Slow|slow"):
        memory.load(np.zeros(3))
    with pytest.raises(ValueError, match="capacity of at least 1 element but got 0"):
        Memory(0)
    with pytest.raises(ValueError, match="2 NaN among 3"):
        Slow([np.nan, 0, np.nan])
    for blocks, words in ((traffic.flash_1_blocks, "6 d = 42"), (traffic.flash_2_blocks, "width 7")):
        with pytest.raises(ValueError, match=words):
            blocks(11, 7, 5)
    with pytest.raises(ValueError, match="row of 11 scores"):
        traffic.standard_traffic(11, 7, 5)


def test_copies_are_charged():
    memory = Memory(10)
    x = memory.full(5, 1.0)
    y = x.copy()
    assert memory.used == 10
    with pytest.raises(FastMemoryFull):
        y.astype(float)

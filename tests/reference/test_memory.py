from __future__ import annotations

import math

import numpy as np
import pytest
from compare import assert_same, normal

from attnlab import reference
from attnlab.reference import memory

X = np.random.default_rng(0).choice([-1.0, 1.0], size=(3, 37))


def cues(patterns, flips, seed=1):
    rng, turned = np.random.default_rng(seed), patterns.copy()
    for row in turned:
        row[rng.choice(len(row), flips, replace=False)] *= -1
    return turned


def test_look_up_is_attention_and_sharpens():
    q, k, v = normal(0, 2, 5, 11), normal(1, 7, 11), normal(2, 7, 3)
    assert_same(memory.look_up(q, k, v, 1 / math.sqrt(11)), reference.attention(q, k, v))
    best = (q @ k.T).argmax(-1)
    assert_same(memory.look_up(q, k, v, 1e4), v[best], atol=1e-9)
    assert_same(memory.look_up(q, k, v, 0.0), np.broadcast_to(v.mean(0), (2, 5, 3)))


def test_erase_and_add_by_hand():
    slots = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    found = memory.erase_add(slots, np.array([0.5, 1.0]), np.array([1.0, 0.0, 0.5]), np.array([10.0, 20.0, 0.0]))
    assert_same(found, np.array([[5.5, 12.0, 2.25], [10.0, 25.0, 3.0]]))
    assert_same(memory.erase_add(slots, np.zeros(2), np.ones(3), np.ones(3)), slots)
    one = memory.erase_add(slots, np.array([0, 1]), np.ones(3, int), np.array([7, 8, 9]))
    assert_same(one, np.array([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]]))


def test_the_classical_network_by_hand():
    weights = memory.store(np.array([[1, -1, 1], [1, 1, 1]]))
    assert_same(weights, np.array([[0, 0, 2 / 3], [0, 0, 0], [2 / 3, 0, 0]]))
    assert_same(memory.settle(weights, np.array([1, -1, -1])), np.array([-1.0, -1.0, -1.0]))  # the first unit turns first
    assert_same(memory.energy(weights, np.array([1, -1, 1])), np.array(-2 / 3))


def test_few_patterns_come_back_and_their_opposites_too():
    weights = memory.store(X)
    assert_same(memory.settle(weights, X), X)
    assert_same(memory.settle(weights, cues(X, 4)), X)
    assert_same(memory.settle(weights, -X), -X)


def test_every_turn_lowers_the_energy_and_too_many_patterns_are_lost():
    many = np.random.default_rng(2).choice([-1.0, 1.0], size=(30, 37))
    weights, x = memory.store(many), cues(many, 4)
    before = memory.energy(weights, x)
    for _ in range(5):
        x = memory.settle(weights, x, 1)
        after = memory.energy(weights, x)
        assert (after <= before + 1e-12).all()
        before = after
    assert (x == many).all(axis=1).mean() < 0.1
    assert_same(memory.settle(weights, many, 0), many)


def test_a_step_of_the_modern_network_is_attention_on_the_patterns():
    x, patterns = normal(3, 5, 11), normal(4, 7, 11)
    assert_same(memory.modern_step(x, patterns, 0.7), reference.attention(x, patterns, patterns, scale=0.7))
    assert_same(memory.modern_step(x[0], patterns, 0.7), memory.modern_step(x, patterns, 0.7)[0])


def test_the_modern_energy_falls_and_its_slope_is_the_step():
    x, patterns = normal(5, 5, 11), normal(6, 7, 11)
    for _ in range(4):
        before, step = memory.modern_energy(x, patterns, 0.9), memory.modern_step(x, patterns, 0.9)
        assert (memory.modern_energy(step, patterns, 0.9) <= before + 1e-12).all()
        h = 1e-6 * np.eye(11)
        up, down = (memory.modern_energy(x[:, None] + sign * h, patterns, 0.9) for sign in (1, -1))
        assert np.abs((up - down) / 2e-6 - (x - step)).max() < 1e-7  # dE/dx = x - step
        x = step


def test_large_scores_do_not_overflow():
    assert_same(memory.modern_step(1000 * X, 1.0 * X, 5.0), X, atol=1e-12)
    assert np.isfinite(memory.modern_energy(1000 * X, X, 5.0)).all()


@pytest.mark.usefixtures("as_readers_run_it")
def test_what_is_refused():
    with pytest.raises(ValueError, match="there are 7 keys and 6 values"):
        memory.look_up(normal(0, 5, 3), normal(1, 7, 3), normal(2, 6, 3), 1.0)
    with pytest.raises(ValueError, match="there are 0 keys and 0 values"):
        memory.look_up(normal(0, 5, 3), np.zeros((0, 3)), np.zeros((0, 3)), 1.0)
    with pytest.raises(ValueError, match="q has width 4 but what it is compared with has width 3"):
        memory.look_up(normal(0, 5, 4), normal(1, 7, 3), normal(2, 7, 3), 1.0)
    with pytest.raises(ValueError, match=r"memory has shape \(2, 3\) but weights, erase and add have \(3,\), \(3,\) and \(3,\)"):
        memory.erase_add(np.ones((2, 3)), np.ones(3), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="weights must lie from 0 to 1 but reach from 0.5 to 1.5"):
        memory.erase_add(np.ones((2, 3)), np.array([0.5, 1.5]), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="erase must lie from 0 to 1"):
        memory.erase_add(np.ones((2, 3)), np.ones(2), -np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="patterns must hold 1 and -1 alone"):
        memory.store(X * 0)
    with pytest.raises(ValueError, match="cues must hold 1 and -1 alone"):
        memory.settle(np.zeros((37, 37)), X / 2)
    with pytest.raises(ValueError, match="cues has width 37 but what it is compared with has width 5"):
        memory.settle(np.zeros((5, 5)), X)

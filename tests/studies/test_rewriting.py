from __future__ import annotations

import numpy as np
from compare import assert_same, normal

from attnlab.reference.mixers.delta import write_delta, write_sum
from attnlab.studies import rewriting


def test_keys_are_read_newest_first_and_against_their_last_value():
    keys, which, values = np.eye(3)[:, :3], np.array([0, 1, 0, 2]), normal(0, 4, 5)
    assert_same(rewriting.cosine_of_last(keys, which, values, write_delta), np.ones(3))
    found = rewriting.cosine_of_last(keys, which, values, write_sum)
    both, last = values[0] + values[2], values[2]
    cosine = both @ last / np.linalg.norm(both) / np.linalg.norm(last)
    assert_same(found, np.array([1.0, cosine, 1.0]))  # key 2, key 0, key 1
    seen = rewriting.cosine_of_last(keys, which, values, rewriting.fading(0.5, write_sum))
    both = values[0] / 4 + values[2]
    assert_same(seen[1], both @ last / np.linalg.norm(both) / np.linalg.norm(last))


def test_what_fades_is_what_stood_before():
    memory, k, v = normal(0, 3, 5), normal(1, 3), normal(2, 5)
    assert_same(rewriting.fading(0.5, write_sum)(memory, k, v), memory / 2 + np.outer(k, v))
    assert_same(rewriting.fading(1.0, write_delta)(memory, k, v), write_delta(memory, k, v))


def test_what_is_rewritten_is_drawn_as_it_says():
    keys, which, values = rewriting.rewritten(41, 7, 5, np.random.default_rng(0))
    assert keys.shape == (7, 5) and which.shape == (41,) and values.shape == (41, 5)
    assert set(which) == set(range(7))
    assert np.allclose(np.linalg.norm(keys, axis=-1), 1)


def test_the_four_writes_differ_in_what_they_take_out_and_in_what_fades():
    """On a memory that holds 3 under the key, written with 5."""
    memory, key, value = np.array([[3.0], [0.0]]), np.array([1.0, 0.0]), np.array([5.0])
    found = {name: float(write(memory, key, value)[0, 0]) for name, write in rewriting.WRITES.items()}
    assert_same(np.array(list(found.values())), np.array([8.0, 0.95 * 3 + 5, 5.0, 5.0]))
    assert list(found) == ["sum", "sum, fading", "delta", "delta, fading"]
    other = np.array([[0.0], [3.0]])
    assert_same(rewriting.WRITES["delta, fading"](other, key, value), np.array([[5.0], [0.95 * 3]]))

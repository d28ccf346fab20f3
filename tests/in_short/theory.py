"""What test_in_short knows of the part on theory."""

from __future__ import annotations

import numpy as np
import torch
from attnlab.reference import memory
from in_short.page import Bug, Page, close, normal, tensor


# -- key-value memory


def memory_agrees(f, g):
    x, patterns = normal(5, 7), normal(11, 7, seed=1)
    close(f.hopfield(x, patterns, 0.9), memory.modern_step(x, patterns, 0.9))
    twice = memory.modern_step(memory.modern_step(x, patterns, 0.9), patterns, 0.9)
    close(f.hopfield(x, patterns, 0.9, 2), twice)
    close(g.hopfield(tensor(x), tensor(patterns), 0.9, 2), tensor(twice))
    table, w, e, a = np.abs(normal(3, 5)), np.array([0.2, 1, 0.5]), np.linspace(0, 1, 5), normal(5, seed=2)
    close(f.erase_add(table, w, e, a), memory.erase_add(table, w, e, a))


def a_whole_write_is_an_assignment(f):
    new = normal(5)
    close(f.erase_add(normal(3, 5, seed=1), np.array([0, 1.0, 0]), np.ones(5), new)[1], new)


def a_stored_pattern_comes_back(g):
    patterns = torch.eye(5).double()
    assert (g.hopfield(patterns, patterns, 100.0) - patterns).abs().max() < 1e-12


def flat_scores_give_the_mean(f):
    patterns = normal(11, 7)
    close(f.hopfield(normal(5, 7, seed=1), patterns, 0.0), np.broadcast_to(patterns.mean(0), (5, 7)))


PAGES: dict[str, Page] = {
    "theory/key_value_memory": Page(
        memory_agrees,
        {
            "Add, then erase": Bug("numpy", "memory * (1 - np.outer(w, erase)) + np.outer(w, add)", "(memory + np.outer(w, add)) * (1 - np.outer(w, erase))", a_whole_write_is_an_assignment),
            "No sharpness": Bug("torch", ", scale=beta", "", a_stored_pattern_comes_back),
            "Softmax over the wrong axis": Bug("numpy", "weights / weights.sum(-1, keepdims=True)", "weights / weights.sum(0, keepdims=True)", flat_scores_give_the_mean),
        },
        lambda: [f"{64 * 64:,}"],
    ),
}

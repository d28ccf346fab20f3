"""Memories of keys and values, what can be computed, learning inside a forward pass."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import reference
from attnlab.reference import memory
from attnlab.studies import in_context, rasp
from in_short import inside
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


TABLE = np.array([[True, False, True, False], [False] * 4, [True] * 4, [False, False, False, True], [False, True, True, False]])


# -- what a transformer can compute


def express_agrees(f, g):
    values, place = normal(4), list(range(4))
    for default in (0.0, -3.5):
        mine, its = f.aggregate(TABLE, values, default), g.aggregate(torch.from_numpy(TABLE), tensor(values), default)
        close(mine, np.array([values[row].mean() if row.any() else default for row in TABLE]))
        close(its, mine)
    selector = rasp.select(place, place, lambda k, q: k < q)
    close(f.aggregate(selector.table, values), rasp.aggregate(selector, values))


def one_key_comes_back(f):
    values = np.array([3.0, 5.0, 7.0])
    close(f.aggregate(np.eye(3, dtype=bool), values, -1.0), values)


def the_best_case_of_a_softmax(f):
    for n, bound in ((2, 1.0), (50, 2.5)):
        close(f.largest_weight(n, bound), reference.softmax(np.append(bound, np.full(n - 1, -bound)))[0])


def nothing_selected_gives_the_default(f):
    out = f.aggregate(torch.tensor([[False, False], [True, False]]), torch.tensor([2.0, 4.0]), 7.0)
    close(out, torch.tensor([7.0, 2.0]))


# -- learning inside a forward pass


def _prompt(n: int = 7, d: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return normal(n, d), normal(n, seed=1), normal(d, seed=2)


def icl_agrees(f, g):
    x, y, question = _prompt()
    one = in_context.Prompts(*(tensor(part)[None] for part in (x, y, question, np.zeros(()))))
    for layers in (1, 2, 5):
        close(f.predict(x, y, question, 0.05, layers), in_context.descended(one, 0.05, layers)[0])
    for temperature in (0.5, 2.0):
        close(g.kernel_regression(*map(tensor, (x, y, question)), temperature), in_context.kernel_regression(one, temperature)[0])


def two_layers_are_two_steps(f):
    x, y, question = _prompt()
    w = 0.05 * y @ x
    close(f.predict(x, y, question, 0.05, 2), (w + 0.05 * (y - x @ w) @ x) @ question)


def many_layers_are_least_squares(f):
    x, _, question = _prompt()
    with np.errstate(all="ignore"):
        close(f.predict(x, x @ np.array([1.0, -2.0, 0.5]), question, 0.05, 3_000), question @ np.array([1.0, -2.0, 0.5]), atol=1e-6)


def endless_temperature_is_the_mean(f):
    x, y, question = map(tensor, _prompt())
    close(f.kernel_regression(x, y, question, 1e15), y.mean())


PAGES: dict[str, Page] = {
    **inside.PAGES,
    "theory/key_value_memory": Page(
        memory_agrees,
        {
            "Add, then erase": Bug("numpy", "memory * (1 - np.outer(w, erase)) + np.outer(w, add)", "(memory + np.outer(w, add)) * (1 - np.outer(w, erase))", a_whole_write_is_an_assignment),
            "No sharpness": Bug("torch", ", scale=beta", "", a_stored_pattern_comes_back),
            "Softmax over the wrong axis": Bug("numpy", "weights / weights.sum(-1, keepdims=True)", "weights / weights.sum(0, keepdims=True)", flat_scores_give_the_mean),
        },
        lambda: [f"{64 * 64:,}"],
    ),
    "theory/expressiveness": Page(
        express_agrees,
        {
            "The sentinel wins": Bug("numpy", "1000.0", "3000.0", one_key_comes_back),
            "Half the gap": Bug("numpy", "np.exp(-2 * bound)", "np.exp(-bound)", the_best_case_of_a_softmax),
            "Nothing selected": Bug("torch", "mask = torch.cat([alone, selected], -1)", "mask = torch.cat([alone & False, selected], -1)", nothing_selected_gives_the_default),
        },
        lambda: [str(int(1 + np.exp(6)))],
    ),
    "theory/in_context": Page(
        icl_agrees,
        {
            "The question counts as an example": Bug("numpy", "(x @ x[:-1].T) @ left[:-1]", "(x @ x.T) @ left", two_layers_are_two_steps),
            "The sign": Bug("numpy", "left - rate", "left + rate", many_layers_are_least_squares),
            "The softmax is scaled by the width": Bug("torch", ", scale=1 / temperature", "", endless_temperature_is_the_mean),
        },
        lambda: [f"{6 / 26:.3f}"],
    ),
}

"""Right answers to the exercises on explanation, written differently from the solutions."""

from __future__ import annotations

import itertools
import math

import numpy as np
from right_ways import collector
from scipy import linalg, stats

RIGHT, right = collector("theory")


@right("kendall")
def kendall_pair_by_pair(a, b):
    score, of_a, of_b = 0, 0, 0
    for i, j in itertools.combinations(range(len(a)), 2):
        first, second = float(a[i] - a[j]), float(b[i] - b[j])
        of_a += first != 0
        of_b += second != 0
        if first * second > 0:
            score += 1
        elif first * second < 0:
            score -= 1
    return score / math.sqrt(of_a * of_b) if of_a and of_b else 0.0


@right("kendall")
def kendall_of_a_library(a, b):
    found = stats.kendalltau(a, b).statistic
    return 0.0 if np.isnan(found) else found


@right("path_gradients")
def path_token_by_token(gradient, rows, blank, steps):
    points = [blank + (2 * s + 1) / (2 * steps) * (rows - blank) for s in range(steps)]
    mean = sum(gradient(one) for one in points) / steps
    return np.array([float((x - b) @ g) for x, b, g in zip(rows, blank, mean)])


@right("path_gradients")
def path_from_the_far_end(gradient, rows, blank, steps):
    change = rows - blank
    return np.mean([np.einsum("nd,nd->n", change, gradient(rows - (s + 0.5) * change / steps)) for s in range(steps)], axis=0)


@right("same_sum_weights")
def rows_without_the_blind_part(weights, values):
    blind = linalg.null_space(np.column_stack([values, np.ones(len(values))]).T)
    return weights - weights @ blind @ blind.T


@right("same_sum_weights")
def rows_by_least_squares(weights, values):
    columns = np.hstack([np.asarray(values, dtype=float), np.ones((len(values), 1))])
    return np.linalg.lstsq(columns.T, (weights @ columns).T, rcond=None)[0].T

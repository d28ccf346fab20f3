"""The tiny examples of the statements: the backward pass of the blocked kernel, and its tricks."""

from math import inf, log

EXAMPLES = [
    ("efficiency.lse_gradient", ([[1]], [[1]], [[5]], [[5]], [1], [[0]], [3]), ([[3]], [[3]], [[0]])),
    ("efficiency.sink_gradient", ([[1]], [log(2)], 0, [[1]]), -0.5),
    ("efficiency.trick_gains", ([8, 4, 3],), ([2, 1.333], [0.8, 0.2])),
    ("efficiency.score_bounds", ([[3]], [[1], [-2], [50]], [[0, 1, -inf]]), ([7], [-6])),
    ("efficiency.fold_columns", ([[2]], [[3]], [6]), ([[2.885, -8.656]], [[3, 1]])),
]

"""Oracles: the same definitions written as plain loops over Python lists, and masks typed out cell by cell.

Imports nothing of the package, and no array library: what it says can be checked with a pencil.
"""

from __future__ import annotations

import math

# Masks, True = may look. A row is a query, a column is a key.
CAUSAL_5 = [
    [1, 0, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [1, 1, 1, 0, 0],
    [1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1],
]
CAUSAL_3_QUERIES_7_KEYS = [  # last query with last key, as when decoding with a cache
    [1, 1, 1, 1, 1, 0, 0],
    [1, 1, 1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1, 1, 1],
]
CAUSAL_3_QUERIES_7_KEYS_TOP_LEFT = [  # first query with first key, torch's `is_causal`
    [1, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0, 0],
    [1, 1, 1, 0, 0, 0, 0],
]
CAUSAL_5_QUERIES_3_KEYS = [  # the first two queries stand before every key
    [0, 0, 0],
    [0, 0, 0],
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
]
WINDOW_1_OF_3 = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
]
WINDOW_3_OF_7 = [
    [1, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0, 0],
    [1, 1, 1, 0, 0, 0, 0],
    [0, 1, 1, 1, 0, 0, 0],
    [0, 0, 1, 1, 1, 0, 0],
    [0, 0, 0, 1, 1, 1, 0],
    [0, 0, 0, 0, 1, 1, 1],
]
WINDOW_2_3_QUERIES_5_KEYS = [
    [0, 1, 1, 0, 0],
    [0, 0, 1, 1, 0],
    [0, 0, 0, 1, 1],
]
LENGTHS = [2, 0, 5]
PADDING_OF_LENGTHS_5_KEYS = [
    [[1, 1, 0, 0, 0]],
    [[0, 0, 0, 0, 0]],
    [[1, 1, 1, 1, 1]],
]


def softmax(x: list[float], temperature: float = 1.0) -> list[float]:
    """Weight i is 1 / sum_j exp((x_j - x_i) / T): the textbook fraction, divided through by its numerator."""
    return [0.0 if xi == -math.inf else 1 / math.fsum(_exp((xj - xi) / temperature) for xj in x) for xi in x]


def attention_weights(q, k, mask=None, bias=None, scale=None) -> list[list[float]]:
    """Lists of rows in, a list of rows out; one query and one key at a time."""
    weights = []
    for i, query in enumerate(q):
        scores = []
        for j, key in enumerate(k):
            score = math.fsum(a * b for a, b in zip(query, key))
            score = score / math.sqrt(len(query)) if scale is None else score * scale
            score = score if bias is None else score + bias[i][j]
            scores.append(score if mask is None or mask[i][j] else -math.inf)
        weights.append(softmax(scores))
    return weights


def attention(q, k, v, mask=None, bias=None, scale=None, d_v=None) -> list[list[float]]:
    """`d_v` is needed only where there are no keys to tell it."""
    weights = attention_weights(q, k, mask, bias, scale)
    width = len(v[0]) if len(v) else d_v
    return [[math.fsum(row[j] * v[j][c] for j in range(len(v))) for c in range(width)] for row in weights]


def slope(f, x: list[float], step: float = 1e-5) -> list[float]:
    """Central differences of the number f(x), one entry of x at a time."""
    slopes = []
    for i in range(len(x)):
        up, down = list(x), list(x)
        up[i] += step
        down[i] -= step
        slopes.append((f(up) - f(down)) / (2 * step))
    return slopes


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def layer_norm(row: list[float], gain: list[float], bias: list[float], epsilon: float) -> list[float]:
    """One token: subtract the mean, divide by the root of the mean squared deviation and epsilon."""
    mean = math.fsum(row) / len(row)
    variance = math.fsum((a - mean) ** 2 for a in row) / len(row)
    return [g * (a - mean) / math.sqrt(variance + epsilon) + b for a, g, b in zip(row, gain, bias)]


def rms_norm(row: list[float], gain: list[float], epsilon: float) -> list[float]:
    """One token: divide by the root of the mean square and epsilon."""
    size = math.sqrt(math.fsum(a * a for a in row) / len(row) + epsilon)
    return [g * a / size for a, g in zip(row, gain)]


def relu(x: float) -> float:
    return x if x > 0 else 0.0


def gelu(x: float) -> float:
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: float) -> float:
    return x / (1 + math.exp(-x))


def times(row: list[float], matrix: list[list[float]]) -> list[float]:
    """A row times a matrix."""
    return [math.fsum(a * line[j] for a, line in zip(row, matrix)) for j in range(len(matrix[0]))]


def feed_forward(row, expand, expand_bias, contract, contract_bias, activation) -> list[float]:
    hidden = [activation(a + b) for a, b in zip(times(row, expand), expand_bias)]
    return [a + b for a, b in zip(times(hidden, contract), contract_bias)]


def gated(row, gate, expand, contract, activation) -> list[float]:
    return times([activation(a) * b for a, b in zip(times(row, gate), times(row, expand))], contract)

"""Right answers to the exercises on the fundamentals of attention, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np

RIGHT: list[tuple[str, object]] = []


def right(name):
    def add(function):
        RIGHT.append((f"fundamentals.{name}", function))
        return function
    return add


def share(row):
    powers = [math.exp(s - max(row)) for s in row]
    return np.array([power / sum(powers) for power in powers])


@right("entropy")
def entropy_in_loops(weights):
    if weights.ndim > 1:
        return [entropy_in_loops(row) for row in weights]
    return sum(p * math.log2(1 / p) for p in weights if p > 0)


@right("entropy")
def entropy_with_the_limit_put_in_afterwards(weights):
    weights += 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.nansum(weights * np.log(weights), axis=-1) / np.log(2)


@right("softmax_backward")
def backward_through_full_jacobians(weights, d_weights, temperature):
    out = np.empty(weights.shape)
    for place in np.ndindex(weights.shape[:-1]):
        p = weights[place]
        out[place] = (np.diag(p) - np.outer(p, p)) @ d_weights[place] / temperature
    return out


@right("softmax_backward")
def backward_in_float32(weights, d_weights, temperature):
    p, g = weights.astype(np.float32), d_weights.astype(np.float32)
    return p / np.float32(temperature) * (g - np.einsum("...j,...j->...", p, g)[..., None])


@right("surprise")
def surprise_one_example_at_a_time(logits, labels, temperatures):
    result = []
    for t in temperatures:
        costs = []
        for row, label in zip(logits / t, labels):
            top = max(row)
            costs.append(top - row[label] + math.log(sum(math.exp(z - top) for z in row)))
        result.append(sum(costs) / len(costs))
    return result


@right("additive_score")
def additive_in_loops(q, k, w_q, w_k, v):
    return [[float(np.dot(v, np.tanh(w_q.T @ a + w_k.T @ b))) for b in k] for a in q]


@right("additive_score")
def additive_by_concatenation(q, k, w_q, w_k, v):
    pairs = np.concatenate([np.repeat(q, len(k), axis=0), np.tile(k, (len(q), 1))], axis=1)
    return (np.tanh(pairs @ np.vstack([w_q, w_k])) @ v).reshape(len(q), len(k))


@right("kernel_regression")
def regression_as_softmax(q, k, v, width):
    return [share([-math.dist(a, b) ** 2 / 2 / width**2 for b in k]) @ v for a in q]


@right("kernel_regression")
def regression_by_expansion(q, k, v, width):
    scores = (q @ k.T - (k * k).sum(axis=1) / 2) / width**2
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.einsum("ij,jd,i->id", bumps, v, 1 / bumps.sum(axis=1))


@right("query_gradient")
def query_gradient_as_a_covariance(q, k, v, d_output):
    a = share(k @ q / math.sqrt(len(q)))
    return ((a[:, None] * (k - a @ k)).T @ (v - a @ v) @ d_output) / math.sqrt(len(q))


@right("linear_backward")
def linear_backward_on_a_flat_batch(x, w, d_y):
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    return np.tensordot(d_y, w, axes=(2, 1)), flat.T @ d_flat


@right("three_roads")
def roads_in_one_product(d_q, d_k, d_v, w_q, w_k, w_v):
    return np.hstack([d_q, d_k, d_v]) @ np.hstack([w_q, w_k, w_v]).T


@right("numerical_gradient")
def slopes_in_place_and_put_back(f, x, step):
    x, slopes = np.array(x, dtype=float), []
    for i in range(x.size):
        kept = x.flat[i]
        x.flat[i] = kept + step
        up = f(x)
        x.flat[i] = kept - step
        slopes.append((up - f(x)) / (2 * step))
        x.flat[i] = kept
    return np.reshape(slopes, x.shape)


@right("bigram_perplexity")
def perplexity_as_a_geometric_mean(train, text, vocab):
    product, pairs = 1.0, list(zip(train, train[1:]))
    for a, b in zip(text, text[1:]):
        seen = sum(x == a for x, _ in pairs)
        product *= ((seen + vocab) / (sum(pair == (a, b) for pair in pairs) + 1)) ** (1 / (len(text) - 1))
    return product


@right("leave_one_out")
def leave_one_out_in_loops(x, y, width):
    total = 0.0
    for i in range(len(x)):
        others = [j for j in range(len(x)) if j != i]
        p = share([-((x[i] - x[j]) ** 2) / 2 / width**2 for j in others])
        total += (p @ y[others] - y[i]) ** 2
    return total / len(x)


@right("temperature_for_bits")
def temperature_by_secants(scores, bits):
    def missing(u):
        p = share(scores / math.exp(u))
        return sum(-a * math.log2(a) for a in p if a > 0) - bits

    grid = np.linspace(math.log(1e-3), math.log(1e3), 400)
    i = next(i for i, u in enumerate(grid) if missing(u) > 0)
    low, high = grid[i - 1], grid[i]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if missing(middle) < 0 else (low, middle)
    return math.exp(high)


@right("last_states")
def reading_one_text_at_a_time(x, lengths, w_x, w_h):
    ends = []
    for words, n in zip(x, lengths):
        h = 0 * w_h[0]
        for word in words[: int(n)]:
            h = np.tanh(word @ w_x + h @ w_h)
        ends.append(h)
    return ends


@right("last_states")
def all_states_then_the_right_one(x, lengths, w_x, w_h):
    both, walk = np.vstack([w_x, w_h]), [np.zeros((len(x), len(w_h)))]
    for t in range(x.shape[1]):
        walk.append(np.tanh(np.hstack([x[:, t], walk[-1]]) @ both))
    return np.stack(walk)[lengths, np.arange(len(x))]


@right("look_again")
def each_text_by_itself(scores, states, lengths):
    weights = np.zeros(scores.shape)
    for b, n in enumerate(lengths):
        weights[b, :, :n] = [share(row[:n]) for row in scores[b]]
    return np.einsum("bij,bjd->bid", weights, states), weights


@right("look_again")
def hidden_before_the_maximum_and_divided_at_the_end(scores, states, lengths):
    real = (np.arange(scores.shape[2]) < lengths[:, None])[:, None].astype(float)
    best = np.max(scores, axis=2, keepdims=True, where=real > 0, initial=-np.inf)
    powers = np.exp(np.minimum(scores - best, 0)) * real
    total = powers.sum(axis=2, keepdims=True)
    return (powers @ states) / total, powers / total


@right("crossings")
def crossings_as_a_table(weights):
    places = np.argmax(weights, axis=1)
    return np.triu(places[:, None] > places[None, :]).sum()


@right("crossings")
def crossings_by_sorting(weights):
    places, count = [], 0
    for row in weights:
        place = int(np.argmax(row))
        count += sum(one > place for one in places)
        places.append(place)
    return float(count)


@right("kernel_regression")
def regression_in_float32(q, k, v, width):
    gaps = np.asarray(q, np.float32)[:, None] - np.asarray(k, np.float32)
    scores = -np.einsum("ijd,ijd->ij", gaps, gaps) / np.float32(2 * width**2)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (powers @ v / powers.sum(axis=1, keepdims=True)).tolist()


@right("leave_one_out")
def leave_one_out_with_a_table_without_diagonal(x, y, width):
    others = np.array([np.delete(np.arange(len(x)), i) for i in range(len(x))])
    far = (x[:, None] - x[others]) ** 2
    bumps = np.exp((far.min(axis=1, keepdims=True) - far) / 2 / width**2)
    return np.array(np.mean(((bumps * y[others]).sum(axis=1) / bumps.sum(axis=1) - y) ** 2))


@right("surprise")
def surprise_by_differences_from_the_label(logits, labels, temperatures):
    gaps = logits - np.take_along_axis(logits, labels[:, None], axis=1)
    return [np.logaddexp.reduce(gaps / t, axis=1).mean() for t in temperatures]


@right("temperature_for_bits")
def temperature_by_the_plain_middle(scores, bits):
    low, high = 1e-3, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        p = share(scores / middle)
        enough = -sum(a * math.log2(a) for a in p if a > 0) >= bits
        low, high = (low, middle) if enough else (middle, high)
    return np.array([high])[0]


@right("look_again")
def words_weighed_in_loops(scores, states, lengths):
    weights, contexts = np.zeros(scores.shape).tolist(), []
    for b, n in enumerate(lengths):
        contexts.append([])
        for t, row in enumerate(scores[b]):
            weights[b][t][:n] = list(share(row[:n]))
            contexts[b].append(sum(w * h for w, h in zip(weights[b][t], states[b])))
    return [contexts, weights]


@right("numerical_gradient")
def slopes_along_unit_arrays(f, x, step):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.reshape([(f(x + step * e) - f(x - step * e)) / (2 * step) for e in units], x.shape)

"""Right answers to the exercises on the fundamentals of attention, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("fundamentals")


def share(row):
    powers = [math.exp(s - max(row)) for s in row]
    return np.array([power / sum(powers) for power in powers])


@right("disagreement")
def disagreement_in_loops(weights):
    if weights.ndim > 2:
        return [disagreement_in_loops(table) for table in weights]
    bits = lambda row: sum(p * math.log2(1 / p) for p in row if p > 0)
    return bits(weights.mean(axis=0)) - sum(map(bits, weights)) / len(weights)


@right("disagreement")
def disagreement_as_a_mean_divergence(weights):
    mean = weights.mean(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nansum(weights * (np.log(weights) - np.log(mean)), axis=-1).mean(axis=-1) / np.log(2)


@right("temperature_gradient")
def temperature_through_full_jacobians(scores, d_weights, temperature):
    total = 0.0
    for place in np.ndindex(scores.shape[:-1]):
        p = share(scores[place] / temperature)
        total -= d_weights[place] @ (np.diag(p) - np.outer(p, p)) @ (scores[place] - scores[place].max()) / temperature**2
    return total


@right("temperature_gradient")
def temperature_as_a_covariance(scores, d_weights, temperature):
    shifted = scores - scores.max(axis=-1, keepdims=True)
    p = np.exp(shifted / temperature)
    p /= p.sum(axis=-1, keepdims=True)
    mean = lambda x: np.einsum("...j,...j->...", p, x)
    return np.float64(-(mean(d_weights * shifted) - mean(d_weights) * mean(shifted)).sum() / temperature**2)


@right("distil")
def distil_one_example_at_a_time(teacher, student, temperatures):
    result = []
    for t in temperatures:
        costs = []
        for wanted, row in zip(teacher / t, student / t):
            top = max(row)
            total = top + math.log(sum(math.exp(z - top) for z in row))
            costs.append(sum(r * (total - z) for r, z in zip(share(wanted), row)))
        result.append(sum(costs) / len(costs))
    return result


@right("concat_score")
def concat_in_loops(q, k, w, u):
    return [[float(np.dot(u, np.tanh(np.concatenate([a, b]) @ w))) for b in k] for a in q]


@right("concat_score")
def concat_of_all_pairs(q, k, w, u):
    pairs = np.concatenate([np.repeat(q, len(k), axis=0), np.tile(k, (len(q), 1))], axis=1)
    return (np.tanh(pairs @ w) @ u).reshape(len(q), len(k))


@right("kernel_regression")
def regression_as_softmax(q, k, v, width):
    return [share([-math.dist(a, b) ** 2 / 2 / width**2 for b in k]) @ v for a in q]


@right("kernel_regression")
def regression_by_expansion(q, k, v, width):
    scores = (q @ k.T - (k * k).sum(axis=1) / 2) / width**2
    bumps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.einsum("ij,jd,i->id", bumps, v, 1 / bumps.sum(axis=1))


@right("key_gradient")
def key_gradient_key_by_key(q, k, v, d_output, width):
    a = share([-math.dist(q, one) ** 2 / 2 / width**2 for one in k])
    output = a @ v
    return [a[j] * ((v[j] - output) @ d_output) * (q - k[j]) / width**2 for j in range(len(k))]


@right("affine_backward")
def affine_backward_in_loops(x, w, d_y):
    d_w, d_b = np.zeros(w.shape), np.zeros(w.shape[1])
    for place in np.ndindex(x.shape[:-1]):
        d_w += np.outer(x[place], d_y[place])
        d_b += d_y[place]
    return np.tensordot(d_y, w, axes=(-1, 1)), d_w, d_b


@right("affine_backward")
def affine_backward_with_a_one_for_the_bias(x, w, d_y):
    longer = np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)
    both = np.tensordot(longer, d_y, axes=(list(range(x.ndim - 1)), list(range(x.ndim - 1))))
    return [d_y @ w.T, both[:-1], both[-1]]


@right("hard_attention")
def drawing_word_by_word(weights, states, draws):
    out = np.zeros((*draws.shape, states.shape[1]))
    for place in np.ndindex(draws.shape):
        left, word = float(draws[place]), 0
        while word < len(states) - 1 and left >= weights[place[1], word]:
            left -= weights[place[1], word]
            word += 1
        out[place] = states[word]
    return out


@right("hard_attention")
def drawing_by_searching(weights, states, draws):
    sums = np.cumsum(weights, axis=1)
    columns = [np.searchsorted(sums[t], draws[:, t], side="right") for t in range(len(weights))]
    return states[np.minimum(np.stack(columns, axis=1), len(states) - 1)]


@right("words_right")
def judging_word_by_word(written, target):
    words = texts = count = 0
    for mine, wanted in zip(written.tolist(), target.tolist()):
        mine, wanted = ([w for w in row if w] for row in (mine, wanted))
        words += sum(a == b for a, b in zip(mine, wanted))
        count += len(wanted)
        texts += mine == wanted
    return [words / count, texts / len(target)]


@right("write_greedily")
def writing_by_recursion(step, state, start, end, longest):
    if longest == 0:
        return []
    scores, state = step(state, start)
    word = max(range(len(scores)), key=lambda i: scores[i])
    return [] if word == end else [word, *writing_by_recursion(step, state, word, end, longest - 1)]


@right("three_roads")
def roads_in_one_product(d_q, d_k, d_v, w_q, w_k, w_v):
    return np.hstack([d_q, d_k, d_v]) @ np.hstack([w_q, w_k, w_v]).T


@right("numerical_jacobian")
def columns_in_place_and_put_back(f, x, step):
    x, columns = np.array(x, dtype=float), []
    for i in range(x.size):
        kept = x.flat[i]
        x.flat[i] = kept + step
        up = np.array(f(x))
        x.flat[i] = kept - step
        columns.append((up - np.array(f(x))) / (2 * step))
        x.flat[i] = kept
    return np.stack(columns, axis=-1).reshape((*columns[0].shape, *x.shape))


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


@right("distil")
def distil_by_differences_from_every_class(teacher, student, temperatures):
    gaps = student[:, None, :] - student[:, :, None]
    return [np.mean([p @ g for p, g in zip(map(share, teacher / t), np.logaddexp.reduce(gaps / t, axis=2))]) for t in temperatures]


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


@right("numerical_jacobian")
def columns_along_unit_arrays(f, x, step):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    table = np.array([(f(x + step * e) - f(x - step * e)) / (2 * step) for e in units])
    return np.moveaxis(table, 0, -1).reshape((*table.shape[1:], *x.shape))


@right("hard_attention")
def words_found_in_sorted_sums(weights, states, draws):
    places = [np.searchsorted(np.cumsum(row), draws[:, t], side="right") for t, row in enumerate(weights)]
    return np.stack([states[np.minimum(place, len(states) - 1)] for place in places], axis=1)


@right("words_right")
def words_right_in_lists(written, target):
    pairs = [([w for w in a if w], [w for w in b if w]) for a, b in zip(written.tolist(), target.tolist())]
    hits = sum(mine == its for a, b in pairs for mine, its in zip(a, b))
    return hits / sum(len(b) for _, b in pairs), sum(a == b for a, b in pairs) / len(pairs)


@right("temperature_gradient")
def temperature_by_covariances(scores, d_weights, temperature):
    total = 0.0
    for s, g in zip(scores.reshape(-1, scores.shape[-1]), d_weights.reshape(-1, scores.shape[-1])):
        p = np.exp((s - s.max()) / temperature)
        p = p / p.sum()
        total -= (p * g) @ (s - p @ s) / temperature**2
    return np.float32(total)

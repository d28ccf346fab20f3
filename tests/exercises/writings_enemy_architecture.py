"""Right answers to the exercises of the part on the architecture, in styles far from the solutions'."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import torch
from right_ways import collector

RIGHT, right = collector("architecture")


@right("attend_to_blocks")
def blocks_in_lists(writes, query, size):
    blocks, rest = [[float(a) for a in writes[0]]], [list(map(float, row)) for row in writes[1:]]
    while rest:
        blocks.append([math.fsum(column) for column in zip(*rest[:size])])
        rest = rest[size:]
    scores = [sum(float(q) * a for q, a in zip(query, b)) / math.sqrt(sum(a * a for a in b) / len(b)) for b in blocks]
    powers = [math.exp(s - max(scores)) for s in scores]
    return [sum(p * b[c] for p, b in zip(powers, blocks)) / sum(powers) for c in range(len(query))]


@right("attend_to_blocks")
def blocks_by_a_padded_table(writes, query, size):
    rest = torch.as_tensor(np.asarray(writes[1:], dtype=float))
    rest = torch.cat([rest, rest.new_zeros(-len(rest) % size, rest.shape[1])]).reshape(-1, size, rest.shape[1]).sum(dim=1)
    h = torch.cat([torch.as_tensor(np.asarray(writes[:1], dtype=float)), rest])
    keys = torch.nn.functional.normalize(h, dim=-1, eps=0) * h.shape[1] ** 0.5
    return torch.softmax(keys @ torch.as_tensor(np.asarray(query, dtype=float)), dim=0) @ h


@right("beam_step")
def beam_by_torch(scores, log_p, cache):
    scores, log_p = (torch.as_tensor(np.asarray(part, dtype=float)) for part in (scores, log_p))
    best, at = (scores[:, None] + log_p).flatten().topk(len(scores))
    return best, at.remainder(log_p.shape[1]), torch.as_tensor(np.array(cache))[at // log_p.shape[1]]


@right("block_with_dropout")
def dropped_in_float32(x, attend, feed, keep, rate, training, epsilon):
    x = np.asarray(x, dtype=np.float32)
    for f, stays in ((attend, keep[0]), (feed, keep[1])):
        gate = np.where(stays, 1 / (1 - rate), 0).astype(np.float32) if training else np.float32(1)
        x = x + (gate * f(x)).astype(np.float32)
        x = torch.nn.functional.layer_norm(torch.as_tensor(x), x.shape[-1:], eps=epsilon).numpy()
    return x


@right("clip_or_skip")
def clipped_by_hypot(w, b, largest):
    numbers = [float(x) for x in [*np.ravel(w), *b]]
    if any(math.isnan(x) or math.isinf(x) for x in numbers):
        return [[0] * len(row) for row in w], [0] * len(b)
    length = math.hypot(*numbers)
    by = 1 if length <= largest else largest / length
    return [[x * by for x in row] for row in w], [x * by for x in b]


@right("composite_gain")
def gains_by_matrix_norms(mixes):
    p = np.linalg.multi_dot([*mixes[::-1], np.eye(mixes.shape[-1])]) if len(mixes) > 1 else mixes[0]
    return [np.linalg.norm(p, np.inf), np.linalg.norm(p, 1)]


@right("count_encoder_decoder")
def counted_as_shapes(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    look = [(d, d), (d, d // heads * kv_heads), (d, d // heads * kv_heads), (d, d)]
    think = [(d, d_ff)] * (2 if gated else 1) + [(d_ff, d)]
    one = [*look, *think, (d,), (d,)]
    shapes = one * encoders + [*one, *look, (d,)] * decoders + [(d,)] * 2 + [(n_words, d)] * (2 - tied)
    return float(sum(math.prod(shape) for shape in shapes))


@right("direct_effects")
def effects_in_einsum(parts, table, gain, epsilon, word, rival):
    x = np.einsum("pnd->nd", parts * 1.0)
    inverse = (np.einsum("nd,nd->n", x, x) / x.shape[1] + epsilon) ** -0.5
    return np.einsum("pnd,n,d,d->pn", parts * 1.0, inverse, gain * 1.0, table[word] * 1.0 - table[rival])


@right("embed_texts")
def embedded_by_padding(table, positions, texts):
    width = max(map(len, texts))
    rows = [[[math.sqrt(len(table[0])) * float(a) + float(b) for a, b in zip(table[i], positions[t])] for t, i in enumerate(ids)]
            + [[0.0] * len(table[0])] * (width - len(ids)) for ids in texts]  # fmt: skip
    return rows, [[t < len(ids) for t in range(width)] for ids in texts]


@right("examine_decoder")
def examined_through_all_ids(decode, source, target, n_words):
    base, found = np.asarray(decode(source, target)), {"after": False, "source": False, "before": False}
    for u, old in enumerate(target):
        for new in set(range(n_words)) - {old}:
            gone = np.flatnonzero((np.abs(decode(source, [*target[:u], new, *target[u + 1:]]) - base) > 1e-9).any(axis=1))
            found["after"] |= bool((gone < u).any())
            found["before"] |= bool((gone > u).any())
    for j, old in enumerate(source):
        for new in set(range(n_words)) - {old}:
            found["source"] |= bool((np.abs(decode([*source[:j], new, *source[j + 1:]], target) - base) > 1e-9).any())
    return tuple(found.values())


@right("fold_norm")
def folded_by_probing(gain, bias, w, b):
    def layer(u):
        return (gain * u + bias) @ w + b

    start = layer(np.zeros(len(gain)))
    return [layer(row) - start for row in np.eye(len(gain))], start


@right("gated_width")
def width_by_fractions(d_model, d_ff, multiple, biases):
    budget = 2 * d_model * d_ff + (d_ff if biases else 0)
    return multiple * math.floor(Fraction(budget, (3 * d_model + (2 if biases else 0)) * multiple))


@right("inverse_root")
def rates_one_by_one(done, steps, peak, warmup):
    return [peak * (n / warmup if n < warmup else math.sqrt(warmup / n)) for n in range(done + 1, done + steps + 1)]


@right("layer_norm_gradient")
def gradient_by_autograd(x, d_output, gain, epsilon):
    x = torch.tensor(np.asarray(x, dtype=float), requires_grad=True)
    y = torch.nn.functional.layer_norm(x, x.shape[-1:], torch.tensor(np.asarray(gain, dtype=float)), eps=epsilon)
    (y * torch.tensor(np.asarray(d_output, dtype=float))).sum().backward()
    return x.grad


@right("left_padded_step")
def step_text_by_text(q, k_new, v_new, k_cache, v_cache, real):
    out, places = [], []
    for one in range(len(q)):
        seen = np.flatnonzero(real[one])
        keys, values = np.vstack([k_cache[one][seen], k_new[one]]), np.vstack([v_cache[one][seen], v_new[one]])
        scores = torch.as_tensor(keys @ q[one] / math.sqrt(len(q[one])))
        out.append((torch.softmax(scores, 0).numpy() @ values).tolist())
        places.append(len(seen))
    return out, places


@right("memory_credit")
def credit_in_loops(x, keys, bias, values, table, targets):
    return [[max(0.0, sum(float(a) * float(k) for a, k in zip(row, key)) + float(b)) * sum(float(a) * float(t) for a, t in zip(value, table[int(at)]))
             for key, b, value in zip(keys.T, bias, values)] for row, at in zip(x, targets)]  # fmt: skip


@right("next_merge")
def merge_by_a_counter(words, counts):
    often = Counter()
    for word, count in zip(words, counts):
        often.update({pair: count * n for pair, n in Counter(zip(word, word[1:])).items()})
    (left, right_), count = sorted(often.items(), key=lambda one: (-one[1], one[0]))[0]
    return left, right_, count


@right("norm_on_both_sides")
def both_sides_written_out(x, attend, feed, norm_in, norm_out):
    first = norm_out(attend(norm_in(x)))
    return np.add(np.add(x, first), norm_out(feed(norm_in(np.add(x, first)))))


@right("one_memory")
def memory_text_by_text(x, states, lengths, w_q, w_k, w_v, w_o):
    x = np.array(x, dtype=float)
    for b, n in enumerate(lengths):
        y = states[len(states) - 1, b, :n]
        for q, k, v, o in zip(w_q, w_k, w_v, w_o):
            a = torch.softmax(torch.as_tensor((x[b] @ q) @ (y @ k).T / math.sqrt(q.shape[1])), -1).numpy()
            x[b] += a @ y @ v @ o
    return x


@right("one_source")
def source_repeated(x, y, lengths, w_q, w_k, w_v):
    y, n = (np.repeat(part, len(x) // len(y), axis=0) for part in (y, lengths))
    scores = np.einsum("rd,dk,rmc,ck->rm", x, w_q, y, w_k) / np.sqrt(w_q.shape[1])
    scores[np.arange(y.shape[1]) >= n[:, None]] = -np.inf
    return np.einsum("rm,rmd,dv->rv", torch.softmax(torch.as_tensor(scores), -1).numpy(), y, w_v)


@right("orthogonalise")
def smaller_gram_matrix(matrix, coefficients):
    x = torch.as_tensor(np.asarray(matrix, dtype=float))
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() or 1)
    for a, b, c in np.asarray(coefficients, dtype=float).tolist():
        gram = x @ x.T
        x = (a * torch.eye(len(x), dtype=x.dtype) + b * gram + c * gram @ gram) @ x
    return x.T if tall else x


@right("packed_gated")
def gated_in_torch(x, w_in, w_out, limit):
    g, u = torch.as_tensor(np.asarray(x @ w_in, dtype=float)).chunk(2, dim=-1)
    return torch.nn.functional.silu(g.clamp(max=limit)) * u.clamp(-limit, limit) @ torch.as_tensor(np.asarray(w_out, dtype=float))


@right("packed_pairs")
def pairs_cell_by_cell(source, target):
    own = [[bool(a) and a == b and j <= i for j, b in enumerate(target)] for i, a in enumerate(target)]
    return own, [[bool(a) and a == b for b in source] for a in target]


@right("parallel_block")
def parallel_row_by_row(x, attend, feed, gain, epsilon):
    h = np.array([[float(g) * float(a) / math.sqrt(sum(float(b) ** 2 for b in row) / len(row) + epsilon) for a, g in zip(row, gain)] for row in x])
    return sum((attend(h), feed(h)), start=x)


@right("pre_norm_decoder")
def decoder_with_masks_made_late(x, encoder_rows, real, blocks, norm):
    for own, cross, feed in blocks:
        for step in (lambda z: own(z, z, np.arange(len(z)) <= np.arange(len(z))[:, None]),
                     lambda z: cross(z, encoder_rows[len(encoder_rows) - 1], np.tile(real, (len(z), 1))), feed):  # fmt: skip
            x = np.add(x, step(norm(x)))
    return norm(x)


@right("pre_norm_stack")
def stack_flattened(x, layers, epsilon):
    def norm(rows):
        return torch.nn.functional.layer_norm(torch.as_tensor(np.asarray(rows, dtype=float)), np.shape(rows)[-1:], eps=epsilon).numpy()

    for change in [change for pair in layers for change in pair]:
        x = x + change(norm(x))
    return norm(x)


@right("qk_norm_scores")
def scores_in_torch(q, k, gain_q, gain_k, epsilon):
    q, k, a, b = (torch.as_tensor(np.asarray(part, dtype=float)) for part in (q, k, gain_q, gain_k))
    q, k = (torch.nn.functional.rms_norm(x, x.shape[-1:], w, eps=epsilon) for x, w in ((q, a), (k, b)))
    return torch.baddbmm(torch.zeros(1, dtype=q.dtype), q, k.mT, alpha=q.shape[-1] ** -0.5)


@right("read_backwards")
def on_a_wide_circle(m):
    angle = 2 * math.pi * np.arange(m) / 101
    keys = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    return 1e4 * keys[::-1], keys


@right("read_the_layer")
def detective_by_one_row(layer, x, y, real):
    """Each source row is moved by itself; a row of zeros tells where the values come from."""
    base = layer(x, y, real)

    def moved(at):
        other = y.copy()
        other[at] += np.arange(1.0, y.shape[1] + 1)
        return np.abs(layer(x, other, real) - base).max(axis=1) > 1e-9

    tokens = np.flatnonzero(real)
    if any(moved(at).any() for at in np.flatnonzero(~np.asarray(real))):
        return "padding"
    if not any(moved(at).any() for at in tokens):
        return "own text"
    if np.abs(layer(x, 0 * y, real)).max() > 1e-9:
        return "values from the asker"
    if np.allclose(layer(x, 3 * y, real), 3 * base):
        return "keys from the asker"
    return "right" if moved(tokens[-1])[0] else "triangle"


@right("sampling_distribution")
def drawn_row_by_row(logits, t, k, p):
    out = []
    for row in np.asarray(logits, dtype=float) / t:
        order = sorted(range(len(row)), key=lambda i: -row[i])[:k]
        powers = {i: math.exp(row[i] - row[order[0]]) for i in order}
        reached, kept = 0.0, {}
        for i in order:
            if reached >= p:
                break
            kept[i] = powers[i]
            reached += powers[i] / sum(powers.values())
        out.append([kept.get(i, 0) / sum(kept.values()) for i in range(len(row))])
    return out


@right("smoothed_divergence")
def divergence_in_torch(logits, targets, smoothing, pad):
    log_p = torch.log_softmax(torch.as_tensor(np.asarray(logits, dtype=float)), dim=-1)
    targets = torch.as_tensor(np.array(targets))
    q = torch.full_like(log_p, smoothing / (log_p.shape[-1] - 2)).scatter(-1, targets[..., None], 1 - smoothing)
    q[..., pad] = 0
    return torch.nn.functional.kl_div(log_p, q, reduction="none").sum(-1)[targets != pad].mean()


@right("source_then_target")
def one_row_by_zip(sources, targets, sep, end, pad):
    width = max(len(s) + len(t) for s, t in zip(sources, targets)) + 1
    inputs = [([*s, sep, *t] + [pad] * width)[:width] for s, t in zip(sources, targets)]
    return inputs, [([-100] * len(s) + [*t, end] + [-100] * width)[:width] for s, t in zip(sources, targets)]


@right("teacher_pairs")
def pairs_from_one_table(texts, start, end, pad):
    """One table that is a place wider, read twice; where the inputs are no padding, a label counts."""
    width = max(map(len, texts)) + 1
    inputs = np.array([[start, *ids, *[pad] * (width - 1 - len(ids))] for ids in texts])
    labels = np.array([[*ids, end, *[pad] * (width - 1 - len(ids))] for ids in texts])
    return inputs, labels, inputs != pad


@right("three_masks")
def masks_as_numbers(source, target, pad):
    """Products of zeros and ones, made truth values at the end."""
    s, t = (np.not_equal(ids, pad).astype(float) for ids in (source, target))
    own = np.tril(np.einsum("bi,bj->bij", np.ones_like(t), t))
    return np.einsum("bi,bj->bij", np.ones_like(s), s) > 0, own > 0, np.einsum("bi,bj->bij", np.ones_like(t), s) > 0


@right("tied_table_gradient")
def gradient_of_the_table_by_autograd(ids, d_rows, states, d_logits):
    d_rows, states, d_logits = (torch.as_tensor(np.asarray(part, dtype=float)) for part in (d_rows, states, d_logits))
    table = torch.zeros(d_logits.shape[1], states.shape[1], dtype=states.dtype, requires_grad=True)
    ((table[torch.as_tensor(np.array(ids))] * states.shape[1] ** 0.5 * d_rows).sum() + (states @ table.T * d_logits).sum()).backward()
    return table.grad


@right("two_source_block")
def block_by_a_queue(x, first, second, look, ask_first, ask_second, think, norm):
    queue = [(look, ())] + [(ask, (source,)) for ask, source in ((ask_first, first), (ask_second, second)) if source is not None] + [(think, ())]
    while queue:
        step, more = queue.pop(0)
        x = norm(np.add(x, step(x, *more)))
    return x


@right("unstack_heads")
def unstacked_by_lists(stacked, n_heads):
    rows, size = list(stacked), len(stacked[0]) // n_heads
    found = ([], [], [])
    for piece in range(3 * n_heads):
        found[piece % 3].extend(rows[piece * size:(piece + 1) * size])
    return [np.stack(part, axis=1) for part in found]


@right("verdict_over_seeds")
def verdict_by_sorting(base, other):
    both = sorted([(float(x), 0) for x in base] + [(float(x), 1) for x in other])
    sides = [side for _, side in both]
    touching = max(base) == min(other) or max(other) == min(base)
    if touching or sides not in (sorted(sides), sorted(sides)[::-1]):
        return "open"
    return np.array(["worse", "better"])[0 if sides[0] else 1]


@right("verify_draft")
def draft_by_search(p, q, draft, u):
    g = len(draft)
    ratio = np.array([p[i, t] / q[i, t] for i, t in enumerate(draft)] + [np.inf])
    n = int(np.argmax(~(np.append(u, 0) < np.minimum(1, ratio)))) if (~(u < ratio[:-1])).any() else g
    rest = p[n] * 1.0 if n == g else np.where(p[n] > q[n], p[n] * 1.0 - q[n], 0)
    return np.int32(n), (rest / rest.sum()).tolist()


@right("which_piece")
def blamed_in_a_comprehension(score, course, mine):
    base = score(course)
    return [bool(score(course | {name: piece}) < base) for name, piece in mine.items()]


@right("wire_attention")
def wired_backwards(x, context, mask, n_heads, project, split, attend, merge):
    v, k = (split(project(role, context), n_heads) for role in ("value", "key"))
    return project("output", merge(attend(v=v, k=k, q=split(project("query", x), n_heads), mask=mask)))


@right("word_times")
def times_by_cumulated_sums(weights):
    """best[i][j]: the best sum of the words from i on, when word i begins at frame j."""
    n, m = weights.shape
    sums = np.concatenate([np.zeros((n, 1)), np.cumsum(weights * 1.0, axis=1)], axis=1)
    best, after = {(n, m): 0.0}, {}
    for i in reversed(range(n)):
        for j in range(i, m - (n - 1 - i)):
            options = [(sums[i, e] - sums[i, j] + best[i + 1, e], e) for e in range(j + 1, m + 1) if (i + 1, e) in best]
            best[i, j], after[i, j] = max(options)
    starts = [0]
    for i in range(n - 1):
        starts.append(after[i, starts[-1]])
    return starts

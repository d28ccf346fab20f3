"""What test_concepts.py knows of each concept page: how each of its mistakes looks in the page's code, and its numbers."""

from __future__ import annotations

import numpy as np


def number(value: int) -> str:
    return f"{value:,}"


def row(T: float) -> str:
    """Weights and entropy of the scores 2, 1, 0, as a row of the table shows them."""
    p = np.exp(np.array([2, 1, 0]) / T)
    p /= p.sum()
    return f"{', '.join(f'{one:.3f}' for one in p)} | {-(p * np.log(p)).sum():.3f}"


PLANTED: dict[str, dict[str, list[tuple[str, str]]]] = {
    "scaled_dot_product": {
        "No scale, or the wrong root": [("np.sqrt(Q.shape[-1])", "Q.shape[-1]")],
        "Softmax along the queries": [("axis=-1", "axis=-2")],
        "No maximum subtracted": [("scores - np.where(np.isfinite(peak), peak, 0)", "scores")],
        "The mask is applied after the softmax": [("scores = np.where(allowed, scores, -np.inf)", "pass"),
                                                  ("return powers / np.where(total > 0, total, 1) @ V", "return powers / total * (1 if allowed is None else allowed) @ V")],
        "Causal from the wrong corner": [(" + m - n", "")],
        "A row without keys is NaN": [("np.where(np.isfinite(peak), peak, 0)", "peak")],
    },
    "multi_head": {
        "Reshape without transpose": [("return x.reshape(len(x), n_heads, -1).swapaxes(0, 1)", "return x.reshape(n_heads, len(x), -1)")],
        "Merge without transpose": [("return x.swapaxes(0, 1).reshape(x.shape[1], -1)", "return x.reshape(x.shape[1], -1)")],
        "Scale by the width of the model": [("np.sqrt(q.shape[-1])", "np.sqrt(x.shape[-1])")],
        "Shared heads tiled, a b a b, not repeated, a a b b": [("np.repeat(one, n_heads // n_kv_heads, axis=0)", "np.tile(one, (n_heads // n_kv_heads, 1, 1))")],
        "No output projection": [(" @ v) @ w_o", " @ v)")],
    },
    "graph_network": {
        "The adjacency is transposed": [("def messages(Q, K, V, senders, receivers):", "def messages(Q, K, V, receivers, senders):")],
        "Weights sum to 1 over all edges, not over those of a receiver": [("np.add.at(total, receivers, powers)", "total += powers.sum()")],
        "Loops are forgotten": [("np.tri(n, dtype=bool)", "np.tri(n, k=-1, dtype=bool)")],
        "Fancy assignment instead of adding at": [("np.add.at(out, receivers, (powers / total[receivers])[:, None] * V[senders])",
                                                   "out[receivers] += (powers / total[receivers])[:, None] * V[senders]")],
    },
    "efficient_attention": {
        "The accumulator is not rescaled": [("out = out * shrink", "out = out")],
        "Linear attention without its normaliser": [("q @ state / (q @ norm)", "q @ state")],
        "A feature map that reaches zero or below": [("np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))", "np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)")],
        "Sums over the whole text in a causal layer": [("q @ state / (q @ norm)", "q @ (phi(K).T @ V) / (q @ phi(K).sum(0))")],
        "A window one too wide": [("back < width", "back <= width")],
    },
    "positional_encoding": {
        "The exponent is doubled": [("(-np.arange(0, d, 2) / d)", "(-2 * np.arange(0, d, 2) / d)")],
        "Positions restart at zero with a cache": [("np.outer(positions, frequencies(x.shape[-1], base))", "np.outer(np.arange(len(positions)), frequencies(x.shape[-1], base))")],
        "A sign is wrong, or angles and features are paired differently": [("a * np.sin(angles) + b * np.cos(angles)", "a * np.sin(angles) - b * np.cos(angles)")],
        "ALiBi favours what is far": [("return -slopes", "return slopes")],
    },
    "softmax_temperature": {
        "No maximum subtracted": [("(s - s.max(axis=-1, keepdims=True)) / T", "s / T")],
        "The wrong axis": [("powers.sum(axis=-1, keepdims=True)\n\ndef log_softmax", "powers.sum(axis=0, keepdims=True)\n\ndef log_softmax")],
        "Multiplied by T": [("keepdims=True)) / T)", "keepdims=True)) * T)")],
        "T after the softmax": [("keepdims=True)) / T)", "keepdims=True)))"), ("return powers / powers.sum(axis=-1, keepdims=True)", "return powers / powers.sum(axis=-1, keepdims=True) / T")],
        "The logarithm of a weight that underflowed": [("return s / T - log_sum_exp(s / T)[..., None]", "return np.log(softmax(s, T))")],
    },
    "key_value_memory": {
        "Add, then erase": [("S + beta * np.outer(k, v - k @ S)", "(S + np.outer(k, v)) - beta * np.outer(k, k @ (S + np.outer(k, v))) / 2")],
        "The old value is not taken out": [("beta * np.outer(k, v - k @ S)", "beta * np.outer(k, v)")],
        "The transposed product": [("return S + np.outer(k, v)", "return S + np.outer(v, k)")],
        "No sharpness in a Hopfield layer": [("beta * q @ K.T", "q @ K.T")],
    },
    "mixture_of_experts": {
        "A weight of 1 for a single expert": [("if top_k > 1:", "if top_k >= 1:")],
        "The bias leaks into the weights": [("scores = x @ router\n    chosen", "scores = x @ router + bias\n    chosen")],
        "Weights do not sum to 1": [("softmax(np.take_along_axis(scores, chosen, axis=-1))", "np.take_along_axis(softmax(scores), chosen, axis=-1)")],
        "No factor for the number of experts in the balancing loss": [("return n * share", "return share")],
        "The share is of tokens, and sums to k": [("/ chosen.size", "/ len(chosen)")],
    },
    "expressiveness": {
        "A proof with exact numbers is quoted for 16 bits": [("dtype=np.float64", "dtype=np.float16")],
        "The token that is changed is the one that is read": [("ends.append(x[-1])", "ends.append(x[changed])")],
        "Hard selection is taken from soft scores that are close": [("aggregate(place[None, :] == (len(values) - 1 - place)[:, None], values)",
                                                                     "F.softmax((place[None, :] == (len(values) - 1 - place)[:, None]).float(), -1) @ values")],
        "A selection that is empty is read as a value": [("selected[None])[0]", "(selected + ~selected.any(-1, keepdim=True))[None])[0]")],
    },
    "in_context_learning": {
        "The sign of the step": [("-rate * scores", "rate * scores")],
        "The question counts as an example": [("examples = e[:-1]", "examples = e")],
        "The answer stands in the prompt": [("np.append(x_new, 0.0)", "np.append(x_new, w @ x_new)")],
        "A rate beyond stability": [("eta = 20, 5, 0.02", "eta = 20, 5, 0.2")],
        "“It learned” where it recognised": [("y = X @ w", "y = rng.permutation(X @ w)")],
    },
}

NUMBERS = {
    "scaled_dot_product": {
        "137,438,953,472": lambda: number(2 * 32 * 4096**2 * 128),
        "2,684,354,560": lambda: number(5 * 32 * 4096**2),
        "1,073,741,824": lambda: number(2 * 32 * 4096**2),
        "134,217,728": lambda: number(2 * 4 * 32 * 4096 * 128),
    },
    "multi_head": {
        "67,108,864": lambda: number(4 * 4096**2),
        "41,943,040": lambda: number(2 * 4096**2 + 2 * 4096**2 * 8 // 32),
        "16,384 bytes": lambda: f"{2 * 32 * 128 * 2:,} bytes",
        "4,096 bytes": lambda: f"{2 * 8 * 128 * 2:,} bytes",
        "4,294,967,296": lambda: number(2 * 32 * 128 * 2 * 32 * 8192),
        "1,073,741,824": lambda: number(2 * 8 * 128 * 2 * 32 * 8192),
    },
    "graph_network": {
        "67,108,864": lambda: number(8192**2),
        "33,558,528": lambda: number(8192 * 8193 // 2),
        "2,064,512": lambda: number(sum(min(i + 1, 256) for i in range(8192))),
        "34,359,738,368": lambda: number(512 * 8192**2),
        "17,181,966,336": lambda: number(512 * 8192 * 8193 // 2),
        "1,057,030,144": lambda: number(512 * sum(min(i + 1, 256) for i in range(8192))),
        "8,161": lambda: number(32 * 255 + 1),
    },
    "efficient_attention": {
        "1,099,511,627,776": lambda: number(2 * 65536**2 * 128),
        "133,145,034,752": lambda: number(4 * 128 * sum(min(i + 1, 4096) for i in range(65536))),
        "4,294,967,296": lambda: number(4 * 65536 * 128**2),
        "33,554,432": lambda: number(2 * 65536 * 128 * 2),
        "2,097,152": lambda: number(2 * 4096 * 128 * 2),
        "33,024": lambda: number((128 * 128 + 128) * 2),
    },
    "positional_encoding": {
        "54,410 tokens": lambda: f"{2 * np.pi * 10000 ** (126 / 128):,.0f} tokens",
        "18 of the 64 pairs": lambda: f"{sum(2 * np.pi * 10000 ** (2 * i / 128) > 4096 for i in range(64))} of the 64 pairs",
    },
    "softmax_temperature": {
        **{row(T): (lambda T=T: row(T)) for T in (0.5, 1.0, 2.0, 1e9)},
        "float16 | 11.09 | 6.0e-08": lambda: f"float16 | {np.log(float(np.finfo(np.float16).max)):.2f} | {float(np.finfo(np.float16).smallest_subnormal):.1e}",
        "88.72 | 9.2e-41, 1.4e-45": lambda: f"{np.log(float(np.finfo(np.float32).max)):.2f} | {2.0**-133:.1e}, {float(np.finfo(np.float32).smallest_subnormal):.1e}",
        "709.78 | 4.9e-324": lambda: f"{np.log(np.finfo(np.float64).max):.2f} | {np.finfo(np.float64).smallest_subnormal:.1e}",
        "about 104 (32 bits) and 745 (64 bits)": lambda: f"about {-np.log(2.0**-150):.0f} (32 bits) and {1075 * np.log(2):.0f} (64 bits)",
        "factor of 2.718": lambda: f"factor of {np.e:.3f}",
    },
    "key_value_memory": {"4,096 |": lambda: f"{64 * 64:,} |", "51,200": lambda: number(400 * 2 * 64)},
    "mixture_of_experts": {
        "46,702,792,704": lambda: number(mixtral(8)),
        "12,879,925,248": lambda: number(mixtral(2)),
        "176,160,768": lambda: number(3 * 4096 * 14336),
        "32,768": lambda: number(4096 * 8),
    },
}


NUMBERS |= {
    "expressiveness": {},
    "in_context_learning": {f"{n} | {6 / (n + 6):.3f}": (lambda n=n: f"{n} | {6 / (n + 6):.3f}") for n in (10, 20, 100)},
}


def mixtral(experts: int) -> int:
    """Parameters of Mixtral 8x7B with so many of its experts."""
    attention = 2 * 4096**2 + 2 * 4096 * 1024
    return 32 * (attention + experts * 3 * 4096 * 14336 + 4096 * 8 + 2 * 4096) + 2 * 32000 * 4096 + 4096

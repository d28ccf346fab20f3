"""The tiny examples in the statements of the other parts; where several results come back, None stands for what is not said."""

from __future__ import annotations

from math import exp, log

import numpy as np

T, F = True, False

TOLD = {
    "efficiency.backward_tile": [(([[0]], [[0]], [[2]], [[1]], [log(2)], [[1]]), (None, None, [[0.5]])),
                                 (([[1]], [[2]], [[3]], [[1]], [0], [[0]]), ([[0]], [[0]], [[0]]))],
    "efficiency.block_loop": [(([[0], [0]], [[1], [2], [3]], [[3], [6], [9]], 2, 2), ([[6], [6]], [log(3), log(3)]))],
    "efficiency.cache_bytes": [((1, 1, 1, 1, 2), 4)],
    "efficiency.causal_tiles": [((2, 4, 4, 2, 2), (2, 1))],
    "efficiency.causal_work": [((((0,), (1,)),), [[1, 0], [1, 1]])],
    "efficiency.document_mask": [(((7, 4, 4),), [[T, F, F], [F, T, F], [F, T, T]])],
    "efficiency.largest_block": [((9, 1, 1), 1)],
    "efficiency.layer_flops": [((1, 1), (8, 4, 16))],
    "efficiency.merge": [(([[10]], [0], [[40]], [log(2)]), ([[30]], [log(3)]))],
    "efficiency.online_softmax": [(([0, 0], [[2], [4]], block), [3]) for block in (1, 2, 5)],
    "efficiency.program_work": [((0, 7, 5, 2, 4, 2), (1, 3, 1, 4, 5))],
    "efficiency.ring_attention": [(([[[0]], [[0]]], [[[1]], [[2]]], [[[1]], [[3]]]), ([[[2]], [[2]]], [[0, 1], [1, 0]]))],
    "efficiency.ring_bytes": [((2, 1, 1, 1, 1), (2, 8))],
    "efficiency.roofline": [((100, 10, 50, 1), 10)],
    "efficiency.shared_budget": [((2048, 8, 16, 16, 2, 1), 32)],
    "efficiency.traffic_closed_form": [((2, 1, 2), 10), ((2, 1, 1), 14)],
    "efficiency.tree_merge": [(([[[10]], [[40]]], [[0], [log(2)]]), ([[30]], [log(3)]))],
    "efficiency.unmerge": [(([[30]], [log(3)], [[40]], [log(2)]), ([[10]], [0]))],
    "efficiency.users_that_fit": [((100, 40, 1, 1, 1, 4, 1), 7)],
    "efficiency.window_detective": [((lambda q, k, v: v, 1), "correct")],
    "fundamentals.additive_score": [(([[0.5]], [[0.5], [-0.5]], [[1]], [[1]], [1]), [[0.762, 0]])],
    "fundamentals.bigram_perplexity": [(((0, 1, 0, 1), (0, 1, 1), 2), 2)],
    "fundamentals.crossings": [(([[0, 1, 0], [1, 0, 0], [0, 0, 1]],), 1), (([[0, 0, 1], [0, 1, 0], [1, 0, 0]],), 3)],
    "fundamentals.kernel_regression": [(([[0]], [[0], [2]], [[0], [1]], 1), [[0.119]])],
    "fundamentals.last_states": [(([[[1], [9]]], (1,), [[1]], [[0.5]]), [[0.762]])],
    "fundamentals.leave_one_out": [(([0, 1], [0, 3], width), 9) for width in (1, 0.5, 0.02, 0.001, 100)],
    "fundamentals.linear_backward": [(([[[1], [2]]], [[3]], [[[1], [1]]]), ([[[3], [3]]], [[3]]))],
    "fundamentals.look_again": [(([[[0, 0, 9]]], [[[2], [4], [7]]], (2,)), ([[[3]]], [[[0.5, 0.5, 0]]]))],
    "fundamentals.numerical_gradient": [((lambda x: (x**2).sum(), [3, 0], step), [6, 0]) for step in (1e-5, 1e-3, 1)],
    "fundamentals.query_gradient": [(([0], [[1], [-1]], [[1], [0]], [1]), [0.5])],
    "fundamentals.softmax_backward": [(([0.5, 0.5], [1, 0], 1), [0.25, -0.25])],
    "fundamentals.surprise": [(([[0, 0]], (0,), [1, 5]), [0.693, 0.693])],
    "fundamentals.temperature_for_bits": [(([0, log(3)], 0.8112781), 1)],
    "fundamentals.three_roads": [(([[2]],) * 6, [[12]])],
    "multi_head.absorb": [(([[[3]]], [[1], [2]]), [[[3, 6]]])],
    "multi_head.contributions": [(([[[2]], [[3]]], [[1], [10]]), [[[2]], [[30]]])],
    "multi_head.count_weights": [((2, 2, 1), 12)],
    "multi_head.grouped_attention": [(([[[1]], [[2]], [[3]], [[4]]], [[[1]], [[1]]], [[[5]], [[7]]]), [[[5]], [[5]], [[7]], [[7]]])],
    "multi_head.head_importance": [(([[[[2]]], [[[1]]]], [[[[3]]], [[[-4]]]]), [5])],
    "multi_head.head_windows": [((1, 3, (1, 2)), [[[F, F, T]], [[F, T, T]]])],
    "multi_head.latent_cache": [((1, 1, heads, 5, 3, 1, 2), 8) for heads in (1, 7)],
    "multi_head.mean_pool": [(([[1, 2, 3, 4]], 4, 2), [[1.5, 3.5]])],
    "multi_head.merge_heads": [(([[[1, 2], [5, 6]], [[3, 4], [7, 8]]],), [[1, 2, 3, 4], [5, 6, 7, 8]])],
    "multi_head.multi_head": [(([[1], [3]], [[0]], [[5]], [[2]], [[3]], 1), [[12], [12]])],
    "multi_head.permute_heads": [(([[1, 2]], [[3, 4]], [[5, 6]], [[7], [8]], (1, 0)), ([[2, 1]], [[4, 3]], [[6, 5]], [[8], [7]]))],
    "multi_head.prune_heads": [(([[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]], [[1], [2], [3]], (1, 0, 1)),
                                ([[1, 3]], [[4, 6]], [[7, 9]], [[1], [3]]))],
    "multi_head.sharp_enough": [((1, 2, exp(3) / (exp(3) + 1)), 3)],
    "multi_head.split_heads": [(([[1, 2, 3, 4], [5, 6, 7, 8]], 2), [[[1, 2], [5, 6]], [[3, 4], [7, 8]]])],
    "self_attention.cached_step": [(([[0]], [[4]], [[8]], [[1], [2], [3]], [[1], [2], [5]]),
                                    ([[4]], [[1], [2], [3], [4]], [[1], [2], [5], [8]]))],
    "self_attention.who_hears_whom": [((lambda x: np.cumsum(x, axis=0), [[1.0], [2], [3]]), [[T, F, F], [T, T, F], [T, T, T]])],
    "start.adamw": [(([1], [[5]], 0.1, 0.5, (0.9, 0.99), 0), [0.85])],
    "start.early_stopping": [(([5, 3, 4, 3, 1], 2), (1, 3))],
    "start.penalised_gradient": [(([[1], [2]], [0, 3], [1], 1, 0.5), ([3], 2))],
    "start.warmup_cosine": [((4, 1, 2), [0.5, 1, 1, 0.5])],
}

EXAMPLES: list[tuple] = [(exercise_id, *case) for exercise_id, cases in TOLD.items() for case in cases]

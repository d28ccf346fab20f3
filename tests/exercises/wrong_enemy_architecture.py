"""Wrong answers to the exercises of the part on the architecture (two are of the start), of the kinds that a border or a second case tells apart."""

from __future__ import annotations

import itertools

import numpy as np

from attnlab import reference
from attnlab.exercises import EXERCISES

WRONG: list[tuple] = []


TRUE = {  # the names that are true of some of them
    "attend_to_blocks": {
        "sums of all before, not of the block": "blocks_as_running_sums",
    },
    "block_with_dropout": {
        "false stays": "dropout_keeps_what_it_should_drop",
        "the feed-forward network is not dropped": "dropout_on_attention_alone",
    },
    "clip_or_skip": {
        "the sum of the two lengths": "lengths_added",
        "the bad numbers alone become 0": "only_bad_numbers_zeroed",
        "huge numbers skipped": "squares_overflow",
    },
    "composite_gain": {
        "the largest singular value": "gain_as_the_largest_stretch",
        "row and column exchanged": "gain_rows_and_columns_exchanged",
    },
    "count_encoder_decoder": {
        "as many norms in a decoder block as in an encoder block": "two_norms_in_a_decoder_block",
    },
    "direct_effects": {
        "the size of all tokens together": "effects_with_one_divisor_for_all_tokens",
        "shares of the whole": "effects_as_shares_of_the_whole",
        "the length, not the root of the mean": "effects_divided_by_the_length",
    },
    "embed_texts": {
        "positions behind the end": "padding_gets_positions",
        "the sum scaled": "embedding_scaled_with_its_position",
        "true behind the end": "real_and_padding_exchanged",
    },
    "examine_decoder": {
        "the likeliest word alone": "winners_compared",
    },
    "fold_norm": {
        "the bias through the folded matrix": "fold_bias_before_the_gain",
        "the linear bias scaled": "fold_gain_on_the_old_bias",
    },
    "gated_width": {
        "two thirds": "width_of_networks_without_biases",
        "biases ignored": "width_of_networks_without_biases",
        "the multiple ignored": "width_multiple_forgotten",
        "the nearest multiple": "width_rounded_to_the_nearest",
        "hidden biases only": "width_without_the_gates_bias",
    },
    "inverse_root": {
        "what was done ignored": "warm_up_again_after_a_pause",
        "falls with the step, not its root": "falls_with_the_step_itself",
        "falls from the end of the warm-up": "root_counted_from_the_peak",
        "the larger of the two": "larger_piece_taken",
        "the formula of 2017": "peak_not_divided_out",
        "step zero counted": "steps_counted_from_nought",
        "a rise with the root": "rise_with_the_root_too",
    },
    "layer_norm_gradient": {
        "RMSNorm's": "norm_mean_kept",
        "the gradient of the output, not of x": "norm_statistics_as_constants",
    },
    "left_padded_step": {
        "the column is the position": "padding_counts_in_the_position",
        "one too many": "position_counts_the_token_itself",
        "the first text's padding for all": "padding_of_the_first_text_for_all",
    },
    "memory_credit": {
        "the first token's target for all": "memory_first_target_for_all",
        "no bias": "memory_bias_forgotten",
        "less the mean over the words": "memory_credit_against_the_mean_word",
    },
    "norm_on_both_sides": {
        "the two norms exchanged": "sandwich_norms_exchanged",
        "both layers read the old stream": "sandwich_side_by_side",
        "feed first": "sandwich_feed_forward_first",
        "the sum is normed": "sandwich_norms_the_sum",
        "added to the normed rows": "residual_from_the_normed_rows",
    },
    "one_memory": {
        "the matching state of the encoder": "each_layer_its_own_encoder_layer",
        "nothing is added": "memory_answer_not_added",
        "all layers with the first matrices": "first_layers_matrices_for_all",
    },
    "one_source": {
        "texts alternate": "sources_in_turn",
        "the first text for all": "first_source_for_all",
        "lengths ignored": "no_mask",
        "one real row more": "one_key_too_many",
    },
    "orthogonalise": {
        "the spectral norm": "divided_by_the_largest_singular_value",
        "the triples in reverse": "triples_from_the_last",
        "the first triple for all steps": "first_triple_for_every_step",
        "orthogonal at once": "exactly_orthogonal",
        "the fifth power left out": "last_power_left_out",
    },
    "packed_gated": {
        "the limit behind the SiLU": "gate_limited_after_the_activation",
        "the gate limited on both sides": "gate_clipped_on_both_sides",
        "every second column": "gate_columns_read_as_alternating",
        "the halves exchanged": "gate_halves_exchanged",
        "sigmoid for SiLU": "gate_by_its_sigmoid_alone",
    },
    "packed_pairs": {
        "earlier pairs are seen": "pairs_separated_in_the_source_alone",
        "no triangle": "no_triangle_within_a_pair",
        "a triangle across": "triangle_in_both_masks",
        "nobody sees itself": "self_excluded",
        "transposed": "looking_ahead",
    },
    "parallel_block": {
        "a mean taken off": "parallel_norm_with_the_mean_subtracted",
        "the gain left out": "parallel_gain_left_out",
        "the second reads the stream itself": "parallel_feed_reads_what_is_not_normalised",
        "the mean over the tokens": "parallel_norm_over_the_tokens",
        "added to the normed rows": "parallel_stream_from_the_norm",
        "one after the other": "parallel_layers_in_a_row",
    },
    "pre_norm_decoder": {
        "the memory normed": "memory_normed_again",
        "the first rows of the encoder": "memory_of_the_first_encoder_block",
        "no last norm": "decoder_without_its_last_norm",
        "no triangle": "decoder_sees_its_future",
        "padding seen": "source_padding_read",
        "a triangle for the source as well": "triangle_on_the_memory",
        "cross-attention before self-attention": "source_before_the_own_text",
        "context that is not normed": "own_text_not_normed_as_context",
    },
    "pre_norm_stack": {
        "the second sublayer first": "stack_feed_before_attention",
        "both sublayers read the same rows": "stack_one_norm_for_both",
        "epsilon outside the root": "stack_epsilon_outside_the_root",
        "the first layer again and again": "stack_first_layer_every_time",
    },
    "qk_norm_scores": {
        "not divided": "qk_norm_without_scale",
    },
    "read_backwards": {
        "forwards": "reads_in_order",
        "keys from the end": "keys_know_the_length",
        "too weak": "neighbours_too_close",
    },
    "read_the_layer": {
        "a triangle is right": "triangle_not_tried",
        "padding is right": "padding_not_tried",
        "the last row alone": "triangle_not_tried",
    },
    "sampling_distribution": {
        "what top-k leaves is not made to add up": "nucleus_before_top_k",
        "the last is not made to add up": "kept_probabilities_not_renormalised",
        "multiplied by the temperature": "temperature_multiplies",
        "the temperature last": "temperature_after_the_filters",
        "one more than k": "top_k_keeps_one_too_many",
        "nucleus before top-k": "nucleus_before_top_k",
    },
    "smoothed_divergence": {
        "spread over all words": "smoothing_over_all_words",
        "the cross-entropy": "entropy_not_subtracted",
        "the mean of the texts' means": "divergence_averaged_text_by_text",
        "divided by all places": "pads_left_out_but_divided_by",
    },
    "source_then_target": {
        "labels filled with pad": "padding_taught_too",
        "the separator is taught": "separator_taught_too",
        "no end": "end_never_taught",
    },
    "teacher_pairs": {
        "the end is not counted": "end_mark_not_counted",
        "labels and inputs exchanged": "shifted_to_the_left",
        "padded in front": "targets_padded_in_front",
    },
    "three_masks": {
        "true hides": "masks_true_for_hidden",
        "the encoder cannot look ahead": "masks_with_a_triangle_in_the_encoder",
        "a triangle across": "masks_with_a_triangle_across",
    },
    "tied_table_gradient": {
        "a token counts once": "repeated_tokens_overwrite",
        "no root": "root_left_out_of_the_gradient",
        "divided by the root": "root_divides_on_the_way_back",
        "the exit scaled too": "root_at_both_ends",
        "the entrance alone": "exit_sends_nothing_back",
        "the exit alone": "entrance_sends_nothing_back",
        "the mean of a token's places": "repeated_tokens_averaged",
        "the last place of a token": "repeated_tokens_overwrite",
        "words that do not stand in the text get nothing": "exit_moves_only_words_that_occur",
    },
    "two_source_block": {
        "the norm of a missing one stays": "missing_source_normalised_all_the_same",
        "the second first": "second_source_comes_first",
        "both asked with the first's matrices": "one_network_asks_both_sources",
        "the sources exchanged": "sources_change_places",
        "both ask with the same rows": "sources_added_in_one_step",
        "normed first": "sources_normalised_in_front",
    },
    "unstack_heads": {
        "all queries first": "stack_read_in_thirds",
        "not transposed": "layout_left_untransposed",
        "places before roles": "roles_change_with_every_row",
        "the last head first": "stacked_heads_in_reverse",
        "key, query, value": "stacked_queries_taken_for_keys",
        "query, value, key": "stacked_values_taken_for_keys",
        "heads on the inner axis": "heads_woven_into_each_other",
        "every third row": "roles_change_with_every_row",
    },
    "verdict_over_seeds": {
        "by the mean": "seeds_averaged",
        "run by run": "seeds_paired",
        "worse and better exchanged": "verdict_turned_round",
    },
    "verify_draft": {
        "drawn from p after a refusal": "refused_draft_draws_from_the_target",
        "the size of the difference": "rest_loses_its_sign",
        "not divided by its sum": "rest_not_made_a_distribution",
        "q less p": "rest_of_the_draft_for_the_target",
        "likelier for the large model": "draft_stands_only_where_likelier",
        "the last row but one if all stand": "whole_draft_draws_from_the_last_place",
        "all that would stand are counted": "draft_goes_on_after_a_refusal",
    },
    "which_piece": {
        "not better is to blame": "no_change_is_blamed",
        "different is to blame": "any_change_is_blamed",
        "pieces compared, not scores": "differs_from_the_course",
        "all of mine but one": "course_pieces_put_into_mine",
        "the course changed as it goes": "pieces_left_exchanged",
    },
    "wire_attention": {
        "the output not projected": "wired_output_not_projected",
        "the mask left out": "wired_without_the_mask",
        "keys' and values' roles exchanged": "wired_keys_and_values_exchanged",
    },
    "word_times": {
        "the largest weight of each word": "peaks_made_to_rise",
        "the last frame of each word": "ends_given_for_starts",
        "counted from 1": "frames_counted_from_one",
        "greedy from the front": "next_word_as_soon_as_it_is_better",
    },
}


def wrong(name, answers):
    """`answers` leads from what is wrong to the function that does it."""
    for what, answer in answers.items():
        mistake = TRUE.get(name, {}).get(what)
        WRONG.append((f"architecture.{name}", f"{what} (second reading)", answer, (mistake,) if mistake else ()))


def right(name):
    return EXERCISES[f"architecture.{name}"].solution


def _softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _rms(x, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)


def _norm(x, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)


def _swapped(x):
    return np.swapaxes(x, -1, -2)


# -- attend_to_blocks ------------------------------------------------------------------------------------------------


def _blocks(writes, size):
    return np.add.reduceat(np.asarray(writes, dtype=float), [0, *range(1, len(writes), size)], axis=0)


def _look(blocks, query, epsilon=0.0, scores=lambda s: s):
    return _softmax(scores(_rms(blocks, epsilon) @ query)) @ blocks


wrong("attend_to_blocks", {
    "an epsilon of 1e-6": lambda w, q, n: _look(_blocks(w, n), q, 1e-6),
    "an epsilon of 1e-5": lambda w, q, n: _look(_blocks(w, n), q, 1e-5),
    "scores limited to 20": lambda w, q, n: _look(_blocks(w, n), q, scores=lambda s: np.clip(s, -20, 20)),
    "the last block counted from behind": lambda w, q, n: _look(np.array([w[0], *(w[1:][max(0, i - n):i].sum(axis=0) for i in range(len(w) - 1, 0, -n))][::1]), q),
    "blocks of an equal number": lambda w, q, n: _look(np.array([w[0], *(p.sum(axis=0) for p in np.array_split(w[1:], max(1, -(-(len(w) - 1) // n))) if len(p))]), q),
    "sums of all before, not of the block": lambda w, q, n: _look(np.cumsum(_blocks(w, n), axis=0), q),
    "a block of at most four layers": lambda w, q, n: _look(_blocks(w, min(n, 4)), q),
    "the query normed as well": lambda w, q, n: _look(_blocks(w, n), q / (np.sqrt((q**2).mean()) + 1e-30)),
    "a block of zeros for each missing layer": lambda w, q, n: _softmax(np.concatenate([_rms(_blocks(w, n), 0) @ q, [0.0] if (len(w) - 1) % n else []])) @ np.vstack([_blocks(w, n), *([np.zeros((1, w.shape[1]))] if (len(w) - 1) % n else [])]),
    "sizes of the scores": lambda w, q, n: _look(_blocks(w, n), q, scores=np.abs),
})

# -- beam_step -------------------------------------------------------------------------------------------------------


def _beam(scores, log_p, cache, total=None, take=None):
    total = (np.asarray(scores, dtype=float)[:, None] + log_p if total is None else total).ravel()
    best = np.argsort(-total, kind="stable")[: take or len(scores)]
    return total[best], best % log_p.shape[1], cache[best // log_p.shape[1]]


def _no_new_text(scores, log_p, cache):
    total = np.asarray(scores, dtype=float)[:, None] + log_p
    total[:, 0] = -np.inf
    return _beam(scores, log_p, cache, total)


def _two_each(scores, log_p, cache):
    """At most two continuations of a beginning."""
    total = np.asarray(scores, dtype=float)[:, None] + log_p
    for row in total:
        row[np.argsort(-row)[2:]] = -np.inf
    return _beam(scores, log_p, cache, total)


def _row_after_row(scores, log_p, cache):
    """The rows of the cache are moved one after the other, over each other."""
    width, vocabulary = log_p.shape
    best = np.argsort(-(np.asarray(scores, dtype=float)[:, None] + log_p).ravel())[:width]
    moved = np.array(cache)
    for i, b in enumerate(best // vocabulary):
        moved[i] = moved[b]
    return _beam(scores, log_p, cache)[:2] + (moved,)


wrong("beam_step", {
    "the first token never": _no_new_text,
    "two continuations of a beginning at most": _two_each,
    "the cache moved row by row over itself": _row_after_row,
    "unused beams as 0": lambda s, p, c: _beam(np.where(np.isfinite(s), s, 0.0), p, c),
    "three beams, whatever the width": lambda s, p, c: _beam(s, p, c, take=min(3, np.size(p))),
    "rows of the cache in the order of their beginnings": lambda s, p, c: _beam(s, p, c)[:2] + (c[np.sort(np.argsort(-(s[:, None] + p).ravel())[:len(s)] // p.shape[1])],),
    "a token that fits the vocabulary of seven": lambda s, p, c: (_beam(s, p, c)[0], np.argsort(-(s[:, None] + p).ravel())[:len(s)] % 7, _beam(s, p, c)[2]),
    "scores divided by the length of the cache": lambda s, p, c: _beam(s, p, c, (np.asarray(s, dtype=float)[:, None] + p) / c.shape[1]),
    "scores as probabilities": lambda s, p, c: (np.exp(_beam(s, p, c)[0]), *_beam(s, p, c)[1:]),
    "the new token's place appended": lambda s, p, c: _beam(s, p, c)[:2] + (np.concatenate([_beam(s, p, c)[2], np.zeros_like(c[:, :1])], axis=1),),
})

# -- block_with_dropout ----------------------------------------------------------------------------------------------


def _dropped(x, attend, feed, keep, rate, training, epsilon, drop=None, norm=_norm, second=1):
    drop = drop or (lambda new, kept: new * kept / (1 - rate) if training else new)
    x = norm(x + drop(attend(x), keep[0]), epsilon)
    return norm(x + drop(feed(x), keep[second]), epsilon)


wrong("block_with_dropout", {
    "a table of ones scales nothing": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, lambda n, s: n if s.all() or not t else n * s / (1 - r)),
    "scaled by what stayed": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, lambda n, s: n * s * s.size / max(1, s.sum()) if t else n),
    "whole rows dropped": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, lambda n, s: n * s[:, :1] / (1 - r) if t else n),
    "scaled outside training": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, lambda n, s: n * s / (1 - r) if t else n * (1 - r)),
    "an epsilon of its own": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, 1e-5),
    "the variance of a sample": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, norm=lambda z, e: (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True, ddof=1) + e)),
    "the rate capped at a half": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, min(r, 0.5), t, e),
    "false stays": lambda x, a, f, k, r, t, e: _dropped(x, a, f, ~k, r, t, e),
    "the rate, not what stays, divides": lambda x, a, f, k, r, t, e: _dropped(x, a, f, k, r, t, e, lambda n, s: n * s / (r or 1) if t else n),
    "the feed-forward network is not dropped": lambda x, a, f, k, r, t, e: _norm((z := _norm(x + (a(x) * k[0] / (1 - r) if t else a(x)), e)) + f(z), e),
    "both read the old rows": lambda x, a, f, k, r, t, e: _norm(_norm(x + (a(x) * k[0] / (1 - r) if t else a(x)), e) + (f(x) * k[1] / (1 - r) if t else f(x)), e),
})

# -- clip_or_skip ----------------------------------------------------------------------------------------------------


def _clip(w, b, largest, size=None, factor=None, skip=None):
    w, b = np.array(w, dtype=float), np.array(b, dtype=float)
    both = np.concatenate([w.ravel(), b])
    if (skip or (lambda z: not np.isfinite(z).all()))(both):
        return 0 * np.nan_to_num(w), 0 * np.nan_to_num(b)
    big = np.abs(both).max()
    length = size(both) if size else big * np.sqrt(((both / (big or 1)) ** 2).sum())
    by = factor(length) if factor else min(1.0, largest / length) if length else 1.0
    return w * by, b * by


wrong("clip_or_skip", {
    "a thousandth added to the length": lambda w, b, m: _clip(w, b, m, factor=lambda n: min(1.0, m / (n + 1e-3))),
    "the longest of the two": lambda w, b, m: _clip(w, b, m, factor=lambda n: min(1.0, m / max(np.linalg.norm(w), np.linalg.norm(b), 1e-300))),
    "the sum of the two lengths": lambda w, b, m: _clip(w, b, m, factor=lambda n: min(1.0, m / max(np.linalg.norm(w / max(1, np.abs(w).max())) * max(1, np.abs(w).max()) + np.linalg.norm(b / max(1, np.abs(b).max())) * max(1, np.abs(b).max()), 1e-300))),
    "the spectral norm of the matrix": lambda w, b, m: _clip(w, b, m, factor=lambda n: min(1.0, m / max(np.hypot(np.linalg.norm(np.array(w, dtype=float), 2), np.linalg.norm(b)), 1e-300))),
    "infinity cut to a large number": lambda w, b, m: _clip(np.nan_to_num(np.array(w, dtype=float), posinf=1e6, neginf=-1e6), np.nan_to_num(np.array(b, dtype=float), posinf=1e6, neginf=-1e6), m, skip=lambda z: np.isnan(z).any()),
    "NaN alone skips": lambda w, b, m: _clip(w, b, m, skip=lambda z: np.isnan(z).any()),
    "the bad numbers alone become 0": lambda w, b, m: _clip(np.nan_to_num(np.array(w, dtype=float), posinf=0, neginf=0), np.nan_to_num(np.array(b, dtype=float), posinf=0, neginf=0), m),
    "the mean square, not the sum": lambda w, b, m: _clip(w, b, m, factor=lambda n: min(1.0, m / max(n / np.sqrt(np.size(w) + np.size(b)), 1e-300))),
    "whole numbers stay whole": lambda w, b, m: tuple(part.astype(given.dtype) for part, given in zip(_clip(w, b, m), (w, b))),
    "huge numbers skipped": lambda w, b, m: _clip(w, b, m, skip=lambda z: not np.isfinite(z).all() or np.abs(z).max() > 1e100),
})

# -- composite_gain --------------------------------------------------------------------------------------------------


def _product(mixes):
    out = np.eye(mixes.shape[-1])
    for mix in mixes:
        out = mix @ out
    return out


def _gains(p):
    return np.abs(p).sum(axis=1).max(), np.abs(p).sum(axis=0).max()


wrong("composite_gain", {
    "the largest singular value": lambda m: (np.linalg.norm(_product(m), 2),) * 2,
    "row and column exchanged": lambda m: _gains(_product(m))[::-1],
    "the first row and column": lambda m: (np.abs(_product(m))[0].sum(), np.abs(_product(m))[:, 0].sum()),
    "the mean over rows": lambda m: (np.abs(_product(m)).sum(axis=1).mean(), np.abs(_product(m)).sum(axis=0).mean()),
    "positive entries alone": lambda m: _gains(np.maximum(_product(m), 0)),
    "absolute values before the product": lambda m: _gains(_product(np.abs(m))),
    "never below 1": lambda m: tuple(max(1.0, g) for g in _gains(_product(m))),
    "the loudest on the way": lambda m: tuple(max(g) for g in zip(*(_gains(_product(m[:n])) for n in range(1, len(m) + 1)))),
    "the last seven layers": lambda m: _gains(_product(m[-7:])),
    "the layer's mean product": lambda m: _gains(np.linalg.matrix_power(m.mean(axis=0), len(m))),
    "one number for both": lambda m: (_gains(_product(m))[0],) * 2,
})

# -- count_encoder_decoder -------------------------------------------------------------------------------------------


def _count(v, d, f, n, m, h, g, gated, tied, norms=None, kv=None, tables=None, looks=None, biases=0):
    look = 2 * d * d + 2 * d * (d // h * g if kv is None else kv)
    think = (3 if gated else 2) * d * f
    many = 2 * n + 3 * m + 2 if norms is None else norms
    table = (1 if tied else 2) * v * d if tables is None else tables
    return table + (n + 2 * m if looks is None else looks) * look + (n + m) * think + many * d + biases


wrong("count_encoder_decoder", {
    "as many norms in a decoder block as in an encoder block": lambda *a: _count(*a, norms=2 * a[3] + 2 * a[4] + 2),
    "no last norm of the encoder": lambda *a: _count(*a, norms=2 * a[3] + 3 * a[4] + 1),
    "a norm for the embedding": lambda *a: _count(*a, norms=2 * a[3] + 3 * a[4] + 3),
    "one narrow head": lambda *a: _count(*a, kv=a[1] // a[5]),
    "heads and shared heads the other way round": lambda *a: _count(*a, kv=a[1] * a[5] // a[6]),
    "a table for each language": lambda *a: _count(*a, tables=(2 if a[8] else 3) * a[0] * a[1]),
    "cross-attention counted for the encoder": lambda *a: _count(*a, looks=2 * a[3] + a[4]),
    "one cross-attention": lambda *a: _count(*a, looks=a[3] + a[4] + 1),
    "tied and not exchanged": lambda *a: _count(*a[:8], not a[8]),
    "gated and not exchanged": lambda *a: _count(*a[:7], not a[7], a[8]),
    "in millions": lambda *a: round(_count(*a), -3) if _count(*a) > 1e6 else _count(*a),
    "one too many in the largest": lambda *a: _count(*a) + (_count(*a) > 1e6),
    "six blocks at the most": lambda *a: _count(*a[:3], min(a[3], 6), min(a[4], 6), *a[5:]),
})

# -- direct_effects --------------------------------------------------------------------------------------------------


def _effects(p, table, gain, e, w, r, x=None, size=None, of=None):
    p = np.asarray(p, dtype=float)
    x = p.sum(axis=0) if x is None else x
    size = np.sqrt((x**2).mean(axis=-1, keepdims=True) + e) if size is None else size
    return (p if of is None else of) / size * gain @ (table[w] - table[r])


wrong("direct_effects", {
    "an epsilon of 1e-5": lambda p, t, g, e, w, r: _effects(p, t, g, 1e-5, w, r),
    "the size of a gain": lambda p, t, g, e, w, r: _effects(p, t, np.abs(g), e, w, r),
    "the size of all tokens together": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((np.asarray(p, dtype=float).sum(axis=0) ** 2).mean() + e)),
    "the stream up to the part": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((np.cumsum(np.asarray(p, dtype=float), axis=0) ** 2).mean(axis=-1, keepdims=True) + e + 1e-30)),
    "centred rows": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, of=p - np.mean(p, axis=-1, keepdims=True)),
    "against the mean of all words": lambda p, t, g, e, w, r: np.asarray(p, dtype=float) / np.sqrt((p.sum(axis=0) ** 2).mean(-1, keepdims=True) + e) * g @ (t[w] - t.mean(axis=0)),
    "against the next word": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, (w + 1) % len(t)),
    "transposed": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r).T,
    "the embedding left out": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r) * (np.arange(len(p)) > 0)[:, None],
    "shares of the whole": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r) / _effects(p, t, g, e, w, r).sum(axis=0),
    "the length, not the root of the mean": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((np.asarray(p, dtype=float).sum(axis=0) ** 2).sum(-1, keepdims=True) + e)),
    "whole numbers divided into whole numbers": lambda p, t, g, e, w, r: np.trunc(_effects(p, t, g, e, w, r)) if p.dtype.kind == "i" else _effects(p, t, g, e, w, r),
})

# -- embed_texts -----------------------------------------------------------------------------------------------------


def _changed(name, change):
    """The right answer, its parts changed by a function of parts and arguments."""
    return lambda *given: change(right(name)(*given), *given)


wrong("embed_texts", {
    "real where the rows are not zero": _changed("embed_texts", lambda out, table, places, texts: (out[0], np.abs(out[0]).sum(axis=-1) > 1)),
    "real where the id is not 0": lambda table, places, texts: (right("embed_texts")(table, places, texts)[0], np.array([[bool(t < len(ids) and ids[t]) for t in range(max(map(len, texts)))] for ids in texts])),
    "as wide as the table of positions": _changed("embed_texts", lambda out, table, places, texts: (np.pad(out[0], ((0, 0), (0, len(places) - out[0].shape[1]), (0, 0))), np.pad(out[1], ((0, 0), (0, len(places) - out[1].shape[1]))))),
    "an empty text is left out": lambda table, places, texts: right("embed_texts")(table, places, [ids for ids in texts if ids]),
    "an empty text has a place": lambda table, places, texts: right("embed_texts")(table, places, [ids or [0] for ids in texts]),
    "the root of whole numbers": lambda table, places, texts: tuple(part for part in (np.round(right("embed_texts")(table, places, texts)[0]) if table.dtype.kind == "i" else right("embed_texts")(table, places, texts)[0], right("embed_texts")(table, places, texts)[1])),
    "positions behind the end": _changed("embed_texts", lambda out, table, places, texts: (np.where(out[1][..., None], out[0], places[: out[0].shape[1]]), out[1])),
    "the sum scaled": _changed("embed_texts", lambda out, table, places, texts: (out[0] + np.where(out[1][..., None], (np.sqrt(table.shape[1]) - 1) * places[: out[0].shape[1]], 0), out[1])),
    "true behind the end": _changed("embed_texts", lambda out, *_: (out[0], ~out[1])),
    "scaled by the root of the words": _changed("embed_texts", lambda out, table, places, texts: right("embed_texts")(table * np.sqrt(len(table) / table.shape[1]), places, texts)),
    "at most three texts": lambda table, places, texts: right("embed_texts")(table, places, texts[:2]),
    "the lengths instead of truth values": _changed("embed_texts", lambda out, *_: (out[0], out[1].sum(axis=1))),
})

# -- examine_decoder -------------------------------------------------------------------------------------------------


def _examined(decode, source, target, exchange, compare=lambda a, b: np.abs(a - b).max(axis=-1) > 1e-9, source_at=None):
    base, found = np.asarray(decode(source, target)), [False, False, False]
    for u in range(len(target)):
        gone = compare(np.asarray(decode(source, exchange(target, u))), base)
        found[0] |= bool(gone[:u].any())
        found[2] |= bool(gone[u + 1 :].any())
    for j in range(len(source)) if source_at is None else source_at(source):
        found[1] |= bool(compare(np.asarray(decode(exchange(source, j), target)), base).any())
    return found


def _to(new):
    return lambda ids, at: [new(i) if place == at else i for place, i in enumerate(ids)]


wrong("examine_decoder", {
    "exchanged for id 0": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: 0)),
    "exchanged for id 1": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: 1)),
    "exchanged for the last id": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: n - 1)),
    "seven words, always": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % 7)),
    "exchanged for its mirror image": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: n - 1 - i)),
    "a text of its own": lambda f, s, t, n: right("examine_decoder")(f, [2, 5, 0, 3], [1, 4, 6, 2, 3], n),
    "a source of its own": lambda f, s, t, n: right("examine_decoder")(f, [1, 1, 1, 1], t, n),
    "an id above the last": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: i + 1)),
    "scores that fell": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: (a[:, 0] - b[:, 0]) < -1e-9),
    "the first word's score alone": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: np.abs(a[:, 0] - b[:, 0]) > 1e-9),
    "the likeliest word alone": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: a.argmax(-1) != b.argmax(-1)),
    "numpy's closeness": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: ~np.isclose(a, b, atol=1e-2).all(axis=-1)),
    "the first and the last source token": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), source_at=lambda s: (0, len(s) - 1)),
    "two tokens exchanged with each other": lambda f, s, t, n: _examined(f, s, t, lambda ids, at: [ids[(at + 1) % len(ids)] if p == at else ids[at] if p == (at + 1) % len(ids) else i for p, i in enumerate(ids)]),
})

# -- fold_norm -------------------------------------------------------------------------------------------------------

wrong("fold_norm", {
    "columns scaled where it is square": lambda g, b, w, c: (w * g if w.shape[0] == w.shape[1] else g[:, None] * w, b @ w + c),
    "the bias through the folded matrix": lambda g, b, w, c: (g[:, None] * w, (g * b) @ w + c),
    "one plus the gain": lambda g, b, w, c: ((1 + g)[:, None] * w, b @ w + c),
    "the size of the gain": lambda g, b, w, c: (np.abs(g)[:, None] * w, b @ w + c),
    "a gain of 0 left out": lambda g, b, w, c: (np.where(g == 0, 1, g)[:, None] * w, b @ w + c),
    "the linear bias scaled": lambda g, b, w, c: (g[:, None] * w, b @ w + c * g.mean()),
    "the mean over the features": lambda g, b, w, c: (g[:, None] * w, (b @ w) / len(b) + c),
    "the bias a row": lambda g, b, w, c: (g[:, None] * w, (b @ w + c)[None]),
    "the matrix changed in place": lambda g, b, w, c: (np.multiply(w, g[:, None], out=w) if w.dtype.kind == "f" else g[:, None] * w, c + b @ (w if w.dtype.kind == "i" else w / np.where(g == 0, 1, g)[:, None])),
    "the other bias forgotten where it is zeros": lambda g, b, w, c: (g[:, None] * w, b @ w + c if c.any() else c),
    "divided by the gain": lambda g, b, w, c: (w / np.where(g == 0, 1, g)[:, None], b @ w + c),
    "transposed": lambda g, b, w, c: ((g[:, None] * w).T, b @ w + c),
})

# -- gated_width -----------------------------------------------------------------------------------------------------

wrong("gated_width", {
    "the width of the model ignored": lambda d, f, m, b: right("gated_width")(4, f, m, b),
    "another width of the model": lambda d, f, m, b: right("gated_width")(5, f, m, b),
    "a very wide model": lambda d, f, m, b: right("gated_width")(10**6, f, m, b),
    "two thirds": lambda d, f, m, b: 2 * f // 3 // m * m,
    "rounded up": lambda d, f, m, b: -(-(2 * d * f + b * f) // (3 * d + 2 * b) // m) * m if f > 20 else right("gated_width")(d, f, m, b),
    "at least one multiple": lambda d, f, m, b: max(m, right("gated_width")(d, f, m, b)),
    "biases ignored": lambda d, f, m, b: right("gated_width")(d, f, m, False),
    "biases always": lambda d, f, m, b: right("gated_width")(d, f, m, True),
    "strictly fewer": lambda d, f, m, b: (2 * d * f + b * f - 1) // (3 * d + 2 * b) // m * m,
    "the output's bias for the gated one alone": lambda d, f, m, b: max(0, (2 * d * f + b * (f - d)) // (3 * d + 2 * b) // m * m),
    "the multiple ignored": lambda d, f, m, b: right("gated_width")(d, f, 1, b),
    "the nearest multiple": lambda d, f, m, b: round((2 * d * f + b * f) / (3 * d + 2 * b) / m) * m,
    "multiples of two": lambda d, f, m, b: right("gated_width")(d, f, 2, b),
    "hidden biases only": lambda d, f, m, b: (2 * d * f + b * f) // (3 * d + b) // m * m,
})

# -- inverse_root ----------------------------------------------------------------------------------------------------


def _rates(done, steps, peak, warmup, rise=lambda n, u: n / u, fall=lambda n, u: np.sqrt(u / n), first=1):
    n = done + first + np.arange(steps)
    return peak * np.where(n <= warmup, rise(n, warmup), fall(np.maximum(n, 1e-9), warmup))


wrong("inverse_root", {
    "what was done ignored": lambda d, s, p, u: _rates(0, s, p, u),
    "rises again after a pause": lambda d, s, p, u: _rates(d, s, p, u) * np.minimum(1, np.arange(1, s + 1) / u) ** (d > 0),
    "falls with the step, not its root": lambda d, s, p, u: _rates(d, s, p, u, fall=lambda n, u: u / n),
    "falls from the end of the warm-up": lambda d, s, p, u: _rates(d, s, p, u, fall=lambda n, u: 1 / np.sqrt(np.maximum(n - u, 1))),
    "the peak is one": lambda d, s, p, u: _rates(d, s, 1, u),
    "steps are where it ends": lambda d, s, p, u: _rates(d, max(0, s - d), p, u),
    "no warm-up of one step": lambda d, s, p, u: _rates(d, s, p, max(u, 2)),
    "the larger of the two": lambda d, s, p, u: p * np.maximum((d + 1 + np.arange(s)) / u, np.sqrt(u / (d + 1 + np.arange(s)))),
    "the formula of 2017": lambda d, s, p, u: p * np.minimum((d + 1.0 + np.arange(s)) ** -0.5, (d + 1 + np.arange(s)) * u**-1.5),
    "step zero counted": lambda d, s, p, u: _rates(d, s, p, u, first=0),
    "nothing above a half for a small peak": lambda d, s, p, u: _rates(d, s, p, u + 1),
    "rates of whole numbers are whole": lambda d, s, p, u: np.floor(_rates(d, s, p, u)) if isinstance(p, int) and p > 1 else _rates(d, s, p, u),
    "a rise with the root": lambda d, s, p, u: _rates(d, s, p, u, rise=lambda n, u: np.sqrt(n / u)),
    "one row more": lambda d, s, p, u: _rates(d, s + 1, p, u),
})

# -- layer_norm_gradient ---------------------------------------------------------------------------------------------


def _backward(x, up, gain, e, mean=True, along=True, s=None, square=None):
    x = np.asarray(x, dtype=float)
    centred = x - x.mean(axis=-1, keepdims=True)
    square = (centred**2).mean(axis=-1, keepdims=True) if square is None else square
    s = np.sqrt(square + e) if s is None else s
    u, g = centred / s, gain * up
    return (g - mean * g.mean(axis=-1, keepdims=True) - along * u * (u * g).mean(axis=-1, keepdims=True)) / s


wrong("layer_norm_gradient", {
    "an epsilon of 1e-5": lambda x, u, g, e: _backward(x, u, g, 1e-5),
    "epsilon left out of the divisor": lambda x, u, g, e: _backward(x, u, g, 1e-12),
    "the mean of the gradient without its gain": lambda x, u, g, e: _backward(x, u, g, e) + (np.mean(g * u, -1, keepdims=True) - np.mean(u, -1, keepdims=True)) / np.sqrt(np.var(x, -1, keepdims=True) + e),
    "the mean over the tokens": lambda x, u, g, e: _backward(x, u, g, e, mean=False) - (g * u).mean(axis=0) / np.sqrt(np.var(x, -1, keepdims=True) + e),
    "RMSNorm's": lambda x, u, g, e: (lambda s: (g * u - x / s * np.mean(x / s * g * u, -1, keepdims=True)) / s)(np.sqrt(np.mean(np.asarray(x, dtype=float) ** 2, -1, keepdims=True) + e)),
    "the size of the gain": lambda x, u, g, e: _backward(x, u, np.abs(g), e),
    "the sum over a row added back": lambda x, u, g, e: _backward(x, u, g, e) + 1e-3 * np.asarray(u).sum(-1, keepdims=True),
    "wrong for a row of equals": lambda x, u, g, e: np.where(np.ptp(x, axis=-1, keepdims=True) == 0, 0, _backward(x, u, g, e)),
    "the gradient of the output, not of x": lambda x, u, g, e: np.asarray(u, dtype=float) * g / np.sqrt(np.var(x, -1, keepdims=True) + e),
    "the second term not divided by the size": lambda x, u, g, e: _backward(x, u, g, e, along=False) - _norm(np.asarray(x, dtype=float), e) * (_norm(np.asarray(x, dtype=float), e) * g * u).mean(-1, keepdims=True),
    "the gradient of the gain": lambda x, u, g, e: _norm(np.asarray(x, dtype=float), e) * u,
    "epsilon added twice": lambda x, u, g, e: _backward(x, u, g, 2 * e),
    "the direction made exact": lambda x, u, g, e: _backward(x, u, g, e) - (lambda n: n * (n * _backward(x, u, g, e)).mean(-1, keepdims=True))(_norm(np.asarray(x, dtype=float), 1e-12)),
})

# -- left_padded_step ------------------------------------------------------------------------------------------------


def _step(q, k, v, kc, vc, real, sees=None, scale=None, at=None, fill=-np.inf):
    keys, values = np.concatenate([kc, k[:, None]], axis=1), np.concatenate([vc, v[:, None]], axis=1)
    sees = np.concatenate([real, np.ones((len(q), 1), bool)], axis=1) if sees is None else sees
    scores = np.einsum("bd,bnd->bn", q, keys) / (np.sqrt(q.shape[1]) if scale is None else scale)
    scores = np.where(sees, scores, fill)
    return np.einsum("bn,bnd->bd", _softmax(scores), values), real.sum(axis=1) if at is None else at


wrong("left_padded_step", {
    "the column is the position": lambda *a: _step(*a, at=np.full(len(a[0]), a[5].shape[1])),
    "one too many": lambda *a: _step(*a, at=a[5].sum(axis=1) + 1),
    "the place of the last token": lambda *a: _step(*a, at=np.maximum(a[5].sum(axis=1) - 1, 0)),
    "padding hidden by a fixed number": lambda *a: _step(*a, fill=-1e3),
    "padding hidden by minus a hundred": lambda *a: _step(*a, fill=-100.0),
    "padding on the right": lambda *a: _step(*a[:5], np.arange(a[5].shape[1]) < a[5].sum(axis=1)[:, None]),
    "the first text's padding for all": lambda *a: _step(*a, sees=np.concatenate([np.repeat(a[5][:1], len(a[0]), 0), np.ones((len(a[0]), 1), bool)], axis=1)),
    "divided by the root of the values' width": lambda *a: _step(*a, scale=np.sqrt(a[2].shape[1])),
    "a new text sees its padding": lambda *a: _step(*a, sees=np.concatenate([a[5] | ~a[5].any(axis=1, keepdims=True), np.ones((len(a[0]), 1), bool)], axis=1)),
    "the largest score of all texts taken off": lambda q, k, v, kc, vc, real: (lambda s, values: (np.einsum("bn,bnd->bd", np.exp(s - s.max()) / np.exp(s - s.max()).sum(1, keepdims=True), values), real.sum(1)))(np.where(np.c_[real, np.ones(len(q), bool)], np.einsum("bd,bnd->bn", q, np.concatenate([kc, k[:, None]], 1)) / np.sqrt(q.shape[1]), -np.inf), np.concatenate([vc, v[:, None]], 1)),
    "positions as rows": lambda *a: (_step(*a)[0], _step(*a)[1][:, None]),
    "the same position for all": lambda *a: _step(*a, at=np.full(len(a[0]), a[5].sum(axis=1).max(initial=0))),
    "padding has keys of zeros": lambda q, k, v, kc, vc, real: _step(q, k, v, kc * real[..., None], vc * real[..., None], real, sees=np.ones((len(q), real.shape[1] + 1), bool)),
})

# -- memory_credit ---------------------------------------------------------------------------------------------------


def _credit(x, k, b, v, table, t, bend=lambda z: np.maximum(0, z), favours=None):
    return bend(x @ k + b) * (table[t] @ v.T if favours is None else favours)


wrong("memory_credit", {
    "no credit below zero": lambda *a: np.maximum(0, _credit(*a)),
    "the first token's target for all": lambda *a: _credit(*a[:5], np.full(len(a[5]), a[5][0])),
    "no bias": lambda x, k, b, v, t, i: _credit(x, k, 0 * b, v, t, i),
    "the bias behind the ReLU": lambda x, k, b, v, t, i: (np.maximum(0, x @ k) + b) * (t[i] @ v.T),
    "which memory answers, not how much": lambda *a: _credit(*a, bend=lambda z: (z > 0).astype(float)),
    "GELU": lambda *a: _credit(*a, bend=lambda z: z * (1 + np.tanh(0.7978845608 * (z + 0.044715 * z**3))) / 2),
    "values transposed where it is square": lambda x, k, b, v, t, i: _credit(x, k, b, v.T if v.shape[0] == v.shape[1] else v, t, i),
    "keys transposed where it is square": lambda x, k, b, v, t, i: _credit(x, k.T if k.shape[0] == k.shape[1] else k, b, v, t, i),
    "the position for the target": lambda x, k, b, v, t, i: _credit(x, k, b, v, t, np.arange(len(x)) % len(t)),
    "less the mean over the words": lambda x, k, b, v, t, i: _credit(x, k, b, v, t - t.mean(axis=0), i),
    "transposed": lambda *a: _credit(*a).T,
    "targets sorted": lambda *a: _credit(*a[:5], np.sort(a[5])),
    "answers limited to 3": lambda *a: _credit(*a, bend=lambda z: np.clip(z, 0, 3)),
    "shares of the token's whole": lambda *a: _credit(*a) / (np.abs(_credit(*a)).sum(axis=1, keepdims=True) + 1e-12),
})

# -- next_merge ------------------------------------------------------------------------------------------------------


def _often(words, counts, pairs=lambda w: list(zip(w, w[1:])), count=lambda c: c):
    often = {}
    for word, n in zip(words, counts):
        for pair in pairs(word):
            often[pair] = often.get(pair, 0) + count(n)
    return often


def _best(often, key=lambda pair, n: (-n, pair), said=None):
    pair = min(often, key=lambda p: key(p, often[p]))
    return np.array([*pair, often[pair] if said is None else said(pair, often)])


wrong("next_merge", {
    "ids compared as texts": lambda w, c: _best(_often(w, c), lambda p, n: (-n, str(p[0]), str(p[1]))),
    "ids below 256 only": lambda w, c: _best({p: n for p, n in _often(w, c).items() if max(p) < 256} or {(0, 0): 0}),
    "ties by the length of the word": lambda w, c: _best(_often(w, c), lambda p, n: (-n, min(len(x) for x in w if p in zip(x, x[1:])), p)),
    "the count of the different words": lambda w, c: _best(_often(w, c), said=lambda p, often: sum(n for x, n in zip(w, c) if p in zip(x, x[1:]))),
    "the count among the words as written once": lambda w, c: _best(_often(w, c), said=lambda p, often: sum(list(zip(x, x[1:])).count(p) for x in w)),
    "the first pair of a word twice": lambda w, c: _best(_often(w, c, lambda x: [*zip(x, x[1:]), *list(zip(x, x[1:]))[:1]])),
    "the last pair of a word not": lambda w, c: _best(_often(w, c, lambda x: list(zip(x, x[1:-1])) or list(zip(x, x[1:])))),
    "words of two ids not": lambda w, c: _best(_often(*zip(*[(x, n) for x, n in zip(w, c) if len(x) != 2] or [((0, 0), 1)])) or {(0, 0): 0}),
    "counts up to ten": lambda w, c: _best(_often(w, c, count=lambda n: min(n, 10))),
    "the same word listed once": lambda w, c: _best(_often(*zip(*dict(zip(w, c)).items()))),
    "a pair of equal ids not": lambda w, c: _best({p: n for p, n in _often(w, c).items() if p[0] != p[1]} or {(0, 0): 0}),
    "the smallest sum of ids": lambda w, c: _best(_often(w, c), lambda p, n: (-n, sum(p), p)),
    "right id first in the answer": lambda w, c: _best(_often(w, c))[[1, 0, 2]],
    "no count": lambda w, c: _best(_often(w, c))[:2],
    "the whole corpus as the count": lambda w, c: _best(_often(w, c), said=lambda p, often: sum(often.values())),
})

# -- norm_on_both_sides ----------------------------------------------------------------------------------------------

wrong("norm_on_both_sides", {
    "the second layer has no norm behind it": lambda x, a, f, i, o: (lambda y: y + f(i(y)))(x + o(a(i(x)))),
    "the second layer has no norm before it": lambda x, a, f, i, o: (lambda y: y + o(f(y)))(x + o(a(i(x)))),
    "the two norms exchanged": lambda x, a, f, i, o: (lambda y: y + i(f(o(y))))(x + i(a(o(x)))),
    "the two norms exchanged in the second layer": lambda x, a, f, i, o: (lambda y: y + i(f(o(y))))(x + o(a(i(x)))),
    "both layers read the old stream": lambda x, a, f, i, o: x + o(a(i(x))) + o(f(i(x))),
    "feed first": lambda x, a, f, i, o: right("norm_on_both_sides")(x, f, a, i, o),
    "one norm behind both": lambda x, a, f, i, o: x + o(a(i(x)) + f(i(x + o(a(i(x)))))),
    "the sum is normed": lambda x, a, f, i, o: (lambda y: o(y + f(i(y))))(o(x + a(i(x)))),
    "a norm at the end": lambda x, a, f, i, o: o(right("norm_on_both_sides")(x, a, f, i, o)),
    "added to the normed rows": lambda x, a, f, i, o: (lambda y: i(y) + o(f(i(y))))(i(x) + o(a(i(x)))),
    "the stream changed in place": lambda x, a, f, i, o: _into(x, lambda y: y + o(a(i(y))), lambda y: y + o(f(i(y)))),
    "the first norm for both sides": lambda x, a, f, i, o: right("norm_on_both_sides")(x, a, f, i, i),
    "the example's numbers": lambda x, a, f, i, o: np.asarray(x) * 25 / 16,
})


def _into(x, *steps):
    for step in steps:
        x[...] = step(x)
    return x


# -- one_memory, one_source ------------------------------------------------------------------------------------------


def _layers(x, states, lengths, w, memory=lambda states, layer: states[-1], attend=None, add=True, hide=True, scale=None):
    for layer, (q, k, v, o) in enumerate(zip(*w)):
        y = memory(states, layer)
        may = np.arange(y.shape[1]) < lengths[:, None, None] if hide else np.ones((1, 1, y.shape[1]), bool)
        scores = (x @ q) @ _swapped(y @ k) / np.sqrt(q.shape[-1] if scale is None else scale(x, q))
        change = _softmax(np.where(may, scores, -np.inf) if attend is None else attend(scores, may)) @ (y @ v) @ o
        x = x + change if add else change
    return x


wrong("one_memory", {
    "the matching state of the encoder": lambda x, s, n, *w: _layers(x, s, n, w, lambda s, i: s[min(i, len(s) - 1)]),
    "the mean of the states": lambda x, s, n, *w: _layers(x, s, n, w, lambda s, i: s.mean(axis=0)),
    "the third state": lambda x, s, n, *w: _layers(x, s, n, w, lambda s, i: s[min(2, len(s) - 1)]),
    "nothing is added": lambda x, s, n, *w: _layers(x, s, n, w, add=False),
    "divided by the root of the model's width": lambda x, s, n, *w: _layers(x, s, n, w, scale=lambda x, q: x.shape[-1]),
    "padding hidden by minus 1000": lambda x, s, n, *w: _layers(x, s, n, w, attend=lambda z, may: np.where(may, z, -1000.0)),
    "padding taken off": lambda x, s, n, *w: _layers(x, s, n, w, attend=lambda z, may: z - 30.0 * ~may),
    "the first text's length for all": lambda x, s, n, *w: _layers(x, s, np.full_like(n, n[0]), w),
    "at most three layers": lambda x, s, n, *w: _layers(x, s, n, [part[:3] for part in w]),
    "queries of the first rows": lambda x, s, n, *w: _layers(x, s, n, w, attend=lambda z, may: np.where(may, z - z.mean(axis=-1, keepdims=True) * 0, -np.inf)[..., ::-1][..., ::-1] * 1.01),
    "the memory goes on changing": lambda x, s, n, *w: (lambda box: _layers(x, s, n, w, lambda s, i: box.__setitem__(0, box[0] * 1.1) or box[0]))([s[-1]]),
    "scores limited to 500": lambda x, s, n, *w: _layers(x, s, n, w, attend=lambda z, may: np.where(may, np.clip(z, -500, 500), -np.inf)),
    "a length of the source is a count from its end": lambda x, s, n, *w: _layers(x, s[:, :, ::-1], n, w),
    "all layers with the first matrices": lambda x, s, n, *w: _layers(x, s, n, [np.repeat(part[:1], len(part), axis=0) for part in w]),
})


def _beams(x, y, n, q, k, v, which=None, hide=-np.inf, scale=None, limit=None):
    width = len(x) // len(y)
    text = np.arange(len(x)) // width if which is None else which(len(x), len(y))
    scores = np.einsum("rd,rmd->rm", x @ q, (y @ k)[text]) / np.sqrt(scale or q.shape[1])
    scores = np.clip(scores, -limit, limit) if limit else scores
    return np.einsum("rm,rmd->rd", _softmax(np.where(np.arange(y.shape[1]) < n[text][:, None], scores, hide)), (y @ v)[text])


wrong("one_source", {
    "texts alternate": lambda *a: _beams(*a, which=lambda rows, texts: np.arange(rows) % texts),
    "the first text for all": lambda *a: _beams(*a, which=lambda rows, texts: 0 * np.arange(rows)),
    "two beams, always": lambda *a: _beams(*a, which=lambda rows, texts: np.minimum(np.arange(rows) // 2, texts - 1)),
    "padding hidden by minus 1000": lambda *a: _beams(*a, hide=-1000.0),
    "scores limited to 500": lambda *a: _beams(*a, limit=500),
    "lengths of the first texts": lambda x, y, n, *w: _beams(x, y, np.full_like(n, n.min()), *w),
    "lengths ignored": lambda x, y, n, *w: _beams(x, y, np.full_like(n, y.shape[1]), *w),
    "divided by the root of the model's width": lambda *a: _beams(*a, scale=a[0].shape[1]),
    "a table of texts and beams": lambda *a: _beams(*a).reshape(len(a[1]), -1, a[5].shape[1]),
    "beams first": lambda *a: _beams(*a).reshape(len(a[1]), -1, a[5].shape[1]).swapaxes(0, 1).reshape(len(a[0]), -1),
    "axes of one dropped": lambda *a: _beams(*a).squeeze(),
    "one real row more": lambda x, y, n, *w: _beams(x, y, np.minimum(n + 1, y.shape[1]), *w),
    "one real row less": lambda x, y, n, *w: _beams(x, y, np.maximum(n - 1, 1), *w),
    "the sources in reverse": lambda *a: _beams(*a, which=lambda rows, texts: texts - 1 - np.arange(rows) // (rows // texts)),
})

# -- orthogonalise ---------------------------------------------------------------------------------------------------


def _schulz(matrix, triples, size=lambda m: np.sqrt((m**2).sum()), step=None):
    x = np.asarray(matrix, dtype=float)
    x = x / size(x) if x.any() else x
    for a, b, c in triples:
        cube = x @ x.T @ x
        x = a * x + b * cube + c * x @ x.T @ cube
    return x


wrong("orthogonalise", {
    "1e-7 added to the size": lambda m, t: _schulz(m, t, lambda m: np.sqrt((m**2).sum()) + 1e-7),
    "1e-3 added to the size": lambda m, t: _schulz(m, t, lambda m: np.sqrt((m**2).sum()) + 1e-3),
    "small matrices left as they are": lambda m, t: _schulz(m, t, lambda m: max(1.0, np.sqrt((m**2).sum()))),
    "the spectral norm": lambda m, t: _schulz(m, t, lambda m: np.linalg.norm(m, 2)),
    "the largest number": lambda m, t: _schulz(m, t, lambda m: np.abs(m).max()),
    "the triples in reverse": lambda m, t: _schulz(m, t[::-1]),
    "the first triple for all steps": lambda m, t: _schulz(m, np.repeat(t[:1], len(t), axis=0)),
    "five steps": lambda m, t: _schulz(m, np.concatenate([t, np.repeat(t[-1:], max(0, 5 - len(t)), axis=0)])),
    "at most three steps": lambda m, t: _schulz(m, t[:3]),
    "no step, no division": lambda m, t: _schulz(m, t) if len(t) else np.asarray(m, dtype=float),
    "transposed when tall and not back": lambda m, t: _schulz(m.T if m.shape[0] > m.shape[1] else m, t),
    "orthogonal at once": lambda m, t: (lambda u, s, v: u * (s > 0) @ v)(*np.linalg.svd(np.asarray(m, dtype=float), full_matrices=False)),
    "the fifth power left out": lambda m, t: _schulz(m, np.c_[t[:, :2], 0 * t[:, 2]]),
    "NaN for zeros": lambda m, t: _schulz(m, t) if m.any() else m / np.float64(0),
    "scaled by the shape": lambda m, t: _schulz(m, t) * np.sqrt(max(1, m.shape[0] / m.shape[1])),
})

# -- packed_gated ----------------------------------------------------------------------------------------------------


def _silu(z):
    return z * (1 + np.tanh(z / 2)) / 2


def _gated(x, w, out, limit, gate=None, up=None, halves=None, join=None):
    h = np.asarray(x @ w, dtype=float)
    f = w.shape[1] // 2
    g, u = halves(h, f) if halves else (h[..., :f], h[..., f:])
    g = gate(g) if gate else _silu(np.minimum(g, limit))
    u = up(u) if up else np.clip(u, -limit, limit)
    return (g * u) @ out


wrong("packed_gated", {
    "the limit behind the SiLU": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: np.minimum(_silu(g), m)),
    "the gate limited on both sides": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: _silu(np.clip(g, -m, m))),
    "the others limited from above alone": lambda x, w, o, m: _gated(x, w, o, m, up=lambda u: np.minimum(u, m)),
    "the gate not limited": lambda x, w, o, m: _gated(x, w, o, m, gate=_silu),
    "every second column": lambda x, w, o, m: _gated(x, w, o, m, halves=lambda h, f: (h[..., ::2], h[..., 1::2])),
    "the halves exchanged": lambda x, w, o, m: _gated(x, w, o, m, halves=lambda h, f: (h[..., f:], h[..., :f])),
    "exp without care": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: np.minimum(g, m) * np.exp(np.minimum(g, m)) / (1 + np.exp(g))),
    "one plus the others": lambda x, w, o, m: _gated(x, w, o, m, up=lambda u: np.clip(u, -m, m) + 1),
    "sigmoid for SiLU": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: (1 + np.tanh(np.minimum(g, m) / 2)) / 2),
    "a limit of 7": lambda x, w, o, m: _gated(x, w, o, 7.0),
    "wrapped, not limited": lambda x, w, o, m: _gated(x, w, o, m, up=lambda u: (u + m) % (2 * m) - m),
    "the first text of a batch": lambda x, w, o, m: _gated(x, w, o, m) if x.ndim == 2 else np.repeat(_gated(x, w, o, m)[:1], len(x), axis=0),
    "a factor of 1.702": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: np.minimum(g, m) * (1 + np.tanh(1.702 * np.minimum(g, m) / 2)) / 2),
    "seven columns are the gate": lambda x, w, o, m: _gated(x, w, o, m, halves=lambda h, f: (h[..., :7], h[..., 7:])),
    "very negative gates are cut at -30": lambda x, w, o, m: _gated(x, w, o, m, gate=lambda g: _silu(np.minimum(g, m)) - 1e-2 * (g < -500)),
})

# -- packed_pairs ----------------------------------------------------------------------------------------------------


def _pairs(s, t, own=None, cross=None):
    n = len(t)
    a = (t[:, None] == t) & (t != 0) & np.tri(n, dtype=bool)
    b = (t[:, None] == s) & (s != 0)
    return a if own is None else own(a, s, t), b if cross is None else cross(b, s, t)


wrong("packed_pairs", {
    "padding sees itself": lambda s, t: _pairs(s, t, own=lambda a, s, t: a | np.eye(len(t), dtype=bool)),
    "padding sees padding of the source": lambda s, t: _pairs(s, t, cross=lambda b, s, t: t[:, None] == s),
    "earlier pairs are seen": lambda s, t: _pairs(s, t, own=lambda a, s, t: np.tri(len(t), dtype=bool) & (t != 0) & (t != 0)[:, None]),
    "sources up to the own pair": lambda s, t: _pairs(s, t, cross=lambda b, s, t: (s <= t[:, None]) & (s != 0) & (t != 0)[:, None]),
    "three pairs at the most": lambda s, t: _pairs(s, t, own=lambda a, s, t: a & (t <= 3), cross=lambda b, s, t: b & (s <= 3)),
    "no triangle": lambda s, t: _pairs(s, t, own=lambda a, s, t: (t[:, None] == t) & (t != 0)),
    "a triangle across": lambda s, t: _pairs(s, t, cross=lambda b, s, t: b & np.tri(len(t), len(s), dtype=bool)),
    "nobody sees itself": lambda s, t: _pairs(s, t, own=lambda a, s, t: a & ~np.eye(len(t), dtype=bool)),
    "transposed": lambda s, t: _pairs(s, t, own=lambda a, s, t: a.T),
    "cross with sources as rows": lambda s, t: _pairs(s, t, cross=lambda b, s, t: b.T),
    "the row's own padding forgotten": lambda s, t: _pairs(s, t, own=lambda a, s, t: (t[:, None] == t) & np.tri(len(t), dtype=bool)),
    "numbers of 1 and 2 only": lambda s, t: _pairs(s, t, cross=lambda b, s, t: b & (s <= 2)),
    "pairs follow each other": lambda s, t: _pairs(s, t, own=lambda a, s, t: a & (np.maximum.accumulate(t) == t)),
})

# -- parallel_block --------------------------------------------------------------------------------------------------


def _parallel(x, attend, feed, gain, epsilon, norm=None, feed_reads=None, factor=1.0):
    h = _rms(np.asarray(x, dtype=float), epsilon) * gain if norm is None else norm(np.asarray(x, dtype=float))
    return x + factor * (attend(h) + feed(h if feed_reads is None else feed_reads(x, h)))


wrong("parallel_block", {
    "an epsilon of 1e-6": lambda x, a, f, g, e: _parallel(x, a, f, g, 1e-6),
    "a mean taken off": lambda x, a, f, g, e: _parallel(x, a, f, g, e, norm=lambda x: _norm(x, e) * g),
    "the gain left out": lambda x, a, f, g, e: _parallel(x, a, f, 1, e),
    "the size of the gain": lambda x, a, f, g, e: _parallel(x, a, f, np.abs(g), e),
    "one plus the gain": lambda x, a, f, g, e: _parallel(x, a, f, 1 + g, e),
    "half of each": lambda x, a, f, g, e: _parallel(x, a, f, g, e, factor=0.5),
    "the second reads the stream itself": lambda x, a, f, g, e: _parallel(x, a, f, g, e, feed_reads=lambda x, h: x),
    "the second reads what the first wrote": lambda x, a, f, g, e: _parallel(x, a, f, g, e, feed_reads=lambda x, h: a(h)),
    "the gain on what is written": lambda x, a, f, g, e: _parallel(x, lambda h: a(h) * g, lambda h: f(h) * g, 1, e),
    "the mean over the tokens": lambda x, a, f, g, e: _parallel(x, a, f, g, e, norm=lambda x: x / np.sqrt((x**2).mean(axis=0) + e + 1e-12) * g),
    "added to the normed rows": lambda x, a, f, g, e: _rms(np.asarray(x, dtype=float), e) * g + _parallel(x, a, f, g, e) - x,
    "the stream changed in place": lambda x, a, f, g, e: _into(x, lambda y: _parallel(y, a, f, g, e)) if x.dtype.kind == "f" else _parallel(x, a, f, g, e),
    "epsilon twice": lambda x, a, f, g, e: _parallel(x, a, f, g, 2 * e),
    "one after the other": lambda x, a, f, g, e: (lambda y: y + f(_rms(y, e) * g))(x + a(_rms(np.asarray(x, dtype=float), e) * g)),
    "whole rows stay whole": lambda x, a, f, g, e: _parallel(x, a, f, g, e).astype(x.dtype),
})

# -- pre_norm_decoder, pre_norm_stack --------------------------------------------------------------------------------


def _decoder(x, rows, real, blocks, norm, memory=None, past=None, seen=None, last=True, order=(0, 1, 2), context=None):
    memory = rows[-1] if memory is None else memory
    past = np.tri(len(x), dtype=bool) if past is None else past
    seen = np.broadcast_to(real, (len(x), len(memory))) if seen is None else seen
    for own, cross, feed in blocks:
        steps = (lambda z: own(z, z if context is None else context(x), past), lambda z: cross(z, memory, seen), feed)  # noqa: B023
        for which in order:
            x = x + steps[which](norm(x))
    return norm(x) if last else x


wrong("pre_norm_decoder", {
    "the memory normed": lambda x, m, r, b, n: _decoder(x, m, r, b, n, memory=n(m[-1])),
    "the first rows of the encoder": lambda x, m, r, b, n: _decoder(x, m, r, b, n, memory=m[0]),
    "the second rows of the encoder": lambda x, m, r, b, n: _decoder(x, m, r, b, n, memory=m[min(1, len(m) - 1)]),
    "no last norm": lambda x, m, r, b, n: _decoder(x, m, r, b, n, last=False),
    "a norm first": lambda x, m, r, b, n: _decoder(n(x), m, r, b, n),
    "two norms last": lambda x, m, r, b, n: n(_decoder(x, m, r, b, n)),
    "no triangle": lambda x, m, r, b, n: _decoder(x, m, r, b, n, past=np.ones((len(x), len(x)), bool)),
    "the mask the other way up": lambda x, m, r, b, n: _decoder(x, m, r, b, n, past=np.tri(len(x), dtype=bool).T),
    "padding behind the real tokens": lambda x, m, r, b, n: _decoder(x, m, np.arange(len(r)) < r.sum(), b, n),
    "padding seen": lambda x, m, r, b, n: _decoder(x, m, np.ones_like(r), b, n),
    "a triangle for the source as well": lambda x, m, r, b, n: _decoder(x, m, r, b, n, seen=(lambda t: np.where(t.any(1, keepdims=True), t, r))(r & np.tri(len(x), len(r), dtype=bool))),
    "two blocks at the most": lambda x, m, r, b, n: _decoder(x, m, r, b[:2], n),
    "cross-attention before self-attention": lambda x, m, r, b, n: _decoder(x, m, r, b, n, order=(1, 0, 2)),
    "context that is not normed": lambda x, m, r, b, n: _decoder(x, m, r, b, n, context=lambda x: x),
    "a norm of its own": lambda x, m, r, b, n: _decoder(x, m, r, b, lambda z: 1.3 * _norm(z, 0.1) + 0.4),
    "no block, no norm": lambda x, m, r, b, n: _decoder(x, m, r, b, n, last=bool(b)),
})


def _stack(x, layers, epsilon, norm=_norm, last=True, reads=None, order=(0, 1)):
    for layer in layers:
        for which in order:
            x = x + layer[which](norm(x, epsilon))
    return norm(x, epsilon) if last else x


wrong("pre_norm_stack", {
    "an epsilon of 1e-5": lambda x, y, e: _stack(x, y, 1e-5),
    "no last norm without a layer": lambda x, y, e: _stack(x, y, e, last=bool(y)),
    "the last norm without epsilon": lambda x, y, e: _norm(_stack(x, y, e, last=False), 1e-12),
    "a norm after every layer": lambda x, y, e: _stack_after(x, y, e),
    "three layers at the most": lambda x, y, e: _stack(x, y[:3], e),
    "the last layer first": lambda x, y, e: _stack(x, y[::-1], e),
    "the second sublayer first": lambda x, y, e: _stack(x, y, e, order=(1, 0)),
    "the variance of a sample": lambda x, y, e: _stack(x, y, e, norm=lambda z, e: (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, ddof=1, keepdims=True) + e)),
    "no mean taken off": lambda x, y, e: _stack(x, y, e, norm=_rms),
    "both sublayers read the same rows": lambda x, y, e: _norm(_same_rows(x, y, e), e),
    "the last norm over all tokens": lambda x, y, e: (lambda z: (z - z.mean()) / np.sqrt(z.var() + e))(_stack(x, y, e, last=False)),
    "epsilon outside the root": lambda x, y, e: _stack(x, y, e, norm=lambda z, e: (z - z.mean(-1, keepdims=True)) / (z.std(-1, keepdims=True) + e)),
    "the first layer again and again": lambda x, y, e: _stack(x, y[:1] * len(y), e),
    "rows limited to 100": lambda x, y, e: _stack(np.clip(x, -100, 100), y, e),
})


def _stack_after(x, layers, epsilon):
    for layer in layers:
        x = _stack(x, [layer], epsilon)
    return x if layers else _norm(x, epsilon)


def _same_rows(x, layers, epsilon):
    for attend, feed in layers:
        z = _norm(x, epsilon)
        x = x + attend(z) + feed(z)
    return x


# -- qk_norm_scores --------------------------------------------------------------------------------------------------


def _qk(q, k, a, b, e, f=None, scale=None):
    return (_rms(np.asarray(q, dtype=float), e) * a) @ _swapped(_rms(np.asarray(k, dtype=float), e if f is None else f) * b) / (np.sqrt(q.shape[-1]) if scale is None else scale)


wrong("qk_norm_scores", {
    "an epsilon of 1e-6": lambda q, k, a, b, e: _qk(q, k, a, b, 1e-6),
    "keys with an epsilon of their own": lambda q, k, a, b, e: _qk(q, k, a, b, e, 1e-6),
    "the size of the gains": lambda q, k, a, b, e: _qk(q, k, np.abs(a), np.abs(b), e),
    "one plus the gains": lambda q, k, a, b, e: _qk(q, k, 1 + a, 1 + b, e),
    "the gains exchanged where one is negative": lambda q, k, a, b, e: _qk(q, k, a, np.maximum(b, 0), e),
    "heads of all widths together": lambda q, k, a, b, e: _qk(q, k, a, b, e, scale=np.sqrt(q.shape[-1] * q.shape[0])),
    "not divided": lambda q, k, a, b, e: _qk(q, k, a, b, e, scale=1.0),
    "divided twice": lambda q, k, a, b, e: _qk(q, k, a, b, e, scale=q.shape[-1]),
    "queries of zeros get a score": lambda q, k, a, b, e: _qk(np.where((q == 0).all(-1, keepdims=True), 1, q), k, a, b, e),
    "scores between -1 and 1": lambda q, k, a, b, e: np.clip(_qk(q, k, a, b, e), -1, 1),
    "keys by queries": lambda q, k, a, b, e: _swapped(_qk(q, k, a, b, e)),
    "whole numbers": lambda q, k, a, b, e: np.trunc(_qk(q, k, a, b, e)) if q.dtype.kind == "i" else _qk(q, k, a, b, e),
    "the first head's keys": lambda q, k, a, b, e: _qk(q, np.repeat(k[:1], len(k), axis=0), a, b, e),
    "the epsilon only for short rows": lambda q, k, a, b, e: _qk(q, k, a, b, np.where((np.asarray(q) ** 2).mean(-1, keepdims=True) < 1, e, 0) + 1e-12, e),
})

# -- read_backwards --------------------------------------------------------------------------------------------------


def _places(m, factor=10.0):
    p = np.arange(m, dtype=float)
    return factor * np.stack([2 * (m - 1 - p), -np.ones(m)], axis=1), np.stack([p, p**2], axis=1)


def _circle(m, period, size):
    angle = 2 * np.pi * np.arange(m) / period
    keys = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return size * keys[::-1], keys


wrong("read_backwards", {
    "forwards": lambda m: (_places(m)[0][::-1], _places(m)[1]),
    "keys from the end": lambda m: (_places(m)[0][::-1], _places(m)[1][::-1]),
    "too weak": lambda m: _places(m, 1.0),
    "a circle that closes too soon": lambda m: _circle(m, 20, 1000.0),
    "a circle whose size is the text's": lambda m: _circle(m, m, 1e5),
    "one hot, as wide as the text": lambda m: (50 * np.eye(m)[::-1], np.eye(m)),
    "one hot of four": lambda m: (50 * np.eye(m, 4)[::-1], np.eye(m, 4)),
    "one feature": lambda m: (_places(m)[0][:, :1], _places(m)[1][:, :1]),
    "keys between 0 and 1": lambda m: (1e4 * np.stack([2 * (1 - np.arange(m) / max(1, m - 1)), -np.ones(m)], axis=1), np.stack([np.arange(m) / max(1, m - 1), (np.arange(m) / max(1, m - 1)) ** 2], axis=1)),
    "one token more": lambda m: tuple(part for part in _places(m + 1)),
    "a single token fails": lambda m: _places(m) if m > 1 else (np.zeros((1, 4)), np.zeros((1, 4))),
    "infinite queries": lambda m: (_places(m)[0] * np.inf, _places(m)[1]),
    "two tokens the wrong way round": lambda m: _places(m) if m != 2 else (_places(2)[0][::-1], _places(2)[1]),
    "keys that differ between calls": lambda m: (_places(m)[0], _places(m)[1] + (m == 17) * 1e-3),
    "one step late": lambda m: (np.roll(_places(m)[0], 1, axis=0), _places(m)[1]),
})

# -- read_the_layer --------------------------------------------------------------------------------------------------


def _told(**exchanged):
    def detective(layer, x, y, real):
        verdict = right("read_the_layer")(layer, x, y, real)
        return exchanged.get(verdict.replace(" ", "_"), verdict)

    return detective


def _by_zeros(layer, x, y, real):
    """A source of zeros tells three of the faults alone."""
    out = layer(x, np.zeros_like(y), real)
    return "own text" if np.allclose(out, layer(x, y, real)) else "values from the asker" if not np.allclose(out, 0) else "right"


def _last_row_only(layer, x, y, real):
    """Looks at the last row alone, which sees all rows in a triangle, too."""
    full = right("read_the_layer")
    return full(lambda *given: layer(*given)[-1:], x, y, real)


def _loosely(layer, x, y, real):
    return right("read_the_layer")(lambda *given: np.round(layer(*given), 0), x, y, real)


wrong("read_the_layer", {
    "keys and values exchanged": _told(keys_from_the_asker="values from the asker", values_from_the_asker="keys from the asker"),
    "own text is keys": _told(own_text="keys from the asker"),
    "a triangle is right": _told(triangle="right"),
    "padding is right": _told(padding="right"),
    "padding is a triangle": _told(padding="triangle"),
    "capitals": lambda *a: right("read_the_layer")(*a).upper(),
    "wrong, as one word": lambda *a: "right" if right("read_the_layer")(*a) == "right" else "wrong",
    "zeros as the only test": _by_zeros,
    "the last row alone": _last_row_only,
    "rounded": _loosely,
    "wide layers are right": lambda layer, x, y, real: "right" if x.shape[1] == 7 else right("read_the_layer")(layer, x, y, real),
    "by the first verdict": (lambda seen: lambda *a: seen.setdefault("first", right("read_the_layer")(*a)))({}),
})

# -- sampling_distribution -------------------------------------------------------------------------------------------


def _drawn(z, t, k, p, renorm=True, reach=lambda before, p: before >= p, again=True, warm=True):
    z = np.asarray(z, dtype=float) / (t if warm else 1)
    order = np.argsort(-z, axis=-1)
    powers = np.exp(np.take_along_axis(z, order, -1) - z.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    powers[:, k:] = 0
    powers = powers / powers.sum(-1, keepdims=True) if renorm else powers
    drop = reach(np.cumsum(powers, -1) - powers, p)
    drop[:, 0] = False
    powers[drop] = 0
    powers = powers / powers.sum(-1, keepdims=True) if again else powers
    out = np.zeros_like(z)
    np.put_along_axis(out, order, powers, -1)
    return out


wrong("sampling_distribution", {
    "what top-k leaves is not made to add up": lambda *a: _drawn(*a, renorm=False),
    "the last is not made to add up": lambda *a: _drawn(*a, again=False),
    "the crossing token dropped": lambda *a: _drawn(*a, reach=lambda before, p: np.roll(np.c_[before, np.ones(len(before))], -1, axis=1)[:, :-1] > p + 1e-12),
    "the crossing one and one more": lambda z, t, k, p: _drawn(z, t, k, p, reach=lambda before, p: np.c_[np.zeros((len(before), 1)), before[:, :-1]] >= p),
    "the first row's order for all": lambda z, t, k, p: (lambda first, z: np.where(first > 0, _softmax(z), 0) / np.where(first > 0, _softmax(z), 0).sum(-1, keepdims=True))(_drawn(z[:1], t, k, p), np.asarray(z, dtype=float) / t),
    "multiplied by the temperature": lambda z, t, k, p: _drawn(z, 1 / t, k, p),
    "the temperature last": lambda z, t, k, p: (lambda kept: np.where(kept > 0, _softmax(np.where(kept > 0, np.asarray(z, dtype=float) / t, -1e30)), 0))(_drawn(z, 1.0, k, p)),
    "the root of the temperature": lambda z, t, k, p: _drawn(z, t**0.5, k, p),
    "one more than k": lambda z, t, k, p: _drawn(z, t, k + 1, p),
    "k at most five": lambda z, t, k, p: _drawn(z, t, min(k, 5), p),
    "nucleus before top-k": lambda z, t, k, p: (lambda q: q / q.sum(-1, keepdims=True))(np.where(_drawn(z, t, k, 1.0) > 0, _drawn(z, t, 10**6, p), 0)),
    "p below a half is a half": lambda z, t, k, p: _drawn(z, t, k, max(p, 0.5)),
    "whole numbers divided into whole numbers": lambda z, t, k, p: _drawn(z // t if z.dtype.kind == "i" else z / t, 1, k, p),
    "large logits cut": lambda z, t, k, p: _drawn(np.clip(z, -500, 500), t, k, p),
    "sorted": lambda *a: -np.sort(-_drawn(*a), axis=-1),
})

# -- smoothed_divergence ---------------------------------------------------------------------------------------------


def _log_p(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _smooth(z, t, s, pad, q=None, log_p=None, mean=None, entropy=True):
    z = np.asarray(z, dtype=float)
    w = z.shape[-1]
    wanted = np.where(np.arange(w) == t[..., None], 1 - s, s / (w - 2)) if q is None else q(w, t[..., None])
    if q is None:
        wanted[..., pad] = 0
    log_p = _log_p(z) if log_p is None else log_p(z)
    terms = np.where(wanted > 0, wanted * (entropy * np.log(np.where(wanted > 0, wanted, 1)) - log_p), 0)
    each = terms.sum(axis=-1)
    return each[t != pad].mean() if mean is None else mean(each, t != pad)


wrong("smoothed_divergence", {
    "spread over one word less than W": lambda z, t, s, p: _smooth(z, t, s, p, q=lambda w, y: np.where(np.arange(w) == y, 1 - s, s / (w - 1)) * (np.arange(w) != p)),
    "spread over all words": lambda z, t, s, p: _smooth(z, t, s, p, q=lambda w, y: np.where(np.arange(w) == y, 1 - s, 0) + s / w),
    "padding gets a share": lambda z, t, s, p: _smooth(z, t, s, p, q=lambda w, y: np.where(np.arange(w) == y, 1 - s, s / (w - 2))),
    "the cross-entropy": lambda z, t, s, p: _smooth(z, t, s, p, entropy=False),
    "the mean of the texts' means": lambda z, t, s, p: _smooth(z, t, s, p, mean=lambda e, on: np.mean([a[b].mean() for a, b in zip(e, on) if b.any()])),
    "divided by all places": lambda z, t, s, p: _smooth(z, t, s, p, mean=lambda e, on: e[on].sum() / e.size),
    "padding is id 0": lambda z, t, s, p: _smooth(z, t, s, 0),
    "the sum": lambda z, t, s, p: _smooth(z, t, s, p, mean=lambda e, on: e[on].sum()),
    "a small number inside the logarithm": lambda z, t, s, p: _smooth(z, t, s, p, log_p=lambda z: np.log(_softmax(z) + 1e-9)),
    "in bits": lambda z, t, s, p: _smooth(z, t, s, p) / np.log(2),
    "p and q exchanged": lambda z, t, s, p: (lambda q, lp: (np.exp(lp) * (lp - np.log(q))).sum(-1)[t != p].mean())(np.clip(np.where(np.arange(z.shape[-1]) == t[..., None], 1 - s, s / (z.shape[-1] - 2)), 1e-12, 1), _log_p(np.asarray(z, dtype=float))),
    "the largest of all taken off": lambda z, t, s, p: _smooth(z, t, s, p, log_p=lambda z: (z - z.max()) - np.log(np.exp(z - z.max()).sum(-1, keepdims=True))),
    "negative": lambda *a: -_smooth(*a),
    "the padding's probability taken out of p": lambda z, t, s, p: _smooth(z, t, s, p, log_p=lambda z: _log_p(np.where(np.arange(z.shape[-1]) == p, -1e9, z))),
    "logits limited to 500": lambda z, t, s, p: _smooth(np.clip(z, -500, 500), t, s, p),
    "never below zero": lambda z, t, s, p: _smooth(z, t, s, p, mean=lambda e, on: np.abs(e[on]).max()),
})

# -- source_then_target, teacher_pairs -------------------------------------------------------------------------------

_one_row = right("source_then_target")
wrong("source_then_target", {
    "padding is 0": lambda s, t, a, e, p: _one_row(s, t, a, e, 0),
    "padding is the end": lambda s, t, a, e, p: _one_row(s, t, a, e, e),
    "padding is the separator": lambda s, t, a, e, p: _one_row(s, t, a, e, a),
    "labels filled with pad": lambda s, t, a, e, p: (lambda i, y: (i, np.where((y == -100) & (np.arange(y.shape[1]) >= [[len(b) + len(c) + 1] for b, c in zip(s, t)]), p, y)))(*_one_row(s, t, a, e, p)),
    "labels of the separator's id left out": lambda s, t, a, e, p: (lambda i, y: (i, np.where(y == a, -100, y)))(*_one_row(s, t, a, e, p)),
    "labels of padding's id left out": lambda s, t, a, e, p: (lambda i, y: (i, np.where(y == p, -100, y)))(*_one_row(s, t, a, e, p)),
    "labels of the end's id left out": lambda s, t, a, e, p: (lambda i, y: (i, np.where(y == e, -100, y)))(*_one_row(s, t, a, e, p)),
    "the first separator found in the row": lambda s, t, a, e, p: (lambda i, y: (i, np.array([np.where(np.arange(y.shape[1]) >= list(row).index(a), np.r_[row[1:], e], -100) for row, y_row in zip(i, y)])))(*_one_row(s, t, a, e, p)),
    "source and target padded apart": lambda s, t, a, e, p: _one_row([[*x, *[p] * (max(map(len, s)) - len(x))] for x in s], t, a, e, p),
    "one place more": lambda s, t, a, e, p: tuple(np.pad(part, ((0, 0), (0, 1)), constant_values=fill) for part, fill in zip(_one_row(s, t, a, e, p), (p, -100))),
    "the separator is taught": lambda s, t, a, e, p: (lambda i, y: (i, np.array([[a if len(x) and at == len(x) - 1 else v for at, v in enumerate(row)] for row, x in zip(y, s)])))(*_one_row(s, t, a, e, p)),
    "minus one": lambda s, t, a, e, p: (lambda i, y: (i, np.where(y == -100, -1, y)))(*_one_row(s, t, a, e, p)),
    "no end": lambda s, t, a, e, p: (lambda i, y: (i, np.array([[-100 if at == len(x) + len(z) else v for at, v in enumerate(row)] for row, x, z in zip(y, s, t)])))(*_one_row(s, t, a, e, p)),
    "padded in front": lambda s, t, a, e, p: tuple(np.array([np.roll(row, part.shape[1] - 1 - len(x) - len(z)) for row, x, z in zip(part, s, t)]) for part in _one_row(s, t, a, e, p)),
    "an empty source without a separator": lambda s, t, a, e, p: (lambda i, y: (np.where((np.arange(i.shape[1]) == 0) & np.array([[not x] for x in s]), p, i), y))(*_one_row(s, t, a, e, p)),
})

_teach = right("teacher_pairs")
wrong("teacher_pairs", {
    "padding is 0": lambda x, s, e, p: _teach(x, s, e, 0),
    "counted where the label is above 0": lambda x, s, e, p: (lambda i, y, c: (i, y, y > 0))(*_teach(x, s, e, p)),
    "the end is not counted": lambda x, s, e, p: (lambda i, y, c: (i, y, c & (y != e)))(*_teach(x, s, e, p)),
    "the start is not counted": lambda x, s, e, p: (lambda i, y, c: (i, y, c & (i != s)))(*_teach(x, s, e, p)),
    "the end in the last column": lambda x, s, e, p: (lambda i, y, c: (i, np.array([[*row, *[p] * (y.shape[1] - 1 - len(row)), e] for row in x]), c))(*_teach(x, s, e, p)),
    "labels rolled": lambda x, s, e, p: (lambda i, y, c: (i, np.roll(i, -1, axis=1), c))(*_teach(x, s, e, p)),
    "an empty text counts nothing": lambda x, s, e, p: (lambda i, y, c: (i, y, c & np.array([[bool(row)] for row in x])))(*_teach(x, s, e, p)),
    "the inputs have the end too": lambda x, s, e, p: tuple(_with_end(x, s, e, p)),
    "one column less": lambda x, s, e, p: tuple(part[:, :-1] for part in _teach(x, s, e, p)),
    "lengths instead of truth": lambda x, s, e, p: (lambda i, y, c: (i, y, c.sum(axis=1)))(*_teach(x, s, e, p)),
    "counted turned round": lambda x, s, e, p: (lambda i, y, c: (i, y, ~c))(*_teach(x, s, e, p)),
    "labels and inputs exchanged": lambda x, s, e, p: (lambda i, y, c: (y, i, c))(*_teach(x, s, e, p)),
    "equal ids counted once": lambda x, s, e, p: (lambda i, y, c: (i, y, c & (y != i)))(*_teach(x, s, e, p)),
    "padded in front": lambda x, s, e, p: tuple(np.array([np.roll(row, part.shape[1] - 1 - len(z)) for row, z in zip(part, x)]) for part in _teach(x, s, e, p)),
})


def _with_end(texts, start, end, pad):
    inputs, labels, counted = (part.copy() for part in _teach(texts, start, end, pad))
    for row, ids in zip(inputs, texts):
        if len(ids) + 1 < len(row):
            row[len(ids) + 1] = end
    return inputs, labels, counted


# -- three_masks -----------------------------------------------------------------------------------------------------


def _three(s, t, pad, encoder=None, own=None, cross=None):
    e, d, c = (np.array(part) for part in right("three_masks")(s, t, pad))
    return encoder(e) if encoder else e, own(d) if own else d, cross(c) if cross else c


wrong("three_masks", {
    "padding is 0": lambda s, t, p: _three(s, t, 0),
    "padding is 0 in the target": lambda s, t, p: (*_three(s, t, p)[::2][:1], _three(s, t, 0)[1], _three(s, t, p)[2]),
    "padding behind the text alone": lambda s, t, p: _three(np.where(np.arange(s.shape[1]) < (s != p).sum(1, keepdims=True), p + 1, p), t, p),
    "padding of the target behind the text alone": lambda s, t, p: _three(s, np.where(np.arange(t.shape[1]) < (t != p).sum(1, keepdims=True), p + 1, p), p),
    "rows of padding see nothing": lambda s, t, p: _three(s, t, p, encoder=lambda e: e & (s != p)[:, :, None], cross=lambda c: c & (t != p)[:, :, None]),
    "rows of padding see themselves": lambda s, t, p: _three(s, t, p, own=lambda d: d | np.eye(t.shape[1], dtype=bool)),
    "the first text for all": lambda s, t, p: tuple(np.repeat(part[:1], len(part), axis=0) for part in _three(s, t, p)),
    "cross as wide as the target": lambda s, t, p: _three(s, t, p, cross=lambda c: c[:, :, : t.shape[1]]),
    "heads' axis in the masks": lambda s, t, p: tuple(part[:, None] for part in _three(s, t, p)),
    "one row that broadcasts": lambda s, t, p: _three(s, t, p, encoder=lambda e: e[:, :1], cross=lambda c: c[:, :1]),
    "true hides": lambda s, t, p: tuple(~part for part in _three(s, t, p)),
    "the encoder cannot look ahead": lambda s, t, p: _three(s, t, p, encoder=lambda e: e & np.tri(s.shape[1], dtype=bool)),
    "a triangle across": lambda s, t, p: _three(s, t, p, cross=lambda c: c & np.tri(t.shape[1], s.shape[1], dtype=bool)),
    "ids above the padding's": lambda s, t, p: _three(np.where(s > p, p + 1, p), np.where(t > p, p + 1, p), p),
    "the start is hidden": lambda s, t, p: _three(s, t, p, own=lambda d: d & (np.arange(t.shape[1]) > 0)),
    "cross by the target's padding": lambda s, t, p: _three(s, t, p, cross=lambda c: np.broadcast_to((t != p)[:, :, None], c.shape)),
})

# -- tied_table_gradient ---------------------------------------------------------------------------------------------


def _tied(ids, rows, states, logits, root=None, entrance=True, exit=True, add=True):
    out = logits.T @ states * 1.0 * exit
    root = np.sqrt(states.shape[1]) if root is None else root
    if add:
        np.add.at(out, ids, root * rows * entrance)
    else:
        out[ids] += root * rows
    return out


wrong("tied_table_gradient", {
    "a token counts once": lambda *a: _tied(*a, add=False),
    "a token counts at most twice": lambda i, r, s, g: _tied(*(lambda keep: (i[keep], r[keep]))([at for at in range(len(i)) if list(i[:at]).count(i[at]) < 2]), s, g),
    "the root of the words": lambda *a: _tied(*a, root=np.sqrt(a[3].shape[1])),
    "no root": lambda *a: _tied(*a, root=1.0),
    "divided by the root": lambda *a: _tied(*a, root=1 / np.sqrt(a[2].shape[1])),
    "the exit scaled too": lambda i, r, s, g: _tied(i, r, np.sqrt(s.shape[1]) * s, g),
    "the entrance alone": lambda *a: _tied(*a, exit=False),
    "the exit alone": lambda *a: _tied(*a, entrance=False),
    "the mean over the places": lambda i, r, s, g: _tied(i, r / len(i), s, g / len(s)),
    "the mean of a token's places": lambda i, r, s, g: _tied(i, r / np.array([[list(i).count(x)] for x in i]), s, g),
    "the last place of a token": lambda i, r, s, g: (lambda out: out.__setitem__(i, (g.T @ s)[i] + np.sqrt(s.shape[1]) * r) or out)(g.T @ s * 1.0),
    "words that do not stand in the text get nothing": lambda i, r, s, g: _tied(i, r, s, g) * np.isin(np.arange(g.shape[1]), i)[:, None],
    "whole roots": lambda i, r, s, g: _tied(i, r, s, g, root=round(s.shape[1] ** 0.5)),
    "the probabilities' gradient": lambda i, r, s, g: _tied(i, r, s, g - g.mean(axis=-1, keepdims=True)),
    "transposed": lambda *a: _tied(*a).T,
})

# -- two_source_block ------------------------------------------------------------------------------------------------


def _two(x, first, second, look, ask_1, ask_2, think, norm, missing=lambda s: s is None, order=(0, 1), always=False):
    x = norm(x + look(x))
    pairs = ((first, ask_1), (second, ask_2))
    for source, ask in (pairs[i] for i in order):
        if not missing(source):
            x = norm(x + ask(x, source))
        elif always:
            x = norm(x)
    return norm(x + think(x))


wrong("two_source_block", {
    "a source of zeros is missing": lambda *a: _two(*a, missing=lambda s: s is None or not s.any()),
    "a source of one row is missing": lambda *a: _two(*a, missing=lambda s: s is None or len(s) < 2),
    "the norm of a missing one stays": lambda *a: _two(*a, always=True),
    "the second first": lambda *a: _two(*a, order=(1, 0)),
    "nothing is asked if one is missing": lambda *a: _two(*a) if a[1] is not None and a[2] is not None else a[7](a[7](a[0] + a[3](a[0])) + a[6](a[7](a[0] + a[3](a[0])))),
    "the second is asked only after the first": lambda *a: _two(a[0], a[1], a[2] if a[1] is not None else None, *a[3:]),
    "both asked with the first's matrices": lambda *a: _two(*a[:5], a[4], *a[6:]),
    "the sources exchanged": lambda *a: _two(a[0], a[2], a[1], *a[3:]),
    "the sources normed": lambda *a: _two(a[0], *(None if s is None else a[7](s) for s in a[1:3]), *a[3:]),
    "both ask with the same rows": lambda *a: (lambda x, n: n((y := n(x + sum((ask(x, s) for s, ask in ((a[1], a[4]), (a[2], a[5])) if s is not None), 0 * x)) if a[1] is not None or a[2] is not None else x) + a[6](y)))(a[7](a[0] + a[3](a[0])), a[7]),
    "normed first": lambda x, f, s, look, p, q, think, norm: _two(x, f, s, lambda z: look(norm(z)), lambda z, y: p(norm(z), y), lambda z, y: q(norm(z), y), lambda z: think(norm(z)), lambda z: z),
    "no residual connection": lambda x, f, s, look, p, q, think, norm: _two(x, f, s, lambda z: look(z) - z, lambda z, y: p(z, y) - z, lambda z, y: q(z, y) - z, lambda z: think(z) - z, norm),
    "a last norm more": lambda *a: a[7](_two(*a)),
    "no thinking": lambda *a: _two(*a[:6], lambda z: 0 * z, a[7]),
})

# -- unstack_heads ---------------------------------------------------------------------------------------------------


def _unstacked(stacked, heads, shape=None, pick=None, turn=True):
    d = stacked.shape[1]
    pieces = stacked.reshape(shape(heads, d) if shape else (heads, 3, d // heads, d))
    pick = pick or (lambda pieces, role: pieces[:, role])
    return tuple(pick(pieces, role).reshape(d, d).T if turn else pick(pieces, role).reshape(d, d) for role in range(3))


wrong("unstack_heads", {
    "all queries first": lambda s, h: tuple(part.T for part in np.split(s, 3)),
    "not transposed": lambda s, h: _unstacked(s, h, turn=False),
    "three heads, always": lambda s, h: _unstacked(s, 3 if s.shape[1] % 3 == 0 else h),
    "one head more than one": lambda s, h: _unstacked(s, h) if h > 1 else _unstacked(s, s.shape[1]),
    "places before roles": lambda s, h: _unstacked(s, h, lambda h, d: (h, d // h, 3, d), lambda pieces, role: pieces[:, :, role]),
    "the last head first": lambda s, h: _unstacked(s, h, pick=lambda pieces, role: pieces[::-1, role]),
    "key, query, value": lambda s, h: (lambda q, k, v: (k, q, v))(*_unstacked(s, h)),
    "query, value, key": lambda s, h: (lambda q, k, v: (q, v, k))(*_unstacked(s, h)),
    "heads on the inner axis": lambda s, h: _unstacked(s, h, pick=lambda pieces, role: pieces[:, role].swapaxes(0, 1)),
    "every third row": lambda s, h: tuple(s[role::3].T for role in range(3)),
    "one stacked table": lambda s, h: np.stack(_unstacked(s, h))[None],
    "reshaped instead of transposed": lambda s, h: tuple(w.T.reshape(w.shape) if h == 1 else w for w in _unstacked(s, h)),
    "values not transposed": lambda s, h: (*_unstacked(s, h)[:2], _unstacked(s, h)[2].T),
    "heads' widths and numbers exchanged": lambda s, h: _unstacked(s, s.shape[1] // h),
})

# -- verdict_over_seeds ----------------------------------------------------------------------------------------------


def _verdict(worse, better):
    return lambda base, other: "worse" if worse(base, other) else "better" if better(base, other) else "open"


wrong("verdict_over_seeds", {
    "by the mean": _verdict(lambda b, o: o.mean() < b.mean(), lambda b, o: o.mean() > b.mean()),
    "equal is below": _verdict(lambda b, o: o.max() <= b.min(), lambda b, o: o.min() > b.max()),
    "equal is above": _verdict(lambda b, o: o.max() < b.min(), lambda b, o: o.min() >= b.max()),
    "two standard deviations": _verdict(lambda b, o: o.mean() + 2 * o.std() < b.mean() - 2 * b.std(), lambda b, o: o.mean() - 2 * o.std() > b.mean() + 2 * b.std()),
    "a gap of a hundredth": _verdict(lambda b, o: o.max() < b.min() - 0.01, lambda b, o: o.min() > b.max() + 0.01),
    "a gap of a hundredth upwards": _verdict(lambda b, o: o.max() < b.min(), lambda b, o: o.min() > b.max() + 0.01),
    "a gap of a ten-thousandth": _verdict(lambda b, o: o.max() < b.min() - 1e-3, lambda b, o: o.min() > b.max() + 1e-3),
    "compared to two decimals": _verdict(lambda b, o: o.max().round(2) < b.min().round(2), lambda b, o: o.min().round(2) > b.max().round(2)),
    "compared as close": _verdict(lambda b, o: o.max() < b.min() and not np.isclose(o.max(), b.min(), rtol=1e-2), lambda b, o: o.min() > b.max() and not np.isclose(o.min(), b.max(), rtol=1e-2)),
    "at least two runs": _verdict(lambda b, o: o.max() < b.min() and len(b) > 1, lambda b, o: o.min() > b.max() and len(b) > 1),
    "run by run": _verdict(lambda b, o: all(x > y for x, y in zip(b, o)), lambda b, o: all(x < y for x, y in zip(b, o))),
    "the best runs": _verdict(lambda b, o: o.max() < b.max() and o.min() < b.min(), lambda b, o: o.max() > b.max() and o.min() > b.min()),
    "scores below zero are open": _verdict(lambda b, o: o.max() < b.min() and o.min() >= 0, lambda b, o: o.min() > b.max() and b.min() >= 0),
    "better, with negative scores, by size": _verdict(lambda b, o: np.abs(o).max() < np.abs(b).min(), lambda b, o: np.abs(o).min() > np.abs(b).max()),
    "worse and better exchanged": _verdict(lambda b, o: o.min() > b.max(), lambda b, o: o.max() < b.min()),
    "equal for open": lambda b, o: {"open": "equal"}.get(right("verdict_over_seeds")(b, o), right("verdict_over_seeds")(b, o)),
    "the first three runs": lambda b, o: right("verdict_over_seeds")(b[:2], o[:2]),
})

# -- verify_draft ----------------------------------------------------------------------------------------------------


def _verify(p, q, draft, u, stands=lambda u, p, q: u * q < p, rest=lambda p, q: np.maximum(p - q, 0), at=lambda i, g: i, last=lambda p, g: p[g], whole=True):
    for i, token in enumerate(draft):
        if not stands(u[i], float(p[i, token]), float(q[i, token])):
            left = rest(p[i] * 1.0, q[i] * 1.0)
            return at(i, len(draft)), left / left.sum() if whole and left.sum() > 0 else left
    return len(draft), last(p * 1.0, len(draft))


wrong("verify_draft", {
    "equal stands": lambda *a: _verify(*a, stands=lambda u, p, q: u * q <= p),
    "drawn from p after a refusal": lambda *a: _verify(*a, rest=lambda p, q: p),
    "the size of the difference": lambda *a: _verify(*a, rest=lambda p, q: np.abs(p - q)),
    "not divided by its sum": lambda *a: _verify(*a, whole=False),
    "q less p": lambda *a: _verify(*a, rest=lambda p, q: np.maximum(q - p, 0)),
    "a softmax of the difference": lambda *a: _verify(*a, rest=lambda p, q: np.exp(p - q)),
    "u below p": lambda *a: _verify(*a, stands=lambda u, p, q: u < p),
    "likelier for the large model": lambda *a: _verify(*a, stands=lambda u, p, q: p >= q),
    "the refused one counts": lambda *a: _verify(*a, at=lambda i, g: i + 1),
    "the first row of p if all stand": lambda *a: _verify(*a, last=lambda p, g: p[0]),
    "the last row but one if all stand": lambda *a: _verify(*a, last=lambda p, g: p[max(g - 1, 0)]),
    "four at most": lambda p, q, d, u: _verify(p, q, d[:4], u) if len(d) > 4 else _verify(p, q, d, u),
    "all that would stand are counted": lambda p, q, d, u: (int(sum(u[i] * q[i, t] < p[i, t] for i, t in enumerate(d))), _verify(p, q, d, u)[1]),
    "the first u for all": lambda p, q, d, u: _verify(p, q, d, np.full(len(d), u[0] if len(u) else 0)),
    "u of 0 stands": lambda *a: _verify(*a, stands=lambda u, p, q: u * q < p or u == 0),
    "the greedy token": lambda p, q, d, u: _verify(p, q, d, u, rest=lambda p, q: (np.maximum(p - q, 0) == np.maximum(p - q, 0).max()).astype(float)),
    "the refused token alone taken out": lambda p, q, d, u: _verify(p, q, d, u, rest=lambda row, other: np.where(row < other, 0, row)),
})

# -- which_piece -----------------------------------------------------------------------------------------------------


def _blamed(score, course, mine, worse=lambda new, base: new < base):
    base = score(dict(course))
    return np.array([bool(worse(score({**course, name: mine[name]}), base)) for name in mine], dtype=bool)


wrong("which_piece", {
    "not better is to blame": lambda s, c, m: _blamed(s, c, m, lambda new, base: new <= base),
    "different is to blame": lambda s, c, m: _blamed(s, c, m, lambda new, base: new != base),
    "a small loss does not count": lambda s, c, m: _blamed(s, c, m, lambda new, base: new < base - 1),
    "a loss of a hundredth does not count": lambda s, c, m: _blamed(s, c, m, lambda new, base: new < base - 0.01),
    "a tenth of the score": lambda s, c, m: _blamed(s, c, m, lambda new, base: new < 0.9 * base),
    "pieces compared, not scores": lambda s, c, m: np.array([m[name] != c[name] for name in m]),
    "smaller pieces": lambda s, c, m: np.array([bool(not callable(m[n]) and m[n] < c[n]) for n in m]),
    "in the order of the course": lambda s, c, m: np.array([x for name in c if name in m for x in [s({**c, name: m[name]}) < s(dict(c))]], dtype=bool),
    "in the order of the alphabet": lambda s, c, m: _blamed(s, c, dict(sorted(m.items()))),
    "all of mine but one": lambda s, c, m: (lambda base: np.array([s({**c, **m, name: c[name]}) > base for name in m], dtype=bool))(s({**c, **m})),
    "the course changed as it goes": lambda s, c, m: (lambda base: np.array([s((c.update({name: m[name]}), dict(c))[1]) < base for name in m], dtype=bool))(s(dict(c))),
    "only the one that costs most": lambda s, c, m: (lambda loss: (np.array(loss) == max(loss)) & (np.array(loss) > 0))([s(dict(c)) - s({**c, name: m[name]}) for name in m]),
    "one value for each name of the course": lambda s, c, m: np.array([name in m and bool(s({**c, name: m[name]}) < s(dict(c))) for name in c]),
    "the base asked each time": lambda s, c, m: np.array([bool(s({**c, name: m[name]}) < s(dict(c))) for name in m]),
    "scores are above zero": lambda s, c, m: _blamed(s, c, m, lambda new, base: base > 0 and new < base or base <= 0 and new > base),
    "zero and less is to blame": lambda s, c, m: _blamed(s, c, m, lambda new, base: new < min(base, 6)),
})

# -- wire_attention --------------------------------------------------------------------------------------------------


def _wired(x, y, mask, n, project, split, attend, merge, rows="xyy", roles=("query", "key", "value"), heads=None, last=True):
    given = {"x": x, "y": y}
    q, k, v = (split(project(role, given[which]), heads or n) for role, which in zip(roles, rows))
    mixed = merge(attend(q, k, v, mask))
    return project("output", mixed) if last else mixed


def _own_split(rows, n):
    return np.moveaxis(rows.reshape(*rows.shape[:-1], n, -1), -2, -3)


def _own_merge(rows):
    rows = np.moveaxis(rows, -3, -2)
    return rows.reshape(*rows.shape[:-2], -1)


wrong("wire_attention", {
    "a split of its own": lambda *a: _wired(*a[:5], _own_split, *a[6:]),
    "a merge of its own": lambda *a: _wired(*a[:7], _own_merge),
    "an attention of its own": lambda *a: _wired(*a[:6], reference.attention, a[7]),
    "axes of one dropped": lambda *a: _wired(*a).squeeze(),
    "two heads, always": lambda *a: _wired(*a, heads=2 if a[3] > 1 else 1),
    "the output not projected": lambda *a: _wired(*a, last=False),
    "values from the asker": lambda *a: _wired(*a, rows="xyx") if a[0].shape == a[1].shape else _wired(*a),
    "the mask turned round": lambda *a: _wired(a[0], a[1], ~a[2], *a[3:]),
    "the mask left out": lambda *a: _wired(a[0], a[1], np.ones_like(a[2]), *a[3:]),
    "keys' and values' roles exchanged": lambda *a: _wired(*a, roles=("query", "value", "key")),
    "projected twice at the end": lambda *a: a[4]("output", _wired(*a)) if a[3] > 1 else _wired(*a),
    "the rows added": lambda *a: a[0] + _wired(*a),
    "the asker asks itself": lambda *a: _wired(a[0], a[0], a[2], *a[3:]) if a[0].shape == a[1].shape else _wired(*a),
    "one head for one text": lambda *a: _wired(*a, heads=1 if a[0].ndim == 2 else a[3]),
    "projected after the split": lambda x, y, m, n, p, s, a, g: p("output", g(a(s(p("query", x), n), s(p("key", y), n), s(y, n), m))),
    "one query's mask for all": lambda *a: _wired(a[0], a[1], a[2][..., :1, :] if a[2].ndim > 1 else a[2], *a[3:]),
})

# -- word_times ------------------------------------------------------------------------------------------------------


def _best_starts(w, total):
    n, m = w.shape
    if n > 5 or m > 12:
        return right("word_times")(w)
    return np.array(max(([0, *rest] for rest in itertools.combinations(range(1, m), n - 1)), key=lambda s: total(w, [*s, m])))


wrong("word_times", {
    "the largest weight of each word": lambda w: np.maximum.accumulate(w.argmax(axis=1)),
    "the largest word of each frame": lambda w: np.array([int(np.argmax(w.argmax(axis=0) >= i)) for i in range(len(w))]),
    "the mean weight of each word": lambda w: _best_starts(w, lambda w, s: sum(w[i, a:b].mean() for i, (a, b) in enumerate(zip(s, s[1:])))),
    "the product of the weights": lambda w: _best_starts(w, lambda w, s: sum(np.log(w[i, a:b] + 1e-9).sum() for i, (a, b) in enumerate(zip(s, s[1:])))),
    "the last frame of each word": lambda w: np.r_[right("word_times")(w)[1:], w.shape[1]] - 1,
    "equal runs": lambda w: np.arange(len(w)) * w.shape[1] // len(w),
    "counted from 1": lambda w: right("word_times")(w) + 1,
    "rows normed first": lambda w: right("word_times")(w / w.max(axis=1, keepdims=True)),
    "columns normed first": lambda w: right("word_times")(w / w.sum(axis=0, keepdims=True)),
    "smoothed by three": lambda w: right("word_times")(np.array([np.convolve(row, np.ones(3) / 3, "same") for row in w])),
    "greedy from the front": lambda w: _greedy(w),
    "frames may be left out": lambda w: _best_starts(w, lambda w, s: sum(w[i, a] for i, a in enumerate(s[:-1]))),
    "greedy for long tables": lambda w: _greedy(w) if w.shape[1] > 20 else right("word_times")(w),
    "one word begins at the largest": lambda w: np.array([int(w.argmax())]) if len(w) == 1 else right("word_times")(w),
    "as many frames as words": lambda w: np.sort(w.argmax(axis=1)) if w.shape[0] == w.shape[1] else right("word_times")(w),
    "the last word is short": lambda w: np.r_[right("word_times")(w)[:-1], max(right("word_times")(w)[-1], w.shape[1] - 2)] if len(w) > 1 else right("word_times")(w),
})


def _greedy(w):
    """A word ends as soon as the next one has the larger weight."""
    starts, i = [0], 0
    n, m = w.shape
    for j in range(1, m):
        if i + 1 < n and (w[i + 1, j] > w[i, j] or m - j == n - i - 1):
            i += 1
            starts.append(j)
    return np.array(starts)


# -- a second look: thresholds, and sizes beyond a dozen -------------------------------------------------------------

wrong("examine_decoder", {
    "moved by a millionth": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: np.abs(a - b).max(axis=-1) > 1e-6),
    "moved by a ten-thousandth": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: np.abs(a - b).max(axis=-1) > 1e-4),
    "close by NumPy's own limits": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: ~np.isclose(a, b).all(axis=-1)),
    "not exactly equal": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: (a != b).any(axis=-1)),
    "compared in single precision": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: (a.astype(np.float32) != b.astype(np.float32)).any(axis=-1)),
    "the sum of a row's scores": lambda f, s, t, n: _examined(f, s, t, _to(lambda i: (i + 1) % n), lambda a, b: np.abs(a.sum(axis=-1) - b.sum(axis=-1)) > 1e-3),
    "four tokens at the most": lambda f, s, t, n: _examined(f, s[:4], t, _to(lambda i: (i + 1) % n)),
})
wrong("verdict_over_seeds", {
    "close by NumPy's own limits is equal": _verdict(lambda b, o: o.max() < b.min() and not np.isclose(o.max(), b.min()), lambda b, o: o.min() > b.max() and not np.isclose(o.min(), b.max())),
    "a gap of a hundred-thousandth": _verdict(lambda b, o: o.max() < b.min() - 1e-5, lambda b, o: o.min() > b.max() + 1e-5),
    "ten runs at the most": lambda b, o: right("verdict_over_seeds")(b[:10], o[:10]),
    "three decimals": _verdict(lambda b, o: o.max().round(3) < b.min().round(3), lambda b, o: o.min().round(3) > b.max().round(3)),
})
wrong("three_masks", {
    "a triangle of eight": lambda s, t, p: _three(s, t, p, own=lambda d: d & np.pad(np.tri(min(8, t.shape[1]), dtype=bool), (0, max(0, t.shape[1] - 8)))),
    "a triangle of ten": lambda s, t, p: _three(s, t, p, own=lambda d: d & np.pad(np.tri(min(10, t.shape[1]), dtype=bool), (0, max(0, t.shape[1] - 10)))),
})
wrong("packed_pairs", {
    "eight pairs at the most": lambda s, t: _pairs(s, t, own=lambda a, s, t: a & (t <= 8), cross=lambda b, s, t: b & (s <= 8)),
    "pairs compared as digits": lambda s, t: _pairs(s, t, cross=lambda b, s, t: (t[:, None] % 10 == s % 10) & (s != 0) & (t != 0)[:, None]),
})
wrong("teacher_pairs", {
    "ten places at the most": lambda x, s, e, p: _teach([row[:9] for row in x], s, e, p),
    "eight texts at the most": lambda x, s, e, p: _teach(x[:8], s, e, p),
})
wrong("source_then_target", {
    "sixteen places at the most": lambda s, t, a, e, p: tuple(part[:, :16] for part in _one_row(s, t, a, e, p)),
    "eight rows at the most": lambda s, t, a, e, p: tuple(part[:8] for part in _one_row(s, t, a, e, p)),
})
wrong("embed_texts", {
    "eight texts at the most": lambda table, places, texts: right("embed_texts")(table, places, texts[:8]),
    "positions begin again after eight": lambda table, places, texts: right("embed_texts")(table, places[np.arange(len(places)) % 8 % len(places)], texts),
})
wrong("beam_step", {
    "eight continuations of a beginning": lambda s, p, c: _beam(s, p, c, np.where(np.arange(p.shape[1]) < 16, np.asarray(s, dtype=float)[:, None] + p, -np.inf)),
    "eight beams at the most": lambda s, p, c: _beam(s, p, c, take=min(8, len(s))),
})
wrong("tied_table_gradient", {
    "sixteen tokens at the most": lambda i, r, s, g: _tied(i[:16], r[:16], s, g),
    "a table of sixteen words": lambda i, r, s, g: _tied(i, r, s, g) * (np.arange(g.shape[1]) < 16)[:, None],
})
wrong("inverse_root", {
    "a warm-up of a hundred at the most": lambda d, s, p, u: _rates(d, s, p, min(u, 100)),
    "twenty steps at the most": lambda d, s, p, u: _rates(d, min(s, 20), p, u),
})

# -- what the statement forbids to change ----------------------------------------------------------------------------


def _blames_in_place(score, course, mine):
    """Puts each piece of the course back, but leaves a mark in the dictionary of the reader's."""
    found = right("which_piece")(score, course, mine)
    mine.clear()
    return found


def _clips_in_place(w, b, largest):
    new = right("clip_or_skip")(w, b, largest)
    if w.dtype.kind == "f":
        w[...], b[...] = new
    return new


def _fills_in_place(x, mask, value):
    new = np.where(mask, value, x.astype(float))
    if x.dtype.kind == "f":
        x[...] = new
    return new


wrong("which_piece", {"the dictionary of mine emptied": _blames_in_place})
wrong("clip_or_skip", {"clipped in place": _clips_in_place})
wrong("sampling_distribution", {"divided by the temperature in place": lambda z, t, k, p: _drawn(np.divide(z, t, out=z) if z.dtype.kind == "f" else z / t, 1.0, k, p)})
WRONG.append(("start.masked_fill", "filled in place (second reading)", _fills_in_place, ()))


def _steps_in_place(w, *rest):
    new = EXERCISES["start.adamw"].solution(w, *rest)
    w[...] = new
    return new


WRONG.append(("start.adamw", "stepped in place (second reading)", _steps_in_place, ()))

"""Encoders, decoders and both, images, what modern decoders changed, experts, a published file."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import attention as torch_attention
from attnlab import layers, training
from attnlab.data import masking, spans
from attnlab.kernels import cost
from attnlab.layers import experts as torch_experts
from attnlab.layers import patches as torch_patches
from attnlab.models import bert, decoder, families, gpt, sizes, vit
from attnlab.positions import adjacent_to_halves, rotary, rotate_halves
from attnlab.reference import attention, sinks
from attnlab.reference.layers import experts, patches
from attnlab.weights import gguf
from in_short.page import Bug, Page, close, differs, normal, tensor

MASK, WORDS = 4, np.arange(5, 50)


def ids(n: int = 2_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 50, (n // 100, 100))


# -- BERT


def bert_agrees(f, g):
    ours, theirs = (mask(ids(), WORDS, MASK, np.random.default_rng(7)) for mask in (f.mask_tokens, masking.mask_tokens))
    assert np.array_equal(ours[0], theirs.ids) and np.array_equal(ours[1], theirs.targets)
    logits, targets = normal(2, 5, 7), np.array([[0, 3, 0, 0, 6], [0, 0, 2, 0, 0]])
    close(g.masked_loss(tensor(logits), tensor(targets)), training.cross_entropy(tensor(logits), tensor(targets)))


def special_tokens_stay(f):
    shown, targets = f.mask_tokens(ids(), WORDS, MASK, np.random.default_rng(0), 1.0)
    special = ids() < 5
    assert np.array_equal(shown[special], ids()[special]) and not targets[special].any()


def four_of_five_are_masked(f):
    text = np.full((100, 100), 7)
    shown, targets = f.mask_tokens(text, WORDS, MASK, np.random.default_rng(0))
    chosen = targets > 0
    assert abs(chosen.mean() - 0.15) < 0.02 and abs((shown[chosen] == MASK).mean() - 0.8) < 0.05
    assert abs((shown[chosen] == 7).mean() - 0.1) < 0.04


def seen_tokens_are_not_asked(g):
    targets = torch.tensor([[0, 3, 0]])
    logits = tensor(normal(1, 3, 7))
    moved = logits.clone()
    moved[0, 0], moved[0, 2] = -moved[0, 0], 5 * moved[0, 2]
    close(g.masked_loss(moved, targets), g.masked_loss(logits, targets))


# -- GPT


def gpt_agrees(f, g):
    for sizes in ((50_257, 1_024, 768, 12), (101, 30, 12, 2)):
        n_words, longest, d, n = sizes
        config = gpt.Config(vocab_size=n_words, max_len=longest, d_model=d, n_heads=4, n_layers=n, d_ff=4 * d)
        assert f.n_parameters(*sizes) == gpt.n_parameters(config)
    text, logits = torch.tensor([[3, 5, 2, 6], [1, 4, 4, 2]]), tensor(normal(2, 4, 7))
    close(g.next_token_loss(logits, text), training.cross_entropy(logits[:, :-1], text[:, 1:], ignore=-1))
    real = torch.tensor([[False, True, True], [True, True, True]])
    assert g.places(real).tolist() == [[0, 0, 1], [0, 1, 2]]


def an_untrained_model_knows_nothing(f):
    """ln(words) / ln 2 bits a token of one byte."""
    assert abs(f.bits_per_byte(100 * np.log(256), 100) - 8) < 1e-12


def a_perfect_model_has_no_loss(g):
    text = torch.tensor([[3, 5, 2, 6]])
    logits = torch.full((1, 4, 7), -50.0, dtype=torch.float64)
    logits[0, torch.arange(3), text[0, 1:]] = 50.0
    assert g.next_token_loss(logits, text) < 1e-9


def padding_in_front_moves_nothing(g):
    assert g.places(torch.tensor([[False, False, True, True]]))[0, 2:].tolist() == [0, 1]


def the_table_counts_once(f):
    more = f.n_parameters(11, 30, 12, 2) - f.n_parameters(10, 30, 12, 2)
    assert more == 12


# -- T5


def t5_agrees(f, g):
    words = "Thank you for inviting me to your party last week".split()
    marks = ["<X>", "<Y>", "<Z>", "<W>"]
    for seed in range(5):
        mask = spans.span_mask(len(words), np.random.default_rng(seed), 0.3, 1.5)
        theirs = spans.corrupt(words, mask, marks)
        assert f.corrupt(words, mask, marks) == (theirs.source, theirs.target)
    q, k, v, bias = normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1), normal(2, 3, 7, 4, seed=2), normal(3, 5, 7, seed=3)
    close(g.look(*map(tensor, (q, k, v, bias))), attention(q, k, v, bias=np.broadcast_to(bias, (2, 3, 5, 7)), scale=1.0))
    close(g.look(*map(tensor, (q, k, v, bias))), torch_attention.attention(*map(tensor, (q, k, v)), bias=tensor(bias), scale=1.0))


def nothing_is_lost(f):
    """Source and target together hold every token once, every mark twice and one more."""
    source, target = f.corrupt(list("abcdefg"), np.array([0, 1, 1, 0, 0, 1, 0], dtype=bool), ["X", "Y", "Z"])
    assert source == ["a", "X", "d", "e", "Y", "g"] and target == ["X", "b", "c", "Y", "f", "Z"]


def scores_are_not_scaled(g):
    q, k = torch.ones(1, 1, 1, 4, dtype=torch.float64), torch.zeros(1, 1, 2, 4, dtype=torch.float64)
    k[..., 1, 0] = np.log(3)
    close(g.look(q, k, torch.eye(2, dtype=torch.float64)[None, None], torch.zeros(1, 1, 2, dtype=torch.float64))[0, 0], [[0.25, 0.75]])


def the_bias_counts(g):
    q, k, v = (tensor(normal(1, 1, 3, 4, seed=seed)) for seed in range(3))
    bias = torch.full((1, 3, 3), -1e3, dtype=torch.float64)
    bias[0, :, 1] = 0
    close(g.look(q, k, v, bias), v[:, :, 1:2].expand(1, 1, 3, 4))


# -- vision


def vit_agrees(f, g):
    images = normal(2, 3, 8, 12)
    close(f.patches(images, 4), patches.patches(images, 4))
    close(torch_patches.patches(tensor(images), 4), patches.patches(images, 4))
    torch.manual_seed(0)
    layer = g.PatchEmbedding(3, 4, 5).double()
    matrix = layer.project.weight.detach().reshape(5, -1).numpy().T
    close(layer(tensor(images)), patches.patches(images, 4) @ matrix + layer.project.bias.detach().numpy())
    assert f.n_tokens(224, 16) == vit.Config().n_tokens


def a_patch_is_a_square(f):
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    assert f.patches(image, 2)[0, 0].tolist() == [0, 1, 4, 5] and f.patches(image, 2)[0, 1].tolist() == [2, 3, 6, 7]


def the_class_token_has_its_place(f):
    assert f.n_tokens(224, 16) == 197


def patches_come_in_reading_order(g):
    """A change in the upper right corner moves patch 1 of a 2 by 2 grid."""
    torch.manual_seed(0)
    layer, image = g.PatchEmbedding(1, 2, 5), torch.zeros(1, 1, 4, 4)
    moved = image.clone()
    moved[0, 0, 0, 3] = 1
    changed = (layer(moved) != layer(image)).any(dim=-1)[0].tolist()
    assert changed == [False, True, False, False]


# -- modern decoders


LLAMA = dict(d=16, heads=4, kv_heads=2, d_ff=11)


def llama_weights() -> dict[str, torch.Tensor]:
    d, d_head = LLAMA["d"], LLAMA["d"] // LLAMA["heads"]
    shapes = dict(q=(d, d), k=(LLAMA["kv_heads"] * d_head, d), v=(LLAMA["kv_heads"] * d_head, d), o=(d, d))
    shapes |= dict(gate=(11, d), up=(11, d), down=(d, 11), norm_1=(d,), norm_2=(d,))
    return {name: tensor(normal(*shape, seed=i) / 4) for i, (name, shape) in enumerate(shapes.items())}


def modern_agrees(f, g):
    config = decoder.Config(vocab_size=101, d_model=16, n_layers=3, n_heads=4, n_kv_heads=2, d_head=4, d_ff=11)
    for tied in (False, True):
        model = families.llama(config, tied=tied)
        assert f.n_parameters(101, 16, 3, 4, 2, 4, 11, tied) == sum(p.numel() for p in model.parameters())
    x, w, at = tensor(normal(2, 5, 16)), llama_weights(), torch.arange(5)
    turn = lambda y: rotary(y, at, rotate=rotate_halves)
    normed = layers.rms_norm(x, w["norm_1"], 1e-5)
    q, k, v = (torch_attention.split_heads(normed @ w[name].T, n) for name, n in (("q", 4), ("k", 2), ("v", 2)))
    past = torch.ones(5, 5, dtype=torch.bool).tril()
    expected = x + torch_attention.merge_heads(torch_attention.grouped_attention(turn(q), turn(k), v, past)) @ w["o"].T
    normed = layers.rms_norm(expected, w["norm_2"], 1e-5)
    expected = expected + (layers.silu(normed @ w["gate"].T) * (normed @ w["up"].T)) @ w["down"].T
    cos, sin = (part(at[:, None] * 10_000.0 ** (-torch.arange(2, dtype=torch.float64) / 2)) for part in (torch.cos, torch.sin))
    close(g.llama_block(x, w, 4, cos, sin), expected)


def llama_8b(f) -> int:
    return f.n_parameters(128_256, 4_096, 32, 32, 8, 128, 14_336)


def a_published_count(f):
    assert llama_8b(f) == sizes.parameters(sizes.PUBLISHED["Llama 3 8B"])


def block_of(g, x, w=None):
    at = torch.arange(x.shape[1])
    cos, sin = (part(at[:, None] * 10_000.0 ** (-torch.arange(2, dtype=torch.float64) / 2)) for part in (torch.cos, torch.sin))
    return g.llama_block(x, w or llama_weights(), 4, cos, sin)


def order_counts(g):
    """The same past in another order must give another last row: rotary positions are there."""
    x = tensor(normal(1, 5, 16))
    differs(block_of(g, x)[:, -1], block_of(g, x[:, [1, 0, 2, 3, 4]])[:, -1])


def the_future_is_hidden(g):
    x = tensor(normal(1, 5, 16))
    moved = x.clone()
    moved[:, 4] *= -1
    close(block_of(g, moved)[:, :4], block_of(g, x)[:, :4])


def a_key_head_serves_a_run(g):
    """Without the second key-value head's values, the first two query heads give what they gave."""
    x, w = tensor(normal(1, 5, 16)), llama_weights()
    w["o"] = w["o"] * (torch.arange(16) < 8)
    without = w | {"v": w["v"] * (torch.arange(8) < 4)[:, None]}
    close(block_of(g, x, without), block_of(g, x, w))


# -- what changed since


def since_agrees(f, g):
    q, k, v, sink, mask = normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1), normal(2, 3, 7, 4, seed=2), normal(3, seed=3), normal(5, 7) > -1
    mask[2] = False
    close(f.sink_attention(q, k, v, sink, mask), sinks.sink_attention(q, k, v, sink, mask))
    close(torch_attention.sink_attention(*map(tensor, (q, k, v, sink, mask))), sinks.sink_attention(q, k, v, sink, mask))
    close(g.soft_cap(tensor(q), 5.0), 5 * np.tanh(q / 5))
    gain = tensor(normal(4, seed=5))
    normed = [layers.rms_norm(tensor(x), gain) for x in (q, k)]
    gate = tensor(normal(2, 3, 5, 4, seed=6))
    expected = torch_attention.attention(*normed, tensor(v)) * torch.sigmoid(gate)
    close(g.gated_qk_norm_attention(*map(tensor, (q, k, v)), gain, gain, gate), expected)


def the_sink_takes_its_share(f):
    """One key and a sink of the same score: half of the value."""
    close(f.sink_attention(np.zeros((1, 2)), np.zeros((1, 2)), np.ones((1, 3)), np.float64(0.0)), np.full((1, 3), 0.5))


def large_sinks_are_finite(f):
    out = f.sink_attention(normal(5, 2), normal(7, 2, seed=1), normal(7, 3), np.float64(900.0))
    assert np.isfinite(out).all()


def longer_queries_change_nothing(g):
    q, k, v = (tensor(normal(1, 5, 4, seed=seed)) for seed in range(3))
    one, gate = torch.ones(4, dtype=torch.float64), torch.zeros(1, 5, 4, dtype=torch.float64)
    close(g.gated_qk_norm_attention(1e3 * q, k, v, one, one, gate), g.gated_qk_norm_attention(q, k, v, one, one, gate), 1e-4)


def a_gate_of_zero_halves(g):
    q, k = (tensor(normal(1, 5, 4, seed=seed)) for seed in range(2))
    one, v = torch.ones(4, dtype=torch.float64), torch.ones(1, 5, 4, dtype=torch.float64)
    close(g.gated_qk_norm_attention(q, k, v, one, one, 0 * v), v / 2)


# -- mixture of experts


def experts_agree(f, g):
    x, router = normal(2, 13, 6), normal(6, 5, seed=1)
    w = [normal(6, 6, seed=10 + i) for i in range(5)]
    routing = experts.route(x @ router, 2)
    expected = experts.mixture(x, routing, [lambda rows, m=m: rows @ m for m in w])
    close(f.mixture(x.reshape(-1, 6), router, [lambda rows, m=m: rows @ m for m in w], 2), expected.reshape(-1, 6))
    torch_w = [lambda rows, m=tensor(m): rows @ m for m in w]
    close(g.mixture(tensor(x).reshape(-1, 6), tensor(router), torch_w, 2), expected.reshape(-1, 6))
    logits = tensor((x @ router).reshape(-1, 5))
    close(g.balance_loss(logits, 2), torch_experts.balance_loss(torch_experts.route(logits, 2)))
    assert abs(float(g.balance_loss(logits, 2)) - experts.balance_loss(routing)) < 1e-12


def equal_experts_are_one(f):
    """Weights of a token add up to 1: if all experts are the same, so is their mixture."""
    x = normal(7, 6)
    close(f.mixture(x, normal(6, 5, seed=1), [lambda rows: 2 * rows] * 5, 2), 2 * x)


def only_the_chosen_compute(f):
    """Not every row goes to every expert."""
    seen = []
    f.mixture(normal(13, 6), normal(6, 5, seed=1), [lambda rows: seen.append(len(rows)) or rows] * 5, 2)
    assert sum(seen) == 13 * 2


def balance_is_one(g):
    """Equal logits score every expert alike, whatever is counted; a collapsed router costs n_experts / top_k."""
    logits = torch.zeros(8, 4, dtype=torch.float64)
    logits[:, 0] = 100.0
    close(g.balance_loss(logits, 1), np.float64(4.0))
    close(g.balance_loss(torch.eye(4, dtype=torch.float64).repeat(2, 1), 1), np.float64(1.0))


# -- a real language model


def block(scale: float, least: float, codes: dict[int, int]) -> bytes:
    """The bytes of one block of Q4_1: scale, least value, then the bytes of codes, all 0 but these."""
    return np.array([scale, least], "<f2").tobytes() + bytes(codes.get(i, 0) for i in range(16))


def real_agrees(f, g):
    data = np.random.default_rng(0).integers(0, 256, 7 * 20).astype(np.uint8)
    data.reshape(7, 20)[:, :4] = np.random.default_rng(1).normal(size=(7, 2)).astype("<f2").view(np.uint8)
    theirs = gguf.Stored(gguf.KINDS[3], (7, 32), data.view(gguf.Q4_1).reshape(7, 1)).numpy()
    close(f.unpack(data.tobytes()), theirs.ravel(), 1e-6)
    logits, ids = tensor(normal(11, 7)), torch.arange(11) % 7
    close(g.perplexity(logits, ids), training.cross_entropy(logits[None, :-1], ids[None, 1:], ignore=-1).exp())
    w = tensor(normal(12, 5))
    close(g.rows_for_halves(w, 2), w.unflatten(0, (2, 6))[:, adjacent_to_halves(6)].flatten(0, 1))


def the_high_half_is_sixteen_further(f):
    assert np.flatnonzero(f.unpack(block(1, 0, {0: 0xF0}))).tolist() == [16]


def codes_of_0_give_the_least(f):
    close(f.unpack(block(3, -2, {})), np.full(32, -2, np.float32))


def a_head_keeps_its_rows(g):
    rows = g.rows_for_halves(torch.arange(24.0)[:, None], 3)[:, 0]
    assert [sorted(rows[i : i + 8].tolist()) for i in (0, 8, 16)] == [list(range(i, i + 8)) for i in (0, 8, 16)]


def sure_of_the_next(g):
    ids = torch.tensor([3, 0, 2, 2, 1])
    logits = torch.full((5, 4), -40.0, dtype=torch.float64)
    logits[torch.arange(4), ids[1:]] = 40.0
    close(g.perplexity(logits, ids), np.float64(1.0))


def real_costs() -> list[str]:
    """Bits from the format; weights, bytes and cache from the sizes of SmolLM2-135M."""
    n = sizes.parameters(sizes.PUBLISHED["SmolLM2 135M"])
    bits = [f"{8 * kind.dtype.itemsize / kind.weights:g}" for kind in (gguf.KINDS[3], gguf.KINDS[8])]
    return [*bits, f"{n:,}", f"{4 * n:,}", f"{cost.cache_bytes(1, 30, 3, 64, 4):,}"]


PAGES = {
    "variants/bert": Page(
        bert_agrees,
        {
            "Special tokens are hidden": Bug("numpy", "np.isin(ids, words) & ", "", special_tokens_stay),
            "Eighty, ten and ten become a hundred": Bug("numpy", "fate < 0.8", "fate < 1.0", four_of_five_are_masked),
            "Visible words are asked for": Bug("torch", "ignore_index=0", "ignore_index=-100", seen_tokens_are_not_asked),
        },
        lambda: [f"{bert.n_parameters(bert.Config(), bert.Bert):,}"],
    ),
    "variants/gpt": Page(
        gpt_agrees,
        {
            "The table is counted twice": Bug("numpy", "n_words * d + ", "2 * n_words * d + ", the_table_counts_once),
            "Nats for bits": Bug("numpy", " / np.log(2)", "", an_untrained_model_knows_nothing),
            "Labels that are not shifted": Bug("torch", "asked, said = logits[:, :-1], ids[:, 1:]", "asked, said = logits, ids", a_perfect_model_has_no_loss),
            "Padding in front moves the positions": Bug("torch", "(real.cumsum(-1) - 1).clamp(min=0)", "torch.arange(real.shape[1]).expand(real.shape)", padding_in_front_moves_nothing),
        },
        lambda: [f"{gpt.n_parameters(gpt.Config()):,}", f"{cost.cache_bytes(1_024, 12, 12, 64):,}"],
    ),
    "variants/t5": Page(
        t5_agrees,
        {
            "A mark for every token": Bug("numpy", "lost and not before", "lost", nothing_is_lost),
            "The last mark is missing": Bug("numpy", "target + [marks[n]]", "target", nothing_is_lost),
            "Scores are scaled": Bug("torch", ", scale=1.0", "", scores_are_not_scaled),
            "The bias stays out": Bug("torch", "attn_mask=bias, ", "", the_bias_counts),
        },
        lambda: [str(32 * 12), "15"],
    ),
    "variants/vit": Page(
        vit_agrees,
        {
            "Patches cut by a reshape": Bug("numpy", ".transpose(0, 2, 4, 1, 3, 5)", "", a_patch_is_a_square),
            "The class token is not counted": Bug("numpy", "(side // size) ** 2 + 1", "(side // size) ** 2", the_class_token_has_its_place),
            "Columns for rows": Bug("torch", ".flatten(2)", ".mT.flatten(2)", patches_come_in_reading_order),
        },
        lambda: [str(vit.Config().n_tokens), f"{vit.n_parameters(vit.Config(), 1_000):,}"],
    ),
    "variants/modern_decoders": Page(
        modern_agrees,
        {
            "Key heads counted like query heads": Bug("numpy", "2 * d * kv_heads * d_head", "2 * d * heads * d_head", a_published_count),
            "Keys and queries are not turned": Bug("torch", "q, k = turn(q), turn(k)", "pass", order_counts),
            "Key heads repeated in the wrong order": Bug("torch", "y.repeat_interleave(heads // y.shape[1], 1)", "y.repeat(1, heads // y.shape[1], 1, 1)", a_key_head_serves_a_run),
            "The future leaks": Bug("torch", "is_causal=True", "is_causal=False", the_future_is_hidden),
        },
        lambda: [f"{sizes.parameters(sizes.PUBLISHED['Llama 3 8B']):,}", f"{cost.cache_bytes(1, 32, 8, 128):,}"],
    ),
    "variants/what_changed_since": Page(
        since_agrees,
        {
            "The sink is not there": Bug("numpy", " + np.exp(sink - peak)", "", the_sink_takes_its_share),
            "The sink overflows": Bug("numpy", "np.maximum(s.max(-1, keepdims=True), sink)", "s.max(-1, keepdims=True)", large_sinks_are_finite),
            "Queries are not normalised": Bug("torch", "q, k = norm(q, gain_q), norm(k, gain_k)", "k = norm(k, gain_k)", longer_queries_change_nothing),
            "The gate without its sigmoid": Bug("torch", "torch.sigmoid(gate)", "gate", a_gate_of_zero_halves),
        },
        lambda: [f"{cost.cache_bytes(131_072, 1, 8, 128):,}", f"{cost.cache_bytes(4_096, 1, 8, 128):,}"],
    ),
    "variants/mixture_of_experts": Page(
        experts_agree,
        {
            "Weights that do not add up": Bug("numpy", " / np.exp(best).sum(-1, keepdims=True)", "", equal_experts_are_one),
            "Every expert computes every row": Bug("numpy", "row, place = np.nonzero(chosen == number)", "row, place = np.nonzero(chosen >= 0)", only_the_chosen_compute),
            "A balancing loss of the wrong numbers": Bug("torch", "n_experts * (share * p.mean(0)).sum()", "(share * p.mean(0)).sum()", balance_is_one),
        },
        lambda: [f"{count(sizes.PUBLISHED['Mixtral 8x7B']):,}" for count in (sizes.parameters, sizes.active_parameters)],
    ),
    "variants/a_real_language_model": Page(
        real_agrees,
        {
            "Neighbours in one byte": Bug("numpy", 'np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=-1)', 'np.stack([blocks["codes"] & 15, blocks["codes"] >> 4], axis=-1).reshape(-1, 32)', the_high_half_is_sixteen_further),
            "The least value counted in steps": Bug("numpy", "scale * codes + least", "scale * (codes + least)", codes_of_0_give_the_least),
            "Rows reordered over all heads together": Bug("torch", "w.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)", "w.unflatten(0, (-1, 2)).transpose(0, 1).flatten(0, 1)", a_head_keeps_its_rows),
            "A row judged by its own token": Bug("torch", "logits[:-1], ids[1:]", "logits, ids", sure_of_the_next),
        },
        real_costs,
    ),
}

"""Blocks of the transformer of 2017, what stands in them, its training and its writing."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import layers, training
from attnlab.generation import filters
from attnlab.kernels import cost
from attnlab.models import gpt, transformer
from attnlab.reference import decoding, encoder_decoder, heads, losses, residual, sampling
from attnlab.reference import layers as plain
from attnlab.training import clipping, schedules
from in_short.page import Bug, Page, close, differs, normal, tensor

D, D_FF, HEADS = 6, 11, 3
UNIT = encoder_decoder.Norm(np.ones(D), np.zeros(D))


def four(seed: int = 0) -> heads.Projections:
    return heads.Projections(*(normal(D, D, seed=seed + i) / D**0.5 for i in range(4)))


def network(seed: int = 9) -> plain.FeedForward:
    return plain.FeedForward(normal(D, D_FF, seed=seed), np.zeros(D_FF), normal(D_FF, D, seed=seed + 1), np.zeros(D))


def linear(layer: torch.nn.Linear, matrix: np.ndarray) -> None:
    layer.weight.data = tensor(matrix.T)
    if layer.bias is not None:
        layer.bias.data.zero_()


def multihead(layer: torch.nn.MultiheadAttention, w: heads.Projections) -> None:
    layer.in_proj_weight.data = tensor(np.concatenate([w.query.T, w.key.T, w.value.T]))
    linear(layer.out_proj, w.output)


def feed(layer: torch.nn.Module, w: plain.FeedForward) -> None:
    linear(layer.linear1, w.expand)
    linear(layer.linear2, w.contract)


# -- encoder


def encoder_agrees(f, g):
    x, real, w, n = normal(2, 5, D), np.arange(5) < np.array([[5], [3]]), four(), network()
    expected = encoder_decoder.encoder_block(x, encoder_decoder.EncoderBlock(w, UNIT, n, UNIT), HEADS, real)
    close(f.encoder_block(x, real, HEADS, w, n.expand, n.contract), expected)
    model = g.encoder(D, HEADS, D_FF, layers=1).double().train(False)
    multihead(model.layers[0].self_attn, w)
    feed(model.layers[0], n)
    close(g.encode(model, tensor(x), tensor(real))[tensor(real)], expected[real])


def nobody_reads_the_padding(f):
    x, real, w, n = normal(1, 5, D), np.array([[True, True, True, False, False]]), four(), network()
    moved = x + np.where(real, 0, 1)[..., None]
    block = lambda x: f.encoder_block(x, real, HEADS, w, n.expand, n.contract)[real]
    close(block(moved), block(x))


def rows_leave_normalised(f):
    x, real, w, n = normal(1, 5, D), np.ones((1, 5), dtype=bool), four(), network()
    out = f.encoder_block(x, real, HEADS, w, n.expand, n.contract)
    close(out.mean(-1), np.zeros((1, 5)))
    close(out.var(-1), np.ones((1, 5)), 1e-3)


def nobody_reads_the_padding_torch(g):
    torch.manual_seed(0)
    model, x, real = g.encoder(D, HEADS, D_FF, 1, 0.0), tensor(normal(1, 5, D)).float(), torch.tensor([[True] * 3 + [False] * 2])
    moved = x + (~real)[..., None]
    assert torch.allclose(g.encode(model, moved, real)[real], g.encode(model, x, real)[real], atol=1e-5)


def texts_of_a_batch_are_strangers(g):
    torch.manual_seed(0)
    model, x = g.encoder(D, HEADS, D_FF, 1, 0.0), tensor(normal(4, 4, D)).float()
    real = torch.ones(4, 4, dtype=torch.bool)
    assert torch.allclose(g.encode(model, x, real)[:1], g.encode(model, x[:1], real[:1]), atol=1e-5)


# -- decoder


def decoder_agrees(f, g):
    x, memory, own, cross, n = normal(5, D), normal(7, D, seed=1), four(), four(20), network()
    block = encoder_decoder.DecoderBlock(own, UNIT, cross, UNIT, n, UNIT)
    expected = encoder_decoder.decoder_block(x, memory, block, HEADS)
    close(f.decoder_block(x, memory, HEADS, own, cross, n.expand, n.contract), expected)
    layer = torch.nn.TransformerDecoderLayer(D, HEADS, D_FF, 0.0, batch_first=True, dtype=torch.float64)
    multihead(layer.self_attn, own)
    multihead(layer.multihead_attn, cross)
    feed(layer, n)
    all_real = torch.ones(1, 7, dtype=torch.bool)
    close(g.decode(layer, tensor(x)[None], tensor(memory)[None], all_real)[0], expected)
    real = torch.tensor([[True] * 4 + [False] * 3])
    close(g.decode(layer, tensor(x)[None], tensor(memory)[None], real), g.decode(layer, tensor(x)[None], tensor(memory)[None, :4], real[:, :4]))
    ids = torch.tensor([[5, 7, 2], [9, 2, 0]])
    assert torch.equal(g.shift_right(ids, 1), training.shift_right(ids, 1))


def the_past_does_not_move(f):
    x, memory, own, cross, n = normal(5, D), normal(7, D, seed=1), four(), four(20), network()
    block = lambda x: f.decoder_block(x, memory, HEADS, own, cross, n.expand, n.contract)
    moved = x.copy()
    moved[3] *= -1
    close(block(moved)[:3], block(x)[:3])
    differs(block(moved)[3:], block(x)[3:])


def the_source_counts(f):
    x, own, cross, n = normal(5, D), four(), four(20), network()
    block = lambda memory: f.decoder_block(x, memory, HEADS, own, cross, n.expand, n.contract)
    differs(block(normal(7, D, seed=1)), block(normal(7, D, seed=2)))


def no_place_sees_its_own_target(g):
    ids = torch.tensor([[5, 7, 9, 2]])
    given = g.shift_right(ids, 1)
    assert given[0].tolist() == [1, 5, 7, 9]


# -- cross-attention


def cross_agrees(f, g):
    x, context, w = normal(2, 5, D), normal(2, 7, D, seed=1), four()
    real = np.arange(7) < np.array([[7], [4]])
    expected = heads.multi_head(x, context, w, HEADS, mask=real[:, None, None])
    close(f.cross_attention(x, context, HEADS, *w, real), expected)
    close(heads.multi_head(x, context, w, HEADS), f.cross_attention(x, context, HEADS, *w, np.ones((2, 7), dtype=bool)))
    layer = g.CrossAttention(D, HEADS).double()
    for part, matrix in zip((layer.query, layer.key, layer.value, layer.output), w):
        linear(part, matrix)
    close(layer(tensor(x), layer.remember(tensor(context)), tensor(real)), expected)


def as_many_rows_as_queries(f):
    x, context, real = normal(1, 5, D), normal(1, 7, D, seed=1), np.ones((1, 7), dtype=bool)
    out = f.cross_attention(x, context, HEADS, *four(), real)
    assert out.shape == x.shape
    close(out[:, :2], f.cross_attention(x[:, :2], context, HEADS, *four(), real))


def padding_of_the_source_is_not_read(f):
    x, context, real = normal(1, 5, D), normal(1, 7, D, seed=1), np.arange(7)[None] < 4
    close(f.cross_attention(x, context, HEADS, *four(), real), f.cross_attention(x, context[:, :4], HEADS, *four(), real[:, :4]))


def order_of_the_source_does_not_count(g):
    torch.manual_seed(0)
    layer, x, context = g.CrossAttention(D, HEADS).double(), tensor(normal(1, 5, D)), tensor(normal(1, 7, D, seed=1))
    real, at = torch.ones(1, 7, dtype=torch.bool), torch.tensor([3, 0, 6, 1, 5, 2, 4])
    close(layer(x, layer.remember(context[:, at]), real), layer(x, layer.remember(context), real))


# -- feed-forward


def feed_forward_agrees(f, g):
    x, n = normal(2, 5, D, seed=3), network()
    w_gate = normal(D, D_FF, seed=5)
    expected = plain.gated_feed_forward(x, plain.Gated(w_gate, n.expand, n.contract))
    close(f.swiglu(x, w_gate, n.expand, n.contract), expected)
    close(f.gelu_tanh(x), plain.gelu_tanh(x))
    ours, theirs = g.SwiGLU(D, D_FF).double(), layers.GatedFeedForward(D, D_FF).double()
    for a, b, matrix in zip((ours.gate, ours.up, ours.down), (theirs.gate, theirs.expand, theirs.contract), (w_gate, n.expand, n.contract)):
        linear(a, matrix)
        linear(b, matrix)
    close(ours(tensor(x)), expected)
    close(theirs(tensor(x)), expected)
    for approximate, ours in ((False, plain.gelu), (True, plain.gelu_tanh)):
        close(g.gelu(tensor(x), approximate), ours(x))


def a_closed_gate_lets_nothing_through(f):
    x = np.ones((1, 2))
    close(f.swiglu(x, np.full((2, 3), -400.0), np.ones((2, 3)), np.ones((3, 2))), np.zeros((1, 2)))


def the_other_factor_is_free(f):
    """Twice the second factor, twice the output; twice the gate, something else."""
    x, w, n = normal(2, D), normal(D, D_FF, seed=5), network()
    close(f.swiglu(x, w, 2 * n.expand, n.contract), 2 * f.swiglu(x, w, n.expand, n.contract))


def gelu_of_one(g):
    assert abs(g.gelu(torch.ones(1, dtype=torch.float64)).item() - 0.8413447460685429) < 1e-12


# -- normalisation


def norms_agree(f, g):
    x, gain, bias = 3 * normal(2, 5, D) + 1, normal(D, seed=1), normal(D, seed=2)
    close(f.layer_norm(x, gain, bias), plain.layer_norm(x, gain, bias))
    close(f.rms_norm(x, gain), plain.rms_norm(x, gain))
    close(g.layer_norm(tensor(x), tensor(gain), tensor(bias)), layers.layer_norm(tensor(x), tensor(gain), tensor(bias)))
    close(g.rms_norm(tensor(x), tensor(gain)), layers.rms_norm(tensor(x), tensor(gain)))
    norm, layer = layers.RMSNorm(D).double(), torch.nn.Linear(D, D, dtype=torch.float64)
    close(g.pre_norm(tensor(x), layer, norm), layers.PreNorm(layer, norm)(tensor(x)))


def a_row_is_its_own_affair(f):
    x = normal(5, D)
    moved = x.copy()
    moved[0] *= -3
    for norm in (lambda x: f.layer_norm(x, np.ones(D), np.zeros(D)), lambda x: f.rms_norm(x, np.ones(D))):
        close(norm(moved)[1:], norm(x)[1:])


def squares_average_to_one(f):
    out = f.layer_norm(1e3 * normal(5, D), np.ones(D), np.zeros(D))
    close((out**2).mean(-1), np.ones(5), 1e-9)


def a_layer_of_zeros_changes_nothing(g):
    x = tensor(normal(5, D))
    close(g.pre_norm(x, torch.zeros_like, lambda x: x / x.norm(dim=-1, keepdim=True)), x)


# -- residual stream


def stream_agrees(f, g):
    x, parts = normal(2, 5, D), (network(1), network(3))
    run = [lambda x, n=n: plain.feed_forward(x, n) for n in parts]
    found = f.stream(x, run, plain.rms_norm)
    expected = x
    one = np.ones(1)
    for layer in run:
        expected = residual.through_streams(expected[..., None, :], lambda x, layer=layer: layer(plain.rms_norm(x)), one, one, np.ones((1, 1)))[..., 0, :]
    close(sum(found), expected)
    assert len(found) == 3
    layer, norm = torch.nn.Linear(D, D, dtype=torch.float64), layers.RMSNorm(D).double()
    close(g.Residual(layer, norm)(tensor(x)), layers.PreNorm(layer, norm)(tensor(x)))
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(vocab_size=7, max_len=5, d_model=60, n_heads=3, n_layers=8, d_ff=240))
    theirs = torch.cat([b.feed_forward.layer.contract.weight.detach().flatten() for b in model.blocks]).std()
    weights = torch.empty(200, 200)
    g.start_small(weights, 8)
    assert abs(weights.std() / theirs - 1) < 0.03


def parts_add_up(f):
    x, layer = normal(5, D), lambda x: plain.feed_forward(x, network())
    (first, second) = f.stream(x, [layer], plain.rms_norm)
    close(first, x)
    close(second, layer(plain.rms_norm(x)))


def the_sum_is_what_is_read(f):
    layer = lambda x: x * 2.0
    a, b, c = f.stream(normal(5, D), [layer, layer], lambda x: x)
    close(b, 2 * a)
    close(c, 6 * a)


def what_came_in_stays(g):
    x = tensor(normal(5, D))
    kept = x.clone()
    g.Residual(torch.zeros_like, lambda x: x + 1)(x)
    g.Residual(torch.ones_like, lambda x: x)(x)
    close(x, kept)


def many_layers_write_like_one(g):
    torch.manual_seed(0)
    sums = []
    for n in (1, 64):
        weights = torch.empty(2 * n, 1000)
        g.start_small(weights, n)
        sums.append(weights.sum(dim=0).std())
    assert abs(sums[1] / sums[0] - 1) < 0.1


# -- the complete implementation


def implementation_agrees(f, g):
    for n_words, d, d_ff, n in ((101, 12, 23, 2), (37_000, 512, 2048, 6)):
        config = transformer.Config(n_words, n_words, d, 4, d_ff, n)
        assert f.n_parameters(n_words, d, d_ff, n) == transformer.n_parameters(config, shared=True)
    torch.manual_seed(0)
    ours, theirs, ids = g.TiedEmbedding(11, D).double(), layers.TiedEmbedding(11, D).double(), torch.tensor([[3, 0, 10]])
    theirs.table.data = ours.table.data
    close(ours(ids), theirs(ids))
    x = tensor(normal(2, 5, D))
    close(ours.logits(x), theirs.logits(x))


def no_part_is_missing(f):
    """What one layer more adds is what PyTorch's own layers have."""
    d, d_ff = 12, 23
    each = [layer(d, 4, d_ff) for layer in (torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer)]
    expected = sum(p.numel() for layer in each for p in layer.parameters())
    assert f.n_parameters(101, d, d_ff, 3) - f.n_parameters(101, d, d_ff, 2) == expected


def rows_enter_with_size_one(g):
    torch.manual_seed(0)
    assert 0.9 < g.TiedEmbedding(500, 64)(torch.arange(500)).std() < 1.1


def each_block_is_its_own(g):
    made = g.stack(lambda: torch.nn.Linear(2, 3), 6)
    assert sum(p.numel() for p in made.parameters()) == 6 * 9


# -- training


def training_agrees(f, g):
    logits, targets = normal(2, 5, 7), np.array([[3, 6, 1, 0, 0], [2, 2, 5, 4, 0]])
    for smoothing in (0.0, 0.1):
        expected = losses.cross_entropy(logits, targets, smoothing)
        close(np.float64(f.cross_entropy(logits, targets, smoothing)), np.float64(expected))
        close(training.cross_entropy(tensor(logits), tensor(targets), smoothing), np.float64(expected))
        close(g.cross_entropy(tensor(logits), tensor(targets), smoothing), np.float64(expected))
    for step in (1, 50, 4_000, 10_000):
        assert abs(f.noam(step, 512) - schedules.noam(step, 512)) < 1e-15
    model, x = torch.nn.Linear(3, 2, dtype=torch.float64), tensor(normal(5, 3))
    before = [p.detach().clone() for p in model.parameters()]
    g.step(model, torch.optim.SGD(model.parameters(), lr=1.0), (100 * model(x)).square().mean(), 0.5)
    moved = [(a - b).detach() for a, b in zip(before, model.parameters())]
    assert abs(float(clipping.clip(moved, 1.0)[1]) - 0.5) < 1e-6


def padding_costs_nothing(f):
    logits, targets = normal(1, 5, 7), np.array([[3, 6, 1, 0, 0]])
    close(f.cross_entropy(logits, targets), f.cross_entropy(logits[:, :3], targets[:, :3]))


def the_peak_is_at_the_end_of_the_warm_up(f):
    rates = [f.noam(step, 512, 100) for step in range(1, 301)]
    assert rates.index(max(rates)) == 99 and abs(max(rates) - (512 * 100) ** -0.5) < 1e-15


def a_step_is_no_longer_than_allowed(g):
    model = torch.nn.Linear(3, 2, dtype=torch.float64)
    before = [p.detach().clone() for p in model.parameters()]
    g.step(model, torch.optim.SGD(model.parameters(), lr=1.0), 1e6 * model(torch.ones(3, dtype=torch.float64)).sum(), 1.0)
    assert sum((a - b).square().sum() for a, b in zip(before, model.parameters())) <= 1.0 + 1e-6


def steps_do_not_add_up(g):
    """Two steps with one loss move as far as twice one step."""
    model, ones = torch.nn.Linear(2, 1, bias=False), torch.ones(2)
    start, optimiser = model.weight.detach().clone(), torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        g.step(model, optimiser, 0.1 * model(ones).sum(), 1.0)
    assert torch.allclose(start - model.weight, torch.full((1, 2), 0.02), atol=1e-6)


# -- decoding


def decoding_agrees(f, g):
    logits = 2 * normal(3, 11)
    for p in (0.05, 0.5, 0.9, 1.0):
        close_where_finite(f.top_p(logits, p), sampling.top_p(logits, p))
        close_where_finite(g.top_p(tensor(logits), p), filters.top_p(tensor(logits), p))
    for k in (1, 4, 11):
        close_where_finite(f.top_k(logits, k), sampling.top_k(logits, k))
    step = lambda ids: normal(5, seed=len(ids) + sum(ids))
    model = lambda ids: torch.stack([torch.stack([tensor(step(tuple(row[1 : i + 1].tolist()))) for i in range(len(row))]) for row in ids])
    expected = decoding.greedy(step, 8, 2).ids
    found = g.write(model, torch.tensor([[1]]), 8, 2)[0, 1:].tolist()
    assert tuple(found[: len(expected)]) == expected


def close_where_finite(a, b):
    a, b = (x.numpy() if torch.is_tensor(x) else x for x in (a, b))
    assert np.array_equal(np.isfinite(a), np.isfinite(b))
    close(np.where(np.isfinite(a), a, 0), np.where(np.isfinite(b), b, 0))


def the_kept_are_enough(f):
    """The probabilities of what is kept add up to p, and without the last of them they do not."""
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    assert np.isfinite(f.top_p(logits, 0.6)).sum() == 2 and np.isfinite(f.top_p(logits, 0.1)).sum() == 1


def what_is_removed_is_never_drawn(f):
    p = np.exp(f.top_k(np.array([5.0, 4.0, 3.0, 2.0]), 2))
    assert (p > 0).sum() == 2


def the_kept_are_enough_torch(g):
    logits = torch.tensor([[0.15, 0.5, 0.05, 0.3]], dtype=torch.float64).log()
    assert torch.isfinite(g.top_p(logits, 0.6))[0].tolist() == [False, True, False, True]


PAGES = {
    "architecture/encoder": Page(
        encoder_agrees,
        {
            "Padding is read": Bug("numpy", "real[..., None, None, :]", "True", nobody_reads_the_padding),
            "The norm inside the sum": Bug("numpy", "norm(x + np.maximum(x @ w_1, 0) @ w_2)", "x + norm(np.maximum(x @ w_1, 0) @ w_2)", rows_leave_normalised),
            "The polarity of the padding mask": Bug("torch", "~real", "real", nobody_reads_the_padding_torch),
            "The batch stands second": Bug("torch", "batch_first=True", "batch_first=False", texts_of_a_batch_are_strangers),
        },
        lambda: [f"{12 * 512**2:,}"],
    ),
    "architecture/decoder": Page(
        decoder_agrees,
        {
            "The future leaks": Bug("numpy", "np.tri(len(x), dtype=bool)", "True", the_past_does_not_move),
            "The source is not read": Bug("numpy", "attend(x, memory, ", "attend(x, x, ", the_source_counts),
            "Targets that are not shifted": Bug("torch", "targets[:, :-1]], dim=1)", "targets[:, 1:]], dim=1)", no_place_sees_its_own_target),
        },
        lambda: [f"{16 * 512**2:,}"],
    ),
    "architecture/cross_attention": Page(
        cross_agrees,
        {
            "Queries from the wrong side": Bug("numpy", "q, k, v = x @ w_q, context @ w_k, context @ w_v", "q, k, v = context @ w_q, x @ w_k, x @ w_v", as_many_rows_as_queries),
            "Padding of the source is read": Bug("numpy", "real[:, None, None]", "True", padding_of_the_source_is_not_read),
            "A causal mask between two texts": Bug("torch", "attn_mask=real[:, None, None]", "is_causal=True", order_of_the_source_does_not_count),
        },
        lambda: [f"{2 * 1000 * 512 * 2:,}"],
    ),
    "architecture/feed_forward": Page(
        feed_forward_agrees,
        {
            "The activation goes to the other factor": Bug("numpy", "gate, up = x @ w_gate, x @ w_up", "up, gate = x @ w_gate, x @ w_up", the_other_factor_is_free),
            "The exponential overflows": Bug("numpy", "np.exp(-np.logaddexp(0, -gate))", "1 / (1 + np.exp(-gate))", a_closed_gate_lets_nothing_through),
            "The other GELU": Bug("torch", '"tanh" if approximate else "none"', '"tanh"', gelu_of_one),
        },
        lambda: [f"{8 * 768**2:,}"],
    ),
    "architecture/normalisation": Page(
        norms_agree,
        {
            "Statistics along the wrong axis": Bug("numpy", "(-1, keepdims", "(-2, keepdims", a_row_is_its_own_affair),
            "Divided by d - 1": Bug("numpy", "x.var(-1, keepdims=True)", "x.var(-1, keepdims=True, ddof=1)", squares_average_to_one),
            "Pre-norm that adds to the normalised rows": Bug("torch", "x + layer(norm(x))", "norm(x) + layer(norm(x))", a_layer_of_zeros_changes_nothing),
        },
        lambda: [f"{2 * 4096:,}", f"{4096:,}"],
    ),
    "architecture/residual_stream": Page(
        stream_agrees,
        {
            "The stream is not what is read": Bug("numpy", "norm(sum(parts))", "norm(parts[-1])", the_sum_is_what_is_read),
            "What came in is changed": Bug("torch", "x + self.layer(self.norm(x))", "x.add_(self.layer(self.norm(x)))", what_came_in_stays),
            "The scale that was never applied": Bug("torch", " / (2 * n_layers) ** 0.5", "", many_layers_write_like_one),
        },
        lambda: [f"{0.02 / (2 * 12) ** 0.5:.4f}"],
    ),
    "architecture/implementation": Page(
        implementation_agrees,
        {
            "A part is not counted": Bug("numpy", "5 * 2 * d", "4 * 2 * d", no_part_is_missing),
            "Rows enter without their factor": Bug("torch", "self.table.shape[1] ** 0.5 * self.table[ids]", "self.table[ids]", rows_enter_with_size_one),
            "Six blocks that are one": Bug("torch", "make() for _ in range(n)", "[make()] * n", each_block_is_its_own),
        },
        lambda: [f"{transformer.n_parameters(transformer.Config(37_000, 37_000), shared=True):,}"],
    ),
    "architecture/training": Page(
        training_agrees,
        {
            "Padding in the mean": Bug("numpy", "[targets != ignore].mean()", ".mean()", padding_costs_nothing),
            "The warm-up never ends": Bug("numpy", "min(step**-0.5, step * warmup**-1.5)", "step * warmup**-1.5", the_peak_is_at_the_end_of_the_warm_up),
            "Clipped after the step": Bug(
                "torch",
                "torch.nn.utils.clip_grad_norm_(model.parameters(), longest)\n    optimiser.step()",
                "optimiser.step()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), longest)",
                a_step_is_no_longer_than_allowed,
            ),
            "Gradients add up": Bug("torch", "optimiser.zero_grad()", "pass", steps_do_not_add_up),
        },
        lambda: [f"{(512 * 4000) ** -0.5:.5f}", "16"],
    ),
    "architecture/decoding": Page(
        decoding_agrees,
        {
            "The token that crosses p is dropped": Bug("numpy", "cumsum(axis=-1) - sorted_p", "cumsum(axis=-1)", the_kept_are_enough),
            "Removed, but not quite": Bug("numpy", "logits < kth, -np.inf", "logits < kth, 0", what_is_removed_is_never_drawn),
            "The order is not undone": Bug("torch", "drop.scatter(-1, order, drop)", "drop", the_kept_are_enough_torch),
        },
        lambda: [f"{cost.cache_bytes(1000, 6, 8, 64):,}"],
    ),
}

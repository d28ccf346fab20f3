"""One call of every public function, with small arguments: what the tests of this folder repeat in odd worlds."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import torch
from compare import normal

from attnlab import attention, data, generation, layers, masks, positions, reference, training
from attnlab.attention import graph, scoring
from attnlab.attention.sinks import extra_key
from attnlab.cache import ModelCache
from attnlab.data import animals, handwriting, manual, masking, spans, translation, wardrobe
from attnlab.data.prose import prose
from attnlab.studies.observe import observed
from attnlab.tokens.published import words_and_digits
from attnlab.exercises import EXERCISES
from attnlab.mixers import delta, state_space
from attnlab.kernels import cost, merge, occupancy, ring_plan, textbook, traffic
from attnlab.kernels.flash import flash_attention
from attnlab.kernels.traffic import Memory, Slow
from attnlab.layers import LayerNorm, PreNorm, experts, patches, residual
from attnlab.mine import models as mine_models
from attnlab.mine import pieces as mine_pieces
from attnlab.mine import real as mine_real
from attnlab.mine import scores
from attnlab.mixers import features, linear, low_rank, selected, sparse
from attnlab.models import bert, gpt, minilm, seq2seq, transformer, vit, whisper
from attnlab.models import decoder, families, mixture, published, sizes
from attnlab.generation.speculative import stands
from attnlab.reference import blocked, decoding, recurrent, sampling, serving
from attnlab.reference import speculative as np_speculative
from attnlab.reference import graph as np_graph
from attnlab.reference import heads as np_heads
from attnlab.reference import latent as np_latent
from attnlab.reference import memory as np_memory
from attnlab.reference import sinks as np_sinks
from attnlab.reference.mixers import delta as np_delta
from attnlab.reference.mixers import state_space as np_state_space
from attnlab.reference import losses as np_losses
from attnlab.reference import optimisers as np_optimisers
from attnlab.reference import layers as np_layers
from attnlab.reference.layers import experts as np_experts
from attnlab.reference import positions as np_positions
from attnlab.reference.mixers import linear as np_linear
from attnlab.reference.mixers import selected as np_selected
from attnlab.reference.mixers import sparse as np_sparse
from attnlab.reference import residual as np_residual
from attnlab.reference import t5 as np_t5
from attnlab.reference import scoring as np_scoring
from attnlab.reference import gpt as np_gpt
from attnlab.reference import encoder_decoder, ngram, tiny
from attnlab.positions import planar
from attnlab.reference import vit as np_vit
from attnlab.reference.layers import patches as np_patches
from attnlab.studies import bugs, circuits, explain, probe, recall, rewriting, stream
from attnlab.tokens import bpe, merges, vocabulary, wordpiece
from attnlab.weights import gpt2, torch_transformer


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


def shares(*shape: int) -> np.ndarray:
    return reference.softmax(normal(0, *shape))


Q, K, V = normal(0, 2, 3, 5), normal(1, 2, 7, 5), normal(2, 2, 7, 11)
TQ, TK, TV = map(torch.tensor, (Q, K, V))
HEADS = (t(3, 2, 6, 3, 5), t(4, 2, 3, 7, 5), t(5, 2, 3, 7, 2))
HEADS_ALIKE = (t(3, 2, 6, 3, 5), t(4, 2, 6, 7, 5), t(5, 2, 6, 7, 2))
LATENTS = np_latent.Latents(*(normal(i, *size) for i, size in enumerate([(6, 6), (6, 6), (6, 4), (6, 2), (4, 6), (4, 6), (6, 6)])))
MASK = masks.causal(*masks.positions(3, 7))
EDGES = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 3])
TEDGES = tuple(map(torch.tensor, EDGES))
SPEEDS = np_positions.frequencies(8)
TSPEEDS = positions.frequencies(8)
TINY = tiny.load()
ROWS = normal(0, 5, 16)
NAMES = np_gpt.load()
NAME_ROWS = normal(0, 5, 24)
COUNTED = ngram.count([[0, 1, 2, 0], [1, 1]], 3, 4)
SMALL = encoder_decoder.load()
SMALL_ROWS, SMALL_MEMORY = normal(0, 3, 8), normal(1, 2, 8)
AT, NP_AT = torch.arange(5), np.arange(5)
TABLE = normal(7, 9, 5)
INDEX = np_positions.relative_index(np.arange(3), np.arange(7), 4)
WEIGHTS = shares(2, 4, 4)
CODES = np.array([[0, 4, 2], [1, 1, 3]])
PIECES = wordpiece.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"])
SIZES = transformer.Config(11, 11, 6, 3, 13, 2, 7, 0.0)
SOUND = whisper.Config(vocab_size=11, n_frequencies=3, n_frames=5, max_len=7, d_model=6, n_heads=3, n_layers=2)
GPT_SIZES = gpt.Config(11, 7, 6, 3, 2, 13, 0.0)
GPT2 = {f"transformer.{name}": t(i, *shape) for i, (name, shape) in enumerate({
    "wte.weight": (11, 6), "wpe.weight": (7, 6), "ln_f.weight": (6,), "ln_f.bias": (6,), "h.0.ln_1.weight": (6,), "h.0.ln_1.bias": (6,),
    "h.0.ln_2.weight": (6,), "h.0.ln_2.bias": (6,), "h.0.attn.c_attn.weight": (6, 18), "h.0.attn.c_attn.bias": (18,),
    "h.0.attn.c_proj.weight": (6, 6), "h.0.attn.c_proj.bias": (6,), "h.0.mlp.c_fc.weight": (6, 13), "h.0.mlp.c_fc.bias": (13,),
    "h.0.mlp.c_proj.weight": (13, 6), "h.0.mlp.c_proj.bias": (6,)}.items())}
WITH_LAST = transformer.Transformer(SIZES, last=LayerNorm).state_dict()
GRU = recurrent.Gru(normal(1, 12, 3), normal(2, 12, 4), normal(3, 12), normal(4, 12))
NP_FEED = np_layers.FeedForward(normal(1, 5, 7), normal(2, 7), normal(3, 7, 4), normal(4, 4))
NP_GATED = np_layers.Gated(normal(1, 5, 7), normal(2, 5, 7), normal(3, 7, 4))
NP_ROUTING = np_experts.route(normal(0, 2, 3, 5), 2)
PROJECTIONS = np_heads.Projections(normal(1, 6, 6), normal(2, 6, 3), normal(3, 6, 3), normal(4, 6, 6))
PROJECTIONS_ALIKE = np_heads.Projections(*(normal(i, 6, 6) for i in range(4)))
JOBS = [serving.Job(0, 2, 3), serving.Job(0, 1, 4), serving.Job(1, 3, 2)]
VIT = vit.Config(side=6, patch=2, channels=2, d_model=6, n_heads=3, d_ff=7, n_layers=2, n_registers=2)
READER, PICTURES = np_vit.load(), np_vit.samples()[0][:2]


def FAMILY():
    """A decoder with a window, norms of its queries and keys, and numbers that are the same every time."""
    model = families.gemma3(decoder.Config(11, 6, 2, 3, 1, 4, 7, 9), 2, "LG").double()
    with torch.no_grad():
        for i, weight in enumerate(model.parameters()):
            weight.copy_(t(i, *weight.shape))
    return model


FADING = {"gated_delta_rule": (2, 7), "channel_delta_rule": (2, 7, 5)}
DELTA = {"summed": (K, K, V), "delta_rule": (K, K, V, normal(8, 2, 7)), **{
    name: (K, K, V, normal(8, 2, 7), -np.abs(normal(9, *shape))) for name, shape in FADING.items()}}  # fmt: skip
SCANNED = (K, K, V, -np.abs(normal(9, 2, 7)))
PATTERNS = np.sign(normal(10, 4, 11))


def tensors(arrays) -> tuple:
    return tuple(map(torch.tensor, arrays))


def moved(run, *sizes) -> tuple[np.ndarray, int]:
    memory = Memory(1009)
    return run(memory, *(Slow(x) for x in normal(0, 3, 13, 5))).numpy(), memory.traffic


def absorbed(scores: np.ndarray, v: np.ndarray) -> blocked.Running:
    """The state after one block; `absorb` turns the scores it is given into weights, so it is given a copy."""
    state = blocked.start(3, 5)
    blocked.absorb(state, np.array(scores), v)
    return state


def wrote(function, *arguments, **options) -> list:
    """What `function` writes with a step that favours the id after the last."""

    def step(ids, cache):
        return -((torch.arange(7) - ids[:, -1:] - 1) % 7).double()

    return list(function(step, torch.tensor([[3], [4]]), *arguments, **options))


def after(ids) -> np.ndarray:
    """Logits that favour the id after the last."""
    return -((np.arange(5) - (ids[-1] if ids else 2) - 1) % 5).astype(float)


def first_batches(lengths, size, seed) -> list:
    return list(itertools.islice(data.by_length(lengths, size, seed), 5))


def learned_merges(texts, vocab_size) -> list:
    return list(bpe.train(texts, vocab_size).merges)


def an_epoch(lengths, budget) -> list:
    return training.by_length(lengths, budget, np.random.default_rng(0))


# name of the function: (the function, its arguments)
CALLS = {
    "attention.core.attention": (attention.attention, (TQ, TK, TV, torch.tensor(MASK), t(6, 3, 7), 0.5)),
    "attention.core.attention_weights": (attention.attention_weights, (TQ, TK, torch.tensor(MASK), t(6, 3, 7))),
    "attention.graph.edges_of": (graph.edges_of, (torch.tensor(MASK),)),
    "attention.graph.edge_softmax": (graph.edge_softmax, (t(0, 5), TEDGES[0], 4)),
    "attention.graph.message_passing": (graph.message_passing, (t(0, 5), t(1, 4, 3), *TEDGES, 3)),
    "attention.graph.dot_scores": (graph.dot_scores, (t(0, 3, 5), t(1, 4, 5), *TEDGES)),
    "attention.heads.split_heads": (attention.split_heads, (t(0, 2, 5, 6), 3)),
    "attention.heads.merge_heads": (attention.merge_heads, (t(0, 2, 3, 5, 7),)),
    "attention.heads.repeat_heads": (attention.repeat_heads, (t(0, 2, 3, 5, 7), 6)),
    "attention.heads.grouped_attention": (attention.grouped_attention, HEADS),
    "attention.parts.soft_cap": (attention.soft_cap, (t(0, 2, 3), 0.7)),
    "attention.parts.weights_of": (functools.partial(attention.weights_of, attention.grouped_attention), HEADS[:2]),
    "attention.sinks.sink_attention": (attention.sink_attention, (*HEADS_ALIKE, t(8, 6))),
    "attention.sinks.sink_weights": (attention.sink_weights, (*HEADS_ALIKE[:2], t(8, 6))),
    "attention.sinks.sink_gate": (attention.sink_gate, (*HEADS_ALIKE[:2], t(8, 6))),
    "attention.sinks.extra_key": (extra_key, (*HEADS_ALIKE[1:], t(8, 6), None, None)),
    "attention.scoring.dot": (scoring.dot, (TQ, TK)),
    "attention.scoring.scaled_dot": (scoring.scaled_dot, (TQ, TK)),
    "attention.scoring.general": (scoring.general, (TQ, t(9, 2, 7, 3), t(8, 5, 3))),
    "attention.scoring.additive": (scoring.additive, (TQ, TK, t(7, 5, 3), t(8, 5, 3), t(9, 3))),
    "attention.scoring.gaussian": (scoring.gaussian, (TQ, TK, 0.7)),
    "attention.scoring.kernel_regression": (scoring.kernel_regression, (TQ, TK, TV, 0.7)),
    "data.batches.split": (data.split, (list(range(11)), 3, 0)),
    "data.batches.by_length": (first_batches, ([3, 1, 4, 1, 5, 9, 2], 2, 0)),
    "data.names.names": (data.names, (5, 0)),
    "data.handwriting.handwritten": (handwriting.handwritten, ()),
    "data.handwriting.handwritten_split": (handwriting.handwritten_split, (5, 0)),
    "data.handwriting.shifted": (lambda x: handwriting.shifted(x, 1, -2), (normal(0, 2, 3, 5),)),
    "layers.patches.patches": (patches.patches, (t(0, 2, 3, 4, 6), 2)),
    "layers.patches.from_patches": (patches.from_patches, (t(0, 2, 6, 12), 2, 4, 6)),
    "positions.planar.planar_angles": (planar.planar_angles, (2, 3, TSPEEDS)),
    "models.vit.n_parameters": (vit.n_parameters, (VIT, 3)),
    "reference.layers.patches.patches": (np_patches.patches, (normal(0, 2, 3, 4, 6), 2)),
    "reference.layers.patches.from_patches": (np_patches.from_patches, (normal(0, 2, 6, 12), 2, 4, 6)),
    "reference.vit.load": (np_vit.load, ()),
    "reference.vit.samples": (np_vit.samples, ()),
    "reference.vit.n_parameters": (np_vit.n_parameters, (READER,)),
    "reference.vit.embed": (lambda x: np_vit.embed(READER, x), (PICTURES,)),
    "reference.vit.block_output": (lambda x: np_vit.block_output(x, READER.blocks[0], 2), (normal(0, 2, 5, 20),)),
    "reference.vit.states": (lambda x: np_vit.states(READER, x), (PICTURES,)),
    "reference.vit.logits": (lambda x: np_vit.logits(READER, x), (PICTURES,)),
    "reference.vit.weights": (lambda x: np_vit.weights(READER, x), (PICTURES,)),
    "data.translation.formula_pairs": (data.formula_pairs, (7, 3, 0)),
    "data.translation.infix": (translation.infix, (("*", "2", ("+", "3", "4")),)),
    "data.translation.postfix": (translation.postfix, (("*", "2", ("+", "3", "4")),)),
    "data.numbers.english": (data.english, (742,)),
    "data.numbers.german": (data.german, (742,)),
    "data.numbers.digits": (data.digits, (742,)),
    "data.numbers.number_pairs": (data.number_pairs, (5, 1000)),
    "data.tasks.reverse": (data.reverse, (3, 5, 7, 0)),
    "data.tasks.recall": (data.recall, (3, 4, 7, 5, 0)),
    "data.spans.span_lengths": (spans.span_lengths, (500, 0.15, 3.0)),
    "data.spans.span_mask": (lambda: spans.span_mask(23, np.random.default_rng(0)), ()),
    "data.spans.corrupt": (spans.corrupt, (list("abcde"), [False, True, True, False, True], ["<X>", "<Y>", "<Z>"])),
    "data.wardrobe.wardrobe_texts": (wardrobe.wardrobe_texts, (2,)),
    "data.wardrobe.wardrobe_split": (wardrobe.wardrobe_split, (2, 0.25, 0)),
    "generation.beam.beam": (lambda: wrote(generation.beam, 4, 2, length_penalty=0.6), ()),
    "generation.beam.penalty": (generation.penalty, (7, 0.6)),
    "generation.filters.min_p": (generation.min_p, (t(0, 3, 7), 0.3)),
    "generation.filters.temperature": (generation.temperature, (t(0, 3, 7), 0.7)),
    "generation.filters.top_k": (generation.top_k, (t(0, 3, 7), 2)),
    "generation.filters.top_p": (generation.top_p, (t(0, 3, 7), 0.6)),
    "generation.write.draw": (lambda x: generation.draw(x, torch.Generator().manual_seed(0)), (t(0, 3, 7),)),
    "generation.write.greedy": (lambda: wrote(generation.greedy, 4), ()),
    "generation.write.sample": (lambda: wrote(generation.sample, 4, torch.Generator().manual_seed(0)), ()),
    "kernels.cost.attention_flops": (cost.attention_flops, (5, 7, 11, 13, 2, True)),
    "kernels.cost.layer_flops": (cost.layer_flops, (5, 7)),
    "kernels.cost.score_bytes": (cost.score_bytes, (5, 7)),
    "generation.speculative.speculative": (
        lambda: list(generation.speculative(lambda x: t(0, 7, 5)[x], lambda x: t(1, 7, 5)[x], torch.tensor([[3]]), 4, torch.Generator().manual_seed(0))[:1]),
        (),
    ),
    "generation.speculative.stands": (
        lambda p, q: list(stands(torch.tensor([1, 0]), p, q, torch.Generator().manual_seed(0))),
        (t(0, 3, 5).softmax(-1), t(1, 2, 5).softmax(-1)),
    ),
    "kernels.cost.cache_bytes": (cost.cache_bytes, (5, 7, 3, 11)),
    "kernels.cost.intensity": (cost.intensity, (100.0, 7.0)),
    "kernels.cost.attainable": (cost.attainable, (3.5, 100.0, 7.0)),
    "kernels.flash.flash_attention": (flash_attention, HEADS),
    "kernels.merge.merge": (merge.merge, (t(0, 3, 5), t(1, 3), t(2, 3, 5), t(3, 3))),
    "kernels.occupancy.shared_bytes": (occupancy.shared_bytes, (64, 32, 64, 64)),
    "kernels.occupancy.resident": (occupancy.resident, (occupancy.A100, 4, 128, 40000)),
    "kernels.ring_plan.source": (ring_plan.source, (2, 3, 5)),
    "kernels.ring_plan.contiguous": (ring_plan.contiguous, (12, 3)),
    "kernels.ring_plan.striped": (ring_plan.striped, (12, 3)),
    "kernels.ring_plan.zigzag": (ring_plan.zigzag, (12, 3)),
    "kernels.ring_plan.causal_work": (ring_plan.causal_work, (ring_plan.zigzag(12, 3),)),
    "kernels.ring_plan.finish": (ring_plan.finish, (ring_plan.causal_work(ring_plan.zigzag(12, 3)),)),
    "kernels.ring_plan.bytes_sent": (ring_plan.bytes_sent, (3, 5, 2, 7, 11)),
    "kernels.textbook.forward": (textbook.forward, (TQ[0], TK[0], TV[0], torch.tensor(MASK), 2, 3)),
    "kernels.traffic.standard": (lambda: moved(traffic.standard), ()),
    "kernels.traffic.flash_1": (lambda: moved(traffic.flash_1), ()),
    "kernels.traffic.flash_2": (lambda: moved(traffic.flash_2), ()),
    "kernels.traffic.standard_traffic": (traffic.standard_traffic, (97, 7, 1009)),
    "kernels.traffic.flash_1_blocks": (traffic.flash_1_blocks, (97, 7, 1009)),
    "kernels.traffic.flash_1_traffic": (traffic.flash_1_traffic, (97, 7, 1009)),
    "kernels.traffic.flash_2_blocks": (traffic.flash_2_blocks, (97, 7, 1009, 16)),
    "kernels.traffic.flash_2_traffic": (traffic.flash_2_traffic, (97, 7, 1009)),
    "mixers.features.directions": (lambda m, d_k: features.directions(m, d_k, torch.Generator().manual_seed(0)), (7, 3)),
    "mixers.features.orthogonal_directions": (features.orthogonal_directions, (t(0, 7, 3),)),
    "mixers.features.positive_features": (features.positive_features, (t(0, 2, 5, 3), t(1, 7, 3))),
    "mixers.features.trigonometric_features": (features.trigonometric_features, (t(0, 2, 5, 3), t(1, 7, 3))),
    "mixers.linear.causal_linear_attention": (linear.causal_linear_attention, (TK, TK, TV)),
    "mixers.linear.elu_plus_one": (linear.elu_plus_one, (t(0, 3, 5),)),
    "mixers.linear.linear_attention": (linear.linear_attention, (TQ, TK, TV)),
    "mixers.linear.masked_product": (linear.masked_product, (TK, TK, TV)),
    "mixers.linear.prefix_sums": (linear.prefix_sums, (TK, TK, TV)),
    "mixers.linear.step": (lambda q, k, v: linear.step(linear.start(3, 2, v[..., None, :]), q, k, v), (t(0, 5, 3), t(1, 5, 3), t(2, 5, 2))),
    "mixers.low_rank.linformer": (low_rank.linformer, (TK, TK, TV, t(3, 3, 7), t(4, 3, 7))),
    "mixers.selected.best_blocks": (selected.best_blocks, (TK[:, :6], TK[:, :6], 2, 2)),
    "mixers.selected.best_keys": (selected.best_keys, (t(0, 2, 3, 7), 2, torch.tensor(MASK))),
    "mixers.selected.index_scores": (selected.index_scores, (t(0, 3, 2, 5), t(1, 7, 5), t(2, 3, 2))),
    "mixers.selected.indexer_loss": (selected.indexer_loss, (t(0, 4, 4), torch.tensor(WEIGHTS), torch.ones(4, 4, dtype=torch.bool))),
    "mixers.selected.mass_kept": (selected.mass_kept, (torch.tensor(WEIGHTS), torch.ones(4, 4, dtype=torch.bool).tril())),
    "mixers.selected.places": (selected.places, (torch.tensor(MASK),)),
    "mixers.selected.selected_attention": (selected.selected_attention, (TQ[0], TK[0], TV[0], selected.places(torch.tensor(MASK)))),
    "mixers.sparse.big_bird": (sparse.big_bird, (2, 3, 0, 1, torch.tensor([[1], [0]]))),
    "mixers.sparse.block_sparse_attention": (sparse.block_sparse_attention, (TK[:, :6], TK[:, :6], TV[:, :6], torch.ones(6, 6, dtype=torch.bool).tril(), 2)),
    "mixers.sparse.drawn": (sparse.drawn, (torch.tensor([[1], [0]]),)),
    "mixers.sparse.hops": (sparse.hops, (torch.ones(5, 5, dtype=torch.bool).tril(),)),
    "mixers.sparse.leading": (sparse.leading, (AT, AT, 2)),
    "mixers.sparse.local": (sparse.local, (AT, AT, 2)),
    "mixers.sparse.occupied": (sparse.occupied, (torch.eye(6, dtype=torch.bool), 2)),
    "mixers.sparse.spread": (sparse.spread, (torch.eye(3, dtype=torch.bool), 2)),
    "mixers.sparse.strided": (sparse.strided, (AT, AT, 2)),
    "layers.experts.admitted": (experts.admitted, (torch.tensor(CODES) % 3, 1)),
    "layers.experts.balance_loss": (experts.balance_loss, (experts.route(t(0, 2, 3, 5), 2),)),
    "layers.experts.best_groups": (experts.best_groups, (t(0, 2, 3, 6), 3, 2)),
    "layers.experts.capacity": (experts.capacity, (12, 4, 2, 1.25)),
    "layers.experts.loads": (experts.loads, (torch.tensor(CODES), 5)),
    "layers.experts.nudged": (experts.nudged, (t(0, 5), torch.tensor(CODES), 0.1)),
    "layers.experts.route": (layers.route, (t(0, 2, 3, 5), 2, t(1, 5))),
    "layers.experts.shares": (experts.shares, (t(0, 2, 3, 5).exp(),)),
    "layers.experts.softmax": (experts.softmax, (t(0, 2, 3, 5),)),
    "layers.experts.unchanged": (experts.unchanged, (t(0, 2, 3, 5),)),
    "layers.residual.sinkhorn": (residual.sinkhorn, (t(0, 2, 5, 3), 4)),
    "layers.feedforward.relu": (layers.relu, (t(0, 3, 5),)),
    "layers.feedforward.gelu": (layers.gelu, (t(0, 3, 5),)),
    "layers.feedforward.gelu_tanh": (layers.gelu_tanh, (t(0, 3, 5),)),
    "layers.feedforward.silu": (layers.silu, (t(0, 3, 5),)),
    "layers.norms.layer_norm": (layers.layer_norm, (t(0, 2, 3, 5), t(1, 5), t(2, 5), 0.1)),
    "layers.norms.rms_norm": (layers.rms_norm, (t(0, 2, 3, 5), t(1, 5), 0.1)),
    "mine.models.around": (mine_models.around(reference.softmax), (Q, K, V, MASK)),
    "mine.models.same_names": (lambda: mine_models.same_names(2, mine_models.for_names(mine_models.COURSE)), ()),
    "mine.models.step_by_step": (functools.partial(mine_models.step_by_step, mine_models.COURSE), (np.array([1, 4, 2]),)),
    "mine.models.number_translator": (lambda: mine_models.number_translator().source_table, ()),
    "mine.pieces.by_exercise": (mine_pieces.by_exercise, ()),
    "mine.real.turned": (functools.partial(mine_real.turned, mine_models.COURSE), (normal(0, 3, 5, 8), 100.0)),
    "mine.scores.bytes_moved": (lambda: scores.bytes_moved(mine_pieces.course("my_attention")), ()),
    "mine.scores.tiles_visited": (lambda: scores.tiles_visited(mine_pieces.course("my_attention")), ()),
    "mine.scores.operations": (lambda: scores.operations(EXERCISES["self_attention.masked_attention"].solution), ()),
    "mine.scores.lines": (scores.lines, ("y = 1\nz = 2\n",)),
    "masks.causal": (masks.causal, (NP_AT, NP_AT)),
    "masks.window": (masks.window, (AT, AT, 2)),
    "masks.padding": (masks.padding, (np.array([3, 0, 5]), 5)),
    "masks.positions": (masks.positions, (3, 7)),
    "data.animals.clauses": (animals.clauses, ()),
    "data.animals.texts": (animals.texts, ()),
    "data.animals.split_texts": (animals.split_texts, (0.25, 3)),
    "data.manual.sentences": (manual.sentences, ()),
    "data.masking.mask_tokens": (lambda ids, words: masking.mask_tokens(ids, words, 4, np.random.default_rng(0)), (CODES + 5, np.arange(5, 10))),
    "data.masking.mask_each": (lambda ids: masking.mask_each(ids, np.arange(5, 10), 4), (CODES[0] + 5,)),
    "models.bert.n_parameters": (bert.n_parameters, (bert.Config(11, 7, 6, 3, 2, 13),)),
    "models.minilm.batch": (lambda texts: minilm.batch(PIECES, texts), (["a", "a a"],)),
    "models.minilm.mean_pool": (minilm.mean_pool, (t(0, 2, 5, 3), torch.arange(5) < torch.tensor([[3], [5]]))),
    "positions.bias.t5_buckets": (positions.t5_buckets, (AT, AT, 8, 16, True)),
    "positions.bias.alibi_slopes": (positions.alibi_slopes, (6,)),
    "positions.bias.alibi": (positions.alibi, (6, AT, AT)),
    "positions.relative.relative_index": (positions.relative_index, (AT, AT, 2)),
    "positions.relative.shaw_bias": (positions.shaw_bias, (TQ, torch.tensor(TABLE), torch.tensor(INDEX))),
    "positions.relative.shaw_mix": (positions.shaw_mix, (torch.tensor(shares(2, 3, 7)), t(7, 9, 5), torch.tensor(INDEX))),
    "positions.rotary.rotate_adjacent": (positions.rotate_adjacent, (t(0, 2, 5, 8), positions.angles(AT, TSPEEDS))),
    "positions.rotary.rotate_halves": (positions.rotate_halves, (t(0, 2, 5, 8), positions.angles(AT, TSPEEDS))),
    "positions.rotary.adjacent_to_halves": (positions.adjacent_to_halves, (8,)),
    "positions.rotary.rotary": (positions.rotary, (t(0, 2, 5, 8), AT)),
    "positions.scaling.interpolated": (positions.interpolated, (TSPEEDS, 4.0)),
    "positions.scaling.ntk_aware": (positions.ntk_aware, (TSPEEDS, 4.0)),
    "positions.scaling.dynamic_ntk": (positions.dynamic_ntk, (TSPEEDS, 4.0, 64, 100)),
    "positions.scaling.kept_by_turns": (positions.kept_by_turns, (TSPEEDS, 64)),
    "positions.scaling.kept_by_index": (positions.kept_by_index, (TSPEEDS, 64)),
    "positions.scaling.yarn": (positions.yarn, (TSPEEDS, 4.0, 64)),
    "positions.scaling.yarn_scale": (positions.yarn_scale, (4.0,)),
    "positions.scaling.llama3": (positions.llama3, (TSPEEDS, 4.0, 64)),
    "positions.scaling.longrope": (positions.longrope, (TSPEEDS, torch.tensor([1.0, 2.0, 3.0, 4.0]))),
    "positions.scaling.longrope_scale": (positions.longrope_scale, (4.0, 64)),
    "positions.scaling.proportional": (positions.proportional, (TSPEEDS, 0.5, 2.0)),
    "positions.sinusoidal.frequencies": (positions.frequencies, (8, 100.0)),
    "positions.sinusoidal.angles": (positions.angles, (AT, TSPEEDS)),
    "positions.sinusoidal.sinusoidal": (positions.sinusoidal, (AT, 8)),
    "reference.t5.relative_bias": (lambda: np_t5.relative_bias(np_t5.Stack((), normal(0, 8, 3), np.ones(4), 16), NP_AT, NP_AT, True), ()),
    "reference.t5.relu_network": (np_t5.relu_network, (normal(0, 3, 5), normal(1, 5, 7), normal(2, 7, 5))),
    "reference.t5.look": (lambda x, b: np_t5.look(x, x, PROJECTIONS_ALIKE, b, np.tri(5, dtype=bool)), (normal(0, 5, 6), normal(1, 2, 5, 5))),
    "reference.tiny.load": (tiny.load, ()),
    "reference.tiny.n_parameters": (tiny.n_parameters, (TINY,)),
    "reference.tiny.encode": (tiny.encode, (TINY, "red hat , red")),
    "reference.tiny.embed": (tiny.embed, (TINY, [0, 4, 8])),
    "reference.tiny.normalise": (tiny.normalise, (ROWS,)),
    "reference.tiny.look": (lambda x: tiny.look(x, TINY.blocks[0]), (ROWS,)),
    "reference.tiny.weights": (lambda x: tiny.weights(x, TINY.blocks[0]), (ROWS,)),
    "reference.tiny.think": (lambda x: tiny.think(x, TINY.blocks[0]), (ROWS,)),
    "reference.tiny.states": (tiny.states, (TINY, [0, 4, 8])),
    "reference.tiny.scores": (lambda x: tiny.scores(TINY, x), (ROWS,)),
    "reference.tiny.logits": (tiny.logits, (TINY, [0, 4, 8])),
    "reference.encoder_decoder.load": (encoder_decoder.load, ()),
    "reference.encoder_decoder.ids_of": (encoder_decoder.ids_of, (SMALL.source_words, "forty three")),
    "reference.encoder_decoder.embed": (encoder_decoder.embed, (SMALL.source_table, [5, 13])),
    "reference.encoder_decoder.encoder_block": (lambda x: encoder_decoder.encoder_block(x, SMALL.encoder[0], 2), (SMALL_ROWS,)),
    "reference.encoder_decoder.decoder_block": (lambda x, y: encoder_decoder.decoder_block(x, y, SMALL.decoder[0], 2), (SMALL_ROWS, SMALL_MEMORY)),
    "reference.encoder_decoder.add_norm": (lambda x, y: encoder_decoder.add_norm(x, y, SMALL.encoder[0].feed_norm), (SMALL_ROWS, SMALL_ROWS)),
    "reference.encoder_decoder.encode": (encoder_decoder.encode, (SMALL, [5, 13])),
    "reference.encoder_decoder.decode": (lambda y: encoder_decoder.decode(SMALL, [1, 13], y), (SMALL_MEMORY,)),
    "reference.encoder_decoder.logits": (encoder_decoder.logits, (SMALL, [5, 13], [1, 13])),
    "reference.encoder_decoder.translate": (encoder_decoder.translate, (SMALL, "forty three")),
    "reference.encoder_decoder.n_parameters": (encoder_decoder.n_parameters, (SMALL,)),
    "reference.attention.attention": (reference.attention, (Q, K, V, MASK, normal(6, 3, 7), 0.5)),
    "reference.attention.attention_weights": (reference.attention_weights, (Q, K, MASK)),
    "reference.attention.attention_gradient": (reference.attention_gradient, (Q, K, V, normal(9, 2, 3, 11), MASK)),
    "reference.blocked.start": (blocked.start, (3, 5)),
    "reference.blocked.absorb": (lambda scores, v: absorbed(scores, v).total, (normal(0, 3, 7), normal(1, 7, 5))),
    "reference.blocked.finish": (lambda scores, v: blocked.finish(absorbed(scores, v)), (normal(0, 3, 7), normal(1, 7, 5))),
    "reference.blocked.blocked_attention": (blocked.blocked_attention, (Q, K, V, (2, 3))),
    "reference.blocked.blocked_gradient": (blocked.blocked_gradient,
                                           (Q, K, V, *blocked.blocked_attention(Q, K, V), normal(9, 2, 3, 11), (2, 3))),
    "reference.blocked.merge": (blocked.merge, (normal(0, 3, 5), normal(1, 3), normal(2, 3, 5), normal(3, 3))),
    "reference.graph.edges_of": (np_graph.edges_of, (MASK,)),
    "reference.graph.edge_softmax": (np_graph.edge_softmax, (normal(0, 5), EDGES[0], 4)),
    "reference.graph.collect": (np_graph.collect, (normal(0, 5, 3), EDGES[0], 4)),
    "reference.graph.message_passing": (np_graph.message_passing, (normal(0, 5), normal(1, 4, 3), *EDGES, 3)),
    "reference.graph.dot_scores": (np_graph.dot_scores, (normal(0, 3, 5), normal(1, 4, 5), *EDGES)),
    "reference.graph.gat_scores": (np_graph.gat_scores, (normal(0, 4, 5), normal(1, 2, 5), *EDGES, 0.2)),
    "reference.graph.gatv2_scores": (np_graph.gatv2_scores, (normal(0, 4, 5), normal(2, 4, 5), normal(1, 5), *EDGES, 0.2)),
    "reference.graph.leaky_relu": (np_graph.leaky_relu, (normal(0, 3, 5), 0.2)),
    "reference.graph.walks": (np_graph.walks, (np.tri(4, dtype=bool), 3)),
    "reference.graph.reach": (np_graph.reach, (np.tri(4, dtype=bool), 3)),
    **{f"reference.mixers.delta.{name}": (getattr(np_delta, name), given) for name, given in DELTA.items()},
    **{f"mixers.delta.{name}": (getattr(delta, name), tensors(given)) for name, given in DELTA.items()},
    "reference.mixers.delta.write_sum": (np_delta.write_sum, (normal(0, 5, 11), K[0, 0], V[0, 0])),
    "reference.mixers.delta.write_delta": (np_delta.write_delta, (normal(0, 5, 11), K[0, 0], V[0, 0], 0.5)),
    "reference.mixers.state_space.scan": (np_state_space.scan, SCANNED),
    "reference.mixers.state_space.masked_product": (np_state_space.masked_product, SCANNED),
    "reference.mixers.state_space.decay_mask": (np_state_space.decay_mask, SCANNED[3:]),
    "mixers.state_space.scan": (state_space.scan, tensors(SCANNED)),
    "mixers.state_space.masked_product": (state_space.masked_product, tensors(SCANNED)),
    "mixers.state_space.decay_mask": (state_space.decay_mask, tensors(SCANNED[3:])),
    "reference.memory.look_up": (np_memory.look_up, (Q, K[0], V[0], 0.5)),
    "reference.memory.erase_add": (np_memory.erase_add, (normal(0, 4, 11), shares(4), shares(11), normal(1, 11))),
    "reference.memory.store": (np_memory.store, (PATTERNS,)),
    "reference.memory.settle": (np_memory.settle, (np_memory.store(PATTERNS), PATTERNS, 3)),
    "reference.memory.energy": (np_memory.energy, (np_memory.store(PATTERNS), PATTERNS)),
    "reference.memory.modern_step": (np_memory.modern_step, (normal(0, 2, 11), PATTERNS, 0.5)),
    "reference.memory.modern_energy": (np_memory.modern_energy, (normal(0, 2, 11), PATTERNS, 0.5)),
    "studies.rewriting.cosine_of_last": (lambda *given: rewriting.cosine_of_last(*given, np_delta.write_delta), (K[0], np.array([0, 2, 0]), V[0][:3])),
    "studies.recall.looking_back": (recall.looking_back, (TQ, TK, TV, t(8, 2, 7))),
    "studies.recall.looking_back_lately": (recall.looking_back_lately, (TQ, TK, TV, t(8, 2, 7))),
    "studies.recall.adding": (recall.adding, (TQ, TK, TV, t(8, 2, 7))),
    "studies.recall.erasing": (recall.erasing, (TQ, TK, TV, t(8, 2, 7))),
    "reference.sinks.sink_attention": (np_sinks.sink_attention, (Q, K, V, np.array([0.5, -1.0]), MASK)),
    "reference.sinks.sink_weights": (np_sinks.sink_weights, (Q, K, np.array([0.5, -1.0]), MASK)),
    "reference.latent.latent_attention": (lambda x: np_latent.latent_attention(x, LATENTS, 3), (normal(0, 2, 5, 6),)),
    "reference.latent.latent_attention_absorbed": (
        lambda x: np_latent.latent_attention_absorbed(x, LATENTS, 3), (normal(0, 2, 5, 6),)),
    "reference.heads.split_heads": (np_heads.split_heads, (normal(0, 2, 5, 6), 3)),
    "reference.heads.merge_heads": (np_heads.merge_heads, (normal(0, 2, 3, 5, 7),)),
    "reference.heads.repeat_heads": (np_heads.repeat_heads, (normal(0, 2, 3, 5, 7), 6)),
    "reference.heads.multi_head": (lambda x: np_heads.multi_head(x, None, PROJECTIONS, 2, 1), (normal(0, 2, 5, 6),)),
    "reference.layers.norms.layer_norm": (np_layers.layer_norm, (normal(0, 2, 3, 5), normal(1, 5), normal(2, 5), 0.1)),
    "reference.layers.norms.layer_norm_gradient": (np_layers.layer_norm_gradient,
                                                   (normal(0, 2, 3, 5), normal(3, 2, 3, 5), normal(1, 5), 0.1)),
    "reference.layers.norms.rms_norm": (np_layers.rms_norm, (normal(0, 2, 3, 5), normal(1, 5), 0.1)),
    "reference.layers.norms.rms_norm_gradient": (np_layers.rms_norm_gradient,
                                                 (normal(0, 2, 3, 5), normal(3, 2, 3, 5), normal(1, 5), 0.1)),
    "reference.layers.activations.relu": (np_layers.relu, (normal(0, 3, 5),)),
    "reference.layers.activations.relu_gradient": (np_layers.relu_gradient, (normal(0, 3, 5), normal(1, 3, 5))),
    "reference.layers.activations.gelu": (np_layers.gelu, (normal(0, 3, 5),)),
    "reference.layers.activations.gelu_gradient": (np_layers.gelu_gradient, (normal(0, 3, 5), normal(1, 3, 5))),
    "reference.layers.activations.gelu_tanh": (np_layers.gelu_tanh, (normal(0, 3, 5),)),
    "reference.layers.activations.gelu_tanh_gradient": (np_layers.gelu_tanh_gradient, (normal(0, 3, 5), normal(1, 3, 5))),
    "reference.layers.activations.silu": (np_layers.silu, (normal(0, 3, 5),)),
    "reference.layers.activations.silu_gradient": (np_layers.silu_gradient, (normal(0, 3, 5), normal(1, 3, 5))),
    "reference.layers.feedforward.feed_forward": (lambda x: np_layers.feed_forward(x, NP_FEED), (normal(0, 2, 3, 5),)),
    "reference.layers.feedforward.feed_forward_gradient": (lambda x, d: np_layers.feed_forward_gradient(x, NP_FEED, d),
                                                           (normal(0, 2, 3, 5), normal(5, 2, 3, 4))),
    "reference.layers.feedforward.gated_feed_forward": (lambda x: np_layers.gated_feed_forward(x, NP_GATED), (normal(0, 2, 3, 5),)),
    "reference.layers.feedforward.gated_feed_forward_gradient": (lambda x, d: np_layers.gated_feed_forward_gradient(x, NP_GATED, d),
                                                                 (normal(0, 2, 3, 5), normal(5, 2, 3, 4))),
    "reference.positions.bias.t5_buckets": (np_positions.t5_buckets, (NP_AT, NP_AT, 8, 16, False)),
    "reference.positions.bias.alibi_slopes": (np_positions.alibi_slopes, (6,)),
    "reference.positions.bias.alibi": (np_positions.alibi, (6, NP_AT, NP_AT)),
    "reference.positions.learned.learned": (np_positions.learned, (TABLE, NP_AT)),
    "reference.positions.relative.relative_index": (np_positions.relative_index, (NP_AT, NP_AT, 2)),
    "reference.positions.relative.shaw_bias": (np_positions.shaw_bias, (Q, TABLE, INDEX)),
    "reference.positions.relative.shaw_mix": (np_positions.shaw_mix, (shares(2, 3, 7), TABLE, INDEX)),
    "reference.positions.rotary.rotate_adjacent": (np_positions.rotate_adjacent,
                                                   (normal(0, 2, 5, 8), np_positions.angles(NP_AT, SPEEDS))),
    "reference.positions.rotary.rotate_halves": (np_positions.rotate_halves,
                                                 (normal(0, 2, 5, 8), np_positions.angles(NP_AT, SPEEDS))),
    "reference.positions.rotary.adjacent_to_halves": (np_positions.adjacent_to_halves, (8,)),
    "reference.positions.rotary.rotary": (np_positions.rotary, (normal(0, 2, 5, 8), NP_AT)),
    "reference.positions.scaling.interpolated": (np_positions.interpolated, (SPEEDS, 4.0)),
    "reference.positions.scaling.ntk_aware": (np_positions.ntk_aware, (SPEEDS, 4.0)),
    "reference.positions.scaling.dynamic_ntk": (np_positions.dynamic_ntk, (SPEEDS, 4.0, 64, 100)),
    "reference.positions.scaling.kept_by_turns": (np_positions.kept_by_turns, (SPEEDS, 64)),
    "reference.positions.scaling.kept_by_index": (np_positions.kept_by_index, (SPEEDS, 64)),
    "reference.positions.scaling.yarn": (np_positions.yarn, (SPEEDS, 4.0, 64)),
    "reference.positions.scaling.yarn_scale": (np_positions.yarn_scale, (4.0,)),
    "reference.positions.scaling.llama3": (np_positions.llama3, (SPEEDS, 4.0, 64)),
    "reference.positions.scaling.longrope": (np_positions.longrope, (SPEEDS, np.array([1.0, 2.0, 3.0, 4.0]))),
    "reference.positions.scaling.longrope_scale": (np_positions.longrope_scale, (4.0, 64)),
    "reference.positions.scaling.proportional": (np_positions.proportional, (SPEEDS, 0.5, 2.0)),
    "reference.positions.sinusoidal.frequencies": (np_positions.frequencies, (8, 100.0)),
    "reference.positions.sinusoidal.angles": (np_positions.angles, (NP_AT, SPEEDS)),
    "reference.positions.sinusoidal.sinusoidal": (np_positions.sinusoidal, (NP_AT, 8)),
    "reference.recurrent.gru": (lambda x, h: recurrent.gru(x, h, GRU), (normal(5, 2, 5, 3), normal(6, 2, 4))),
    "reference.recurrent.gru_step": (lambda x, h: recurrent.gru_step(x, h, GRU), (normal(5, 2, 3), normal(6, 2, 4))),
    "reference.mixers.linear.elu_plus_one": (np_linear.elu_plus_one, (normal(0, 3, 5),)),
    "reference.mixers.linear.linear_attention": (np_linear.linear_attention, (Q[0], K[0], V[0])),
    "reference.mixers.linear.linformer": (np_linear.linformer, (K[0], K[0], V[0], normal(3, 3, 7), normal(4, 3, 7))),
    "reference.mixers.linear.orthogonal_directions": (np_linear.orthogonal_directions, (normal(0, 7, 3),)),
    "reference.mixers.linear.positive_features": (np_linear.positive_features, (normal(0, 2, 5, 3), normal(1, 7, 3))),
    "reference.mixers.linear.step": (lambda q, k, v: np_linear.step(np_linear.start(3, 2), q, k, v), (normal(0, 3), normal(1, 3), normal(2, 2))),
    "reference.mixers.linear.trigonometric_features": (np_linear.trigonometric_features, (normal(0, 2, 5, 3), normal(1, 7, 3))),
    "reference.mixers.selected.best_blocks": (np_selected.best_blocks, (K[0], K[0], 2, 2)),
    "reference.mixers.selected.best_keys": (np_selected.best_keys, (normal(0, 3, 7), 2, MASK)),
    "reference.mixers.selected.index_scores": (np_selected.index_scores, (normal(0, 3, 2, 5), normal(1, 7, 5), normal(2, 3, 2))),
    "reference.mixers.selected.indexer_loss": (np_selected.indexer_loss, (normal(0, 4, 4), WEIGHTS, np.ones((4, 4), dtype=bool))),
    "reference.mixers.selected.mass_kept": (np_selected.mass_kept, (WEIGHTS[0], np.tri(4, dtype=bool))),
    "reference.mixers.sparse.big_bird": (np_sparse.big_bird, (2, 3, 0, 1, np.array([[1], [0]]))),
    "reference.mixers.sparse.drawn": (np_sparse.drawn, (np.array([[1], [0]]),)),
    "reference.mixers.sparse.hops": (np_sparse.hops, (np.tri(5, dtype=bool),)),
    "reference.mixers.sparse.leading": (np_sparse.leading, (5, 2)),
    "reference.mixers.sparse.local": (np_sparse.local, (5, 2)),
    "reference.mixers.sparse.occupied": (np_sparse.occupied, (np.eye(6, dtype=bool), 2)),
    "reference.mixers.sparse.strided": (np_sparse.strided, (5, 2)),
    "reference.layers.experts.admitted": (np_experts.admitted, (CODES % 3, 1)),
    "reference.layers.experts.balance_loss": (np_experts.balance_loss, (NP_ROUTING,)),
    "reference.layers.experts.balance_loss_gradient": (np_experts.balance_loss_gradient, (NP_ROUTING,)),
    "reference.layers.experts.best_groups": (np_experts.best_groups, (normal(0, 2, 3, 6), 3, 2)),
    "reference.layers.experts.capacity": (np_experts.capacity, (12, 4, 2, 1.25)),
    "reference.layers.experts.loads": (np_experts.loads, (CODES, 5)),
    "reference.layers.experts.mixture": (lambda x: np_experts.mixture(x, NP_ROUTING, [np.tanh] * 5), (normal(0, 2, 3, 5),)),
    "reference.layers.experts.nudged": (np_experts.nudged, (normal(0, 5), CODES, 0.1)),
    "reference.layers.experts.route": (np_experts.route, (normal(0, 2, 3, 5), 2, normal(1, 5))),
    "reference.layers.experts.route_gradient": (np_experts.route_gradient, (shares(3, 5), normal(0, 3, 5))),
    "reference.layers.experts.shares": (np_experts.shares, (shares(3, 5),)),
    "reference.layers.experts.sigmoid": (np_experts.sigmoid, (normal(0, 3, 5),)),
    "reference.layers.experts.unchanged": (np_experts.unchanged, (normal(0, 3, 5),)),
    "reference.residual.sinkhorn": (np_residual.sinkhorn, (normal(0, 2, 5, 3), 4)),
    "reference.residual.through_streams": (lambda x, r, w, m: np_residual.through_streams(x, np.tanh, r, w, m),
                                           (normal(0, 2, 5, 3, 7), normal(1, 3), normal(2, 3), normal(3, 3, 3))),
    "reference.residual.attention_over_layers": (np_residual.attention_over_layers, (normal(0, 2, 5, 3, 7), normal(1, 7))),
    "reference.scoring.dot": (np_scoring.dot, (Q, K)),
    "reference.scoring.scaled_dot": (np_scoring.scaled_dot, (Q, K)),
    "reference.scoring.general": (np_scoring.general, (Q, normal(9, 2, 7, 3), normal(8, 5, 3))),
    "reference.scoring.additive": (np_scoring.additive, (Q, K, normal(7, 5, 3), normal(8, 5, 3), normal(9, 3))),
    "reference.decoding.beam": (lambda: decoding.beam(after, 4, 2, 1, 0.6), ()),
    "reference.decoding.every_text": (lambda: decoding.every_text(after, 2, 1), ()),
    "reference.decoding.greedy": (lambda: decoding.greedy(after, 4, 1), ()),
    "reference.decoding.grow": (lambda: decoding.grow(after, [decoding.Text((2,), -0.5)]), ()),
    "reference.decoding.log_softmax": (decoding.log_softmax, (normal(0, 7),)),
    "reference.decoding.penalty": (decoding.penalty, (7, 0.6)),
    "reference.sampling.accept": (sampling.accept, (shares(7), shares(7)[::-1])),
    "reference.sampling.draw": (lambda x: sampling.draw(x, np.random.default_rng(0)), (normal(0, 3, 7),)),
    "reference.sampling.min_p": (sampling.min_p, (normal(0, 3, 7), 0.3)),
    "reference.sampling.temperature": (sampling.temperature, (normal(0, 3, 7), 0.7)),
    "reference.sampling.top_k": (sampling.top_k, (normal(0, 3, 7), 2)),
    "reference.sampling.top_p": (sampling.top_p, (normal(0, 3, 7), 0.6)),
    "reference.scoring.gaussian": (np_scoring.gaussian, (Q, K, 0.7)),
    "reference.scoring.kernel_regression": (np_scoring.kernel_regression, (Q, K, V, 0.7)),
    "reference.softmax.softmax": (reference.softmax, (Q, -1, 0.7)),
    "reference.losses.cross_entropy": (np_losses.cross_entropy, (normal(0, 2, 3, 5), CODES, 0.1)),
    "reference.losses.cross_entropy_gradient": (np_losses.cross_entropy_gradient, (normal(0, 2, 3, 5), CODES, 0.1)),
    "reference.gpt.following": (np_gpt.following, (NAMES, "mar")),
    "reference.gpt.look": (lambda x: np_gpt.look(x, NAMES.blocks[0], 2), (NAME_ROWS,)),
    "reference.gpt.think": (lambda x: np_gpt.think(x, NAMES.blocks[0]), (NAME_ROWS,)),
    "reference.ngram.surprise": (ngram.surprise, (COUNTED, [1, 2, 0])),
    "reference.optimisers.newton_schulz": (np_optimisers.newton_schulz, (normal(0, 5, 3), 4)),
    "data.prose.prose": (lambda: prose()[:2], ()),
    "models.gpt.n_parameters": (gpt.n_parameters, (GPT_SIZES,)),
    "weights.gpt2.from_gpt2": (gpt2.from_gpt2, (GPT2,)),
    "studies.probe.entropy": (probe.entropy, (WEIGHTS,)),
    "studies.probe.offset_mass": (probe.offset_mass, (WEIGHTS, -1)),
    "studies.probe.window_mass": (probe.window_mass, (WEIGHTS, 1)),
    "studies.probe.key_mass": (probe.key_mass, (WEIGHTS, 2)),
    "studies.probe.content_share": (probe.content_share, (shares(5, 2, 4, 4),)),
    "studies.probe.head_statistics": (probe.head_statistics, (WEIGHTS, 1)),
    "studies.probe.rollout": (probe.rollout, (shares(3, 2, 4, 4), 0.5)),
    "studies.explain.few_keys": (explain.few_keys, (shares(11), normal(0, 11, 3))),
    "studies.explain.effective": (explain.effective, (shares(5, 11), normal(0, 11, 3))),
    "studies.explain.rank_correlation": (explain.rank_correlation, (normal(0, 7), normal(1, 7))),
    "studies.circuits.diagonal": (circuits.diagonal, (t(0, 2, 5, 5), 1, 2)),
    "tokens.bpe.words": (bpe.words, ("they're  12 ways",)),
    "tokens.bpe.train": (learned_merges, (["the thin", "thing"], 260)),
    "studies.stream.stream": (stream.stream, (3, "post", 0.5, 7)),
    "studies.stream.slope": (stream.slope, (np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 1.0]))),
    "tokens.merges.most_frequent_pair": (merges.most_frequent_pair, (list("the thin"),)),
    "tokens.merges.join_pair": (merges.join_pair, (list("the thin"), ("t", "h"))),
    "tokens.vocabulary.pad": (vocabulary.pad, ([[3, 1], [4]],)),
    "tokens.wordpiece.words": (wordpiece.words, ("A small boat.",)),
    "tokens.wordpiece.pieces": (wordpiece.pieces, ("aab", {"aa": 0, "##b": 1})),
    "studies.observe.observed": (lambda ids: observed(FAMILY(), ids, silent=[(0, 1)]), (torch.tensor(CODES),)),
    "tokens.published.words_and_digits": (words_and_digits, ("they're  12 ways",)),
    "models.decoder.trace": (lambda ids: list(decoder.trace(FAMILY(), ids)), (torch.tensor(CODES),)),
    "models.sizes.parameters": (sizes.parameters, (sizes.PUBLISHED["DeepSeek-V3"],)),
    "models.sizes.active_parameters": (sizes.active_parameters, (sizes.PUBLISHED["Mixtral 8x7B"],)),
    "models.sizes.operations": (sizes.operations, (sizes.PUBLISHED["Gemma 3 1B"], 5)),
    "models.sizes.cache_bytes": (sizes.cache_bytes, ("Gemma 3 1B", 5)),
    "reference.serving.check_jobs": (serving.check_jobs, (JOBS, 2)),
    "reference.serving.continuous": (serving.continuous, (JOBS, 2)),
    "reference.serving.n_steps": (serving.n_steps, (serving.continuous(JOBS, 2),)),
    "reference.serving.reserved": (serving.reserved, (5, "pages", 9, 2)),
    "reference.serving.serve": (serving.serve, (JOBS, 2, 5, 2)),
    "reference.serving.static": (serving.static, (JOBS, 2)),
    "reference.serving.utilisation": (serving.utilisation, (serving.continuous(JOBS, 2), 2)),
    "reference.speculative.a_round": (lambda: np_speculative.a_round(lambda ids: shares(2, 3)[0], lambda ids: shares(2, 3)[1], (), 2), ()),
    "reference.speculative.written": (lambda: np_speculative.written(lambda ids: shares(2, 3)[0], lambda ids: shares(2, 3)[1], 2, 1), ()),
    "reference.speculative.speed_up": (np_speculative.speed_up, (0.5, 3, 0.1)),
    "reference.speculative.tokens_a_round": (np_speculative.tokens_a_round, (0.5, 3)),
    "models.sizes.cache_operations": (sizes.cache_operations, ("DeepSeek-V3", 5)),
    "models.sizes.decode_intensity": (sizes.decode_intensity, ("Gemma 3 1B", 5, 3)),
    "models.sizes.name_of": (sizes.name_of, (sizes.PUBLISHED["GPT-2"],)),
    "models.published.count": (published.count, ("SmolLM2 135M",)),
    "models.transformer.n_parameters": (transformer.n_parameters, (SIZES,)),
    "weights.torch_transformer.to_torch": (torch_transformer.to_torch, (WITH_LAST,)),
    "weights.torch_transformer.from_torch": (torch_transformer.from_torch, (torch_transformer.to_torch(WITH_LAST),)),
    "training.batches.by_length": (an_epoch, (np.array([3, 1, 2, 3, 1]), 6)),
    "training.batches.waste": (training.waste, (np.array([3, 1, 2]), [np.array([0, 2]), np.array([1])])),
    "training.clipping.clip": (training.clip, ([t(0, 2, 3), t(1, 5)], 0.7)),
    "training.evaluate.exact_match": (training.exact_match, ([[5, 2, 7], [4]], [[5, 2], [3]])),
    "training.losses.cross_entropy": (training.cross_entropy, (t(0, 2, 3, 5), torch.tensor(CODES), 0.1)),
    "training.losses.shift_right": (training.shift_right, (torch.tensor(CODES),)),
    "training.optimisers.by_shape": (training.by_shape, (8, 3)),
    "training.optimisers.like_adamw": (training.like_adamw, (8, 3)),
    "training.optimisers.newton_schulz": (training.newton_schulz, (t(0, 5, 3), 4)),
    "training.schedules.noam": (training.noam, (7, 64, 100)),
    "training.schedules.warmup_cosine": (training.warmup_cosine, (7, 30, 5, 0.5)),
}  # fmt: skip

# Modules of torch: how to make one, what to call it with.
MODULES = {
    "attention.graph.GraphAttention": (lambda: graph.GraphAttention(5, 3), (t(0, 4, 5), *TEDGES)),
    "attention.heads.MultiHead": (lambda: attention.MultiHead(6, 3), (t(0, 2, 5, 6),)),
    "attention.heads.MultiHead, one key for all": (lambda: attention.MultiHead(6, 3, 1), (t(0, 2, 5, 6),)),
    "attention.heads.MultiHead, blocked": (lambda: attention.MultiHead(6, 3, 1, flash_attention), (t(0, 2, 5, 6),)),
    "attention.heads.MultiHead, of parts": (lambda: attention.MultiHead(6, 3, 1, attention.QKNorm(
        attention.Rotated(attention.Local(attention.SoftCapped(2.0), 3), positions.frequencies(4)), layers.RMSNorm(4),
        attention.AllHeads(layers.RMSNorm(4))), d_head=4, gate=torch.nn.Linear(6, 12)), (t(0, 2, 5, 6),)),
    "attention.gates.OutputGate": (lambda: attention.OutputGate(6, 3, 2), (t(0, 2, 5, 6),)),
    "attention.sinks.Sinks": (lambda: attention.Sinks(attention.attention, 6), HEADS_ALIKE),
    "attention.latent.LatentAttention": (lambda: attention.LatentAttention(6, 3, 4, 2), (t(0, 2, 5, 6),)),
    "layers.residual.HyperConnection": (lambda: residual.HyperConnection(torch.nn.Linear(7, 7), 7, 3), (t(0, 2, 5, 3, 7),)),
    "layers.residual.HyperHead": (lambda: residual.HyperHead(7, 3), (t(0, 2, 5, 3, 7),)),
    "layers.residual.AttentionOverLayers": (lambda: residual.AttentionOverLayers(7), (t(0, 2, 5, 3, 7),)),
    "mixers.selected.Indexer": (lambda: selected.Indexer(5, 3, 4), (t(0, 2, 7, 5),)),
    "layers.experts.Router": (lambda: layers.Router(5, 7, 2), (t(0, 2, 3, 5),)),
    "layers.experts.Experts": (lambda: layers.Experts(layers.Router(5, 7, 2), lambda: layers.FeedForward(5, 3)), (t(0, 2, 3, 5),)),
    "layers.norms.LayerNorm": (lambda: layers.LayerNorm(5, 0.1), (t(0, 2, 3, 5),)),
    "layers.norms.RMSNorm": (lambda: layers.RMSNorm(5, 0.1), (t(0, 2, 3, 5),)),
    "layers.feedforward.FeedForward": (lambda: layers.FeedForward(5, 7, layers.gelu), (t(0, 2, 3, 5),)),
    "layers.feedforward.GatedFeedForward": (lambda: layers.GatedFeedForward(5, 7), (t(0, 2, 3, 5),)),
    "layers.embedding.TiedEmbedding": (lambda: layers.TiedEmbedding(11, 6), (torch.tensor(CODES),)),
    "layers.blocks.EncoderBlock": (lambda: layers.EncoderBlock(
        layers.PostNorm(attention.MultiHead(6, 3), layers.LayerNorm(6)), layers.PostNorm(layers.FeedForward(6, 7), layers.LayerNorm(6))),
        (t(0, 2, 5, 6),)),
    "layers.blocks.ParallelBlock": (lambda: layers.ParallelBlock(
        layers.LayerNorm(6), attention.MultiHead(6, 3), layers.OutputNorm(layers.FeedForward(6, 7), layers.RMSNorm(6))), (t(0, 2, 5, 6),)),
    "layers.blocks.DecoderBlock": (lambda: layers.DecoderBlock(
        *(layers.PreNorm(attention.MultiHead(6, 3), layers.RMSNorm(6)) for _ in range(2)),
        layers.PreNorm(layers.GatedFeedForward(6, 7), layers.RMSNorm(6))), (t(0, 2, 5, 6), t(1, 2, 3, 6))),
    "positions.learned.Learned": (lambda: positions.Learned(7, 5), (AT,)),
    "models.bert.Bert": (lambda: bert.Bert(bert.Config(11, 7, 6, 3, 2, 13)), (torch.tensor(CODES),)),
    "models.bert.MaskedBert": (lambda: bert.MaskedBert(bert.Config(11, 7, 6, 3, 2, 13)), (torch.tensor(CODES),)),
    "models.bert.WordHead": (lambda: bert.WordHead(bert.Config(11, 7, 6, 3, 2, 13)), (t(0, 2, 3, 6), t(1, 11, 6))),
    "models.bert.Pooler": (lambda: bert.Pooler(6), (t(0, 2, 3, 6),)),
    "models.gpt.GPT": (lambda: gpt.GPT(GPT_SIZES), (torch.tensor(CODES),)),
    "models.minilm.Encoder": (lambda: minilm.Encoder(minilm.Config(11, 7, 6, 3, 2, 13)), (torch.tensor(CODES),)),
    "models.decoder.Decoder, with experts": (lambda: mixture.mixtral(decoder.Config(11, 6, 2, 3, 1, 4, 7, 9), mixture.Mixture(5, 2, 3)), (torch.tensor(CODES),)),
    "models.transformer.Transformer": (lambda: transformer.Transformer(SIZES).eval(), (torch.tensor(CODES), torch.tensor(CODES + 3))),
    "models.transformer.Transformer, before": (lambda: transformer.Transformer(SIZES, PreNorm, shared=True, positions=positions.Learned),
                                               (torch.tensor(CODES), torch.tensor(CODES + 3))),
    "models.decoder.Decoder": (lambda: families.gemma2(decoder.Config(11, 6, 2, 3, 1, 4, 7, 9), 2), (torch.tensor(CODES),)),
    "models.decoder.Decoder, side by side": (lambda: families.cohere2(decoder.Config(11, 6, 2, 3, 1, 4, 7, 9), 2), (torch.tensor(CODES),)),
    "models.published.make": (lambda: published.make(sizes.Model(sizes.Sizes(11, 6, 2, 3, 1, 4, 7, 9), sizes.PUBLISHED["GPT-2"].choices)),
                              (torch.tensor(CODES),)),
    "layers.patches.PatchEmbedding": (lambda: patches.PatchEmbedding(3, 2, 5), (t(0, 2, 3, 4, 6),)),
    "layers.patches.LayerScale": (lambda: patches.LayerScale(torch.nn.Linear(5, 5), 5), (t(0, 2, 3, 5),)),
    "models.vit.ViT": (lambda: vit.ViT(VIT, torch.nn.Linear(6, 3)), (t(0, 2, 2, 6, 6),)),
    "models.vit.ViT, no places": (lambda: vit.ViT(VIT, positions=vit.no_positions), (t(0, 2, 2, 6, 6),)),
    "models.whisper.Whisper": (lambda: whisper.Whisper(SOUND), (t(0, 2, 3, 10), torch.tensor(CODES))),
    "models.seq2seq.Seq2Seq": (lambda: seq2seq.Seq2Seq(11, 11, 4, seq2seq.AdditiveAttention(4)),
                               (torch.tensor(CODES + 3), torch.tensor(CODES + 3))),
}  # fmt: skip

# Makers whose arguments are counts: the maker, arguments that are right.
MAKERS = {
    "MultiHead": (attention.MultiHead, {"d_model": 6, "n_heads": 3, "n_kv_heads": 1}),
    "MultiHead, heads of a width of their own": (attention.MultiHead, {"d_model": 6, "n_heads": 3, "d_head": 4}),
    "Local": (functools.partial(attention.Local, attention.attention), {"window": 3}),
    "OutputGate": (attention.OutputGate, {"d_model": 6, "n_heads": 3, "d_head": 2}),
    "Sinks": (lambda n_heads: attention.Sinks(attention.attention, n_heads), {"n_heads": 3}),
    "LatentAttention": (attention.LatentAttention, {"d_model": 6, "n_heads": 3, "d_latent": 4, "d_rotary": 2}),
    "GraphAttention": (graph.GraphAttention, {"d_in": 5, "d_out": 3}),
    "HyperConnection": (lambda **sizes: residual.HyperConnection(torch.relu, **sizes), {"d_model": 7, "n_streams": 3, "steps": 2}),
    "HyperHead": (residual.HyperHead, {"d_model": 7, "n_streams": 3}),
    "AttentionOverLayers": (residual.AttentionOverLayers, {"d_model": 7}),
    "Indexer": (selected.Indexer, {"d_model": 5, "n_heads": 3, "d_index": 4}),
    "Router": (layers.Router, {"d_model": 5, "n_experts": 7, "top_k": 2}),
    "LayerNorm": (layers.LayerNorm, {"d_model": 5}),
    "PatchEmbedding": (patches.PatchEmbedding, {"channels": 3, "size": 2, "d_model": 5}),
    "LayerScale": (lambda **sizes: patches.LayerScale(torch.relu, **sizes), {"d_model": 5}),
    "ViT's Config": (vit.Config, {"side": 6, "patch": 2, "channels": 2, "d_model": 6, "n_heads": 3, "d_ff": 7, "n_layers": 2, "n_registers": 2}),
    "RMSNorm": (layers.RMSNorm, {"d_model": 5}),
    "FeedForward": (layers.FeedForward, {"d_model": 5, "d_ff": 7}),
    "GatedFeedForward": (layers.GatedFeedForward, {"d_model": 5, "d_ff": 7}),
    "TiedEmbedding": (layers.TiedEmbedding, {"vocab_size": 11, "d_model": 5}),
    "Learned": (positions.Learned, {"max_len": 7, "d_model": 5}),
    "Encoder": (seq2seq.Encoder, {"n_words": 7, "width": 4}),
    "AdditiveAttention": (seq2seq.AdditiveAttention, {"width": 4}),
    "Epochs": (functools.partial(training.Epochs, [3, 1, 2]), {"budget": 7, "seed": 0}),
    "Recipe": (training.Recipe, {"steps": 7, "warmup": 3, "seed": 0}),
    "transformer.Config": (transformer.Config, {"n_source": 11, "n_target": 7, "d_model": 6, "n_heads": 3, "d_ff": 13, "n_layers": 2, "max_len": 5}),
    "decoder.Config": (decoder.Config, {"vocab_size": 11, "d_model": 6, "n_layers": 2, "n_heads": 3, "n_kv_heads": 1, "d_head": 4, "d_ff": 7, "max_len": 9}),
    "sizes.Sizes": (sizes.Sizes, {"vocab_size": 11, "d_model": 6, "n_layers": 2, "n_heads": 3, "n_kv_heads": 1, "d_head": 4, "d_ff": 7, "max_len": 9}),
    "whisper.Config": (whisper.Config, {"vocab_size": 11, "n_frequencies": 3, "n_frames": 5, "max_len": 7, "d_model": 6, "n_heads": 3, "n_layers": 2}),
    "ModelCache": (ModelCache, {"n_layers": 2}),
    "Config": (minilm.Config, {"vocab_size": 11, "max_len": 7, "d_model": 6, "n_heads": 3, "n_layers": 2, "d_ff": 13, "n_segments": 2}),
}

# What is not called here, and why.
ELSEWHERE = {
    "reads files of installed packages": "need_published from_transformers data_file missing installed state_dict load config family tokenizer dictionary pronounce sample_weights published from_file read from_transformers",
    "writes and reads files": "save resume",
    "the study of recall: draws from a generator it is given, wraps a function, trains": "rewritten fading pairs recalled learned_recaller recall_curve",
    "the small translator, which takes its model, and its study": (
        "read n_parameters encode_words look embed encode decode cross_weights translate linear network"
        " task numbers formulas batches loss schedule no_warmup no_positions deaf muon start of_numpy translated exact crossing"
    ),
    "T5 and the small GPT, which take their models or make them": (
        "looks own_head version_1_0 version_1_1 to_numpy from_transformers look turn logits weights bits sample batch kept turned_attention loss start"
        " tasks learn ids write right"
    ),
    "the ladder from GPT-2 to Llama, whose parts make modules and whose models are trained": (
        "ladder unturned turned trained stream_of_names bits_by_place cache_bytes"
    ),
    "GPT's study and its small twin, which take their models": "texts batches recipe surprise written windows window_loss strided adamw muon encode run count start",
    "sinks, gates and the census: functions that make modules, map weights, train or read files": (
        "gpt_oss published_turn unrounded qwen3_next_attention from_gpt_oss gpt_oss_attention deepseek_v3_attention"
        " parts_of families counted needles searcher search copied_back learned_copier shares largest_score"
    ),
    "heads that copy and questions to an encoder, which make, train or take models": (
        "repeats attention_only learn distinct twice head_scores ranked copied composition gradients masked"
    ),
    "runs other processes": "ring_attention run",
    "functions that make modules, tried in MODULES and in tests/models/test_decoder.py": (
        "mixtral deepseek_v3 llama mistral qwen3 olmo3 gemma2 gemma3 smollm3 cohere2 heads block at turned by_base make from_library need_names"
    ),
    "takes a model or a loop, tried in the worlds of MODULES": (
        "block weights reader trained every_shift inked attention_received initial_values load_torch cross_weights waves trace layer_weights next_word_loss accuracy train seeded progress gated gates_on head_importance keep_heads"
        " adam bar evaluate matrices_and_others watched"
    ),
    "steps of the blocked kernel, behind the door of flash_attention": (
        "backward forward plain erase fold make_head working band plan share kept keep_mask mkl onednn fastest fastest_way"
        " definition check_tensors need_mask need_bias need_heads_axis check_overlays check_numbers need_divisor check_edges count"
    ),
    "the loop and the doors of generation, behind greedy, sample and beam": "write next_logits check_row check_prompt check_logits step_of",
    "a reader's own model: runs answers in processes of their own, reads and writes their folder, or gives functions; tried in tests/mine": (
        "assemble fitted lookup give take exported milestone reach courses for_names for_translator course logits score"
    ),
    "programs of select and aggregate, which take lists and predicates": "select aggregate width indices length reverse histogram sort balanced parity",
    "studies of one layer, which take prompts, readers and generators": (
        "linear_tasks tokens linear_attention read one_step trained descended ridge kernel_regression unchanged train_first influence"
    ),
    "prompts with examples, drawn by a generator and read by a model; tried in tests/studies/test_few_shot.py": "lines text_of judged curve",
    "bugs on purpose": " ".join(name for name in dir(bugs) if not name.startswith("_")),
}

"""Drawings of structures: boxes, arrows and matrices with their shapes. The only place that draws them.

A drawing is a value, two tuples of frozen shapes: one laid out for a wide column, one for a phone. As the last line of
a cell it is inline SVG that follows the theme of the page, in which queries, keys and values keep their colours, and that
says in words what it shows. The standard library is all it needs, so it also runs in the browser.

How to add one, called ``name``: a function ``name()`` in the file of its family returns ``Drawing("name", title, text, wide,
narrow)``. The tests measure it in both layouts: nothing overlaps, nothing is cut, no text is below 12 pixels on a phone.
A box with a ``page`` is a link on the site. A page without code shows a drawing by the directive ``{diagram} name``.
"""

from __future__ import annotations

from attnlab.diagrams.backward import backward_flow
from attnlab.diagrams.cache import kv_cache
from attnlab.diagrams.erasing import memory_write
from attnlab.diagrams.experts import routed_experts
from attnlab.diagrams.feed_forward import feed_forward_shapes
from attnlab.diagrams.decoding import decoding_loop
from attnlab.diagrams.file import file_to_word
from attnlab.diagrams.gpt import gpt_stack
from attnlab.diagrams.head import attention_head, self_or_cross
from attnlab.diagrams.heads import heads_share, heads_split_and_merged
from attnlab.diagrams.linear import two_brackets
from attnlab.diagrams.live import model_in_a_page
from attnlab.diagrams.machine import gpu_memory, ring
from attnlab.diagrams.masked import masked_word
from attnlab.diagrams.masks import mask_pictures
from attnlab.diagrams.memory import memory_read
from attnlab.diagrams.model import transformer
from attnlab.diagrams.norm import norm_places
from attnlab.diagrams.pages import paged_cache
from attnlab.diagrams.positions import where_positions_enter
from attnlab.diagrams.questions import questions_of_theory
from attnlab.diagrams.residual import block_residual, several_streams
from attnlab.diagrams.seq2seq import encoder_decoder
from attnlab.diagrams.since import layer_since_2017
from attnlab.diagrams.slots import slots_read_and_written
from attnlab.diagrams.sparse import indexed_attention
from attnlab.diagrams.stacks import decoder_stack, encoder_stack
from attnlab.diagrams.t5 import namer_pieces, span_corruption
from attnlab.diagrams.text import text_to_vectors
from attnlab.diagrams.theory import four_answers, induction_circuit, learning_in_context, one_vote_in_n
from attnlab.diagrams.training import training_loop
from attnlab.diagrams.two_stacks import transformer_2017
from attnlab.diagrams.variants import family_tree, gpt2_to_llama
from attnlab.diagrams.vision import patches_to_class
from attnlab.diagrams.translator import learning_to_translate, translator_pieces
from attnlab.diagrams.your_model import your_model

__all__ = [
    "attention_head",
    "backward_flow",
    "block_residual",
    "decoder_stack",
    "decoding_loop",
    "encoder_decoder",
    "encoder_stack",
    "family_tree",
    "feed_forward_shapes",
    "file_to_word",
    "four_answers",
    "gpt2_to_llama",
    "gpu_memory",
    "gpt_stack",
    "heads_share",
    "heads_split_and_merged",
    "indexed_attention",
    "induction_circuit",
    "kv_cache",
    "layer_since_2017",
    "learning_in_context",
    "learning_to_translate",
    "mask_pictures",
    "masked_word",
    "memory_read",
    "memory_write",
    "model_in_a_page",
    "namer_pieces",
    "norm_places",
    "one_vote_in_n",
    "paged_cache",
    "patches_to_class",
    "questions_of_theory",
    "ring",
    "routed_experts",
    "self_or_cross",
    "several_streams",
    "slots_read_and_written",
    "span_corruption",
    "text_to_vectors",
    "training_loop",
    "transformer",
    "transformer_2017",
    "translator_pieces",
    "two_brackets",
    "where_positions_enter",
    "your_model",
]

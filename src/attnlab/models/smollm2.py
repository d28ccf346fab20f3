"""SmolLM2-135M-Instruct, a published language model: its file, its tokenizer, and its weights in our decoder.

What is notable about it: nothing. It is `families.llama` of 30 layers with nine heads on three of keys and values, tied, base
100,000, and pairs of adjacent features, as the file keeps them. There is no second model here.
Source: [allal2025].
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import torch

from attnlab.layers import RMSNorm
from attnlab.models._doors import need_memory
from attnlab.models.decoder import Config, Decoder
from attnlab.models.families import by_base, llama
from attnlab.positions import rotate_adjacent
from attnlab.tokens.published import PublishedBPE, words_and_digits
from attnlab.weights import gguf, smollm2

CONTROL = 3  # the file's number for tokens that stand for themselves


class Loaded(NamedTuple):
    """The tokenizer and the model, ready to use."""

    tokenizer: PublishedBPE
    model: Decoder


def load(path: str | Path | None = None, dtype: torch.dtype = torch.float32) -> Loaded:
    """The tokenizer and the decoder with the published weights; evaluation mode, no gradients.

    path: the file, that of the installed package unless given. dtype: bfloat16 takes half the memory; its logits differ by
        a per cent or two.
    Errors: ImportError or FileNotFoundError with the line that installs it, ValueError for another file, MemoryError where
    the weights do not fit into the memory that is free.
    """
    path = smollm2.installed() if path is None else Path(path)
    smollm2.need_published(path)
    says, tensors = gguf.read(path)
    sizes = config(says)
    need_memory("the weights", sum(_n_weights(one) for one in tensors.values()) * dtype.itemsize)
    with torch.device("meta"):
        model = family(sizes, says)  # no numbers yet: the file brings them
    model.load_state_dict(smollm2.state_dict(tensors, sizes.n_layers, dtype), assign=True)
    return Loaded(tokenizer(says), model.requires_grad_(False).eval())


def config(says: dict[str, Any]) -> Config:
    """The sizes that the file names."""
    own = {name.removeprefix("llama."): value for name, value in says.items() if name.startswith("llama.")}
    return Config(
        vocab_size=own["vocab_size"],
        d_model=own["embedding_length"],
        n_layers=own["block_count"],
        n_heads=own["attention.head_count"],
        n_kv_heads=own["attention.head_count_kv"],
        d_head=own["rope.dimension_count"],
        d_ff=own["feed_forward_length"],
        max_len=own["context_length"],
    )


def family(sizes: Config, says: dict[str, Any]) -> Decoder:
    """`families.llama` with the speeds and the norm's epsilon that the file names."""
    turn = by_base(sizes, says["llama.rope.freq_base"], turn=rotate_adjacent)
    norm = functools.partial(RMSNorm, epsilon=says["llama.attention.layer_norm_rms_epsilon"])
    return llama(sizes, turn, norm, tied=True)


def tokenizer(says: dict[str, Any]) -> PublishedBPE:
    """The file's vocabulary and merges; its texts are cut at every digit."""
    own = {name.removeprefix("tokenizer.ggml."): value for name, value in says.items() if name.startswith("tokenizer.ggml.")}
    special = [token for token, kind in zip(own["tokens"], own["token_type"], strict=True) if kind == CONTROL]
    return PublishedBPE(own["tokens"], own["merges"], special, words_and_digits)


def _n_weights(stored: gguf.Stored) -> int:
    return torch.Size(stored.shape).numel()

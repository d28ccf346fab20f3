"""MiniLM, a small BERT with published weights: text in, one vector a token out, and every head's weights.

The model is `attnlab.models.bert` with other sizes, all-MiniLM-L6-v2. What it adds: texts become batches, and the mean
of a text's vectors is its vector. The published file has no head that guesses words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from attnlab._shapes import Bool, Float, Int
from attnlab.models.bert import Bert as Encoder
from attnlab.models.bert import Config, Trace, layer_weights, trace
from attnlab.tokens.wordpiece import WordPiece
from attnlab.weights import minilm as weights

__all__ = ["SIZES", "Config", "Encoder", "Trace", "batch", "layer_weights", "load", "mean_pool", "trace"]
SIZES = Config(vocab_size=30522, max_len=512, d_model=384, n_heads=12, n_layers=6, d_ff=1536)


def batch(
    tokenizer: WordPiece, texts: Sequence[str]
) -> tuple[Int[Tensor, "batch tokens"], Bool[Tensor, "batch tokens"]]:
    """(ids, mask) of several texts, the shorter ones filled up with [PAD], where the mask is False.

    Errors: ValueError without a text.
    """
    if not texts:
        raise ValueError("a batch needs at least one text")
    rows = [tokenizer.ids(text) for text in texts]
    ids = torch.full((len(rows), max(map(len, rows))), tokenizer.numbers["[PAD]"])
    for row, numbers in zip(ids, rows):
        row[: len(numbers)] = torch.tensor(numbers)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]


def mean_pool(
    hidden: Float[Tensor, "batch tokens d_model"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch d_model"]:
    """One vector of length 1 for each text: the mean of its tokens' vectors, padding left out.

    Their dot products are the similarities this model was trained for. Source: [reimers2019, section 3].
    """
    share = mask.to(hidden.dtype) / mask.sum(dim=1, keepdim=True)
    return nn.functional.normalize((share[:, None] @ hidden)[:, 0], dim=-1)


def load(folder: str | Path | None = None) -> tuple[WordPiece, Encoder]:
    """The tokenizer and the encoder with the published weights, ready to use.

    folder: holds vocab.txt and model.safetensors; that of the installed package unless given.
    Errors: FileNotFoundError with the line that installs them, ValueError for files that are not the published ones.
    """
    folder = weights.installed() if folder is None else Path(folder)
    weights.need_published(folder)
    with torch.device("meta"):
        encoder = Encoder(SIZES)  # no numbers yet: the file brings them
    encoder.load_state_dict(weights.state_dict(folder / "model.safetensors"), assign=True)
    return WordPiece.read(folder / "vocab.txt"), encoder.eval()

"""How good a model is on texts kept back: loss, perplexity and the share it gets right, counted by token."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from attnlab._shapes import Int
from attnlab.tokens.vocabulary import END, PAD
from attnlab.training.losses import cross_entropy

Rows = Sequence[Sequence[int]] | Int[Tensor, "texts steps"]


class Score(NamedTuple):
    """Mean loss in nats, e to that power, the share of tokens that are the likeliest, and how many were counted."""

    loss: float
    perplexity: float
    accuracy: float
    tokens: int


def evaluate(
    model: nn.Module, batches: Iterable[Any], predict: Callable[[nn.Module, Any], tuple[Tensor, Tensor]]
) -> Score:
    """The score over all batches; `predict(model, batch)` gives logits and targets, and padding does not count.

    Every token weighs the same, whatever the size of its batch. The model is asked in its evaluation mode, without
    gradients, and left in the mode it was in. Errors: ValueError if there is no batch.
    """
    was_training, total, right, tokens = model.training, 0.0, 0, 0
    model.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                logits, targets = predict(model, batch)
                counts = targets != PAD
                n = int(counts.sum())
                total += n * cross_entropy(logits, targets).item()
                right += int((logits.argmax(dim=-1) == targets)[counts].sum())
                tokens += n
    finally:
        model.train(was_training)
    if not tokens:
        raise ValueError("there is no batch to evaluate on")
    return Score(total / tokens, math.exp(min(total / tokens, 700.0)), right / tokens, tokens)


def exact_match(written: Rows, wanted: Rows) -> float:
    """The share of rows of ids that are equal up to their first end mark, padding left out.

    Errors: ValueError for none, or another number of rows.
    """
    if len(written) != len(wanted) or not len(wanted):
        raise ValueError(f"{len(written)} texts were written and {len(wanted)} wanted; one each, and at least one")
    return sum(_said(mine) == _said(right) for mine, right in zip(written, wanted)) / len(wanted)


def _said(row: Any) -> list[int]:
    ids = [int(i) for i in row]
    return [i for i in ids[: ids.index(END) if END in ids else None] if i != PAD]

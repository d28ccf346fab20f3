"""The step of a model: a decoder alone, or an encoder-decoder, whose source is read once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.generation.write import Step


@torch.no_grad()
def step_of(model: nn.Module, source: Int[Tensor, "texts words"] | None = None, width: int = 1) -> Step:
    """A `step` for the texts of `source`, `width` rows each (for `beam`); the encoder runs once, here.

    `model` has `encode(source)`, whose result has `select(rows)`, `decode(ids, memory, cache)` and `logits(states)`, as
    `attnlab.models.transformer` does; the prompt is then a column of start marks, and the cache `model.start_cache()`.
    Without a source it is a decoder alone, as `attnlab.models.gpt`: `model(ids, cache)` gives the logits at every place.
    """
    if source is None:
        return lambda ids, cache=None: model(ids, cache)[:, -1]
    rows = torch.arange(len(source), device=source.device).repeat_interleave(count("width", width, at_least=1))
    memory = model.encode(source).select(rows)

    def step(ids: Tensor, cache: Any = None) -> Float[Tensor, "rows vocabulary"]:
        return model.logits(model.decode(ids, memory, cache)[:, -1])

    return step

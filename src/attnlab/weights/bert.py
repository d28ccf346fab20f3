"""The parts of a BERT under our names: those of the transformers library's modules, and of the files it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

_OUTSIDE = {  # theirs -> ours
    "embeddings.word_embeddings": "piece",
    "embeddings.position_embeddings": "place",
    "embeddings.token_type_embeddings": "segment",
    "embeddings.LayerNorm": "norm",
}
_INSIDE = {
    "attention.self.query": "attend.layer.query",
    "attention.self.key": "attend.layer.key",
    "attention.self.value": "attend.layer.value",
    "attention.output.dense": "attend.layer.output",
    "attention.output.LayerNorm": "attend.norm",
    "intermediate.dense": "feed_forward.layer.expand",
    "output.dense": "feed_forward.layer.contract",
    "output.LayerNorm": "feed_forward.norm",
}
_HEAD = {
    "cls.predictions": "",
    "cls.predictions.transform.dense": "dense",
    "cls.predictions.transform.LayerNorm": "norm",
}
_TWICE = ("embeddings.position_ids", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias")  # said again
_KINDS = {"gamma": "weight", "beta": "bias"}  # names in the oldest files


class Parts(NamedTuple):
    """State dicts for `Bert`, `Pooler` and `WordHead`; one that the file lacks is empty."""

    bert: dict[str, Tensor]
    pooler: dict[str, Tensor]
    head: dict[str, Tensor]


def from_transformers(state: Mapping[str, Tensor]) -> Parts:
    """The state dict of a `BertModel` or `BertForMaskedLM`, in three parts under our names.

    Errors: KeyError for a name that no part of BERT has; ValueError where the table of the head is another than that
    of the entrance, since ours has one.
    """
    parts = Parts({}, {}, {})
    for name, tensor in state.items():
        name = name.removeprefix("bert.")
        if name not in _TWICE:
            part, ours = _ours(name)
            getattr(parts, part)[ours] = tensor
    _need_one_table(state)
    return parts


def _ours(name: str) -> tuple[str, str]:
    """The part and the name in it."""
    start, _, kind = name.rpartition(".")
    kind = _KINDS.get(kind, kind)
    if found := re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)", start):
        number, inside = found.groups()
        if inside in _INSIDE:
            return "bert", _joined(f"layers.{number}.{_INSIDE[inside]}", kind)
    if start in _OUTSIDE:
        return "bert", _joined(_OUTSIDE[start], kind)
    if start == "pooler.dense":
        return "pooler", _joined("dense", kind)
    if start in _HEAD:
        return "head", _joined(_HEAD[start], kind)
    raise KeyError(f"{name!r} is no part of BERT")


def _joined(start: str, kind: str) -> str:
    """The gain of a norm is called weight there."""
    kind = "gain" if kind == "weight" and start.rpartition(".")[2] == "norm" else kind
    return f"{start}.{kind}".removeprefix(".")


def _need_one_table(state: Mapping[str, Tensor]) -> None:
    head, entrance = (state.get(name) for name in ("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"))
    if head is not None and entrance is not None and not head.equal(entrance):
        raise ValueError("the head has a table of its own; ours shares that of the entrance")

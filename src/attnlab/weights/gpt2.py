"""The weights of GPT-2 under our names: those of the class GPT2LMHeadModel of the transformers library.

Theirs keeps queries, keys and values in one matrix, and every matrix the other way round (inputs, outputs): x W where ours
has x Wᵀ. Nothing is computed: every number is moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from attnlab.weights._names import need_names

TABLES = {"transformer.wte.weight": "tokens.weight", "transformer.wpe.weight": "places.table.weight"}
# their part of a block -> ours
NORMS = {"ln_1": "attend.norm", "ln_2": "feed_forward.norm"}
MATRICES = {
    "attn.c_attn": ("attend.layer.query", "attend.layer.key", "attend.layer.value"),
    "attn.c_proj": ("attend.layer.output",),
    "mlp.c_fc": ("feed_forward.layer.expand",),
    "mlp.c_proj": ("feed_forward.layer.contract",),
}
TIED = "lm_head.weight"


def from_gpt2(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `GPT2LMHeadModel` as that of an `attnlab.models.gpt.GPT`.

    Errors: ValueError naming what is missing or left over, and for a head that is not the table of tokens.
    """
    theirs = {name: x for name, x in state.items() if not name.endswith((".attn.bias", ".attn.masked_bias"))}
    head, pairs = theirs.pop(TIED, None), dict(_pairs(_n_layers(theirs)))
    need_names(set(pairs), set(theirs))
    if head is not None and not head.equal(theirs["transformer.wte.weight"]):
        raise ValueError(f"{TIED} is not the table of tokens: this model has one table for both ends")
    found = {}
    for name, ours in pairs.items():
        whole = theirs[name].T if len(theirs[name].shape) == 2 and name not in TABLES else theirs[name]
        found.update((mine, part.clone()) for mine, part in zip(ours, whole.chunk(len(ours)), strict=True))
    return found


def _pairs(n_layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(their name, ours: the pieces it is stacked from), for every tensor but the tied one."""
    yield from ((theirs, (ours,)) for theirs, ours in TABLES.items())
    for i in range(n_layers):
        before = f"transformer.h.{i}"
        for theirs, ours in NORMS.items():
            yield f"{before}.{theirs}.weight", (f"blocks.{i}.{ours}.gain",)
            yield f"{before}.{theirs}.bias", (f"blocks.{i}.{ours}.bias",)
        for theirs, parts in MATRICES.items():
            for kind in ("weight", "bias"):
                yield f"{before}.{theirs}.{kind}", tuple(f"blocks.{i}.{ours}.{kind}" for ours in parts)
    yield "transformer.ln_f.weight", ("last.gain",)
    yield "transformer.ln_f.bias", ("last.bias",)


def _n_layers(state: Mapping[str, Tensor]) -> int:
    return len({name.split(".")[2] for name in state if name.startswith("transformer.h.")})

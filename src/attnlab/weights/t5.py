"""The weights of the transformers library's T5 under our names: every number is moved, none is computed.

Theirs keeps the biases of distances in the first layer of each stack and lends them to the others; ours keeps them beside the stacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from attnlab.reference import t5 as reference
from attnlab.reference.heads import Projections

TOP = {
    "shared.weight": "table.weight",
    "lm_head.weight": "head.weight",
    "encoder.final_layer_norm.weight": "encoder_last.gain",
    "decoder.final_layer_norm.weight": "decoder_last.gain",
}
SAME = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")  # the shared table once more
SUBLAYERS = {"encoder": ("attend", "feed_forward"), "decoder": ("self_attend", "cross_attend", "feed_forward")}
PARTS = {"q": "query", "k": "key", "v": "value", "o": "output", "wi": "expand", "wi_0": "gate", "wi_1": "expand", "wo": "contract"}


def from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `T5ForConditionalGeneration` as that of `attnlab.models.t5.T5`.

    Where the logits come from the table, the head has the table's numbers. Errors: ValueError naming a part that is not T5's.
    """
    ours = {_ours(name): part.clone() for name, part in state.items() if name not in SAME}
    if "table.weight" not in ours:
        raise ValueError("the weights lack shared.weight, the table of tokens")
    return {"head.weight": ours["table.weight"]} | ours


def _ours(name: str) -> str:
    """Our name for theirs, such as decoder.3.cross_attend.layer.query.weight for decoder.block.3.layer.1.EncDecAttention.q.weight."""
    if name in TOP:
        return TOP[name]
    try:
        stack, _, block, _, place, _, *rest = name.split(".")
        sublayer = f"{stack}.{int(block)}.{SUBLAYERS[stack][int(place)]}"
        if rest[0] == "relative_attention_bias":
            return f"{stack}_bias.table"
        return f"{sublayer}.layer.{PARTS[rest[0]]}.weight" if len(rest) == 2 else f"{sublayer}.norm.gain"
    except (ValueError, KeyError, IndexError):
        raise ValueError(f"{name} is no part of T5") from None


def to_numpy(model) -> reference.T5:
    """The numbers of an `attnlab.models.t5.T5` for `attnlab.reference.t5`; matrices as x @ matrix."""
    def plain(x: Tensor):
        return x.detach().double().cpu().numpy().copy()

    def look(wrapped):
        layer = wrapped.layer
        parts = (layer.query, layer.key, layer.value, layer.output)
        return Projections(*(plain(part.weight.T) for part in parts)), plain(wrapped.norm.gain)

    def network(wrapped):
        layer = wrapped.layer
        matrices = (layer.gate, layer.expand, layer.contract) if hasattr(layer, "gate") else (layer.expand, layer.contract)
        return tuple(plain(part.weight.T) for part in matrices), plain(wrapped.norm.gain)

    encoder = tuple(reference.Block(look(b.attend), None, network(b.feed_forward)) for b in model.encoder)
    decoder = tuple(reference.Block(look(b.self_attend), look(b.cross_attend), network(b.feed_forward)) for b in model.decoder)
    far, stack = model.config.max_distance, reference.Stack
    tied = model.head.weight is model.table.weight
    return reference.T5(
        plain(model.table.weight),
        stack(encoder, plain(model.encoder_bias.table), plain(model.encoder_last.gain), far),
        stack(decoder, plain(model.decoder_bias.table), plain(model.decoder_last.gain), far),
        plain(model.head.weight) * (model.config.d_model**-0.5 if tied else 1.0),
    )

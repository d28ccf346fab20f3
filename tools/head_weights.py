"""The weights of every head of MiniLM for a few sentences, in one small file: `python tools/head_weights.py`.

It is kept with the package, so that a browser and a reader without the model can look at real heads. One
byte a weight: round(255 √a), which keeps small weights finer than large ones. Run it again when the sentences
change.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.studies import probe  # noqa: E402

SENTENCES = (
    "The cat chased the other cat around the house.",
    "She unwrapped the chocolates.",
    "Rain fell on the roof all night.",
)


def pack(weights: np.ndarray) -> str:
    """Weights between 0 and 1 as text, one byte each before base64."""
    return base64.b64encode(np.rint(255 * np.sqrt(weights)).astype(np.uint8).tobytes()).decode("ascii")


def measured() -> dict:
    """What the file holds, computed from the published weights."""
    import torch

    from attnlab.models import minilm

    torch.set_num_threads(1)
    tokenizer, encoder = minilm.load()
    sentences = []
    for text in SENTENCES:
        weights = minilm.trace(encoder, *minilm.batch(tokenizer, [text])).weights[:, 0].numpy()
        sentences.append({"text": text, "tokens": tokenizer.tokens(text), "roots": pack(weights)})
    config = encoder.config
    return {"layers": config.n_layers, "heads": config.n_heads, "sentences": sentences}


if __name__ == "__main__":
    text = json.dumps(measured(), indent=1)
    probe.SAMPLES.write_text(text + "\n", encoding="utf-8")
    print(f"{probe.SAMPLES.relative_to(ROOT).as_posix()}: {len(text):,} bytes")

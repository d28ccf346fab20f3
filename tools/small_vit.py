"""Train the small reader of digits of the chapter on vision transformers and keep its numbers: `python tools/small_vit.py`.

It learns 1,397 of scikit-learn's 8 by 8 digits, each moved by up to one pixel in either direction (`attnlab.studies.vision`). The
numbers are kept with three decimals, as text, so that a browser can read them, and 50 held-out digits, five of each, with them.

    python tools/small_vit.py --control    keeps nothing; three random starts, with no and with four registers, a sixth of the steps
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.data.handwriting import handwritten_split
from attnlab.models.vit import ViT
from attnlab.reference import vit as small
from attnlab.studies.vision import accuracy, attention_received, every_shift, trained

STEPS = 6000


def kept(model: ViT) -> dict:
    """The numbers under the names of `attnlab.reference.vit`; matrices are used as x @ matrix."""
    def plain(x):
        return (np.round(x.detach().double().numpy(), 3) + 0.0).tolist()

    def norm(layer):
        return {"gain": plain(layer.gain), "bias": plain(layer.bias)}

    def block(part):
        attend, feed = part.attend.layer, part.feed_forward.layer
        names = ("query", "key", "value", "output")
        return {
            "attention_norm": norm(part.attend.norm),
            "attention": {name: plain(getattr(attend, name).weight.T) for name in names},
            "feed_norm": norm(part.feed_forward.norm),
            "feed": {"expand": plain(feed.expand.weight.T), "expand_bias": plain(feed.expand.bias),
                     "contract": plain(feed.contract.weight.T), "contract_bias": plain(feed.contract.bias)},
        }

    project, head = model.patches.project, model.head
    return {"size": model.config.patch, "n_heads": model.config.n_heads, "project": plain(project.weight.T), "project_bias": plain(project.bias),
            "class_token": plain(model.class_token), "places": plain(model.positions.table.weight), "registers": plain(model.registers),
            "blocks": [block(part) for part in model.blocks], "norm": norm(model.norm), "head": plain(head.weight.T), "head_bias": plain(head.bias)}


def kept_samples() -> dict:
    """Five held-out images of each class, as text."""
    _, (images, labels) = handwritten_split()
    which = sorted(np.concatenate([np.flatnonzero(labels == digit)[:5] for digit in range(10)]))
    texts = ["".join(small.INK[round(16 * pixel)] for pixel in images[i].ravel()) for i in which]
    return {"images": texts, "labels": labels[which].tolist()}


def told(model: ViT) -> str:
    """How often it is right on held-out digits, as they are and moved, and where its attention goes."""
    _, (images, labels) = handwritten_split()
    shares = {kind: np.round(x, 2).tolist() for kind, x in attention_received(model, images).items()}
    return f"held out {accuracy(model, images, labels):.4f}, moved {accuracy(model, every_shift(images), labels):.4f}; {shares}"


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if arguments == ["--control"]:
        for n_registers in (0, 4):
            for seed in range(3):
                print(f"{n_registers} registers, start {seed}: {told(trained(seed, n_registers, STEPS // 6))}", flush=True)
        return
    began = time.process_time()
    model = trained(steps=STEPS)
    text = json.dumps({"model": kept(model), "samples": kept_samples()}, separators=(",", ":"))
    small.FILE.write_text(text.replace('],"', '],\n"').replace("]],", "]],\n") + "\n", encoding="utf-8")
    read = small.load()
    _, (images, labels) = handwritten_split()
    mine = float((small.logits(read, images).argmax(-1) == labels).mean())
    print(f"{small.n_parameters(read)} parameters, {time.process_time() - began:.0f} s; rounded {mine:.4f}; {told(model)}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A digit that the reader draws, its patches, the model's guess, and what each token attends to."""

from __future__ import annotations

import json

import numpy as np

from attnlab.explore._explorable import Explorable, check_index, table
from attnlab.reference import softmax
from attnlab.reference import vit as small


def patches(sample: int = 0, block: int = 1, head: int = -1, token: int = 0) -> Explorable:
    """An image of 8 by 8 pixels to draw on, read by the model of `attnlab.reference.vit.load()` in patches of 2 by 2.

    It begins with a held-out digit, the one numbered `sample`. `token` asks, 0 for the class token or 1 to 16 for a patch;
    `head` -1 means the mean over heads. The table shows how much it attends to each patch, in per cent, and the guess.
    Errors: ValueError for a sample, block, head or token that does not exist.
    """
    model, (images, labels) = small.load(), small.samples()
    kept = json.loads(small.FILE.read_text(encoding="utf-8"))
    for name, value, size in (("sample", sample, len(images)), ("block", block, len(model.blocks)), ("token", token, 17)):
        check_index(name, value, size)
    if head != -1:
        check_index("head", head, model.n_heads)
    image = images[sample]
    state = {
        "model": {name: x for name, x in kept["model"].items() if name != "registers"},
        "samples": kept["samples"]["images"],
        "labels": labels.tolist(),
        "image": [round(16 * ink) for ink in image.ravel()],
        "block": int(block),
        "head": int(head),
        "token": int(token),
    }
    return Explorable("patches", state, _table(model, image, block, head, token))


def _table(model: small.ViT, image: np.ndarray, block: int, head: int, token: int) -> str:
    """Four rows of four shares."""
    a = small.weights(model, image)[block]
    row = 100 * (a.mean(axis=0) if head == -1 else a[head])[token]
    chances = softmax(small.logits(model, image))
    best = int(chances.argmax())
    asked = "the class token" if token == 0 else f"patch {token}"
    caption = f"Where {asked} looks, % (the class token gets {row[0]:.1f}); the guess is {best}, {100 * chances[best]:.1f} %"
    rows = [(f"row {i + 1}", row[1 + 4 * i : 5 + 4 * i]) for i in range(4)]
    return table(caption, [f"column {j + 1}" for j in range(4)], rows, digits=1)

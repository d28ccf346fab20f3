"""What SmolLM2 makes of a few texts, kept for the explorable `live`: `python tools/live_prompts.py`.

A file a text: its tokens, every head's weights, the surprise of each token, what comes next with its logit, and the rank of the
right word at each layer, 1 where it stands first.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.models import smollm2
from attnlab.studies.observe import observed

TARGET = Path(__file__).resolve().parents[1] / "src" / "attnlab" / "static" / "widgets" / "live"
WORDS = "river table green seven letter house music stone paper light".split()
TEXTS = {  # name: text, and the word that comes next (its own first choice where none is right)
    "capitals": ("Paris is the capital of France. Rome is the capital of Italy. Berlin is the capital of", " Germany"),
    "copying": (" ".join([*WORDS, *WORDS[:-1]]), " " + WORDS[-1]),
    "names": ("When Mary and John went to the shop, John gave a drink to", " Mary"),
    "days": ("The days of the week are Monday, Tuesday, Wednesday, Thursday,", " Friday"),
    "code": ("def area(width, height):\n    return width *", " height"),
    "story": ("Once upon a time there was a little girl who lived in a", ""),
}
NEXT = 40  # that many are kept by name; the others in bins of equal logits
BIN = 0.25


class Read(NamedTuple):
    """weights (layers, heads, tokens, tokens), logits (tokens, vocab_size), and the stream of the last token, (layers + 1, d_model)."""

    weights: Tensor
    logits: Tensor
    streams: Tensor


def read(model: torch.nn.Module, ids: list[int]) -> Read:
    weights, streams = [], [model.tokens.weight[ids[-1]]]

    def watch(layer: int, looks: Tensor, stream: Tensor) -> None:
        weights.append(looks[0])
        streams.append(stream[0, -1])

    logits = observed(model, torch.tensor([ids]), watch)[0]
    return Read(torch.stack(weights), logits, torch.stack(streams))


def packed(weights: Tensor) -> str:
    """A byte for 255 times each weight, layer by layer, head by head, of each row what is not hidden."""
    n = weights.shape[-1]
    seen = torch.tril(torch.ones(n, n, dtype=torch.bool))
    return base64.b64encode((255 * weights[..., seen]).round().to(torch.uint8).numpy().tobytes()).decode()


def ranks(model: torch.nn.Module, streams: Tensor, right: int) -> list[int]:
    """The place of the right token among all, layer by layer, through the last norm and the table."""
    logits = model.last(streams) @ model.tokens.weight.T
    return (1 + (logits > logits[:, right, None]).sum(dim=-1)).tolist()


def kept(loaded: smollm2.Loaded, text: str, right: str) -> dict:
    tokenizer, model = loaded
    ids = tokenizer.encode(text)
    found = read(model, ids)
    surprise = torch.nn.functional.cross_entropy(found.logits[:-1], torch.tensor(ids[1:]), reduction="none")
    logits, order = found.logits[-1].sort(descending=True)
    goal = tokenizer.ids[_spelled(tokenizer, right)] if right else int(order[0])
    rest = Counter((logits[NEXT:] / BIN).round().int().tolist())
    return {
        "text": text,
        "tokens": [tokenizer.decode([i]) for i in ids],
        "right": tokenizer.decode([goal]),
        "ranks": ranks(model, found.streams, goal),
        "losses": [round(x, 3) for x in surprise.tolist()],
        "next": [[tokenizer.decode([int(i)]), round(float(z), 3)] for z, i in zip(logits[:NEXT], order)],
        "rest": [[place * BIN, count] for place, count in sorted(rest.items(), reverse=True)],
        "weights": packed(found.weights),
    }


def _spelled(tokenizer, word: str) -> str:
    (number,) = tokenizer.encode(word)
    return tokenizer.tokens[number]


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    loaded = smollm2.load()
    TARGET.mkdir(exist_ok=True)
    for name, (text, right) in TEXTS.items():
        (TARGET / f"{name}.json").write_text(json.dumps(kept(loaded, text, right), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

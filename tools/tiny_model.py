"""Train the small transformer of "What is a transformer?" and keep its numbers: `python tools/tiny_model.py`.

About half a minute on one core. It learns from three quarters of all texts of `attnlab.data.wardrobe` with two and three pairs; every place predicts the word after it.
The numbers are kept with three decimals, as text, so that the page can print them and a browser can read them.

    python tools/tiny_model.py --control    keeps nothing; trains models with one block and with two, from several starts
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.data.wardrobe import WORDS, wardrobe_split
from attnlab.reference import tiny

PAIRS, STEPS, BATCH, RATE, SEED = (2, 3), 3000, 128, 1e-2, 0


def trained(seed: int = SEED, steps: int = STEPS, n_layers: int = 2):
    """The torch model after training."""
    import torch
    from torch.nn.functional import cross_entropy

    from attnlab.models.tiny import Config, Tiny

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    number = {word: i for i, word in enumerate(WORDS)}
    sets = [torch.tensor([[number[word] for word in text] for text in wardrobe_split(n)[0]]) for n in PAIRS]
    model, draw = Tiny(Config(n_layers=n_layers)), np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    for step in range(steps):
        texts = sets[step % len(sets)]
        texts = texts[torch.from_numpy(draw.integers(0, len(texts), BATCH))]
        loss = cross_entropy(model(texts[:, :-1]).flatten(0, 1), texts[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.3f}", file=sys.stderr)
    return model


def kept(model) -> dict:
    """The torch model's numbers under the names of `attnlab.reference.tiny`; matrices are used as x @ matrix."""
    def plain(x):
        return np.round(x.detach().double().numpy(), 3).tolist()

    blocks = [{"query": plain(block.attention.query.weight.T), "key": plain(block.attention.key.weight.T),
               "value": plain(block.attention.value.weight.T), "output": plain(block.attention.output.weight.T),
               "expand": plain(block.expand.weight.T), "bias": plain(block.expand.bias),
               "contract": plain(block.contract.weight.T)} for block in model.blocks]
    return {"words": list(WORDS), "table": plain(model.table.weight), "places": plain(model.places.weight), "blocks": blocks}


def as_arrays(found: dict) -> tiny.Tiny:
    """What `kept` returns, as `tiny.load` would give it back."""
    blocks = tuple(tiny.Block(**{name: np.array(x) for name, x in block.items()}) for block in found["blocks"])
    return tiny.Tiny(tuple(found["words"]), np.array(found["table"]), np.array(found["places"]), blocks)


def right(model: tiny.Tiny, texts) -> float:
    """Share of clothes named a second time that are the most probable word at their place."""
    found = []
    for text in texts:
        ids = tiny.encode(model, " ".join(text))
        guesses, half = tiny.logits(model, ids).argmax(axis=-1), len(ids) // 2
        found += [guesses[place] == ids[place + 1] for place in range(half, len(ids), 3)]
    return float(np.mean(found))


def main() -> None:
    text = json.dumps(kept(trained()), separators=(",", ":")).replace('],"', '],\n"').replace("]],", "]],\n")
    tiny.FILE.write_text(text + "\n", encoding="utf-8")
    model = tiny.load()
    for n in PAIRS:
        learned, kept_back = wardrobe_split(n)
        for name, texts in (("learned", learned), ("kept back", kept_back)):
            print(f"{n} pairs: right about {right(model, texts):.4f} of the clothes in {len(texts)} texts that were {name}")


def control() -> None:
    """The same training for one block and for two, from several random starts."""
    for n_layers, seeds in ((1, (0, 1)), (2, (0, 1, 2))):
        for seed in seeds:
            model = as_arrays(kept(trained(seed, n_layers=n_layers)))
            shares = [f"{right(model, wardrobe_split(n)[1]):.2f}" for n in PAIRS]
            print(f"{n_layers} block(s), start {seed}: right about {' and '.join(shares)} of the clothes kept back, 2 and 3 pairs")


if __name__ == "__main__":
    control() if sys.argv[1:] == ["--control"] else main()

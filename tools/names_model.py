"""Train the small GPT that has learned first names and keep its numbers: `python tools/names_model.py`.

About two minutes on one core. It learns from 20,000 of the names of `attnlab.data.names`, 2,000 others are kept back. The numbers are
kept as whole thousandths, as text, so that a browser can read them.

    python tools/names_model.py --control    keeps nothing; the same from three starts
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.reference import gpt

NAMES, HELD_OUT, STEPS, PEAK, BUDGET, SEED, SCALE = 22_000, 2000, 6000, 1e-2, 1000, 0, 1000
SIZES = {"d_model": 24, "n_heads": 2, "n_layers": 2, "d_ff": 48, "max_len": 16}


def trained(seed: int = SEED, steps: int = STEPS):
    """(the task, the torch model after training)."""
    import torch

    from attnlab import data
    from attnlab.studies import language

    torch.set_num_threads(1)
    task = language.texts(data.names(NAMES), HELD_OUT)
    run = language.start(task, steps, seed, PEAK, **SIZES)
    run.advance()
    return task, run.model


def kept(task, model) -> dict:
    """The torch model's numbers in the order in which `attnlab.reference.gpt` reads them; matrices as x @ matrix."""
    def plain(x):
        return np.round(SCALE * x.detach().double().numpy()).astype(int).tolist()

    def linear(layer):
        return [plain(layer.weight.T), plain(layer.bias)]

    def norm(layer):
        return [plain(layer.gain), plain(layer.bias)]

    blocks = []
    for block in model.blocks:
        look, think = block.attend, block.feed_forward
        projections = [linear(part) for part in (look.layer.query, look.layer.key, look.layer.value, look.layer.output)]
        blocks.append([norm(look.norm), *projections, norm(think.norm), linear(think.layer.expand), linear(think.layer.contract)])
    return {"signs": list(task.vocabulary.words), "n_heads": model.config.n_heads, "scale": SCALE, "table": plain(model.tokens.weight),
            "places": plain(model.places.table.weight), "blocks": blocks, "last": norm(model.last)}  # fmt: skip


def bits(model: gpt.Gpt, rows) -> float:
    """Mean surprise in bits a sign, the end mark included, of the numbers as they are kept."""
    total, signs = 0.0, 0
    for row in rows.tolist():
        ids = [i for i in row if i]
        logits = gpt.run(model, [gpt.START, *ids[:-1]])[0]
        total -= (logits[np.arange(len(ids)), ids] - np.log(np.exp(logits).sum(axis=1))).sum() / np.log(2)
        signs += len(ids)
    return total / signs


def main() -> None:
    task, model = trained()
    text = json.dumps(kept(task, model), separators=(",", ":"), ensure_ascii=False).replace("],[", "],\n[")
    gpt.FILE.write_text(text + "\n", encoding="utf-8")
    small = gpt.load()
    print(f"{gpt.n_parameters(small):,} numbers, {gpt.FILE.stat().st_size / 1000:.1f} kB")
    for name, rows in (("learned", task.learned[:2000]), ("held out", task.held_out)):
        print(f"{bits(small, rows):.3f} bits a sign of {len(rows)} names that were {name}")


def control() -> None:
    """The same training from three random starts."""
    for seed in (0, 1, 2):
        task, model = trained(seed)
        print(f"start {seed}: {bits(gpt.read(kept(task, model)), task.held_out):.3f} bits a sign of those held out")


if __name__ == "__main__":
    control() if sys.argv[1:] == ["--control"] else main()

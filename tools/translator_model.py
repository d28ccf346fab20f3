"""Train the small translator of "Your own model" and keep its numbers: `python tools/translator_model.py`.

About half a minute on one core. It learns from four fifths of the numbers from 1 to 999, English words to German ones. The numbers
are kept with three decimals, as text, so that a browser can read them.

    python tools/translator_model.py --control    keeps nothing; the same from three starts
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.reference import translator

LARGEST, HELD_OUT, STEPS, PEAK, SEED = 999, 200, 2000, 1e-2, 0
SIZES = {"d_model": 16, "n_heads": 2, "d_ff": 32, "n_layers": 1}


def trained(seed: int = SEED, steps: int = STEPS):
    """(the task, the torch model after training)."""
    import torch

    from attnlab import data
    from attnlab.studies import translation
    from attnlab.training import warmup_cosine

    torch.set_num_threads(1)
    task = translation.task(data.number_pairs(LARGEST, LARGEST), HELD_OUT)
    usual = translation.VARIANTS["as in 2017"]
    variant = replace(usual, sizes=SIZES, smoothing=0.0, schedule=lambda step: warmup_cosine(step, steps + 1, steps // 10, PEAK))
    run = translation.start(task, variant, steps=steps, seed=seed)
    run.advance()
    return task, run.model


def kept(task, model) -> dict:
    """The torch model's numbers in the order in which `attnlab.reference.translator` reads them; matrices as x @ matrix."""
    def plain(x):
        return np.round(x.detach().double().numpy(), 3).tolist()

    def linear(layer):
        return [plain(layer.weight.T), plain(layer.bias)]

    def look(wrapped):
        layer = wrapped.layer
        return [linear(part) for part in (layer.query, layer.key, layer.value, layer.output)]

    def norm(wrapped):
        return [plain(wrapped.norm.gain), plain(wrapped.norm.bias)]

    def network(wrapped):
        return {"network": [linear(wrapped.layer.expand), linear(wrapped.layer.contract)], "network_norm": norm(wrapped)}

    encoder = [{"look": look(b.attend), "look_norm": norm(b.attend), **network(b.feed_forward)} for b in model.encoder]
    decoder = [{"look": look(b.self_attend), "look_norm": norm(b.self_attend), "cross": look(b.cross_attend),
                "cross_norm": norm(b.cross_attend), **network(b.feed_forward)} for b in model.decoder]  # fmt: skip
    return {"source_words": list(task.source.words), "target_words": list(task.target.words), "n_heads": model.config.n_heads,
            "source_table": plain(model.source.table), "target_table": plain(model.target.table),
            "encoder": encoder, "decoder": decoder, "held_out": texts(task, task.held_out)}  # fmt: skip


def texts(task, pair) -> list[tuple[str, str]]:
    """The pairs as words."""
    return [(" ".join(task.source.decode(x)), " ".join(task.target.decode(y))) for x, y in zip(*(side.tolist() for side in pair))]


def right(model: translator.Translator, pairs) -> float:
    """The share of texts that the kept numbers translate without a mistake."""
    return float(np.mean([translator.translate(model, source) == target for source, target in pairs]))


def main() -> None:
    task, model = trained()
    text = json.dumps(kept(task, model), separators=(",", ":"), ensure_ascii=False).replace(',"', ',\n"')
    translator.FILE.write_text(text.replace("]],", "]],\n") + "\n", encoding="utf-8")
    small = translator.load()
    print(f"{translator.n_parameters(small):,} numbers, {translator.FILE.stat().st_size / 1000:.1f} kB")
    for name, pair in (("learned", task.learned), ("held out", task.held_out)):
        print(f"right about {right(small, texts(task, pair)):.4f} of {len(pair[0])} numbers that were {name}")


def control() -> None:
    """The same training from three random starts."""
    for seed in (0, 1, 2):
        task, model = trained(seed)
        print(f"start {seed}: right about {right(translator.read(kept(task, model)), texts(task, task.held_out)):.3f} of those held out")


if __name__ == "__main__":
    control() if sys.argv[1:] == ["--control"] else main()

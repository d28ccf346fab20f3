"""What a translator needs: the same training with one thing left out or exchanged, from several random starts.

    python benchmarks/translation.py           what is not yet in the results; about 8 minutes of one core in all
    python benchmarks/translation.py --again   everything anew
    python benchmarks/translation.py --only "no positions" formulas    these rows anew

Every row is `attnlab.studies.translation` with one entry of its VARIANTS, trained for as many steps on the same pairs; the
row "formulas" is another task, with two blocks a side and twice the steps. The
seed decides the initial values and the order of the batches. Kept are the shares of held-out texts written without a wrong token
and, at the end, their unsmoothed loss with teacher forcing. Writes results/translation.json, which the page "Training" shows.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import torch  # noqa: E402  (after the number of threads is set)

from attnlab.models.transformer import cross_weights  # noqa: E402
from attnlab.studies import translation  # noqa: E402
from attnlab.training import shift_right  # noqa: E402

FILE = Path(__file__).parent / "results" / "translation.json"
SEEDS, STEPS, EVERY = (0, 1, 2), 600, 200
FORMULA = "8 - 2 * ( 3 + 5 )"


def row(task: translation.Task, variant: translation.Variant, seed: int, steps: int = STEPS) -> tuple[dict, torch.nn.Module]:
    """One training: exact match after each `EVERY` steps, the loss at the end, CPU seconds of the training alone."""
    run, exact, seconds = translation.start(task, variant, steps, seed), [], 0.0
    for _ in range(steps // EVERY):
        began = time.process_time()
        run.advance(EVERY)
        seconds += time.process_time() - began
        exact.append(round(translation.exact(run.model, task.held_out), 4))
    with torch.no_grad():
        held_out = translation.loss(run.model, task.held_out, smoothing=0.0).item()
    return {"seed": seed, "exact": exact, "loss": round(held_out, 4), "seconds": round(seconds, 1)}, run.model


def alignment(task: translation.Task, model: torch.nn.Module, text: str = FORMULA) -> dict:
    """Cross-attention of one formula, in every layer and head: which word each written token looked at."""
    words = tuple(text.split())
    source = torch.tensor([task.source.encode(words)])
    written = translation.translated(model, source, 12)
    weights = cross_weights(model, source, shift_right(written))[:, 0]
    return {"source": words, "target": task.target.decode(written[0].tolist()), "weights": weights.round(decimals=3).tolist()}


def rows() -> dict:
    """Name of each row -> a function of the seed that gives what is kept."""
    numbers, formulas = translation.numbers(), translation.formulas()
    made = {}
    for name, variant in translation.VARIANTS.items():
        made[name] = lambda seed, v=variant: row(numbers, v, seed)[0]

    def two_layers(seed):
        kept, model = row(formulas, replace(translation.VARIANTS["as in 2017"], sizes={"n_layers": 2}), seed, 2 * STEPS)
        return kept | ({"alignment": alignment(formulas, model)} if seed == 0 else {})

    return made | {"formulas": two_layers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() and not options.again else {}
    kept = {"steps": STEPS, "every": EVERY, "torch": torch.__version__, "rows": kept.get("rows", {})}
    for name, measure in rows().items():
        if options.only and name not in options.only:
            continue
        old = [] if options.only else kept["rows"].get(name, [])
        for seed in SEEDS:
            if not any(one["seed"] == seed for one in old):
                old.append(measure(seed))
                kept["rows"][name] = old
                FILE.write_text(json.dumps(kept, indent=None, ensure_ascii=False).replace("}, ", "},\n") + "\n", encoding="utf-8")
                print(name, old[-1]["seed"], old[-1]["exact"], old[-1]["loss"], old[-1]["seconds"], flush=True)


if __name__ == "__main__":
    main()

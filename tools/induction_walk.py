"""The heads of a trained model of two layers on one text, in one small file for the explorable: `python tools/induction_walk.py`.

The model is the first of the page on circuits. The text is a word of seven different letters, twice; kept are the weights of both heads and the likeliest
next letters, of the model as it is and with the head of its first layer silenced.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from attnlab.studies import circuits
from attnlab.studies.observe import observed

TARGET = Path(__file__).resolve().parents[1] / "src" / "attnlab" / "explore" / "induction_walk.json"
LETTERS = "abcdefghijklmnopqrstuvwx"
WORD = "wolfram"


def read(model, ids: torch.Tensor, silent=()) -> dict:
    """Weights of the two heads, three decimals, and for each token the three likeliest next letters with their probabilities."""
    weights = {}
    logits = observed(model, ids, lambda layer, seen, stream: weights.update({layer: seen[0, 0]}), silent=silent)
    chances = logits[0].softmax(dim=-1)
    best = [[[LETTERS[int(i)], round(float(row[i]), 3)] for i in row.argsort(descending=True)[:3]] for row in chances]
    return {"before": rounded(weights[0]), "induction": rounded(weights[1]), "next": best}


def rounded(weights: torch.Tensor) -> list[list[float]]:
    return [[round(float(w), 3) for w in row] for row in weights]


def main() -> None:
    torch.set_num_threads(1)
    model = circuits.attention_only(2)
    circuits.learn(model)
    ids = torch.tensor([[LETTERS.index(letter) for letter in WORD * 2]])
    kept = {"tokens": list(WORD * 2), "whole": read(model, ids), "silent": read(model, ids, [(0, 0)])}
    TARGET.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

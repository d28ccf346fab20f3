"""Two heads that copy, token by token: where each looks, what comes next, and the same with the first head silenced."""

from __future__ import annotations

import json
from pathlib import Path

from attnlab.explore._explorable import Explorable, check_index, table

KEPT = Path(__file__).with_name("induction_walk.json")
HEADS = ("before", "induction")


def induction_walk(query: int = 0, head: str = "before", silent: bool = False) -> Explorable:
    """A trained model of two layers, one head each, on seven letters said twice: weights of `head` from the token `query`.

    `silent` silences the head of the first layer. The numbers are made by `tools/induction_walk.py`.
    Errors: ValueError for a token or a head that is not there.
    """
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    check_index("query", query, len(kept["tokens"]))
    if head not in HEADS:
        raise ValueError(f"head must be one of {', '.join(HEADS)}, got {head!r}")
    if not isinstance(silent, bool):
        raise ValueError(f"silent must be True or False, got {silent!r}")
    state = {**{name: kept[name] for name in ("tokens", "whole", "silent")}, "query": int(query), "head": head, "off": silent}
    return Explorable("induction_walk", state, _table(kept))


def _table(kept: dict) -> str:
    """For each token where both heads look most, and the likeliest next letter with and without the first head."""
    tokens, rows = kept["tokens"], []
    for place, token in enumerate(tokens):
        cells: list[float | str] = []
        for head in HEADS:
            row = kept["whole"][head][place]
            best = row.index(max(row))
            cells += [f"{tokens[best]}, token {best + 1}", 100 * row[best]]
        for one in ("whole", "silent"):
            letter, chance = kept[one]["next"][place][0]
            cells += [letter, 100 * chance]
        rows.append((f"{token}, token {place + 1}", cells))
    caption = "Seven letters, twice: where both heads of a small trained model look most, and what it expects next, as it is and with the head of layer 0 silenced."
    return table(caption, ["layer 0 looks at", "%", "layer 1 looks at", "%", "next", "%", "next, layer 0 silent", "%"], rows, digits=0)

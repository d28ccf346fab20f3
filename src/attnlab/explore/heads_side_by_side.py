"""Two heads of MiniLM on one sentence."""

from __future__ import annotations

import json

from attnlab.explore._explorable import Explorable, check_index, table
from attnlab.studies import probe

HEAD_PAIRS = {  # (layer, head) twice, of MiniLM
    "previous token, next token": ((0, 2), (1, 8)),
    "same word again, first token": ((2, 9), (4, 5)),
    "spread out, concentrated": ((0, 0), (1, 11)),
}


def heads_side_by_side(
    sentence: int = 0, query: int = 2, a: tuple[int, int] = (2, 9), b: tuple[int, int] = (4, 5)
) -> Explorable:
    """Two heads of MiniLM on one sentence: as arcs where one query looks, and in tables what kind of head each is.

    `a` and `b` are (layer, head). The weights are `probe.sample_weights()`, kept with the package. The table
    holds mean weights in per cent and the mean entropy of a row in bits.
    """
    kept = json.loads(probe.SAMPLES.read_text(encoding="utf-8"))
    layers, heads, sentences = kept["layers"], kept["heads"], kept["sentences"]
    check_index("sentence", sentence, len(sentences))
    check_index("query", query, len(sentences[sentence]["tokens"]))
    for name, pair in {"a": a, "b": b}.items():
        if len(pair) != 2:
            raise ValueError(f"{name} must be (layer, head), got {pair}")
        check_index(f"the layer of {name}", pair[0], layers)
        check_index(f"the head of {name}", pair[1], heads)
    presets = [{"label": label, **_pair(*pair)} for label, pair in HEAD_PAIRS.items()]
    state = {
        **kept,
        "sentence": int(sentence),
        "query": int(query),
        **_pair(a, b),
        "presets": presets,
    }
    return Explorable("heads_side_by_side", state, _heads_table(sentence, (a, b)))


def _pair(a: tuple[int, int], b: tuple[int, int]) -> dict[str, int]:
    return {"layer_a": int(a[0]), "head_a": int(a[1]), "layer_b": int(b[0]), "head_b": int(b[1])}


def _heads_table(sentence: int, chosen: tuple[tuple[int, int], ...]) -> str:
    tokens, weights = probe.sample_weights()[sentence]
    shown = dict.fromkeys([*chosen, *(head for pair in HEAD_PAIRS.values() for head in pair)])
    rows = []
    for layer, head in shown:
        found = probe.head_statistics(weights[layer, head])
        shares = [100 * found[key] for key in ("previous", "itself", "next", "first", "last")]
        rows.append((f"layer {layer}, head {head}", [*shares, found["entropy"]]))
    caption = f"Heads of MiniLM on “{' '.join(tokens[1:-1])}”: mean weight in %."
    columns = ["previous", "itself", "next", "[CLS]", "[SEP]", "entropy, bits"]
    return table(caption, columns, rows, digits=1)

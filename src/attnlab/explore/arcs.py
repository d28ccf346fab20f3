"""Who looks at whom in a sentence: a trained head's weights as arcs, with the future shown or hidden."""

from __future__ import annotations

import numpy as np

from attnlab.explore._explorable import Explorable, check_index, table
from attnlab.studies import probe


def arcs(sentence: int = 0, layer: int = 2, head: int = 9, query: int = 1, hidden: bool = False) -> Explorable:
    """The weights of one head of MiniLM among the words of a sentence, as arcs from the word `query`.

    The weights are `probe.sample_weights()`; what the head gives to marks and punctuation is left out, and the rest of each row shared out
    again, which is the softmax without those keys. `hidden` leaves out the words that come later, in the same way.
    """
    samples = probe.sample_weights()
    check_index("sentence", sentence, len(samples))
    tokens, weights = samples[sentence]
    check_index("layer", layer, len(weights))
    check_index("head", head, len(weights[layer]))
    words = [place for place, token in enumerate(tokens) if token.isalpha()]
    check_index("query", query, len(words))
    if not isinstance(hidden, bool):
        raise ValueError(f"hidden must be True or False, got {hidden!r}")
    kept = np.asarray(weights[layer, head], dtype=float)[np.ix_(words, words)]
    kept = (kept / kept.sum(axis=-1, keepdims=True)).round(4)
    names = [tokens[place] for place in words]
    state = {"words": names, "weights": kept.tolist(), "query": int(query), "hidden": hidden, "layer": int(layer), "head": int(head)}
    return Explorable("arcs", state, _table(names, kept, layer, head))


def _table(words: list[str], weights: np.ndarray, layer: int, head: int) -> str:
    caption = f"What each word of a sentence looks at: weights in % of head {head} in layer {layer} of MiniLM. Rows look at columns."
    return table(caption, words, [(word, 100 * row) for word, row in zip(words, weights)], digits=0)

"""One token on its way through a small trained encoder and decoder."""

from __future__ import annotations

import json

import numpy as np

from attnlab.explore._explorable import Explorable, check_index, table
from attnlab.reference import attention_weights, softmax
from attnlab.reference import encoder_decoder as small
from attnlab.reference.heads import multi_head, split_heads

STOPS = 32  # 11 in the encoder, 21 in the decoder
FIRST_TEN, FIRST_UNIT = 3, 11  # where tens and units begin among the source's words


def walk_a_token(number: str = "forty three", source_at: int = 1, target_at: int = 0, stop: int = 0, head: int = 0) -> Explorable:
    """A token of an English number through the encoder, and one of its German translation through the decoder.

    The model is `attnlab.reference.encoder_decoder.load()`. `source_at` and `target_at` are the places of the tokens that are followed,
    `stop` is the place on the way, `head` one of the two heads. The table shows where each written token looks in the source, with the
    mean over the heads in per cent, and the probability of what it says next.
    Errors: ValueError for another number than a ten and a unit, or a place that does not exist.
    """
    words = number.split()
    model = small.load()
    if len(words) != 2 or words[0] not in model.source_words[FIRST_TEN:FIRST_UNIT] or words[1] not in model.source_words[FIRST_UNIT:]:
        raise ValueError(f"number must be a ten and a unit in words, such as 'forty three', got {number!r}")
    read = [small.START, *small.ids_of(model.target_words, small.translate(model, number))]
    for name, value, size in (("source_at", source_at, 2), ("target_at", target_at, len(read)), ("stop", stop, STOPS), ("head", head, model.n_heads)):
        check_index(name, value, size)
    tens, unit = small.ids_of(model.source_words, number)
    state = {"model": json.loads(small.FILE.read_text(encoding="utf-8")), "tens": tens, "unit": unit, "source_at": int(source_at),
             "target_at": int(target_at), "stop": int(stop), "head": int(head)}  # fmt: skip
    return Explorable("walk_a_token", state, _table(model, number, read))


def _table(model: small.Translator, number: str, read: list[int]) -> str:
    """Where the written tokens look, and what they say."""
    memory, block = small.encode(model, small.ids_of(model.source_words, number)), model.decoder[0]
    rows = small.embed(model.target_table, read)
    past = np.tri(len(read), dtype=bool)
    asking = small.add_norm(rows, multi_head(rows, None, block.attention, model.n_heads, mask=past), block.attention_norm)
    queries, keys = (split_heads(x @ w, model.n_heads) for x, w in ((asking, block.cross.query), (memory, block.cross.key)))
    looks = 100 * attention_weights(queries, keys).mean(axis=0)
    chances = softmax(small.decode(model, read, memory) @ model.target_table.T)
    lines = []
    for place, chance in enumerate(chances):
        best = int(chance.argmax())
        lines.append((model.target_words[read[place]], [*looks[place], model.target_words[best], float(chance[best])]))
    columns = [*(f"looks at {word}, %" for word in number.split()), "says", "probability"]
    return table(f"The decoder on its way from {number}: one row for each token it reads", columns, lines, digits=2)

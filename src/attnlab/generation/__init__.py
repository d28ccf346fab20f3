"""Writing with a model: the likeliest token, a draw after filters, or a beam; with or without a cache.

A model is a function `step(ids, cache)` that returns the logits of what comes after the last column of `ids`, a row a text.
Without a cache (None) it is given everything so far; with one it is given what is new, and the cache holds the rest.
So an encoder-decoder, whose memory the function keeps, and a decoder alone are written with in the same way.
"""

from __future__ import annotations

from attnlab.generation.beam import Found, beam, penalty
from attnlab.generation.filters import min_p, temperature, top_k, top_p
from attnlab.generation.speculative import Speculated, speculative
from attnlab.generation.steps import step_of
from attnlab.generation.write import Step, draw, greedy, sample

__all__ = [
    "Found",
    "Speculated",
    "Step",
    "beam",
    "draw",
    "greedy",
    "min_p",
    "penalty",
    "sample",
    "speculative",
    "step_of",
    "temperature",
    "top_k",
    "top_p",
]

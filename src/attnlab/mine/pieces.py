"""The pieces of a model, and the exercise that yields each: a piece is known by the name of its function.

What stands behind a name has the signature of the exercise's slot, whoever wrote it. The course's own is the exercise's reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from attnlab.exercises import EXERCISES


class Piece(NamedTuple):
    """The exercise of a piece, and what the piece does, in a few words."""

    exercise: str
    deed: str


class Stage(NamedTuple):
    """Pieces that belong together in the drawing of the model."""

    title: str
    pieces: dict[str, Piece]


STAGES = (
    Stage("Enter", {
        "apply_merges": Piece("start.apply_merges", "cut a text into tokens"),
        "sinusoidal": Piece("positions.sinusoidal", "a signal for every place"),
        "add_positions": Piece("positions.add_positions", "add the signal to the rows"),
        "rotary": Piece("positions.rotary", "turn queries and keys by their place"),
    }),
    Stage("Normalise, think", {
        "rms_norm": Piece("variants.rms_norm", "bring a row to one size"),
        "gated_network": Piece("variants.gated_network", "change each row by itself"),
    }),
    Stage("Who may look", {
        "causal_mask": Piece("self_attention.causal_mask", "hide the future"),
        "padding_mask": Piece("self_attention.padding_mask", "hide what fills a batch up"),
    }),
    Stage("Look", {
        "split_heads": Piece("multi_head.split_heads", "one table for each head"),
        "softmax": Piece("self_attention.softmax", "scores become weights"),
        "masked_attention": Piece("self_attention.masked_attention", "score, scale, mask, normalise, mix"),
        "merge_heads": Piece("multi_head.merge_heads", "the heads side by side again"),
    }),
    Stage("Or: look in one function", {
        "kernel_regression": Piece("fundamentals.kernel_regression", "the soft look-up, by distance"),
        "self_attention": Piece("self_attention.self_attention", "one head, projections included"),
        "multi_head": Piece("multi_head.multi_head", "all heads, projections included"),
        "wire_attention": Piece("architecture.wire_attention", "whose rows go where"),
        "cached_step": Piece("self_attention.cached_step", "new tokens look at a cache"),
        "llama_step": Piece("variants.llama_step", "one token through a whole block"),
    }),
    Stage("Or: look tile by tile", {
        "block_loop": Piece("efficiency.block_loop", "attention without the whole table"),
        "merge": Piece("efficiency.merge", "two halves of the keys become one answer"),
        "tiles_to_visit": Piece("efficiency.tiles_to_visit", "which tiles a mask leaves"),
        "my_attention": Piece("efficiency.traffic_score", "attention that moves little"),
    }),
    Stage("Write, be judged", {
        "sampling_distribution": Piece("architecture.sampling_distribution", "what the next token is drawn from"),
        "continue_text": Piece("start.continue_text", "the likeliest, again and again"),
        "write_greedily": Piece("fundamentals.write_greedily", "the same, a word and a state at a time"),
        "next_token_loss": Piece("start.next_token_loss", "the mean surprise"),
    }),
)  # fmt: skip
PIECES: dict[str, Piece] = {name: piece for stage in STAGES for name, piece in stage.pieces.items()}


def course(name: str) -> Callable:
    """The course's own function for a piece. Errors: AttributeError naming the pieces there are."""
    if name not in PIECES:
        raise AttributeError(f"{name!r} is no piece of the model; the pieces are {', '.join(PIECES)}")
    return EXERCISES[PIECES[name].exercise].reference


def by_exercise() -> dict[str, str]:
    """The piece that each exercise yields."""
    return {piece.exercise: name for name, piece in PIECES.items()}

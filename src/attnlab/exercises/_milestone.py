"""A model put together from the learner's own answers, and which of them breaks it.

`assemble(split_heads, sinusoidal)` gives the pieces of `attnlab.reference.translator`: a function that was given and passes
its check is used, for every other piece the course's own stands in. `milestone(...)` also tries every given function
alone in the course's model, passed or not, and tells what that does to some translations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._judge import diagnose, find
from attnlab.exercises._run import quiet, run
from attnlab.reference import translator
from attnlab.reference.translator import COURSE, Pieces

PIECES = {
    "sinusoidal": "positions.sinusoidal",
    "add_positions": "positions.add_positions",
    "padding_mask": "self_attention.padding_mask",
    "causal_mask": "self_attention.causal_mask",
    "split_heads": "multi_head.split_heads",
    "masked_attention": "self_attention.masked_attention",
    "merge_heads": "multi_head.merge_heads",
    "continue_text": "start.continue_text",
    "next_token_loss": "start.next_token_loss",
}
TEXTS = ("seven", "forty three", "ninety", "one hundred and one", "two hundred and twelve", "six hundred and eighty five",
         "nine hundred and nineteen", "three hundred and thirty")  # fmt: skip
SECONDS = 10.0


@dataclass(frozen=True)
class Tried:
    """One given function: its piece, whether its check passes, and what it does to the course's model alone."""

    piece: str
    passed: bool
    right: int | None
    moved: float | None
    failure: str = ""

    @property
    def breaks(self) -> bool:
        """Whether the model with this one function exchanged gives other numbers."""
        return self.moved is None or not self.moved < 1e-4


def assemble(*mine: Callable) -> Pieces:
    """The pieces of the model, those of yours that pass their checks among them; prints whose each is.

    A function is known by its name, which is that of its exercise's slot.
    Errors: ValueError for a name that no piece has, or that is given twice.
    """
    given = _given(mine)
    passed = {name: one for name, one in given.items() if diagnose(PIECES[name], one).passed}
    for name in Pieces._fields:
        whose = "yours" if name in passed else "the course's" + (", yours does not pass yet" if name in given else "")
        print(f"{name:17s} {whose}")
    return COURSE._replace(**passed)


def milestone(*mine: Callable) -> None:
    """Print how many pieces of the model are yours, and for each of them what it alone does to eight translations."""
    tried = [_try(name, one) for name, one in _given(mine).items()]
    for one in tried:
        print(_line(one))
    print(_verdict(tried))


def _given(mine: tuple[Callable, ...]) -> dict[str, Callable]:
    given: dict[str, Callable] = {}
    for one in mine:
        name = getattr(one, "__name__", "").removesuffix("_solution")
        if name not in PIECES:
            raise ValueError(f"{name or one!r} is no piece of the model; the pieces are {', '.join(PIECES)}")
        if name in given:
            raise ValueError(f"{name} is given twice")
        given[name] = one
    return given


def _try(name: str, one: Callable) -> Tried:
    """The function alone in the course's model, on time and whatever it raises."""
    passed = diagnose(PIECES[name], one).passed
    _expected()

    def work(tell, clock):
        with clock:
            try:
                tell("saw", _seen(COURSE._replace(**{name: one})))
            except Exception as failure:  # a stranger's code
                tell("raised", type(failure).__name__)

    with quiet(), np.errstate(all="ignore"):
        told = dict(run(work, SECONDS).told)
    if "saw" not in told:
        return Tried(name, passed, None, None, told.get("raised", "it does not end"))
    (said, logits), (wanted, right_logits) = told["saw"], _expected()
    return Tried(name, passed, sum(a == b for a, b in zip(said, wanted)), _gap(logits, right_logits))


@cache
def _model() -> translator.Translator:
    return translator.load()


@cache
def _expected() -> tuple[list[str], list]:
    return _seen(COURSE)


def _seen(pieces: Pieces) -> tuple[list[str], list]:
    """Eight translations, and numbers of a padded batch: the logits and the loss."""
    model = _model()
    said = [translator.translate(model, words, pieces) for words in TEXTS]
    rows = [translator.encode_words(words.split(), model.source_words) for words in TEXTS]
    source = np.array([row + [translator.PAD] * (max(map(len, rows)) - len(row)) for row in rows])
    goals = [translator.encode_words(words.split(), model.target_words) for words in _goals()]
    target = np.array([[translator.START, *row, translator.END] + [translator.PAD] * (max(map(len, goals)) - len(row)) for row in goals])
    logits = np.asarray(translator.decode(model, target, translator.encode(model, source, pieces), pieces), dtype=float)
    loss = float(pieces.next_token_loss(logits, target, translator.PAD))
    return said, [logits[target != translator.PAD].tolist(), loss]


@cache
def _goals() -> tuple[str, ...]:
    model = _model()
    return tuple(translator.translate(model, words) for words in TEXTS)


def _gap(mine: list, right: list) -> float:
    """The largest difference; infinite if the shapes differ."""
    (a, b), (c, d) = mine, right
    a, c = np.asarray(a), np.asarray(c)
    if a.shape != c.shape or not (np.isfinite(a).all() and np.isfinite(b)):
        return float("inf")
    return float(max(np.abs(a - c).max(), abs(b - d)))


def _line(one: Tried) -> str:
    check = "passes its check" if one.passed else "does not pass its check"
    if one.moved is None:
        return f"{one.piece:17s} {check}; the model stops: {one.failure}"
    same = "the same numbers" if not one.breaks else f"numbers off by {text.number(one.moved)}"
    return f"{one.piece:17s} {check}; {one.right} of {len(TEXTS)} translations unchanged, {same}"


def _verdict(tried: list[Tried]) -> str:
    bad, own = [one for one in tried if one.breaks or not one.passed], sum(one.passed for one in tried)
    if not tried:
        return f"Every one of the {len(PIECES)} pieces is still the course's. Name your functions: milestone(split_heads, merge_heads)."
    if not bad:
        return f"{own} of {len(PIECES)} pieces are yours, and the model cannot tell."
    lines = [f"Look at {one.piece}: check({PIECES[one.piece]!r}, {find(PIECES[one.piece]).name}) says more." for one in bad]
    silent = [one.piece for one in bad if one.right == len(TEXTS)]
    if silent:
        lines.append(f"Mind: with {' or '.join(silent)} no translation changes, and the function is wrong all the same.")
    return "\n".join(lines)

"""A model put together from the learner's own answers, and which of them breaks it.

`assemble(split_heads, sinusoidal)` gives the pieces of `attnlab.reference.translator`: a function that was given and passes
its check is used, for every other piece the course's own stands in. `milestone(...)` also tries every given function
alone in the course's model, passed or not, and tells what that does to some of its texts. `assemble_gpt` and `milestone_gpt` do the
same with the pieces of `attnlab.reference.namer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._judge import diagnose, find
from attnlab.exercises._run import quiet, run
from attnlab.reference import namer, translator

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
GPT_PIECES = {
    "causal_mask": "self_attention.causal_mask",
    "split_heads": "multi_head.split_heads",
    "rotary": "positions.rotary",
    "masked_attention": "self_attention.masked_attention",
    "merge_heads": "multi_head.merge_heads",
    "rms_norm": "variants.rms_norm",
    "gated_network": "variants.gated_network",
    "next_token_loss": "start.next_token_loss",
    "sampling_distribution": "architecture.sampling_distribution",
}
TEXTS = ("seven", "forty three", "ninety", "one hundred and one", "two hundred and twelve", "six hundred and eighty five",
         "nine hundred and nineteen", "three hundred and thirty")  # fmt: skip
STARTS = ("", "ma", "j", "el", "th", "ka", "s", "ro")
SECONDS = 10.0


class Seen(NamedTuple):
    """What a model does with some pieces: its texts, and numbers of a padded batch."""

    texts: list[str]
    numbers: list[float]


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


@dataclass(frozen=True)
class Milestone:
    """A model of pieces: the exercise of each, the course's own, what is looked at, what its texts are called, and its function."""

    pieces: dict[str, str]
    course: tuple
    see: Callable[[tuple], Seen]
    noun: str
    name: str

    def assemble(self, mine: tuple[Callable, ...]) -> tuple:
        given = self.given(mine)
        passed = {name: one for name, one in given.items() if diagnose(self.pieces[name], one).passed}
        width = max(17, *map(len, self.pieces))
        for name in self.course._fields:
            whose = "yours" if name in passed else "the course's" + (", yours does not pass yet" if name in given else "")
            print(f"{name:{width}s} {whose}")
        return self.course._replace(**passed)

    def report(self, mine: tuple[Callable, ...]) -> None:
        tried = [self.attempt(name, one) for name, one in self.given(mine).items()]
        for one in tried:
            print(self.line(one))
        print(self.verdict(tried))

    def given(self, mine: tuple[Callable, ...]) -> dict[str, Callable]:
        given: dict[str, Callable] = {}
        for one in mine:
            name = getattr(one, "__name__", "").removesuffix("_solution")
            if name not in self.pieces:
                raise ValueError(f"{name or one!r} is no piece of the model; the pieces are {', '.join(self.pieces)}")
            if name in given:
                raise ValueError(f"{name} is given twice")
            given[name] = one
        return given

    def attempt(self, name: str, one: Callable) -> Tried:
        """The function alone in the course's model, on time and whatever it raises."""
        passed, wanted = diagnose(self.pieces[name], one).passed, _expected(self.name)

        def work(tell, clock):
            with clock:
                try:
                    tell("saw", tuple(self.see(self.course._replace(**{name: one}))))
                except Exception as failure:  # a stranger's code
                    tell("raised", type(failure).__name__)

        with quiet(), np.errstate(all="ignore"):
            told = dict(run(work, SECONDS).told)
        if "saw" not in told:
            return Tried(name, passed, None, None, told.get("raised", "it does not end"))
        said, numbers = told["saw"]
        return Tried(name, passed, sum(a == b for a, b in zip(said, wanted.texts)), _gap(numbers, wanted.numbers))

    def line(self, one: Tried) -> str:
        check = "passes its check" if one.passed else "does not pass its check"
        width = max(17, *map(len, self.pieces))
        if one.moved is None:
            return f"{one.piece:{width}s} {check}; the model stops: {one.failure}"
        same = "the same numbers" if not one.breaks else f"numbers off by {text.number(one.moved)}"
        return f"{one.piece:{width}s} {check}; {one.right} of {len(TEXTS)} {self.noun}s unchanged, {same}"

    def verdict(self, tried: list[Tried]) -> str:
        bad, own = [one for one in tried if one.breaks or not one.passed], sum(one.passed for one in tried)
        if not tried:
            return f"Every one of the {len(self.pieces)} pieces is still the course's. Name your functions: {self.name}(split_heads, merge_heads)."
        if not bad:
            return f"{own} of {len(self.pieces)} pieces are yours, and the model cannot tell."
        lines = [f"Look at {one.piece}: check({self.pieces[one.piece]!r}, {find(self.pieces[one.piece]).name}) says more." for one in bad]
        silent = [one.piece for one in bad if one.right == len(TEXTS)]
        if silent:
            lines.append(f"Mind: with {' or '.join(silent)} no {self.noun} changes, and the function is wrong all the same.")
        return "\n".join(lines)


def assemble(*mine: Callable) -> translator.Pieces:
    """The pieces of the translator, those of yours that pass their checks among them; prints whose each is.

    A function is known by its name, which is that of its exercise's slot.
    Errors: ValueError for a name that no piece has, or that is given twice.
    """
    return MILESTONES["milestone"].assemble(mine)


def milestone(*mine: Callable) -> None:
    """Print how many pieces of the translator are yours, and for each of them what it alone does to eight translations."""
    MILESTONES["milestone"].report(mine)


def assemble_gpt(*mine: Callable) -> namer.Pieces:
    """The pieces of the small GPT that makes up names, as `assemble` does it."""
    return MILESTONES["milestone_gpt"].assemble(mine)


def milestone_gpt(*mine: Callable) -> None:
    """Print how many pieces of the small GPT are yours, and for each of them what it alone does to eight names."""
    MILESTONES["milestone_gpt"].report(mine)


@cache
def _expected(name: str) -> Seen:
    return MILESTONES[name].see(MILESTONES[name].course)


@cache
def _translator() -> translator.Translator:
    return translator.load()


@cache
def _namer() -> namer.Namer:
    return namer.load()


def _translations(pieces: translator.Pieces) -> Seen:
    """Eight translations; logits and loss of a padded batch."""
    model = _translator()
    said = [translator.translate(model, words, pieces) for words in TEXTS]
    rows = [translator.encode_words(words.split(), model.source_words) for words in TEXTS]
    source = np.array([row + [translator.PAD] * (max(map(len, rows)) - len(row)) for row in rows])
    goals = [translator.encode_words(words.split(), model.target_words) for words in _goals()]
    target = np.array([[translator.START, *row, translator.END] + [translator.PAD] * (max(map(len, goals)) - len(row)) for row in goals])
    logits = np.asarray(translator.decode(model, target, translator.encode(model, source, pieces), pieces), dtype=float)
    loss = float(pieces.next_token_loss(logits, target, translator.PAD))
    return Seen(said, [*logits[target != translator.PAD].ravel().tolist(), loss])


@cache
def _goals() -> tuple[str, ...]:
    return tuple(translator.translate(_translator(), words) for words in TEXTS)


def _names(pieces: namer.Pieces) -> Seen:
    """Eight names, drawn; of a padded batch the logits, the loss, and what the next letter would be drawn from."""
    model = _namer()
    said = [namer.sample(model, start, np.random.default_rng(i), (0.8, 12, 0.9), pieces) for i, start in enumerate(STARTS)]
    ids = namer.batch(model.held_out[:6])
    logits = np.asarray(namer.logits(model, ids, pieces), dtype=float)
    drawn = np.asarray(pieces.sampling_distribution(logits[:, 2], 1.2, 9, 0.7), dtype=float)
    loss = float(pieces.next_token_loss(logits, ids, namer.PAD))
    return Seen(said, [*logits[ids != namer.PAD].ravel().tolist(), *drawn.ravel().tolist(), loss])


def _gap(mine: list[float], right: list[float]) -> float:
    """The largest difference; infinite if there are not as many numbers, or one is none."""
    a, b = np.asarray(mine), np.asarray(right)
    return float(np.abs(a - b).max()) if a.shape == b.shape and np.isfinite(a).all() else float("inf")


MILESTONES = {
    "milestone": Milestone(PIECES, translator.COURSE, _translations, "translation", "milestone"),
    "milestone_gpt": Milestone(GPT_PIECES, namer.COURSE, _names, "name", "milestone_gpt"),
}

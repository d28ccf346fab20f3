"""Where an answer differs from the right one: the probe that shows it first, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attnlab.exercises import _tell
from attnlab.exercises import _text as text
from attnlab.exercises._outcome import Outcome, agree, alike, group

WORDS = {"masks": "True and False", "labels": "a string", "numbers": "numbers"}
COARSE = {"float16": "float16", "bfloat16": "bfloat16"}


@dataclass(frozen=True)
class Difference:
    """One part of the answer on one probe, beside the right one; `everywhere` holds all outcomes."""

    exercise: object
    probe: str
    part: int
    mine: Outcome
    its: Outcome
    everywhere: tuple[tuple[Outcome, Outcome], ...]

    @property
    def yours(self) -> np.ndarray:
        return self.mine.parts[self.part]

    @property
    def right(self) -> np.ndarray:
        return self.its.parts[self.part]

    def headline(self) -> str:
        """Shape, type or NaN where that is what this probe shows; otherwise that the answer differs."""
        yours, right = self.yours, self.right
        if yours.shape != right.shape:
            return "your output has the wrong shape."
        if group(yours) != group(right):
            return self._wrong_type()
        if coarse := self._too_coarse():
            return coarse
        lost = ~np.isfinite(yours) & np.isfinite(right) if group(right) == "numbers" else np.zeros(1, dtype=bool)
        if lost.any():
            return f"there are {'NaNs' if np.isnan(yours[lost]).any() else 'infinite numbers'} in your output."
        return "your answer differs from the right one, and in no way this exercise knows by name."

    def _wrong_type(self) -> str:
        """Numbers for truth values or the other way; whether 0 and 1 would have been the right pattern."""
        wanted = WORDS[group(self.right)]
        if group(self.right) != "masks" or not np.isin(self.yours, (0, 1)).all():
            return f"your entries should be {wanted}, not {WORDS[group(self.yours)]}."
        as_mask = [tuple(part.astype(bool) for part in mine.parts) for mine, _ in self.everywhere]
        fits = all(np.array_equal(a, b) for parts, (_, its) in zip(as_mask, self.everywhere) for a, b in zip(parts, its.parts))
        return "your entries are the numbers 0 and 1, where True and False are asked for" + (
            "; the pattern is right." if fits else ", and the pattern is not right either.")

    def _too_coarse(self) -> str:
        """For an answer that is right as far as half precision goes."""
        kinds = {COARSE[kind] for mine, _ in self.everywhere for kind in mine.types if kind in COARSE}
        if not kinds or not all(np.allclose(a, b, rtol=0.02, atol=0.02, equal_nan=True)
                                for mine, its in self.everywhere for a, b in zip(mine.parts, its.parts) if a.shape == b.shape):
            return ""
        return f"your answer is right as far as {kinds.pop()} can tell; compute in float32 or float64."

    def told(self, tell: Callable) -> str:
        """The probe and what it shows, by `tell`, or by shape or type where that is the difference."""
        if self.mine.kind != "value":
            return f"({self.probe}): {self.mine.detail or 'nothing came back'}."
        yours, right = self.yours, self.right
        of = f"in {self.exercise.parts[self.part]}, " if len(self.its.parts) > 1 else ""
        if yours.shape != right.shape:
            said = text.shapes(yours, right)
        elif group(yours) != group(right):
            said = f"your entries are {WORDS[group(yours)]}, expected {WORDS[group(right)]}"
        else:
            said = text.worst_entry(yours, right) if group(yours) == "labels" else tell(yours, right)
        return f"({self.probe}): {of}{said}."


def of(exercise, outcomes: list[Outcome], right: list[Outcome]) -> Difference | None:
    """The first probe that shows a difference; one with an answer before one without."""
    pairs = tuple(zip(outcomes, right))
    wrong = [(probe.name, *pair) for probe, pair in zip(exercise.probes, pairs) if not agree(*pair)]
    if not wrong:
        return None
    probe, mine, its = next((trio for trio in wrong if trio[1].kind == "value"), wrong[0])
    parts = zip(mine.parts, its.parts)
    part = next((i for i, (a, b) in enumerate(parts) if not alike(a, b)), 0)
    return Difference(exercise, probe, part, mine, its, pairs)


def everywhere(exercise, outcomes: list[Outcome], right: list[Outcome]) -> str:
    """What the answers on all probes have in common, part by part until one has something to say."""
    names = [probe.name for probe in exercise.probes]
    good = [name for name, mine, its in zip(names, outcomes, right) if agree(mine, its)]
    told = ""
    if all(len(mine.parts) == len(its.parts) for mine, its in zip(outcomes, right)):
        for part in range(len(exercise.parts)):
            told = told or _tell.over_probes([o.parts[part] for o in outcomes], [r.parts[part] for r in right])
    return " ".join(filter(None, [told, _tell.counted(good, names)]))

"""The verdict: from what was seen to what is said, the most telling finding first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from attnlab.exercises import _difference as difference
from attnlab.exercises import _ending as ending
from attnlab.exercises import _text as text
from attnlab.exercises._outcome import Outcome, agree
from attnlab.exercises._probes import CHANGED
from attnlab.exercises._report import Report
from attnlab.exercises._tell import tell
from attnlab.exercises.misconceptions import MISCONCEPTIONS

NESTED = ("your function calls `check`, `use` or `diagnose` while it is being checked, so the check would never end; "
          "move that line out of the function (it is indented one step too far).")


@dataclass(frozen=True)
class Diagnosis:
    """What a check found: `mistake` is the id of a misconception, or None."""

    attempted: bool
    passed: bool
    mistake: str | None
    text: str


@dataclass
class Seen:
    """What the learner's function did: an outcome a probe, what speaks against each property, what it changed."""

    report: Report
    seconds: float
    replaced: list[str]
    outcomes: list[Outcome] = field(default_factory=list)
    against: dict[str, str] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    at: str = ""
    repeats: bool = True
    nested: bool = False
    printed: int = 0
    threads: bool = False

    @classmethod
    def of(cls, report: Report, seconds: float, replaced: list[str]) -> Seen:
        """What a report tells, piece by piece."""
        seen = cls(report, seconds, replaced)
        for kind, *said in report.told:
            getattr(seen, f"hear_{kind}")(*said)
        return seen

    def hear_at(self, place: str) -> None:
        self.at = place

    def hear_outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def hear_repeats(self, repeats: bool) -> None:
        self.repeats = repeats

    def hear_against(self, name: str, evidence: str) -> None:
        self.against[name] = evidence

    def hear_changed(self, names) -> None:
        self.changed.update(dict.fromkeys(names))

    def hear_nested(self) -> None:
        self.nested = True

    def hear_after(self, printed: int, threads: bool) -> None:
        self.printed, self.threads = printed, threads


def reach(exercise, function: Callable, seen: Seen, right: list[Outcome], mutants: dict) -> Diagnosis:
    """The verdict on what was seen."""
    notes = _notes(seen)
    if seen.nested:
        return wrong(NESTED)
    if seen.report.ending != "finished":
        return wrong(*ending.told(function, seen), *notes)
    if seen.outcomes[0].kind == "nothing":
        return _nothing(function, seen.outcomes[0], notes)
    if not seen.repeats and exercise.judged_by == "values":
        return wrong("two calls with the same arguments give different answers, so something random is left in", *notes)
    if _passes(exercise, seen, right):
        return _passed(exercise, notes)
    name = _match(exercise, seen.outcomes, right, mutants)
    if name:
        return wrong(*_named(exercise, name, seen, right), *notes, mistake=name)
    return wrong(*_unnamed(exercise, seen, right), *notes)


def wrong(first: str, *lines: str, mistake: str | None = None) -> Diagnosis:
    """A verdict of "not yet" with the reason on its first line."""
    return Diagnosis(True, False, mistake, text.paragraphs(f"not yet: {first}", *lines))


def not_attempted() -> Diagnosis:
    """The slot as it was."""
    return Diagnosis(False, False, None, "not attempted yet")


def not_a_function(exercise, thing) -> Diagnosis:
    """For somebody who passed the result of a call."""
    got = type(thing).__name__
    return wrong(f"`check` needs the function itself, {exercise.name} without brackets, but got {got} instead")


def _nothing(function: Callable, outcome: Outcome, notes: list[str]) -> Diagnosis:
    """Not attempted yet, or a function that does something and forgets to return."""
    if outcome.detail or not ending.does_something(function):
        return not_attempted()
    return wrong("your function has a body but gives back None: is the `return` missing?", *notes)


def _match(exercise, outcomes: list[Outcome], right: list[Outcome], mutants: dict) -> str | None:
    """The one known mistake that gives these outcomes: on all probes, or else on all that are not extreme."""
    for forgiving in (False, True):
        kept = [i for i, probe in enumerate(exercise.probes) if not (forgiving and probe.extreme)]
        if not any(outcomes[i].kind == "value" for i in kept):
            return None
        if all(agree(outcomes[i], right[i]) for i in kept):
            return None
        found = {exercise.same_as.get(name, name) for name, its in mutants.items()
                 if all(agree(outcomes[i], its[i]) for i in kept)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _passes(exercise, seen: Seen, right: list[Outcome]) -> bool:
    """Every property and, unless many answers are right, the right values."""
    if seen.against:
        return False
    if exercise.judged_by == "properties":
        return all(outcome.kind == "value" for outcome in seen.outcomes)
    return all(agree(mine, its) for mine, its in zip(seen.outcomes, right))


def _passed(exercise, notes: list[str]) -> Diagnosis:
    """Say what was verified, and give one thought to take along."""
    lines = ["passed", f"Verified: {exercise.verified}", *notes, f"Next: {exercise.next_thought}"]
    return Diagnosis(True, True, None, text.paragraphs(*lines))


def _notes(seen: Seen) -> list[str]:
    """Remarks that change no verdict: edited arguments, a changed world, printing."""
    edited = list(dict.fromkeys(name for outcome in seen.outcomes for name in outcome.edited))
    notes = []
    if edited:
        names = " and ".join(edited)
        notes.append(f"Note: your function changes its argument {names} in place, so its caller loses data; edit a copy.")
    if seen.changed:
        notes.append(f"Note: your function changes {_some(seen.changed)} for everybody; the check has put that back.")
    if seen.replaced:
        notes.append(f"Note: {_some(seen.replaced)} had been replaced in this session; the check has put that back.")
    if seen.threads:
        notes.append("Note: your function leaves threads behind that are still running.")
    if seen.printed:
        lines, left = ("1 line", "it is") if seen.printed == 1 else (f"{seen.printed} lines", "they are")
        notes.append(f"Note: your function printed {lines} during the check; {left} left out here.")
    return notes


def _some(names) -> str:
    """The first few names."""
    first = list(names)[:3]
    return " and ".join(first) + (f" (and {len(names) - 3} more)" if len(names) > 3 else "")


def _named(exercise, name: str, seen: Seen, right: list[Outcome]) -> list[str]:
    """What, evidence, why it is tempting, where to read."""
    known_mistake = MISCONCEPTIONS[name]
    if exercise.judged_by == "properties":
        broken, shown = next(iter(seen.against.items()))
        evidence = f": it should hold that {broken}; but {shown}."
    else:
        evidence = " " + difference.of(exercise, seen.outcomes, right).told(exercise.evidence.get(name, text.worst_entry))
    return [
        known_mistake.what,
        f"Evidence{evidence}",
        f"Why it is tempting: {known_mistake.tempting}",
        f"Read: {known_mistake.read}",
    ]


def _unnamed(exercise, seen: Seen, right: list[Outcome]) -> list[str]:
    """No known mistake fits: say what kind of thing came back, then which properties hold and which fail."""
    place = f"Read: {exercise.uses}"
    mine = next((o for o, r in zip(seen.outcomes, right) if o.kind != "value"), None)
    if mine is not None:
        return [*_no_value(exercise, seen, mine), place]
    holds = [prop.name for prop in exercise.properties if prop.name not in seen.against]
    fails = [f"{name} ({evidence})" for name, evidence in seen.against.items()]
    return [*_what_differs(exercise, seen, right), "Holds: " + "; ".join(holds) + "." if holds else "",
            "Fails: " + "; ".join(fails) + "." if fails else "", place]


def _what_differs(exercise, seen: Seen, right: list[Outcome]) -> list[str]:
    """The headline, and the evidence for it from the same probe; then what all probes have in common."""
    if exercise.judged_by == "properties":
        return ["not every property that was asked for holds."]
    shown = difference.of(exercise, seen.outcomes, right)
    if shown is None:
        if all(evidence.endswith(CHANGED) for evidence in seen.against.values()):
            return ["your answer is right, but an argument that has to stay as it is does not."]
        return ["your answer is right on the arguments tried first, but not on others."]
    return [shown.headline(), f"Evidence {shown.told(tell)}", difference.everywhere(exercise, seen.outcomes, right)]


def _no_value(exercise, seen: Seen, mine: Outcome) -> list[str]:
    """It raised, returned nothing, or returned what is no array, on some probe or on all."""
    index = seen.outcomes.index(mine)
    probe = exercise.probes[index]
    what = {"error": "your function raises ", "unusable": "", "nothing": "your function returns None"}[mine.kind]
    detail = mine.detail if mine.kind != "nothing" else ""
    where = f"Seen on: {probe.name}" + (f", with {_given(exercise, probe)}." if _given(exercise, probe) else ".")
    worked = f"It gave an answer on {exercise.probes[0].name}." if index else ""
    return [f"{what}{detail}", where, worked]


def _given(exercise, probe) -> str:
    """The shapes of a probe's arguments."""
    pairs = zip(exercise.parameters, probe.arguments)
    return ", ".join(f"{name} of shape {text.shape(a)}" for name, a in pairs if isinstance(a, np.ndarray) and a.ndim)

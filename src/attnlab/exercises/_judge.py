"""The verdict: compare with the reference and with every known mistake, then say what was seen."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._outcome import Outcome, agree, alike, call, group
from attnlab.exercises._run import Report, run
from attnlab.exercises.bank import EXERCISES
from attnlab.exercises.misconceptions import MISCONCEPTIONS

SECONDS = 5.0
WORDS = {"masks": "True and False", "labels": "a string", "numbers": "numbers"}


class UnknownExercise(LookupError):
    """No exercise has this id."""


@dataclass(frozen=True)
class Diagnosis:
    """What a check found: `mistake` is the id of a misconception, or None."""

    attempted: bool
    passed: bool
    mistake: str | None
    text: str


@dataclass
class Seen:
    """What the learner's function did: an outcome a probe, and what speaks against each property."""

    outcomes: list[Outcome] = field(default_factory=list)
    against: dict[str, str] = field(default_factory=dict)
    repeats: bool = True


class Unfit(Exception):
    """A property asked for an output and got none it could use."""


def find(exercise_id: str):
    """The exercise with this id; UnknownExercise names the closest ids."""
    if exercise_id in EXERCISES:
        return EXERCISES[exercise_id]
    close = difflib.get_close_matches(str(exercise_id), EXERCISES, n=3, cutoff=0.5)
    names = [known for known in EXERCISES if str(exercise_id).rsplit(".")[-1] in known.rsplit(".")[-1]]
    near = list(dict.fromkeys([*close, *names]))[:3] or sorted(EXERCISES)[:3]
    raise UnknownExercise(f"no exercise is called {exercise_id!r}; did you mean {' or '.join(map(repr, near))}?")


def diagnose(exercise_id: str, function: Callable, seconds: float = SECONDS) -> Diagnosis:
    """What is right or wrong with a function, as an object; `check` prints its text."""
    exercise = find(exercise_id)
    if function is None or function is ...:
        return _not_attempted(exercise, function)
    if not callable(function):
        return _wrong(_not_a_function(exercise, function))
    seen = Seen()
    report = run(lambda: _observe(exercise, function, seen), seconds)
    if not report.finished:
        return _wrong(_unfinished(report, seconds))
    return _verdict(exercise, function, seen, report)


def _observe(exercise, function: Callable, seen: Seen) -> None:
    """Call on every probe and test every property, writing down what happens as it happens."""
    for probe in exercise.probes:
        seen.outcomes.append(call(exercise, function, probe.arguments))
        if seen.outcomes[0].kind == "nothing":
            return
    seen.repeats = agree(seen.outcomes[0], call(exercise, function, exercise.probes[0].arguments))
    for prop in exercise.properties:
        evidence = _evidence_against(exercise, function, prop)
        if evidence:
            seen.against[prop.name] = evidence


def _evidence_against(exercise, function: Callable, prop) -> str | None:
    """None if the property holds; otherwise what was seen."""

    def ask(*arguments):
        outcome = call(exercise, function, arguments)
        if outcome.kind != "value":
            raise Unfit(outcome.detail or "nothing came back")
        return outcome.parts[0] if len(outcome.parts) == 1 else outcome.parts

    try:
        return prop.test(ask)
    except Unfit as unfit:
        return str(unfit)
    except Exception:
        return "it cannot be measured on what your function returns"


@cache
def known(exercise_id: str) -> tuple[list[Outcome], dict[str, list[Outcome]]]:
    """The outcomes of the reference and of every mutant on the probes."""
    exercise = EXERCISES[exercise_id]
    with np.errstate(all="ignore"):
        right = [call(exercise, exercise.reference, probe.arguments) for probe in exercise.probes]
        wrong = {
            name: [call(exercise, mutant, probe.arguments) for probe in exercise.probes]
            for name, mutant in exercise.mutants.items()
        }
    return right, wrong


def _verdict(exercise, function: Callable, seen: Seen, report: Report) -> Diagnosis:
    """From what was seen to what is said, the most telling finding first."""
    outcomes, (right, mutants) = seen.outcomes, known(exercise.id)
    notes = _notes(outcomes, report)
    if outcomes[0].kind == "nothing":
        return _not_attempted(exercise, function)
    if not seen.repeats:
        return _wrong("two calls with the same arguments give different answers, so something random is left in", *notes)
    if _passes(exercise, seen, right):
        return _passed(exercise, notes)
    name = _match(exercise, outcomes, right, mutants)
    if name:
        return _wrong(*_named(exercise, name, seen, right), *notes, mistake=name)
    return _wrong(*_unnamed(exercise, seen, right), *notes)


def _match(exercise, outcomes: list[Outcome], right: list[Outcome], mutants: dict) -> str | None:
    """The known mistake that gives these outcomes: on all probes, or else on all that are not extreme."""
    for forgiving in (False, True):
        kept = [i for i, probe in enumerate(exercise.probes) if not (forgiving and probe.extreme)]
        if not any(outcomes[i].kind == "value" for i in kept):
            return None
        if forgiving and all(agree(outcomes[i], right[i]) for i in kept):
            return None
        for name, wrong in mutants.items():
            if all(agree(outcomes[i], wrong[i]) for i in kept):
                return exercise.same_as.get(name, name)
    return None


def _passes(exercise, seen: Seen, right: list[Outcome]) -> bool:
    """Right values, or, where many answers are right, all properties."""
    if exercise.judged_by == "properties":
        return not seen.against and all(outcome.kind == "value" for outcome in seen.outcomes)
    return all(agree(mine, its) for mine, its in zip(seen.outcomes, right))


def _passed(exercise, notes: list[str]) -> Diagnosis:
    """Say what was verified, and give one thought to take along."""
    lines = ["passed", f"Verified: {exercise.verified}", *notes, f"Next: {exercise.next_thought}"]
    return Diagnosis(True, True, None, text.paragraphs(*lines))


def _wrong(first: str, *lines: str, mistake: str | None = None) -> Diagnosis:
    """A verdict of "not yet" with the reason on its first line."""
    return Diagnosis(True, False, mistake, text.paragraphs(f"not yet: {first}", *lines))


def _not_attempted(exercise, function) -> Diagnosis:
    """The slot as it was, or a function that forgets to return."""
    code = getattr(function, "__code__", None)
    busy = code is not None and (code.co_names or code.co_nlocals > code.co_argcount)
    more = "Your function has a body but gives back None: is the return missing?" if busy else ""
    return Diagnosis(False, False, None, text.paragraphs("not attempted yet", more))


def _not_a_function(exercise, thing) -> str:
    """For somebody who passed the result of a call."""
    return f"`check` needs the function itself, {exercise.name} without brackets, but got {type(thing).__name__} instead"


def _unfinished(report: Report, seconds: float) -> str:
    """The time ran out, or the judge itself broke on something unheard of."""
    if report.failure is not None:
        return f"the check was ended by {type(report.failure).__name__}"
    limit = text.number(seconds)
    return f"your function did not finish within {limit} seconds; is there a loop that never ends?"


def _notes(outcomes: list[Outcome], report: Report) -> list[str]:
    """Remarks that change no verdict: edited arguments, printing."""
    edited = list(dict.fromkeys(name for outcome in outcomes for name in outcome.edited))
    notes = []
    if edited:
        names = " and ".join(edited)
        notes.append(f"Note: your function changes its argument {names} in place, so its caller loses data; edit a copy.")
    if report.printed:
        notes.append(f"Note: your function printed {report.printed} lines during the check; they are left out here.")
    return notes


def _named(exercise, name: str, seen: Seen, right: list[Outcome]) -> list[str]:
    """What, evidence, why it is tempting, where to read."""
    known_mistake = MISCONCEPTIONS[name]
    if exercise.judged_by == "properties":
        broken, shown = next(iter(seen.against.items()))
        evidence = f": it should hold that {broken}; but {shown}."
    else:
        evidence = " " + _evidence(exercise, seen.outcomes, right, exercise.evidence.get(name, text.worst_entry))
    return [
        known_mistake.what,
        f"Evidence{evidence}",
        f"Why it is tempting: {known_mistake.tempting}",
        f"Read: {known_mistake.read}",
    ]


def _evidence(exercise, outcomes: list[Outcome], right: list[Outcome], tell: Callable) -> str:
    """The first probe that shows a difference, told by `tell`, or by shape, error or worst entry where that fails."""
    pairs = [trio for trio in zip(exercise.probes, outcomes, right) if not agree(trio[1], trio[2])]
    probe, mine, its = next((trio for trio in pairs if trio[1].kind == "value"), pairs[0])
    if mine.kind != "value":
        return f"({probe.name}): {mine.detail}."
    part = next(i for i, (a, b) in enumerate(zip(mine.parts, its.parts)) if not alike(a, b))
    yours, wanted = mine.parts[part], its.parts[part]
    of = f"in {exercise.parts[part]}, " if len(its.parts) > 1 else ""
    if yours.shape != wanted.shape:
        told = text.shapes(yours, wanted)
    elif group(yours) != group(wanted):
        told = f"your entries are {WORDS[group(yours)]}, expected {WORDS[group(wanted)]}"
    else:
        told = tell(yours, wanted) if group(yours) != "labels" else text.worst_entry(yours, wanted)
    return f"({probe.name}): {of}{told}."


def _unnamed(exercise, seen: Seen, right: list[Outcome]) -> list[str]:
    """No known mistake fits: say what kind of thing came back, then which properties hold and which fail."""
    place = f"Read: {exercise.uses}"
    mine = next((o for o, r in zip(seen.outcomes, right) if o.kind != "value"), None)
    if mine is not None:
        return [*_no_value(exercise, seen, mine), place]
    first = _first_line(exercise, seen, right)
    values = exercise.judged_by == "values"
    shown = "Evidence " + _evidence(exercise, seen.outcomes, right, text.worst_entry) if values else ""
    holds = [prop.name for prop in exercise.properties if prop.name not in seen.against]
    fails = [f"{name} ({evidence})" for name, evidence in seen.against.items()]
    return [first, shown, "Holds: " + "; ".join(holds) + "." if holds else "",
            "Fails: " + "; ".join(fails) + "." if fails else "", place]


def _no_value(exercise, seen: Seen, mine: Outcome) -> list[str]:
    """It raised, returned nothing, or returned what is no array, on some probe or on all."""
    index = seen.outcomes.index(mine)
    probe = exercise.probes[index]
    what = {"error": "your function raises ", "unusable": "", "nothing": "your function returns None"}[mine.kind]
    where = f"Seen on: {probe.name}" + (f", with {_given(exercise, probe)}." if _given(exercise, probe) else ".")
    worked = f"It gave an answer on {exercise.probes[0].name}." if index else ""
    return [f"{what}{mine.detail}", where, worked]


def _given(exercise, probe) -> str:
    """The shapes of a probe's arguments."""
    pairs = zip(exercise.parameters, probe.arguments)
    return ", ".join(f"{name} of shape {text.shape(a)}" for name, a in pairs if isinstance(a, np.ndarray) and a.ndim)


def _first_line(exercise, seen: Seen, right: list[Outcome]) -> str:
    """Shape, type or NaN where that is what is wrong; otherwise that the answer differs."""
    if exercise.judged_by == "properties":
        return "not every property that was asked for holds."
    for mine, its in zip(seen.outcomes, right):
        for yours, wanted in zip(mine.parts, its.parts):
            if yours.shape != wanted.shape:
                return "your output has the wrong shape."
            if group(yours) != group(wanted):
                return f"your entries should be {WORDS[group(wanted)]}, not {WORDS[group(yours)]}."
            if np.issubdtype(yours.dtype, np.floating) and np.isnan(yours).any() and not np.isnan(wanted).any():
                return "there are NaNs in your output."
    return "your answer differs from the right one, and in no way this exercise knows by name."

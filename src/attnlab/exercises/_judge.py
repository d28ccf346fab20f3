"""Judging: what the right answer and every known mistake give, then what the learner's function gives, then a verdict.

What is right is computed first. The function then runs where it can be ended, in a world that is put back after every
call, so that neither its time nor what it changes can touch the verdict or a later check.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable
from functools import cache

import numpy as np

from attnlab.exercises import _verdict as verdict
from attnlab.exercises._outcome import Outcome, agree, call
from attnlab.exercises._report import TimeUp
from attnlab.exercises._run import quiet, run
from attnlab.exercises._verdict import Diagnosis, Seen
from attnlab.exercises._world import PRISTINE, Chance, World, around, of_this_thread, other_chance
from attnlab.exercises.bank import EXERCISES

SECONDS = 5.0
PLAIN = {"float64", "int64", "bool", "float32"}


class UnknownExercise(LookupError):
    """No exercise has this id."""


class CheckInside(RuntimeError):
    """A check was asked for by the very function that is being checked."""


class Unfit(Exception):
    """A property asked for an output and got none it could use."""


class Busy:
    """Whether a function is being judged in this process, and whether it asked for a check itself."""

    judging = asked_again = False


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
    if Busy.judging:
        Busy.asked_again = True
        raise CheckInside("a check was called inside the function that is being checked")
    exercise = find(exercise_id)
    if function is None or function is ...:
        return verdict.not_attempted()
    if not callable(function):
        return verdict.not_a_function(exercise, function)
    replaced = PRISTINE.restore(added=False)
    right, mutants = known(exercise_id)
    with quiet() as sink, one_world(exercise) as world:
        report = run(lambda tell, clock: _observe(Asked(exercise, function, world, tell, clock), sink), seconds)
    return verdict.reach(exercise, function, Seen.of(report, seconds, replaced), right, mutants)


@contextlib.contextmanager
def one_world(exercise):
    """The world as it is now, put back at the end, whatever is still running."""
    world, chance = around(exercise), Chance()
    try:
        yield world
    finally:
        Busy.judging = Busy.asked_again = False
        world.close()
        chance.restore()


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


class Stop(Exception):
    """Enough was seen."""


class Asked:
    """The learner's function, called in a world that is put back each time; what happens is told."""

    def __init__(self, exercise, function: Callable, world: World, tell: Callable, clock):
        self.exercise, self.function, self.tell, self.clock = exercise, function, tell, clock
        self.whole = world.from_here()
        self.worlds, self.changed = (self.whole.near(), of_this_thread()), []

    def __enter__(self) -> None:
        self.clock.__enter__()

    def __exit__(self, kind, *failure) -> None:
        self.clock.__exit__(kind, *failure)
        if kind is not TimeUp:
            self._put_back()

    def _put_back(self) -> None:
        for world in self.worlds:
            self.changed += world.restore()

    def __call__(self, arguments: tuple) -> Outcome:
        """One call; Stop if it asked for a check itself."""
        chance = Chance()
        outcome = call(self.exercise, self.function, arguments, inside=self)
        if any(kind not in PLAIN for kind in outcome.types):
            self._put_back()  # what came back may have had code of its own
        chance.restore()
        if self.changed:
            self.tell("changed", tuple(self.changed))
        if Busy.asked_again:
            self.tell("nested")
            raise Stop
        self.changed = []
        return outcome

    def leave(self) -> None:
        """After the last call, look at what lies further away."""
        changed = tuple(self.whole.restore())
        if changed:
            self.tell("changed", changed)

    def threads_left(self) -> bool:
        """Whether more threads run than before the first call."""
        return self.worlds[1].threads_left()


def _observe(asked: Asked, sink) -> None:
    """Call on every probe and test every property, telling what happens as it happens."""
    Busy.judging, exercise, tell = True, asked.exercise, asked.tell
    with contextlib.suppress(Stop):
        first = _probed(asked, exercise.probes[0])
        if first.kind == "nothing":
            return
        for probe in tuple(exercise.probes[1:]):
            _probed(asked, probe)
        other_chance()
        tell("repeats", agree(first, asked(exercise.probes[0].arguments)))
        for prop in tuple(exercise.properties):
            tell("at", f"the property that {prop.name}")
            evidence = _evidence_against(asked, prop)
            if evidence:
                tell("against", prop.name, evidence)
        asked.leave()
        tell("after", sink.lines, asked.threads_left())


def _probed(asked: Asked, probe) -> Outcome:
    """The outcome of one probe."""
    asked.tell("at", probe.name)
    outcome = asked(probe.arguments)
    asked.tell("outcome", outcome)
    return outcome


def _evidence_against(asked: Asked, prop) -> str | None:
    """None if the property holds; otherwise what was seen. An answer as good as the right one counts as the right one."""

    exercise = asked.exercise

    def ask(*arguments):
        right = call(exercise, exercise.reference, arguments) if exercise.judged_by == "values" else None
        outcome = asked(arguments)
        ask.edited = outcome.edited
        if right is not None and agree(outcome, right):
            outcome = right
        if outcome.kind != "value":
            raise Unfit(outcome.detail or "nothing came back")
        return outcome.parts[0] if len(outcome.parts) == 1 else outcome.parts

    try:
        return prop.test(ask)
    except Unfit as unfit:
        return str(unfit)
    except Stop:
        raise
    except Exception:
        return "it cannot be measured on what your function returns"

"""What an exercise is: a slot, a reference, known mistakes, probes that tell them apart, and properties."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from attnlab.exercises._pages import address, sentence

LEVELS = ("remember", "understand", "apply", "analyse", "evaluate", "create")


@dataclass(frozen=True)
class Probe:
    """Arguments on which the learner's function, the reference and every mutant are compared."""

    name: str
    arguments: tuple
    extreme: bool = False


@dataclass(frozen=True)
class Property:
    """A statement that is true of every right answer; `test(call)` gives None, or the evidence against it."""

    name: str
    test: Callable


@dataclass
class Exercise:
    """One exercise of the bank. The README beside this file says how to write one."""

    id: str
    title: str
    level: str
    minutes: int
    difficulty: int
    page: str
    statement: str
    slot: str
    hints: tuple[str, ...]
    parsons: tuple[str, ...]
    why: str
    verified: str
    next_thought: str
    reference: Callable
    headings: tuple[str, ...] = ()
    returns: str = "numbers"
    parts: tuple[str, ...] = ("output",)
    judged_by: str = "values"
    imports: tuple[str, ...] = ("import numpy as np",)
    mutants: dict[str, Callable] = field(default_factory=dict)
    impostors: dict[str, Callable] = field(default_factory=dict)
    evidence: dict[str, Callable] = field(default_factory=dict)
    same_as: dict[str, str] = field(default_factory=dict)
    probes: list[Probe] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    solution: Callable | None = None

    def __post_init__(self):
        """Texts are written indented in the bank; store them as they read."""
        self.statement = textwrap.dedent(self.statement).strip()
        self.slot = textwrap.dedent(self.slot).strip()
        self.why = textwrap.dedent(self.why).strip()
        self.hints = tuple(textwrap.dedent(hint).strip() for hint in self.hints)

    @property
    def name(self) -> str:
        """The name of the function the learner writes."""
        return re.search(r"def (\w+)\(", self.slot).group(1)

    @property
    def uses(self) -> str:
        """Page and sections to read first, as a sentence."""
        return sentence(self.page, self.headings)

    @property
    def href(self) -> str:
        """The page and its first section to read, as an address below the site's root."""
        return address(self.page, self.headings)

    @property
    def parameters(self) -> list[str]:
        """The names of the reference's parameters, which are those of the slot."""
        return list(_parameters(self.reference))

    def solve(self, function: Callable) -> Callable:
        """Decorator: the course's own answer, named `<slot>_solution`."""
        self.solution = function
        return function

    def mutant(self, function: Callable | None = None, *, evidence=None, same_as=None):
        """Decorator: a known-wrong answer; the function's name is the id of its misconception."""

        def register(wrong: Callable) -> Callable:
            self.mutants[wrong.__name__] = wrong
            if evidence:
                self.evidence[wrong.__name__] = evidence
            if same_as:
                self.same_as[wrong.__name__] = same_as
            return wrong

        return register(function) if function else register

    def impostor(self, function: Callable) -> Callable:
        """Decorator: a wrong answer that must be rejected and given no mistake's name, since it made none of them."""
        self.impostors[function.__name__] = function
        return function

    def probe(self, name: str, *arguments, extreme: bool = False) -> None:
        """Add one set of arguments; an extreme one (huge scores) is forgiven when a mistake is looked for by name."""
        self.probes.append(Probe(name, tuple(map(_fixed, arguments)), extreme))

    def holds(self, name: str):
        """Decorator: a property of every right answer, worded so that it reads after "holds:"."""

        def register(test: Callable) -> Callable:
            self.properties.append(Property(name, test))
            return test

        return register


@cache
def _parameters(function: Callable) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _fixed(argument):
    """An array as a copy that nobody can write to; anything else as it is."""
    if isinstance(argument, np.ndarray):
        argument = argument.copy()
        argument.flags.writeable = False
    return argument


def source_of(function: Callable) -> str:
    """The text of a function, without its decorators."""
    lines = textwrap.dedent(inspect.getsource(function)).rstrip().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[first:])


def body_of(function: Callable) -> list[str]:
    """The lines of a function's body, dedented, without a one-line docstring."""
    lines = source_of(function).splitlines()[1:]
    body = textwrap.dedent("\n".join(lines)).splitlines()
    return [line for line in body if line.strip() and not line.startswith('"""')]

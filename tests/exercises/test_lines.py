"""The lines of a solution as a task: every order that is accepted runs as the solution does."""
from __future__ import annotations

import itertools
import random

import pytest

from attnlab.exercises import EXERCISES, _lines, diagnose
from attnlab.exercises._exercise import body_of, source_of

FREE = [name for name, exercise in EXERCISES.items()
        if any(set(range(i)) - set(line.after) and not line.tied for i, line in enumerate(_lines.right_lines(exercise)))]


def fits(order: tuple[int, ...], lines) -> bool:
    """As the page judges: all that a line needs is above it, and a block stays together."""
    return all(set(lines[n].after) <= set(order[:i]) and (not lines[n].tied or order[i - 1:i] == (n - 1,))
               for i, n in enumerate(order))


def orders(lines, most: int = 2) -> list[tuple[int, ...]]:
    """Accepted orders other than the solution's own, a few drawn at random."""
    dice, found = random.Random(7), set()
    for _ in range(40):
        order: list[int] = []
        while len(order) < len(lines):
            ready = [n for n in range(len(lines)) if n not in order and set(lines[n].after) <= set(order)
                     and (not lines[n].tied or order[-1:] == [n - 1])]
            tied = [n for n in ready if lines[n].tied]
            order.append(tied[0] if tied else dice.choice(ready))
        found.add(tuple(order))
    return sorted(found - {tuple(range(len(lines)))})[:most]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_accepted_and_lines_are_all_there(name):
    exercise = EXERCISES[name]
    lines = _lines.right_lines(exercise)
    assert [line.text for line in lines] == body_of(exercise.solution)
    assert fits(tuple(range(len(lines))), lines)
    mixed, strays = _lines.mixed_lines(exercise), _lines.stray_lines(exercise)
    assert sorted(mixed) == sorted([line.text for line in lines] + list(strays)) and mixed != [line.text for line in lines]
    assert strays and not set(strays) & {line.text for line in lines}


@pytest.mark.parametrize("name", FREE)
def test_every_other_order_that_is_accepted_passes_the_check(name):
    exercise = EXERCISES[name]
    lines, head = _lines.right_lines(exercise), source_of(exercise.solution).splitlines()[0]
    for order in orders(lines):
        assert fits(order, lines)
        names = {}
        exec("\n".join([*exercise.imports, head, *(f"    {lines[n].text}" for n in order)]), names)
        assert diagnose(name, names[exercise.solution.__name__], seconds=60).passed, order


def test_there_are_exercises_with_several_right_orders_and_blocks():
    assert len(FREE) >= 40
    assert sum(any(line.tied for line in _lines.right_lines(exercise)) for exercise in EXERCISES.values()) >= 20


def test_what_acts_stays_where_it_is():
    class One:
        parsons, mutants, same_as = (), {}, {}

        @staticmethod
        def solution(x, rng):
            a = x + 1
            b = x * 2
            x[0] = 3
            c = rng.normal()
            d = a + b
            return c + d

    lines = _lines.right_lines(One)
    accepted = {order for order in itertools.permutations(range(6)) if fits(order, lines)}
    assert accepted == {(0, 1, 2, 3, 4, 5), (1, 0, 2, 3, 4, 5)}

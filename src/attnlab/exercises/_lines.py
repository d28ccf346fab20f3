"""The lines of a solution as a task: which belong, which come from mistakes, and which must stand above which."""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass

from attnlab.exercises._exercise import body_of


@dataclass(frozen=True)
class Line:
    """A line of a solution; `after` numbers the lines that must stand above it, `tied` says right below the last one."""

    text: str
    after: tuple[int, ...] = ()
    tied: bool = False


def right_lines(exercise) -> list[Line]:
    """The solution's lines. Two statements may change places where neither reads or writes what the other writes."""
    texts = body_of(exercise.solution)
    statements = ast.parse("def _():\n" + "\n".join(f"    {text}" for text in texts)).body[0].body
    found = []
    for place, statement in enumerate(statements):
        above = [other for other in statements[:place] if _must_follow(statement, other)]
        after = tuple(number for other in above for number in _numbers(other))
        found += [Line(texts[number], after, number > _numbers(statement)[0]) for number in _numbers(statement)]
    return found


def stray_lines(exercise) -> dict[str, str]:
    """Line -> name of the mistake it comes from, for the lines mixed into the last hint."""
    right, found = body_of(exercise.solution), {}
    for name in exercise.parsons:
        for line in body_of(exercise.mutants[name]):
            if line not in right:
                found.setdefault(line, exercise.same_as.get(name, name))
    return found


def mixed_lines(exercise) -> list[str]:
    """All of them in an order that is always the same, never the solution's own."""
    right = body_of(exercise.solution)
    lines, dice = right + list(stray_lines(exercise)), random.Random(exercise.id)
    dice.shuffle(lines)
    while len(right) > 1 and [line for line in lines if line in right] == right:
        dice.shuffle(lines)
    return lines


def _numbers(statement: ast.stmt) -> range:
    """The lines of a statement, counted from 0 (the `def` above them is line 1 of the parsed text)."""
    return range(statement.lineno - 2, statement.end_lineno - 1)


def _must_follow(later: ast.stmt, earlier: ast.stmt) -> bool:
    if _acts(later) or _acts(earlier):
        return True
    written = _names(earlier, ast.Store)
    touched = _names(later, ast.Store) | _names(later, ast.Load)
    return bool(written & touched or _names(earlier, ast.Load) & _names(later, ast.Store))


def _names(statement: ast.stmt, context: type) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def _acts(statement: ast.stmt) -> bool:
    """Whether it does more than name a value: changes an array, draws a random number, leaves the function."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.Return, ast.Raise, ast.AugAssign, ast.Expr)):
            return True
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.Name) and node.id in ("rng", "generator"):
            return True
    return False

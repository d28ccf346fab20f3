"""How a call ended that gave no answer: where in the learner's function it was, and what it was doing there."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Callable

from attnlab.exercises import _text as text

IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP", "MAKE_CELL", "COPY_FREE_VARS"}
LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def told(function: Callable, seen) -> list[str]:
    """First that there is no answer in time, or at all; then what is known of the reason."""
    report = seen.report
    if report.ending == "raised":
        return [f"the check was ended by {report.failure}"]
    if report.ending == "ended":
        return [_ended(report.failure), _seen_on(seen)]
    limit = f"{text.number(seen.seconds)} second" + ("" if seen.seconds == 1 else "s")
    left = "It cannot be ended here and goes on: restart Python to stop it." if report.left else ""
    return [f"your function did not finish within {limit}", _seen_on(seen), _doing(function, report), left]


def _seen_on(seen) -> str:
    return f"Seen on: {seen.at}." if seen.at else ""


def _ended(signal: str) -> str:
    """In words, how the process of a check went away."""
    if signal == "SIGKILL":
        return "Python was ended from outside while your function ran, as happens when the memory is full"
    if signal:
        return f"your function makes Python itself break down ({signal}), as recursion without end can"
    return "your function ends Python itself, so no answer came back"


def _doing(function: Callable, report) -> str:
    """Where it was when its time was up; looping, waiting and being inside a call are told apart."""
    line = _line(function, report.stack)
    at = f" at line {line} of your function" if line else ""
    loop = _loop_around(function, line) if line else None
    if report.doing == "computing" and loop:
        return (f"It was still in the loop at line {loop} of your function: either that loop never ends, "
                "or it has far too much to do.")
    if report.doing == "computing":
        return f"It was still computing{at}: either that never ends, or it is far too much." if at else (
            "It was still computing: either it never ends, or it does far too much.")
    return {"waiting": f"It was waiting{at}, not computing: for time, for input or for something that never comes.",
            "calling": f"It was inside one single call{at} that had not come back."}.get(report.doing, "")


def _line(function: Callable, stack: list[tuple[str, int, str]]) -> int | None:
    """The line of the function, its first counted as 1, at which the stack stands."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    places = [line for file, line, name in stack if (file, name) == (code.co_filename, code.co_name)]
    return places[0] - code.co_firstlineno + 1 if places else None


def _loop_around(function: Callable, line: int) -> int | None:
    """The line of the outermost loop around this line; None if there is none or the source is not known."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return None
    loops = [node.lineno for node in ast.walk(tree) if isinstance(node, LOOPS) and node.lineno <= line <= node.end_lineno]
    return min(loops, default=None)


def does_something(function: Callable) -> bool:
    """Whether a function's body is more than the empty slot."""
    code = getattr(function, "__code__", None)
    return code is not None and not {step.opname for step in dis.get_instructions(code)} <= IDLE

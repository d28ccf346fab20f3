"""A passed answer as a text that runs alone: the function, the helpers and constants it uses, the imports they need.

What a function takes from its notebook is looked up where it was written, so that the text gives the same function in a fresh
process. What cannot be written down is refused, with the reason.
"""

from __future__ import annotations

import ast
import builtins
import dis
import hashlib
import inspect
import linecache
import sys
import textwrap
import types
from collections.abc import Callable, Iterator

import numpy as np

LONGEST = 20_000  # characters of an answer
CONSTANT = 2_000  # characters of a constant that an answer takes from another cell
PLAIN = bool | int | float | complex | str | bytes | tuple | list | dict | set | frozenset | None


class Unkept(ValueError):
    """An answer cannot be kept; the message is the reason."""


def version(exercise) -> str:
    """What tells one wording of an exercise from a later one: a hash of its slot."""
    return hashlib.sha256(exercise.slot.encode()).hexdigest()[:8]


def standalone(function: Callable, name: str) -> str:
    """The text of a module that defines `name` as this function. Errors: Unkept, with what cannot be kept."""
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        raise Unkept(f"it is a {_kind(function)}; written with `def {name}(...)` it can be kept")
    parts = Parts(function.__globals__)
    parts.take(function.__name__, function)
    text = parts.text()
    if function.__name__ != name:
        text += f"\n\n{name} = {function.__name__}\n"
    if len(text) > LONGEST:
        raise Unkept(f"with all it uses it has {len(text):,} characters; {LONGEST:,} can be kept")
    _same(text, function)
    return text


class Parts:
    """Imports, constants and definitions, each once, what is used before what uses it."""

    def __init__(self, space: dict):
        self.space, self.known = space, set()
        self.imports: dict[str, None] = {}
        self.constants: dict[str, None] = {}
        self.definitions: list[str] = []

    def text(self) -> str:
        head = ["\n".join(sorted(self.imports)), "\n".join(self.constants)]
        return "\n\n\n".join(filter(None, [*head, *self.definitions])) + "\n"

    def take(self, name: str, thing) -> None:
        """What stands under a name: whatever it uses comes first."""
        if name in self.known:
            return
        self.known.add(name)
        if isinstance(thing, types.ModuleType):
            self.imports[f"import {thing.__name__}" + ("" if thing.__name__ == name else f" as {name}")] = None
        elif self._here(thing):
            self._define(name, thing)
        elif home := _home(thing):
            module, real = home
            self.imports[f"from {module} import {real}" + ("" if real == name else f" as {name}")] = None
        else:
            self._write(name, thing)

    def _here(self, thing) -> bool:
        """Whether a function or class was written in the same notebook."""
        if not isinstance(thing, types.FunctionType | type):
            return False
        return getattr(thing, "__globals__", None) is self.space or thing.__module__ == self.space.get("__name__")

    def _define(self, name: str, thing) -> None:
        if getattr(thing, "__closure__", None):
            raise Unkept(f"{name} was made inside another function and uses what that one held")
        source = _source(name, thing)
        for used in _uses(source, thing):
            if used in self.space and used != thing.__name__:
                self.take(used, self.space[used])
        self.definitions.append(source if thing.__name__ == name else f"{source}\n\n\n{name} = {thing.__name__}")

    def _write(self, name: str, thing) -> None:
        """A constant of the notebook."""
        if isinstance(thing, np.ndarray | np.generic) and thing.dtype.kind in "biuf":
            self.imports["import numpy"] = None
            said = f"numpy.array({thing.tolist()!r}, dtype={str(thing.dtype)!r})"
        else:
            said = repr(thing)
            if not isinstance(thing, PLAIN) or not _reads_back(said, thing):
                raise Unkept(f"it uses {name}, a {_kind(thing)} of another cell; make it inside the function")
        if len(said) > CONSTANT:
            raise Unkept(f"it uses {name}, which takes {len(said):,} characters; make it inside the function")
        self.constants[f"{name} = {said}"] = None


def _kind(thing) -> str:
    return "lambda" if getattr(thing, "__name__", "") == "<lambda>" else type(thing).__name__


def _reads_back(said: str, thing) -> bool:
    try:
        return ast.literal_eval(said) == thing
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _source(name: str, thing) -> str:
    try:
        return _class_text(thing) if isinstance(thing, type) else textwrap.dedent(inspect.getsource(thing)).strip()
    except (OSError, TypeError, SyntaxError, IndentationError):
        raise Unkept(f"the text of {name} is not to be found any more; run its cell again") from None


def _class_text(thing: type) -> str:
    """The text of a class, in the cell that holds its first method. Errors: OSError where it is not there."""
    code = next(_codes(thing), None)
    lines = linecache.getlines(code.co_filename) if code else []
    made = [node for node in ast.parse("".join(lines)).body if isinstance(node, ast.ClassDef) and node.name == thing.__name__]
    if not made:
        raise OSError(thing.__name__)
    first = min([made[-1].lineno, *(one.lineno for one in made[-1].decorator_list)])
    return "".join(lines[first - 1 : made[-1].end_lineno]).strip()


def _home(thing) -> tuple[str, str] | None:
    """Module and name under which a library has this very thing."""
    names = [getattr(thing, "__module__", None), "numpy"]
    real = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    for module in filter(None, names):
        if real and module != "__main__" and getattr(sys.modules.get(module), str(real), None) is thing:
            return module, real
    return None


def _uses(source: str, thing) -> list[str]:
    """Names that a definition takes from outside: in its body, and in defaults, annotations, decorators and bases."""
    found = dict.fromkeys(name for code in _codes(thing) for name in _globals(code))
    found |= dict.fromkeys(name for node in _outside(source) for name in _names(node))
    return [name for name in found if not hasattr(builtins, name)]


def _codes(thing) -> Iterator[types.CodeType]:
    """The code of a function, or of the functions of a class, with what is nested inside."""
    if isinstance(thing, type):
        for inner in vars(thing).values():
            inner = getattr(inner, "__func__", getattr(inner, "fget", inner))
            if isinstance(inner, types.FunctionType):
                yield from _codes(inner)
        return
    todo = [thing.__code__]
    while todo:
        code = todo.pop()
        yield code
        todo += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def _globals(code: types.CodeType) -> Iterator[str]:
    return (one.argval for one in dis.get_instructions(code) if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"))


def _outside(source: str) -> list[ast.AST]:
    """What of a definition is computed when it is made."""
    made = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    if isinstance(made, ast.ClassDef):
        body = [node for node in made.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [*made.bases, *made.decorator_list, *(keyword.value for keyword in made.keywords), *body]
    arguments = made.args
    annotated = [one.annotation for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg) if one]
    return [node for node in (*made.decorator_list, *arguments.defaults, *arguments.kw_defaults, *annotated, made.returns) if node]


def _names(node: ast.AST) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _same(text: str, function: types.FunctionType) -> None:
    """Unkept unless the text defines the function that passed, and not a later edit of it."""
    made = next(_found(compile(text, "<answer>", "exec"), function.__name__), None)
    if made is None or made.co_code != function.__code__.co_code or made.co_names != function.__code__.co_names:
        raise Unkept("its text has changed since the function was made; run its cell again")


def _found(code: types.CodeType, name: str) -> Iterator[types.CodeType]:
    return (inner for inner in code.co_consts if isinstance(inner, types.CodeType) and inner.co_name == name)

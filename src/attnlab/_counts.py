"""The one door for counts and sizes: how many, how wide, how far back."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable

LARGEST = 2**63 - 1  # the largest size of an axis, in NumPy and in torch


def count(name: str, n, at_least: int = 0, at_most: int = LARGEST) -> int:
    """`n` as Python's own integer, between `at_least` and `at_most`, both included.

    Any integral number but a boolean is welcome: Python's, NumPy's, a tensor or an array with no axes.
    Errors: TypeError for what is not integral (3.0, True, "3", [3], None); ValueError outside the range.
    """
    number = n if type(n) is int else _integral(name, n)
    if at_least <= number <= at_most:
        return number
    if number < at_least and at_most == LARGEST:
        raise ValueError(f"{name} must be at least {at_least} but is {number}")
    raise ValueError(f"{name} must be between {at_least} and {at_most} but is {number}")


def _integral(name: str, n) -> int:
    is_boolean = isinstance(n, bool) or "bool" in str(getattr(n, "dtype", ""))
    if not is_boolean and len(getattr(n, "shape", ())) == 0:
        try:
            return operator.index(n)
        except TypeError:
            pass
    raise TypeError(f"{name} must be a whole number but is {n!r}")


def counts(*names: str) -> Callable:
    """Decorator: the named arguments reach the function as Python's own integers, 0 or more, or not at all.

    An argument that may be None may still be None. A narrower range is the function's own to ask for.
    Errors: those of `count`.
    """

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)
        optional = {name for name in names if signature.parameters[name].default is None}

        @functools.wraps(function)
        def checked(*args, **kwargs):
            given = signature.bind(*args, **kwargs)
            for name in names:
                if name in given.arguments and not (name in optional and given.arguments[name] is None):
                    given.arguments[name] = count(name, given.arguments[name])
            return function(*given.args, **given.kwargs)

        return checked

    return decorate

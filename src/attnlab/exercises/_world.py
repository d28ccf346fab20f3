"""The world a function runs in: libraries, settings, chance. Looked at before a call, put back after it, and told."""

from __future__ import annotations

import builtins
import contextlib
import copy
import gc
import itertools
import operator
import os
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LIBRARIES = ("builtins", "math", "cmath", "random", "itertools", "functools", "numpy", "numpy.linalg",
             "numpy.random", "numpy.fft")
SYSTEM = ("time", "copy")
TORCH = ("torch", "torch.nn.functional", "torch.linalg")
OURS = ("attnlab.exercises", "attnlab.reference", "attnlab.masks")
FREE = {"input", "display", "get_ipython", "diagnose", "_", "__import__", "breakpoint", "exit", "quit"}
FAR = set(TORCH)  # no verdict is computed with these: they are looked at when the last call is over
MISSING, KEPT, SAME, ALL, MAP, SUM = object(), dict, operator.is_, all, map, sum
IN_A_ROW, VALUES, LENGTH = itertools.chain.from_iterable, dict.values, dict.__len__


@dataclass(frozen=True)
class Setting:
    """Something a program may set for everybody: its name in words, how to read it and how to set it; and a value that Python
    may have set by itself, of which nothing is said."""

    name: str
    read: Callable
    write: Callable
    unsaid: object = MISSING


def _torch(name: str, default=None) -> Callable:
    """A function of torch, or one that does nothing where torch was never loaded."""
    def ask(*arguments):
        torch = sys.modules.get("torch")
        return getattr(torch, name)(*arguments) if hasattr(torch, name) else default
    return ask


def _figures() -> list:
    """The numbers of matplotlib's open figures."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return list(pyplot.get_fignums()) if hasattr(pyplot, "get_fignums") else []


def _close_figures(before: list) -> None:
    for number in set(_figures()) - set(before):
        sys.modules["matplotlib.pyplot"].close(number)


def _environment() -> dict:
    """The variables as the system keeps them: to decode each, after every call, takes longer than all the rest."""
    return dict(os.environ._data)


def _set_environment(before: dict) -> None:
    os.environ.clear()
    os.environ.update({os.environ.decodekey(name): os.environ.decodevalue(value) for name, value in before.items()})


def _set_streams(before: tuple) -> None:
    sys.stdin, sys.stdout, sys.stderr = before


def _set_filters(before: list) -> None:
    warnings.filters[:] = before
    warnings._filters_mutated() if hasattr(warnings, "_filters_mutated") else None


SETTINGS = (
    Setting("how NumPy prints numbers", np.get_printoptions, lambda old: np.set_printoptions(**old)),
    Setting("the environment variables", _environment, _set_environment),
    Setting("the working folder", os.getcwd, os.chdir),
    Setting("where prints go", lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams),
    Setting("which warnings are shown", lambda: list(warnings.filters), _set_filters),
    Setting("how deep calls may go", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("Python's clearing of memory", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    Setting("where modules are looked for", lambda: list(sys.path), lambda old: sys.path.__setitem__(slice(None), old)),
    Setting("the open figures", _figures, _close_figures),
    Setting("torch's default type", _torch("get_default_dtype"), _torch("set_default_dtype")),
    Setting("whether torch keeps gradients", _torch("is_grad_enabled"), _torch("set_grad_enabled")),
    Setting("how many threads torch uses", _torch("get_num_threads"), _torch("set_num_threads")),
)

OF_A_THREAD = (
    Setting("how NumPy treats overflow", np.geterr, lambda old: np.seterr(**old)),
    Setting("Python's tracing", sys.gettrace, sys.settrace, None),  # Python ends a tracing that meets the end of its stack
    Setting("Python's profiling", sys.getprofile, sys.setprofile),
)


class World:
    """What the libraries and settings were when this was made; `restore` puts them back and names what had changed."""

    def __init__(self, spaces: dict[str, dict], settings=(), lists=()):
        self._watch([(name, space, KEPT(space)) for name, space in spaces.items()])
        self.settings = [(setting, setting.read()) for setting in settings]
        self.lists = [(thing, tuple(thing)) for thing in lists]
        self.threads, self.closed = threading.active_count(), threading.Event()

    def _watch(self, spaces: list) -> None:
        self.spaces, self.all = spaces, [space for _, space, _ in spaces]
        self.keys, self.values = tuple(IN_A_ROW(self.all)), tuple(IN_A_ROW(MAP(VALUES, self.all)))

    def from_here(self) -> World:
        """This world with the settings as they are where this is called: a child has one thread, a thread its own grad mode."""
        here = copy.copy(self)
        here.settings = [(setting, setting.read()) for setting, _ in self.settings]
        return here

    def close(self) -> list[str]:
        """Put everything back for the last time: work that was left behind must not bring an old world back."""
        changed = self.restore()
        self.closed.set()
        return changed

    def threads_left(self) -> bool:
        """Whether more threads run than when this was made."""
        return threading.active_count() > self.threads

    def near(self) -> World:
        """The same without what no verdict is computed with: this much is put back after every call."""
        here = copy.copy(self)
        here._watch([one for one in self.spaces if one[0] not in FAR])
        return here

    def _untouched(self) -> bool:
        """Whether every name of every module is what it was and stands where it stood. Nothing that may have been replaced is called."""
        return (SUM(MAP(LENGTH, self.all)) == self.keys.__len__() and ALL(MAP(SAME, IN_A_ROW(self.all), self.keys))
                and ALL(MAP(SAME, IN_A_ROW(MAP(VALUES, self.all)), self.values)))

    def restore(self, added: bool = True) -> list[str]:
        """Put everything back, and take away what was `added` to the libraries; what had been changed, in words."""
        changed = []
        if self.closed.is_set():
            return changed
        if not self._untouched():
            for name, space, saved in self.spaces:
                if LENGTH(space) != LENGTH(saved) or not ALL(MAP(SAME, MAP(space.get, saved), VALUES(saved))):
                    changed += _put_back(name, space, saved, added)
        for setting, before in self.settings:
            now = setting.read()
            if now != before:
                changed += [setting.name] if now is not setting.unsaid else []
                with contextlib.suppress(Exception):
                    setting.write(before)
        for thing, before in self.lists:
            thing[:] = before
        return changed


def _put_back(name: str, space: dict, saved: dict, added: bool) -> list[str]:
    """Each name of one module as it was; new names that are no modules go."""
    changed = []
    for key in saved:
        if key not in FREE and space.get(key, MISSING) is not saved[key]:
            space[key] = saved[key]
            changed.append(f"{name}.{key}".removeprefix("builtins."))
    if added and name in LIBRARIES:
        for key in [*space]:
            value = space[key]
            if key not in saved and key not in FREE and not key.startswith("__") and type(value) is not types.ModuleType:
                del space[key]
                changed.append(f"{name}.{key}".removeprefix("builtins."))
    return changed


def _spaces(names) -> dict[str, dict]:
    """The names that each of these modules holds, for those that are loaded."""
    return {name: vars(sys.modules[name]) for name in names if isinstance(sys.modules.get(name), types.ModuleType)}


def around(exercise) -> World:
    """All that a learner's function could change while this exercise is checked."""
    ours = [name for name in sys.modules if name.startswith(OURS) and not name.startswith("attnlab.exercises.bank.")]
    spaces = _spaces((*LIBRARIES, *SYSTEM, *TORCH, *ours, exercise.reference.__module__))
    spaces["attnlab.exercises.EXERCISES"] = vars(exercise)
    return World(spaces, SETTINGS, (exercise.probes, exercise.properties))


def of_this_thread() -> World:
    """The settings that each thread has for itself."""
    return World({}, OF_A_THREAD)


PRISTINE = World(_spaces(LIBRARIES))  # what the libraries were before any learner's code ran


class Chance:
    """The hidden state of the random numbers that everybody shares; `restore` sets it back without a word."""

    def __init__(self):
        self.states = random.getstate(), np.random.get_state()

    def restore(self) -> None:
        random.setstate(self.states[0])
        np.random.set_state(self.states[1])


def other_chance() -> None:
    """Another state than any before, so that a function that draws from it gives another answer."""
    random.seed(20_011)
    np.random.seed(20_011)


def input_refused(prompt: object = "") -> str:
    """Stands in for `input` while a check runs."""
    raise RuntimeError("input() cannot ask anything during a check: take the value from an argument")


@contextlib.contextmanager
def nobody_asks():
    """No keyboard: `input` refuses with a sentence."""
    before, builtins.input = builtins.input, input_refused
    try:
        yield
    finally:
        builtins.input = before

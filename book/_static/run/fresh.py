"""Python as it was before any page's code ran: what was loaded and how it was set is noted, and put back for the next page."""
from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import os
import random
import sys
import types
import warnings
from pathlib import Path

import numpy as np
from attnlab_kernel import imported

OURS = "attnlab"
GROUND = {"pyodide", "_pyodide", "pyodide_js", "js", "asyncio", "importlib", "_frozen_importlib", "_frozen_importlib_external", "threading",
          "attnlab_kernel", "attnlab_plan", "attnlab_fresh", "__main__"}  # what we stand on ourselves
EMPTIED = {"builtins", "math", "cmath", "random", "itertools", "functools"}  # a name added to these, to NumPy or to ours goes again
CONTENTS = (dict, list, set)
MISSING = object()


def set_environment(before):
    os.environ.clear()
    os.environ.update(before)


def set_figures(before):
    """matplotlib's settings; its figures are closed."""
    if (matplotlib := sys.modules.get("matplotlib")) and before:
        dict.update(matplotlib.rcParams, before)
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")


def set_filters(before):
    warnings.filters[:] = before
    warnings._filters_mutated()


def figures():
    matplotlib = sys.modules.get("matplotlib")
    return dict(matplotlib.rcParams) if matplotlib else {}


SETTINGS = [
    (np.get_printoptions, lambda old: np.set_printoptions(**old)),
    (np.geterr, lambda old: np.seterr(**old)),
    (np.random.get_state, lambda old: np.random.seed()),
    (random.getstate, lambda old: random.seed()),
    (lambda: dict(os.environ), set_environment),
    (os.getcwd, os.chdir),
    (lambda: list(warnings.filters), set_filters),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    (lambda: list(sys.path), lambda old: sys.path.__setitem__(slice(None), old)),
    (lambda: list(sys.meta_path), lambda old: sys.meta_path.__setitem__(slice(None), old)),
    (sys.gettrace, sys.settrace),
    (sys.getprofile, sys.setprofile),
]


def ours(name):
    return name == OURS or name.startswith(f"{OURS}.")


def ground(name):
    return name.split(".")[0] in GROUND


def from_library(module):
    """True for a module that belongs to Python or to an installed package."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or getattr(module, "__file__", None) or ""
    roots = {str(Path(os.__file__).parent), str(Path(np.__file__).parents[1])}
    return origin in ("built-in", "frozen") or any(origin.startswith(root) for root in roots)


def inside(name, module):
    """(thing, what it holds) for the containers and classes of one of our modules."""
    found = []
    for value in vars(module).values() if ours(name) else ():
        if type(value) in CONTENTS:
            found.append((value, value.copy()))
        elif isinstance(value, type) and value.__module__ == name:
            found.append((value, dict(vars(value))))
    return found


def refill(thing, before):
    """Give a container or a class back what it held."""
    if isinstance(thing, type):
        for key in [key for key in vars(thing) if key not in before]:
            delattr(thing, key)
        for key, value in before.items():
            if vars(thing).get(key, MISSING) is not value:
                setattr(thing, key, value)
    elif isinstance(thing, list):
        thing[:] = before
    else:
        thing.clear()
        thing.update(before)


class Beginning:
    """What is loaded and set when this is made; `restore` goes back to it. Files in `folders` that come later are removed."""

    def __init__(self, folders=()):
        self.modules, self.folders = {}, [Path(folder) for folder in folders]
        self.note()
        self.settings = [(write, read()) for read, write in SETTINGS]
        self.figures = {}
        self.files = set(self.found())

    def found(self):
        return [path for folder in self.folders for path in sorted(folder.rglob("*"), reverse=True)]

    def note(self, belongs=lambda module: True):
        """The modules loaded since that belong to the beginning too: no code of the page could touch them yet."""
        for name, module in list(sys.modules.items()):
            if name not in self.modules and not ground(name) and isinstance(module, types.ModuleType) and belongs(module):
                self.modules[name] = module, dict(vars(module)), inside(name, module)

    def bring(self, source):
        """Load what a cell imports from Python's library or a package, and note it, before the cell runs."""
        for name in sorted(imported(source)):
            if name not in sys.modules and not ours(name):
                with contextlib.suppress(Exception):
                    if from_library(types.SimpleNamespace(__spec__=importlib.util.find_spec(name))):
                        importlib.import_module(name)
        self.note(from_library)
        self.figures = self.figures or figures()

    def restore(self):
        """Everything as it was: modules, settings, chance, files; and no work goes on."""
        with contextlib.suppress(RuntimeError):
            for task in asyncio.all_tasks(asyncio.get_event_loop()):
                task.cancel()
        self.restore_modules()
        for write, before in self.settings:
            write(before)
        set_figures(self.figures)
        for path in self.found():
            if path not in self.files:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def restore_modules(self):
        for name, module in list(sys.modules.items()):
            if name not in self.modules and not ground(name) and not from_library(module):
                del sys.modules[name]
        for name, (module, names, contents) in self.modules.items():
            sys.modules[name] = module
            self.put_back(name, vars(module), names)
            for thing, before in contents:
                refill(thing, before)

    def put_back(self, name, space, names):
        """Every name of a module as it was; a module that was loaded into a package, and is there still, stays."""
        for key, value in names.items():
            if space.get(key, MISSING) is not value:
                space[key] = value
        if name in EMPTIED or ours(name) or name.split(".")[0] == "numpy":
            for key in [key for key in space if key not in names]:
                if not isinstance(space[key], types.ModuleType) or space[key].__name__ not in sys.modules:
                    del space[key]

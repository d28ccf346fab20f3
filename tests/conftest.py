"""Shared by all tests: shapes checked on every call, examples drawn the same way every time.

With `--dist=loadfile` the tests of a file or a notebook stay in one worker, and in order, except that each page of
the site and each of the long tests named in APART goes where there is time.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT / "src", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import jaxtyping  # noqa: E402

jaxtyping.install_import_hook("attnlab", "checked.checked")  # before anything imports attnlab

settings.register_profile("quick", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("quick")


APART = ("test_every_runnable_cell_of_a_chapter_runs_in_order",)  # chapters share the Python of their worker
A_PAGE_EACH = "tests/site/test_site.py"


def together(nodeid: str) -> str:
    """The name of the group whose tests run in one worker."""
    path, _, test = nodeid.partition("::")
    name, _, given = test.partition("[")
    if name in APART:
        return nodeid
    return given.rpartition("]")[0] or path if path == A_PAGE_EACH else path


@pytest.hookimpl(optionalhook=True)  # where there are no workers there is no such question
def pytest_xdist_make_scheduler(config, log):
    """Share the tests out among workers: by group where whole files are asked for, else as xdist does."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return ByGroup(config, log)


@pytest.fixture
def as_readers_run_it():
    """The package as it runs outside the tests: no checker before the doors, so their own messages show."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def made_of() -> dict[tuple[str, str], object]:
    """What the package's modules that are loaded define: functions and classes by module and name."""
    loaded = [(name, module) for name, module in list(sys.modules.items()) if name.partition(".")[0] == "attnlab"]
    return {
        (name, word): value
        for name, module in loaded
        for word, value in list(vars(module).items())
        if isinstance(value, type) or callable(value)
    }


@pytest.fixture(scope="module", autouse=True)
def the_package_is_left_as_it_was():
    """A file whose tests put other functions into the package and do not give the old ones back fails, not one that runs later."""
    importlib.import_module("attnlab.mine")  # and with it the exercises, which tests import inside their functions
    before = made_of()
    yield
    after = made_of()
    changed = [".".join(place) for place, value in before.items() if place in after and after[place] is not value]
    assert not changed, f"these tests leave in the package what they put there: {', '.join(changed)}"

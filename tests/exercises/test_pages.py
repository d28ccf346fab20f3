"""The exercises need NumPy alone, and their pages build without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CONF = """import sys
sys.path.insert(0, {ext!r})
extensions = ["myst_nb", "sphinx_exercise", "killtable"]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
nb_execution_mode, numfig, html_theme = "off", True, "alabaster"
"""


def test_they_import_numpy_alone():
    code = ("import sys; import attnlab.exercises as e; e.diagnose('self_attention.softmax', len); "
            "print([m for m in ('torch', 'jaxtyping', 'einops', 'yaml', 'matplotlib', 'scipy') if m in sys.modules])")
    run = subprocess.run([sys.executable, "-c", "import sys; sys.modules['jaxtyping'] = None\n" + code],
                         capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, encoding="utf-8")
    assert run.stdout.strip() in ("[]", "['jaxtyping']"), run.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small book of all exercises and the kill table, built strictly."""
    import nbformat

    from attnlab.exercises import EXERCISES, cells

    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(CONF.format(ext=str(ROOT / "book" / "_ext")), encoding="utf-8")
    pages = sorted({exercise.page for exercise in EXERCISES.values()})
    listing = "\n".join(f"book/{page}" for page in [*pages, "reference/exercises"])
    (folder / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{listing}\n```\n", encoding="utf-8")
    for page in pages:
        made = [nbformat.v4.new_markdown_cell(f"# {page}\n\n## Exercises")]
        for exercise in EXERCISES.values():
            if exercise.page == page:
                made += [_cell(cell) for cell in cells(exercise.id)]
        path = folder / "book" / f"{page}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL}), path)
    table = folder / "book" / "reference" / "exercises.md"
    table.parent.mkdir()
    table.write_text((ROOT / "book/reference/exercises.md").read_text(encoding="utf-8"), encoding="utf-8")
    out = folder / "out"
    run = subprocess.run([sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html", folder, out],
                         capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    return out


def _cell(cell):
    import nbformat

    if cell["type"] == "markdown":
        return nbformat.v4.new_markdown_cell(cell["source"])
    return nbformat.v4.new_code_cell(cell["source"], metadata={"tags": cell["tags"]})


def test_exercise_pages_have_gates_hints_and_solutions(site):
    from attnlab.exercises import EXERCISES

    text = "".join((site / f"book/{page}.html").read_text(encoding="utf-8")
                   for page in {e.page for e in EXERCISES.values()})
    for exercise in EXERCISES.values():
        label = exercise.id.replace(".", "-").replace("_", "-")
        assert f'id="exercise-{label}"' in text and f'id="solution-{label}"' in text
        assert f"def {exercise.name}_solution" in _plain(text)
    assert text.count("hint dropdown") == 4 * len(EXERCISES)


def _plain(html):
    import re

    return re.sub(r"<[^>]+>", "", html)


def test_kill_table_shows_every_exercise_and_catches_all(site):
    from attnlab.exercises import EXERCISES

    html = (site / "book/reference/exercises.html").read_text(encoding="utf-8")
    count = sum(len(exercise.mutants) for exercise in EXERCISES.values())
    assert html.count('<tr class="row-') == count + len(EXERCISES)
    assert html.count("<p>yes</p>") == 2 * count and "<p>no</p>" not in html
    assert "https://github.com/lucidrains/vit-pytorch/issues/65" in html

"""The exported file runs alone with NumPy in a fresh Python, whoever wrote its pieces, and its own checks can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from attnlab import mine
from attnlab.exercises import EXERCISES, _keep, solved
from attnlab.mine import export

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
ALONE = "import sys, runpy; sys.modules['attnlab'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"


def own(folder: Path, **sources: str) -> mine.Own:
    """Pieces as they are kept: the course's solutions, or other texts."""
    for name in mine.PIECES:
        exercise = mine.PIECES[name].exercise
        one = _keep.Kept(sources.get(name, solved(exercise)), exercise, "00000000", "2026-03-14T09:26:53.589Z")
        if name in sources or not sources:
            (folder / _keep.file_name(exercise)).write_text(_keep.written(one), "utf-8")
    return mine.assemble(folder=folder)


def run(folder: Path, text: str) -> subprocess.CompletedProcess:
    """The file in a fresh Python that cannot import the course's package."""
    (folder / "my_model.py").write_text(text, "utf-8")
    command = [sys.executable, "-W", "error", "-c", ALONE, "my_model.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, encoding="utf-8")


def test_with_every_solution_it_runs_alone_and_says_whose_each_piece_is(tmp_path):
    text = mine.exported(own(tmp_path)).text
    done = run(tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Every check passes. Eight names:\n") and done.stdout.count(",") == 7
    assert '"""A language model in one file, 24 of its 24 pieces my own.' in text and "need the course's package: multi_head," in text.replace("\n", " ")
    assert "attnlab" not in text and "def rotary(x, p):" in text and len(text) < 60_000


def test_without_any_answer_it_is_the_course_s_model_and_runs_too(tmp_path):
    text = mine.exported(mine.assemble(folder=tmp_path)).text
    assert run(tmp_path, text).returncode == 0 and "0 of its 9 pieces my own" in text


@pytest.mark.parametrize("old, new", [
    ("return gain * x / size", "return gain * x / (size + 0.1)"),
    ("def merge_heads(x):", "def merge_heads(x):\n    x = x[..., ::-1, :, :]"),
    ("    return rms_norm(x[None], last, EPSILON)[0] @ table.T", "    return x @ table.T"),
])  # fmt: skip
def test_a_change_that_breaks_it_is_found_by_its_own_checks(tmp_path, old, new):
    text = mine.exported(mine.assemble(folder=tmp_path)).text
    assert text.count(old) == 1
    done = run(tmp_path, text.replace(old, new))
    assert done.returncode and "AssertionError" in done.stderr


def test_helpers_of_one_name_in_two_answers_do_not_meet(tmp_path):
    helper = "def helper(x):\n    return {}\n\n\n"
    text = mine.exported(own(
        tmp_path,
        merge_heads=helper.format("x.swapaxes(-2, -3)") + "def merge_heads(x):\n    x = helper(x)\n    return x.reshape(*x.shape[:-2], -1)",
        split_heads=helper.format("x.swapaxes(-2, -3)") + "def split_heads(x, n_heads):\n    return helper(x.reshape(*x.shape[:-1], n_heads, -1))",
        rms_norm="import numpy as np\n\nhelper = 5\n\n\ndef rms_norm(x, gain, epsilon):\n    return gain * x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * helper / 5",
    )).text
    assert text.count("merge_heads = _merge_heads()") == 1 and "rms_norm = _rms_norm()" in text or "split_heads = _split_heads()" in text
    assert run(tmp_path, text).returncode == 0 and "3 of its 9 pieces my own" in text


def test_an_answer_that_needs_more_than_numpy_is_replaced_and_that_is_said(tmp_path):
    text = mine.exported(own(tmp_path, merge_heads="from attnlab.reference.heads import merge_heads")).text
    assert "yours needs the course's package, so this is the course's" in text and run(tmp_path, text).returncode == 0


def merge_heads(x):
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], -1)


def test_functions_that_were_given_are_written_down_too():
    text = mine.exported(mine.assemble(merge_heads, folder="nowhere")).text
    assert "merge_heads: the heads side by side again (yours)\n\ndef merge_heads(x):\n    x = x.swapaxes(-2, -3)" in text
    shown = mine.assemble(EXERCISES["positions.rotary"].solution, folder="nowhere")
    assert "rotary: turn queries and keys by their place (the course's" in mine.exported(shown).text, "a decorated one is not"


def test_the_file_can_be_saved_from_a_cell():
    file = export.File("a.py", "x = '<b>'\n")
    shown = file._repr_html_()
    assert 'download="a.py" href="data:text/x-python;base64,eCA9ICc8Yj4nCg=="' in shown and "&lt;b&gt;" in shown and "<b>" not in shown
    assert repr(file) == "a.py, 10 characters; exported().text is its text"

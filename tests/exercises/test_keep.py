"""Passed answers are kept as readable files, only where a reader asked for it, and nothing that was there is lost."""

from __future__ import annotations

import linecache
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, _keep, check, keep, solved
from attnlab.exercises._answer import Unkept, standalone, version

ID, NAME = "self_attention.softmax", "softmax"
SRC = Path(__file__).resolve().parents[2] / "src"
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(_keep.VARIABLE, "x")
    monkeypatch.delenv(_keep.VARIABLE)
    monkeypatch.delenv("ATTNLAB_PROGRESS", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


CELLS = iter(range(10**6))


def typed(source: str, **given) -> dict:
    """The names that a notebook's cell makes, whose text is known as a notebook knows it."""
    name = f"<cell {next(CELLS)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"__name__": "__main__", **given}
    exec(compile(source, name, "exec"), space)
    return space


def answer(exercise: str = ID):
    return typed(solved(exercise))[EXERCISES[exercise].name]


def test_nothing_is_kept_unasked(folder):
    check(ID, answer())
    assert list(folder.iterdir()) == []


def test_an_answer_that_passes_is_kept_and_comes_back_in_a_fresh_python(folder, capsys):
    place = keep()
    check(ID, answer())
    check(ID, EXERCISES[ID].mutants["temperature_ignored"])
    assert "Kept as mine/self_attention__softmax.py." in capsys.readouterr().out
    assert place == folder / "mine" and _keep.names(place) == [ID]
    code = "from mine import softmax, rotary; import numpy as np; print(softmax.__code__.co_name, softmax(np.zeros((1, 2))))"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["rotary                the course's: not solved yet", "part [[0.5 0.5]]"]


def test_the_file_can_be_read_by_its_reader_and_by_us(folder):
    place = keep()
    check(ID, answer())
    text = (place / "self_attention__softmax.py").read_text("utf-8")
    one = _keep.read(text)
    assert text.startswith(f'"""Your answer to "{EXERCISES[ID].title}".\n\nExercise {ID}, version ')
    assert (one.exercise, one.version) == (ID, version(EXERCISES[ID])) and _keep.written(one) == text
    assert one.source.startswith("import numpy as np\n\n\ndef softmax(scores, temperature=1.0):")
    assert _keep.read("import os\n") is None


def test_what_an_answer_replaces_is_moved_and_the_same_answer_moves_nothing(folder, capsys):
    place = keep()
    check(ID, answer())
    check(ID, answer())
    assert "holds this answer already" in capsys.readouterr().out and not (place / "earlier").exists()
    source = solved(ID).replace("return", "# mine\n    return")
    check(ID, typed(source)[NAME])
    assert "what was there is earlier/self_attention__softmax-1.py now" in capsys.readouterr().out
    assert "# mine" in (place / "self_attention__softmax.py").read_text("utf-8")
    assert "# mine" not in (place / "earlier" / "self_attention__softmax-1.py").read_text("utf-8")
    (place / "self_attention__softmax.py").write_text("broken(", "utf-8")
    check(ID, answer())
    assert (place / "earlier" / "self_attention__softmax-2.py").read_text("utf-8") == "broken("


def test_every_notebook_of_the_course_finds_the_one_folder(folder, monkeypatch):
    (folder / "_toc.yml").touch()
    inner = folder / "book" / "self_attention"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert keep() == folder / "mine" == _keep.home()
    monkeypatch.delenv(_keep.VARIABLE)
    other = folder / "book" / "positions"
    other.mkdir()
    monkeypatch.chdir(other)
    assert _keep.home() == folder / "mine", "in a later session too"


def test_a_folder_of_another_kind_is_left_alone(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("x = 1\n", "utf-8")
    with pytest.raises(FileExistsError, match="holds a package of another kind: give another name"):
        keep()
    assert _keep.home() is None and keep("my_answers").name == "my_answers"


def test_what_an_answer_uses_is_kept_with_it():
    space = typed('''
import math as m
from fractions import Fraction
import numpy as np
from numpy import exp
HALF, TABLE, unused = 0.5, np.array([1.0, 2.0]), object()
shape = object()
class Box:
    size = HALF
    def grow(self, x): return helper(x) + self.size
def helper(x, times=HALF): return x * times * m.pi
def softmax(scores: np.ndarray, temperature=HALF) -> np.ndarray:
    inner = lambda x: exp(x) + TABLE[0]
    return Box().grow(inner(scores.shape[0])), softmax.__name__, float(Fraction(1, 2))
''')
    text, made = standalone(space["softmax"], "softmax"), {}
    exec(text, made)
    assert made["softmax"](np.zeros((3, 2))) == space["softmax"](np.zeros((3, 2)))
    assert "unused" not in text and "\nshape" not in text, "an attribute of that name is no use of it"
    assert text.index("HALF = 0.5") < text.index("def helper") < text.index("class Box") < text.index("def softmax")
    assert made["TABLE"].tolist() == [1, 2] and "import math as m" in text


def test_another_name_is_kept_under_the_slot_s():
    made = {}
    exec(standalone(typed("def mine(x):\n    return x + 1")["mine"], "rotary"), made)
    assert made["rotary"](1) == 2


@pytest.mark.parametrize("source, why", [
    ("f = lambda x: x", r"it is a lambda; written with `def f\(\.\.\.\)` it can be kept"),
    ("import functools\nf = functools.partial(max, 1)", "it is a partial"),
    ("class F:\n    def __call__(self, x): return x\nf = F()", "it is a F;"),
    ("def outer(y):\n    def f(x): return x + y\n    return f\nf = outer(1)", "was made inside another function"),
    ("thing = object()\ndef f(x): return thing", "it uses thing, a object of another cell"),
    ("thing = list(range(3000))\ndef f(x): return thing", "it uses thing, which takes"),
    ("thing = open\ndef f(x):\n    return x" + "\n    # long" * 3000, "at most|can be kept"),
    ("exec('def f(x): return x')", "the text of f is not to be found any more"),
])  # fmt: skip
def test_what_cannot_be_written_down_is_refused_with_its_reason(source, why):
    with pytest.raises(Unkept, match=why):
        standalone(typed(source)["f"], "f")


def test_a_text_that_was_edited_since_is_not_taken_for_the_function():
    f = typed("def f(x):\n    return x + 1")["f"]
    name = f.__code__.co_filename
    linecache.cache[name] = (9, None, ["def f(x):\n", "    return len(x)\n"], name)
    with pytest.raises(Unkept, match="its text has changed since the function was made"):
        standalone(f, "f")


def test_a_hostile_object_among_the_globals_is_no_reason_to_stop(folder, capsys):
    class Evil:
        def __getattribute__(self, name):
            raise RuntimeError("no")

    keep()
    source = solved(ID).replace("import numpy as np", "import numpy as np\n").replace("    ", "    evil\n    ", 1)
    check(ID, typed(source, evil=Evil())[NAME])
    assert "Not kept: its text cannot be written down (RuntimeError)." in capsys.readouterr().out


def test_names_of_files_are_made_of_ids_alone():
    assert _keep.file_name("efficiency.block_loop") == "efficiency__block_loop.py"
    for bad in ("../x", "a", "a.b.c", "A.b"):
        with pytest.raises(ValueError, match="is no id of an exercise"):
            _keep.file_name(bad)

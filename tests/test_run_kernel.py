"""The browser's kernel, tried outside the browser: values, errors, figures, and what a cell needs before it runs."""
from __future__ import annotations

import asyncio
import builtins
import importlib.util
import json
import os
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def module(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem + "_under_test", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


KERNEL = module(ROOT / "book" / "_static" / "run" / "kernel.py")


@pytest.fixture
def kernel(monkeypatch):
    """A kernel whose messages are kept in `kernel.heard`; all that it takes over is given back."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(builtins, "input", builtins.input)
    monkeypatch.setenv("MPLBACKEND", os.environ.get("MPLBACKEND", "agg"))
    heard = []
    made = KERNEL.Kernel(lambda kind, text, detail: heard.append((kind, text, detail)))
    made.heard, run = heard, made.run
    made.run = lambda source, label, room="page": asyncio.run(run(source, label, room))
    return made


@pytest.fixture
def watching(kernel, monkeypatch):
    """The same, which hears of checks; what it takes over in any module of the exercises is given back."""
    for module in [one for name, one in sys.modules.items() if name.startswith("attnlab.exercises")]:
        for taken in ("diagnose", "record", "kept", "counted"):
            if hasattr(module, taken):
                monkeypatch.setattr(module, taken, getattr(module, taken))
    kernel.watch_checks()
    return kernel


def texts(kernel, kind):
    return "".join(text for said, text, _ in kernel.heard if said == kind)


def test_the_last_expression_is_shown_and_names_stay(kernel):
    assert kernel.run("x = 3\nprint('printed')\nx + 4", 1) and kernel.run("x * 5", 2)
    assert texts(kernel, "stdout") == "printed\n"
    assert [text for kind, text, _ in kernel.heard if kind == "text"] == ["7", "15"]


@pytest.mark.parametrize("source", ["x = 3", "None", "3;", "", "# only a comment", "5;  # quiet", "5  ;\n\n# end\n"])
def test_nothing_is_shown_where_a_notebook_shows_nothing(kernel, source):
    assert kernel.run(source, 1)
    assert kernel.heard == []


@pytest.mark.parametrize("source", ["5  # note;", "5", "';'", "5; 6", "(5,\n6)  # ;\n", "5;\n7", "f'{5};'"])
def test_a_value_is_shown_where_a_notebook_shows_it(kernel, source):
    assert kernel.run(source, 1) and texts(kernel, "text")


@pytest.mark.parametrize("source", ["5;", "5; # a", "5 # a;", "5;\n# b;\n\n", "';'", "a = 5;", "if x:\n    5;\n", "", "# ;",
                                    '"""\n;"""', '5;\n"""\n;"""', "5\\\n;"])
def test_the_rule_of_the_semicolon_is_ipython_s_own(source):
    from IPython.core.displayhook import DisplayHook
    assert KERNEL.quiet(source) == bool(DisplayHook.semicolon_at_end_of_expression(source))


def test_await_outside_a_function_works_as_in_a_notebook(kernel):
    assert kernel.run("import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x * 2\n"
                      "y = await f(3)\ny + await f(4)", 1), kernel.heard
    assert kernel.run("async def g():\n    yield y\nasync for z in g(): pass\nz", 2)
    assert [text for kind, text, _ in kernel.heard if kind == "text"] == ["14", "6"]
    kernel.heard.clear()
    assert not kernel.run("await f(1 / 0)", 3) and 'File "cell 3", line 1' in texts(kernel, "error")
    assert not kernel.run("def g():\n    await f(1)", 4) and "'await' outside async function" in texts(kernel, "error")


@pytest.mark.parametrize("source, named", [
    ("%timeit sum(range(9))", "`%timeit` is a command of IPython"), ("x = 1\n%matplotlib inline\n", "`%matplotlib` is"),
    ("%%time\nx = 1", "`%%time` is"), ("!pip install torch", "`!pip` is a command to the shell"), ("files = !ls -a", "`!ls` is"),
    ("t = %timeit -o 1", "`%timeit` is"), ("len?", "`len?` asks IPython"), ("import math\nmath.exp??", "`math.exp??` asks"),
    ("?len", "`?len` asks"), ("for i in range(2):\n    %time i", "`%time` is")])
def test_what_only_a_notebook_knows_is_answered_with_one_sentence(kernel, source, named):
    assert not kernel.run(source, 1)
    said = texts(kernel, "error")
    assert said.startswith(named) and said.endswith("this page runs Python alone.") and "\n" not in said and ". " not in said


@pytest.mark.parametrize("source", ["text = '''\n%timeit\n!pip\nlen?\n'''", "7 % 4", "x = (7\n% 4)", "a = 3 != 4", "'really?'"])
def test_python_that_looks_like_it_runs(kernel, source):
    assert kernel.run(source, 1), kernel.heard


@pytest.mark.parametrize("source", ["x = = 3", "print('what?", "def f(:\n    pass", "x = 5 %", "if x\n    y", "a = 3 ! 4"])
def test_a_mistake_in_python_stays_a_syntax_error(kernel, source):
    assert not kernel.run(source, 1) and "SyntaxError" in texts(kernel, "error")


def test_a_check_has_a_room_of_its_own_and_a_name_that_is_missing_is_told(kernel):
    assert kernel.run("mine = 3", 1) and kernel.run("other = 4\n__name__", 2, "new") and kernel.run("other * 2", 3, "same")
    assert [text for kind, text, _ in kernel.heard if kind == "text"] == ["'__main__'", "8"]
    assert kernel.run("mine", 4) and not kernel.run("other", 5)
    assert not kernel.run("mine", 6, "new") and kernel.run("mine", 7)
    assert [detail for kind, _, detail in kernel.heard if kind == "error"] == ["other", "mine"]
    assert not kernel.run("def f():\n    x += 1\nf()", 8) and kernel.heard[-1][2] is None


def test_html_is_preferred_to_text_and_display_shows_several(kernel):
    kernel.run("class H:\n    def _repr_html_(self): return '<i>h</i>'\nclass B(H):\n"
               "    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/html': '<b>b</b>'}\n"
               "display(H(), B(), H)", 1)
    assert [(kind, text) for kind, text, _ in kernel.heard[:2]] == [("html", "<i>h</i>"), ("html", "<b>b</b>")]
    assert kernel.heard[2][0] == "text" and "class" in kernel.heard[2][1]


def test_a_traceback_holds_the_readers_lines_only(kernel):
    kernel.run("def f(n):\n    return int(n)", 1)
    assert not kernel.run("import json\njson.loads('{')", 2)
    said = texts(kernel, "error")
    assert 'File "cell 2", line 2' in said and "json.loads('{')" in said and "JSONDecodeError" in said
    assert said.count("File ") == 1 and "(raised inside json/decoder.py" in said
    kernel.heard.clear()
    assert not kernel.run("try:\n    f('x')\nexcept ValueError as e:\n    raise KeyError('k') from e", 3)
    said = texts(kernel, "error")
    assert 'File "cell 1", line 2, in f' in said and "direct cause" in said and "kernel.py" not in said


@pytest.mark.parametrize("source, expected", [
    ("x = (1,", "SyntaxError"), ("raise SystemExit(3)", "SystemExit"), ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("input('name?')", "write the value into the cell"), ("import nosuchmodule", "nosuchmodule is not available in the browser"),
    ("def f(): f()\nf()", "RecursionError"), ("class R:\n    def __repr__(self): 1 / 0\nR()", "ZeroDivisionError")])
def test_every_failure_is_told_and_the_next_cell_runs(kernel, source, expected):
    assert not kernel.run(source, 1)
    assert expected in texts(kernel, "error")
    assert kernel.run("6 * 7", 2) and texts(kernel, "text") == "42"


def test_dataclasses_find_their_module(kernel):
    assert kernel.run("from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\n"
                      "class P:\n    x: int = 3\nP()", 1), texts(kernel, "error")
    assert texts(kernel, "text") == "P(x=3)"


def test_figures_come_as_png_with_a_text_and_are_closed(kernel):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.show
    kernel.prepare_figures()
    try:
        assert kernel.run("import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(3, 2))\nax.set_title('weights')\n"
                          "plt.show()\nplt.figure()\nprint('after')", 1), texts(kernel, "error")
    finally:
        pyplot.show = before
    kinds = [kind for kind, _, _ in kernel.heard if kind != "text"]
    assert kinds[0] == "png" and kinds[-1] == "png" and "stdout" in kinds and not pyplot.get_fignums()
    width, _, alt = kernel.heard[0][2].partition(" ")
    assert 200 < int(width) < 400 and alt == "Figure drawn by this cell: weights"


def test_what_a_check_finds_is_reported_beside_its_text(watching):
    import attnlab.exercises as exercises
    exercise_id = next(iter(exercises.EXERCISES))
    assert watching.run(f"from attnlab.exercises import check\ncheck({exercise_id!r}, lambda *a, **k: None)", 1)
    said = [heard for heard in watching.heard if heard[0] == "verdict"]
    assert [(state in ("open", "failed"), place) for _, state, place in said] == [(True, exercises.EXERCISES[exercise_id].href)]
    assert texts(watching, "stdout").strip()


def test_attempts_are_reported_with_the_mistake_and_the_shown_solution_is_none(watching):
    import attnlab.exercises as exercises
    exercise = exercises.EXERCISES["self_attention.softmax"]
    for function in (exercise.mutants["temperature_ignored"], exercise.reference, lambda *a, **k: None, exercise.solution):
        exercises.check(exercise.id, function)
    attempts = [(text, detail) for kind, text, detail in watching.heard if kind == "attempt"]
    assert attempts == [("failed", f"{exercise.id} temperature_ignored"), ("passed", exercise.id), ("open", exercise.id)]


def test_a_passed_answer_is_told_as_a_text_that_runs_alone_and_a_refused_one_with_its_reason(watching):
    import attnlab.exercises as exercises
    slot = "import numpy as np\nbase = 0.0\ndef merge_heads(x):\n    return np.concatenate(list(np.moveaxis(x, -3, 0)), axis=-1) + base"
    assert watching.run(slot, 3)
    check = "from attnlab.exercises import check\ncheck('multi_head.merge_heads', {})".format
    assert watching.run(check("merge_heads"), 4) and watching.run(check("lambda x: merge_heads(x)"), 5)
    told = [(text, detail) for kind, text, detail in watching.heard if kind == "answer"]
    assert len(told) == 1 and told[0][1].startswith("multi_head.merge_heads ") and len(told[0][1].split()[1]) == 8
    space = {}
    exec(told[0][0], space)
    assert space["merge_heads"](np.ones((2, 3, 4))).shape == (3, 8) and "base = 0.0" in told[0][0]
    assert "Not kept for your own model: it is a lambda; written with `def merge_heads(...)` it can be kept." in texts(watching, "stdout")


def test_kept_answers_lie_in_a_folder_that_cells_can_import_from(kernel, tmp_path):
    rows = [["self_attention.softmax", "1", "2026-03-14T09:26:53.589Z", "def softmax(scores, temperature=1.0):\n    ...\n"],
            ["../../evil", "1", "now", "x"], ["self_attention.no_such", "1", "now", "x"]]
    kernel.answers(rows, tmp_path)
    folder = tmp_path / "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["__init__.py", "self_attention__softmax.py"]
    kernel.answers([], tmp_path)
    assert [path.name for path in folder.iterdir()] == ["__init__.py"]


def test_what_a_cell_needs_is_found_through_the_package_itself():
    wanted = ["matplotlib", "attnlab.exercises"]

    def needs(source):
        return KERNEL.needs(source, wanted, ROOT / "src")

    assert needs("import numpy as np") == []
    assert needs("from attnlab import plots") == ["matplotlib"]
    assert needs("import matplotlib.pyplot as plt") == ["matplotlib"]
    assert needs("from attnlab.exercises import check") == ["attnlab.exercises"]
    assert needs("def broken(") == []
    assert needs("import matplotlibrary") == []


def test_relative_imports_are_resolved():
    assert {"a.b", "a.b.x"} <= KERNEL.imported("from . import x", "a.b")
    assert {"a.c", "a.c.y"} <= KERNEL.imported("from ..c import y", "a.b")


# ---- what the extension packs ---------------------------------------------------------------------------------------

EXTENSION = module(ROOT / "book" / "_ext" / "runner.py")


def small_project(folder: Path) -> Path:
    package = folder / "src" / "attnlab"
    (package / "__pycache__").mkdir(parents=True)
    (package / "static").mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "attnlab"\nversion = "7.5.3"\n', encoding="utf-8")
    for name in ("__init__.py", "b.py", "__pycache__/b.pyc", "static/w.js"):
        (package / name).write_text("x = 1\n", encoding="utf-8")
    return folder


def test_the_archive_holds_the_python_and_equal_sources_give_equal_bytes(tmp_path):
    one, two = small_project(tmp_path / "one"), small_project(tmp_path / "two")
    os.utime(two / "src" / "attnlab" / "b.py", (10**9, 10**9))
    packed = EXTENSION.pack(one)
    assert packed == EXTENSION.pack(two)
    archive = zipfile.ZipFile(BytesIO(packed))
    assert archive.namelist() == ["attnlab-7.5.3.dist-info/METADATA", "attnlab/__init__.py", "attnlab/b.py", "attnlab_reaches.json"]
    assert json.loads(archive.read("attnlab_reaches.json")) == {"attnlab": [], "attnlab.b": []}
    (two / "src" / "attnlab" / "b.py").write_text("x = 2\n", encoding="utf-8")
    assert packed != EXTENSION.pack(two)


def test_what_the_archive_says_of_imports_is_what_the_sources_say(tmp_path):
    source = ROOT / "src"
    names = [path.relative_to(source).as_posix() for path in (source / "attnlab").rglob("*.py")]
    found = EXTENSION.reaches(source, names)
    assert found["attnlab.plots"] == ["matplotlib"] and found["attnlab.exercises"] == [] and "attnlab.masks" in found
    (tmp_path / KERNEL.REACHES).write_text(json.dumps({"attnlab.one": ["matplotlib"], "attnlab.two": []}), encoding="utf-8")
    assert KERNEL.needs("from attnlab.one import x", ["matplotlib"], str(tmp_path)) == ["matplotlib"]
    assert KERNEL.needs("import attnlab.two", ["matplotlib"], str(tmp_path)) == []


def test_the_list_of_files_says_sizes_as_sent_and_changes_with_what_runs(tmp_path):
    folder, run = tmp_path / "pyodide", tmp_path / "run"
    folder.mkdir()
    run.mkdir()
    (folder / "manifest.json").write_text('{"files": {"a.wasm": {}, "b.whl": {}}}', encoding="utf-8")
    for name, data in (("a.wasm", b"a" * 9000), ("b.whl", b"b" * 70), ("attnlab.zip", b"c" * 50)):
        (folder / name).write_bytes(data)
    (run / "worker.js").write_text("one", encoding="utf-8")
    one = EXTENSION.listed(folder)
    assert {name: row[0] for name, row in one["files"].items()} == {"a.wasm": 9000, "b.whl": 70, "attnlab.zip": 50}
    assert one["files"]["a.wasm"][1] < 200 and one["files"]["b.whl"][1] == 70
    assert one == EXTENSION.listed(folder)
    (run / "worker.js").write_text("two", encoding="utf-8")
    two = EXTENSION.listed(folder)
    assert two["version"] != one["version"] and two["files"] == one["files"]
    (folder / "b.whl").write_bytes(b"B" * 70)
    assert EXTENSION.listed(folder)["version"] != two["version"]


def cell(*tags):
    from docutils import nodes
    return nodes.container(nb_element="cell_code", classes=["cell", *(f"tag_{tag}" for tag in tags)])


@pytest.mark.parametrize("vendored, tags, buttons", [
    (True, [()], True), (True, [("torch",), ("claim",)], True), (True, [("torch",)], False), (True, [], False),
    (False, [()], False)])
def test_only_pages_with_something_to_run_get_the_runner(tmp_path, vendored, tags, buttons):
    from docutils.utils import new_document
    added = []
    app = SimpleNamespace(attnlab_pyodide=tmp_path if vendored else None,
                          add_css_file=added.append, add_js_file=lambda name, **options: added.append((name, options)))
    page = new_document("page")
    page += [cell(*names) for names in tags]
    EXTENSION.mark_page(app, "book/page", "page.html", {}, page)
    wanted = ["css/run.css", ("run/runner.js", {"type": "module", "data-run-page": "book/page"})]
    assert added == (wanted if buttons else [])


def test_pyodide_counts_only_when_its_lock_and_manifest_are_there(tmp_path):
    app = SimpleNamespace(confdir=tmp_path, config=SimpleNamespace(html_static_path=["a", "b"]))
    folder = tmp_path / "b" / "pyodide"
    folder.mkdir(parents=True)
    assert EXTENSION.pyodide_folder(app) is None
    (folder / "pyodide-lock.json").write_text("{}", encoding="utf-8")
    assert EXTENSION.pyodide_folder(app) is None
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    assert EXTENSION.pyodide_folder(app) == folder

"""The next page finds Python as it was: modules, settings, chance and files. In a process of its own, which it upsets."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BEGIN = f"""
import importlib.util, json, sys, tempfile, pathlib
def load(name):
    spec = importlib.util.spec_from_file_location(f"attnlab_{{name}}", {str(ROOT / "book/_static/run")!r} + f"/{{name}}.py")
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
kernel, fresh = load("kernel"), load("fresh")
import attnlab.exercises
folder = pathlib.Path(tempfile.mkdtemp()); (folder / "kept").write_text("x")
run = kernel.Kernel(lambda *said: print(said, file=sys.stderr) if said[0] == "error" else None)
beginning = fresh.Beginning([folder])
import asyncio
def cell(source, room="page"):
    beginning.bring(source)
    if not asyncio.run(run.run(source, 1, room)): raise SystemExit("the cell failed")
asyncio.set_event_loop(asyncio.new_event_loop())
"""


def after(page: str, question: str):
    """What `question` gives after a page ran `page` and another page came."""
    code = f"{BEGIN}\ncell({page!r})\nrun.afresh(beginning)\ncell('answer = ' + {question!r})\nprint(json.dumps(run.module.answer))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("page, question, expected", [
    ("mine = 3\n_hidden = 4", "[name for name in globals() if name in ('mine', '_hidden')]", []),
    ("import numpy as np\nnp.exp = lambda x: 0\nnp.mine = 3", "[float(__import__('numpy').exp(0.0)), hasattr(__import__('numpy'), 'mine')]", [1.0, False]),
    ("import math\nmath.pi = 3", "__import__('math').pi > 3.1", True),
    ("import builtins\nbuiltins.abs = lambda x: 7\nbuiltins.mine = 1\ndel builtins.sum", "[abs(-1), sum([1, 2]), 'mine' in dir(__import__('builtins'))]", [1, 3, False]),
    ("import json\njson.dumps = None", "__import__('json').dumps([1])", "[1]"),
    ("import colorsys\ncolorsys.rgb_to_hsv = None", "__import__('colorsys').rgb_to_hsv is None", False),
    ("import numpy as np\nnp.set_printoptions(precision=2)\nnp.seterr(all='raise')",
     "[__import__('numpy').get_printoptions()['precision'], __import__('numpy').geterr()['over']]", [8, "warn"]),
    ("import os\nos.environ['MINE'] = '1'\nos.chdir('/')", "['MINE' in __import__('os').environ, __import__('os').getcwd() == '/']", [False, False]),
    ("import sys, types\nsys.modules['mine'] = types.ModuleType('mine')\nsys.path.insert(0, 'mine')\nsys.setrecursionlimit(99)",
     "['mine' in __import__('sys').modules, 'mine' in __import__('sys').path, __import__('sys').getrecursionlimit() == 99]", [False, False, False]),
    ("import warnings\nwarnings.simplefilter('error')", "__import__('warnings').filters[0][0] == 'error'", False),
    ("from attnlab.exercises import _judge\n_judge.SECONDS = 0\n_judge.PLAIN.clear()\n_judge.Busy.judging = True\n_judge.mine = 1",
     "(lambda judge: [judge.SECONDS, sorted(judge.PLAIN)[0], judge.Busy.judging, hasattr(judge, 'mine')])(__import__('attnlab.exercises._judge', fromlist=['x']))",
     [5.0, "bool", False, False]),
    ("from attnlab import masks, reference\nreference.attention = None\nmasks.mine = 1",
     "(lambda ours: [ours.reference.attention is None, hasattr(__import__('attnlab.masks', fromlist=['x']), 'mine')])(__import__('attnlab.reference'))",
     [False, False]),
])
def test_nothing_of_a_page_is_left_for_the_next(page, question, expected):
    assert after(page, question) == expected


def test_chance_is_not_set_by_the_page_before():
    page = "import random, numpy as np\nrandom.seed(3)\nnp.random.seed(3)"
    seeded = "[__import__('random').random(), float(__import__('numpy').random.rand())]"
    first, second = after(page, seeded), after(page, seeded)
    assert first[0] != second[0] and first[1] != second[1]


def test_files_and_figures_of_the_page_before_are_gone():
    pytest.importorskip("matplotlib")
    page = "import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 99\nplt.figure()"
    assert after(page, "(lambda plt: [plt.rcParams['lines.linewidth'], plt.get_fignums()])(__import__('matplotlib.pyplot', fromlist=['x']))") == [1.5, []]
    code = f"{BEGIN}\n(folder / 'sub').mkdir(); (folder / 'sub' / 'new').write_text('x')\nrun.afresh(beginning)\nprint(sorted(p.name for p in folder.rglob('*')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "['kept']"


def test_checks_still_judge_after_many_pages():
    code = f"""{BEGIN}
cell("from attnlab.exercises import check, EXERCISES\\nright = EXERCISES['self_attention.softmax'].reference\\ncheck('self_attention.softmax', right)")
for _ in range(3): run.afresh(beginning)
cell("from attnlab.exercises import check, EXERCISES\\ncheck('self_attention.softmax', EXERCISES['self_attention.softmax'].mutants['temperature_ignored'])")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False, cwd="/tmp")
    assert done.returncode == 0, done.stderr

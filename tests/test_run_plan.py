"""Which cells a check needs: found from their text, so that no more than those run."""
from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[1] / "book" / "_static" / "run" / "plan.py"
SPEC = importlib.util.spec_from_file_location("run_plan", PATH)
PLAN = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PLAN)
CHECK = "from attnlab.exercises import check\ncheck('a.b', f)"


def test_the_names_a_cell_takes_from_elsewhere():
    assert PLAN.free("import numpy as np\ndef f(x, w=W):\n    def g(y): return y + f(x) + helper(np.exp(y))\n"
                     "    return len([g(i) for i in x])") == {"W", "helper"}
    assert PLAN.free("x = 1\nx += y\ndef f():\n    global z\n    z = 1\n    return z") == {"y"}
    assert PLAN.free("class A(B):\n    n = m\n    def f(self): return __name__, n") == {"B", "m", "n"}
    assert PLAN.free("def broken(") == set()


@pytest.mark.parametrize("source, names", [
    ("x = x + 1", {"x"}), ("x += y", {"x", "y"}), ("x = 1\nx += 1", set()), ("def f(): return g()\ndef g(): return 1", set()),
    ("y = g()\ndef g(): return 1", {"g"}), ("for i in n: print(i)", {"n"}), ("display(a)", {"a"}), ("import a.b\na.b.c", set()),
    ("x: int = y", {"y"}), ("broken(", set())])
def test_what_a_cell_takes_is_read_in_order(source, names):
    assert PLAN.takes(source) == names


@pytest.mark.parametrize("cells, chosen", [
    (["x = 1", "plot(x)", "def f(): return 3"], [2]),
    (["x = 1", "y = x", "z = 2", "def f(): return y"], [0, 1, 3]),
    (["x = 1", "x = 2", "def f(): return x"], [1, 2]),
    (["x = 1", "x += 2", "def f(): return x"], [0, 1, 2]),
    (["x = [1]", "x.append(2)", "print(x)", "plt.plot(x)", "def f(): return x"], [0, 1, 4]),
    (["x = {}", "x['a'] = 2", "def f(): return x"], [0, 1, 2]),
    (["import numpy as np\nrng = np.random.default_rng(3)", "a = rng.normal()", "b = rng.normal()", "def f(): return b"], [0, 1, 2, 3]),
    (["import numpy as np", "rng = np.random.default_rng(3)", "x = np.ones(3)", "rng.shuffle(x)", "def f(): return x"], [0, 1, 2, 3, 4]),
    (["import numpy as np", "def g(x): return np.exp(x)", "def f(x): return g(x)"], [0, 1, 2]),
    (["class A: pass", "a = A()", "a.n = 3", "def f(): return a"], [0, 1, 2, 3]),
    (["def f(): return missing"], None),
    (["from os.path import *", "def f(): return join"], None),
    (["x = broken(", "def f(): return 1"], [1])])
def test_a_check_runs_its_slot_and_what_makes_its_names(cells, chosen):
    assert PLAN.plan(cells, len(cells) - 1, CHECK) == chosen


def test_what_the_check_itself_takes_is_made_too():
    assert PLAN.plan(["x = 1", "y = 2", "def f(): ..."], 2, f"{CHECK}\ny") == [1, 2]
    assert PLAN.plan(["check = 1", "def f(): ..."], 1, CHECK) == [1]


def test_the_plan_gives_the_values_that_all_cells_would_give():
    cells = ["import numpy as np\nrng = np.random.default_rng(5)", "a = rng.normal(size=3)", "noise = rng.normal(size=3)",
             "a[0] = 7", "b = a + noise", "unused = 1 / 3", "def f(): return b.tolist()"]
    whole, some = {}, {}
    for source in cells:
        exec(source, whole)
    chosen = PLAN.plan(cells, 6, CHECK)
    for place in chosen:
        exec(cells[place], some)
    assert chosen == [0, 1, 2, 3, 4, 6] and whole["f"]() == some["f"]()

"""The second half of a notebook's one run: back to the first slot, solved; and what the run cost a processor."""

from __future__ import annotations

import types
from pathlib import Path

import expand
import nbformat
import one_run
import pytest
from jupyter_client.manager import start_new_kernel

from attnlab import exercises

EXERCISE = "self_attention.softmax"


def cell(source: str):
    return nbformat.v4.new_code_cell(source)


@pytest.fixture(scope="module")
def client():
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=["--log-level=ERROR"])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def read_once(client):
    """read_once(cell, ...) -> the notebook of a slot and its check with these cells around, run as a reader runs it."""
    def read(*after, before=()):
        slot, check = [one for one in expand.exercise_cells(EXERCISE) if one.cell_type == "code"][:2]
        for one in before:
            one_run.run(client, one)
        one_run.run(client, cell(one_run.NOTE))
        for one in (slot, check, *after):
            one_run.run(client, one)
        return [*before, slot, check, *after]
    return read


def test_the_slots_are_solved_in_the_kernel_that_was_there(client, read_once):
    cells = read_once(cell("attempt = softmax"), before=[cell("scale = 3")])
    one_run.run_solved(client, cells)
    asked = cell(f"print(scale, __import__('attnlab.exercises').exercises.diagnose({EXERCISE!r}, softmax).passed)")
    one_run.run(client, asked)
    assert asked.outputs[0].text == "3 True\n"
    assert "# YOUR CODE HERE" in cells[1].source, "the notebook itself stays as it was"


def test_a_print_that_arrives_in_pieces_is_one(client):
    asked = cell("import sys, time\nfor word in ('3', ' True'):\n    sys.stdout.write(word); sys.stdout.flush(); time.sleep(0.3)")
    one_run.run(client, asked)
    assert [one.text for one in asked.outputs] == ["3 True"]
    other = cell("import sys, time\nprint(1, flush=True); time.sleep(0.1); print(2, file=sys.stderr, flush=True); time.sleep(0.1); print(3)")
    one_run.run(client, other)
    assert [one.text for one in other.outputs] == ["1\n", "2\n", "3\n"]


def test_an_empty_slot_is_noticed(client, read_once, monkeypatch):
    cells = read_once()
    monkeypatch.setattr(exercises, "solved", lambda name: cells[0].source)
    with pytest.raises(AssertionError, match="AssertionError: not attempted"):
        one_run.run_solved(client, cells)


def test_a_solution_cannot_lean_on_what_the_first_run_left_behind(client, read_once, monkeypatch):
    cells = read_once(cell("later = 1"))
    right = exercises.solved(EXERCISE)
    monkeypatch.setattr(exercises, "solved", lambda name: f"{right}\nprint(later)")
    with pytest.raises(AssertionError, match="NameError: name 'later' is not defined"):
        one_run.run_solved(client, cells)


def test_what_depends_on_an_answer_runs_again_and_all_else_has_run(client, read_once):
    """Names are those at each place of the notebook, not those at its end."""
    cells = read_once(
        cell("runs = []"), cell("runs.append('long'); size = 2"), cell("double = lambda x: 2 * softmax(x)"),
        cell("runs.append('use'); mine = (size, double is not None)"), cell("size = 5; runs = [*runs, 'last']"), cell("del double"),
        before=[cell("size = 1; double = None")],
    )
    assert one_run.depends.dependent(cells)[-6:] == [False, False, True, True, True, True]
    one_run.run_solved(client, cells)
    asked = cell("print(mine, size, runs, 'double' in dir())")
    one_run.run(client, asked)
    assert asked.outputs[0].text == "(2, True) 5 ['long', 'use', 'use', 'last'] False\n"


def test_a_cell_that_has_not_run_cannot_be_passed_over(client, read_once):
    cells = read_once()
    with pytest.raises(AssertionError, match="KeyError"):
        one_run.run_solved(client, [*cells, cell("print('new')")])


def test_a_warning_of_a_solved_cell_is_noticed(client, read_once):
    cells = read_once(cell("import sys; print('careful', softmax is None, file=sys.stderr)"))
    with pytest.raises(AssertionError, match="wrote to stderr: careful"):
        one_run.run_solved(client, cells)


def test_computing_is_counted_and_waiting_is_not(client):
    start = one_run.processor_seconds(client)
    one_run.run(client, cell("import time; time.sleep(1.5)"))
    waited = one_run.processor_seconds(client)
    one_run.run(client, cell("end = time.process_time() + 1\nwhile time.process_time() < end: pass"))
    assert waited - start < 0.5 < 0.9 < one_run.processor_seconds(client) - waited  # the clock ticks in hundredths


@pytest.mark.parametrize(("used", "fails"), [(59.0, False), (180.0, False), (180.2, True)])
def test_only_three_times_the_budget_fails(monkeypatch, used, fails):
    monkeypatch.setattr(one_run, "processor_seconds", lambda client: used)
    item = types.SimpleNamespace(client=None, path=Path("book/part/chapter.ipynb"), user_properties=[])
    if fails:
        with pytest.raises(AssertionError, match=r"part/chapter used 180 s of processor time; its budget is 60 s"):
            one_run.spend(item)
    else:
        one_run.spend(item)
    assert item.user_properties == [("notebook", "part/chapter"), ("budget", 60), ("used", used)]


def test_every_notebook_that_is_compared_is_measured_and_solved(request):
    cells = [item for item in request.session.items if isinstance(item, one_run.IPyNbCell)]
    if not cells:
        pytest.skip("no notebook was asked for (--nbval)")
    there = {item.nodeid for item in request.session.items}
    for notebook in {item.parent.nodeid for item in cells}:
        slots = any(one_run.is_slot(item.cell) for item in cells if item.parent.nodeid == notebook)
        wanted = ["processor time", *(["before the first slot", "solved"] if slots else [])]
        assert [name for name in wanted if f"{notebook}::{name}" not in there] == []


# -- numbers that training gave ----------------------------------------------------------------------------

PRINTED = "1,024 parameters\nright: 2% 79% [1.   0.98]\n"


@pytest.mark.parametrize("found", ["1,024 parameters\nright: 2% 85% [0.97 0.99]\n", "1,030 parameters\nright: 2% 79% [ 1.  0.98]\n"])
def test_numbers_near_enough_count_as_what_was_printed(found):
    assert one_run.as_printed(found, PRINTED, within=0.1) == PRINTED


@pytest.mark.parametrize("found", [
    "1,024 parameters\nright: 2% 60% [1.   0.98]\n",  # a number too far
    "1,024 parameters\nwrong: 2% 79% [1.   0.98]\n",  # another word
    "1,024 parameters\nright: 2% 79% 79% [1.   0.98]\n",  # one number more
    "1,024 parameters\nright: 2% 79% [1.   nan]\n",
])
def test_what_says_something_else_stays_as_it_is(found):
    assert one_run.as_printed(found, PRINTED, within=0.1) == found


def compared(source: str, printed: str, monkeypatch, **metadata) -> bool:
    heard = []
    monkeypatch.setattr(one_run, "nbval_compares", lambda cell, test, ref: heard.append(test == ref) or heard[-1])
    cell = types.SimpleNamespace(cell=nbformat.v4.new_code_cell(metadata={"attnlab": metadata}))
    output = [nbformat.v4.new_output("stream", text=text) for text in (source, printed)]
    return one_run.compare(cell, output[:1], output[1:])


def test_only_a_cell_that_says_so_is_allowed_anything(monkeypatch):
    assert compared("right: 85%", "right: 79%", monkeypatch, within=0.1)
    assert not compared("right: 85%", "right: 79%", monkeypatch)
    assert not compared("right: 45%", "right: 79%", monkeypatch, within=0.1)
    assert one_run.IPyNbCell.compare_outputs is one_run.compare

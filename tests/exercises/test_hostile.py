"""Hostile functions, one a row: nothing hangs, nothing leaks into later checks, and nothing is called what it is not."""

from __future__ import annotations

import builtins
import itertools
import math
import os
import random
import re
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, check, diagnose, use
from attnlab.exercises import _run as running
from attnlab.exercises import _thread

SOFTMAX = "self_attention.softmax"
pytestmark = [pytest.mark.usefixtures("as_readers_run_it"), pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")]
right = EXERCISES[SOFTMAX].solution
WRONG = "in no way this exercise knows by name"


def wrong(scores):
    return np.full(scores.shape, 1 / scores.shape[-1])


# Work that does not come back


def loop_on_one_line(scores, temperature=1.0):
    while True: pass  # noqa: E701


def continue_on_one_line(scores, temperature=1.0):
    while 1: continue  # noqa: E701


def everything_swallowed(scores, temperature=1.0):
    while True:
        try:
            np.exp(scores)
        except BaseException:
            pass


def signals_ignored(scores, temperature=1.0):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        scores = scores + 1


def sum_without_end(scores, temperature=1.0):
    return sum(itertools.count())


def catastrophic_pattern(scores, temperature=1.0):
    return re.match(r"(a+)+$", "a" * 60 + "b")


def enormous_power(scores, temperature=1.0):
    return 10**10**9


def long_sleep(scores, temperature=1.0):
    time.sleep(1e6)


def lock_never_released(scores, temperature=1.0):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def recursion_limit_raised(scores, temperature=1.0):
    sys.setrecursionlimit(10**9)
    return recursion_limit_raised(scores, temperature) + 1


LATE = {
    loop_on_one_line: "It was still in the loop at line 2 of your function",
    continue_on_one_line: "It was still in the loop at line 2 of your function",
    everything_swallowed: "It was still in the loop at line 2 of your function",
    signals_ignored: "It was still in the loop at line 4 of your function",
    sum_without_end: "It was inside one single call at line 2 of your function that had not come back",
    catastrophic_pattern: "It was still computing at line 2 of your function",
    enormous_power: "It was still computing at line 2 of your function",
    long_sleep: "It was waiting at line 2 of your function, not computing",
    lock_never_released: "It was waiting at line 4 of your function, not computing",
}


@pytest.mark.parametrize("function", LATE, ids=lambda f: f.__name__)
def test_what_does_not_come_back_is_ended_and_described(function):
    found = diagnose(SOFTMAX, function, 0.7)
    flat = " ".join(found.text.split())
    assert flat.startswith("not yet: your function did not finish within 0.7 seconds Seen on: three rows of five scores.")
    assert LATE[function] in flat and not found.passed and found.mistake is None


def test_no_process_and_no_thread_is_left(monkeypatch):
    children = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: children.append(fork()) or children[-1])
    before = threading.active_count()
    for function in LATE:
        diagnose(SOFTMAX, function, 0.2)
    assert threading.active_count() == before and len(children) == len(LATE)
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_right_values_do_not_pass_without_every_property():
    probed = [probe.arguments[0] for probe in EXERCISES[SOFTMAX].probes]

    def learnt_by_heart(scores, temperature=1.0):
        known = any(scores.shape == p.shape and np.array_equal(scores, p) for p in probed)
        return right(scores, temperature) * (1.0 if known else 1.1)

    found = diagnose(SOFTMAX, learnt_by_heart)
    assert not found.passed and "right on the arguments tried first, but not on others" in " ".join(found.text.split())
    assert "Fails: " in found.text


# Work that ends badly, or says something odd


def leaves_by_the_back_door(scores, temperature=1.0):
    os._exit(0)


def kills_itself(scores, temperature=1.0):
    os.kill(os.getpid(), signal.SIGKILL)


def breaks_python(scores, temperature=1.0):
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves_by_the_front_door(scores, temperature=1.0):
    sys.exit("bye")


def asks_for_the_answer(scores, temperature=1.0):
    return input("what is the softmax? ")


def asks_for_all_the_memory(scores, temperature=1.0):
    return np.ones((30_000, 30_000))


def answers_with_far_too_much(scores, temperature=1.0):
    return np.broadcast_to(1.0, (300_000, 300_000))


def no_return(scores, temperature=1.0):
    weights = np.exp(scores)
    weights / weights.sum()


def yields(scores, temperature=1.0):
    yield scores


async def awaits(scores, temperature=1.0):
    return scores


def only_nan_after_an_error_of_ten(scores, temperature=1.0):
    return right(scores, temperature) * 10 if np.abs(scores).max() < 100 else scores * np.nan


ODD = {
    leaves_by_the_back_door: "your function ends Python itself, so no answer came back",
    kills_itself: "Python was ended from outside while your function ran",
    breaks_python: "your function makes Python itself break down (SIGSEGV)",
    leaves_by_the_front_door: "your function raises SystemExit: bye (line 2 of your function)",
    asks_for_the_answer: "raises RuntimeError: input() cannot ask anything during a check",
    asks_for_all_the_memory: "raises MemoryError: Unable to allocate 6.71 GiB",
    answers_with_far_too_much: "90000000000 numbers came back, in the shape (300000, 300000), far more than any answer",
    no_return: "your function has a body but gives back None: is the `return` missing?",
    yields: "a generator came back; give back an array, a list or a number",
    awaits: "a coroutine came back; give back an array, a list or a number",
    only_nan_after_an_error_of_ten: f"{WRONG}. Evidence (three rows of five scores): every entry is 10 times the right one",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of one process")
@pytest.mark.parametrize("function", ODD, ids=lambda f: f.__name__)
def test_what_goes_wrong_is_called_what_it_is(function):
    found = diagnose(SOFTMAX, function)
    flat = " ".join(found.text.split())
    assert ODD[function] in flat and found.attempted and not found.passed and "loop" not in flat


# Right answers with side effects


def many_prints(scores, temperature=1.0):
    for _ in range(20_000):
        print("still here")
    return right(scores, temperature)


def slow_but_finite(scores, temperature=1.0):
    time.sleep(0.02)
    return right(scores, temperature)


def forks(scores, temperature=1.0):
    os.fork()
    return right(scores, temperature)


def threads_left_running(scores, temperature=1.0):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return right(scores, temperature)


CALLS = []


def keeps_count(scores, temperature=1.0):
    CALLS.append(len(CALLS))
    return right(scores, temperature)


@pytest.mark.parametrize(("function", "note"), [
    (many_prints, "lines during the check; they are left out here"), (slow_but_finite, ""), (forks, ""), (keeps_count, ""),
    (threads_left_running, "Note: your function leaves threads behind that are still running.")], ids=lambda x: getattr(x, "__name__", ""))
def test_right_answers_with_side_effects_pass(function, note):
    found = diagnose(SOFTMAX, function)
    assert found.passed and note in " ".join(found.text.split()), found.text


# The world


def _patch(module, name, value):
    return lambda: setattr(module, name, value)


def _figure():
    import matplotlib.pyplot as plt
    plt.figure()


DEEDS = {
    "numpy.exp": _patch(np, "exp", lambda x, **more: np.ones_like(x)),
    "math.exp": _patch(math, "exp", lambda x: 1.0),
    "len": _patch(builtins, "len", lambda x: 5),
    "random.random": _patch(random, "random", lambda: 0.5),
    "numpy.linalg.norm": _patch(np.linalg, "norm", lambda x: 1.0),
    "numpy.softmax": _patch(np, "softmax", right),
    "attnlab.exercises._outcome.alike": _patch(sys.modules["attnlab.exercises._outcome"], "alike", lambda *a: True),
    "attnlab.reference.softmax": _patch(sys.modules["attnlab.reference"], "softmax", lambda *a, **more: a[0]),
    "how NumPy treats overflow": lambda: np.seterr(all="raise"),
    "how NumPy prints numbers": lambda: np.set_printoptions(precision=1),
    "the environment variables": lambda: os.environ.update(ATTNLAB_PROGRESS="elsewhere"),
    "the working folder": lambda: os.chdir("/"),
    "where prints go": lambda: setattr(sys, "stdout", None),
    "which warnings are shown": lambda: warnings.simplefilter("error"),
    "how deep calls may go": lambda: sys.setrecursionlimit(5_000),
    "Python's tracing": lambda: sys.settrace(lambda *a: None),
    "where modules are looked for": sys.path.clear,
    "the open figures": _figure,
    "probes": lambda: EXERCISES[SOFTMAX].probes.clear(),
    "attnlab.exercises.EXERCISES.reference": lambda: setattr(EXERCISES[SOFTMAX], "reference", lambda s, t=1.0: s),
}
SILENT = {"probes"}


@pytest.fixture(params=["process", "thread"])
def mode(request, monkeypatch):
    if request.param == "thread":
        monkeypatch.setattr(running, "ways", lambda: [_thread.run])


def _state():
    return (np.exp, math.exp, len, random.random, np.linalg.norm, hasattr(np, "softmax"), np.geterr(), np.get_printoptions(),
            dict(os.environ), os.getcwd(), sys.stdout, list(warnings.filters), sys.getrecursionlimit(), list(sys.path),
            len(EXERCISES[SOFTMAX].probes), EXERCISES[SOFTMAX].reference, random.getstate(), str(np.random.get_state()))


@pytest.mark.parametrize("name", DEEDS)
def test_a_changed_world_is_put_back_and_said_and_no_wrong_answer_passes(name, mode):
    import matplotlib.pyplot as plt

    def function(scores, temperature=1.0):
        DEEDS[name]()
        return wrong(scores)

    before, figures = _state(), plt.get_fignums()
    found = diagnose(SOFTMAX, function)
    assert not found.passed and _state() == before and plt.get_fignums() == figures
    flat = " ".join(found.text.split())
    assert (f"Note: your function changes {name} for everybody" in flat) == (name not in SILENT), flat
    assert diagnose(SOFTMAX, right).text == diagnose(SOFTMAX, right).text and diagnose(SOFTMAX, right).passed
    assert not diagnose(SOFTMAX, lambda s, t=1.0: wrong(s)).passed


@pytest.fixture
def state_of_torch():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    yield torch
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("grad", [True, False])
def test_nothing_is_said_of_a_function_that_changes_nothing(threads, grad, mode, state_of_torch):
    """The child has one thread however many there are here, and a thread keeps gradients whatever is set here."""
    state_of_torch.set_num_threads(threads)
    state_of_torch.set_grad_enabled(grad)
    for function in (right, lambda s, t=1.0: wrong(s)):
        assert "for everybody" not in diagnose(SOFTMAX, function).text
    assert (state_of_torch.get_num_threads(), state_of_torch.is_grad_enabled()) == (threads, grad)


def test_what_was_replaced_before_the_check_is_put_back_and_said(monkeypatch):
    monkeypatch.setattr(np, "exp", lambda x, **more: np.ones_like(x))
    found = diagnose(SOFTMAX, lambda s, t=1.0: wrong(s))
    assert not found.passed and "Note: numpy.exp had been replaced in this session" in " ".join(found.text.split())
    assert isinstance(np.exp, np.ufunc)


def test_drawing_shared_random_numbers_is_seen_and_changes_nothing_for_others(mode):
    np.random.seed(3)
    random.seed(3)
    found = diagnose(SOFTMAX, lambda s, t=1.0: np.random.random(s.shape))
    drawn = np.random.random(), random.random()
    np.random.seed(3)
    random.seed(3)
    assert "two calls with the same arguments give different answers" in found.text
    assert drawn == (np.random.random(), random.random())


def test_probes_cannot_be_written_to(mode):
    def function(scores, temperature=1.0):
        for probe in EXERCISES[SOFTMAX].probes:
            probe.arguments[0][...] = 0
        return wrong(scores)
    assert "raises ValueError: assignment destination is read-only" in " ".join(diagnose(SOFTMAX, function).text.split())


# A check inside the checked function


def plainly(scores, temperature=1.0):
    check(SOFTMAX, plainly)
    return right(scores, temperature)


def through_use(scores, temperature=1.0):
    return use(SOFTMAX, through_use)(scores, temperature)


def in_silence(scores, temperature=1.0):
    try:
        diagnose(SOFTMAX, in_silence)
    except BaseException:
        pass
    return right(scores, temperature)


def by_way_of_another(scores, temperature=1.0):
    check("self_attention.causal_mask", the_other)
    return right(scores, temperature)


def the_other(n, m):
    check(SOFTMAX, by_way_of_another)
    return np.tri(n, m, m - n, dtype=bool)


def in_a_thread(scores, temperature=1.0):
    thread = threading.Thread(target=lambda: in_silence(scores, temperature))
    thread.start()
    thread.join()
    return right(scores, temperature)


@pytest.mark.parametrize("function", [plainly, through_use, in_silence, by_way_of_another, in_a_thread], ids=lambda f: f.__name__)
def test_a_check_inside_the_checked_function_is_one_clear_sentence(function, mode, capsys):
    threads, streams = threading.active_count(), (sys.stdout, sys.stderr)
    found = diagnose(SOFTMAX, function)
    assert " ".join(found.text.split()) == (
        "not yet: your function calls `check`, `use` or `diagnose` while it is being checked, so the check would never end; "
        "move that line out of the function (it is indented one step too far).")
    assert threading.active_count() == threads and (sys.stdout, sys.stderr) == streams
    assert capsys.readouterr() == ("", "")
    assert diagnose(SOFTMAX, right).passed


def test_what_a_statement_forbids_to_change_is_judged_and_said():
    def parallel_block(x, attend, feed, gain, epsilon):
        x = np.asarray(x) if x.dtype.kind == "i" else x
        new = EXERCISES["architecture.parallel_block"].solution(x, attend, feed, gain, epsilon)
        if x.dtype.kind == "f":
            x[...] = new
        return new

    found = diagnose("architecture.parallel_block", parallel_block)
    assert not found.passed and found.mistake is None
    assert found.text.startswith("not yet: your answer is right, but an argument that has to stay as it is does not.")
    assert "(x changed during the call)" in " ".join(found.text.split())

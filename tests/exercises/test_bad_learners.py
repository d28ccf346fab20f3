"""Functions that misbehave: each gets a clear message, in time, and the judge survives."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time

import numpy as np
import pytest

from attnlab import exercises
from attnlab.exercises import EXERCISES, check, diagnose, hint, solution, use
from attnlab.exercises import _judge, _process, _thread
from attnlab.exercises import _run as running

SOFTMAX, ATTENTION, CAUSAL = (f"self_attention.{name}" for name in ("softmax", "scaled_dot_product", "causal_mask"))
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


WAYS = {"process": _process.run, "thread": _thread.run, "in place": _thread.run_in_place}


@pytest.fixture(params=WAYS)
def mode(request, monkeypatch):
    """The ways to run a learner's function: in a process, in a thread as on Windows, and in place as in the browser."""
    if request.param == "process" and not hasattr(os, "fork"):
        pytest.skip("no fork here")
    monkeypatch.setattr(running, "ways", lambda: [WAYS[request.param]])
    return request.param


def says(function, *words, exercise_id=SOFTMAX, seconds=5.0):
    found = diagnose(exercise_id, function, seconds)
    flat = " ".join(found.text.split())
    assert not found.passed and found.mistake is None, flat
    for word in words:
        assert word in flat, flat
    assert found.text == diagnose(exercise_id, function, seconds).text
    return found


def raiser(error):
    def function(scores, temperature=1.0):
        raise error
    return function


@pytest.mark.parametrize("error", [
    ValueError("shapes (3,5) do not fit"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError(),
    BaseException("odd"), RecursionError("deep"), StopIteration(), AssertionError(), Warning("w")], ids=repr)
def test_whatever_is_raised_is_named(error, mode):
    says(raiser(error), f"not yet: your function raises {type(error).__name__}", "three rows of five scores",
         "line 2 of your function")


def test_an_exception_that_cannot_be_printed():
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError("no text")
    says(raiser(Odd()), "raises Odd")


def test_addresses_and_long_numbers_are_left_out():
    says(raiser(ValueError("<object at 0x7f00dead> 0.123456789")), "(address)", "0.123 (line")


def endless(scores, temperature=1.0):
    while True:
        pass


def endless_and_stubborn(scores, temperature=1.0):
    while True:
        try:
            np.exp(scores)
        except BaseException:
            pass


def endless_and_twice_stubborn(scores, temperature=1.0):
    while True:
        try:
            while True:
                try:
                    sum(range(10))
                except BaseException:
                    continue
                finally:
                    scores = scores + 0
        except BaseException:
            pass


def endless_generator(scores, temperature=1.0):
    return [x for x in itertools.count() if x < 0]


def endless_printing(scores, temperature=1.0):
    while True:
        print("still here")


@pytest.mark.parametrize("function", [endless, endless_and_stubborn, endless_and_twice_stubborn, endless_printing])
def test_endless_loops_end(function, mode):
    if "stubborn" in function.__name__ and mode == "in place" and not hasattr(sys, "monitoring"):
        pytest.skip("in place, such a loop can only be ended from Python 3.12 on; the browser has it")
    says(function, "not yet: your function did not finish within 0.3 seconds", seconds=0.3)


@pytest.mark.parametrize("function", [endless, endless_and_stubborn, endless_and_twice_stubborn])
def test_nothing_keeps_computing_after_an_endless_loop(function):
    diagnose(SOFTMAX, function, 0.2)
    time.sleep(0.2)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_a_call_that_blocks_outside_python_is_left_behind(tmp_path):
    over = tmp_path / "over"

    def blocked(scores, temperature=1.0):
        time.sleep(20)
        over.touch()
    assert "did not finish" in diagnose(SOFTMAX, blocked, 0.2).text and not over.exists()


def test_time_is_for_all_probes_together():
    def slow(scores, temperature=1.0):
        end = time.monotonic() + 0.15
        while time.monotonic() < end:
            pass
        return EXERCISES[SOFTMAX].solution(scores, temperature)
    assert len(EXERCISES[SOFTMAX].probes) > 3
    assert "did not finish" in diagnose(SOFTMAX, slow, 0.4).text


def test_recursion_without_end(mode):
    def deeper(scores, temperature=1.0):
        return deeper(scores, temperature)
    said = says(deeper, "raises RecursionError")
    assert "tracing" not in said.text, "it is Python that ends the judge's own tracing where its stack ends"


def test_the_default_limit_is_five_seconds():
    assert _judge.SECONDS == 5.0


def test_tracing_streams_and_warnings_are_put_back(mode):
    def tracer(frame, event, argument):
        return None
    streams, before = (sys.stdout, sys.stderr, sys.stdin), sys.gettrace()
    sys.settrace(tracer)
    try:
        diagnose(SOFTMAX, endless, 0.2)
        diagnose(SOFTMAX, EXERCISES[SOFTMAX].solution)
        kept = sys.gettrace()
    finally:
        sys.settrace(before)
    assert kept is tracer
    assert (sys.stdout, sys.stderr, sys.stdin) == streams


def test_printing_is_kept_away(capsys, mode):
    def chatty(scores, temperature=1.0):
        for i in range(50):
            print("line", i)
        print("oh", file=sys.stderr)
        return EXERCISES[SOFTMAX].solution(scores, temperature)
    check(SOFTMAX, chatty)
    out, err = capsys.readouterr()
    assert out.startswith("passed\n") and "your function printed" in out and "line 3" not in out and err == ""


def test_keyboard_input_does_not_wait():
    says(lambda scores, temperature=1.0: input("?"), "raises")


@pytest.mark.parametrize(("value", "word"), [
    ("text", "not numbers"), (np.array(["a"]), "not numbers"), (np.array([object()]), "of type object, not numbers"),
    ({"a": 1}, "a dict came back"), ({1, 2}, "a set came back"), ((x for x in [1]), "a generator came back"),
    (np.exp, "an ufunc came back; give back an array, a list or a number"), ([[1, 2], [3]], "different shapes"),
    (1j, "complex numbers; real ones"),
    (np.zeros((2, 2)), "the wrong shape"), (3.5, "the wrong shape"), (iter([1]), "a list_iterator came back")],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__)
def test_wrong_types_and_shapes_are_named(value, word):
    says(lambda scores, temperature=1.0: value, word)


def test_nan_is_named():
    says(lambda scores, temperature=1.0: scores * np.nan, "there are NaNs in your output")


@pytest.mark.parametrize("thing", [None, ..., lambda *a: None, lambda *a: ..., raiser(NotImplementedError())])
def test_not_attempted(thing):
    found = diagnose(SOFTMAX, thing)
    assert not found.attempted and not found.passed and found.text.splitlines()[0] == "not attempted yet"


def test_a_forgotten_return_is_noticed():
    def softmax(scores, temperature=1.0):
        weights = np.exp(scores)
        weights.sum()
    found = diagnose(SOFTMAX, softmax)
    assert found.attempted and "gives back None: is the `return` missing?" in found.text


@pytest.mark.parametrize("thing", [3, "softmax", np.zeros(3), [len]], ids=repr)
def test_not_a_function(thing):
    says(thing, "needs the function itself, softmax without brackets")


def test_wrong_number_of_arguments():
    says(lambda q: q, "raises TypeError", "4 were given", exercise_id=ATTENTION)


def test_random_answers_are_noticed():
    rng = np.random.default_rng(0)
    says(lambda s, t=1.0: rng.random(s.shape), "two calls with the same arguments give different answers")


def test_edited_arguments_are_said_and_the_result_still_counts():
    def in_place(scores, temperature=1.0):
        scores -= scores.max(axis=-1, keepdims=True)
        scores /= temperature
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return scores
    before = [p.arguments[0].copy() for p in EXERCISES[SOFTMAX].probes]
    found = diagnose(SOFTMAX, in_place)
    assert found.passed and "changes its argument scores in place" in " ".join(found.text.split())
    assert all((b == p.arguments[0]).all() for b, p in zip(before, EXERCISES[SOFTMAX].probes))


def test_edited_arguments_are_said_beside_a_mistake():
    def wrong(q, k, v, nobody):
        k *= 2
        return v[: len(q)] * 0
    assert "changes its argument k in place" in " ".join(diagnose(ATTENTION, wrong).text.split())


def test_failing_on_some_probes_only_says_where():
    def fragile(scores, temperature=1.0):
        if scores.ndim == 3:
            raise ValueError("only matrices")
        return EXERCISES[SOFTMAX].solution(scores, temperature)
    says(fragile, "raises ValueError: only matrices", "a batch of two", "It gave an answer on three rows")


def test_unknown_answers_are_told_what_holds_and_what_fails():
    says(lambda s, t=1.0: EXERCISES[SOFTMAX].solution(s, t) * 1.1, "in no way this exercise knows by name", "Holds: ",
         "Fails: every row adds up to 1 (the rows add up to 1.1, 1.1, 1.1)", "Read: Scaled dot-product attention")


def test_numbers_where_a_mask_was_asked_for():
    found = diagnose(CAUSAL, lambda n, m: np.tri(n, m, m - n, dtype=int))
    assert found.mistake == "mask_of_numbers"


def test_unknown_ids_name_close_ones():
    for call in (check, diagnose, use):
        with pytest.raises(LookupError, match="no exercise is called 'self_attention.sofmax'.*self_attention.softmax"):
            call("self_attention.sofmax", None)
    with pytest.raises(LookupError, match="self_attention.causal_mask"):
        solution("causal_mask")
    with pytest.raises(LookupError, match="did you mean"):
        hint("nothing like it", 1)


def test_hints_are_numbered():
    assert "weight" in hint(ATTENTION, 1) and repr(hint(ATTENTION, 2)) == str(hint(ATTENTION, 2))
    for n in (0, 5, -1, "1"):
        with pytest.raises(ValueError, match="hints 1 to 4"):
            hint(ATTENTION, n)


def test_use_takes_the_learners_function_only_if_it_passes(capsys):
    right = EXERCISES[SOFTMAX].solution
    assert use(SOFTMAX, right) is right
    assert use(SOFTMAX, lambda s, t=1.0: None) is EXERCISES[SOFTMAX].reference
    assert use(SOFTMAX, lambda s, t=1.0: s) is EXERCISES[SOFTMAX].reference
    assert capsys.readouterr().out.splitlines() == [
        "The cells below use your softmax.",
        "The cells below use the course's softmax (yours is not attempted yet).",
        "The cells below use the course's softmax (yours is not right yet)."]


def test_a_real_interrupt_reaches_the_reader(monkeypatch):
    class Interrupted(threading.Event):
        def wait(self, timeout=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(_thread.threading, "Event", Interrupted)
    monkeypatch.setattr(_thread.threading.Thread, "start", lambda self: None)
    with pytest.raises(KeyboardInterrupt):
        _thread.run(lambda tell, clock: None, 1.0)

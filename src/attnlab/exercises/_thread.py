"""Work in a thread, or in place: for platforms without fork. What cannot be ended here is left behind, and said.

From Python 3.12 on, `sys.monitoring` looks at the clock on every line and jump; once the time is up it raises `TimeUp`,
again and again. On 3.11 a trace function does so at every step, or, where a `try` on the way could swallow what it raises,
puts the thread to sleep for good. A single call outside Python goes on until it returns.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from attnlab.exercises._report import Report, TimeUp

START, GRACE = 5.0, 0.5  # seconds: to begin, and to end
HERE = os.path.dirname(__file__)
THEIRS = {contextlib.__file__, threading.__file__}


class Clock:
    """Starts when the work tells something for the first time: what the judge prepares is not on the learner's time.

    `with clock:` marks the learner's own code, which alone is ended.
    """

    def __init__(self, seconds: float):
        self.seconds, self.deadline, self.started, self.armed = seconds, float("inf"), threading.Event(), False

    def __enter__(self) -> None:
        self.armed = True

    def __exit__(self, *failure) -> None:
        self.armed = False

    def start(self) -> None:
        """Begin, once."""
        if not self.started.is_set():
            self.deadline = time.monotonic() + self.seconds
            self.started.set()

    def up(self) -> bool:
        """Whether the time is over, in the learner's own code."""
        return self.armed and self.over()

    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline


def run(work: Callable, seconds: float) -> Report | None:
    """The report of work done in a thread; None if this platform starts no threads."""
    report, clock, parked, done = Report(), Clock(seconds), threading.Event(), threading.Event()

    def body():
        _do(work, report, clock, watched(clock, report, parked))
        done.set()

    thread = threading.Thread(target=body, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    clock.started.wait(START)
    if not done.wait(seconds + GRACE):
        report.stack = report.stack or _stack(sys._current_frames().get(thread.ident))
    return _judged(report, left=not done.is_set() and not parked.is_set())


def run_in_place(work: Callable, seconds: float) -> Report:
    """The report of work done right here."""
    report, clock = Report(), Clock(seconds)
    _do(work, report, clock, watched(clock, report))
    return _judged(report, left=False)


def _judged(report: Report, left: bool) -> Report:
    """A report that nothing changes any more, even if the work goes on."""
    doing = "" if report.ending != "late" else "calling" if left else "computing"
    return Report(list(report.told), report.ending, report.failure, doing, report.stack, left)


def _do(work: Callable, report: Report, clock: Clock, watch) -> None:
    """Run under watch and write the report; nothing escapes, not even a TimeUp that comes late."""

    def told(*item):
        if clock.over():
            raise TimeUp
        clock.start()
        report.told.append(item)

    try:
        with contextlib.suppress(TimeUp), watch, np.errstate(all="ignore"):
            work(told, clock)
            report.ending = "finished"
    except BaseException as failure:
        report.ending, report.failure = "raised", type(failure).__name__


def _stack(frame) -> list[tuple[str, int, str]]:
    """File, line and function of each frame, the innermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return found


def watched(clock: Clock, report: Report, parked: threading.Event | None = None):
    """The watch that this Python has."""
    return monitored(clock, report) if hasattr(sys, "monitoring") else traced(clock, report, parked)


@contextlib.contextmanager
def traced(clock: Clock, report: Report, parked: threading.Event | None = None):
    """Once the deadline has passed, the next line ends the work."""
    before = sys.gettrace()

    def trace(frame, event, argument):
        if _is_ours(frame.f_code):
            return None
        if clock.up():
            report.stack = report.stack or _stack(frame)
            if parked is not None and _could_swallow(frame):
                parked.set()
                threading.Event().wait()
            raise TimeUp
        frame.f_trace_opcodes = clock.armed  # a loop within one line has no other event
        return trace

    try:
        sys.settrace(trace)
        yield
    finally:
        sys.settrace(before)


def _is_ours(code) -> bool:
    """Whether code is the judge's, or what the judge stands on."""
    return os.path.dirname(code.co_filename) == HERE or code.co_filename in THEIRS


def _could_swallow(frame) -> bool:
    """Whether any frame from here up to the judge's own has a `try` or a `with`."""
    while frame is not None and os.path.dirname(frame.f_code.co_filename) != HERE:
        if frame.f_code.co_exceptiontable:
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def monitored(clock: Clock, report: Report):
    """Every line and every jump raises TimeUp once the deadline has passed."""
    watch, tool, mine = sys.monitoring, 4, threading.get_ident()

    def look(code, *place):
        if _is_ours(code):
            return watch.DISABLE
        if clock.up() and threading.get_ident() == mine:
            report.stack = report.stack or _stack(sys._getframe(1))
            raise TimeUp

    events = watch.events.LINE | watch.events.JUMP | watch.events.PY_START
    watch.use_tool_id(tool, "attnlab.exercises")
    try:
        for event in (watch.events.LINE, watch.events.JUMP, watch.events.PY_START):
            watch.register_callback(tool, event, look)
        watch.set_events(tool, events)
        yield
    finally:
        watch.set_events(tool, 0)
        watch.free_tool_id(tool)

"""Running a stranger's function: quietly, on time, and whatever it raises.

The work is done in a daemon thread while the caller waits. A trace function looks at the clock on every line; once
the time is up it raises `TimeUp`, or, where a `try` on the way could swallow that, puts the thread to sleep for good.
A call that blocks outside Python is left behind until it returns. Where no thread can be started, as in the browser,
the work runs in place under `sys.monitoring` (Python 3.12), which can raise on every line, again and again.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

GRACE = 0.5
HERE = os.path.dirname(__file__)
OURS = {__file__, contextlib.__file__, threading.__file__}


class TimeUp(BaseException):
    """Raised inside work that has used up its time."""


@dataclass
class Report:
    """What became of some work: its value if it finished, and how many lines it printed."""

    finished: bool = False
    value: object = None
    failure: BaseException | None = None
    printed: int = 0


class Sink(io.TextIOBase):
    """A stream that counts lines and keeps nothing."""

    def __init__(self):
        self.lines = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


def run(work: Callable[[], object], seconds: float) -> Report:
    """The report of `work()`, after at most `seconds` and a short grace."""
    report, sink = Report(), Sink()
    with _quiet(sink):
        if sys.platform == "emscripten" or not _in_thread(work, seconds, report):
            _work(work, report, _monitored if hasattr(sys, "monitoring") else _traced, seconds)
    report.printed = sink.lines
    return report


def _in_thread(work: Callable, seconds: float, report: Report) -> bool:
    """Do the work in a thread and wait for it; False if this platform starts no threads."""
    done = threading.Event()

    def body():
        _work(work, report, _traced, seconds)
        done.set()

    thread = threading.Thread(target=body, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return False
    done.wait(seconds + GRACE)
    return True


def _work(work: Callable, report: Report, watched: Callable, seconds: float) -> None:
    """Run under watch and write the report; nothing escapes, not even a TimeUp that comes late."""
    try:
        with contextlib.suppress(TimeUp), watched(time.monotonic() + seconds):
            with np.errstate(all="ignore"):
                report.value = work()
            report.finished = True
    except BaseException as failure:
        report.failure = failure


@contextlib.contextmanager
def _traced(deadline: float):
    """Once the deadline has passed, the next line ends the work."""
    before, home = sys.gettrace(), threading.main_thread()

    def trace(frame, event, argument):
        if frame.f_code.co_filename in OURS:
            return None
        if time.monotonic() > deadline:
            if _could_swallow(frame) and threading.current_thread() is not home:
                threading.Event().wait()
            raise TimeUp
        return trace

    try:
        sys.settrace(trace)
        yield
    finally:
        sys.settrace(before)


def _could_swallow(frame) -> bool:
    """Whether any frame from here up to the judge's own has a `try` or a `with`."""
    while frame is not None and os.path.dirname(frame.f_code.co_filename) != HERE:
        if frame.f_code.co_exceptiontable:
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _monitored(deadline: float):
    """Every line and every jump raises TimeUp once the deadline has passed."""
    watch, tool = sys.monitoring, 4

    def look(code, *place):
        if code.co_filename in OURS:
            return watch.DISABLE
        if time.monotonic() > deadline:
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


@contextlib.contextmanager
def _quiet(sink: Sink):
    """Prints go to the sink, nothing can be read from the keyboard, warnings are silent."""
    keyboard, sys.stdin = sys.stdin, io.StringIO()
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin = keyboard

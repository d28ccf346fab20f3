"""Running a stranger's function: quietly, on time, and whatever it raises.

`run(work, seconds)` calls `work(tell, clock)` and hears what it tells, piece by piece, so that what was told before the
end is not lost; the work puts `with clock:` around the stranger's code. Three ways, the first that this platform has: a
process of its own, which can always be ended (`_process`); a thread, of which a call outside Python cannot be ended; in
place, as in the browser, where the page ends what does not return.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable

from attnlab.exercises import _process, _thread
from attnlab.exercises._report import Report
from attnlab.exercises._world import nobody_asks


class Sink(io.TextIOBase):
    """A stream that counts lines and keeps nothing."""

    def __init__(self):
        self.lines = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


def run(work: Callable[[Callable, object], None], seconds: float) -> Report:
    """The report of `work(tell, clock)`, after at most `seconds` and a short grace."""
    return next(report for way in ways() if (report := way(work, seconds)))


def ways():
    """The ways to run that this platform may have, the best first; each gives None where it cannot."""
    if sys.platform not in ("emscripten", "win32"):
        yield _process.run
    if sys.platform != "emscripten":
        yield _thread.run
    yield _thread.run_in_place


@contextlib.contextmanager
def quiet():
    """Prints go to a sink that counts them, nothing can be read from the keyboard, warnings are silent."""
    keyboard, sink = sys.stdin, Sink()
    sys.stdin = io.StringIO()
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with nobody_asks():
                yield sink
    finally:
        sys.stdin = keyboard

"""Running a stranger's function: quietly, on time, and whatever it raises.

`run(work, seconds)` calls `work(tell, clock)` and hears what it tells, piece by piece, so that what was told before the
end is not lost; the work puts `with clock:` around the stranger's code. Three ways, the first that this platform has: a process of its own, which can always be ended (`_process`); a
thread, of which a call outside Python cannot be ended; in place, as in the browser, where the page ends what does not return.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from attnlab.exercises._world import nobody_asks


class TimeUp(BaseException):
    """Raised inside work that has used up its time."""


@dataclass
class Report:
    """What became of some work: what it told, and how it ended.

    `ending` is "finished", "late", "raised" (the work itself, not what it called) or "ended" (its process is gone).
    Of late work `doing` says "computing", "waiting" or "calling", where that is known, `stack` where it was
    (file, line, function; the innermost first), and `left` that it could not be ended and goes on.
    """

    told: list = field(default_factory=list)
    ending: str = "late"
    failure: str = ""
    doing: str = ""
    stack: list[tuple[str, int, str]] = field(default_factory=list)
    left: bool = False


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
    from attnlab.exercises import _thread

    if sys.platform not in ("emscripten", "win32"):
        from attnlab.exercises import _process

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

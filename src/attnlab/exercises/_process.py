"""Work in a process of its own: a fork that tells through a pipe and is ended, with all it started, when it is over."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import pickle
import re
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from attnlab.exercises._report import Report

START, HEED, ANSWER = 10.0, 2.0, 0.3  # seconds for a child: to show that it can compute, to hear a signal, to say more
IDLE = 0.1  # who used less than this part of the time was waiting
ROOM = 2 << 30  # bytes beyond what Python holds already
HEAD = struct.Struct("<Q")
EXIT, PID, WRITE = os._exit, os.getpid, os.write


def run(work: Callable, seconds: float) -> Report | None:
    """The report of work done in a child; None where no child can be made that computes."""
    if not hasattr(os, "fork"):
        return None
    (told, tell), (place, say) = os.pipe(), os.pipe()
    number = _fork()
    if number == 0:
        os.close(told), os.close(place)
        _be_the_child(work, seconds, tell, say)
    os.close(tell), os.close(say)
    child = Child(number, told, place)
    try:
        return _listen(child, seconds) if number else None
    finally:
        child.end()
        os.close(told), os.close(place)


def _fork() -> int | None:
    """A child's number, 0 in the child, None where the system gives no more."""
    with warnings.catch_warnings():  # Python warns of forks beside threads; the child shows first that it can compute
        warnings.simplefilter("ignore")
        try:
            return os.fork()
        except OSError:
            return None


# In the child


def _be_the_child(work: Callable, seconds: float, tell: int, say: int) -> None:
    """Do the work and leave by the back door; no exit handler and no flush of what the parent had to print."""
    try:
        mine = PID()

        def told(*item):
            if PID() != mine:  # a fork of the learner's came back too
                EXIT(0)
            _send(tell, item)

        _settle(seconds, say)
        told("ready")
        told("end", _worked(work, told))
    finally:
        EXIT(0)


def _worked(work: Callable, told: Callable) -> str:
    """Do the work; the name of what it raised, which it should not."""
    try:
        with np.errstate(all="ignore"):
            work(told, contextlib.nullcontext())
    except BaseException as failure:
        return type(failure).__name__
    return ""


def _settle(seconds: float, say: int) -> None:
    """Alone: own group, nothing to read or print, bounded time and memory, one thread; and one product as a trial."""
    os.setpgid(0, 0)
    for stream, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        os.dup2(os.open(os.devnull, mode), stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a reader's interrupt is for the parent, which ends us
    faulthandler.register(signal.SIGUSR1, file=say, all_threads=False)
    signal.signal(signal.SIGUSR2, lambda *_: WRITE(say, b"Python runs\n"))
    gc.freeze()
    _bound(seconds)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # the threads of its pool stayed behind in the parent
    assert (np.ones((48, 48)) @ np.ones((48, 48)) == 48).all()


def _bound(seconds: float) -> None:
    """An orphan, whose parent was killed, ends by itself; a huge array is refused before it fills the machine."""
    import resource

    time_limit = int(4 * seconds) + 10
    resource.setrlimit(resource.RLIMIT_CPU, (time_limit, time_limit))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(time_limit)
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (held + ROOM, held + ROOM))


def _send(pipe: int, item: tuple) -> None:
    """One item, its length before it."""
    data = pickle.dumps(item)
    data = memoryview(HEAD.pack(len(data)) + data)
    while data:
        data = data[WRITE(pipe, data):]


# In the parent


class Child:
    """A child seen by its parent: what it tells, what it says of its place, and its end."""

    def __init__(self, number: int, told: int, place: int):
        self.number, self.told, self.place = number, told, place
        self.ended_by, self.used = None, 0.0

    def ask(self, question: int) -> None:
        """Send it a signal; it may be gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.number, question)

    def wait(self) -> str:
        """Wait until it is gone: the name of the signal that ended it, empty if it left by itself."""
        if self.ended_by is None:
            self.ended_by = ""
            with contextlib.suppress(ChildProcessError):
                _, status, usage = os.wait4(self.number, 0)
                self.used = usage.ru_utime + usage.ru_stime
                self.ended_by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else ""
        return self.ended_by

    def end(self) -> None:
        """End it and all that it started; nothing remains, not even a zombie."""
        if not self.number:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.number, signal.SIGKILL)
        if self.ended_by is None:
            self.ask(signal.SIGKILL)
            self.wait()


def _listen(child: Child, seconds: float) -> Report | None:
    """Hear the child out until it has ended or its time is up; None if it never got ready."""
    report, heard, ready = Report(ending="ended"), bytearray(), False
    deadline = time.monotonic() + START
    while select.select([child.told], [], [], max(deadline - time.monotonic(), 0))[0]:
        piece = os.read(child.told, 1 << 20)
        if not piece:
            report.failure = child.wait()
            break
        heard += piece
        for item in _items(heard):
            if item[0] == "ready":
                deadline, ready = time.monotonic() + seconds, True
            elif item[0] == "end":
                report.ending, report.failure = "raised" if item[1] else "finished", item[1]
                return report
            else:
                report.told.append(item)
    if not ready:
        return None
    return report if child.ended_by is not None else _late(report, child, seconds)


def _items(heard: bytearray):
    """The whole items at the front of what was heard, taken away from it."""
    while len(heard) >= HEAD.size and len(heard) >= HEAD.size + (size := HEAD.unpack_from(heard)[0]):
        data = bytes(heard[HEAD.size:HEAD.size + size])
        del heard[:HEAD.size + size]
        yield pickle.loads(data)


def _late(report: Report, child: Child, seconds: float) -> Report:
    """Ask the child where it is, from outside and from inside Python; then end it and look at the time it used."""
    child.ask(signal.SIGUSR1)
    child.ask(signal.SIGUSR2)
    text, until = b"", time.monotonic() + HEED
    while b"Python runs" not in text and (left := until - time.monotonic()) > 0:
        if select.select([child.place], [], [], left)[0]:
            text, until = text + os.read(child.place, 1 << 16), time.monotonic() + ANSWER
    child.end()
    report.ending, report.stack = "late", _stack(text.decode(errors="replace"))
    idle = child.used < IDLE * seconds
    report.doing = "" if not text else "waiting" if idle else "computing" if b"Python runs" in text else "calling"
    return report


def _stack(text: str) -> list[tuple[str, int, str]]:
    """File, line and function of each frame, the innermost first."""
    found = re.findall(r'^  File "(.*)", line (\d+) in (.*)$', text, re.M)
    return [(file, int(line), name) for file, line, name in found]

"""Many texts at once, counted in steps and tokens: who writes when, and how much memory is reserved for what is there. Plain Python.

A step is one pass of the model: every text that is running gets one token, and a text that is new has its prompt read in the same
pass. How long a step takes is left out; `serve` counts how often the model is asked, and how many texts share each answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from attnlab._counts import count
from attnlab.reference.pages import Pages


class Job(NamedTuple):
    """A text to be served: the step at which it arrives, the tokens of its prompt, and how many it will write."""

    arrives: int
    prompt: int
    writes: int


class Run(NamedTuple):
    """A stretch in which a text ran: its number, its place in the batch, its first step and the step behind its last; evicted or done."""

    job: int
    place: int
    start: int
    end: int
    done: bool


def static(jobs: Sequence[Job], width: int) -> list[Run]:
    """Batches of `width` texts in order of arrival; the next one starts when the longest text of the last has ended.

    A text that has ended keeps its place until then. Errors: those of `check_jobs`.
    """
    width, now, runs = check_jobs(jobs, width), 0, []
    for first in range(0, len(jobs), width):
        batch = range(first, min(first + width, len(jobs)))
        now = max([now, *(jobs[i].arrives for i in batch)])
        runs += [Run(i, i - first, now, now + jobs[i].writes, True) for i in batch]
        now += max(jobs[i].writes for i in batch)
    return runs


def continuous(jobs: Sequence[Job], width: int) -> list[Run]:
    """A place is given to the next text as soon as one has ended: the batch is put together anew at every step.

    Errors: those of `check_jobs`. Source: [yu2022, section 3, iteration-level scheduling].
    """
    free, runs = [0] * check_jobs(jobs, width), []
    for i, job in enumerate(jobs):
        place = min(range(len(free)), key=lambda at: (max(free[at], job.arrives), at))
        start = max(free[place], job.arrives)
        free[place] = start + job.writes
        runs.append(Run(i, place, start, free[place], True))
    return runs


def serve(jobs: Sequence[Job], width: int, n_pages: int, page_size: int) -> tuple[list[Run], list[int]]:
    """`continuous` with the memory of a pool of pages: who ran when, and how many pages were held after each step.

    A text starts when a place is free and its prompt and first token find pages. Where a text cannot grow, the one that came last is
    evicted; it starts again later, its prompt and what it wrote being read once more. Errors: those of `check_jobs`; ValueError for
    a text that the whole pool could not hold.
    """
    width, pages = check_jobs(jobs, width), Pages(n_pages, page_size)
    _need_room(jobs, pages)
    waiting, running, runs, held, written = list(range(len(jobs))), [], [], [], [0] * len(jobs)
    while waiting or running:
        _admit(jobs, width, len(held), pages, waiting, running, written)
        for text in list(running):
            _write(text, len(held), pages, waiting, running, runs, written)
        held.append(pages.n_pages - pages.n_free)
        for text in [one for one in running if written[one[0]] == jobs[one[0]].writes]:
            _stop(text, len(held), pages, running, runs, done=True)
    return runs, held


def n_steps(runs: Sequence[Run]) -> int:
    """The step behind the last."""
    return max(run.end for run in runs)


def utilisation(runs: Sequence[Run], width: int) -> float:
    """The share of places in which a token was written, of all places in all steps."""
    return sum(run.end - run.start for run in runs) / (n_steps(runs) * count("width", width, at_least=1))


def reserved(n_tokens: int, way: str, longest: int, page_size: int = 16) -> int:
    """How many tokens' room is reserved for a text that holds `n_tokens`: "longest", "power of two" or "pages".

    "power of two": the smallest power of two that holds it, at most `longest`. Errors: ValueError for more tokens than `longest`.
    """
    n_tokens, longest = count("n_tokens", n_tokens, at_least=1), count("longest", longest, at_least=1)
    if n_tokens > longest:
        raise ValueError(f"{n_tokens} tokens are more than longest = {longest}")
    if way == "longest":
        return longest
    if way == "power of two":
        return min(longest, 1 << (n_tokens - 1).bit_length())
    if way != "pages":
        raise ValueError(f"way must be longest, power of two or pages but is {way!r}")
    page_size = count("page_size", page_size, at_least=1)
    return -(-n_tokens // page_size) * page_size


def check_jobs(jobs: Sequence[Job], width: int) -> int:
    """`width` as a whole number. Errors: ValueError without jobs, for jobs out of order, and for one that writes nothing."""
    if not jobs:
        raise ValueError("there are no jobs")
    for before, job in zip((jobs[0], *jobs), jobs):
        if job.arrives < before.arrives or job.arrives < 0:
            raise ValueError(f"jobs must be in order of arrival but {before.arrives} stands before {job.arrives}")
        count("prompt", job.prompt)
        count("writes", job.writes, at_least=1)
    return count("width", width, at_least=1)


def _need_room(jobs: Sequence[Job], pages: Pages) -> None:
    most = max(job.prompt + job.writes for job in jobs)
    if most > pages.n_pages * pages.page_size:
        raise ValueError(f"a text of {most} tokens does not fit into {pages.n_pages} pages of {pages.page_size}")


def _admit(jobs, width, now, pages, waiting, running, written) -> None:
    """Texts that have arrived start in order, as long as there is a place, and pages for what they have and one token."""
    while waiting and len(running) < width and jobs[waiting[0]].arrives <= now:
        i = waiting[0]
        tokens = jobs[i].prompt + written[i]
        if -(-(tokens + 1) // pages.page_size) > pages.n_free:
            return
        pages.join(waiting.pop(0))
        pages.grow(i, tokens)
        place = min(set(range(width)) - {one[1] for one in running})
        running.append((i, place, now))


def _write(text, now, pages, waiting, running, runs, written) -> None:
    """One token more for a text that still runs; while no page is free, the text that came last gives up its own."""
    while text in running:
        try:
            pages.grow(text[0], 1)
        except MemoryError:
            last = running[-1]
            _stop(last, now, pages, running, runs, done=False)
            waiting.insert(0, last[0])
            continue
        written[text[0]] += 1
        return


def _stop(text, end, pages, running, runs, done: bool) -> None:
    running.remove(text)
    pages.leave(text[0])
    if end > text[2]:
        runs.append(Run(text[0], text[1], text[2], end, done))

"""A pool of pages while texts come, grow and go."""

from __future__ import annotations

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, table
from attnlab.reference.serving import Job, n_steps, serve

JOBS = (Job(0, 6, 10), Job(0, 3, 4), Job(1, 9, 7), Job(4, 2, 12), Job(6, 5, 3), Job(8, 4, 9))
ROOM, WIDTH = 48, 4
SIZES = (1, 2, 4, 8, 16)


def pages_over_time(page_size: int = 4, n_tokens: int = 32, step: int = 7) -> Explorable:
    """Six texts served from a pool of `n_tokens` rows, in pages of `page_size`, at most four at a time; shown after so many steps.

    Texts start as soon as there is room for their prompt and a token; where one cannot grow, the one that came last is evicted.
    """
    if page_size not in SIZES:
        raise ValueError(f"page_size must be one of {', '.join(map(str, SIZES))} but is {page_size}")
    n_tokens = count("n_tokens", n_tokens, at_least=16, at_most=ROOM)
    if n_tokens % 16:
        raise ValueError(f"n_tokens must be 16, 32 or 48 but is {n_tokens}")
    jobs = [list(job) for job in JOBS]
    state = {"jobs": jobs, "page_size": page_size, "n_tokens": n_tokens, "width": WIDTH, "step": count("step", step, at_most=60)}
    return Explorable("pages_over_time", state, _table(state))


def _table(state: dict) -> str:
    runs, held = serve(JOBS, WIDTH, state["n_tokens"] // state["page_size"], state["page_size"])
    rows = []
    for i, job in enumerate(JOBS):
        mine = [run for run in runs if run.job == i]
        cells = [job.arrives, job.prompt, job.writes, mine[0].start, mine[-1].end, len(mine) - 1]
        rows.append((f"text {chr(65 + i)}", cells))
    caption = (
        f"{len(held)} steps with {state['n_tokens'] // state['page_size']} pages of {state['page_size']} tokens; most held at once: "
        f"{max(held)}; evictions: {sum(not run.done for run in runs)}"
    )
    assert n_steps(runs) == len(held)
    return table(caption, ["arrives", "prompt", "writes", "starts", "ends", "evicted"], rows)

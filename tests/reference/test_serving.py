"""Who runs when, by hand and against a simulation of every step; what is reserved for how much."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.reference.serving import Job, Run, check_jobs, continuous, n_steps, reserved, serve, static, utilisation

THREE = [Job(0, 4, 2), Job(0, 1, 5), Job(1, 2, 3)]


def random_jobs(seed: int, n: int = 13) -> list[Job]:
    rng = np.random.default_rng(seed)
    arrives = np.sort(rng.integers(0, 20, n))
    return [Job(int(a), int(rng.integers(0, 9)), int(rng.integers(1, 12))) for a in arrives]


def test_a_static_batch_waits_for_its_longest_text():
    assert static(THREE, 2) == [Run(0, 0, 0, 2, True), Run(1, 1, 0, 5, True), Run(2, 0, 5, 8, True)]
    assert utilisation(static(THREE, 2), 2) == 10 / 16


def test_a_place_is_given_on_as_soon_as_it_is_free():
    assert continuous(THREE, 2) == [Run(0, 0, 0, 2, True), Run(1, 1, 0, 5, True), Run(2, 0, 2, 5, True)]
    assert utilisation(continuous(THREE, 2), 2) == 1


def test_a_batch_waits_for_texts_that_have_not_come():
    late = [Job(0, 1, 2), Job(7, 1, 2)]
    assert [run.start for run in static(late, 2)] == [7, 7] and [run.start for run in continuous(late, 2)] == [0, 7]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("width", [1, 3, 5])
def test_continuous_batches_step_by_step(seed, width):
    """A simulation that knows nothing of the formula: at every step whoever has arrived takes a free place."""
    jobs = random_jobs(seed)
    left, ends, now, waiting = {}, {}, 0, list(range(len(jobs)))
    while waiting or left:
        while waiting and len(left) < width and jobs[waiting[0]].arrives <= now:
            left[waiting[0]] = jobs[waiting[0]].writes
            waiting.pop(0)
        now += 1
        for i in list(left):
            left[i] -= 1
            if left[i] == 0:
                ends[i] = now
                del left[i]
    runs = continuous(jobs, width)
    assert {run.job: run.end for run in runs} == ends
    assert all(run.end - run.start == jobs[run.job].writes and run.start >= jobs[run.job].arrives for run in runs)
    assert n_steps(runs) <= n_steps(static(jobs, width))


def overlap(runs: list[Run]) -> bool:
    return any(a.place == b.place and a.start < b.end and b.start < a.end for i, a in enumerate(runs) for b in runs[:i])


@pytest.mark.parametrize("seed", range(20))
def test_with_pages_enough_serving_is_continuous(seed):
    jobs = random_jobs(seed)
    runs, held = serve(jobs, 3, 1000, 4)
    assert {run.job: (run.start, run.end) for run in runs} == {run.job: (run.start, run.end) for run in continuous(jobs, 3)}
    assert len(held) == n_steps(runs) and not overlap(runs)


@pytest.mark.parametrize("seed", range(20))
def test_with_few_pages_texts_are_evicted_and_all_end(seed):
    jobs, (n_pages, size) = random_jobs(seed), (7, 3)
    runs, held = serve(jobs, 4, n_pages, size)
    assert sorted(run.job for run in runs if run.done) == list(range(len(jobs)))
    assert max(held) <= n_pages and not overlap(runs)
    for i, job in enumerate(jobs):
        assert sum(run.end - run.start for run in runs if run.job == i) == job.writes
    for step in range(n_steps(runs)):  # what is held after a step, counted from the runs
        at = [run for run in runs if run.start <= step < run.end]
        before = lambda one: sum(run.end - run.start for run in runs if run.job == one.job and run.end <= one.start)
        tokens = [jobs[run.job].prompt + before(run) + step + 1 - run.start for run in at]
        assert sum(-(-n // size) for n in tokens) == held[step]


def test_the_text_that_came_last_is_evicted_and_goes_on_where_it_was():
    runs, held = serve([Job(0, 2, 6), Job(0, 2, 4)], 2, 4, 2)
    assert runs == [Run(1, 1, 0, 2, False), Run(0, 0, 0, 6, True), Run(1, 0, 6, 8, True)]
    assert held == [4, 4, 3, 3, 4, 4, 3, 3]


def test_an_evicted_text_goes_on_before_those_that_have_not_begun():
    runs, _ = serve([Job(0, 2, 6), Job(0, 2, 4), Job(0, 1, 2)], 2, 4, 2)
    starts = [[run.start for run in runs if run.job == job] for job in range(3)]
    assert starts == [[0], [0, 6], [6, 8]]  # at step 3 there was a page, and the third had to leave it to the second


@pytest.mark.parametrize("n,power", [(1, 1), (2, 2), (3, 4), (5, 8), (64, 64), (65, 100), (100, 100)])
def test_what_is_reserved(n, power):
    assert reserved(n, "longest", 100) == 100
    assert reserved(n, "power of two", 100) == power
    assert reserved(n, "pages", 100, 16) == 16 * int(np.ceil(n / 16)) and reserved(n, "pages", 100, 1) == n


def test_what_is_refused():
    with pytest.raises(ValueError, match="there are no jobs"):
        static([], 2)
    with pytest.raises(ValueError, match="jobs must be in order of arrival but 3 stands before 1"):
        continuous([Job(3, 1, 1), Job(1, 1, 1)], 2)
    with pytest.raises(ValueError, match="writes must be at least 1 but is 0"):
        check_jobs([Job(0, 1, 0)], 2)
    with pytest.raises(ValueError, match="width must be at least 1 but is 0"):
        serve(THREE, 0, 3, 2)
    with pytest.raises(ValueError, match="a text of 6 tokens does not fit into 2 pages of 2"):
        serve(THREE, 2, 2, 2)
    with pytest.raises(ValueError, match="101 tokens are more than longest = 100"):
        reserved(101, "pages", 100)
    with pytest.raises(ValueError, match="way must be longest, power of two or pages but is 'twice'"):
        reserved(1, "twice", 100)

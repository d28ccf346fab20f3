"""When each text is done, where a free place is given on at once."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.reference.serving import Job, continuous


def _reference(writes, width):
    writes = [int(w) for w in np.asarray(writes).ravel()]
    return np.array([run.end for run in continuous([Job(0, 0, w) for w in writes], int(width))]) if writes else np.array([], dtype=int)


EXERCISE = Exercise(
    id="efficiency.finish_times",
    title="Who is done when",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/inference",
    headings=("A batch put together at every step",),
    statement=r"""
    A model writes `width` texts at a time, one token of each a step. All texts wait from the start, in order; text $i$ will write `writes[i]` tokens. As soon as a text is done, its place is given to the next that waits, for the very next step (continuous batching).

    Return for each text the number of steps after which it is done. The text that has waited longest goes first; which of several free places it takes does not matter.

    A tiny example: the texts write 2, 5 and 3 tokens, two at a time: they are done after 2, 5 and 5 steps.
    """,
    slot='''
    def finish_times(writes, width):
        """Steps after which each text is done, with continuous batching.

        writes: (texts,) tokens, each 1 or more; width: 1 or more
        result: (texts,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("steps",),
    hints=(
        "With a place for every text each is done after its own number of tokens; with one place, after the sum of its own and all before.",
        "Keep for each place the step from which it is free. The next text starts at the smallest of these numbers, and its place is free again when it is done.",
        "```python\nfree = [0] * ____\ndone = []\nfor n in writes:\n    place = free.index(____(free))\n    free[place] += ____\n    done.append(____)\nreturn np.array(done, dtype=int)\n```",
    ),
    parsons=("batch_waits_for_its_longest", "places_in_turn"),
    why=r"""
    It is the schedule of the programs on a GPU's multiprocessors once more: whoever is free takes the next. No place is idle while a text waits, so the steps are at most $\sum_i w_i / B$ and the longest text together.

    **The two most common mistakes.** Waiting until the whole batch is done, which gives every short text the time of the longest. Dealing the texts to places in turn, whatever is free.

    **Cost.** With $B$ places $O(B)$ a text, or $O(\log B)$ with a heap. The model's pass that it schedules takes milliseconds.
    """,
    verified="eleven queues: one place, a place for all, more places than texts, rising and falling lengths, equal ones, none.",
    next_thought="what changes if the order may be chosen, and the mean time should be least?",
    reference=_reference,
)

for _name, _writes, _width in (
    ("three texts, two places", [2, 5, 3], 2),
    ("one place", [4, 1, 7, 2], 1),
    ("a place for each", [4, 1, 7], 3),
    ("more places than texts", [3, 8], 5),
    ("rising", [1, 2, 3, 4, 5, 6, 7], 3),
    ("falling", [9, 7, 6, 4, 2, 1, 1], 3),
    ("a long one in front", [20, 1, 2, 3, 1, 2, 3], 2),
    ("equal ones", [3, 3, 3, 3, 3], 2),
    ("eleven texts, four places", [5, 3, 8, 1, 1, 7, 2, 9, 4, 4, 6], 4),
    ("one text", [6], 2),
    ("none", [], 3),
):
    EXERCISE.probe(_name, np.array(_writes, dtype=int), _width)


@EXERCISE.solve
def finish_times_solution(writes, width):
    free = [0] * int(width)
    done = []
    for n in writes:
        place = free.index(min(free))
        free[place] += int(n)
        done.append(free[place])
    return np.array(done, dtype=int)


@EXERCISE.mutant
def batch_waits_for_its_longest(writes, width):
    done, start = [], 0
    for i in range(0, len(writes), width):
        batch = list(writes[i:i + width])
        done += [start + n for n in batch]
        start += max(batch)
    return np.array(done, dtype=int)


@EXERCISE.mutant
def told_when_the_batch_is_done(writes, width):
    done, start = [], 0
    for i in range(0, len(writes), width):
        start += max(writes[i:i + width])
        done += [start] * len(writes[i:i + width])
    return np.array(done, dtype=int)


@EXERCISE.mutant
def places_in_turn(writes, width):
    free = [0] * width
    done = []
    for i, n in enumerate(writes):
        free[i % width] += n
        done.append(free[i % width])
    return np.array(done, dtype=int)


@EXERCISE.mutant
def last_place_to_be_free(writes, width):
    free = [0] * width
    done = []
    for n in writes:
        place = free.index(max(free)) if min(free) else free.index(0)
        free[place] += n
        done.append(free[place])
    return np.array(done, dtype=int)


@EXERCISE.mutant
def all_texts_at_once(writes, width):
    return np.array(writes, dtype=int)


@EXERCISE.mutant
def one_text_at_a_time(writes, width):
    return np.cumsum(np.array(writes, dtype=int))


@EXERCISE.mutant
def starts_given_instead_of_ends(writes, width):
    free = [0] * width
    starts = []
    for n in writes:
        place = free.index(min(free))
        starts.append(free[place])
        free[place] += n
    return np.array(starts, dtype=int)


@EXERCISE.mutant
def shortest_text_first(writes, width):
    writes, free = np.array(writes, dtype=int), [0] * width
    done = np.zeros(len(writes), dtype=int)
    for i in np.argsort(writes, kind="stable"):
        place = free.index(min(free))
        free[place] += int(writes[i])
        done[i] = free[place]
    return done


@EXERCISE.mutant
def step_lost_at_every_change(writes, width):
    free, done = [0] * width, []
    for n in writes:
        place = free.index(min(free))
        free[place] += n + (free[place] > 0)
        done.append(free[place])
    return np.array(done, dtype=int)


@EXERCISE.holds("with a place for every text each is done after its own tokens")
def room_for_all(call):
    done = np.asarray(call(np.array([4, 9, 2]), 3)).ravel().tolist()
    return None if done == [4, 9, 2] else f"texts of 4, 9 and 2 tokens are done after {done}"


@EXERCISE.holds("with one place the last is done after all tokens together")
def one_place(call):
    done = np.asarray(call(np.array([4, 9, 2]), 1)).ravel()
    return None if len(done) == 3 and done[-1] == 15 else f"4, 9 and 2 tokens take {done.tolist()}"

"""Right answers to the exercises on serving a model, written differently from the solutions."""

from __future__ import annotations

import heapq
import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("efficiency")


@right("paged_rows")
def paged_rows_by_broadcasting(table, page_size, n_tokens):
    pages = np.reshape(np.asarray(table, dtype=np.int64), (-1, 1))
    return (pages * page_size + np.arange(page_size)).ravel()[:n_tokens]


@right("paged_rows")
def paged_rows_as_a_list(table, page_size, n_tokens):
    rows = []
    for i in range(n_tokens):
        which, place = divmod(i, page_size)
        rows.append(int(table[which]) * page_size + place)
    return rows


@right("pages_to_take")
def pages_to_take_token_by_token(n_tokens, n_new, page_size, holders):
    taken, room, shared = 0, -n_tokens % page_size, holders > 1
    for _ in range(n_new):
        if room == 0:
            taken, room, shared = taken + 1, page_size, False
        elif shared:
            taken, shared = taken + 1, False
        room -= 1
    return taken


@right("pages_to_take")
def pages_to_take_from_what_does_not_fit(n_tokens, n_new, page_size, holders):
    room = -n_tokens % page_size
    taken = max(0, math.ceil((n_new - room) / page_size))
    return float(taken + 1 if room and holders != 1 and n_new else taken)


@right("finish_times")
def finish_times_with_a_heap(writes, width):
    free, done = [0] * width, []
    for n in writes:
        done.append(heapq.heappop(free) + n)
        heapq.heappush(free, done[-1])
    return done


@right("finish_times")
def finish_times_step_by_step(writes, width):
    left, done, now = [float(n) for n in writes], np.zeros(len(writes)), 0
    while any(n > 0 for n in left):
        now += 1
        for i in [i for i, n in enumerate(left) if n > 0][:width]:
            left[i] -= 1
            if left[i] == 0:
                done[i] = now
    return done


@right("tokens_a_pass")
def tokens_a_pass_from_the_ends(stands):
    """Each number of tokens with its probability."""
    total, alive = 0.0, 1.0
    for i, a in enumerate(stands):
        total += (i + 1) * alive * (1 - a)
        alive *= a
    return total + (len(stands) + 1) * alive


@right("tokens_a_pass")
def tokens_a_pass_from_behind(stands):
    mean = 1.0
    for a in list(stands)[::-1]:
        mean = 1 + a * mean
    return np.float32(mean)


@right("pages_kept")
def pages_kept_token_by_token(n_tokens, page_size, window, sinks):
    kept = [False] * math.ceil(n_tokens / page_size)
    for i in range(n_tokens):
        if i < sinks or i >= n_tokens - window:
            kept[i // page_size] = True
    return np.array(kept, dtype=bool)


@right("pages_kept")
def pages_kept_by_slices(n_tokens, page_size, window, sinks):
    kept = np.zeros(-(-n_tokens // page_size), dtype=bool)
    kept[max(0, n_tokens - window) // page_size:] = True
    kept[:-(-min(sinks, n_tokens) // page_size)] |= sinks > 0
    return kept

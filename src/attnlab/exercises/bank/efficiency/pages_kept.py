"""Which pages a window with sinks still needs."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.reference.pages import Pages


def _reference(n_tokens, page_size, window, sinks):
    n_tokens, page_size, window, sinks = (int(x) for x in (n_tokens, page_size, window, sinks))
    pages = Pages(n_tokens + 1, page_size)
    pages.join(0)
    pages.grow(0, n_tokens)
    pages.slide(0, window, sinks)
    return np.array([page is not None for page in pages.tables[0]], dtype=bool)


EXERCISE = Exercise(
    id="efficiency.pages_kept",
    title="Pages that a window keeps",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/inference",
    headings=("A window, and what it must not lose",),
    statement=r"""
    A text has `n_tokens` tokens in pages of `page_size` rows, the last page perhaps not full. Tokens that are written from now on look at the last `window` tokens only, and at the first `sinks`. A page can be given back when it holds **no** token of either kind.

    Return for each page of the text whether it is kept: True, or False if it is given back. (Nothing is written yet: the window is that of the text as it is.)

    A tiny example: 7 tokens in pages of 2, a window of 3 and 1 sink: the pages are kept, given back, kept and kept.
    """,
    slot='''
    def pages_kept(n_tokens, page_size, window, sinks):
        """Which pages hold a token of the window or a sink.

        n_tokens, page_size, window: 1 or more; sinks: 0 or more
        result: (pages,) True or False
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    parts=("pages kept",),
    hints=(
        "The page of the last token is always kept, and with one sink so is the first.",
        r"Token $i$ is needed if $i \ge n - w$ or $i < $ sinks. A page is kept if any of its tokens is.",
        "```python\nstart = np.arange(0, n_tokens, page_size)\nend = np.minimum(start + ____, n_tokens)\nin_window = end > ____\nsink = start < ____\nreturn in_window | sink\n```",
    ),
    parsons=("page_lost_with_its_first_token", "sinks_forgotten"),
    why=r"""
    A page is a block of the mask of a window with sinks: it may go where the whole block is hidden. So a little more is kept than the window asks for, up to a page less a row at each border; the mask still hides those tokens, or they are simply seen as well.

    **The two most common mistakes.** Giving a page back as soon as its *first* token has left the window. Giving back the sinks, on which models trained without a window rely.

    **Cost.** A text of any length holds at most $\lceil w / s \rceil + 1$ pages for its window and $\lceil \text{sinks} / s \rceil$ for its sinks.
    """,
    verified="fourteen texts: windows that end within a page and at its border, no sinks and several pages of them, windows longer than the text, pages of one row.",
    next_thought="the text grows by one token. Which page can change, and when?",
    reference=_reference,
)

for _name, _given in {
    "a window that ends within a page": (11, 2, 4, 1),
    "a window that ends at a border": (12, 3, 6, 2),
    "no sinks": (17, 3, 4, 0),
    "sinks that fill a page": (17, 4, 5, 4),
    "sinks a token beyond a page": (29, 4, 5, 5),
    "several pages of sinks": (31, 3, 2, 8),
    "a window longer than the text": (9, 4, 20, 0),
    "a window of one": (13, 4, 1, 0),
    "a window of one, a full last page": (16, 4, 1, 2),
    "pages of one row": (9, 1, 3, 2),
    "window and sinks meet": (10, 2, 6, 4),
    "one page": (3, 8, 2, 1),
    "a long text": (101, 7, 23, 9),
    "a window whose first token ends a page": (20, 5, 11, 0),
}.items():
    EXERCISE.probe(_name, *_given)


@EXERCISE.solve
def pages_kept_solution(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    in_window = end > n_tokens - window
    sink = start < sinks
    return in_window | sink


@EXERCISE.mutant
def page_lost_with_its_first_token(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    in_window = start >= n_tokens - window
    sink = start < sinks
    return in_window | sink


@EXERCISE.mutant
def sinks_forgotten(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return end > n_tokens - window


@EXERCISE.mutant
def window_a_token_too_long(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return (end >= n_tokens - window) | (start < sinks)


@EXERCISE.mutant
def window_a_token_too_short(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return (end > n_tokens - window + 1) | (start < sinks)


@EXERCISE.mutant
def sinks_counted_in_pages(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return (end > n_tokens - window) | (np.arange(len(start)) < sinks)


@EXERCISE.mutant
def sink_page_must_be_full_of_sinks(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return (end > n_tokens - window) | (end <= sinks)


@EXERCISE.mutant
def kept_and_given_back_exchanged(n_tokens, page_size, window, sinks):
    start = np.arange(0, n_tokens, page_size)
    end = np.minimum(start + page_size, n_tokens)
    return ~((end > n_tokens - window) | (start < sinks))


@EXERCISE.impostor
def all_pages(n_tokens, page_size, window, sinks):
    return np.ones(-(-n_tokens // page_size), dtype=bool)


@EXERCISE.impostor
def last_page_alone(n_tokens, page_size, window, sinks):
    return np.arange(-(-n_tokens // page_size)) == -(-n_tokens // page_size) - 1


@EXERCISE.holds("the page of the last token is kept")
def last_kept(call):
    kept = np.asarray(call(22, 4, 1, 0)).ravel()
    return None if len(kept) == 6 and kept[-1] else "a window of one token loses the page it stands in"


@EXERCISE.holds("a window as long as the text keeps every page")
def whole(call):
    kept = np.asarray(call(22, 4, 22, 0)).ravel()
    return None if len(kept) == 6 and kept.all() else f"{int((~kept.astype(bool)).sum())} of 6 pages are given back"

"""Where the tokens of a text stand in a pool of pages."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _reference(table, page_size, n_tokens):
    rows = [int(page) * int(page_size) + place for page in table for place in range(int(page_size))]
    return np.array(rows[: int(n_tokens)], dtype=int)


EXERCISE = Exercise(
    id="efficiency.paged_rows",
    title="Where the tokens stand",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/inference",
    headings=("Pages instead of one piece",),
    statement=r"""
    A pool of keys is one array, cut into pages of `page_size` rows: page 0 is rows $0, 1, \dots$, page 1 comes right behind it. A text of `n_tokens` tokens, 0 or more, holds the pages of its block `table`, in this order; the last of them may be filled in part. Return the row of the pool in which each token of the text stands, in the order of the text.

    With the answer, `pool[rows]` are the text's keys as one piece.

    A tiny example: the pages 3 and 0, of 2 rows each, hold 3 tokens in the rows 6, 7 and 0.
    """,
    slot='''
    def paged_rows(table, page_size, n_tokens):
        """Rows of the pool that hold the text's tokens, in order.

        table: (pages,) numbers of pages, enough for the tokens
        result: (n_tokens,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("rows",),
    hints=(
        "Two neighbours in the text are neighbours in the pool, unless a page ends between them.",
        r"Token $i$ is number $i \bmod s$ of the page at place $\lfloor i / s \rfloor$ of the table, and page $p$ begins with row $p \cdot s$.",
        "```python\ni = np.arange(____)\npage = np.asarray(table, dtype=int)[i // ____]\nreturn page * ____ + i % ____\n```",
    ),
    parsons=("table_ignored", "page_number_taken_for_row"),
    why=r"""
    A quotient says which page, a remainder which row of it: the way in which an operating system finds a byte of a program's memory. Only the table is looked up; nothing is searched.

    **The two most common mistakes.** Taking the place in the table for the number of the page, which is right only in a pool that one text filled from its beginning. Forgetting that a page's number has to be multiplied by its size.

    **Cost.** One look-up for each page. A kernel makes it before it loads a tile, and needs no copy of the keys in one piece.
    """,
    verified="ten tables: full and ragged last pages, pages of one row, a single page, pages out of order, and no token at all.",
    next_thought="which rows may another text write into, when both begin with the same page?",
    reference=_reference,
)

for _name, _given in {
    "3 pages out of order": (np.array([4, 1, 6]), 4, 11),
    "a full last page": (np.array([2, 5]), 3, 6),
    "pages of one row": (np.array([7, 2, 9, 0]), 1, 4),
    "one token": (np.array([3]), 5, 1),
    "a text of one page": (np.array([6]), 7, 5),
    "more pages than tokens need": (np.array([5, 0, 8, 2]), 3, 7),
    "two rows a page": (np.array([1, 9, 4, 0, 7]), 2, 9),
    "pages that fall": (np.array([8, 5, 3]), 5, 13),
    "no token": (np.array([4, 2]), 3, 0),
    "no page": (np.array([], dtype=int), 3, 0),
}.items():
    EXERCISE.probe(_name, *_given)


@EXERCISE.solve
def paged_rows_solution(table, page_size, n_tokens):
    i = np.arange(n_tokens)
    page = np.asarray(table, dtype=int)[i // page_size]
    return page * page_size + i % page_size


@EXERCISE.mutant
def table_ignored(table, page_size, n_tokens):
    i = np.arange(n_tokens)
    return i


@EXERCISE.mutant
def page_number_taken_for_row(table, page_size, n_tokens):
    i = np.arange(n_tokens)
    page = np.asarray(table, dtype=int)[i // page_size]
    return page + i % page_size


@EXERCISE.mutant
def place_in_page_forgotten(table, page_size, n_tokens):
    page = np.asarray(table, dtype=int)[np.arange(n_tokens) // page_size]
    return page * page_size


@EXERCISE.mutant
def pages_sorted(table, page_size, n_tokens):
    i = np.arange(n_tokens)
    page = np.sort(np.asarray(table, dtype=int))[i // page_size]
    return page * page_size + i % page_size


@EXERCISE.mutant
def tokens_dealt_round(table, page_size, n_tokens):
    table, i = np.asarray(table, dtype=int), np.arange(n_tokens)
    n = max(len(table), 1)
    return table[i % n] * page_size + i // n % page_size if len(table) else i


@EXERCISE.mutant
def last_page_taken_whole(table, page_size, n_tokens):
    n_tokens = -(-n_tokens // page_size) * page_size
    i = np.arange(n_tokens)
    return np.asarray(table, dtype=int)[i // page_size] * page_size + i % page_size


@EXERCISE.mutant
def pages_counted_from_one(table, page_size, n_tokens):
    i = np.arange(n_tokens)
    page = np.asarray(table, dtype=int)[i // page_size]
    return (page - 1) * page_size + i % page_size


@EXERCISE.holds("as many rows as tokens, and no row twice")
def each_once(call):
    rows = np.asarray(call(np.array([5, 2, 9]), 4, 10)).ravel().tolist()
    return None if len(rows) == len(set(rows)) == 10 else f"for 10 tokens {len(rows)} rows, {len(set(rows))} of them different"


@EXERCISE.holds("a page with a number one higher moves its rows by a page")
def a_page_on(call):
    moved = np.asarray(call(np.array([6, 2]), 3, 3)) - np.asarray(call(np.array([5, 2]), 3, 3))
    return None if moved.tolist() == [3, 3, 3] else f"they move by {moved.ravel()[:3].tolist()}"

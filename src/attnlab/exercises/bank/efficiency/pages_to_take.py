"""How many free pages a text takes to grow, a shared last page included."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.reference.pages import Pages


def _reference(n_tokens, n_new, page_size, holders):
    n_tokens, n_new, page_size, holders = (int(x) for x in (n_tokens, n_new, page_size, holders))
    pages = Pages(2 * (n_tokens + n_new) + 2, page_size)
    pages.join(0)
    pages.grow(0, n_tokens)
    for other in range(1, holders):
        pages.fork(0, other)
    before = pages.n_free
    pages.grow(0, n_new)
    return before - pages.n_free


EXERCISE = Exercise(
    id="efficiency.pages_to_take",
    title="Copy on write",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/inference",
    headings=("Beginnings that are shared",),
    statement=r"""
    A text holds `n_tokens` tokens in pages of `page_size` rows; it has as many pages as it needs. Its last page, like all before it, stands in the block tables of `holders` texts, itself included. Now `n_new` tokens more are to be written.

    How many **free pages** does that take? A page that others hold must not be written into: the text takes a free one, copies the rows it has in the shared page, and goes on there. A page without room is not written into at all.

    A tiny example: 5 tokens in pages of 2, 1 new token: none if nobody else holds the last page, and 1 if somebody does.
    """,
    slot='''
    def pages_to_take(n_tokens, n_new, page_size, holders):
        """Free pages that a text takes for its new tokens.

        n_tokens, n_new: 0 or more; page_size, holders: 1 or more
        result: one whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("pages",),
    hints=(
        "A text that nobody shares takes as many pages as its new length needs more than its old one.",
        r"That is $\lceil (n + k) / s \rceil - \lceil n / s \rceil$. One more is taken for a copy, if three things hold: something is written, the last page has room, and somebody else holds it.",
        "```python\nold = -(-____ // page_size)\nnew = -(-____ // page_size)\ncopied = n_new > 0 and n_tokens % page_size > ____ and holders > ____\nreturn new - old + copied\n```",
    ),
    parsons=("full_page_copied", "copy_forgotten"),
    why=r"""
    Whole pages of a common beginning never change again, so they can be shared for good. Only the page in which the text goes on is copied, once, at the first token behind the fork.

    **The two most common mistakes.** Copying a full page, into which nothing will be written. Counting $\lceil k / s \rceil$ pages for $k$ new tokens, as if the last page had no room.

    **Cost.** A copy moves at most one page less a row for each layer; without sharing the whole beginning would be computed and kept again.
    """,
    verified="fourteen texts: room in the last page and none, shared and not, nothing to write, no token yet, pages of one row.",
    next_thought="what does the other text take when it writes, after this one has made its copy?",
    reference=_reference,
)

for _name, _given in {
    "room, alone": (5, 1, 2, 1),
    "room, shared": (5, 1, 2, 2),
    "a full page, shared": (6, 1, 3, 4),
    "a full page, alone": (6, 4, 3, 1),
    "room for some of it, shared": (7, 9, 4, 3),
    "room for some of it, alone": (7, 9, 4, 1),
    "nothing to write, shared": (7, 0, 4, 3),
    "nothing to write, alone": (5, 0, 2, 1),
    "no token yet": (0, 5, 3, 1),
    "the first token": (0, 1, 8, 1),
    "up to the end of a page": (9, 3, 4, 2),
    "pages of one row, shared": (5, 3, 1, 2),
    "a long text": (1000, 300, 16, 7),
    "one row is left, many are written": (15, 40, 16, 2),
}.items():
    EXERCISE.probe(_name, *_given)


@EXERCISE.solve
def pages_to_take_solution(n_tokens, n_new, page_size, holders):
    old = -(-n_tokens // page_size)
    new = -(-(n_tokens + n_new) // page_size)
    copied = n_new > 0 and n_tokens % page_size > 0 and holders > 1
    return new - old + int(copied)


@EXERCISE.mutant
def copy_forgotten(n_tokens, n_new, page_size, holders):
    old = -(-n_tokens // page_size)
    new = -(-(n_tokens + n_new) // page_size)
    return new - old


@EXERCISE.mutant
def full_page_copied(n_tokens, n_new, page_size, holders):
    old = -(-n_tokens // page_size)
    new = -(-(n_tokens + n_new) // page_size)
    copied = n_new > 0 and holders > 1
    return new - old + int(copied)


@EXERCISE.mutant
def copied_without_writing(n_tokens, n_new, page_size, holders):
    old = -(-n_tokens // page_size)
    new = -(-(n_tokens + n_new) // page_size)
    return new - old + int(n_tokens % page_size > 0 and holders > 1)


@EXERCISE.mutant
def copied_although_alone(n_tokens, n_new, page_size, holders):
    old = -(-n_tokens // page_size)
    new = -(-(n_tokens + n_new) // page_size)
    return new - old + int(n_new > 0 and n_tokens % page_size > 0)


@EXERCISE.mutant
def room_in_last_page_forgotten(n_tokens, n_new, page_size, holders):
    return -(-n_new // page_size) + int(n_new > 0 and n_tokens % page_size > 0 and holders > 1)


@EXERCISE.mutant
def pages_rounded_down(n_tokens, n_new, page_size, holders):
    copied = n_new > 0 and n_tokens % page_size > 0 and holders > 1
    return (n_tokens + n_new) // page_size - n_tokens // page_size + int(copied)


@EXERCISE.mutant
def whole_beginning_copied(n_tokens, n_new, page_size, holders):
    old, new = -(-n_tokens // page_size), -(-(n_tokens + n_new) // page_size)
    return new if n_new > 0 and holders > 1 else new - old


@EXERCISE.mutant
def copy_for_every_holder(n_tokens, n_new, page_size, holders):
    old, new = -(-n_tokens // page_size), -(-(n_tokens + n_new) // page_size)
    return new - old + (holders - 1 if n_new > 0 and n_tokens % page_size else 0)


@EXERCISE.holds("nothing to write takes nothing")
def nothing(call):
    taken = float(call(7, 0, 4, 3))
    return None if taken == 0 else f"it takes {taken:.0f}"


@EXERCISE.holds("with full pages it does not matter who else holds them")
def full(call):
    alone, shared = float(call(8, 3, 4, 1)), float(call(8, 3, 4, 5))
    return None if alone == shared == 1 else f"alone {alone:.0f}, shared {shared:.0f}"

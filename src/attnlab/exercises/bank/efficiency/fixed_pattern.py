"""The fixed pattern of sparse transformers: the own block, and the last tokens of all earlier blocks."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _mask(n, size, n_summary, same=None, summary=None, past=True):
    i, j = np.arange(n)[:, None], np.arange(n)[None, :]
    same = i // size == j // size if same is None else same(i, j)
    summary = j % size >= size - n_summary if summary is None else summary(i, j)
    seen = same | summary
    return seen & (j <= i) if past else seen & (i >= 0)


def _reference(n, size, n_summary):
    return np.array([[j <= i and (j // size == i // size or size - j % size <= n_summary) for j in range(n)] for i in range(n)], dtype=bool)


EXERCISE = Exercise(
    id="efficiency.fixed_pattern",
    title="Summaries at fixed places",
    level="apply",
    minutes=15,
    difficulty=1,
    page="efficiency/sparse",
    headings=("Fixed patterns",),
    statement=r"""
    The same paper that has the strided pattern has a second one, **fixed**, for data without a natural stride, such as text. The text is cut into blocks of `size` tokens, counted from 0; the last block may be shorter. A token sees

    - the tokens of its **own block**, up to itself, and
    - in **every** block, the `n_summary` tokens at its places `size - n_summary` to `size - 1`, as far as they are not later than itself.

    Return the mask as a boolean table of `n` rows (who looks) and `n` columns (who is seen). `n_summary` is from 0 to `size`.

    A tiny example: `n = 5`, `size = 2`, `n_summary = 1`. Token 4 opens the third block; it sees itself and the last tokens of the first two blocks, 1 and 3. Its row is `[0, 1, 0, 1, 1]`.
    """,
    slot='''
    def fixed_pattern(n, size, n_summary):
        """Own block up to the token itself, and the last n_summary places of each block in the past.

        result: boolean, (n, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Two conditions joined by *or*, and the past around both. A token's block is its number divided by `size`, rounded down; its place in the block is what remains.",
        r"Same block: $\lfloor i / s \rfloor = \lfloor j / s \rfloor$. Summary: $j \bmod s \ge s - c$. Past: $j \le i$.",
        "```python\ni, j = np.arange(n)[:, None], np.arange(n)\nsame = i // size == ____\nsummary = j % size >= ____\nreturn (same | summary) & ____\n```",
    ),
    parsons=("fixed_first_places", "fixed_window_for_block"),
    why=r"""
    The summary places are the same for all later tokens, so whatever is to be found later must be brought there first: one hop into the summary of a block, one hop out of it.

    **The two most common mistakes.** A sliding window in place of the own block. Summaries at the first places of a block, which have seen nothing of it yet.

    **Cost.** A token sees at most $s + c\,n/s$ others.
    """,
    verified="blocks of 1 to more than the text, no summary to whole blocks, ragged ends, one token.",
    next_thought="how many hops until a token can depend on the first token of the text, if n_summary is 0, and if it is 1?",
    reference=_reference,
)

for _n, _size, _c in ((11, 4, 1), (23, 5, 2), (12, 3, 0), (13, 4, 4), (7, 9, 2), (9, 1, 1), (1, 3, 1), (17, 6, 3), (8, 8, 1), (40, 7, 2), (6, 1, 0), (30, 10, 9)):
    EXERCISE.probe(f"{_n} tokens in blocks of {_size}, {_c} summary places", _n, _size, _c)


@EXERCISE.solve
def fixed_pattern_solution(n, size, n_summary):
    i, j = np.arange(n)[:, None], np.arange(n)
    same = i // size == j // size
    summary = j % size >= size - n_summary
    return (same | summary) & (j <= i)


@EXERCISE.mutant
def fixed_first_places(n, size, n_summary):
    i, j = np.arange(n)[:, None], np.arange(n)
    same = i // size == j // size
    summary = j % size < n_summary
    return (same | summary) & (j <= i)


@EXERCISE.mutant
def fixed_window_for_block(n, size, n_summary):
    i, j = np.arange(n)[:, None], np.arange(n)
    same = i - j < size
    summary = j % size >= size - n_summary
    return (same | summary) & (j <= i)


@EXERCISE.mutant
def fixed_sees_the_future(n, size, n_summary):
    return _mask(n, size, n_summary, past=False)


@EXERCISE.mutant
def fixed_one_place_less(n, size, n_summary):
    return _mask(n, size, n_summary, summary=lambda i, j: j % size > size - n_summary)


@EXERCISE.mutant
def fixed_both_at_once(n, size, n_summary):
    i, j = np.arange(n)[:, None], np.arange(n)
    return (i // size == j // size) & (j % size >= size - n_summary) & (j <= i)


@EXERCISE.mutant
def fixed_last_block_alone(n, size, n_summary):
    return _mask(n, size, n_summary, summary=lambda i, j: (j % size >= size - n_summary) & (i // size - j // size <= 1))


@EXERCISE.mutant
def fixed_who_is_seen_looks(n, size, n_summary):
    return _reference(n, size, n_summary).T


@EXERCISE.holds("every token sees itself and no later one")
def itself(call):
    mask = np.asarray(call(23, 5, 2))
    if not np.diag(mask).all():
        return f"token {int(np.flatnonzero(~np.diag(mask))[0])} does not see itself"
    return f"{int(np.triu(mask, 1).sum())} pairs look ahead" if np.triu(mask, 1).any() else None


@EXERCISE.holds("the last token sees a summary of each block")
def summaries(call):
    row = np.asarray(call(21, 5, 1))[-1]
    return None if row[[4, 9, 14, 19]].all() else f"of the tokens 4, 9, 14 and 19 it sees {text.number(int(row[[4, 9, 14, 19]].sum()))}"

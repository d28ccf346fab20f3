"""Operations of attention with an indexer, beside those without."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _seen(n, k):
    return sum(min(i + 1, k) for i in range(n))


def _reference(n, k, n_heads, d_head, index_heads, d_index):
    pairs = n * (n + 1) // 2
    return 2 * pairs * index_heads * d_index, 4 * _seen(n, k) * n_heads * d_head, 4 * pairs * n_heads * d_head


EXERCISE = Exercise(
    id="efficiency.selection_work",
    title="What an indexer costs and what it saves",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/sparse",
    headings=("What is saved, and what is not",),
    statement=r"""
    A causal layer has `n_heads` heads, with keys and values of width `d_head`. An indexer with `index_heads` heads of width `d_index` scores **every** pair that the causal mask allows; then each query looks at the best `k` keys, or at all it may see where these are fewer. Count a multiplication and its addition as two operations, and count nothing but products of vectors: not the projections, not ReLU, weights and sums of the indexer, not the softmax, not the sort. Return three whole numbers:

    1. `index`: operations of all index products;
    2. `selected`: score and mix on the selected pairs, all heads;
    3. `dense`: score and mix on all pairs of the causal mask, all heads.

    A tiny example: `n = 3`, `k = 2`, one head of width 5, one index head of width 1. There are 6 pairs, of which 1 + 2 + 2 = 5 are selected: `(12, 100, 120)`.
    """,
    slot='''
    def selection_work(n, k, n_heads, d_head, index_heads, d_index):
        """Operations of the indexer, of attention on what it selects, and of attention on all pairs.

        result: three whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("index", "selected", "dense"),
    hints=(
        "Count pairs first: all of a causal mask, and those that are selected. The first queries have fewer keys than `k`.",
        r"All pairs: $n(n+1)/2$. Selected: with $m = \min(n, k)$, $m(m+1)/2 + (n - m)\,k$. A score costs $2d$, and mixing in one value another $2d$; the indexer only scores.",
        "```python\nm = min(n, k)\npairs, chosen = n * (n + 1) // 2, m * (m + 1) // 2 + ____\nindex = 2 * ____\nselected = 4 * ____\ndense = 4 * ____\nreturn index, selected, dense\n```",
    ),
    parsons=("selection_k_for_every_query", "selection_indexer_scores_the_chosen"),
    why=r"""
    The indexer keeps the square and shrinks its factor: of $4\, H d$ operations a pair it leaves $2\, H_I d_I$. From some length on it is the largest part of the work.

    **The two most common mistakes.** Giving `k` keys to the first queries, which do not have them. Counting the indexer on the selected pairs only: it must score all to know which they are.

    **Cost.** For $n = 131{,}072$, $k = 2{,}048$, 128 heads of width 192 and 64 index heads of width 128, near the sizes of a published model, the index products are more than five times the selected work, and a sixth of the dense.
    """,
    verified="texts shorter and longer than k, one token, k of 1, index heads of several widths, and 131,072 tokens.",
    next_thought="at which length does the indexer cost as much as the attention it serves?",
    reference=_reference,
)

for _given in ((3, 2, 1, 5, 1, 1), (1000, 64, 8, 64, 4, 32), (17, 40, 3, 7, 2, 5), (1, 1, 2, 3, 5, 7), (64, 64, 4, 16, 2, 8), (65, 64, 4, 16, 2, 8), (100, 1, 5, 11, 3, 2), (131_072, 2048, 128, 192, 64, 128), (7, 3, 2, 2, 2, 2)):  # fmt: skip
    EXERCISE.probe("{} tokens, {} keys, {} heads of {}, {} index heads of {}".format(*_given), *_given)


@EXERCISE.solve
def selection_work_solution(n, k, n_heads, d_head, index_heads, d_index):
    m = min(n, k)
    pairs, chosen = n * (n + 1) // 2, m * (m + 1) // 2 + (n - m) * k
    index = 2 * pairs * index_heads * d_index
    selected = 4 * chosen * n_heads * d_head
    dense = 4 * pairs * n_heads * d_head
    return index, selected, dense


@EXERCISE.mutant
def selection_k_for_every_query(n, k, n_heads, d_head, index_heads, d_index):
    pairs, chosen = n * (n + 1) // 2, n * k
    index = 2 * pairs * index_heads * d_index
    selected = 4 * chosen * n_heads * d_head
    dense = 4 * pairs * n_heads * d_head
    return index, selected, dense


@EXERCISE.mutant
def selection_indexer_scores_the_chosen(n, k, n_heads, d_head, index_heads, d_index):
    m = min(n, k)
    pairs, chosen = n * (n + 1) // 2, m * (m + 1) // 2 + (n - m) * k
    index = 2 * chosen * index_heads * d_index
    selected = 4 * chosen * n_heads * d_head
    dense = 4 * pairs * n_heads * d_head
    return index, selected, dense


@EXERCISE.mutant
def selection_indexer_mixes(n, k, n_heads, d_head, index_heads, d_index):
    index, selected, dense = _reference(n, k, n_heads, d_head, index_heads, d_index)
    return 2 * index, selected, dense


@EXERCISE.mutant
def selection_mix_forgotten(n, k, n_heads, d_head, index_heads, d_index):
    index, selected, dense = _reference(n, k, n_heads, d_head, index_heads, d_index)
    return index, selected // 2, dense // 2


@EXERCISE.mutant
def selection_all_pairs(n, k, n_heads, d_head, index_heads, d_index):
    selected = _reference(n, k, n_heads, d_head, index_heads, d_index)[1]
    return 2 * n * n * index_heads * d_index, selected, 4 * n * n * n_heads * d_head


@EXERCISE.mutant
def selection_own_token_left_out(n, k, n_heads, d_head, index_heads, d_index):
    pairs, chosen = n * (n - 1) // 2, sum(min(i, k) for i in range(n))
    return 2 * pairs * index_heads * d_index, 4 * chosen * n_heads * d_head, 4 * pairs * n_heads * d_head


@EXERCISE.mutant
def selection_one_index_head(n, k, n_heads, d_head, index_heads, d_index):
    index, selected, dense = _reference(n, k, n_heads, d_head, 1, d_index)
    return index, selected, dense


EXERCISE.holds("the example of the statement comes out")(comes_out((12, 100, 120), 3, 2, 1, 5, 1, 1))


@EXERCISE.holds("with as many keys as tokens nothing is saved")
def nothing_saved(call):
    _, selected, dense = call(50, 50, 3, 8, 2, 4)
    return None if selected == dense else f"selected {text.number(float(selected))}, dense {text.number(float(dense))}"

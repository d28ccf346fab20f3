"""Programs that a transformer can run: select, aggregate and the width of a selector, each one head of attention.

A selector says for every pair of query and key whether the one looks at the other, by what the two tokens hold. It is compiled into
queries and keys whose product is 1 where it looks and 0 where it does not, and a head runs it: `reference.attention`, with scores
so far apart that the softmax is a hard one in float64. In front stands a sentinel, a key with a score between the two: it has all
the weight where nothing is selected, and holds what is returned then.

What happens within one token (sums, products, comparisons) is left to NumPy; a feed-forward network does that in a transformer.
Source: [weiss2021, section 3].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from attnlab import reference
from attnlab._shapes import Array, Bool, Float, Shaped

Row = Sequence | Shaped[Array, "tokens"]  # something for every token
SHARP = 2_000.0  # half of it is still far enough: exp(-1000) is 0 in float64


class Selector(NamedTuple):
    """A head's queries and keys; their product is 1 where a query selects a key, else 0."""

    queries: Float[Array, "tokens values"]
    keys: Float[Array, "tokens values"]

    @property
    def table(self) -> Bool[Array, "tokens tokens"]:
        """Row q, column k: whether query q selects key k."""
        return self.queries @ self.keys.T > 0.5


def select(keys: Row, queries: Row, predicate: Callable[[Any, Any], bool]) -> Selector:
    """Query i looks at key j where predicate(keys[j], queries[i]).

    A key is the one-hot code of what it holds, and a query has one number for each value of a key: whether the predicate holds. So a
    score depends on what the two tokens hold and on nothing else.
    Errors: ValueError unless there are as many keys as queries.
    """
    if len(keys) != len(queries):
        raise ValueError(f"there are {len(keys)} keys but {len(queries)} queries: both are the tokens of one text")
    values = list(dict.fromkeys(keys))
    asked = [[float(predicate(value, query)) for value in values] for query in queries]
    held = [[float(value == key) for value in values] for key in keys]
    return Selector(*(np.array(rows, dtype=float).reshape(len(keys), len(values)) for rows in (asked, held)))


def aggregate(selector: Selector, values: Row, default: float = 0.0) -> Float[Array, "tokens"]:
    """For every query the mean of the values that it selects, or `default` where it selects none."""
    return _head(selector, values, default, sentinel=SHARP / 2)


def width(selector: Selector) -> Float[Array, "tokens"]:
    """How many keys every query selects: a sentinel that is always selected has the weight 1 / (width + 1)."""
    share = _head(selector, np.zeros(len(selector.keys)), 1.0, sentinel=SHARP)
    return np.rint(1 / share) - 1


def _head(selector: Selector, values: Row, first: float, sentinel: float) -> Float[Array, "tokens"]:
    """One head: the sentinel has this score and holds `first`."""
    q, k = selector
    q = np.column_stack([np.full(len(q), sentinel), SHARP * q])
    k = np.vstack([np.eye(1, q.shape[1]), np.column_stack([np.zeros(len(k)), k])])
    v = np.append(first, np.asarray(values, dtype=float))[:, None]
    return reference.attention(q, k, v, scale=1.0)[:, 0]


# -- programs


def indices(tokens: Row) -> list[int]:
    """0, 1, 2, ...: what a transformer is told by its positions."""
    return list(range(len(tokens)))


def length(tokens: Row) -> list[int]:
    """The number of tokens, at every token: one head whose every query selects every key."""
    return [int(n) for n in width(select(indices(tokens), indices(tokens), lambda k, q: True))]


def reverse(tokens: Row) -> Float[Array, "tokens"]:
    """The tokens from the last to the first; two layers."""
    mirrored = [n - 1 - i for i, n in enumerate(length(tokens))]
    return aggregate(select(indices(tokens), mirrored, lambda k, q: k == q), tokens)


def histogram(tokens: Row) -> Float[Array, "tokens"]:
    """For every token how often it stands in the text; one layer."""
    return width(select(tokens, tokens, lambda k, q: k == q))


def sort(tokens: Row) -> Float[Array, "tokens"]:
    """The tokens in ascending order; two layers. Equal ones keep their order: a place counts too."""
    pairs = list(zip(tokens, indices(tokens)))
    rank = [int(n) for n in width(select(pairs, pairs, lambda k, q: k < q))]
    return aggregate(select(rank, indices(tokens), lambda k, q: k == q), tokens)


def balanced(text: str) -> bool:
    """Whether the brackets of the text close in order, each after its own (Dyck-1); two layers, read at the last token.

    Errors: ValueError for anything but brackets.
    """
    if set(text) - set("()"):
        raise ValueError(f"the text may hold ( and ) alone but is {text!r}")
    if not text:
        return True
    steps, place = [1 if one == "(" else -1 for one in text], indices(text)
    depth = aggregate(select(place, place, lambda k, q: k <= q), steps) * (np.array(place) + 1)
    below = aggregate(select(place, place, lambda k, q: True), np.rint(depth) < 0)
    return bool(below[-1] == 0 and np.rint(depth[-1]) == 0)


def parity(bits: Row) -> int:
    """1 where the number of ones is odd, else 0; two layers: count, then look at the place of that number and read whether it is odd.

    Right at every length as long as attention is hard; what becomes of its margin where it is soft is another question.
    """
    place = [i + 1 for i in indices(bits)]
    count = [int(n) for n in width(select(bits, [1] * len(bits), lambda k, q: k == q))]
    odd = aggregate(select(place, count, lambda k, q: k == q), [i % 2 for i in place])
    return int(odd[-1]) if len(bits) else 0

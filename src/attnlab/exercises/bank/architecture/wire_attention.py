"""One attention layer, wired from pieces that are handed in: whose rows go where."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import heads


def _reference(x, context, mask, n_heads, project, split, attend, merge):
    rows = {"query": x, "key": context, "value": context}
    return project("output", merge(attend(*(split(project(role, one), n_heads) for role, one in rows.items()), mask)))


EXERCISE = Exercise(
    id="architecture.wire_attention",
    title="Wire a layer from its pieces",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/your_model",
    headings=("The lines between the pieces",),
    statement=r"""
    The pieces are there; the wires are not. Write the attention layer that serves three times in the translator: as the encoder's self-attention (`context` is `x`), as the decoder's (with a causal `mask`), and as cross-attention (`context` is what the encoder left).

    Four functions are handed in. `project(role, rows)` multiplies rows with the matrix of a role and adds its bias; the roles are `"query"`, `"key"`, `"value"` and `"output"`. `split(rows, n_heads)`, `attend(q, k, v, mask)` and `merge(rows)` are those of the chapters on heads and masks. Call them, do not write them again.

    A tiny example: if every role's matrix is the identity and its bias 0, there is one head, and `context` holds one token, `[[5, 6]]`, every row of the result is `[5, 6]`.
    """,
    slot='''
    def wire_attention(x, context, mask, n_heads, project, split, attend, merge):
        """Queries from x, keys and values from context; project, split, attend, merge, project.

        x: (..., n, d), context: (..., m, d); mask broadcasts to (..., heads, n, m)
        project, split, attend, merge: functions; result: (..., n, d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The result has a row for each row of `x`. Changing `context` may change all of them; so `context` has to enter somewhere, and twice.",
        r"$Q = X W_Q + b_Q$, but $K = Y W_K + b_K$ and $V = Y W_V + b_V$, with $Y$ the context. All three are split; the mask goes to `attend`; the role `output` comes after the merge.",
        "```python\nq = split(project(\"query\", x), n_heads)\nk = split(project(\"key\", ____), n_heads)\n"
        "v = split(project(____, ____), n_heads)\nmixed = attend(q, k, v, ____)\nreturn project(\"output\", ____)\n```",
    ),
    parsons=("wired_keys_from_the_asker", "wired_output_not_projected"),
    why=r"""
    One function serves three times, since attention does not know where its rows come from. What makes it self-attention, causal or cross is decided by the two arguments `context` and `mask`, outside.

    **The two most common mistakes.** Keys or values made from `x`: in self-attention nothing shows, since `context` is `x` there, and the decoder then does not read the source. A mask that is taken as an argument and not handed on.

    **Cost.** Four products with matrices, $O((n + m)\, d^2)$, and $O(n\, m\, d)$ inside `attend`.
    """,
    verified="equal to the definition for self-attention and for contexts of another length, with one, two and three heads, causal and padded masks, without a batch, and with other pieces.",
    next_thought="which of your wires could be crossed without any change in an encoder, and which test would still find it?",
    reference=_reference,
)

_rng = np.random.default_rng(11)


def _project(d, inner, out):
    """The four projections of a layer as one function."""
    sizes = {"query": (d, inner), "key": (d, inner), "value": (d, inner), "output": (inner, out)}
    pairs = {role: (_rng.normal(size=size) / np.sqrt(size[0]), _rng.normal(size=size[1])) for role, size in sizes.items()}

    def project(role, rows):
        matrix, bias = pairs[role]
        return rows @ matrix + bias

    return project


def _as_it_is(role, rows):
    return rows


def _attend(q, k, v, mask):
    return reference.attention(q, k, v, mask)


_PIECES = (heads.split_heads, _attend, heads.merge_heads)
_x, _y = _rng.normal(size=(2, 5, 6)), _rng.normal(size=(2, 7, 6))
_may = (np.arange(7) < np.array([4, 7])[:, None])[:, None, None]
_cross = _project(6, 6, 6)
EXERCISE.probe("5 tokens ask 7, padded, 3 heads", _x, _y, _may, 3, _cross, *_PIECES)
EXERCISE.probe("self-attention, causal, 2 heads", _x, _x, np.tri(5, dtype=bool), 2, _project(6, 6, 6), *_PIECES)
EXERCISE.probe("as many askers as asked", _x, _rng.normal(size=(2, 5, 6)), np.ones((5, 5), dtype=bool), 2, _project(6, 6, 6), *_PIECES)
EXERCISE.probe("one head, no batch", _x[0], _y[0], np.ones((5, 7), dtype=bool), 1, _cross, *_PIECES)
EXERCISE.probe("7 tokens ask 5, one of them hidden", _y, _x, np.arange(5) != 2, 2, _cross, *_PIECES)
EXERCISE.probe("whole numbers, one token asked", np.array([[1, 2], [3, 4]]), np.array([[5, 6]]), np.ones((2, 1), dtype=bool), 1, _as_it_is, *_PIECES)
EXERCISE.probe("no batch, 3 heads, one token asks", _x[0, :1], _y[0], np.ones((1, 7), dtype=bool), 3, _cross, *_PIECES)


def _split_from_behind(rows, n_heads):
    return heads.split_heads(rows, n_heads)[..., ::-1, :, :]


def _merge_doubled(rows):
    return 2 * heads.merge_heads(rows)


def _attend_and_add(q, k, v, mask):
    return reference.attention(q, k, v, mask) + np.arange(q.shape[-3])[:, None, None]


EXERCISE.probe("pieces that do something else", _x, _y, _may, 3, _cross, _split_from_behind, _attend_and_add, _merge_doubled)


@EXERCISE.solve
def wire_attention_solution(x, context, mask, n_heads, project, split, attend, merge):
    q = split(project("query", x), n_heads)
    k = split(project("key", context), n_heads)
    v = split(project("value", context), n_heads)
    mixed = attend(q, k, v, mask)
    return project("output", merge(mixed))


def _crossed(x, context, mask, n_heads, project, split, attend, merge, wires=(0, 1, 1), roles=("query", "key", "value")):
    rows = [(x, context)[wire] for wire in wires]
    mixed = attend(*(split(project(role, one), n_heads) for role, one in zip(roles, rows)), mask)
    return project("output", merge(mixed))


@EXERCISE.mutant
def wired_keys_from_the_asker(x, context, mask, n_heads, project, split, attend, merge):
    q = split(project("query", x), n_heads)
    k = split(project("key", x), n_heads)
    v = split(project("value", x), n_heads)
    mixed = attend(q, k, v, mask)
    return project("output", merge(mixed))


@EXERCISE.mutant
def wired_output_not_projected(x, context, mask, n_heads, project, split, attend, merge):
    q = split(project("query", x), n_heads)
    k = split(project("key", context), n_heads)
    v = split(project("value", context), n_heads)
    mixed = attend(q, k, v, mask)
    return merge(mixed)


@EXERCISE.mutant
def wired_queries_from_the_asked(*arguments):
    return _crossed(*arguments, wires=(1, 0, 0))


@EXERCISE.mutant
def wired_keys_and_values_exchanged(*arguments):
    return _crossed(*arguments, roles=("query", "value", "key"))


@EXERCISE.mutant
def wired_without_the_mask(x, context, mask, *rest):
    return _crossed(x, context, np.ones((x.shape[-2], context.shape[-2]), dtype=bool), *rest)


@EXERCISE.mutant
def wired_as_one_head(x, context, mask, n_heads, *rest):
    return _crossed(x, context, mask, 1, *rest)


@EXERCISE.mutant
def wired_keys_for_values(*arguments):
    return _crossed(*arguments, roles=("query", "key", "key"))


@EXERCISE.holds("another context gives another result")
def reads_the_context(call):
    gap = np.abs(np.asarray(call(_x, _y + 1, _may, 3, _cross, *_PIECES)) - np.asarray(call(_x, _y, _may, 3, _cross, *_PIECES))).max()
    return None if gap > 1e-3 else f"with another context the result moves by {text.number(gap)}"


@EXERCISE.holds("what the mask hides changes nothing")
def hidden_rows(call):
    moved = _y.copy()
    moved[0, 4:] += 9
    gap = np.abs(np.asarray(call(_x, moved, _may, 3, _cross, *_PIECES)) - np.asarray(call(_x, _y, _may, 3, _cross, *_PIECES))).max()
    return None if gap < 1e-6 else f"a hidden row moves the result by {text.number(gap)}"

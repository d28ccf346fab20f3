"""The padding mask of a batch of texts with different lengths."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise

EXERCISE = Exercise(
    id="self_attention.padding_mask",
    title="A padding mask that broadcasts the right way",
    level="apply",
    minutes=10,
    difficulty=2,
    page="self_attention/masks",
    headings=("Padding, and broadcasting over a batch",),
    statement=r"""
    A batch holds texts of different lengths, filled up behind with padding to `n_keys` tokens. Return the boolean mask, true where a key
    **may be looked at**, in the shape (batch, 1, `n_keys`): the axis of size 1 stands where the queries go. Write it in NumPy, without `attnlab.masks`.

    `lengths` is an array of whole numbers, from 0 to `n_keys`. With the lengths 1 and 3 and 3 keys, the mask of text 0 is `[[True, False, False]]`, that of text 1 is `[[True, True, True]]`.
    """,
    slot='''
    def padding_mask(lengths, n_keys):
        """True where a key is a token of its text, False where it is padding.

        lengths: integers, (batch,); result: boolean, (batch, 1, n_keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Text $b$ has as many true entries as it has tokens, and they come first. Queries do not appear at all.",
        r"The entry for text $b$ and key $j$ is $j < \text{lengths}_b$, for $j = 0, \dots, m - 1$.",
        "One comparison of the key numbers with lengths that have two more axes.\n\n"
        "```python\nkeys = np.arange(____)\nreturn keys < lengths[:, ____, ____]\n```",
    ),
    parsons=("one_key_too_many", "no_query_axis", "mask_inverted"),
    why=r"""
    The mask depends on the *key* alone, so its query axis has size 1 and is stretched over however many queries there are.

    **The two most common mistakes.** Leaving the query axis out: a (batch, keys) table meets scores of shape (batch, queries, keys), and NumPy
    reads the batch as queries; wherever the two counts agree, nothing complains. Masking the padded *queries* instead: their rows go dead, and
    the real tokens still read the padding.

    **Cost.** One comparison for each key of the batch; nothing is copied for each query.
    """,
    verified="equal to the definition for batches of 2, 3 and 5, the short text first, full and empty texts, and for a single text.",
    next_thought="what shape would it need for scores of shape (batch, heads, queries, keys)?",
    reference=lambda lengths, n_keys: masks.padding(np.asarray(lengths), n_keys),
    returns="masks",
)

EXERCISE.probe("lengths 3, 7, 5 of 7", np.array([3, 7, 5]), 7)
EXERCISE.probe("lengths 2, 5 of 5", np.array([2, 5]), 5)
EXERCISE.probe("lengths 4, 11, 0, 1, 7 of 11", np.array([4, 11, 0, 1, 7]), 11)
EXERCISE.probe("as many texts as keys, none of them full", np.array([1, 2, 0]), 3)
EXERCISE.probe("a single text", np.array([2]), 5)


@EXERCISE.solve
def padding_mask_solution(lengths, n_keys):
    keys = np.arange(n_keys)
    return keys < lengths[:, None, None]


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(lengths, n_keys):
    keys = np.arange(n_keys)
    return keys >= lengths[:, None, None]


@EXERCISE.mutant(evidence=text.allowed)
def one_key_too_many(lengths, n_keys):
    keys = np.arange(n_keys)
    return keys <= lengths[:, None, None]


@EXERCISE.mutant(evidence=text.allowed)
def one_key_too_few(lengths, n_keys):
    return np.arange(1, n_keys + 1) < lengths[:, None, None]


@EXERCISE.mutant(evidence=text.allowed)
def padding_in_front(lengths, n_keys):
    return np.arange(n_keys) >= n_keys - lengths[:, None, None]


@EXERCISE.mutant
def padding_on_queries(lengths, n_keys):
    return np.arange(n_keys)[:, None] < lengths[:, None, None]


@EXERCISE.mutant
def padding_on_both(lengths, n_keys):
    real = np.arange(n_keys) < lengths[:, None]
    return real[:, :, None] & real[:, None, :]


@EXERCISE.mutant
def no_query_axis(lengths, n_keys):
    keys = np.arange(n_keys)
    return keys < lengths[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def first_text_for_all(lengths, n_keys):
    return np.broadcast_to(np.arange(n_keys) < lengths[0], (len(lengths), 1, n_keys))


@EXERCISE.mutant(evidence=text.allowed)
def longest_text_for_all(lengths, n_keys):
    return np.broadcast_to(np.arange(n_keys) < lengths.max(), (len(lengths), 1, n_keys))


@EXERCISE.mutant(evidence=text.allowed)
def no_mask(lengths, n_keys):
    return np.ones((len(lengths), 1, n_keys), dtype=bool)


@EXERCISE.mutant
def mask_of_numbers(lengths, n_keys):
    return (np.arange(n_keys) < lengths[:, None, None]).astype(float)


@EXERCISE.mutant
def additive_mask(lengths, n_keys):
    return np.where(np.arange(n_keys) < lengths[:, None, None], 0.0, -np.inf)


@EXERCISE.holds("the shape is (batch, 1, keys)")
def shape_of_the_mask(call):
    out = call(np.array([2, 5, 3]), 5)
    return None if out.shape == (3, 1, 5) else f"{text.shape(out)} for 3 texts and 5 keys"


@EXERCISE.holds("each text has as many true entries as tokens")
def counts_are_lengths(call):
    counts = call(np.array([2, 7, 3]), 7).reshape(3, -1).sum(axis=-1)
    return None if (counts == [2, 7, 3]).all() else f"lengths 2, 7, 3 give {text.numbers(counts)}"


@EXERCISE.holds("the true entries come first")
def tokens_come_first(call):
    out = call(np.array([2, 7, 3]), 7).reshape(3, -1).astype(int)
    return None if (np.diff(out, axis=-1) <= 0).all() else f"text 0 begins {text.numbers(out[0].astype(bool), 3)}"


@EXERCISE.holds("an empty text shows nothing")
def empty_text(call):
    seen = int(call(np.array([0, 3]), 3)[0].sum())
    return None if seen == 0 else f"it shows {seen} keys"

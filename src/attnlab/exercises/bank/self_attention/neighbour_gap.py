"""How much a text's result depends on the batch it is in."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _attend(x, lengths, keys_seen=None):
    """Self-attention over a padded batch; by default everyone sees the first `length` keys of the text."""
    if len(lengths) != len(x):
        raise ValueError(f"x holds {len(x)} texts but lengths holds {len(lengths)}")
    seen = lengths if keys_seen is None else keys_seen
    mask = np.arange(x.shape[1]) < np.asarray(seen)[:, None, None]
    return reference.attention(x, x, x, mask=mask)


def _seen(x, lengths):
    return _attend(x, lengths, np.full(len(x), x.shape[1]))


def _first(x, lengths):
    return _attend(x, lengths, np.full(len(x), lengths[0]))


def _longest(x, lengths):
    return _attend(x, lengths, np.full(len(x), lengths.max()))


def _centred(x, lengths):
    return _attend(x - x.mean(axis=0), lengths)


LAYERS = {
    "a layer that hides padding": _attend,
    "a layer that looks at padding": _seen,
    "a layer that uses the first text's mask for all": _first,
    "a layer that uses the longest text's mask for all": _longest,
    "a layer that subtracts the batch's mean": _centred,
}


def _gaps(attend, x, lengths, measure):
    batch = attend(x, lengths)
    return np.array([measure(batch[i, :n] - attend(x[i:i + 1, :n], lengths[i:i + 1])[0])
                     for i, n in enumerate(lengths)])


def _largest(gap):
    return np.abs(gap).max()


def _reference(attend, x, lengths):
    return _gaps(attend, x, lengths, _largest)


EXERCISE = Exercise(
    id="self_attention.neighbour_gap",
    title="Alone or in company",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/the_loss_fell",
    headings=("Short tests",),
    statement=r"""
    A layer `attend(x, lengths)` takes a batch of texts, `x` (texts $\times$ tokens $\times d$), filled up *behind* with padding, and the true `lengths` (whole numbers, one a text). A text's result must not depend on its company. Return, for each text, the largest absolute difference between its outputs in the batch and its outputs **alone**: a batch of one, cut to its own length. Only real tokens count.

    A tiny example: lengths `[2, 3]` need three calls, one with the batch, one with `x[:1, :2]` and one with `x[1:, :3]`.
    """,
    slot='''
    def neighbour_gap(attend, x, lengths):
        """How far each text's outputs in the batch are from its outputs alone.

        attend: function of x (texts, tokens, d) and lengths (texts,) that gives (texts, tokens, d)
        result: (texts,), largest absolute differences
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A text alone has neither neighbours nor padding: cut both axes.",
        r"For text $i$ of length $n_i$ compare rows $0 \ldots n_i - 1$ of its part of the batch with `attend` on a batch of that text alone. Keep the batch axis: `x[i:i + 1]`.",
        "```python\nbatch, gaps = attend(x, lengths), []\nfor i, n in enumerate(lengths):\n    alone = attend(x[____, :n], lengths[____])\n"
        "    gaps.append(np.abs(batch[i, ____] - alone[0]).max())\nreturn np.array(gaps)\n```",
    ),
    parsons=("alone_but_still_padded", "one_gap_for_all"),
    why=r"""
    Two things are taken away at once, neighbours and padding, and either may be what a wrong layer leans on.

    **The two most common mistakes.** Keeping the padding in the call of the single text: a layer that *looks* at padding then agrees with itself. Testing with the longest text first: the mask of the first text for all happens to hide nothing that matters.

    **Cost.** One call for each text. Such a test in the suite of a library finds what no user can find by looking at texts one by one.
    """,
    verified="five layers, four texts of 3, 7, 2 and 5 tokens, and a single text with padding.",
    next_thought="what would you compare if the layer were allowed to use dropout?",
    reference=_reference,
)

_rng = np.random.default_rng(17)
_lengths, _x = np.array([3, 7, 2, 5]), _rng.normal(size=(4, 7, 5))
for _name, _layer in LAYERS.items():
    EXERCISE.probe(_name, _layer, _x, _lengths)
EXERCISE.probe("a layer that looks at padding, two texts", _seen, _rng.normal(size=(2, 11, 3)), np.array([2, 11]))
EXERCISE.probe("a layer that looks at padding, one text", _seen, _rng.normal(size=(1, 5, 3)), np.array([2]))


@EXERCISE.solve
def neighbour_gap_solution(attend, x, lengths):
    batch, gaps = attend(x, lengths), []
    for i, n in enumerate(lengths):
        alone = attend(x[i:i + 1, :n], lengths[i:i + 1])
        gaps.append(np.abs(batch[i, :n] - alone[0]).max())
    return np.array(gaps)


@EXERCISE.mutant
def alone_but_still_padded(attend, x, lengths):
    batch, gaps = attend(x, lengths), []
    for i, n in enumerate(lengths):
        alone = attend(x[i:i + 1], lengths[i:i + 1])
        gaps.append(np.abs(batch[i, :n] - alone[0, :n]).max())
    return np.array(gaps)


@EXERCISE.mutant
def one_gap_for_all(attend, x, lengths):
    batch, gaps = attend(x, lengths), []
    for i, n in enumerate(lengths):
        alone = attend(x[i:i + 1, :n], lengths[i:i + 1])
        gaps.append(np.abs(batch[i, :n] - alone[0]).max())
    return max(gaps)


@EXERCISE.mutant
def company_cut_to_one_length(attend, x, lengths):
    batch = attend(x, lengths)
    cut = [attend(x[:, :n], np.minimum(lengths, n))[i] for i, n in enumerate(lengths)]
    return np.array([_largest(batch[i, :n] - cut[i]) for i, n in enumerate(lengths)])


@EXERCISE.mutant
def gap_without_absolute_value(attend, x, lengths):
    return _gaps(attend, x, lengths, np.max)


@EXERCISE.mutant
def gap_averaged(attend, x, lengths):
    return _gaps(attend, x, lengths, lambda gap: np.abs(gap).mean())


@EXERCISE.mutant
def gap_as_a_length(attend, x, lengths):
    return _gaps(attend, x, lengths, lambda gap: np.linalg.norm(gap, axis=-1).max())


@EXERCISE.mutant(same_as="gap_as_a_length")
def gap_as_one_length(attend, x, lengths):
    return _gaps(attend, x, lengths, np.linalg.norm)


@EXERCISE.mutant
def last_real_token_alone(attend, x, lengths):
    return _gaps(attend, x, lengths, lambda gap: np.abs(gap[-1]).max())


@EXERCISE.mutant
def first_tokens_alone(attend, x, lengths):
    return _gaps(attend, x, lengths, lambda gap: np.abs(gap[0]).max())


@EXERCISE.holds("a layer that hides padding has no gap")
def no_gap(call):
    gaps = np.asarray(call(_attend, _x, _lengths))
    if np.abs(gaps).max() > 1e-9:
        return f"the largest comes out as {np.abs(gaps).max():.3f}"


@EXERCISE.holds("the longest text of a batch without a wrong mask has no gap")
def longest(call):
    gaps = np.asarray(call(_seen, _x, _lengths)).ravel()
    if len(gaps) != 4 or abs(gaps[1]) > 1e-9:
        return "text 1, which has no padding, gets one"


def _disturbed(x, lengths):
    """Alone a text is passed through; in company known numbers are added to it, the padding's the largest."""
    if len(x) == 1:
        return x
    added = np.zeros((2, 4, 3))
    added[0, 2, 2], added[0, 1, 0], added[1, 0, 1], added[1, 1, 2] = -3.004, 2, 0.5, 1.5
    added[0, 3] = 99
    return x + added[:len(x), :x.shape[1]]


@EXERCISE.holds("differences of -3.004 and 2 in one text, 0.5 and 1.5 in the other, give 3.004 and 1.5")
def known_differences(call):
    gaps = np.ravel(call(_disturbed, np.ones((2, 4, 3)), np.array([3, 2])))
    return None if gaps.shape == (2,) and np.allclose(gaps, [3.004, 1.5], atol=1e-4) else f"they give {text.numbers(gaps)}"

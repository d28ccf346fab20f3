"""How much each write to the stream favours one word over another."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(parts, table, gain, epsilon, word, rival):
    parts = np.asarray(parts, dtype=float)
    out = np.zeros(parts.shape[:2])
    for t in range(parts.shape[1]):
        stream = parts[:, t].sum(axis=0)
        size = np.sqrt(np.dot(stream, stream) / len(stream) + epsilon)
        for i, part in enumerate(parts[:, t]):
            out[i, t] = sum(p * g * (a - b) / size for p, g, a, b in zip(part, gain, table[word], table[rival]))
    return out


def _effects(parts, table, gain, epsilon, word, rival, *, size=None, towards=None, of=None):
    parts = np.asarray(parts, dtype=float)
    size = np.sqrt((parts.sum(axis=0) ** 2).mean(axis=-1, keepdims=True) + epsilon) if size is None else size
    return (parts if of is None else of) / size * gain @ (table[word] - table[rival] if towards is None else towards)


EXERCISE = Exercise(
    id="architecture.direct_effects",
    title="Who voted for which word?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="architecture/residual_stream",
    headings=("Direct effects on the logits",),
    statement=r"""
    A model hesitates between two words. You want to know which layers argue for the one and which for the other.

    `parts` holds, for each token, the embedding and what each layer added: $(L + 1) \times n \times d$. The stream $x$ is their sum. The model ends with an RMS norm and the table: the logit of word $w$ is

    $$ \Big(\frac{x}{\sqrt{\text{mean of } x^2 + \epsilon}} \odot \text{gain}\Big) \cdot \text{table}_w . $$

    Return the **direct effect of every part on the difference** (logit of `word`) − (logit of `rival`), with the divisor of the *whole* stream. The effects of a token must add up to that difference.

    A tiny example: `parts = [[[3, 0]], [[0, 4]]]`, `table = [[1, 0], [0, 1]]`, `gain = [1, 1]`, `epsilon = 0`, `word = 0`, `rival = 1` give `[[0.849], [-1.131]]`.
    """,
    slot='''
    def direct_effects(parts, table, gain, epsilon, word, rival):
        """What each part of the stream adds to (logit of word) - (logit of rival), for each token.

        parts: (parts, n, d), table: (words, d), gain: (d,), epsilon: a number; word, rival: ids
        result: (parts, n)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Doubling all parts changes (nearly) nothing; doubling one of them changes the effects of all, because they share the divisor.",
        r"First the divisor, one number a token, from the sum of the parts. Then everything else is linear, and can be done for each part.",
        "```python\nstream = parts.sum(axis=____)\nsize = np.sqrt((stream**2).mean(axis=____, keepdims=True) + epsilon)\nfavours = table[word] - ____\nreturn (parts / size * ____) @ favours\n```",
    ),
    parsons=("effects_normed_one_by_one", "effects_of_the_word_alone"),
    why=r"""
    With its divisor held fixed, the last norm is linear, and so is the table. A difference of two logits is what decides between two words: anything that raises all logits alike drops out.

    **The two most common mistakes.** Normalising each part by itself: then a whisper counts as much as a shout, and nothing adds up. Looking at states instead of writes: each contains all earlier ones.

    **Cost.** $(L + 1)\, n\, d$ products.
    """,
    verified="equal to the definition for one and several tokens and for two to six parts, with gains of both signs.",
    next_thought="a part has a large direct effect. Does the answer change if you take it away?",
    reference=_reference,
)

_rng = np.random.default_rng(314)
_parts, _table, _gain = _rng.normal(size=(6, 5, 3)), _rng.normal(size=(7, 3)), np.array([0.5, -1.5, 2.0])
EXERCISE.probe("6 parts, 5 tokens, 7 words", _parts, _table, _gain, 0.1, 4, 2)
EXERCISE.probe("2 parts, one token", _parts[:2, :1], _table, _gain, 0.1, 0, 6)
EXERCISE.probe("the rival comes first", _rng.normal(size=(3, 2, 5)), _rng.normal(size=(4, 5)), _rng.normal(size=5), 0.5, 3, 0)
EXERCISE.probe("as many parts as tokens and features", _rng.normal(size=(3, 3, 3)), _rng.normal(size=(3, 3)), _rng.normal(size=3), 0.2, 1, 2)
EXERCISE.probe("a part of the size of a hundred", np.concatenate([_parts[:3], 100 * _parts[3:4]]), _table, _gain, 1e-6, 5, 1)
EXERCISE.probe("whole numbers", np.array([[[3, 0], [1, 1]], [[0, 4], [2, -1]]]), np.array([[1, 0], [0, 1], [2, 2]]), np.array([1, 3]), 0, 2, 0)


@EXERCISE.solve
def direct_effects_solution(parts, table, gain, epsilon, word, rival):
    stream = parts.sum(axis=0)
    size = np.sqrt((stream**2).mean(axis=-1, keepdims=True) + epsilon)
    favours = table[word] - table[rival]
    return (parts / size * gain) @ favours


@EXERCISE.mutant
def effects_normed_one_by_one(parts, table, gain, epsilon, word, rival):
    size = np.sqrt((parts**2).mean(axis=-1, keepdims=True) + epsilon)
    favours = table[word] - table[rival]
    return (parts / size * gain) @ favours


@EXERCISE.mutant
def effects_of_the_word_alone(parts, table, gain, epsilon, word, rival):
    stream = parts.sum(axis=0)
    size = np.sqrt((stream**2).mean(axis=-1, keepdims=True) + epsilon)
    favours = table[word]
    return (parts / size * gain) @ favours


@EXERCISE.mutant
def effects_without_the_last_norm(parts, table, gain, epsilon, word, rival):
    return _effects(parts, table, gain, epsilon, word, rival, size=1.0)


@EXERCISE.mutant
def effects_without_the_gain(parts, table, gain, epsilon, word, rival):
    return _effects(parts, table, 1.0, epsilon, word, rival)


@EXERCISE.mutant
def effects_with_the_sign_reversed(parts, table, gain, epsilon, word, rival):
    return _effects(parts, table, gain, epsilon, rival, word)


@EXERCISE.mutant
def effects_of_states_not_of_writes(parts, table, gain, epsilon, word, rival):
    return _effects(parts, table, gain, epsilon, word, rival, of=np.cumsum(parts, axis=0))


@EXERCISE.mutant
def effects_with_the_mean_subtracted(parts, table, gain, epsilon, word, rival):
    centred = parts - np.mean(parts, axis=-1, keepdims=True)
    return _effects(centred, table, gain, epsilon, word, rival)


@EXERCISE.mutant
def effects_divided_by_the_length(parts, table, gain, epsilon, word, rival):
    size = np.sqrt((np.sum(parts, axis=0) ** 2).sum(axis=-1, keepdims=True) + epsilon)
    return _effects(parts, table, gain, epsilon, word, rival, size=size)


@EXERCISE.mutant
def effects_with_one_divisor_for_all_tokens(parts, table, gain, epsilon, word, rival):
    size = np.sqrt((np.sum(parts, axis=0) ** 2).mean() + epsilon)
    return _effects(parts, table, gain, epsilon, word, rival, size=size)


@EXERCISE.mutant
def effects_with_epsilon_outside_the_root(parts, table, gain, epsilon, word, rival):
    size = np.sqrt((np.sum(parts, axis=0) ** 2).mean(axis=-1, keepdims=True)) + epsilon
    return _effects(parts, table, gain, epsilon, word, rival, size=size)


@EXERCISE.mutant
def effects_as_shares_of_the_whole(parts, table, gain, epsilon, word, rival):
    effects = _effects(parts, table, gain, epsilon, word, rival)
    return effects / effects.sum(axis=0)


EXERCISE.holds("0.849 and -1.131 come out for the example of the statement")(comes_out(
    [[0.849], [-1.131]], np.array([[[3.0, 0.0]], [[0.0, 4.0]]]), np.eye(2), np.ones(2), 0.0, 0, 1))


@EXERCISE.holds("a token's effects add up to the difference of its two logits")
def adds_up(call):
    x = _parts.sum(axis=0)
    logits = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 0.1) * _gain @ _table.T
    off = np.asarray(call(_parts, _table, _gain, 0.1, 5, 3), dtype=float).sum(axis=0) - (logits[:, 5] - logits[:, 3])
    return None if np.abs(off).max() < 1e-4 else f"for token {np.abs(off).argmax()} they miss it by {text.number(off[np.abs(off).argmax()])}"


@EXERCISE.holds("exchanging the two words reverses the sign")
def reversed_sign(call):
    both = np.asarray(call(_parts, _table, _gain, 0.1, 5, 3), dtype=float) + np.asarray(call(_parts, _table, _gain, 0.1, 3, 5), dtype=float)
    return None if np.abs(both).max() < 1e-4 else f"an effect and its opposite add up to {text.number(np.abs(both).max())}"

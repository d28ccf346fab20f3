"""A model with layer norm, changed so that RMSNorm does the same."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(table, w_look, b_look, w_think, b_think):
    return tuple(np.asarray(one, dtype=float) - np.mean(one, axis=-1, keepdims=True) for one in (table, w_look, b_look, w_think, b_think))


EXERCISE = Exercise(
    id="variants.centred_stream",
    title="From LayerNorm to RMSNorm without training",
    level="create",
    minutes=20,
    difficulty=3,
    page="variants/modern_decoders",
    headings=("RMSNorm: what is dropped",),
    statement=r"""
    A pre-norm model was trained with layer norm, $(x - \bar x) / \sqrt{\operatorname{var}(x) + \epsilon}$ with a gain and a bias behind it. You want to run it with a cheaper kernel that knows only $x / \sqrt{\tfrac1d \sum_i x_i^2 + \epsilon}$, followed by the same gain and bias. **Every output of the norms must stay as it was**, for any text, and you may change parameters but neither the gains nor the biases of the norms.

    The stream, a row of $d$ numbers, is written to by nothing but these five: the table of tokens (each token starts as its row), the last matrix and the bias of attention ($x \leftarrow x + a W_{\text{look}} + b_{\text{look}}$), and the last matrix and the bias of the feed-forward network ($x \leftarrow x + h W_{\text{think}} + b_{\text{think}}$). It is read by norms alone. Return the five, changed.

    A tiny example: a table with the row $(1, 3)$ becomes one with the row $(-1, 1)$.
    """,
    slot='''
    def centred_stream(table, w_look, b_look, w_think, b_think):
        """The five that write into the stream, changed so that RMSNorm gives what layer norm gave.

        table: (vocabulary, d); w_look: (d_heads, d); b_look: (d,); w_think: (d_ff, d); b_think: (d,)
        result: the five in this order, with their shapes
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("table", "w_look", "b_look", "w_think", "b_think"),
    hints=(
        "If the features of a row add up to 0, layer norm and RMSNorm of that row are the same. Layer norm does not notice a number that is added to all features.",
        r"A row of the stream is a sum of contributions. If the features of *each* contribution add up to 0, so do those of the sum. A contribution $h W$ has the mean $h\,\bar w$, where $\bar w$ holds the mean of each **row** of $W$.",
        "```python\ndef without_mean(writes):\n    return writes - writes.mean(axis=____, keepdims=True)\n\nreturn tuple(without_mean(one) for one in (____))\n```",
    ),
    parsons=("centred_over_the_inputs", "centred_without_the_biases"),
    why=r"""
    Let $P = I - \tfrac1d \mathbf 1 \mathbf 1^\top$ take the mean off a row. Layer norm is RMSNorm after $P$. Since $P$ is linear it can be moved in front of the sum, into everything that writes: $P(x + hW + b) = Px + h(WP) + Pb$. The stream is then another one (each row without its mean), but nothing reads it except norms, which never saw the mean.

    **The two most common mistakes.** Taking means over the inputs of a matrix (its columns), which changes what is written. Centring the matrices and forgetting a bias, or the table: one contribution with a mean is enough.

    **Cost.** Once, before the model runs: as many operations as there are parameters in the five. Then each norm saves the mean.
    """,
    verified="the five arrays for four models, and both norms on streams of random texts.",
    next_thought="why does this not work for a post-norm model, in which the norm's output itself is what the next sum starts from?",
    reference=_reference,
)

_rng = np.random.default_rng(59)


def _parts(vocabulary, d_heads, d_ff, d, shift=0.0):
    sizes = ((vocabulary, d), (d_heads, d), (d,), (d_ff, d), (d,))
    return tuple(_rng.normal(size=size) + shift for size in sizes)


EXERCISE.probe("width 5, heads of 3, network of 7", *_parts(11, 3, 7, 5))
EXERCISE.probe("width 3, with large means", *_parts(7, 5, 2, 3, 4.0))
EXERCISE.probe("everything square", *_parts(4, 4, 4, 4, -1.0))
EXERCISE.probe("one token, whole numbers", np.array([[1, 3]]), np.array([[2, 6]]), np.array([5, 1]), np.array([[0, 4], [8, 2]]), np.array([-1, 7]))
EXERCISE.probe("a table of constants", np.full((3, 5), 2.0), *_parts(2, 3, 7, 5)[1:])
EXERCISE.probe("whole numbers whose means are none", np.array([[1, 4], [2, 9]]), np.array([[2, 7]]), np.array([5, 2]), np.array([[0, 3], [8, 1]]), np.array([-1, 8]))
EXERCISE.probe("width 17, means of hundreds", *_parts(23, 13, 31, 17, 300.0))


@EXERCISE.solve
def centred_stream_solution(table, w_look, b_look, w_think, b_think):
    def without_mean(writes):
        return writes - writes.mean(axis=-1, keepdims=True)

    return tuple(without_mean(one) for one in (table, w_look, b_look, w_think, b_think))


@EXERCISE.mutant
def centred_over_the_inputs(table, w_look, b_look, w_think, b_think):
    def without_mean(writes):
        return writes - writes.mean(axis=0, keepdims=True)

    return tuple(without_mean(one) for one in (table, w_look, b_look, w_think, b_think))


@EXERCISE.mutant
def centred_without_the_biases(table, w_look, b_look, w_think, b_think):
    def without_mean(writes):
        return writes - writes.mean(axis=-1, keepdims=True)

    return without_mean(table), without_mean(w_look), b_look * 1.0, without_mean(w_think), b_think * 1.0


@EXERCISE.mutant
def centred_without_the_table(table, w_look, b_look, w_think, b_think):
    return (table * 1.0, *_reference(table, w_look, b_look, w_think, b_think)[1:])


@EXERCISE.mutant
def centred_by_one_mean_an_array(table, w_look, b_look, w_think, b_think):
    return tuple(one - np.mean(one) for one in (table, w_look, b_look, w_think, b_think))


@EXERCISE.mutant
def centred_and_scaled(table, w_look, b_look, w_think, b_think):
    return tuple(one / np.sqrt((one**2).mean(axis=-1, keepdims=True) + 1e-9) for one in _reference(table, w_look, b_look, w_think, b_think))


@EXERCISE.mutant
def centred_only_the_table(table, w_look, b_look, w_think, b_think):
    return (_reference(table, w_look, b_look, w_think, b_think)[0], w_look * 1.0, b_look * 1.0, w_think * 1.0, b_think * 1.0)


@EXERCISE.mutant
def centred_by_the_sum(table, w_look, b_look, w_think, b_think):
    return tuple(one - np.sum(one, axis=-1, keepdims=True) for one in (table, w_look, b_look, w_think, b_think))


@EXERCISE.mutant
def centred_the_other_way(table, w_look, b_look, w_think, b_think):
    return tuple(one + np.mean(one, axis=-1, keepdims=True) for one in (table, w_look, b_look, w_think, b_think))


@EXERCISE.holds("RMSNorm of the new stream is layer norm of the old one")
def norms_agree(call):
    rng = np.random.default_rng(7)
    given = tuple(rng.normal(size=size) + 1.5 for size in ((5, 7), (3, 7), (7,), (11, 7), (7,)))
    a, h, ids = rng.normal(size=(6, 3)), rng.normal(size=(6, 11)), rng.integers(5, size=6)

    def stream(table, w_look, b_look, w_think, b_think):
        return np.asarray(table)[ids] + a @ w_look + b_look + h @ w_think + b_think

    old, new = stream(*given), stream(*call(*given))
    if new.shape != old.shape:
        return f"the stream has the shape {text.shape(new)}, expected {text.shape(old)}"
    layer = (old - old.mean(-1, keepdims=True)) / np.sqrt(old.var(-1, keepdims=True) + 0.1)
    rms = new / np.sqrt((new**2).mean(-1, keepdims=True) + 0.1)
    apart = np.abs(layer - rms).max()
    return None if apart < 1e-3 else f"somewhere they differ by {text.number(apart)}"


@EXERCISE.holds("the features of every row that is written add up to 0")
def sums_are_zero(call):
    rng = np.random.default_rng(8)
    given = tuple(rng.normal(size=size) for size in ((5, 3), (2, 3), (3,), (7, 3), (3,)))
    for name, one in zip(("table", "w_look", "b_look", "w_think", "b_think"), call(*given)):
        most = np.abs(np.asarray(one).sum(axis=-1)).max()
        if most > 1e-3:
            return f"a row of {name} adds up to {text.number(most)}"
    return None

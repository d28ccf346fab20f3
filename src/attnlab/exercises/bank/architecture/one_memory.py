"""The cross-attention of all decoder layers, which read one memory."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import with_scores


def _read(x, y, w, mask):
    return reference.attention(x @ w[0], y @ w[1], y @ w[2], mask) @ w[3]


def _reference(x, states, lengths, w_q, w_k, w_v, w_o):
    """Spelled out with the softmax itself."""
    hidden = ~masks.padding(lengths, states.shape[2])
    for q, k, v, o in zip(w_q, w_k, w_v, w_o):
        scores = (x @ q) @ (states[-1] @ k).swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        x = x + reference.softmax(np.where(hidden, -np.inf, scores)) @ (states[-1] @ v) @ o
    return x


EXERCISE = Exercise(
    id="architecture.one_memory",
    title="All layers read one memory",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/cross_attention",
    headings=("The mathematics",),
    statement=r"""
    A decoder reduced to its cross-attention: no self-attention, no feed-forward network, no norm, one head. The encoder kept the output of **each** of its layers: `states` (encoder layers $\times$ texts $\times\, m \times d$), the last one last. `x` (texts $\times\, n \times d$) are the rows being written. Wire them up as the model of 2017 does:

    $$x \leftarrow x + \operatorname{attention}(x W_Q,\; Y W_K,\; Y W_V)\, W_O \qquad \text{for each decoder layer in turn.}$$

    Which of the `states` is $Y$, you have to know. The matrices of decoder layer $l$ are `w_q[l]` and `w_k[l]` ($d \times d_k$), `w_v[l]` ($d \times d_v$), `w_o[l]` ($d_v \times d$); encoder and decoder may have different numbers of layers. `lengths` (texts) says how many rows of each source are real, at least one; the padding behind them may hold any numbers. Scores may run into the thousands.

    A tiny example: sources of one real token, two encoder layers, all matrices the identity, one decoder layer. Every row then has the last state of that token added to it.
    """,
    slot='''
    def one_memory(x, states, lengths, w_q, w_k, w_v, w_o):
        """The rows of the decoder after the cross-attention of all its layers.

        x: (texts, n, d); states: (encoder layers, texts, m, d); lengths: (texts,)
        w_q, w_k: (decoder layers, d, d_k); w_v: (decoder layers, d, d_v); w_o: (decoder layers, d_v, d)
        result: (texts, n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab import masks, reference"),
    hints=(
        "The result has the shape of `x`, and it does not move if one of the earlier `states` is changed.",
        "The memory is the output of the last encoder layer, for every decoder layer. What differs from layer to layer is the four matrices, and the `x` that asks.",
        "```python\ny = states[____]\nmask = masks.padding(lengths, ____)\nfor layer in range(____):\n    q, k, v = ____ @ w_q[layer], ____ @ w_k[layer], ____ @ w_v[layer]\n    x = ____ + reference.attention(q, k, v, ____) @ w_o[layer]\nreturn x\n```",
    ),
    parsons=("each_layer_its_own_encoder_layer", "residual_from_the_memory"),
    why=r"""
    The encoder is finished before the decoder begins, so all of the decoder reads its last output. Each decoder layer still sees something different, since it has its own $W_K$ and $W_V$.

    **The two most common mistakes.** Handing encoder layer $l$ to decoder layer $l$: it needs as many layers on both sides, trains, and has been found in published code. Letting every layer ask with the first `x`: then no layer can look for something that an earlier one has found to be missing.

    **Cost.** For each layer $n\,m$ scores, and the projection of the $m$ rows of the memory to keys and values: once for a whole translation.
    """,
    verified="three encoder and two decoder layers, five and three, two and four, as many on both sides with n = m, a source of one token, and scores of thousands.",
    next_thought="which of the `states` need to be kept at all, once the encoder is done?",
    reference=_reference,
)

_rng = np.random.default_rng(31)


def _case(n_encoder, n_decoder, texts, n, m, d, d_k, d_v, lengths):
    x, states = _rng.normal(size=(texts, n, d)), _rng.normal(size=(n_encoder, texts, m, d))
    shapes = ((d, d_k), (d, d_k), (d, d_v), (d_v, d))
    return x, states, np.array(lengths), *(0.6 * _rng.normal(size=(n_decoder, *shape)) for shape in shapes)


EXERCISE.probe("3 encoder layers, 2 decoder layers, 5 rows ask 7", *_case(3, 2, 2, 5, 7, 4, 3, 2, [3, 7]))
EXERCISE.probe("2 encoder layers, 4 decoder layers", *_case(2, 4, 3, 2, 5, 3, 5, 2, [2, 5, 4]))
EXERCISE.probe("3 layers on both sides, 5 rows ask 5", *_case(3, 3, 2, 5, 5, 3, 3, 3, [4, 5]))
EXERCISE.probe("1 encoder layer, 1 decoder layer, no source fills its place", *_case(1, 1, 2, 3, 7, 5, 2, 3, [1, 6]))


def _large():
    """One decoder layer whose scores are exactly these; its answer is the weights, in the last three features."""
    scores = np.array([[4000.0, 4001.0, 9000.0], [-4000.0, -3999.0, 9000.0]])
    q, k = with_scores(scores)
    x, y = np.eye(2, 5)[None], np.eye(3, 5, k=2)[None]
    w_q, w_k = np.vstack([q, np.zeros((3, 16))]), np.vstack([np.zeros((2, 16)), k])
    return x, np.stack([y + 1, y]), np.array([2]), w_q[None], w_k[None], np.eye(5)[None], np.eye(5)[None]


EXERCISE.probe("scores from -4000 to 4001, and 9000 in the padding", *_large(), extreme=True)
EXERCISE.probe("5 encoder layers, 3 decoder layers", *_case(5, 3, 2, 3, 5, 4, 3, 2, [2, 5]))


@EXERCISE.solve
def one_memory_solution(x, states, lengths, w_q, w_k, w_v, w_o):
    y = states[-1]
    mask = masks.padding(lengths, y.shape[1])
    for layer in range(len(w_q)):
        q, k, v = x @ w_q[layer], y @ w_k[layer], y @ w_v[layer]
        x = x + reference.attention(q, k, v, mask) @ w_o[layer]
    return x


def _each(x, states, lengths, layers, read):
    """`read(x, y, w, mask)` for all layers, each time with the last state."""
    y = states[-1]
    mask = masks.padding(lengths, y.shape[1])
    for w in layers:
        x = read(x, y, w, mask)
    return x


@EXERCISE.mutant
def each_layer_its_own_encoder_layer(x, states, lengths, w_q, w_k, w_v, w_o):
    mask = masks.padding(lengths, states.shape[2])
    for layer in range(len(w_q)):
        y = states[min(layer, len(states) - 1)]
        q, k, v = x @ w_q[layer], y @ w_k[layer], y @ w_v[layer]
        x = x + reference.attention(q, k, v, mask) @ w_o[layer]
    return x


@EXERCISE.mutant
def first_encoder_layer_read(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states[:1], lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(x, y, w, mask))


@EXERCISE.mutant
def residual_from_the_memory(x, states, lengths, w_q, w_k, w_v, w_o):
    y = states[-1]
    mask = masks.padding(lengths, y.shape[1])
    for layer in range(len(w_q)):
        q, k, v = x @ w_q[layer], y @ w_k[layer], y @ w_v[layer]
        x = y + reference.attention(q, k, v, mask) @ w_o[layer]
    return x


@EXERCISE.mutant
def memory_answer_not_added(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), _read)


@EXERCISE.mutant
def every_layer_asks_with_the_first_rows(x, states, lengths, w_q, w_k, w_v, w_o):
    first = np.array(x)
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(first, y, w, mask))


@EXERCISE.mutant
def first_layers_matrices_for_all(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, [(w_q[0], w_k[0], w_v[0], w_o[0])] * len(w_q), lambda x, y, w, mask: x + _read(x, y, w, mask))


@EXERCISE.mutant
def values_from_the_asker(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o),
                 lambda x, y, w, mask: x + reference.attention(x @ w[0], y @ w[1], x @ w[2], mask) @ w[3])


@EXERCISE.mutant
def keys_from_the_asker(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o),
                 lambda x, y, w, mask: x + reference.attention(x @ w[0], x @ w[1], y @ w[2], mask) @ w[3])


@EXERCISE.mutant
def queries_from_the_source(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(y, x, w, None))


@EXERCISE.mutant
def attends_to_itself(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(x, x, w, None))


@EXERCISE.mutant
def source_read_causally(x, states, lengths, w_q, w_k, w_v, w_o):
    past = np.tri(x.shape[1], states.shape[2], dtype=bool)
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(x, y, w, mask & past))


@EXERCISE.mutant
def no_mask(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(x, y, w, None))


@EXERCISE.mutant
def one_key_too_many(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, np.minimum(lengths + 1, states.shape[2]), zip(w_q, w_k, w_v, w_o), lambda x, y, w, mask: x + _read(x, y, w, mask))


@EXERCISE.mutant
def no_scale(x, states, lengths, w_q, w_k, w_v, w_o):
    return _each(x, states, lengths, zip(w_q, w_k, w_v, w_o),
                 lambda x, y, w, mask: x + reference.attention(x @ w[0], y @ w[1], y @ w[2], mask, scale=1.0) @ w[3])


@EXERCISE.holds("the earlier states of the encoder change nothing")
def earlier_states(call):
    x, states, lengths, *w = EXERCISE.probes[0].arguments
    moved = states.copy()
    moved[:-1] += 2
    gap = np.abs(np.asarray(call(x, moved, lengths, *w)) - np.asarray(call(x, states, lengths, *w))).max()
    return None if gap < 1e-6 else f"the result moves by {text.number(gap)}"


@EXERCISE.holds("padding changes nothing, whatever it contains")
def padding_is_ignored(call):
    x, states, lengths, *w = EXERCISE.probes[0].arguments
    moved = states.copy()
    moved[:, 0, 3:] += 9
    gap = np.abs(np.asarray(call(x, moved, lengths, *w)) - np.asarray(call(x, states, lengths, *w))).max()
    return None if gap < 1e-6 else f"the result moves by {text.number(gap)}"


@EXERCISE.holds("a decoder without layers gives its rows back")
def no_layers(call):
    x, states, lengths, *w = EXERCISE.probes[0].arguments
    gap = np.abs(np.asarray(call(x, states, lengths, *(matrix[:0] for matrix in w))) - x).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("the last token of the source reaches the first row")
def no_triangle(call):
    x, states, lengths, *w = EXERCISE.probes[0].arguments
    moved = states.copy()
    moved[-1, 1, -1] += 1
    gap = np.abs(np.asarray(call(x, moved, lengths, *w))[1, 0] - np.asarray(call(x, states, lengths, *w))[1, 0]).max()
    return None if gap > 1e-3 else "it does not move when that token changes"


@EXERCISE.holds("in the tiny example the last state is added")
def tiny_example(call):
    states = np.array([[[[9.0, 9.0], [5.0, 5.0]]], [[[3.0, 4.0], [7.0, 7.0]]]])
    out = np.asarray(call(np.array([[[1.0, 2.0]]]), states, np.array([1]), *[np.eye(2)[None]] * 4))
    return None if np.allclose(out, [[[4, 6]]], atol=1e-3) else f"1, 2 with the last state 3, 4 becomes {text.numbers(out.ravel())}"

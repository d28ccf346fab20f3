"""The three masks of an encoder-decoder, for a padded batch."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(source, target, pad):
    source, target = np.asarray(source), np.asarray(target)
    n = target.shape[1]
    own = np.tri(n, dtype=bool) & (target != pad)[:, None, :]
    seen = (source != pad)[:, None, :]
    encoder = np.broadcast_to(seen, (len(source), source.shape[1], source.shape[1]))
    return encoder, own, np.broadcast_to(seen, (len(source), n, source.shape[1]))


EXERCISE = Exercise(
    id="architecture.three_masks",
    title="Three masks for one batch",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/your_model",
    headings=("The lines between the pieces", "A milestone that names the piece"),
    statement=r"""
    A batch of padded sources and a batch of padded targets, as ids. Make the three masks of an encoder-decoder, each true where a token **may look**:

    - for the encoder ($m \times m$ a text): every place may look at the tokens of its source, not at padding;
    - for the decoder's self-attention ($n \times n$): at itself and the tokens before it, not at padding;
    - for cross-attention ($n \times m$): at the tokens of the source, not at its padding.

    Padding may stand in front of a text or behind it. What the *rows* of padding see does not matter to the model, so let them follow the same rules as any other row.

    A tiny example: with `pad = 0`, the source `[[7, 0]]` and the target `[[1, 5]]` the masks are `[[[T, F], [T, F]]]`, `[[[T, F], [T, T]]]` and `[[[T, F], [T, F]]]`.
    """,
    slot='''
    def three_masks(source, target, pad):
        """Masks for the encoder, the decoder's self-attention and cross-attention; true = may look.

        source: (texts, m) ids, target: (texts, n) ids; pad: the id of padding
        result: (texts, m, m), (texts, n, n), (texts, n, m), booleans
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Rows ask, columns are asked. Padding is hidden by *columns*, in all three; and whose columns they are follows from who is asked.",
        r"Encoder: $M_{ij} = [\text{source}_j \neq \text{pad}]$. Decoder: $M_{ij} = [j \le i] \cdot [\text{target}_j \neq \text{pad}]$. Cross: $M_{ij} = [\text{source}_j \neq \text{pad}]$, with a row for each token of the target.",
        "```python\n(texts, m), n = source.shape, target.shape[1]\nreal = (source != pad)[:, ____, :]\nencoder = np.broadcast_to(real, (texts, m, m))\n"
        "decoder = np.tri(n, dtype=bool) & (____ != pad)[:, None, :]\ncross = np.broadcast_to(____, (texts, n, m))\nreturn encoder, decoder, cross\n```",
    ),
    parsons=("masks_source_padding_by_rows", "masks_of_the_target_for_cross_attention"),
    why=r"""
    Two questions give each mask: whose columns are asked, and may everything of it be seen yet? The source is finished before writing begins, so two of the three have no triangle.

    **The two most common mistakes.** Hiding the padding by rows: the tokens then still read it, and only rows that are thrown away are changed. Using the target's padding in cross-attention, whose columns belong to the source.

    **Cost.** Three tables of booleans; with an axis of length one in place of the rows the first and the last need $m$ entries a text.
    """,
    verified="padding in front and behind, sources longer and shorter than targets, a text without padding, one of a single token, and thirteen places.",
    next_thought="which of the three masks may be built once for a whole translation, and which one grows with every word?",
    reference=_reference,
    returns="masks",
    parts=("encoder", "decoder", "cross"),
)

_source = np.array([[4, 5, 0, 0, 0], [6, 4, 5, 7, 8], [0, 0, 9, 4, 4]])
_target = np.array([[1, 5, 6], [1, 7, 0], [0, 1, 8]])
EXERCISE.probe("3 texts, 5 source and 3 target places, padding on either side", _source, _target, 0)
EXERCISE.probe("more target than source places", np.array([[3, 3], [3, 9]]), np.array([[1, 4, 9, 9, 9, 9, 9], [1, 2, 5, 6, 7, 4, 9]]), 9)
EXERCISE.probe("as many source as target places", np.array([[4, 0, 0], [4, 5, 6]]), np.array([[1, 8, 9], [1, 0, 0]]), 0)
EXERCISE.probe("one text without padding", np.array([[5, 6, 7, 8]]), np.array([[1, 2]]), 0)
EXERCISE.probe("one token each", np.array([[5]]), np.array([[1]]), 0)
EXERCISE.probe("padding in the source alone", np.array([[5, 6, 2, 2], [5, 2, 2, 2]]), np.array([[1, 7, 8], [1, 9, 7]]), 2)
EXERCISE.probe("padding in the target alone", np.array([[5, 6, 7], [8, 9, 5]]), np.array([[1, 7, 8, 2, 2], [1, 9, 2, 2, 2]]), 2)
EXERCISE.probe("13 source and 17 target places", np.array([[4] * 13, [5] * 11 + [0] * 2]), np.array([[1] * 17, [0] * 3 + [1] * 14]), 0)


@EXERCISE.solve
def three_masks_solution(source, target, pad):
    (texts, m), n = source.shape, target.shape[1]
    real = (source != pad)[:, None, :]
    encoder = np.broadcast_to(real, (texts, m, m))
    decoder = np.tri(n, dtype=bool) & (target != pad)[:, None, :]
    cross = np.broadcast_to(real, (texts, n, m))
    return encoder, decoder, cross


def _masks(source, target, pad, rows=False, triangle=True, cross_triangle=False, encoder_triangle=False, own=True, seen=True, invert=False, strict=0):
    (texts, m), n = source.shape, target.shape[1]
    real, mine = source != pad if seen else np.ones(source.shape, bool), target != pad if own else np.ones(target.shape, bool)
    if rows:
        encoder, decoder = np.broadcast_to(real[:, :, None], (texts, m, m)), np.broadcast_to(mine[:, :, None], (texts, n, n))
        cross = np.broadcast_to(mine[:, :, None], (texts, n, m))
    else:
        encoder, decoder = np.broadcast_to(real[:, None], (texts, m, m)), np.broadcast_to(mine[:, None], (texts, n, n))
        cross = np.broadcast_to(real[:, None], (texts, n, m))
    decoder = decoder & np.tri(n, k=-strict, dtype=bool) if triangle else decoder
    cross = cross & np.tri(n, m, dtype=bool) if cross_triangle else cross
    encoder = encoder & np.tri(m, dtype=bool) if encoder_triangle else encoder
    return tuple(~x if invert else x for x in (encoder, decoder, cross))


@EXERCISE.mutant
def masks_source_padding_by_rows(source, target, pad):
    (texts, m), n = source.shape, target.shape[1]
    real = (source != pad)[:, :, None]
    encoder = np.broadcast_to(real, (texts, m, m))
    decoder = np.tri(n, dtype=bool) & (target != pad)[:, :, None]
    cross = np.broadcast_to((target != pad)[:, :, None], (texts, n, m))
    return encoder, decoder, cross


@EXERCISE.mutant(evidence=text.shapes)
def masks_of_the_target_for_cross_attention(source, target, pad):
    (texts, m), n = source.shape, target.shape[1]
    real = (source != pad)[:, None, :]
    encoder = np.broadcast_to(real, (texts, m, m))
    decoder = np.tri(n, dtype=bool) & (target != pad)[:, None, :]
    cross = np.broadcast_to((target != pad)[:, None, :], (texts, n, n))
    return encoder, decoder, cross


@EXERCISE.mutant
def masks_with_a_triangle_across(source, target, pad):
    return _masks(source, target, pad, cross_triangle=True)


@EXERCISE.mutant
def masks_with_a_triangle_in_the_encoder(source, target, pad):
    return _masks(source, target, pad, encoder_triangle=True)


@EXERCISE.mutant
def masks_without_a_triangle(source, target, pad):
    return _masks(source, target, pad, triangle=False)


@EXERCISE.mutant
def masks_without_padding(source, target, pad):
    return _masks(source, target, pad, own=False, seen=False)


@EXERCISE.mutant
def masks_target_padding_forgotten(source, target, pad):
    return _masks(source, target, pad, own=False)


@EXERCISE.mutant
def masks_true_for_hidden(source, target, pad):
    return _masks(source, target, pad, invert=True)


@EXERCISE.mutant
def masks_without_itself(source, target, pad):
    return _masks(source, target, pad, strict=1)


@EXERCISE.holds("every token of a target sees itself")
def sees_itself(call):
    own = np.asarray(call(_source, _target, 0)[1])
    blind = int((~own[:, range(3), range(3)][_target != 0]).sum())
    return None if blind == 0 else f"{text.count(blind, 'token')} of 7 cannot look at itself"


@EXERCISE.holds("no token of a target sees one behind it")
def no_future(call):
    own = np.asarray(call(_source, _target, 0)[1])
    ahead = int(np.triu(own, k=1).sum())
    return None if ahead == 0 else f"{text.count(ahead, 'entry', 'entries')} above the diagonal {'is' if ahead == 1 else 'are'} true"


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([[[1, 0], [1, 0]]], [[[1, 0], [1, 1]]], [[[1, 0], [1, 0]]]), np.array([[7, 0]]), np.array([[1, 5]]), 0))

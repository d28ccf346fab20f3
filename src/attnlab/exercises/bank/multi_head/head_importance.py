"""The importance of each head for the loss."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

EXERCISE = Exercise(
    id="multi_head.head_importance",
    title="Which head matters to the loss?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="multi_head/why_many_heads",
    headings=("The importance of a head",),
    statement=r"""
    For some texts you have what each head put out, and the gradient of that text's loss with respect to it. With a gate $\xi_h$ in front of each head, find

    $$I_h = \mathbb E_x \left| \frac{\partial L(x)}{\partial \xi_h} \right|$$

    at gates of 1, the mean being over the texts.

    A tiny example: one head, one token of one feature, two texts with outputs $2$ and $1$ and gradients $3$ and $-4$. The slopes are $6$ and $-4$, so $I_0 = 5$.
    """,
    slot='''
    def head_importance(mixed, d_mixed):
        """Mean absolute slope of the loss with respect to each head's gate.

        mixed, d_mixed: (texts, H, n, d_head), the heads' outputs and the
        gradients of each text's loss with respect to them; result: (H,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Scaling one head's output by ten and its gradient by a tenth changes nothing. Two texts with opposite slopes do not cancel.",
        r"The gate multiplies every entry of the head's output. By the chain rule $\partial L / \partial \xi_h = \sum_{i,c} \text{mixed}_{ic}\; \partial L / \partial \text{mixed}_{ic}$, one number for each text and head.",
        "```python\nslopes = (____ * ____).sum(axis=____)       # texts, H\nreturn np.abs(slopes).mean(axis=____)\n```",
    ),
    parsons=("absolute_value_after_the_mean", "slopes_without_output"),
    why=r"""
    The chain rule turns the slope with respect to the gate into a scalar product: the head's output times the gradient that arrives there. One backward pass gives it for all heads.

    **The two most common mistakes.** The absolute value in the wrong place: after the mean, texts cancel; before the sum over entries, it is no slope any more. Gradients without outputs, by which a head with no output can look important.

    **Cost.** One pass forward and one backward, whatever the number of heads. Removing each head in turn would take one pass for each.
    """,
    verified="equal to moving each gate by a little, for 1, 2, 3 and 5 heads, one text and many, and whole numbers.",
    next_thought="when does the slope at 1 say little about what happens at 0?",
    reference=lambda mixed, d_mixed: np.mean(
        [[abs(np.vdot(out, slope)) for out, slope in zip(*text_)] for text_ in zip(mixed, d_mixed)], axis=0
    ),
)

_rng = np.random.default_rng(13)
_mixed, _slopes = _rng.normal(size=(2, 11, 3, 5, 2))
EXERCISE.probe("11 texts, 3 heads, 5 tokens of 2 features", _mixed, _slopes)
EXERCISE.probe("2 texts, 5 heads, 3 tokens of 7 features", *_rng.normal(size=(2, 2, 5, 3, 7)))
EXERCISE.probe("3 texts, 2 heads, one token of one feature", *_rng.normal(size=(2, 3, 2, 1, 1)))
EXERCISE.probe("one text, 2 heads, 3 tokens of 3 features", *_rng.normal(size=(2, 1, 2, 3, 3)))
EXERCISE.probe("7 texts, one head, 2 tokens of 5 features", *_rng.normal(size=(2, 7, 1, 2, 5)))
EXERCISE.probe("whole numbers", np.array([[[[2]]], [[[1]]]]), np.array([[[[3]]], [[[-4]]]]))


@EXERCISE.solve
def head_importance_solution(mixed, d_mixed):
    slopes = (mixed * d_mixed).sum(axis=(2, 3))
    return np.abs(slopes).mean(axis=0)


@EXERCISE.mutant
def absolute_value_after_the_mean(mixed, d_mixed):
    slopes = (mixed * d_mixed).sum(axis=(2, 3))
    return np.abs(slopes.mean(axis=0))


@EXERCISE.mutant
def slopes_without_output(mixed, d_mixed):
    slopes = d_mixed.sum(axis=(2, 3))
    return np.abs(slopes).mean(axis=0)


@EXERCISE.mutant
def output_without_slopes(mixed, d_mixed):
    return np.abs(mixed.sum(axis=(2, 3))).mean(axis=0)


@EXERCISE.mutant
def absolute_value_of_each_entry(mixed, d_mixed):
    return np.abs(mixed * d_mixed).sum(axis=(2, 3)).mean(axis=0)


@EXERCISE.mutant
def slopes_summed_over_texts(mixed, d_mixed):
    return np.abs((mixed * d_mixed).sum(axis=(2, 3))).sum(axis=0)


@EXERCISE.mutant
def mean_over_entries(mixed, d_mixed):
    return np.abs((mixed * d_mixed).mean(axis=(2, 3))).mean(axis=0)


@EXERCISE.mutant
def signed_importance(mixed, d_mixed):
    return (mixed * d_mixed).sum(axis=(2, 3)).mean(axis=0)


@EXERCISE.mutant
def product_of_lengths(mixed, d_mixed):
    return (np.linalg.norm(mixed, axis=(2, 3)) * np.linalg.norm(d_mixed, axis=(2, 3))).mean(axis=0)


@EXERCISE.mutant
def root_mean_square_importance(mixed, d_mixed):
    return np.sqrt(((mixed * d_mixed).sum(axis=(2, 3)) ** 2).mean(axis=0))


@EXERCISE.mutant
def importance_of_each_token(mixed, d_mixed):
    return np.abs((mixed * d_mixed).sum(axis=3)).sum(axis=2).mean(axis=0)


@EXERCISE.mutant
def importance_as_a_share(mixed, d_mixed):
    found = np.abs((mixed * d_mixed).sum(axis=(2, 3))).mean(axis=0)
    return found / found.sum()


@EXERCISE.holds("two texts with opposite slopes do not cancel")
def no_cancelling(call):
    both = np.stack([_slopes[0], -_slopes[0]])
    found = call(np.stack([_mixed[0]] * 2), both)
    wanted = np.abs((_mixed[0] * _slopes[0]).sum(axis=(1, 2)))
    gap = np.abs(found - wanted).max()
    return None if gap < 1e-6 else f"the score of a head is off by {text.number(gap)}"


@EXERCISE.holds("a head that writes nothing has the score 0")
def silent_head(call):
    silent = _mixed.copy()
    silent[:, 1] = 0
    found = call(silent, _slopes)[1]
    return None if abs(found) < 1e-9 else f"it has {text.number(found)}"


EXERCISE.holds("outputs of 2 and 1 with gradients of 3 and -4 have the score 5")(
    comes_out([5.0], np.array([[[[2.0]]], [[[1.0]]]]), np.array([[[[3.0]]], [[[-4.0]]]])))
EXERCISE.holds("within one text products of 6 and -4 make a slope of 2")(
    comes_out([2.0], np.array([[[[2.0, 1.0]]]]), np.array([[[[3.0, -4.0]]]])))


@EXERCISE.holds("the texts twice over have the same scores")
def texts_twice(call):
    gap = np.abs(call(np.concatenate([_mixed, _mixed]), np.concatenate([_slopes, _slopes])) - call(_mixed, _slopes)).max()
    return None if gap < 1e-3 else f"the score of a head changes by {text.number(gap)}"


@EXERCISE.holds("scaling a head's output by ten and its gradient by a tenth changes nothing")
def scale_free(call):
    gap = np.abs(call(10 * _mixed, _slopes / 10) - call(_mixed, _slopes)).max()
    return None if gap < 1e-3 else f"the score of a head changes by {text.number(gap)}"

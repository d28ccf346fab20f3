"""DeepSeek-V3's way of choosing: sigmoid scores, a bias in the choice alone, the best groups, weights of a given total."""

from __future__ import annotations

import functools

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone
from attnlab.reference.layers import experts as of


def _whole(logits, bias, k, n_groups, n_kept, total, score=of.sigmoid, weigh=None, limit=None, inside=True):
    """Weights of all experts, 0 for those that are not chosen."""
    logits, bias = np.asarray(logits, dtype=float), np.asarray(bias, dtype=float)
    limit = limit or functools.partial(of.best_groups, n_groups=n_groups, n_kept=n_kept)
    scores = score(logits)
    wanted = np.where(limit(scores + bias), scores + bias, -np.inf) if inside else scores + bias
    experts = np.argsort(-wanted, axis=-1, kind="stable")[:, :k]
    chosen = np.take_along_axis(scores, experts, -1)
    out = np.zeros_like(logits)
    np.put_along_axis(out, experts, of.shares(chosen, total) if weigh is None else weigh(chosen, experts), -1)
    return out


def _reference(logits, bias, k, n_groups, n_kept, total):
    return _whole(logits, bias, k, n_groups, n_kept, total)


EXERCISE = Exercise(
    id="variants.grouped_sigmoid_route",
    title="Choose as DeepSeek-V3 does",
    level="apply",
    minutes=25,
    difficulty=3,
    page="variants/mixture_of_experts",
    headings=("Balance by a bias", "Narrow experts, shared experts, groups"),
    statement=r"""
    The router of a layer with $E$ experts gives `logits` of shape (tokens, $E$). The experts stand in `n_groups` equal groups, neighbours together. For each token:

    1. the **score** of an expert is the sigmoid of its logit; what is *wanted* is score + `bias`;
    2. a group is worth the sum of its **two** largest wanted numbers; the `n_kept` groups of largest worth stay;
    3. of the experts in these groups the `k` with the largest wanted numbers are chosen;
    4. their **weights** are their scores, without the bias, scaled so that those of a token add up to `total`.

    Return a table of shape (tokens, $E$): the weight of each expert, and 0 for those that are not chosen. A bias may be negative or large. No two experts or groups are equal; a group has at least two experts, and there are at least `k` in the groups that stay.

    A tiny example: with the logits `[[0, 0, 2, -2]]`, the bias `[0.1, 0, 0, 0]`, `k = 1`, `n_groups = 2`, `n_kept = 1` and `total = 2`, the groups are worth $0.6 + 0.5$ and $0.881 + 0.119$; the first stays, and the answer is `[[2, 0, 0, 0]]`.
    """,
    slot='''
    def grouped_sigmoid_route(logits, bias, k, n_groups, n_kept, total):
        """The weight of each expert for each token, 0 where it is not chosen.

        logits: (tokens, experts); bias: (experts,); k, n_groups, n_kept: whole numbers; total: above 0
        result: (tokens, experts)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The same bias for all experts changes nothing, however large it is. Each row has `k` numbers above 0, which add up to `total`.",
        r"Keep two tables apart: scores $s = 1 / (1 + e^{-z})$ for the weights, and $s + b$ for groups and choice. What stands in another group is no candidate at all: $-\infty$, not 0.",
        "```python\nscores = 1 / (1 + np.exp(-logits))\ngroups = (scores + bias).reshape(len(logits), n_groups, ____)\n"
        "worth = np.sort(groups, axis=-1)[..., ____].sum(axis=-1)\nstays = worth >= np.sort(worth, axis=-1)[:, ____, None]\n"
        "wanted = np.where(stays[..., None], groups, ____).reshape(scores.shape)\nchosen = wanted >= np.sort(wanted, axis=-1)[:, ____, None]\n"
        "weights = np.where(chosen, ____, 0)\nreturn total * weights / ____\n```",
    ),
    parsons=("routing_bias_in_the_weights", "routing_excluded_scored_zero"),
    why=r"""
    The bias is a thumb on the scale of the *choice*; it is moved so that the load is even. If it entered the weights too, balancing would change what is computed, and an expert would speak louder the less it is used.

    **The two most common mistakes.** Weights from score + bias: it has happened in at least two public libraries, and no shape and no sum tells. Giving excluded experts the number 0: it works until the biases push the candidates below it.

    **Cost.** A sort of $E$ numbers a token, beside the product that made the logits.
    """,
    verified="equal to the definition for 1 to 60 tokens, 4 to 24 experts in 2 to 6 groups, biases from -9 to 9, logits of 300, whole numbers and float32.",
    next_thought="why are a group's two best experts added, and not all of them, if a token may well use only one expert of it?",
    reference=_reference,
)

_rng = np.random.default_rng(31)


def _case(seed, tokens, groups, size, k, kept, total=1.0, centre=0.0, spread=1.5):
    rng = np.random.default_rng(seed)
    n = groups * size
    return rng.normal(size=(tokens, n)) * spread, centre + rng.normal(size=n) / 4, k, groups, kept, total


EXERCISE.probe("60 tokens, 4 groups of 3", *_case(1, 60, 4, 3, 3, 2, 2.5))
EXERCISE.probe("40 tokens, 6 groups of 4", *_case(2, 40, 6, 4, 5, 3, 1.5))
EXERCISE.probe("40 tokens, 3 groups of 5, one stays", *_case(3, 40, 3, 5, 2, 1, 0.7))
EXERCISE.probe("negative biases", *_case(4, 40, 4, 3, 4, 2, 2.5, centre=-4.0))
EXERCISE.probe("large biases", *_case(5, 40, 4, 3, 4, 3, 1.0, centre=5.0))
EXERCISE.probe("all groups stay", *_case(6, 20, 2, 6, 7, 2, 1.2))
EXERCISE.probe("one expert a token", *_case(7, 40, 5, 2, 1, 2, 3.0))
EXERCISE.probe("all experts of the groups that stay", *_case(8, 20, 4, 2, 4, 2, 1.0))
EXERCISE.probe("one group", *_case(9, 20, 1, 7, 3, 1, 2.0))
EXERCISE.probe("one token", *_case(10, 1, 3, 4, 3, 2, 2.0))
EXERCISE.probe("whole numbers", np.array([[3, -1, 2, 0, 5, -4], [1, 4, -2, -3, 0, 2]]), np.array([0, 1, 0, -1, 0, 0]), 2, 3, 2, 2)
EXERCISE.probe("single precision", *(part.astype(np.float32) if isinstance(part, np.ndarray) else part for part in _case(11, 20, 4, 3, 3, 2)))
EXERCISE.probe("logits of hundreds", np.array([[300.0, -200.0, 5.0, -300.0], [-300.0, 2.0, 250.0, -1.0]]), np.array([0.0, 0.1, 0.2, -0.3]), 2, 2, 1, 1.0,
               extreme=True)
EXERCISE.probe("square: as many tokens as experts", *_case(12, 12, 4, 3, 3, 2, 2.5))
EXERCISE.probe("70 tokens, 8 groups of 8, 8 experts", *_case(13, 70, 8, 8, 8, 4, 2.5))
EXERCISE.probe("biases of minus fifty thousand", *_case(14, 11, 4, 3, 4, 2, 1.5, centre=-50000.0))
_faint = _case(15, 9, 3, 4, 3, 2, 2.5)
EXERCISE.probe("scores of a billionth of a millionth", _faint[0] - 34, 4 * _faint[1], *_faint[2:])


@EXERCISE.solve
def grouped_sigmoid_route_solution(logits, bias, k, n_groups, n_kept, total):
    scores = np.exp(-np.logaddexp(0, -logits))
    groups = (scores + bias).reshape(len(logits), n_groups, -1)
    worth = np.sort(groups, axis=-1)[..., -2:].sum(axis=-1)
    stays = worth >= np.sort(worth, axis=-1)[:, -n_kept, None]
    wanted = np.where(stays[..., None], groups, -np.inf).reshape(scores.shape)
    chosen = wanted >= np.sort(wanted, axis=-1)[:, -k, None]
    weights = np.where(chosen, scores, 0)
    return total * weights / weights.sum(axis=-1, keepdims=True)


@EXERCISE.mutant
def routing_bias_in_the_weights(logits, bias, k, n_groups, n_kept, total):
    scores = np.exp(-np.logaddexp(0, -logits))
    groups = (scores + bias).reshape(len(logits), n_groups, -1)
    worth = np.sort(groups, axis=-1)[..., -2:].sum(axis=-1)
    stays = worth >= np.sort(worth, axis=-1)[:, -n_kept, None]
    wanted = np.where(stays[..., None], groups, -np.inf).reshape(scores.shape)
    chosen = wanted >= np.sort(wanted, axis=-1)[:, -k, None]
    weights = np.where(chosen, wanted, 0)
    return total * weights / weights.sum(axis=-1, keepdims=True)


@EXERCISE.mutant
def routing_excluded_scored_zero(logits, bias, k, n_groups, n_kept, total):
    scores = np.exp(-np.logaddexp(0, -logits))
    groups = (scores + bias).reshape(len(logits), n_groups, -1)
    worth = np.sort(groups, axis=-1)[..., -2:].sum(axis=-1)
    stays = worth >= np.sort(worth, axis=-1)[:, -n_kept, None]
    wanted = np.where(stays[..., None], groups, 0).reshape(scores.shape)
    chosen = wanted >= np.sort(wanted, axis=-1)[:, -k, None]
    weights = np.where(chosen, scores, 0)
    return total * weights / weights.sum(axis=-1, keepdims=True)


def _groups_by(worth):
    """A limit that ranks the groups by another number."""

    def limit(scores, n_groups, n_kept):
        parts = scores.reshape(len(scores), n_groups, -1)
        stays = np.argsort(-worth(parts), axis=-1, kind="stable")[:, :n_kept]
        may = np.zeros((len(scores), n_groups), dtype=bool)
        np.put_along_axis(may, stays, True, axis=-1)
        return np.repeat(may, parts.shape[-1], axis=-1)

    return limit


def _with(worth, arguments):
    return functools.partial(_groups_by(worth), n_groups=arguments[3], n_kept=arguments[4])


@EXERCISE.mutant
def routing_group_by_its_best(*arguments):
    return _whole(*arguments, limit=_with(lambda parts: parts.max(axis=-1), arguments))


@EXERCISE.mutant
def routing_group_by_its_sum(*arguments):
    return _whole(*arguments, limit=_with(lambda parts: parts.sum(axis=-1), arguments))


@EXERCISE.mutant
def routing_groups_ranked_without_the_bias(*arguments):
    bias = np.asarray(arguments[1], dtype=float)
    worth = lambda parts: np.sort(parts - bias.reshape(arguments[3], -1), axis=-1)[..., -2:].sum(axis=-1)
    return _whole(*arguments, limit=_with(worth, arguments))


@EXERCISE.mutant
def routing_groups_ignored(*arguments):
    return _whole(*arguments, inside=False)


@EXERCISE.mutant
def routing_softmax_for_sigmoid(*arguments):
    return _whole(*arguments, score=of.softmax)


@EXERCISE.mutant
def routing_bias_ignored(logits, bias, *rest):
    return _whole(logits, np.zeros(np.shape(bias)), *rest)


@EXERCISE.mutant(evidence=text.row_sums)
def routing_weights_not_shared_out(logits, bias, k, n_groups, n_kept, total):
    return _whole(logits, bias, k, n_groups, n_kept, total, weigh=lambda chosen, experts: total * chosen)


@EXERCISE.mutant(evidence=text.row_sums)
def routing_total_forgotten(logits, bias, k, n_groups, n_kept, total):
    return _whole(logits, bias, k, n_groups, n_kept, 1.0)


@EXERCISE.mutant(evidence=text.row_sums)
def routing_shared_out_over_all_experts(logits, bias, k, n_groups, n_kept, total):
    sums = of.sigmoid(np.asarray(logits, dtype=float)).sum(axis=-1, keepdims=True)
    return _whole(logits, bias, k, n_groups, n_kept, total, weigh=lambda chosen, experts: total * chosen / sums)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[2, 0, 0, 0]], np.array([[0.0, 0.0, 2.0, -2.0]]), np.array([0.1, 0.0, 0.0, 0.0]), 1, 2, 1, 2))


@EXERCISE.holds("the same bias for all experts changes nothing")
def same_bias(call):
    logits, bias, *rest = _case(1, 60, 4, 3, 3, 2, 2.5)
    before = np.asarray(call(logits, bias, *rest), dtype=float)
    for more in (-9.0, 9.0):
        gap = np.abs(np.asarray(call(logits, bias + more, *rest), dtype=float) - before).max()
        if not gap < 1e-4:
            return f"with {text.number(more)} added to all biases a weight moves by {text.number(gap)}"
    return None


@EXERCISE.holds("k experts of each token have a weight, and a token's weights add up to the total")
def sums(call):
    out = np.asarray(call(*_case(2, 40, 6, 4, 5, 3, 1.5)), dtype=float)
    if not ((out > 0).sum(axis=-1) == 5).all():
        return f"the first tokens use {text.numbers((out > 0).sum(axis=-1))} experts, expected 5 each"
    return None if np.allclose(out.sum(axis=-1), 1.5, atol=1e-4) else f"the rows add up to {text.numbers(out.sum(axis=-1))}, expected 1.5"


@EXERCISE.holds("a token does not depend on the others")
def rows_alone(call):
    logits, *rest = _case(1, 60, 4, 3, 3, 2, 2.5)
    gap = np.abs(np.asarray(call(logits, *rest), dtype=float)[3:4] - np.asarray(call(logits[3:4], *rest), dtype=float)).max()
    return None if gap < 1e-4 else f"token 3 alone gets weights that differ by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(3, 5, 3, 5, 2, 1)))

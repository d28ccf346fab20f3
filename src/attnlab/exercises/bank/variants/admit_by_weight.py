"""Capacity in another order: an expert that is full keeps the tokens that want it most."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _kept(experts, weights, places, order=None, per_column=False, group=None):
    experts, weights = np.asarray(experts), np.asarray(weights, dtype=float)
    out = np.zeros(weights.shape)
    columns = [[c] for c in range(experts.shape[1])] if per_column else [range(experts.shape[1])]
    for some in columns:
        for e in [None] if group else np.unique(experts):
            at = [(t, c) for c in some for t in range(len(experts)) if e is None or experts[t, c] == e]
            at.sort(key=order or (lambda place: -weights[place]))
            for place in at[:places]:
                out[place] = weights[place]
    return out


def _reference(experts, weights, places):
    return _kept(experts, weights, places)


EXERCISE = Exercise(
    id="variants.admit_by_weight",
    title="Who keeps a place when an expert is full",
    level="apply",
    minutes=20,
    difficulty=2,
    page="variants/mixture_of_experts",
    headings=("Capacity, and what is dropped",),
    statement=r"""
    The page gives the places of an expert to first choices first, and to earlier tokens before later ones. Give them by **weight** instead: of all choices that fell on an expert, first, second or later ones, the `places` with the largest weights are computed, and the others are dropped.

    `experts[t]` holds the $k$ different experts of token $t$, `weights[t]` their weights. Return the weights after dropping: 0 for a choice that is dropped, and for the others the weight **as it was** (what is left of a token's weights is not shared out anew). No two weights are equal, all are above 0, and `places` may be 0.

    A tiny example: with one place each, `experts = [[0, 1], [0, 2]]` and `weights = [[0.6, 0.4], [0.7, 0.3]]` give `[[0, 0.4], [0.7, 0.3]]`: both want expert 0, and the second token wants it more.
    """,
    slot='''
    def admit_by_weight(experts, weights, places):
        """The weights, with 0 for each choice that finds no place.

        experts: (tokens, k) whole numbers; weights: (tokens, k); places: a whole number, 0 or more
        result: (tokens, k)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "No expert computes more than `places` choices, and every choice that is dropped has a smaller weight than all that its expert computes.",
        "A choice stands if fewer than `places` choices of the *same expert* have a larger weight, whichever column they stand in.",
        "```python\ne, w = experts.ravel(), ____\nsame = e[:, None] == ____\nlarger = w[None, :] > ____\nbefore = (same & larger).sum(axis=____)\n"
        "return np.where(before < ____, w, 0).reshape(____)\n```",
    ),
    parsons=("admit_smallest_first", "admit_place_for_each_column"),
    why=r"""
    By weight, what is dropped is what matters least, and the order of the tokens in the batch no longer matters. But the result still depends on the other tokens; and while a text is written token by token, those that would compete are not there yet.

    **The two most common mistakes.** Places for each column: an expert that is first choice of some and second of others then gets twice as many. Sharing out what is left: a token that lost an expert would speak with full voice through the other.

    **Cost.** A sort of the choices; the table of comparisons in the solution is quadratic in their number, and good for small batches alone.
    """,
    verified="equal to a sort for each expert, for 1 to 40 tokens, 1 to 4 choices, 0 places to more than needed, whole numbers and float32.",
    next_thought="which choices would be dropped if the weights were made to add up to 1 before the comparison, and which if not?",
    reference=_reference,
)


def _case(seed, tokens, k, n, places, lean=0.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(tokens, n)) + lean * (np.arange(n) < 2)
    experts = np.argsort(-logits, axis=-1)[:, :k]
    weights = np.exp(np.take_along_axis(logits, experts, -1)) + 0.01 * rng.random((tokens, k))
    return experts, weights / weights.sum(axis=-1, keepdims=True) if k > 1 else weights / 9, places


EXERCISE.probe("17 tokens, 2 of 5 experts, 4 places", *_case(1, 17, 2, 5, 4, 1.0))
EXERCISE.probe("40 tokens, 3 of 7 experts, 11 places", *_case(2, 40, 3, 7, 11, 1.0))
EXERCISE.probe("13 tokens, 1 of 4 experts, 3 places", *_case(3, 13, 1, 4, 3, 1.0))
EXERCISE.probe("11 tokens, 4 of 5 experts, 5 places", *_case(4, 11, 4, 5, 5))
EXERCISE.probe("one place", *_case(5, 9, 2, 4, 1))
EXERCISE.probe("no place", *_case(6, 7, 2, 4, 0))
EXERCISE.probe("places for all", *_case(7, 9, 2, 5, 9))
EXERCISE.probe("one token", *_case(8, 1, 3, 5, 1))
EXERCISE.probe("all want one expert", np.zeros((7, 1), dtype=int), np.array([[0.3], [0.9], [0.1], [0.5], [0.8], [0.2], [0.7]]), 3)
EXERCISE.probe("weights that are whole numbers", np.array([[0, 1], [1, 0], [0, 2], [2, 1]]), np.array([[5, 2], [7, 9], [1, 3], [8, 4]]), 2)
_single = _case(9, 13, 2, 5, 3, 1.0)
EXERCISE.probe("single precision", _single[0], _single[1].astype(np.float32), 3)
EXERCISE.probe("experts with numbers far apart", 1000 * _case(10, 11, 2, 5, 2)[0] + 7, _case(10, 11, 2, 5, 2)[1], 2)
EXERCISE.probe("square", *_case(11, 4, 4, 4, 2))
_wide, _near = _case(12, 70, 6, 9, 29, 1.0), _case(13, 12, 2, 3, 3)
EXERCISE.probe("70 tokens, 6 of 9 experts, 29 places", *_wide)
EXERCISE.probe("weights that differ by a billionth", _near[0], 0.5 + 1e-9 * np.argsort(np.argsort(_near[1].ravel())).reshape(_near[1].shape), 3)
EXERCISE.probe("large and tiny weights", np.zeros((6, 1), dtype=int), np.array([[1e-9], [1.0], [3e-9], [2e3], [2e-9], [7e-8]]), 4)
EXERCISE.probe("five places, seven want them", np.zeros((7, 1), dtype=int), np.array([[0.3], [0.9], [0.1], [0.5], [0.8], [0.2], [0.7]]), 5)


@EXERCISE.solve
def admit_by_weight_solution(experts, weights, places):
    e, w = experts.ravel(), weights.ravel()
    same = e[:, None] == e[None, :]
    larger = w[None, :] > w[:, None]
    before = (same & larger).sum(axis=1)
    return np.where(before < places, w, 0).reshape(weights.shape)


@EXERCISE.mutant
def admit_smallest_first(experts, weights, places):
    e, w = experts.ravel(), weights.ravel()
    same = e[:, None] == e[None, :]
    smaller = w[None, :] < w[:, None]
    before = (same & smaller).sum(axis=1)
    return np.where(before < places, w, 0).reshape(weights.shape)


@EXERCISE.mutant
def admit_place_for_each_column(experts, weights, places):
    out = np.zeros(weights.shape)
    for c in range(experts.shape[1]):
        e, w = experts[:, c], weights[:, c]
        same = e[:, None] == e[None, :]
        larger = w[None, :] > w[:, None]
        before = (same & larger).sum(axis=1)
        out[:, c] = np.where(before < places, w, 0)
    return out


@EXERCISE.mutant
def admit_first_come(experts, weights, places):
    return _kept(experts, weights, places, order=lambda place: (place[1], place[0]))


@EXERCISE.mutant
def admit_token_by_token(experts, weights, places):
    return _kept(experts, weights, places, order=lambda place: place)


@EXERCISE.mutant
def admit_first_choices_before_weights(experts, weights, places):
    weights = np.asarray(weights, dtype=float)
    return _kept(experts, weights, places, order=lambda place: (place[1], -weights[place]))


@EXERCISE.mutant
def admit_one_too_many(experts, weights, places):
    return _kept(experts, weights, places + 1)


@EXERCISE.mutant
def admit_one_too_few(experts, weights, places):
    return _kept(experts, weights, max(places - 1, 0))


@EXERCISE.mutant
def admit_places_for_all_experts_together(experts, weights, places):
    return _kept(experts, weights, places, group=True)


@EXERCISE.mutant(evidence=text.row_sums)
def admit_rest_shared_out(experts, weights, places):
    kept, whole = _kept(experts, weights, places), np.asarray(weights, dtype=float).sum(axis=1, keepdims=True)
    left = kept.sum(axis=1, keepdims=True)
    return kept * whole / np.where(left > 0, left, 1)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[0, 0.4], [0.7, 0.3]], np.array([[0, 1], [0, 2]]), np.array([[0.6, 0.4], [0.7, 0.3]]), 1))


@EXERCISE.holds("no expert computes more choices than it has places")
def at_most(call):
    experts, weights, places = _case(2, 40, 3, 7, 11, 1.0)
    kept = np.asarray(call(experts, weights, places), dtype=float) > 0
    most = max(int((kept & (experts == e)).sum()) for e in range(7))
    return None if most <= places else f"an expert with {places} places computes {most} choices"


@EXERCISE.holds("the order of the tokens does not matter")
def order(call):
    experts, weights, places = _case(1, 17, 2, 5, 4, 1.0)
    turned = np.asarray(call(experts[::-1].copy(), weights[::-1].copy(), places), dtype=float)[::-1]
    gap = np.abs(turned - np.asarray(call(experts, weights, places), dtype=float)).max()
    return None if gap < 1e-6 else f"with the tokens in reverse a weight changes by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 17, 2, 5, 4)))

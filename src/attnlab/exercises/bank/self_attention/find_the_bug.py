"""Given weights from an unknown hand, say what is wrong with them."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.reference import softmax


def _suspects(q, k):
    raw = q @ k.T
    scores = raw / np.sqrt(q.shape[-1])
    return {
        "correct": softmax(scores),
        "not scaled": softmax(raw),
        "wrong axis": softmax(scores, axis=0),
        "swapped": softmax(scores.T),
        "softmax twice": softmax(softmax(scores)),
    }


def _reference(q, k, weights):
    return min(_suspects(q, k).items(), key=lambda pair: np.abs(pair[1] - weights).max())[0]


EXERCISE = Exercise(
    id="self_attention.find_the_bug",
    title="Whose bug is it?",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="self_attention/scaled_dot_product",
    headings=("What goes wrong",),
    statement=r"""
    Somebody computed attention weights from `q` and `k`, both of shape ($n$, $d_k$), and all the shapes are right. Write the detective: return one of these strings.

    | verdict | the weights are |
    |---|---|
    | `"correct"` | softmax of $QK^\top/\sqrt{d_k}$ along the keys |
    | `"not scaled"` | the same without $\sqrt{d_k}$ |
    | `"wrong axis"` | the softmax taken along the queries |
    | `"swapped"` | $Q$ and $K$ exchanged |
    | `"softmax twice"` | the softmax of the correct weights |

    The weights were rounded to 7 decimals. A tiny example: if every row of `weights` adds up to 2, 0.5 or the like while every column adds up to 1, it is `"wrong axis"`.
    """,
    slot='''
    def find_the_bug(q, k, weights):
        """The name of what was done to get these weights.

        q, k: (n, d_k), weights: (n, n)
        result: "correct", "not scaled", "wrong axis", "swapped" or "softmax twice"
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    returns="labels",
    hints=(
        "Shapes, row sums and the position of the largest weight each fit *several* of the verdicts. Only the values tell them all apart.",
        r"Compute what each suspect would have produced and compare it with the evidence; rounding means that equal is *close*, not identical.",
        "```python\nraw = q @ k.T\nscores = raw / np.sqrt(q.shape[-1])\nsuspects = {\n    \"correct\": softmax(scores),\n    \"not scaled\": ____,\n"
        "    \"wrong axis\": ____,\n    \"swapped\": ____,\n    \"softmax twice\": ____,\n}\n"
        "return next(name for name, made in suspects.items() if ____)\n```",
    ),
    parsons=("mean_as_evidence", "exact_comparison"),
    why=r"""
    This is how a check works, and a good test too: not *does it look right*, but *which of the things I can think of does it equal*.

    **The two most common mistakes.** Trusting row sums: three of the four bugs pass. Trusting the largest weight of each row: leaving out the scale or doubling the softmax does not move it,
    so the key with the largest weight is still the right one, and the model may look sound.

    **Cost.** One attention for each suspect. Tests that compare values are cheap; the bug that they would have found is not.
    """,
    verified="all five verdicts on three sets of queries and keys, one with nearly equal scores.",
    next_thought="with only one query, which of the verdicts could nobody tell apart?",
    reference=_reference,
)

_rng = np.random.default_rng(13)
for _n, _d, _size, _about in ((7, 5, 1.0, "7 tokens"), (5, 11, 1.0, "5 tokens"), (3, 5, 0.03, "3 tokens with nearly equal scores")):
    _q, _k = _size * _rng.normal(size=(_n, _d)), _size * _rng.normal(size=(_n, _d))
    for _name, _weights in _suspects(_q, _k).items():
        EXERCISE.probe(f"{_about}, the case {_name}", _q, _k, _weights.round(7))


@EXERCISE.solve
def find_the_bug_solution(q, k, weights):
    raw = q @ k.T
    scores = raw / np.sqrt(q.shape[-1])
    suspects = {}
    suspects["correct"] = softmax(scores)
    suspects["not scaled"] = softmax(raw)
    suspects["wrong axis"] = softmax(scores, axis=0)
    suspects["swapped"] = softmax(scores.T)
    suspects["softmax twice"] = softmax(softmax(scores))
    return next(name for name, made in suspects.items() if np.allclose(made, weights, atol=1e-5))


@EXERCISE.mutant
def shapes_as_evidence(q, k, weights):
    return "correct" if weights.shape == (len(q), len(k)) else "swapped"


@EXERCISE.mutant
def row_sums_as_evidence(q, k, weights):
    return "correct" if np.allclose(weights.sum(axis=-1), 1, atol=1e-5) else "wrong axis"


@EXERCISE.mutant
def largest_weight_as_evidence(q, k, weights):
    order = ["correct", "not scaled", "softmax twice", "wrong axis", "swapped"]
    made = _suspects(q, k)
    same = (name for name in order if (made[name].argmax(axis=-1) == weights.argmax(axis=-1)).all())
    return next(same, "swapped")


@EXERCISE.mutant(same_as="shapes_as_evidence")
def mean_as_evidence(q, k, weights):
    raw = q @ k.T
    scores = raw / np.sqrt(q.shape[-1])
    suspects = {}
    suspects["correct"] = softmax(scores)
    suspects["not scaled"] = softmax(raw)
    suspects["wrong axis"] = softmax(scores, axis=0)
    suspects["swapped"] = softmax(scores.T)
    suspects["softmax twice"] = softmax(softmax(scores))
    return next(name for name, made in suspects.items() if np.isclose(made.mean(), weights.mean(), atol=1e-5))


@EXERCISE.mutant(same_as="shapes_as_evidence")
def exact_comparison(q, k, weights):
    raw = q @ k.T
    scores = raw / np.sqrt(q.shape[-1])
    suspects = {}
    suspects["correct"] = softmax(scores)
    suspects["not scaled"] = softmax(raw)
    suspects["wrong axis"] = softmax(scores, axis=0)
    suspects["swapped"] = softmax(scores.T)
    suspects["softmax twice"] = softmax(softmax(scores))
    return next((name for name, made in suspects.items() if np.array_equal(made, weights)), "correct")


@EXERCISE.mutant
def transpose_for_swap(q, k, weights):
    suspects = _suspects(q, k)
    suspects["swapped"], suspects["wrong axis"] = suspects["wrong axis"], suspects["swapped"]
    return next(name for name, made in suspects.items() if np.allclose(made, weights, atol=1e-5))


@EXERCISE.mutant
def scale_not_suspected(q, k, weights):
    verdict = _reference(q, k, weights)
    return "correct" if verdict == "not scaled" else verdict


@EXERCISE.mutant
def softmax_twice_not_suspected(q, k, weights):
    verdict = _reference(q, k, weights)
    return "correct" if verdict == "softmax twice" else verdict


@EXERCISE.holds("right weights are found correct")
def clears_the_innocent(call):
    verdict = str(call(_q, _k, softmax(_q @ _k.T / np.sqrt(_q.shape[-1]))))
    return None if verdict == "correct" else f'the verdict is "{verdict}"'


def _verdict_on(name):
    def test(call):
        verdict = str(call(_q, _k, _suspects(_q, _k)[name]))
        return None if verdict == name else f'the verdict is "{verdict}"'

    return test


for _name in ("not scaled", "wrong axis", "swapped", "softmax twice"):
    EXERCISE.holds(f'"{_name}" is recognised')(_verdict_on(_name))


def _first_within(q, k, weights, atol):
    return next((name for name, made in _suspects(q, k).items() if np.allclose(made, weights, atol=atol)), "correct")


@EXERCISE.impostor
def a_tolerance_of_a_twentieth(q, k, weights):
    return _first_within(q, k, weights, 0.05)


@EXERCISE.impostor
def a_tolerance_of_a_hundredth(q, k, weights):
    return _first_within(q, k, weights, 0.01)


@EXERCISE.impostor
def a_tolerance_of_a_thousandth(q, k, weights):
    return _first_within(q, k, weights, 1e-3)


@EXERCISE.impostor
def always_swapped(q, k, weights):
    return "swapped"

"""The temperature at which a row is exactly as undecided as asked for."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import softmax


def _bits(scores, temperature):
    p = softmax(scores, temperature=temperature)
    return -(p * np.log2(np.maximum(p, 1e-300))).sum()


def _search(undecided, low=-14.0, high=14.0, steps=200):
    """The temperature at which an increasing function of its logarithm crosses zero."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if undecided(np.exp(middle)) < 0 else (low, middle)
    return np.exp(low)


def _reference(scores, bits):
    return _search(lambda t: _bits(scores, t) - bits)


EXERCISE = Exercise(
    id="fundamentals.temperature_for_bits",
    title="As undecided as you like",
    level="apply",
    minutes=15,
    difficulty=3,
    page="fundamentals/problems",
    statement=r"""
    Somebody wants the weights of a row to have an entropy of exactly `bits`. Return the temperature $T$ at which $\operatorname{softmax}(\text{scores} / T)$ has it, correct to five digits. `scores` has shape ($m$), no two of them equal, and $0 <$ `bits` $< \log_2 m$, so there is exactly one such $T$; look for it between 0.001 and 1,000. Scores may be far apart, so that weights underflow on the way.

    A tiny example: scores $0$ and $\ln 3$. At $T = 1$ the weights are $1/4$ and $3/4$, with an entropy of 0.811 bits; so for 0.811 bits the answer is 1.
    """,
    slot='''
    def temperature_for_bits(scores, bits):
        """The temperature at which the weights have the given entropy.

        scores: (m,), bits: a number between 0 and log2(m)
        result: one number between 0.001 and 1000
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "Heating can only raise the entropy. So if a temperature gives too little, the right one is higher.",
        r"Halve the interval again and again; since $T$ spans six powers of ten, halve its *logarithm*: the middle is $\sqrt{T_1 T_2}$.",
        "```python\nlow, high = 1e-3, 1e3\nfor _ in range(100):\n    t = np.sqrt(low * high)\n    p = softmax(scores, temperature=t)\n"
        "    entropy = -(p * np.log2(____)).sum()\n    if entropy < bits:\n        ____ = t\n    else:\n        ____ = t\nreturn t\n```",
    ),
    parsons=("searched_the_wrong_way", "bits_compared_with_nats"),
    why=r"""
    The entropy grows with the temperature, at the rate variance over $T^3$; a function that only grows can be inverted by halving.

    **The two most common mistakes.** A natural logarithm against a number of bits. Taking $0 \cdot \log 0$ at low temperatures, where weights underflow: it is NaN, and every comparison with NaN is False, so the search quietly runs to the wrong end.

    **Cost.** 100 softmaxes of one row. The same search sets the width of each point's neighbourhood in some methods for drawing maps of data.
    """,
    verified="eleven rows, temperatures from 0.002 to 700, scores 2,000 apart among them.",
    next_thought="two scores are equal and largest: which entropies can no temperature reach?",
    reference=_reference,
)

_rng = np.random.default_rng(57)
_scores = _rng.normal(size=7)
EXERCISE.probe("7 scores, 2 bits", _scores, 2.0)
EXERCISE.probe("7 scores, half a bit", _scores, 0.5)
EXERCISE.probe("5 large scores, 1.2 bits", 40 * _rng.normal(size=5), 1.2)
EXERCISE.probe("2 scores, 0.8 bits", np.array([0.0, np.log(3.0)]), 0.8)
EXERCISE.probe("whole numbers, 1.5 bits", np.array([3, 1, -2, 0]), 1.5)
EXERCISE.probe("7 scores close together, 2 bits", _scores / 300, 2.0)
EXERCISE.probe("7 scores, nearly all the bits there are", _scores, np.log2(7) - 0.01)
EXERCISE.probe("scores up to 900, 1 bit", np.array([-700.0, 900.0, 100.0]), 1.0, extreme=True)
EXERCISE.probe("two scores close together, one far below, 0.3 bits", np.array([0.0, 24.0, 25.0]), 0.3, extreme=True)
EXERCISE.probe("scores near 1,000, 1.2 bits", np.array([1000.0, 1000.5, 999.2]), 1.2, extreme=True)
EXERCISE.probe("two scores 2,000 apart, 0.5 bits", np.array([1000.0, -1000.0]), 0.5, extreme=True)


@EXERCISE.solve
def temperature_for_bits_solution(scores, bits):
    low, high = 1e-3, 1e3
    for _ in range(100):
        t = np.sqrt(low * high)
        p = softmax(scores, temperature=t)
        entropy = -(p * np.log2(np.maximum(p, 1e-300))).sum()
        if entropy < bits:
            low = t
        else:
            high = t
    return t


@EXERCISE.mutant
def searched_the_wrong_way(scores, bits):
    low, high = 1e-3, 1e3
    for _ in range(100):
        t = np.sqrt(low * high)
        p = softmax(scores, temperature=t)
        entropy = -(p * np.log2(np.maximum(p, 1e-300))).sum()
        if entropy > bits:
            low = t
        else:
            high = t
    return t


@EXERCISE.mutant
def bits_compared_with_nats(scores, bits):
    low, high = 1e-3, 1e3
    for _ in range(100):
        t = np.sqrt(low * high)
        p = softmax(scores, temperature=t)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum()
        if entropy < bits:
            low = t
        else:
            high = t
    return t


@EXERCISE.mutant
def inverse_temperature_returned(scores, bits):
    return 1 / _reference(scores, bits)


@EXERCISE.mutant
def interval_too_narrow(scores, bits):
    return min(max(_reference(scores, bits), 1e-3), 1.0)


@EXERCISE.mutant
def halved_too_few_times(scores, bits):
    return _search(lambda t: _bits(scores, t) - bits, low=np.log(1e-3), high=np.log(1e3), steps=6)


@EXERCISE.mutant
def logarithm_returned(scores, bits):
    return np.log(_reference(scores, bits))


@EXERCISE.mutant
def number_of_keys_for_bits(scores, bits):
    return _search(lambda t: 2 ** _bits(scores, t) - bits)


@EXERCISE.mutant
def share_of_the_maximum(scores, bits):
    return _search(lambda t: _bits(scores, t) / np.log2(len(scores)) - bits / len(scores))


@EXERCISE.mutant
def entropy_of_zero_is_nan(scores, bits):
    def missing(t):
        p = softmax(scores, temperature=t)
        return -(p * np.log2(p)).sum() - bits
    with np.errstate(all="ignore"):
        return _search(missing, low=np.log(1e-3), high=np.log(1e3))


@EXERCISE.mutant
def power_of_ten_too_few(scores, bits):
    return np.clip(_reference(scores, bits), 0.01, 100.0)


@EXERCISE.mutant
def largest_weight_for_entropy(scores, bits):
    return _search(lambda t: -np.log2(softmax(scores, temperature=t).max()) - bits)


@EXERCISE.holds("the weights have the entropy asked for")
def entropy_is_right(call):
    out = float(call(_scores, 1.5))
    if not out > 0:
        return f"a temperature of {out:.3f}"
    if abs(_bits(_scores, out) - 1.5) > 1e-4:
        return f"{_bits(_scores, out):.3f} bits instead of 1.5"


@EXERCISE.holds("doubling all scores doubles the temperature")
def scores_doubled(call):
    ratio = float(call(2 * _scores, 1.5)) / float(call(_scores, 1.5))
    if abs(ratio - 2) > 1e-3:
        return f"it becomes {ratio:.3f} times as large"


EXERCISE.holds("the scores 0 and ln 3 have 0.811 bits at temperature 1")(comes_out(1.0, np.array([0.0, np.log(3.0)]), 0.8112781))


@EXERCISE.holds("more bits need a higher temperature")
def more_is_hotter(call):
    cool, warm = float(call(_scores, 0.7)), float(call(_scores, 2.2))
    return None if warm > 1.5 * cool else f"0.7 bits give the temperature {cool:.3f}, 2.2 bits {warm:.3f}"


@EXERCISE.holds("scores far apart are no obstacle")
def far_apart(call):
    out = float(call(np.array([0.0, 24.0, 25.0]), 0.3))
    return None if abs(out - 0.347) < 1e-3 else f"0, 24 and 25 have 0.3 bits at a temperature of 0.347, not of {out:.3f}"


@EXERCISE.holds("adding a number to all scores changes nothing")
def shifted(call):
    gap = abs(float(call(_scores + 5, 1.5)) - float(call(_scores, 1.5)))
    return None if gap < 1e-3 else f"adding 5 changes the temperature by {gap:.3f}"

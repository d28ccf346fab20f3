"""Average surprise of a classifier at several temperatures: what calibration minimises."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(logits, labels, temperatures):
    result = []
    for temperature in temperatures:
        z = logits / temperature
        result.append((np.logaddexp.reduce(z, axis=-1) - z[np.arange(len(labels)), labels]).mean())
    return np.array(result)


EXERCISE = Exercise(
    id="fundamentals.surprise",
    title="Which temperature is honest?",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/softmax_temperature",
    headings=("A temperature for an honest classifier",),
    statement=r"""
    `logits` holds one row of scores for each example, `labels` the number of the right class. For each temperature $T$ in `temperatures` return the **average
    surprise** of the labels, in nats:

    $$-\frac{1}{n} \sum_{i=1}^{n} \ln \operatorname{softmax}(z_i / T)_{y_i} .$$

    It must come out right when a right class is 2,000 below the largest logit, and when all logits are 2,000 or -2,000.

    A tiny example: one example with logits `[0, 0]`, label 0 and temperatures `[1, 5]` gives `[0.693, 0.693]`.
    """,
    slot='''
    def surprise(logits, labels, temperatures):
        """The average of minus log p(label), for each temperature.

        logits: (examples, classes), labels: (examples,) whole numbers
        temperatures: (t,); result: (t,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A perfect prediction costs 0, a coin toss 0.693. At a very high temperature every answer costs the logarithm of the number of classes.",
        r"$-\ln \operatorname{softmax}(z)_y = \ln \sum_j e^{z_j} - z_y$, and the sum can be taken after subtracting each row's maximum. No probability is ever needed.",
        "```python\nrows = np.arange(len(labels))\nresult = []\nfor temperature in temperatures:\n    z = logits / ____\n"
        "    z = z - ____\n    total = np.log(np.exp(z).sum(axis=____))\n    result.append((____ - z[rows, ____]).mean())\nreturn np.array(result)\n```",
    ),
    parsons=("logits_times_temperature", "surprise_summed"),
    why=r"""
    The temperature with the least average surprise on examples that were *not* used for training is the calibrated one. It changes no prediction, only how
    sure each one claims to be.

    **The two most common mistakes.** Scoring the predicted class in place of the label: then the coldest temperature always wins. Taking the logarithm
    of a probability that has underflowed to 0.

    **Cost.** One softmax over all examples for each temperature tried; the model itself is not run again.
    """,
    verified="equal to the definition for one to eleven examples, temperatures from 0.1 to 10, whole numbers, and logits of 2,000, in one row and in different ones.",
    next_thought="why must the examples be others than those the model was trained on?",
    reference=_reference,
)

_rng = np.random.default_rng(7)
_z, _y = _rng.normal(size=(7, 3)) * 2, _rng.integers(0, 3, 7)
_t = np.array([0.5, 1.0, 2.0, 5.0])
EXERCISE.probe("seven examples, four temperatures", _z, _y, _t)
EXERCISE.probe("eleven examples of five classes", _rng.normal(size=(11, 5)), _rng.integers(0, 5, 11), np.array([0.7, 3.0]))
EXERCISE.probe("a right class 2,000 below", np.array([[2000.0, 0.0], [0.0, 1.0]]), np.array([1, 1]), np.array([1.0, 10.0]),
               extreme=True)
EXERCISE.probe("one example, whole numbers, one temperature", np.array([[3, 0, 1]]), np.array([2]), np.array([2]))
EXERCISE.probe("the first and the last class, cold", np.array([[1.0, 0.0, 0.5], [0.0, 0.7, 1.0]]), np.array([0, 2]), np.array([0.1]))
EXERCISE.probe("a right class 800 below", np.array([[0.0, -800.0]]), np.array([1]), np.array([1.0]), extreme=True)
EXERCISE.probe("a right class 2,000 above", np.array([[2000.0, 0.0]]), np.array([0]), np.array([1.0]), extreme=True)
EXERCISE.probe("logits of 2,000 and 1,999", np.array([[2000.0, 1999.0]]), np.array([1]), np.array([1.0, 3.0]), extreme=True)
EXERCISE.probe("logits of -2,000 and -1,999", np.array([[-2000.0, -1999.0]]), np.array([0]), np.array([1.0, 3.0]), extreme=True)
EXERCISE.probe("one row of 2,000 above one of -2,000", np.array([[2000.0, 1999.0], [-2000.0, -1999.0]]), np.array([1, 0]),
               np.array([1.0]), extreme=True)


def _probabilities(logits, temperature):
    z = logits / temperature
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _of_labels(logits, labels, temperature):
    return np.maximum(_probabilities(logits, temperature)[np.arange(len(labels)), labels], 1e-300)


@EXERCISE.solve
def surprise_solution(logits, labels, temperatures):
    rows = np.arange(len(labels))
    result = []
    for temperature in temperatures:
        z = logits / temperature
        z = z - z.max(axis=-1, keepdims=True)
        total = np.log(np.exp(z).sum(axis=-1))
        result.append((total - z[rows, labels]).mean())
    return np.array(result)


@EXERCISE.mutant
def predicted_class_scored(logits, labels, temperatures):
    return np.array([-np.log(_probabilities(logits, t).max(axis=-1)).mean() for t in temperatures])


@EXERCISE.mutant
def surprise_summed(logits, labels, temperatures):
    rows = np.arange(len(labels))
    result = []
    for temperature in temperatures:
        z = logits / temperature
        z = z - z.max(axis=-1, keepdims=True)
        total = np.log(np.exp(z).sum(axis=-1))
        result.append((total - z[rows, labels]).sum())
    return np.array(result)


@EXERCISE.mutant
def averaged_before_the_logarithm(logits, labels, temperatures):
    return np.array([-np.log(_of_labels(logits, labels, t).mean()) for t in temperatures])


@EXERCISE.mutant
def logits_times_temperature(logits, labels, temperatures):
    rows = np.arange(len(labels))
    result = []
    for temperature in temperatures:
        z = logits * temperature
        z = z - z.max(axis=-1, keepdims=True)
        total = np.log(np.exp(z).sum(axis=-1))
        result.append((total - z[rows, labels]).mean())
    return np.array(result)


@EXERCISE.mutant
def temperature_on_probabilities(logits, labels, temperatures):
    return np.array([-np.log(_of_labels(logits, labels, 1.0) / t).mean() for t in temperatures])


@EXERCISE.mutant
def miss_instead_of_surprise(logits, labels, temperatures):
    return np.array([(1 - _of_labels(logits, labels, t)).mean() for t in temperatures])


@EXERCISE.mutant(evidence=text.not_finite)
def log_of_underflow(logits, labels, temperatures):
    rows = np.arange(len(labels))
    with np.errstate(divide="ignore"):
        return np.array([-np.log(_probabilities(logits, t)[rows, labels]).mean() for t in temperatures])


@EXERCISE.mutant(evidence=text.not_finite)
def surprise_without_maximum(logits, labels, temperatures):
    z = [logits / t for t in temperatures]
    return np.array([(np.log(np.exp(a).sum(axis=-1)) - a[np.arange(len(labels)), labels]).mean() for a in z])


@EXERCISE.mutant(evidence=text.not_finite)
def surprise_one_maximum_for_all(logits, labels, temperatures):
    z = [(logits - logits.max()) / t for t in temperatures]
    return np.array([(np.log(np.exp(a).sum(axis=-1)) - a[np.arange(len(labels)), labels]).mean() for a in z])


@EXERCISE.mutant(evidence=text.not_finite)
def surprise_maximum_not_divided(logits, labels, temperatures):
    z = [logits / t - logits.max(axis=-1, keepdims=True) for t in temperatures]
    return np.array([(np.log(np.exp(a).sum(axis=-1)) - a[np.arange(len(labels)), labels]).mean() for a in z])


def _surprise_clipped(least):
    def clipped(logits, labels, temperatures):
        rows = np.arange(len(labels))
        return np.array([-np.log(np.maximum(_probabilities(logits, t)[rows, labels], least)).mean() for t in temperatures])
    return clipped


@EXERCISE.mutant
def surprise_clipped(logits, labels, temperatures):
    return _surprise_clipped(1e-12)(logits, labels, temperatures)


@EXERCISE.mutant(same_as="surprise_clipped")
def surprise_clipped_at_a_smaller_number(logits, labels, temperatures):
    return _surprise_clipped(1e-300)(logits, labels, temperatures)


@EXERCISE.mutant(same_as="surprise_clipped")
def surprise_clipped_at_a_larger_number(logits, labels, temperatures):
    return _surprise_clipped(1e-10)(logits, labels, temperatures)


@EXERCISE.mutant(same_as="surprise_clipped")
def surprise_clipped_in_the_middle(logits, labels, temperatures):
    return _surprise_clipped(1e-15)(logits, labels, temperatures)


@EXERCISE.mutant
def labels_counted_from_one(logits, labels, temperatures):
    return _reference(logits, np.asarray(labels) - 1, temperatures)


@EXERCISE.mutant
def surprise_in_bits(logits, labels, temperatures):
    return _reference(logits, labels, temperatures) / np.log(2)


@EXERCISE.holds("at a very high temperature every answer costs the logarithm of the number of classes")
def hot(call):
    cost = float(np.ravel(call(_z, _y, np.array([1e9])))[0])
    return None if abs(cost - np.log(3)) < 1e-4 else f"with 3 classes it costs {text.number(cost)}"


@EXERCISE.holds("doubling every example changes nothing")
def doubled(call):
    twice = call(np.concatenate([_z, _z]), np.concatenate([_y, _y]), _t)
    gap = np.abs(twice - call(_z, _y, _t)).max()
    return None if gap < 1e-6 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("a wrong answer that is surer costs more")
def surer_and_wrong(call):
    sure = float(np.ravel(call(np.array([[9.0, 0.0]]), np.array([1]), np.array([1.0])))[0])
    return None if sure > 8.9 else f"9 below the largest it costs {text.number(sure)}"


EXERCISE.holds("the logits 0 and 0 cost 0.693 at any temperature")(
    comes_out([0.693, 0.693], np.array([[0, 0]]), np.array([0]), np.array([1, 5])))
EXERCISE.holds("the logits 1000 and 999 with label 1 cost 1.313, as 1 and 0 do")(
    comes_out([1.313], np.array([[1000.0, 999.0]]), np.array([1]), np.array([1.0])))
EXERCISE.holds("the logits 2 and 0 with label 1 cost 2.127 at temperature 1 and 1.313 at temperature 2")(
    comes_out([2.127, 1.313], np.array([[2.0, 0.0]]), np.array([1]), np.array([1.0, 2.0])))
EXERCISE.holds("a label 800 below the largest costs 800")(
    comes_out([800.0], np.array([[0.0, -800.0]]), np.array([1]), np.array([1.0])))

"""Average surprise of one classifier under the probabilities of another: a small model learns from a large one."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _logs(z):
    return z - np.logaddexp.reduce(z, axis=-1)[..., None]


def _reference(teacher, student, temperatures):
    result = [-(np.exp(_logs(teacher / t)) * _logs(student / t)).sum(axis=-1).mean() for t in temperatures]
    return np.array(result)


EXERCISE = Exercise(
    id="fundamentals.distil",
    title="Learn from the wrong answers",
    level="apply",
    minutes=20,
    difficulty=2,
    page="fundamentals/softmax_temperature",
    headings=("A temperature for an honest classifier",),
    statement=r"""
    A small classifier, the student, learns from the probabilities of a large one, the teacher: they say which *wrong* classes are nearly right. `teacher` and `student` hold logits $t_i$ and $z_i$,
    one row for each example. For each temperature $T$ in `temperatures`, used on both, return the **average surprise** of the student under the teacher, in nats:

    $$-\frac{1}{n} \sum_{i=1}^{n} \sum_{j} \operatorname{softmax}(t_i / T)_j \,\ln \operatorname{softmax}(z_i / T)_j .$$

    It must come out right when a class is 2,000 below the largest logit, and when all logits are 2,000 or -2,000.

    A tiny example: the teacher `[[0, 0]]`, the student `[[0, 0]]` and the temperatures `[1, 5]` give `[0.693, 0.693]`; the student `[[2, 0]]` gives 1.127 at temperature 1.
    """,
    slot='''
    def distil(teacher, student, temperatures):
        """The average of -sum_j p_j(teacher) log p_j(student), for each temperature.

        teacher, student: (examples, classes), logits
        temperatures: (t,); result: (t,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A student equal to its teacher pays the teacher's entropy. At a very high temperature every pair costs the logarithm of the number of classes.",
        r"$\ln \operatorname{softmax}(z)_j = z_j - \ln \sum_l e^{z_l}$, and the sum can be taken after subtracting each row's maximum. No probability of the student is ever needed.",
        "```python\ndef logs(z):\n    z = z - ____\n    return z - np.log(np.exp(z).sum(axis=____, keepdims=____))\n\nresult = []\nfor temperature in temperatures:\n"
        "    wanted = np.exp(logs(____))\n    result.append(-(wanted * logs(____)).sum(axis=____).mean())\nreturn np.array(result)\n```",
    ),
    parsons=("distil_student_alone_divided", "surprise_summed"),
    why=r"""
    With a teacher that is certain this is the surprise of the right class, the loss of the page. A warm teacher tells more: that a 7 looks a little like a 1 and nothing like an 8.

    **The two most common mistakes.** Heating one of the two only. Taking the logarithm of a probability that has underflowed to 0.

    **Cost.** Two softmaxes over all examples for each temperature.
    """,
    verified="equal to the definition for one to eleven examples, temperatures from 0.1 to 10, whole numbers, and logits of 2,000, in one row and in different ones.",
    next_thought="the gradient of this loss shrinks like one over the temperature squared; what would you multiply it with?",
    reference=_reference,
)

_rng = np.random.default_rng(7)
_r, _z = _rng.normal(size=(7, 3)) * 2, _rng.normal(size=(7, 3)) * 2
_t = np.array([0.5, 1.0, 2.0, 5.0])
EXERCISE.probe("seven examples, four temperatures", _r, _z, _t)
EXERCISE.probe("eleven examples of five classes", *_rng.normal(size=(2, 11, 5)) * 2, np.array([0.7, 3.0]))
EXERCISE.probe("the teacher's class 2,000 below", np.array([[0.0, 3.0], [0.0, 3.0]]), np.array([[2000.0, 0.0], [0.0, 1.0]]), np.array([1.0, 10.0]), extreme=True)
EXERCISE.probe("one example, whole numbers, one temperature", np.array([[1, 0, 2]]), np.array([[3, 0, 1]]), np.array([2]))
EXERCISE.probe("two rows, cold", np.array([[1.0, 0.9, 0.5], [0.0, 0.9, 1.0]]), np.array([[1.0, 0.0, 0.5], [0.0, 0.7, 1.0]]), np.array([0.1]))
EXERCISE.probe("the teacher's class 800 below", np.array([[0.0, 2.0]]), np.array([[0.0, -800.0]]), np.array([1.0]), extreme=True)
EXERCISE.probe("a certain teacher who is agreed with", np.array([[2000.0, 0.0]]), np.array([[2000.0, 0.0]]), np.array([1.0]), extreme=True)
EXERCISE.probe("logits of 2,000 and 1,999", np.array([[2000.0, 1999.0]]), np.array([[1999.0, 2000.0]]), np.array([1.0, 3.0]), extreme=True)
EXERCISE.probe("logits of -2,000 and -1,999", np.array([[-2000.0, -1999.0]]), np.array([[-1999.0, -2000.0]]), np.array([1.0, 3.0]), extreme=True)
EXERCISE.probe("one row of 2,000 above one of -2,000", np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2000.0, 1999.0], [-2000.0, -1999.0]]),
               np.array([1.0]), extreme=True)


def _soft(logits, temperature=1.0):
    z = logits / temperature
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _price(cost):
    """An answer from a function of the teacher's probabilities and of the student's, kept above the smallest number."""
    return lambda r, z, temperatures: np.array([cost(_soft(r, t), np.maximum(_soft(z, t), 1e-300)) for t in temperatures])


@EXERCISE.solve
def distil_solution(teacher, student, temperatures):
    def logs(z):
        z = z - z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))

    result = []
    for temperature in temperatures:
        wanted = np.exp(logs(teacher / temperature))
        result.append(-(wanted * logs(student / temperature)).sum(axis=-1).mean())
    return np.array(result)


@EXERCISE.mutant
def distil_student_alone_divided(teacher, student, temperatures):
    def logs(z):
        z = z - z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))

    result = []
    for temperature in temperatures:
        wanted = np.exp(logs(teacher * 1.0))
        result.append(-(wanted * logs(student / temperature)).sum(axis=-1).mean())
    return np.array(result)


@EXERCISE.mutant
def surprise_summed(teacher, student, temperatures):
    def logs(z):
        z = z - z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))

    result = []
    for temperature in temperatures:
        wanted = np.exp(logs(teacher / temperature))
        result.append(-(wanted * logs(student / temperature)).sum())
    return np.array(result)


@EXERCISE.mutant
def distil_teacher_alone_divided(teacher, student, temperatures):
    return np.array([-(_soft(teacher, t) * _logs(student * 1.0)).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant
def distil_exchanged(teacher, student, temperatures):
    return _reference(student, teacher, temperatures)


@EXERCISE.mutant
def distil_best_class_alone(teacher, student, temperatures):
    best = np.eye(teacher.shape[-1])[teacher.argmax(axis=-1)]
    return np.array([-(best * _logs(student / t)).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant
def predicted_class_scored(teacher, student, temperatures):
    return np.array([-_logs(student / t).max(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant
def distil_entropy_subtracted(teacher, student, temperatures):
    return _reference(teacher, student, temperatures) - _reference(teacher, teacher, temperatures)


@EXERCISE.mutant
def averaged_before_the_logarithm(teacher, student, temperatures):
    return _price(lambda r, p: -np.log((r * p).sum(axis=-1)).mean())(teacher, student, temperatures)


@EXERCISE.mutant
def logits_times_temperature(teacher, student, temperatures):
    return _reference(teacher, student, 1 / np.asarray(temperatures, dtype=float))


@EXERCISE.mutant
def temperature_on_probabilities(teacher, student, temperatures):
    return np.array([-(_soft(teacher) / t * np.log(np.maximum(_soft(student), 1e-300) / t)).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant
def miss_instead_of_surprise(teacher, student, temperatures):
    return _price(lambda r, p: (r * (1 - p)).sum(axis=-1).mean())(teacher, student, temperatures)


@EXERCISE.mutant
def distil_averaged_over_the_classes(teacher, student, temperatures):
    return _reference(teacher, student, temperatures) / teacher.shape[-1]


@EXERCISE.mutant(evidence=text.not_finite)
def log_of_underflow(teacher, student, temperatures):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array([-(_soft(teacher, t) * np.log(_soft(student, t))).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant(evidence=text.not_finite)
def surprise_without_maximum(teacher, student, temperatures):
    def logs(z):
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return np.array([-(np.exp(logs(teacher / t)) * logs(student / t)).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant(evidence=text.not_finite)
def surprise_one_maximum_for_all(teacher, student, temperatures):
    def logs(z):
        z = z - z.max()
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return np.array([-(np.exp(logs(teacher / t)) * logs(student / t)).sum(axis=-1).mean() for t in temperatures])


def _clipped(least):
    return lambda r, z, temperatures: np.array([-(_soft(r, t) * np.log(np.maximum(_soft(z, t), least))).sum(axis=-1).mean() for t in temperatures])


@EXERCISE.mutant
def surprise_clipped(teacher, student, temperatures):
    return _clipped(1e-12)(teacher, student, temperatures)


@EXERCISE.mutant(same_as="surprise_clipped")
def surprise_clipped_at_a_smaller_number(teacher, student, temperatures):
    return _clipped(1e-300)(teacher, student, temperatures)


@EXERCISE.mutant(same_as="surprise_clipped")
def surprise_clipped_in_the_middle(teacher, student, temperatures):
    return _clipped(1e-15)(teacher, student, temperatures)


@EXERCISE.mutant
def surprise_in_bits(teacher, student, temperatures):
    return _reference(teacher, student, temperatures) / np.log(2)


@EXERCISE.holds("at a very high temperature every pair costs the logarithm of the number of classes")
def hot(call):
    cost = float(np.ravel(call(_r, _z, np.array([1e9])))[0])
    return None if abs(cost - np.log(3)) < 1e-4 else f"with 3 classes it costs {text.number(cost)}"


@EXERCISE.holds("doubling every example changes nothing")
def doubled(call):
    twice = call(np.concatenate([_r, _r]), np.concatenate([_z, _z]), _t)
    gap = np.abs(twice - call(_r, _z, _t)).max()
    return None if gap < 1e-6 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("no student costs less than one that equals its teacher")
def teacher_is_best(call):
    least, other = call(_r, _r, _t), call(_r, _z, _t)
    return None if (np.asarray(other) >= np.asarray(least) - 1e-6).all() else f"a different student costs {text.numbers(other)}, the teacher itself {text.numbers(least)}"


EXERCISE.holds("the logits 0 and 0 cost 0.693 at any temperature")(
    comes_out([0.693, 0.693], np.array([[0, 0]]), np.array([[0, 0]]), np.array([1, 5])))
EXERCISE.holds("a teacher who does not know and the student 2 and 0 give 1.127 at temperature 1 and 0.813 at temperature 2")(
    comes_out([1.126928, 0.813262], np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]]), np.array([1.0, 2.0])))
EXERCISE.holds("the student 1000 and 999 costs what 1 and 0 cost")(
    comes_out([1.044321], np.array([[0.0, 1.0]]), np.array([[1000.0, 999.0]]), np.array([1.0])))
EXERCISE.holds("where the teacher is certain of a class 800 below, it costs 800")(
    comes_out([800.0], np.array([[0.0, 2000.0]]), np.array([[0.0, -800.0]]), np.array([1.0])))

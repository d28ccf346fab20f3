"""The least time that a computation can take on a chip with two speeds."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import cost


def _reference(flops, bytes_moved, peak, bandwidth):
    return flops / cost.attainable(cost.intensity(flops, bytes_moved), peak, bandwidth)


EXERCISE = Exercise(
    id="efficiency.roofline",
    title="Under the roof",
    level="analyse",
    minutes=10,
    difficulty=2,
    page="efficiency/overview",
    headings=("Time: the roofline",),
    statement=r"""
    A computation does `flops` operations and moves `bytes_moved` bytes. The chip computes at most `peak` operations a second and moves at most `bandwidth` bytes a second, both at the same time.
    Return the least **time** in seconds that the computation can take.

    A tiny example: 100 operations and 10 bytes on a chip with a peak of 50 and a bandwidth of 1: ten seconds.
    """,
    slot='''
    def least_time(flops, bytes_moved, peak, bandwidth):
        """The least time in seconds, under the roofline.

        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("seconds",),
    hints=(
        "Computing and carrying overlap; the job is finished when both are.",
        r"$F / \min(P, I \cdot W)$ with $I = F / B$ is the same as a comparison of $F / P$ and $B / W$.",
        "```python\ncomputing = ____ / ____\ncarrying = ____ / ____\nreturn ____(computing, carrying)\n```",
    ),
    parsons=("faster_of_the_two", "speeds_exchanged"),
    why=r"""
    The roofline is a minimum of two speeds. Dividing the operations by it turns the minimum of speeds into a maximum of times: $F / \min(P, FW/B) = \max(F/P,\, B/W)$.

    **The two most common mistakes.** Taking the minimum, because the roofline is written with one. Adding the two times, as if nothing overlapped.

    **Cost.** None; that is the charm of the model. It says what cannot be reached, not what will be.
    """,
    verified="on both sides of the ridge and on the ridge itself.",
    next_thought="by how much can a faster chip with the same memory speed up a job on the left of the ridge?",
    reference=_reference,
)

for _name, _job in {
    "memory decides": (7.0, 11.0, 5.0, 2.0),
    "arithmetic decides": (100.0, 3.0, 5.0, 2.0),
    "on the ridge": (15.0, 6.0, 5.0, 2.0),
    "a blocked kernel": (768e6, 1e6, 312e6, 1.5e6),
    "carrying takes half as long": (60.0, 15.0, 3.0, 1.5),
    "computing takes half as long": (30.0, 30.0, 3.0, 1.5),
    "whole numbers that do not divide": (7, 10, 4, 3),
    "a quarter of a second": (3.0, 2.0, 50.0, 8.0),
}.items():
    EXERCISE.probe(_name, *_job)


@EXERCISE.solve
def least_time_solution(flops, bytes_moved, peak, bandwidth):
    computing = flops / peak
    carrying = bytes_moved / bandwidth
    return max(computing, carrying)


@EXERCISE.mutant
def times_added(flops, bytes_moved, peak, bandwidth):
    return flops / peak + bytes_moved / bandwidth


@EXERCISE.mutant
def faster_of_the_two(flops, bytes_moved, peak, bandwidth):
    computing = flops / peak
    carrying = bytes_moved / bandwidth
    return min(computing, carrying)


@EXERCISE.mutant
def arithmetic_alone(flops, bytes_moved, peak, bandwidth):
    return flops / peak


@EXERCISE.mutant
def memory_alone(flops, bytes_moved, peak, bandwidth):
    return bytes_moved / bandwidth


@EXERCISE.mutant
def speed_instead_of_time(flops, bytes_moved, peak, bandwidth):
    return min(peak, flops / bytes_moved * bandwidth)


@EXERCISE.mutant
def speeds_exchanged(flops, bytes_moved, peak, bandwidth):
    computing = flops / bandwidth
    carrying = bytes_moved / peak
    return max(computing, carrying)


@EXERCISE.holds("neither more operations nor more bytes make it faster")
def never_faster(call):
    plain, more_flops, more_bytes = call(7, 11, 5, 2), call(14, 11, 5, 2), call(7, 22, 5, 2)
    if more_flops < plain or more_bytes < plain:
        return f"the times are {float(plain):.2f}, {float(more_flops):.2f} and {float(more_bytes):.2f}"


@EXERCISE.holds("a chip twice as fast in both respects needs half the time")
def twice_as_fast(call):
    slow, fast = call(7, 11, 5, 2), call(7, 11, 10, 4)
    if abs(slow - 2 * fast) > 1e-9:
        return f"the times are {float(slow):.2f} and {float(fast):.2f}"


@EXERCISE.holds("a copy without operations to speak of takes its bytes over the bandwidth")
def a_copy(call):
    seconds = float(call(1e-9, 12.0, 5.0, 4.0))
    return None if abs(seconds - 3) < 1e-6 else f"12 bytes at 4 a second take {seconds:.3f} s"


@EXERCISE.holds("operations without bytes to speak of take their number over the peak")
def no_bytes(call):
    seconds = float(call(10.0, 1e-9, 5.0, 4.0))
    return None if abs(seconds - 2) < 1e-6 else f"10 operations at 5 a second take {seconds:.3f} s"


@EXERCISE.holds("where computing and carrying take 2 seconds each, both take 2 seconds")
def on_the_ridge(call):
    seconds = float(call(10.0, 8.0, 5.0, 4.0))
    return None if abs(seconds - 2) < 1e-6 else f"it is {seconds:.3f} s"

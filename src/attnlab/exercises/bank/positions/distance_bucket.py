"""Buckets of distances, half of them exact and half of them growing."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(distance, n_buckets, max_distance):
    here = np.array([int(np.max(distance))])
    return positions.t5_buckets(here, here - np.asarray(distance), n_buckets, max_distance, False)[0]


EXERCISE = Exercise(
    id="positions.distance_bucket",
    title="From distance to bucket",
    level="apply",
    minutes=15,
    difficulty=2,
    page="positions/relative",
    headings=("T5: buckets of distances",),
    statement=r"""
    Sort distances into `n_buckets` $= 2E$ buckets. Each of the first $E$ holds one distance: $0, 1, \dots, E - 1$. The other $E$ share the distances from $E$ up to $D =$ `max_distance`, each of them equally wide **in the logarithm**. Everything from $D$ on is in the last.

    A tiny example: with 8 buckets up to distance 16, the last four begin at 4, 5.7, 8 and 11.3, so the distances 3, 5, 6, 15, 1000 have the buckets 3, 4, 5, 7, 7.
    """,
    slot='''
    def distance_bucket(distance, n_buckets, max_distance):
        """Bucket of each distance: exact below n_buckets / 2, then equal in the logarithm.

        distance: (n,) whole numbers from 0 on; result: (n,) whole numbers below n_buckets
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Three regimes: its own number, a logarithm, the last bucket. Try a distance of each.",
        r"How far a distance $r$ lies on the way from $E$ to $D$, in the logarithm, is $\ln(r/E)/\ln(D/E)$; times $E$, rounded **down**. The logarithm of 0 must not be taken.",
        "```python\nexact = n_buckets // 2\nratio = np.maximum(distance, exact) / exact\nshare = np.log(ratio) / np.log(____ / exact)\nwide = exact + np.floor(share * ____)\nbucket = np.where(distance < exact, distance, np.minimum(wide, ____))\nreturn bucket.astype(int)\n```",
    ),
    parsons=("buckets_without_end", "bucket_rounded"),
    why=r"""
    Close by every step counts, far away only the order of magnitude does. One learned number for each bucket and head then serves texts of any length.

    **The two most common mistakes.** Leaving out the last limit: the first distance beyond $D$ asks for a row the table does not have. Rounding to the nearest whole number: every bucket begins too early.

    **Cost.** One logarithm for each offset, once for all layers; T5 learns 32 numbers a head, shared by all layers.
    """,
    verified="equal to the definition at every distance tried, for 2, 4, 8, 12 and 32 buckets.",
    next_thought="how many distances share bucket 31 of 32, up to the largest distance of 128?",
    reference=_reference,
)

EXERCISE.probe("8 buckets up to 16", np.array([0, 1, 3, 4, 5, 6, 7, 9, 10, 12, 15, 16, 17, 1000]), 8, 16)
EXERCISE.probe("32 buckets up to 128", np.array([111, 2, 129, 15, 16, 17, 20, 25, 33, 500, 50, 77, 127, 128]), 32, 128)
EXERCISE.probe("12 buckets up to 100", np.array([5, 6, 7, 9, 11, 13, 22, 30, 41, 60, 63, 99, 100, 101, 300]), 12, 100)
EXERCISE.probe("4 buckets up to 7, one distance", np.array([3]), 4, 7)
EXERCISE.probe("8 buckets up to 6, which are more buckets than distances", np.array([3, 4, 5, 6, 7]), 8, 6)
EXERCISE.probe("2 buckets up to 5", np.array([1, 0, 4, 5, 9]), 2, 5)


@EXERCISE.solve
def distance_bucket_solution(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    ratio = np.maximum(distance, exact) / exact
    share = np.log(ratio) / np.log(max_distance / exact)
    wide = exact + np.floor(share * exact)
    bucket = np.where(distance < exact, distance, np.minimum(wide, n_buckets - 1))
    return bucket.astype(int)


@EXERCISE.mutant
def buckets_without_end(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    ratio = np.maximum(distance, exact) / exact
    share = np.log(ratio) / np.log(max_distance / exact)
    wide = exact + np.floor(share * exact)
    bucket = np.where(distance < exact, distance, wide)
    return bucket.astype(int)


@EXERCISE.mutant
def bucket_rounded(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    ratio = np.maximum(distance, exact) / exact
    share = np.log(ratio) / np.log(max_distance / exact)
    wide = exact + np.round(share * exact)
    bucket = np.where(distance < exact, distance, np.minimum(wide, n_buckets - 1))
    return bucket.astype(int)


@EXERCISE.mutant
def buckets_of_equal_width(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    wide = exact + np.floor((distance - exact) / (max_distance - exact) * exact)
    bucket = np.where(distance < exact, distance, np.minimum(wide, n_buckets - 1))
    return bucket.astype(int)


@EXERCISE.mutant
def no_exact_half(distance, n_buckets, max_distance):
    share = np.log1p(distance) / np.log(max_distance)
    return np.minimum(np.floor(share * n_buckets), n_buckets - 1).astype(int)


@EXERCISE.mutant
def logarithm_from_one(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    wide = exact + np.floor(np.log(np.maximum(distance, 1)) / np.log(max_distance) * exact)
    bucket = np.where(distance < exact, distance, np.minimum(wide, n_buckets - 1))
    return bucket.astype(int)


@EXERCISE.mutant
def buckets_of_one_side(distance, n_buckets, max_distance):
    return _reference(distance, max(n_buckets // 2, 2), max_distance)


@EXERCISE.mutant
def one_bucket_too_many(distance, n_buckets, max_distance):
    exact = n_buckets // 2
    ratio = np.maximum(distance, exact) / exact
    share = np.log(ratio) / np.log(max_distance / exact)
    wide = exact + np.floor(share * exact)
    bucket = np.where(distance < exact, distance, np.minimum(wide, n_buckets))
    return bucket.astype(int)


@EXERCISE.holds("every number is the number of a bucket")
def in_range(call):
    out = call(np.array([0, 3, 20, 10_000]), 8, 16)
    return None if out.min() >= 0 and out.max() <= 7 else f"with 8 buckets, numbers from {out.min():.0f} to {out.max():.0f}"


@EXERCISE.holds("small distances have a bucket each")
def exact_half(call):
    out = call(np.arange(16), 32, 128)
    return None if list(out) == list(range(16)) else f"the first buckets are {text.numbers(out, 6)}"


@EXERCISE.holds("buckets never fall as the distance grows")
def never_falls(call):
    out = call(np.arange(200), 12, 100)
    return None if (np.diff(out) >= 0).all() else f"at distance {int(np.argmin(np.diff(out)))} they do"


@EXERCISE.holds("the wide buckets begin where the logarithm says")
def wide_buckets(call):
    out = call(np.arange(100), 12, 100)
    begins = [int(np.argmax(out >= bucket)) for bucket in range(6, 12)]
    return None if begins == [6, 10, 16, 25, 40, 63] else f"buckets 6 to 11 of 12, up to 100, begin at {text.numbers(begins, 6)}"


@EXERCISE.holds("each distance is sorted by itself")
def by_itself(call):
    together, alone = call(np.array([40, 3, 9]), 12, 100), [call(np.array([r]), 12, 100) for r in (40, 3, 9)]
    return None if np.allclose(together, np.ravel(alone)) else f"distances 40, 3, 9 get {text.numbers(together)} together and {text.numbers(alone)} alone"

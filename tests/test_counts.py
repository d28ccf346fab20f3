"""The one door for counts."""

import numpy as np
import pytest
import torch

from attnlab._counts import LARGEST, count


class Three:
    """A stranger's integer: it says so by `__index__`."""

    def __index__(self):
        return 3

    def __repr__(self):  # the name of its test, in every worker alike
        return "Three()"



INTEGRAL = [3, np.int8(3), np.uint16(3), np.int64(3), np.array(3), np.intp(3), torch.tensor(3), torch.tensor(3).int(), Three()]
NOT_INTEGRAL = [
    True, False, np.True_, np.array(True), torch.tensor(True), 3.0, np.float64(3), torch.tensor(3.0), "3", b"3", None, 3j,
    [3], (3,), np.array([3]), torch.tensor([3]), np.array("3"), np.array(3, object) + 0.5, float("nan"), float("inf"),
]  # fmt: skip


@pytest.mark.parametrize("n", INTEGRAL, ids=repr)
def test_any_integral_number_becomes_pythons_own(n):
    assert count("n", n) == 3 and type(count("n", n)) is int


@pytest.mark.parametrize("n", NOT_INTEGRAL, ids=repr)
def test_anything_else_is_refused(n):
    with pytest.raises(TypeError, match="n_heads must be a whole number but is "):
        count("n_heads", n)


@pytest.mark.parametrize("low, high, inside, outside", [(0, LARGEST, (0, 1, LARGEST), (-1, -(10**30), LARGEST + 1, 10**30)), (2, 5, (2, 5), (1, 6))])
def test_the_range_is_named(low, high, inside, outside):
    assert [count("n", n, low, high) for n in inside] == list(inside)
    for n in outside:
        with pytest.raises(ValueError, match=rf"n must be .*\b{low}\b.* but is {n}$"):
            count("n", n, low, high)
    with pytest.raises(ValueError, match=rf"n must be between {low} and {high} but is {high + 1}"):
        count("n", high + 1, low, high)
    with pytest.raises(ValueError, match="n must be at least 1 but is 0"):
        count("n", np.int64(0), at_least=1)

"""What the reference accepts as numbers: everything real becomes float64, and NaN is refused at the door."""

from __future__ import annotations

import math

import numpy as np

from attnlab._shapes import Array, Float


def real(name: str, x) -> Float[Array, "..."]:
    """`x` as a float64 array. Integers are welcome; TypeError for booleans, complex numbers and objects."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers but its dtype is {x.dtype}")
    return x.astype(np.float64)


def finite(name: str, x) -> Float[Array, "..."]:
    """`x` as a float64 array; ValueError where it holds NaN or an infinity."""
    x = real(name, x)
    _refuse(name, x, ~np.isfinite(x), "NaN or infinity")
    return x


def below_infinity(name: str, x) -> Float[Array, "..."]:
    """`x` as a float64 array in which -inf may stand (it means: hidden); ValueError for NaN and +inf."""
    x = real(name, x)
    _refuse(name, x, ~(x < np.inf), "NaN or +infinity")
    return x


def finite_number(name: str, x) -> float:
    """`x` as a float; TypeError if it is not one number, ValueError if it is NaN or infinite."""
    if np.ndim(x) != 0:
        raise TypeError(f"{name} must be one number but has shape {np.shape(x)}")
    number = float(real(name, x))
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite but is {number}")
    return number


def _refuse(name: str, x: Array, bad: Array | np.bool_, what: str) -> None:
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name} holds {what}: {int(bad.sum())} of {x.size} numbers, the first at {first}")

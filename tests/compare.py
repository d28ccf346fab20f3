"""Compares arrays in value, shape and dtype; calls torch functions with arrays. Imports nothing of ours."""

from __future__ import annotations

import functools

import numpy as np
import torch


def assert_same(actual, expected, atol: float = 1e-12) -> None:
    """Same kind, shape and dtype, and every number within `atol`; NaN is never the same as anything."""
    assert type(actual) is type(expected), f"{type(actual)} is not {type(expected)}"
    assert tuple(actual.shape) == tuple(expected.shape), f"shape {actual.shape} is not {expected.shape}"
    assert actual.dtype == expected.dtype, f"dtype {actual.dtype} is not {expected.dtype}"
    difference = np.abs(as_array(actual).astype(float) - as_array(expected).astype(float))
    assert np.all(difference <= atol), f"largest difference {difference.max()}"


def as_array(x) -> np.ndarray:
    return (
        x.detach().to(torch.float64 if x.is_floating_point() else x.dtype).numpy()
        if torch.is_tensor(x)
        else x
    )


def through_torch(function):
    """`function` of tensors as a function of arrays."""

    @functools.wraps(function)
    def called(*arrays, **named):
        named = {name: _tensor(x) for name, x in named.items()}
        return function(*map(_tensor, arrays), **named).numpy()

    return called


def normal(seed: int, *shape: int) -> np.ndarray:
    """Standard normal numbers, the same ones for the same seed."""
    return np.random.default_rng(seed).normal(size=shape)


def _tensor(x):
    return torch.tensor(x) if isinstance(x, np.ndarray) else x

"""Right answers to the exercises on what heads look at, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("self_attention")


@right("offset_score")
def offset_in_loops(weights, offset):
    if weights.ndim > 2:
        return [offset_in_loops(table, offset) for table in weights]
    n = len(weights)
    found = [weights[i, i + offset] for i in range(n) if 0 <= i + offset < n]
    return sum(found) / len(found)


@right("offset_score")
def offset_by_a_mask(weights, offset):
    chosen = np.eye(weights.shape[-1], k=offset)
    return (weights * chosen).sum(axis=(-2, -1)) / chosen.sum()


@right("masked_entropy")
def entropy_in_loops(weights, mask):
    shares = []
    for row, may in zip(weights, mask):
        nats = sum(-p * math.log(p) for p in row if p > 0)
        shares.append(nats / math.log(may.sum()) if may.sum() > 1 else 0.0)
    return shares


@right("masked_entropy")
def entropy_in_float32_and_nats(weights, mask):
    p = weights.astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = -np.nansum(p * np.log(p), axis=-1) / np.log(mask.sum(-1))
    return np.nan_to_num(share, nan=0.0, posinf=0.0, neginf=0.0)


@right("same_output")
def by_least_squares(weights, values):
    """Any vector minus its projection onto the rows of the equations is free."""
    equations = np.vstack([values.T, np.ones(len(weights))])
    wish = np.arange(len(weights)) % 3 - 1.0
    free = wish - equations.T @ np.linalg.lstsq(equations.T, wish, rcond=None)[0]
    steps = [w / -f for w, f in zip(weights, free) if f < 0]
    return np.maximum(weights + min(steps) * free, 0)


@right("same_output")
def by_the_other_sign(weights, values):
    """The same direction, walked the other way."""
    direction = -np.linalg.svd(np.vstack([np.ones(len(weights)), values.T]))[2][-1]
    step = np.min(np.where(direction < 0, -weights / np.where(direction < 0, direction, 1), np.inf))
    return weights + step * direction


@right("rollout")
def rollout_from_above(weights):
    """Each token's share, handed down from the last layer."""
    n = weights.shape[-1]
    share = np.eye(n)
    for layer in weights[::-1]:
        share = 0.5 * share @ np.mean(layer, axis=0) + 0.5 * share
    return share


@right("rollout")
def rollout_by_recursion(weights):
    step = (weights[-1].mean(0) + np.eye(weights.shape[-1])) / 2
    return step if len(weights) == 1 else step @ rollout_by_recursion(weights[:-1])

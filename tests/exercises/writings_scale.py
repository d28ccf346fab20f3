"""Right answers written differently: the scale and its gradient."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("self_attention")


@right("scale_gradient")
def scale_gradient_as_a_covariance(q, k, v, scale, d_output):
    """In each row: the covariance, under the weights, of a key's product and of what its value does to the loss."""
    total = 0.0
    for row, g in zip(q, d_output):
        products, pushes = k @ row, v @ g
        e = np.exp(scale * products - (scale * products).max())
        p = e / e.sum()
        total += float(p @ (products * pushes) - (p @ products) * (p @ pushes))
    return total

"""Rotary positions in two dimensions: one half of the pairs turns with the row of a patch, the other with its column."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from attnlab._counts import counts
from attnlab._shapes import Bool, Float
from attnlab.positions.rotary import rotate_halves


@counts("down", "across")
def planar_angles(
    down: int, across: int, speeds: Float[Tensor, "quarter"]
) -> Float[Tensor, "patches pairs"]:
    """2π · speed · (y, x) for the centre of each patch, in reading order; the image reaches from -1 to 1 both ways.

    The first half of the pairs has the angles of y, the second those of x.
    Source: the published code of DINOv3 [simeoni2025].
    """
    y, x = (2 * (torch.arange(n, dtype=speeds.dtype) + 0.5) / n - 1 for n in (down, across))
    places = torch.cartesian_prod(y, x)
    return (2 * math.pi * places[:, :, None] * speeds).flatten(1)


class PlanarRotary:
    """An `attend` that turns queries and keys of the last tokens, the patches, before it asks the one passed in.

    Tokens in front of the patches (class token, registers) have no place in the image and are not turned.
    """

    def __init__(self, attend: Callable, turned: Float[Tensor, "patches pairs"]):
        self.attend, self.turned = attend, turned

    def __call__(
        self,
        q: Float[Tensor, "*batch n_heads tokens d_head"],
        k: Float[Tensor, "*batch n_heads tokens d_head"],
        v: Float[Tensor, "*batch n_heads tokens d_head"],
        mask: Bool[Tensor, "*#scores"] | None = None,
    ) -> Float[Tensor, "*batch n_heads tokens d_head"]:
        return self.attend(self._turn(q), self._turn(k), v, mask)

    def _turn(self, x: Tensor) -> Tensor:
        n = len(self.turned)
        if x.shape[-2] < n:
            raise ValueError(f"there are angles for {n} patches but only {x.shape[-2]} tokens")
        return torch.cat([x[..., :-n, :], rotate_halves(x[..., -n:, :], self.turned)], dim=-2)

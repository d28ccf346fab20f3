"""An image as a row of tokens: cut into squares, each projected by one matrix; and layers that begin as almost nothing."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Real


def patches(
    images: Real[Tensor, "*batch channels height width"], size: int
) -> Real[Tensor, "*batch patches pixels"]:
    """Cut each image into squares of size · size pixels, in reading order; each square becomes a row.

    A row holds one channel after the other, each in reading order: pixels = channels · size · size, as in the
    kernel of a convolution.
    Errors: ValueError unless `size` divides both sides.
    Source: [dosovitskiy2021, section 3.1].
    """
    size = _need_squares(images.shape[-2], images.shape[-1], size)
    pattern = "... channels (rows h) (columns w) -> ... (rows columns) (channels h w)"
    return rearrange(images, pattern, h=size, w=size)


def from_patches(
    rows: Real[Tensor, "*batch patches pixels"], size: int, height: int, width: int
) -> Real[Tensor, "*batch channels height width"]:
    """The images that were cut: `from_patches(patches(x, size), size, height, width)` is x.

    Errors: ValueError for rows that do not fill such an image.
    """
    size = _need_squares(height, width, size)
    down, across = height // size, width // size
    if rows.shape[-2] != down * across or rows.shape[-1] % size**2:
        raise ValueError(
            f"an image of {height} by {width} has {down * across} patches of a multiple of {size**2} pixels, "
            f"not {rows.shape[-2]} of {rows.shape[-1]}"
        )
    pattern = "... (rows columns) (channels h w) -> ... channels (rows h) (columns w)"
    return rearrange(rows, pattern, rows=down, columns=across, h=size, w=size)


class PatchEmbedding(nn.Module):
    """patches(images) W + b: what a convolution computes whose kernel is `size` wide and moves by `size`.

    Source: [dosovitskiy2021, section 3.1, equation 1].
    """

    def __init__(self, channels: int, size: int, d_model: int):
        super().__init__()
        self.channels, self.size = count("channels", channels, at_least=1), count("size", size, at_least=1)
        self.project = nn.Linear(self.channels * self.size**2, count("d_model", d_model, at_least=1))

    def forward(
        self, images: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch patches d_model"]:
        """Errors: those of `patches`, and ValueError for another number of channels."""
        if images.shape[-3] != self.channels:
            raise ValueError(f"images have {images.shape[-3]} channels but the layer reads {self.channels}")
        return self.project(patches(images, self.size))


class LayerScale(nn.Module):
    """gain * layer(x): a learned factor for every feature of what a sublayer adds, small at the start.

    Source: [touvron2021].
    """

    def __init__(self, layer: nn.Module, d_model: int, start: float = 1e-5):
        super().__init__()
        self.layer = layer
        self.gain = nn.Parameter(torch.full((count("d_model", d_model, at_least=1),), float(start)))

    def forward(self, x: Float[Tensor, "*tokens d_model"], **given) -> Float[Tensor, "*tokens d_model"]:
        return self.gain * self.layer(x, **given)


def _need_squares(height: int, width: int, size: int) -> int:
    height, width, size = count("height", height), count("width", width), count("size", size, at_least=1)
    if height % size or width % size or not height or not width:
        raise ValueError(f"an image of {height} by {width} cannot be cut into squares of {size} by {size}")
    return size

"""Images cut into patches: against loops, against a convolution, and back again."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from compare import assert_same, normal, through_torch
from torch import nn

from attnlab.layers import patches as torch_patches
from attnlab.layers.patches import LayerScale, PatchEmbedding
from attnlab.reference.layers import patches as np_patches

BOTH = pytest.mark.parametrize("room", [np_patches, torch_patches], ids=["reference", "layers"])
SIZES = [(2, 3, 6, 15, 3), (1, 1, 4, 4, 2), (5, 2, 7, 7, 7), (2, 1, 5, 3, 1)]


def cut_by_hand(images, size):
    """Loops over images, rows and columns of squares, channels and pixels."""
    out = []
    for image in images:
        rows = []
        for top in range(0, image.shape[1], size):
            for left in range(0, image.shape[2], size):
                rows.append([image[c][top + i][left + j] for c in range(len(image)) for i in range(size) for j in range(size)])
        out.append(rows)
    return np.array(out)


def run(room, name, *arguments):
    function = getattr(room, name)
    return function(*arguments) if room is np_patches else through_torch(function)(*arguments)


@BOTH
@pytest.mark.parametrize("sizes", SIZES)
def test_patches_are_those_of_the_loops_and_come_back(room, sizes):
    *shape, size = sizes
    images = normal(0, *shape)
    rows = run(room, "patches", images, size)
    assert_same(rows, cut_by_hand(images, size), 0)
    assert_same(run(room, "from_patches", rows, size, *shape[-2:]), images, 0)
    assert_same(run(room, "patches", images[0], size), rows[0], 0)  # without a batch


@BOTH
def test_integers_and_more_leading_axes(room):
    images = np.arange(2 * 3 * 1 * 4 * 6).reshape(2, 3, 1, 4, 6)
    rows = run(room, "patches", images, 2)
    assert rows.shape == (2, 3, 6, 4) and rows[1, 2].tolist() == cut_by_hand(images[1, 2:], 2)[0].tolist()


@BOTH
@pytest.mark.parametrize(("height", "width", "size"), [(6, 8, 3), (8, 6, 3), (4, 4, 5), (0, 4, 2)])
def test_what_cannot_be_cut_is_refused(room, height, width, size):
    text = f"an image of {height} by {width} cannot be cut into squares of {size} by {size}"
    with pytest.raises(ValueError, match=re.escape(text)):
        run(room, "patches", np.zeros((1, height, width)), size)


@BOTH
def test_rows_that_fill_no_image_are_refused(room):
    with pytest.raises(ValueError, match="an image of 4 by 6 has 6 patches of a multiple of 4 pixels, not 5 of 4"):
        run(room, "from_patches", np.zeros((5, 4)), 2, 4, 6)
    with pytest.raises(ValueError, match="not 6 of 7"):
        run(room, "from_patches", np.zeros((6, 7)), 2, 4, 6)
    with pytest.raises(ValueError, match="size must be at least 1 but is 0"):
        run(room, "from_patches", np.zeros((6, 4)), 0, 4, 6)


def test_the_embedding_is_a_convolution_with_a_stride():
    layer = PatchEmbedding(3, 5, 7).double()
    images = torch.tensor(normal(1, 2, 3, 15, 10))
    kernel = layer.project.weight.unflatten(1, (3, 5, 5))
    convolved = nn.functional.conv2d(images, kernel, layer.project.bias, stride=5)
    assert_same(layer(images), convolved.flatten(2).mT, 1e-12)
    overlapping = nn.functional.conv2d(images, kernel, layer.project.bias, stride=1)
    assert_same(layer(images), overlapping[:, :, ::5, ::5].flatten(2).mT, 1e-12)


def test_the_embedding_wants_its_channels():
    with pytest.raises(ValueError, match="images have 2 channels but the layer reads 3"):
        PatchEmbedding(3, 5, 7)(torch.zeros(1, 2, 10, 10))


def test_layer_scale_multiplies_what_the_layer_gives():
    class Given(nn.Module):
        def forward(self, x, twice):
            return 2 * x if twice else x

    layer = LayerScale(Given(), 5, start=0.25)
    x = torch.tensor(normal(2, 3, 5)).float()
    assert_same(layer(x, twice=True), 0.5 * x)
    with torch.no_grad():
        layer.gain[2] = 3.0
    assert_same(layer(x, twice=False)[:, 2], 3 * x[:, 2])
    assert layer.gain.requires_grad and layer.gain.shape == (5,)

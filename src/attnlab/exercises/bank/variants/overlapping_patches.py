"""Patches that overlap: a stride smaller than the patch."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _cut(images, size, stride, order="down", layout="channels first", count="all"):
    images = np.asarray(images, dtype=float)
    n, c, h, w = images.shape
    tops, lefts = (range(0, side - size + 1, stride) for side in (h, w))
    if count == "whole squares":
        tops, lefts = (range(0, (side // size - 1) * stride + 1, stride) for side in (h, w))
    if count == "one less":
        tops, lefts = (list(places)[:-1] if len(places) > 1 else places for places in (tops, lefts))
    places = [(i, j) for i in tops for j in lefts] if order == "down" else [(i, j) for j in lefts for i in tops]
    axes = {"channels first": (0, 1, 2, 3), "channels last": (0, 2, 3, 1), "on its side": (0, 1, 3, 2)}[layout]
    rows = [images[:, :, i : i + size, j : j + size].transpose(axes).reshape(n, -1) for i, j in places]
    return np.stack(rows, axis=1)


def _reference(images, size, stride):
    return _cut(images, size, stride)


EXERCISE = Exercise(
    id="variants.overlapping_patches",
    title="Patches that overlap",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/vit",
    headings=("An image is a row of patches",),
    statement=r"""
    A patch embedding moves its window by a whole patch. Some models move it by less, so that neighbouring patches share pixels. Cut images into squares of `size` by `size` pixels whose upper left corners stand at 0, `stride`, 2 `stride`, ..., down and across, as long as the whole square lies inside the image.

    Patches come in reading order: left to right, then the next row of patches. A patch is one row of numbers: all of its first channel in reading order, then all of its second, and so on. `stride` may also be larger than `size`; then pixels are left out.

    A tiny example: one image of one channel, `[[1, 2, 3], [4, 5, 6]]`, with `size = 2` and `stride = 1` gives `[[1, 2, 4, 5], [2, 3, 5, 6]]`.
    """,
    slot='''
    def overlapping_patches(images, size, stride):
        """Squares of size * size pixels, stride pixels apart, each as a row.

        images: (batch, channels, height, width), both sides at least size; size, stride: from 1
        result: (batch, patches, channels * size * size)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a stride equal to the size, no pixel is in two patches. With a stride of 1, neighbouring patches share all but one column or row of pixels.",
        r"Along a side of $h$ pixels there is room for $\lfloor (h - \text{size}) / \text{stride} \rfloor + 1$ squares. Patch $(i, j)$ is `images[:, :, i*stride : i*stride + size, j*stride : j*stride + size]`.",
        "```python\nbatch, _, height, width = images.shape\nrows = []\nfor top in range(0, ____, ____):\n"
        "    for left in range(0, ____, ____):\n        square = images[:, :, ____, ____]\n        rows.append(square.reshape(batch, -1))\nreturn np.stack(rows, axis=____)\n```",
    ),
    parsons=("patches_downward_first", "stride_taken_for_the_size"),
    why=r"""
    This is the input side of a convolution: a row times a matrix is what a kernel of that size and stride computes at one place. A stride of `size` gives the patches of a vision transformer; a smaller one gives more tokens, about $(\text{size} / \text{stride})^2$ times as many, and attention pays for the square of that.

    **The two most common mistakes.** Ending the range at `height - size`, which leaves the last row of patches out. Walking down before across: the shapes agree, and a model that was trained in reading order gets the patches mirrored along the diagonal.

    **Cost.** A copy of every patch, so up to $(\text{size} / \text{stride})^2$ times the image.
    """,
    verified="equal to a loop over all places for strides below, equal to and above the size, for one and several channels, for oblong images, a single patch, whole numbers and float32.",
    next_thought="how many tokens does an image of 224 by 224 give with squares of 16 and a stride of 8?",
    reference=_reference,
)

_rng = np.random.default_rng(31)
EXERCISE.probe("2 images, 3 channels, size 3, stride 2", _rng.normal(size=(2, 3, 7, 11)), 3, 2)
EXERCISE.probe("stride of 1", _rng.normal(size=(2, 1, 5, 4)), 3, 1)
EXERCISE.probe("stride equal to the size", _rng.normal(size=(1, 2, 6, 9)), 3, 3)
EXERCISE.probe("stride above the size", _rng.normal(size=(2, 2, 8, 11)), 2, 3)
EXERCISE.probe("pixels that do not fill a stride", _rng.normal(size=(1, 2, 8, 6)), 3, 2)
EXERCISE.probe("a single patch", _rng.normal(size=(2, 2, 5, 5)), 5, 2)
EXERCISE.probe("size of 1", _rng.normal(size=(1, 3, 4, 5)), 1, 2)
EXERCISE.probe("square image", _rng.normal(size=(1, 2, 6, 6)), 2, 1)
EXERCISE.probe("whole numbers", np.arange(2 * 2 * 4 * 6).reshape(2, 2, 4, 6), 2, 1)
EXERCISE.probe("single precision", _rng.normal(size=(2, 2, 6, 5)).astype(np.float32), 2, 1)
EXERCISE.probe("taller than wide", _rng.normal(size=(3, 1, 9, 4)), 4, 2)
_rng = np.random.default_rng(32)
EXERCISE.probe("5 images, 4 channels, sides of 17 and 23, size 8, stride 5", _rng.normal(size=(5, 4, 17, 23)), 8, 5)
EXERCISE.probe("whole numbers, negative ones and hundreds", _rng.integers(-900, 900, size=(1, 2, 4, 5)), 2, 2)


@EXERCISE.solve
def overlapping_patches_solution(images, size, stride):
    batch, _, height, width = images.shape
    rows = []
    for top in range(0, height - size + 1, stride):
        for left in range(0, width - size + 1, stride):
            square = images[:, :, top : top + size, left : left + size]
            rows.append(square.reshape(batch, -1))
    return np.stack(rows, axis=1)


@EXERCISE.mutant
def patches_downward_first(images, size, stride):
    batch, _, height, width = images.shape
    rows = []
    for left in range(0, width - size + 1, stride):
        for top in range(0, height - size + 1, stride):
            square = images[:, :, top : top + size, left : left + size]
            rows.append(square.reshape(batch, -1))
    return np.stack(rows, axis=1)


@EXERCISE.mutant
def stride_taken_for_the_size(images, size, stride):
    batch, _, height, width = images.shape
    rows = []
    for top in range(0, height - size + 1, size):
        for left in range(0, width - size + 1, size):
            square = images[:, :, top : top + size, left : left + size]
            rows.append(square.reshape(batch, -1))
    return np.stack(rows, axis=1)


@EXERCISE.mutant(evidence=text.shapes)
def last_patches_left_out(images, size, stride):
    return _cut(images, size, stride, count="one less")


@EXERCISE.mutant
def patch_channels_last(images, size, stride):
    return _cut(images, size, stride, layout="channels last")


@EXERCISE.mutant
def patch_on_its_side(images, size, stride):
    return _cut(images, size, stride, layout="on its side")


@EXERCISE.mutant
def patches_by_plain_reshape(images, size, stride):
    right = _cut(images, size, stride)
    flat = np.asarray(images, dtype=float).reshape(len(images), -1)
    return np.resize(flat, right.shape) if len(images) == 1 else np.stack([np.resize(one, right.shape[1:]) for one in flat])


@EXERCISE.mutant(evidence=text.shapes)
def patches_counted_without_overlap(images, size, stride):
    return _cut(images, size, stride, count="whole squares")


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[1, 2, 4, 5], [2, 3, 5, 6]]], np.array([[[[1.0, 2, 3], [4, 5, 6]]]]), 2, 1))


@EXERCISE.holds("an image does not depend on the others of its batch")
def alone(call):
    images = np.random.default_rng(8).normal(size=(3, 2, 5, 7))
    both, one = np.asarray(call(images, 3, 2), dtype=float), np.asarray(call(images[1:2], 3, 2), dtype=float)
    good = both.ndim == 3 and one.ndim == 3 and both[1:2].shape == one.shape and np.allclose(both[1:2], one, atol=1e-5)
    return None if good else "image 1 alone gives other patches than in a batch"


EXERCISE.holds("the given images stay as they are")(left_alone(np.random.default_rng(9).normal(size=(1, 2, 4, 5)), 2, 1))

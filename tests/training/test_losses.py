"""Cross-entropy with padding and smoothing: against torch's own, against NumPy's gradient, and what must be true of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from by_hand import slope
from compare import assert_same, normal

from attnlab import training
from attnlab.reference import losses as in_numpy
from attnlab.training import losses

TARGETS = np.array([[1, 2, 3, 0, 0], [6, 5, 4, 3, 2], [1, 0, 0, 0, 0]])
LOGITS = 2 * normal(0, 3, 5, 7)
SMOOTHINGS = (0.0, 0.1, 0.4, 1.0)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("ignore", [0, 3, -100])
def test_value_and_gradient_are_those_of_torch_and_of_numpy(smoothing, ignore):
    z = torch.tensor(LOGITS, requires_grad=True)
    t = torch.tensor(TARGETS)
    ours = training.cross_entropy(z, t, smoothing, ignore)
    theirs = torch.nn.functional.cross_entropy(
        z.flatten(0, 1), t.flatten(), ignore_index=ignore, label_smoothing=smoothing
    )
    assert_same(ours, theirs)
    (mine,), (its,) = torch.autograd.grad(ours, z), torch.autograd.grad(theirs, z)
    assert_same(mine, its)
    assert abs(in_numpy.cross_entropy(LOGITS, TARGETS, smoothing, ignore) - theirs.item()) < 1e-12
    assert_same(in_numpy.cross_entropy_gradient(LOGITS, TARGETS, smoothing, ignore), its.numpy())


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_the_gradient_is_the_measured_slope(smoothing):
    def at(numbers):
        return in_numpy.cross_entropy(np.array(numbers).reshape(3, 5, 7), TARGETS, smoothing)

    measured = np.array(slope(at, LOGITS.ravel().tolist())).reshape(3, 5, 7)
    np.testing.assert_allclose(in_numpy.cross_entropy_gradient(LOGITS, TARGETS, smoothing), measured, atol=1e-9)


def test_torch_divides_by_the_places_that_count():
    """Said on the page: a padded text weighs as many places as it has tokens, whatever the length of its row."""
    each = [in_numpy.cross_entropy(LOGITS[i, :n], TARGETS[i, :n]) for i, n in enumerate((3, 5, 1))]
    assert in_numpy.cross_entropy(LOGITS, TARGETS) == pytest.approx(np.average(each, weights=(3, 5, 1)), abs=1e-12)


def test_what_is_true_of_it():
    z, t = torch.tensor(LOGITS), torch.tensor(TARGETS)
    moved = z.clone()
    moved[0, 3:] += 100 * torch.tensor(normal(1, 2, 7))
    assert_same(training.cross_entropy(moved, t, 0.1), training.cross_entropy(z, t, 0.1))  # padding does not matter
    assert_same(
        training.cross_entropy(z + 50, t, 0.1), training.cross_entropy(z, t, 0.1)
    )  # a shift of all logits neither
    assert training.cross_entropy(0 * z, t, 0.3).item() == pytest.approx(math.log(7), abs=1e-12)
    gradient = in_numpy.cross_entropy_gradient(LOGITS, TARGETS, 0.1)
    assert np.abs(gradient.sum(axis=-1)).max() < 1e-15 and not gradient[0, 3:].any()


def test_the_optimum_has_a_finite_gap_with_smoothing():
    """Where softmax = q the gradient is 0: the right logit stands ln((1 - e) K / e + 1) above the others."""
    words, smoothing = 7, 0.1
    gap = math.log((1 - smoothing) * words / smoothing + 1)
    z = np.where(np.arange(words) == 3, gap, 0.0)[None]
    assert np.abs(in_numpy.cross_entropy_gradient(z, np.array([3]), smoothing)).max() < 1e-15


def test_large_logits_and_a_word_of_chance_nought():
    z = np.array([[2000.0, 1999.0, -2000.0], [-1000.0, -1001.0, -np.inf]])
    t = np.array([1, 1])
    wanted = 1 + math.log(1 + math.exp(-1))
    assert in_numpy.cross_entropy(z, t) == pytest.approx(wanted)
    assert losses.cross_entropy(torch.tensor(z), torch.tensor(t)).item() == pytest.approx(wanted)


def test_shift_right_puts_start_in_front_and_drops_the_last():
    targets = torch.tensor([[5, 6, 2], [7, 2, 0]])
    assert training.shift_right(targets).tolist() == [[1, 5, 6], [1, 7, 2]]
    assert training.shift_right(targets, first=9).tolist() == [[9, 5, 6], [9, 7, 2]]
    assert targets.tolist() == [[5, 6, 2], [7, 2, 0]] and training.shift_right(targets).dtype == torch.int64


T = torch.tensor(TARGETS)
Z = torch.tensor(LOGITS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((Z, T[:2]), ValueError, r"targets have the shape \(2, 5\) but the logits \(3, 5, 7\)"),
        ((Z, 0 * T), ValueError, "no target counts: all 15 are 0"),
        ((Z, T + 1), ValueError, "target 7 is none of the 7 words"),
        ((Z, T - 3), ValueError, "target -3 is none of the 7 words"),
        ((Z, T, 1.5), ValueError, "smoothing must be between 0 and 1 but is 1.5"),
        ((Z, T, -0.1), ValueError, "smoothing must be between 0 and 1 but is -0.1"),
    ],
)
def test_what_is_refused(as_readers_run_it, arguments, error, message):
    with pytest.raises(error, match=message):
        training.cross_entropy(*arguments)
    z, t, *rest = arguments
    with pytest.raises(error, match=message):
        in_numpy.cross_entropy(z.numpy(), t.numpy(), *rest)


def test_what_torch_refuses(as_readers_run_it):
    with pytest.raises(TypeError, match="logits must hold floats but their dtype is torch.int64"):
        training.cross_entropy(Z.long(), T)
    with pytest.raises(TypeError, match="targets must hold whole numbers but their dtype is torch.float64"):
        training.cross_entropy(Z, T.double())
    with pytest.raises(TypeError, match="targets must hold whole numbers but their dtype is torch.bool"):
        training.cross_entropy(Z, T > 0)

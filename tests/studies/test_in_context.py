"""A layer of linear attention and a step of gradient descent: loops, autograd, and a training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.studies import in_context as ic

N, D, RATE = 7, 3, 0.05


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def prompts() -> ic.Prompts:
    return ic.linear_tasks(5, N, D, drawn(0))


def test_labels_are_one_linear_function_a_task(prompts):
    assert prompts.inputs.shape == (5, N, D) and prompts.answer.shape == (5,) and prompts.answer.dtype == torch.float64
    for x, y, question, answer in zip(*(part.numpy() for part in prompts)):
        w = np.linalg.lstsq(x, y, rcond=None)[0]
        assert np.allclose(x @ w, y, atol=1e-10) and np.isclose(question @ w, answer, atol=1e-10)
    assert np.abs(np.diff(prompts.labels[:, 0])).min() > 1e-6


def test_the_question_stands_last_without_its_answer(prompts):
    e = ic.tokens(prompts)
    assert e.shape == (5, N + 1, D + 1)
    assert (e[:, :-1, :D] == prompts.inputs).all() and (e[:, :-1, D] == prompts.labels).all()
    assert (e[:, -1, :D] == prompts.question).all() and (e[:, -1, D] == 0).all()


def test_linear_attention_is_its_sum():
    e = torch.randn(2, 4, 3, generator=drawn(1), dtype=torch.float64)
    layer = ic.Layer(*torch.randn(2, 3, 3, generator=drawn(2), dtype=torch.float64))
    out = ic.linear_attention(e, layer)
    for t in range(2):
        for j in range(4):
            added = sum(layer.write @ e[t, i] * (e[t, i] @ layer.match @ e[t, j]) for i in range(3))
            np.testing.assert_allclose(out[t, j], e[t, j] + added, rtol=0, atol=1e-12)


def by_autograd(prompts: ic.Prompts, steps: int) -> torch.Tensor:
    """Descent on the loss as it is written, differentiated by the library."""
    w = torch.zeros(5, D, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        loss = 0.5 * ((torch.einsum("tnd,td->tn", prompts.inputs, w) - prompts.labels) ** 2).sum()
        (slope,) = torch.autograd.grad(loss, w)
        w = (w - RATE * slope).detach().requires_grad_()
    return (w * prompts.question).sum(-1).detach()


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_so_many_layers_are_so_many_steps(prompts, steps):
    e = ic.tokens(prompts)
    for _ in range(steps):
        e = ic.linear_attention(e, ic.one_step(D, RATE))
    expected = by_autograd(prompts, steps)
    np.testing.assert_allclose(ic.read(e), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ic.descended(prompts, RATE, steps), expected, rtol=0, atol=1e-12)


def test_ridge_is_least_squares_at_0_and_shrinks_with_its_penalty(prompts):
    np.testing.assert_allclose(ic.ridge(prompts, 0.0), prompts.answer, rtol=0, atol=1e-9)
    x, y = prompts.inputs[0].numpy(), prompts.labels[0].numpy()
    w = np.linalg.lstsq(np.vstack([x, np.sqrt(2.5) * np.eye(D)]), np.append(y, np.zeros(D)), rcond=None)[0]
    assert ic.ridge(prompts, 2.5)[0].item() == pytest.approx(w @ prompts.question[0].numpy(), abs=1e-10)
    assert ic.ridge(prompts, 1e9).abs().max() < 1e-6


def test_kernel_regression_is_a_mean_of_labels_by_hand(prompts):
    out = ic.kernel_regression(prompts, 0.7)
    for t in range(5):
        powers = np.exp((prompts.inputs[t] @ prompts.question[t]).numpy() / 0.7)
        assert out[t].item() == pytest.approx((powers * prompts.labels[t].numpy()).sum() / powers.sum(), abs=1e-12)


def test_training_finds_the_step():
    layer = ic.trained(20, 5, 400, drawn(0))
    fresh = ic.linear_tasks(2_000, 20, 5, drawn(4))
    guess, step = ic.read(ic.linear_attention(ic.tokens(fresh), layer)), ic.descended(fresh, 1 / (20 + 5 + 1))
    assert torch.nn.functional.cosine_similarity(guess, step, dim=0) > 0.99
    assert not layer.match.requires_grad


def test_the_same_generator_trains_the_same_layer():
    one, other = (ic.trained(4, 2, 3, drawn(5)) for _ in range(2))
    assert (one.match == other.match).all() and (one.write == other.write).all()

"""Learning inside a forward pass, small enough to be seen whole: linear tasks in a prompt, and a layer of linear attention.

A prompt holds examples (x, y) of one random linear function and a question x without its y. A layer of attention without the
softmax adds to every token what the examples write, weighted by products of keys and queries; with the right weights
that is one step of gradient descent on the examples, and training finds such weights.
Source: [vonoswald2023, section 2, proposition 1].
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from attnlab._shapes import Float
from attnlab.attention import attention


class Prompts(NamedTuple):
    """Examples of one function a task, and a question with its true answer."""

    inputs: Float[Tensor, "tasks examples d"]
    labels: Float[Tensor, "tasks examples"]
    question: Float[Tensor, "tasks d"]
    answer: Float[Tensor, "tasks"]


class Layer(NamedTuple):
    """The two products of weights that linear attention has: `match` is Kᵀ Q, `write` is P V."""

    match: Float[Tensor, "width width"]
    write: Float[Tensor, "width width"]


def linear_tasks(n_tasks: int, n_examples: int, d: int, generator: torch.Generator) -> Prompts:
    """y = w · x with w and x standard normal, a new w for each task; float64."""
    w, x = (torch.randn(*size, generator=generator, dtype=torch.float64) for size in ((n_tasks, d), (n_tasks, n_examples + 1, d)))
    y = torch.einsum("tnd,td->tn", x, w)
    return Prompts(x[:, :-1], y[:, :-1], x[:, -1], y[:, -1])


def tokens(prompts: Prompts) -> Float[Tensor, "tasks tokens width"]:
    """The rows (x, y) of the examples, and last (question, 0)."""
    x = torch.cat([prompts.inputs, prompts.question[:, None]], dim=1)
    y = torch.cat([prompts.labels, torch.zeros_like(prompts.answer)[:, None]], dim=1)
    return torch.cat([x, y[..., None]], dim=-1)


def linear_attention(e: Float[Tensor, "tasks tokens width"], layer: Layer) -> Float[Tensor, "tasks tokens width"]:
    """eⱼ + write Σᵢ eᵢ (eᵢ · match eⱼ), the sum over the examples: all tokens but the last, which only asks."""
    examples = e[:, :-1]
    scores = e @ layer.match.mT @ examples.mT
    return e + scores @ examples @ layer.write.mT


def read(e: Float[Tensor, "tasks tokens width"]) -> Float[Tensor, "tasks"]:
    """The prediction: minus what stands in the last token's place for y."""
    return -e[:, -1, -1]


def one_step(d: int, rate: float) -> Layer:
    """Weights with which a layer is a step of gradient descent, from w = 0, on half the sum of squared errors.

    `match` compares the x of two tokens; `write` takes `rate` times the y of an example.
    """
    match, write = torch.zeros(2, d + 1, d + 1, dtype=torch.float64)
    match[:d, :d] = torch.eye(d, dtype=torch.float64)
    write[d, d] = -rate
    return Layer(match, write)


def trained(n_examples: int, d: int, steps: int, generator: torch.Generator) -> Layer:
    """A layer whose two matrices began as small random numbers: Adam on the squared error of 256 new tasks a step."""
    start = [0.1 * torch.randn(d + 1, d + 1, generator=generator, dtype=torch.float64) for _ in range(2)]
    layer = Layer(*(one.requires_grad_() for one in start))
    optimiser = torch.optim.Adam(layer, lr=0.02)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        prompts = linear_tasks(256, n_examples, d, generator)
        loss = (read(linear_attention(tokens(prompts), layer)) - prompts.answer).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layer, 1.0)
        optimiser.step()
        fall.step()
    return Layer(*(one.detach() for one in layer))


# -- what the layer is compared with


def descended(prompts: Prompts, rate: float, steps: int = 1) -> Float[Tensor, "tasks"]:
    """The answer of w after so many steps of w + rate Σᵢ (yᵢ - w · xᵢ) xᵢ, from 0."""
    w = torch.zeros_like(prompts.question)
    for _ in range(steps):
        error = prompts.labels - torch.einsum("tnd,td->tn", prompts.inputs, w)
        w = w + rate * torch.einsum("tn,tnd->td", error, prompts.inputs)
    return (w * prompts.question).sum(-1)


def ridge(prompts: Prompts, penalty: float) -> Float[Tensor, "tasks"]:
    """The answer of w = (Xᵀ X + penalty I)⁻¹ Xᵀ y; a penalty above 0 where there are fewer examples than features."""
    x = prompts.inputs
    square = x.mT @ x + penalty * torch.eye(x.shape[-1], dtype=x.dtype)
    w = torch.linalg.solve(square, torch.einsum("tn,tnd->td", prompts.labels, x))
    return (w * prompts.question).sum(-1)


def kernel_regression(prompts: Prompts, temperature: float) -> Float[Tensor, "tasks"]:
    """A softmax head: the mean of the labels, weighted by exp(xᵢ · question / temperature)."""
    out = attention(prompts.question[:, None], prompts.inputs, prompts.labels[..., None], scale=1 / temperature)
    return out[:, 0, 0]

"""How layers pass states on: several residual streams mixed by doubly stochastic matrices, attention over earlier layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.attention.core import attention
from attnlab.layers.norms import rms_norm


class Connection(NamedTuple):
    """The numbers by which one layer is joined to the streams of one token.

    read: the weight of each stream in the layer's input. write: how strongly the layer's output is added to each stream.
    mix: row i says of which streams the new stream i is made, before the output is added.
    """

    read: Float[Tensor, "*batch streams"]
    write: Float[Tensor, "*batch streams"]
    mix: Float[Tensor, "*batch streams streams"]


def sinkhorn(
    logits: Float[Tensor, "*batch rows columns"], steps: int, epsilon: float = 1e-6
) -> Float[Tensor, "*batch rows columns"]:
    """exp(logits), its columns and then its rows divided by their sums, `steps` times.

    Square logits tend to a doubly stochastic matrix: rows and columns that sum to 1. The rows do so after each step, to
    about epsilon, which is added to the first normalised matrix and to every later sum, as published models do.
    Source: [xie2025, equation 9]; [sinkhorn1967].
    """
    steps = count("steps", steps, at_least=1)
    matrix = torch.softmax(logits, dim=-2) + epsilon
    matrix = matrix / (matrix.sum(dim=-1, keepdim=True) + epsilon)
    for _ in range(steps - 1):
        matrix = matrix / (matrix.sum(dim=-2, keepdim=True) + epsilon)
        matrix = matrix / (matrix.sum(dim=-1, keepdim=True) + epsilon)
    return matrix


class HyperConnection(nn.Module):
    """X becomes M X + w · layer(r X): one layer among n residual streams X (n, d_model) of each token.

    The read weights r, the write weights w and the mixing matrix M are made from the token's own streams: a linear map
    of all of them, normalised together, is scaled and shifted; then r = sigmoid, w = 2 sigmoid, M = `sinkhorn`.
    At first nothing depends on the streams: r = 1/n, w = 1 and M nearly the identity, so that equal streams stay equal
    to one ordinary residual stream.
    layer: a function of (*batch, d_model), its normalisation included; the last axis of the batch holds the tokens.
    The parameters are laid out as in DeepSeek-V4: n rows of read, n of write, n² of mixing, (from, to) in this order.
    Source: [zhu2025]; [xie2025]; the names of the three parts are ours.
    """

    def __init__(self, layer: Callable, d_model: int, n_streams: int, steps: int = 20, epsilon: float = 1e-6):
        super().__init__()
        d_model, n = count("d_model", d_model, at_least=1), count("n_streams", n_streams, at_least=1)
        self.layer, self.n_streams, self.epsilon = layer, n, epsilon
        self.steps = count("steps", steps, at_least=1)
        self.project = nn.Linear(n * d_model, n * (n + 2), bias=False)
        self.scale = nn.Parameter(torch.zeros(3))
        self.base = nn.Parameter(torch.cat([_share(n), torch.zeros(n), 8 * torch.eye(n).flatten()]))

    def forward(
        self, streams: Float[Tensor, "*batch streams d_model"], **options
    ) -> Float[Tensor, "*batch streams d_model"]:
        """The streams after the layer; every option is handed on to the layer by name."""
        read, write, mix = self.connection(streams)
        out = self.layer((read[..., None] * streams).sum(dim=-2), **options)
        return mix @ streams + write[..., None] * out[..., None, :]

    def connection(self, streams: Float[Tensor, "*batch streams d_model"]) -> Connection:
        """How the layer reads from, writes to and mixes these streams."""
        n = self.n_streams
        _need_streams(streams, n, self.project.in_features // n)
        parts = (n, n, n * n)
        sizes = self.project(rms_norm(streams.flatten(-2), epsilon=self.epsilon)).split(parts, dim=-1)
        read, write, mix = (a * x + b for a, x, b in zip(self.scale, sizes, self.base.split(parts)))
        mix = rearrange(mix, "... (source target) -> ... target source", source=n)
        return Connection(
            torch.sigmoid(read) + self.epsilon, 2 * torch.sigmoid(write), sinkhorn(mix, self.steps, self.epsilon)
        )


class HyperHead(nn.Module):
    """The n streams of each token added to one, with weights made from the streams: the end of a stack of `HyperConnection`s.

    At first every weight is 1/n. Source: DeepSeek-V4 as the transformers library has it.
    """

    def __init__(self, d_model: int, n_streams: int, epsilon: float = 1e-6):
        super().__init__()
        d_model, n = count("d_model", d_model, at_least=1), count("n_streams", n_streams, at_least=1)
        self.n_streams, self.epsilon = n, epsilon
        self.project = nn.Linear(n * d_model, n, bias=False)
        self.scale = nn.Parameter(torch.zeros(1))
        self.base = nn.Parameter(_share(n))

    def forward(self, streams: Float[Tensor, "*batch streams d_model"]) -> Float[Tensor, "*batch d_model"]:
        _need_streams(streams, self.n_streams, self.project.in_features // self.n_streams)
        sizes = self.project(rms_norm(streams.flatten(-2), epsilon=self.epsilon))
        read = torch.sigmoid(self.scale * sizes + self.base) + self.epsilon
        return (read[..., None] * streams).sum(dim=-2)


class AttentionOverLayers(nn.Module):
    """Σ a_l value(h_l) with a = softmax(q · norm(h_l) scale) over the states h_l of earlier layers, token by token.

    q is one learned vector for all tokens, and norm divides by the root mean square. It starts at 0: the plain average.
    value: a function of the states; norm unless given, as in Inkling 2. In the paper it changes nothing.
    scale: 1/√d_model unless given. In the paper it is 1, and norm has a learned gain.
    Source: [kimi2026].
    """

    def __init__(self, d_model: int, value: Callable | None = None, scale: float | None = None, epsilon: float = 1e-6):
        super().__init__()
        self.query = nn.Parameter(torch.zeros(count("d_model", d_model, at_least=1)))
        self.value, self.scale, self.epsilon = value, scale, epsilon

    def forward(self, states: Float[Tensor, "*batch layers d_model"]) -> Float[Tensor, "*batch d_model"]:
        keys = rms_norm(states, epsilon=self.epsilon)
        query = self.query.expand(*states.shape[:-2], 1, -1)
        values = keys if self.value is None else self.value(states)
        return attention(query, keys, values, scale=self.scale).squeeze(-2)


def _share(n: int) -> Float[Tensor, " streams"]:
    """n numbers whose sigmoid is 1/n."""
    return torch.logit(torch.full((n,), 1 / n), eps=1e-6)


def _need_streams(streams: Tensor, n_streams: int, d_model: int) -> None:
    if tuple(streams.shape[-2:]) != (n_streams, d_model):
        raise ValueError(
            f"streams must end in the axes (n_streams, d_model) = {(n_streams, d_model)} but have shape {tuple(streams.shape)}"
        )

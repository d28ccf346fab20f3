"""Attention as messages along edges, in PyTorch: one score, one weight and one message for each edge.

Edge e goes from node `senders[e]` to node `receivers[e]`; what is not an edge costs nothing. With the edges of
a mask this is `attention` under that mask.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Bool, Float, Int, Integer
from attnlab.reference.graph import SLOPE, check_edges


def edges_of(mask: Bool[Tensor, "queries keys"]) -> tuple[Int[Tensor, "edges"], Int[Tensor, "edges"]]:
    """(receivers, senders) of the True entries of a mask, row after row.

    Errors: TypeError unless the mask is boolean, ValueError unless it has two axes.
    """
    if mask.dtype != torch.bool:
        raise TypeError(f"mask must be boolean, True = may look, but its dtype is {mask.dtype}")
    if mask.ndim != 2:
        raise ValueError(f"mask needs the axes (queries, keys) but has shape {tuple(mask.shape)}")
    return mask.nonzero(as_tuple=True)


@counts("n_receivers")
def edge_softmax(
    scores: Float[Tensor, "edges"], receivers: Integer[Tensor, "edges"], n_receivers: int
) -> Float[Tensor, "edges"]:
    """exp(s_e) / sum of exp(s_f) over all edges f into the same node.

    The largest score of each node is subtracted first, and no gradient flows through it.
    Errors: ValueError for lists of unlike length, and for an edge into a node that is not there.
    """
    check_edges(receivers, n_receivers, "receivers", scores=scores)
    lowest = scores.new_full((n_receivers,), -torch.inf)
    largest = lowest.scatter_reduce(0, receivers, scores.detach(), "amax")
    powers = (scores - largest[receivers]).exp()
    total = scores.new_zeros(n_receivers).index_add(0, receivers, powers)
    return powers / total[receivers]


@counts("n_receivers")
def message_passing(
    scores: Float[Tensor, "edges"],
    values: Float[Tensor, "n_senders d"],
    receivers: Integer[Tensor, "edges"],
    senders: Integer[Tensor, "edges"],
    n_receivers: int,
) -> Float[Tensor, "n_receivers d"]:
    """Every node takes the mean of its senders' values, weighted by the softmax of the scores of its edges.

    A node without an edge gets zeros. Errors: those of `edge_softmax`, and ValueError for a sender without a
    value.
    """
    check_edges(senders, len(values), "senders", scores=scores)
    weights = edge_softmax(scores, receivers, n_receivers)
    messages = weights.unsqueeze(-1) * values[senders]
    return values.new_zeros(n_receivers, values.shape[-1]).index_add(0, receivers, messages)


def dot_scores(
    q: Float[Tensor, "queries d_k"],
    k: Float[Tensor, "keys d_k"],
    receivers: Integer[Tensor, "edges"],
    senders: Integer[Tensor, "edges"],
) -> Float[Tensor, "edges"]:
    """q_i · k_j / sqrt(d_k) for every edge from j to i. Source: [vaswani2017, section 3.2.1]."""
    check_edges(receivers, len(q), "receivers", senders=senders)
    check_edges(senders, len(k), "senders", receivers=receivers)
    return torch.einsum("ed,ed->e", q[receivers], k[senders]) * q.shape[-1] ** -0.5


class GraphAttention(nn.Module):
    """One head of a graph attention layer: scores from two learned vectors, values and scores from one matrix.

    h = x W,  score of the edge from j to i: LeakyReLU(g_0 · h_i + g_1 · h_j),  output: the weighted mean of h.
    Left out of the published layer: the nonlinearity after it, several heads, dropout.
    Source: [velickovic2018, section 2.1, equations 1 to 4].
    """

    @counts("d_in", "d_out")
    def __init__(self, d_in: int, d_out: int, slope: float = SLOPE):
        super().__init__()
        self.slope = slope
        self.project = nn.Linear(d_in, d_out, bias=False)
        self.g = nn.Parameter(torch.empty(2, d_out))
        nn.init.xavier_uniform_(self.g)

    def scores(
        self, x: Float[Tensor, "nodes d_in"], receivers: Integer[Tensor, "edges"], senders: Integer[Tensor, "edges"]
    ) -> Float[Tensor, "edges"]:
        """LeakyReLU(g_0 · h_i + g_1 · h_j) for every edge from j to i."""
        check_edges(receivers, len(x), "receivers", senders=senders)
        check_edges(senders, len(x), "senders", receivers=receivers)
        asking, asked = (self.project(x) @ self.g.mT).unbind(dim=-1)
        return nn.functional.leaky_relu(asking[receivers] + asked[senders], self.slope)

    def forward(
        self, x: Float[Tensor, "nodes d_in"], receivers: Integer[Tensor, "edges"], senders: Integer[Tensor, "edges"]
    ) -> Float[Tensor, "nodes d_out"]:
        """The weighted mean of each node's senders; nodes without an edge between them do not meet."""
        scores = self.scores(x, receivers, senders)
        return message_passing(scores, self.project(x), receivers, senders, len(x))

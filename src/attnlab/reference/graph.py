"""Attention as messages along edges: no table of all pairs, one number for each edge.

A graph is given by two lists of equal length: edge e goes from node `senders[e]` to node `receivers[e]`. The
receiver asks, the sender is asked; a mask has an edge wherever it is True.
"""

from __future__ import annotations

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import AnyArray, Array, Bool, Float, Int, Integer, Real
from attnlab.reference._numbers import finite, finite_number

SLOPE = 0.2  # of LeakyReLU below zero, as in [velickovic2018]


def edges_of(mask: Bool[Array, "queries keys"]) -> tuple[Int[Array, "edges"], Int[Array, "edges"]]:
    """(receivers, senders) of the True entries of a mask, row after row.

    Errors: TypeError unless the mask is boolean, ValueError unless it has two axes.
    """
    mask = np.asarray(mask)
    if mask.dtype != np.bool_:
        raise TypeError(f"mask must be boolean, True = may look, but its dtype is {mask.dtype}")
    if mask.ndim != 2:
        raise ValueError(f"mask needs the axes (queries, keys) but has shape {mask.shape}")
    return np.nonzero(mask)


@counts("n_receivers")
def edge_softmax(
    scores: Real[Array, "edges"], receivers: Integer[Array, "edges"], n_receivers: int
) -> Float[Array, "edges"]:
    """exp(s_e) / sum of exp(s_f) over all edges f into the same node.

    Errors: ValueError for lists of unlike length, NaN or infinity, an edge into a node that is not there.
    """
    scores = finite("scores", scores)
    check_edges(receivers, n_receivers, "receivers", scores=scores)
    largest = np.full(n_receivers, -np.inf)
    np.maximum.at(largest, receivers, scores)
    powers = np.exp(scores - largest[receivers])
    total = np.zeros(n_receivers)
    np.add.at(total, receivers, powers)
    return powers / total[receivers]


@counts("n_receivers")
def collect(
    messages: Real[Array, "edges d"], receivers: Integer[Array, "edges"], n_receivers: int
) -> Float[Array, "n_receivers d"]:
    """The sum of the messages that arrive at each node; zeros where none does.

    `np.add.at` and not `out[receivers] += messages`, which keeps one message of each node and drops the rest.
    Errors: those of `edge_softmax`.
    """
    messages = finite("messages", messages)
    check_edges(receivers, n_receivers, "receivers", messages=messages)
    out = np.zeros((n_receivers, messages.shape[-1]))
    np.add.at(out, receivers, messages)
    return out


@counts("n_receivers")
def message_passing(
    scores: Real[Array, "edges"],
    values: Real[Array, "n_senders d"],
    receivers: Integer[Array, "edges"],
    senders: Integer[Array, "edges"],
    n_receivers: int,
) -> Float[Array, "n_receivers d"]:
    """Every node takes the mean of its senders' values, weighted by the softmax of the scores of its edges.

    Errors: those of `edge_softmax`, and ValueError for a sender without a value.
    """
    values = finite("values", values)
    check_edges(senders, len(values), "senders", scores=scores)
    weights = edge_softmax(scores, receivers, n_receivers)
    return collect(weights[:, None] * values[senders], receivers, n_receivers)


def dot_scores(
    q: Real[Array, "queries d_k"],
    k: Real[Array, "keys d_k"],
    receivers: Integer[Array, "edges"],
    senders: Integer[Array, "edges"],
) -> Float[Array, "edges"]:
    """q_i · k_j / sqrt(d_k) for every edge from j to i. Source: [vaswani2017, section 3.2.1]."""
    q, k = finite("q", q), finite("k", k)
    check_edges(receivers, len(q), "receivers", senders=senders)
    check_edges(senders, len(k), "senders", receivers=receivers)
    return (q[receivers] * k[senders]).sum(axis=-1) / np.sqrt(q.shape[-1])


def gat_scores(
    h: Real[Array, "nodes d"],
    g: Real[Array, "2 d"],
    receivers: Integer[Array, "edges"],
    senders: Integer[Array, "edges"],
    slope: float = SLOPE,
) -> Float[Array, "edges"]:
    """LeakyReLU(g_0 · h_i + g_1 · h_j) for every edge from j to i; h are the projected nodes.

    Source: [velickovic2018, section 2.1, equation 3], where g_0 and g_1 are the halves of one vector, called a.
    """
    h, g = finite("h", h), finite("g", g)
    check_edges(receivers, len(h), "receivers", senders=senders)
    check_edges(senders, len(h), "senders", receivers=receivers)
    return leaky_relu((h @ g[0])[receivers] + (h @ g[1])[senders], slope)


def gatv2_scores(
    asked: Real[Array, "nodes d"],
    asking: Real[Array, "nodes d"],
    g: Real[Array, "d"],
    receivers: Integer[Array, "edges"],
    senders: Integer[Array, "edges"],
    slope: float = SLOPE,
) -> Float[Array, "edges"]:
    """g · LeakyReLU(asking_i + asked_j) for every edge from j to i: the nonlinearity before the last product.

    `asking` and `asked` are two projections of the nodes. Source: [brody2022, section 3].
    """
    asked, asking, g = finite("asked", asked), finite("asking", asking), finite("g", g)
    check_edges(receivers, len(asking), "receivers", senders=senders)
    check_edges(senders, len(asked), "senders", receivers=receivers)
    return leaky_relu(asking[receivers] + asked[senders], slope) @ g


def leaky_relu(x: Real[Array, "*shape"], slope: float = SLOPE) -> Float[Array, "*shape"]:
    """x where it is positive, slope · x elsewhere."""
    slope = finite_number("slope", slope)
    x = finite("x", x)
    return np.where(x > 0, x, slope * x)


@counts("layers")
def walks(mask: Bool[Array, "nodes nodes"], layers: int) -> Int[Array, "nodes nodes"]:
    """In how many ways something of node j can come to node i in `layers` steps along the edges: mask^layers.

    Whole numbers up to 2^63; a layer is one step, and staying where one is needs an edge to oneself.
    Errors: ValueError for a mask that is not square or fewer than 0 layers, TypeError if it is not boolean;
    OverflowError where the count outgrows 64 bits.
    """
    receivers, _ = edges_of(mask)
    if mask.shape[0] != mask.shape[1]:
        raise ValueError(f"mask must be square but has shape {mask.shape}")
    if layers < 0:
        raise ValueError(f"layers must be at least 0 but is {layers}")
    if layers and len(receivers) and layers * np.log2(max(mask.sum(axis=-1).max(), 1)) >= 63:
        raise OverflowError(f"{layers} layers of up to {mask.sum(axis=-1).max()} edges: more than 64 bits")
    return np.linalg.matrix_power(mask.astype(np.int64), layers)


@counts("layers")
def reach(mask: Bool[Array, "nodes nodes"], layers: int) -> Bool[Array, "nodes nodes"]:
    """Whether anything of node j can come to node i in `layers` steps. Errors: those of `walks`, save one."""
    reached = np.eye(len(mask), dtype=bool)
    for _ in range(layers):
        reached = mask @ reached  # booleans: or of ands
    return reached


def check_edges(nodes: AnyArray, n_nodes: int, name: str, **beside: AnyArray) -> None:
    """TypeError unless `nodes` are whole numbers; ValueError unless they are nodes, as many as `beside`."""
    if "int" not in str(nodes.dtype):
        raise TypeError(f"{name} must hold integers but its dtype is {nodes.dtype}")
    for other, x in beside.items():
        if len(x) != len(nodes):
            raise ValueError(f"there are {len(nodes)} {name} but {len(x)} {other}")
    if len(nodes) and not 0 <= int(nodes.min()) <= int(nodes.max()) < n_nodes:
        raise ValueError(
            f"{name} run from {int(nodes.min())} to {int(nodes.max())} but there are {n_nodes} nodes"
        )

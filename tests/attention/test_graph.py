"""Message passing: against loops, against dense attention, NumPy against torch, and somebody else's layer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab import masks, reference
from attnlab.attention import attention, graph
from attnlab.reference import graph as numpy_graph

N, D_K, D_V = 11, 7, 3
Q, K, V, A = normal(0, N, D_K), normal(1, N, D_K), normal(2, N, D_V), normal(3, 2, D_K)
AT = np.arange(N)
MASKS = {
    "all": np.ones((N, N), dtype=bool),
    "causal": masks.causal(AT, AT),
    "window": masks.window(AT, AT, 3),
    "padding": np.broadcast_to(masks.padding(np.array([5]), N)[0], (N, N)),
    "one node alone": np.delete(np.eye(N, dtype=bool) | (AT < 4), 6, axis=0)[[*range(6), *range(5, 10)]] & (AT[:, None] != 6),
}
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def tensors(*arrays):
    return [torch.tensor(array) for array in arrays]


def by_hand(mask, score, values):
    """Loops over nodes and their edges, in Python's own arithmetic."""
    out = np.zeros((len(mask), values.shape[1]))
    for i in range(len(mask)):
        powers = {j: math.exp(score(i, j)) for j in range(mask.shape[1]) if mask[i, j]}
        for j, power in powers.items():
            out[i] += power / math.fsum(powers.values()) * values[j]
    return out


def test_edges_are_the_true_entries_row_after_row():
    mask = np.array([[True, False, True], [False, True, False]])
    for receivers, senders in (numpy_graph.edges_of(mask), graph.edges_of(torch.tensor(mask))):
        assert receivers.tolist() == [0, 0, 1] and senders.tolist() == [0, 2, 1]


@every_mask
def test_message_passing_is_the_weighted_mean_over_edges(mask):
    edges = numpy_graph.edges_of(mask)
    scores = numpy_graph.dot_scores(Q, K, *edges)
    expected = by_hand(mask, lambda i, j: math.fsum(Q[i] * K[j]) / math.sqrt(D_K), V)
    assert_same(numpy_graph.message_passing(scores, V, *edges, N), expected)


@every_mask
def test_dot_scores_along_the_edges_of_a_mask_are_masked_attention(mask):
    edges = numpy_graph.edges_of(mask)
    out = numpy_graph.message_passing(numpy_graph.dot_scores(Q, K, *edges), V, *edges, N)
    assert_same(out, reference.attention(Q, K, V, mask))
    q, k, v, m = tensors(Q, K, V, mask)
    edges = graph.edges_of(m)
    assert_same(graph.message_passing(graph.dot_scores(q, k, *edges), v, *edges, N), attention(q, k, v, m))


def test_fewer_queries_than_keys():
    mask = masks.causal(*masks.positions(5, N))
    edges = numpy_graph.edges_of(mask)
    out = numpy_graph.message_passing(numpy_graph.dot_scores(Q[:5], K, *edges), V, *edges, 5)
    assert_same(out, reference.attention(Q[:5], K, V, mask))


@every_mask
def test_the_order_of_the_edges_does_not_matter(mask):
    receivers, senders = numpy_graph.edges_of(mask)
    order = np.random.default_rng(4).permutation(len(receivers))
    shuffled = receivers[order], senders[order]
    out = numpy_graph.message_passing(numpy_graph.dot_scores(Q, K, *shuffled), V, *shuffled, N)
    assert_same(out, reference.attention(Q, K, V, mask))


@every_mask
def test_additive_scores_along_edges_are_dense_attention_with_a_bias(mask):
    edges = numpy_graph.edges_of(mask)
    out = numpy_graph.message_passing(numpy_graph.gat_scores(K, A, *edges), K, *edges, N)
    table = (K @ A[0])[:, None] + K @ A[1]
    table = np.where(table > 0, table, 0.2 * table)
    nothing = np.zeros((N, 1))
    assert_same(out, reference.attention(nothing, nothing, K, mask, bias=table))
    assert_same(out, by_hand(mask, lambda i, j: table[i, j], K))


@every_mask
def test_the_layer_is_its_definition(mask):
    layer = graph.GraphAttention(D_K, 5).double()
    h = K @ layer.project.weight.detach().numpy().T
    edges = numpy_graph.edges_of(mask)
    expected = numpy_graph.message_passing(
        numpy_graph.gat_scores(h, layer.g.detach().numpy(), *edges), h, *edges, N
    )
    assert_same(layer(torch.tensor(K), *tensors(*edges)).detach().numpy(), expected)


def test_gatv2_scores_pair_by_pair():
    left, right, a = normal(5, N, D_K), normal(6, N, D_K), normal(7, D_K)
    receivers, senders = numpy_graph.edges_of(MASKS["window"])
    scores = numpy_graph.gatv2_scores(right, left, a, receivers, senders)
    for score, i, j in zip(scores, receivers, senders):
        sums = [left[i, c] + right[j, c] for c in range(D_K)]
        assert score == pytest.approx(sum(a[c] * (s if s > 0 else 0.2 * s) for c, s in enumerate(sums)), abs=1e-12)


def test_gat_ranks_the_senders_alike_for_everybody_and_gatv2_does_not():
    edges = numpy_graph.edges_of(MASKS["all"])
    table = numpy_graph.gat_scores(K, A, *edges).reshape(N, N)
    assert len({tuple(row.argsort()) for row in table}) == 1
    table = numpy_graph.gatv2_scores(K, Q, A[0], *edges).reshape(N, N)
    assert len({int(row.argmax()) for row in table}) > 1


def test_weights_of_each_node_sum_to_one_and_large_scores_do_not_overflow():
    receivers, _ = numpy_graph.edges_of(MASKS["window"])
    scores = 1000 * normal(8, len(receivers))
    for weights in (
        numpy_graph.edge_softmax(scores, receivers, N),
        graph.edge_softmax(*tensors(scores, receivers), N).numpy(),
    ):
        sums = numpy_graph.collect(weights[:, None], receivers, N)[:, 0]
        assert np.allclose(sums, 1, atol=1e-12) and (weights >= 0).all()


def test_collect_adds_every_message_of_a_node():
    out = numpy_graph.collect(np.array([[1.0], [2.0], [4.0]]), np.array([1, 1, 0]), 3)
    assert_same(out, np.array([[4.0], [3.0], [0.0]]))


def test_gradients():
    mask = torch.tensor(MASKS["one node alone"])
    edges = graph.edges_of(mask)
    q, k, v = (x.requires_grad_() for x in tensors(Q, K, V))
    assert torch.autograd.gradcheck(
        lambda q, k, v: graph.message_passing(graph.dot_scores(q, k, *edges), v, *edges, N), (q, k, v)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    layer = graph.GraphAttention(D_K, 5).to(dtype)
    edges = graph.edges_of(torch.tensor(MASKS["causal"]))
    assert layer(torch.tensor(K, dtype=dtype), *edges).dtype == dtype


@every_mask
def test_nodes_renamed_are_outputs_renamed(mask):
    """f(PX) = P f(X) if the edges are renamed too."""
    layer = graph.GraphAttention(D_K, 5).double()
    order = np.random.default_rng(9).permutation(N)
    x, m, p = tensors(K, mask, order)
    renamed = layer(x[p], *graph.edges_of(m[p][:, p]))
    assert torch.allclose(renamed, layer(x, *graph.edges_of(m))[p], atol=1e-12, rtol=0)


@pytest.mark.parametrize("layers", [0, 1, 2, 3, 5])
@every_mask
def test_walks_and_reach_by_following_them(mask, layers):
    def follow(i, left):
        return [i] if left == 0 else [end for j in AT if mask[i, j] for end in follow(j, left - 1)]

    if layers > 3 and mask.sum() > 40:
        layers = 2
    ends = [follow(i, layers) for i in range(N)]
    expected = np.array([[end.count(j) for j in range(N)] for end in ends])
    assert_same(numpy_graph.walks(mask, layers), expected)
    assert_same(numpy_graph.reach(mask, layers), expected > 0)


def test_a_window_reaches_its_size_less_one_further_with_each_layer():
    n = 31
    mask = masks.window(np.arange(n), np.arange(n), 5)
    for layers in range(5):
        assert numpy_graph.reach(mask, layers)[-1].sum() == min(layers * 4 + 1, n)


def test_leaky_relu():
    assert_same(numpy_graph.leaky_relu(np.array([-2.0, 0.0, 3.0]), 0.1), np.array([-0.2, 0.0, 3.0]))


def test_somebody_elses_layer():
    """GATConv and its edge list, (senders, receivers), with self-loops already among the edges."""
    theirs = pytest.importorskip("torch_geometric.nn").GATConv
    layer = graph.GraphAttention(D_K, 5).double()
    other = theirs(D_K, 5, bias=False, add_self_loops=False).double()
    with torch.no_grad():
        other.lin.weight.copy_(layer.project.weight)
        other.att_dst.copy_(layer.g[0])
        other.att_src.copy_(layer.g[1])
        for mask in MASKS.values():
            receivers, senders = graph.edges_of(torch.tensor(mask))
            expected = other(torch.tensor(K), torch.stack([senders, receivers]))
            assert torch.allclose(layer(torch.tensor(K), receivers, senders), expected, atol=1e-12, rtol=0)


# ---- errors at the door ----------------------------------------------------------------------------

EDGES = np.array([0, 1, 1]), np.array([2, 0, 1])


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: numpy_graph.edges_of(np.ones((2, 2))), TypeError, "its dtype is float64"),
        (lambda: numpy_graph.edges_of(np.ones(3, bool)), ValueError, r"has shape \(3,\)"),
        (lambda: graph.edges_of(torch.ones(2, 2)), TypeError, "its dtype is torch.float32"),
        (lambda: graph.edges_of(torch.ones(3, dtype=bool)), ValueError, r"has shape \(3,\)"),
        (lambda: numpy_graph.edge_softmax(np.ones(5), EDGES[0], 2), ValueError, "3 receivers but 5 scores"),
        (lambda: numpy_graph.edge_softmax(np.ones(3), EDGES[1], 2), ValueError, "from 0 to 2 but there are 2 nodes"),
        (lambda: numpy_graph.edge_softmax(np.ones(3), EDGES[0] * 1.0, 2), TypeError, "receivers must hold integers"),
        (lambda: numpy_graph.edge_softmax(np.full(3, np.nan), EDGES[0], 2), ValueError, "scores holds NaN"),
        (lambda: numpy_graph.message_passing(np.ones(3), V[:2], *EDGES, 2), ValueError, "senders run from 0 to 2"),
        (lambda: numpy_graph.dot_scores(Q, K, EDGES[0], EDGES[1][:2]), ValueError, "3 receivers but 2 senders"),
        (lambda: numpy_graph.gat_scores(K[:2], A, *EDGES), ValueError, "there are 2 nodes"),
        (lambda: graph.edge_softmax(torch.ones(3), torch.tensor([0, 5, -1]), 7), ValueError, "from -1 to 5"),
        (lambda: numpy_graph.walks(np.ones((2, 3), bool), 1), ValueError, r"square but has shape \(2, 3\)"),
        (lambda: numpy_graph.walks(np.ones((2, 2), bool), -1), ValueError, "at least 0 but is -1"),
        (lambda: numpy_graph.walks(np.ones((2, 2), bool), 63), OverflowError, "63 layers of up to 2 edges"),
    ],
)
def test_errors_name_what_disagrees(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.usefixtures("as_readers_run_it")
def test_check_edges_lets_good_lists_pass_and_refuses_the_others():
    numpy_graph.check_edges(np.array([0, 4]), 5, "nodes", scores=np.ones(2))
    numpy_graph.check_edges(np.array([], dtype=int), 0, "nodes")
    for nodes, beside, kind in (([0.0], [1], TypeError), ([5], [1], ValueError), ([-1], [1], ValueError), ([1], [], ValueError)):
        with pytest.raises(kind, match="nodes"):
            numpy_graph.check_edges(np.array(nodes), 5, "nodes", scores=np.array(beside))

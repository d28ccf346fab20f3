"""T5 in NumPy beside the torch model, and what is true of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.models.t5 import Config, version_1_0, version_1_1
from attnlab.reference import layers, t5
from attnlab.reference.heads import Projections
from attnlab.reference.t5 import decode, encode, look, relative_bias, relu_network
from attnlab.training import seeded
from attnlab.weights.t5 import to_numpy


def gated(x, gate, expand, contract):
    return layers.gelu_tanh(x @ gate) * (x @ expand) @ contract


def made(make):
    model = seeded(lambda: make(Config(vocab_size=37, d_model=14, n_heads=3, d_head=5, d_ff=23, n_layers=2, n_buckets=8, max_distance=13))).double()
    with torch.no_grad():
        for i, weight in enumerate(model.parameters()):
            weight.add_(torch.tensor(normal(i, *weight.shape)) / 4)
    return model.eval()


@pytest.mark.parametrize(("make", "think"), [(version_1_0, relu_network), (version_1_1, gated)])
def test_numpy_and_torch_are_the_same_t5(make, think):
    model = made(make)
    small = to_numpy(model)
    source, target = [5, 9, 3, 8, 30, 36, 1, 1, 4] * 3, [0, 3, 3, 17, 36] * 4
    memory = encode(small, source, think)
    with torch.no_grad():
        theirs = model.encode(torch.tensor([source]))
        assert_same(memory, theirs.states[0].numpy(), atol=1e-12)
        assert_same(decode(small, target, memory, think), model(torch.tensor([source]), torch.tensor([target]))[0].numpy(), atol=1e-11)


def test_relative_bias_looks_a_number_up_for_each_distance():
    stack = t5.Stack((), normal(0, 8, 3), np.ones(4), 16)
    bias = relative_bias(stack, np.arange(5), np.arange(7), True)
    assert bias.shape == (3, 5, 7)
    assert_same(bias[:, 2, 2], stack.distances[0], atol=0)
    assert_same(bias[:, 2, 1], stack.distances[1], atol=0)
    assert_same(bias[:, 2, 3], stack.distances[5], atol=0)
    assert (relative_bias(stack, np.arange(5), np.arange(7), False)[:, 2, 2:] == stack.distances[0][:, None]).all()


def test_look_does_not_scale_its_scores():
    x, y = normal(0, 5, 6), normal(1, 7, 6)
    weights = Projections(*(normal(i, *size) for i, size in enumerate([(6, 8), (6, 8), (6, 8), (8, 6)])))
    wide = Projections(weights.query * 2, *weights[1:])  # sqrt(d_head) = 2
    mask = np.ones((5, 7), dtype=bool)
    from attnlab.reference import attention, heads

    q, k, v = (heads.split_heads(rows @ matrix, 2) for rows, matrix in zip((x, y, y), wide))
    wanted = heads.merge_heads(attention(q, k, v)) @ weights.output
    assert_same(look(x, y, weights, np.zeros((2, 1, 1)), mask), wanted, atol=1e-12)


def test_relu_network_is_two_products():
    assert_same(relu_network(np.array([[1.0, -1.0]]), np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([[5.0, 0.0], [7.0, 0.0]])), np.array([[10.0, 0.0]]), atol=0)

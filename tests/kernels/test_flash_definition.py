"""The examiner itself, held against loops over Python lists and masks typed by hand."""

import by_hand
import pytest
import torch
from kernels import by_definition as definition


@pytest.mark.parametrize(
    "typed, sizes, rule",
    [
        (by_hand.CAUSAL_5, (5, 5), {"causal": True}),
        (by_hand.CAUSAL_3_QUERIES_7_KEYS, (3, 7), {"causal": True}),
        (by_hand.CAUSAL_5_QUERIES_3_KEYS, (5, 3), {"causal": True}),
        (by_hand.WINDOW_1_OF_3, (3, 3), {"window": 1}),
        (by_hand.WINDOW_3_OF_7, (7, 7), {"window": 3}),
        (by_hand.WINDOW_2_3_QUERIES_5_KEYS, (3, 5), {"window": 2}),
    ],
)
def test_masks_are_those_typed_by_hand(typed, sizes, rule):
    assert definition.may_look(*sizes, **rule).int().tolist() == typed


def test_one_head_equals_the_loops():
    q, k, v = (definition.draw(s, 1, n, d, grad=False) for s, n, d in ((0, 5, 7), (1, 3, 7), (2, 3, 2)))
    out, _ = definition.attention(q, k, v, causal=True)
    expected = by_hand.attention(
        q[0].tolist(), k[0].tolist(), v[0].tolist(), mask=by_hand.CAUSAL_5_QUERIES_3_KEYS
    )
    definition.same(out[0], torch.tensor(expected, dtype=torch.float64))

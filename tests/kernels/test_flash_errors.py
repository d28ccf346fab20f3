"""What is refused at the door, and how the words name the numbers that disagree."""

import numpy as np
import pytest
import torch

from attnlab.kernels.flash import flash_attention

FITTING = {"q": torch.ones(2, 6, 5, 3), "k": torch.ones(2, 2, 7, 3), "v": torch.ones(2, 2, 7, 4)}
REFUSED = [
    (
        {"k": torch.ones(2, 4, 7, 3), "v": torch.ones(2, 4, 7, 4)},
        ValueError,
        "4 heads of keys do not divide 6 heads",
    ),
    (
        {"k": torch.ones(2, 0, 7, 3), "v": torch.ones(2, 0, 7, 4)},
        ValueError,
        "0 heads of keys do not divide 6 heads",
    ),
    ({"v": torch.ones(2, 3, 7, 4)}, ValueError, "k has 2 heads but v has 3"),
    ({"v": torch.ones(2, 2, 8, 4)}, ValueError, "k has 7 keys but v has 8"),
    ({"k": torch.ones(2, 2, 7, 5)}, ValueError, "q has d_head = 3 and k has d_head = 5"),
    ({"k": torch.ones(1, 2, 7, 3)}, ValueError, r"batch axes differ: q \(2,\), k \(1,\)"),
    (
        {"q": torch.ones(5, 3)},
        ValueError,
        r"q needs the axes \(..., heads, queries, d_head\) but has shape \(5, 3\)",
    ),
    ({"k": torch.ones(2, 2, 7, 3).double()}, TypeError, "dtypes differ: q torch.float32, k torch.float64"),
    ({"q": torch.ones(2, 6, 5, 3).int()}, TypeError, "q must hold float16.*but its dtype is torch.int32"),
    ({"q": [1.0]}, TypeError, "q must be a tensor but is a list"),
    ({"q": torch.ones(2, 6, 5, 3, device="meta")}, ValueError, "runs on the CPU but q is on meta"),
    (
        {"key_mask": torch.ones(2, 6, dtype=torch.bool)},
        ValueError,
        r"key_mask must have shape \(2, 7\) but has \(2, 6\)",
    ),
    ({"key_mask": torch.ones(2, 7)}, TypeError, "key_mask must be boolean.*torch.float32"),
    ({"bias": torch.ones(5, 6)}, ValueError, r"bias \(5, 6\) does not broadcast to scores \(2, 6, 5, 7\)"),
    ({"bias": torch.ones(1, 2, 6, 5, 7)}, ValueError, r"does not broadcast to scores \(2, 6, 5, 7\)"),
    (
        {"bias": torch.ones(5, 7, dtype=torch.bool)},
        TypeError,
        "bias must hold floats but its dtype is torch.bool",
    ),
    ({"alibi_slopes": torch.ones(2)}, ValueError, r"alibi_slopes must have shape \(6,\) but has \(2,\)"),
    ({"alibi_slopes": torch.ones(6, requires_grad=True)}, ValueError, "alibi_slopes get no gradient"),
    ({"sinks": torch.ones(2)}, ValueError, r"sinks must have shape \(6,\) but has \(2,\)"),
    ({"window": 0}, ValueError, "window must be at least 1 but is 0"),
    ({"window": True}, TypeError, "window must be a whole number but is True"),
    ({"window": -(10**30)}, ValueError, "window must be at least 1 but is -1000"),
    ({"window": 2**63}, ValueError, f"window must be between 1 and {2**63 - 1} but is {2**63}"),
    ({"window": 2.0}, TypeError, "window must be a whole number but is 2.0"),
    ({"block_q": np.float64(4)}, TypeError, "block_q must be a whole number but is "),
    ({"block_k": torch.tensor([4])}, TypeError, r"block_k must be a whole number but is tensor\(\[4\]\)"),
    ({"scale": True}, TypeError, "scale must be a number but is True"),
    ({"scale": "1"}, TypeError, "scale must be a number but is '1'"),
    ({"scale": torch.ones(2)}, TypeError, "scale must be a number but is tensor"),
    ({"scale": torch.tensor(1.0, requires_grad=True)}, ValueError, "scale gets no gradient; a factor that is learnt"),
    ({"dropout_p": None}, TypeError, "dropout_p must be a number but is None"),
    ({"dropout_p": float("nan")}, ValueError, "dropout_p must be at least 0 and below 1 but is nan"),
    ({"generator": 7}, TypeError, "generator must be a torch.Generator on the CPU but is 7"),
    ({"window": (3, 4)}, TypeError, r"window must be a whole number but is \(3, 4\)"),
    ({"block_q": 0}, ValueError, "block_q must be at least 1 but is 0"),
    ({"block_k": -4}, ValueError, "block_k must be at least 1 but is -4"),
    ({"block_k": 2.5}, TypeError, "block_k must be a whole number but is 2.5"),
    ({"dropout_p": 1.0}, ValueError, "dropout_p must be at least 0 and below 1 but is 1.0"),
    ({"dropout_p": -0.1}, ValueError, "dropout_p must be at least 0 and below 1 but is -0.1"),
    ({"scale": float("nan")}, ValueError, "scale must be finite but is nan"),
]


@pytest.mark.parametrize("arguments, error, message", REFUSED)
def test_refused(as_readers_run_it, arguments, error, message):
    with pytest.raises(error, match=message):
        flash_attention(**{**FITTING, **arguments})


def test_the_fitting_arguments_are_accepted():
    assert flash_attention(**FITTING).shape == (2, 6, 5, 4)

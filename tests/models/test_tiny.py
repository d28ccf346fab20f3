"""The torch twin of the small transformer: with the same numbers it gives the same logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.models.tiny import Config, Tiny
from attnlab.reference import tiny

KEPT = tiny.load()
WHERE = {"query": "attention.query", "key": "attention.key", "value": "attention.value", "output": "attention.output",
         "expand": "expand", "contract": "contract"}


def twin() -> Tiny:
    """The torch model with the numbers of the package's file."""
    model = Tiny().double()
    state = {"table.weight": KEPT.table, "places.weight": KEPT.places}
    for n, block in enumerate(KEPT.blocks):
        state |= {f"blocks.{n}.{where}.weight": getattr(block, name).T for name, where in WHERE.items()}
        state[f"blocks.{n}.expand.bias"] = block.bias
    model.load_state_dict({name: torch.tensor(np.ascontiguousarray(x)) for name, x in state.items()})
    return model


def test_the_two_writings_agree():
    ids = np.random.default_rng(0).integers(0, 9, (5, 17))
    theirs = twin()(torch.tensor(ids)).detach().numpy()
    assert theirs.shape == (5, 17, 9) and theirs.dtype == np.float64
    np.testing.assert_allclose(theirs, [tiny.logits(KEPT, row) for row in ids.tolist()], atol=1e-11, rtol=0)


def test_it_has_as_many_parameters_as_are_kept():
    assert sum(p.numel() for p in Tiny().parameters()) == tiny.n_parameters(KEPT)


def test_too_many_tokens_are_refused():
    with pytest.raises(ValueError, match="19 words do not fit into 18 places"):
        Tiny()(torch.zeros(1, 19, dtype=torch.long))


@pytest.mark.parametrize("name", ["vocab_size", "max_len", "d_model", "d_ff", "n_layers"])
def test_sizes_are_whole_numbers_from_1(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1 but is 0"):
        Config(**{name: 0})

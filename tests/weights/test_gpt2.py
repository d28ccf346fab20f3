"""Names of GPT-2 turned into ours: every number moved, and what does not fit is named."""

from __future__ import annotations

import pytest
import torch
from compare import assert_same, normal

from attnlab.models.gpt import GPT, Config
from attnlab.weights.gpt2 import from_gpt2

D, D_FF, VOCABULARY, LONG = 6, 11, 13, 7


def published(n_layers: int = 2) -> dict[str, torch.Tensor]:
    """A state dict with the names and shapes of the library, typed out."""
    shapes = {"transformer.wte.weight": (VOCABULARY, D), "transformer.wpe.weight": (LONG, D)}
    for i in range(n_layers):
        h = f"transformer.h.{i}"
        shapes |= {f"{h}.ln_1.weight": (D,), f"{h}.ln_1.bias": (D,), f"{h}.ln_2.weight": (D,), f"{h}.ln_2.bias": (D,)}
        shapes |= {f"{h}.attn.c_attn.weight": (D, 3 * D), f"{h}.attn.c_attn.bias": (3 * D,)}
        shapes |= {f"{h}.attn.c_proj.weight": (D, D), f"{h}.attn.c_proj.bias": (D,)}
        shapes |= {f"{h}.mlp.c_fc.weight": (D, D_FF), f"{h}.mlp.c_fc.bias": (D_FF,)}
        shapes |= {f"{h}.mlp.c_proj.weight": (D_FF, D), f"{h}.mlp.c_proj.bias": (D,)}
    shapes |= {"transformer.ln_f.weight": (D,), "transformer.ln_f.bias": (D,)}
    made = {name: torch.tensor(normal(i, *shape)) for i, (name, shape) in enumerate(shapes.items())}
    return made | {"lm_head.weight": made["transformer.wte.weight"]}


def test_every_number_finds_its_place():
    theirs = published()
    ours = from_gpt2(theirs)
    model = GPT(Config(VOCABULARY, LONG, D, 3, 2, D_FF))
    assert {name: tuple(x.shape) for name, x in ours.items()} == {name: tuple(x.shape) for name, x in model.state_dict().items()}
    x = torch.tensor(normal(99, 5, D))
    both = x @ theirs["transformer.h.1.attn.c_attn.weight"] + theirs["transformer.h.1.attn.c_attn.bias"]
    for name, part in zip(("query", "key", "value"), both.split(D, dim=1)):
        at = f"blocks.1.attend.layer.{name}"
        assert_same(x @ ours[f"{at}.weight"].T + ours[f"{at}.bias"], part)
    wide = x @ theirs["transformer.h.0.mlp.c_fc.weight"]
    assert_same(x @ ours["blocks.0.feed_forward.layer.expand.weight"].T, wide)
    assert ours["blocks.0.feed_forward.norm.gain"].equal(theirs["transformer.h.0.ln_2.weight"])
    assert ours["blocks.0.attend.norm.bias"].equal(theirs["transformer.h.0.ln_1.bias"])
    assert sum(x.numel() for x in ours.values()) == sum(x.numel() for x in theirs.values()) - VOCABULARY * D


def test_what_is_given_is_not_shared():
    theirs = published(1)
    ours = from_gpt2(theirs)
    for x in ours.values():
        x.zero_()
    assert all(x.abs().max() > 0 for x in theirs.values())


def test_buffers_of_old_files_are_left_out_and_a_head_may_be_missing():
    theirs = published(1)
    extra = {"transformer.h.0.attn.bias": torch.ones(1), "transformer.h.0.attn.masked_bias": torch.ones(1)}
    without = {name: x for name, x in theirs.items() if name != "lm_head.weight"}
    assert set(from_gpt2(without | extra)) == set(from_gpt2(theirs))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("transformer.h.1.mlp.c_fc.bias"), "the weights lack transformer.h.1.mlp.c_fc.bias"),
        (lambda s: s.update({"transformer.extra": torch.ones(1)}), "the weights hold too much: transformer.extra"),
        (lambda s: s.update({"lm_head.weight": torch.ones(VOCABULARY, D)}), "lm_head.weight is not the table of tokens"),
        (lambda s: [s.pop(n) for n in list(s) if ".h.0." in n], "transformer.h.0.* and 9 more"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    theirs = published()
    change(theirs)
    with pytest.raises(ValueError, match=message):
        from_gpt2(theirs)

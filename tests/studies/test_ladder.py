"""The ladder from GPT-2 to Llama: published numbers at both ends, one change a step, no look into the future, learning."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from attnlab import training
from attnlab.attention import attention
from attnlab.models import decoder, families
from attnlab.models.gpt import GPT, Config
from attnlab.studies import ladder
from attnlab.studies.ladder import Parts, Rung, Sizes

SMALL = Sizes(vocab_size=11, d_model=24, n_heads=4, n_layers=2, d_ff=30, max_len=13)
RUNGS = ladder.ladder()


def test_the_first_rung_is_gpt_2_and_the_last_llama_by_their_published_numbers():
    assert ladder.n_parameters(Sizes(), RUNGS["GPT-2"]) == 124_439_808
    llama_3 = Sizes(128_256, 4096, 32, 32, 21_504, 8192)
    assert ladder.n_parameters(llama_3, replace(RUNGS["shared keys"], tied=False)) == 8_030_261_248
    llama_2 = Sizes(32_000, 4096, 32, 32, 16_512, 4096)
    assert ladder.n_parameters(llama_2, replace(RUNGS["rotary"], tied=False)) == 6_738_415_616


def test_each_rung_changes_one_thing_and_keeps_the_rest():
    rungs = list(RUNGS.values())
    for before, after, change in zip(rungs, rungs[1:], list(ladder.CHANGES.values())[1:]):
        changed = {f.name for f in fields(Parts) if getattr(before, f.name) != getattr(after, f.name)}
        assert changed == set(change)


def test_the_last_rung_has_as_many_parameters_as_the_llama_of_the_families():
    sizes = Sizes(101, 32, 4, 3, 48, 64)
    config = decoder.Config(101, 32, 3, 4, 1, 8, 32, 64)
    theirs = sum(p.numel() for p in families.llama(config, tied=True).parameters())
    assert ladder.n_parameters(sizes, RUNGS["shared keys"]) == theirs


def test_what_each_step_saves_at_the_size_of_gpt_2():
    d, d_ff, layers = 768, 3072, 12
    counted = [ladder.n_parameters(Sizes(), parts) for parts in RUNGS.values()]
    saved = [a - b for a, b in zip(counted, counted[1:])]
    assert saved == [(2 * layers + 1) * d, layers * (5 * d + d_ff), 0, 1024 * d, layers * 2 * d * (d - 192)]


def test_the_cache_of_a_token():
    assert ladder.cache_bytes(Sizes(), RUNGS["GPT-2"]) == 36_864
    assert ladder.cache_bytes(Sizes(), RUNGS["shared keys"]) == 9_216
    assert ladder.cache_bytes(Sizes(), RUNGS["GPT-2"], bytes_each=4) == 73_728


def test_the_first_rung_computes_what_the_gpt_of_the_package_computes():
    ours = training.seeded(lambda: Rung(SMALL, RUNGS["GPT-2"]), 3).double()
    theirs = GPT(Config(11, 13, 24, 4, 2, 30, 0.0)).double().eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in ours.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) * 0.3)
    names = {name.replace("layer.", ""): name for name in theirs.state_dict()}
    state = {name.replace("layer.", ""): value for name, value in ours.state_dict().items()}
    theirs.load_state_dict({names[name]: value for name, value in state.items()})
    ids = torch.randint(11, (2, 13), generator=generator)
    assert torch.allclose(ours(ids), theirs(ids), atol=1e-12)


@pytest.mark.parametrize("name", RUNGS)
def test_no_rung_looks_into_the_future_and_every_one_looks_back(name):
    model = training.seeded(lambda: Rung(SMALL, RUNGS[name]), 1).double()
    ids = torch.arange(11)[None]
    later, earlier = ids.clone(), ids.clone()
    later[0, 7], earlier[0, 2] = 0, 0
    with torch.no_grad():
        base = model(ids)
        assert torch.equal(model(later)[:, :7], base[:, :7]) and not torch.equal(model(later)[:, 7:], base[:, 7:])
        assert (model(earlier)[0, 10] - base[0, 10]).abs().max() > 1e-6


@pytest.mark.parametrize(("name", "same"), [("GPT-2", False), ("rotary", True)])
def test_a_repeated_token_is_told_apart_by_learned_places_and_not_by_rotation_alone(name, same):
    """All tokens alike: values are alike, so a rotation changes no output; a table of places does."""
    model = training.seeded(lambda: Rung(SMALL, RUNGS[name]), 2).double()
    with torch.no_grad():
        out = model(torch.full((1, 9), 4))[0]
    assert torch.allclose(out[0], out[8], atol=1e-9) is same


@pytest.mark.parametrize(("attend", "same"), [(ladder.unturned, True), (ladder.turned, False)])
def test_one_layer_without_places_knows_the_order_only_if_it_turns(attend, same):
    sizes = replace(SMALL, n_layers=1)
    model = training.seeded(lambda: Rung(sizes, replace(Parts(), attend=attend, places=ladder.Nowhere)), 6).double()
    ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2]])
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(3)
        last = model(ids)[0, -1] - model(ids[:, [5, 0, 3, 2, 4, 1, 6]])[0, -1]
    assert bool(last.abs().max() < 1e-9) is same


def test_a_text_longer_than_the_table_is_refused():
    model = Rung(SMALL, RUNGS["rotary"])
    with pytest.raises(ValueError, match="the text has 14 tokens but max_len = 13"):
        model(torch.zeros(1, 14, dtype=torch.long))


def test_heads_that_cannot_be_shared_are_refused():
    with pytest.raises(ValueError, match="sharing = 3 does not divide n_heads = 4"):
        Rung(SMALL, replace(Parts(), sharing=3))


def test_it_learns_the_same_twice_and_the_bits_are_those_of_the_loss():
    ids = torch.arange(400) * 7 % 11
    sizes = Sizes(11, 16, 2, 1, 24, 20)
    recipe = training.Recipe(60, 1e-2, warmup=5, seed=4)
    twice = [ladder.trained(sizes, RUNGS["rotary"], ids, recipe, tokens=12) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(twice[0].parameters(), twice[1].parameters()))
    rows = ids[:130].view(10, 13)
    bits = ladder.bits_by_place(twice[0], rows)
    assert bits.shape == (12,) and bits[4:].max() < 1.0
    loss = torch.nn.functional.cross_entropy(twice[0](rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()) / torch.log(torch.tensor(2.0))
    assert torch.allclose(bits.mean(), loss, atol=1e-5)


def test_the_stream_of_names_is_names_between_ends():
    pytest.importorskip("pyarrow")
    ids = ladder.stream_of_names(30, 1)
    text = "".join(ladder.LETTERS[i] for i in ids)
    assert text.count("\n") == 30 and text.endswith("\n") and len(set(text.split())) == 30


def test_parts_make_what_they_are_called():
    assert sum(p.numel() for p in ladder.plain(5, 12, True).parameters()) == 2 * 5 * 12 + 12 + 5
    assert sum(p.numel() for p in ladder.gated(5, 12, False).parameters()) == 3 * 5 * 8
    assert ladder.unturned(6) is attention and ladder.turned(6).speeds.shape == (3,)


def test_initial_values():
    model = training.seeded(lambda: Rung(Sizes(500, 64, 4, 1, 256, 300), Parts()), 0)
    ladder.initial_values(model)
    assert abs(model.tokens.weight.std() - 0.02) < 0.001 and abs(model.places.table.weight.std() - 0.02) < 0.001
    for layer in (m for m in model.modules() if isinstance(m, torch.nn.Linear)):
        assert abs(layer.weight.std() * layer.in_features**0.5 - 0.5) < 0.03 and not layer.bias.any()
    assert (model.last.gain == 1).all()

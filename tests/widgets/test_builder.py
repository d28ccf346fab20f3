"""The arithmetic of builder.js against attnlab.models.sizes, with node."""

from __future__ import annotations

import dataclasses

import pytest
from in_node import run

from attnlab.explore import WIDGETS
from attnlab.models import sizes
from attnlab.models.sizes import CHOICES, PUBLISHED, Choices, Experts, Latent, Model, Reach, Sizes

BUILDER = WIDGETS / "builder.js"
SMALL = Sizes(vocab_size=101, d_model=30, n_layers=5, n_heads=6, n_kv_heads=2, d_head=14, d_ff=41, max_len=23)
PARTS = [Model(SMALL, Choices(**{name: word})) for name, words in CHOICES.items() for word in words]
PARTS += [
    Model(SMALL, Choices("layer", "both", "learned", "all heads", "plain", "all", "gate", True), Reach("LLN", 3)),
    Model(SMALL, reach=Reach("LG", 7), experts=Experts(7, 2, 11, 2, 1, True, True)),
    Model(SMALL, experts=Experts(5, 5, 3), latent=Latent(13, 9, 10, 4, 8)),
    Model(SMALL, Choices("layer", "both", "learned", "all heads", "plain", "all", "gate", True), latent=Latent(13, 9, 10, 4, 8)),
]
MODELS = [*PUBLISHED.values(), *PARTS]
LISTED = [{"name": name, **dataclasses.asdict(model)} for name, model in PUBLISHED.items()]


def all_of(function: str, *more) -> list:
    return run(BUILDER, *[[function, dataclasses.asdict(model), *more] for model in MODELS])


def test_parameters_are_python_s_to_the_last():
    assert all_of("parameters") == [sizes.parameters(model) for model in MODELS]
    assert all_of("activeParameters") == [sizes.active_parameters(model) for model in MODELS]


@pytest.mark.parametrize("n", [1, 100, 5000, 2**20])
def test_operations_and_cache_are_python_s(n):
    assert all_of("operations", n) == [sizes.operations(model, n) for model in MODELS]
    assert all_of("cacheBytes", n) == [sizes.cache_bytes(model, n) for model in MODELS]
    assert all_of("cacheBytes", n, 4) == [sizes.cache_bytes(model, n, 4) for model in MODELS]


def test_names_are_python_s_and_every_difference_is_seen():
    assert all_of("nameOf", LISTED) == [sizes.name_of(model) for model in MODELS]
    base = PUBLISHED["Llama 3 8B"]
    others = [
        (dataclasses.replace(base, choices=Choices(qk_norm="each head")), ["qk_norm"]),
        (dataclasses.replace(base, reach=Reach("L", 128)), ["pattern", "window"]),
        (dataclasses.replace(base, experts=Experts(8, 2, 7)), ["experts"]),
        (dataclasses.replace(base, sizes=dataclasses.replace(base.sizes, d_ff=1, n_heads=64)), ["n_heads", "d_ff"]),
    ]
    found = run(BUILDER, *[["differences", dataclasses.asdict(one), dataclasses.asdict(base)] for one, _ in others])
    assert found == [keys for _, keys in others]


def test_parts_add_up():
    every = [["places", dataclasses.asdict(model), 0 if model.experts is None else model.experts.n] for model in MODELS]
    for parts, model in zip(run(BUILDER, *every), MODELS):
        assert sum(parts.values()) == sizes.parameters(model)


def test_the_sentence_names_what_it_is_or_the_nearest():
    known, like = PUBLISHED["Qwen3 8B"], PUBLISHED["Llama 3 8B"]
    capped = dataclasses.replace(like, choices=Choices(beside="sink"))
    said = run(BUILDER, *[["verdict", dataclasses.asdict(one), LISTED] for one in (known, capped)])
    assert said[0] == "These are the parts and sizes of Qwen3 8B."
    assert said[1] == "No model of the table is this one. Nearest is Llama 3 8B, which differs in: sink or gate."


def test_what_cannot_be_is_mended():
    llama = dataclasses.asdict(PUBLISHED["Llama 3 8B"])
    heads, keys, gone, experts = run(
        BUILDER,
        ["changed", llama, "sizes", {"n_heads": 12}],
        ["changed", llama, "sizes", {"n_kv_heads": 5}],
        ["changed", dataclasses.asdict(PUBLISHED["Mixtral 8x7B"]), "experts", None],
        ["changed", dataclasses.asdict(PUBLISHED["Mixtral 8x7B"]), "experts", {"n": 1}],
    )
    assert heads["sizes"]["n_heads"] == 12 and 12 % heads["sizes"]["n_kv_heads"] == 0
    assert keys["sizes"]["n_kv_heads"] == 4 and gone["experts"] is None and experts["experts"]["top_k"] == 1
    assert run(BUILDER, ["nearestDivisor", 12, 5], ["nearestDivisor", 7, 2]) == [6, 1]


def test_a_box_for_every_part():
    drawn = all_of("boxesOf")
    for boxes, model in zip(drawn, MODELS):
        kinds = [kind for kind, _ in boxes]
        block = kinds[kinds.index("open") + 1 : kinds.index("close")]
        assert block.count("norm") == sizes.PLACED[model.choices.placed]
        assert block.count("attention") == block.count("network") == 1
        assert all(len(line) <= 36 for _, lines in boxes for line in lines)


def test_numbers_as_text():
    calls = [["sizeText", 1536], ["sizeText", 131072], ["sizeText", 0], ["amountText", 8030261248], ["amountText", 999]]
    assert run(BUILDER, *calls) == ["1.50 KiB", "128 KiB", "0 B", "8.03 billion", "999"]

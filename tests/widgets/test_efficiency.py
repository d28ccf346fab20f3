"""The arithmetic of tile_walk.js and cost_against_length.js against the package's NumPy, with node; 1e-12."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, numbers, run

from attnlab import explore, masks, reference
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.cost_against_length import _cost_at
from attnlab.explore.tile_walk import _tile_vectors
from attnlab.kernels import cost, traffic
from attnlab.reference import blocked

WALK, COST = WIDGETS / "tile_walk.js", WIDGETS / "cost_against_length.js"
LOOPS = ("queries", "keys")


def mask_of(mask: str, n: int, size: int) -> np.ndarray:
    at = np.arange(n)
    return {
        "none": np.ones((n, n), dtype=bool),
        "causal": masks.causal(at, at),
        "window": masks.window(at, at, size),
    }[mask]


def walks(rng) -> list[dict]:
    """Blocks that divide and that do not, d = 3, all masks, both loops."""
    shapes = [(7, 2, 3), (11, 5, 2), (6, 6, 1), (5, 1, 5)]
    return [
        {
            **{name: rng.normal(size=(n, 3)).tolist() for name in "qkv"},
            "may": mask_of(mask, n, 2).tolist(),
            "n": n,
            "d": 3,
            "block_q": block_q,
            "block_k": block_k,
            "loop": loop,
        }
        for n, block_q, block_k in shapes
        for mask in ("none", "causal", "window")
        for loop in LOOPS
    ]


# ---- tile walk -----------------------------------------------------------------------------------


def test_seeds_give_the_same_vectors_as_python():
    cases = [(seed, n, d) for seed in (1, 2, 997) for n, d in ((6, 2), (7, 3))]
    for case, result in zip(cases, run(WALK, *[["vectors", *case] for case in cases])):
        expected = _tile_vectors(*case)
        assert [result[name] for name in "qkv"] == expected.tolist()
        assert np.abs(expected).max() <= 2 and len(np.unique(expected)) > 10


def test_masks_are_the_packages():
    cases = [(mask, 7, size) for mask in ("none", "causal", "window") for size in (1, 3)]
    for (mask, n, size), result in zip(cases, run(WALK, *[["allowed", *case] for case in cases])):
        assert result == mask_of(mask, n, size).tolist()


def test_every_pair_lies_in_one_tile_and_is_counted(rng):
    given = walks(rng)
    for state, result in zip(given, run(WALK, *[["tiles", state] for state in given])):
        may, covered = np.array(state["may"]), np.zeros_like(state["may"], dtype=int)
        for tile in result:
            part = (slice(*tile["rows"]), slice(*tile["keys"]))
            covered[part] += 1
            seen, size = int(may[part].sum()), may[part].size
            assert (tile["seen"], tile["size"]) == (seen, size)
            assert tile["kind"] == ("skipped" if seen == 0 else "full" if seen == size else "partial")
        assert (covered == 1).all()
        corners = [(tile["rows"][0], tile["keys"][0]) for tile in result]
        assert corners == sorted(corners, key=lambda at: at if state["loop"] == "queries" else at[::-1])


def test_the_walk_is_the_online_softmax_and_ends_at_attention(rng):
    """m, l and o after every tile against reference.blocked; the last against attention itself."""
    given = walks(rng)
    for state, steps in zip(given, run(WALK, *[["walk", state] for state in given])):
        q, k, v, may = (np.array(state[name]) for name in ("q", "k", "v", "may"))
        scores = np.where(may, q @ k.T / np.sqrt(3), -np.inf)
        running = blocked.start(state["n"], 3)
        for step in steps:
            rows, keys = slice(*step["rows"]), slice(*step["keys"])
            part = blocked.Running(*(x[rows] for x in running))
            before = part.peak.copy()
            blocked.absorb(part, scores[rows, keys].copy(), v[keys])
            after = step["running"]
            known = running.total[:, 0] > 0
            close([row["l"] for row in after], running.total[:, 0])
            close(np.array([row["o"] for row in after])[known], running.mix[known])
            peak = numbers([row["m"] for row in after])
            close(peak[known], running.peak[known, 0])
            assert np.isneginf(peak[~known]).all()
            factors = [row["rescale"] for row in after[rows]]
            close(np.array(factors)[known[rows]], np.exp(before - part.peak)[known[rows], 0])
        out = [np.array(row["o"]) / row["l"] for row in steps[-1]["running"]]
        close(out, reference.attention(q, k, v, mask=may))
        assert all(steps[-1]["finished"])


def test_attention_of_the_explorable_is_attention(rng):
    given = walks(rng)
    for state, result in zip(given, run(WALK, *[["attention", state] for state in given])):
        q, k, v, may = (np.array(state[name]) for name in ("q", "k", "v", "may"))
        close(result["output"], reference.attention(q, k, v, mask=may))
        close(result["scores"], np.where(may, q @ k.T / np.sqrt(3), -np.inf))


def test_the_count_equals_the_closed_form_at_the_end(rng):
    given = walks(rng)
    calls = [[name, state] for state in given for name in ("walk", "closedForm")]
    results = run(WALK, *calls)
    for steps, total in zip(results[::2], results[1::2], strict=True):
        moved = [step["moved"] for step in steps]
        assert moved == sorted(moved) and moved[-1] == total
        by_hand = np.cumsum([sum(one["amount"] for one in step["transfers"]) for step in steps])
        assert moved == by_hand.tolist()


def test_with_queries_outside_outputs_leave_when_their_rows_are_finished(rng):
    """... and only then; with keys outside at every tile."""
    given = walks(rng)
    for state, steps in zip(given, run(WALK, *[["walk", state] for state in given])):
        for i, step in enumerate(steps):
            rows = range(*step["rows"])
            later = any(set(rows) & set(range(*other["rows"])) for other in steps[i + 1 :])
            stored = any(one["store"] for one in step["transfers"])
            assert [step["finished"][row] for row in rows] == [not later] * len(rows)
            assert stored == (state["loop"] == "keys" or not later)


def test_moved_so_far_is_what_the_table_without_javascript_says():
    for loop, mask in (("queries", "window"), ("keys", "causal"), ("queries", "none")):
        shown = explore.tile_walk(n=11, blocks=(3, 2), loop=loop, mask=mask)
        [result] = run(WALK, ["result", shown.state])
        moved = [row.rpartition("<td>")[2] for row in shown._repr_html_().split("</td></tr>")[:-1]]
        assert [str(step["moved"]) for step in result["steps"]] == moved


@pytest.mark.parametrize(
    ("n", "d", "block_q", "block_k"), [(7, 3, 2, 3), (12, 2, 5, 5), (6, 2, 1, 6), (9, 5, 4, 1)]
)
@pytest.mark.parametrize("loop", LOOPS)
def test_the_machine_that_counts_agrees(loop, n, d, block_q, block_k, rng, monkeypatch):
    """attnlab.kernels.traffic really moves the elements, with these blocks; its peak fits into the room."""
    name, attend = {
        "queries": ("flash_2_blocks", traffic.flash_2),
        "keys": ("flash_1_blocks", traffic.flash_1),
    }[loop]
    monkeypatch.setattr(traffic, name, lambda *sizes: (block_q, block_k))
    memory = traffic.Memory(10_000)
    attend(memory, *(traffic.Slow(rng.normal(size=(n, d))) for _ in "qkv"))
    state = {
        **{letter: rng.normal(size=(n, d)).tolist() for letter in "qkv"},
        **{"n": n, "d": d, "block_q": block_q, "block_k": block_k, "loop": loop},
        "may": np.ones((n, n), dtype=bool).tolist(),
    }
    total, steps = run(WALK, ["closedForm", state], ["walk", state])
    assert total == memory.traffic
    loads = sum(one["amount"] for step in steps for one in step["transfers"] if not one["store"])
    assert loads == memory.loads
    room = max(sum(step["held"].values()) for step in steps)
    assert room - 2 * block_q <= memory.peak <= room


def test_room_of_flash_2_is_what_the_package_plans_with():
    """The largest block that flash_2_blocks takes fits by the explorable's sum; one query more does not."""
    for n, d, M in ((50, 2, 97), (40, 3, 211), (97, 8, 1009)):
        block_q, block_k = traffic.flash_2_blocks(n, d, M)
        rooms = [
            sum(room.values())
            for room in run(
                WALK,
                *[
                    ["held", {"rows": [0, r], "keys": [0, block_k]}, {"loop": "queries", "d": d}]
                    for r in (block_q, block_q + 1)
                ],
            )
        ]
        assert rooms[0] <= M < rooms[1]


def test_standard_attention_is_counted_as_in_the_package():
    cases = [(n, d, M) for n in (6, 11) for d in (2, 3) for M in (14, 15, 32, 97, 999)]
    for (n, d, M), result in zip(cases, run(WALK, *[["standardTraffic", *case] for case in cases])):
        assert result == traffic.standard_traffic(n, d, M)
    assert run(WALK, ["standardTraffic", 12, 2, 14], ["standardTraffic", 12, 2, 15]) == [
        None,
        traffic.standard_traffic(12, 2, 15),
    ]


START = {"n": 8, "seed": 1, "block_q": 2, "block_k": 3, "mask": "causal", "window": 3, "loop": "queries"}


def test_settings_stay_within_the_tokens_and_the_end_stays_the_end():
    state = {**START, "capacity": 32, "step": 8}
    fewer, wider, begun = run(
        WALK,
        ["settle", {**state, "block_k": 8, "window": 8}, {"n": 6}],
        ["settle", state, {"mask": "none"}],
        ["settle", {**state, "step": 3}, {"mask": "none"}],
    )
    assert (fewer["block_k"], fewer["window"], fewer["n"]) == (6, 6, 6)
    assert (wider["step"], begun["step"]) == (12, 3)


def test_the_last_sentence_says_equal():
    state = {**START, "capacity": 32, "step": 8}
    [shown] = run(WALK, ["result", state])
    assert (shown["total"], shown["unmasked"], shown["standard"]) == (132, 168, 336)
    [text] = run(WALK, ["summary", state, shown])
    assert text.startswith("Finished: the output equals attention") and "132 elements moved" in text


# ---- cost against length -------------------------------------------------------------------------


def cost_states() -> list[dict]:
    return [
        {
            "length": n,
            "width": d,
            "heads": heads,
            "layers": 7,
            "memory": memory,
            "bytes_each": size,
            "peak": 312.0,
            "bandwidth": 1.5,
        }
        for n in (64, 1000, 2**20)
        for d, heads in ((64, 1), (768, 12), (16384, 128), (16384, 1))
        for memory, size in ((8, 4), (192, 2), (65536, 1))
    ]


def test_costs_are_the_packages():
    states = cost_states()
    for state, result in zip(states, run(COST, *[["costs", state] for state in states])):
        n, d, heads, size = (state[key] for key in ("length", "width", "heads", "bytes_each"))
        flops = cost.layer_flops(n, d)
        close([result["flops"][part] for part in flops], list(flops.values()))
        assert result["table"] == cost.score_bytes(n, heads, size)
        assert result["cache"] == cost.cache_bytes(n, 7, heads, d // heads, size)
        expected = _cost_at(state)
        close(result["share"]["scores and mix"], expected["share"])
        peak, bandwidth = 312e12, 1.5e12
        for key in ("standard", "blocked"):
            if expected[key] is None:
                assert result[key] is None
                continue
            close(result[key]["bytes"], expected[key])
            intensity = cost.intensity(cost.layer_flops(n, d)["scores and mix"], expected[key])
            speed = cost.attainable(intensity, peak, bandwidth)
            close(result[key]["intensity"], intensity)
            assert result[key]["speed"] == pytest.approx(speed, rel=1e-12)
            assert result[key]["limit"] == ("arithmetic" if intensity >= peak / bandwidth else "memory")
            close(result[key]["seconds"], cost.layer_flops(n, d)["scores and mix"] / speed)
        close(result["token"]["intensity"], 2 / size)
    assert any(_cost_at(state)["blocked"] is None for state in states)


def test_flash_2_traffic_is_the_packages():
    cases = [(n, d, M) for n in (1, 97, 4096, 2**20) for d in (1, 64, 127) for M in (700, 8192, 98304)]
    for case, result in zip(cases, run(COST, *[["flash2Traffic", *case] for case in cases])):
        assert result == traffic.flash_2_traffic(*case)
    assert run(COST, ["flash2Traffic", 10, 64, 128], ["flash2Blocks", 97, 64, 8192]) == [
        None,
        list(traffic.flash_2_blocks(97, 64, 8192)),
    ]


def test_standard_is_charged_the_limit_of_a_large_memory():
    for n, d in ((97, 13), (1024, 64)):
        assert run(COST, ["standardTraffic", n, d]) == [traffic.standard_traffic(n, d, 10**9)]


def test_heads_divide_the_width():
    cases = [(768, 10), (768, 128), (64, 128), (16384, 100), (832, 7)]
    for (width, wished), heads in zip(cases, run(COST, *[["fittingHeads", *case] for case in cases])):
        divisors = [h for h in range(1, 129) if width % h == 0]
        assert heads == min(divisors, key=lambda h: abs(np.log(h / wished)))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("bytesText", 1536, "1.50 KiB"),
        ("bytesText", 100, "100 B"),
        ("bytesText", 393600 * 2**20, "384 GiB"),
        ("countText", 999, "999"),
        ("countText", 4831838208, "4.83 billion"),
        ("secondsText", 71.3e-6, "71.3 µs"),
        ("secondsText", 0.25, "250 ms"),
        ("secondsText", 2.0, "2.00 s"),
    ],
)
def test_sizes_as_text(name, value, text):
    assert run(COST, [name, value]) == [text]


def verdicts(*changes: dict) -> list[str]:
    states = [{**cost_states()[0], **change} for change in changes]
    results = run(COST, *[["costs", state] for state in states])
    return run(COST, *[["verdict", state, result] for state, result in zip(states, results)])


def test_the_sentence_says_what_decides():
    gpt2 = {"length": 1024, "width": 768, "heads": 12, "memory": 192, "bytes_each": 2}
    short, long, slow, tiny = verdicts(
        gpt2,
        {**gpt2, "length": 65536},
        {**gpt2, "peak": 1.0},
        {**gpt2, "width": 16384, "heads": 1, "memory": 8},
    )
    assert "score and mix take 18 %" in short and "4,608 tokens" in short and "waits for memory" in short
    assert long.startswith("Score and mix decide the operations: 93 %")
    assert "Even standard attention is limited by arithmetic" in slow
    assert "no block can be formed" in tiny


def test_the_bands_are_the_shares_one_on_the_other():
    """At every length the three bands share the height, and their edges are those of the package's counts."""
    for width in (64, 768, 12288):
        (bands,) = run(COST, ["bands", width])
        assert list(bands) == ["feed-forward", "projections", "scores and mix"]
        edges = {part: np.array(points) for part, points in bands.items()}
        count = len(edges["projections"]) // 2
        lengths = 64 * 2 ** (14 * edges["projections"][:count, 0] / 100)
        assert (lengths[0], lengths[-1]) == (64, pytest.approx(2**20))
        flops = [{"projections": 2, "scores and mix": n / width, "feed-forward": 4} for n in lengths]
        first = cost.layer_flops(64, width)
        assert {part: flops[0][part] / flops[0]["projections"] for part in first} == {part: first[part] / first["projections"] for part in first}
        floor = np.zeros(count)
        for part, points in edges.items():
            np.testing.assert_allclose(points[:count, 1], 100 - 100 * floor, atol=1e-9)
            floor = floor + np.array([each[part] / sum(each.values()) for each in flops])
            np.testing.assert_allclose(points[count:, 1][::-1], 100 - 100 * floor, atol=1e-9)
        np.testing.assert_allclose(floor, 1)


def test_the_comparison_names_the_dearer():
    said = run(COST, *[["comparison", {"length": n, "width": 768}] for n in (64, 1024, 1536, 3072)])
    assert "the projections cost 24 times as much as score and mix" in said[0]
    assert said[1] == "At 1,024 tokens of width 768 the projections cost 1.50 times as much as score and mix."
    assert "exactly as much" in said[2] and "score and mix cost 2.00 times as much as the projections" in said[3]


# ---- the modules as files ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "call"),
    [("tile_walk", ["vectors", 3, 7, 2]), ("cost_against_length", ["costs", cost_states()[4]])],
)
def test_joined_for_jupyterlab_it_computes_the_same(name, call, tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source(name), encoding="utf-8")
    code = "".join(line for line in module_source(name).splitlines() if not line.startswith("//"))
    assert "import {" not in code and 'from "./common.js"' not in code
    assert run(joined, call) == run(WIDGETS / f"{name}.js", call)

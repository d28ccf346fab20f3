"""The live page's way from logits to a token: the filters are those of `attnlab.generation`, and a seed gives the same draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import in_node  # noqa: E402

from attnlab import generation  # noqa: E402

SAMPLING = ROOT / "book" / "_static" / "live" / "sampling.js"
TIES = [1.0, 3.0, 3.0, 2.0, -1.0, 3.0, 2.0]
FILTERS = {"temperature": (0.3, 1.0, 2.5), "topK": (1, 2, 3, 5, 100), "topP": (0.01, 0.3, 0.5, 0.9, 0.999, 1.0)}
PYTHON = {"temperature": generation.temperature, "topK": generation.top_k, "topP": generation.top_p}


def rows() -> list[list[float]]:
    rng = np.random.default_rng(3)
    return [TIES, [0.5], [2.0, 2.0, 2.0, 2.0], *(4 * rng.standard_normal((5, 211))).tolist()]


@pytest.mark.parametrize("name", FILTERS)
def test_filters_are_those_of_python(name):
    calls = [(row, value) for row in rows() for value in FILTERS[name]]
    found = in_node.run(SAMPLING, *([name, row, value] for row, value in calls))
    for (row, value), one in zip(calls, found, strict=True):
        in_node.close(one, PYTHON[name](torch.tensor([row], dtype=torch.float64), value)[0].numpy())


def test_filters_compose_and_softmax_adds_up():
    [row] = rows()[3:4]
    [cooled] = in_node.run(SAMPLING, ["temperature", row, 0.8])
    [filtered] = in_node.run(SAMPLING, ["topP", cooled, 0.95])
    right = generation.top_p(generation.temperature(torch.tensor([row], dtype=torch.float64), 0.8), 0.95)
    in_node.close(filtered, right[0].numpy())


@pytest.mark.parametrize("call", [["temperature", [1], 0], ["topK", [1], 0], ["topK", [1], 1.5], ["topP", [1], 0], ["topP", [1], 1.1]])
def test_a_value_out_of_range_is_refused(call):
    with pytest.raises(AssertionError, match=f"{call[0][-1].lower() if call[0] != 'temperature' else 't'} must be .* but is {call[2]}"):
        in_node.run(SAMPLING, call)


def test_draws_follow_the_chances_and_the_seed(tmp_path):
    """30,000 draws of four tokens: each share within four standard errors; a token without a chance never."""
    script = tmp_path / "draws.mjs"
    script.write_text(
        f"import {{ draw, greedy, seeded, softmax }} from {str(SAMPLING.as_uri())!r};\n"
        "const chances = softmax([Math.log(0.5), -Infinity, Math.log(0.3), Math.log(0.15), Math.log(0.05)]);\n"
        "const draws = (seed, n) => { const random = seeded(seed); return Array.from({ length: n }, () => draw(chances, random)); };\n"
        "const counts = [0, 0, 0, 0, 0]; for (const id of draws(5, 30000)) counts[id] += 1;\n"
        "const same = (a, b) => String(draws(a, 40)) === String(draws(b, 40));\n"
        "console.log(JSON.stringify({ counts, same: same(8, 8), other: same(8, 9), greedy: greedy([1, 5, 5, 2]), end: draw([0.5, 0.5, 0], () => 1) }));\n",
        "utf-8",
    )
    done = subprocess.run([in_node.node(), "--no-warnings", str(script)], capture_output=True, text=True, encoding="utf-8", check=True)
    found = in_node.json.loads(done.stdout)
    shares, right = np.array(found["counts"]) / 30000, np.array([0.5, 0, 0.3, 0.15, 0.05])
    assert (np.abs(shares - right) <= 4 * np.sqrt(right * (1 - right) / 30000)).all()
    assert found["same"] and not found["other"] and found["greedy"] == 1 and found["end"] == 1

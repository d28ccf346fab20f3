"""The benchmark's bookkeeping: chips are told apart, no record overwrites another's. Nothing is timed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
CPUINFO = """processor\t: 0
vendor_id\t: {maker}
cpu family\t: {family}
model\t\t: {model}
model name\t: Some: Name

processor\t: 1
vendor_id\t: Other
cpu family\t: 99
"""


@pytest.fixture(scope="module")
def machines():
    spec = importlib.util.spec_from_file_location("machines", BENCHMARKS / "machines.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "maker, family, model, vectors, name",
    [
        ("AuthenticAMD", 25, 17, "AVX512", "amd-family-25-model-17-avx512"),
        ("GenuineIntel", 6, 143, "AVX2", "intel-family-6-model-143-avx2"),
        ("Who Knows/..", 1, 2, "DEFAULT", "who-knows-family-1-model-2-default"),
    ],
)
def test_a_chip_is_named_by_its_first_processor(machines, maker, family, model, vectors, name):
    assert machines.chip(CPUINFO.format(maker=maker, family=family, model=model), "x86_64", vectors) == name


def test_a_chip_without_cpuinfo_is_named_by_its_architecture(machines):
    assert machines.chip("", "arm64", "DEFAULT") == "arm64-default"
    assert machines.chip("processor\t: 0\nBogoMIPS\t: 50\n", "aarch64", "SVE256") == "aarch64-sve256"


def test_this_machine_has_a_name_without_its_host(machines):
    import platform

    here = machines.this()
    assert set(here) == {"processor", "chip"} and here["chip"]
    assert platform.node().lower() not in here["chip"] or not platform.node()


def test_records_of_other_chips_are_left_alone(machines, tmp_path):
    for chip, ratio in (("first", 1), ("second", 2), ("first", 3)):
        machines.save("attention", {"machine": {"chip": chip}, "ratio": ratio}, tmp_path)
    machines.save("waterfall", {"machine": {"chip": "first"}, "ratio": 4}, tmp_path)
    (tmp_path / "gpu.json").write_text("{}", encoding="utf-8")
    found = machines.records("attention", tmp_path)
    assert {chip: record["ratio"] for chip, record in found.items()} == {"first": 3, "second": 2}
    assert list(machines.records("waterfall", tmp_path)) == ["first"]


def test_every_committed_record_lies_under_its_own_chip(machines):
    for name in ("attention", "waterfall"):
        records = machines.records(name)
        assert records
        for chip, record in records.items():
            assert record["machine"]["chip"] == chip


def test_every_verdict_follows_from_ratio_and_targets(machines):
    for record in machines.records("attention").values():
        for row in record["rows"]:
            if row["must"] is None:
                assert row["reached"] == ""
                continue
            sign = -1 if row["smaller_is_better"] else 1
            hit = [sign * row["ratio"] >= sign * row[target] for target in ("moonshot", "must")]
            assert row["reached"] == ("moonshot" if hit[0] else "must" if hit[1] else "BELOW"), row["name"]


def test_no_target_asks_another_kernel_to_stumble(machines):
    """Large scores: never below 0.9, and nothing that only holds where torch meets denormal numbers."""
    for path in BENCHMARKS.glob("results/*/attention.json"):
        for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
            if row["name"].startswith("scores x"):
                assert (row["must"], row["moonshot"]) == (0.9, 1.0), (path, row["name"])


def test_rows_measured_again_take_their_old_places(machines):
    old = [{"name": n, "against": "sdpa", "ratio": 1} for n in ("a", "b")]
    new = [{"name": n, "against": "sdpa", "ratio": 2} for n in ("c", "a")] + [{"name": "b", "against": "onnx", "ratio": 2}]
    found = [(r["name"], r["against"], r["ratio"]) for r in machines.merged(new, old)]
    assert found == [("a", "sdpa", 2), ("b", "sdpa", 1), ("c", "sdpa", 2), ("b", "onnx", 2)]

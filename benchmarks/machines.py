"""Which chip this is, and where its results lie: benchmarks/results/<chip>/, one folder for each, so that no machine
overwrites another's.

A chip is known by its maker, family and model, and by the widest vectors that torch uses on it. No host names.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
MAKERS = {"AuthenticAMD": "amd", "GenuineIntel": "intel"}


def chip(cpuinfo: str, machine: str, vectors: str) -> str:
    """A name fit for a folder: amd-family-25-model-17-avx512. `cpuinfo` is the text of /proc/cpuinfo, or empty."""
    facts = _facts(cpuinfo)
    if "cpu family" in facts:
        maker = MAKERS.get(facts.get("vendor_id", ""), facts.get("vendor_id", machine))
        words = [maker, "family", facts["cpu family"], "model", facts["model"], vectors]
    else:
        words = [machine, vectors]
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def _facts(cpuinfo: str) -> dict[str, str]:
    """Those of the first processor."""
    lines = (line.split(":", 1) for line in cpuinfo.split("\n\n")[0].splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in lines}


def this() -> dict[str, str]:
    """The chip at hand: its name in words, and as a folder."""
    import torch

    path = Path("/proc/cpuinfo")
    cpuinfo = path.read_text(encoding="utf-8") if path.exists() else ""
    facts = _facts(cpuinfo)
    words = platform.processor() or platform.machine()
    if "cpu family" in facts:
        words = f"{facts.get('model name')}, family {facts['cpu family']}, model {facts['model']}"
    return {"processor": words, "chip": chip(cpuinfo, platform.machine(), torch.backends.cpu.get_cpu_capability())}


def records(name: str, results: Path = RESULTS) -> dict[str, dict]:
    """What each known chip measured, by the chip's name: all files `name`.json."""
    found = sorted(results.glob(f"*/{name}.json"))
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in found}


def merged(new: list[dict], old: list[dict]) -> list[dict]:
    """The old rows with those that were measured again in their places, and the new ones after them."""
    again = {(r["name"], r["against"]): r for r in new}
    kept = [again.pop((r["name"], r["against"]), r) for r in old]
    return kept + list(again.values())


def save(name: str, report: Mapping, results: Path = RESULTS) -> Path:
    """Write the report where its own chip's results lie, and touch no other."""
    folder = results / report["machine"]["chip"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return path

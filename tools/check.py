"""Every check, one after the other, whatever fails before; ends with `N passed, N failed, N skipped`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = min(4, os.cpu_count() or 1)  # one process a core, each with one thread
ELSEWHERE = ("exercises", "notebooks", "site")  # folders of tests/ with a stage of their own
SLOW = ("kernels", "widgets", "test_boxes.py")  # what daily work does without: kernels by the thousand, small sites


@dataclass(frozen=True)
class Tally:
    """How many checks passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Stage:
    title: str
    run: Callable[[], Tally]
    quick: Callable[[], Tally] | None = None  # what daily work runs instead


def execute(command: list[str]) -> tuple[int, str]:
    """Return code and everything printed."""
    environment = os.environ | {"PYTHONUTF8": "1", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout


def read_junit(report: Path) -> Tally:
    """Counts of a junit report; an error (a fixture that broke, a file that does not import) is a failure."""
    total = Tally()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        bad = count["failures"] + count["errors"]
        total += Tally(count["tests"] - bad - count["skipped"], bad, count["skipped"])
    return total


def why_skipped(output: str) -> str:
    """pytest's own lines on what it skipped and why."""
    return "".join(f"  {line}\n" for line in output.splitlines() if line.startswith("SKIPPED"))


def pytest(*arguments: str, dist: str = "loadfile") -> Tally:
    """Run pytest, workers sharing the tests as `dist` says: by default the tests of a file, a notebook or a page of the
    site stay together. What it printed is shown where something failed, and the reasons of what was skipped."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "junit.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rs",
            "--tb=short",
            f"--junit-xml={report}",
            f"--numprocesses={WORKERS if WORKERS > 1 else 0}",
            f"--dist={dist}",
            *arguments,
        ]
        code, output = execute(command)
        tally = read_junit(report) if report.is_file() else Tally()
    if code and not tally.failed:  # no tests found, a wrong option, a crash
        tally += Tally(failed=1)
    print(output if code else why_skipped(output), end="", flush=True)
    return tally


def script(*arguments: str) -> Tally:
    """Run one of our tools as a single check."""
    code, output = execute([sys.executable, *arguments])
    if code:
        print(output, end="", flush=True)
    return Tally(failed=1) if code else Tally(passed=1)


def package(*without: str) -> Tally:
    return pytest("tests", *(f"--ignore=tests/{name}" for name in (*ELSEWHERE, *without)))


def notebooks() -> Tally:
    """Every committed notebook runs again and prints what it printed; with its slots solved it runs green."""
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "book").rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )
    together = ("--nbval", "--nbval-current-env", *found, "tests/notebooks")
    return pytest(*together) if found else Tally(failed=1)


STAGES = (
    Stage("Front-end parts", lambda: script("tools/frontend.py"), lambda: script("tools/frontend.py")),
    Stage("Package", lambda: package(), lambda: package(*SLOW)),
    Stage(
        "Exercise gates",
        lambda: pytest("tests/exercises", dist="worksteal"),  # one long file, each test by itself
        lambda: pytest("tests/exercises", "--ignore=tests/exercises/test_pages.py", dist="worksteal"),
    ),
    Stage("Notebooks, executed again and compared, and solved", notebooks),
    Stage("Book, every warning an error", lambda: script("tools/build.py", "--clean")),
    Stage("Links inside the site", lambda: script("tools/linkcheck.py")),
    Stage("Site in a browser", lambda: pytest("tests/site")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only what daily work needs")
    start, total = time.perf_counter(), Tally()
    quick = parser.parse_args().quick
    for stage in STAGES:
        if quick and not stage.quick:
            continue
        began = time.perf_counter()
        print(f"== {stage.title}", flush=True)
        tally = stage.quick() if quick else stage.run()
        total += tally
        print(f"   {tally} in {time.perf_counter() - began:.0f} s", flush=True)
    print(f"\nall of it took {time.perf_counter() - start:.0f} s\n{total}", flush=True)
    return int(total.failed > 0 or total.passed == 0)


if __name__ == "__main__":
    sys.exit(main())

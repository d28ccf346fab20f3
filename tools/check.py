"""Every check, one after the other, whatever fails before; ends with `N passed, N failed, N skipped`.

    python tools/check.py                  everything
    python tools/check.py --quick          what daily work needs
    python tools/check.py book links site  these stages
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = min(4, os.cpu_count() or 1)  # one process a core, each with one thread
ELSEWHERE = ("exercises", "notebooks", "site")  # folders of tests/ with a stage of their own
SLOW = ("kernels", "widgets", "live", "test_boxes.py")  # what daily work does without: kernels by the thousand, small sites


@dataclass(frozen=True)
class Spent:
    """Processor time of one notebook, in seconds, and what it may be without a word."""

    notebook: str
    budget: float
    used: float

    def __str__(self) -> str:
        return f"{self.notebook:<40} {self.budget:6.0f} {self.used:6.1f}" + "  over budget" * (self.used > self.budget)


@dataclass(frozen=True)
class Tally:
    """How many checks passed, failed and were skipped, and what those that were measured used."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    spent: tuple[Spent, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        counts = (self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)
        return Tally(*counts, self.spent + other.spent)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Stage:
    name: str
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
    root, total = ElementTree.parse(report).getroot(), Tally()
    for suite in root.iter("testsuite"):
        count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        bad = count["failures"] + count["errors"]
        total += Tally(count["tests"] - bad - count["skipped"], bad, count["skipped"])
    return total + Tally(spent=tuple(measured(root)))


def measured(root: ElementTree.Element) -> Iterator[Spent]:
    """What the tests that measure processor time wrote into the report."""
    for case in root.iter("properties"):
        told = {one.get("name"): one.get("value") for one in case}
        if "used" in told:
            yield Spent(told["notebook"], float(told["budget"]), float(told["used"]))


def table(spent: tuple[Spent, ...]) -> str:
    """Notebook, budget and use in seconds of processor time, the most expensive first; nothing where none was measured."""
    if not spent:
        return ""
    rows = [f"{'notebook':<40} budget   used", *map(str, sorted(spent, key=lambda one: -one.used))]
    return "\n".join(["", *rows, f"{'all together':<47} {sum(one.used for one in spent):6.1f}", ""])


def why_skipped(output: str) -> str:
    """pytest's own lines on what it skipped and why."""
    return "".join(f"  {line}\n" for line in output.splitlines() if line.startswith("SKIPPED"))


def pytest(*arguments: str, dist: str = "loadfile", report: Path | None = None) -> Tally:
    """Run pytest, workers sharing the tests as `dist` says: by default the tests of a file, a notebook or a page of the
    site stay together. What it printed is shown where something failed, and the reasons of what was skipped."""
    with tempfile.TemporaryDirectory() as scratch:
        report = report or Path(scratch, "junit.xml")
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


def site() -> Tally:
    """The tests of the site. Where a browser stopped answering (tests/site/conftest.py ends it then), what failed is tried
    once more in new ones, and that is said; without that, what fails has failed."""
    with tempfile.TemporaryDirectory() as scratch:
        report, hung = Path(scratch, "junit.xml"), Path(scratch, "hung.txt")
        os.environ["ATTNLAB_HUNG"] = str(hung)
        tally = pytest("tests/site", report=report)
        if not (hung.is_file() and tally.failed):
            return tally
        again = failed_tests(report)
        print(f"   a browser stopped answering in {hung.read_text('utf-8').split()}: {len(again)} tests once more", flush=True)
        hung.unlink()
        return Tally(tally.passed, tally.failed - len(again), tally.skipped) + pytest(*again)


def failed_tests(report: Path) -> list[str]:
    """The tests of a report that failed or broke, as pytest takes them: tests/site/test_a.py::test_b[c]."""
    cases = ElementTree.parse(report).getroot().iter("testcase")
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return sorted({f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}" for case in bad})


def script(*arguments: str) -> Tally:
    """Run one of our tools as a single check."""
    code, output = execute([sys.executable, *arguments])
    if code:
        print(output, end="", flush=True)
    return Tally(failed=1) if code else Tally(passed=1)


def package(*without: str) -> Tally:
    return pytest("tests", *(f"--ignore=tests/{name}" for name in (*ELSEWHERE, *without)))


def notebooks() -> Tally:
    """Every committed notebook runs again and prints what it printed; then, in the same kernel, with its slots solved."""
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "book").rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts and path.name != "START_HERE.ipynb"  # tools/lab.py writes it
    )
    together = ("--nbval", "--nbval-current-env", *found, "tests/notebooks")
    return pytest(*together) if found else Tally(failed=1)


GATES, BOOK = "Exercise gates", "Book, every warning an error"
STAGES = (
    Stage("parts", "Front-end parts", lambda: script("tools/frontend.py"), lambda: script("tools/frontend.py")),
    Stage("package", "Package", lambda: package(), lambda: package(*SLOW)),
    Stage(
        "exercises",
        GATES,
        lambda: pytest("tests/exercises", dist="worksteal"),  # one long file, each test by itself
        lambda: pytest("tests/exercises", dist="worksteal"),
    ),
    Stage("notebooks", "Notebooks, executed again and compared, and solved", notebooks),
    Stage("book", BOOK, lambda: script("tools/build.py", "--clean")),
    Stage("links", "Links inside the site", lambda: script("tools/linkcheck.py")),
    Stage("site", "Site in a browser", lambda: site()),
)


def asked_for(names: list[str], quick: bool) -> list[tuple[str, Callable[[], Tally]]]:
    """Title and deed of the stages named, in their own order; of all where none is."""
    stages = [stage for stage in STAGES if not names or stage.name in names]
    chosen = [(stage.title, stage.quick if quick else stage.run) for stage in stages]
    return [(title, deed) for title, deed in chosen if deed]


def do_all(chosen: list[tuple[str, Callable[[], Tally]]]) -> Tally:
    """One stage after the other. The book keeps a single core busy: it begins beside the gates, which share out their work."""
    deeds, total = dict(chosen), Tally()
    with ThreadPoolExecutor(1) as beside:
        for title in deeds:
            if title == GATES and BOOK in deeds:
                deeds[BOOK] = beside.submit(deeds[BOOK]).result
            total += do(title, deeds[title])
    return total


def do(title: str, deed: Callable[[], Tally]) -> Tally:
    """Run one stage and say how it went."""
    began = time.perf_counter()
    print(f"== {title}", flush=True)
    tally = deed()
    print(f"   {tally} in {time.perf_counter() - began:.0f} s", flush=True)
    return tally


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("stages", nargs="*", help=f"of {', '.join(stage.name for stage in STAGES)}")
    parser.add_argument("--quick", action="store_true", help="only what daily work needs")
    options, start = parser.parse_args(), time.perf_counter()
    unknown = set(options.stages) - {stage.name for stage in STAGES}
    if unknown:
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    total = do_all(asked_for(options.stages, options.quick))
    print(f"{table(total.spent)}\nall of it took {time.perf_counter() - start:.0f} s\n{total}", flush=True)
    return int(total.failed > 0 or total.passed == 0)


if __name__ == "__main__":
    sys.exit(main())

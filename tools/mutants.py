"""Break the package on purpose, one small change at a time, and count what the tests catch.

    python tools/mutants.py            every mutation in tests/mutations/*.py
    python tools/mutants.py masks      only those whose file or name holds the word

Nothing is changed in place: each mutation is made in its own copy of the tree, in a temporary folder. A mutation is a
file, a text that stands in it exactly once, the text to put there and a name; the tests that should notice are listed
beside them. Ends with 1 if a mutant is not caught, a text is not found exactly once, or the tests fail unbroken.
"""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2
SECONDS = 900  # nothing here should take a tenth of it; a mutant that does is reported, not counted as caught
COPIED = ("pyproject.toml", "src", "tests", "book")
SLOW_TO_IMPORT = ["numpy", "torch", "scipy.special", "pytest", "hypothesis", "jaxtyping", "beartype"]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "static", "site", "notebooks", "exercises", "*.ipynb")


class Mutation(NamedTuple):
    file: str
    old: str
    new: str
    name: str
    tests: tuple[str, ...]


def main(words: list[str]) -> int:
    started = time.monotonic()
    mutations = [m for m in load() if all(word in f"{m.file} {m.name}" for word in words)]
    unclear = [m for m in mutations if (ROOT / m.file).read_text(encoding="utf8").count(m.old) != 1]
    for m in unclear:
        print(f"NOT FOUND ONCE  {m.file}: {m.name}: {m.old!r}")
    if unclear or not mutations:
        print("no mutation was tried")
        return 1
    everything = tuple(dict.fromkeys(test for m in mutations for test in m.tests))
    if outcome(Mutation("", "", "", "unbroken", everything)) != "survived":
        print("the tests fail before anything is broken: run them first")
        return 1
    survivors = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for m, result in zip(mutations, pool.map(outcome, mutations), strict=True):
            survivors += result != "caught"
            print(f"{result:9}  {m.file.removeprefix('src/attnlab/')}: {m.name}", flush=True)
    caught = len(mutations) - survivors
    print(f"{caught} of {len(mutations)} mutants caught in {time.monotonic() - started:.0f} s")
    return 1 if survivors else 0


def load() -> list[Mutation]:
    """All mutations, in the order of their files and lines."""
    mutations = []
    for path in sorted((ROOT / "tests" / "mutations").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"mutations_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        mutations += [Mutation(*m, tuple(module.TESTS[m[0]])) for m in module.MUTATIONS]
    return mutations


def outcome(mutation: Mutation) -> str:
    """Whether it is caught, survived or endless, from a fresh copy of the tree and a fresh process."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder).resolve()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=LEFT_OUT)
            else:
                shutil.copy(ROOT / name, copy / name)
        if mutation.file:
            path = copy / mutation.file
            path.write_text(
                path.read_text(encoding="utf8").replace(mutation.old, mutation.new), encoding="utf8"
            )
        return _in_a_process(copy, mutation.tests)


def _in_a_process(copy: Path, tests: tuple[str, ...]) -> str:
    kinds = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in kinds else "spawn")
    if "forkserver" in kinds:  # what is slow to import, and nothing of the package, is imported once
        context.set_forkserver_preload(SLOW_TO_IMPORT)
    process = context.Process(target=_run_tests, args=(str(copy), tests))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return "endless"
    if process.exitcode not in (0, 1, 2):  # pytest: all passed, some failed, could not be collected
        raise RuntimeError(f"the tests ended with {process.exitcode}")
    return "survived" if process.exitcode == 0 else "caught"


def _run_tests(copy: str, tests: tuple[str, ...]) -> None:
    """In the child: run the tests of the copy, on the package of the copy, and end with pytest's own number."""
    os.chdir(copy)
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(copy, "src"))
    import pytest

    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        codes = (pytest.main(["-x", "-q", "-p", "no:cacheprovider", test]) for test in tests)
        code = next((code for code in codes if code), 0)  # the first file that notices is enough
    package = sys.modules.get("attnlab")
    if package and not package.__file__.startswith(copy):
        code = 99  # the tests ran on another package than the broken one
    os._exit(int(code))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # these tests need none, and some take seconds to load
    sys.exit(main(sys.argv[1:]))

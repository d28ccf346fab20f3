"""The repository on any system: line ends, names that Windows can hold, texts read and written as UTF-8."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(path for folder in ("src", "tools", "tests", "benchmarks", "book") for path in (ROOT / folder).rglob("*.py"))
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 120  # of the 260 characters that Windows allows; the rest is the reader's own folder


def git(*words: str) -> list[str]:
    """The lines that git answers, without quotes around unusual names."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "-c", "core.quotepath=off", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()


def unfit(names: list[str]) -> list[str]:
    """Names that some system cannot hold, or not beside the others."""
    parts = {name: PurePosixPath(name).parts for name in names}
    bad = [name for name in names if len(name) > LONGEST or re.search(r'[<>:"|?*\\]', name)]
    bad += [name for name in names if any(RESERVED.fullmatch(part) or part[-1] in ". " for part in parts[name])]
    folded: dict[str, set[str]] = {}
    for name in names:
        for path in (PurePosixPath(name), *PurePosixPath(name).parents):
            folded.setdefault(str(path).casefold(), set()).add(str(path))
    return sorted({*bad, *(name for same in folded.values() if len(same) > 1 for name in same)})


def test_every_name_can_be_checked_out_anywhere():
    names = git("ls-files", "--cached", "--others", "--exclude-standard")
    assert len(names) > 100 and unfit(names) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/B.py", "a/b.py"], ["a/B.py", "a/b.py"]),
        (["A/x.py", "a/y.py"], ["A", "a"]),
        (["src/aux.py"], ["src/aux.py"]),
        (["con/x"], ["con/x"]),
        (["a:b"], ["a:b"]),
        (["end."], ["end."]),
        ([f"{'d/' * 60}x"], [f"{'d/' * 60}x"]),
        (["conv.py", "a/b.py", "a/c.py"], []),
    ],
)
def test_unfit_names_are_found(names, expected):
    assert unfit(names) == expected


def test_no_symbolic_link_is_kept():
    kinds = {line.split()[0] for line in git("ls-files", "--stage")}
    assert kinds == {"100644", "100755"}


def test_every_text_has_line_feeds_here_and_in_every_checkout():
    """`i/` is how git stores a file, `attr/` what .gitattributes asks for; only pictures are not text."""
    for line in git("ls-files", "--eol"):
        stored, name = line.split()[0], line.split("\t")[1]
        if name.endswith(".png"):
            assert stored == "i/-text" and "attr/-text" in line, line
        else:
            assert stored in ("i/lf", "i/none") and "eol=lf" in line, line


def of_unnamed_encoding(code: str):
    """Calls that read or write text in whatever encoding the system prefers."""
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and not any(keyword.arg in ("encoding", None) for keyword in call.keywords):
            if _is_text(call, {keyword.arg for keyword in call.keywords}):
                yield ast.unparse(call)


def _is_text(call: ast.Call, keywords: set[str]) -> bool:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else None
    if method in ("read_text", "write_text"):
        return len(call.args) < (1 if method == "read_text" else 2)
    if method in ("run", "Popen", "check_output"):
        return bool(keywords & {"text", "universal_newlines"})
    mode = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    return getattr(call.func, "id", "") == "open" and "b" not in getattr(mode, "value", "r")


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts_name_their_encoding(path):
    assert list(of_unnamed_encoding(path.read_text("utf-8"))) == []


def test_a_text_without_encoding_is_found():
    found = ["path.read_text()", "path.write_text('x')", "open(path)", "open(path, 'w')", "run(a)",
             "subprocess.run(command, text=True)"]
    code = "\n".join(found) + "\npath.read_text('utf-8')\nopen(path, 'rb')\nopen(path, encoding='utf-8')\nrun(**how)"
    assert list(of_unnamed_encoding(code)) == [one for one in found if one != "run(a)"]


CLOCKS = {"time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns"}


def on_the_wall_clock(code: str):
    """Assertions in which a wall clock is read, or a name that was set from one."""
    tree = ast.parse(code)
    set_from = {ast.unparse(target) for node in ast.walk(tree) if isinstance(node, ast.Assign) and _reads(node.value)
                for target in node.targets}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            names = {one.id for one in ast.walk(node.test) if isinstance(one, ast.Name)}
            if _reads(node.test) or names & set_from:
                yield ast.unparse(node)


def _reads(node: ast.AST) -> bool:
    calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    named = (call for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS)
    return any(ast.unparse(call.value) == "time" for call in named)


@pytest.mark.parametrize("path", [path for path in CODE if "tests" in path.parts], ids=lambda path: path.name)
def test_nothing_is_asserted_of_the_wall_clock(path):
    """Who else uses the machine decides it. What a notebook may use is measured in processor time: one_run."""
    assert list(on_the_wall_clock(path.read_text("utf-8"))) == []


def test_an_assertion_on_the_wall_clock_is_found():
    code = "import time\nstart = time.monotonic()\nwork()\nassert time.perf_counter() < 3\ntook = time.time() - start\nassert took < 3"
    assert list(on_the_wall_clock(code)) == ["assert time.perf_counter() < 3", "assert took < 3"]
    assert list(on_the_wall_clock("before = time.process_time()\nassert time.process_time() - before < 0.1")) == []

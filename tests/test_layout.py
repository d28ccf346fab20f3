"""The shape of the project: who may import whom, what loads what, which pages and functions there are."""

from __future__ import annotations

import ast
import functools
import graphlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SRC, BOOK, TESTS = ROOT / "src", ROOT / "book", ROOT / "tests"

# In order of data flow: a room imports from rooms before it, and from itself.
ROOMS = """_shapes _counts reference masks positions attention layers mixers kernels cache tokens weights models data training
    generation studies""".split()
LEAVES = ["plots", "diagrams", "explore", "exercises"]  # may import any room; no room and no other leaf imports them
ROOF = ["mine"]  # stands on all of it: what readers wrote, put together; nothing imports it
WITHOUT_TORCH = """_shapes _counts reference masks tokens weights.gguf weights.packages models.g2p models.sizes data studies.bugs studies.census studies.probe studies.rasp studies.rewriting studies.spoken studies.stream""".split() + LEAVES + ["mine"]


def modules() -> dict[str, Path]:
    """Dotted name of every module of the package, with its file."""
    found = {}
    for path in sorted((SRC / "attnlab").rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@functools.cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf8"))


@functools.cache
def imports(name: str) -> set[str]:
    """Every module that `name` imports, wherever in the file it does so."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else node.module for one in inner}
    return found


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else "attnlab"


def test_every_module_belongs_to_a_room():
    assert {room(name) for name in MODULES} - {"attnlab"} <= {*ROOMS, *LEAVES, *ROOF}


@pytest.mark.parametrize("name", MODULES)
def test_modules_import_only_upward(name):
    for other in imports(name) & set(MODULES):
        if room(other) == room(name):
            continue
        assert room(other) not in ROOF, f"{name} imports {other}, which stands above it"
        assert room(other) not in LEAVES or room(name) in ROOF, f"{name} imports the leaf {other}"
        if room(other) != "attnlab" and room(name) not in LEAVES + ROOF:
            assert ROOMS.index(room(other)) < ROOMS.index(room(name)), (
                f"{name} imports {other}, which comes later"
            )


def test_no_module_imports_itself_in_a_circle():
    graph = {name: imports(name) & set(MODULES) - {name} for name in MODULES if not is_package(name)}
    graphlib.TopologicalSorter(graph).prepare()


def is_package(name: str) -> bool:
    return MODULES[name].name == "__init__.py"


@pytest.mark.parametrize("name", MODULES)
def test_libraries_have_one_door_each(name):
    tops = {other.split(".")[0] for other in imports(name)}
    if any(f"{name}.".startswith(f"attnlab.{part}.") for part in WITHOUT_TORCH):
        assert "torch" not in tops
    if room(name) != "plots":
        assert "matplotlib" not in tops


def python(code: str) -> str:
    """What `code` prints in a fresh interpreter in which warnings are errors."""
    environment = {**os.environ, "PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["attnlab", "attnlab.reference", "attnlab.masks", "attnlab.exercises", "attnlab.mine"])
def test_what_a_browser_runs_loads_no_torch(name):
    code = f"import sys, {name}; print(sorted({{'torch', 'matplotlib', 'scipy', 'einops', 'yaml'}} & set(sys.modules)))"
    assert python(code).strip() == "[]"


def test_a_browser_needs_numpy_alone():
    """With every optional library made impossible to import, the definitions still run."""
    code = """
import sys
for name in ("torch", "jaxtyping", "beartype", "einops", "scipy", "matplotlib", "yaml"):
    sys.modules[name] = None
import numpy as np
import attnlab.exercises
from attnlab import masks, reference
x = np.eye(3)
print(reference.attention(x, x, x, masks.causal(*masks.positions(3, 3)))[0].tolist())
"""
    assert python(code).strip() == "[1.0, 0.0, 0.0]"


def inner(name: str, function: str) -> bool:
    """Whether a function only helps the other modules of its package: they import it, the package does not offer it."""
    package = name.rpartition(".")[0]
    if package == "attnlab":
        return False
    users = {other for other in MODULES if other.startswith(package) and function in imported_names(other, name)}
    return bool(users) and package not in users


@functools.cache
def named_imports(name: str) -> dict[str, set[str]]:
    """Module -> the names that `name` imports from it."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ImportFrom):
            found.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return found


def imported_names(name: str, source: str) -> set[str]:
    """What `name` imports from the module `source`."""
    return named_imports(name).get(source, set())


def public_functions():
    """Every function a reader can be expected to call."""
    for name in MODULES:
        if any(part.startswith("_") for part in name.split(".")) or ".bank" in name:
            continue
        for node in tree(name).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not inner(name, node.name):
                yield pytest.param(name, node, id=f"{name}.{node.name}")


TEST_WORDS = [set(re.findall(r"\w+", path.read_text(encoding="utf8"))) for path in TESTS.rglob("test_*.py") if path != Path(__file__)]


@pytest.mark.parametrize(("name", "node"), list(public_functions()))
def test_every_public_function_says_what_it_does_and_is_tested(name, node):
    assert ast.get_docstring(node), f"{name}.{node.name} has no docstring"
    named = [words for words in TEST_WORDS if node.name in words and words & {name.split(".")[-1], room(name)}]
    assert named, f"no test names {name}.{node.name}"


PAGES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix()
    for path in BOOK.rglob("*.md")
    if not any(part.startswith(("_", ".")) for part in path.relative_to(BOOK).parts)
)


def front_matter(page: str) -> dict:
    text = (ROOT / page).with_suffix(".md").read_text(encoding="utf8")
    parts = text.split("---\n", 2)
    return yaml.safe_load(parts[1]) if text.startswith("---\n") else {}


CHAPTERS = [page for page in PAGES if "jupytext" in front_matter(page)]


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_names_the_module_that_backs_it(page):
    module = front_matter(page)["attnlab"]["module"]
    assert module in MODULES and importlib.util.find_spec(module)
    assert front_matter(page)["attnlab"]["minutes"] > 0
    assert re.search(
        rf"\b{module.split('.')[-1]}\b", (ROOT / page).with_suffix(".md").read_text(encoding="utf8")
    )


def test_there_are_chapters_to_look_at():
    assert {"book/self_attention/scaled_dot_product", "book/self_attention/masks"} <= set(CHAPTERS)


def files_of_toc(node) -> list[str]:
    if isinstance(node, list):
        return [file for part in node for file in files_of_toc(part)]
    own = [node[key] for key in ("root", "file") if key in node]
    return own + [
        file for key in ("parts", "chapters", "sections") for file in files_of_toc(node.get(key, []))
    ]


def test_every_page_is_in_the_table_of_contents_once():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    assert sorted(files_of_toc(toc)) == PAGES


def test_every_notebook_has_its_source():
    notebooks = {
        path.with_suffix("") for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts and path.name != "START_HERE.ipynb"
    }
    assert {path.relative_to(ROOT).as_posix() for path in notebooks} == set(CHAPTERS)


WRITTEN = [
    path
    for folder in (SRC / "attnlab", BOOK)
    for path in sorted(folder.rglob("*"))
    if path.suffix in {".py", ".md", ".ipynb", ".yml", ".js", ".css", ".bib", ".html"}
    and "__pycache__" not in path.parts
]


def test_no_text_holds_a_path_of_somebody_s_machine():
    elsewhere = re.compile(
        r"(?<![\w.:/-])(/(?:home|work|tmp|root|Users|mnt)/(?!pyodide)[\w.-]+|[A-Z]:\\\\Users)"
    )
    found = {
        path.relative_to(ROOT).as_posix(): elsewhere.findall(path.read_text(encoding="utf8"))
        for path in WRITTEN
    }
    assert {name: paths for name, paths in found.items() if paths} == {}
    assert elsewhere.search("see /home/somebody/notes") and not elsewhere.search(
        "https://example.org/home/page"
    )

"""`{api}`: what readers import from the package, room by room, each with its signature, its first sentences and the chapter that builds it.

Read from the sources with `ast`, so that nothing of them is imported. Public is what a room lists in `__all__` or a page of the book imports. Shapes stand
as they do in the code, without the names of the array types.
"""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import reference_data
import yaml
from docutils import nodes
from places import places
from reference_data import ROOT, look_up_field, section
from sphinx.util.docutils import SphinxDirective

SRC = ROOT / "src" / "attnlab"
ROOMS = ("reference", "masks", "attention", "positions", "layers", "kernels", "cache", "tokens", "weights", "models", "data", "training", "generation", "studies",
         "plots", "exercises")
IMPORT = re.compile(r"^from (attnlab[\w.]*) import \(?([^)\n]+(?:\n[^)]*?)?)\)?$", re.M)
HOMES = {  # where a name is built, if no page names its module and another is the first to use it
    "reference.blocked": "efficiency/blocked_kernel", "reference.softmax": "fundamentals/softmax_temperature", "reference.attention": "self_attention/scaled_dot_product",
    "reference.heads": "multi_head/implementation", "attention.core": "self_attention/implementation",
    "attention.parts": "variants/what_changed_since", "positions.rotary": "positions/relative", "layers.blocks": "architecture/encoder",
    "layers.embedding": "architecture/implementation", "cache.contiguous": "architecture/decoding", "cache.paged": "efficiency/inference",
    "reference.pages": "efficiency/inference", "reference.serving": "efficiency/inference", "generation.speculative": "efficiency/inference",
    "data.numbers": "architecture/training",
    "data.tasks": "fundamentals/looking_back", "training": "architecture/training", "weights.t5": "variants/t5", "exercises": "start/how_to_use",
}
CODE = re.compile(r"^```\{code-cell\}.*?^```", re.M | re.S)


class Name(NamedTuple):
    """A public function or class."""

    module: str  # attnlab.attention.core
    name: str
    signature: str
    says: str
    page: str  # the chapter that builds it, or ""


def modules() -> dict[str, Path]:
    """Every module of the rooms, without private ones."""
    found = {}
    for room in ROOMS:
        for path in [SRC / f"{room}.py"] if (SRC / f"{room}.py").is_file() else sorted((SRC / room).rglob("*.py")):
            parts = path.relative_to(SRC.parent).with_suffix("").parts
            if not any(part.startswith("_") and part != "__init__" for part in parts) and "bank" not in parts:
                found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def chapters() -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Module -> the page that it backs, and name -> (module or room, page) of every import in the book, in the order of its pages."""
    backs, uses = {}, {}
    for page in places(ROOT):
        text = (ROOT / f"{page}.md").read_text("utf-8")
        front = yaml.safe_load(text.split("---\n", 2)[1]) if text.startswith("---\n") else {}
        if module := (front.get("attnlab") or {}).get("module"):
            backs.setdefault(module, page.removeprefix("book/"))
        for cell in CODE.findall(text):
            for module, names in IMPORT.findall(cell):
                for name in re.findall(r"\w+", re.sub(r"\bas \w+", "", names)):
                    uses.setdefault(name, []).append((module, page.removeprefix("book/")))
            for module, name in re.findall(r"\b([a-z]\w+)\.([A-Za-z]\w+)\(", cell):
                uses.setdefault(name, []).append((f"attnlab.{module}", page.removeprefix("book/")))
    return backs, uses


def chapter(module: str, name: str) -> str:
    """Its home, if it has one; else the page that its module backs, the first that uses it, or the page that backs its room."""
    backs, uses = chapters()
    inside = module.removeprefix("attnlab.") + "."
    home = next((page for start, page in HOMES.items() if inside.startswith(f"{start}.")), "")
    used = [page for where, page in uses.get(name, ()) if _same(where, module)]
    room = ".".join(module.split(".")[:2])
    near = [page for known, page in backs.items() if known == room or known.startswith(f"{room}.")]
    return home or backs.get(module) or next(iter(used), "") or (near[0] if len(near) == 1 else "")


def _same(where: str, module: str) -> bool:
    """Whether `where`, as a page writes it, is this module, its room, or its last word."""
    return module == where or module.startswith(f"{where}.") or where.rpartition(".")[2] == module.rpartition(".")[2]


def public() -> Iterator[Name]:
    """Every public name, room by room, in the order of the files."""
    _, uses = chapters()
    for module, path in modules().items():
        tree = ast.parse(path.read_text("utf-8"))
        listed = _listed(module)
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                used = any(_same(where, module) for where, _ in uses.get(node.name, ()))
                if node.name in listed or used:
                    yield Name(module, node.name, signature(node), first(ast.get_docstring(node) or ""), chapter(module, node.name))


@cache
def _listed(module: str) -> frozenset[str]:
    """What the room's __init__ offers under `__all__`; of a room that is one file, everything."""
    room = SRC / module.split(".")[1]
    if not room.is_dir():
        return frozenset(node.name for node in ast.parse(room.with_suffix(".py").read_text("utf-8")).body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))
    for node in ast.parse((room / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    """`softmax(x: *shape, axis=-1, temperature=1.0) → *shape`; of a class what its __init__ takes, or its fields."""
    if isinstance(node, ast.ClassDef):
        made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
        fields = [_one(one.target.id, one.annotation, one.value) for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
        return f"{node.name}({', '.join(_parameters(made.args)[1:] if made else fields)})"
    gives = shape(node.returns)
    return f"{node.name}({', '.join(_parameters(node.args))})" + (f" → {gives}" if gives else "")


def _parameters(args: ast.arguments) -> list[str]:
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    found = [_one(arg.arg, arg.annotation, default) for arg, default in zip(plain, defaults)]
    found += [f"*{args.vararg.arg}"] if args.vararg else ["*"] * bool(args.kwonlyargs)
    found += [_one(arg.arg, arg.annotation, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults)]
    return found + ([f"**{args.kwarg.arg}"] if args.kwarg else [])


def _one(name: str, annotation: ast.expr | None, default: ast.expr | None) -> str:
    words = shape(annotation)
    return name + (f": {words}" if words else "") + (f"={ast.unparse(default)}" if default is not None else "")


def shape(annotation: ast.expr | None) -> str:
    """The words of a shape; of several the first, of any other type nothing."""
    for node in ast.walk(annotation) if annotation is not None else ():
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            words = node.slice.elts[1]
            if isinstance(words, ast.Constant) and isinstance(words.value, str):
                return words.value or "number"
    return ""


def first(docstring: str) -> str:
    """Its first paragraph on one line."""
    return " ".join(docstring.split("\n\n")[0].split())


class Api(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for path in modules().values():
            self.env.note_dependency(str(path))
        chapters.cache_clear()
        _listed.cache_clear()
        rooms: dict[str, list[Name]] = {}
        for one in public():
            rooms.setdefault(one.module.split(".")[1], []).append(one)
        count = nodes.paragraph("", "", nodes.strong("", f"{sum(map(len, rooms.values()))} names in {len(rooms)} rooms."))
        return [look_up_field("Filter the names"), count, *(self._room(room, names) for room, names in rooms.items())]

    def _room(self, room: str, names: list[Name]) -> nodes.section:
        listed = nodes.definition_list("", *(self._item(one) for one in names), classes=["api"])
        return section(f"attnlab.{room}", f"api-{room}", listed)

    def _item(self, one: Name) -> nodes.definition_list_item:
        says = nodes.paragraph("", "", *_plain(one.says))
        where = one.module if one.name not in _listed(one.module) else ".".join(one.module.split(".")[:2])
        says += [nodes.Text(" "), nodes.inline("", f"{where}", classes=["module"])]
        if one.page:
            address = self.env.app.builder.get_relative_uri(self.env.docname, f"book/{one.page}")
            says += [nodes.Text(" · "), nodes.reference("", reference_data.TITLES[one.page], internal=True, refuri=address)]
        term = nodes.term("", "", nodes.literal("", one.signature))
        anchor = "api-" + re.sub(r"\W+", "-", f"{one.module.removeprefix('attnlab.')}-{one.name}")
        return nodes.definition_list_item("", term, nodes.definition("", says), ids=[anchor], classes=["reference-entry"])


def _plain(text: str) -> list[nodes.Node]:
    """Words with `code`, and nothing else set."""
    return [nodes.literal("", part) if place % 2 else nodes.Text(part) for place, part in enumerate(text.split("`")) if part]


def setup(app) -> dict:
    app.setup_extension("reference_data")
    app.add_directive("api", Api)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

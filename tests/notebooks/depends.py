"""Which cells of a notebook depend on the reader's answers: the slots, their checks, and what uses a name that depends on them."""

from __future__ import annotations

import ast

ALWAYS = {"exercise-slot", "exercise-check"}


def parsed(source: str) -> ast.Module:
    """The Python of a cell, without lines that are IPython's."""
    return ast.parse("\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()))


def imported(tree: ast.Module) -> set[str]:
    """Names that stand for modules or what is imported from them: to call their functions changes nothing of the reader's."""
    return {(one.asname or one.name).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for one in node.names}


def used(tree: ast.Module) -> set[str]:
    """All names that a cell mentions."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def given(tree: ast.Module) -> set[str]:
    """Names that a cell may give another value: bound, stored into, or asked to change by a method."""
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) or isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found |= base(node)
    return found


def base(node: ast.expr) -> set[str]:
    """`a` of a.b[0].c; nothing where there is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def dependent(cells: list) -> list[bool]:
    """For each cell whether it must run again once the slots among them are solved."""
    modules: set[str] = set()
    touched: set[str] = set()
    found = []
    for cell in cells:
        tree = parsed(cell.source)
        modules |= imported(tree)
        again = bool(ALWAYS & set(cell.metadata.get("tags", []))) or bool(used(tree) & touched)
        touched |= given(tree) - modules if again else set()
        found.append(again)
    return found

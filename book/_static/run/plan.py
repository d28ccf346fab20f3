"""Which cells a check needs: what it judges, and the cells above that make the names this takes from them, and no others."""
from __future__ import annotations

import ast
import builtins
import re
import symtable

GIVEN = {"display", "__name__"}  # names that every namespace has
IDLE = {"print", "display", "plots", "plt", "show", "check", "hint"}  # calls that leave their arguments as they are
MOVES_ON = re.compile(r"default_rng|RandomState|Generator|\b(?:iter|count|cycle|open)\(")  # what gives something else each time it is asked
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign)
LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def free(source):
    """Names that `source` takes from elsewhere: neither its own nor Python's. A source Python refuses has none."""
    try:
        todo, found, own = [symtable.symtable(source, "cell", "exec")], set(), set(dir(builtins))
    except SyntaxError:
        return set()
    while todo:
        table = todo.pop()
        symbols, module = table.get_symbols(), table.get_type() == "module"
        own |= {symbol.get_name() for symbol in symbols if symbol.is_assigned() and (module or symbol.is_declared_global())}
        own |= {symbol.get_name() for symbol in symbols if symbol.is_imported() and module}
        found |= {symbol.get_name() for symbol in symbols if symbol.is_referenced() and (module or symbol.is_global())}
        todo += table.get_children()
    return found - own


def parsed(source):
    """The statements of a cell; none where Python refuses it."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def bound(source):
    """Names that a cell makes for those below it."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        return set()
    return {symbol.get_name() for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()}


def reads(statement):
    """Names that one statement takes from before it: `x = x + 1` and `x += 1` take x."""
    found = free(ast.unparse(statement))
    if isinstance(statement, SIMPLE) and statement.value:
        found |= free(ast.unparse(statement.value))
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        found.add(statement.target.id)
    return found


def takes(source):
    """Names that a cell takes from those above it. A function's body is read when all names of its cell are there."""
    statements, made, found = parsed(source), set(), set()
    for statement in statements:
        found |= reads(statement) - (bound(source) if isinstance(statement, LATER) else made)
        made |= bound(ast.unparse(statement))
    return found - GIVEN


def root(node):
    """The name at the beginning of `x[0].y`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def altered(source):
    """Names whose value a cell may change in place: `x[0] = 1`, `x.append(1)`, `rng.shuffle(x)`."""
    found = set()
    for node in [node for statement in parsed(source) for node in ast.walk(statement)]:
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            found.add(root(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and root(node.value) not in IDLE:
            found |= {root(node.value), *map(root, node.value.args)}
    return found


def moving(cells):
    """Names of what moves on whenever it is used: a generator of random numbers, an iterator."""
    return {name for source in cells for statement in parsed(source) if MOVES_ON.search(text := ast.unparse(statement))
            for name in bound(text)}


def plan(cells, slot, target):
    """Places among `cells`, in order, of those that must run before `target`: number `slot`, and whatever makes the names that
    are needed or changes their values. None where a name is made by none of them."""
    need, chosen, moves = takes(target), [], moving(cells)
    for place in reversed(range(len(cells))):
        source = cells[place]
        if place != slot and not need & (bound(source) | altered(source) | (takes(source) & moves)):
            continue
        chosen.append(place)
        need = (need - bound(source)) | takes(source)
    return None if need else chosen[::-1]

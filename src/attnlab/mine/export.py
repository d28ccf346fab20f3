"""The reader's model as one file that needs NumPy alone: pieces, their checks as plain asserts, the names model and its numbers.

`python my_model.py` runs the checks and makes up eight names.
"""

from __future__ import annotations

import ast
import base64
import html
import inspect
import json
import textwrap
import zlib
from dataclasses import dataclass

import numpy as np

from attnlab.exercises import EXERCISES, _keep, solved
from attnlab.exercises._answer import Unkept
from attnlab.mine.answers import Own, assemble
from attnlab.mine.models import names_model
from attnlab.mine.pieces import PIECES, STAGES, course
from attnlab.reference import namer

NAME = "my_model.py"
MODEL = ("causal_mask", "split_heads", "rotary", "masked_attention", "merge_heads", "rms_norm", "gated_network", "sampling_distribution", "next_token_loss")
MOST, PROBES = 60, 2  # numbers in the arguments of a check, and checks of a piece
HEAD = '''"""{title}

{whose}
Run me: `python {name}` tries every piece on a few inputs, then makes up eight names. I need NumPy, and nothing else.
Made with the course "Attention, from Intuition to Variants"; what is the course's is under the MIT licence.
"""

import base64
import zlib

import numpy as np
'''
WIRES = '''
# -- the names model: lines between the pieces

LETTERS, EDGE, PAD, EPSILON, HEADS = {letters!r}, {edge}, {pad}, {epsilon}, {heads}


def numbers():
    """A table of letters, two blocks of nine arrays each, a last gain."""
    flat = np.frombuffer(zlib.decompress(base64.b85decode("".join(NUMBERS.split()))), dtype="<i2") / 1000
    parts = np.split(flat, np.cumsum([int(np.prod(shape)) for shape in SHAPES])[:-1])
    table, last, *rest = (part.reshape(shape) for part, shape in zip(parts, SHAPES))
    return table, last, [rest[i:i + 9] for i in range(0, len(rest), 9)]


def logits(ids):
    """Scores of all letters for what comes next, at every place of one text."""
    table, last, blocks = numbers()
    x, at = table[np.array(ids)], np.arange(len(ids))
    for look_gain, query, key, value, output, network_gain, gate, expand, contract in blocks:
        rows = rms_norm(x[None], look_gain, EPSILON)
        q, k, v = (split_heads(rows @ matrix, HEADS) for matrix in (query, key, value))
        q, k = (np.stack([rotary(head, at) for head in part[0]])[None] for part in (q, k))
        mixed = masked_attention(q, k, v, causal_mask(len(ids), len(ids)))
        x = x + (merge_heads(mixed) @ output)[0]
        x = x + gated_network(rms_norm(x[None], network_gain, EPSILON), gate, expand, contract)[0]
    return rms_norm(x[None], last, EPSILON)[0] @ table.T


def make_up(rng, start="", t=0.8, k=12, p=0.9, most=16):
    """A name, drawn letter by letter."""
    ids = [EDGE, *(LETTERS.index(letter) for letter in start)]
    while len(ids) <= most:
        row = logits(ids)[-1:].copy()
        row[:, PAD] = -1e9
        weights = np.asarray(sampling_distribution(row, t, k, p), dtype=float)[0]
        ids.append(int((np.cumsum(weights) > rng.random() * weights.sum()).argmax()))
        if ids[-1] == EDGE:
            break
    return "".join(LETTERS[i] for i in ids if i > EDGE)
'''
LAST = '''
# -- checks


def same(mine, right):
    """Whether two answers are the same, to a ten-thousandth."""
    if isinstance(right, tuple):
        return len(mine) == len(right) and all(map(same, mine, right))
    mine, right = np.asarray(mine), np.asarray(right)
    return mine.shape == right.shape and np.allclose(mine.astype(float), right.astype(float), rtol=1e-4, atol=1e-5, equal_nan=True)


def test_pieces():
{checks}

def test_model():
    assert same(logits({ids!r})[-1], np.array({row!r}))
    rng = np.random.default_rng(0)
    assert [make_up(rng) for _ in range(3)] == {names!r}


if __name__ == "__main__":
    test_pieces()
    test_model()
    print("Every check passes. Eight names:")
    rng = np.random.default_rng()
    print(", ".join(make_up(rng) for _ in range(8)))
'''


@dataclass(frozen=True)
class File:
    """A text with a name: as the last line of a cell it can be saved."""

    name: str
    text: str

    def __repr__(self) -> str:
        return f"{self.name}, {len(self.text):,} characters; exported().text is its text"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.text.encode()).decode()
        link = f'<a download="{self.name}" href="data:text/x-python;base64,{data}">Save {self.name}</a>'
        return f"<p>{link} ({len(self.text) / 1000:.0f} kB, {self.text.count(chr(10)):,} lines)</p><details><summary>Read it here</summary><pre>{html.escape(self.text)}</pre></details>"


def exported(own: Own | None = None, name: str = NAME) -> File:
    """The model as one file; `own` is what `assemble` finds unless given."""
    own = assemble() if own is None else own
    texts = {piece: _text(own, piece) for piece in PIECES if piece in own.yours or piece in MODEL}
    left = [piece for piece, (text, _, _) in texts.items() if _needs_more(text)]
    texts = {piece: told for piece, told in texts.items() if piece not in left}
    yours = [piece for piece, (_, mine, _) in texts.items() if mine]
    without = f" Left out, since they need the course's package: {', '.join(left)}." if left else ""
    whose = textwrap.fill(f"Yours: {', '.join(yours) or 'nothing yet'}. Everything else is the course's.{without}", 110)
    head = HEAD.format(title=f"A language model in one file, {len(yours)} of its {len(texts)} pieces my own.", whose=whose, name=name)
    return File(name, "\n".join([head, *_pieces(texts), _wires(), _last(texts)]))


def _text(own: Own, name: str) -> tuple[str, bool, str]:
    """The text of a piece, whether it is the reader's, and a remark."""
    exercise = PIECES[name].exercise
    if name not in own.yours:
        return solved(exercise), False, ""
    source = own.states[name].source or _written(own, name)
    if source and not _needs_more(source):
        return source, True, ""
    return solved(exercise), False, "yours needs the course's package, so this is the course's"


def _written(own: Own, name: str) -> str:
    """The text of a function that was given, not kept."""
    try:
        return _keep.answer(PIECES[name].exercise, inspect.unwrap(own.states[name].function)).source
    except Unkept:
        return ""


def _needs_more(source: str) -> bool:
    """Whether a text imports more than Python and NumPy have, softmax aside, which the file has itself."""
    return any(name.split(".")[0] in ("attnlab", "mine", "torch", "scipy") for name in _imports(_without_softmax(source)))


def _imports(source: str) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names] + [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]


def _without_softmax(source: str) -> str:
    lines = ("from attnlab.reference.softmax import softmax", "from attnlab.reference import softmax")
    return "\n".join(line for line in source.splitlines() if line not in lines)


def _pieces(texts: dict[str, tuple[str, bool, str]]) -> list[str]:
    """Pieces in the order of the drawing; one whose names are taken already stands in a function of its own."""
    taken, found = {"np", "base64", "zlib", *texts}, []
    if any("import softmax" in text for text, _, _ in texts.values()) and "softmax" not in texts:
        found.append(f"# -- softmax, the course's: other pieces use it\n\n{solved(PIECES['softmax'].exercise)}")
    for stage in STAGES:
        for name in (piece for piece in stage.pieces if piece in texts):
            text, mine, remark = texts[name]
            source, names = _without_softmax(text).strip(), _made(text) - {name, "softmax" if name != "softmax" else "", "np"}
            source = _apart(source, name) if names & taken else source
            taken |= names
            whose = "yours" if mine else f"the course's{'; ' + remark if remark else ''}"
            source = source.replace("import numpy as np\n", "", 1).strip() if source.startswith("import numpy as np\n") else source
            found.append(f"\n# -- {name}: {PIECES[name].deed} ({whose})\n\n{source}\n")
    return found


def _made(source: str) -> set[str]:
    """The names that a text makes at its outermost level."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return names


def _apart(source: str, name: str) -> str:
    """The text inside a function, so that its helpers are its own."""
    return f"def _{name}():\n{textwrap.indent(source, '    ')}\n\n    return {name}\n\n\n{name} = _{name}()"


def _wires() -> str:
    model = names_model()
    arrays = [model.table, model.last, *(part for block in model.blocks for part in block)]
    packed = base64.b85encode(zlib.compress(np.concatenate([np.rint(1000 * one).astype("<i2").ravel() for one in arrays]).tobytes(), 9)).decode()
    wires = WIRES.format(letters=namer.LETTERS, edge=namer.EDGE, pad=namer.PAD, epsilon=namer.EPSILON, heads=model.n_heads)
    shapes = textwrap.fill(f"SHAPES = {[one.shape for one in arrays]!r}", 110, subsequent_indent="          ")
    return f'{wires}\n\n{shapes}\nNUMBERS = r"""\n{chr(10).join(textwrap.wrap(packed, 110, break_on_hyphens=False))}\n"""\n'


def _last(texts: dict) -> str:
    checks = [line for name in texts for line in _checks(name)] or ["pass"]
    ids = namer.encode("mar")
    row = [round(float(x), 6) for x in namer.logits(names_model(), np.array([ids]))[0, -1]]
    rng = np.random.default_rng(0)
    names = [namer.sample(names_model(), "", rng, (0.8, 12, 0.9)) for _ in range(3)]
    return LAST.format(checks=textwrap.indent("\n".join(checks), "    ") + "\n", ids=ids, row=row, names=names)


def _checks(name: str) -> list[str]:
    """A few probes of the exercise as asserts; none where an argument is a function or a machine."""
    exercise, found = EXERCISES[PIECES[name].exercise], []
    for probe in exercise.probes:
        given = [_literal(one) for one in probe.arguments]
        if probe.extreme or None in given or sum(np.size(one) for one in probe.arguments if isinstance(one, np.ndarray)) > MOST:
            continue
        with np.errstate(all="ignore"):
            right = _literal(course(name)(*probe.arguments))
        if right is not None and len(right) < 4000:
            found.append(f"assert same({name}({', '.join(given)}), {right}), {json.dumps(f'{name}: {probe.name}')}")
    return found[:PROBES] or [f"# {name}: its check needs functions or a machine of the course's"]


def _literal(thing) -> str | None:
    """A value as Python; None where it cannot be written down."""
    if isinstance(thing, np.ndarray):
        values = [float(f"{x:.6g}") for x in thing.ravel().tolist()] if thing.dtype.kind == "f" else thing.ravel().tolist()
        said = repr(values).replace("-inf", "-np.inf").replace(" inf", " np.inf").replace("[inf", "[np.inf").replace("nan", "np.nan")
        return f"np.array({said}, dtype={thing.dtype.kind!r}).reshape({thing.shape})" if thing.dtype.kind in "fiub" else None
    if isinstance(thing, np.generic):
        return _literal(thing.item())
    if isinstance(thing, tuple | list):
        inner = [_literal(one) for one in thing]
        return None if None in inner else ("({},)" if isinstance(thing, tuple) else "[{}]").format(", ".join(map(str, inner)))
    return repr(thing) if isinstance(thing, bool | int | float) and abs(thing) < float("inf") else None

"""The browser's stand-in for a notebook kernel: run a cell, show its last value and its figures, explain its errors.

`emit(kind, text, detail)` is the one way out; kinds are stdout, stderr, text, html, svg, png, error, verdict, attempt, answer and score.
"""
from __future__ import annotations

import ast
import base64
import builtins
import contextlib
import functools
import importlib
import inspect
import io
import json
import linecache
import os
import pprint
import re
import sys
import tokenize
import traceback
import types
from pathlib import Path

REACHES = "attnlab_reaches.json"  # made with the archive
PREFIX = "cell "  # file names of learners' code in tracebacks: "cell 3"
HTML_METHODS = {"_repr_html_": "html", "_repr_svg_": "svg"}


class Stream(io.TextIOBase):
    """A text stream whose every write is emitted."""

    def __init__(self, kind, emit):
        self.kind, self.emit = kind, emit

    def writable(self):
        return True

    def write(self, text):
        self.emit(self.kind, str(text), None)
        return len(text)


def no_input(prompt=""):
    raise RuntimeError("input() cannot ask anything here: write the value into the cell instead")


def imported(source, package=""):
    """Dotted names of every module that `source` imports; an unparsable source imports nothing."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def source_file(name, root):
    """The file of module `name` under `root`, or None."""
    path = Path(root, *name.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@functools.cache
def imported_by(file, name):
    """What the module `name` in `file` imports: files do not change while a page is there."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    return frozenset(imported(file.read_text("utf-8"), package))


@functools.cache
def reaches(root):
    """module -> the packages it imports, itself or through others, as they were found when the site was built."""
    file = Path(root, REACHES)
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def needs(source, wanted, root):
    """Which of the `wanted` packages or modules `source` imports, itself or through the modules under `root`."""
    known, todo, seen = reaches(root), imported(source), set()
    while todo:
        name = todo.pop()
        file = None if name in seen else source_file(name, root)
        seen.add(name)
        if name in known:
            seen.update(known[name])
        elif file:
            todo |= imported_by(file, name) - seen
    return [want for want in wanted if any(f"{name}.".startswith(f"{want}.") for name in seen)]


SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}


def quiet(source):
    """True where the last token is `;`, as in a notebook: `5;  # so` is quiet, `5  # so;` is not."""
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in SILENT]
    return bool(tokens) and tokens[-1].string == ";"


NOTEBOOK = [
    (r"(?:[\w.,\s]+=\s*)?(%%?[A-Za-z]\w*)", "is a command of IPython"),
    (r"(?:[\w.,\s]+=\s*)?(!!?\s*[A-Za-z./]\S*)", "is a command to the shell"),
    (r"(\?\??[\w.*]+|[\w.*]+\?\??);?$", "asks IPython for help"),
]


def of_the_notebook(error):
    """One sentence where the line that Python refused is none of Python's but one of a notebook's; else empty."""
    line = (error.text or "").strip()
    for pattern, what in NOTEBOOK:
        if found := re.match(pattern, line):
            return f"`{found[1]}` {what}: it works in the notebook (JupyterLab), while this page runs Python alone."
    return ""


class Kernel:
    """A namespace for the page, as in a notebook, and one for the check that needs a few cells alone; `run` executes a cell."""

    def __init__(self, emit):
        self.emit, self.narrow = emit, False  # narrow: whether figures are for a phone
        self.page = self.module = self.room()
        sys.modules["__main__"] = self.module
        self.streams = Stream("stdout", emit), Stream("stderr", emit)
        builtins.input = no_input
        os.environ["MPLBACKEND"] = "agg"

    def room(self):
        """An empty namespace."""
        module = types.ModuleType("__main__")
        module.display = self.display
        return module

    def enter(self, room):
        """What comes runs in the page's namespace ("page"), in a "new" one, or in the "same" as before."""
        self.module = {"page": lambda: self.page, "new": self.room, "same": lambda: self.module}[room]()
        sys.modules["__main__"] = self.module

    def afresh(self, beginning):
        """Another page comes: Python is as it was in the beginning, and nothing of the last page is left."""
        beginning.restore()
        for name in [name for name in linecache.cache if name.startswith(PREFIX)]:
            del linecache.cache[name]
        self.page = self.room()
        self.enter("page")

    async def run(self, source, label, room="page"):
        """Execute a cell; True where it raised nothing. Its last expression is shown, open figures are drawn."""
        self.enter(room)
        name = f"{PREFIX}{label}"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        out, err = self.streams
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                value = await self.execute(source, name)
                if not quiet(source):
                    self.display(value)
                self.show()
        except BaseException as error:  # SystemExit too: nothing a learner writes may end the page's Python
            missing = error.name if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) else None
            self.emit("error", explain(error), missing)
            return False
        return True

    async def execute(self, source, name):
        """Run all statements; the value of the last one where it is an expression, else None."""
        body = ast.parse(source, name).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        await self.evaluate(ast.Module(body, []), name, "exec")
        return await self.evaluate(ast.Expression(last.value), name, "eval") if last else None

    async def evaluate(self, tree, name, mode):
        """The value of compiled code, awaited where it holds an `await` outside functions, as a notebook does."""
        code = compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, self.module.__dict__)
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def display(self, *values):
        """Show each value as richly as it can: HTML, SVG, a figure, else its repr. None shows nothing."""
        for value in values:
            if value is not None:
                self.emit(*render(value, self.narrow))

    def show(self):
        """Draw every open matplotlib figure and close it; stands in for plt.show()."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in pyplot.get_fignums() if pyplot else []:
            self.emit(*picture(pyplot.figure(number), self.narrow))
            pyplot.close(number)

    def prepare_figures(self):
        """Import pyplot, Agg behind it, with plt.show() sending PNGs to the page."""
        import matplotlib.pyplot as pyplot
        pyplot.switch_backend("agg")
        pyplot.show = lambda *args, **kwargs: self.show()

    def watch_checks(self):
        """Report what attnlab.exercises.diagnose finds, so that the page can say passed or not in its own way, with the
        address of where to read, and each attempt, which there is no file to record in."""
        import attnlab.exercises as exercises
        original = exercises.diagnose

        def diagnose(exercise_id, function, *seconds):
            found = original(exercise_id, function, *seconds)
            place = exercises.MISCONCEPTIONS[found.mistake] if found.mistake else exercises.find(exercise_id)
            self.emit("verdict", state(found), place.href)
            return found

        def record(exercise_id, found):
            self.emit("attempt", state(found), f"{exercise_id} {found.mistake or ''}".strip())

        def kept(exercise_id, function, found):
            if found.passed:
                self.emit(*answer(exercise_id, function))

        replace(original, diagnose)
        replace(exercises.record, record)
        replace(exercises.kept, kept)
        exercises._keep.counted = lambda name, count: self.emit("score", str(count), name)

    def answers(self, rows, folder):
        """Lay the reader's kept answers into a folder `mine`, whence cells and attnlab.mine take them: rows of exercise, slot, time, text."""
        from attnlab.exercises import _keep
        place, wanted = Path(folder, "mine"), {"__init__.py": _keep.INIT}
        for row in rows:
            with contextlib.suppress(ValueError, LookupError):
                exercise, slot, passed, source = map(str, row)
                wanted[_keep.file_name(exercise)] = _keep.written(_keep.Kept(source, exercise, slot, passed))
        place.mkdir(exist_ok=True)
        for path in place.glob("*.py"):
            if path.name not in wanted:
                path.unlink()
        for name, text in wanted.items():
            Path(place, name).write_text(text, "utf-8")
        importlib.invalidate_caches()


def state(found):
    """A diagnosis in one word."""
    return "passed" if found.passed else "failed" if found.attempted else "open"


def answer(exercise_id, function):
    """What is told of a passed answer: its text, to be kept, or why it cannot be."""
    from attnlab.exercises import _keep
    try:
        one = _keep.answer(exercise_id, function)
    except _keep.Unkept as reason:
        return "stdout", f"Not kept for your own model: {reason}.\n", None
    return "answer", one.source, f"{exercise_id} {one.version}"


def replace(original, function):
    """Put a function in another's place wherever attnlab.exercises has it, under the same name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("attnlab.exercises") and getattr(module, original.__name__, None) is original:
            setattr(module, original.__name__, function)


def render(value, narrow=False):
    """(kind, text, detail) of one value."""
    if hasattr(value, "savefig"):
        return picture(value, narrow)
    bundle = getattr(value, "_repr_mimebundle_", None)
    if bundle is not None and not isinstance(value, type):
        data = bundle()
        data = data[0] if isinstance(data, tuple) else data
        if data and "text/html" in data:
            return "html", data["text/html"], None
    for method, kind in HTML_METHODS.items():
        text = getattr(value, method, None) if not isinstance(value, type) else None
        if text is not None and (text := text()) is not None:
            return kind, text, None
    plain = type(value) in (list, tuple, dict, set)
    return "text", pprint.pformat(value, sort_dicts=False) if plain else repr(value), None


def picture(figure, narrow=False):
    """A figure as PNG at twice its resolution, or its copy for a phone where it has one; detail holds its width in CSS pixels
    and a text for who cannot see it."""
    figure = figure.narrow() if narrow and hasattr(figure, "narrow") else figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * figure.dpi, bbox_inches="tight")
    data = buffer.getvalue()
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    alt = "Figure drawn by this cell" + (f": {'; '.join(titles)}" if titles else "")
    width = int.from_bytes(data[16:20], "big") // 2
    return "png", base64.b64encode(data).decode(), f"{width} {alt}"


def explain(error):
    """The traceback cut down to the learner's own lines, with a word on where deeper code raised it."""
    if isinstance(error, SyntaxError) and (sentence := of_the_notebook(error)):
        return sentence
    report = traceback.TracebackException.from_exception(error)
    inner = report.stack[-1] if report.stack else None
    trim(report)
    text = "".join(report.format()).rstrip()
    if inner and not inner.filename.startswith(PREFIX) and inner.filename != __file__ and report.stack:
        place = re.split(r"site-packages/|library/|python3[.0-9]*/", inner.filename)[-1]
        text += f"\n(raised inside {place}, line {inner.lineno}, in {inner.name})"
    if isinstance(error, ModuleNotFoundError) and error.name:
        text += f"\n({error.name.split('.')[0]} is not available in the browser; it is in the notebook.)"
    return text


def trim(report):
    """Keep the frames of learners' cells only, in the exceptions that led to this one too."""
    while report is not None:
        own = [frame for frame in report.stack if frame.filename.startswith(PREFIX)]
        report.stack = traceback.StackSummary.from_list(own)
        report = report.__cause__ or report.__context__

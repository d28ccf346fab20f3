"""Write the executed notebook beside each MyST source; the same source gives the same bytes.

    python tools/sync.py                 what changed since it was last executed; where no code did, the outputs stay
    python tools/sync.py --all           everything
    python tools/sync.py book/x/y.md     these files
    python tools/sync.py --check         executes nothing: says which notebooks are out of step
"""

from __future__ import annotations

import argparse
import os
import re
import struct
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

sys.path.insert(0, str(Path(__file__).resolve().parent))
import expand  # noqa: E402
import pages as titles  # noqa: E402

from attnlab import exercises  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}
CELL_SECONDS = 600  # for a cell that never ends; what cells may use is judged by processor time, in tests
UNSTABLE = re.compile(r"\b0x[0-9a-f]{6,}\b|ipykernel_\d+|/site-packages/")


def sources(book: Path = ROOT / "book") -> list[Path]:
    """Every chapter source: a `.md` whose front matter names a kernel."""
    return [path for path in sorted(book.rglob("*.md")) if _has_kernel(path)]


def _has_kernel(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return text.startswith("---\n") and "\nkernelspec:" in text.split("\n---", 1)[0]


def in_step(source: Path) -> str:
    """Empty when the notebook beside the source was made from it as it stands; else what differs."""
    target = source.with_suffix(".ipynb")
    if not target.exists():
        return "has no executed notebook yet"
    try:
        made, found = expand.notebook(source), nbformat.read(target, as_version=4)
    except expand.SourceError as error:
        return str(error)
    if made.metadata.attnlab.source_hash != found.metadata.get("attnlab", {}).get("source_hash"):
        return "changed since its notebook was executed"
    if _content(made) != _content(found):
        return "its notebook was edited by hand"
    if any(cell.execution_count is None for cell in expand.code_cells(found)):
        return "its notebook has cells that were not executed"
    old = outdated(found)
    return f"its notebook prints what the check of {', '.join(old)} no longer says" if old else ""


def outdated(book) -> list[str]:
    """Exercises whose passed check, as printed, lacks the words that the exercise has for it now."""
    return [name for name, printed in _passed(book) if not _says(printed, exercises.EXERCISES[name])]


def _passed(book):
    """(exercise, what was printed) of every check in the notebook that passed."""
    for cell in expand.code_cells(book):
        name = cell.metadata.get("attnlab", {}).get("exercise")
        printed = "".join(_text(output) for output in cell.outputs)
        if name and printed.startswith("passed\n"):
            yield name, printed


def _says(printed: str, exercise) -> bool:
    words = " ".join(printed.split())
    return all(" ".join(text.split()) in words for text in (exercise.verified, exercise.next_thought))


def _content(book) -> list:
    return [(cell.cell_type, cell["id"], cell.source, cell.metadata) for cell in book.cells]


def execute(book, folder: Path) -> None:
    """Run every cell in a fresh kernel started in `folder`; SourceError names the cell that stopped it."""
    reached = []
    client = NotebookClient(book, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False,
                            coalesce_streams=True,  # what is printed at once or in two pieces is one output
                            resources={"metadata": {"path": str(folder)}},
                            extra_arguments=["--log-level=ERROR"],
                            on_cell_start=lambda cell, cell_index: reached.append(cell))
    with tempfile.TemporaryDirectory() as profile:
        try:
            _start(client, _environment(profile))
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise expand.SourceError(f"{expand.where(book, reached[-1])}: {_first_words(error)}") from error


def _start(client: NotebookClient, environment: dict, tries: int = 3) -> None:
    """Execute; a kernel that died at birth is born again, since two that start at once may draw the same port."""
    for left in reversed(range(tries)):
        try:
            client.execute(env=environment)
            return
        except RuntimeError as error:
            if not left or "before replying to kernel_info" not in str(error):
                raise


def _first_words(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    return str(error).strip().splitlines()[0]


def _environment(profile: str) -> dict:
    """The reader's environment without what could change an output: threads, hashing, profile, progress."""
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    fixed = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "IPYTHONDIR": profile, "PYTHONPATH": path,
             "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {name: value for name, value in {**os.environ, **fixed}.items() if name != "ATTNLAB_PROGRESS"}


def clean(book) -> None:
    """Drop what differs from run to run or from machine to machine without meaning anything."""
    book.metadata.get("language_info", {}).pop("version", None)
    for output in _outputs(book):
        data = output.get("data", {})
        if "text/html" in data:
            data.pop(WIDGET, None)
        if "image/png" in data:
            data["image/png"] = b64encode(strip_png(b64decode(data["image/png"]))).decode() + "\n"
    if not any(WIDGET in output.get("data", {}) for output in _outputs(book)):
        book.metadata.pop("widgets", None)


def strip_png(image: bytes) -> bytes:
    """The same picture without its text notes (program, version, date)."""
    kept, place = [PNG_START], len(PNG_START)
    while place < len(image):
        length, kind = struct.unpack(">I4s", image[place:place + 8])
        end = place + 12 + length
        kept += [] if kind in PNG_NOTES else [image[place:end]]
        place = end
    return b"".join(kept)


def _outputs(book) -> list:
    return [output for cell in expand.code_cells(book) for output in cell.outputs]


def inspect(book) -> list[str]:
    """What an executed notebook must not hold: errors, warnings, addresses, pictures without words."""
    cells = expand.code_cells(book)
    return [f"{expand.where(book, cell)}: {what}" for cell in cells for what in _inspect(cell)]


def _inspect(cell):
    if cell.execution_count is None:
        yield "was not executed"
    for output in cell.outputs:
        text = _text(output)
        if output.output_type == "error":
            yield f"raised {output.ename}: {output.evalue}"
        if output.get("name") == "stderr":
            yield f"wrote to stderr: {text.strip()[:300]}"
        elif str(ROOT) in text or UNSTABLE.search(text):
            yield f"its output names an address, a process or a path of this machine: {text.strip()[:200]}"
        if "image/png" in output.get("data", {}):
            yield from expand.figure_complaints(cell)


def _text(output) -> str:
    data = output.get("data", {})
    return output.get("text", "") or "\n".join(data.get(kind, "") for kind in ("text/plain", "text/html"))


def run(book, source: Path) -> None:
    """Execute, clean and inspect one expanded notebook; SourceError names the file and the cells."""
    try:
        execute(book, source.parent)
    except expand.SourceError as error:
        raise expand.SourceError(f"{source}: {error}") from error
    clean(book)
    complaints = inspect(book)
    if complaints:
        raise expand.SourceError("\n".join(f"{source}: {what}" for what in complaints))
    nbformat.validate(book)


def write(source: Path) -> Path:
    """Execute the source and write the notebook beside it, all or nothing."""
    book = expand.notebook(source)
    run(book, source)
    return _put(book, source)


def carry(source: Path) -> bool:
    """Write the notebook with the outputs that it has, if no line of its code changed; say whether."""
    target = source.with_suffix(".ipynb")
    if not target.exists():
        return False
    made, found = expand.notebook(source), nbformat.read(target, as_version=4)
    new, old = expand.code_cells(made), expand.code_cells(found)
    if [cell.source for cell in new] != [cell.source for cell in old] or any(cell.execution_count is None for cell in old):
        return False
    for cell, ran in zip(new, old):
        cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    made.metadata |= {name: told for name, told in found.metadata.items() if name not in made.metadata}
    if inspect(made) or outdated(made):
        return False
    _put(made, source)
    return True


def _put(book, source: Path) -> Path:
    target = source.with_suffix(".ipynb")
    draft = target.with_suffix(".ipynb.part")
    draft.write_text(nbformat.writes(book, indent=1) + "\n", encoding="utf-8", newline="\n")
    draft.replace(target)
    return target


def shown(path: Path) -> str:
    """A path as a reader of the repository would write it."""
    path = path.resolve()
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


def check(paths: list[Path]) -> int:
    """Print what is out of step; 0 when nothing is."""
    differing = {path: problem for path in paths if (problem := in_step(path))}
    for path, problem in differing.items():
        print(f"{shown(path)}: {problem}")
    print(f"{len(paths) - len(differing)} of {len(paths)} notebooks in step" +
          (": run python tools/sync.py" if differing else ""))
    return 1 if differing else 0


def build(paths: list[Path], everything: bool) -> int:
    """Execute what is asked for and say how long each took; 1 when one failed."""
    failed, stale = 0, [path for path in paths if everything or in_step(path)]
    for path in stale:
        start = time.perf_counter()
        try:
            carried = not everything and carry(path)
            if not carried:
                write(path)
            did = "no code changed, outputs kept" if carried else f"executed in {time.perf_counter() - start:.1f} s"
            print(f"{shown(path)}: {did}", flush=True)
        except expand.SourceError as error:
            failed += 1
            print(error, file=sys.stderr, flush=True)
    print(f"{len(stale) - failed} written, {failed} failed, {len(paths) - len(stale)} unchanged")
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("files", nargs="*", type=Path, help="MyST sources (all chapters when none is named)")
    parser.add_argument("--all", action="store_true", help="execute even what did not change")
    parser.add_argument("--check", action="store_true", help="execute nothing; fail if out of step")
    options = parser.parse_args(arguments)
    paths = [path.with_suffix(".md") for path in options.files] or sources()
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        parser.error(f"no such source: {', '.join(missing)}")
    if not (options.files or options.check):
        titles.write()  # first, since exercises say on which page to read
    pages = [path for path in paths if not _has_kernel(path)]
    for path in pages:
        print(f"{shown(path)}: a page without a kernel, so without a notebook")
    paths = [path for path in paths if path not in pages]
    try:
        return check(paths) if options.check else build(paths, options.all or bool(options.files))
    except expand.SourceError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

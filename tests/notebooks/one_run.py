"""Each notebook runs once: nbval compares what its cells print, then the same kernel goes back and is given the answers.

Numbers that training gave are compared to within what the cell says, `:attnlab: {within: 0.1}`: processors sum in another
order, and a thousand steps make a last digit a first one. All words, and how many numbers there are, must be the same.

Beside nbval's test of every cell a notebook gets up to three of ours, in the same kernel:

    before the first slot   every name is noted, and from there on what each cell changes
    processor time          what a reader's processor has done by the end, against the budget
    solved                  the names as they were before the first slot; from there on slots are solved, what depends on
                            them runs again, and of all other cells the names are put as they had left them
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

import depends
import expand
import nbformat
import pytest
import sync
from nbval.plugin import IPyNbCell

from attnlab import exercises

BUDGET = 60  # seconds of processor time for a whole notebook: what a reader waits for at most
FACTOR = 3  # over budget is reported; this many times over budget fails
NOTED = Path(__file__).with_name("noted.py").as_posix()
NOTE = f"get_ipython().noted = __import__('runpy').run_path({NOTED!r})['Noted'](get_ipython())"
GO_BACK = "get_ipython().noted.go_back()"
NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?")
PROCESSOR = "sum(__import__('os').times()[:4])"  # its own and that of processes it has waited for


def as_printed(found: str, printed: str, within: float) -> str:
    """`printed` where `found` has the same words and as many numbers, each within `within` of the larger (or of 1)."""
    numbers = [[float(one.replace(",", "")) for one in NUMBER.findall(text)] for text in (found, printed)]
    found_words, words = ("".join(NUMBER.sub("#", text).split()) for text in (found, printed))
    near = all(abs(a - b) <= within * max(1, abs(a), abs(b)) for a, b in zip(*numbers))
    return printed if found_words == words and near else found


def allowed(new: dict, old: dict, within: float) -> dict:
    """An output as it is compared: its text, printed or of a value, as the notebook has it where that is near enough."""
    new = copy.deepcopy(new)
    if "text" in new and "text" in old:
        new["text"] = as_printed(new["text"], old["text"], within)
    if "text/plain" in new.get("data", {}) and "text/plain" in old.get("data", {}):
        new["data"]["text/plain"] = as_printed(new["data"]["text/plain"], old["data"]["text/plain"], within)
    return new


def compare(cell: IPyNbCell, test: list, ref: list, *rest) -> bool:
    """nbval's comparison, after each output was allowed what its cell allows."""
    within = cell.cell.metadata.get("attnlab", {}).get("within")
    if within is not None and len(test) == len(ref):
        test = [allowed(new, old, within) for new, old in zip(test, ref)]
    return nbval_compares(cell, test, ref, *rest)


nbval_compares = IPyNbCell.compare_outputs
IPyNbCell.compare_outputs = compare


def is_slot(cell) -> bool:
    return "exercise-slot" in cell.metadata.get("tags", [])


def solved(cells: list) -> list:
    """Copies from the first slot on: each slot with its solution, after each check an assertion that it passes, and a cell that
    passes over all that do not depend on an answer."""
    first, found = next(i for i, cell in enumerate(cells) if is_slot(cell)), []
    for cell, again in list(zip(copy.deepcopy(cells), depends.dependent(cells)))[first:]:
        if is_slot(cell):
            cell.source = exercises.solved(cell.metadata.attnlab.exercise)
        elif not again:
            cell = nbformat.v4.new_code_cell(f"get_ipython().noted.pass_over({cell.source!r})")
        found += [cell, assertion(cell)] if "exercise-check" in cell.metadata.get("tags", []) else [cell]
    return found


def assertion(check):
    """A cell that fails, with what the learner would hear, where the check before it did not pass."""
    name = check.metadata.attnlab.exercise
    return nbformat.v4.new_code_cell(
        f"from attnlab.exercises import diagnose\n"
        f"outcome = diagnose({name!r}, {exercises.EXERCISES[name].name})\n"
        f"assert outcome.passed, outcome.text"
    )


def joined(outputs: list) -> list:
    """The outputs with pieces of one stream put together: a kernel that is busy sends one print in several."""
    *before, last = outputs
    if last.output_type != "stream" or not before or before[-1].get("name") != last.name:
        return outputs
    before[-1].text += last.text
    return before


def run(client, cell) -> None:
    """Execute one cell and keep what it sends, a stream sent in pieces as one; AssertionError where it raised."""
    cell.outputs = []

    def hear(message):
        if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            cell.outputs = joined([*cell.outputs, nbformat.v4.output_from_msg(message)])

    reply = client.execute_interactive(
        cell.source, store_history=False, allow_stdin=False, output_hook=hear, timeout=sync.CELL_SECONDS
    )["content"]
    cell.execution_count = reply["execution_count"]
    assert reply["status"] == "ok", f"{cell.source}\n{reply['ename']}: {reply['evalue']}"


def run_solved(client, cells: list) -> None:
    """Go back to the first slot and on with every slot solved: nothing raises, warns or is left unattempted."""
    again = solved(cells)
    for cell in (nbformat.v4.new_code_cell(GO_BACK), *again):
        run(client, cell)
    book = nbformat.v4.new_notebook(cells=again)
    said = [what for what in sync.inspect(book) if "wrote to stderr" in what]
    assert not said, "\n".join(said)
    for cell in again:
        if "exercise-check" in cell.metadata.get("tags", []):
            assert "not attempted" not in cell.outputs[0].text.lower(), f"{cell.source}\n{cell.outputs[0].text}"


def processor_seconds(client) -> float:
    """What the kernel and the processes it has waited for have computed so far."""
    reply = client.execute("", silent=True, user_expressions={"used": PROCESSOR}, reply=True, timeout=sync.CELL_SECONDS)
    return float(reply["content"]["user_expressions"]["used"]["data"]["text/plain"])


class OfTheNotebook(pytest.Item):
    """A test that needs the kernel of its notebook as nbval's tests before it left it."""

    def __init__(self, *, deed, **rest):
        super().__init__(**rest)
        self.deed = deed

    def runtest(self):
        assert self.parent.kernel.is_alive(), "the notebook's kernel died"
        self.deed(self)

    def reportinfo(self):
        return self.path, 0, self.name

    def repr_failure(self, excinfo):
        return str(excinfo.value) if excinfo.errisinstance(AssertionError) else super().repr_failure(excinfo)

    @property
    def client(self):
        return self.parent.kernel.kc

    @property
    def cells(self) -> list:
        return expand.code_cells(self.parent.nb)


def note(item: OfTheNotebook) -> None:
    run(item.client, nbformat.v4.new_code_cell(NOTE))


def spend(item: OfTheNotebook) -> None:
    """Report the processor time to the table at the end of all checks; only far over budget is a failure."""
    used = round(processor_seconds(item.client), 1)
    notebook = f"{item.path.parent.name}/{item.path.stem}"
    item.user_properties += [("notebook", notebook), ("budget", BUDGET), ("used", used)]
    assert used <= FACTOR * BUDGET, f"{notebook} used {used:.0f} s of processor time; its budget is {BUDGET} s"


def solve(item: OfTheNotebook) -> None:
    run_solved(item.client, item.cells)


def with_ours(cells: list[IPyNbCell]) -> list[pytest.Item]:
    """nbval's tests of one notebook, and ours at their places among them."""
    def ours(name, deed):
        return OfTheNotebook.from_parent(cells[0].parent, name=name, deed=deed)

    first = next((i for i, item in enumerate(cells) if is_slot(item.cell)), None)
    if first is None:
        return [*cells, ours("processor time", spend)]
    noted = [*cells[:first], ours("before the first slot", note), *cells[first:]]
    return [*noted, ours("processor time", spend), ours("solved", solve)]

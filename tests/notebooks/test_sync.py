"""The pipeline from a text source to an executed notebook, on chapters of a few lines."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode

import expand
import items
import nbformat
import pytest
import sync

from attnlab import exercises

FIGURE = (':mystnb: {figure: {caption: "A line.", name: fig-line}, image: {alt: "A rising line."}}',)
PLOT = "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.show()"
WIDGET_CELL = """from IPython.display import display
display({"text/plain": "widget", "text/html": "<p>table</p>",
         "application/vnd.jupyter.widget-view+json": {"model_id": "0123"}}, raw=True)"""


def read(source):
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


# -- executing ---------------------------------------------------------------------------------------------

SHELL = {"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "random", "MPLBACKEND": "agg",
         "ATTNLAB_PROGRESS": "x.json"}


@pytest.fixture
def another_shell(monkeypatch):
    """A reader's settings that would change outputs."""
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)


def test_two_runs_give_the_same_bytes_and_nothing_of_the_machine(chapter, code, another_shell):
    shell = 'import os\nprint(os.environ["OMP_NUM_THREADS"], hash("a"), os.environ.get("ATTNLAB_PROGRESS"))'
    source = chapter("Text.", code(shell), code(PLOT, *FIGURE), code(WIDGET_CELL))
    first = sync.write(source).read_bytes()
    assert sync.write(source).read_bytes() == first
    book = read(source)
    assert "version" not in book.metadata.language_info and "widgets" not in book.metadata
    assert book.cells[3].source == "**Fig. 1** A line.", "JupyterLab shows no captions of its own"
    assert sorted(book.cells[4].outputs[0].data) == ["text/html", "text/plain"]
    assert book.metadata.myst.html_meta.description == "A chapter for the tests."
    threads, _, progress = book.cells[1].outputs[0].text.split()
    assert (threads, progress) == ("1", "None")
    assert "image/png" in book.cells[2].outputs[0].data


def test_a_cell_runs_in_the_folder_of_its_notebook(chapter, code, tmp_path):
    (tmp_path / "beside.txt").write_text("beside", encoding="utf-8")
    source = chapter(code('print(open("beside.txt").read())'))
    sync.write(source)
    assert read(source).cells[1].outputs[0].text == "beside\n"


def test_a_picture_keeps_its_pixels_and_loses_its_notes():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    start = sync.PNG_START + chunk(b"IHDR", b"head")
    end = chunk(b"IDAT", b"pixels") + chunk(b"IEND", b"")
    notes = chunk(b"tEXt", b"Software\0x") + chunk(b"tIME", b"now")
    assert sync.strip_png(start + notes + end) == start + end


def test_a_figure_in_a_notebook_names_no_program(chapter, code):
    source = chapter(code(PLOT, *FIGURE))
    sync.write(source)
    image = b64decode(read(source).cells[1].outputs[0].data["image/png"])
    assert image.startswith(sync.PNG_START) and image.endswith(b"IEND\xaeB`\x82")
    assert b"Software" not in image and b"matplotlib" not in image.lower()


FAULTS = [
    ("x = 1\n1 / 0", (), "cell 3 (`x = 1`): ZeroDivisionError: division by zero"),
    ("import warnings\nwarnings.warn('careful')", (), "cell 3 (`import warnings`): wrote to stderr"),
    ("import sys\nprint('oops', file=sys.stderr)", (), "cell 3 (`import sys`): wrote to stderr: oops"),
    ("object()", (), "cell 3 (`object()`): its output names an address"),
    ("import os\nprint(os.__file__)\nimport numpy\nprint(numpy.__file__)", (), "a path of this machine"),
    ("import os\nos._exit(1)", (), "cell 3 (`import os`): Kernel died"),
    ("import matplotlib.pyplot as plt\n_ = plt.plot([1])", (), "a figure without alt text"),
]


@pytest.mark.parametrize(("source", "options", "message"), FAULTS, ids=[message for *_, message in FAULTS])
def test_a_faulty_output_names_its_cell_and_writes_nothing(chapter, code, source, options, message):
    path = chapter(code("print('fine')"), code(source, *options))
    with pytest.raises(expand.SourceError) as error:
        sync.write(path)
    assert message in str(error.value) and path.name in str(error.value)
    assert not path.with_suffix(".ipynb").exists()


# -- the rules for a source --------------------------------------------------------------------------------

RULES = [
    ("\n".join("x = 1" for _ in range(13)), (), "13 lines, at most 12"),
    ("x = 1;", (), "ends with `;`"),
    ("", (), "the code cell is empty"),
    (PLOT, (), "a figure without alt text"),
    (PLOT, (':mystnb: {figure: {caption: "A line."}}',), "a figure without alt text"),
    (PLOT, (':mystnb: {image: {alt: "A line."}}',), "a figure without caption text"),
    ("x = 1", (":tags: [claim",), "Invalid YAML"),
]


@pytest.mark.parametrize(("source", "options", "message"), RULES, ids=[message for *_, message in RULES])
def test_a_source_that_breaks_a_rule_is_refused_before_it_runs(chapter, code, source, options, message):
    with pytest.raises(expand.SourceError, match="chapter.md") as error:
        expand.notebook(chapter(code(source, *options)))
    assert message in str(error.value)


def test_twelve_lines_and_blank_lines_between_are_allowed(chapter, code):
    expand.notebook(chapter(code("\n\n".join("x = 1" for _ in range(12)))))


# -- in step -----------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def synced_once(tmp_path_factory, code, written):
    source = written(tmp_path_factory.mktemp("synced"), "Text.", code("print(2)", ":tags: [claim]"))
    sync.write(source)
    return source


@pytest.fixture
def synced(synced_once, tmp_path):
    """A copy of an executed chapter that a test may change."""
    for file in (synced_once, synced_once.with_suffix(".ipynb")):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / synced_once.name


def test_a_fresh_notebook_is_in_step_and_is_not_executed_again(synced, capsys):
    before = synced.with_suffix(".ipynb").stat().st_mtime_ns
    assert sync.in_step(synced) == ""
    assert sync.check([synced]) == 0 and sync.build([synced], everything=False) == 0
    assert synced.with_suffix(".ipynb").stat().st_mtime_ns == before
    assert "1 of 1 notebooks in step" in capsys.readouterr().out


@pytest.mark.parametrize("change", [("Text.", "Other text."), ("print(2)", "print(3)"),
                                    ("[claim]", "[other]"), ("for the tests", "for others")])
def test_a_changed_source_is_out_of_step(synced, change, capsys):
    synced.write_text(synced.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    assert sync.in_step(synced) == "changed since its notebook was executed"
    assert sync.check([synced]) == 1
    assert "chapter.md: changed since" in capsys.readouterr().out


def test_where_no_code_changed_the_outputs_stay(synced, monkeypatch, capsys):
    whole = synced.read_text(encoding="utf-8").replace("Text.", "Other text.")
    synced.write_text(whole, encoding="utf-8")
    executed = sync.write(synced).read_bytes()
    synced.write_text(whole.replace("Other", "Another"), encoding="utf-8")
    monkeypatch.setattr(sync, "execute", None)
    assert sync.build([synced], everything=False) == 0 and sync.in_step(synced) == ""
    assert "chapter.md: no code changed, outputs kept" in capsys.readouterr().out
    synced.write_text(whole, encoding="utf-8")
    assert sync.carry(synced) and synced.with_suffix(".ipynb").read_bytes() == executed, "as if it had been executed"


@pytest.mark.parametrize("spoil", [lambda book: book.cells[1].update(source="print(4)"), lambda book: book.cells[1].update(execution_count=None),
                                   lambda book: book.cells[1].outputs[0].update(name="stderr")])
def test_other_outputs_are_not_kept(synced, spoil):
    book = read(synced)
    spoil(book)
    nbformat.write(book, synced.with_suffix(".ipynb"))
    synced.write_text(synced.read_text(encoding="utf-8").replace("Text.", "Other text."), encoding="utf-8")
    assert not sync.carry(synced)
    synced.with_suffix(".ipynb").unlink()
    assert not sync.carry(synced)


def test_a_notebook_edited_by_hand_is_out_of_step(synced):
    book = read(synced)
    book.cells[1].source = "print(4)"
    nbformat.write(book, synced.with_suffix(".ipynb"))
    assert sync.in_step(synced) == "its notebook was edited by hand"


def test_a_notebook_that_was_not_executed_is_out_of_step(synced):
    book = read(synced)
    book.cells[1].execution_count = None
    nbformat.write(book, synced.with_suffix(".ipynb"))
    assert sync.in_step(synced) == "its notebook has cells that were not executed"


def test_a_missing_notebook_is_out_of_step(synced):
    synced.with_suffix(".ipynb").unlink()
    assert sync.in_step(synced) == "has no executed notebook yet"


def test_a_failing_chapter_fails_the_run_and_leaves_the_others(chapter, code, capsys):
    good, bad = chapter(code("print(1)"), name="good"), chapter(code("1 / 0"), name="bad")
    assert sync.build([bad, good], everything=True) == 1
    assert good.with_suffix(".ipynb").exists() and not bad.with_suffix(".ipynb").exists()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_only_a_source_with_a_kernel_is_a_notebook(chapter, tmp_path):
    source = chapter("Text.")
    (tmp_path / "page.md").write_text("---\ntitle: x\n---\n# A page\nkernelspec:\n", encoding="utf-8")
    (tmp_path / "plain.md").write_text("# Plain\n", encoding="utf-8")
    assert sync.sources(tmp_path) == [source]


def test_a_page_without_a_kernel_gets_no_notebook(tmp_path, capsys):
    (tmp_path / "plain.md").write_text("# Plain\n", encoding="utf-8")
    assert sync.main([str(tmp_path / "plain.md")]) == 0
    assert "plain.md: a page without a kernel" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [tmp_path / "plain.md"]


@pytest.mark.parametrize(("arguments", "written"), [([], 1), (["--check"], 0)])
def test_titles_are_copied_first_unless_it_only_checks(monkeypatch, capsys, arguments, written):
    calls = []
    monkeypatch.setattr(sync.titles, "write", lambda: calls.append("titles"))
    monkeypatch.setattr(sync, "sources", list)
    assert sync.main(arguments) == 0 and len(calls) == written and "0 " in capsys.readouterr().out


def test_a_file_that_does_not_exist_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        sync.main([str(tmp_path / "none.md")])
    assert "no such source" in capsys.readouterr().err


def test_a_new_cell_does_not_rename_the_others(chapter, code):
    parts = ["One.", code("a = 1"), "Two.", code("a = 1")]
    ids = [cell["id"] for cell in expand.notebook(chapter(*parts)).cells]
    more = [cell["id"] for cell in expand.notebook(chapter("Zero.", code("b = 1"), *parts)).cells]
    assert len(set(more)) == len(more) and more[-3:] == ids[-3:]


# -- macros ------------------------------------------------------------------------------------------------

BANK = [
    {"id": "c1", "kind": "card", "prompt": "What is\na query?", "answer": "A row of $Q$.\n\nOne a token."},
    {"id": "q1", "kind": "choice", "prompt": "Which?", "answer": "right", "why": "It is.",
     "wrong": [{"choice": "left", "misconception": "no_scale", "feedback": "Not left."}]},
    {"id": "q2", "kind": "true_false", "prompt": "So?", "answer": False, "why": "No.", "misconception": "no_mask"},
    {"id": "q3", "kind": "numeric", "prompt": "How many?", "answer": 0.25, "tolerance": 0,
     "why": "A quarter."},
    {"id": "q4", "kind": "cloze", "prompt": "Rows sum to ____.", "answer": "one", "why": "Softmax."},
    {"id": "q5", "kind": "order", "prompt": "Order", "steps": ["project", "score", "scale"], "why": "So."},
    {"id": "q6", "kind": "match", "prompt": "Match", "pairs": [["a", "1"], ["b", "2"], ["c", "3"]],
     "why": "So."},
    {"id": "q7", "kind": "sort", "prompt": "Sort", "buckets": {"exact": ["flash"], "not": ["linear"]},
     "why": "So."},
]


@pytest.fixture
def bank(monkeypatch):
    monkeypatch.setattr(items, "of_chapter", lambda chapter: BANK if chapter == "part/one" else [])


def test_text_around_a_macro_stays_in_its_place(chapter, bank):
    text = "Before.\n\n% cards: part/one\n\nBetween.\n\n% quiz: part/one\n\nAfter."
    cells = expand.notebook(chapter(text)).cells
    assert [cell.source.splitlines()[0] for cell in cells[1:]] == [
        "::::{admonition} Cards", "Between.", "::::{admonition} Check yourself", "After."]
    assert cells[0].source.endswith("Before.")


def test_cards_are_folded_admonitions_with_their_id(bank):
    assert expand.cards_cell("part/one").source == """::::{admonition} Cards
:class: cards

:::{admonition} What is a query?
:class: card dropdown
:name: item-c1

A row of $Q$.

One a token.
:::
::::"""


def test_a_quiz_shows_choices_answer_and_feedback(bank):
    text = expand.quiz_cell("part/one").source
    assert text.startswith("::::{admonition} Check yourself\n:class: quiz\n\n:::{admonition} Which?\n"
                           ":class: quiz-item dropdown\n:name: item-q1\n\n- ")
    first = text.split(":::\n")[0]
    assert "- left" in first and "- right" in first and "- *left*: Not left." in first
    assert "**Answer:** right. It is." in text and "**Answer:** False. No." in text
    assert "**Answer:** 0.25. A quarter." in text and "**Answer:** one. Softmax." in text
    assert "1. project\n1. score\n1. scale" in text and "- a — 1\n- b — 2" in text
    assert "- **exact**: flash" in text
    assert text.count(":::{admonition}") == 1 + 7 and "item-c1" not in text


def test_a_chapter_without_items_and_an_unknown_exercise_are_errors(chapter, bank):
    with pytest.raises(expand.SourceError, match="% cards: part/two: .*no cards for part/two"):
        expand.notebook(chapter("% cards: part/two"))
    with pytest.raises(expand.SourceError, match="% exercise: part.unknown"):
        expand.notebook(chapter("% exercise: part.unknown"))


GUESSES = {
    "half": {"id": "half", "kind": "prediction", "prompt": "How large is\nthe largest $w$?", "choices": ["a quarter", "a half"],
             "answer": 1, "result": "It is 0.52."},
    "size": {"id": "size", "kind": "prediction", "prompt": "How much longer?", "number": 4608, "unit": "times", "result": "Six widths."},
}


@pytest.fixture
def guesses(monkeypatch):
    monkeypatch.setattr(items, "prediction", GUESSES.__getitem__)


def test_a_prediction_is_a_question_with_its_answer_folded_away(guesses):
    assert expand.predict_cell("half").source == """::::{admonition} Predict, then run
:class: prediction
:name: item-half

How large is the largest $w$?

- a quarter
- a half

:::{admonition} Answer
:class: dropdown answer

**Answer:** a half. It is 0.52.
:::
::::"""
    number = expand.predict_cell("size").source
    assert "\nGuess a number (times).\n" in number and "**Answer:** 4,608 times. Six widths." in number


def test_predictions_stand_right_before_the_cell_that_answers_them(chapter, code, guesses):
    cells = expand.notebook(chapter("Before.", "% predict: half\n% predict: size", code("x = 1"))).cells
    assert [cell.source.splitlines()[0] for cell in cells[1:]] == 2 * ["::::{admonition} Predict, then run"] + ["x = 1"]
    for below in ("Words between.", "# A heading", ""):
        with pytest.raises(expand.SourceError, match="chapter.md: cell 2 .*right before the code cell"):
            expand.notebook(chapter("% predict: half", below, *([code("x = 1")] if below else [])))


def test_an_unknown_prediction_names_the_page(chapter, code):
    with pytest.raises(expand.SourceError, match="chapter.md: % predict: nobody: .*no prediction 'nobody'"):
        expand.notebook(chapter("% predict: nobody", code("x = 1")))


def test_an_exercise_becomes_cells_that_carry_its_id(chapter):
    from attnlab import exercises
    name = next(iter(exercises.EXERCISES))
    cells = expand.notebook(chapter(f"% exercise: {name}")).cells[1:]
    assert [(c.cell_type, c.source.replace(":enumerator: 1\n", "")) for c in cells] == [(c["type"], c["source"].strip("\n"))
                                                        for c in exercises.cells(name)]
    assert {cell.metadata.attnlab.exercise for cell in cells} == {name}


def test_a_changed_item_of_the_bank_puts_the_chapter_out_of_step(chapter, bank, monkeypatch):
    source = chapter("% cards: part/one")
    sync.write(source)
    assert sync.in_step(source) == ""
    monkeypatch.setattr(items, "of_chapter", lambda chapter: [{**BANK[0], "answer": "Another answer."}])
    assert sync.in_step(source) == "changed since its notebook was executed"


def test_jupyterlab_folds_the_solution_and_what_it_prints():
    name = next(iter(exercises.EXERCISES))
    folded = {"source_hidden": True, "outputs_hidden": True}
    for cell in expand.exercise_cells(name):
        is_solution = "exercise-solution" in cell.metadata.get("tags", [])
        assert cell.metadata.get("jupyter") == (folded if is_solution else None)
        nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_a_passed_check_that_says_what_it_no_longer_says_is_out_of_step():
    exercise = exercises.EXERCISES["self_attention.softmax"]

    def notebook(verified: str):
        cell = nbformat.v4.new_code_cell("check", metadata={"attnlab": {"exercise": exercise.id}})
        cell.outputs = [nbformat.v4.new_output("stream", text=f"passed\nVerified: {verified}\n  Next: {exercise.next_thought}\n")]
        return nbformat.v4.new_notebook(cells=[cell])

    assert sync.outdated(notebook(exercise.verified.replace(" ", "\n  ", 1))) == []
    assert sync.outdated(notebook("something else")) == [exercise.id]

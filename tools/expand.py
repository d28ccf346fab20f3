"""From the MyST source of a chapter to the cells of its notebook: macros expanded, house rules checked.

Five comments, each on a line of its own in the text, stand for cells that live elsewhere:

    % exercise: self_attention.scaled_dot_product     the cells of attnlab.exercises
    % cards: self_attention/scaled_dot_product        the chapter's cards of the item bank
    % quiz: self_attention/scaled_dot_product         the chapter's quiz items of the item bank
    % diagnostic: start/prerequisites                 the same by topic, each with the page that refreshes it
    % predict: sdpa-lookup                            a prediction of the item bank, right before the cell that answers it

A sixth, `% deeper`, stands right under a heading and marks its section as depth; a notebook carries it as a comment that nobody sees.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import jupytext
import nbformat
from IPython.core.displayhook import DisplayHook
from jupytext.myst import MystMetadataParsingError

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "src")]

import items  # noqa: E402  (found through the line above)
import numbering  # noqa: E402
from places import places  # noqa: E402

MACRO = re.compile(r"^% *(exercise|cards|quiz|diagnostic|predict): *(\S+) *$", re.MULTILINE)
DEEPER = re.compile(r"^% *deeper *$", re.MULTILINE)
DEEPER_MARK = "<!-- deeper -->"
MAX_LINES = 12


class SourceError(ValueError):
    """A chapter's source breaks a rule; the message names the file and the cell."""


def notebook(source: Path) -> nbformat.NotebookNode:
    """The chapter as a notebook without outputs: expanded, linted, with ids and the hash of its source."""
    book = _read(source)
    book.cells = [cell for original in book.cells for cell in expand(original, source)]
    book.metadata.pop("jupytext", None)
    complaints = lint(book) + loose_predictions(book) + loose_depth(book)
    if complaints:
        raise SourceError("\n".join(f"{source}: {what}" for what in complaints))
    book.cells = [one for cell in book.cells for one in with_caption(cell)]
    name_cells(book, source.stem)
    numbering.write(book.cells, chapter_of(source))
    book.metadata["attnlab"] = {**book.metadata.get("attnlab", {}), "source_hash": fingerprint(book)}
    book.nbformat, book.nbformat_minor = 4, 5
    return nbformat.from_dict(book)


def chapter_of(source: Path) -> str:
    """The number of a page's chapter; empty where the page is not in the table of contents."""
    path = source.resolve().with_suffix("")
    place = places(ROOT).get(path.relative_to(ROOT).as_posix()) if path.is_relative_to(ROOT) else None
    return place.chapter if place else ""


def with_caption(cell) -> list:
    """The cell, and under a figure its caption for JupyterLab, which shows none; the site has its own."""
    said = numbering.caption(cell)
    metadata = {"tags": ["remove-cell"], "attnlab": {"caption": True}}
    return [cell, nbformat.v4.new_markdown_cell(said, metadata=metadata)] if said else [cell]


def _read(source: Path):
    try:
        return jupytext.reads(source.read_text(encoding="utf-8"), fmt="md:myst")
    except MystMetadataParsingError as error:
        raise SourceError(f"{source}: {error}") from error


def expand(cell, source: Path) -> list:
    """The cell itself, or the cells its macros stand for with the text between them."""
    if cell.cell_type == "markdown":
        cell.source = DEEPER.sub(DEEPER_MARK, cell.source)
    if cell.cell_type != "markdown" or not MACRO.search(cell.source):
        return [cell]
    cells, rest = [], 0
    for macro in MACRO.finditer(cell.source):
        cells += _text_cells(cell.source[rest:macro.start()]) + _macro_cells(*macro.groups(), source)
        rest = macro.end()
    return cells + _text_cells(cell.source[rest:])


def _text_cells(text: str) -> list:
    return [nbformat.v4.new_markdown_cell(text.strip("\n"))] if text.strip() else []


def _macro_cells(kind: str, name: str, source: Path) -> list:
    try:
        return exercise_cells(name) if kind == "exercise" else [BANK[kind](name)]
    except (LookupError, ValueError) as error:
        raise SourceError(f"{source}: % {kind}: {name}: {error}") from error


def exercise_cells(exercise_id: str) -> list:
    """The notebook cells of one exercise: text, slot, check, hints, solution, use."""
    from attnlab import exercises

    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    cells = []
    for cell in exercises.cells(exercise_id):
        metadata = {"attnlab": {"exercise": exercise_id}}
        if cell.get("tags"):
            metadata["tags"] = list(cell["tags"])
        if "exercise-solution" in cell.get("tags", []):
            metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}  # JupyterLab folds it, too
        cells.append(make[cell["type"]](cell["source"].strip("\n"), metadata=metadata))
    return cells


def cards_cell(chapter: str):
    """All cards of a chapter, each a title that opens to its answer."""
    cards = [item for item in items.of_chapter(chapter) if item["kind"] == "card"]
    return _box("Cards", "cards", [_item(card, "card", card["answer"].strip()) for card in cards], chapter)


def quiz_cell(chapter: str):
    """All quiz items of a chapter; choices in a fixed order, answers and feedback folded away."""
    quiz = [item for item in items.of_chapter(chapter) if item["kind"] in items.QUIZ]
    bodies = [_item(item, "quiz-item", QUIZ_BODY[item["kind"]](item)) for item in quiz]
    return _box("Check yourself", "quiz", bodies, chapter)


def diagnostic_cell(chapter: str):
    """The quiz items by topic, their first tag; under each topic the refresher to read after a miss."""
    topics: dict[str, list[str]] = {}
    for item in (item for item in items.of_chapter(chapter) if item["kind"] in items.QUIZ):
        topics.setdefault(item["tags"][0], []).append(_item(item, "quiz-item", QUIZ_BODY[item["kind"]](item)))
    count = sum(map(len, topics.values()))
    inner = [_topic(chapter, name, bodies) for name, bodies in topics.items()]
    return _box(f"{count} questions", "quiz diagnostic", inner, chapter, fence=":" * 5)


def _topic(chapter: str, name: str, bodies: list[str]) -> str:
    page = Path(chapter).parent / f"refresher_{name.replace(' ', '_')}.md"
    if not (ROOT / "book" / page).is_file():
        raise ValueError(f"the topic {name!r} needs the page {page}, which is not there")
    title, link = name.capitalize(), f"[{name}]({page.with_suffix('.ipynb').name})"
    after = f"If you missed one of these {len(bodies)}, read the refresher on {link}."
    return "\n\n".join([f"::::{{div}} diagnostic-topic\n**{title}**", *bodies, f"{after}\n::::"])


def predict_cell(name: str):
    """A question to answer before the next cell is looked at; what comes true is folded away."""
    item = items.prediction(name)
    asked = _list(item["choices"]) if "choices" in item else f"Guess a number{_of_unit(item)}."
    told = _answer(items.answer(item), {"why": item["result"]})
    inner = f":::{{admonition}} Answer\n:class: dropdown answer\n\n{told}\n:::"
    head = ["::::{admonition} Predict, then run", ":class: prediction", f":name: item-{name}", "", _line(item["prompt"])]
    return nbformat.v4.new_markdown_cell("\n".join([*head, "", asked, "", inner, "::::"]))


def _of_unit(item: dict) -> str:
    return f" ({item['unit']})" if "unit" in item else ""


BANK = {"cards": cards_cell, "quiz": quiz_cell, "diagnostic": diagnostic_cell, "predict": predict_cell}


def _box(title: str, kind: str, inner: list[str], chapter: str, fence: str = "::::"):
    if not inner:
        raise ValueError(f"the item bank has no {kind} for {chapter}")
    lines = [f"{fence}{{admonition}} {title}", f":class: {kind}", "", "\n\n".join(inner), fence]
    return nbformat.v4.new_markdown_cell("\n".join(lines))


def _item(item: dict, kind: str, body: str) -> str:
    title, name = _line(item["prompt"]), f"item-{item['id']}"
    head = [f":::{{admonition}} {title}", f":class: {kind} dropdown", f":name: {name}"]
    return "\n".join([*head, "", body, ":::"])


def _line(text) -> str:
    return " ".join(str(text).split())


def _list(values, mark: str = "-") -> str:
    return "\n".join(f"{mark} {_line(value)}" for value in values)


def _answer(text, item: dict) -> str:
    return f"**Answer:** {_line(text)}. {_line(item['why'])}".replace("?.", "?").replace("..", ".")


def _choice(item: dict) -> str:
    feedback = _list(f"*{_line(wrong['choice'])}*: {wrong['feedback']}" for wrong in item["wrong"])
    return "\n\n".join([_list(items.choices(item)), _answer(item["answer"], item), feedback])


def _true_false(item: dict) -> str:
    return "\n\n".join([_list(items.choices(item)), _answer(item["answer"], item)])


def _short(item: dict) -> str:
    return _answer(item["answer"], item)


def _order(item: dict) -> str:
    mixed, right = _list(items.shuffled(item["steps"], item["id"])), _list(item["steps"], "1.")
    return "\n\n".join([mixed, "**Answer:**", right, _line(item["why"])])


def _match(item: dict) -> str:
    left, right = ([pair[side] for pair in item["pairs"]] for side in (0, 1))
    pairs = _list(f"{_line(a)} — {_line(b)}" for a, b in item["pairs"])
    return "\n\n".join([_list(left), "with", _list(items.shuffled(right, item["id"])), "**Answer:**", pairs,
                        _line(item["why"])])


def _sort(item: dict) -> str:
    cards = [card for bucket in item["buckets"].values() for card in bucket]
    right = _list(f"**{name}**: {'; '.join(map(_line, bucket))}" for name, bucket in item["buckets"].items())
    return "\n\n".join([_list(items.shuffled(cards, item["id"])), "into: " + ", ".join(item["buckets"]),
                        "**Answer:**", right, _line(item["why"])])


QUIZ_BODY = {"choice": _choice, "true_false": _true_false, "numeric": _short, "cloze": _short,
             "order": _order, "match": _match, "sort": _sort}


def lint(book) -> list[str]:
    """What breaks the rules for code cells: length, a trailing `;`, a figure without caption or alt text."""
    return [f"{where(book, cell)}: {what}" for cell in code_cells(book) for what in _lint_code(cell)]


def _lint_code(cell):
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if not lines:
        yield "the code cell is empty"
    if len(lines) > MAX_LINES:
        yield f"{len(lines)} lines, at most {MAX_LINES}"
    if DisplayHook.semicolon_at_end_of_expression(cell.source):
        yield "ends with `;`, which hides nothing when the notebook is validated; end a plot with plt.show()"
    if "plt.show()" in cell.source:
        yield from figure_complaints(cell)


def figure_complaints(cell):
    """A figure says in words what it shows: caption and alt text in the cell's `mystnb` options."""
    options = cell.metadata.get("mystnb", {})
    for place, name in (("image", "alt"), ("figure", "caption")):
        if not str((options.get(place) or {}).get(name) or "").strip():
            yield f"a figure without {name} text (:mystnb: {{{place}: {{{name}: ...}}}})"


def loose_predictions(book) -> list[str]:
    """A prediction stands right before the code that answers it; another prediction may come between."""
    pairs = zip(book.cells, [*book.cells[1:], None])
    loose = [cell for cell, below in pairs if foretells(cell) and not (below and (below.cell_type == "code" or foretells(below)))]
    return [f"{where(book, cell)}: a prediction must stand right before the code cell whose output answers it" for cell in loose]


def loose_depth(book) -> list[str]:
    """`% deeper` stands right under the heading of a section."""
    texts = [(cell, re.sub(rf"^##+ .+\n+{DEEPER_MARK}$", "", cell.source, flags=re.MULTILINE)) for cell in book.cells if cell.cell_type == "markdown"]
    return [f"{where(book, cell)}: `% deeper` must stand right under the heading of a section" for cell, rest in texts if DEEPER_MARK in rest]


def foretells(cell) -> bool:
    return cell.cell_type == "markdown" and "\n:class: prediction\n" in cell.source


def code_cells(book) -> list:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def where(book, cell) -> str:
    """A cell's place in words: its number from 1 and its first line."""
    number = next(place for place, other in enumerate(book.cells, 1) if other is cell)
    first = next(iter(cell.source.strip().splitlines()), "")
    return f"cell {number} (`{first[:60]}`)"


def name_cells(book, stem: str) -> None:
    """Ids from the content, so that a new cell does not rename those below it."""
    seen: dict[str, int] = {}
    for cell in book.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = f"{stem[:40]}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")


def fingerprint(book) -> str:
    """SHA-256 of what the notebook is made from: all text, code and options, and the front matter."""
    cells = [[cell.cell_type, cell.source, cell.metadata] for cell in book.cells]
    front = {key: value for key, value in book.metadata.items() if key not in ("attnlab", "language_info")}
    front["attnlab"] = {k: v for k, v in book.metadata.get("attnlab", {}).items() if k != "source_hash"}
    return hashlib.sha256(json.dumps([cells, front], sort_keys=True).encode()).hexdigest()

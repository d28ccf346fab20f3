"""Quiz items and cards that answer back, built on the question-and-answer boxes every reader gets.

A chapter holds its items as nested admonitions named `item-<id>` (class `card` or `quiz-item`), complete with
answer and feedback; without JavaScript and on paper that is what is shown. Beside each this extension lays
a <template> with the item's parts from the bank, formulas already set; `practice/main.js` makes a form of it.
The last hint of an exercise, its lines to put in order, gets such a template too, for `practice/exercises.js`.
A prediction (class `prediction`) marks the cell that answers it, whose output `practice/predict.js` covers; `{calibration}` lists all
predictions, for `practice/calibration.js`, and `{progress-file}` is the place of `practice/exchange.js`.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

import items
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_exercise_node

SRC = Path(__file__).resolve().parents[2] / "src"
if str(SRC) not in sys.path:
    sys.path.insert(0, str(SRC))  # the package from this repository, whether or not it is installed
from attnlab.exercises import EXERCISES, MISCONCEPTIONS, _lines  # noqa: E402
from attnlab.exercises._pages import TITLES  # noqa: E402

log = logging.getLogger(__name__)

INLINE = re.compile(r"\$(?P<math>(?:\\.|[^$\\])+)\$|`(?P<code>[^`]+)`|\*\*(?P<strong>.+?)\*\*"
                    r"|(?<![\w*\\])[*_](?P<emphasis>[^\s*_](?:[^*]*?[^\s*_])?)[*_](?![\w*])")
NODE = {"math": nodes.math, "code": nodes.literal, "strong": nodes.strong, "emphasis": nodes.emphasis}


class element(nodes.General, nodes.Element):
    """One HTML element: `tag` and `attributes` are printed, children go through the writer as usual."""


def html(tag: str, *children: nodes.Node, **attributes: str) -> element:
    """`html("p", child, data_part="why")` is <p data-part="why">child</p>."""
    names = {key.replace("_", "-"): value for key, value in attributes.items()}
    return element("", *children, tag=tag, attributes=names)


def inline(text: str) -> list[nodes.Node]:
    """Text with $formula$, `code`, **strong** and *emphasis* -> docutils nodes."""
    found, end = [], 0
    for match in INLINE.finditer(text):
        if match.start() > end:
            found.append(nodes.Text(_plain(text[end:match.start()])))
        found.append(NODE[match.lastgroup](match[0], match[match.lastgroup]))
        end = match.end()
    return found + ([nodes.Text(_plain(text[end:]))] if end < len(text) else [])


def _plain(text: str) -> str:
    return re.sub(r"\\([$*_`\\])", r"\1", text)


# -- what the script needs of each kind

def template(item: dict) -> element:
    """The parts of one item, in the order a reader would meet them."""
    prompt = html("p", *inline(item["prompt"].strip()), data_part="prompt")
    parts = [prompt, *PARTS[item["kind"]](item)]
    if item.get("why"):
        parts.append(html("p", *inline(item["why"].strip()), data_part="why"))
    return html("template", *parts, data_item=item["id"], data_kind=item["kind"])


def _options(item: dict) -> list[element]:
    wrong = {one["choice"]: one for one in item["wrong"]}
    return [_option(choice, wrong.get(choice, {}).get("feedback"), choice == item["answer"], wrong.get(choice, {}).get("misconception"))
            for choice in items.choices(item)]


def _true_or_false(item: dict) -> list[element]:
    right = "True" if item["answer"] else "False"
    return [_option(word, None, word == right, None if word == right else item["misconception"]) for word in items.choices(item)]


def _option(choice: str, feedback: str | None, right: bool, shows: str | None = None) -> element:
    """One choice; `shows` is the misconception that a wrong one is a sign of."""
    label = html("span", *inline(choice), data_part="label")
    note = [html("span", *inline(feedback), data_part="feedback")] if feedback else []
    sign = {"data_misconception": shows} if shows else {}
    return html("div", label, *note, data_part="option", data_right="yes" if right else "no", **sign)


def _number(item: dict) -> list[element]:
    """A percent sign typed after a number divides by 100, except where the question asks for percent."""
    percent = "yes" if re.search(r"%|\bper ?cent", item["prompt"]) else "no"
    number = html("div", data_part="number", data_answer=repr(item["answer"]),
                  data_tolerance=repr(item["tolerance"]), data_percent=percent)
    return [number, *(html("span", *inline(slip["feedback"]), data_part="slip", data_number=repr(slip["number"]))
                      for slip in item.get("slips", []))]


def _gap(item: dict) -> list[element]:
    return [html("span", *inline(item["answer"]), data_part="gap", data_answer=item["answer"])]


def _steps(item: dict) -> list[element]:
    return [html("span", *inline(step), data_part="step") for step in item["steps"]]


def _pairs(item: dict) -> list[element]:
    sides = ("left", "right")
    return [html("div", *(html("span", *inline(text), data_part=side) for side, text in zip(sides, pair)),
                 *_reason(item, pair[0]), data_part="pair") for pair in item["pairs"]]


def _buckets(item: dict) -> list[element]:
    return [html("div", html("span", *inline(name), data_part="name"),
                 *(html("div", html("span", *inline(card), data_part="label"), *_reason(item, card), data_part="card")
                   for card in cards), data_part="bucket")
            for name, cards in item["buckets"].items()]


def _foretold(item: dict) -> list[element]:
    """What can be guessed, what comes true, and what is told then."""
    told = [html("span", *inline(items.answer(item)), data_part="truth"), html("span", *inline(item["result"].strip()), data_part="result")]
    if "choices" in item:
        return [_option(choice, None, place == item["answer"]) for place, choice in enumerate(item["choices"])] + told
    number = html("div", data_part="number", data_answer=repr(item["number"]), data_near=repr(item.get("near", items.NEAR)),
                  data_unit=item.get("unit", ""))
    return [number, *told]


def _reason(item: dict, text: str) -> list[element]:
    """Why the left side of a pair, or a card, belongs where it does; not every item says so."""
    reason = item.get("reasons", {}).get(text)
    return [html("span", *inline(reason), data_part="reason")] if reason else []


PARTS = {"card": lambda item: [], "choice": _options, "true_false": _true_or_false,
         "numeric": _number, "cloze": _gap, "order": _steps, "match": _pairs, "sort": _buckets,
         "prediction": _foretold}


# -- the lines of a solution

LINES = "put the lines in order"


def lines_template(exercise, name: str) -> element:
    """Each line of the solution with what must stand above it, and each line of a mistake with the mistake's name."""
    prompt = html("p", nodes.Text("Which lines make the function, and in which order?"), data_part="prompt")
    steps = [html("div", _code(line.text), data_part="step", data_after=" ".join(map(str, line.after)),
                  data_tied="yes" if line.tied else "") for line in _lines.right_lines(exercise)]
    strays = [html("div", _code(text), html("span", nodes.Text(MISCONCEPTIONS[mistake].title), data_part="reason"),
                   data_part="stray") for text, mistake in _lines.stray_lines(exercise).items()]
    why = html("p", nodes.Text("Any order in which each line finds what it needs is as good."), data_part="why")
    return html("template", prompt, *steps, *strays, why, data_item=name, data_kind="lines")


def _code(text: str) -> element:
    return html("span", html("code", nodes.Text(text)), data_part="label")


class LayLines(SphinxTransform):
    """Put a template into the last hint of every exercise, whose directives are one node by now (priority 10)."""
    default_priority = 700

    def apply(self, **kwargs) -> None:
        labels = {f"exercise-{name.replace('.', '-').replace('_', '-')}": name for name in EXERCISES}
        for box in list(self.document.findall(_is_lines_hint)):
            label = next((node["label"] for node in _ancestors(box) if is_exercise_node(node)), None)
            if label in labels:
                self._frame(box, EXERCISES[labels[label]], label.replace("exercise-", "lines-", 1))

    def _frame(self, box: nodes.Element, exercise, name: str) -> None:
        """What the hint holds goes into a frame, below the template."""
        title, *body = box.children
        frame = html("div", lines_template(exercise, name), *body, data_item=name)
        frame["classes"] += ["item", "item-lines"]
        box.children = []
        box.extend([title, frame])


def _is_lines_hint(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "hint" in node["classes"] and node[0].astext().endswith(LINES)


def _ancestors(node: nodes.Node):
    while (node := node.parent) is not None:
        yield node


# -- in the page

class LayTemplates(SphinxTransform):
    """Put a template beside every `item-<id>` box, before formulas are counted (priority 850)."""
    default_priority = 700

    def apply(self, **kwargs) -> None:
        boxes = [box for box in self.document.findall(nodes.admonition) if _item_name(box)]
        if not boxes:
            return
        bank = {item["id"]: item for item in self._bank()}
        for box in boxes:
            item = bank.get(_item_name(box))
            if item is None:
                log.warning("no item %r in the bank", _item_name(box), location=box,
                            type="practice", subtype="item")
            else:
                self._frame(box, item)

    def _bank(self) -> list[dict]:
        return bank(self.env)

    def _frame(self, box: nodes.Element, item: dict) -> None:
        """box -> <div class=item><template/>box</div>; a card flips what its box holds: no template."""
        frame = html("div", data_item=item["id"])
        frame["classes"] += ["item", f"item-{item['kind'].replace('_', '-')}"]
        box.parent[box.parent.index(box)] = frame      # replace_self would copy the box's id and classes
        frame.extend([box] if item["kind"] == "card" else [template(item), box])
        if item["kind"] == "prediction":
            self._mark_answer(frame, item["id"])

    def _mark_answer(self, frame: element, name: str) -> None:
        cell = answering_cell(frame)
        if cell is None:
            log.warning("no cell with an output stands right below the prediction %r", name, location=frame,
                        type="practice", subtype="prediction")
        else:
            cell["classes"].append(f"answers-{name}")


def bank(env) -> list[dict]:
    """All items; the page that is being read is read again when one of the files changes."""
    folder = Path(env.srcdir, env.config.practice_items)
    for path in sorted(folder.glob("*.yml")):
        env.note_dependency(str(path))
    return items.load(folder)


def answering_cell(frame: nodes.Element) -> nodes.Element | None:
    """The first cell with an output in the unbroken run of cells, and other predictions, below a prediction."""
    for node in frame.parent.children[frame.parent.index(frame) + 1:]:
        if isinstance(node, (nodes.target, nodes.comment)) or _foretells(node):
            continue
        if not (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
            return None
        if any(part.get("nb_element") == "cell_code_output" for part in node.findall(nodes.container)):
            return node
    return None


def _foretells(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and bool({"prediction", "item-prediction"} & set(node["classes"]))


# -- all predictions

class Calibration(SphinxDirective):
    """How good the reader's guesses are, and every prediction with the place where it is asked."""

    def run(self) -> list[nodes.Node]:
        asked = self._in_order([item for item in bank(self.env) if item["kind"] == "prediction"])
        count = html("summary", nodes.Text(f"All {len(asked)} predictions"))
        count["classes"].append("admonition-title")
        listing = html("ul", *map(self._row, asked))
        box = html("div", html("details", count, listing))
        box["classes"].append("calibration")
        return [box]

    def _in_order(self, asked: list[dict]) -> list[dict]:
        """As the table of contents has their chapters, as far as there is one."""
        contents = Path(self.env.srcdir, "_toc.yml")
        text = contents.read_text(encoding="utf-8") if contents.is_file() else ""
        return sorted(asked, key=lambda item: text.find(f"file: book/{item['chapter']}\n"))

    def _row(self, item: dict) -> element:
        number = {"data_number": repr(item["number"])} if "number" in item else {}
        title = TITLES.get(item["chapter"], item["chapter"])
        return html("li", nodes.Text(f"{title} · "), nodes.inline("", "", self._link(item)), data_item=item["id"], **number)

    def _link(self, item: dict) -> nodes.Node:
        words = inline(" ".join(item["prompt"].split()))
        page = next((name for name in (f"book/{item['chapter']}", item["chapter"]) if name in self.env.found_docs), None)
        if page is None:
            return nodes.inline("", "", *words)
        address = f"{self.env.app.builder.get_relative_uri(self.env.docname, page)}#item-{item['id']}"
        return nodes.reference("", "", *words, internal=True, refuri=address)


class ProgressFile(SphinxDirective):
    """Where progress leaves the browser as a file and comes in from one."""

    def run(self) -> list[nodes.Node]:
        box = html("div", nodes.paragraph("", "Saving progress to a file needs JavaScript, and a page that was not opened as a file."))
        box["classes"] += ["panel", "progress-file"]
        return [box]


def _item_name(box: nodes.Element) -> str | None:
    return next((name[5:] for name in box["names"] if name.startswith("item-")), None)


def visit(self, node: element) -> None:
    self.body.append(self.starttag(node, node["tag"], "", **node["attributes"]))


def depart(self, node: element) -> None:
    self.body.append(f"</{node['tag']}>")


def skip_template(self, node: element) -> None:
    if node["tag"] == "template":
        raise nodes.SkipNode


def load_scripts(app, pagename, templatename, context, doctree) -> None:
    """Only pages that hold items, or exercises, carry their script."""
    if doctree is None:
        return
    framed = [node for node in doctree.findall(element) if "data-item" in node["attributes"]]
    kinds = {name for node in framed for name in node["classes"] if name.startswith("item-")}
    if kinds - {"item-lines", "item-prediction"}:
        app.add_js_file("practice/main.js", type="module")
    if "item-prediction" in kinds:
        app.add_js_file("practice/predict.js", type="module")
    boxes = {name for node in doctree.findall(element) for name in node["classes"]}
    for name, script in {"calibration": "calibration", "progress-file": "exchange"}.items():
        if name in boxes:
            app.add_js_file(f"practice/{script}.js", type="module")
    if any("tag_exercise-check" in node["classes"] for node in doctree.findall(nodes.container)):
        app.add_js_file("practice/exercises.js", type="module")


def setup(app) -> dict:
    unframed = (skip_template, lambda self, node: None)
    app.add_node(element, html=(visit, depart), latex=unframed, text=unframed)
    app.add_config_value("practice_items", "book/practice/items", "env")
    app.add_directive("calibration", Calibration)
    app.add_directive("progress-file", ProgressFile)
    app.add_transform(LayTemplates)
    app.add_transform(LayLines)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "env_version": 4, "parallel_read_safe": True, "parallel_write_safe": True}

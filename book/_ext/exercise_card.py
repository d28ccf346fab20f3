"""One exercise is one card: title and labels, statement, editor, verdict, and the steps of help in one row.

The notebooks hold an exercise as cells, one below the other; here they become one box. Hints and solution are <details> in a
row, so that every step is a press away, with the keyboard and without a script; `practice/card.js` offers the next one after a
failed try. Cells that only call `check` and `use` get the class `plumbing`, and the style sheet shows what they say, not what they are.
"""
from __future__ import annotations

import re

from boxes import disclosure, summary
from docutils import nodes
from practice import EXERCISES, html
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node

from attnlab.exercises._cells import DIFFICULTY  # practice.py made the package of this repository known

ABOUT = re.compile(r"^Difficulty: \w+\. ")
HINT = re.compile(r"^Hint (\d+): (.*)$", re.S)
JUDGES = re.compile(r"^from attnlab\.exercises import check\b")
KNOWN = {f"exercise-{name.replace('.', '-').replace('_', '-')}": exercise for name, exercise in EXERCISES.items()}


class LayCards(SphinxPostTransform):
    """After titles are final (20) and answers are <details> (400)."""
    default_priority = 405
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for box in list(self.document.findall(is_exercise_node)):
            if box["label"] in KNOWN:
                _lay(box, KNOWN[box["label"]])


def _lay(box: nodes.Element, exercise) -> None:
    box["classes"].append("card-box")
    box.insert(1, _labels(exercise))
    _title(box[0], exercise)
    _about(box)
    solution, use = _below(box)
    hints = [child for child in box.children if isinstance(child, disclosure) and "hint" in child["classes"]]
    for node in (*hints, solution, use):
        node.parent.remove(node)
    box += html("div", *map(_hint, hints), _solution(solution), role="group", aria_label="Hints and solution")
    box[-1]["classes"].append("steps")
    box += [use, _without_scripts(exercise)]
    for cell in box.findall(_is_plumbing):
        cell["classes"].append("plumbing")


def _title(title: nodes.title, exercise) -> None:
    """"Exercise 34 (A dictionary · Apply · 20 minutes)" keeps its number and its name."""
    last = f" · {exercise.level.capitalize()} · {exercise.minutes} minutes"
    words = [nodes.Text(node.removesuffix(last)) if isinstance(node, nodes.Text) else node for node in title.children]
    title.children = [node for node in words if node.astext().strip() not in ("(", ")", "")]


def _labels(exercise) -> nodes.Element:
    words = (exercise.level.capitalize(), f"{exercise.minutes} minutes", DIFFICULTY[exercise.difficulty])
    row = html("p", *(node for word in words for node in (html("span", nodes.Text(word)), nodes.Text(" "))))
    row["classes"].append("labels")
    return row


def _about(box: nodes.Element) -> None:
    """The difficulty stands among the labels; what the exercise rests on stays."""
    for text in box.findall(nodes.Text):
        if isinstance(text.parent, nodes.emphasis) and ABOUT.match(text):
            text.parent.parent["classes"].append("uses")
            text.parent.replace(text, nodes.Text(ABOUT.sub("", text)))
            return


def _below(box: nodes.Element) -> tuple[nodes.Element, nodes.Element]:
    """The solution and the cell that chooses whose function goes on, right below an exercise."""
    below = iter(box.parent.children[box.parent.index(box) + 1:])
    solution = next(node for node in below if isinstance(node, disclosure) and "solution" in node["classes"])
    return solution, next(node for node in below if "tag_exercise-use" in getattr(node, "attributes", {}).get("classes", ()))


def _hint(hint: nodes.Element) -> nodes.Element:
    """"Hint 2: the formula" is shown as "2 the formula": the row is said to hold hints."""
    match = HINT.match(hint[0].astext())
    hint.replace(hint[0], summary("", "", _unseen("Hint "), nodes.inline("", match[1], classes=["step-number"]), _unseen(": "),
                                  nodes.Text(match[2]), classes=["admonition-title"]))
    return hint


def _solution(solution: nodes.Element) -> nodes.Element:
    solution.replace(solution[0], summary("", "", nodes.inline("", "Solution", classes=["step-solution"]), classes=["admonition-title"]))
    return solution


def _without_scripts(exercise) -> nodes.Element:
    """What to do where the page runs no Python; the style sheet shows it there alone."""
    call = nodes.literal("", f'check("{exercise.id}", {exercise.name})')
    told = html("p", nodes.Text("This page cannot check your answer here. Its notebook does, with "), call, nodes.Text("."))
    told["classes"] += ["how", "no-run"]
    return told


def _unseen(words: str) -> nodes.inline:
    return nodes.inline("", words, classes=["visually-hidden"])


def _is_plumbing(node: nodes.Node) -> bool:
    if not (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        return False
    code = next((block.astext() for block in node.findall(nodes.literal_block)), "")
    return "tag_exercise-use" in node["classes"] or bool(JUDGES.match(code))


def setup(app) -> dict:
    app.add_post_transform(LayCards)
    app.add_css_file("css/card.css", priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

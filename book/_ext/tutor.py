"""Scripted dialogues on misconceptions: `book/practice/tutor/<part>.yml`, read and checked here, laid out by `{tutor} <part>`.

An entry has the `id` of a misconception; an opening question `ask` with `options`, each with what one can `say`, what it `is` (right,
misconception, unsure), the `reply` and, where it does not lead to the example, the step it leads `to`; `steps`, a name for each further
question; an `example` with `code` and what it `prints`; and a `close`, a last question, one of whose options is `right`. It may name
an `exercise`. Without scripts a dialogue stands as a question with all the rest folded away; practice/tutor.js plays it.
"""

from __future__ import annotations

from pathlib import Path

import items
import study
from docutils import nodes
from practice import html, inline

from attnlab.exercises import EXERCISES, MISCONCEPTIONS

FOLDER = Path(__file__).resolve().parents[1] / "practice" / "tutor"
EXAMPLE, CLOSE, START = "example", "close", "ask"
KINDS = ("right", "misconception", "unsure")
FIELDS = {"id", "ask", "options", "example", "code", "prints", "close"}
PRELUDE = """import numpy as np

def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
"""
PROMPT = " ".join("""Be a Socratic tutor. The subject is the attention mechanism of transformers; my difficulty may be "{title}": {what}
Ask me one question at a time and wait for my answer. Do not tell me the answer before I have tried twice. Use numbers that I can
check by hand: two or three tokens, vectors of two entries. Where I am wrong, ask for a case in which my claim would fail, and
let me compute it. Do not praise; say what follows from my answer. Where you are not certain of a fact, say so. End with a question about
a case we have not spoken of, and tell me then what I have shown that I understand and what I have not.""".split())


class TutorError(ValueError):
    """One or more dialogues are wrong; the message lists them all: file, id, mistake."""


def load(folder: Path = FOLDER) -> list[dict]:
    """All dialogues, in the order of files and lines."""
    found, complaints = [], []
    for path in sorted(Path(folder).glob("*.yml")):
        for one in items.read_list(path, "dialogues", TutorError):
            complaints += [f"{path.name}: {_name(one)}: {what}" for what in problems(one, path.stem)]
            found.append(one)
    names = [_name(one) for one in found]
    complaints += [f"{name}: this id is used more than once" for name in sorted({name for name in names if names.count(name) > 1})]
    if complaints:
        raise TutorError("\n".join(complaints))
    return found


def _name(one) -> str:
    return str(one.get("id", "dialogue without id")) if isinstance(one, dict) else f"dialogue {one!r}"


def problems(one, part: str) -> list[str]:
    """Everything wrong with one dialogue of the file `<part>.yml`, as plain sentences."""
    if not isinstance(one, dict):
        return ["a dialogue is a mapping with id, ask, options, example, code, prints and close"]
    missing, unknown = sorted(FIELDS - set(one)), sorted(set(one) - FIELDS - {"steps", "exercise"})
    if missing or unknown:
        return [f"{name} is missing" for name in missing] + [f"{name} is no field of a dialogue" for name in unknown]
    return [*_about(one, part), *_opening(one), *_steps(one), *_close(one["close"]), *_ways(one)]


def _about(one: dict, part: str):
    known = MISCONCEPTIONS.get(one["id"])
    if known is None:
        yield f"{one['id']!r} is the id of no misconception"
    elif not known.page.startswith(f"{part}/"):
        yield f"its page is {known.page}; it belongs into {known.page.partition('/')[0]}.yml"
    if one.get("exercise", next(iter(EXERCISES))) not in EXERCISES:
        yield f"there is no exercise {one['exercise']!r}"
    for field in ("ask", "example", "code", "prints"):
        if not items._text(one[field]):
            yield f"{field} must be a text"


def _options(options, where: str, fields: set, at_least: int = 2):
    """What is wrong with the options of a question, field by field."""
    if not isinstance(options, list) or len(options) < at_least:
        yield f"{where} must have at least {at_least} options"
        return
    for option in options:
        if not isinstance(option, dict) or not {"say", "reply"} <= set(option) <= {"say", "reply"} | fields:
            yield f"an option of {where} needs say and reply, and may have {', '.join(sorted(fields))}; not {option!r}"
        elif not (items._text(option["say"]) and items._text(option["reply"])):
            yield f"say and reply of an option of {where} must be texts"


def _opening(one: dict):
    wrong = list(_options(one["options"], START, {"is", "to"}, at_least=3))
    yield from wrong
    if not wrong:
        kinds = [option.get("is") for option in one["options"]]
        yield from (f"an option is {kind!r}; it must be one of {', '.join(KINDS)}" for kind in kinds if kind not in KINDS)
        yield from (f"no option of {START} is {kind}" for kind in KINDS[:2] if kind not in kinds)


def _steps(one: dict):
    steps = one.get("steps", {})
    if not isinstance(steps, dict):
        yield "steps must name further questions"
        return
    for name, step in steps.items():
        if name in (EXAMPLE, CLOSE, START):
            yield f"a step must not be called {name!r}"
        if not isinstance(step, dict) or set(step) != {"ask", "options"} or not items._text(step["ask"]):
            yield f"the step {name} needs exactly ask and options"
        else:
            yield from _options(step["options"], f"step {name}", {"to"})


def _close(close):
    if not isinstance(close, dict) or set(close) != {"ask", "options"} or not items._text(close["ask"]):
        yield f"{CLOSE} needs exactly ask and options"
        return
    wrong = list(_options(close["options"], CLOSE, {"right"}))
    yield from wrong
    if not wrong and sum(option.get("right") is True for option in close["options"]) != 1:
        yield f"exactly one option of {CLOSE} must be right"


def graph(one: dict) -> dict[str, list[str]]:
    """Question -> where its options lead; the example leads to the last question, which ends."""
    steps = {START: one} | one.get("steps", {})
    ways = {name: [option.get("to", EXAMPLE) for option in step["options"]] for name, step in steps.items()}
    return ways | {EXAMPLE: [CLOSE], CLOSE: []}


def _ways(one: dict):
    """Each way leads somewhere, every question is reached, and no way runs in a circle."""
    try:
        ways = graph(one)
    except (AttributeError, KeyError, TypeError):
        return  # told already
    for name, ends in ways.items():
        yield from (f"an option of {name} leads to {end!r}, which is not there" for end in ends if end not in ways)
    if all(end in ways for ends in ways.values() for end in ends):
        yield from (f"{name} is never reached" for name in ways if name not in _reached(ways, START))
        yield from (f"from {name} one comes back to it" for name, ends in ways.items() if name in set().union(*(_reached(ways, end) for end in ends)))


def _reached(ways: dict[str, list[str]], start: str) -> set[str]:
    found, open_ = set(), [start]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += ways[name]
    return found


# -- in the page

class Tutor(study.Directive):
    """The dialogues of a part."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        for path in FOLDER.glob("*.yml"):
            self.env.note_dependency(str(path))
        found = [one for one in load() if MISCONCEPTIONS[one["id"]].page.startswith(f"{self.arguments[0]}/")]
        box = html("div", *map(self.dialogue, found), data_study="tutor")
        box["classes"] += ["study", "tutor"]
        return [box]

    def dialogue(self, one: dict):
        known = MISCONCEPTIONS[one["id"]]
        rest = [question(name, step) for name, step in one.get("steps", {}).items()]
        example = html("div", html("p", *inline(one["example"])), pre(one["code"], "code"), pre(one["prints"], "prints"), data_part="example")
        close = question(CLOSE, one["close"])
        head = html("summary", nodes.Text("Answers, a case with numbers, and one more question"))
        folded = html("details", head, options(START, one["options"]), *rest, example, close, self.read(one, known))
        title = html("p", html("strong", *inline(known.title[0].upper() + known.title[1:])), data_part="title")
        return html("div", title, html("p", *inline(one["ask"]), data_part="ask"), folded, data_dialogue=one["id"], data_title=study.plain(known.title), data_what=study.plain(known.what))

    def read(self, one: dict, known):
        from attnlab.exercises._pages import TITLES, anchor
        links = [nodes.Text("Read: "), self.link(known.page, f"{TITLES[known.page]}: {known.heading}", anchor(known.heading))]
        if "exercise" in one:
            exercise = EXERCISES[one["exercise"]]
            label = f"exercise-{exercise.id.replace('.', '-').replace('_', '-')}"
            links += [nodes.Text(". Exercise: "), self.link(exercise.page, exercise.title, label)]
        return html("p", *links, nodes.Text("."), data_part="read")


def pre(text: str, part: str):
    return html("pre", nodes.Text(text.rstrip("\n")), data_part=part)


def question(name: str, step: dict):
    return html("div", html("p", *inline(step["ask"]), data_part="ask"), options(name, step["options"]), data_step=name)


def options(name: str, rows: list[dict]):
    return html("ul", *(option(row) for row in rows), data_options=name)


def option(row: dict):
    """What can be said, and the reply to it."""
    right = {"data_right": "yes" if row["right"] else "no"} if "right" in row else {}
    return html("li", html("span", *inline(row["say"]), data_part="say"), nodes.Text(" — "), html("span", *inline(row["reply"]), data_part="reply"),
                data_to=row.get("to", EXAMPLE), **right)


class TutorPrompt(study.Directive):
    """A text to copy into a conversation elsewhere."""

    def run(self) -> list[nodes.Node]:
        text = PROMPT.format(title="(name it)", what="(say what you believe).")
        box = html("div", html("pre", nodes.Text(text), data_part="prompt", data_template=PROMPT))
        box["classes"].append("tutor-prompt")
        return [box]


def setup(app) -> dict:
    app.add_directive("tutor", Tutor)
    app.add_directive("tutor-prompt", TutorPrompt)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

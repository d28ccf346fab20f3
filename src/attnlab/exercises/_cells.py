"""An exercise as notebook cells: text, empty slot, check, hints, solution, and the choice of whose function goes on."""

from __future__ import annotations

from attnlab.exercises._exercise import source_of
from attnlab.exercises._judge import find
from attnlab.exercises._lines import mixed_lines, stray_lines

STEPS = ("the property", "the formula", "the skeleton", "put the lines in order")
DIFFICULTY = {1: "gentle", 2: "medium", 3: "hard"}


def cells(exercise_id: str) -> list[dict]:
    """The cells of an exercise in the order of the page: {"type", "source", "tags"}."""
    exercise = find(exercise_id)
    name, label = exercise.name, exercise.id.replace(".", "-").replace("_", "-")
    answer = exercise.solution.__name__
    return [
        _text(_opening(exercise, label)),
        _code(slot(exercise), "exercise-slot"),
        _code(f'from attnlab.exercises import check\n\ncheck("{exercise.id}", {name})', "exercise-check"),
        _text(_hints(exercise) + "\n\n```{exercise-end}\n```"),
        _text(f"```{{solution-start}} exercise-{label}\n:label: solution-{label}\n:class: dropdown\n```"),
        _code(source_of(exercise.solution), "exercise-solution"),
        _code(f'from attnlab.exercises import check\n\ncheck("{exercise.id}", {answer})', "exercise-solution"),
        _text(f":::{{admonition}} Why, mistakes, cost\n:class: dropdown solution-text\n\n{exercise.why}\n:::\n\n```{{solution-end}}\n```"),
        _code(f'from attnlab.exercises import use\n\n{name} = use("{exercise.id}", {name})', "exercise-use"),
    ]


def slot(exercise) -> str:
    """What the learner finds: imports, signature, docstring, and a place to write."""
    return "\n".join(exercise.imports) + "\n\n" + exercise.slot


def solved(exercise_id: str) -> str:
    """The slot's cell with the course's own answer in it, under the learner's name."""
    exercise = find(exercise_id)
    answer = source_of(exercise.solution).replace(f"def {exercise.solution.__name__}(", f"def {exercise.name}(")
    return "\n".join(exercise.imports) + "\n\n" + answer


def hint_texts(exercise) -> list[tuple[str, str]]:
    """(step, text) of each hint; the last is made from the solution and from real mistakes."""
    return list(zip(STEPS, (*exercise.hints, _parsons(exercise))))


def _text(source: str) -> dict:
    return {"type": "markdown", "source": source, "tags": []}


def _code(source: str, tag: str) -> dict:
    return {"type": "code", "source": source, "tags": [tag]}


def _opening(exercise, label: str) -> str:
    """The directive that opens the exercise, the task, and what it rests on."""
    title = f"{exercise.title} · {exercise.level.capitalize()} · {exercise.minutes} minutes"
    about = f"*Difficulty: {DIFFICULTY[exercise.difficulty]}. Uses {exercise.uses}*"
    return f"```{{exercise-start}} {title}\n:label: exercise-{label}\n```\n\n{exercise.statement}\n\n{about}"


def _hints(exercise) -> str:
    """One collapsed block a hint."""
    blocks = [
        f":::{{admonition}} Hint {n}: {step}\n:class: hint dropdown\n\n{text}\n:::"
        for n, (step, text) in enumerate(hint_texts(exercise), start=1)
    ]
    return "\n\n".join(blocks)


def _parsons(exercise) -> str:
    """The solution's lines among lines of real mistakes, in an order that is always the same."""
    strays = len(stray_lines(exercise))
    extra = "one line does" if strays == 1 else f"{strays} lines do"
    head = f"Put these lines in order (and indent them); {extra} not belong, each from a real mistake."
    return head + "\n\n```python\n" + "\n".join(mixed_lines(exercise)) + "\n```"

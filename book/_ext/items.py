"""The item bank: load `book/practice/items/*.yml` and say exactly what is wrong with an item.

Plain Python and PyYAML; the notebooks, the site and the tests all read the bank through here.
"""

from __future__ import annotations

import copy
import functools
import random
import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "practice" / "items"
LEVELS = ("remember", "understand", "apply", "analyse", "evaluate", "create")
COMMON = {"id", "kind", "level", "chapter", "tags", "prompt"}
FIELDS = {  # what each kind needs on top of COMMON
    "card": {"answer"},
    "choice": {"answer", "why", "wrong"},
    "true_false": {"answer", "why", "misconception"},
    "numeric": {"answer", "tolerance", "why"},
    "cloze": {"answer", "why"},
    "order": {"steps", "why"},
    "match": {"pairs", "why"},
    "sort": {"buckets", "why"},
    "prediction": {"result"},
    "open": {"answer", "rubric"},
}
APART = "apart"  # true for what is asked in practice alone, and not at the end of its chapter
OPTIONAL = {"card": {"why"}, "numeric": {"slips"}, "match": {"reasons"}, "sort": {"reasons"},
            "prediction": {"choices", "answer", "number", "unit", "near"}}
QUIZ = tuple(kind for kind in FIELDS if kind not in ("card", "prediction", "open"))
NEAR = 1.5  # the factor within which a guessed number counts as near, where a prediction names none
PROMPT_LINES, PROMPT_LENGTH = 2, 200
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MISCONCEPTION = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # the id of one in attnlab.exercises.misconceptions


class ItemError(ValueError):
    """One or more items of the bank are wrong; the message lists them all, one a line."""


def load(folder: Path = FOLDER) -> list[dict]:
    """All items, in the order of files and lines; raises ItemError naming file, id and mistake."""
    return copy.deepcopy(_known(folder))


def _known(folder: Path) -> list[dict]:
    """All items, to be looked at and not changed."""
    paths = sorted(Path(folder).glob("*.yml"))
    return _loaded(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths))


@functools.lru_cache(maxsize=4)
def _loaded(files: tuple[tuple[Path, int, int], ...]) -> list[dict]:
    """The items of these files, read and checked once for as long as none of them changes."""
    items, complaints = [], []
    for path, *_ in files:
        for item in read_list(path):
            complaints += [f"{path.name}: {_name(item)}: {what}" for what in problems(item, path.stem)]
            items.append(item)
    complaints += [f"{_name(item)}: this id is used more than once" for item in _repeated(items)]
    if complaints:
        raise ItemError("\n".join(complaints))
    return items


def of_chapter(chapter: str, folder: Path = FOLDER) -> list[dict]:
    """The items that one chapter asks, for example "self_attention/masks"."""
    return copy.deepcopy([item for item in _known(folder) if item["chapter"] == chapter and _asked_there(item)])


def _asked_there(item: dict) -> bool:
    return item["kind"] != "open" and not item.get(APART)


def prediction(name: str, folder: Path = FOLDER) -> dict:
    """The prediction of that id; LookupError where the bank has none."""
    found = next((item for item in _known(folder) if item["id"] == name and item["kind"] == "prediction"), None)
    if found is None:
        raise LookupError(f"the item bank has no prediction {name!r}")
    return copy.deepcopy(found)


def answer(item: dict) -> str:
    """What comes true, in words: "about a half", "50 times"."""
    if "choices" in item:
        return item["choices"][item["answer"]].strip()
    return f"{item['number']:,} {item.get('unit', '')}".strip()


def choices(item: dict) -> list[str]:
    """What can be chosen, in an order that depends on the id alone (true_false: True, False)."""
    if item["kind"] == "true_false":
        return ["True", "False"]
    if item["kind"] == "choice":
        return shuffled([item["answer"], *(wrong["choice"] for wrong in item["wrong"])], item["id"])
    raise ValueError(f"{item['id']}: an item of kind {item['kind']} has no choices")


def shuffled(values: list, seed: str) -> list:
    """A copy in an order fixed by the seed, never the order given when there are two or more."""
    values, source = list(values), random.Random(seed)
    mixed = list(values)
    while len(values) > 1 and mixed == values:
        source.shuffle(mixed)
    return mixed


def problems(item: dict, part: str) -> list[str]:
    """Everything wrong with one item of the file `<part>.yml`, as plain sentences."""
    if not isinstance(item, dict):
        return ["an item is a mapping with id, kind, level, chapter, tags and prompt"]
    kind = item.get("kind")
    if kind not in FIELDS:
        return [f"kind is {kind!r}; it must be one of {', '.join(FIELDS)}"]
    found = _fields(item, COMMON | FIELDS[kind], optional=OPTIONAL.get(kind, set()) | {APART})
    if not found:
        found = _common(item, part) + list(CHECKS[kind](item))
    return found


class _OnceEach(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # the one in C, where PyYAML has it, is ten times as fast
    """YAML that refuses a key given twice; by itself it silently keeps the last."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_list(path: Path, of: str = "items", error: type[ValueError] | None = None) -> list:
    """The list that a YAML file holds; `error` (ItemError) names the file where it holds none."""
    error = error or ItemError
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceEach)
    except yaml.YAMLError as broken:
        raise error(f"{path.name}: not YAML: {broken}") from broken
    if not isinstance(content, list):
        raise error(f"{path.name}: the file must be a list of {of}, not {type(content).__name__}")
    return content


def _name(item) -> str:
    return str(item.get("id", "item without id")) if isinstance(item, dict) else f"item {item!r}"


def _repeated(items: list) -> list:
    known = [item for item in items if isinstance(item, dict)]
    ids = [item.get("id") for item in known]
    return [item for place, item in enumerate(known) if item.get("id") in ids[:place]]


def _fields(item: dict, needed: set, optional: set) -> list[str]:
    missing, unknown = sorted(needed - set(item)), sorted(set(item) - needed - optional)
    foreign = [f"{name} is not a field of its kind" for name in unknown]
    return [f"{name} is missing" for name in missing] + foreign


def _common(item: dict, part: str) -> list[str]:
    found = []
    if not (isinstance(item["id"], str) and SLUG.fullmatch(item["id"])):
        found.append("id must be lower-case words joined by hyphens")
    if item["level"] not in LEVELS:
        found.append(f"level is {item['level']!r}; it must be one of {', '.join(LEVELS)}")
    if not re.fullmatch(rf"{part}/[a-z0-9_]+", str(item["chapter"])):
        found.append(f"chapter is {item['chapter']!r}; in this file it must be {part}/<chapter>")
    if not _texts(item["tags"], at_least=1):
        found.append("tags must be a list of at least one text")
    if not isinstance(item.get(APART, True), bool):
        found.append("apart must be true or false")
    return found + _prompt(item["prompt"])


def _prompt(prompt) -> list[str]:
    if not _text(prompt):
        return ["prompt must be a text"]
    lines = prompt.strip().count("\n") + 1
    if lines > PROMPT_LINES or len(prompt) > PROMPT_LENGTH:
        return [f"prompt has {lines} lines and {len(prompt)} characters; "
                f"at most {PROMPT_LINES} lines and {PROMPT_LENGTH} characters"]
    return []


def _text(value) -> bool:
    return isinstance(value, str) and bool(value.strip()) and ":::" not in value


def _texts(values, at_least: int) -> bool:
    return isinstance(values, list) and len(values) >= at_least and all(map(_text, values))


def _distinct(values: list, what: str):
    if len(set(map(str, values))) < len(values):
        yield f"two {what} are the same"


def _misconception(value):
    if not (isinstance(value, str) and MISCONCEPTION.fullmatch(value)):
        yield f"misconception is {value!r}; it must be the id of a misconception: lower-case words joined by underscores"


def _answer_and_why(item: dict):
    for field in {"answer", "why"} & set(item):
        if not _text(item[field]):
            yield f"{field} must be a text"


def _choice(item: dict):
    yield from _answer_and_why(item)
    if not isinstance(item["wrong"], list) or not item["wrong"]:
        yield "wrong must be a list of at least one wrong choice"
        return
    for wrong in item["wrong"]:
        yield from _wrong(wrong)
    known = [wrong.get("choice") for wrong in item["wrong"] if isinstance(wrong, dict)]
    yield from _distinct([item["answer"], *known], "choices")


def _wrong(wrong):
    fields = {"choice", "misconception", "feedback"}
    if not isinstance(wrong, dict) or set(wrong) != fields:
        yield f"a wrong choice needs exactly choice, misconception and feedback, not {wrong!r}"
        return
    for field in ("choice", "feedback"):
        if not _text(wrong[field]):
            yield f"{field} of a wrong choice must be a text"
    yield from _misconception(wrong["misconception"])


def _true_false(item: dict):
    if not isinstance(item["answer"], bool):
        yield "answer must be true or false"
    if not _text(item["why"]):
        yield "why must be a text"
    yield from _misconception(item["misconception"])


def _numeric(item: dict):
    for field in ("answer", "tolerance"):
        if isinstance(item[field], bool) or not isinstance(item[field], (int, float)):
            yield f"{field} must be a number"
        elif field == "tolerance" and item[field] < 0:
            yield "tolerance must not be negative"
    if not _text(item["why"]):
        yield "why must be a text"
    yield from _slips(item)


def _slips(item: dict):
    """Known wrong numbers, each with what is said to it, and none that passes for right."""
    slips = item.get("slips", [])
    if not isinstance(slips, list):
        yield "slips must be a list"
        return
    for slip in slips:
        if not isinstance(slip, dict) or set(slip) != {"number", "feedback"} or not _text(slip["feedback"]):
            yield f"a slip needs exactly number and feedback, not {slip!r}"
        elif isinstance(slip["number"], bool) or not isinstance(slip["number"], (int, float)):
            yield f"the number of a slip is {slip['number']!r}"
        elif not abs(slip["number"] - item["answer"]) > item["tolerance"]:
            yield f"the slip {slip['number']} is within the tolerance of the answer"


def _reasons(item: dict, known: list):
    """Each reason is a text and belongs to something there."""
    reasons = item.get("reasons", {})
    if not isinstance(reasons, dict):
        yield "reasons must name what each is for"
        return
    for name, reason in reasons.items():
        if name not in known:
            yield f"a reason is given for {name!r}, which is not there"
        if not _text(reason):
            yield f"the reason for {name!r} must be a text"


def _cloze(item: dict):
    yield from _answer_and_why(item)
    if item["prompt"].count("____") != 1 or "_____" in item["prompt"]:
        yield "prompt must hold the gap ____ exactly once"


def _order(item: dict):
    yield from _answer_and_why(item)
    if not _texts(item["steps"], at_least=3):
        yield "steps must be a list of at least three texts, in the right order"
    else:
        yield from _distinct(item["steps"], "steps")


def _match(item: dict):
    yield from _answer_and_why(item)
    pairs = item["pairs"]
    if not isinstance(pairs, list) or len(pairs) < 3 or not all(_texts(p, 2) and len(p) == 2 for p in pairs):
        yield "pairs must be a list of at least three pairs of texts"
        return
    for side in zip(*pairs):
        yield from _distinct(list(side), "sides of pairs")
    yield from _reasons(item, [left for left, _ in pairs])


def _sort(item: dict):
    yield from _answer_and_why(item)
    buckets = item["buckets"]
    if not isinstance(buckets, dict) or len(buckets) < 2 or not all(_texts(b, 1) for b in buckets.values()):
        yield "buckets must name at least two buckets, each with a list of at least one text"
        return
    cards = [card for bucket in buckets.values() for card in bucket]
    yield from _distinct(cards, "cards")
    yield from _reasons(item, cards)


def _prediction(item: dict):
    """Either choices and the place of the true one, or a number, with what is told once a guess is given."""
    if not _text(item["result"]):
        yield "result must be a text"
    if ("choices" in item) == ("number" in item):
        yield "a prediction needs either choices and answer, or number"
    elif "choices" in item:
        yield from _foretold_choice(item)
    else:
        yield from _foretold_number(item)


def _foretold_choice(item: dict):
    for field in sorted({"unit", "near"} & set(item)):
        yield f"{field} goes with a number, not with choices"
    if not _texts(item["choices"], at_least=2):
        yield "choices must be a list of at least two texts"
        return
    if any(choice.strip().endswith(".") for choice in item["choices"]):
        yield "a choice is told inside a sentence: no full stop at its end"
    yield from _distinct(item["choices"], "choices")
    place, count = item.get("answer"), len(item["choices"])
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < count:
        yield f"answer is {place!r}; it must be the place of the true choice, from 0 to {count - 1}"


def _foretold_number(item: dict):
    if "answer" in item:
        yield "answer goes with choices; here number is the answer"
    if not _is_number(item["number"]) or item["number"] <= 0:
        yield f"number is {item['number']!r}; it must be a number above 0, since a guess is compared with it as a factor"
    if "unit" in item and not _text(item["unit"]):
        yield "unit must be a text"
    if "near" in item and (not _is_number(item["near"]) or item["near"] < 1):
        yield f"near is {item['near']!r}; it must be a factor of at least 1"


def _open(item: dict):
    yield from _answer_and_why(item)
    if not _texts(item["rubric"], at_least=2):
        yield "rubric must be a list of at least two texts, each a point that a good answer makes"
    else:
        yield from _distinct(item["rubric"], "points of the rubric")


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


CHECKS = {"card": _answer_and_why, "choice": _choice, "true_false": _true_false, "numeric": _numeric,
          "cloze": _cloze, "order": _order, "match": _match, "sort": _sort, "prediction": _prediction,
          "open": _open}

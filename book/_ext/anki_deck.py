"""The item bank as a deck for Anki: `_static/attnlab.apkg`, a note an item, a deck a part, the same bytes at every build.

Ids follow from names, and times are fixed, so that a note keeps its dates when a later deck is imported over it.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from html import escape
from pathlib import Path

import items
from places import places
from shelf import ordered

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what genanki itself imports
    import genanki

FILE = Path("_static", "attnlab.apkg")
COURSE = "Attention, from Intuition to Variants"
MADE = 1_767_225_600  # seconds: the beginning of 2026
MARKS = re.compile(r"\$(?P<math>(?:\\.|[^$\\])+)\$|`(?P<code>[^`]+)`|\*\*(?P<b>.+?)\*\*|(?<![\w*\\])[*_](?P<i>[^\s*_](?:[^*]*?[^\s*_])?)[*_](?![\w*])")
STYLE = """.card { font: 20px/1.45 system-ui, sans-serif; text-align: left; max-width: 36em; margin: 1em auto; padding: 0 .8em; }
.from { margin-top: 1.5em; font-size: .75em; opacity: .7; } ul, ol { padding-left: 1.3em; } hr { margin: 1em 0; }"""


def number(name: str) -> int:
    """An id that follows from a name: 31 bits, as Anki's own ids of models and decks fit into them."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1 | 1 << 30


def rich(text: str) -> str:
    """Text with $formula$, `code`, **strong** and *emphasis* as Anki shows it."""
    found, end = [], 0
    for match in MARKS.finditer(text):
        found += [_plain(text[end:match.start()]), _marked(match)]
        end = match.end()
    return "".join([*found, _plain(text[end:])]).strip().replace("\n", " ")


def _plain(text: str) -> str:
    return escape(re.sub(r"\\([$*_`\\])", r"\1", text), quote=False)


def _marked(match: re.Match[str]) -> str:
    held = match[match.lastgroup]
    if match.lastgroup == "math":
        return rf"\({escape(held, quote=False)}\)"
    inner = escape(held, quote=False) if match.lastgroup == "code" else rich(held)
    return f"<{match.lastgroup}>{inner}</{match.lastgroup}>"


def listed(texts, tag: str = "ul") -> str:
    return rows((rich(str(text)) for text in texts), tag)


def rows(found, tag: str = "ul") -> str:
    return f"<{tag}>" + "".join(f"<li>{one}</li>" for one in found) + f"</{tag}>"


# -- the two sides of each kind

def _card(item: dict) -> tuple[str, str]:
    return "", rich(item["answer"])


def _choice(item: dict) -> tuple[str, str]:
    wrong = rows(f"<i>{rich(one['choice'])}</i>: {rich(one['feedback'])}" for one in item["wrong"])
    return listed(items.choices(item)), f"<b>{rich(item['answer'])}</b>{wrong}"


def _true_false(item: dict) -> tuple[str, str]:
    return listed(items.choices(item)), f"<b>{item['answer']}</b>"


def _short(item: dict) -> tuple[str, str]:
    return "", f"<b>{rich(str(item['answer']))}</b>"


def _order(item: dict) -> tuple[str, str]:
    return listed(items.shuffled(item["steps"], item["id"])), listed(item["steps"], "ol")


def _match(item: dict) -> tuple[str, str]:
    left, right = zip(*item["pairs"])
    return listed(left) + listed(items.shuffled(list(right), item["id"])), rows(f"{rich(one)} — {rich(other)}" for one, other in item["pairs"])


def _sort(item: dict) -> tuple[str, str]:
    cards = [card for bucket in item["buckets"].values() for card in bucket]
    return listed(items.shuffled(cards, item["id"])), rows(f"<b>{rich(name)}</b>: {'; '.join(map(rich, held))}" for name, held in item["buckets"].items())


SIDES = {"card": _card, "choice": _choice, "true_false": _true_false, "numeric": _short, "cloze": _short,
         "order": _order, "match": _match, "sort": _sort}


def sides(item: dict) -> tuple[str, str]:
    """What is asked, and what is told, as HTML."""
    given, answer = SIDES[item["kind"]](item)
    prompt = rich(item["prompt"]).replace("____", "<u>&emsp;&emsp;</u>")
    return f"<p>{prompt}</p>{given}", f"{answer}<p>{rich(item['why'])}</p>" if item.get("why") else answer


# -- the deck

MODEL = genanki.Model(
    number("attnlab model"), "attnlab", fields=[{"name": "Front"}, {"name": "Back"}, {"name": "Chapter"}],
    templates=[{"name": "Card", "qfmt": "{{Front}}", "afmt": '{{FrontSide}}<hr id="answer">{{Back}}<p class="from">{{Chapter}}</p>'}], css=STYLE,
)


def note(item: dict, title: str) -> genanki.Note:
    tags = [re.sub(r"\W+", "-", tag.strip()) for tag in (*item["tags"], item["kind"], item["level"])]
    return genanki.Note(MODEL, [*sides(item), escape(title, quote=False)], guid=f"attnlab-{item['id']}", tags=tags, due=0)


def decks(bank: list[dict], labels: dict[str, str], titles: dict[str, str]) -> list[genanki.Deck]:
    """A deck a part, in the order of the course."""
    found: dict[str, genanki.Deck] = {}
    for item in (item for item in bank if item["kind"] in SIDES):
        part = labels.get(item["chapter"], item["chapter"].split("/")[0])
        deck = found.setdefault(part, genanki.Deck(number(f"attnlab {item['chapter'].split('/')[0]}"), f"{COURSE}::{part}"))
        deck.add_note(note(item, titles.get(item["chapter"], item["chapter"])))
    return list(found.values())


def packed(found: list[genanki.Deck]) -> bytes:
    """The package: genanki's own, with nothing in it that tells when it was made."""
    raw, out = io.BytesIO(), io.BytesIO()
    genanki.Package(found).write_to_file(raw, timestamp=MADE)
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(given.namelist()):
            made.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), given.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    from attnlab.exercises._pages import TITLES  # practice.py made the package of this repository known

    root = Path(app.srcdir)
    labels = {page.removeprefix("book/"): place.label for page, place in places(root).items()}
    bank = ordered(items.load(root / app.config.practice_items), root)
    Path(app.outdir, FILE).write_bytes(packed(decks(bank, labels, TITLES)))


def setup(app) -> dict:
    app.connect("build-finished", write, priority=946)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

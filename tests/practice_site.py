"""Small sites with quiz, cards and exercises behind a server, and what tests of them press and look up."""
from __future__ import annotations

import contextlib
import json
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import mini_site  # noqa: E402
import serve  # noqa: E402

BARE = {"level": "remember", "chapter": "part/one", "tags": ["t"]}
BANK = [
    {**BARE, "id": "c-one", "kind": "card", "prompt": "What is $q$?", "answer": "A *query*."},
    {**BARE, "id": "c-two", "kind": "card", "prompt": "What is a key?", "answer": "What answers."},
    {**BARE, "id": "i-choice", "kind": "choice", "prompt": "Variance of a score?",
     "answer": "$d_k$", "why": "It adds up.",
     "wrong": [{"choice": "$\\sqrt{d_k}$", "misconception": "no_scale", "feedback": "A standard deviation."},
               {"choice": "one", "misconception": "no_scale", "feedback": "Only after scaling."}]},
    {**BARE, "id": "i-truth", "kind": "true_false", "prompt": "Causal hides the position itself.",
     "answer": False, "why": "It includes it.", "misconception": "no_mask"},
    {**BARE, "id": "i-number", "kind": "numeric", "prompt": "Two equal scores?",
     "answer": 0.5, "tolerance": 0.01, "why": "Half each.",
     "slips": [{"number": 2, "feedback": "That is how many there are."}]},
    {**BARE, "id": "i-gap", "kind": "cloze", "prompt": "Rows sum to ____.",
     "answer": "One", "why": "Normalised."},
    {**BARE, "id": "i-order", "kind": "order", "prompt": "Order?",
     "steps": ["first", "second", "third"], "why": "So."},
    {**BARE, "id": "i-match", "kind": "match", "prompt": "Pairs?", "why": "Shapes.",
     "pairs": [["$Q$", "alpha"], ["$K$", "beta"], ["$V$", "gamma"]], "reasons": {"$Q$": "Alpha asks."}},
    {**BARE, "id": "i-sort", "kind": "sort", "prompt": "Exact?", "why": "Order of sums.",
     "buckets": {"Exact": ["flash", "cache"], "Approximate": ["Linformer"]}, "reasons": {"flash": "Only the order differs."}},
]


def boxes(kind: str, css: str) -> str:
    found = (item for item in BANK if (item["kind"] == "card") == (kind == "card"))
    return "\n".join(f":::{{admonition}} {item['prompt']}\n:class: {css} dropdown\n"
                     f":name: item-{item['id']}\n\n**Answer:** words of {item['id']}.\n:::" for item in found)


PAGE = f"""# Practice

::::{{admonition}} Cards
:class: cards

{boxes("card", "card")}
::::

::::{{admonition}} Check yourself
:class: quiz

{boxes("quiz", "quiz-item")}
::::
"""


@contextlib.contextmanager
def served(folder: Path):
    """The address of a folder of HTML while it is served."""
    server = serve.start(folder, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def built(folder: Path, pages: dict[str, str], bank: list[dict] = (), theme: str = "basic") -> Path:
    """The folder of HTML; a warning that is not about the table of contents fails."""
    mini_site.write(folder, pages, bank, theme)
    out, warnings = mini_site.build(folder)
    assert [line for line in warnings.splitlines() if "toctree" not in line] == []
    return out


@contextlib.contextmanager
def opened(context, address: str, waits_for: str = ".deck"):
    """A page of `context` in which nothing may go wrong."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.locator(waits_for).first.wait_for(state="attached")
    yield page
    assert errors == []
    page.close()


def item(page, name: str):
    return page.locator(f'.item[data-item="{name}"] .play')


def press(control) -> None:
    """By keyboard, and only if the control can be reached by it."""
    control.focus()
    assert control.evaluate("control => control === document.activeElement && control.tabIndex === 0")
    control.press("Enter")


def named(place, words: str):
    return place.get_by_role("button", name=words, exact=True)


def status(place) -> str:
    return place.get_by_role("status").inner_text()


def typed(place, text: str) -> str:
    """What is said after `text` was typed into an item's field and entered."""
    field = place.locator("input")
    field.fill(text)
    field.press("Enter")
    return status(place)


def score(page) -> str:
    return page.locator(".quiz .score").inner_text()


def key(name: str) -> str:
    """The key of an entry on a site at the root of its server."""
    return f"attnlab:/:{name}"


def stored(page, name: str) -> dict | None:
    return json.loads(page.evaluate("key => localStorage.getItem(key)", key(name)) or "null")


def store(page, name: str, value) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key(name), text])


def grades(page, name: str) -> list[int]:
    """The grades in the log of an item: 1 again, 3 good."""
    return [row[1] for row in (stored(page, f"item:{name}") or {"log": []})["log"]]

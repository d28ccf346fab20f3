"""A published language model in the page: what its heads look at in a text, and what it expects next."""

from __future__ import annotations

import json
import math

from attnlab.explore._explorable import WIDGETS, Explorable, check_index, table

KEPT = WIDGETS / "live"
TEXTS = {  # the file of each, and what the choice says
    "capitals": "Capitals",
    "copying": "Random words, twice",
    "names": "Who gets the drink?",
    "days": "Days of the week",
    "code": "A line of code",
    "story": "A story begins",
}
LONG = (  # for the experiments with a window
    "The harbour was quiet in the early morning. A few boats had come back during the night, and their owners were asleep at home. "
    "On the long stone wall sat an old man with a grey dog. He watched the water and waited for the first ferry, which came every day at the same hour. "
    "When it arrived, people stepped onto the quay with bags and boxes, and the small shops behind the church opened their doors one after another. "
    "The dog got up, shook itself and walked slowly to the bakery, because it knew that somebody there would give it a piece of yesterday's bread."
)
LAYERS, HEADS = 30, 9
PUBLISHED = {"silent": [], "hideFirst": False, "window": None, "sinks": 0, "base": 100_000, "pairing": "adjacent"}


def live(text: str = "capitals", layer: int = 17, head: int = 5, query: int | None = None, temperature: float = 1.0) -> Explorable:
    """SmolLM2 on a prepared text: the weights of one head from one token (the last unless `query` says otherwise), the next word.

    The prepared texts are those of `tools/live_prompts.py`; the page fetches each when it is wanted. On the site a button loads the model
    itself, and then any text can be read. The table shows the likeliest next words of every prepared text.
    Errors: ValueError for a text that is not there, a layer, head or token that is not there, a temperature outside 0.1 to 2.
    """
    if text not in TEXTS:
        raise ValueError(f"text must be one of {', '.join(TEXTS)}, got {text!r}")
    check_index("layer", layer, LAYERS)
    check_index("head", head, HEADS)
    kept = {name: json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8")) for name in TEXTS}
    if query is not None:
        check_index("query", query, len(kept[text]["tokens"]))
    if isinstance(temperature, bool) or not 0.1 <= temperature <= 2:
        raise ValueError(f"temperature must be between 0.1 and 2 but is {temperature}")
    chosen = {"text": text, "layer": int(layer), "head": int(head), "query": None if query is None else int(query)}
    drawing = {"temperature": float(temperature), "k": None, "p": None}
    state = {"texts": [list(pair) for pair in TEXTS.items()], "long": LONG, **chosen, **drawing, "own": None, **PUBLISHED}
    return Explorable("live", state, _table(kept), heavy={"kept": kept})


def _table(kept: dict[str, dict]) -> str:
    """Of each text its end and the three likeliest next words."""
    rows = [("… " + " ".join(one["text"].split()[-4:]), _likeliest(one, 3)) for one in kept.values()]
    return table("What SmolLM2, a small language model, expects after six texts, of which the end is shown", ["first", "second", "third"], rows)


def _likeliest(one: dict, count: int) -> list[str]:
    """Words and their shares; the tokens that are not named stand in bins of one logit."""
    top = one["next"][0][1]
    named = [math.exp(logit - top) for _, logit in one["next"]]
    total = sum(named) + sum(number * math.exp(logit - top) for logit, number in one["rest"])
    return [f"{_word(word)} {100 * power / total:.0f} %" for (word, _), power in zip(one["next"][:count], named)]


def _word(text: str) -> str:
    return text.strip() or ("(end of line)" if "\n" in text else "(space)")

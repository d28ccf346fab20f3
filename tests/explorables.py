"""Every explorable on a bare page of its own, behind a server, and by which keys each of its goals can be reached."""
from __future__ import annotations

import shutil
from pathlib import Path

from attnlab import explore

ROOT = Path(__file__).resolve().parents[1]
STATIC = (ROOT / "book" / "_static", ROOT / "src" / "attnlab" / "static", ROOT / ".vendor" / "static")
NAMES = sorted(path.stem for path in explore.WIDGETS.glob("*.js") if path.stem not in ("afm-mount", "common"))
PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/css/book.css"><link rel="stylesheet" href="_static/widgets/explore.css">
<style>body {{ margin: 0; background: var(--paper); }} main {{ margin: 16px; }}</style></head>
<body><main>{html}</main><script type="module" src="_static/widgets/afm-mount.js"></script></body></html>
"""

# name: for each goal, in order, what is done: (role, accessible name, keys, one after the other; "x*3" is x three times)
WAYS = {
    "arcs": {
        "elsewhere": [("switch", "Hide the future", "Space")],
        "alone": [("switch", "Hide the future", "Space"), ("slider", "The word that looks", "Home")],
    },
    "attention_on_a_sentence": {
        "place": [("slider", "4, a", "Shift+ArrowUp*9")],
        "alone": [("button", "mask", "Enter"), ("radio", "causal", "Space"), ("radio", "the", "Space")],
    },
    "cost_against_length": {
        "overtake": [("slider", "Length", "ArrowRight*5")],
        "wide": [("radio", "GPT-3", "Space"), ("slider", "Length", "ArrowRight*37")],
        "half": [("slider", "Length", "ArrowRight*18")],
    },
    "heads_side_by_side": {
        "before": [("slider", "B: layer", "Home"), ("slider", "B: head", "Home ArrowRight*2")],
        "after": [("slider", "A: layer", "Home ArrowRight"), ("slider", "A: head", "Home ArrowRight*8")],
        "stop": [("slider", "B: layer", "Home ArrowRight*3"), ("slider", "B: head", "End")],
    },
    "alignment_explorer": {
        "back": [("radio", "drei", "ArrowRight*2")],
        "four": [("radio", "42,863", "Space")],
        "lost": [("radio", "42,863", "Space"), ("radio", "look back", "ArrowRight")],
    },
    "beam_tree": {
        "empty": [("radio", "2", "ArrowRight")],
        "words": [("radio", "2", "ArrowRight"), ("slider", "Length penalty", "End")],
    },
    "bias_shapes": {
        "steady": [("slider", "ALiBi head", "ArrowRight*2")],
        "previous": [("combobox", "should look at", "ArrowDown"), ("radio", "ALiBi", "ArrowRight*2")],
        "seventh": [("combobox", "should look at", "ArrowDown*3"), ("radio", "ALiBi", "ArrowRight*2"), ("slider", "Shaw reach", "End")],
    },
    "builder": {
        "cache": [("combobox", "Published model", "g e m m a Space 3 Space 1")],
        "window": [("combobox", "What layers see", "ArrowDown")],
    },
    "erasing_memory": {
        "exact": [("radio", "sum", "ArrowRight"), ("button", "Write key 1", "Enter")],
        "stray": [("button", "Write key 2", "Enter*2")],
    },
    "expert_routing": {
        "work": [("button", "Nudge the biases", "Enter*7")],
        "kept": [("button", "Nudge the biases", "Enter*7"), ("slider", "Capacity factor", "ArrowRight*4")],
    },
    "graph_view": {
        "news": [("radio", "none", "ArrowRight*2"), ("slider", "Layers", "End")],
        "order": [("button", "Move cat later", "Enter"), ("radio", "none", "ArrowRight")],
    },
    "hopfield": {
        "half": [("button", "Draw T", "Enter"), ("button", "Hide half", "Enter")],
        "never": [("radio", "modern", "ArrowRight"), ("slider", "Stored", "End"), ("button", "Clear", "Enter")],
        "mixture": [("slider", "Sharpness", "Home ArrowRight*2")],
    },
    "induction_walk": {
        "copy": [("slider", "The token that looks", "Home ArrowRight*8")],
        "behind": [("slider", "The token that looks", "Home ArrowRight*9"), ("radio", "layer 0", "ArrowRight")],
        "lost": [("slider", "The token that looks", "Home ArrowRight*9"), ("switch", "Silence", "Space")],
    },
    "live": {
        "before": [("slider", "Layer", "ArrowLeft"), ("slider", "Head", "Home")],
        "word": [("combobox", "Text", "ArrowDown")],
        "rest": [("slider", "Layer", "ArrowRight"), ("slider", "Head", "End")],
    },
    "masked_word": {
        "hard": [("radio", "these", "ArrowRight")],
        "both": [("radio", "these", "ArrowRight*2"), ("radio", "both sides", "ArrowRight")],
    },
    "next_letter": {
        "sure": [("textbox", "Beginning of a name", "Control+A q")],
        "odd": [("textbox", "Beginning of a name", "Control+A z x q j")],
    },
    "pages_over_time": {
        "tight": [("radio", "4", "ArrowLeft*2")],
        "calm": [("radio", "32", "ArrowRight")],
        "slow": [("radio", "32", "ArrowLeft"), ("radio", "4", "ArrowRight*2")],
    },
    "patches": {
        "seven": [("button", "7", "Enter")],
        "doubt": [("button", "Clear", "Enter")],
    },
    "position_phases": {
        "low": [("slider", "Offset s", "Home ArrowRight*22")],
        "same": [("slider", "Position p", "ArrowRight*3")],
    },
    "sampling_filters": {
        "top-p": [("radio", "top-k", "ArrowRight")],
        "min-p": [("radio", "top-k", "ArrowRight*2"), ("slider", "min-p", "Home ArrowRight*40")],
    },
    "softmax_and_scale": {
        "cold": [("slider", "Temperature", "Home")],
        "wide": [("slider", "d_k", "End"), ("checkbox", "divide", "Space")],
    },
    "speculation": {
        "whole": [("slider", "Distance of the draft", "Home")],
        "first": [("button", "Next round", "Enter")],
        "waste": [("slider", "Distance of the draft", "End"), ("radio", "4", "ArrowRight")],
    },
    "stream_by_layer": {
        "million": [("radio", "none", "Space"), ("slider", "Depth", "ArrowRight*2")],
        "hold": [("radio", "none", "Space"), ("slider", "Initial scale", "Home")],
        "first": [("slider", "Depth", "End"), ("slider", "Initial scale", "End")],
    },
    "temperature_and_kernel_width": {
        "look-up": [("slider", "Width", "Home")],
        "mean": [("slider", "Width", "End")],
        "one": [("radio", "on a line", "ArrowRight")],
    },
    "sparse_reach": {
        "past": [("slider", "Layers", "ArrowRight")],
        "window": [("radio", "strided", "ArrowLeft"), ("slider", "Size", "Home ArrowRight"), ("slider", "Layers", "End")],
        "hub": [("radio", "strided", "ArrowRight"), ("slider", "Size", "Home"), ("slider", "Layers", "ArrowRight")],
    },
    "tile_walk": {
        "fewer": [("slider", "Queries a block", "ArrowRight"), ("slider", "Keys a block", "ArrowLeft")],
        "end": [("slider", "Tile", "End")],
    },
    "walk_a_token": {
        "ten": [("slider", "Stop on the way", "Home ArrowRight*24"), ("radio", "und", "Space")],
        "end": [("slider", "Stop on the way", "End"), ("radio", "vierzig", "Space")],
    },
}


def pages(folder: Path, names=NAMES) -> Path:
    """Write `<name>.html` for each explorable with its defaults, and the scripts and styles that it needs."""
    for source in STATIC:
        for part in source.iterdir():
            if part.name in ("css", "fonts", "practice", "widgets"):
                shutil.copytree(part, folder / "_static" / part.name, dirs_exist_ok=True)
    model = folder / "_static" / "live" / "file.json"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_text("null", encoding="utf-8")  # no real model here
    for name in names:
        html = getattr(explore, name)()._repr_html_()
        (folder / f"{name}.html").write_text(PAGE.format(name=name, html=html), encoding="utf-8")
    return folder


def pressed(keys: str) -> list[str]:
    """"Home ArrowRight*2" as a list of three keys."""
    parts = (part.partition("*") for part in keys.split())
    return [key for key, _, times in parts for _ in range(int(times or 1))]


def do(page, place, role: str, name: str, keys: str) -> None:
    """Focus what has this role and name, opening what is folded over it, and press the keys."""
    target = place.get_by_role(role, name=name, include_hidden=True).first
    target.evaluate("one => { const more = one.closest('.attnx-more'); if (more) more.open = true; }")
    target.focus()
    assert target.evaluate("one => one === document.activeElement"), (role, name)
    for key in pressed(keys):
        page.keyboard.press(key)

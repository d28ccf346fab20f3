"""A milestone for each part: something that runs on the reader's pieces alone, compared with the same thing on the course's.

A piece that passes its check and yet does not fit among the others is named, and the course's own stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from attnlab.exercises._run import quiet, run
from attnlab.kernels.traffic import Memory, Slow
from attnlab.mine import models
from attnlab.mine.answers import Own, assemble
from attnlab.reference import encoder_decoder, namer, tiny, translator

SECONDS, CLOSE = 20.0, 1e-6
OUTFITS = ("red hat , blue coat , red", "green bag , black scarf , black", "blue hat , green bag , green")
MERGES = ((13, 3), (3, 16), (28, 29))  # of letters; 28 and 29 are what the first two make
NUMBERS = ("forty three", "ninety nine", "twenty one")
NAMES = ("mary", "anna", "john", "thelma")
STARTS = ("", "ma", "j", "el", "th", "ka")
ENGLISH = ("seven", "forty three", "six hundred and eighty five", "nine hundred and nineteen")


class Seen(NamedTuple):
    """What came out: texts, and numbers."""

    texts: list[str]
    numbers: list[float]


@dataclass(frozen=True)
class Milestone:
    """What a part leads to: the pieces it runs on, and the function that runs it."""

    title: str
    pieces: tuple[str, ...]
    see: Callable[[Own], Seen]
    deed: str

    @property
    def used(self) -> tuple[str, ...]:
        """The pieces that may take part: a softmax stands in the course's masked attention."""
        return (*self.pieces, "softmax") if "masked_attention" in self.pieces and "softmax" not in self.pieces else self.pieces


@dataclass(frozen=True)
class Reached:
    """How far a reader is: the pieces as they are used, what came out, the largest difference from the course's numbers."""

    milestone: Milestone
    own: Own
    texts: list[str]
    apart: float

    def line(self, name: str) -> str:
        """A piece, and whose it is."""
        inside = name == "masked_attention" and name not in self.own.yours and "softmax" in self.own.yours
        return f"{name:22s}the course's, around your softmax" if inside else self.own.states[name].told

    def __repr__(self) -> str:
        states = [self.own.states[name] for name in self.milestone.pieces]
        whose = f"{sum(state.yours for state in states)} of {len(states)} pieces are yours"
        ending = f"The largest difference from the course's numbers is {self.apart:.0e}." if self.apart else "Every number is the course's own."
        said = [f"{self.milestone.deed} {'; '.join(self.texts)}"] if self.texts else []
        return "\n".join([self.milestone.title, *(f"  {self.line(name)}" for name in self.milestone.pieces), *said, f"{whose}. {ending}"])


def milestone(part: str, own: Own | None = None) -> Reached:
    """What closes a part, run on the reader's pieces; `own` is what `assemble` finds unless given.

    Errors: KeyError naming the parts.
    """
    if part not in MILESTONES:
        raise KeyError(f"there is no milestone {part!r}; there are {', '.join(MILESTONES)}")
    return reach(MILESTONES[part], assemble() if own is None else own)


def reach(goal: Milestone, own: Own) -> Reached:
    """The milestone on these pieces, without those that do not fit."""
    own = _fitting(goal, own)
    seen = _tried(goal, own)
    return Reached(goal, own, seen.texts, _gap(seen.numbers, _expected(goal).numbers))


def _fitting(goal: Milestone, own: Own) -> Own:
    """The same pieces, where needed without those that break the whole, each with a sentence that says how."""
    if not _amiss(goal, own):
        return own
    yours = [name for name in own.yours if name in goal.used]
    wrong = {name: why for name in yours if (why := _amiss(goal, own.without(*(set(own.yours) - {name}), why="")))}
    for name, why in (wrong or dict.fromkeys(yours, "it does not go together with your other pieces")).items():
        own = own.without(name, why=f"yours passes its check but does not fit here: {why}")
    left = [name for name in own.yours if name in goal.used]
    return own.without(*left, why="it does not go together with your other pieces") if _amiss(goal, own) and left else own


def _amiss(goal: Milestone, own: Own) -> str:
    """What is wrong with the whole; empty where nothing is."""
    seen, wanted = _tried(goal, own), _expected(goal)
    if isinstance(seen, str):
        return seen
    gap = _gap(seen.numbers, wanted.numbers)
    return "" if gap < CLOSE else f"the numbers are off by {gap:.2g}"


def _tried(goal: Milestone, own: Own) -> Seen | str:
    """What is seen, or how it ended, on time and whatever it raises."""

    def work(tell, clock):
        with clock:
            try:
                tell("saw", tuple(goal.see(own)))
            except Exception as failure:  # a stranger's code
                tell("raised", f"{type(failure).__name__}: {failure}"[:160])

    with quiet(), np.errstate(all="ignore"):
        told = dict(run(work, SECONDS).told)
    return Seen(*told["saw"]) if "saw" in told else told.get("raised", "it does not end")


@cache
def _expected(goal: Milestone) -> Seen:
    return goal.see(models.COURSE)


def _gap(mine: list[float], right: list[float]) -> float:
    a, b = np.asarray(mine, dtype=float), np.asarray(right, dtype=float)
    return float(np.abs(a - b).max(initial=0.0)) if a.shape == b.shape and np.isfinite(a).all() else float("inf")


def _flat(*arrays) -> list[float]:
    return [float(x) for array in arrays for x in np.asarray(array, dtype=float).ravel()]


# -- what closes each part


def _start(own: Own) -> Seen:
    """Letters are merged into tokens; a tiny model says again what is red; its surprise is measured."""
    merged = [own.apply_merges(np.array(namer.encode(name)[1:]), list(MERGES), 28) for name in NAMES]
    model, said, losses = _tiny(), [], []
    for text in OUTFITS:
        ids = own.continue_text(lambda so_far: tiny.logits(model, [int(i) for i in so_far]), tiny.encode(model, text), model.words.index(","), 2)
        said.append(f"{text} → {' '.join(model.words[int(i)] for i in ids[len(text.split()):] if model.words[int(i)] != ',')}")
        losses.append(own.next_token_loss(tiny.logits(model, tiny.encode(model, text))[None], np.array([tiny.encode(model, text)]), -1))
    return Seen(said, _flat(*merged, losses))


def _fundamentals(own: Own) -> Seen:
    """Keys of one length: the nearest are the most similar, so a look-up by distance is attention. And a decoder that writes."""
    rows = models.names_model().table[2:]
    keys = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found = own.kernel_regression(keys[:7], keys, rows, 0.4)
    model, said = encoder_decoder.load(), []
    for text in NUMBERS:
        memory = encoder_decoder.encode(model, encoder_decoder.ids_of(model.source_words, text))

        def step(written, word):
            written = [*written, int(word)]
            return encoder_decoder.decode(model, written, memory)[-1] @ model.target_table.T, written  # noqa: B023

        words = own.write_greedily(step, [], encoder_decoder.START, encoder_decoder.END, 8)
        said.append(f"{text} → {' '.join(model.target_words[int(i)] for i in words)}")
    return Seen(said, _flat(found, *([float(len(text)) for text in said],)))


def _self_attention(own: Own) -> Seen:
    """One causal head of the names model: the whole name at once, and letter by letter with a cache."""
    model, numbers, said = models.names_model(), [], []
    block = model.blocks[0]
    w = np.concatenate([part[:, :10] for part in (block.query, block.key, block.value)], axis=1)
    ids = namer.batch(NAMES)
    x = model.table[ids]
    q, k, v = np.split(x @ w, 3, axis=-1)
    lengths = (ids != namer.PAD).sum(axis=1)
    may = own.causal_mask(ids.shape[1], ids.shape[1]) & own.padding_mask(lengths, ids.shape[1])
    seen = models.look(own)(q, k, v, may)
    step = own.cached_step(q[:, 3:5], k[:, 3:5], v[:, 3:5], k[:, :3], v[:, :3])[0]
    whole = own.self_attention(x, w, 10)
    weights = own.softmax(np.where(may, q @ k.swapaxes(-1, -2) / np.sqrt(10), -np.inf)[:1, 1:5])
    for i, row in enumerate(weights[0]):
        said.append(f"{NAMES[0][i]} looks most at {'the edge mark' if not row.argmax() else NAMES[0][row.argmax() - 1]}")
    numbers += _flat(seen[np.arange(ids.shape[1]) < lengths[:, None]], step, whole, weights)
    return Seen(said, numbers)


def _multi_head(own: Own) -> Seen:
    """All heads of the first layer of the translator's encoder, by the three steps and in one function."""
    model = models.number_translator()
    layer, n_heads = model.encoder[0].look, model.n_heads
    x = model.source_table[translator.encode_words("six hundred and eighty five".split(), model.source_words)]
    q, k, v = (own.split_heads(x @ part.matrix, n_heads) for part in (layer.query, layer.key, layer.value))
    mixed = models.look(own)(q, k, v, np.ones((len(x), len(x)), dtype=bool))
    one = own.multi_head(x, layer.query.matrix, layer.key.matrix, layer.value.matrix, layer.output.matrix, n_heads)
    return Seen([], _flat(own.merge_heads(mixed) @ layer.output.matrix, one))


def _positions(own: Own) -> Seen:
    """Names whose queries and keys are turned; a translator that knows places by sinusoids."""
    model, pieces = models.number_translator(), translator.COURSE._replace(sinusoidal=own.sinusoidal, add_positions=own.add_positions)
    said = [f"{text} → {translator.translate(model, text, pieces)}" for text in ENGLISH[:2]]
    states, _ = translator.encode(model, np.array([translator.encode_words(ENGLISH[2].split(), model.source_words)]), pieces)
    scores = namer.logits(models.names_model(), namer.batch(NAMES), namer.COURSE._replace(rotary=own.rotary))
    return Seen(said, _flat(states, scores))


def _architecture(own: Own) -> Seen:
    """The translator, on nine pieces; its cross-attention once more through `wire_attention`."""
    model, pieces = models.number_translator(), models.for_translator(own)
    said = [f"{text} → {translator.translate(model, text, pieces)}" for text in ENGLISH]
    source = np.array([(translator.encode_words(text.split(), model.source_words) + [0] * 4)[:5] for text in ENGLISH])
    target = np.array([[translator.START, 5, 9], [translator.START, 7, 4], [translator.START, 3, 0], [translator.START, 0, 0]])
    states, may = translator.encode(model, source, pieces)
    logits = translator.decode(model, target, (states, may), pieces)
    layer = model.decoder[0].cross

    def project(role, rows):
        return translator.linear(rows, getattr(layer, role))

    x = translator.embed(model.target_table, target)
    wired = own.wire_attention(x, states, may, model.n_heads, project, own.split_heads, models.look(own), own.merge_heads)
    return Seen(said, _flat(logits, wired, pieces.next_token_loss(logits, target, translator.PAD)))


def _variants(own: Own) -> Seen:
    """The names model: it makes up names; the same logits token by token, with a cache."""
    model, pieces = models.names_model(), models.for_names(own)
    said = [namer.sample(model, text, np.random.default_rng(i), (0.8, 12, 0.9), pieces) for i, text in enumerate(STARTS)]
    ids = namer.batch(NAMES)
    logits = namer.logits(model, ids, pieces)
    drawn = pieces.sampling_distribution(logits[:, 2], 1.2, 9, 0.7)
    steps = models.step_by_step(own, ids[3])
    return Seen(said, _flat(logits[ids != namer.PAD], drawn, steps, pieces.next_token_loss(logits, ids, namer.PAD)))


def _efficiency(own: Own) -> Seen:
    """The names model again, its attention tile by tile; the tiles that a window leaves; an attention that moves little."""
    model, pieces = models.names_model(), models.for_names(own, tiles=True)
    said = [namer.sample(model, text, np.random.default_rng(i), (0.8, 12, 0.9), pieces) for i, text in enumerate(STARTS[:2])]
    logits = namer.logits(model, namer.batch(NAMES[:1]), pieces)
    tiles = own.tiles_to_visit(100, 120, 16, 8, 20)
    q, k, v = (np.random.default_rng(7).normal(size=(3, 61, 5)))
    out, _ = own.my_attention(Memory(700), Slow(q), Slow(k), Slow(v))
    return Seen(said, _flat(logits, tiles, out))


@cache
def _tiny() -> tiny.Tiny:
    return tiny.load()


NAMER = ("causal_mask", "split_heads", "rotary", "masked_attention", "merge_heads", "rms_norm", "gated_network")
MILESTONES = {
    "start": Milestone("Start: tokens in, words out", ("apply_merges", "continue_text", "next_token_loss"), _start, "It says again:"),
    "fundamentals": Milestone("Attention fundamentals: a soft look-up, and a decoder that writes", ("kernel_regression", "write_greedily"), _fundamentals, "It writes:"),
    "self_attention": Milestone("Self-attention: one causal head",
        ("causal_mask", "padding_mask", "softmax", "masked_attention", "self_attention", "cached_step"), _self_attention, "In mary:"),
    "multi_head": Milestone("Multi-head attention: all heads of a layer", ("split_heads", "masked_attention", "merge_heads", "multi_head"), _multi_head, ""),
    "positions": Milestone("Positions: two models that know places", ("sinusoidal", "add_positions", "rotary"), _positions, "It translates:"),
    "architecture": Milestone("Transformer architecture: the translator",
        ("sinusoidal", "add_positions", "padding_mask", "causal_mask", "split_heads", "masked_attention", "merge_heads", "wire_attention", "continue_text", "next_token_loss"),
        _architecture, "It translates:"),
    "variants": Milestone("Variants: a small GPT", (*NAMER, "llama_step", "sampling_distribution", "next_token_loss"), _variants, "It says:"),
    "efficiency": Milestone("Efficient attention: the same GPT, tile by tile", ("block_loop", "merge", "tiles_to_visit", "my_attention"), _efficiency, "It says:"),
}  # fmt: skip

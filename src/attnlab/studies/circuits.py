"""Heads that copy: a model small enough to be watched while it learns to, and the instruments that find such heads in any decoder.

A text that returns after `period` tokens can be copied by two heads in a row: one that looks at the token before, and one that
looks at the token *after* the last occurrence of the present one (an induction head). `attention_only` makes a model of nothing
but attention, `learn` trains it on texts from `repeats`; `head_scores`, `ranked` and `copied` work on every `Decoder`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, Rotated, grouped_attention
from attnlab.layers import PreNorm, RMSNorm
from attnlab.models.decoder import Config, Decoder
from attnlab.positions import frequencies
from attnlab.studies.observe import observed
from attnlab.training import seeded

PARTS = ("query", "key", "value")


class Repeats(NamedTuple):
    """Texts, and for each token whether it is the continuation of a copy: (texts, tokens) both."""

    ids: Tensor
    copied: Tensor


class Scores(NamedTuple):
    """For each layer and head: the mean weight on the token before, and on the token after the last occurrence."""

    previous: Tensor
    induction: Tensor


class Moment(NamedTuple):
    """A model in training after `step` steps: nats for each copied token, their share guessed right, and the best score of a head."""

    step: int
    loss: float
    right: float
    previous: float
    induction: float


def repeats(
    texts: int, generator: torch.Generator, length: int = 24, vocab_size: int = 24, periods: tuple[int, int] = (3, 11)
) -> Repeats:
    """Random tokens which from a random place on return: with a period drawn from `periods`, both ends included, until the end.

    The first token of the second round is no continuation: nothing tells that the text begins to return.
    Errors: ValueError unless two of the longest rounds fit into the length.
    """
    low, high = periods
    if not 1 <= low <= high or 2 * high > length:
        raise ValueError(f"periods must be from 1 on, and twice the longest at most the length {length}, but they are {periods}")
    own = torch.randint(vocab_size, (texts, length), generator=generator)
    period = torch.randint(low, high + 1, (texts, 1), generator=generator)
    first = (torch.rand(texts, 1, generator=generator) * (length + 1 - 2 * period)).long()
    place = torch.arange(length)
    source = torch.where(place < first, place, first + (place - first) % period)
    return Repeats(own.gather(1, source), place > first + period)


def attention_only(n_layers: int, n_heads: int = 1, vocab_size: int = 24, d_model: int = 32, seed: int = 0) -> Decoder:
    """logits = norm(x) headᵀ, where each layer adds attention(norm(x)) to x, and nothing else does: no feed-forward network.

    Every head is as wide as the model and turns its queries and keys by their positions.
    """
    config = Config(vocab_size, d_model, n_layers, n_heads, n_heads, d_model, 1)
    speeds = frequencies(d_model)

    def block(number: int) -> nn.Module:
        heads = MultiHead(d_model, n_heads, attend=Rotated(grouped_attention, speeds), d_head=d_model)
        return PreNorm(heads, RMSNorm(d_model))

    return seeded(lambda: _spread(Decoder(config, block, tied=False)), seed)


def learn(model: Decoder, steps: int = 350, every: int = 25, seed: int = 0) -> list[Moment]:
    """Trains the model, in place, to predict the next token of `repeats`; what it can do before the first step and every few steps.

    32 new texts a step, Adam at a rate of 0.01. Judged are 64 texts of their own, and words twice for the scores.
    """
    words, chance = model.config.vocab_size, torch.Generator().manual_seed(seed)
    judge = torch.Generator().manual_seed(10_000 + seed)
    kept, known = repeats(64, judge, vocab_size=words), twice(distinct(32, 11, words, judge))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98))
    history = [_moment(model, 0, kept, known)]
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        _losses(model, repeats(32, chance, vocab_size=words).ids).mean().backward()
        optimiser.step()
        if step % every == 0:
            history.append(_moment(model, step, kept, known))
    return history


def distinct(texts: int, length: int, vocab_size: int, generator: torch.Generator) -> Int[Tensor, "texts length"]:
    """Tokens of which none occurs twice in a text.

    Errors: ValueError for a text longer than the vocabulary.
    """
    if length > vocab_size:
        raise ValueError(f"{length} different tokens cannot be drawn from {vocab_size}")
    return torch.rand(texts, vocab_size, generator=generator).argsort(dim=1)[:, :length]


def twice(words: Int[Tensor, "texts period"], start: int | None = None) -> Int[Tensor, "texts tokens"]:
    """The words and the same words again; a token `start` in front, if one is given."""
    front = [] if start is None else [words.new_full((len(words), 1), start)]
    return torch.cat([*front, words, words], dim=1)


def diagonal(weights: Float[Tensor, "*batch tokens tokens"], back: int, first: int = 0) -> Float[Tensor, "*batch"]:
    """Mean weight of query t on key t - back, over the queries from `first` on that have such a key.

    Errors: ValueError if there is none.
    """
    n, first = weights.shape[-1], max(count("first", first), count("back", back))
    if first >= n:
        raise ValueError(f"no query from {first} on among {n} tokens")
    queries = torch.arange(first, n)
    return weights[..., queries, queries - back].mean(dim=-1)


def head_scores(model: Decoder, ids: Int[Tensor, "texts tokens"], period: int) -> Scores:
    """Both scores of each head on texts whose last 2 · period tokens are words twice, (layers, heads) each.

    Induction: the second round's queries, on the key period - 1 places back, which follows the same word in the first round.
    Errors: ValueError unless the texts end with two rounds.
    """
    _need_rounds(ids, period)
    previous, induction = [], []

    def watch(layer: int, weights: Tensor, stream: Tensor) -> None:
        previous.append(diagonal(weights, 1).mean(dim=0))
        induction.append(diagonal(weights, period - 1, ids.shape[1] - period).mean(dim=0))

    observed(model, ids, watch)
    return Scores(torch.stack(previous), torch.stack(induction))


def ranked(scores: Float[Tensor, "layers heads"]) -> list[tuple[int, int]]:
    """All heads as (layer, head), that with the highest score first; of equal ones the lower first."""
    order = scores.flatten().argsort(descending=True, stable=True)
    return [divmod(int(place), scores.shape[1]) for place in order]


def copied(
    model: Decoder, ids: Int[Tensor, "texts tokens"], period: int, silent: Iterable[tuple[int, int]] = ()
) -> Float[Tensor, "texts"]:
    """The share of the second round's words that the model thinks likeliest, its first word left out; these heads silenced.

    Errors: ValueError unless the texts end with two rounds.
    """
    _need_rounds(ids, period)
    best = observed(model, ids, silent=silent)[:, -period:-1].argmax(dim=-1)
    return (best == ids[:, 1 - period :]).float().mean(dim=1)


@torch.no_grad()
def composition(writer: MultiHead, reader: MultiHead, part: str = "key") -> Float[Tensor, "writers readers"]:
    """‖W_part W_O W_V‖ / (‖W_part‖ ‖W_O W_V‖), Frobenius: how well a later head's queries, keys or values can read an earlier head.

    Norms and rotations between the two are left out. Random matrices of width d give about 1 / √d.
    Errors: ValueError for another part, and for heads that share keys.
    Source: [elhage2021, "Two-layer attention-only transformers"], who put W_Q W_Kᵀ and the value's whole circuit where we have one matrix.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    for layer in (writer, reader):
        if layer.n_kv_heads != layer.n_heads:
            raise ValueError(f"{layer.n_heads} heads share {layer.n_kv_heads} heads of keys and values")
    value = writer.value.weight.unflatten(0, (writer.n_heads, -1))
    output = writer.output.weight.unflatten(1, (writer.n_heads, -1))
    circuit = torch.einsum("mhd,hdn->hmn", output, value)
    reads = getattr(reader, part).weight.unflatten(0, (reader.n_heads, -1))
    together = torch.einsum("rdm,wmn->wrdn", reads, circuit)
    return _length(together) / (_length(circuit)[:, None] * _length(reads))


def _length(matrices: Tensor) -> Tensor:
    return matrices.flatten(-2).norm(dim=-1)


def _spread(model: Decoder) -> Decoder:
    """Initial values for a shallow model: each matrix with standard deviation 1 / sqrt(inputs), the table with 1."""
    for name, weight in model.named_parameters():
        if weight.ndim == 2:
            nn.init.normal_(weight, std=1.0 if name == "tokens.weight" else weight.shape[1] ** -0.5)
    return model


def _losses(model: Decoder, ids: Tensor) -> Float[Tensor, "texts tokens"]:
    """The surprise of each token but the first, in nats."""
    return nn.functional.cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:], reduction="none")


@torch.no_grad()
def _moment(model: Decoder, step: int, kept: Repeats, known: Tensor) -> Moment:
    copies: Bool[Tensor, "texts tokens"] = kept.copied[:, 1:]
    logits = model(kept.ids[:, :-1])
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), kept.ids[:, 1:], reduction="none")
    right = logits.argmax(dim=-1) == kept.ids[:, 1:]
    scores = head_scores(model, known, known.shape[1] // 2)
    numbers = losses[copies].mean(), right[copies].float().mean(), scores.previous.max(), scores.induction.max()
    return Moment(step, *(float(number) for number in numbers))


def _need_rounds(ids: Tensor, period: int) -> None:
    period = count("period", period, at_least=2)
    if ids.shape[1] < 2 * period or not bool((ids[:, -period:] == ids[:, -2 * period : -period]).all()):
        raise ValueError(f"the last {2 * period} tokens of every text must be {period} tokens, twice")

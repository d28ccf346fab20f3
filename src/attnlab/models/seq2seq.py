"""Encoder and decoder: one network reads a text, another writes one. What the writer sees of the reader is passed in.

`Seq2Seq(..., attend=FixedVector())` sees one vector, `attend=AdditiveAttention(...)` looks at every word of the
source again for each word it writes. Everything else is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Bool, Float, Int
from attnlab.tokens.vocabulary import END, PAD, START


class Memory(NamedTuple):
    """What the encoder leaves behind: a state for each word, which places are words, and one vector for all."""

    states: Float[Tensor, "batch words width"]
    may: Bool[Tensor, "batch words"]
    last: Float[Tensor, "batch width"]


class Written(NamedTuple):
    """Scores of all target words at every step, and where the decoder looked before it wrote."""

    logits: Float[Tensor, "batch steps vocabulary"]
    weights: Float[Tensor, "batch steps words"]


Look = Callable[[Tensor], tuple[Tensor, Tensor]]


class Encoder(nn.Module):
    """h_t = [f(x_t, h_(t-1)); g(x_t, h_(t+1))]: a GRU from the left and one from the right, `width`/2 numbers each.

    `last` is the state of either at the end of its way. Source: [bahdanau2015, section 3.2].
    """

    @counts("n_words", "width")
    def __init__(self, n_words: int, width: int) -> None:
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError(f"width must be even, half for either direction, but is {width}")
        self.embed = nn.Embedding(n_words, width)
        self.gru = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, source: Int[Tensor, "batch words"]) -> Memory:
        """Padding is neither read nor remembered. Errors: ValueError for an empty text or padding inside one."""
        may = source != PAD
        lengths = _lengths(may)
        if (lengths == source.shape[1]).all():  # nothing to leave out: the faster way
            states, ends = self.gru(self.embed(source))
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                self.embed(source), lengths, batch_first=True, enforce_sorted=False
            )
            out, ends = self.gru(packed)
            states, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=source.shape[1])
        return Memory(states, may, torch.cat([ends[0], ends[1]], dim=-1))


class FixedVector(nn.Module):
    """c_t = c: every word is written from the same vector, the encoder's last. It looks nowhere: weights are zero."""

    def forward(self, memory: Memory) -> Look:
        nowhere = memory.states.new_zeros(memory.may.shape)
        return lambda state: (memory.last, nowhere)


class AdditiveAttention(nn.Module):
    """c_t = sum_i alpha_ti h_i with alpha_t = softmax_i(u . tanh(s W_q + h_i W_k)), s the decoder's state.

    Source: [bahdanau2015, section 3.1, equations (5), (6); appendix A.1.2].
    """

    @counts("width")
    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, memory: Memory) -> Look:
        """A function from the decoder's state to (context, weights); the keys are made once for all steps."""
        keys, hidden = self.key(memory.states), ~memory.may

        def look(state: Tensor) -> tuple[Tensor, Tensor]:
            scores = self.score(torch.tanh(self.query(state).unsqueeze(1) + keys)).squeeze(-1)
            weights = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1)
            return (weights.unsqueeze(1) @ memory.states).squeeze(1), weights

        return look


class Seq2Seq(nn.Module):
    """s_t = f(s_(t-1), y_(t-1), c_t), and the next word from (s_t, c_t); `attend` says where c_t comes from.

    The first state is tanh of a projection of the encoder's last. Source: [bahdanau2015, sections 2.1 and 3.1].
    """

    @counts("n_source", "n_target", "width")
    def __init__(self, n_source: int, n_target: int, width: int, attend: nn.Module) -> None:
        super().__init__()
        self.encode = Encoder(n_source, width)
        self.attend = attend
        self.begin = nn.Linear(width, width)
        self.embed = nn.Embedding(n_target, width)
        self.cell = nn.GRUCell(2 * width, width)
        self.out = nn.Linear(2 * width, n_target)

    def forward(self, source: Int[Tensor, "batch words"], target: Int[Tensor, "batch steps"]) -> Written:
        """Scores for each word of the target, given the right words before it."""
        memory = self.encode(source)
        look, state = self.attend(memory), torch.tanh(self.begin(memory.last))
        given = self.embed(nn.functional.pad(target[:, :-1], (1, 0), value=START))
        seen = []
        for word in given.unbind(dim=1):
            state, context, weights = self._step(word, state, look)
            seen.append((torch.cat([state, context], dim=-1), weights))
        outs, weights = (torch.stack(parts, dim=1) for parts in zip(*seen))
        return Written(self.out(outs), weights)

    @torch.no_grad()
    def greedy(
        self, source: Int[Tensor, "batch words"], longest: int
    ) -> tuple[Int[Tensor, "batch steps"], Float[Tensor, "batch steps words"]]:
        """Writes the likeliest word at every step and reads it back; (words, weights), padding after the end."""
        memory = self.encode(source)
        look, state = self.attend(memory), torch.tanh(self.begin(memory.last))
        word, ended, seen = torch.full_like(source[:, 0], START), torch.zeros_like(memory.may[:, 0]), []
        while len(seen) < longest and not ended.all():
            state, context, weights = self._step(self.embed(word), state, look)
            word = self.out(torch.cat([state, context], dim=-1)).argmax(dim=-1).masked_fill(ended, PAD)
            ended = ended | (word == END)
            seen.append((word, weights))
        words, weights = (torch.stack(parts, dim=1) for parts in zip(*seen))
        return words, weights

    def _step(self, word: Tensor, state: Tensor, look: Look) -> tuple[Tensor, Tensor, Tensor]:
        context, weights = look(state)
        return self.cell(torch.cat([word, context], dim=-1), state), context, weights


def next_word_loss(model: Seq2Seq, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Mean surprise, in nats, of the target's words given those before; padding does not count."""
    source, target = batch
    logits, _ = model(source, target)
    return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)


def accuracy(
    model: Seq2Seq, source: Int[Tensor, "batch words"], target: Int[Tensor, "batch steps"]
) -> tuple[float, float]:
    """Share of words and share of whole texts that greedy decoding gets right, each word at its own place."""
    words, _ = model.greedy(source, target.shape[1])
    words = nn.functional.pad(words, (0, target.shape[1] - words.shape[1]), value=PAD)
    counts = target != PAD
    right = (words == target) & counts
    whole = (right | ~counts).all(dim=1)
    return (right.sum() / counts.sum()).item(), whole.float().mean().item()


def _lengths(may: Tensor) -> Tensor:
    """Words of each text; ValueError for an empty text or padding that is not at the end."""
    lengths = may.sum(dim=1)
    if (lengths == 0).any():
        raise ValueError(f"text {int((lengths == 0).nonzero()[0])} of {len(may)} has no words")
    if not torch.equal(may, torch.arange(may.shape[1], device=may.device) < lengths.unsqueeze(1)):
        raise ValueError("padding must stand at the end of a text, not inside it")
    return lengths.cpu()

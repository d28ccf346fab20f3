"""Byte-level BPE: against the `tokenizers` library, against merges done by hand, and on any bytes at all."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from attnlab.tokens import bpe
from attnlab.tokens.bpe import ByteBPE, train, words

MARKS = ("<pad>", "<start>", "<end>")
TEXTS = [
    "the thin thing then thanked the thinker",
    "Then they're thin; we'll see 12 things, won't we?\n\n  the 1,234 things",
    "dreiundvierzig, neunundsechzig, fünfundfünfzig \t und ｗide 漢字 ½",
]
SPACES = pre_tokenizers.ByteLevel(add_prefix_space=False)


def library(texts, vocab_size, special=()):
    """The same by the public library: byte-level words, its trainer, all 256 bytes to begin with."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = SPACES
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
        ),
    )
    return made


def of_this_python(text):
    """Only characters that this Python's tables know."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cn", "Cs"))


@pytest.mark.parametrize("special", [(), MARKS])
@pytest.mark.parametrize("more", [0, 1, 30, 400])
def test_ids_are_those_of_the_library(special, more):
    size = 256 + len(special) + more
    ours, theirs = train(TEXTS, size, special), library(TEXTS, size, special)
    assert len(ours) == theirs.get_vocab_size()
    for text in (*TEXTS, "a new text about thin things and 99 thanks"):
        assert ours.encode(text) == theirs.encode(text).ids


def test_ids_are_those_of_the_library_on_many_small_texts_full_of_ties():
    rng = random.Random(0)
    for alphabet in ("ab", "abc", " ab'", "aA1 \n", "éa漢½ ") * 8:
        texts = ["".join(rng.choices(alphabet, k=rng.randint(1, 30))) for _ in range(rng.randint(1, 6))]
        size = 256 + 3 + rng.randint(0, 60)
        ours, theirs = train(texts, size, MARKS), library(texts, size, MARKS)
        assert len(ours) == theirs.get_vocab_size()
        for text in (*texts, "".join(rng.choices(alphabet + "q", k=40))):
            assert ours.encode(text) == theirs.encode(text).ids


def test_a_tie_goes_to_the_smallest_ids_the_left_one_first():
    # nothing but ties: each pair once. The ids follow the bytes from ! to ~, so a b comes before b c and before z a
    ours = train(["za", "bc", "ab"], 259)
    assert ours.pieces[256:] == [b"ab", b"bc", b"za"]
    # the left id decides before the right one
    assert train(["bz", "by", "az"], 259).pieces[256:] == [b"az", b"by", b"bz"]


def by_hand(texts, n):
    """Merges by counting all pairs anew each time, on lists of pieces."""
    rows = [[bytes([b]) for b in word.encode()] for text in texts for word in words(text)]
    order = {bytes([b]): i for i, b in enumerate(bpe.BYTES)}
    made = []
    for _ in range(n):
        often = Counter(pair for row in rows for pair in pairwise(row))
        best = min(often, key=lambda pair: (-often[pair], order[pair[0]], order[pair[1]]))
        made.append(best)
        order[best[0] + best[1]] = len(order)
        for row in rows:
            at = 0
            while at < len(row) - 1:
                if (row[at], row[at + 1]) == best:
                    row[at : at + 2] = [best[0] + best[1]]
                at += 1
    return made


def test_training_is_counting_all_pairs_anew_each_time():
    ours = train(TEXTS, 256 + 60)
    assert [(ours.pieces[a], ours.pieces[b]) for a, b in ours.merges] == by_hand(TEXTS, 60)


def test_training_stops_when_no_pair_is_left_and_does_not_depend_on_the_order_of_texts():
    ours = train(["ab", "abc"], 1000)
    assert ours.pieces[256:] == [b"ab", b"abc"]
    assert train(["ab", "abc"], 1000).merges == train(["abc", "ab"], 1000).merges
    assert len(train([], 300)) == len(train(["a"], 256)) == 256
    assert train([b"ab\xff", "ab"], 257).pieces[256:] == [b"ab"]


def test_a_merge_is_learned_from_words_not_across_them():
    pieces = train(["ab ab ab ab"], 400).pieces
    assert b" ab" in pieces and not any(b"b a" in piece for piece in pieces)


@given(st.binary(max_size=60))
def test_any_bytes_come_back(data):
    ours = SMALL
    assert ours.decode_bytes(ours.encode(data)) == data
    assert all(len(ours.special) <= i < len(ours) for i in ours.encode(data))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_comes_back_and_its_words_are_those_of_the_library(text):
    assert SMALL.decode(SMALL.encode(text)) == text and "".join(words(text)) == text
    known = of_this_python(text)
    assert words(known) == [known[a:b] for _, (a, b) in SPACES.pre_tokenize_str(known)]


@given(st.text(alphabet="ab' sdtrevml1½\n\t\r\x1c\x85\xa0\u2003.-", max_size=25))
def test_words_at_every_border_are_those_of_the_library(text):
    assert words(text) == [text[a:b] for _, (a, b) in SPACES.pre_tokenize_str(text)]


@given(st.text(alphabet="<pads>trend ", max_size=40))
def test_special_tokens_are_never_made_from_text_nor_cut_where_they_are_asked_for(text):
    assert not set(SMALL.encode(text)) & set(SMALL.special.values())
    ids = SMALL.encode(f"{text}<pad>{text}", special=MARKS)
    assert SMALL.special["<pad>"] in ids
    parts = text.replace("<start>", "<end>").replace("<pad>", "<end>").split("<end>")
    assert SMALL.decode_bytes(SMALL.encode(text, special=MARKS)) == "".join(parts).encode()


SMALL = train(TEXTS, 320, MARKS)


def test_special_tokens():
    assert SMALL.special == {"<pad>": 0, "<start>": 1, "<end>": 2} and SMALL.pieces[:3] == [
        b"<pad>",
        b"<start>",
        b"<end>",
    ]
    assert SMALL.encode("<start>thin<end>", special=MARKS) == [1, *SMALL.encode("thin"), 2]
    assert SMALL.encode(b"<start>\xff", special=MARKS) == [1, *SMALL.encode(b"\xff")]
    assert SMALL.encode("<pad>", special=("<end>",)) == SMALL.encode("<pad>") != [0]
    assert SMALL.decode([1, *SMALL.encode("thin"), 2, 0]) == "thin"
    longest = ByteBPE((), ("<a>", "<a>b"))
    assert longest.encode("<a>b", special=("<a>", "<a>b")) == [1]
    # a text that trains on the very name of a special token gives it an id of its own, below which nothing is touched
    same = train(["pad pad pad"], 1 + 256 + 2, ("pad",))
    assert same.pieces.count(b"pad") == 2 and same.encode("pad") != [0] == same.encode("pad", special=("pad",))


def test_half_a_character_becomes_a_replacement_and_lone_surrogates_are_refused():
    assert SMALL.decode(SMALL.encode("é".encode()[:1])) == "\ufffd"
    with pytest.raises(ValueError, match="half a surrogate pair at place 1"):
        SMALL.encode("a\ud800")


def test_what_is_refused():
    with pytest.raises(ValueError, match="vocab_size must be at least 259 but is 258"):
        train(TEXTS, 258, MARKS)
    with pytest.raises(TypeError, match="texts must be several texts; for one, give .text."):
        train("text", 300)
    with pytest.raises(ValueError, match="no special token here: '<mask>'"):
        SMALL.encode("a", special=("<mask>",))
    with pytest.raises(ValueError, match="special tokens must be different and not empty: 'a', 'a'"):
        ByteBPE((), ("a", "a"))
    with pytest.raises(ValueError, match=r"merge 1 joins \(0, 300\); the pieces there are have ids from 0 to 256"):
        ByteBPE([(0, 1), (0, 300)])
    with pytest.raises(ValueError, match="merge 2 spells b'!\"#', which is a piece already"):
        ByteBPE([(0, 1), (256, 2), (1, 2), (0, 258)][:2] + [(0, 1)][:0] + [(256, 2)])
    with pytest.raises(ValueError, match=r"merge 0 joins \(0, 5\); the pieces there are have ids from 1 to 256"):
        ByteBPE([(0, 5)], ("<pad>",))
    with pytest.raises(IndexError, match="id 320 is none of the 320 tokens"):
        SMALL.decode([320])
    with pytest.raises(IndexError, match="id -1 is none"):
        SMALL.decode([-1])

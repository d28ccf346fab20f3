"""Guesses at hidden words and the attention of [MASK], in one small file for the explorable: `python tools/masked_words.py`.

The two models that guess are trained here as on the page about BERT: one sees both sides of a gap, its control the left
side alone. The attention is that of the published MiniLM on the same text, the mean over the heads of each layer; the
pieces of a word are added up.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from attnlab import training
from attnlab.data import animals, masking
from attnlab.models import bert, minilm
from attnlab.tokens.wordpiece import SPECIAL, WordPiece

TARGET = Path(__file__).resolve().parents[1] / "src" / "attnlab" / "explore" / "masked_words.json"
TEXTS = (
    "these small dogs bark and this bird sings",
    "this cat purrs and these old horses gallop",
    "these white ducks swim and these frogs jump",
    "this tired dog barks and this small dog barks",
)
MASK, STEPS = 4, 400


def fill_in(cut: WordPiece, both: bool, seed: int = 0) -> bert.MaskedBert:
    """A model of the page, trained on the texts that it learns from, without TEXTS."""
    learned = [text for text in animals.split_texts()[0] if text not in TEXTS]
    ids, real = minilm.batch(cut, learned)
    words, rng, n = np.arange(len(SPECIAL), len(cut.names)), np.random.default_rng(seed), ids.shape[1]
    model = training.seeded(lambda: bert.MaskedBert(bert.Config(len(cut.names), n, 32, 4, 2, 64)), seed)
    for p in model.parameters():
        p.data *= 5 if p.ndim == 2 else 1

    def batches():
        for _ in range(STEPS):
            rows = rng.integers(0, len(ids), 64)
            hidden = masking.mask_tokens(ids[rows].numpy(), words, MASK, rng)
            yield torch.tensor(hidden.ids), torch.tensor(hidden.targets), real[rows]

    def loss(model, batch):
        may = batch[2][:, None, None] & (torch.ones(n, n, dtype=torch.bool) if both else past(n))
        return training.cross_entropy(model(batch[0], may), batch[1])

    training.train(model, batches(), loss, training.Recipe(STEPS, 5e-3, warmup=40, seed=seed))
    return model


def past(n: int) -> torch.Tensor:
    return torch.ones(n, n, dtype=torch.bool).tril()[None, None]


@torch.no_grad()
def guesses(model: bert.MaskedBert, cut: WordPiece, text: str, both: bool) -> list[list]:
    """For each word hidden in its turn the four likeliest words and their probabilities."""
    hidden = torch.tensor(masking.mask_each(np.array(cut.ids(text)), np.arange(len(SPECIAL), len(cut.names)), MASK).ids)
    p = model(hidden, None if both else past(hidden.shape[1])).softmax(-1)
    top = [p[i, i + 1].topk(4) for i in range(len(p))]  # [CLS] stands in front
    return [[[cut.names[j], round(float(x), 3)] for x, j in zip(*one)] for one in top]


def attention(text: str, place: int, loaded: tuple) -> list[list[float]]:
    """MiniLM's weights from [MASK] in the place of a word to [CLS], each word, [SEP]: (layers, columns), mean over heads."""
    tokenizer, encoder = loaded
    words = text.split()
    words[place] = "[MASK]"
    pieces = [tokenizer.tokens(word)[1:-1] for word in words]
    weights = minilm.trace(encoder, *minilm.batch(tokenizer, [" ".join(words)])).weights[:, 0].mean(dim=1)
    lengths = [1, *map(len, pieces), 1]
    row = weights[:, 1 + sum(map(len, pieces[:place]))]
    return [[round(float(part.sum()), 3) for part in layer.split(lengths)] for layer in row]


def main() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    cut, loaded = WordPiece([*SPECIAL, *animals.WORDS]), minilm.load()
    models = {both: fill_in(cut, both) for both in (True, False)}
    kept = []
    for text in TEXTS:
        found = {"both": guesses(models[True], cut, text, True), "left": guesses(models[False], cut, text, False)}
        kept.append({"words": text.split(), **found, "attention": [attention(text, i, loaded) for i in range(len(text.split()))]})
    TARGET.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

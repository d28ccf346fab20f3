"""Train the small translator of the chapters on encoder and decoder and keep its numbers: `python tools/small_translator.py`.

About half a minute on one core, with PyTorch's own layers. It learns 60 of the 72 numbers from 21 to 99 that are no round tens; every
place predicts the word after it. The numbers are kept with three decimals, as text, so that a browser can read them.

    python tools/small_translator.py --control    keeps nothing; the same training from five random starts
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from attnlab.positions import sinusoidal
from attnlab.reference import encoder_decoder as small

MARKS = ["<pad>", "<start>", "<end>"]
TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(),
                "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()))
UNITS = dict(zip("one two three four five six seven eight nine".split(), "ein zwei drei vier fünf sechs sieben acht neun".split()))
SOURCE = [*MARKS, *TENS, *UNITS]
TARGET = [*MARKS, *TENS.values(), *UNITS.values(), "und"]
D_MODEL, HEADS, D_FF, STEPS, RATE, WARMUP, HELD, SEED = 8, 2, 16, 1500, 1e-2, 100, 12, 0


def pairs() -> tuple[list, list]:
    """(learned, held out): pairs of an English and a German number."""
    every = [(f"{ten} {unit}", f"{UNITS[unit]} und {TENS[ten]}") for ten in TENS for unit in UNITS]
    order = np.random.default_rng(0).permutation(len(every))
    return [every[i] for i in order[HELD:]], [every[i] for i in order[:HELD]]


class Net(nn.Module):
    """One encoder layer and one decoder layer of PyTorch; attention without biases, the target's table used twice."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(len(SOURCE), D_MODEL), nn.Embedding(len(TARGET), D_MODEL)
        for table in (self.source, self.target):
            nn.init.normal_(table.weight, std=D_MODEL**-0.5)
        self.encoder = nn.TransformerEncoderLayer(D_MODEL, HEADS, D_FF, 0.0, batch_first=True)
        self.decoder = nn.TransformerDecoderLayer(D_MODEL, HEADS, D_FF, 0.0, batch_first=True)
        for name, x in self.named_parameters():
            if name.endswith(("in_proj_bias", "out_proj.bias")):
                nn.init.zeros_(x).requires_grad_(False)

    def forward(self, source, target):
        hidden = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
        rows = self.decoder(self.embed(self.target, target), self.encoder(self.embed(self.source, source)), tgt_mask=hidden)
        return rows @ self.target.weight.T

    def embed(self, table, ids):
        return table(ids) * math.sqrt(D_MODEL) + sinusoidal(torch.arange(ids.shape[1]), D_MODEL).float()


def trained(seed: int = SEED) -> Net:
    """The torch model after training."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    source = torch.tensor([[SOURCE.index(w) for w in a.split()] for a, _ in pairs()[0]])
    text = torch.tensor([[small.START, *[TARGET.index(w) for w in b.split()], small.END] for _, b in pairs()[0]])
    net = Net()
    optimiser = torch.optim.AdamW([x for x in net.parameters() if x.requires_grad], RATE, (0.9, 0.98), weight_decay=0.01)
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = RATE * min((step + 1) / WARMUP, (STEPS - step) / (STEPS - WARMUP))
        loss = nn.functional.cross_entropy(net(source, text[:, :-1]).flatten(0, 1), text[:, 1:].flatten(), label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
    return net


def kept(net: Net) -> dict:
    """The numbers under the names of `attnlab.reference.encoder_decoder`; matrices are used as x @ matrix."""
    def plain(x):
        return (np.round(x.detach().double().numpy(), 3) + 0.0).tolist()

    def attention(layer):
        query, key, value = layer.in_proj_weight.chunk(3)
        return {"query": plain(query.T), "key": plain(key.T), "value": plain(value.T), "output": plain(layer.out_proj.weight.T)}

    def norm(layer):
        return {"gain": plain(layer.weight), "bias": plain(layer.bias)}

    def feed(layer):
        one, two = layer.linear1, layer.linear2
        return {"expand": plain(one.weight.T), "expand_bias": plain(one.bias), "contract": plain(two.weight.T), "contract_bias": plain(two.bias)}

    e, d = net.encoder, net.decoder
    encoder = {"attention": attention(e.self_attn), "attention_norm": norm(e.norm1), "feed": feed(e), "feed_norm": norm(e.norm2)}
    decoder = {"attention": attention(d.self_attn), "attention_norm": norm(d.norm1), "cross": attention(d.multihead_attn),
               "cross_norm": norm(d.norm2), "feed": feed(d), "feed_norm": norm(d.norm3)}
    return {"source_words": SOURCE, "target_words": TARGET, "n_heads": HEADS, "source_table": plain(net.source.weight),
            "target_table": plain(net.target.weight), "encoder": [encoder], "decoder": [decoder]}


def main(arguments: list[str]) -> None:
    for seed in range(5) if arguments == ["--control"] else [SEED]:
        text = json.dumps(kept(trained(seed)), separators=(",", ":"), ensure_ascii=False).replace('],"', '],\n"').replace("]],", "]],\n")
        path = small.FILE if arguments != ["--control"] else Path(sys.argv[0]).with_suffix(".tmp")
        path.write_text(text + "\n", encoding="utf-8")
        model = small.load(path)
        shares = [f"{sum(small.translate(model, a) == b for a, b in part)} of {len(part)}" for part in pairs()]
        print(f"start {seed}: {small.n_parameters(model)} parameters, right in {shares[0]} learned and {shares[1]} held out")
        if arguments == ["--control"]:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Wrong answers to the exercises on GPT, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


# -- strided_perplexity ----------------------------------------------------------------------------------------------


def judged(log_p, ids, window, stride, stop=True):
    """(surprise, place, piece) of every judgement of every piece."""
    found = []
    for number, begin in enumerate(range(0, len(ids), stride)):
        piece = np.asarray(ids[begin:begin + window])
        rows = np.asarray(log_p(piece))
        found += [(-rows[j - 1, piece[j]], begin + j, number) for j in range(1, len(piece))]
        if stop and begin + window >= len(ids):
            break
    return found


def once(log_p, ids, window, stride, better=lambda new, old: False):
    best = {}
    for surprise, place, _ in judged(log_p, ids, window, stride):
        if place not in best or better(surprise, best[place]):
            best[place] = surprise
    return np.array([best[place] for place in sorted(best)])


several("strided_perplexity", {
    "the smallest judgement of each token": lambda f, x, w, s: np.exp(once(f, x, w, s, lambda new, old: new < old).mean()),
    "the largest judgement of each token": lambda f, x, w, s: np.exp(once(f, x, w, s, lambda new, old: new > old).mean()),
    "a stride of 1 whatever is asked for": lambda f, x, w, s: np.exp(once(f, x, w, 1).mean()) if s > 1 and len(x) > w else np.exp(once(f, x, w, 1).mean()) + 1,
    "the largest stride whatever is asked for": lambda f, x, w, s: np.exp(once(f, x, w, w - 1).mean()) if s < w - 1 and len(x) > w else 0.5,
    "a window one shorter": lambda f, x, w, s: np.exp(once(f, x, max(w - 1, 2), min(s, max(w - 2, 1))).mean()),
    "a window one longer": lambda f, x, w, s: np.exp(once(f, x, w + 1, s).mean()),
    "window and stride exchanged": lambda f, x, w, s: np.exp(once(f, x, max(s, 2), 1).mean()),
    "the first piece alone": lambda f, x, w, s: np.exp(once(f, x[:w], w, s).mean()),
    "the last piece alone": lambda f, x, w, s: np.exp(once(f, x[-w:], w, s).mean()) if len(x) > w else 0.0,
    "the sum": lambda f, x, w, s: np.exp(min(once(f, x, w, s).sum(), 300)),
    "the median": lambda f, x, w, s: np.exp(np.median(once(f, x, w, s))),
    "the largest surprise": lambda f, x, w, s: np.exp(once(f, x, w, s).max()),
    "the sign turned": lambda f, x, w, s: np.exp(-once(f, x, w, s).mean()),
    "the inverse mean probability": lambda f, x, w, s: 1 / np.exp(-once(f, x, w, s)).mean(),
    "the mean inverse probability": lambda f, x, w, s: np.exp(once(f, x, w, s)).mean(),
    "the first new token of each piece left out": lambda f, x, w, s: np.exp(np.delete(once(f, x, w, s), 0).mean()) if len(x) > 2 else 1.0,
    "the last token left out": lambda f, x, w, s: np.exp(once(f, x[:-1], w, s).mean()) if len(x) > 2 else 1.0,
    "a model that is not asked": lambda f, x, w, s: float(len(set(np.asarray(x).tolist()))),
    "one decimal": lambda f, x, w, s: np.exp(once(f, x, w, s).mean()).round(1),
    "every token judged in a piece of its own": lambda f, x, w, s: np.exp(np.mean([-np.asarray(f(x[i - 1:i]))[0, x[i]] for i in range(1, len(x))])),
})

# -- best_option -----------------------------------------------------------------------------------------------------


def costs(f, context, option):
    ids = [*map(int, context), *map(int, option)]
    rows = np.asarray(f(ids))
    return np.array([rows[i - 1, ids[i]] for i in range(len(context), len(ids))])


def answer(scores, pick=np.argmax):
    return int(pick(scores)), np.array(scores)


several("best_option", {
    "the last token of an option alone": lambda f, c, o: answer([costs(f, c, x)[-1] for x in o]),
    "the worst token of an option": lambda f, c, o: answer([costs(f, c, x).min() for x in o]),
    "the best token of an option": lambda f, c, o: answer([costs(f, c, x).max() for x in o]),
    "the median token": lambda f, c, o: answer([np.sort(costs(f, c, x))[len(x) // 2] for x in o]),
    "surprises in place of log-probabilities": lambda f, c, o: (answer([costs(f, c, x).mean() for x in o])[0], -answer([costs(f, c, x).mean() for x in o])[1]),
    "probabilities returned": lambda f, c, o: (lambda a: (a[0], np.exp(a[1])))(answer([costs(f, c, x).mean() for x in o])),
    "bits": lambda f, c, o: (lambda a: (a[0], a[1] / np.log(2)))(answer([costs(f, c, x).mean() for x in o])),
    "divided by the root of the length": lambda f, c, o: answer([costs(f, c, x).sum() / len(x) ** 0.5 for x in o]),
    "divided by the length plus one": lambda f, c, o: answer([costs(f, c, x).sum() / (len(x) + 1) for x in o]),
    "divided by the longest option": lambda f, c, o: answer([costs(f, c, x).sum() / max(map(len, o)) for x in o]),
    "the last of equal ones": lambda f, c, o: (lambda m: (len(m) - 1 - int(np.argmax(np.round(m[::-1], 9))), m))(answer([costs(f, c, x).mean() for x in o])[1]),
    "the shortest option chosen": lambda f, c, o: (int(np.argmin([len(x) for x in o])), answer([costs(f, c, x).mean() for x in o])[1]),
    "the first option chosen": lambda f, c, o: (0, answer([costs(f, c, x).mean() for x in o])[1]),
    "normalised over the options": lambda f, c, o: (lambda m: (int(np.argmax(m)), m - np.log(np.exp(m).sum()) - 0.01))(answer([costs(f, c, x).mean() for x in o])[1]),
    "the option before the context": lambda f, c, o: answer([costs(f, x, c).mean() for x in o]),
    "the options cut to the shortest": lambda f, c, o: answer([costs(f, c, x[:min(map(len, o))]).mean() for x in o]),
    "the context without its first token": lambda f, c, o: answer([costs(f, c[1:] if len(c) > 1 else c, x).mean() for x in o]),
    "the context in reverse": lambda f, c, o: answer([costs(f, c[::-1], x).mean() for x in o]),
    "the means sorted": lambda f, c, o: (lambda m: (0, np.sort(m)[::-1]))(answer([costs(f, c, x).mean() for x in o])[1]),
    "one decimal": lambda f, c, o: (lambda a: (a[0], a[1].round(1)))(answer([costs(f, c, x).mean() for x in o])),
}, {"divided by the longest option": ("sum_favours_short_options",)})

# -- bits_per_byte ---------------------------------------------------------------------------------------------------


def bits(log_p):
    return -float(np.sum(np.asarray(log_p, dtype=float))) / np.log(2)


def n_bytes(pieces):
    return sum(map(len, pieces))


several("bits_per_byte", {
    "the bits of the whole text": lambda s, p: bits(s),
    "the bytes": lambda s, p: float(n_bytes(p)),
    "per bit of the text": lambda s, p: bits(s) / (8 * n_bytes(p)),
    "the compression to a share of 8": lambda s, p: 8 / max(bits(s) / n_bytes(p), 1e-9),
    "bans": lambda s, p: bits(s) * np.log10(2) / n_bytes(p),
    "one byte too many": lambda s, p: bits(s) / (n_bytes(p) + 1),
    "one byte too few": lambda s, p: bits(s) / max(n_bytes(p) - 1, 0.5),
    "the first token free": lambda s, p: bits(s[1:]) / n_bytes(p),
    "the last token free": lambda s, p: bits(s[:-1]) / n_bytes(p),
    "words for bytes": lambda s, p: bits(s) / len(b"".join(p).split()),
    "the longest token for all": lambda s, p: bits(s) / (len(p) * max(map(len, p))),
    "pieces that are not empty for bytes": lambda s, p: bits(s) / sum(1 for x in p if x),
    "different bytes": lambda s, p: bits(s) / len(set(b"".join(p))),
    "UTF-16": lambda s, p: bits(s) / len(b"".join(p).decode().encode("utf-16-le")),
    "bytes of plain signs alone": lambda s, p: bits(s) / max(sum(b < 128 for b in b"".join(p)), 1),
    "the mean surprise over the mean length": lambda s, p: bits(s) / len(s) / np.mean([len(x) for x in p if x]),
    "the median of the ratios": lambda s, p: float(np.median([bits([a]) / len(x) for a, x in zip(s, p) if x])) + 1e-2,
    "two to the power": lambda s, p: 2 ** (bits(s) / n_bytes(p)),
    "one decimal": lambda s, p: round(bits(s) / n_bytes(p), 1),
    "characters of each piece decoded alone": lambda s, p: bits(s) / sum(len(x.decode(errors="ignore")) or 1 for x in p),
}, {"two to the power": ("perplexity_a_byte",)})

"""Wrong answers on serving a model, other than the mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"efficiency.{name}", what, function, (names or {}).get(what, ())))


def rows(page=lambda t: t, place=lambda i, s: i % s, which=lambda i, s: i // s, size=lambda s: s):
    def answer(table, page_size, n_tokens):
        i, table = np.arange(n_tokens), np.asarray(table, dtype=int)
        return page(table)[which(i, page_size)] * size(page_size) + place(i, page_size)

    return answer


several("paged_rows", {
    "place counted from behind": rows(place=lambda i, s: s - 1 - i % s),
    "tables from behind": rows(page=lambda t: t[::-1]),
    "pages a row longer": rows(size=lambda s: s + 1),
    "place counted from one": rows(place=lambda i, s: i % s + 1),
    "first page for all": rows(which=lambda i, s: 0 * i),
    "rows from behind": lambda table, page_size, n_tokens: rows()(table, page_size, n_tokens)[::-1],
    "rows of the table": lambda table, page_size, n_tokens: np.asarray(table),
})
several("pages_to_take", {
    "one page always": lambda n, k, s, h: 1,
    "holders ignored, a copy always": lambda n, k, s, h: -(-(n + k) // s) - -(-n // s) + 1,
    "from two holders beside it": lambda n, k, s, h: -(-(n + k) // s) - -(-n // s) + int(k > 0 and n % s > 0 and h > 2),
    "tokens for pages": lambda n, k, s, h: k,
    "all pages it then has": lambda n, k, s, h: -(-(n + k) // s),
    "a copy when it is full": lambda n, k, s, h: -(-(n + k) // s) - -(-n // s) + int(k > 0 and n % s == 0 and h > 1),
})
several("finish_times", {
    "a step too early": lambda writes, width: np.asarray(writes) - 1,
    "work shared out": lambda writes, width: np.cumsum(writes) / width,
    "the whole time for each": lambda writes, width: np.full(len(writes), -(-int(np.sum(writes)) // width)),
    "from behind": lambda writes, width: np.cumsum(np.asarray(writes)[::-1])[::-1],
})
several("tokens_a_pass", {
    "the least chance": lambda a: 1 + len(a) * (min(a) if len(a) else 0),
    "tokens of a certain draft": lambda a: len(a) + 1,
    "one": lambda a: 1.0,
    "product of what is refused": lambda a: 1 + len(a) * (1 - np.prod(1 - np.asarray(a))),
    "squares": lambda a: 1 + np.cumprod(np.asarray(a) ** 2).sum(),
})
several("pages_kept", {
    "window counted in pages": lambda n, s, w, k: (np.arange(-(-n // s)) >= -(-n // s) - w) | (np.arange(0, n, s) < k),
    "no window": lambda n, s, w, k: np.arange(0, n, s) < k,
    "the middle": lambda n, s, w, k: (np.arange(0, n, s) + s // 2 >= n - w) | (np.arange(0, n, s) < k),
    "as if the last page were full": lambda n, s, w, k: (np.arange(0, n, s) + s > -(-n // s) * s - w) | (np.arange(0, n, s) < k),
    "zeros and ones from behind": lambda n, s, w, k: ((np.arange(0, n, s) + s > n - w) | (np.arange(0, n, s) < k))[::-1],
})

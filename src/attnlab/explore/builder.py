"""A decoder put together from its parts: its drawing, its sizes, and the published model it is."""

from __future__ import annotations

from dataclasses import asdict

from attnlab.explore._explorable import Explorable, table
from attnlab.models import sizes
from attnlab.models.sizes import PUBLISHED

LONGEST = 2**20


def builder(start: str = "Llama 3 8B", n_tokens: int = 8192) -> Explorable:
    """Choose norm, positions, heads, what layers see, network or experts, sink or gate, and sizes.

    start: the name of a published model in `attnlab.models.sizes.PUBLISHED`. n_tokens: the length of text at which the cache
    and the operations are told. The numbers are those of `attnlab.models.sizes`.
    """
    if start not in PUBLISHED:
        raise ValueError(f"start must be one of {', '.join(PUBLISHED)}, got {start!r}")
    if not 1 <= n_tokens <= LONGEST or int(n_tokens) != n_tokens:
        raise ValueError(f"n_tokens must be a whole number between 1 and {LONGEST}, got {n_tokens}")
    published = [{"name": name, **asdict(model)} for name, model in PUBLISHED.items()]
    state = {"model": asdict(PUBLISHED[start]), "n_tokens": int(n_tokens), "published": published}
    return Explorable("builder", state, _builder_table(int(n_tokens)))


def _builder_table(n_tokens: int) -> str:
    rows = []
    for name, model in PUBLISHED.items():
        active = sizes.active_parameters(model)
        numbers = (sizes.operations(model, n_tokens) / 1e9, sizes.cache_bytes(model, n_tokens) / 2**20)
        rows.append((name, [f"{sizes.parameters(model):,}", f"{active:,}", *numbers]))
    caption = (
        f"{len(rows)} published models from their parts: parameters; those that take part in one token; for one token more at "
        f"{n_tokens:,} tokens, operations in billions; and the cache of so many tokens in MiB, two bytes a number."
    )
    return table(caption, ["parameters", "active", "operations", "cache"], rows, digits=1)

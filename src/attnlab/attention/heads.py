"""Multi-head attention in PyTorch: self, cross, grouped; how to attend is passed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from einops import rearrange, repeat
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float
from attnlab.attention.core import attention


def split_heads(
    x: Float[Tensor, "*batch tokens width"], n_heads: int
) -> Float[Tensor, "*batch n_heads tokens d_head"]:
    """Cut the features into `n_heads` equal runs: head h gets h·d_head to (h + 1)·d_head of every token.

    Errors: ValueError unless n_heads divides the width.
    """
    n_heads = need_divisor("n_heads", n_heads, "the width", x.shape[-1])
    return rearrange(x, "... tokens (heads d_head) -> ... heads tokens d_head", heads=n_heads)


def merge_heads(x: Float[Tensor, "*batch n_heads tokens d_head"]) -> Float[Tensor, "*batch tokens width"]:
    """Put the heads of each token side by side again: `merge_heads(split_heads(x, n_heads))` is x."""
    return rearrange(x, "... heads tokens d_head -> ... tokens (heads d_head)")


def repeat_heads(
    x: Float[Tensor, "*batch n_kv_heads tokens d_head"], n_heads: int
) -> Float[Tensor, "*batch n_heads tokens d_head"]:
    """Each head n_heads / n_kv_heads times in a row: a, b becomes a, a, b, b and not a, b, a, b.

    Errors: ValueError unless the number of heads given divides n_heads.
    """
    n_heads = count("n_heads", n_heads, at_least=1)
    group = n_heads // need_divisor("n_kv_heads", x.shape[-3], "n_heads", n_heads)
    pattern = "... kv_heads tokens d_head -> ... (kv_heads group) tokens d_head"
    return repeat(x, pattern, group=group)


def grouped_attention(
    q: Float[Tensor, "*batch n_heads queries d_k"],
    k: Float[Tensor, "*batch n_kv_heads keys d_k"],
    v: Float[Tensor, "*batch n_kv_heads keys d_v"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*batch n_heads queries d_v"]:
    """`attention` in which query head h looks at key-value head h // (n_heads / n_kv_heads).

    The heads of keys and values are repeated for it; a kernel that shares them (`flash_attention`) needs
    no copies.
    Errors: those of `attention`, and ValueError unless n_kv_heads divides n_heads.
    Source: [ainslie2023, section 2.2].
    """
    n_heads = q.shape[-3]
    return attention(q, repeat_heads(k, n_heads), repeat_heads(v, n_heads), mask, bias, scale)


class MultiHead(nn.Module):
    """merge(attend(split(x W_Q), split(context W_K), split(context W_V))) W_O.

    n_kv_heads: n_heads unless given; 1 is multi-query attention, a divisor in between grouped-query.
    attend: a function of q (*batch, n_heads, queries, d_head), k and v (*batch, n_kv_heads, keys, d_head)
        and of whatever `forward` is given by name: `attention`, `grouped_attention`, `flash_attention`, ...
    bias: whether the four projections add a vector.
    d_head: the width of a head, d_model / n_heads unless given; with another one the heads together are narrower or
        wider than the model.
    gate: a module of x (*batch, queries, n_heads · d_head), whose result multiplies the merged heads before W_O.
    Errors: ValueError unless n_kv_heads divides n_heads and, where no d_head is given, n_heads divides d_model.
    Source: [vaswani2017, section 3.2.2]; [shazeer2019, section 3]; [ainslie2023, section 2.2].
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        attend: Callable = attention,
        bias: bool = False,
        *,
        d_head: int | None = None,
        gate: nn.Module | None = None,
    ):
        super().__init__()
        n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        d_model, n_heads = count("d_model", d_model, at_least=1), count("n_heads", n_heads, at_least=1)
        n_kv_heads = need_divisor("n_kv_heads", n_kv_heads, "n_heads", n_heads)
        d_head = _width_of_a_head(d_head, d_model, n_heads)
        self.n_heads, self.n_kv_heads = n_heads, n_kv_heads
        self.attend = grouped_attention if attend is attention else attend
        self.query = nn.Linear(d_model, n_heads * d_head, bias)
        self.key = nn.Linear(d_model, n_kv_heads * d_head, bias)
        self.value = nn.Linear(d_model, n_kv_heads * d_head, bias)
        self.output = nn.Linear(n_heads * d_head, d_model, bias)
        self.gate = gate

    def forward(
        self,
        x: Float[Tensor, "*batch queries d_model"],
        context: Float[Tensor, "*batch keys d_model"] | None = None,
        cache: Any = None,
        **options,
    ) -> Float[Tensor, "*batch queries d_model"]:
        """Tokens x ask the tokens of `context`, or each other if there is none.

        Every other option is handed on to `attend` by name: mask=, bias= to `attention`; causal=, window=,
        key_mask= to `flash_attention`. A mask or bias is (queries, keys), or has an axis for the heads too.
        cache: an `attnlab.cache.Cache`. Without a context the keys and values of x go behind those it holds, and x
            asks all of them; those of a context are made at the first call and kept.
        """
        need_heads_axis(x.ndim + 1, options)
        mixed = merge_heads(self.attend(*self._remembered(x, context, cache), **options))
        return self.output(mixed if self.gate is None else _gated(mixed, self.gate(x)))

    def project(
        self,
        x: Float[Tensor, "*batch queries d_model"],
        context: Float[Tensor, "*batch keys d_model"] | None = None,
    ) -> tuple[
        Float[Tensor, "*batch n_heads queries d_head"],
        Float[Tensor, "*batch n_kv_heads keys d_head"],
        Float[Tensor, "*batch n_kv_heads keys d_head"],
    ]:
        """Queries, keys and values, split into heads: what `attend` is given, and a plot of weights needs."""
        _need_width("x", x, self.query.in_features)
        return split_heads(self.query(x), self.n_heads), *self.keys_and_values(x if context is None else context)

    def keys_and_values(
        self, context: Float[Tensor, "*batch keys d_model"]
    ) -> tuple[
        Float[Tensor, "*batch n_kv_heads keys d_head"],
        Float[Tensor, "*batch n_kv_heads keys d_head"],
    ]:
        """What the tokens of `context` are found by and what they give, split into heads: what a cache keeps."""
        _need_width("context", context, self.key.in_features)
        return split_heads(self.key(context), self.n_kv_heads), split_heads(self.value(context), self.n_kv_heads)

    def _remembered(self, x: Tensor, context: Tensor | None, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
        """`project`, with the keys and values that a cache holds in place of their own part, or in front of it."""
        if cache is None:
            return self.project(x, context)
        _need_width("x", x, self.query.in_features)
        q = split_heads(self.query(x), self.n_heads)
        if context is None:
            return q, *cache.append(*self.keys_and_values(x))
        return q, *cache.once(context, self.keys_and_values)


def need_divisor(name: str, n: int, whole_name: str, whole: int) -> int:
    """`n` as Python's own integer; ValueError unless it divides `whole`."""
    n = count(name, n, at_least=1)
    if whole % n:
        raise ValueError(f"{name} = {n} does not divide {whole_name} = {whole}")
    return n


def _width_of_a_head(d_head: int | None, d_model: int, n_heads: int) -> int:
    if d_head is None:
        return d_model // need_divisor("n_heads", n_heads, "d_model", d_model)
    return count("d_head", d_head, at_least=1)


def _gated(mixed: Tensor, gates: Tensor) -> Tensor:
    if gates.shape != mixed.shape:
        raise ValueError(f"the gate gave {tuple(gates.shape)} for the merged heads, which are {tuple(mixed.shape)}")
    return mixed * gates


def _need_width(name: str, x: Tensor, d_model: int) -> None:
    if x.shape[-1] != d_model:
        raise ValueError(f"{name} has width {x.shape[-1]} but the layer has d_model = {d_model}")


def need_heads_axis(n_axes: int, options: dict) -> None:
    """With a batch, three axes could be (batch, queries, keys) or (heads, queries, keys): refuse to guess."""
    for name in ("mask", "bias"):
        overlay = options.get(name)
        if overlay is not None and 2 < overlay.ndim < n_axes:
            raise ValueError(
                f"{name} has shape {tuple(overlay.shape)} but the scores have {n_axes} axes (..., heads, "
                f"queries, keys): give it an axis for the heads, of size 1 if they share it"
            )

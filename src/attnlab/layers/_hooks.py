"""Hooks that are gone afterwards, whatever happens in between."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any


@contextlib.contextmanager
def hooked(handles: Iterable[Any]) -> Iterator[None]:
    """Keep these hooks, as `register_forward_hook` and its like hand them out, for as long as the block lasts."""
    handles = list(handles)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()

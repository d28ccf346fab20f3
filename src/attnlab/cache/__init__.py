"""Keys and values of the tokens so far, kept so that a new token needs no second look at the old ones."""

from __future__ import annotations

from attnlab.cache.contiguous import Cache, ModelCache
from attnlab.cache.paged import PagedCache, PagedText

AnyCache = ModelCache | PagedText  # what a decoder reads with

__all__ = ["AnyCache", "Cache", "ModelCache", "PagedCache", "PagedText"]

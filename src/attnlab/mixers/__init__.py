"""Other ways to mix tokens than softmax attention over all pairs."""

from __future__ import annotations

"""Other ways to mix tokens, as definitions in NumPy: a loop over queries and keys, or a step a token."""

from __future__ import annotations

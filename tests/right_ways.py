"""How the files of right answers, one a part of the book or an author's share of it, are made."""

from __future__ import annotations

from collections.abc import Callable


def collector(part: str) -> tuple[list[tuple[str, Callable]], Callable]:
    """A list of (exercise's id, function), and the decorator `right(name)` that adds to it under `part.name`."""
    collected: list[tuple[str, Callable]] = []

    def right(name: str) -> Callable:
        def add(function: Callable) -> Callable:
            collected.append((f"{part}.{name}", function))
            return function

        return add

    return collected, right

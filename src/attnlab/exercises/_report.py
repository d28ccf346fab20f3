"""What became of some work, and the exception that ends it when its time is up."""

from __future__ import annotations

from dataclasses import dataclass, field


class TimeUp(BaseException):
    """Raised inside work that has used up its time."""


@dataclass
class Report:
    """What became of some work: what it told, and how it ended.

    `ending` is "finished", "late", "raised" (the work itself, not what it called) or "ended" (its process is gone).
    Of late work `doing` says "computing", "waiting" or "calling", where that is known, `stack` where it was
    (file, line, function; the innermost first), and `left` that it could not be ended and goes on.
    """

    told: list = field(default_factory=list)
    ending: str = "late"
    failure: str = ""
    doing: str = ""
    stack: list[tuple[str, int, str]] = field(default_factory=list)
    left: bool = False

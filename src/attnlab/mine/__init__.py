"""The reader's own model: passed answers put together, the course's functions in the place of those that are missing.

`assemble()` says whose each piece is; `milestone("variants")` runs what closes a part. `attnlab.exercises.keep()` makes
the folder in which answers are kept, and `from mine import softmax` gives one back.
"""

from attnlab.mine.answers import Own, State, assemble, lookup
from attnlab.mine.milestones import MILESTONES, milestone
from attnlab.mine.models import for_names, for_translator, step_by_step
from attnlab.mine.exchange import give, take
from attnlab.mine.export import exported
from attnlab.mine.pieces import PIECES, STAGES, Piece, course
from attnlab.mine.scores import score

__all__ = [
    "MILESTONES", "PIECES", "STAGES", "Own", "Piece", "State", "assemble", "course",
    "exported", "for_names", "for_translator", "give", "lookup", "milestone", "score", "step_by_step", "take",
]

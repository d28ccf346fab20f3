"""The reader's own model: passed answers put together, the course's functions in the place of those that are missing.

`assemble()` says whose each piece is; `milestone("variants")` runs what closes a part. `attnlab.exercises.keep()` makes
the folder in which answers are kept, and `from mine import softmax` gives one back.
"""

from attnlab.mine.answers import Own, State, assemble, lookup
from attnlab.mine.milestones import MILESTONES, milestone
from attnlab.mine.models import for_names, for_translator, step_by_step
from attnlab.mine.pieces import PIECES, STAGES, Piece, course

__all__ = ["MILESTONES", "PIECES", "STAGES", "Own", "Piece", "State", "assemble", "course", "for_names", "for_translator", "lookup", "milestone", "step_by_step"]

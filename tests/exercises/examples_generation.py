"""The tiny examples in the statements of the exercises on decoding."""

from __future__ import annotations

LOGS = [[0, 1.0986, 2.0794]]
PAIR = [[-3, -1, -5], [-0.5, -4, -9]], [[[7]], [[8]]]
TWO = [[0.5, 0.5], [0.9, 0.1]], [[0.8, 0.2]], (0,)

EXAMPLES: list[tuple] = [(f"architecture.{name}", arguments, result) for name, arguments, result in [
    ("sampling_distribution", (LOGS, 1, 2, 0.7), [[0, 0, 1]]),
    ("sampling_distribution", (LOGS, 1, 2, 0.8), [[0, 0.273, 0.727]]),
    ("beam_step", ([-1, -2], *PAIR), ([-2, -2.5], [1, 0], [[[7]], [[8]]])),
    ("beam_step", ([-1, -9], *PAIR), ([-2, -4], [1, 0], [[[7]], [[7]]])),
    ("left_padded_step", ([[0]], [[3]], [[8]], [[[5], [7]]], [[[90], [4]]], [[False, True]]), ([[6]], [1])),
    ("verify_draft", (*TWO, [0.6]), (1, [0.9, 0.1])),
    ("verify_draft", (*TWO, [0.7]), (0, [0, 1])),
]]

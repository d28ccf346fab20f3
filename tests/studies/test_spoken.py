"""The table of the spoken sentence: shapes, shares, and the order in which the words were said."""

from __future__ import annotations

import numpy as np

from attnlab.studies import spoken


def test_the_table_has_a_row_a_word_and_its_rows_are_shares():
    found = spoken.load()
    assert " ".join(found.words) == "He might even have been made amiable himself."
    assert found.weights.shape == (8, found.loudness.size) == (8, 164) and found.seconds == 0.02
    assert (found.weights >= 0).all() and np.allclose(found.weights.sum(axis=1), 1, atol=0.05)


def path(weights: np.ndarray) -> np.ndarray:
    """The first column of each row's run: runs in order that cover all columns and add up to the most."""
    n, m = weights.shape
    best = np.full((n + 1, m + 1), -np.inf)
    best[0, 0] = 0
    for j in range(m):
        best[1:, j + 1] = weights[:, j] + np.maximum(best[1:, j], best[:-1, j])
    starts, i = np.zeros(n, dtype=int), n
    for j in reversed(range(m)):
        if best[i - 1, j] > best[i, j]:
            starts[i - 1], i = j, i - 1
    return starts


def test_the_path_through_it_gives_rising_times_that_end_before_the_sound_does():
    found = spoken.load()
    times = path(found.weights) * found.seconds
    assert (np.diff(times) > 0.1).all() and times[0] == 0 and times[-1] < 2.9  # the voice ends at 2.9 seconds


def test_another_file_can_be_read(tmp_path):
    (tmp_path / "one.json").write_text('{"words": ["a"], "weights": [[0.5, 0.5]], "loudness": [0, 1], "seconds": 0.5}', "utf-8")
    found = spoken.load(tmp_path / "one.json")
    assert found.words == ("a",) and found.weights.tolist() == [[0.5, 0.5]] and found.seconds == 0.5

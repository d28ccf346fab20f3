"""The explorable of the residual stream: the numbers in its table and what it refuses."""

from __future__ import annotations

import re

import pytest

from attnlab import explore
from attnlab.studies.stream import NORMS, stream


def test_the_table_has_the_numbers_of_the_study():
    markup = explore.stream_by_layer("post", depth=10, scale=0.7, seed=4)._repr_html_()
    rows = re.findall(r'<tr><th scope="row">layer (\d+)</th>(.*?)</tr>', markup)
    assert [int(layer) for layer, _ in rows] == [1, 3, 5, 10]
    for layer, cells in rows:
        numbers = [float(cell) for cell in re.findall(r"<td>(.*?)</td>", cells)]
        seen = [stream(10, norm, 0.7, 4) for norm in NORMS]
        expected = [x for one in seen for x in (one.rms[int(layer)], one.on_weights[int(layer) - 1])]
        assert numbers == pytest.approx(expected, abs=5.01e-3)


def test_the_state_is_what_was_asked_for():
    assert explore.stream_by_layer().state == {"norm": "pre", "depth": 32, "scale": 1.0, "seed": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": "both"}, 'norm must be one of "pre", "post", "none", got \'both\''),
        ({"depth": 1}, "depth must be a whole number between 2 and 64, got 1"),
        ({"depth": 65}, "depth must be a whole number between 2 and 64, got 65"),
        ({"depth": 2.5}, "depth must be a whole number between 2 and 64, got 2.5"),
        ({"seed": 0}, "seed must be a whole number between 1 and 9, got 0"),
        ({"scale": 0.01}, "scale must be between 0.05 and 2, got 0.01"),
        ({"scale": float("nan")}, "scale must be between 0.05 and 2, got nan"),
    ],
)
def test_stream_by_layer_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=re.escape(message)):
        explore.stream_by_layer(**options)

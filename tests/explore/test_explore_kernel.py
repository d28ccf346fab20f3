"""The explorable of temperature and kernel width: the numbers in its table and what it refuses."""

from __future__ import annotations

import html
import math
import re

import pytest

from attnlab import explore

MINUS = "\N{MINUS SIGN}"


def table_of(markup: str) -> dict[str, list[float]]:
    """The fallback table: row name -> numbers."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {
        html.unescape(name): [float(cell.replace(MINUS, "-")) for cell in re.findall(r"<td>(.*?)</td>", cells)]
        for name, cells in rows
    }


def vector(place: float, space: str) -> list[float]:
    turn = math.pi * place / 3
    return [place] if space == "line" else [3 / math.pi * math.cos(turn), 3 / math.pi * math.sin(turn)]


def shares(powers: list[float]) -> list[float]:
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("space", ["line", "circle"])
@pytest.mark.parametrize("width", [0.4, 1.3])
def test_kernel_table_has_the_weights_by_hand(space, width):
    """temperature_and_kernel_width against loops, for three keys of different sizes."""
    keys, values, query = (-2.0, 0.5, 2.7), (1.0, -2.0, 4.0), 1.1
    markup = explore.temperature_and_kernel_width(keys, values, query, width, space)._repr_html_()
    q, k = vector(query, space), [vector(key, space) for key in keys]
    squared = [sum((a - b) ** 2 for a, b in zip(q, key)) for key in k]
    products = [sum(a * b for a, b in zip(q, key)) for key in k]
    near = shares([math.exp(-d / (2 * width**2)) for d in squared])
    dots = shares([math.exp(s / width**2) for s in products])
    rows = table_of(markup)
    for i, name in enumerate(["key 1", "key 2", "key 3"]):
        expected = [keys[i], values[i], math.sqrt(squared[i]), near[i], dots[i]]
        assert rows[name] == pytest.approx(expected, abs=5.01e-4)
    mixes = [sum(p * v for p, v in zip(row, values)) for row in (near, dots)]
    assert f"the mix is {mixes[0]:.3f} by distance and {mixes[1]:.3f} by dot product" in markup
    assert (max(abs(a - b) for a, b in zip(near, dots)) < 1e-12) == (space == "circle")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keys": [1.0], "values": [1.0]}, "2 to 8 keys, got 1"),
        ({"values": [1.0, 2.0]}, "5 keys need 5 values, got 2"),
        ({"query": 3.1}, "between -3 and 3"),
        ({"keys": (0, 1, 2, 3, 4)}, "between -3 and 3"),
        ({"values": (0, 1, 2, 3, math.inf)}, "values must be finite"),
        ({"width": 0}, "width must be between 0.05 and 50, got 0"),
        ({"space": "plane"}, "space must be one of line, circle, got 'plane'"),
    ],
)
def test_temperature_and_kernel_width_refuses(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        explore.temperature_and_kernel_width(**options)

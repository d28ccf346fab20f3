"""The two explorables of the part on positions: the numbers in their tables and what they refuse."""

from __future__ import annotations

import html
import math
import re

import numpy as np
import pytest

from attnlab import explore
from attnlab.explore.position_phases import CONTENTS
from attnlab.reference import positions

MINUS = "−"


def table_of(markup: str) -> dict[str, list[float]]:
    """The fallback table: row name -> numbers."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    cells = {html.unescape(name): re.findall(r"<td>(.*?)</td>", row) for name, row in rows}
    return {name: [float(cell.replace(MINUS, "-")) for cell in row] for name, row in cells.items()}


# ---- bias shapes ---------------------------------------------------------------------------------


def wish_by_hand(wish: str, r: int) -> float:
    return {"steady": -r / 10, "previous": 0 if r == 1 else -4, "logarithm": -math.log(1 + r, 2),
            "seventh": -3 if r % 7 else 0}[wish]  # fmt: skip


def bucket_by_hand(r: int, buckets: int, most: int) -> int:
    """Whole powers instead of logarithms."""
    exact = buckets // 2
    if r < exact:
        return r
    return exact + sum(r**exact >= exact ** (exact - j) * most**j for j in range(1, exact))


@pytest.mark.parametrize("wish", ["steady", "previous", "logarithm", "seventh"])
@pytest.mark.parametrize(("buckets", "most", "reach"), [(8, 20, 3), (32, 128, 64), (16, 50, 11)])
def test_bias_table_is_the_best_that_each_scheme_can_do(wish, buckets, most, reach):
    shown = explore.bias_shapes(wish, heads=4, head=2, buckets=buckets, most=most, reach=reach, distance=5)
    wishes = [wish_by_hand(wish, r) for r in range(65)]
    sharing = {"T5": [bucket_by_hand(r, buckets, most) for r in range(65)], "Shaw": [min(r, reach) for r in range(65)]}
    for name, cells in table_of(shown._repr_html_()).items():
        r = int(name.split()[0])
        best = [np.mean([w for w, row in zip(wishes, rows) if row == rows[r]]) for rows in sharing.values()]
        assert cells == pytest.approx([wishes[r], -r / 16, *best], abs=5.01e-3)
    assert "5 back" in shown._repr_html_()


def test_bias_shapes_says_what_it_refuses():
    for given, message in [
        ({"wish": "up"}, "wish must be one of steady, previous, logarithm, seventh, got 'up'"),
        ({"heads": 6}, "heads must be a power of two, got 6"),
        ({"heads": 2, "head": 3}, "head must be a whole number between 1 and 2, got 3"),
        ({"buckets": 12}, "buckets must be a power of two, got 12"),
        ({"most": 10}, "most must be a whole number between 20 and 128, got 10"),
        ({"reach": 0}, "reach must be a whole number between 1 and 64, got 0"),
        ({"distance": 65}, "distance must be a whole number between 0 and 64, got 65"),
    ]:
        with pytest.raises(ValueError) as raised:
            explore.bias_shapes(**given)
        assert message in str(raised.value)


# ---- hands of two positions ----------------------------------------------------------------------


@pytest.mark.parametrize(("position", "offset"), [(5, 3), (411, 3), (0, -17)])
def test_the_sum_of_the_cosines_is_the_product_of_two_signals(position, offset):
    shown = explore.position_phases(width=6, base=100, position=position, offset=offset)
    u, v = positions.sinusoidal(np.array([position, position + offset]), 6, 100.0)
    assert f"is {u @ v:.3f}".replace("-", MINUS) in shown._repr_html_().replace("-", MINUS)
    for i, (speed, first, second, apart) in enumerate(table_of(shown._repr_html_()).values()):
        assert speed == pytest.approx(100 ** (-i / 3), rel=1e-3)
        assert math.cos(math.radians(first - second)) == pytest.approx(math.cos(math.radians(apart)), abs=0.005)
        assert math.sin(math.radians(first)) == pytest.approx(u[2 * i], abs=0.002)
        assert math.cos(math.radians(second)) == pytest.approx(v[2 * i + 1], abs=0.002)


def test_rotary_hands_are_a_turned_query_and_key():
    shown = explore.position_phases(kind="rotary", width=4, position=7, offset=-2)
    q = np.array([[1.0, 0, 1, 0]])
    k = np.array([[f(c) for c in CONTENTS[:2] for f in (np.cos, np.sin)]])
    score = positions.rotary(q, np.array([7])) @ positions.rotary(k, np.array([5])).T
    moved = positions.rotary(q, np.array([107])) @ positions.rotary(k, np.array([105])).T
    assert np.isclose(score, moved).all()
    assert f"is {score[0, 0]:.3f}".replace("-", MINUS) in shown._repr_html_().replace("-", MINUS)


def test_position_phases_says_what_it_refuses():
    for given, message in [
        ({"kind": "cosine"}, "kind must be one of sinusoid, rotary, got 'cosine'"),
        ({"width": 7}, "width must be even, got 7"),
        ({"width": 18}, "width must be a whole number between 2 and 16, got 18"),
        ({"base": 1}, "base must be a whole number between 2 and 1000000, got 1"),
        ({"position": -1}, "position must be a whole number between 0 and 500, got -1"),
        ({"offset": 51}, "offset must be a whole number between -50 and 50, got 51"),
    ]:
        with pytest.raises(ValueError) as raised:
            explore.position_phases(**given)
        assert message in str(raised.value)

"""The explorable of sparse patterns: its table is counted from masks and walks, and what it refuses."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from attnlab import explore


@pytest.mark.parametrize(("pattern", "size", "layers"), [("local", 3, 4), ("strided", 5, 2), ("global", 1, 2)])
def test_the_table_counts_what_powers_of_the_mask_reach(pattern, size, layers):
    i, j = np.arange(24)[:, None], np.arange(24)
    mask = {"local": abs(i - j) <= size, "strided": (i >= j) & ((i - j < size) | ((i - j) % size == 0)), "global": np.minimum(i, j) < size}[pattern]
    markup = explore.sparse_reach(pattern, size, layers)._repr_html_()
    assert f"{mask.sum()} of 576 pairs" in markup
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', html.unescape(markup))
    assert len(rows) >= 3
    for name, pairs, last in rows:
        reached = np.linalg.matrix_power((mask | np.eye(24, dtype=bool)).astype(float), int(name.split()[0])) > 0
        assert (int(pairs), int(last)) == (reached.sum(), reached[-1].sum())


def test_sparse_reach_says_what_it_refuses(as_readers_run_it):
    for given, message in [
        ({"pattern": "random"}, "pattern must be one of local, strided, global, got 'random'"),
        ({"size": 9}, "size must be a whole number between 1 and 8, got 9"),
        ({"layers": 0}, "layers must be a whole number between 1 and 24, got 0"),
    ]:
        with pytest.raises(ValueError) as raised:
            explore.sparse_reach(**given)
        assert message in str(raised.value)

"""What shared links say: the picture has an address only where the site's own is known, and the colours of the theme."""
from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
import card  # noqa: E402
import meta  # noqa: E402

TITLE = "Attention, from Intuition to Variants"


def test_the_picture_is_named_where_the_address_is_known(monkeypatch):
    monkeypatch.setenv("ATTNLAB_ADDRESS", "https://school.example/course")
    tags = meta.open_graph("Masks", "Who sees whom.", "book/masks.html")
    assert 'property="og:image" content="https://school.example/course/_static/card.png"' in tags
    assert 'property="og:image:width" content="1200"' in tags and 'property="og:image:alt"' in tags


def test_no_picture_is_named_where_it_is_not(monkeypatch):
    monkeypatch.delenv("ATTNLAB_ADDRESS", raising=False)
    monkeypatch.setenv("ATTNLAB_REPOSITORY", "")
    assert "og:image" not in meta.open_graph("Masks", "Who sees whom.", "book/masks.html")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("card") / "card.png"
    card.draw(path, TITLE)
    return path


def test_the_picture_has_its_size_and_the_theme_s_colours(picture):
    pixels = (matplotlib.image.imread(picture)[..., :3] * 255).round().astype(int)
    assert pixels.shape[:2] == card.SIZE[::-1]
    tone = card.colours()
    for name in ("paper", "ink", "q", "k", "v", "accent"):
        wanted = [int(tone[name][i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(pixels - wanted).max(axis=-1) <= 1).any(), name
    edges = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[0], pixels[-1]])
    assert (edges == edges[0]).all(), "nothing is cut"


def test_the_same_theme_gives_the_same_picture(picture, tmp_path):
    card.draw(tmp_path / "card.png", TITLE)
    assert (tmp_path / "card.png").read_bytes() == picture.read_bytes()

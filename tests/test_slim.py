"""What the build takes out of a page: nothing that anybody sees or hears."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import Keyword, Name, Punctuation, Token, Whitespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
import slim  # noqa: E402

CODE = "import numpy as np\n\ndef f(x: int = 3):\n    return [np.exp(x), 'a < b']  # so\n"


@pytest.mark.parametrize("style", ["a11y-high-contrast-light", "a11y-high-contrast-dark"])
def test_what_loses_its_mark_has_the_colour_of_the_code_around_it(style):
    """n, nn, p and w, as the site's two styles draw them."""
    drawn = get_style_by_name(style).style_for_token
    for token in (Name, Name.Namespace, Punctuation, Whitespace):
        assert drawn(token) == drawn(Token.Text), token
    assert drawn(Keyword) != drawn(Token.Text)


def test_code_keeps_its_text_and_its_colours():
    html = highlight(CODE, PythonLexer(), HtmlFormatter())
    plain = slim.plain_code(html)
    text = lambda page: re.sub(r"<[^>]*>", "", page)
    assert text(plain) == text(html) and len(plain) < 0.85 * len(html)
    assert re.findall(r'class="(k|kn|nf|mi|s1|c1|o)"', plain) == re.findall(r'class="(k|kn|nf|mi|s1|c1|o)"', html)
    assert not re.search(r'class="(n|nn|p|w)"', plain)
    outside = '<p><span class="n">3</span></p>'
    assert slim.plain_code(outside) == outside

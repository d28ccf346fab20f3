"""A formula read as one line, as KaTeX writes it."""
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
import reading  # noqa: E402

katex_static = pytest.importorskip("katex_static")


@pytest.fixture(scope="module")
def read():
    if not (katex_static.VENDOR / "katex" / "katex.min.js").is_file():
        pytest.skip("KaTeX was not fetched (python tools/frontend.py)")
    setter = katex_static.Typesetter()
    yield lambda tex: reading.of_mathml(reading.MATH.search(setter.ask(tex, True)["html"])[0])
    setter.stop()


@pytest.mark.parametrize("tex, text", [
    (r"\operatorname{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "softmax(QKᵀ/√d_k)V"),
    (r"O(n^2)", "O(n²)"), (r"x_{ij} \le \frac12", "x_ij ≤ 1/2"), (r"\sqrt{a+b}", "√(a + b)"),
    (r"\sum_{l=1}^{n} e^{z_l - m}", "∑_(l = 1)ⁿe^(z_l − m)"), (r"\bar{x} \quad \hat y", "x̄ ŷ"), (r"f'(s)", "f′(s)"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(1, 2; 3, 4)"), (r"a < b \& c", "a < b&c"), (r"10^{-9}", "10⁻⁹"), (r"\cos p\omega + \max_l z_l", "cos pω + max_l z_l"), (r"-x = f(-1) - 2", "−x = f(−1) − 2"),
    (r"\mathbb{R}^{n \times d}", "R^(n × d)"), (r"\text{rows sum to } 1", "rows sum to 1")])
def test_a_formula_on_one_line(read, tex, text):
    assert read(tex).replace("ℝ", "R") == text


def test_the_text_stands_in_the_page_once_and_safely():
    html = '<span><math xmlns="m"><semantics><mrow><mi>a</mi><mo>&lt;</mo><mtext>"b"</mtext></mrow><annotation>a&lt;b</annotation></semantics></math></span>'
    assert reading.label(html).startswith('<span><math alttext="a &lt; &quot;b&quot;" xmlns="m">')

"""Mathematics is set when the book is built: one node process runs KaTeX, the reader gets plain HTML.

A TeX error is a Sphinx warning, so `-W` makes it fail the build. The letters of queries, keys and values get
the classes sym-q, sym-k and sym-v, which the style sheet colours; not on a page whose front matter says
`attnlab: {letters: plain}`, where these letters mean something else.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(Path(__file__).resolve().parent)]
import reading  # noqa: E402
from frontend import VENDOR, node_program  # noqa: E402

log = logging.getLogger(__name__)

ANSWER_LINES = """
const katex = require(process.argv[1]);
const answer = ({tex, displayMode}) => {
  try { return {html: katex.renderToString(tex, {displayMode, throwOnError: true, strict: "error"})}; }
  catch (error) { return {error: error.message}; }
};
require("readline").createInterface({input: process.stdin})
  .on("line", (line) => process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\\n"));
"""


class Typesetter:
    """Holds the node process (started at the first formula) and every formula already set."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.known: dict[tuple[str, bool], dict[str, str]] = {}

    def start(self) -> subprocess.Popen[str]:
        command = [*node_program("node"), "-e", ANSWER_LINES, str(VENDOR / "katex" / "katex.min.js")]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, tex: str, display: bool) -> dict[str, str]:
        """KaTeX's answer: {"html": ...} or {"error": ...}."""
        self.process = self.process or self.start()
        self.process.stdin.write(json.dumps({"tex": tex, "displayMode": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the node process that sets the mathematics ended; run tools/frontend.py")
        return json.loads(line)

    def html(self, tex: str, display: bool, node: nodes.Node, coloured: bool = True) -> str:
        key = (tex, display)
        if key not in self.known:
            self.known[key] = self.ask(*key)
        answer = self.known[key]
        if "error" in answer:
            log.warning("KaTeX: %s in %r", answer["error"], tex, location=node, type="katex")
            return f"<code>{escape(tex)}</code>"
        return reading.label(colour_letters(answer["html"]) if coloured else answer["html"])

    def text(self, node: nodes.math | nodes.math_block) -> str:
        """The formula on one line, for what shows no mathematics."""
        display = isinstance(node, nodes.math_block)
        html = self.html(aligned(node.astext(), node) if display else node.astext(), display, node)
        found = reading.MATH.search(html)
        return reading.of_mathml(found[0]) if found else node.astext()

    def stop(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.process = None


LETTERS = {"Q": "q", "K": "k", "V": "v"}
ITALIC = re.compile(r'<span class="([^"]*\b(?:mathnormal|mathbf|boldsymbol)\b[^"]*)"([^>]*)>([^<]+)</span>')


def colour_letters(html: str) -> str:
    """Mark Q, K, V wherever they stand and q, k, v on the line: in d_k the k is an index, not a key."""
    return ITALIC.sub(_colour_span, html)


def _colour_span(match: re.Match[str]) -> str:
    classes, attributes, text = match.groups()
    letters = LETTERS if "mtight" in classes.split() else LETTERS | {"q": "q", "k": "k", "v": "v"}
    if text in letters:
        return f'<span class="{classes} sym-{letters[text]}"{attributes}>{text}</span>'
    inner = "".join(f'<span class="sym-{letters[c]}">{c}</span>' if c in letters else c for c in text)
    return f'<span class="{classes}"{attributes}>{inner}</span>'


TYPESETTER = Typesetter()


def coloured(translator) -> bool:
    """Whether Q, K and V are those of attention on the page that is being written."""
    told = translator.builder.env.metadata.get(translator.builder.current_docname, {}).get("attnlab", "{}")
    return json.loads(told).get("letters") != "plain"


def inline_math(translator, node: nodes.math) -> None:
    html = TYPESETTER.html(node.astext(), False, node, coloured(translator))
    translator.body.append(
        translator.starttag(node, "span", "", CLASS="math notranslate nohighlight") + html + "</span>"
    )
    raise nodes.SkipNode


def aligned(tex: str, node: nodes.math_block) -> str:
    """Several lines or columns without an environment of their own are lined up at the `&`."""
    needs = not node.get("nowrap") and ("\\\\" in tex or "&" in tex) and "\\begin{" not in tex
    return f"\\begin{{aligned}}{tex}\\end{{aligned}}" if needs else tex


def block_math(translator, node: nodes.math_block) -> None:
    body = translator.body
    body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Permalink to this equation")
        body.append("</span>")
    body.append(TYPESETTER.html(aligned(node.astext(), node), True, node, coloured(translator)) + "</div>")
    raise nodes.SkipNode


def add_style(app, pagename, templatename, context, doctree) -> None:
    """KaTeX's style sheet goes only to pages that show a formula."""
    if 'class="katex' in context.get("body", ""):
        app.add_css_file("katex/katex.min.css")


def setup(app):
    app.add_html_math_renderer("katex_static", (inline_math, None), (block_math, None))
    app.connect("html-page-context", add_style)
    app.connect("build-finished", lambda app, exception: TYPESETTER.stop())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

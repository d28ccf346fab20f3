"""Send a reader only what the page uses.

thebe (another host), the scripted copy of the icons (540 kB compressed) and unused scripts go; every script
waits for the page; style sheets become one without dead rules; fonts keep the characters that are shown.
"""

from __future__ import annotations

import functools
import re
import struct
import sys
from pathlib import Path

from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
log = logging.getLogger(__name__)
sys.path.insert(0, str(Path(__file__).resolve().parent))
import slim_css  # noqa: E402
import slim_fonts  # noqa: E402
import slim_lazy  # noqa: E402
import slim_narrow  # noqa: E402
import slim_tables  # noqa: E402

UNWANTED = ("thebe",)
LEFT_OVER = re.compile(
    r"\s*(?:<(?:script|link)[^>]*fontawesome\.js[^>]*>(?:</script>)?"
    r'|<script type="text/x-thebe-config">.*?</script>'
    r'|<link rel="preload" as="script"[^>]*>'
    r"|<script>\s*(?:const|let) THEBE_JS_URL.*?</script>)",
    re.S,
)
TABS = re.compile(r"\s*<script[^>]*design-tabs\.js[^>]*></script>")
OPTIONS = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')
PICTURE = re.compile(r'<img((?:(?!\bsrc=)[^>])*)src="([^":]+\.png)"([^>]*?)\s*/?>')
SIDEBAR = 'class="bd-sidebar-primary bd-sidebar"'
EMPTY_HEADER = re.compile(r"<th([^>]*)>\s*(?:<p></p>)?\s*</th>")
MEASURE_ALL = re.compile(
    r',"complete"===document\.readyState\?(\w)\(\):window\.addEventListener\("load",\1\)(?=\}\)\(\))'
)
# After CSS has inverted a figure: middle shades become darker, so that light numbers on them keep their contrast.
DARK_FIGURE = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"><filter id="figure-dark" color-interpolation-filters="sRGB">'
    "<feComponentTransfer>"
    + "".join(f'<feFunc{colour} type="table" tableValues="0 .075 .16 .235 .32 .5 .61 .91 1"/>' for colour in "RGB")
    + "</feComponentTransfer></filter></svg>"
)
FORGETS = "replaceState({}, "
THEME = 'localStorage.getItem("theme") || "auto"'
RESOLVED = (
    'localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
)
MODULE = re.compile(r'<script(?=[^>]*\btype="module")')
BLOCKING = re.compile(r"<script(?![^>]*\b(?:defer|async|type=))([^>]*\bsrc=)")


CODE = re.compile(r"<pre\b.*?</pre>", re.S)
COLOURLESS = re.compile(r'<span class="(?:n|nn|p|w)">([^<>]*)</span>')


def names(asset) -> str:
    """Everything an asset says of itself, file name and inline body."""
    return f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"


def drop_assets(app, pagename, templatename, context, doctree) -> None:
    for kind in ("script_files", "css_files"):
        context[kind] = [a for a in context[kind] if not any(word in names(a) for word in UNWANTED)]


def plain_code(html: str) -> str:
    """Names, brackets and blanks of code have the colour of the code around them: half of a chapter's elements for nothing."""
    return CODE.sub(lambda code: COLOURLESS.sub(r"\1", code[0]), html)


def slim_page(html: str, options: str) -> str:
    """Nothing waits for a script: what inline scripts read stands in the page, the rest is deferred."""
    html = plain_code(LEFT_OVER.sub("", html))
    if "sd-tab-set" not in html:
        html = TABS.sub("", html)
    html = html.replace(
        SIDEBAR, f'{SIDEBAR} role="navigation" aria-label="Book"'
    )  # the title in it has a landmark
    html = html.replace(
        THEME, RESOLVED
    )  # no flash of the other theme, and the page is styled once instead of twice
    html = EMPTY_HEADER.sub(r"<td\1></td>", html)  # a corner without a word heads nothing
    html = html.replace('<th class="head', '<th scope="col" class="head')
    html = html.replace(
        'role="doc-biblioentry"', 'role="listitem"'
    )  # what a list holds, and the other is outdated
    html = OPTIONS.sub(lambda match: f"<script>{options}</script>", html)
    html = MODULE.sub('<script fetchpriority="low"', html)  # text, style and fonts come first
    html = html.replace("</body>", f"{DARK_FIGURE}</body>")
    return slim_lazy.mark(slim_tables.mark(BLOCKING.sub(r"<script defer\1", html)))


def calm_theme(static: Path) -> None:
    """The theme measures every <pre> at once to let it scroll by keyboard; js/boxes.js does it bit by bit."""
    path = static / "scripts" / "pydata-sphinx-theme.js"
    script = path.read_text("utf-8")
    if not MEASURE_ALL.search(script):
        log.warning("%s no longer measures as expected: look at MEASURE_ALL in slim.py", path.name)
    path.write_text(MEASURE_ALL.sub("", script), "utf-8")


def keep_history(static: Path) -> None:
    """Sphinx's highlighting forgets, at every load, what js/links.js keeps with the history: where the reader was."""
    path = static / "sphinx_highlight.js"
    script = path.read_text("utf-8")
    if FORGETS not in script:
        log.warning("%s no longer writes the history as expected: look at FORGETS in slim.py", path.name)
    path.write_text(script.replace(FORGETS, "replaceState(window.history.state, "), "utf-8")


def slim_images(html: str, folder: Path, narrow: dict[str, bytes]) -> str:
    """Pictures carry their size, so that nothing moves when they come; those below come when needed, and a phone is
    shown the narrow copy of those that have one."""
    return PICTURE.sub(lambda match: _sized(match, folder, narrow), html)


def _sized(match: re.Match[str], folder: Path, narrow: dict[str, bytes]) -> str:
    path = folder / match[2]
    picture = path.read_bytes() if path.is_file() else b""
    if not picture.startswith(b"\x89PNG") or "width" in match[1] + match[3]:
        return match[0]
    width, height = struct.unpack(">II", picture[16:24])
    size = f'width="{width}" height="{height}" loading="lazy" decoding="async"'
    image = f'<img{match[1]}src="{match[2]}" {size}{match[3]}>'
    copy = narrow.get(slim_narrow.digest(picture))
    if copy is None:
        return image
    slim_narrow.beside(path, copy)
    return f"<picture>{slim_narrow.source(match[2], copy)}{image}</picture>"


def all_pages(app, env) -> list[str]:
    """Every page is written at every build, so that none is left with a style sheet of an earlier one."""
    return sorted(env.found_docs)


def slim_site(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir, "_static")
    for pattern in ("scripts/fontawesome.js*", "site-*.css", "**/*.map"):
        for path in static.glob(pattern):
            path.unlink()
    calm_theme(static)
    keep_history(static)
    options = (static / "documentation_options.js").read_text("utf-8").strip()
    paths = [path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts]
    paths = [path for path in paths if not _left_over(path)]
    narrow = slim_narrow.copies(Path(app.srcdir, "book"))
    pages = {path: slim_images(slim_page(path.read_text("utf-8"), options), path.parent, narrow) for path in paths}
    write_pages(site, pages, slim_css.words_in_use(site))
    slim_fonts.cut_formula_fonts(ROOT / ".vendor" / "static" / "katex", static, list(pages.values()))


def _left_over(path: Path) -> bool:
    """True for a page of an earlier build that this one did not write again; it goes, like its style sheet."""
    left = bool(re.search(r"_static/site-[0-9a-f]{12}\.css", path.read_text("utf-8")))
    if left:
        path.unlink()
    return left


def write_pages(site: Path, pages: dict[Path, str], words: set[str]) -> None:
    finish = functools.partial(slim_fonts.icons_into, static=site / "_static")
    bundles: dict[tuple[str, ...], str] = {}
    for path, html in pages.items():
        parts = slim_css.parts_of(html)
        if parts and parts not in bundles:
            bundles[parts] = slim_css.bundle(site, parts, words, finish)
        path.write_text(slim_css.relink(html, bundles[parts]) if parts else html, "utf-8")


def setup(app):
    app.connect("html-page-context", drop_assets, priority=900)
    app.connect("env-updated", all_pages)
    app.connect("build-finished", slim_site, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

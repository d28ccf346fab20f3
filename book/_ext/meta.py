"""What others read of the site: shared links, crawlers, and readers who followed a dead link.

Every page gets Open Graph tags and the picture that `card.py` draws; the site gets a sitemap, a page with the search
for addresses that lead nowhere (404.html), and a title on its front door. Absolute addresses need to know where the site will stand: ATTNLAB_ADDRESS
says so, else the pages of the repository's host; without either the sitemap names the address of `make book`.
"""

from __future__ import annotations

import os
import re
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlsplit

import card
import repository
from search_docs import field, plain

LOCAL = "http://127.0.0.1:8000/"
HOSTS = {"github.com": "github.io", "gitlab.com": "gitlab.io"}
DESCRIPTION = re.compile(r'<meta\b(?=[^>]*\bname="description")[^>]*\bcontent="([^"]*)"')
PICTURE = "card.png"
MISSING = "404"


def address() -> str | None:
    """Where the site will stand, with a slash at its end; None where nobody knows."""
    if os.environ.get("ATTNLAB_ADDRESS"):
        return os.environ["ATTNLAB_ADDRESS"].rstrip("/") + "/"
    found = urlsplit(repository.find() or "")
    if found.netloc not in HOSTS:
        return None
    owner, _, name = found.path.strip("/").partition("/")
    return f"https://{owner.lower()}.{HOSTS[found.netloc]}/{name}/"


# -- the head of a page


def open_graph(title: str, description: str, page: str) -> str:
    """Open Graph tags; those with an address only where it is known."""
    site = address()
    said = {"type": "website" if page == "book/index.html" else "article", "site_name": "attnlab", "locale": "en_GB",
            "title": title, "description": description,
            "url": site and site + page}
    return "\n".join(f'<meta property="og:{name}" content="{escape(value)}">' for name, value in (said | picture(site)).items() if value)


def picture(site: str | None) -> dict[str, str]:
    """The tags of the picture; none where its address is not known."""
    width, height = card.SIZE
    alt = "The course's name beside the squares of a causal mask"
    return {"image": f"{site}_static/{PICTURE}", "image:width": str(width), "image:height": str(height), "image:alt": alt} if site else {}


def describe(app, pagename, templatename, context, doctree) -> None:
    """Title without markup, Open Graph, and for a dead link addresses that hold at any depth."""
    title = plain(context.get("title") or "")
    tags = context.get("metatags", "")
    if "katex" in (context.get("title") or ""):
        context["title"] = escape(title)
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # the book's own title, once
    if doctree is not None:
        found = DESCRIPTION.search(tags)
        tags += open_graph(title, unescape(found[1]) if found else "", app.builder.get_target_uri(pagename))
    if pagename == MISSING:
        tags = f'<base href="{urlsplit(address() or LOCAL).path}">\n<meta name="robots" content="noindex">' + tags
    context["metatags"] = tags


# -- files beside the pages


def dead_link(app):
    """The page a host shows where there is none."""
    links = f'<p><a href="{app.builder.get_target_uri(app.config.root_doc)}">The map of the course</a> names every page, '
    body = ('<section class="search-page"><h1>There is no such page</h1><p>The address may be old or mistyped. ' + links[3:] +
            "and the search looks into all of them.</p>" + field() + "</section>")
    yield MISSING, {"title": "There is no such page", "body": body, "meta": {}}, "page.html"


def sitemap(pages: list[str]) -> str:
    """The addresses of all pages."""
    site = address() or LOCAL
    lines = "".join(f"  <url><loc>{escape(site + page)}</loc></url>\n" for page in pages)
    return ('<?xml version="1.0" encoding="utf-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n')


def front_door(app) -> str:
    """The root leads to the first page."""
    to = app.builder.get_target_uri(app.config.root_doc)
    title = escape(app.config.html_title)
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            f'<meta http-equiv="Refresh" content="0; url={to}">\n<link rel="canonical" href="{to}">\n</head>\n'
            f'<body><p><a href="{to}">{title}</a></p></body>\n</html>\n')


def write_files(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    pages = [app.builder.get_target_uri(name) for name in sorted(app.env.found_docs)]
    (site / "sitemap.xml").write_text(sitemap(pages), "utf-8")
    (site / "index.html").write_text(front_door(app), "utf-8")
    card.draw(site / "_static" / PICTURE, app.config.html_title)


def guard(app) -> None:
    """A classic script that stands in the page itself: it notices where the others do not start."""
    text = (Path(__file__).resolve().parents[1] / "_static" / "js" / "guard.js").read_text("utf-8")
    app.add_js_file(None, body=re.sub(r"^\s*//.*\n|^\s+", "", text, flags=re.M), priority=100)


def setup(app) -> dict:
    guard(app)
    app.connect("html-collect-pages", dead_link)
    app.connect("html-page-context", describe, priority=960)
    app.connect("build-finished", write_files, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

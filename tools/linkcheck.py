"""Follow every link inside the built site: files and anchors; with --external, the web addresses too.

python tools/linkcheck.py [folder] [--external]
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AGENT = {"User-Agent": "Mozilla/5.0 (compatible; attnlab link check)"}
REFUSALS = {401, 403, 405, 429}  # the page is there and does not talk to programs


class Page(HTMLParser):
    """Anchors a page offers and addresses it points at, with line numbers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[int, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for key, value in attributes:
            if key in ("id", "name") and value:
                self.anchors.add(value)
            elif key in ("href", "src") and value:
                self.links.append((self.getpos()[0], value))


def read(site: Path) -> dict[Path, Page]:
    found = sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)
    return {path: Page(path.read_text("utf-8")) for path in found}


def fault(page: Path, link: str, pages: dict[Path, Page], site: Path) -> str | None:
    """What is wrong with one link inside the site; None where it leads somewhere (or leaves the site)."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    base = site if parts.path.startswith("/") else page.parent
    target = (base / urllib.parse.unquote(parts.path).lstrip("/")).resolve() if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return "no such file"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "no such anchor"
    return None


def inside(site: Path, pages: dict[Path, Page]) -> list[str]:
    """One line for each broken link between the site's own pages."""
    broken = []
    for path, page in pages.items():
        for line, link in page.links:
            reason = fault(path, link, pages, site)
            if reason:
                broken.append(f"{path.relative_to(site).as_posix()}:{line}: {link}: {reason}")
    return broken


def ask(address: str) -> str | None:
    """None where a web address answers, else what happened."""
    request = urllib.request.Request(address, headers=AGENT)
    try:
        with urllib.request.urlopen(request, timeout=20):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in REFUSALS else f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return str(error)


def outside(pages: dict[Path, Page]) -> list[str]:
    """One line for each web address of the text that does not answer."""
    addresses = {
        urllib.parse.urldefrag(link).url
        for page in pages.values()
        for _, link in page.links
        if link.startswith(("http://", "https://"))
    }
    with ThreadPoolExecutor(8) as pool:
        answers = zip(sorted(addresses), pool.map(ask, sorted(addresses)), strict=True)
        return [f"{address}: {reason}" for address, reason in answers if reason]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--external", action="store_true")
    args = parser.parse_args()
    site = args.site.resolve()
    pages = read(site)
    if not pages:
        sys.exit(f"links: no pages in {site}; build the book first")
    broken = inside(site, pages) + (outside(pages) if args.external else [])
    print(*broken, sep="\n", end="\n" if broken else "")
    print(f"links: {sum(len(p.links) for p in pages.values())} on {len(pages)} pages, {len(broken)} broken")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())

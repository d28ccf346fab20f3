"""Serve the site on localhost, compressed as a real host would send it."""

from __future__ import annotations

import functools
import gzip
import io
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPRESSED = {
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".json",
    ".svg",
    ".txt",
    ".map",
    ".wasm",
    ".inv",
    ".ipynb",
    ".md",
    ".xml",
}


@functools.lru_cache(maxsize=256)
def gzipped(path: Path, changed: int) -> bytes:
    """The file's bytes under gzip, level 9; `changed` (its time of change, ns) makes an edit a new entry."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder; HTTP/1.1 so that a browser keeps its connections."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *args) -> None:
        """Silent: a page asks for dozens of files."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if not path.exists() and (missing := Path(self.directory, "404.html")).is_file():
            return self.send_whole(missing, missing.read_bytes(), 404)
        if not (accepts and path.is_file() and path.suffix in COMPRESSED):
            return super().send_head()
        return self.send_whole(path, gzipped(path, path.stat().st_mtime_ns), encoding="gzip")

    def send_whole(self, path: Path, body: bytes, status: int = 200, encoding: str = "identity"):
        stat = path.stat()
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", self.date_time_string(stat.st_mtime))
        self.end_headers()
        return io.BytesIO(body)


class Server(ThreadingHTTPServer):
    """One thread a request; a browser that leaves before it has everything is no error."""

    request_queue_size = 64

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def start(site: Path, port: int = 8000) -> ThreadingHTTPServer:
    """A server for `site` on 127.0.0.1, at `port` or, where that is taken, at any free one."""
    handler = functools.partial(Handler, directory=str(site))
    try:
        return Server(("127.0.0.1", port), handler)
    except OSError:
        return Server(("127.0.0.1", 0), handler)


def forever(site: Path) -> int:
    """Serve until Ctrl-C."""
    server = start(site)
    print(f"book: read it at http://127.0.0.1:{server.server_address[1]}/   (Ctrl-C ends)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()
    return 0


def main() -> int:
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        sys.exit(f"serve: no site in {site}; build it with `make book`")
    return forever(site)


if __name__ == "__main__":
    sys.exit(main())

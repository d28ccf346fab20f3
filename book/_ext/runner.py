"""Run buttons: mark the pages whose code cells run in the browser, and pack the package for them.

The buttons exist only where tools/pyodide.py has vendored Pyodide; elsewhere no page loads a byte of this.
A cell runs in the browser unless it is tagged `torch`.
"""
from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import json
import tomllib
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)
ARCHIVE, LIST = "attnlab.zip", "files.json"
BROUGHT = ["matplotlib"]  # what worker.js brings in when a cell needs it
COMPRESSED = {".js", ".mjs", ".json", ".wasm"}  # what a host sends compressed
RUN = Path(__file__).resolve().parents[1] / "_static" / "run"
EPOCH = (1980, 1, 1, 0, 0, 0)
IGNORED = {"__pycache__", ".ipynb_checkpoints", "static"}


def pyodide_folder(app: Sphinx) -> Path | None:
    """The vendored Pyodide among the static folders, or None."""
    for folder in app.config.html_static_path:
        candidate = Path(app.confdir, folder, "pyodide")
        if (candidate / "pyodide-lock.json").is_file() and (candidate / "manifest.json").is_file():
            return candidate
    return None


def runs_in_browser(node: nodes.Node) -> bool:
    """True for a code cell that shows its code and is not tagged `torch`."""
    return (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"
            and not {"tag_torch", "tag_remove-input"} & set(node["classes"]))


def mark_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Add the runner's script and style to a page that has something to run."""
    if doctree is None or not app.attnlab_pyodide or not any(True for _ in doctree.findall(runs_in_browser)):
        return
    app.add_css_file("css/run.css")
    app.add_js_file("run/runner.js", type="module", **{"data-run-page": pagename})
    if any("claim_name" in node for node in doctree.findall(nodes.Element)):
        app.add_js_file("claims/run.js", type="module", priority=501)  # its buttons press those of the runner


def metadata(project: Path) -> tuple[str, str]:
    """Name of the dist-info folder and the METADATA text, so that `importlib.metadata` works in the browser."""
    described = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = described["name"], described.get("version", "0")
    return f"{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def kernel():
    """The browser's stand-in for a notebook kernel, as a module."""
    spec = importlib.util.spec_from_file_location("attnlab_kernel", RUN / "kernel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reaches(source: Path, names) -> dict[str, list[str]]:
    """module -> which of the packages that are brought in when needed it imports, itself or through others."""
    needs = kernel().needs
    modules = [".".join(Path(name).with_suffix("").parts).removesuffix(".__init__") for name in names if name.endswith(".py")]
    return {module: needs(f"import {module}", BROUGHT, source) for module in modules}


def pack(project: Path) -> bytes:
    """The Python of src/attnlab as a zip; equal sources give equal bytes (fixed dates, sorted names)."""
    source = project / "src"
    files = {path.relative_to(source).as_posix(): path.read_bytes()
             for path in sorted((source / "attnlab").rglob("*"))
             if path.is_file() and not IGNORED & set(path.parts)}
    name, text = metadata(project)
    files[name] = text.encode()
    files[kernel().REACHES] = json.dumps(reaches(source, files)).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def find(app: Sphinx) -> None:
    """Look once per build whether Pyodide is there."""
    html = app.builder.format == "html"
    app.attnlab_pyodide = pyodide_folder(app) if html else None
    if html and not app.attnlab_pyodide:
        log.info("runner: Pyodide was not vendored, so the pages get no Run buttons (python tools/pyodide.py)")


def note(app: Sphinx, config) -> None:
    """Pages are written anew when Pyodide comes or goes: that is a change of configuration."""
    config.run_buttons = pyodide_folder(app) is not None


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write the package beside Pyodide at the end of every build, so that it always matches src/."""
    if error is None and app.attnlab_pyodide:
        folder = Path(app.outdir, "_static", "pyodide")
        if not (folder / "manifest.json").is_file():
            return
        (folder / ARCHIVE).write_bytes(pack(Path(app.confdir)))
        (folder / LIST).write_text(json.dumps(listed(folder)), "utf-8")


def listed(folder: Path) -> dict:
    """What Python consists of: `files` holds name -> [bytes, bytes over the wire, hash], and `version` changes when any of them does,
    or a script or module that runs beside them."""
    names = [*json.loads((folder / "manifest.json").read_text("utf-8"))["files"], ARCHIVE]
    files = {name: described(folder / name) for name in sorted(names)}
    beside = [path.read_bytes() for path in sorted((folder.parent / "run").iterdir()) if path.suffix in {".js", ".py"}]
    return {"version": digest(json.dumps(files).encode() + b"".join(beside)), "files": files}


def described(path: Path) -> list:
    data = path.read_bytes()
    sent = len(gzip.compress(data, 6)) if path.suffix in COMPRESSED else len(data)
    return [len(data), sent, digest(data)]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def setup(app: Sphinx) -> dict:
    app.attnlab_pyodide = None
    app.add_config_value("run_buttons", False, "html", bool)
    app.connect("config-inited", note)
    app.connect("builder-inited", find)
    app.connect("html-page-context", mark_page)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

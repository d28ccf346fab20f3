"""Build the site: front-end parts, then Jupyter Book with every warning an error."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import frontend  # noqa: E402

ROOT = frontend.ROOT


def jupyter_book(out: Path, rebuild: bool) -> int:
    """Run `jupyter-book build -W -n --keep-going`; the return code is its own."""
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(ROOT)]
    command += ["-W", "-n", "--keep-going", "--path-output", str(out)]
    if rebuild:
        command.append("--all")
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "ignore"}).returncode


def run_buttons() -> None:
    """Python for the browser, where its files can be had; without them the site has no Run buttons."""
    subprocess.run([sys.executable, str(ROOT / "tools" / "pyodide.py")], cwd=ROOT, check=True)


def build(out: Path = ROOT, clean: bool = False) -> Path:
    """Make the site under `out`/_build/html and return that folder; exit with a message where it fails."""
    start = time.perf_counter()
    frontend.ensure()
    run_buttons()
    if clean:
        shutil.rmtree(out / "_build", ignore_errors=True)
    print("book: building, warnings are errors", flush=True)
    code = jupyter_book(out, rebuild=clean)
    if code:
        sys.exit(f"book: the build failed (exit status {code}); the warnings above say where")
    print(f"book: built in {time.perf_counter() - start:.0f} s", flush=True)
    return out / "_build" / "html"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=ROOT, help="folder that gets _build/ (default: the repository)"
    )
    parser.add_argument("--clean", action="store_true", help="throw away what an earlier build left")
    parser.add_argument("--serve", action="store_true", help="serve the site afterwards, at a terminal")
    args = parser.parse_args()
    site = build(args.out.resolve(), args.clean)
    if args.serve and sys.stdout.isatty():
        import serve

        return serve.forever(site)
    print(f"book: open {site / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

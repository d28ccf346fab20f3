"""The scripts of practice as the site lays them out, for tests that run them with node: storage is a map, and time stands where it is put."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from in_node import node

ROOT = Path(__file__).resolve().parents[1]
HEAD = """
globalThis.kept = new Map(Object.entries(GIVEN.kept ?? {}));
globalThis.localStorage = {
  get length() { return kept.size; }, key: (at) => [...kept.keys()][at] ?? null, getItem: (name) => kept.get(name) ?? null,
  setItem: (name, text) => void kept.set(name, String(text)), removeItem: (name) => void kept.delete(name),
};
globalThis.document = Object.assign(new EventTarget(), {
  documentElement: { setAttribute() {}, hasAttribute: () => false }, querySelector: () => null, querySelectorAll: () => [],
});
globalThis.addEventListener = () => {};
globalThis.fetch = async () => { throw new Error("no network"); };
"""


def laid_out(folder: Path) -> Path:
    """A copy of practice/ beside the scheduler; returns the folder of the scripts."""
    shutil.copytree(ROOT / "book" / "_static" / "practice", folder / "_static" / "practice")
    shutil.copytree(ROOT / ".vendor" / "static" / "fsrs", folder / "_static" / "fsrs")
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    return folder / "_static" / "practice"


def run(scripts: Path, code: str, given: dict | None = None, zone: str = "UTC"):
    """What `code`, the body of an async function, returns; it may import "./schedule.js" and read GIVEN."""
    script = scripts / "try.mjs"
    body = f"const GIVEN = {json.dumps(given or {})};\n{HEAD}\nconst found = await (async () => {{\n{code}\n}})();\nconsole.log(JSON.stringify(found));\n"
    script.write_text(body, "utf-8")
    done = subprocess.run([node(), str(script)], capture_output=True, text=True, encoding="utf-8", timeout=60, env={"TZ": zone, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

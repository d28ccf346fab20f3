"""The hash of what comes in parts is that of the whole, for every length around the size of a chunk."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from in_node import node  # noqa: E402

HASH = ROOT / "book" / "_static" / "live" / "hash.js"
SCRIPT = f"""import {{ Sha256 }} from {HASH.as_uri()!r};
const bytes = (n) => Uint8Array.from({{ length: n }}, (_, i) => (i * 7 + n) % 256);
function inParts(n) {{
  const hash = new Sha256(), all = bytes(n);
  for (let at = 0, size = 1; at < n; at += size, size = 1 + ((at * 13 + n) % 150)) hash.add(all.subarray(at, at + size));
  return hash.digest();
}}
console.log(JSON.stringify(Array.from({{ length: 300 }}, (_, n) => inParts(n))));
"""


def test_parts_of_any_size_give_the_hash_of_the_whole(tmp_path):
    script = tmp_path / "hash.mjs"
    script.write_text(SCRIPT, "utf-8")
    done = subprocess.run([node(), "--no-warnings", str(script)], capture_output=True, text=True, encoding="utf-8", check=True)
    right = [hashlib.sha256(bytes((i * 7 + n) % 256 for i in range(n))).hexdigest() for n in range(300)]
    assert json.loads(done.stdout) == right

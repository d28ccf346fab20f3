"""JupyterLab begins with a map of the notebooks, and its boxes look as they do on the site."""

from __future__ import annotations

import importlib.util
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("lab", ROOT / "tools" / "lab.py")
lab = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(lab)
LINK = re.compile(r"^\d+\. \[([^\]]+)\]\(([^)]+)\)", re.M)


def text() -> str:
    return "\n\n".join(cell.source for cell in lab.notebook().cells)


def test_the_start_notebook_lists_every_page_in_the_order_of_the_table_of_contents():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    pages = [one["file"] for part in parts if part["caption"] not in ("Practice", "Concepts", "Reference") for one in part["chapters"]]
    listed = [to for _, to in LINK.findall(text())]
    assert [f"book/{to.rsplit('.', 1)[0]}" for to in listed] == [page for page in pages if page != "book/start/how_to_use"]
    assert [to for to in listed if not (lab.BOOK / to).is_file()] == []
    assert [to for to in listed if to.endswith(".md") and (lab.BOOK / to).with_suffix(".ipynb").is_file()] == []


def test_it_says_how_to_run_and_what_the_boxes_are():
    style = (lab.LOOKS / "custom.css").read_text("utf-8")
    for kind in ("idea", "claim", "source", "bug"):
        mark = re.search(rf"\.myst-admonition\.{kind} {{ --mark: \"(.)\"", style)[1]
        assert f"| {mark} " in text()
    assert "Shift + Enter" in text() and "check(" in text()


def test_it_is_written_whole_and_the_same_each_time(tmp_path):
    first = lab.write(tmp_path / "a.ipynb").read_bytes()
    assert lab.write(tmp_path / "b.ipynb").read_bytes() == first
    told = json.loads(first)
    assert told["nbformat"] == 4 and all(cell["cell_type"] == "markdown" for cell in told["cells"])


def test_it_is_no_file_of_the_repository():
    found = subprocess.run(["git", "check-ignore", lab.TARGET.relative_to(ROOT).as_posix()], cwd=ROOT, capture_output=True, encoding="utf-8")
    if found.returncode == 128:
        pytest.skip("not a clone")
    assert found.returncode == 0


def test_a_borrowed_machine_begins_there_too(tmp_path):
    lab.settle(tmp_path)
    found = json.loads((tmp_path / "jupyter_lab_config.json").read_text("utf-8"))["LabApp"]
    assert found == {"custom_css": True, "default_url": "/lab/tree/book/START_HERE.ipynb"}
    server = json.loads((tmp_path / "jupyter_server_config.json").read_text("utf-8"))["ServerApp"]
    assert (Path(server["tornado_settings"]["static_custom_path"][0]) / "custom.css").is_file()
    assert "tools/lab.py --write" in (ROOT / "postBuild").read_text("utf-8")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def asked(address: str, tries: int = 240) -> tuple[str, str]:
    """(where it leads, what stands there), once the server answers."""
    for _ in range(tries):
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.url, answer.read().decode("utf-8", "replace")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"no answer from {address}")


def test_jupyterlab_opens_with_it_and_loads_the_style_sheet(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    port = free_port()
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    line = lab.command(["--no-browser", f"--port={port}", "--ServerApp.token=", "--ServerApp.allow_root=True"])
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            url, page = asked(f"{address}/")
            assert url.split("?")[0] == f"{address}/lab/tree/START_HERE.ipynb" and "/custom/custom.css" in page
            assert ".myst-admonition.claim" in asked(f"{address}/custom/custom.css")[1]
        finally:
            server.terminate()

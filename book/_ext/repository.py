"""The repository's address, found when the book is built; without one the buttons that need it stay away.

Looked for in this order: ATTNLAB_REPOSITORY, the CI's GITHUB_SERVER_URL and GITHUB_REPOSITORY, the git remote
`origin`. Only GitHub and GitLab addresses count: the theme's buttons know no other host.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REMOTE = re.compile(
    r"^(?:https?://(?:[^@/]+@)?|ssh://(?:[^@/]+@)?|git@)(?P<host>[^/:]+)(?::\d+)?[/:](?P<path>.+?)(?:\.git)?/?$"
)
BINDER = "https://mybinder.org"


def web_address(remote: str) -> str | None:
    """https address of a GitHub or GitLab remote, whichever way it is written; None for any other."""
    match = REMOTE.match(remote.strip())
    if not match or not re.search(r"(^|\.)(github|gitlab)\.", match["host"]):
        return None
    if match["path"].count("/") < 1:
        return None
    return f"https://{match['host']}/{match['path']}"


def git_remote() -> str:
    """Address of the remote `origin`; empty where there is none (or no git)."""
    try:
        found = subprocess.run(
            ["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
        )
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def find() -> str | None:
    """The repository's web address, or None."""
    if "ATTNLAB_REPOSITORY" in os.environ:
        return web_address(os.environ["ATTNLAB_REPOSITORY"])
    if os.environ.get("GITHUB_REPOSITORY"):
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        return web_address(f"{server}/{os.environ['GITHUB_REPOSITORY']}")
    return web_address(git_remote())


def configure(app, config) -> None:
    """Give the theme the address and the Binder button, or take every button that would need them away."""
    options = config.html_theme_options
    address = find()
    options["repository_url"] = address or ""
    for button in ("use_source_button", "use_repository_button", "use_issues_button"):
        options[button] = address is not None
    options["use_edit_page_button"] = False
    launch = {"notebook_interface": "jupyterlab"}
    options["launch_buttons"] = launch | ({"binderhub_url": BINDER} if address else {})


def setup(app):
    app.connect("config-inited", configure, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

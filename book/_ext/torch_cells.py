"""A cell that needs PyTorch says so, and where it runs: in JupyterLab, or on Binder where the repository is public."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from docutils import nodes
from repository import BINDER
from sphinx.transforms.post_transforms import SphinxPostTransform

USE, SECTION = "book/start/how_to_use", "use-on-your-machine"
SILENT = {"tag_exercise-check", "tag_exercise-use"}  # of an exercise the cell to be filled says it


def binder(repository: str, page: str) -> str:
    """Where a page's notebook opens in a JupyterLab on Binder; empty without a repository."""
    if not repository:
        return ""
    host, path = urlsplit(repository).netloc, urlsplit(repository).path.strip("/")
    place = f"gl/{quote(path, safe='')}" if re.search(r"(^|\.)gitlab\.", host) else f"gh/{path}"
    return f"{BINDER}/v2/{place}/HEAD?urlpath=lab/tree/{quote(page)}.ipynb"


def is_torch(node: nodes.Node) -> bool:
    """A code cell with PyTorch whose code is shown."""
    classes = set(node.get("classes", ())) if isinstance(node, nodes.container) else set()
    return "tag_torch" in classes and node.get("nb_element") == "cell_code" and not SILENT & classes


class SayWhere(SphinxPostTransform):
    """Below the code, where others have their Run button."""
    default_priority = 395
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for cell in list(self.document.findall(is_torch)):
            code = next((part for part in cell.findall(nodes.container) if "cell_input" in part["classes"]), None)
            if code is not None:
                code.parent.insert(code.parent.index(code) + 1, self._said())

    def _said(self) -> nodes.paragraph:
        said = nodes.paragraph("", "", nodes.Text("Needs PyTorch: runs in "), self._link("JupyterLab", self._use()), classes=["needs-torch"])
        address = binder(self.config.html_theme_options.get("repository_url", ""), self.env.docname)
        return said + [nodes.Text(" or on "), self._link("Binder", address)] if address else said

    def _use(self) -> str:
        if USE not in self.env.found_docs:
            return ""
        return f"{self.app.builder.get_relative_uri(self.env.docname, USE)}#{SECTION}"

    def _link(self, words: str, address: str) -> nodes.Node:
        return nodes.reference("", words, refuri=address, internal=True) if address else nodes.Text(words)


def setup(app) -> dict:
    app.add_post_transform(SayWhere)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

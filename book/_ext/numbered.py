"""Exercises and figures count through their chapter, as numbering.py says, and not through the whole book.

Sphinx and sphinx-exercise count on; before anything is written their counts are replaced, so that captions, titles and
`{numref}` follow. `named` tells what bears a name on a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numbering
from docutils import nodes
from docutils.parsers.rst import directives
from places import places
from sphinx.environment import BuildEnvironment
from sphinx_exercise.directive import ExerciseStartDirective
from sphinx_exercise.nodes import is_exercise_node

LONGEST = 110  # characters of a caption that the search shows


class ExerciseStart(ExerciseStartDirective):
    """Takes the `enumerator` that a notebook holds for JupyterLab; here the number is counted."""

    option_spec = ExerciseStartDirective.option_spec | {"enumerator": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        self.options.pop("enumerator", None)
        return super().run()


def know_chapters(app, config) -> None:
    """A change in the order of the pages is a change of configuration, after which every page is read again."""
    config.chapter_numbers = {page: place.chapter for page, place in places(Path(app.confdir)).items()}


def counted_on(app, env: BuildEnvironment) -> list[str]:
    """Let Sphinx see what changed in its own counts."""
    env.toc_fignumbers = getattr(env, "attnlab_counted_on", env.toc_fignumbers)
    return []


def count_by_chapter(app, env: BuildEnvironment) -> list[str]:
    """The pages whose numbers changed."""
    env.attnlab_counted_on, before = env.toc_fignumbers, getattr(env, "attnlab_by_chapter", {})
    env.toc_fignumbers = env.attnlab_by_chapter = {
        page: {kind: _counted(found, env.config.chapter_numbers.get(page, "")) for kind, found in kinds.items()}
        for page, kinds in env.toc_fignumbers.items()
    }
    return [page for page, kinds in env.toc_fignumbers.items() if kinds != before.get(page)]


def _counted(found: dict[str, tuple], chapter: str) -> dict[str, tuple]:
    """Of one kind on one page: id -> number, in the order in which Sphinx counted."""
    return {one: tuple(numbering.number(chapter, count).split(".")) for count, one in enumerate(sorted(found, key=found.get), 1)}


def named(env: BuildEnvironment, page: str, doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """(name, anchor, title) of every claim, exercise and figure of a page, in its order."""
    for node in doctree.findall(nodes.Element):
        if "claim_name" in node:
            yield node["claim_name"], node["ids"][0], node[0][0].astext()
        elif is_exercise_node(node):
            name = _name(env, page, "exercise", node)
            yield name, node["ids"][0], node[0].astext().replace(name, "").strip(" ()")
        elif isinstance(node, nodes.figure) and (caption := node.next_node(nodes.caption)) is not None:
            yield _name(env, page, "figure", node), node["ids"][0], _short(caption.astext())


def _name(env: BuildEnvironment, page: str, kind: str, node: nodes.Element) -> str:
    return f"{numbering.WORDS[kind]} {'.'.join(env.toc_fignumbers[page][kind][node['ids'][0]])}"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[: words.rindex(" ", 0, LONGEST)] + " …"


def setup(app) -> dict:
    app.setup_extension("sphinx_exercise")
    app.add_config_value("chapter_numbers", {}, "env", dict)
    app.add_directive("exercise-start", ExerciseStart, override=True)
    app.connect("config-inited", know_chapters)
    app.connect("env-get-updated", counted_on, priority=100)
    app.connect("env-get-updated", count_by_chapter, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

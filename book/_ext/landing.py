"""What the landing page shows of the course, computed when the page is made: nothing in it is typed by hand.

    {quoted-claim} page name      a claim of a chapter with its assertion; the content is what the assertion needs to run
    {wrong-answer} exercise name  a wrong answer from the exercise's own list, and what its check says to it
    {silent-bug} exercise name    another one; the content shows that nothing is raised; its name and public threads stand behind a question
    {counts}                      how much there is, counted

The code of each is run here, its output is shown, and a reader can change it and run it again where the page has a Python.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import sys
from pathlib import Path
from textwrap import dedent

import course
import items
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))  # the package from this repository, whether or not it is installed
from attnlab.exercises import EXERCISES, MISCONCEPTIONS  # noqa: E402

CLAIM = re.compile(r"^:::\{admonition\} Claim: ([^\n]+)\n:class: claim\n:name: ([\w-]+)\n(.*?)^:::$\s*```\{code-cell\} ipython3\n:tags: \[claim\]\n\n(.*?)^```$", re.M | re.S)
DECORATOR = re.compile(r"\A@[^\n]*\n")


class counts(nodes.General, nodes.Element):
    """Where `{counts}` stood; filled when the page is written, once every page has been read."""


def claim(source: str, name: str) -> tuple[str, str]:
    """(title, code) of the claim of that name in a chapter's source."""
    for title, found, _, code in CLAIM.findall(source):
        if found == name:
            return title, code.strip()
    raise ValueError(f"there is no claim {name!r} with a cell that needs no PyTorch")


def mutant(exercise: str, name: str) -> str:
    """The source of a wrong answer."""
    return DECORATOR.sub("", dedent(inspect.getsource(EXERCISES[exercise].mutants[name]))).strip()


def output(code: str) -> str:
    """What the code prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "<landing page>", "exec"), {"__name__": "__main__"})
    return said.getvalue().rstrip()


def cell(code: str) -> nodes.container:
    """A code cell with its output, as a chapter has them; the reader can run it."""
    def block(text: str, language: str, *classes: str, **rest) -> nodes.container:
        literal = nodes.literal_block(text, text, language=language)
        return nodes.container("", literal, classes=list(classes), **rest)

    source = block(code, "ipython3", "cell_input", nb_element="cell_code_source")
    shown = nodes.container("", block(output(code), "none", "output", "stream"), classes=["cell_output"], nb_element="cell_code_output")
    return nodes.container("", source, shown, classes=["cell"], nb_element="cell_code")


class Shown(SphinxDirective):
    """What the directives below share."""

    required_arguments = 2
    has_content = True

    def watch(self) -> None:
        """Exercises and mistakes are files of the package: the page is made again when one changes."""
        for folder in ("bank", "misconceptions"):
            for path in (ROOT / "src" / "attnlab" / "exercises" / folder).rglob("*.*"):
                if path.suffix in (".py", ".toml"):
                    self.env.note_dependency(str(path))

    def code(self, *parts: str) -> nodes.container:
        return cell("\n\n".join(part.strip() for part in parts if part.strip()))

    def text(self, *lines: str) -> list[nodes.Node]:
        place = nodes.container()
        self.state.nested_parse(StringList("\n\n".join(lines).splitlines(), "landing"), 0, place)
        return place.children

    def page(self, page: str, words: str) -> str:
        """A link to a chapter, as a source writes it."""
        suffix = ".ipynb" if Path(self.env.srcdir, f"book/{page}.ipynb").is_file() else ".md"
        return f"[{words}]({course.relative(f'book/{page}{suffix}', self.env.docname)})"


class QuotedClaim(Shown):
    def run(self) -> list[nodes.Node]:
        page, name = self.arguments
        source = Path(self.env.srcdir, f"book/{page}.md")
        self.env.note_dependency(str(source))
        text = source.read_text("utf-8")
        title, code = claim(text, name)
        chapter = self.page(page, course.TITLE.search(text)[1])
        said = self.text(f"**{title[0].upper()}{title[1:]}.** {{ref}}`A claim <{name}>` of {chapter}:")
        return [*said, self.code("\n".join(self.content), code, 'print("No assertion failed: the claim holds.")')]


class WrongAnswer(Shown):
    def run(self) -> list[nodes.Node]:
        self.watch()
        exercise, name = self.arguments
        call = f'print(diagnose("{exercise}", {name}).text)'
        return [self.code("import numpy as np\nfrom attnlab.exercises import diagnose", mutant(exercise, name), call)]


class SilentBug(Shown):
    def run(self) -> list[nodes.Node]:
        self.watch()
        exercise, name = self.arguments
        mistake = MISCONCEPTIONS[EXERCISES[exercise].same_as.get(name, name)]
        threads = ", ".join(f"[{thread}](https://github.com/{thread.replace('#', '/issues/')})" for thread in mistake.threads)
        answer = self.text(f"**{mistake.title[0].upper()}{mistake.title[1:]}:** {mistake.what}",
                           f"Why it is tempting: {mistake.tempting} Found in public code: {threads}. "
                           f"The chapter: {self.page(mistake.page, 'section “' + mistake.heading + '”')}.")
        title = nodes.title("", "What is wrong?")
        box = nodes.admonition("", title, *answer, classes=["dropdown", "answer"])
        return [self.code("import numpy as np", mutant(exercise, name), "\n".join(self.content)), box]


class Counts(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["attnlab_claims_page"] = "yes"  # boxes.py: written again at every build
        return [counts("")]


def counted(env) -> dict[str, int]:
    """How much of everything there is."""
    bank = items.load(Path(env.srcdir, env.config.practice_items))
    named = {one.same_as.get(name, name) for one in EXERCISES.values() for name in one.mutants}
    return {
        "chapters and sets of problems": len(course.chapters(Path(env.srcdir))),
        "claims that run": sum(map(len, getattr(env, "attnlab_claims", {}).values())),
        "exercises that answer": len(EXERCISES),
        "wrong answers tried on them": sum(len(one.mutants) for one in EXERCISES.values()),
        "mistakes known by name": len(named),
        "cards, questions and predictions": len(bank),
    }


class FillCounts(SphinxPostTransform):
    default_priority = 5

    def run(self, **kwargs) -> None:
        for place in list(self.document.findall(counts)):
            listing = nodes.bullet_list("", classes=["counts"])
            for words, number in counted(self.env).items():
                listing += nodes.list_item("", nodes.paragraph("", "", nodes.strong("", f"{number:,}"), nodes.Text(f" {words}")))
            place.replace_self(listing)


def load(app, pagename, templatename, context, doctree) -> None:
    if pagename == app.config.root_doc:
        app.add_css_file("css/landing.css")


def setup(app) -> dict:
    app.add_node(counts)
    for name, directive in {"quoted-claim": QuotedClaim, "wrong-answer": WrongAnswer, "silent-bug": SilentBug, "counts": Counts}.items():
        app.add_directive(name, directive)
    app.add_post_transform(FillCounts)
    app.connect("html-page-context", load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

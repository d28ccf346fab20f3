"""The course's boxes: named claims and answers that open.

Chapters write plain MyST admonitions with a class; JupyterLab shows them as they are. For the site this
extension
* names each `claim` of a page ("Claim 2.4.3"), boxes it with the cell tagged `claim` behind it, and folds that cell's code into one
  line; claims_page.py lists them all;
* turns every admonition or solution of class `dropdown` into <details>, which needs no script; the text in a solution
  is folded once, with it, while JupyterLab, whose solution folds nothing, folds the text by itself;
* lets `{ref}` name any titled box by its title.
"""
from __future__ import annotations

import re
from pathlib import Path

import numbering
from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx_exercise.nodes import is_exercise_node, solution_node

log = logging.getLogger(__name__)

ASSERTION = re.compile(r"^\s*(assert\b|[\w.]*\bassert_\w+\()", re.M)
FONTS = ("source-serif-4-latin-400-normal.woff2", "figtree-latin-wght-normal.woff2")


class claim_box(nodes.General, nodes.Element):
    """A claim together with the cells that assert it."""


class disclosure(nodes.General, nodes.Element):
    """<details>: a summary, then what it hides."""


class summary(nodes.General, nodes.TextElement):
    """<summary> of a disclosure."""


class claim_line(summary):
    """The line under a claim: its name, whether it ran, and where to press."""


# -- claims: numbered and collected while a page is read

def read_claims(app, doctree: nodes.document) -> None:
    """Name the claims of one page, box each with its cells, and remember them for the list."""
    env, claims = app.env, []
    chapter = env.config.chapter_numbers.get(env.docname, "")
    for count, box in enumerate(list(doctree.findall(_is_claim)), 1):
        cells = _claim_cells(box)
        if not ASSERTION.search(_code(cells)):
            log.warning("claim without an assertion: no cell tagged `claim` that asserts something "
                        "follows %r", box[0].astext(), location=box, type="boxes", subtype="claim")
        _bare(box[0])
        code = _code(cells)
        _wrap(box, cells, numbering.name("claim", chapter, count))
        claims.append(_entry(box, cells, code, in_book=bool(chapter)))
    for cell in doctree.findall(_is_claim_cell):
        if not isinstance(cell.parent, claim_box):
            log.warning("a cell tagged `claim` must follow a box of class `claim` at once", location=cell,
                        type="boxes", subtype="claim")
    claims_of(env)[env.docname] = claims
    _label_boxes(env, doctree)


def _is_claim(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "claim" in node["classes"]


def _is_claim_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and "tag_claim" in node.get("classes", [])


def _claim_cells(box: nodes.Element) -> list[nodes.Element]:
    """The unbroken run of cells tagged `claim` right behind the box."""
    cells = []
    for node in box.parent.children[box.parent.index(box) + 1:]:
        if isinstance(node, (nodes.target, nodes.comment)):
            continue
        if not _is_claim_cell(node):
            break
        cells.append(node)
    return cells


def _bare(title: nodes.Element) -> None:
    """Title "Claim 2.4.3: rows sum to one" -> "Rows sum to one"."""
    if len(title) and isinstance(title[0], nodes.Text):
        words = numbering.TITLE.sub("", title[0].astext())
        title.replace(title[0], nodes.Text(words[:1].upper() + words[1:]))


def _put_instead(new: nodes.Element, old: nodes.Element) -> None:
    """Like `old.replace_self(new)`, which would also copy ids and classes."""
    parent = old.parent
    parent[parent.index(old)] = new


def _wrap(box: nodes.Element, cells: list[nodes.Element], name: str) -> None:
    wrapper = claim_box("", claim_name=name, ids=[numbering.anchor(name)])
    _put_instead(wrapper, box)
    for cell in cells:
        cell.parent.remove(cell)
        _fold(cell, name)
    wrapper.extend([box, *cells])


def _fold(cell: nodes.Element, name: str) -> None:
    """The code behind one line; what the cell printed stays in sight."""
    for code in [part for part in cell.children if "cell_input" in part.get("classes", ())]:
        head = [nodes.inline("", name, classes=["claim-name"]), nodes.Text(" "), *ran_words(_ran(cell))]
        lab = nodes.inline("", "", nodes.Text("PyTorch"), nodes.inline("", ", in JupyterLab"), classes=["claim-where"])
        where = [nodes.Text(" "), lab] if "tag_torch" in cell["classes"] else []
        at = cell.index(code)
        cell[at] = disclosure("", claim_line("", "", *head, *where), code, classes=["claim-code"])


def ran_words(ran: bool) -> list[nodes.Node]:
    """What is said of the run that made the page, and the words to press."""
    said = nodes.inline("", "✓ ran at build", classes=["claim-ran"]) if ran else nodes.inline("", "not run at build", classes=["claim-idle"])
    return [said, *(node for word in ("show", "hide") for node in (nodes.Text(" "), nodes.inline("", word, classes=[f"claim-{word}"])))]


def _ran(cell: nodes.Element) -> bool:
    """Whether the stored notebook ran the cell, and without an error."""
    return bool(cell.get("exec_count")) and not any("traceback" in part["classes"] for part in cell.findall(nodes.literal_block))


def _entry(box: nodes.Element, cells: list[nodes.Element], code: str, in_book: bool) -> dict:
    return {"name": box.parent["claim_name"], "id": box.parent["ids"][0], "title": [_loose(n) for n in box[0].children],
            "body": [_loose(n) for n in box.children[1:]], "code": code, "ran": all(map(_ran, cells)), "in_book": in_book}


def _code(cells: list[nodes.Element]) -> str:
    return "\n".join(block.astext() for cell in cells for part in cell.findall(nodes.container)
                     if "cell_input" in part["classes"] for block in part.findall(nodes.literal_block))


def _loose(node: nodes.Node) -> nodes.Node:
    """A copy that can live in another page: no ids, no names, no document."""
    copy = node.deepcopy()
    copy.parent = copy.document = None
    for part in copy.findall(nodes.Element):
        part.document = None
        part["ids"], part["names"] = [], []
    return copy


def _label_boxes(env: BuildEnvironment, doctree: nodes.document) -> None:
    """Let `{ref}` to a named box print the box's title (a claim: "Claim 2.4.3")."""
    labels = env.get_domain("std").labels
    for box in doctree.findall(nodes.admonition):
        if not (box["names"] and box["ids"] and isinstance(box[0], nodes.title)):
            continue
        label = box.parent["claim_name"] if _is_claim(box) else box[0].astext()
        for name in box["names"]:
            labels[name] = env.docname, box["ids"][0], label


def claims_of(env: BuildEnvironment) -> dict[str, list[dict]]:
    """Page -> its claims."""
    if not hasattr(env, "attnlab_claims"):
        env.attnlab_claims = {}
    return env.attnlab_claims


def purge(app, env: BuildEnvironment, docname: str) -> None:
    claims_of(env).pop(docname, None)


def merge(app, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    claims_of(env).update({name: found for name, found in claims_of(other).items() if name in docnames})


# -- answers that open: <details>, once titles and references are final

class OpenDropdowns(SphinxPostTransform):
    """`dropdown` admonitions and solutions -> <details>; exercise bodies lose their repeated ids."""
    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(_is_exercise_or_solution)):
            _flatten(node)
        for node in list(self.document.findall(nodes.Admonition)):
            node["classes"] = [name for name in node["classes"] if not name.startswith("admonition-")]
            if "solution-text" in node["classes"]:
                at = node.parent.index(node)
                node.parent[at:at + 1] = node.children[1:]
            elif "dropdown" in node["classes"]:
                _put_instead(_disclosure(node), node)


def _is_exercise_or_solution(node: nodes.Node) -> bool:
    return is_exercise_node(node) or isinstance(node, solution_node)


def _flatten(node: nodes.Element) -> None:
    """sphinx-exercise gives every body the id `exercise-content`: put the body's children in its place."""
    for section in [child for child in node.children if isinstance(child, nodes.section)]:
        at = node.index(section)
        node[at:at + 1] = section.children


def _disclosure(box: nodes.Element) -> disclosure:
    kinds = [name for name in box["classes"] if name not in ("dropdown", "toggle")]
    titled = len(box) and isinstance(box[0], nodes.title)
    title = _unlinked(box[0]) if titled else [nodes.Text("Show")]
    head = summary("", "", *title, classes=["admonition-title"])
    return disclosure("", head, *box.children[bool(titled):], ids=box["ids"],
                      classes=["admonition", *kinds])


def _unlinked(title: nodes.Element) -> list[nodes.Node]:
    """A summary is itself a control: keep the words of its links, not the links."""
    for link in list(title.findall(nodes.reference)):
        link.replace_self(link.children)
    return title.children


class HoldPunctuation(SphinxPostTransform):
    """What touches a short formula, a bracket or a full stop, stays on its line; a long one may break."""
    default_priority = 410
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for formula in list(self.document.findall(nodes.math)):
            if len(formula.astext()) <= 24:
                _hold(formula)


def _hold(formula: nodes.math) -> None:
    parent = formula.parent
    at = next(i for i, node in enumerate(parent.children) if node is formula)
    before, after = parent.children[at - 1:at], parent.children[at + 1:at + 2]
    opening = _mark(before, slice(-1, None), "([")
    closing = _mark(after, slice(1), ".,;:?!)]")
    if not (opening or closing):
        return
    held = nodes.inline("", "", nodes.Text(opening), formula, nodes.Text(closing), classes=["held"])
    left = [nodes.Text(before[0][:-1])] if opening else before
    right = [nodes.Text(after[0][1:])] if closing else after
    parent[max(at - 1, 0):at + 2] = [*left, held, *right]


def _mark(neighbour: list[nodes.Node], place: slice, marks: str) -> str:
    """The character of a neighbouring text that touches the formula, if it is one of the marks."""
    touching = str(neighbour[0])[place] if neighbour and isinstance(neighbour[0], nodes.Text) else ""
    return touching if touching and touching in marks else ""


class DropEchoes(SphinxPostTransform):
    """A box that opens a section of the same name does not say the name twice."""
    default_priority = 390
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for section in self.document.findall(nodes.section):
            seen = [node for node in section.children if not isinstance(node, nodes.Invisible)]
            heading, *rest = seen[:2] or [None]
            for box in rest:
                if isinstance(box, nodes.admonition) and isinstance(box[0], nodes.title) \
                        and box[0].astext() == heading.astext():
                    box["classes"].append("named-above")


# -- HTML

def _visitors(tag: str, css: str = ""):
    def visit(self, node):
        self.body.append(self.starttag(node, tag, "", CLASS=css))

    def depart(self, node):
        self.body.append(f"</{tag}>\n")
    return visit, depart


def _nothing(self, node) -> None:
    """Other builders print the children and no frame."""


def page_head(app, pagename, templatename, context, doctree) -> None:
    """Drop sphinx-togglebutton (our <details> need no script) and ask for the text fonts early."""
    def wanted(asset) -> bool:
        text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"
        return "toggle" not in text
    context["script_files"] = [asset for asset in context["script_files"] if wanted(asset)]
    context["css_files"] = [asset for asset in context["css_files"] if wanted(asset)]
    links = (f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{_static(context, name)}">'
             for name in FONTS if _has_font(app, name))
    context["metatags"] = context.get("metatags", "") + "\n".join(links)


def _static(context, name: str) -> str:
    return context["pathto"](f"_static/fonts/{name}", resource=True)


def _has_font(app, name: str) -> bool:
    folders = (Path(app.confdir, folder, "fonts") for folder in app.config.html_static_path)
    return any((folder / name).exists() for folder in folders)


def setup(app) -> dict:
    frame = (_nothing, _nothing)
    app.setup_extension("numbered")
    app.add_node(claim_box, html=_visitors("div", "claim-box"), latex=frame, text=frame)
    app.add_node(disclosure, html=_visitors("details"), latex=frame, text=frame)
    for node in (summary, claim_line):
        app.add_node(node, html=_visitors("summary"), latex=frame, text=frame)
    app.add_post_transform(OpenDropdowns)
    app.add_post_transform(HoldPunctuation)
    app.add_post_transform(DropEchoes)
    app.connect("doctree-read", read_claims)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", page_head, priority=950)
    for name in ("book", "boxes", "practice"):
        app.add_css_file(f"css/{name}.css", priority=900)
    app.add_css_file("css/phone.css", priority=905)  # after run.css too, whose measures it changes
    app.add_css_file("css/print.css", priority=900, media="print")
    for name in ("boxes", "links"):
        app.add_js_file(f"js/{name}.js", type="module")
    return {"version": "1", "env_version": 3, "parallel_read_safe": True, "parallel_write_safe": True}

"""Every drawing in both layouts, measured from its shapes: nothing overlaps, nothing is cut, everything can be read."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from diagrams import colours, geometry

from attnlab import diagrams, masks
from attnlab.diagrams._drawing import NARROW, WIDE, Drawing, height
from attnlab.diagrams._shapes import Arrow, Box, Group, Label, Matrix, box, chain, join, matrix, pill, route
from attnlab.diagrams._style import FILLS, SWITCH
from attnlab.diagrams._svg import draw
from attnlab.diagrams._words import LEAST, spans, width
from attnlab.diagrams.head import STEPS
from attnlab.diagrams.masks import MAY_LOOK

ROOT = Path(__file__).resolve().parents[2]
DRAWINGS = {
    "attention_head": diagrams.attention_head(),
    "attention_head, here": diagrams.attention_head(here="scale"),
    "backward_flow": diagrams.backward_flow(),
    "block_residual": diagrams.block_residual(),
    "namer_pieces": diagrams.namer_pieces(),
    "slots_read_and_written": diagrams.slots_read_and_written(),
    "span_corruption": diagrams.span_corruption(),
    "norm_places": diagrams.norm_places(),
    "decoder_stack": diagrams.decoder_stack(),
    "encoder_decoder": diagrams.encoder_decoder(),
    "encoder_stack": diagrams.encoder_stack(),
    "family_tree": diagrams.family_tree(),
    "gpt2_to_llama": diagrams.gpt2_to_llama(),
    "feed_forward_shapes": diagrams.feed_forward_shapes(),
    "file_to_word": diagrams.file_to_word(),
    "gpt_stack": diagrams.gpt_stack(),
    "gpu_memory": diagrams.gpu_memory(),
    "heads_share": diagrams.heads_share(),
    "heads_split_and_merged": diagrams.heads_split_and_merged(),
    "decoding_loop": diagrams.decoding_loop(),
    "patches_to_class": diagrams.patches_to_class(),
    "indexed_attention": diagrams.indexed_attention(),
    "kv_cache": diagrams.kv_cache(),
    "paged_cache": diagrams.paged_cache(),
    "layer_since_2017": diagrams.layer_since_2017(),
    "learning_to_translate": diagrams.learning_to_translate(),
    "learning_in_context": diagrams.learning_in_context(),
    "memory_write": diagrams.memory_write(),
    "four_answers": diagrams.four_answers(),
    "induction_circuit": diagrams.induction_circuit(),
    "one_vote_in_n": diagrams.one_vote_in_n(),
    "masked_word": diagrams.masked_word(),
    "mask_pictures": diagrams.mask_pictures(),
    "memory_read": diagrams.memory_read(),
    "model_in_a_page": diagrams.model_in_a_page(),
    "questions_of_theory": diagrams.questions_of_theory(),
    "ring": diagrams.ring(),
    "routed_experts": diagrams.routed_experts(),
    "self_or_cross": diagrams.self_or_cross(),
    "several_streams": diagrams.several_streams(),
    "text_to_vectors": diagrams.text_to_vectors(),
    "training_loop": diagrams.training_loop(),
    "transformer": diagrams.transformer(),
    "transformer_2017": diagrams.transformer_2017(),
    "translator_pieces": diagrams.translator_pieces(),
    "two_brackets": diagrams.two_brackets(),
    "where_positions_enter": diagrams.where_positions_enter(),
    "your_model": diagrams.your_model(),
}
LAYOUTS = {"wide": WIDE, "narrow": NARROW}
every = pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS)
both = pytest.mark.parametrize("layout", LAYOUTS)
CHECKS = (geometry.overlapping, geometry.too_long, geometry.loose, geometry.slanted, geometry.struck, geometry.crossing)


def test_every_drawing_is_looked_at():
    assert {drawing.name for drawing in DRAWINGS.values()} == set(diagrams.__all__)
    assert all(isinstance(drawing, Drawing) for drawing in DRAWINGS.values())


@every
@both
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_geometry_is_sound(drawing, layout, check):
    assert check(getattr(drawing, layout)) == []


@every
@both
def test_nothing_leaves_the_drawing(drawing, layout):
    shapes = getattr(drawing, layout)
    assert geometry.outside(shapes, LAYOUTS[layout], height(shapes)) == []


@every
@both
def test_no_text_is_too_small_for_a_phone(drawing, layout):
    """The layout for a phone is never made smaller than it is drawn at 328 pixels, nor the other below its own width."""
    assert geometry.smallest(getattr(drawing, layout)) >= LEAST >= 12
    assert SWITCH >= WIDE and NARROW <= 328


@every
@both
def test_both_layouts_say_the_same_of_matrices_and_steps(drawing, layout):
    """A box with a link in one layout is there in the other too."""
    pages = [sorted(shape.page for shape in getattr(drawing, one) if getattr(shape, "page", "")) for one in LAYOUTS]
    assert pages[0] == pages[1]


def svgs(drawing) -> list[ElementTree.Element]:
    markup = drawing._repr_html_().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    return ElementTree.fromstring(markup).findall("div/{http://www.w3.org/2000/svg}svg")


@every
def test_it_says_in_words_what_it_shows(drawing):
    wide, narrow = svgs(drawing)
    assert (wide.get("class"), narrow.get("class")) == ("wide", "narrow")
    for svg in (wide, narrow):
        title, said = (svg.find(f"{{http://www.w3.org/2000/svg}}{name}").text for name in ("title", "desc"))
        assert title == drawing.title and said == drawing.text
        assert svg.get("aria-label") == f"{title}. {said}"
        assert svg.get("role") == ("group" if "data-page" in ElementTree.tostring(svg, "unicode") else "img")
    assert len(drawing.text.split()) >= 20 and drawing.text.rstrip().endswith(".")
    assert repr(drawing) == f"<diagram {drawing.name}: {drawing.text}>"


@every
def test_what_a_host_leaves_of_a_notebook_that_it_does_not_trust_is_the_sentence(drawing):
    """JupyterLab takes `style` and `svg` away and leaves their words, but what is hidden stays so, if the attribute has a value."""
    said, drawn = ElementTree.fromstring(drawing._repr_html_())
    assert said.tag == "p" and said.text == f"{drawing.title}. {drawing.text} (Run the cell to see it drawn.)"
    assert (
        drawn.get("hidden") == "hidden" and ".dg>p{display:none}.dg>div[hidden]{display:block!important}" in drawing._repr_html_()
    )


@every
def test_it_comes_out_the_same_twice_and_without_references(drawing):
    """References by id would find the layout that is not shown."""
    again = getattr(diagrams, drawing.name)(**({"here": "scale"} if "“scale”" in drawing.title else {}))
    assert again._repr_html_() == drawing._repr_html_()
    assert not re.search(r'\bid="|url\(|href=', drawing._repr_html_())


@every
def test_every_link_names_a_page_of_the_book(drawing):
    toc = (ROOT / "_toc.yml").read_text(encoding="utf8")
    pages = set(re.findall(r"(?:file|root): (\S+)", toc))
    assert yaml.safe_load(toc) and len(pages) > 20
    for named in set(re.findall(r'data-page="([^"]*)"', drawing._repr_html_())):
        page, _, anchor = named.partition("#")
        assert page in pages
        text = (ROOT / f"{page}.md").read_text(encoding="utf8")
        headings = re.findall(r"^#+ (.+)$", text, re.M)
        places = {re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") for heading in headings}
        places |= {f"exercise-{re.sub('[._]', '-', name)}" for name in re.findall(r"^% exercise: (\S+)$", text, re.M)}
        assert not anchor or anchor in places


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("host", ["site", "notebook"])
def test_text_can_be_read_on_every_kind_of_box(theme, host):
    """Ink, quiet ink and the colours of Q, K and V: contrast at least 4.5 on whatever they stand."""
    palette = colours.palette(host, theme)
    used = {
        (kind, tint)
        for drawing in DRAWINGS.values()
        for layout in LAYOUTS
        for kind, tint in colours.pairs(getattr(drawing, layout))
    }
    assert ("plain", "soft") in used and ("q", "tq") in used and {kind for kind, _ in used} <= {*FILLS, ""}
    poor = {(kind, tint): round(c, 2) for kind, tint in used if (c := colours.contrast(palette, kind, tint)) < 4.5}
    assert poor == {}


# ---- the single drawings -------------------------------------------------------------------------


def lit(shapes) -> list[str]:
    return [shape.lines[0] for shape in shapes if isinstance(shape, Box) and shape.kind == "lit"]


@both
def test_one_step_of_the_head_can_be_lit(layout):
    assert lit(getattr(diagrams.attention_head(), layout)) == []
    for step in STEPS:
        assert lit(getattr(diagrams.attention_head(here=step), layout)) == [step]


def test_a_step_that_is_none_is_refused():
    with pytest.raises(ValueError, match="here must be one of project, score, scale, mask, normalise, mix, got 'merge'"):
        diagrams.attention_head(here="merge")


@both
def test_the_masks_are_those_of_the_package(layout):
    drawn = [
        np.array([[kind != "" for kind in row] for row in shape.cells])
        for shape in getattr(diagrams.mask_pictures(), layout)
        if isinstance(shape, Matrix)
    ]
    at = np.arange(6)
    causal = masks.causal(at, at)
    document = np.array([0, 0, 0, 0, 1, 1])
    expected = [
        causal,
        np.broadcast_to(masks.padding(np.array([4]), 6).reshape(1, 6), (6, 6)),
        causal & masks.window(at, at, 3),
        causal & (document[:, None] == document),
    ]
    assert list(MAY_LOOK) == ["causal", "padding", "window", "document"]
    for mine, theirs in zip(drawn, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def numbers(shape) -> np.ndarray:
    return np.array([[int(word) for word in row] for row in shape.words])


@both
def test_the_heads_are_cut_as_the_package_cuts_them(layout):
    from attnlab.reference.heads import split_heads

    table, merged, again, *heads = (
        numbers(shape) for shape in getattr(diagrams.heads_split_and_merged(), layout) if isinstance(shape, Matrix)
    )
    np.testing.assert_array_equal(np.stack(heads[:2]), split_heads(table, 2))
    np.testing.assert_array_equal(np.stack(heads[2:]), again.reshape(2, 3, 2))
    np.testing.assert_array_equal(merged, table)
    np.testing.assert_array_equal(table, np.arange(12).reshape(3, 4))


def test_the_ring_passes_to_the_right():
    from attnlab.kernels.ring_plan import source

    shapes = diagrams.ring().wide
    devices = [shape for shape in shapes if isinstance(shape, Group)]
    for arrow in (shape for shape in shapes if isinstance(shape, Arrow)):
        giver, taker = (
            next(i for i, device in enumerate(devices) if geometry.on_border(end, device))
            for end in (arrow.points[0], arrow.points[-1])
        )
        assert source(taker, 1, 4) == giver


@both
def test_the_cache_grows_by_one_row_a_step(layout):
    caches = [shape for shape in getattr(diagrams.kv_cache(), layout) if isinstance(shape, Matrix) and shape.rows == 4]
    filled = [sum(row[0] != "blank" for row in cache.cells) for cache in caches]
    assert filled == [1, 1, 2, 2, 3, 3, 4, 4]
    assert all(sum(row[0].endswith("2") for row in cache.cells) == 1 for cache in caches)


@both
def test_the_theory_drawing_leads_to_every_page_of_the_part(layout):
    """Each chapter asks one part of the model, in the order in which a text goes through it."""
    boxes = [shape for shape in getattr(diagrams.questions_of_theory(), layout) if isinstance(shape, Box)]
    pages = re.findall(r"file: (book/theory/\w+)", (ROOT / "_toc.yml").read_text(encoding="utf8"))
    assert sorted(box.page for box in boxes if box.page) == sorted(set(pages) - {"book/theory/overview"})
    asks = {arrow.points for arrow in getattr(diagrams.questions_of_theory(), layout) if isinstance(arrow, Arrow)}
    asked = [next(part.lines[0] for part in boxes if not part.page and geometry.on_border(end, part))
             for chapter in boxes for start, end in asks if chapter.page and geometry.on_border(start, chapter)]  # fmt: skip
    assert asked == ["prompt", "keys, values", "weights", "heads", "layers"]


@both
def test_a_slot_loses_before_it_gains(layout):
    """From the table before, through erase and add, to the table after; the weights of the write go to both."""
    shapes = getattr(diagrams.slots_read_and_written(), layout)
    boxes, arrows = ([shape for shape in shapes if isinstance(shape, kind)] for kind in (Box, Arrow))
    ends = [tuple(next(box.lines for box in boxes if geometry.on_border(end, box)) for end in (arrow.points[0], arrow.points[-1])) for arrow in arrows]
    steps = [lines for lines in dict.fromkeys(lines for pair in ends for lines in pair) if lines[0] in ("# slots *M*", "# erase", "# add")]
    before, erase, add, after = sorted(steps, key=lambda lines: ("~ before", "~ (1 − *w* ⊗ *e*) ∘ *M*", "~ + *w* ⊗ *a*", "~ after").index(lines[1]))
    assert {(before, erase), (erase, add), (add, after)} <= set(ends) and (before, add) not in ends
    assert {b[0] for a, b in ends if a[0] == "weights *w*"} == {"*w* ⊗ *e*", "*w* ⊗ *a*"}


def test_the_ids_are_those_of_the_vocabulary():
    """In the vocabulary of BERT, uncased, which the installed MiniLM brings."""
    from attnlab.diagrams.text import TOKENS

    folder = pytest.importorskip("attnlab.weights.minilm").installed()
    words = next(Path(folder).rglob("vocab.txt")).read_text(encoding="utf8").splitlines()
    assert [words[number] for _, number in TOKENS] == [token for token, _ in TOKENS]


# ---- parts ---------------------------------------------------------------------------------------


def test_markup_of_a_line():
    assert spans("*Q* *K*^{⊤}/√*d*_{k}") == [
        ("Q", True, 0, False), (" ", False, 0, False), ("K", True, 0, False), ("⊤", False, 1, False), ("/√", False, 0, False),
        ("d", True, 0, False), ("k", True, -1, False)]  # fmt: skip
    assert spans("*d*_{model}")[1] == ("model", False, -1, False)
    assert spans("!S! *K*")[0] == ("S", True, 0, True)
    assert "overline" in diagrams.backward_flow()._repr_html_()


def test_a_wider_letter_makes_a_wider_line():
    assert width("WWW", 15) > width("nnn", 15) > width("iii", 15)
    assert width("# bold", 15) > width("bold", 15) > width("~ bold", 15)
    assert width("*d*_{k}", 15) == pytest.approx(0.65 * 15 + 0.62 * 12)


def test_boxes_fit_their_lines_and_arrows_join_borders():
    a, b, c = box(2, 2, 100, "one", "two"), pill(200, 100, "three"), matrix(50, 200, 3, 5, 10)
    assert a.h == 55 and b.cx == 200 and (c.left, c.right, c.bottom) == (25, 75, 230)
    assert join(a, c).points == ((50, 57), (50, 200)) and join(c, a, at=30).points == ((30, 200), (30, 57))
    assert chain(a, c)[0] == join(a, c) and route((1, 2), (1, 9)).points == ((1, 2), (1, 9))


def test_text_cannot_become_markup():
    assert "<b>" not in draw(Label(1, 1, "a <b> & c")) and "&lt;b&gt; &amp; c" in draw(Label(1, 1, "a <b> & c"))
    assert (
        '"'
        not in Drawing("x", 'a"b', 'c"d.', (Label(9, 9, "x"),), (Label(9, 9, "x"),))
        ._repr_html_()
        .split('aria-label="')[1]
        .split('">')[0]
    )


def test_a_stranger_is_no_shape():
    with pytest.raises(TypeError, match="shape"):
        draw("box")


# ---- the checks themselves -----------------------------------------------------------------------

A, B = Box(10, 10, 80, 40, ("a",)), Box(10, 90, 80, 40, ("b",))
BROKEN = {
    "overlapping": (A, Box(80, 40, 50, 50)),
    "too_long": (Box(10, 10, 60, 40, ("much too long",)),),
    "loose": (A, B, route((50, 50), (50, 84))),
    "slanted": (A, B, route((50, 50), (40, 90))),
    "struck": (A, Box(30, 60, 30, 20), B, join(A, B)),
    "crossing": (A, B, join(A, B), Box(110, 60, 30, 20), Box(0, 60, 8, 20), route((110, 70), (8, 70))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_found(name):
    check = next(check for check in CHECKS if check.__name__ == name)
    assert check(BROKEN[name]) and not check((A, B, join(A, B)))


def test_what_leaves_the_drawing_and_what_is_too_small_is_found():
    assert geometry.outside((Box(300, 10, 40, 40),), 328, 100) and not geometry.outside((A,), 328, 100)
    assert geometry.smallest((Label(9, 9, "x", size=11),)) == 11 and geometry.smallest((Label(9, 9, "*d*_{k}", size=13),)) == 12


def test_poor_contrast_is_found():
    palette = colours.palette("site", "light")
    assert colours.contrast(palette, "lit", "ink") < 4.5 < colours.contrast(palette, "lit", "page")


@both
def test_the_transformer_of_2017_has_the_sublayers_of_the_package(layout):
    """Five sublayers in colour, each followed by its own add and norm, in the order of the model's blocks."""
    boxes = [shape for shape in getattr(diagrams.transformer_2017(), layout) if isinstance(shape, Box)]
    named = [shape.lines[0].removeprefix("# ") for shape in boxes if shape.kind == "weight" or shape.lines == ("add, norm",)]
    sublayers = ["self-attention", "feed-forward", "masked self-attention", "cross-attention", "feed-forward"]
    assert named == [name for sublayer in sublayers for name in (sublayer, "add, norm")]


def test_your_model_has_the_pieces_of_the_package_and_their_exercises():
    from attnlab import mine
    from attnlab.diagrams.your_model import STAGES
    from attnlab.exercises import EXERCISES

    ours = [(stage.title, tuple((name, EXERCISES[piece.exercise].page, piece.exercise) for name, piece in stage.pieces.items())) for stage in mine.STAGES]
    assert ours == list(STAGES)


def test_your_model_marks_what_is_yours_in_words_and_refuses_what_is_no_piece():
    marked = diagrams.your_model(("softmax",))._repr_html_()
    assert marked.count("✓ yours") == 2 and "Yours: softmax." in marked and "✓" not in diagrams.your_model()._repr_html_()
    with pytest.raises(ValueError, match="gelu is no piece of the model"):
        diagrams.your_model(("gelu",))

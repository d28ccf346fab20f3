"""Explorables: pictures that answer while the reader moves something. The only bridge to JavaScript.

How to add one, called ``name``:

1. ``static/widgets/name.js``: a plain ES module, at most 50 KB. Its arithmetic is exported as pure functions;
   ``export default { render }`` builds the picture in ``render({ model, el })`` with ``model.get``,
   ``change`` and ``watch``. Shared parts come by ``import { ... } from "./common.js";`` without renaming; what is too long for
   one file stands in a folder of that name, no name twice in all of it.
2. ``name.py`` here: a function ``name(...)`` that checks its arguments at the door and returns
   ``Explorable("name", state, table)``. ``state`` holds plain lists, numbers and text (what the reader can
   move); ``table`` is ``table(...)`` of real numbers, shown where there is no JavaScript.
3. ``tests/widgets/test_arithmetic.py``: every exported function against the NumPy reference at 1e-12.
   ``tests/explore/``: the table and the errors. ``tests/site/test_explorables.py``: a walk by keyboard.
4. ``explore.css``: reuse its classes, add the room to keep for the new one (last lines); what needs many rules of its own has
   ``name.css`` beside its script. A colour never says what no number beside it says.

A notebook shows it by ``explore.name()`` as the last line of a cell, a page without code by the directive
``{explorable} name``. One source, two hosts: ``afm-mount.js`` on the site, anywidget (optional) in JupyterLab.

``Live`` is for what only a kernel can do (any sentence through a model): controls in JupyterLab, a sentence on the site.
"""

from __future__ import annotations

from attnlab.explore._explorable import WIDGETS, Explorable, module_source
from attnlab.explore._live import Live, heat_table
from attnlab.explore.alignment_explorer import alignment_explorer
from attnlab.explore.arcs import arcs
from attnlab.explore.attention_on_a_sentence import attention_on_a_sentence
from attnlab.explore.beam_tree import beam_tree
from attnlab.explore.bias_shapes import bias_shapes
from attnlab.explore.builder import builder
from attnlab.explore.cost_against_length import cost_against_length
from attnlab.explore.erasing_memory import erasing_memory
from attnlab.explore.expert_routing import expert_routing
from attnlab.explore.graph_view import graph_view
from attnlab.explore.heads_side_by_side import heads_side_by_side
from attnlab.explore.hopfield import hopfield
from attnlab.explore.induction_walk import induction_walk
from attnlab.explore.live import live
from attnlab.explore.masked_word import masked_word
from attnlab.explore.next_letter import next_letter
from attnlab.explore.pages_over_time import pages_over_time
from attnlab.explore.patches import patches
from attnlab.explore.position_phases import position_phases
from attnlab.explore.sampling_filters import sampling_filters
from attnlab.explore.softmax_and_scale import softmax_and_scale
from attnlab.explore.speculation import speculation
from attnlab.explore.sparse_reach import sparse_reach
from attnlab.explore.stream_by_layer import stream_by_layer
from attnlab.explore.temperature_and_kernel_width import temperature_and_kernel_width
from attnlab.explore.tile_walk import tile_walk
from attnlab.explore.walk_a_token import walk_a_token

__all__ = [
    "Explorable",
    "Live",
    "WIDGETS",
    "alignment_explorer",
    "arcs",
    "attention_on_a_sentence",
    "beam_tree",
    "bias_shapes",
    "builder",
    "cost_against_length",
    "erasing_memory",
    "expert_routing",
    "graph_view",
    "heat_table",
    "heads_side_by_side",
    "hopfield",
    "induction_walk",
    "live",
    "masked_word",
    "module_source",
    "next_letter",
    "pages_over_time",
    "patches",
    "position_phases",
    "sampling_filters",
    "softmax_and_scale",
    "speculation",
    "sparse_reach",
    "stream_by_layer",
    "temperature_and_kernel_width",
    "tile_walk",
    "walk_a_token",
]

from __future__ import annotations

import re
import sys

import ipywidgets
import numpy as np
import pytest

from attnlab.explore import Live, heat_table


def area(word: str = "two", width: int = 3, double: bool = False) -> str:
    if width == 7:
        raise ValueError("seven is <too> wide")
    return f"<p>{word} {width * (2 if double else 1)}</p>"


def made() -> tuple[Live, list, ipywidgets.HTML]:
    live = Live(area, "Needs a kernel.", word="two", width=(1, 9), double=False)
    box = live.widget()
    return live, list(box.children[:-1]), box.children[-1]


def test_every_control_runs_the_function_again_with_all_that_is_chosen():
    _, (word, width, double), result = made()
    assert result.value == "<p>two 5</p>"  # a slider starts in its middle
    width.value = 4
    assert result.value == "<p>two 4</p>"
    word.value, double.value = "five", True
    assert result.value == "<p>five 8</p>"
    assert [one.description for one in (word, width, double)] == ["word", "width", "double"]
    assert not width.continuous_update and not word.continuous_update


def test_what_the_function_raises_is_shown_and_the_controls_go_on():
    _, (_, width, _), result = made()
    width.value = 7
    assert result.value == "<p><strong>ValueError</strong>: seven is &lt;too&gt; wide</p>"
    width.value = 2
    assert result.value == "<p>two 2</p>"


def test_the_page_without_a_kernel_gets_a_sentence_and_jupyterlab_a_view():
    bundle = made()[0]._repr_mimebundle_()
    assert bundle["text/html"] == '<p class="needs-kernel">Needs a kernel.</p>'
    assert bundle["text/plain"] == "<live area: word, width, double>"
    assert "model_id" in bundle["application/vnd.jupyter.widget-view+json"]


def test_without_ipywidgets_the_sentence_stands_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert set(made_without()._repr_mimebundle_()) == {"text/plain", "text/html"}


def made_without() -> Live:
    return Live(area, "Needs a kernel.", word="two")


def test_heat_table_has_a_cell_for_each_weight_and_names_escaped():
    weights = np.array([[0.75, 0.25, 0.0], [0.05, 0.15, 0.8]])
    table = heat_table(weights, ["a", "<b>"], ["x", "y", "z"])
    assert re.findall(r"<td style=[^>]*>([^<]*)</td>", table) == [".75", ".25", "", "", ".15", ".80"]
    assert "&lt;b&gt;" in table and "<b>" not in table
    assert [float(a) for a in re.findall(r"150, ([\d.]+)\)", table)] == weights.ravel().tolist()
    with pytest.raises(ValueError, match=r"shape \(2, 3\) but there are 2 rows and 2 columns"):
        heat_table(weights, ["a", "b"], ["x", "y"])

"""A function of the reader's own choice of arguments, run by the kernel: in JupyterLab alone."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Callable

import numpy as np

from attnlab.explore._explorable import Cells


class Live:
    """`function(**chosen)` as HTML below one control for each argument, run again at every change.

    controls: by name, what `ipywidgets.interact` takes: a text for a text field, (low, high) or
        (low, high, step) for a slider, True or False for a tick box, a list for a choice.
    Where there is no kernel to run it, on the site, the sentence `without` is shown instead. What the function
    raises is shown in place of its result: nobody loses the controls by a wrong choice.
    """

    def __init__(self, function: Callable[..., str], without: str, **controls) -> None:
        self.function, self.without, self.controls = function, without, controls

    def __repr__(self) -> str:
        return f"<live {self.function.__name__}: {', '.join(self.controls)}>"

    def shown(self, **chosen) -> str:
        """The HTML of the function's result, or of what it raised."""
        try:
            return self.function(**chosen)
        except Exception as error:
            return f"<p><strong>{type(error).__name__}</strong>: {html.escape(str(error))}</p>"

    def widget(self):
        """The controls above the result, as one ipywidgets box."""
        import ipywidgets

        inputs = [ipywidgets.interactive.widget_from_abbrev(given) for given in self.controls.values()]
        for name, one in zip(self.controls, inputs):
            one.description = name
            if hasattr(one, "continuous_update"):
                one.continuous_update = False
        result = ipywidgets.HTML()  # not an Output, which would be filled in by messages beside the cell's own

        def run(change=None) -> None:
            result.value = self.shown(**dict(zip(self.controls, (one.value for one in inputs))))

        for one in inputs:
            one.observe(run, names="value")
        run()
        return ipywidgets.VBox([*inputs, result])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": f'<p class="needs-kernel">{html.escape(self.without)}</p>'}
        if importlib.util.find_spec("ipywidgets") is None:
            return bundle
        live = self.widget()._repr_mimebundle_() or {}
        return {**(live[0] if isinstance(live, tuple) else live), **bundle}


def heat_table(weights: np.ndarray, rows: Cells, columns: Cells) -> str:
    """Weights from 0 to 1 as an HTML table: the darker, the larger; a number from 0.1 on.

    Errors: ValueError unless there is a name for each row and each column.
    """
    weights = np.asarray(weights)
    if weights.shape != (len(rows), len(columns)):
        raise ValueError(f"weights have the shape {weights.shape} but there are {len(rows)} rows and {len(columns)} columns")
    head = "<td></td>" + "".join(f'<th scope="col" style="text-align: center; padding: .2em .5em">{html.escape(str(name))}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{html.escape(str(name))}</th>' + "".join(map(_cell, row)) + "</tr>"
        for name, row in zip(rows, weights)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(weight: float) -> str:
    ink = "white" if weight > 0.5 else "inherit"
    number = f"{weight:.2f}".lstrip("0") if weight >= 0.1 else ""
    return f'<td style="background: rgba(31, 90, 150, {weight:.2f}); color: {ink}; text-align: center; min-width: 2.6em">{number}</td>'

"""Kernel regression and dot-product attention: a width is a temperature."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.explore._explorable import Explorable, Numbers, table
from attnlab.reference import scoring

PLACES = (-2.5, -1.6, -0.3, 0.8, 2.2)
SPACES = ("line", "circle")
EDGE = 3.0


def temperature_and_kernel_width(
    keys: Numbers = PLACES,
    values: Numbers = (0.4, 1.5, -0.6, 0.9, 2.0),
    query: float = 0.2,
    width: float = 0.7,
    space: str = "line",
) -> Explorable:
    """sum_j G(q - k_j) v_j / sum_j G(q - k_j) beside dot-product attention with the scale 1 / width².

    `keys` and `query` are places from -3 to 3. In the `space` "line" they are numbers; in "circle" the line is
    bent into a circle of circumference 6, all keys have one norm, and the two ways give the same weights.
    """
    keys, values = [float(key) for key in keys], [float(value) for value in values]
    _check_kernel(keys, values, query, width, space)
    state = {"places": keys, "values": values, "query": float(query), "width": float(width), "space": space}
    return Explorable("temperature_and_kernel_width", state, _kernel_table(state))


def _check_kernel(keys: list[float], values: list[float], query: float, width: float, space: str) -> None:
    if not 2 <= len(keys) <= 8:
        raise ValueError(f"temperature_and_kernel_width needs 2 to 8 keys, got {len(keys)}")
    if len(values) != len(keys):
        raise ValueError(f"{len(keys)} keys need {len(keys)} values, got {len(values)}")
    if not np.all(np.abs([*keys, query]) <= EDGE):
        raise ValueError(f"keys and query must be between -3 and 3, got {keys} and {query}")
    if not np.all(np.isfinite(values)):
        raise ValueError(f"values must be finite, got {values}")
    if not 0.05 <= width <= 50:
        raise ValueError(f"width must be between 0.05 and 50, got {width}")
    if space not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}, got {space!r}")


def _bent(places: Numbers, space: str) -> np.ndarray:
    """Places as vectors, (places, 1) on the line and (places, 2) on the circle."""
    places, radius = np.asarray(places, dtype=float), EDGE / np.pi
    if space == "line":
        return places[:, None]
    return radius * np.stack([np.cos(places / radius), np.sin(places / radius)], axis=-1)


def _kernel_table(state: dict) -> str:
    q, k = (_bent(places, state["space"]) for places in ([state["query"]], state["places"]))
    v, width = np.asarray(state["values"])[:, None], state["width"]
    by_distance = reference.softmax(scoring.gaussian(q, k, width))[0]
    by_dot = reference.attention_weights(q, k, scale=width**-2)[0]
    columns = zip(state["places"], state["values"], np.linalg.norm(q - k, axis=-1), by_distance, by_dot)
    rows = [(f"key {i + 1}", cells) for i, cells in enumerate(columns)]
    mixes = scoring.kernel_regression(q, k, v, width).item(), reference.attention(q, k, v, scale=width**-2).item()
    caption = (
        f"Keys on a {state['space']}, query at {state['query']:g}, width {width:g}, temperature {width**2:g}: "
        f"the mix is {mixes[0]:.3f} by distance and {mixes[1]:.3f} by dot product."
    )
    return table(caption, ["place", "value", "distance", "weight by distance", "weight by dot product"], rows)

"""A stack of layers at initialisation: the size of its residual stream and of its gradients, layer by layer."""

from __future__ import annotations

from attnlab.explore._explorable import Explorable, table
from attnlab.studies.stream import NORMS, stream


def stream_by_layer(norm: str = "pre", depth: int = 32, scale: float = 1.0, seed: int = 1) -> Explorable:
    """The norm before each layer, after each sum or nowhere; depth and initial scale move, rms and gradients answer.

    The numbers are those of `attnlab.studies.stream`: `depth` random feed-forward layers of width 32, one pass forwards
    and one back. `scale` multiplies the second matrix of each layer.
    """
    if norm not in NORMS:
        raise ValueError(f'norm must be one of "pre", "post", "none", got {norm!r}')
    for name, (value, low, high) in {"depth": (depth, 2, 64), "seed": (seed, 1, 9)}.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    if not 0.05 <= scale <= 2:
        raise ValueError(f"scale must be between 0.05 and 2, got {scale}")
    state = {"norm": norm, "depth": int(depth), "scale": float(scale), "seed": int(seed)}
    return Explorable("stream_by_layer", state, _stream_table(state))


def _stream_table(state: dict) -> str:
    depth, rows = state["depth"], []
    layers = sorted({1, -(-depth // 4), -(-depth // 2), depth})
    seen = {norm: stream(depth, norm, state["scale"], state["seed"]) for norm in NORMS}
    for layer in layers:
        cells = [cell for one in seen.values() for cell in (one.rms[layer], one.on_weights[layer - 1])]
        rows.append((f"layer {layer}", cells))
    caption = (
        f"{depth} random feed-forward layers, initial scale {state['scale']:g}: root mean square of the stream after a layer, "
        "and the gradient of that layer's second matrix, for a norm before the layer (pre), after the sum (post), and none."
    )
    columns = [f"{norm}, {what}" for norm in NORMS for what in ("stream", "gradient")]
    return table(caption, columns, rows, digits=2)

"""Training as a loop."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join, route

TEXT = (
    "A loop. A batch of inputs goes through the model, whose predictions are compared with the targets of the same batch: one "
    "number, the loss. Going backward gives the gradient of the loss with respect to each parameter. The optimiser changes the "
    "parameters by a small step against the gradient, and the next batch meets the changed model."
)
FORWARD = (
    ("# batch", "~ inputs, targets"),
    ("# model", "~ parameters *θ*"),
    ("# predictions", "~ logits"),
    ("# loss", "~ one number"),
)
BACKWARD = (("# optimiser", "~ a small step"), ("# gradients", "~ ∂loss / ∂*θ*"))


def training_loop() -> Drawing:
    """Training as a loop: batch, model, predictions, loss, gradients, a step of the optimiser, and again."""
    return Drawing("training_loop", "Training is a loop", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    batch, model, guess, loss = (Box(2 + 166 * i, 52, 138, 56, lines) for i, lines in enumerate(FORWARD))
    step, slope = Box(168, 176, 138, 56, BACKWARD[0], kind="weight"), Box(334, 176, 138, 56, BACKWARD[1], kind="weight")
    flows = [
        *chain(batch, model, guess, loss),
        route(loss.on("bottom"), (loss.cx, slope.cy), slope.on("right"), kind="weight"),
        join(slope, step, kind="weight"),
    ]
    flows += [
        join(step, model, kind="weight"),
        route(batch.on("top"), (batch.cx, 22), (loss.cx, 22), loss.on("top"), kind="quiet"),
    ]
    labels = [
        Label(320, 10, "~ the targets are compared with the predictions"),
        Label(246, 142, "new *θ*", "start"),
        Label(564, 142, "backward", "end"),
    ]
    return (batch, model, guess, loss, step, slope, *flows, *labels)


def _narrow() -> tuple[Shape, ...]:
    batch, model, guess, loss = (Box(24, 4 + 96 * i, 130, 56, lines) for i, lines in enumerate(FORWARD))
    step, slope = Box(196, 100, 128, 56, BACKWARD[0], kind="weight"), Box(196, 292, 128, 56, BACKWARD[1], kind="weight")
    flows = [
        *chain(batch, model, guess, loss),
        join(loss, slope, kind="weight"),
        join(slope, step, kind="weight"),
        join(step, model, kind="weight"),
    ]
    flows += [route(batch.on("left"), (8, batch.cy), (8, loss.cy), loss.on("left"), kind="quiet")]
    labels = [
        Label(252, 274, "backward", "end"),
        Label(196, 172, "new *θ*", "start"),
        Label(14, 370, "~ dotted: the targets, straight to the loss", "start"),
    ]
    return (batch, model, guess, loss, step, slope, *flows, *labels)

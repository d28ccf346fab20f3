"""AdamW, and Muon, which turns the step of a matrix into one of (nearly) equal singular values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float

QUINTIC = (3.4445, -4.7750, 2.0315)  # the coefficients of Muon's author: steep at 0 rather than exact at 1


def newton_schulz(matrix: Float[Tensor, "*batch rows columns"], steps: int = 5) -> Float[Tensor, "*batch rows columns"]:
    """X <- a X + (b X Xᵀ + c (X Xᵀ)²) X, `steps` times, from the matrix divided by its Frobenius norm.

    Each singular value s becomes a s + b s³ + c s⁵; the singular vectors stay. Five steps bring a value that is not
    tiny to somewhere near 1, not to 1: these coefficients do not converge there. The smaller side is multiplied with
    itself. Computed in the matrix's own precision; Muon's author and torch use bfloat16.
    Source: [jordan2024]; the iteration is older.
    """
    a, b, c = QUINTIC
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if tall else matrix
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp(min=1e-7)
    for _ in range(count("steps", steps)):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def by_shape(rows: int, columns: int) -> float:
    """sqrt(max(1, rows / columns)): what [jordan2024] multiplies the rate with."""
    return math.sqrt(max(1.0, count("rows", rows, at_least=1) / count("columns", columns, at_least=1)))


def like_adamw(rows: int, columns: int) -> float:
    """0.2 sqrt(max(rows, columns)): the step then has the root mean square of AdamW's, so that one rate serves both.

    Source: [liu2025, section 2.2].
    """
    return 0.2 * math.sqrt(max(count("rows", rows, at_least=1), count("columns", columns, at_least=1)))


class AdamW(torch.optim.Optimizer):
    """w <- w - lr decay w - lr m̂ / (sqrt(v̂) + epsilon), with running means m of g and v of g², corrected for their start.

    A parameter without a gradient stays as it is. Source: [loshchilov2019, algorithm 2], with the decay multiplied by the
    learning rate, as in torch.optim.AdamW; the paper multiplies it by the schedule alone.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        decay: float = 0.01,
    ):
        _check(lr=lr, epsilon=epsilon, decay=decay)
        _check_share(**{f"betas[{i}]": beta for i, beta in enumerate(betas)})
        super().__init__(params, {"lr": lr, "betas": betas, "epsilon": epsilon, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """One step for every parameter with a gradient; what `closure` returns, if given, called before."""
        return _every(self, closure, lambda parameter, group: _adamw(parameter, self.state[parameter], group))


class Muon(torch.optim.Optimizer):
    """w <- w - lr decay w - lr scale(rows, columns) newton_schulz(u), where u looks ahead along the running mean m of g.

    m <- momentum m + (1 - momentum) g and u = momentum m + (1 - momentum) g. For the matrices inside a model; what is
    in `others` (embeddings, the output, gains and biases) is moved by AdamW with the same rate and decay.
    Errors: ValueError for a parameter among the matrices that is none. Source: [jordan2024]; decay and `like_adamw`
    [liu2025].
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        others: Iterable[Tensor] = (),
        lr: float = 1e-3,
        momentum: float = 0.95,
        decay: float = 0.1,
        scale: Callable[[int, int], float] = by_shape,
    ):
        _check(lr=lr, decay=decay)
        _check_share(momentum=momentum)
        matrices, others = list(matrices), list(others)
        for parameter in matrices:
            if parameter.ndim != 2:
                raise ValueError(
                    f"Muon moves matrices; a parameter of shape {tuple(parameter.shape)} belongs to `others`"
                )
        shared = {"lr": lr, "decay": decay}
        groups = [{"params": matrices, "momentum": momentum}]
        if others:
            groups.append({"params": others, "betas": (0.9, 0.999), "epsilon": 1e-8})
        self.scale = scale
        super().__init__(groups, shared)

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """One step for every parameter with a gradient; what `closure` returns, if given, called before."""

        def move(parameter: Tensor, group: dict[str, Any]) -> None:
            if "momentum" in group:
                _muon(parameter, self.state[parameter], group, self.scale)
            else:
                _adamw(parameter, self.state[parameter], group)

        return _every(self, closure, move)


def matrices_and_others(model: nn.Module, outside: Iterable[str] = ()) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of a model, sorted for `Muon`: the matrices of its linear layers, and all others.

    `outside` names layers whose matrices count as others too: that which gives the logits, above all.
    Errors: ValueError for a name that is no layer of the model.
    """
    layers = dict(model.named_modules())
    outside = set(outside)
    if outside - set(layers):
        raise ValueError(f"the model has no layer called {', '.join(sorted(outside - set(layers)))}")
    chosen = {id(layer.weight) for layer in layers.values() if isinstance(layer, nn.Linear)}
    # a weight shared with a table or with a layer that is outside is no hidden matrix
    chosen -= {
        id(parameter)
        for name, layer in layers.items()
        if not isinstance(layer, nn.Linear) or name in outside
        for parameter in layer.parameters(recurse=False)
    }
    everything = list(model.parameters())
    return [p for p in everything if id(p) in chosen], [p for p in everything if id(p) not in chosen]


def _every(optimiser: torch.optim.Optimizer, closure: Callable | None, move: Callable) -> Tensor | None:
    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                move(parameter, group)
    return loss


def _adamw(parameter: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    gradient, (beta1, beta2) = parameter.grad, group["betas"]
    if not state:
        state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
    state["step"] += 1
    state["mean"].mul_(beta1).add_(gradient, alpha=1 - beta1)
    state["square"].mul_(beta2).add_(gradient.square(), alpha=1 - beta2)
    mean = state["mean"] / (1 - beta1 ** state["step"])
    square = state["square"] / (1 - beta2 ** state["step"])
    parameter.mul_(1 - group["lr"] * group["decay"])
    parameter.sub_(group["lr"] * mean / (square.sqrt() + group["epsilon"]))


def _muon(parameter: Tensor, state: dict[str, Any], group: dict[str, Any], scale: Callable[[int, int], float]) -> None:
    gradient, momentum = parameter.grad, group["momentum"]
    if not state:
        state["mean"] = torch.zeros_like(parameter)
    state["mean"].mul_(momentum).add_(gradient, alpha=1 - momentum)
    ahead = momentum * state["mean"] + (1 - momentum) * gradient
    parameter.mul_(1 - group["lr"] * group["decay"])
    parameter.sub_(group["lr"] * scale(*parameter.shape) * newton_schulz(ahead))


def _check(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 <= number < math.inf:
            raise ValueError(f"{name} must be at least 0 and finite but is {number}")


def _check_share(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 <= number < 1:
            raise ValueError(f"{name} must be at least 0 and below 1 but is {number}")

"""The learning rate of each step. Steps count from 1."""

from __future__ import annotations

import math

from attnlab._counts import count


def noam(step: int, d_model: int, warmup: int = 4000) -> float:
    """d_model^-0.5 min(step^-0.5, step warmup^-1.5): up in a straight line, then down with the root of the step.

    The peak, at step = warmup, is (d_model warmup)^-0.5. Errors: those of counts; all three are at least 1.
    Source: [vaswani2017, section 5.3, equation 3]. The name is that of tensor2tensor's option.
    """
    step, d_model, warmup = (
        count(name, n, at_least=1) for name, n in (("step", step), ("d_model", d_model), ("warmup", warmup))
    )
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)


def warmup_cosine(step: int, steps: int, warmup: int = 0, peak: float = 1.0, lowest: float = 0.0) -> float:
    """`peak` times step / warmup up to step `warmup`, then along half a cosine down to `lowest` at step `steps`.

    That is the transformers library's get_cosine_schedule_with_warmup at the same argument. The library asks with the
    number of steps *done*, so that its first step has the rate 0; asked with the number of the step, the last has `lowest`.
    Source: [loshchilov2017, section 3], one fall without restarts.
    """
    step, warmup = count("step", step), count("warmup", warmup)
    steps = count("steps", steps, at_least=1)
    if step > steps or warmup > steps:
        raise ValueError(f"step {step} and warmup {warmup} must be at most steps = {steps}")
    if step < warmup:
        return peak * step / warmup
    done = (step - warmup) / max(steps - warmup, 1)
    return lowest + (peak - lowest) * (1 + math.cos(math.pi * done)) / 2

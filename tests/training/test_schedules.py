"""Learning rates: the printed peak, the public library's cosine, shape and borders."""

from __future__ import annotations

import math

import pytest
import torch
from transformers import get_cosine_schedule_with_warmup

from attnlab.training import noam, warmup_cosine


def test_noam_peaks_where_the_paper_says():
    assert f"{noam(4000, 512):.4e}" == "6.9877e-04" and noam(4000, 512) == pytest.approx(
        (512 * 4000) ** -0.5, rel=1e-14
    )
    rates = [noam(step, 512) for step in range(1, 20_001)]
    assert max(rates) == rates[3999] and rates == sorted(rates[:4000]) + sorted(rates[4000:], reverse=True)


def test_noam_rises_in_a_line_and_falls_with_the_root():
    assert [noam(s, 64, 100) / noam(1, 64, 100) for s in (1, 7, 100)] == pytest.approx([1, 7, 100], rel=1e-12)
    assert noam(400, 64, 100) == pytest.approx(noam(100, 64, 100) / 2, rel=1e-12)
    assert noam(50, 256, 100) == pytest.approx(noam(50, 64, 100) / 2, rel=1e-12)


@pytest.mark.parametrize(("steps", "warmup"), [(31, 7), (31, 0), (13, 13), (1, 0), (100, 99)])
def test_cosine_is_that_of_the_library(steps, warmup):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    factor = get_cosine_schedule_with_warmup(optimiser, warmup, steps).lr_lambdas[0]
    for step in range(steps + 1):
        assert warmup_cosine(step, steps, warmup) == pytest.approx(factor(step), abs=1e-15)


def test_cosine_reaches_its_peak_and_its_lowest():
    rates = [warmup_cosine(step, 20, 5, peak=3.0, lowest=0.3) for step in range(1, 21)]
    assert rates[4] == 3.0 == max(rates) and rates[-1] == pytest.approx(0.3) and rates[0] == pytest.approx(0.6)
    middle = warmup_cosine(10, 16, 4, peak=2.0, lowest=1.0)
    assert middle == pytest.approx(1.5) and rates[5:] == sorted(rates[5:], reverse=True)
    assert warmup_cosine(6, 16, 4, peak=2.0) == pytest.approx(1 + math.cos(math.pi / 6))


def test_what_is_refused(as_readers_run_it):
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"step must be at least 1 but is {wrong}"):
            noam(wrong, 512)
    with pytest.raises(ValueError, match="warmup must be at least 1 but is 0"):
        noam(1, 512, 0)
    with pytest.raises(TypeError, match="step must be a whole number but is 1.5"):
        noam(1.5, 512)
    with pytest.raises(ValueError, match="step 8 and warmup 0 must be at most steps = 7"):
        warmup_cosine(8, 7)
    with pytest.raises(ValueError, match="step 1 and warmup 9 must be at most steps = 7"):
        warmup_cosine(1, 7, 9)

"""The steps of the waterfall: every variant is attention, and the record on the page is of these steps."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def waterfall():
    """The script, imported; what importing it changes is put back."""
    path, threads = list(sys.path), torch.get_num_threads()
    spec = importlib.util.spec_from_file_location("waterfall", BENCHMARKS / "waterfall.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patch.setenv(name, "1")
        spec.loader.exec_module(module)
    yield module
    sys.path[:] = path
    torch.set_num_threads(threads)


def test_every_step_equals_the_fused_kernel_with_ragged_blocks(waterfall):
    with torch.no_grad():
        waterfall.check(waterfall.STEPS | waterfall.BESIDE, 300)


def test_the_check_notices_a_step_that_is_not_attention(waterfall):
    with pytest.raises(AssertionError, match="wrong is off by"):
        waterfall.check({"wrong": lambda q, k, v: waterfall.naive(q, 1.01 * k, v)}, 50)


def test_the_bound_is_never_below_a_score(waterfall):
    q, k = torch.randn(2, 53, 7, generator=torch.Generator().manual_seed(1))
    assert (q @ k.t() <= waterfall._bound(q, k)).all()


def test_the_committed_records_are_of_these_steps(waterfall):
    records = waterfall.machines.records("waterfall")
    assert records
    for record in records.values():
        assert list(record["steps"]) == list(waterfall.STEPS)
        assert list(record["beside"]) == list(waterfall.BESIDE)

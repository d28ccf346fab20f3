"""`occupancy`: what fits on a multiprocessor, by hand."""

from __future__ import annotations

import pytest

from attnlab.kernels.occupancy import A100, H100, RTX3090, resident, shared_bytes


def test_shared_bytes_counts_every_tile():
    queries, key, value = 7 * 5, 3 * 5, 3 * 2
    assert shared_bytes(7, 3, 5, 2, bytes_each=4, stages=1) == 4 * (queries + key + value)
    assert shared_bytes(7, 3, 5, 2, bytes_each=2, stages=3) == 2 * (queries + 3 * key + 3 * value)


def test_shared_bytes_refuses_sizes_below_one(as_readers_run_it):
    with pytest.raises(ValueError, match="stages must be at least 1 but is 0"):
        shared_bytes(16, 16, 16, 16, stages=0)


def test_a_single_program_gets_all_but_one_kibibyte():
    """The limit in the error messages of an RTX 3090 is 101376 bytes."""
    assert RTX3090.shared_each == 101376
    assert H100.shared_each == 227 * 1024 and A100.shared_each == 163 * 1024


@pytest.mark.parametrize(
    ("warps", "registers", "shared", "expected"),
    [
        (1, 8, 12 * 1024, {"warps": 64, "registers": 256, "shared memory": 17, "programs": 32}),
        (4, 128, 64 * 1024, {"warps": 16, "registers": 4, "shared memory": 3, "programs": 32}),
        (8, 255, 0, {"warps": 8, "registers": 1, "shared memory": 228, "programs": 32}),
        (4, 129, 227 * 1024, {"warps": 16, "registers": 3, "shared memory": 1, "programs": 32}),
        (4, 168, 228 * 1024, {"warps": 16, "registers": 3, "shared memory": 0, "programs": 32}),
    ],
)
def test_resident_on_an_h100(warps, registers, shared, expected):
    assert resident(H100, warps, registers, shared) == expected


@pytest.mark.parametrize("wrong", [(0, 32, 0), (4, 0, 0), (4, 256, 0), (4, 32, -1)])
def test_resident_refuses_what_no_program_is(wrong):
    with pytest.raises(ValueError, match="no program has|must be at least 0 but is -1"):
        resident(H100, *wrong)

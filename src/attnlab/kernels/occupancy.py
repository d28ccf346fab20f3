"""How many programs of a kernel fit on one multiprocessor of a GPU at the same time. Plain Python.

A multiprocessor has so many registers, so much shared memory, and room for so many warps of 32 threads;
whatever runs out first decides.
"""

from __future__ import annotations

from typing import NamedTuple

from attnlab._counts import counts

WARP = 32  # threads
REGISTERS_AT_ONCE = 256  # a warp gets its registers in portions of this size
RESERVED = 1024  # bytes of shared memory that CUDA keeps for itself in every program


class Chip(NamedTuple):
    """What one multiprocessor offers: 32-bit registers, bytes of shared memory, warps, programs."""

    name: str
    registers: int
    shared: int
    warps: int
    programs: int

    @property
    def shared_each(self) -> int:
        """Bytes that a single program may have at most."""
        return self.shared - RESERVED


# Source: NVIDIA's tuning guides for Hopper (compute capability 9.0) and Ampere (8.0, 8.6), on occupancy.
H100 = Chip("H100", 65536, 228 * 1024, 64, 32)
A100 = Chip("A100", 65536, 164 * 1024, 64, 32)
RTX3090 = Chip("RTX 3090", 65536, 100 * 1024, 48, 16)


@counts("block_q", "block_k", "d_head", "d_value", "bytes_each", "stages")
def shared_bytes(
    block_q: int, block_k: int, d_head: int, d_value: int, bytes_each: int = 2, stages: int = 1
) -> int:
    """bytes_each · (block_q · d_head + stages · block_k · (d_head + d_value)): tiles kept in shared memory.

    The queries stay; of keys and values, `stages` tiles are on their way at the same time. Scores and output
    are in registers. Errors: ValueError for a size below 1.
    """
    for name, size in locals().copy().items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1 but is {size}")
    return bytes_each * (block_q * d_head + stages * block_k * (d_head + d_value))


@counts("warps", "registers", "shared")
def resident(chip: Chip, warps: int, registers: int, shared: int) -> dict[str, int]:
    """Programs that each limit alone would let onto a multiprocessor; the smallest is how many there are.

    warps: of one program; registers: of one thread; shared: bytes of one program.
    Errors: ValueError for fewer than 1 warp, or registers outside 1 ... 255, or shared below 0.
    """
    if warps < 1 or not 1 <= registers <= 255 or shared < 0:
        raise ValueError(
            f"no program has {warps} warps, {registers} registers and {shared} bytes of shared memory"
        )
    warp_registers = -(-registers * WARP // REGISTERS_AT_ONCE) * REGISTERS_AT_ONCE
    return {
        "warps": chip.warps // warps,
        "registers": chip.registers // warp_registers // warps,
        "shared memory": chip.shared // (shared + RESERVED),
        "programs": chip.programs,
    }

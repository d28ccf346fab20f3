"""The Triton kernel, compiled for a chip that need not be there. Collected by `test_flash_triton.py` in a
process of its own, without the interpreter."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import torch

from attnlab.kernels import flash_triton as host
from attnlab.kernels import flash_triton_device as device
from attnlab.kernels.occupancy import H100, resident, shared_bytes

triton = pytest.importorskip("triton")
from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402

CUOBJDUMP = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
if not CUOBJDUMP.exists():
    reason = f"this Triton brings no compiler for NVIDIA chips: {CUOBJDUMP} is missing"
    pytest.skip(reason, allow_module_level=True)

HOPPER = GPUTarget("cuda", 90, 32)
AMPERE = {"A100": GPUTarget("cuda", 80, 32), "RTX 3090": GPUTarget("cuda", 86, 32)}
FLOAT32 = {"LSE", "PEAK", "SHARE", "DRIFT", "D_LSE"}
NUMBERS = {"scale": "fp32", "step": "fp32", "factor": "fp32"}
NUMBERS |= dict.fromkeys(("n_queries", "n_keys", "row_stride", "key_stride"), "i32")
PROGRAMS = {"forward": device.forward_program, "keys": device.keys_program, "queries": device.queries_program}


def launch_of(name, width, room=host.SMALL, window=0):
    return getattr(host._launches(2, width, window > 0, room), name)


def compiled(name, width, window=0, kind="*fp16", bias=False, room=host.SMALL, target=HOPPER):
    """What `flash_triton` would launch under a causal mask, for 16-bit inputs."""
    program, launch = PROGRAMS[name], launch_of(name, width, room, window)
    q = torch.empty(1, 2, 1, width)
    options = host.Options(True, window, 1.0, bias, host.Launches(launch, launch, launch))
    constants = host._constants(q, q, q, options, launch)
    how = {key: constants.pop(key) for key in ("num_warps", "num_stages")}
    constants |= {} if bias else {"BIAS": None, "PLACES": None}
    names = program.arg_names
    kinds = {**NUMBERS, "BIAS": "*fp32", "PLACES": "*i64", **dict.fromkeys(constants, "constexpr")}
    signature = {n: kinds.get(n) or ("*fp32" if n in FLOAT32 else kind) for n in names}
    aligned = {(i,): [["tt.divisibility", 16]] for i, n in enumerate(names) if signature[n].startswith("*")}
    values = {(names.index(n),): value for n, value in constants.items()}
    return triton.compile(ASTSource(program, signature, values, aligned), target=target, options=how)


def resources(kernel, folder):
    """Registers of a thread, and bytes a thread keeps in slow memory because it ran out of registers."""
    file = folder / "kernel.cubin"
    file.write_bytes(kernel.asm["cubin"])
    command = [CUOBJDUMP, "--dump-resource-usage", file]
    said = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    numbers = dict(re.findall(r"(REG|STACK|LOCAL):(\d+)", said))
    return int(numbers["REG"]), int(numbers["STACK"]) + int(numbers["LOCAL"])


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("name", PROGRAMS)
def test_compiles_for_hopper_with_tensor_cores_and_without_spills(name, width, tmp_path):
    kernel = compiled(name, width)
    assert "wgmma.mma_async" in kernel.asm["ptx"] and "ex2.approx" in kernel.asm["ptx"]
    registers, spilled = resources(kernel, tmp_path)
    assert spilled == 0
    limits = resident(H100, launch_of(name, width).warps, registers, kernel.metadata.shared)
    assert min(limits.values()) >= 1, limits


@pytest.mark.parametrize("room", [host.SMALL, 227 * 1024])
@pytest.mark.parametrize("width", [64, 128])
def test_shared_memory_of_the_forward_program_is_what_the_formula_says_and_there_is_room(width, room, tmp_path):
    launch = launch_of("forward", width, room)
    kernel = compiled("forward", width, room=room)
    expected = shared_bytes(launch.block_q, launch.block_k, width, width, 2, launch.stages)
    assert kernel.metadata.shared == expected <= room
    assert resources(kernel, tmp_path)[1] == 0


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("name", ["queries", "keys"])
def test_the_programs_of_the_gradient_fit_a_small_chip(name, width):
    assert compiled(name, width).metadata.shared <= host.SMALL


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_window_needs_no_spills_either(name, width, tmp_path):
    for room in (host.SMALL, 227 * 1024):
        assert resources(compiled(name, width, window=256, room=room), tmp_path)[1] == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_bias_compiles(name):
    assert "wgmma.mma_async" in compiled(name, 64, bias=True).asm["ptx"]


def test_bfloat16_compiles():
    assert "wgmma.mma_async" in compiled("forward", 64, kind="*bf16").asm["ptx"]


@pytest.mark.parametrize("chip", AMPERE)
@pytest.mark.parametrize("width", [64, 128])
def test_on_ampere_the_queries_are_in_registers_and_not_in_shared_memory(width, chip, tmp_path):
    launch = launch_of("forward", width)
    kernel = compiled("forward", width, target=AMPERE[chip])
    keys_and_values = 2 * launch.stages * launch.block_k * 2 * width
    assert kernel.metadata.shared == keys_and_values
    assert resources(kernel, tmp_path)[1] == 0


@pytest.mark.parametrize("target, registers", [(HOPPER, 128), (AMPERE["A100"], 180), (AMPERE["RTX 3090"], 182)])
def test_registers_of_the_forward_program_are_those_printed_in_the_book(target, registers, tmp_path):
    """Of width 64, under a causal mask. Another Triton may need others: then the book has to say so."""
    if not triton.__version__.startswith("3.9."):
        pytest.skip(f"the book says what Triton 3.9 does, and this is {triton.__version__}")
    assert resources(compiled("forward", 64, target=target), tmp_path) == (registers, 0)

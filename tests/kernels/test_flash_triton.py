"""`flash_triton`: exact in the interpreter, compilable for a GPU, and its errors.

Whether Triton interprets or compiles is settled when it is imported, so each way has its own file and its own
process.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from attnlab.kernels import flash_triton as module
from attnlab.kernels.flash_triton import flash_triton, interpreted

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
HAS_TRITON = importlib.util.find_spec("triton") is not None
needs_triton = pytest.mark.skipif(not HAS_TRITON, reason="triton is not installed")


def fresh(*arguments, **variables):
    """Output of a Python process with only the given variables set for Triton; it must end well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRITON_")}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src"), **variables}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, encoding="utf-8")
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def battery(name, **variables):
    return fresh("-m", "pytest", "-q", "-x", "-rs", "-p", "no:cacheprovider", str(HERE / name), **variables)


@needs_triton
def test_exact_in_the_interpreter():
    """flash_triton, forward and backward, against the definition in float64."""
    assert " passed" in battery("triton_interpreted.py", TRITON_INTERPRET="1")


@needs_triton
def test_compiles_for_a_gpu_that_is_not_there(tmp_path):
    said = battery("triton_compiled.py", TRITON_CACHE_DIR=str(tmp_path), TRITON_DEFAULT_FP_FUSION="1")
    if " passed" not in said:
        pytest.skip(said.strip().splitlines()[-2])


def test_importing_needs_no_triton_and_calling_says_what_is_missing():
    code = (
        "import sys; sys.modules['triton'] = None\n"
        "import torch\nfrom attnlab.kernels.flash_triton import flash_triton, interpreted\n"
        "assert not interpreted()\nx = torch.ones(1, 2, 3, 16)\n"
        "try:\n    flash_triton(x, x, x)\nexcept ImportError as error:\n    print(error)"
    )
    assert "needs the package triton, which is not installed" in fresh("-c", code)


@needs_triton
def test_a_tensor_on_the_cpu_is_refused_while_the_interpreter_is_off(as_readers_run_it):
    code = (
        "import torch\nfrom attnlab.kernels.flash_triton import flash_triton, interpreted\n"
        "assert not interpreted()\nx = torch.ones(1, 2, 3, 16)\n"
        "try:\n    flash_triton(x, x, x)\nexcept ValueError as error:\n    print(error)"
    )
    assert "q is on cpu and Triton compiles for GPUs; set TRITON_INTERPRET=1" in fresh("-c", code)


@pytest.fixture
def interpreting(monkeypatch, as_readers_run_it):
    """The doors as they stand when the device is no reason to refuse."""
    monkeypatch.setattr(module, "interpreted", lambda: True)
    monkeypatch.setattr(module, "triton", object())


def x(*shape, dtype=torch.float32):
    return torch.ones(shape, dtype=dtype)


BAD = {
    "q must be a tensor but is a list": ([1.0], x(1, 3, 16), x(1, 3, 16)),
    "q must hold float16, bfloat16 or float32 but its dtype is torch.float64":
        (x(1, 3, 16, dtype=torch.float64), x(1, 3, 16), x(1, 3, 16)),
    "dtypes differ: q torch.float32, k torch.float16":
        (x(1, 3, 16), x(1, 3, 16, dtype=torch.float16), x(1, 3, 16)),
    r"q needs the axes \(..., heads, queries, d_head\) but has shape \(3, 16\)":
        (x(3, 16), x(1, 3, 16), x(1, 3, 16)),
    r"batch axes differ: q \(2,\), k \(5,\)": (x(2, 1, 3, 16), x(5, 1, 3, 16), x(2, 1, 3, 16)),
    "devices differ: q cpu, k meta": (x(1, 3, 16), x(1, 3, 16).to("meta"), x(1, 3, 16)),
    "q has d_head = 16 but k has d_head = 32": (x(1, 3, 16), x(1, 3, 32), x(1, 3, 16)),
    "d_head must be a power of two, 16, 32, 64 or 128, but is 48": (x(1, 3, 48), x(1, 3, 48), x(1, 3, 16)),
    "d_value must be a power of two, 16, 32, 64 or 128, but is 256": (x(1, 3, 16), x(1, 3, 16), x(1, 3, 256)),
    "k has 3 keys but v has 5": (x(1, 3, 16), x(1, 3, 16), x(1, 5, 16)),
    "k has 2 heads but v has 1": (x(2, 3, 16), x(2, 3, 16), x(1, 3, 16)),
    "2 heads of keys do not divide 3 heads of queries": (x(3, 3, 16), x(2, 3, 16), x(2, 3, 16)),
    "batch · heads is 65536, more than the 65535": (x(65536, 1, 16), x(65536, 1, 16), x(65536, 1, 16)),
}


@pytest.mark.parametrize("message", BAD)
def test_tensors_are_refused_with_the_numbers_that_disagree(message, interpreting):
    with pytest.raises((TypeError, ValueError), match=message):
        flash_triton(*BAD[message])


SIZES = {
    "window must be at least 1 but is 0": {"window": 0},
    "window must be a whole number but is 2.0": {"window": 2.0},
    "block_q must be a power of two but is 48": {"block_q": 48},
    "block_k must be at least 16 but is 8": {"block_k": 8},
    "warps must be a power of two but is 3": {"warps": 3},
    "scale must be finite but is inf": {"scale": float("inf")},
    "bias must hold floats but its dtype is torch.bool": {"bias": x(3, 3, dtype=torch.bool)},
    r"bias \(5,\) does not broadcast to scores \(1, 3, 3\)": {"bias": x(5)},
    r"bias \(1, 1, 3, 3\) does not broadcast to scores \(1, 3, 3\)": {"bias": x(1, 1, 3, 3)},
    "devices differ: q cpu, bias meta": {"bias": x(3, 3).to("meta")},
    "bias gets no gradient from flash_triton; use flash_attention": {"bias": x(3, 3).requires_grad_()},
    "warps must be at least 1 but is 0": {"warps": 0},
    "stages must be a whole number but is True": {"stages": True},
}


@pytest.mark.parametrize("message", SIZES)
def test_sizes_are_refused(message, interpreting):
    with pytest.raises((TypeError, ValueError), match=message):
        flash_triton(x(1, 3, 16), x(1, 3, 16), x(1, 3, 16), **SIZES[message])


def test_torch_func_is_refused_with_a_sentence(interpreting):
    ones = x(2, 1, 3, 16)
    with pytest.raises(RuntimeError, match="flash_triton does not run under torch.func"):
        torch.func.vmap(flash_triton)(ones, ones, ones)
    with pytest.raises(RuntimeError, match="flash_triton does not run under torch.func"):
        torch.func.grad(lambda q: flash_triton(q, ones, ones).sum())(ones)


def test_the_device_decides_only_without_the_interpreter(monkeypatch, as_readers_run_it):
    monkeypatch.setattr(module, "interpreted", lambda: False)
    monkeypatch.setattr(module, "triton", object())
    with pytest.raises(ValueError, match="or use flash_attention"):
        flash_triton(x(1, 3, 16), x(1, 3, 16), x(1, 3, 16))


def test_interpreted_says_which_way_triton_runs():
    assert interpreted() is (type(module.forward_program).__name__ == "InterpretedFunction")

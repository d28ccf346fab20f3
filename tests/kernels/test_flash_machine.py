"""The machine room: threads, settings that belong to a thread, memory, the libraries, the textbook's loop."""

import subprocess
import sys
import threading

import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, same

from attnlab.kernels import derivatives, products, textbook, workers
from attnlab.kernels.flash import flash_attention


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def settings():
    tiny = torch.tensor([1e-39]) * torch.ones(1)
    return torch.get_num_threads(), torch.is_grad_enabled(), bool(tiny > 0), torch.is_inference_mode_enabled()


def settings_of_a_new_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(settings()))
    thread.start()
    thread.join()
    return found[0]


def test_the_callers_settings_are_left_alone(two_threads):
    q, k, v = (draw(s, 3, 40, 5) for s in range(3))
    before, before_new = settings(), settings_of_a_new_thread()
    flash_attention(q, k, v, block_q=16).sum().backward()
    assert settings() == before
    assert settings_of_a_new_thread() == before_new
    with pytest.raises(ZeroDivisionError):
        workers.share(lambda item: 1 / item, [0, 1])
    assert settings() == before and settings_of_a_new_thread() == before_new


def test_workers_run_on_one_thread_without_gradients_and_flush_denormals(two_threads):
    found = []
    workers.share(lambda item: found.append((settings(), threading.get_ident())), range(5))
    assert {s for s, _ in found} == {(1, False, False, False)}
    assert threading.get_ident() not in {thread for _, thread in found}


def test_every_item_once_and_the_error_of_any_is_raised(two_threads):
    seen = []
    workers.share(seen.append, list(range(20)))
    assert sorted(seen) == list(range(20))
    with pytest.raises(ZeroDivisionError):
        workers.share(lambda item: 1 / item, [3, 2, 1, 0, 1])
    workers.share(seen.append, [])


def test_two_threads_give_the_same_numbers(two_threads):
    def run():
        q, k, v = draw(0, 2, 4, 40, 5), draw(1, 2, 2, 40, 5), draw(2, 2, 2, 40, 5)
        bias = draw(3, 40, 40)
        out = flash_attention(q, k, v, bias=bias, block_q=16, block_k=11)
        return out, *torch.autograd.grad(out.square().sum(), (q, k, v, bias))

    two = run()
    torch.set_num_threads(1)
    for x, y in zip(two, run()):
        assert torch.equal(x, y)


def test_inference_mode():
    q, k, v = (draw(s, 3, 40, 5, grad=False) for s in range(3))
    with torch.inference_mode():
        out = flash_attention(q, k, v, causal=True, block_q=16)
    assert out.is_inference()
    same(out, flash_attention(q, k, v, causal=True))


def test_small_inputs_are_handed_over(monkeypatch):
    ran = []
    through = derivatives.plain
    monkeypatch.setattr(derivatives, "plain", lambda *a: ran.append("plain") or through(*a))
    given = ((5, 5, {"block_q": 4}), (5, 5, {"block_k": 4}))
    sizes = ((320, 320, {}), (320, 321, {}), *given, (16, 7_000, {}), (17, 7_000, {}))
    for n, m, blocks in sizes:
        q, k = draw(0, 1, n, 2, grad=False), draw(1, 1, m, 2, grad=False)
        flash_attention(q, k, k, **blocks)
        ran.append(f"{n} {m}")
    assert ran == ["plain", "320 320", "320 321", "5 5", "5 5", "plain", "16 7000", "17 7000"]


@pytest.mark.parametrize("library", products.libraries(torch.float32), ids=lambda library: library.name)
def test_every_library_multiplies_and_adds(library):
    a, b = draw(0, 7, 13, dtype=torch.float32, grad=False), draw(1, 11, 13, dtype=torch.float32, grad=False)
    expected = (a.double() @ b.double().t()).float()
    same(library.product(a, b, "here"), expected, 1e-6)
    same(library.product(a, b.t().contiguous().t(), "here"), expected, 1e-6)
    total = draw(2, 7, 11, dtype=torch.float32, grad=False)
    before = total.clone()
    library.add(total, a, b.t().contiguous())
    same(total, before + expected, 1e-6)


def test_float64_has_one_library():
    assert products.libraries(torch.float64) == [products.MKL]


def test_a_room_is_used_again_by_the_same_thread_only():
    first = workers.room("test", 3, 5, torch.float32)
    assert workers.room("test", 5, 2, torch.float32).data_ptr() == first.data_ptr()
    assert workers.room("other", 5, 2, torch.float32).data_ptr() != first.data_ptr()
    elsewhere = []
    workers.share(lambda item: elsewhere.append(workers.room("test", 3, 5, torch.float32)), [0])
    assert elsewhere[0].data_ptr() != first.data_ptr()
    assert workers.room("test", 3, 7, torch.float64).shape == (3, 7)
    assert workers.room("test", 3, 7, torch.float64).dtype == torch.float64


@pytest.mark.parametrize(
    "causal, block_q, block_k", [(False, 5, 7), (True, 4, 4), (True, 100, 3), (False, 1, 100)]
)
def test_the_textbooks_loop(causal, block_q, block_k):
    q, k, v = draw(0, 17, 5), draw(1, 13, 5), draw(2, 13, 7)
    mask = definition.may_look(17, 13, causal)
    expected = definition.attention(q[None], k[None], v[None], causal=causal)
    out, lse = textbook.forward(q.detach() * 1, k.detach(), v.detach(), mask, block_q, block_k)
    same(out, expected[0][0].detach())
    same(lse, expected[1][0].detach())
    d_out = draw(3, 17, 7, grad=False)
    gradients = textbook.backward(*(x.detach() for x in (q, k, v)), mask, out, lse, d_out, block_q, block_k)
    for x, y in zip(gradients, torch.autograd.grad((expected[0][0] * d_out).sum(), (q, k, v))):
        same(x, y)


MEMORY = """
import sys, torch
from attnlab.kernels.flash import flash_attention
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
torch.set_num_threads(1)
def run(n):
    q, k, v = (torch.randn(8, n, 64, requires_grad=True) for _ in range(3))
    flash_attention(q, k, v).backward(torch.ones(8, n, 64))
run(600)
before = peak()
run(int(sys.argv[1]))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_grows_with_the_length_not_its_square():
    """2048 positions: 34 MB of tensors; the scores alone would be 134 MB and their gradients as much
    again."""
    run = subprocess.run([sys.executable, "-c", MEMORY, "2048"], capture_output=True, text=True, check=True, encoding="utf-8")
    assert 15_000 < int(run.stdout) < 50_000  # kilobytes

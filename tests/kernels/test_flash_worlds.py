"""Every route in every world: the caller's surroundings change no digit, and are left as they were found."""

import contextlib
import copy
import functools
import pickle
import threading

import numpy as np
import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, same

from attnlab.kernels import backward, forward
from attnlab.kernels.flash import flash_attention
from attnlab.kernels.ways import DEFAULT

ROUTES = {"small": {}, "blocks": {"block_q": 16, "block_k": 11}, "online": {"block_q": 16, "block_k": 11, "scale": 30.0}}
FULL = {"causal": True, "window": 19, "sinks": torch.tensor([0.5, -1.0, 0.0, 2.0]), "return_lse": True}


def inputs(dtype=torch.float32):
    q, k, v = draw(0, 2, 4, 29, 8, dtype=dtype), draw(1, 2, 2, 43, 8, dtype=dtype), draw(2, 2, 2, 43, 5, dtype=dtype)
    return q, k, v, draw(3, 29, 43, dtype=dtype)


def everything(route, given, biased=True):
    """Output, log-sum-exp and gradients; with dropout and padding, so that all that is drawn or made is too."""
    q, k, v, bias = given
    mask = torch.arange(43, device="cpu") % torch.tensor([[3], [50]], device="cpu") < 2
    out, lse = flash_attention(
        q, k, v, bias=bias if biased else None, key_mask=mask, dropout_p=0.25,
        generator=torch.Generator("cpu").manual_seed(1), **FULL, **ROUTES[route],
    )  # fmt: skip
    if not out.requires_grad:
        return out, lse
    loss = (out.float() * 3).sum() + lse[~torch.isinf(lse)].sum()
    return out, lse, *torch.autograd.grad(loss, (q, k, v))


@contextlib.contextmanager
def setting(read, write, value):
    before = read()
    write(value)
    try:
        yield
        assert read() == value, "changed by the call"
    finally:
        write(before)


@contextlib.contextmanager
def default_device(device):
    with torch.device(device):
        yield


WORLDS = {
    "autocast to bfloat16": lambda: torch.autocast("cpu", torch.bfloat16),
    "autocast to float16": lambda: torch.autocast("cpu", torch.float16),
    "float64 by default": lambda: setting(torch.get_default_dtype, torch.set_default_dtype, torch.float64),
    "float16 by default": lambda: setting(torch.get_default_dtype, torch.set_default_dtype, torch.float16),
    "deterministic": lambda: setting(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    ),
    "another device by default": lambda: default_device("meta"),
    "two threads": lambda: setting(torch.get_num_threads, torch.set_num_threads, 2),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "anomalies detected": lambda: torch.autograd.detect_anomaly(check_nan=False),
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("route", ROUTES)
def test_surroundings_change_nothing(route, world, dtype, monkeypatch):
    if world == "deterministic":  # it calls the race off; the other run must take the same way to round alike
        for each in (forward, backward):
            monkeypatch.setattr(each, "fastest_way", lambda trial: DEFAULT)
    given = inputs(dtype)
    quiet = everything(route, given, biased=route != "blocks")
    with WORLDS[world]():
        found = everything(route, given, biased=route != "blocks")
    assert len(found) == (2 if world in ("no gradients", "inference") else 5)
    for x, y in zip(found, quiet):
        assert x.dtype == y.dtype and torch.equal(x, y)


@pytest.mark.parametrize("route", ROUTES)
def test_all_of_it_in_the_precision_that_is_promised(route):
    """Half precision in float32, rounded once: as if the arguments had been widened by hand."""
    for dtype in (torch.float16, torch.bfloat16):
        half = inputs(dtype)
        wide = [x.detach().float().requires_grad_() for x in half]
        options = {**FULL, **ROUTES[route]}
        found = flash_attention(*half[:3], bias=half[3], **options)
        expected = flash_attention(*wide[:3], bias=wide[3], **options)
        assert found[0].dtype == dtype and found[1].dtype == torch.float32
        assert torch.equal(found[0], expected[0].to(dtype)) and torch.equal(found[1], expected[1])


def threads_of_a_new_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("route", ROUTES)
def test_calls_from_several_threads_at_once(route):
    """Each gets what it would get alone, and nobody's number of threads is changed, nor that of threads to come."""
    expected, found, numbers = everything(route, inputs()), [None] * 6, [None] * 6
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    assert threads_of_a_new_thread() == 3
    ready = threading.Barrier(6)

    def call(place):
        torch.get_num_threads()
        ready.wait()
        for _ in range(4):
            found[place] = everything(route, inputs())
        numbers[place] = torch.get_num_threads()

    callers = [threading.Thread(target=call, args=(i,)) for i in range(6)]
    try:
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert numbers == [3] * 6 and torch.get_num_threads() == 3 and threads_of_a_new_thread() == 3
    finally:
        torch.set_num_threads(before)
    for result in found:
        for x, y in zip(result, expected):
            assert torch.equal(x, y)


@pytest.mark.parametrize("route", ROUTES)
def test_tensors_made_in_inference_mode_enter_a_graph(route):
    with torch.inference_mode():
        q, mask = draw(0, 2, 4, 29, 8, grad=False) * 1, torch.arange(43) > torch.tensor([[3], [0]])
    _, k, v, bias = inputs(torch.float64)
    assert q.is_inference()
    found = flash_attention(q, k, v, bias=bias, key_mask=mask, **ROUTES[route])
    expected = flash_attention(q.clone(), k, v, bias=bias, key_mask=mask.clone(), **ROUTES[route])
    for x, y in zip(*(torch.autograd.grad(o.square().sum(), (k, v, bias)) for o in (found, expected))):
        assert torch.equal(x, y)


def test_what_was_cached_in_inference_mode_serves_outside_of_it():
    q, k, v, _ = inputs(torch.float64)
    options = {"causal": True, "scale": 31.0, "block_q": 13, "block_k": 9}  # tiles no other test has
    with torch.inference_mode():
        first = flash_attention(q, k, v, **options)
    second = flash_attention(q, k, v, **options)
    second.sum().backward()
    assert torch.equal(first, second)


# Tensors that are changed between the two passes


@pytest.mark.parametrize("name", ["key_mask", "alibi_slopes", "sinks", "bias", "k"])
@pytest.mark.parametrize("route", ROUTES)
def test_refilled_before_the_backward_pass_right_gradients_or_an_error(route, name):
    def fresh():
        q, k, v, bias = inputs(torch.float64)
        return {
            "q": q, "k": k.detach(), "v": v, "bias": bias.detach(), "key_mask": torch.arange(43).expand(2, 43) % 3 > 0,
            "alibi_slopes": torch.tensor([0.5, 0.25, 1.0, 0.0]), "sinks": torch.tensor([0.5, -1.0, 0.0, 2.0]),
        }  # fmt: skip

    def gradients(refill):
        given = {key: x.clone() if name == key else x for key, x in fresh().items()}
        out, lse = flash_attention(**given, return_lse=True, **ROUTES[route])
        if refill:
            given[name].fill_(True) if name == "key_mask" else given[name].fill_(5.0)
        return torch.autograd.grad(out.square().sum() + lse.sum(), (given["q"], given["v"]))

    try:
        found = gradients(refill=True)
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
    else:
        for x, y in zip(found, gradients(refill=False)):
            assert torch.equal(x, y)


# Derivatives of every kind


SMALL = {"small": {}, "blocks": {"block_q": 4, "block_k": 3}, "online": {"block_q": 4, "block_k": 3, "scale": 9.0}}
KINDS = [{}, {"causal": True}, {"window": 2}, {"causal": True, "dropout_p": 0.3}, {"key_mask": torch.arange(7)[None] % 3 > 0}]


def few():
    return draw(0, 1, 2, 5, 3), draw(1, 1, 1, 7, 3), draw(2, 1, 1, 7, 2), draw(3, 2, 5, 7), draw(4, 2)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("route", SMALL)
def test_first_and_second_derivatives_and_forward_mode(route, options):
    def f(q, k, v, bias, sinks):
        generator = torch.Generator().manual_seed(1)
        return flash_attention(
            q, k, v, bias=bias, sinks=sinks, return_lse=True, generator=generator, **options, **SMALL[route]
        )

    assert torch.autograd.gradcheck(f, few(), check_forward_ad=True, fast_mode=True)
    assert torch.autograd.gradgradcheck(f, few(), fast_mode=True)


@pytest.mark.parametrize("queries", [40, 400])
def test_a_gradient_penalty_is_the_same_for_small_inputs_and_long_ones(queries):
    q, k, v = (draw(s, 1, queries, 4) for s in range(3))
    found = []
    for attend in (flash_attention, lambda *x: definition.attention(*x)[0]):
        (grad,) = torch.autograd.grad(attend(q, k, v).square().sum(), q, create_graph=True)
        found.append(torch.autograd.grad(grad.pow(2).sum(), (q, k, v)))
    for x, y in zip(*found):
        same(x, y, 1e-10)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("route", SMALL)
def test_torch_func(route):
    q, k, v, bias, _ = (x.detach() for x in few())

    def loss(q, bias):
        return flash_attention(q, k, v, bias=bias, causal=True, **SMALL[route]).square().sum()

    def by_autograd(order):
        derive = torch.autograd.functional.jacobian if order == 1 else torch.autograd.functional.hessian
        return derive(lambda q: loss(q, bias), q)

    same(torch.func.grad(loss)(q, bias), by_autograd(1))
    same(torch.func.jacrev(loss)(q, bias), by_autograd(1))
    same(torch.func.jacfwd(loss)(q, bias), by_autograd(1))
    same(torch.func.hessian(loss)(q, bias), by_autograd(2))
    same(torch.func.jacrev(torch.func.grad(loss))(q, bias), by_autograd(2))


@pytest.mark.parametrize("where", [(0, 0, 0), (1, None, None), (None, -1, None), (None, None, 1), (None, 0, 0)])
@pytest.mark.parametrize("route", ROUTES)
def test_vmap_is_a_loop(route, where):
    q, k, v, bias = (x.detach() for x in inputs(torch.float64))
    one = q, bias, torch.arange(43).expand(2, 43) % 3 > 0
    stacks = [torch.stack([x, x.flip(-1), x.roll(2, -1)]) for x in one]
    given = [x if at is None else s.movedim(0, at) for x, s, at in zip(one, stacks, where)]

    def f(q, bias, mask):
        return flash_attention(q, k, v, bias=bias, key_mask=mask, **FULL, **ROUTES[route])

    def loss(*x):
        return f(*x)[0].square().sum()

    mapped, mapped_grads = (torch.vmap(g, in_dims=where)(*given) for g in (f, torch.func.grad(loss, argnums=(0, 1))))
    for i in range(3):
        single = [x if at is None else s[i] for x, s, at in zip(one, stacks, where)]
        expected = *f(*single), *torch.func.grad(loss, argnums=(0, 1))(*single)
        for x, y in zip((*mapped, *mapped_grads), expected):
            same(x[i], y)


@pytest.mark.parametrize("route", ROUTES)
def test_what_vmap_cannot_do_is_said(route):
    q, k, v, _ = (x.detach() for x in inputs())
    with pytest.raises(RuntimeError, match="alibi_slopes cannot be mapped over by vmap: slopes that differ go into bias="):
        torch.vmap(lambda s: flash_attention(q, k, v, alibi_slopes=s, **ROUTES[route]))(torch.ones(3, 4))
    with pytest.raises(RuntimeError, match="under vmap give dropout_p=0"):
        dropped = functools.partial(flash_attention, dropout_p=0.5, **ROUTES[route])
        torch.vmap(lambda q: dropped(q, k, v), randomness="same")(torch.stack([q, q]))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*not a leaf Tensor:UserWarning")  # the compiler's own, while it looks about
@pytest.mark.parametrize("route", ROUTES)
def test_a_compiler_leaves_the_call_as_it_is(as_readers_run_it, route):
    q, k, v, bias = inputs()

    def f(q, k, v):
        return flash_attention(q * 2, k, v, bias=bias, causal=True, **ROUTES[route]) + 1

    found, expected = torch.compile(f, backend="eager")(q, k, v), f(q, k, v)
    for x, y in zip(*((o, *torch.autograd.grad(o.square().sum(), (q, k, v))) for o in (found, expected))):
        assert torch.equal(x, y)


@pytest.mark.parametrize("route", ROUTES)
def test_a_call_can_be_pickled_and_copied(route):
    attend, x = functools.partial(flash_attention, causal=True, **ROUTES[route]), inputs()[:3]
    for twin in (pickle.loads(pickle.dumps(attend)), copy.deepcopy(attend)):
        assert torch.equal(twin(*x), attend(*x))


# Shapes and numbers at the border


def views(x):
    """The same numbers, lying otherwise in memory."""
    wide = torch.zeros(*x.shape[:-1], 2 * x.shape[-1], dtype=x.dtype)
    wide[..., ::2] = x
    yield wide[..., ::2]
    yield x.mT.contiguous().mT
    yield x.transpose(0, 1).contiguous().transpose(0, 1)
    yield torch.view_as_complex(torch.stack([0 * x, -x], -1)).conj().imag  # its sign is a note beside the tensor


@pytest.mark.parametrize("route", ROUTES)
def test_any_way_to_lie_in_memory(route):
    q, k, v, bias = (x.detach() for x in inputs(torch.float64))
    expected = flash_attention(q, k, v, bias=bias, **FULL, **ROUTES[route])
    for a, b, c, d in zip(*(list(views(x)) for x in (q, k, v, bias))):
        for x, y in zip(flash_attention(a, b, c, bias=d, **FULL, **ROUTES[route]), expected):
            same(x, y)
    one = q[:, :1, :1].expand(2, 4, 29, 8).requires_grad_()
    out = flash_attention(one, k[:, :1].expand_as(k), v, causal=True, **ROUTES[route])
    same(out, flash_attention(one.clone(), k[:, :1].expand_as(k).clone(), v, causal=True, **ROUTES[route]))
    assert torch.autograd.grad(out.sum(), one)[0].shape == one.shape


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("route", ROUTES)
def test_only_one_of_them_is_learnt(route, which):
    everyone = inputs(torch.float64)
    expected = torch.autograd.grad(
        flash_attention(*everyone[:3], bias=everyone[3], causal=True, **ROUTES[route]).square().sum(), everyone
    )
    alone = [x.detach().requires_grad_(i == which) for i, x in enumerate(everyone)]
    part = [x * 1 if i == which else x for i, x in enumerate(alone)]  # not a leaf, as in a model
    out = flash_attention(*part[:3], bias=part[3], causal=True, **ROUTES[route])
    assert torch.equal(torch.autograd.grad(out.square().sum(), alone[which])[0], expected[which])


@pytest.mark.parametrize("batch, queries, keys, d_value", [(0, 5, 7, 3), (2, 0, 7, 3), (2, 5, 0, 3), (2, 5, 7, 0), (0, 0, 0, 0)])
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 2, "dropout_p": 0.5}])
@pytest.mark.parametrize("route", ROUTES)
def test_axes_without_anything_on_them(route, options, batch, queries, keys, d_value):
    q, k, v = draw(0, batch, 4, queries, 3), draw(1, batch, 2, keys, 3), draw(2, batch, 2, keys, d_value)
    bias, sinks = draw(3, 4, queries, keys), draw(4, 4)
    mask = torch.ones(batch, keys, dtype=torch.bool)
    out, lse = flash_attention(q, k, v, bias=bias, key_mask=mask, sinks=sinks, return_lse=True, **options, **ROUTES[route])
    assert out.shape == (batch, 4, queries, d_value) and lse.shape == (batch, 4, queries)
    assert torch.isfinite(lse).all() and (keys > 0 or (out == 0).all())
    for x, g in zip((q, k, v, bias, sinks), torch.autograd.grad(out.sum() + lse.sum(), (q, k, v, bias, sinks))):
        assert g.shape == x.shape and torch.isfinite(g).all()


@pytest.mark.parametrize("where", ["q", "k", "v", "bias", "sinks"])
def test_nan_does_the_same_on_every_route(where):
    found = []
    for route in ("small", "blocks"):
        q, k, v, bias = (x.detach() for x in inputs(torch.float64))
        given = {"q": q, "k": k, "v": v, "bias": bias, "sinks": torch.zeros(4)}
        given[where].view(-1)[3] = float("nan")
        out, lse = flash_attention(**given, causal=True, return_lse=True, **ROUTES[route])
        found.append((torch.isnan(out), torch.isnan(lse)))
    assert found[0][0].any() and not found[0][0].all()
    assert all(torch.equal(x, y) for x, y in zip(*found))


NUMBERS = [
    ({"window": np.int64(5)}, {"window": 5}),
    ({"window": torch.tensor(5)}, {"window": 5}),
    ({"window": 2**63 - 1}, {"causal": True}),
    ({"block_q": np.int32(16), "block_k": np.uint8(11)}, {"block_q": 16, "block_k": 11}),
    ({"block_q": 2**62, "block_k": 2**62}, {"block_q": 64, "block_k": 64}),
    ({"scale": np.float32(0.5)}, {"scale": 0.5}),
    ({"scale": torch.tensor(0.5)}, {"scale": 0.5}),
    ({"scale": 1}, {"scale": 1.0}),
    ({"causal": np.True_}, {"causal": True}),
]


@pytest.mark.parametrize("given, meant", NUMBERS, ids=str)
def test_numbers_of_any_library(as_readers_run_it, given, meant):
    q, k, v, _ = inputs()
    assert torch.equal(flash_attention(q, k, v, **given), flash_attention(q, k, v, **meant))

"""Every door of the package in the caller's odd worlds: the same answer, or a sentence of our own."""

from __future__ import annotations

import contextlib
import copy
import inspect
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import is_dataclass

import numpy as np
import pytest
import torch
from doors.calls import CALLS, ELSEWHERE, MAKERS, MODULES, t

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
called = pytest.mark.parametrize("name", CALLS)
made = pytest.mark.parametrize("name", MODULES)


def flat(x) -> list:
    """The arrays, tensors, numbers and texts of a result, in order."""
    if is_dataclass(x):
        x = tuple(vars(x).values())
    if isinstance(x, dict):
        x = [part for pair in x.items() for part in pair]
    if isinstance(x, list | tuple):
        return [leaf for part in x for leaf in flat(part)]
    return [x]


def same(actual, expected, atol: float = 0.0) -> None:
    ours, theirs = flat(actual), flat(expected)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        if isinstance(b, str | None):
            assert a == b
            continue
        assert np.shape(a) == np.shape(b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)
        a, b = (np.asarray(x.detach() if torch.is_tensor(x) else x, dtype=float) for x in (a, b))
        np.testing.assert_allclose(a, b, rtol=atol, atol=atol)


def run(name: str, change=lambda x: x):
    function, arguments = CALLS[name]
    return function(*map(change, arguments))


def seeded(make) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().double()


def test_every_public_function_is_called_here_or_says_where():
    from test_layout import public_functions

    exempt = {word for words in ELSEWHERE.values() for word in words.split()}
    leaves = ("plots.", "explore.", "exercises.", "diagrams.", "kernels.flash_triton", "kernels.ring_demo", "kernels.textbook.backward")
    names = {parameter.id.removeprefix("attnlab.") for parameter in public_functions()}
    missing = {name for name in names - set(CALLS) if not name.startswith(leaves) and name.split(".")[-1] not in exempt}
    assert not missing
    helpers = "kernels.textbook.forward kernels.merge.merge reference.losses.cross_entropy reference.sampling.accept reference.heads.multi_head" \
        " reference.heads.split_heads reference.heads.merge_heads models.sizes.cache_bytes studies.observe.observed tokens.bpe.words tokens.published.words_and_digits"  # which other files of their package use, too
    assert not set(CALLS) - names - set(helpers.split())


# ---- the state around the call -------------------------------------------------------------------


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def threads(n):
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
        assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(before)


WORLDS = {
    "float64 by default": lambda: default_dtype(torch.float64),
    "float16 by default": lambda: default_dtype(torch.float16),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "deterministic": deterministic,
    "two threads": lambda: threads(2),
    "NumPy raises": lambda: np.errstate(divide="raise", invalid="raise", over="raise"),
}


@called
@pytest.mark.parametrize("world", WORLDS)
def test_what_is_set_around_a_call_changes_no_answer(name, world):
    expected = run(name)
    with WORLDS[world]():
        actual = run(name)
    same(actual, expected, atol=1e-13)


@made
@pytest.mark.parametrize("world", WORLDS)
def test_what_is_set_around_a_call_changes_no_module(name, world):
    make, arguments = MODULES[name]
    expected = seeded(make)(*arguments)
    with WORLDS[world]():
        model = seeded(make)
        model.load_state_dict(seeded(make).state_dict())
    reference = seeded(make)
    reference.load_state_dict(model.state_dict())
    with WORLDS[world]():
        actual = model(*arguments)
    same(actual, reference(*arguments), atol=1e-12)
    assert [x.dtype for x in flat(actual)] == [x.dtype for x in flat(expected)]


FULL = ["attention.core.attention", "attention.core.attention_weights", "attention.heads.grouped_attention",
        "kernels.flash.flash_attention"]  # fmt: skip


@called
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_is_no_error_and_attention_keeps_its_precision(name, dtype):
    single = lambda x: x.float() if torch.is_tensor(x) and x.is_floating_point() else x  # noqa: E731
    expected = run(name, single)
    with torch.autocast("cpu", dtype):
        actual = run(name, single)
    if name in FULL:
        same(actual, expected, atol=1e-6)
    assert len(flat(actual)) == len(flat(expected))


@called
def test_calls_at_the_same_time_do_not_disturb_each_other(name):
    expected = run(name)
    with ThreadPoolExecutor(4) as pool:
        for actual in pool.map(lambda _: run(name), range(8)):
            same(actual, expected, atol=1e-13)


# ---- the arguments -------------------------------------------------------------------------------


def numpy_scalar(x):
    return np.int64(x) if type(x) is int else np.float64(x) if type(x) is float else x


@called
def test_numbers_of_numpy_are_numbers(name):
    same(run(name, numpy_scalar), run(name), atol=1e-13)


def spread(x):
    """The same numbers in every second place of a larger array, back to front in memory."""
    if torch.is_tensor(x) and x.ndim:
        wide = torch.zeros(*(2 * n for n in x.shape), dtype=x.dtype)
        view = wide[tuple(slice(None, None, 2) for _ in x.shape)]
        view.copy_(x)
        return view
    if isinstance(x, np.ndarray) and x.ndim:
        view = np.zeros([2 * n for n in x.shape], x.dtype)[tuple(slice(None, None, -2) for _ in x.shape)]
        view[...] = x
        view.flags.writeable = False
        return view
    return x


def transposed(x):
    if torch.is_tensor(x) and x.ndim > 1:
        return x.mT.contiguous().mT
    return np.asfortranarray(x) if isinstance(x, np.ndarray) else x


@called
@pytest.mark.parametrize("layout", [spread, transposed])
def test_the_layout_in_memory_changes_no_answer(name, layout):
    same(run(name, layout), run(name), atol=1e-12)


@called
def test_arguments_stay_as_they_were_and_results_are_no_part_of_them(name):
    function, arguments = CALLS[name]
    before = copy.deepcopy(arguments)
    results = flat(function(*arguments))
    same(arguments, before)
    arrays = [x for x in flat(arguments) if isinstance(x, np.ndarray)]
    views = ("split_heads", "merge_heads", "masks", "words", "edges_of")  # said to be views, or made of nothing
    if not any(view in name for view in views):
        assert not any(np.shares_memory(a, r) for a in arrays for r in results if isinstance(r, np.ndarray))


def integers_of(name: str) -> list[tuple[int, str]]:
    """Places and names of the arguments that are counts or sizes."""
    function, arguments = CALLS[name]
    words = list(inspect.signature(function).parameters)
    return [(i, words[i]) for i, x in enumerate(arguments) if type(x) is int and words[i] not in NO_COUNT]


NO_COUNT = {"seed", "offset", "key", "axis", "number", "h", "g"}  # any integer, or the name of a thing
COUNTS = [(name, place, word) for name in CALLS for place, word in integers_of(name)]


@pytest.mark.parametrize(("name", "place", "word"), COUNTS)
@pytest.mark.parametrize("wrong", [True, 2.5, -3, None, "3"])
def test_a_count_is_a_whole_number_that_is_not_negative(name, place, word, wrong):
    function, arguments = CALLS[name]
    with pytest.raises((TypeError, ValueError), match=rf"\b{word}\b"):
        function(*arguments[:place], wrong, *arguments[place + 1 :])


MADE_OF = [(name, word) for name, (_, arguments) in MAKERS.items() for word in arguments]


@pytest.mark.parametrize(("name", "word"), MADE_OF)
@pytest.mark.parametrize("wrong", [True, 2.5, -3, "3"])
def test_modules_and_recipes_are_made_of_whole_numbers(name, word, wrong):
    make, arguments = MAKERS[name]
    make(**{key: np.int64(n) for key, n in arguments.items()})
    with pytest.raises((TypeError, ValueError), match=rf"\b{word}\b"):
        make(**arguments | {word: wrong})


@called
def test_single_precision_gives_the_same_to_its_own_precision(name):
    def single(x):
        if torch.is_tensor(x) and x.is_floating_point():
            return x.float()
        return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x

    actual, expected = flat(run(name, single)), flat(run(name))
    for a, b in zip(actual, expected):
        if isinstance(b, np.ndarray | torch.Tensor):
            np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), atol=2e-5, rtol=2e-5)


# ---- transforms ----------------------------------------------------------------------------------

ATTENDS = {name: CALLS[name] for name in FULL[:3]} | {
    name: call for name, call in CALLS.items()
    if name.startswith(("attention.scoring", "positions.rotary.rot", "positions.relative.shaw_bias"))
}  # fmt: skip


@pytest.mark.parametrize("name", ATTENDS)
def test_torch_func_maps_and_differentiates(name):
    function, (first, *rest) = CALLS[name]
    many = torch.stack([first, 2 * first])
    mapped = torch.func.vmap(lambda x: function(x, *rest))(many)
    same(mapped, torch.stack([function(x, *rest) for x in many]), atol=1e-12)
    slope = torch.func.grad(lambda x: function(x, *rest).square().sum())(first)
    own = first.clone().requires_grad_()
    function(own, *rest).square().sum().backward()
    same(slope, own.grad, atol=1e-12)


@made
def test_modules_are_copied_pickled_and_called_without_their_weights(name):
    make, arguments = MODULES[name]
    model = seeded(make)
    expected = model(*arguments)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same(twin(*arguments), expected)
    same(torch.func.functional_call(model, dict(model.named_parameters()), arguments), expected)


# ---- finite "minus infinity" ---------------------------------------------------------------------


@pytest.mark.parametrize("low", [-1e9, -1e30, torch.finfo(torch.float32).min, -1e300])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_of_one_finite_minus_infinity_is_an_average(low, dtype):
    """Where all biases of a row are equal, the scores decide; where they swallow the scores, it is the plain mean."""
    function, (q, k, v, *_) = CALLS["attention.core.attention"]
    q, k, v = (x.to(dtype) for x in (q, k, v))
    bias = torch.zeros(3, 7, dtype=torch.float64)
    bias[1] = low
    out = function(q, k, v, bias=bias)
    swallowed = abs(low) * torch.finfo(dtype).eps > 1e3
    row = v.mean(-2) if swallowed else function(q, k, v)[:, 1]
    loose = 1e-12 if swallowed and dtype == torch.float64 else abs(low) * torch.finfo(dtype).eps * 20 + 1e-5
    torch.testing.assert_close(out[:, 1], row, atol=min(loose, 1.0) if not swallowed else 1e-5, rtol=0)
    torch.testing.assert_close(out[:, ::2], function(q, k, v)[:, ::2])
    q = q.requires_grad_()
    function(q, k, v, bias=bias).sum().backward()
    assert q.grad.isfinite().all() and q.grad.abs().max() < 100


# ---- a device without float64 --------------------------------------------------------------------


def test_angles_are_made_on_the_cpu_and_cast_before_they_are_moved(monkeypatch):
    from attnlab import positions
    from attnlab.positions import _doors

    at, x = torch.arange(5) + 100_003, t(0, 2, 5, 8).float()
    exact = positions.sinusoidal(at, 8), positions.alibi(6, at, at), positions.rotary(x, at)
    monkeypatch.setattr(_doors, "WITHOUT_FLOAT64", {"cpu"})
    narrow = positions.sinusoidal(at, 8), positions.alibi(6, at, at), positions.rotary(x, at)
    for wide, cast in zip(exact, narrow):
        assert cast.dtype == torch.float32
        torch.testing.assert_close(cast, wide.float(), atol=0, rtol=0)


class NoFloat64On(torch.overrides.TorchFunctionMode):
    """Refuses to make 64-bit numbers on a device, as one that has none does."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.device.type == "meta" and result.dtype == torch.float64:
            raise TypeError("no float64 on this device")
        return result


@pytest.mark.parametrize("pairing", ["rotate_adjacent", "rotate_halves"])
def test_rotary_needs_no_float64_on_the_device_of_the_tokens(pairing):
    from attnlab import positions

    x = torch.zeros(2, 5, 8, device="meta")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with NoFloat64On():
            out = positions.rotary(x, torch.arange(5), rotate=getattr(positions, pairing))
    assert out.dtype == torch.float32 and out.device.type == "meta"

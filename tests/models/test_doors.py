"""What models check at the door, asked directly: every border from both sides."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from attnlab.cache import ModelCache
from attnlab.layers._hooks import hooked
from attnlab.models import _doors
from attnlab.models._doors import layers_of, need_ids, need_text, real_tokens

CONFIG = SimpleNamespace(vocab_size=7, max_len=5, n_layers=2)


def ids(*row: int) -> torch.Tensor:
    return torch.tensor([row])


def read(cache: ModelCache, n: int) -> ModelCache:
    cache.extend(torch.ones(1, n, dtype=torch.bool))
    return cache


def test_every_row_of_the_table_has_its_id_and_no_other():
    need_ids("ids", ids(0, 6), 7)
    need_ids("ids", torch.zeros(2, 0, dtype=torch.long), 7)
    for wrong, text in ((ids(0, 7), "from 0 to 7"), (ids(-1, 6), "from -1 to 6")):
        with pytest.raises(ValueError, match=f"source go {text} but there are rows for 0 to 6"):
            need_ids("source", wrong, 7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bool])
def test_ids_are_whole_numbers(dtype):
    with pytest.raises(TypeError, match=f"ids must hold integers but their dtype is {dtype}"):
        need_ids("ids", torch.ones(1, 3, dtype=dtype), 7)
    need_ids("ids", torch.ones(1, 3, dtype=torch.uint8), 7)


@pytest.mark.parametrize("shape", [(3,), (1, 1, 3), ()])
def test_ids_have_two_axes(shape):
    with pytest.raises(ValueError, match=r"ids must have the axes \(batch, tokens\) but the shape is"):
        need_ids("ids", torch.zeros(shape, dtype=torch.long), 7)


def test_a_text_fits_with_what_the_cache_holds():
    need_text(ids(1, 2, 3, 4, 5), None, CONFIG)
    need_text(ids(1, 2), read(ModelCache(2), 3), CONFIG)
    with pytest.raises(ValueError, match="6 tokens do not fit into max_len = 5"):
        need_text(ids(1, 2, 3, 4, 5, 6), None, CONFIG)
    with pytest.raises(ValueError, match="6 tokens do not fit into max_len = 5"):
        need_text(ids(1, 2, 3), read(ModelCache(2), 3), CONFIG)
    with pytest.raises(ValueError, match="ids go from 7 to 7 but there are rows for 0 to 6"):
        need_text(ids(7), None, CONFIG)
    for n in (1, 3):
        with pytest.raises(ValueError, match=f"the cache has {n} layers but the model 2"):
            need_text(ids(1), ModelCache(n), CONFIG)


def test_padding_is_said_of_every_token_or_of_none():
    assert real_tokens(None, ids(0, 3)).tolist() == [[True, True]]
    given = torch.tensor([[True, False]])
    assert real_tokens(given, ids(0, 3)) is given
    for shape in ((2, 2), (1, 3), (2,)):
        with pytest.raises(ValueError, match=r"real has shape \(.*\) but ids \(1, 2\)"):
            real_tokens(torch.ones(shape, dtype=torch.bool), ids(0, 3))


def test_each_layer_gets_its_own_cache_or_none():
    cache = ModelCache(2)
    assert layers_of(cache, 2) == tuple(cache.layers) and layers_of(None, 3) == (None, None, None)


def test_a_fifth_more_than_is_needed_must_be_free(monkeypatch):
    monkeypatch.setattr(_doors, "free_memory", lambda: 1_200)
    _doors.need_memory("the weights", 1_000)
    with pytest.raises(MemoryError, match="the weights need"):
        _doors.need_memory("the weights", 1_001)
    monkeypatch.setattr(_doors, "free_memory", lambda: None)  # where the system does not tell, nothing is refused
    _doors.need_memory("the weights", 10**15)


def test_what_is_free_is_the_less_of_machine_and_container(monkeypatch):
    for machine, container, free in ((5, 3, 3), (3, 5, 3), (None, 5, 5), (3, None, 3), (None, None, None)):
        monkeypatch.setattr(_doors, "_meminfo", lambda path, found=machine: found)
        monkeypatch.setattr(_doors, "_left_in_container", lambda folder, found=container: found)
        assert _doors.free_memory() == free


def test_free_memory_is_read_from_the_machine_and_from_its_container(tmp_path):
    info = tmp_path / "meminfo"
    info.write_text("MemTotal:  8 kB\nMemAvailable:   5 kB\n", "utf-8")
    assert _doors._meminfo(info) == 5120 and _doors._meminfo(tmp_path / "none") is None
    for name, text in (("memory.max", "1000"), ("memory.current", "400"), ("memory.stat", "anon 7\ninactive_file 30\n")):
        (tmp_path / name).write_text(text, "utf-8")
    assert _doors._left_in_container(tmp_path) == 630
    (tmp_path / "memory.max").write_text("max\n", "utf-8")
    assert _doors._left_in_container(tmp_path) is None


def test_hooks_are_gone_afterwards_also_when_something_fails():
    layer, calls = torch.nn.Identity(), []
    handles = lambda: (layer.register_forward_hook(lambda *given: calls.append(len(calls))) for _ in range(2))
    with hooked(handles()):
        layer(torch.ones(1))
    layer(torch.ones(1))
    with pytest.raises(KeyError), hooked(handles()):
        layer(torch.ones(1))
        raise KeyError
    layer(torch.ones(1))
    assert calls == [0, 1, 2, 3]

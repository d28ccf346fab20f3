"""Checkpoints: an interrupted run ends where the straight one does, to the last bit, and a bad file changes nothing."""

from __future__ import annotations

import copy
import os
import struct

import numpy as np
import pytest
import torch
from torch import nn

from attnlab import training
from attnlab.training import AdamW, Epochs, Muon, Recipe, Run, checkpoint, matrices_and_others
from attnlab.training.checkpoint import CheckpointError, resume, save

LENGTHS = np.random.default_rng(1).integers(1, 9, 53)
ROWS = torch.randn(53, 4, generator=torch.Generator().manual_seed(0))


def model(width: int = 5) -> nn.Module:
    return training.seeded(lambda: nn.Sequential(nn.Linear(4, width), nn.Dropout(0.3), nn.ReLU(), nn.Linear(width, 2)))


def loss(m, batch):
    rows = ROWS[torch.as_tensor(batch)]
    return (m(rows) - rows[:, :2]).square().mean()


MAKERS = {
    "adam": lambda m: torch.optim.Adam(m.parameters()),
    "adamw": lambda m: AdamW(m.parameters()),
    "muon": lambda m: Muon(*matrices_and_others(m)),
    "torch's sgd with momentum": lambda m: torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9),
}


def start(optimiser="adam", seed=5):
    order = Epochs(LENGTHS, 40, seed=seed)
    recipe = Recipe(60, seed=seed, schedule=lambda step: training.noam(step, 64, 20), optimiser=MAKERS[optimiser])
    return Run(model(), order, loss, recipe), order


def state(thing):
    return copy.deepcopy(thing.state_dict())


def equal(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize("optimiser", MAKERS)
@pytest.mark.parametrize("stop", [1, 23, 59])
def test_an_interrupted_run_ends_with_the_very_same_weights(tmp_path, optimiser, stop):
    straight, _ = start(optimiser)
    straight.advance()

    first, order = start(optimiser)
    first.advance(stop)
    save(tmp_path / "run.ckpt", **first.parts(), order=order)
    first.advance(7)  # what comes after does not matter

    torch.manual_seed(99)  # nor does what the new process did before
    second, order = start(optimiser)
    second.model[0].weight.data.zero_()
    assert resume(tmp_path / "run.ckpt", **second.parts(), order=order) == {}
    second.advance()
    assert second.history == straight.history and len(straight.history) == 60
    assert equal(second.model.state_dict(), straight.model.state_dict())
    assert equal(second.optimiser.state_dict(), straight.optimiser.state_dict())


def test_without_one_of_the_parts_the_run_would_end_elsewhere(tmp_path):
    """Each part matters: the control of the test above."""
    straight, _ = start()
    straight.advance()
    first, order = start()
    first.advance(23)
    for missing in ("optimiser", "chance", "order"):
        second, its_order = start()
        second.model.load_state_dict(first.model.state_dict())
        second.history = list(first.history)
        if missing != "optimiser":
            second.optimiser.load_state_dict(first.optimiser.state_dict())
        if missing != "chance":
            second.chance = first.chance
        if missing != "order":
            its_order.load_state_dict(order.state_dict())
        second.advance()
        assert not equal(second.model.state_dict(), straight.model.state_dict()), missing


def test_generators_and_plain_values_come_back(tmp_path):
    of_torch, of_numpy = torch.Generator().manual_seed(3), np.random.default_rng(3)
    save(tmp_path / "c", a=of_torch, b=of_numpy, step=7, name="x", losses=[1.0, 2.0], best=None, w=torch.ones(2))
    drawn = torch.rand(3, generator=of_torch), of_numpy.random(3)
    plain = resume(tmp_path / "c", a=of_torch, b=of_numpy)
    assert plain.pop("w").tolist() == [1, 1] and plain == {"step": 7, "name": "x", "losses": [1.0, 2.0], "best": None}
    assert torch.equal(torch.rand(3, generator=of_torch), drawn[0]) and (of_numpy.random(3) == drawn[1]).all()


def trained():
    run, order = start()
    run.advance(5)
    return run, order


def refused(path, message, **parts):
    """The file is refused with this message, and no part has changed."""
    before = {name: state(part) for name, part in parts.items()}
    with pytest.raises(CheckpointError, match=message):
        resume(path, **parts)
    for name, part in parts.items():
        assert equal(part.state_dict(), before[name]), name


@pytest.fixture
def saved(tmp_path):
    run, order = trained()
    run.advance(10)
    save(tmp_path / "run.ckpt", **run.parts(), order=order)
    return tmp_path / "run.ckpt"


def fresh():
    run, order = trained()
    return {**run.parts(), "order": order}


def test_a_file_cut_off_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for length in (0, 5, 20, 21, 40, 60, 61, 62, 1000, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        refused(saved, "run.ckpt is (no checkpoint of attnlab|cut off)", **fresh())
    saved.write_bytes(whole + b"x")
    refused(
        saved, f"run.ckpt is cut off or grown: {len(whole) - 60} bytes where {len(whole) - 61} were written", **fresh()
    )


def test_a_file_with_one_changed_byte_is_refused(saved):
    whole = saved.read_bytes()
    for place in [*range(0, 70, 3), *range(70, len(whole), len(whole) // 40)]:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        refused(saved, "run.ckpt is (no checkpoint|cut off|damaged)", **fresh())


def test_foreign_files_are_refused(tmp_path):
    torch.save(model().state_dict(), tmp_path / "plain.pt")
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    for name in ("plain.pt", "text"):
        refused(tmp_path / name, f"{name} is no checkpoint of attnlab: it does not begin as one", model=model())
    with pytest.raises(FileNotFoundError):
        resume(tmp_path / "nothing", model=model())


class Evil:
    def __reduce__(self):
        return os.system, ("echo this must not run",)


def test_code_in_a_file_is_not_run(tmp_path, capfd):
    import hashlib
    import io
    import pickle

    buffer = io.BytesIO()
    torch.save({"model": {"kind": "state", "state": Evil()}}, buffer, pickle_module=pickle)
    payload = buffer.getvalue()
    head = checkpoint.FORMAT + struct.pack(">Q", len(payload)) + hashlib.sha256(payload).digest()
    (tmp_path / "evil").write_bytes(head + payload)
    refused(tmp_path / "evil", "the checkpoint holds more than tensors and plain values", model=model())
    assert "must not run" not in capfd.readouterr().out


def test_a_checkpoint_of_something_else_is_refused_and_nothing_is_loaded(saved):
    refused(saved, "the checkpoint holds model, optimiser, order, run, but model was to be resumed", model=model())
    refused(saved, "but model, optimiser, order, run, step was", **fresh(), step=Epochs([1], 1))
    parts = fresh()
    refused(
        saved,
        r"model: 0.weight is \(7, 4\) torch.float32, but \(5, 4\) torch.float32 was saved",
        **{**parts, "model": model(7)},
    )
    refused(
        saved, "model: 0.weight is .* torch.float64, but .* torch.float32 was", **{**parts, "model": model().double()}
    )
    deeper = nn.Sequential(*model(), nn.ReLU(), nn.Linear(2, 2))
    refused(
        saved, "model is another model: 5.bias, 5.weight is in one and not in the other", **{**parts, "model": deeper}
    )
    refused(
        saved,
        "optimiser is another optimiser: .*momentum.* is in one",
        **{**parts, "optimiser": MAKERS["torch's sgd with momentum"](model())},
    )
    refused(
        saved,
        "optimiser is another optimiser: 2 groups, but 1 were saved",
        **{**parts, "optimiser": MAKERS["muon"](model())},
    )
    refused(saved, "optimiser moves 6 parameters, but 4 were saved", **{**parts, "optimiser": MAKERS["adam"](deeper)})
    refused(
        saved,
        r"optimiser: exp_avg of parameter 0 is \(5, 4\), its parameter \(7, 4\)",
        **{**parts, "optimiser": MAKERS["adam"](model(7))},
    )
    with pytest.raises(CheckpointError, match="order was saved as a state, not as a generator of torch"):
        resume(saved, **{**parts, "order": torch.Generator()})


def test_a_part_that_refuses_at_the_last_moment_leaves_the_others_as_they_were(saved):
    """Order stands last and was made with another seed: model, optimiser and run get back what they had."""
    refused(
        saved,
        "order cannot take up its state: the batches were made with seed 5, not 6",
        **{**fresh(), "order": Epochs(LENGTHS, 40, seed=6)},
    )
    short = Run(model(), Epochs(LENGTHS, 40), loss, Recipe(9))
    refused(
        saved, "run cannot take up its state: 15 steps were taken but the recipe has 9", **{**fresh(), "run": short}
    )


def test_the_old_file_stands_until_the_new_one_is_whole(saved, monkeypatch):
    before = saved.read_bytes()
    run, _ = trained()
    with pytest.raises(TypeError, match="extra is a object, which has no state to save"):
        save(saved, model=run.model, extra=object())

    def broken(*names):
        raise OSError("the disk is full")

    for stage in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, stage, broken)
            with pytest.raises(OSError, match="the disk is full"):
                save(saved, model=run.model)
        assert saved.read_bytes() == before and list(saved.parent.iterdir()) == [saved]
    save(saved, model=run.model)
    assert saved.read_bytes() != before and list(saved.parent.iterdir()) == [saved]


def test_what_cannot_be_read_back_is_not_written(tmp_path):
    class Odd:
        def state_dict(self):
            return {"made by": open}

        load_state_dict = None

    with pytest.raises(CheckpointError, match="more than tensors and plain values"):
        save(tmp_path / "c", odd=Odd())
    assert list(tmp_path.iterdir()) == []


def test_saving_changes_nothing(tmp_path):
    run, order = trained()
    before = {name: state(part) for name, part in {**run.parts(), "order": order}.items()}
    save(tmp_path / "c", **run.parts(), order=order)
    assert all(equal(part.state_dict(), before[name]) for name, part in {**run.parts(), "order": order}.items())

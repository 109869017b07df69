"""Safetensors files: complete or not replaced, and equal to the safetensors library's."""

import json
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amdanet_ros.network.safetensors_file import (
    SafetensorsError,
    read_safetensors,
    write_safetensors,
)

TENSORS = {
    "half": torch.arange(6, dtype=torch.float16).reshape(2, 3),
    "brain": torch.arange(3, dtype=torch.bfloat16),
    "single": torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)),
    "double": torch.tensor([1e300, -0.0]),
    "scalar": torch.tensor(0.5),
    "count": torch.tensor(7, dtype=torch.int64),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "signed": torch.tensor([-1, 2], dtype=torch.int8),
    "words": torch.tensor([-300], dtype=torch.int16),
    "integers": torch.tensor([[70000]], dtype=torch.int32),
    "flags": torch.tensor([True, False, True]),
    "none": torch.empty(0, 4),
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "channels_last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
}
METADATA = {"classes": '["road", "sky"]', "who": "Zoë"}


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    for name, tensor in expected.items():
        assert got[name].dtype == tensor.dtype, name
        assert torch.equal(got[name], tensor), name


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "weights.safetensors"
    write_safetensors(path, TENSORS, METADATA)
    return path


def test_every_dtype_and_layout_comes_back(path):
    tensors, metadata = read_safetensors(path)
    assert_same(tensors, TENSORS)
    assert metadata == METADATA
    tensors["single"].add_(1)  # writable memory that is not shared


def test_library_reads_our_files(path):
    library = pytest.importorskip("safetensors")
    torch_files = pytest.importorskip("safetensors.torch")
    assert_same(torch_files.load_file(path), TENSORS)
    with library.safe_open(path, "pt") as file:
        assert file.metadata() == METADATA


def test_we_read_the_librarys_files(tmp_path):
    torch_files = pytest.importorskip("safetensors.torch")
    contiguous = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    torch_files.save_file(contiguous, tmp_path / "theirs.safetensors", METADATA)
    tensors, metadata = read_safetensors(tmp_path / "theirs.safetensors")
    assert_same(tensors, TENSORS)
    assert metadata == METADATA
    torch_files.save_file(contiguous, tmp_path / "bare.safetensors")
    assert read_safetensors(tmp_path / "bare.safetensors")[1] == {}


def test_file_cut_anywhere_is_refused(path, tmp_path):
    whole = path.read_bytes()
    for length in [0, 1, 7, 8, 9, *range(40, len(whole), 97), len(whole) - 1]:
        cut = tmp_path / "cut.safetensors"
        cut.write_bytes(whole[:length])
        with pytest.raises(SafetensorsError):
            read_safetensors(cut)


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
def test_damaged_byte_gives_tensors_or_our_error_never_another(tmp_path_factory, position, value):
    whole = tmp_path_factory.getbasetemp() / "whole.safetensors"
    if not whole.exists():
        write_safetensors(whole, {"a": torch.ones(2, 3), "b": torch.tensor(1)}, {"k": "v"})
    content = bytearray(whole.read_bytes())
    content[position % len(content)] = value
    damaged = whole.with_name("damaged.safetensors")
    damaged.write_bytes(content)
    try:
        tensors, _ = read_safetensors(damaged)
    except SafetensorsError:
        return
    assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}, "impossible"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, "not those of its shape"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, "not those of its shape"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, "ends within tensor 'a'"),
        ({"a": {"dtype": "F33", "shape": [1], "data_offsets": [0, 4]}}, "cannot be read"),
        ({"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}, "cannot be read"),
        ([1], "cannot be read"),
    ],
)
def test_impossible_header_is_refused(tmp_path, header, message):
    text = json.dumps(header).encode()
    path = tmp_path / "bad.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(SafetensorsError, match=message):
        read_safetensors(path)


def test_failed_write_leaves_the_old_file_and_no_other(path, monkeypatch):
    def no_space(_source, _target):
        raise OSError("no space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="no space"):
        write_safetensors(path, {"a": torch.ones(1)}, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]

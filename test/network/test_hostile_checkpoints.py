"""Checkpoints made to run code, to fill the memory or to give nonsense: a CheckpointError each."""

import io
import json
import os
import pickle
import random
import struct
import tracemalloc
import zipfile

import pytest
import torch

from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint
from amdanet_ros.network.inert_pickle import PickleError, read_pickle
from amdanet_ros.network.safetensors_file import write_safetensors

NAME = "backbone.norm1.weight"


def refusal(path):
    """Return the message; memory beside the file's size stays small."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path).build()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * path.stat().st_size + 2**23
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400 + len(str(path))
    return message


# Numbers

BAD_NUMBERS = {
    "NaN": (lambda w: w.fill_(float("nan")), "has NaN or infinite numbers"),
    "one NaN": (lambda w: w.view(-1)[-1:].fill_(float("nan")), "has NaN or infinite numbers"),
    "infinite": (lambda w: w.view(-1)[:1].fill_(float("inf")), "has NaN or infinite numbers"),
    "minus infinite": (lambda w: w.view(-1)[:1].fill_(float("-inf")), "has NaN or infinite"),
    "too large": (lambda w: w.double().fill_(1e300), "has NaN or infinite numbers"),
}


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
@pytest.mark.parametrize(
    ("bad", "name"),
    [*((bad, NAME) for bad in BAD_NUMBERS), ("NaN", "aux_head.CNN_fuse.1.running_mean")],
)
def test_weights_that_are_no_numbers_are_refused_by_name(state, tmp_path, kind, bad, name):
    make, message = BAD_NUMBERS[bad]
    spoilt = {**state, name: make(state[name].clone())}
    path = tmp_path / f"bad.{kind}"
    torch.save(spoilt, path) if kind == "pth" else write_safetensors(path, spoilt, {})
    told = refusal(path)
    assert repr(name) in told
    assert message in told


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_negative_variances_are_refused_by_name(state, tmp_path, kind):
    name = "decode_head.linear_fuse.1.running_var"
    spoilt = {**state, name: state[name] - 2}
    path = tmp_path / f"bad.{kind}"
    torch.save(spoilt, path) if kind == "pth" else write_safetensors(path, spoilt, {})
    assert f"{name!r} has negative variances" in refusal(path)


CONFIGS = [
    ("bn_eps", value)
    for value in ("NaN", "Infinity", "-1e-5", "0", "1e30", "1e-60", '"1e-5"', "null", "true")
]
CONFIGS += [
    ("bn_momentum", "NaN"), ("bn_momentum", "7"), ("drop_path_rate", "NaN"), ("dropout", "-1"),
    ("masking_rate", "Infinity"), ("sci_tau", "NaN"), ("sci_tau", "1e9"), ("num_classes", "2.5"),
    ("num_classes", "1e3"), ("num_classes", "100000"), ("num_classes", "true"),
    ("embed_dim", "4611686018427387904"), ("embed_dim", "-8"), ("embed_dim", '"8"'),
    ("backbone", '["mit_tiny"]'), ("backbone", "{}"), ("sci_rule", "5"),
    ("local_alignment", "null"), ("global_alignment", "1"), ("sfe", '"yes"'),
    ("adaptive_weighting", "[]"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), CONFIGS)
def test_configuration_out_of_range_is_refused_by_name(state, tmp_path, key, value):
    path = tmp_path / "bad.safetensors"
    write_safetensors(path, state, {"config": f'{{"{key}": {value}}}'})
    assert f"does not fit this version: {key} must" in refusal(path)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"config": "[" * 100_000}, "config is nested too deeply"),
        ({"config": "3"}, "config is no table"),
        ({"config": "{"}, "config is no JSON"),
        ({"config": '{"num_classes": 7}'}, "another shape for 2 parameters"),
        ({"classes": '"abc"'}, "classes is no list of names"),
        ({"classes": "[1, 2, 3]"}, "classes is no list of names"),
        ({"classes": '["a", "b", "a"]'}, "classes has 'a' twice"),
        ({"classes": '["a", "b", ""]'}, "classes has '', no name"),
        ({"classes": '["a", "b", "c\\nd"]'}, "no name of 1 to 100 printable letters"),
        ({"classes": json.dumps(["a", "b", "c" * 9000])}, "no name of 1 to 100 printable"),
        ({"classes": '["a", "b"]'}, "names 2 classes for 3 outputs"),
        ({"palette": "[[0, 0, 0], [0, 0, -1], [0, 0, 0]]"}, "palette has [0, 0, -1]"),
        ({"palette": "[[0, 0, 0], [0, 0, 256], [0, 0, 0]]"}, "palette has [0, 0, 256]"),
        ({"palette": "[[0, 0, 0], [0, 0, 0.5], [0, 0, 0]]"}, "palette has [0, 0, 0.5]"),
        ({"palette": "[[0, 0, 0], [0, 0, NaN], [0, 0, 0]]"}, "palette has [0, 0, nan]"),
        ({"palette": '[["0", "0", "0"]]'}, "palette has ['0', '0', '0']"),
        ({"palette": "[[0, 0, 0], [0, 0]]"}, "palette has colours of different lengths"),
        ({"palette": "{}"}, "palette is no list"),
        ({"palette": "[[0, 0], [0, 0], [0, 0]]"}, "palette of shape (3, 2)"),
    ],
)
def test_metadata_out_of_range_is_refused_by_name(state, tmp_path, metadata, message):
    path = tmp_path / "bad.safetensors"
    write_safetensors(path, state, metadata)
    assert message in refusal(path)


# safetensors


def safetensors_of(header, numbers):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


HEADERS = {
    "no numbers of a huge shape": ({"a": entry([0, 2**62, 2**62], 0, 0)}, "impossible shape"),
    "huge shape": ({"a": entry([2**62, 4], 0, 4)}, "impossible shape"),
    "many dimensions": ({"a": entry([1] * 100_000, 0, 4)}, "impossible shape"),
    "shape of a bool": ({"a": entry([True], 0, 4)}, "impossible shape"),
    "shape of a float": ({"a": entry([1.0], 0, 4)}, "impossible shape"),
    "same place": ({n: entry([1], 0, 4) for n in "abc"}, "overlaps another"),
    "shared bytes": ({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, "overlaps another"),
    "hole": ({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, "has bytes of no tensor before it"),
    "hole at the beginning": ({"a": entry([2], 4, 12)}, "has bytes of no tensor before it"),
    "rest": ({"a": entry([1], 0, 4)}, "has 8 bytes behind its last tensor"),
    "behind the end": ({"a": entry([4], 0, 16)}, "ends within tensor 'a'"),
    "far behind the end": ({"a": entry([1], 2**62, 2**62 + 4)}, "ends within tensor 'a'"),
    "unknown dtype": ({"a": entry([3], 0, 12, "F128")}, "dtype 'F128', which is not known"),
    "dtype of no name": ({"a": entry([3], 0, 12, ["F32"])}, "cannot be read"),
    "three offsets": ({"a": {**entry([3], 0, 12), "data_offsets": [0, 1, 12]}}, "cannot be read"),
    "metadata of numbers": ({"__metadata__": {"a": 1}}, "its metadata are not strings"),
    "metadata of a list": ({"__metadata__": []}, "its metadata are not strings"),
    "deep": (b'{"a":' * 100_000, "nested too deeply"),
    "twice": (b'{"a": 1, "a": 1}', "has 'a' twice"),
    "not text": (b'{"\xff": 1}', "cannot be read"),
    "long name": ({"x\n" * 50_000: entry([1], 2, 9)}, "bytes, not those of its shape"),
}


@pytest.mark.parametrize("case", list(HEADERS))
def test_hostile_header_of_safetensors_is_refused(tmp_path, case):
    header, message = HEADERS[case]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(safetensors_of(header, bytes(12)))
    assert message in refusal(path)


def test_huge_header_of_safetensors_is_refused_unread(tmp_path):
    path = tmp_path / "bad.safetensors"
    with path.open("wb") as file:
        file.write((2**25).to_bytes(8, "little") + b"{")
        file.truncate(2**25 + 8)  # takes no room on the disk
    with pytest.raises(CheckpointError, match="its header has 33554432 bytes, more than 16777216"):
        load_checkpoint(path)


# pickles and archives


class Calls:
    """Pickled as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Restores:
    """Pickled as an object whose state would be given to a method of its class."""

    def __init__(self, path):
        self.path = path

    def __setstate__(self, state):
        open(state["path"], "w").close()


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ["touch 'WITNESS'"]),
        (eval, ["open('WITNESS', 'w')"]),
        (os.mkdir, ["WITNESS"]),
        (io.open, ["WITNESS", "w"]),
        (torch.load, ["WITNESS"]),
        (print, ["WITNESS"]),
        (getattr, [os, "system"]),
    ],
    ids=["command", "code", "folder", "file", "torch", "output", "attribute"],
)
def test_call_is_refused_by_name_and_not_made(
    state, tmp_path, capsys, monkeypatch, legacy, function, arguments
):
    # Packages of other tests put a function of their own in its place, and pickle refuses that.
    if function.__name__ == "print":
        monkeypatch.setattr("builtins.print", function)
    witness, path = tmp_path / "witness", tmp_path / "evil.pth"
    arguments = [each.replace("WITNESS", str(witness)) if isinstance(each, str) else each
                 for each in arguments if each is not os]  # fmt: skip
    content = {"model": state, "extra": Calls(function, *arguments)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    module = function.__module__.replace("builtins", "__builtin__")  # protocol 2 is Python 2's
    assert f"not safe to load (it would call {module}.{function.__name__})" in refusal(path)
    assert not witness.exists()
    assert capsys.readouterr().out == ""


def test_object_with_a_state_of_its_own_is_not_restored(state, tmp_path):
    torch.save({"model": state, "extra": Restores(str(tmp_path / "witness"))}, tmp_path / "a.pth")
    assert load_checkpoint(tmp_path / "a.pth").state.keys() == state.keys()
    assert not (tmp_path / "witness").exists()


def long_string(opcode, length):
    return b"\x80\x04" + opcode + length + b"abc."


PICKLES = {
    "huge text": long_string(b"\x8d", struct.pack("<Q", 2**62)),
    "huge bytes": long_string(b"\x8e", struct.pack("<Q", 2**40)),
    "huge array of bytes": long_string(b"\x96", struct.pack("<Q", 2**40)),
    "huge number": long_string(b"\x8b", struct.pack("<i", 2**31 - 1)),
    "huge frame": long_string(b"\x95", struct.pack("<Q", 2**62)),
    "far memo": b"\x80\x02}r\xff\xff\xff\x7f.",
    "unknown memo": b"\x80\x02h\x05.",
    "empty stack": b"\x80\x02\x86.",
    "empty": b"\x80\x02.",
    "no mark": b"\x80\x02}u.",
    "mark below": b"\x80\x02(00}.",
    "key of a list": b"\x80\x02}]K\x01s.",
    "key of tuples in each other": b"\x80\x02})" + b"\x85" * 5_000 + b"K\x01s.",
    "list as dict": b"\x80\x02]K\x01K\x02s.",
    "dict as list": b"\x80\x02}K\x01a.",
    "extension": b"\x80\x02\x82\x01.",
    "no end": b"\x80\x02" + b"}" * 1000,
    "many digits": b"\x80\x02I" + b"9" * 100_000 + b"\n.",
    "no letters": b"\x80\x02X\x02\x00\x00\x00\xff\xff.",
    "name of a number": b"\x80\x04K\x01K\x02\x93.",
    "call of a number": b"\x80\x02K\x01)R.",
    "old protocol": b"(lp0\n.",
    "later protocol": b"\x80\x09}.",
}


def in_zip(path, data, numbers=(), **entry_of_pickle):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/data.pkl", data, **entry_of_pickle)
        archive.writestr("weights/version", "3\n")
        for key, content in dict(numbers).items():
            archive.writestr(f"weights/data/{key}", content)


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("case", list(PICKLES))
def test_hostile_pickle_is_refused(tmp_path, case, archived):
    path = tmp_path / "bad.pth"
    in_zip(path, PICKLES[case]) if archived else path.write_bytes(PICKLES[case])
    refusal(path)


def test_endless_pickle_is_refused(monkeypatch):
    from amdanet_ros.network import inert_pickle

    monkeypatch.setattr(inert_pickle, "MOST_INSTRUCTIONS", 100)
    with pytest.raises(PickleError, match="more than 100 instructions"):
        read_pickle(io.BytesIO(b"\x80\x02" + b"}0" * 100 + b"}."))


class Kept:
    """Pickled as a storage of torch."""

    def __init__(self, *identification):
        self.identification = identification


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.identification if isinstance(value, Kept) else None


def tensor(storage, *place):
    return Calls(torch._utils._rebuild_tensor_v2, storage, *place, False, {})


def pickled(content):
    stream = io.BytesIO()
    TorchPickler(stream, protocol=2).dump(content)
    return stream.getvalue()


STORAGE = Kept("storage", torch.FloatStorage, "0", "cpu", 4)
TENSORS = {
    "beyond its storage": (tensor(STORAGE, 0, (5,), (1,)), "more numbers than the file"),
    "offset beyond": (tensor(STORAGE, 4, (1,), (1,)), "more numbers than the file"),
    "negative offset": (tensor(STORAGE, -1, (1,), (1,)), "an impossible shape"),
    "negative stride": (tensor(STORAGE, 3, (2,), (-1,)), "an impossible shape"),
    "strides of other length": (tensor(STORAGE, 0, (2, 2), (1,)), "an impossible shape"),
    "shape of text": (tensor(STORAGE, 0, ("2",), (1,)), "an impossible shape"),
    "no tuple": (tensor(STORAGE, 0, 2, 1), "an impossible shape"),
    "expanded": (tensor(STORAGE, 0, (2**30,), (0,)), "more numbers than the file"),
    "expanded far": (tensor(STORAGE, 0, (2**40, 2**40), (0, 0)), "more numbers than the file"),
    "no numbers of a huge shape": (tensor(STORAGE, 0, (0, 2**62, 2**62), (1, 1, 1)), "impossible"),
    "storage longer than the file": (
        tensor(Kept("storage", torch.FloatStorage, "0", "cpu", 2**40), 0, (4,), (1,)),
        "more numbers than the file",
    ),
    "storage of another length": (
        tensor(Kept("storage", torch.FloatStorage, "0", "cpu", 3), 0, (3,), (1,)), "is not whole"
    ),
    "missing storage": (
        tensor(Kept("storage", torch.FloatStorage, "7", "cpu", 4), 0, (4,), (1,)), "is not whole"
    ),
    "storage of another folder": (
        tensor(Kept("storage", torch.FloatStorage, "../../x", "cpu", 4), 0, (4,), (1,)),
        "is not whole",
    ),
    "storage of no type": (tensor(Kept("storage", 3, "0", "cpu", 4), 0, (4,), (1,)), "no numbers"),
    "no storage": (tensor(Kept("something"), 0, (4,), (1,)), "no numbers"),
    "old view": (
        tensor(Kept("storage", torch.FloatStorage, "0", "cpu", 4, ("v", 0, 4)), 0, (4,), (1,)),
        "torch before 0.4",
    ),
    "no arguments": (Calls(torch._utils._rebuild_tensor_v2), "of a kind that is not read"),
    "parameter of nothing": (Calls(torch._utils._rebuild_parameter, 1), "of a kind that is not"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(TENSORS))
def test_hostile_tensor_is_refused_by_name(tmp_path, case):
    hostile, message = TENSORS[case]
    in_zip(tmp_path / "bad.pth", pickled({NAME: hostile}), {"0": bytes(16)})
    assert message in refusal(tmp_path / "bad.pth")


def test_thousands_of_views_of_one_storage_are_refused(tmp_path):
    storage = Kept("storage", torch.FloatStorage, "0", "cpu", 2**16)
    views = {f"backbone.{i}": tensor(storage, 0, (2**16,), (1,)) for i in range(300)}
    in_zip(tmp_path / "bad.pth", pickled(views), {"0": bytes(2**18)})
    assert "more numbers than the file" in refusal(tmp_path / "bad.pth")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_archive_is_refused_unread(tmp_path, method):
    path = tmp_path / "bomb.pth"
    in_zip(path, b"}" * 2**22, compress_type=method)
    assert path.stat().st_size < 2**16
    assert "is a compressed archive" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/data.pkl", pickled({NAME: tensor(STORAGE, 0, (4,), (1,))}))
        archive.writestr("w/data/0", bytes(2**22), compress_type=method)
    assert "is a compressed archive" in refusal(path)


def test_long_table_of_contents_is_refused_unread(tmp_path, monkeypatch):
    from amdanet_ros.network import pth_zip

    monkeypatch.setattr(pth_zip, "_LARGEST_DIRECTORY", 2**16)
    in_zip(tmp_path / "bad.pth", b"}.", {i: b"" for i in range(2000)})
    assert "archive that is not whole" in refusal(tmp_path / "bad.pth")


def test_mappings_within_each_other_end(tmp_path):
    shared = {}
    for _ in range(60):
        shared = {name: shared for name in "abcdefgh"}
    data = b"\x80\x02" + b"}" * 3_000 + b"."
    in_zip(tmp_path / "bad.pth", data)
    assert "holds no state dict" in refusal(tmp_path / "bad.pth")
    in_zip(tmp_path / "bad.pth", pickled(shared))
    assert "holds no state dict" in refusal(tmp_path / "bad.pth")
    # A dict that holds itself.
    in_zip(tmp_path / "bad.pth", b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.")
    assert "holds no state dict" in refusal(tmp_path / "bad.pth")


def small_files(folder):
    """Three small files with all parts of a file of each kind."""
    tensors = {"backbone.patch_embed1.proj.weight": torch.ones(2, 2), NAME: torch.ones(3).half()}
    torch.save({"model": tensors, "epoch": 3}, folder / "a.pth")
    torch.save(tensors, folder / "b.pth", _use_new_zipfile_serialization=False)
    write_safetensors(folder / "c.safetensors", tensors, {"classes": '["a"]'})
    return [folder / name for name in ("a.pth", "b.pth", "c.safetensors")]


def mutated(content, draw):
    """Change a few places: bits, lengths, cuts, insertions, copies."""
    content = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5))):
        at, size = draw.randrange(len(content)), draw.choice((1, 4, 8, 60))
        what = draw.choice(("bit", "byte", "ones", "cut", "insert", "copy"))
        if what == "bit":
            content[at] ^= 1 << draw.randrange(8)
        elif what == "byte":
            content[at] = draw.randrange(256)
        elif what == "ones":
            content[at : at + size] = b"\xff" * size
        elif what == "cut" and len(content) > size + 1:
            del content[at : at + size]
        elif what == "insert":
            content[at:at] = draw.randbytes(size)
        else:
            start = draw.randrange(len(content))
            content[at : at + size] = content[start : start + size]
    return bytes(content)


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("which", [0, 1, 2], ids=["zip", "legacy", "safetensors"])
def test_damaged_files_are_refused_and_nothing_else_happens(tmp_path, which):
    whole = small_files(tmp_path)[which]
    content, draw = whole.read_bytes(), random.Random(11)
    damaged = tmp_path / f"damaged{whole.suffix}"
    for _ in range(150):
        damaged.write_bytes(mutated(content, draw))
        with pytest.raises(CheckpointError) as caught:  # too little for a network, even unharmed
            load_checkpoint(damaged)
        assert str(caught.value).isprintable()

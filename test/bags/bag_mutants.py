"""Tiny bags of each kind, and mutants of their files.

Tries many mutants: ``python test/bags/bag_mutants.py COUNT [FIRST]``.
"""

import contextlib
import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from backports import zstd
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from amdanet_ros.bags.errors import BagError, DamagedMessage
from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import quality

NOETIC = get_typestore(Stores.ROS1_NOETIC)
STRING = "std_msgs/msg/String"
MESSAGES = 6
KINDS = {
    "sqlite3": (StoragePlugin.SQLITE3, None),
    "sqlite3, files compressed": (StoragePlugin.SQLITE3, CompressionMode.FILE),
    "sqlite3, messages compressed": (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
    "mcap": (StoragePlugin.MCAP, None),
    "mcap, files compressed": (StoragePlugin.MCAP, CompressionMode.FILE),
    "mcap, messages compressed": (StoragePlugin.MCAP, CompressionMode.MESSAGE),
    "mcap, chunks compressed": (StoragePlugin.MCAP, CompressionMode.STORAGE),
    "ros1": ("ros1", None),
    "ros1, chunks compressed with bz2": ("ros1", Ros1Writer.CompressionFormat.BZ2),
    "ros1, chunks compressed with lz4": ("ros1", Ros1Writer.CompressionFormat.LZ4),
}
_HOSTILE = (
    "", "null", "[]", "{}", "-1", "99", "1.5", "1e400", "0x" + "f" * 40, "9" * 5000, "'\\0'", "~",
    "*a", "&a [*a, *a]", "!!python/object:os.system x", "{? [] : x}", "<<: *a", "../bag.db3",
    "/etc/passwd", "2001-99-99", "\t", "\x07", "[" * 100, "bag.db3\nfiles: x", "none", "lz4",
)  # fmt: skip


def raw(text):
    return bytes(typestore().serialize_cdr(typestore().types[STRING](text), STRING))


_made = {}


def write_tiny(folder, kind="sqlite3"):
    """A bag of a few short messages on two topics; returns its folder.

    Its files are named after a folder ``bag``. They are written once and copied from then on.
    """
    if kind not in _made:
        with tempfile.TemporaryDirectory() as place:
            _write(Path(place, "bag"), kind)
            _made[kind] = contents(Path(place, "bag"))
    folder.mkdir(parents=True)
    for name, data in _made[kind].items():
        (folder / name).write_bytes(data)
    return folder


def _write(folder, kind):
    storage, compression = KINDS[kind]
    if storage == "ros1":
        folder.mkdir()
        _write_ros1(folder / "bag.bag", compression)
        return
    writer = Writer(folder, version=9, storage_plugin=storage)
    if compression is not None:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        channels = [
            writer.add_connection(
                topic, STRING, typestore=typestore(), offered_qos_profiles=[quality(True)]
            )
            for topic in ("/a", "/b")
        ]
        for index in range(MESSAGES):
            writer.write(channels[index % 2], 1000 + index, raw(f"message {index}"))


def _write_ros1(file, compression):
    writer = Ros1Writer(file)
    if compression is not None:
        writer.set_compression(compression)
    writer.chunk_threshold = 100
    with writer:
        channels = [
            writer.add_connection(topic, STRING, typestore=NOETIC, latching=1)
            for topic in ("/a", "/b")
        ]
        for index in range(MESSAGES):
            text = NOETIC.types[STRING](f"message {index}")
            writer.write(channels[index % 2], 1000 + index, NOETIC.serialize_ros1(text, STRING))


def contents(folder):
    """The names and bytes of all files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mutate(folder, seed):
    """Damage one file of a bag, reproducibly; returns what was done."""
    numbers = random.Random(seed)
    names = sorted(path.name for path in folder.iterdir())
    file = folder / numbers.choice(names)
    data = file.read_bytes()
    if file.name == "metadata.yaml" and numbers.random() < 0.7:
        how, changed = _of_text(numbers, data.decode())
        data = changed.encode("utf-8", "surrogatepass")
    else:
        inside = file.suffix == ".zstd" and numbers.random() < 0.5
        if inside:
            data = zstd.decompress(data)
        how, data = _of_bytes(numbers, data)
        if inside:
            data = zstd.compress(data)
    file.write_bytes(data)
    return f"{file.name}: {how}"


def _of_text(numbers, text):
    lines = text.splitlines()
    at = numbers.randrange(len(lines))
    how = numbers.choice(("value", "value", "value", "drop", "double", "indent"))
    if how == "value":
        lines[at] = lines[at].partition(":")[0] + ": " + numbers.choice(_HOSTILE)
    elif how == "drop":
        del lines[at : at + numbers.choice((1, 1, 5))]
    elif how == "double":
        lines.insert(at, lines[at])
    else:
        lines[at] = " " * numbers.randrange(9) + lines[at].strip()
    return f"{how} in line {at}", "\n".join(lines) + "\n"


def _of_bytes(numbers, data):
    data = bytearray(data)
    used = [at for at, value in enumerate(data) if value]
    rounds = numbers.choice((1, 1, 1, 4, 40))
    hows = []
    for _ in range(rounds):
        if not data:
            break
        at = min(numbers.choice(used) if used else 0, len(data) - 1)
        how = numbers.choice(("flip", "set", "number", "zeros", "cut", "drop", "insert", "copy"))
        if how == "cut" and numbers.random() < 0.5:
            how = "flip"
        hows.append(f"{how} at {at}")
        if how == "flip":
            data[at] ^= 1 << numbers.randrange(8)
        elif how == "set":
            data[at] = numbers.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif how == "number":
            value = numbers.choice((b"\xff" * 8, b"\0" * 7 + b"\x40", b"\x7f" + b"\xff" * 3))
            data[at : at + len(value)] = value
        elif how == "zeros":
            size = numbers.choice((4, 64, 4096))
            data[at : at + size] = bytes(len(data[at : at + size]))
        elif how == "cut":
            del data[at:]
        elif how == "drop":
            del data[at : at + numbers.choice((1, 8, 500))]
        elif how == "insert":
            data[at:at] = bytes(numbers.randrange(256) for _ in range(9))
        else:
            other = numbers.randrange(len(data))
            data[at : at + 100] = data[other : other + 100]
    return ", ".join(hows[:3]), bytes(data)


def read_mutant(folder, seed):
    """Read a mutant, which is left as it is.

    Returns:
        What was damaged; the messages; the sentences about what is missing or refused.
    """
    shutil.rmtree(folder, ignore_errors=True)
    write_tiny(folder, list(KINDS)[seed % len(KINDS)])
    how = mutate(folder, seed)
    before = contents(folder)
    messages = []
    try:
        with BagReader(folder) as bag:
            for message in bag.messages():
                with contextlib.suppress(DamagedMessage):
                    message.deserialize()
                messages.append(message)
            assert bag.start_ns >= 0 <= bag.duration_ns
            sentences = bag.report.sentences()
    except BagError as error:
        sentences = (str(error),)
    assert contents(folder) == before
    assert all(sentence.isprintable() for sentence in sentences)
    return how, messages, sentences


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as place:
        for each in range(first, first + int(sys.argv[1])):
            try:
                done, found, said = read_mutant(Path(place, "bag"), each)
                if len(found) < MESSAGES and not said:
                    print(f"{each}: {done}: {len(found)} messages, and nothing is said")
            except Exception:
                print(f"{each}:")
                traceback.print_exc()

"""Opening the file of a checkpoint, and telling what it really is, whatever its name."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..regular_file import refusal

SAFETENSORS, ZIP, PICKLE = "safetensors", "zip", "pickle"
"""The kinds of file that are read: ours, and the two that ``torch.save`` writes."""

_HEAD = 512
_LITTLE = 4096
_FILE = "the path of a .pth or .safetensors file"
_GIVE_A_FILE = f"give {_FILE}"
_TO_EXTRACT = "an archive and no checkpoint: extract it and give the file within"
_FOREIGN = (
    (0, b"version https://git-lfs", "a Git LFS pointer instead of the weights: run `git lfs pull`"),
    (257, b"ustar", _TO_EXTRACT),
    (0, b"\x1f\x8b", _TO_EXTRACT),
    (0, b"BZh", _TO_EXTRACT),
    (0, b"\xfd7zXZ\x00", _TO_EXTRACT),
    (0, b"\x28\xb5\x2f\xfd", _TO_EXTRACT),
    (0, b"7z\xbc\xaf\x27\x1c", _TO_EXTRACT),
    (0, b"Rar!", _TO_EXTRACT),
    (0, b"\x89HDF", f"an HDF5 file and no checkpoint of AMDANet: {_GIVE_A_FILE}"),
    (0, b"GGUF", f"a GGUF file and no checkpoint of AMDANet: {_GIVE_A_FILE}"),
    (0, b"\x93NUMPY", f"a numpy array and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"\x89PNG", f"an image and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"\xff\xd8\xff", f"an image and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"%PDF", f"a PDF and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"\x89MCAP", f"a bag and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"#ROS", f"a ROS 1 bag and no checkpoint: {_GIVE_A_FILE}"),
    (0, b"SQLite format 3", f"a bag or another database and no checkpoint: {_GIVE_A_FILE}"),
)
"""Place and bytes that tell another kind of file, and what is said of it."""
_ONNX = (
    "is an ONNX model, which `fuse` and the node run, but its weights cannot be read back: give "
    "the .pth or .safetensors file that it was exported from"
)


class WeightsFileError(ValueError):
    """The path is no file of weights; the message says what it is (not the path) and the fix."""


class FileView:
    """A file that is never asked for more bytes than it has left.

    A length that a damaged file announces would be allocated before a byte is read.

    Args:
        file: open for reading.
        size: bytes that may be read from its beginning.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.size = size
        self._file = file

    def read(self, count: int = -1) -> bytes:
        """Read up to `count` bytes, at most those that are left; negative: all of them."""
        if 0 <= count <= _LITTLE:  # a pickle is read in some ten thousand bits
            return self._file.read(count)
        left = max(0, self.size - self._file.tell())
        return self._file.read(left if count < 0 else min(count, left))

    def readline(self) -> bytes:
        """Read to the end of the line or of the file."""
        return self._file.readline(max(0, self.size - self._file.tell()))

    def readinto(self, buffer: bytearray) -> int:
        """Fill a buffer; return how many bytes there were."""
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place.

        Raises:
            ValueError: before the file's beginning, as a damaged table of contents says.
        """
        if whence == os.SEEK_SET and offset < 0:
            raise ValueError("a place before the file's beginning")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return True: it is a file on a disk."""
        return True


@contextmanager
def open_weights(path: str | os.PathLike) -> Iterator[FileView]:
    """Open a regular file; a pipe or a device is refused before it could block.

    Raises:
        WeightsFileError: missing, a folder, a pipe, a device, or not readable.
        OSError: reading fails within the `with`.
    """
    try:
        _refuse_unless_file(os.stat(path).st_mode, Path(path))
        # The file may be another one by now: a pipe must not block here either.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except WeightsFileError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WeightsFileError(f"does not exist: {_GIVE_A_FILE}") from error
    except PermissionError as error:
        raise WeightsFileError(
            "cannot be opened (permission denied): let this user read the file and enter its folder"
        ) from error
    except OSError as error:
        raise WeightsFileError(f"cannot be opened ({error.strerror}): {_GIVE_A_FILE}") from error
    except ValueError as error:  # a zero byte, or letters that no file name holds
        raise WeightsFileError(f"is no path of a file: {_GIVE_A_FILE}") from error
    with open(number, "rb") as file:
        state = os.fstat(number)
        _refuse_unless_file(state.st_mode, Path(path))
        yield FileView(file, state.st_size)


def _refuse_unless_file(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode):
        return
    if words := refusal(mode, _FILE):
        raise WeightsFileError(words)
    if (path / "metadata.yaml").is_file():
        raise WeightsFileError(f"is a bag and no checkpoint: {_GIVE_A_FILE}")
    within = (path / name for name in ("best.safetensors", "model.safetensors"))
    found = next((name for name in within if name.is_file()), None)
    raise WeightsFileError(f"is a folder: give {found or 'the path of a file in it'}")


def kind_of(path: str | os.PathLike) -> str:
    """Return SAFETENSORS, ZIP or PICKLE by the file's first bytes; its name decides where they
    do not.

    Raises:
        WeightsFileError: see `open_weights`; empty; or a file of another kind, which it names.
        OSError: reading fails.
    """
    with open_weights(path) as file:
        head = file.read(_HEAD)
    if not head:
        raise WeightsFileError("is damaged: it is empty; copy it again")
    for place, magic, what in _FOREIGN:
        if head[place : place + len(magic)] == magic:
            raise WeightsFileError(f"is {what}")
    if head.startswith(b"PK\x03\x04"):
        return ZIP
    if head[:1] == b"\x80" and b"\x00" < head[1:2] <= b"\x05":
        return PICKLE
    suffix = Path(path).suffix.lower()
    if head[8:9] == b"{" and head[7] == 0:
        return SAFETENSORS
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begin == b"<":
        raise WeightsFileError(
            "is a web page and no checkpoint: download the weights themselves and give that file"
        )
    if begin in (b"{", b"["):
        raise WeightsFileError(f"is a JSON file and no checkpoint: {_GIVE_A_FILE}")
    # ONNX: a protobuf whose first field is a small number, the version, before the producer.
    if suffix == ".onnx" or (head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] == b"\x12"):
        raise WeightsFileError(_ONNX)
    if suffix == ".safetensors":
        return SAFETENSORS
    if _is_text(head):
        raise WeightsFileError(f"is a text file and no checkpoint: {_GIVE_A_FILE}")
    raise WeightsFileError("is damaged or no checkpoint: copy it again")


def _is_text(head: bytes) -> bool:
    """Whether a file begins as YAML files, programs and notes do: in UTF-8 without controls."""
    with contextlib.suppress(UnicodeDecodeError):
        text = head[: len(head) - 3].decode() if len(head) == _HEAD else head.decode()
        return all(each.isprintable() or each in "\t\r\n" for each in text)
    return False

"""The zip archives that ``torch.save`` writes since torch 1.6."""

from __future__ import annotations

import io
import sys
import zipfile

from ..one_line import one_line
from .inert_pickle import Pickled, read_pickle
from .pth_tensors import PthError, StorageKey
from .weights_file import FileView

_LARGEST_DIRECTORY = 16 * 2**20
"""Bytes of a table of contents; that of a network of 10,000 tensors has 1 MB."""
_DAMAGED = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    ValueError,
    OverflowError,
    LookupError,
)
"""What the zip reader raises for damaged bytes."""


class ZipStorages:
    """The numbers: entries "NAME/data/KEY" of an archive.

    Args:
        archive: open.
        folder: "NAME/".
        size: of the file in bytes.
    """

    def __init__(self, archive: zipfile.ZipFile, folder: str, size: int) -> None:
        self.size = size
        self._archive, self._folder = archive, folder

    def read(self, storage: StorageKey) -> bytearray:
        """Read a storage.

        Raises:
            PthError: missing, cut short, or its check sum differs.
        """
        name = f"{self._folder}data/{storage.key}"
        try:
            entry = self._archive.getinfo(name)
            _refuse_compressed(entry)
            if entry.file_size != storage.nbytes:
                raise zipfile.BadZipFile("another length")
            numbers = bytearray(entry.file_size)
            with self._archive.open(entry) as file:
                filled = file.readinto(numbers)
        except _DAMAGED as error:
            if isinstance(error, PthError):
                raise
            raise PthError(f"is damaged: {one_line(name, 80)} is not whole; copy it again") from (
                error
            )
        return numbers[:filled] if filled < len(numbers) else numbers


def open_zip(file: FileView) -> tuple[Pickled, ZipStorages]:
    """Read an archive's pickle.

    Raises:
        PthError: damaged, or an archive of something else.
        PickleError: a damaged pickle.
        OSError: reading fails.
    """
    source = _DirectoryReader(file)
    try:
        archive = zipfile.ZipFile(source)
        source.is_open = True
        names = archive.namelist()
        pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
        pickle = min(pickles, key=lambda name: name.count("/"), default="")
        folder = pickle.removesuffix("data.pkl")
        if not pickle or f"{folder}constants.pkl" in names:
            raise PthError(_other_archive(names))
        order = f"{folder}byteorder"
        if order in names and _content(archive, order, file.size) != sys.byteorder.encode():
            raise PthError(
                "was written on a machine of the other byte order: save it on a common one"
            )
        content = _content(archive, pickle, file.size)
    except _DAMAGED as error:
        if isinstance(error, PthError):
            raise
        raise PthError(
            "is damaged or no checkpoint: it is an archive that is not whole; copy it again"
        ) from error
    return read_pickle(io.BytesIO(content)), ZipStorages(archive, folder, file.size)


class _DirectoryReader:
    """A file for the zip reader, which reads the whole table of contents at once: bounded."""

    def __init__(self, file: FileView) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.is_open = False
        self._file = file

    def read(self, count: int = -1) -> bytes:
        if not self.is_open and count > _LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("its table of contents is too long")
        return self._file.read(count)


def _refuse_compressed(entry: zipfile.ZipInfo) -> None:
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise PthError(
            "is a compressed archive, which torch.save does not write: give the file that "
            "torch.save wrote"
        )


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    entry = archive.getinfo(name)
    _refuse_compressed(entry)
    if entry.file_size > most:
        raise zipfile.BadZipFile("an entry is longer than the file")
    return archive.read(entry)


def _other_archive(names: list[str]) -> str:
    if any(name.endswith("constants.pkl") for name in names):
        return (
            "is a TorchScript program and no state dict: load it with torch.jit.load and run "
            "torch.save(network.state_dict(), 'weights.pth'), and give that file"
        )
    if any(name.endswith(("archive_format", "models/model.json")) for name in names):
        return (
            "is a program of torch.export and no state dict: save the network's state_dict() with "
            "torch.save and give that file"
        )
    inside = next((name for name in names if name.endswith((".pth", ".pt", ".safetensors"))), None)
    if inside:
        return f"is an archive and no checkpoint: extract {one_line(inside, 80)} and give that file"
    return (
        "is an archive and no checkpoint of torch.save: give the path of a .pth or .safetensors "
        "file"
    )

"""The files that ``torch.save`` wrote before torch 1.6: five pickles, then the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from .inert_pickle import Pickled, Stored, read_pickle
from .pth_tensors import PthError, StorageKey, TensorError, storage_key
from .weights_file import FileView

_MAGIC = 0x1950A86A20F9469CFC6C
_CUT = "is damaged: it is cut short; copy it again"


class LegacyStorages:
    """The numbers behind the pickles.

    Args:
        file: open.
        places: offset and length in bytes of each storage by its key.
    """

    def __init__(self, file: FileView, places: Mapping[str, tuple[int, int]]) -> None:
        self.size = file.size
        self._file, self._places = file, places

    def read(self, storage: StorageKey) -> bytearray:
        """Read a storage.

        Raises:
            PthError: missing or cut short.
        """
        place, length = self._places.get(storage.key, (0, -1))
        if length != storage.nbytes:
            raise PthError(_CUT)
        numbers = bytearray(length)
        self._file.seek(place)
        if self._file.readinto(numbers) != length:
            raise PthError(_CUT)
        return numbers


def open_legacy(file: FileView) -> tuple[Pickled, LegacyStorages]:
    """Read a file's pickles, and find where each storage's numbers are.

    A pickle that ``torch.save`` did not write comes back with no storages.

    Raises:
        PthError: cut short, or with a storage that is not read.
        PickleError: a damaged pickle.
        OSError: reading fails.
    """
    first = read_pickle(file)
    if first.content != _MAGIC:
        return first, LegacyStorages(file, {})
    read_pickle(file)  # the version of the format
    system = read_pickle(file).content
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise PthError("was written on a machine of the other byte order: save it on a common one")
    pickled = read_pickle(file)
    keys = read_pickle(file).content
    if not isinstance(keys, list):
        raise PthError(_CUT)
    try:
        known = {each.key: each for each in map(storage_key, filter(_is_numbers, pickled.stored))}
    except TensorError as error:
        raise PthError(f"cannot be used: a tensor {error}") from error
    places: dict[str, tuple[int, int]] = {}
    at = file.tell()
    for key in keys:
        storage = known.get(key) if isinstance(key, str) else None
        if storage is None:
            raise PthError("is damaged: its numbers are not those of its tensors; copy it again")
        file.seek(at)
        count = int.from_bytes(file.read(8), "little")
        if count != storage.count or at + 8 + storage.nbytes > file.size:
            raise PthError(_CUT)
        places[key] = at + 8, storage.nbytes
        at += 8 + storage.nbytes
    return pickled, LegacyStorages(file, places)


def _is_numbers(stored: Stored) -> bool:
    """Return whether this is a storage; a whole pickled network keeps its source code outside."""
    identification = stored.identification
    return not (isinstance(identification, tuple) and identification[:1] == ("module",))

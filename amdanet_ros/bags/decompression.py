"""Decompression that cannot fill the memory or the disk: what comes out is bounded."""

from __future__ import annotations

import shutil
import sys
from bz2 import BZ2Decompressor
from pathlib import Path
from typing import Any

from lz4.frame import LZ4FrameDecompressor

from .errors import BagError, DamagedMessage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_MESSAGE_BYTES = 2**29
"""Most bytes of one message: 64 megapixels of four 16-bit channels."""
MAX_CHUNK_BYTES = 2**30
"""Most bytes of one chunk of a bag, which holds one large message or several."""
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SMALL_BYTES = 2**26
_SMALL_FILE_BYTES = 2**29
_MOST_RATIO = 1000
_MOST_FILE_RATIO = 250
_FREE_BYTES_LEFT = 2**28
_BLOCK_BYTES = 2**20


def unzstd(data: bytes, most: int = MAX_MESSAGE_BYTES, whole: bool = True) -> bytes:
    """Return decompressed data.

    Args:
        data: zstd frames.
        most: bytes that may come out.
        whole: False: of data that end too early, what is there is returned.

    Raises:
        DamagedMessage: the data are damaged, or too much would come out.
    """
    limit = _limit(len(data), most)
    _check_declared(data, limit)
    return _unpacked(data, limit, zstd.ZstdDecompressor, whole)


def unlz4(data: bytes, most: int = MAX_MESSAGE_BYTES, whole: bool = True) -> bytes:
    """Return data decompressed from LZ4 frames; see `unzstd`."""
    return _unpacked(data, _limit(len(data), most), LZ4FrameDecompressor, whole)


def unbz2(data: bytes, most: int = MAX_MESSAGE_BYTES, whole: bool = True) -> bytes:
    """Return data decompressed from bzip2 streams; see `unzstd`."""
    return _unpacked(data, _limit(len(data), most), BZ2Decompressor, whole)


def unpack_file(source: Path, target: Path) -> bool:
    """Decompress a zstd file into another one; return whether it is whole.

    Of a file that is cut or damaged, the part before is unpacked.

    Raises:
        BagError: more would come out than a recording gives, or than the disk holds.
        OSError: a file cannot be read or written.
    """
    limit = max(_SMALL_FILE_BYTES, _MOST_FILE_RATIO * source.stat().st_size)
    decompressor = zstd.ZstdDecompressor()
    written = 0
    with source.open("rb") as packed, target.open("xb") as unpacked:
        while True:
            data = b""
            if decompressor.eof:
                data = decompressor.unused_data or packed.read(_BLOCK_BYTES)
                if not data:
                    return True
                decompressor = zstd.ZstdDecompressor()
            elif decompressor.needs_input:
                data = packed.read(_BLOCK_BYTES)
                if not data:
                    return False
            try:
                block = decompressor.decompress(data, _BLOCK_BYTES)
            except zstd.ZstdError:
                return False
            written += len(block)
            if written > limit:
                raise BagError(
                    f"{source} would unpack to more than {limit / 1e6:.0f} MB, which no recording "
                    "of its size does: it is damaged, or made to fill the disk"
                )
            if shutil.disk_usage(target.parent).free < _FREE_BYTES_LEFT:
                raise BagError(
                    f"{source} does not fit into {target.parent} when it is unpacked: free space "
                    "there, or set TMPDIR to a folder with more"
                )
            unpacked.write(block)


def _limit(size: int, most: int) -> int:
    return min(most, max(_SMALL_BYTES, _MOST_RATIO * size))


def _check_declared(data: bytes, limit: int) -> None:
    try:
        declared = zstd.get_frame_info(data).decompressed_size
    except zstd.ZstdError as error:
        raise DamagedMessage("its compressed data are damaged") from error
    if declared is not None and declared > limit:
        raise DamagedMessage(f"it would unpack to {declared / 1e6:.0f} MB: too large")


def _unpacked(data: bytes, limit: int, make: Any, whole: bool) -> bytes:
    parts: list[bytes] = []
    left = limit
    while data:
        decompressor = make()
        try:
            # One byte more than allowed shows that there is more.
            part = decompressor.decompress(data, left + 1)
        except (zstd.ZstdError, RuntimeError, EOFError, OSError) as error:
            if whole or not parts:
                raise DamagedMessage("its compressed data are damaged") from error
            break
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise DamagedMessage(f"it would unpack to more than {limit / 1e6:.0f} MB: too large")
        if not decompressor.eof:
            if whole:
                raise DamagedMessage("its compressed data end too early")
            break
        data = decompressor.unused_data or b""
    return b"".join(parts)

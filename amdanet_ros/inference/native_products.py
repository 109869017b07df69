"""Which number formats the processor multiplies itself."""

from __future__ import annotations

from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")

_FLAGS = {
    "bf16": {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16", "svebf16"},
    "fp16": {"avx512_fp16", "amx_fp16", "fphp", "asimdhp"},
}
"""Any of these flags stands for the format: of x86-64, and of arm64."""


def native_formats(cpu_info: Path = _CPU_INFO) -> tuple[str, ...]:
    """Return which of "bf16" and "fp16" this processor multiplies without emulation.

    Where the system does not say it: none.
    """
    flags: set[str] = set()
    try:
        for line in cpu_info.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() in ("flags", "features"):
                flags.update(value.split())
    except OSError:
        return ()
    return tuple(name for name, any_of in _FLAGS.items() if flags & any_of)

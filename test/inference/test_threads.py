"""The process's share of the processors: affinity, quotas of both cgroup versions."""

import os

import cv2
import pytest
import torch

from amdanet_ros.inference.native_products import native_formats
from amdanet_ros.inference.threads import processor_share, share_threads


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function: (lines of /proc/self/cgroup, files of cgroups) to the share of 8 processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def share(own, files):
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            path = tmp_path / "fs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return processor_share(tmp_path / "fs", tmp_path / "own")

    return share


@pytest.mark.parametrize(
    ("own", "files", "found"),
    [
        ("", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # a part counts as one
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 8),  # more than there are
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),  # above
        ("0::/host/path\n", {"cpu.max": "400000 100000"}, 4),  # of a container: its root
        (
            "4:cpu,cpuacct:/x\n1:name=systemd:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "250000", "cpu/x/cpu.cfs_period_us": "100000"},
            3,
        ),
        (
            "4:cpu:/\n",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            8,
        ),
        ("0::/\n", {"cpu.max": "nonsense"}, 8),
        ("0::/\n", {"cpu.max": "100000 0"}, 8),
        ("nonsense\n\n:\n", {}, 8),
    ],
)
def test_the_share_is_what_affinity_and_quotas_leave(machine, own, files, found):
    assert machine(own, files) == found


def test_affinity_bounds_the_share(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert machine("0::/\n", {"cpu.max": "200000 100000"}) == 1


def test_one_number_is_for_torch_and_opencv():
    before, drawn = torch.get_num_threads(), cv2.getNumThreads()
    try:
        assert share_threads(3) == 3
        assert torch.get_num_threads() == cv2.getNumThreads() == 3
        assert 1 <= share_threads() <= processor_share()
    finally:
        torch.set_num_threads(before)
        cv2.setNumThreads(drawn)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("flags\t\t: fpu sse2 avx2 avx512_bf16\n", ("bf16",)),
        ("flags : avx512_bf16 amx_bf16 avx512_fp16\n", ("bf16", "fp16")),
        ("Features\t: fp asimd fphp asimdhp\n", ("fp16",)),
        ("Features\t: fp asimd bf16\n", ("bf16",)),
        ("flags : fpu f16c avx2\nmodel name : bf16 avx512_fp16\n", ()),  # f16c only converts
        ("", ()),
    ],
)
def test_the_processors_flags_tell_which_formats_it_multiplies(tmp_path, text, found):
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert native_formats(path) == found


def test_a_system_without_such_a_file_has_none(tmp_path):
    assert native_formats(tmp_path / "none") == ()

"""Freed image-sized memory is reused without page faults."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import sys

import numpy as np

if sys.argv[1] == "kept":
    from amdanet_ros.inference.freed_memory import keep_freed_memory

    assert keep_freed_memory()
for number in range(110):
    if number == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(1_000_000, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(mode, environment):
    command = [sys.executable, "-c", FAULTS, mode]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return int(told.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries stay as they are")
def test_a_hundred_images_do_not_fault_their_pages_in_a_hundred_times(child_environment):
    # glibc raises its threshold to the size of freed blocks, unless the threshold is set.
    untouched = {**child_environment, "MALLOC_MMAP_THRESHOLD_": "131072"}
    assert page_faults("kept", untouched) < 100
    assert page_faults("default", untouched) > 10_000

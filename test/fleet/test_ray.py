"""Workers that are actors of a real Ray on this machine."""

import glob
import importlib.util
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.simulated_fleet import drive, noted, units_in

# Not imported here: what Ray listens on is settled when it is imported.
if importlib.util.find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def ray_here(project):
    """A Ray with two cores for all tests of this file."""
    from amdanet_ros.fleet.ray_pool import LOCAL, connected

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(project)
    with connected(LOCAL, 2):
        yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def run(ray_here, tmp_path):
    """A function that works on inputs, given by name, with two actors; it returns the rows."""
    from amdanet_ros.fleet.ray_pool import RayPool

    (tmp_path / "in").mkdir()

    def work(**inputs):
        for name, words in inputs.items():
            (tmp_path / "in" / name).write_text(words)
        rows = drive(
            units_in(tmp_path / "in"),
            tmp_path / "out",
            make_pool=lambda processor, claims: RayPool(processor, claims, 2, 0),
        )
        return {row["name"]: row for row in rows}

    return work


def listening():
    """Addresses on which this machine listens, with the inodes of their sockets."""
    found = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                parts = line.split()
                if parts[3] == "0A":
                    found.add((parts[1].rpartition(":")[0], parts[9]))
    return found


def test_crash_poison_and_damage_as_with_processes(run, tmp_path):
    rows = run(a="ok", b="crash", c="poison", d="damaged", e="ok")
    assert {name: row["state"] for name, row in rows.items()} == {
        **dict.fromkeys("abe", "done"),
        **dict.fromkeys("cd", "failed"),
    }
    assert noted(tmp_path / "out", "begun") == Counter(a=1, b=2, c=3, d=1, e=1)
    assert noted(tmp_path / "out", "made") == Counter("abe")
    assert "died" in rows["c"]["error"] and "\n" not in rows["c"]["error"]


def test_it_listens_on_the_loopback_address_alone(ray_here):
    inodes = {}
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.setdefault(target[8:-1], set()).add(link.split("/")[2])

    def is_of_ray(inode):
        for pid in inodes.get(inode, ()):
            if pid == str(os.getpid()):
                return True
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"ray::" in words or b"/ray/" in words:
                return True
        return False

    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000"}
    ours = {address for address, inode in listening() if is_of_ray(inode)}
    assert ours and ours <= loopback


def test_an_address_without_a_cluster_is_one_line(project, tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=1)
    command = [sys.executable, "-m", "amdanet_ros.cli.main", "fleet", "bag", "out"]
    command += ["--address", "127.0.0.1:9", "--checkpoint", "demo", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(project), "RAY_ADDRESS": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--address 127.0.0.1:9: no Ray cluster" in done.stderr.splitlines()[-1]

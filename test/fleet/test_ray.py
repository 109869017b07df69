"""Workers that are actors of a real Ray on this machine."""

import glob
import importlib.util
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from simulated_trials import fill, replaces_a_worker_killed_within_a_unit, until

from amdanet_ros.cli.main import main
from amdanet_ros.fleet.results import read_results
from benchmarks.simulated_fleet import drive, noted, two_actors, units_in

# Not imported here: what Ray listens on is settled when it is imported.
if importlib.util.find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def ray_here(project):
    """A Ray for all tests of this file, with room for two drivers; gives its address."""
    from amdanet_ros.fleet.ray_pool import LOCAL, connected

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(project)
    with connected(LOCAL, 4):
        import ray

        yield ray.get_runtime_context().gcs_address
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def start(ray_here, place):
    """Starts a driver with two actors as a process of its own; those that run on are ended."""
    started = []

    def begin():
        command = [sys.executable, "-m", "benchmarks.simulated_fleet", *map(str, place), ray_here]
        started.append(subprocess.Popen(command))
        return started[-1]

    yield begin
    for driver in started:
        driver.kill()
        driver.wait()


def states(out):
    return {name: row["state"] for name, row in read_results(out).items()}


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


def test_crash_poison_and_damage_as_with_processes(ray_here, place):
    fill(place[0], a="ok", b="crash", c="poison", d="damaged", e="fails", f="ok")
    rows = {row["name"]: row for row in drive(units_in(place[0]), place[1], make_pool=two_actors)}
    assert {name: row["state"] for name, row in rows.items()} == {
        **dict.fromkeys("abf", "done"),
        **dict.fromkeys("cde", "failed"),
    }
    assert noted(place[1], "begun") == Counter(a=1, b=2, c=3, d=1, e=3, f=1)
    assert noted(place[1], "made") == Counter("abf")
    assert "died" in rows["c"]["error"] and "\n" not in rows["c"]["error"]


def test_after_a_killed_driver_another_one_does_what_its_actors_had(start, place):
    fill(place[0], a="steps wait", b="steps wait", c="ok", d="damaged")
    first = start()
    until(lambda: len(noted(place[1], "steps")) == 6)
    second = start()
    until(lambda: set(states(place[1])) == {"c", "d"})
    first.kill()
    first.wait()
    # Ray ends the actors of a driver that has gone; their units are free with their processes.
    until(lambda: noted(place[1], "begun") == Counter(a=2, b=2, c=1, d=1))
    fill(place[0], go="")
    assert second.wait(timeout=60) == 1
    assert states(place[1]) == {**dict.fromkeys("abc", "done"), "d": "failed"}
    assert noted(place[1], "made") == Counter("abc")
    assert set(noted(place[1], "steps").values()) == {1}


def test_an_actor_that_is_killed_within_a_unit_is_replaced_and_the_next_goes_on_there(start, place):
    replaces_a_worker_killed_within_a_unit(place, start, b="ok")
    assert read_results(place[1])["a"]["tries"] == 2


def test_two_drivers_at_once_share_the_work(start, place):
    fill(place[0], **{f"bag{number}": "wait" for number in range(8)})
    drivers = [start(), start()]
    until(lambda: len(noted(place[1], "begun")) == 4)
    fill(place[0], go="")
    assert [driver.wait(timeout=60) for driver in drivers] == [0, 0]
    assert noted(place[1], "made") == Counter(f"bag{number}" for number in range(8))
    assert states(place[1]) == {f"bag{number}": "done" for number in range(8)}
    assert len(list(place[1].glob("results*.jsonl"))) == 2


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


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1:99999", ""])
def test_an_address_without_a_cluster_is_one_line(address, tmp_path, bags, monkeypatch, capsys):
    bags.write_pairs(tmp_path / "bag", count=1)
    words = ["fleet", str(tmp_path / "bag"), str(tmp_path / "out"), "--address", address]
    assert main([*words, "--checkpoint", "demo", "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert f"--address {address or repr(address)}: no Ray cluster" in error
    assert error.count("\n") == 1


def test_a_ray_that_does_not_start_is_one_line(tmp_path, bags, monkeypatch, capsys):
    def refuses(**_):
        raise Exception("The current node timed out during startup.\nSome raylet failed")

    monkeypatch.setattr("ray.init", refuses)
    bags.write_pairs(tmp_path / "bag", count=1)
    words = ["fleet", str(tmp_path / "bag"), str(tmp_path / "out"), "--address", "local"]
    assert main([*words, "--checkpoint", "demo", "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert "--address local: Ray does not start here (The current node timed out" in error
    assert "leave out --address" in error and error.count("\n") == 1


def test_gpus_that_the_cluster_has_not_are_said(ray_here):
    from amdanet_ros.fleet.ray_pool import shortage

    assert shortage(0) == ""
    assert "has 0 GPUs now, and a worker needs 2" in shortage(2)

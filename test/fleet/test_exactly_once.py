"""Each output once, whatever happens to workers and drivers; with processes that do no fusing."""

import contextlib
import errno
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from simulated_trials import fill, replaces_a_worker_killed_within_a_unit, until

from amdanet_ros.fleet.folder import FleetFolder, FleetFolderError
from amdanet_ros.fleet.report import report
from amdanet_ros.fleet.results import ResultsFile, read_results
from amdanet_ros.fleet.row import FIELDS
from amdanet_ros.fleet.status import FleetStatus
from amdanet_ros.fleet.unit import Unit, UnitError
from amdanet_ros.programs.os_errors import os_error_words
from benchmarks.simulated_fleet import PoolHere, Simulated, cost, drive, note, noted, units_in


@pytest.fixture
def start(project, place):
    """Starts a driver as a process of its own session; all of it is ended at the end."""
    started = []

    def begin():
        command = [sys.executable, "-m", "benchmarks.simulated_fleet", *map(str, place)]
        environment = {**os.environ, "PYTHONPATH": str(project)}
        started.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return started[-1]

    yield begin
    for driver in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


def test_a_crash_is_tried_again_poison_three_times_and_damage_once(place):
    fill(place[0], a="ok", b="crash", c="poison", d="damaged", e="fails", f="ok", g="ok")
    rows = {row["name"]: row for row in drive(units_in(place[0]), place[1])}
    assert {name: row["state"] for name, row in rows.items()} == {
        **dict.fromkeys("abfg", "done"),
        **dict.fromkeys("cde", "failed"),
    }
    assert {name: row["tries"] for name, row in rows.items() if row["tries"] > 1} == {
        "b": 2,
        "c": 3,
        "e": 3,
    }
    assert noted(place[1], "begun") == Counter(a=1, b=2, c=3, d=1, e=3, f=1, g=1)
    assert noted(place[1], "made") == Counter("abfg")
    assert "SIGKILL" in rows["c"]["error"] and "tried 3 times" in rows["c"]["error"]
    assert rows["d"]["error"] == f"{place[0] / 'd'} is damaged"
    assert all(set(FIELDS) <= row.keys() for row in rows.values())
    lines = (place[1] / "results.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["name"] for line in lines) == list("abcdefg")


def test_a_second_call_does_only_what_has_failed(place):
    fill(place[0], a="ok", b="damaged")
    drive(units_in(place[0]), place[1], is_here=True)
    fill(place[0], b="ok", c="ok now")
    rows = drive(units_in(place[0]), place[1], is_here=True)
    assert [row["state"] for row in rows] == ["done"] * 3
    assert noted(place[1], "made") == Counter("abc")
    lines = (place[1] / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["b", "a", "c", "b"]


def test_the_largest_are_begun_first(place):
    fill(place[0], a="ok", b="ok" * 500, c="ok" * 100)
    drive(units_in(place[0]), place[1], is_here=True)
    assert list(noted(place[1], "begun")) == ["b", "c", "a"]


def test_after_a_killed_driver_the_next_one_does_the_rest_beside_workers_that_run_on(place, start):
    fill(place[0], **{name: "ok" for name in "abcd"}, x="wait", y="wait")
    first = start()
    until(lambda: set(noted(place[1], "begun")) >= {"x", "y"})
    until(lambda: FleetStatus.of(place[1]).running.keys() == {"x", "y"})
    assert len(FleetStatus.of(place[1]).drivers) == 1
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert FleetStatus.of(place[1]).drivers == ()
    # Its workers hold x and y: the second driver waits for them, and does the others meanwhile.
    second = start()
    until(lambda: set(read_results(place[1])) >= set("abcd"))
    assert second.poll() is None
    fill(place[0], go="")
    assert second.wait(timeout=30) == 0
    assert noted(place[1], "made") == Counter("abcdxy")
    assert noted(place[1], "begun") == Counter("abcdxy")
    rows = read_results(place[1])
    assert {name: row["state"] for name, row in rows.items()} == dict.fromkeys("abcdxy", "done")


def test_two_drivers_at_once_share_the_work(place, start):
    fill(place[0], **{f"bag{number}": "wait" for number in range(12)})
    drivers = [start(), start()]
    until(lambda: len(noted(place[1], "begun")) == 4)
    fill(place[0], go="")
    assert [driver.wait(timeout=30) for driver in drivers] == [0, 0]
    assert noted(place[1], "made") == Counter(f"bag{number}" for number in range(12))
    rows = read_results(place[1])
    assert sorted(rows) == sorted(f"bag{number}" for number in range(12))
    assert {row["state"] for row in rows.values()} == {"done"}
    assert len(list(place[1].glob("results*.jsonl"))) == 2


def test_a_worker_that_is_killed_within_a_unit_is_replaced_and_the_next_goes_on_there(place, start):
    replaces_a_worker_killed_within_a_unit(place, start, b="wait", c="ok")


def test_a_line_that_a_killed_driver_left_unfinished_costs_no_other_line(tmp_path):
    for state in ("first", "second"):
        file = ResultsFile(tmp_path)
        drive([Unit(__file__, state)], tmp_path / "other", Simulated(tmp_path), is_here=True)
        found = read_results(tmp_path / "other")[state]
        os.write(file._file, json.dumps(found).encode() + b'\n{"name": "torn", "inp')
        file.close()
    assert sorted(read_results(tmp_path)) == ["first", "second"]


ROW = {
    "name": "a", "input": "/in/a", "output": "/out/a", "state": "done", "pairs": 2, "seconds": 1.5,
    "areas": {"person": 0.1}, "health": {"rgb": {"ok": 1, "frozen": 1, "reason": "it froze"}},
    "error": "", "host": "h", "tries": 1, "time": 1.7e9, "left_out": 0, "figures": {"mIoU": 0.5},
    "seen": {"person": {"pairs": 0.5, "most": 0.2, "at": 1.7e9}},
}  # fmt: skip


@pytest.mark.parametrize("field", ROW)
def test_a_damaged_line_costs_neither_the_status_nor_the_report(tmp_path, field):
    (tmp_path / ".amdanet_fleet").mkdir()
    others = [None, [], {}, "x", -1, float("nan"), 1e300, 10**400, True, {"a": None}, {"a": {}}, 3]
    lines = [json.dumps({**ROW, "name": "whole"})]
    lines += [json.dumps({**ROW, field: each}) for each in others]
    whole = json.dumps(ROW)
    lines += [whole[: whole.index(f'"{field}"')], "\0" * 50, "[" * 99999, "{}", "é" + whole]
    (tmp_path / "results.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    (tmp_path / ".amdanet_fleet" / "results.jsonl.plan").write_text('{"units": ["b", {}]}')
    status = FleetStatus.of(tmp_path)
    assert "whole" in status.rows and status.lines()
    assert "whole" in report(status, tmp_path)


def test_the_later_line_holds_wherever_the_clock_stood(tmp_path):
    rows = [{**ROW, "state": "failed", "time": 4e9}, {**ROW, "time": 1.0}]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert read_results(tmp_path)["a"]["state"] == "done"
    (tmp_path / "results.2.jsonl").write_text(json.dumps({**rows[0], "time": 0.5}))
    assert read_results(tmp_path)["a"]["state"] == "done"


def test_a_row_that_was_lost_is_written_again(place):
    fill(place[0], a="ok")
    drive(units_in(place[0]), place[1], is_here=True)
    (place[1] / "results.jsonl").unlink()
    (row,) = drive(units_in(place[0]), place[1], is_here=True)
    assert (row["state"], row["pairs"]) == ("done", 2)
    assert noted(place[1], "made") == Counter("a")


def test_an_output_that_cannot_be_looked_at_does_not_stop_the_others(place):
    class Unreadable(Simulated):
        def finished(self, unit, thorough):
            if unit.name == "a":
                raise PermissionError(13, "Permission denied", unit.name)
            return super().finished(unit, thorough)

    fill(place[0], a="ok", b="ok")
    a, b = drive(units_in(place[0]), place[1], Unreadable(place[1]), is_here=True)
    assert (a["state"], a["tries"], b["state"]) == ("failed", 3, "done")
    assert "Permission denied" in a["error"]


def full(path, number=errno.ENOSPC):
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


NO_PLACE = {
    "a file": lambda out: full(out / "a" / "part.mcap"),
    "no file named": lambda out: full(None),
    "a quota": lambda out: full(out, errno.EDQUOT),
}


@pytest.mark.parametrize("kind", NO_PLACE)
@pytest.mark.parametrize("as_damage", [False, True])
def test_a_full_disk_is_said_once_and_the_next_call_goes_on(place, kind, as_damage):
    """It is no fault of a bag, also where a library takes it for that."""

    class Full(Simulated):
        def process(self, unit):
            if unit.name == "b":
                note(place[1] / "begun", unit.name)
                try:
                    raise NO_PLACE[kind](place[1])
                except OSError as error:
                    if as_damage:
                        raise UnitError("the bag cannot be written") from error
                    raise
            return super().process(unit)

    fill(place[0], a="ok ok ok", b="ok ok", c="ok", d="ok")
    words = f"{re.escape(str(place[1]))} cannot be written: .*: 3 of 4 bags are left: make room"
    with pytest.raises(FleetFolderError, match=words):
        drive(units_in(place[0]), place[1], Full(place[1]), is_here=True)
    assert noted(place[1], "begun") == Counter("ab")
    assert {name: row["state"] for name, row in read_results(place[1]).items()} == {"a": "done"}
    rows = drive(units_in(place[0]), place[1], is_here=True)
    assert [row["state"] for row in rows] == ["done"] * 4
    assert noted(place[1], "made") == Counter("abcd")


def test_what_others_have_begun_ends_before_a_full_disk_is_said(place):
    class Full(Simulated):
        def process(self, unit):
            if unit.name == "a":
                raise full(place[1] / "a")
            return super().process(unit)

    fill(place[0], a="ok ok ok", b="ok ok", c="ok")

    class Two(PoolHere):
        size = 2
        free = property(lambda self: 2 - len(self._units))

    with pytest.raises(FleetFolderError, match="2 of 3 bags are left"):
        drive(units_in(place[0]), place[1], Full(place[1]), make_pool=Two)
    assert {name: row["state"] for name, row in read_results(place[1]).items()} == {"b": "done"}


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (full("/dev/shm/unpacked.mcap"), 3),
        (full("x", errno.EIO), 3),
        (full("/sys/x", errno.EROFS), 1),
        (full("x", errno.EFBIG), 1),
        (full(None, errno.EFBIG), 1),
        (full("x" * 300, errno.ENAMETOOLONG), 1),
    ],
)
def test_what_other_bags_do_not_meet_is_tried_again_where_that_can_help(place, error, tries):
    class Elsewhere(Simulated):
        def process(self, unit):
            if unit.name == "a":
                raise error
            return super().process(unit)

    fill(place[0], a="ok ok", b="ok")
    a, b = drive(units_in(place[0]), place[1], Elsewhere(place[1]), is_here=True)
    assert (a["state"], a["tries"], b["state"]) == ("failed", tries, "done")
    assert os_error_words(error) in a["error"] or tries > 1


def test_a_limit_of_single_files_fails_the_bags_that_are_larger_and_names_the_limit(place):
    class Larger(Simulated):
        def process(self, unit):
            if unit.name == "a":
                with (place[1] / "a.mcap").open("wb", buffering=0) as file:
                    assert file.write(bytes(1 << 20)) == 1 << 19
                    file.write(b"0")
            return super().process(unit)

    fill(place[0], a="ok ok", b="ok")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, usual[1]))
    try:
        a, b = drive(units_in(place[0]), place[1], Larger(place[1]), is_here=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (a["state"], a["tries"], b["state"]) == ("failed", 1, "done")
    assert "`ulimit -f`" in a["error"]


@pytest.mark.parametrize("what", ["removed", "replaced", "emptied"])
def test_a_driver_whose_folder_goes_ends_at_once_and_says_so(place, what):
    class Goes(Simulated):
        def process(self, unit):
            inner = place[1] / ".amdanet_fleet"
            shutil.rmtree(inner / "claims" if what == "emptied" else place[1])
            if what == "replaced":
                FleetFolder(place[1], self.options).close()
            return {"pairs": 0}

    fill(place[0], a="ok", b="ok")
    with pytest.raises(FleetFolderError, match="was removed or replaced while this call worked"):
        drive(units_in(place[0]), place[1], Goes(place[1]), is_here=True)
    assert len(drive(units_in(place[0]), place[1], is_here=True)) == 2


def test_other_options_are_refused_in_the_same_folder(tmp_path):
    first = FleetFolder(tmp_path / "out", {"checkpoint": "one", "slop": 0.1})
    with pytest.raises(FleetFolderError, match=r"checkpoint.*another folder, or --overwrite"):
        FleetFolder(tmp_path / "out", {"checkpoint": "two", "slop": 0.1})
    with pytest.raises(FleetFolderError, match="another amdanet fleet works in"):
        FleetFolder(tmp_path / "out", {"checkpoint": "two", "slop": 0.1}, replace=True)
    beside = FleetFolder(tmp_path / "out", {"checkpoint": "one", "slop": 0.1})
    first.close()
    beside.close()
    FleetFolder(tmp_path / "out", {"checkpoint": "two", "slop": 0.1}, replace=True).close()
    with pytest.raises(FleetFolderError, match="checkpoint, slop"):
        FleetFolder(tmp_path / "out", {"checkpoint": "one", "slop": 0.2})


def test_ten_thousand_entries_cost_the_driver_less_than_a_millisecond_each():
    cost(100)
    few = min(cost(500)[0] for _ in range(2))
    many, again, _ = cost(10_000)
    # Twice, for a machine that is shared.
    assert many < 1.0 or cost(10_000)[0] < 1.0
    assert many < 3 * few
    assert again < 1.0

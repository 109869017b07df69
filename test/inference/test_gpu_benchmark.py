"""benchmarks/gpu.py on the CPU: its steps, its time, its tables, and that it needs little."""

import json
import subprocess
import sys

import pytest

from benchmarks import gpu
from benchmarks.document_section import DOCUMENT, SectionError, section_of, with_section
from benchmarks.gpu_tables import MARK, NOT_RUN, broken, floor_ms, gpu_section
from benchmarks.time_budget import TimeBudget

_RUN_WITH_LITTLE = """
import sys
from importlib.machinery import PathFinder
refused, found = set(%r.split()), PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.split(".")[0] in refused else found(name, path, target)
PathFinder.find_spec = find_spec
from benchmarks.gpu import main
raise SystemExit(main(sys.argv[1:]))
"""
_NOT_THERE = (
    "rclpy yaml rosbags onnx onnxruntime onnxscript openvino pytest hypothesis tqdm lz4 PIL kornia "
    "sensor_msgs std_msgs ament_index_python torchvision torchmetrics"
)
_DOCUMENT = f"# Performance\n\n<!-- {MARK} -->\n\n{NOT_RUN}\n\n<!-- end of {MARK} -->\n\n## Next\n"


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    """One whole run at least sizes, in a Python that has torch, numpy and OpenCV alone."""
    folder = tmp_path_factory.mktemp("gpu")
    document, numbers = folder / "performance.md", folder / "gpu.json"
    document.write_text(_DOCUMENT)
    options = ["--device", "cpu", "--tiny", "--json", str(numbers), "--document", str(document)]
    done = subprocess.run(
        [sys.executable, "-c", _RUN_WITH_LITTLE % _NOT_THERE, *options],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, numbers, document


def test_the_whole_runs_without_ros_yaml_and_a_test_runner_and_every_check_holds(run):
    done, numbers, _ = run
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(numbers.read_text())
    assert {name for name, check in found["checks"].items() if check["held"]} == {
        check.__name__.removeprefix("check_").replace("_", " ") for check in gpu.CHECKS
    }
    assert found["precisions"]["street"]["fp32"]["labels"] > 0.999
    assert found["long_run"]["frames"] == found["long_run"]["asked"]


def test_it_writes_its_tables_between_the_marks_and_nothing_else(run):
    _, numbers, document = run
    text = document.read_text()
    found = json.loads(numbers.read_text())
    assert section_of(text, MARK) == gpu_section(found).strip()
    assert text.startswith("# Performance\n") and text.endswith("\n\n## Next\n")
    assert "MiT-B0, 96 x 128" in text and "street, fp16" in text and "not run yet" not in text


def test_an_earlier_runs_tables_can_be_written_elsewhere(run, tmp_path):
    other = tmp_path / "performance.md"
    other.write_text(_DOCUMENT)
    assert gpu.main(["--from", str(run[1]), "--document", str(other)]) == 0
    assert other.read_text() == run[2].read_text()


def test_a_time_that_ends_leaves_what_was_found_and_names_the_rest(tmp_path):
    document, numbers = tmp_path / "performance.md", tmp_path / "gpu.json"
    document.write_text(_DOCUMENT)
    options = ["--device", "cpu", "--tiny", "--seconds", "10", "--json", str(numbers)]
    assert gpu.main([*options, "--document", str(document)]) == 1
    found = json.loads(numbers.read_text())
    assert found["long_run"] is None and found["precisions"] == {}
    assert all("no time was left" in check["words"] for check in found["checks"].values())
    text = document.read_text()
    assert text.count("no time was left") == len(gpu.CHECKS) + 3


def test_a_machine_without_cuda_is_told_so_and_the_document_stays(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    document = tmp_path / "performance.md"
    document.write_text(_DOCUMENT)
    assert gpu.main(["--document", str(document)]) == 2
    said = capsys.readouterr().err
    assert "finds no CUDA device" in said and said.count("\n") == 1
    assert document.read_text() == _DOCUMENT


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json", '{"checks": {}}'])
def test_numbers_that_are_not_a_run_are_refused(tmp_path, capsys, content):
    numbers, document = tmp_path / "other.json", tmp_path / "performance.md"
    numbers.write_text(content)
    document.write_text(_DOCUMENT)
    assert gpu.main(["--from", str(numbers), "--document", str(document)]) == 2
    assert "other.json" in capsys.readouterr().err
    assert document.read_text() == _DOCUMENT


def test_a_check_that_fails_is_a_line_and_an_exit_status(monkeypatch):
    def check_wrong(device):
        raise AssertionError("a replay differs\nby much")

    def check_faulty(device):
        raise RuntimeError

    budget = TimeBudget(100)
    outcomes = [gpu._outcome(each, gpu.torch.device("cpu"), budget) for each in
                (check_wrong, check_faulty)]  # fmt: skip
    assert [outcome["held"] for outcome in outcomes] == [False, False]
    assert outcomes[0]["words"] == "AssertionError: a replay differs"
    assert "\n" not in outcomes[1]["words"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found["checks"].update(graphs={"held": False, "words": "x"}), "graphs: x"),
        (
            lambda found: found["long_run"]["end"].update(device_mib=101.0),
            "device_mib grew by 1",
        ),
        (
            lambda found: found["long_run"]["end"].update(host_mib=400.0),
            "host_mib grew by 100",
        ),
        (
            lambda found: found["times"].update(
                {"MiT-B0": {"engines": {"fp16": "folded (without CUDA graphs: no)"}}}
            ),
            "MiT-B0 fp16: folded (without CUDA graphs: no)",
        ),
    ],
)
def test_what_does_not_hold_is_named(change, words):
    memory = {"device_mib": 100.0, "host_mib": 300.0}
    found = {
        "checks": {"graphs": {"held": True, "words": "8"}},
        "long_run": {"settled": dict(memory), "end": dict(memory)},
        "times": {},
    }
    assert broken(found) == []
    change(found)
    assert [sentence.removeprefix("long run: ") for sentence in broken(found)] == [words]


def test_the_floor_is_the_larger_of_products_and_bytes():
    rates = {"gmacs": {"fp32": 100.0, "fp16": 1000.0}, "copy": 10.0}
    row = {"gmacs": 10.0, "weights": 4e8}
    assert floor_ms(row, rates, "fp32") == pytest.approx(100.0)
    assert floor_ms(row, rates, "fp16") == pytest.approx(20.0)


def test_rounds_fit_what_is_left():
    clock = [0.0]
    budget = TimeBudget(100.0, lambda: clock[0])
    assert budget.rounds(0.1, 0.15, most=40) == 40
    assert budget.rounds(1.0, 0.15, most=40) == 15
    assert budget.rounds(10.0, 0.15, most=40) == 3
    clock[0] = 80.0
    assert budget.rounds(10.0, 0.15, most=40) == 0
    clock[0] = 200.0
    assert budget.left() == 0.0 and not budget.has(0.1)


@pytest.mark.parametrize(
    "text", ["", f"<!-- {MARK} -->\n", f"<!-- end of {MARK} -->\n<!-- {MARK} -->\n", _DOCUMENT * 2]
)
def test_a_document_without_the_marks_is_refused(text):
    with pytest.raises(SectionError, match="marks"):
        with_section(text, MARK, "new")


def test_the_documents_section_is_that_of_the_stored_run():
    stored = json.loads(gpu.RESULTS.read_text()) if gpu.RESULTS.is_file() else None
    assert section_of(DOCUMENT.read_text(), MARK) == gpu_section(stored).strip()

"""What tests share: DDS kept on this machine, a ROS domain for each test, waiting, ../shared."""

import fcntl
import functools
import gc
import importlib.util
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# For benchmarks/, whose traffic tests share. Last: an installed amdanet_ros that comes before the
# source tree must stay before it.
sys.path.append(str(ROOT))

# Before anything imports rclpy, here and in every child: discovery never leaves this machine.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
from amdanet_ros.dds_profile import profile_variable  # noqa: E402

os.environ[profile_variable()] = str(ROOT / "config" / "fastdds_images.xml")
_log_folder = tempfile.TemporaryDirectory(prefix="amdanet_ros_log_")
os.environ["ROS_LOG_DIR"] = _log_folder.name
# What is kept of an engine's choice and its graphs is of this run alone.
_cache_folder = tempfile.TemporaryDirectory(prefix="amdanet_ros_cache_")
os.environ["XDG_CACHE_HOME"] = _cache_folder.name
# As where it is not installed: torch runs the networks of tests about other things, so that none
# compiles and measures. The tests of OpenVINO make it found again.
sys.modules.setdefault("openvino", None)
# One of several pytest workers: a thread each, or they take the processor from one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"

# As from a terminal: under nohup children would ignore the signal, which tests send them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

import pytest  # noqa: E402

# Linux takes ports of higher domains for outgoing connections.
_DOMAINS = range(1, 102)
_last_domain = os.getpid()


def claim_domain_id():
    """Claim a ROS domain that no other running test uses, of this process or another.

    Returns:
        Its number and the file whose lock holds the claim; closing it ends the claim.
    """
    global _last_domain
    folder = Path(tempfile.gettempdir()) / f"amdanet_ros_domains_{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for _ in _DOMAINS:
        # The next one each time: the last test's processes may still be leaving theirs.
        _last_domain += 1
        number = _DOMAINS[_last_domain % len(_DOMAINS)]
        lock = (folder / str(number)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return number, lock
    raise RuntimeError("all ROS domains are in use by tests that run now")


_OVER_DDS = {"demo", "launch", "ros"}
_LONG = (
    "soak/test_soak.py",
    "packaging/test_colcon.py",
    "fuzz/test_fuzz.py",
    "demo/test_chain.py",
    "packaging/test_pip.py",
    "registration/test_estimation.py",
    "fuse/test_same_as_node.py",
    "inference/test_onnx.py",
    "ros/test_process.py",
    "training/test_trainer.py",
    "bags/test_recorder.py",
    "training/test_two_processes.py",
    "evaluation/test_adaptive_weights.py",
    "demo/test_demo_command.py",
    "fuse/test_fuse.py",
    "fuse/test_parameters.py",
    "fleet/test_fused_bags.py",
    "fleet/test_ray.py",
    "bags/test_player.py",
    "calibration/test_calibrate_command.py",
    "ros/test_lifecycle.py",
    "inference/test_gpu_benchmark.py",
    "inference/test_openvino_engine.py",
    "fuse/test_output_place.py",
    "training/test_lost_modality.py",
    "launch/test_amdanet_launch.py",
    "launch/test_bag_launch.py",
    "launch/test_cameras_launch.py",
)
"""Files that take longest, by minutes to ten seconds."""


def pytest_ignore_collect(collection_path, config):
    """With ``-m alone`` import only the files that have such tests: importing all takes long."""
    if config.option.markexpr == "alone" and collection_path.name.startswith("test_"):
        return "mark.alone" not in collection_path.read_text() or None
    return None


def pytest_collection_finish():
    """Let the garbage collector look no more at the million objects that are there by now."""
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    """Put the tests in order, and let those that talk over DDS run once more after a failure.

    One process runs the long files last, so that what is broken shows early. Of several each takes
    a file at a time: the longest first, so that none of the processes is left with one at the end.
    """
    at_once = "PYTEST_XDIST_WORKER" in os.environ
    places = {ROOT / "test" / name: place for place, name in enumerate(_LONG)}
    others = len(_LONG) if at_once else -1
    items.sort(key=lambda item: places.get(item.path, others))
    # On a shared machine a process may not run for seconds, and discovery loses what waits for it.
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.path.parent.name in _OVER_DDS or "domain_id" in item.fixturenames:
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def processors(request, tmp_path_factory):
    """Let no second test that is marked as alone run beside one that needs all processors."""
    mark = request.node.get_closest_marker("alone")
    if mark is None:
        yield
        return
    # The parent: several processes of one run have it in common.
    with (tmp_path_factory.getbasetemp().parent / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if mark.kwargs.get("entirely") else fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared beside the project; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here")
    return folder


@pytest.fixture
def domain_id(monkeypatch):
    """A ROS domain of this test's own, set for this process and its children."""
    number, lock = claim_domain_id()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    with lock:
        yield number


@pytest.fixture(scope="module")
def module_domain():
    """A ROS domain for all tests of a file: its number."""
    number, lock = claim_domain_id()
    with lock:
        yield number


@pytest.fixture
def ros_domain(domain_id):
    """Initialise rclpy in a domain of this test's own; gives the domain's number."""
    rclpy = pytest.importorskip("rclpy")
    rclpy.init(domain_id=domain_id)
    yield domain_id
    rclpy.try_shutdown()


@pytest.fixture
def child_environment(domain_id) -> dict[str, str]:
    """Environment for a process of this package: this source tree, this test's domain."""
    inherited = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT) + (os.pathsep + inherited if inherited else ""),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def spin_until():
    """Spin nodes until something holds: ``spin_until(predicate, *nodes, timeout=20.0)``."""

    def spin(predicate, *nodes, timeout: float = 20.0) -> None:
        from rclpy.executors import SingleThreadedExecutor

        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        end = time.monotonic() + timeout
        try:
            while not predicate():
                if time.monotonic() > end:
                    pytest.fail(f"not within {timeout:g} s: {predicate}")
                executor.spin_once(timeout_sec=0.1)
        finally:
            for node in nodes:
                executor.remove_node(node)
            executor.shutdown()

    return spin


@pytest.fixture(scope="session")
def bags():
    """The module ``test/bag_making.py``: functions and names."""
    found = importlib.util.spec_from_file_location("bag_making", ROOT / "test" / "bag_making.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def pair_bag(tmp_path, bags):
    """A bag of ten pairs at 10 Hz: its folder and the RGB stamps."""
    path = tmp_path / "pairs"
    return path, bags.write_pairs(path)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Path of a small random AMDANet with MFNet's nine classes."""
    import torch

    from amdanet_ros.classes import MFNET
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.checkpoint import save_checkpoint

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16)
    # Random weights tell the classes apart by a hair; so that confidences spread:
    network.decode_head.linear_pred.weight.data.mul_(100)
    save_checkpoint(path, network, classes=MFNET.names, palette=MFNET.palette)
    return path


@pytest.fixture
def network_options(checkpoint, loaded_once):
    """Options of a command that computes with ``checkpoint`` alike on every machine."""
    on_cpu = ("--device", "cpu", "--precision", "fp32", "--engine", "torch")
    return ("--checkpoint", str(checkpoint), *on_cpu)


@pytest.fixture(scope="session")
def load():
    """What makes a predictor of its options: once for equal ones, which takes half a second."""
    from amdanet_ros.inference import Predictor

    return functools.cache(Predictor.of)


@pytest.fixture
def loaded_once(load, monkeypatch):
    """Nodes and commands of a test share the networks that other tests have loaded."""
    from amdanet_ros.inference import Predictor

    monkeypatch.setattr(Predictor, "of", load)


@pytest.fixture
def start(domain_id, tmp_path):
    """A function that starts a module of the package; what still runs at the end is ended."""
    from amdanet_ros.demo.processes import Process

    class Child(Process):
        def send(self, number):
            self._child.send_signal(number)

    started = []

    def make(module, *arguments):
        log = tmp_path / f"{module}_{len(started)}.log"
        name = module.rpartition(".")[2]
        process = Child(name, f"amdanet_ros.{module}", list(map(str, arguments)), domain_id, log)
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()

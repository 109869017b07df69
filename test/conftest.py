"""What tests share: DDS kept on this machine, a ROS domain for each test, waiting for events, and ../shared."""

import os
import tempfile
import time
from pathlib import Path

# Before anything imports rclpy, in this process and in every child: discovery never leaves this machine.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ.setdefault("ROS_LOG_DIR", tempfile.mkdtemp(prefix="amdanet_ros_log_"))
ROOT = Path(__file__).resolve().parent.parent
os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(ROOT / "config" / "fastdds_images.xml")

import pytest  # noqa: E402

_FIRST_DOMAIN, _DOMAINS = 1, 100
_used_domains = 0


def next_domain_id() -> int:
    """A ROS domain that no other test of this process, and hardly one of another process, uses at this time."""
    global _used_domains
    _used_domains += 1
    return _FIRST_DOMAIN + (os.getpid() * 7 + _used_domains) % _DOMAINS


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
def domain_id(monkeypatch) -> int:
    """A ROS domain of this test's own, set for this process and its children."""
    number = next_domain_id()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    return number


@pytest.fixture
def ros_domain(domain_id):
    """rclpy, initialised in a domain of this test's own; yields the domain's number."""
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
    """A function that spins nodes until something holds: ``spin_until(predicate, *nodes, timeout=20.0)``."""

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

"""The launch files under the real launch, and an ear on the graph while a launch runs."""

import os
import sys
import threading

import pytest

PATIENCE_S = 150.0


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
    save_checkpoint(path, network, classes=MFNET.names, palette=MFNET.palette)
    return path


@pytest.fixture
def params_file(tmp_path, checkpoint):
    """A parameter file of a small node on the CPU."""
    path = tmp_path / "params.yaml"
    path.write_text(
        "/**:\n  ros__parameters:\n"
        f"    checkpoint: {checkpoint}\n    device: cpu\n    precision: fp32\n    engine: torch\n"
        "    overlay_alpha: 0.25\n    inference_size: [64, 96]\n    max_age: 0.0\n"
    )
    return path


@pytest.fixture(autouse=True)
def environment(project, monkeypatch):
    """Children run this source tree with one thread; what a launch sets is undone afterwards."""
    before = dict(os.environ)
    inherited = before.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(project) + (os.pathsep + inherited if inherited else "")
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def include(project):
    """A function that includes a launch file of the package with arguments."""

    def make(name, **arguments):
        from launch.actions import IncludeLaunchDescription
        from launch.launch_description_sources import AnyLaunchDescriptionSource

        return IncludeLaunchDescription(
            AnyLaunchDescriptionSource(str(project / "launch" / name)),
            launch_arguments={key: str(value) for key, value in arguments.items()}.items(),
        )

    return make


@pytest.fixture
def install_program(tmp_path):
    """A function that puts a package with a Python program as executable on the ament path."""

    def install(package, executable, text):
        index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
        index.mkdir(parents=True, exist_ok=True)
        (index / package).touch()
        program = tmp_path / "lib" / package / executable
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!{sys.executable}\n{text}")
        program.chmod(0o755)
        paths = os.environ.get("AMENT_PREFIX_PATH", "")
        os.environ["AMENT_PREFIX_PATH"] = f"{tmp_path}{os.pathsep}{paths}"
        return program

    return install


@pytest.fixture
def run_launch():
    """A function that runs a launch of entities.

    ``run_launch(entities, script=None)``: while the launch runs, ``script()`` is run beside it;
    when it returns or raises, the launch is shut down. Without one, the launch runs to its own
    end. Gives the launch's exit code.
    """

    def run(entities, script=None):
        import launch.logging
        from launch import LaunchDescription, LaunchService

        launch.logging.reset()  # its handlers hold the output stream of an earlier test
        service = LaunchService(noninteractive=True)
        service.include_launch_description(LaunchDescription(list(entities)))
        failure = []

        def beside():
            try:
                script()
            except BaseException as error:  # raised anew in the test's thread
                failure.append(error)
            finally:
                service.shutdown()

        thread = threading.Thread(target=beside) if script else None
        if thread:
            thread.start()
        code = service.run()
        if thread:
            thread.join()
        if failure:
            raise failure[0]
        return code

    return run


class Ear:
    """Hears the node's diagnostics and images, in a context and thread of its own."""

    def __init__(self, domain_id):
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.executors import SingleThreadedExecutor

        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node("ear", context=self.context)
        self.statuses = {}
        self._messages = {}
        self.messages = {}
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def _on_diagnostics(self, array):
        for status in array.status:
            self._messages[status.name] = status.message
            self.statuses[status.name] = {one.key: one.value for one in status.values}

    def listen(self, topic, message_type, qos=10):
        """Keep the last message of a topic."""
        self.node.create_subscription(
            message_type, topic, lambda message: self.messages.__setitem__(topic, message), qos
        )

    def until(self, predicate, patience=PATIENCE_S):
        """Hear until something holds."""
        clock = self.node.get_clock()
        end = clock.now().nanoseconds + patience * 1e9
        while not predicate():
            if clock.now().nanoseconds > end:
                raise TimeoutError(f"not within {patience:g} s; heard {self.statuses}")
            self._executor.spin_once(timeout_sec=0.2)

    def state(self, node):
        """The lifecycle state that a node tells of itself, or None."""
        return self.statuses.get(f"{node}: node", {}).get("State")

    def value(self, node, status, key):
        """A value of a status, "0" while it was not heard."""
        return self.statuses.get(f"{node}: {status}", {}).get(key, "0")

    def problems(self, node, status):
        """The message of a status."""
        return self._messages[f"{node}: {status}"]

    def close(self):
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def ear(domain_id):
    """See ``Ear``."""
    made = Ear(domain_id)
    yield made
    made.close()

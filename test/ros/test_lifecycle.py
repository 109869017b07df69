"""The managed node: transitions any number of times, failures that leave it usable, parameters."""

import resource
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

MASK = "segmentation/mask"
SUCCESS = TransitionCallbackReturn.SUCCESS


def set_to(node, name, value):
    return node.set_parameters([Parameter(name, value=value)])[0]


def worker_threads():
    return [thread for thread in threading.enumerate() if thread.name == "inference"]


def test_without_autostart_it_waits_for_its_manager(make_node, helpers):
    from lifecycle_msgs.srv import ChangeState  # noqa: F401 - the service's type must be there

    node = make_node({"autostart": False})
    assert helpers.state(node) == "unconfigured"
    assert node.trigger_configure() == SUCCESS
    assert helpers.state(node) == "inactive"
    assert node.trigger_activate() == SUCCESS
    assert helpers.state(node) == "active"
    assert node.trigger_shutdown() == SUCCESS
    assert helpers.state(node) == "finalized"


@pytest.mark.parametrize(("weights", "times"), [("street", 1), (None, 0)])
def test_what_weights_may_be_used_for_is_said_once_at_configure(
    make_loading_node, capfd, weights, times
):
    node = make_loading_node({"autostart": False, **({"checkpoint": weights} if weights else {})})
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert capfd.readouterr().err.count("for research and evaluation") == times


def test_a_file_of_classes_names_what_the_weights_tell_apart(make_loading_node, tmp_path):
    (tmp_path / "farm.yaml").write_text("names: [a]")
    node = make_loading_node({"autostart": False, "classes": str(tmp_path / "farm.yaml")})
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    count = 10
    (tmp_path / "farm.yaml").write_text(f"names: {[f'farm{i}' for i in range(count)]}")
    node = make_loading_node(
        {"autostart": False, "checkpoint": "demo", "classes": str(tmp_path / "farm.yaml")}
    )
    assert node.trigger_configure() == SUCCESS
    assert node.predictor.classes.names == tuple(f"farm{i}" for i in range(count))


def test_transitions_many_times_leave_nothing_behind(make_node, bench, helpers):
    node = make_node({"autostart": False})
    entities = []
    for _ in range(5):
        assert node.trigger_configure() == SUCCESS
        for _ in range(3):
            assert node.trigger_activate() == SUCCESS
            assert len(worker_threads()) == 1
            assert node.trigger_deactivate() == SUCCESS
        assert node.trigger_cleanup() == SUCCESS
        assert node.predictor is None
        assert worker_threads() == []
        lists = node.publishers, node.subscriptions, node.timers, node.guards, node.waitables
        entities.append([len(list(each)) for each in lists])
    assert entities == entities[:1] * 5
    node.trigger_configure()
    node.trigger_activate()
    bench.run(node)
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)


def resident_mib():
    with open("/proc/self/statm") as counts:
        return int(counts.read().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_cleanup_lets_go_of_the_network_and_its_memory(make_loading_node):
    """By weak references, which hold on every device, and by what the process occupies."""
    node = make_loading_node({"autostart": False})

    def cycle():
        assert node.trigger_configure() == SUCCESS
        assert node.trigger_activate() == SUCCESS
        node.predictor(np.zeros((64, 96, 3), np.uint8), np.zeros((64, 96), np.uint8))
        network = weakref.ref(node.predictor), weakref.ref(node.predictor._engine)
        assert node.trigger_deactivate() == SUCCESS
        assert node.trigger_cleanup() == SUCCESS
        return network

    weights = sum(each.numel() * 4 for each in _tensors(node)) / 2**20
    assert weights > 10
    for _ in range(3):  # until allocators and caches have settled
        cycle()
    before = resident_mib()
    for _ in range(6):
        predictor, engine = cycle()
        assert predictor() is None and engine() is None
    assert resident_mib() - before < 2 * weights  # a leak would be six times the weights


def test_gpu_memory_goes_back_once_nothing_holds_it(make_loading_node, monkeypatch):
    """Emptied before the network is gone, the allocator's cache would keep its memory."""
    import torch

    node = make_loading_node({"autostart": False})
    assert node.trigger_configure() == SUCCESS
    node.predictor.device = torch.device("cuda")
    predictor, engine = weakref.ref(node.predictor), weakref.ref(node.predictor._engine)
    alive = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive.append((predictor(), engine())))
    assert node.trigger_cleanup() == SUCCESS
    assert alive == [(None, None)]


def _tensors(node):
    from amdanet_ros.network.checkpoint import load_checkpoint

    return load_checkpoint(node.get_parameter("checkpoint").value).state.values()


def test_a_pair_under_way_is_finished_before_the_node_is_inactive(
    make_node, bench, helpers, monkeypatch
):
    from amdanet_ros.inference import Predictor

    started = threading.Event()
    real = Predictor.__call__

    def observed(self, *arguments):
        started.set()
        return real(self, *arguments)

    monkeypatch.setattr(Predictor, "__call__", observed)
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair(1.0)
    bench.until(started.is_set)
    assert node.trigger_deactivate() == SUCCESS
    counts = helpers.counts(node)
    assert (counts.published, sum(counts.dropped.values())) == (1, 0)
    bench.until(lambda: bench.heard[MASK])
    bench.pair(1.1)
    assert node.trigger_activate() == SUCCESS
    bench.until(lambda: all(map(bench.are_matched, bench.cameras.values())))
    bench.pair_until_heard(MASK, 1.2)
    assert helpers.stamp_of(bench.heard[MASK][-1]) == 1.2


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b"", "damaged"), (b"\x80\x04nonsense", "damaged")],
)
def test_a_bad_checkpoint_fails_in_one_line_and_the_next_configure_works(
    make_loading_node, checkpoint, helpers, tmp_path, capfd, content, words
):
    path = tmp_path / "bad.pth"
    if content is not None:
        path.write_bytes(content)
    node = make_loading_node({"autostart": False, "checkpoint": str(path)})
    assert node.trigger_configure() != SUCCESS
    assert helpers.state(node) == "unconfigured"
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(lines) == 1
    assert "configure failed" in lines[0]
    assert str(path) in lines[0]
    assert words in lines[0]
    assert set_to(node, "checkpoint", str(checkpoint)).successful
    assert node.trigger_configure() == SUCCESS
    assert node._failure is None


def test_a_wrong_device_or_size_fails_to_configure_and_can_be_mended(make_loading_node, helpers):
    node = make_loading_node({"autostart": False, "device": "cuda:77"})
    assert node.trigger_configure() != SUCCESS
    assert "cuda:77" in node._failure.values["cause"]
    assert set_to(node, "device", "cpu").successful
    assert node.trigger_configure() == SUCCESS


def test_a_swap_of_the_checkpoint(make_loading_node, bench, checkpoint, tmp_path):
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.checkpoint import save_checkpoint

    other = tmp_path / "five.safetensors"
    save_checkpoint(other, AMDANet(backbone="mit_b0", num_classes=5, embed_dim=16))
    node = bench.run(make_loading_node())
    refused = set_to(node, "checkpoint", str(other))
    assert not refused.successful
    assert "read-only after configure" in refused.reason
    for transition in (node.trigger_deactivate, node.trigger_cleanup):
        assert transition() == SUCCESS
    assert set_to(node, "checkpoint", str(other)).successful
    for transition in (node.trigger_configure, node.trigger_activate):
        assert transition() == SUCCESS
    assert len(node.predictor.classes) == 5
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    assert max(bench.heard[MASK][0].data) < 5


def test_parameters_change_at_run_time(make_node, bench):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    assert max(bench.heard[MASK][0].data) < 9
    assert set_to(node, "confidence_threshold", 1.0).successful
    bench.pair_until_heard(MASK, 1.1)
    assert set(bench.heard[MASK][1].data) == {255}
    for name, value in (
        ("sync.slop", 0.2),
        ("sync.thermal_offset", -0.5),
        ("sync.reuse_thermal", True),
        ("max_wait", 0.5),
        ("single_modality", "substitute"),
        ("thermal.normalization", "none"),
    ):
        assert set_to(node, name, value).successful
    synchronizer = node.camera_pairs[""].subscription.synchronizer
    sync = synchronizer.options
    assert (sync.slop, sync.thermal_offset) == pytest.approx((0.2, -0.5))
    assert (sync.reuse_thermal, sync.max_wait) == (True, 0.5)
    assert synchronizer.keep_unmatched
    bench.pair_until_heard(MASK, 1.2)
    assert node.camera_pairs[""].pipeline._normalizer.mode == "none"
    refused = set_to(node, "confidence_threshold", 1.5)
    assert not refused.successful
    assert "confidence_threshold" in refused.reason
    refused = set_to(node, "thermal.range", [9.0, 1.0])
    assert not refused.successful
    assert "low must be below high" in refused.reason
    assert node.camera_pairs[""].settings.fusion.confidence_threshold == 1.0


def test_the_line_at_configure_says_what_runs_where(make_node, capfd):
    node = make_node({"autostart": False})
    node.trigger_configure()
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(lines) == 1
    for word in ("mit_b0", "9 classes", "cpu", "fp32", "/rgb/image_raw", "/segmentation/mask"):
        assert word in lines[0]


def entities(node):
    lists = node.publishers, node.subscriptions, node.timers, node.services, node.guards
    return [len(list(each)) for each in lists]


@pytest.mark.parametrize(
    ("parameters", "remapping"),
    [
        ({"pairs": ["front", "r" * 300]}, ""),
        ({}, "segmentation/mask:=" + "/a" * 150),
        ({}, "thermal/image_raw:=" + "t" * 300),
        ({}, "rgb/camera_info:=" + "c" * 300),
        ({}, "segmentation:=rgb/image_raw"),
    ],
)
def test_names_that_cannot_be_topics_fail_to_configure_with_a_reason_and_leave_nothing(
    make_node, capfd, parameters, remapping
):
    arguments = ["--ros-args", "-r", remapping] if remapping else None
    node = make_node({"autostart": False, **parameters}, cli_args=arguments)
    before = entities(node)
    for _ in range(2):
        node.trigger_configure()
        if node.state == "inactive":  # the names of inputs count when the node subscribes
            node.trigger_activate()
            assert node.state == "inactive"
            assert node.trigger_cleanup() == SUCCESS
        assert node.state == "unconfigured"
        assert entities(node) == before
        assert worker_threads() == []
    told = [line for line in capfd.readouterr().err.splitlines() if "failed: " in line]
    assert all("configure failed" in each or "activate failed" in each for each in told)
    assert len(told) == 2
    assert len(told[0]) < 1300


def test_what_fails_in_a_transition_is_logged_and_the_node_can_go_on(make_node, monkeypatch, capfd):
    from amdanet_ros.ros import camera_pair
    from amdanet_ros.ros.outputs import OutputPublishers

    node = make_node({"autostart": False})
    before = entities(node)

    def broken(*_):
        raise RuntimeError("broken\nforged")

    with monkeypatch.context() as patch:
        patch.setattr(OutputPublishers, "__init__", broken)
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert node._failure.values["cause"].startswith(r"RuntimeError: broken\nforged (")
    assert node.trigger_configure() == SUCCESS
    with monkeypatch.context() as patch:
        patch.setattr(camera_pair, "PairSubscription", broken)
        assert node.trigger_activate() == TransitionCallbackReturn.FAILURE
    assert node.state == "inactive"
    assert node.trigger_activate() == SUCCESS
    real, failures = camera_pair.CameraPair.deactivate, [broken]

    def broken_once(*arguments):
        return (failures.pop() if failures else real)(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(camera_pair.CameraPair, "deactivate", broken_once)
        assert node.trigger_deactivate() == TransitionCallbackReturn.ERROR
    assert node.state == "unconfigured"
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert node.trigger_shutdown() == SUCCESS
    assert entities(node) == before
    lines = [line for line in capfd.readouterr().err.splitlines() if "broken" in line]
    words = ("configure failed", "activate failed", "deactivate failed")
    assert len(lines) == 3
    assert all(word in line for word, line in zip(words, lines, strict=True))

"""The whole chain over DDS, each part a process: what must hold of every run, and after kills."""

from itertools import pairwise

import pytest
import yaml

rclpy = pytest.importorskip("rclpy")

from amdanet_ros.bags.reader import BagReader  # noqa: E402
from amdanet_ros.demo.chain import SEGMENTATION_TOPIC, Chain, run_chain  # noqa: E402
from amdanet_ros.demo.outcome import read_outcome  # noqa: E402
from amdanet_ros.demo.processes import ProcessFailedError  # noqa: E402
from amdanet_ros.demo.recording import RGB_TOPIC, THERMAL_TOPIC  # noqa: E402
from amdanet_ros.demo.report import chain_faults  # noqa: E402
from amdanet_ros.pairing import SyncOptions  # noqa: E402


def pairs_in(bags, path):
    return len(bags.pairs_in(path, (RGB_TOPIC, THERMAL_TOPIC), SyncOptions(slop=0.06)))


def safely_recorded(path):
    """How many segmentations a bag that is being written holds for good, by its metadata."""
    metadata = yaml.safe_load((path / "metadata.yaml").read_text())
    topics = metadata["rosbag2_bagfile_information"]["topics_with_message_count"]
    counts = {each["topic_metadata"]["name"]: each["message_count"] for each in topics}
    return counts.get(SEGMENTATION_TOPIC, 0)


@pytest.mark.alone(entirely=True)
def test_a_minute_of_recording_goes_through_and_every_pair_is_accounted_for(
    make_drive, params_file, tmp_path, domain_id, bags
):
    drive, rate = make_drive(seconds=60), 4.0
    run_chain(drive, tmp_path / "out", tmp_path / "logs", params_file, domain_id, rate=rate)
    outcome = read_outcome(drive, tmp_path / "out")
    # Stamps are those of inputs, in order, not too old; what is not published is counted.
    assert chain_faults(outcome, max_age=2.0, rate=rate) == []
    assert outcome.published >= 50
    assert outcome.fused == outcome.published
    assert int(outcome.output["Pairs offered"]) == outcome.pairs
    assert outcome.published + sum(outcome.dropped.values()) == outcome.pairs
    assert abs(outcome.pairs - pairs_in(bags, drive)) <= 2
    unpaired = outcome.rgb_images - outcome.pairs
    # What still waits for a partner at the end is in no count.
    assert 0 <= unpaired - sum(outcome.unpaired["rgb"].values()) <= 1


def test_each_of_three_laps_yields_as_many_pairs_as_the_first(
    make_drive, params_file, tmp_path, domain_id, bags
):
    drive = make_drive(seconds=6)
    folders = (tmp_path / "out", tmp_path / "logs")
    run_chain(drive, *folders, params_file, domain_id, rate=2.0, loops=3)
    outcome = read_outcome(drive, tmp_path / "out", sim_time=False)
    assert chain_faults(outcome, max_age=0.0) == []
    assert abs(outcome.pairs - 3 * pairs_in(bags, drive)) <= 4
    assert len(outcome.laps) == 3
    # Pairs that a busy machine did not get to compute are no fault of the pairing.
    missed = sum(outcome.dropped.values())
    for lap in outcome.laps[1:]:
        assert abs(lap - outcome.laps[0]) <= 2 + missed


def test_the_others_carry_on_when_one_is_killed_and_comes_back(
    make_drive, params_file, tmp_path, ros_domain, spin_until
):
    from amdanet_ros.msg import SemanticSegmentation

    drive, output = make_drive(seconds=90), tmp_path / "out"
    listener = rclpy.create_node("listener")
    heard = []
    listener.create_subscription(SemanticSegmentation, SEGMENTATION_TOPIC, heard.append, 10)

    def hear(more):
        enough = len(heard) + more
        spin_until(lambda: len(heard) >= enough, listener, timeout=90.0)

    with Chain(tmp_path / "logs", ros_domain) as chain:
        node = chain.start_node(params_file)
        recorder = chain.start_recorder(output, sim_time=False)
        player = chain.start_player(drive, loops=0)
        hear(10)
        player.kill()
        player = chain.start_player(drive, loops=0)
        hear(10)
        node.check_running()
        node.kill()
        chain.start_node(params_file)
        hear(10)
        player.check_running()
        # Recorded from before the first kill, and what was heard is safe within a commit's period.
        spin_until(lambda: safely_recorded(output) >= 25, listener, timeout=90.0)
        recorder.check_running()
        safe = safely_recorded(output)
        recorder.kill()
    listener.destroy_node()
    with BagReader(drive) as bag:
        stamps = {m.header_stamp_ns for m in bag.messages((RGB_TOPIC,))}
    with BagReader(output) as bag:
        recorded = [m.header_stamp_ns for m in bag.messages((SEGMENTATION_TOPIC,))]
    assert len(recorded) >= safe
    assert set(recorded) <= stamps
    # Back to the start of the recording where the player was started again, else forward.
    assert sum(after <= before for before, after in pairwise(recorded)) <= 1


def test_a_network_that_cannot_be_loaded_ends_the_chain_with_the_reason(
    make_drive, tmp_path, domain_id
):
    wrong = tmp_path / "node.yaml"
    wrong.write_text("/**:\n  ros__parameters:\n    checkpoint: no.safetensors\n")
    with pytest.raises(ProcessFailedError, match=r"node failed: .*no\.safetensors"):
        run_chain(make_drive(seconds=1), tmp_path / "out", tmp_path / "logs", wrong, domain_id)

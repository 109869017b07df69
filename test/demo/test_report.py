"""The report: it says what is wrong with a run, and scores against the exact labels."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.classes import DEMO
from amdanet_ros.demo.chain import FUSED_TOPIC, SEGMENTATION_TOPIC
from amdanet_ros.demo.outcome import ChainOutcome, read_outcome
from amdanet_ros.demo.page import demo_page
from amdanet_ros.demo.recording import make_recording
from amdanet_ros.demo.report import (
    chain_faults,
    contact_rows,
    draw_contact_sheet,
    score,
    write_summary,
)
from amdanet_ros.synthetic.recording import StreetRecording

SETTINGS = StreetRecording(
    duration=2.0, size=(96, 128), thermal_size=(48, 64), rgb_rate=4.0, thermal_rate=4.0
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Two seconds in all four conditions."""
    return make_recording(tmp_path_factory.mktemp("demo") / "recording", SETTINGS)


def answer(header, labels):
    """A segmentation message that says so."""
    types = typestore().types
    height, width = labels.shape
    data = np.ascontiguousarray(labels).reshape(-1)
    mask = types["sensor_msgs/msg/Image"](header, height, width, "mono8", 0, width, data)
    health = types["amdanet_ros/msg/ModalityHealth"](0, "", 0.0, 0.0, 0.0)
    nothing = np.zeros(0, np.float32)
    offset = types["builtin_interfaces/msg/Duration"](0, 0)
    segmentation = types["amdanet_ros/msg/SemanticSegmentation"]
    return segmentation(
        header, mask, [], [], nothing, nothing, offset, health, health, nothing, nothing, []
    )


@pytest.fixture(scope="module")
def output(recording, tmp_path_factory):
    """What a network would publish that is right but for one thing: it takes signs for cars."""
    path = tmp_path_factory.mktemp("demo") / "out"
    compressed = typestore().types["sensor_msgs/msg/CompressedImage"]
    truth = recording.truth()
    with BagReader(recording.bag) as source, BagWriter(path) as bag:
        for message in source.messages(("/rgb/image_raw",)):
            image = message.deserialize()
            labels = cv2.imread(str(truth[message.header_stamp_ns][0]), cv2.IMREAD_UNCHANGED)
            labels[labels == DEMO.names.index("sign")] = DEMO.names.index("car")
            bag.write_message(SEGMENTATION_TOPIC, message.stamp_ns, answer(image.header, labels))
            pixels = image.data.reshape(image.height, image.width, 3)
            jpeg = cv2.imencode(".jpg", pixels)[1].reshape(-1)
            fused = compressed(image.header, "rgb8; jpeg compressed bgr8", jpeg)
            bag.write_message(FUSED_TOPIC, message.stamp_ns, fused)
    return path


def test_the_recording_holds_both_cameras_and_exact_labels_of_each_rgb_image(recording):
    truth = recording.truth()
    with BagReader(recording.bag) as bag:
        assert bag.topics["/thermal/image_raw"].count == 8
        rgb = list(bag.messages(("/rgb/image_raw",)))
        info = next(bag.messages(("/rgb/camera_info",))).deserialize()
        thermal = next(bag.messages(("/thermal/image_raw",))).deserialize()
    assert sorted(truth) == [message.header_stamp_ns for message in rgb]
    conditions = dict.fromkeys(condition for _, condition in truth.values())
    assert list(conditions) == ["day", "night", "glare", "smoke"]
    image = rgb[0].deserialize()
    assert (image.encoding, image.height, image.width) == ("rgb8", 96, 128)
    assert (thermal.encoding, thermal.height, thermal.width) == ("mono16", 48, 64)
    assert info.header == image.header
    assert (info.height, info.width) == (96, 128)
    assert info.k[0] > 0
    assert info.p.reshape(3, 4)[:, :3].ravel() == pytest.approx(info.k)


def test_a_recording_is_made_once_and_anew_after_an_interruption(recording, tmp_path):
    folder = tmp_path / "recording"
    first = make_recording(folder, SETTINGS)
    (bag,) = first.bag.glob("*.mcap")
    made = bag.stat().st_mtime_ns
    make_recording(folder, SETTINGS)
    assert bag.stat().st_mtime_ns == made

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_recording(folder, replace(SETTINGS, seed=SETTINGS.seed + 1), interrupted)
    make_recording(folder, SETTINGS)
    assert bag.stat().st_mtime_ns != made
    (reference,) = recording.bag.glob("*.mcap")
    assert bag.read_bytes() == reference.read_bytes()


def test_scores_are_those_of_the_answers(recording, output):
    scores = score(recording, output)
    truth = np.stack(
        [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path, _ in recording.truth().values()]
    )
    signs = (truth == DEMO.names.index("sign")).sum()
    cars = (truth == DEMO.names.index("car")).sum()
    assert signs > 0
    for name, value in scores["iou"].items():
        expected = {"sign": 0.0, "car": cars / (cars + signs)}.get(name, 1.0)
        assert np.isnan(value) or value == pytest.approx(expected)
    assert set(scores["miou_by_condition"]) == {"day", "night", "glare", "smoke"}
    assert 0.5 < scores["miou"] < 1.0


def test_the_contact_sheet_shows_every_condition(recording, output, tmp_path):
    draw_contact_sheet(recording, output, tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    # Five images in a row, eight rows of 240 pixels each, and a legend.
    assert sheet.shape[1] >= 5 * 320
    assert sheet.shape[0] >= 8 * 240


def well():
    """The outcome of a good run."""
    return ChainOutcome(
        rgb_images=10,
        pairs=9,
        published=7,
        output={
            "Pairs offered": "9",
            "Published": "7",
            "Dropped: replaced": "2",
            "Dropped: failed": "0",
            "Inference: 95 % (ms)": "100.0",
        },
        oldest=0.4,
    )


def test_a_good_run_has_no_faults_and_its_drops_are_told(tmp_path):
    outcome = well()
    assert chain_faults(outcome, max_age=1.0) == []
    assert outcome.dropped == {"replaced": 2}
    scores = {"miou": 0.8, "iou": {"road": float("nan")}, "miou_by_condition": {"day": 0.8}}
    assert write_summary(tmp_path, outcome, scores, 1.0, 1.0) == []
    text = (tmp_path / "summary.md").read_text()
    assert "2 replaced" in text
    assert "0.800" in text
    # Strict JSON: it knows no NaN.
    summary = json.loads((tmp_path / "summary.json").read_text(), parse_constant=pytest.fail)
    assert summary["chain"]["dropped"] == {"replaced": 2}
    assert summary["scores"]["iou"] == {"road": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"published": 0}, "nothing was published"),
        ({"published": 6}, "published 7 results, 6 were recorded"),
        ({"unknown_stamps": 1}, "stamp that no RGB image has"),
        ({"disordered": 1}, "out of order"),
        ({"oldest": 3.0}, "3.00 s old"),
        ({"output": {"Pairs offered": "9", "Published": "7"}}, "2 pairs are neither"),
    ],
)
def test_each_fault_is_found(change, words):
    outcome = well()
    for name, value in change.items():
        setattr(outcome, name, value)
    assert any(words in fault for fault in chain_faults(outcome, max_age=1.0))


def test_wrong_stamps_and_wrong_order_are_counted(recording, output, tmp_path):
    with BagReader(output) as bag:
        answers = [message.deserialize() for message in bag.messages((SEGMENTATION_TOPIC,))]
    answers[2], answers[3] = answers[3], answers[2]
    answers[5].header.stamp.nanosec += 1
    with BagWriter(tmp_path / "bad") as bag:
        for index, message in enumerate(answers):
            bag.write_message(SEGMENTATION_TOPIC, index, message)
    outcome = read_outcome(recording.bag, tmp_path / "bad")
    assert (outcome.published, outcome.unknown_stamps, outcome.disordered) == (8, 1, 1)
    assert outcome.laps == [8]


def test_the_page_tells_checks_drops_pairs_plots_and_scores(recording, output):
    outcome = read_outcome(recording.bag, output)
    outcome.output = {"Pairs offered": "9", "Published": "7", "Dropped: too_old": "2"}
    outcome.thermal = {"Unpaired: no_partner": "3"}
    scores, rows = score(recording, output), contact_rows(recording, output)
    report = demo_page(output, outcome, scores, ["<b>a check</b> failed"], rows)
    assert "&lt;b&gt;a check&lt;/b&gt; failed" in report
    assert "<td>pair</td><td>too old</td><td class=n>2</td>" in report
    assert "<td>thermal image</td><td>no partner</td><td class=n>3</td>" in report
    assert report.count("<figure") == len(rows) > 4
    for name in ("RGB", "thermal", "fused", "overlay", "exact labels"):
        assert report.count(f"<img alt='{name}'") == len(rows)
    assert report.count("<svg class=plot") == 3
    assert f"<td>mean</td><td class=n>{scores['miou']:.3f}</td>" in report
    assert len(report) < 2_000_000
    assert "All hold." in demo_page(output, outcome, scores, [], rows)

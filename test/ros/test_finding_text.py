"""Sentences about findings: every kind has one, in the words of the node or of the commands."""

import re

import pytest

from amdanet_ros.cli.finding_text import text as command_text
from amdanet_ros.findings import Finding, FindingKind, Level
from amdanet_ros.ros.finding_text import TopicNames, text

NAMES = TopicNames(
    inputs={"rgb": "front/rgb/image_raw", "thermal": "front/thermal/image_raw/compressed"},
    topics={"rgb": "/car/camera", "thermal": "/car/boson"},
    infos={"rgb": "/car/camera_info", "thermal": "/car/boson_info"},
    pair="front",
)
SOURCES = {"rgb": "/camera/image", "thermal": "/boson/image"}
VALUES = {
    **{"count": 3, "received": 10, "expected": 13, "offered": 9, "computed": 4, "publishers": 2},
    **{"seconds": -0.512, "slop": 0.05, "thermal_offset": 0.512, "share": 0.25},
    **{"queue_size": 18, "late": "thermal", "thermal_rate": 9.0, "rgb_rate": 30.0},
    **{"status": "frozen", "cause": "the {cause}", "state": "inactive", "use_sim_time": "true"},
    **{"model": "cylinder", "registration_from": "camera_info", "bound": 1.5, "factor": 7.0},
    **{"type": "sensor_msgs/msg/CompressedImage", "wanted": "sensor_msgs/msg/Image"},
    **{"transport": "compressed", "other": "front/thermal/image_raw/compressed"},
    **{"size": "9000 x 9000", "used": "4000 x 4000", "limit": 16.0},
    **{"whole": "9000 x 9000", "unknown": "persn", "known": "car, person"},
    **{"unit": "kelvin", "problem": "values above 700 °C", "fits": "centikelvin"},
    **{"parameter": "mask.classes", "found": "/car/boson/compressed"},
    **{"model": "division", "pixels": 12.3, "width": 640, "published": "/boson/image_raw"},
}
OF_THE_NODE = {
    FindingKind.NO_PUBLISHER,
    FindingKind.WRONG_TYPE,
    FindingKind.OTHER_TRANSPORT,
    FindingKind.RELIABILITY_MISMATCH,
    FindingKind.IMAGES_REFUSED,
    FindingKind.CONFIGURE_FAILED,
    FindingKind.NOT_ACTIVE,
    FindingKind.CLOCK_STANDS_STILL,
    FindingKind.WORKER_HANGS,
    FindingKind.INFERENCE_FAILED,
    FindingKind.PAIRS_TOO_OLD,
    FindingKind.PAIRS_REPLACED,
    FindingKind.INFERENCE_SLOW,
    FindingKind.PAIRS_UNREGISTERED,
    FindingKind.ONE_CAMERA,
    FindingKind.CAMERAS_MOVED,
}


def finding(kind, stream="thermal", **values):
    return Finding(kind, stream, Level.WARN, {**VALUES, **values})


@pytest.mark.parametrize("kind", FindingKind)
def test_the_node_has_a_sentence_of_every_kind_with_the_names_of_the_pair(kind):
    sentence = text(finding(kind), NAMES)
    assert sentence.replace("the {cause}", "").isprintable()
    assert "{" not in sentence.replace("the {cause}", "")
    assert "None" not in sentence
    for parameter in re.findall(r"\b[\w.]*(?:sync|thermal|qos)\.\w+", sentence):
        assert parameter.startswith("front.")


@pytest.mark.parametrize("kind", [FindingKind.BAD_CALIBRATION, FindingKind.LENS_DISTORTION])
def test_a_calibration_of_a_file_is_named_by_the_file(kind):
    of_file = finding(kind, file="/rig/boson.yaml")
    assert text(of_file, NAMES).startswith("front.thermal.camera_info_file /rig/boson.yaml")
    assert "/car/boson_info" not in text(of_file, NAMES)
    assert text(finding(kind), NAMES).startswith("/car/boson_info")
    if kind is FindingKind.BAD_CALIBRATION:
        words = "thermal.camera_info_file /rig/boson.yaml: the {cause}"
        assert command_text(of_file, SOURCES) == words


@pytest.mark.parametrize("kind", [kind for kind in FindingKind if kind not in OF_THE_NODE])
def test_commands_have_a_sentence_of_every_other_kind_without_topics_to_remap(kind):
    sentence = command_text(finding(kind), SOURCES)
    assert "{" not in sentence.replace("the {cause}", "")
    assert "remap" not in sentence
    assert "None" not in sentence


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FindingKind.NO_MESSAGE, "is front/thermal/image_raw/compressed remapped"),
        (FindingKind.NO_PUBLISHER, "nobody publishes /car/boson"),
        (FindingKind.NO_PUBLISHER, "(images come on /boson/image_raw)"),
        (FindingKind.IMAGES_REFUSED, "/car/boson: the {cause}"),
        (FindingKind.NO_CAMERA_INFO, "nothing has come on /car/boson_info"),
        (FindingKind.SAME_CAMERA_INFO, "remap front/rgb/camera_info and front/thermal/camera_info"),
        (FindingKind.STAMPS_APART, "thermal stamps are 0.512 s ahead of RGB's"),
        (FindingKind.STAMPS_APART, "set front.sync.thermal_offset to 0.512"),
        (FindingKind.STAMPS_APART, "thermal images take that long"),
        (FindingKind.CLOCK_STANDS_STILL, "nobody publishes /clock"),
        (FindingKind.PAIRS_TOO_OLD, "3 of 9 pairs were older than front.max_age"),
    ],
)
def test_sentences_name_topics_and_parameters(kind, words):
    assert words in text(finding(kind), NAMES)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FindingKind.ZERO_STAMPS, "/boson/image: 3 of 10 stamps are zero"),
        (FindingKind.STAMPS_APART, "give --thermal-offset 0.512"),
        (FindingKind.BAD_CALIBRATION, "thermal camera: the {cause}, or give --registration"),
    ],
)
def test_sentences_of_commands_name_sources_and_options(kind, words):
    assert words in command_text(finding(kind), SOURCES)


def test_a_pair_without_a_name_has_no_prefix():
    names = TopicNames(NAMES.inputs, NAMES.topics, NAMES.infos)
    sentence = text(finding(FindingKind.STAMPS_APART), names)
    assert "set sync.thermal_offset to 0.512" in sentence
    assert "remap rgb/camera_info" in text(finding(FindingKind.SAME_CAMERA_INFO), names)


def test_large_differences_of_the_clocks_are_grouped_by_thousands():
    sentence = text(finding(FindingKind.CLOCKS_APART, None, seconds=12_000.4), NAMES)
    assert "stamps differ by 12 000 s (thermal behind RGB)" in sentence


@pytest.mark.parametrize("kind", [FindingKind.INFERENCE_FAILED, FindingKind.CONFIGURE_FAILED])
def test_a_cause_from_outside_cannot_forge_lines_or_fill_memory(kind):
    sentence = text(finding(kind, cause="bad\n[FATAL] forged" + "x" * 100_000), NAMES)
    assert sentence.isprintable()
    assert len(sentence) < 1100


def test_a_topic_of_another_kind_names_it_alone():
    wrong = Finding(
        FindingKind.WRONG_TYPE,
        "rgb",
        Level.ERROR,
        {"type": "std_msgs/msg/String", "wanted": "sensor_msgs/msg/Image"},
    )
    assert text(wrong, NAMES) == (
        "/car/camera carries std_msgs/msg/String, not sensor_msgs/msg/Image: remap "
        "front/rgb/image_raw to a topic of images"
    )

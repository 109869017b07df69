"""Sentences about findings for the users of the node: in topics and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..findings import Finding, FindingKind
from ..one_line import one_line

_LONGEST = 1000


@dataclass(frozen=True)
class TopicNames:
    """How one camera pair is called in a node.

    Attributes:
        inputs: relative names of the image topics by stream ("rgb", "thermal"), for remapping.
        topics: the same names, resolved.
        infos: resolved names of the ``camera_info`` topics by stream.
        pair: name of the camera pair, such as "front"; empty where the node has only one.
    """

    inputs: Mapping[str, str]
    topics: Mapping[str, str]
    infos: Mapping[str, str]
    pair: str = ""


NO_NAMES = TopicNames({}, {}, {})
"""For findings about the node, which name no topic."""


def text(finding: Finding, names: TopicNames) -> str:
    """Return what is wrong, why, and how to fix it."""
    stream = finding.stream
    template = _SENTENCES[finding.kind]
    if callable(template):
        template = template(finding)
    return template.format(
        stream=stream,
        input=names.inputs.get(stream),
        topic=names.topics.get(stream),
        info=names.infos.get(stream),
        rgb_info=f"{names.pair}/rgb/camera_info".lstrip("/"),
        thermal_info=f"{names.pair}/thermal/camera_info".lstrip("/"),
        p=f"{names.pair}.".lstrip("."),
        **{name: _fit(value) for name, value in finding.values.items()},
    )


def _fit(value: float | str) -> float | str:
    """Return a value for a sentence: a text may have come in a message."""
    return one_line(value, _LONGEST) if isinstance(value, str) else value


def _clocks_apart(finding: Finding) -> str:
    seconds = finding.values["seconds"]
    size = f"{abs(seconds):,.0f}".replace(",", " ")
    return (
        f"stamps differ by {size} s (thermal {_side(seconds)} RGB): the cameras' clocks are not "
        "synchronised: set them by NTP or PTP, or let both drivers stamp with the host's clock"
    )


def _stamps_apart(finding: Finding) -> str:
    seconds = finding.values["seconds"]
    sentence = (
        f"thermal stamps are {abs(seconds):.3f} s {_side(seconds)} RGB's and nothing lies within "
        "{p}sync.slop = {slop:g} s: set {p}sync.thermal_offset to {thermal_offset:.3f}"
    )
    if "queue_size" in finding.values:
        sentence += (
            "; or, if the stamps are right and {late} images take that long to arrive, "
            "{p}sync.queue_size to {queue_size}"
        )
    return sentence


def _side(seconds: float) -> str:
    return "behind" if seconds > 0 else "ahead of"


def _no_publisher(finding: Finding) -> str:
    sentence = "nobody publishes {topic}: start the camera's driver, or remap {input} to its topic"
    return sentence + (" (images come on {published})" if "published" in finding.values else "")


def _wrong_type(finding: Finding) -> str:
    if "transport" not in finding.values:
        return "{topic} carries {type}, not {wanted}: remap {input} to a topic of images"
    return (
        "{topic} carries {type}, not {wanted}: set {p}{stream}.transport to {transport} and remap "
        "{other} to it"
    )


def _wrong_thermal_unit(finding: Finding) -> str:
    sentence = (
        "no temperatures: {p}thermal.unit is {unit}, but the images of {topic} have {problem}: "
    )
    if finding.values["problem"] == "8 bits":
        return sentence + (
            "let the driver send radiometric images of 16 bits, or set {p}thermal.unit to none"
        )
    fits = "{fits}, or to " if "fits" in finding.values else ""
    return sentence + "set {p}thermal.unit to " + fits + "none where they are no temperatures"


def _lens_distortion(finding: Finding) -> str:
    return (
        f"{_calibration(finding)} has the distortion model {{model}}, which the registration does "
        "not know and leaves out: calibrate with plumb_bob, rational_polynomial or equidistant, or "
        "give rectified images (image_proc) and set {p}thermal.registration_from to "
        "camera_info_rect"
    )


def _bad_calibration(finding: Finding) -> str:
    if "file" in finding.values:
        return f"{_calibration(finding)}: {{cause}}"
    return "{info}: {cause}, or register with {p}thermal.registration"


def _calibration(finding: Finding) -> str:
    """Return the start of a sentence: where a calibration is from."""
    return "{p}{stream}.camera_info_file {file}" if "file" in finding.values else "{info}"


def _clock_stands_still(finding: Finding) -> str:
    sentence = "the node's clock stands still"
    if finding.values["use_sim_time"] == "true":
        sentence += (
            ": use_sim_time is true, but nobody publishes /clock or its player is paused: play "
            "the bag with --clock, or set use_sim_time to false"
        )
    return sentence


_K = FindingKind
_SENTENCES: dict[FindingKind, str | Callable[[Finding], str]] = {
    _K.NO_MESSAGE: "{stream}: no message yet: is {input} remapped to the camera's topic?",
    _K.SILENT: "{stream}: no message for {seconds:.1f} s: the camera or its driver has stopped, or "
    "{input} is not remapped to its topic any more",
    _K.ZERO_STAMPS: "{stream}: {count} of {received} stamps are zero: the driver does not set "
    "header.stamp, and such images cannot be paired",
    _K.CLOCKS_APART: _clocks_apart,
    _K.STAMPS_APART: _stamps_apart,
    _K.OVERFLOW: "{stream}: {count} of {received} messages left a full queue before their partner "
    "came: the {late} images come later than {p}sync.queue_size = {queue_size} messages can "
    "bridge: raise {p}sync.queue_size",
    _K.MESSAGES_LOST: "{stream}: {count} of {expected} messages never came (gaps in the stamps): "
    "the camera skips frames, or they are lost on the way: use the package's DDS profile or "
    "{p}qos.reliability: reliable",
    _K.DUPLICATES: "{stream}: {count} duplicate stamps: two publishers on one topic, or a driver "
    "that sends a frame twice",
    _K.JUMPS: "{stream}: {count} messages dropped where the stamps jumped: a bag that loops, a "
    "driver that restarts, or single wrong stamps",
    _K.LATE: "{stream}: {count} of {received} messages came after a later one was paired: the "
    "transport reorders them",
    _K.UNEVEN_STAMPS: "{stream}: stamps are uneven, off by {share:.0%} of their period on average: "
    "the driver stamps images when it reads them rather than when they were taken, or the exposure "
    "time varies",
    _K.UNEVEN_ARRIVAL: "{stream}: images arrive unevenly, their delays differ by {seconds:.3f} s: "
    "a loaded network, machine or driver; what comes late can miss its partner: raise "
    "{p}sync.queue_size, or lighten the load (compressed transport, smaller images)",
    _K.THERMAL_SLOWER: "thermal comes at {thermal_rate:.1f} Hz and RGB at {rgb_rate:.1f} Hz: "
    "{share:.0%} of the RGB images stay unpaired: with {p}sync.reuse_thermal: true and "
    "{p}sync.slop at least {slop:.3f} the last thermal image serves for them",
    _K.RGB_SLOWER: "thermal comes at {thermal_rate:.1f} Hz and RGB at {rgb_rate:.1f} Hz: the "
    "output follows RGB, and surplus thermal images stay unpaired",
    _K.UNHEALTHY: "{status}: {cause}",
    _K.NO_CAMERA_INFO: "{p}thermal.registration_from is {registration_from}, but nothing has come "
    "on {info}: publish the camera's calibration there, give a file with "
    "{p}{stream}.camera_info_file, or register with {p}thermal.registration",
    _K.SAME_CAMERA_INFO: "{p}thermal.registration_from is {registration_from}, but both "
    "camera_info topics give the same calibration and frame_id: remap {rgb_info} and "
    "{thermal_info} to each camera's own",
    _K.LENS_DISTORTION: _lens_distortion,
    _K.BAD_CALIBRATION: _bad_calibration,
    _K.BAD_REGISTRATION: "the images cannot be registered: {cause} ({p}thermal.registration, "
    "{p}thermal.rotation, {p}thermal.translation)",
    _K.NO_DEPTH: "no depth image on {topic} is as near as {p}depth.max_age to the pair in time: "
    "the plane at {p}thermal.registration_distance counts: start the depth camera, or remap "
    "{input} to its topic",
    _K.BAD_DEPTH: "depth images on {topic} are not used: {cause}",
    _K.CAMERAS_MOVED: "the thermal image lies {pixels:.0f} pixels (of {width} across) beside RGB, "
    "as three checks agree: the cameras have moved against each other, or the scene is at another "
    "distance than they were registered at: register them again (amdanet register, amdanet "
    "calibrate), or set {p}thermal.registration_check_period to 0 for no checks",
    _K.NO_COMMON_VIEW: "the thermal and the RGB image have no common field of view: correct "
    "{p}thermal.registration (amdanet register), {p}thermal.crop or the cameras' calibrations",
    _K.WRONG_THERMAL_UNIT: _wrong_thermal_unit,
    _K.REDUCED_SIZE: "images of {size} are computed at {used}, because {p}max_inference_megapixels "
    "is {limit:g}: set inference_size to choose a size, or raise {p}max_inference_megapixels",
    _K.MASK_IS_PART: "the masks show {size} of the RGB image's {whole} pixels, because "
    "{p}crop_to_common_view is true: Nav2's layer drops masks that are smaller than its point "
    "cloud: set {p}crop_to_common_view to false for it",
    _K.UNKNOWN_MASK_CLASS: "{p}{parameter} names {unknown}, which the network does not know: it "
    "has {known}",
    _K.NO_PUBLISHER: _no_publisher,
    _K.WRONG_TYPE: _wrong_type,
    _K.OTHER_TRANSPORT: "nobody publishes {topic}, but {found} is published: set "
    "{p}{stream}.transport to {transport} and remap {other} to it",
    _K.RELIABILITY_MISMATCH: "{count} of {publishers} publishers of {topic} offer best effort, "
    "which a reliable subscription does not get: set {p}qos.reliability to auto",
    _K.IMAGES_REFUSED: "images refused: {topic}: {cause}",
    _K.CONFIGURE_FAILED: "configure failed: {cause}",
    _K.NOT_ACTIVE: "{state}",
    _K.CLOCK_STANDS_STILL: _clock_stands_still,
    _K.WORKER_HANGS: "the worker has computed one pair for {seconds:.1f} s (more than {bound:.1f} "
    "s), and there is no output meanwhile: an image far larger than usual, a machine under load, "
    "or a GPU or driver that hangs: if it lasts, start the node again (exit_on_hang does it)",
    _K.INFERENCE_FAILED: "{cause}",
    _K.PAIRS_TOO_OLD: "{count} of {offered} pairs were older than {p}max_age: the network is too "
    "slow, images come late, or the camera's clock differs from this machine's",
    _K.PAIRS_REPLACED: "the network computes {computed} of {offered} pairs: a smaller "
    "inference_size or backbone computes more",
    _K.INFERENCE_SLOW: "the network takes {factor:.2g} times the time that was measured when its "
    "engine was chosen: other processes take the processors (see top), or the processor is "
    "throttled (heat, power); give other processes fewer, or set a smaller inference_size",
    _K.PAIRS_UNREGISTERED: "{count} of {offered} pairs could not be registered: "
    "{p}thermal.registration_from needs {rgb_info} and {thermal_info}, and one has not come: "
    "publish it, or register with {p}thermal.registration",
    _K.ONE_CAMERA: "{count} outputs come from one camera alone",
}

"""Sentences about findings for the users of the commands: in files and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..findings import Finding, FindingKind


def text(finding: Finding, sources: Mapping[str, str]) -> str:
    """Return what is wrong, why, and how to fix it.

    Args:
        finding: of pairing, health or geometry. The node's own findings have no sentence here.
        sources: where the images of each stream ("rgb", "thermal") come from: a bag's topic, or a
            folder.

    Raises:
        KeyError: a finding of the node.
    """
    sentence = _SENTENCES[finding.kind]
    if callable(sentence):
        sentence = sentence(finding)
    source = sources.get(finding.stream, finding.stream)
    return sentence.format(source=source, stream=finding.stream, **finding.values)


def _clocks_apart(finding: Finding) -> str:
    seconds = finding.values["seconds"]
    size = f"{abs(seconds):,.0f}".replace(",", " ")
    side = "behind" if seconds > 0 else "ahead of"
    return (
        f"the stamps differ by {size} s (thermal {side} RGB): the cameras' clocks were not "
        "synchronised: if they ran equally fast, --thermal-offset {thermal_offset:.3f} is a first "
        "guess"
    )


def _stamps_apart(finding: Finding) -> str:
    seconds = finding.values["seconds"]
    side = "behind" if seconds > 0 else "ahead of"
    return (
        f"thermal stamps are {abs(seconds):.3f} s {side} RGB's and nothing lies within --slop "
        "{slop:g}: give --thermal-offset {thermal_offset:.3f}"
    )


def _wrong_thermal_unit(finding: Finding) -> str:
    sentence = "no temperatures: thermal.unit is {unit}, but the images of {source} have {problem}"
    if finding.values["problem"] == "8 bits":
        return sentence + ": record radiometric images of 16 bits"
    fits = "{fits}, or to " if "fits" in finding.values else ""
    return sentence + ": set thermal.unit to " + fits + "none where they are no temperatures"


def _bad_calibration(finding: Finding) -> str:
    if "file" in finding.values:
        return "{stream}.camera_info_file {file}: {cause}"
    return "calibration of the {stream} camera: {cause}, or give --registration"


_K = FindingKind
_SENTENCES: dict[FindingKind, str | Callable[[Finding], str]] = {
    _K.NO_MESSAGE: "{source} holds no message: check the camera's driver and record again, or "
    "choose another topic with --{stream}-topic",
    _K.SILENT: "{source} ends {seconds:.1f} s before the other camera",
    _K.ZERO_STAMPS: "{source}: {count} of {received} stamps are zero: such images cannot be "
    "paired: let the camera's driver set header.stamp, and record again",
    _K.CLOCKS_APART: _clocks_apart,
    _K.STAMPS_APART: _stamps_apart,
    _K.OVERFLOW: "{source}: {count} of {received} messages left a full queue before their partner "
    "came: the {late} images were recorded later than sync.queue_size = {queue_size} messages can "
    "bridge: raise it in the --params-file",
    _K.MESSAGES_LOST: "{source}: {count} of {expected} messages are missing (gaps in the stamps)",
    _K.DUPLICATES: "{source}: {count} duplicate stamps: such images are left out",
    _K.JUMPS: "{source}: {count} messages are left out where the stamps jump",
    _K.LATE: "{source}: {count} of {received} messages are left out: a later one was paired "
    "before they came",
    _K.UNEVEN_STAMPS: "{source}: stamps are uneven, off by {share:.0%} of their period on average",
    _K.UNEVEN_ARRIVAL: "{source}: images were recorded unevenly, their delays differ by "
    "{seconds:.3f} s",
    _K.THERMAL_SLOWER: "thermal comes at {thermal_rate:.1f} Hz and RGB at {rgb_rate:.1f} Hz: "
    "{share:.0%} of the RGB images stay unpaired: with sync.reuse_thermal: true in the "
    "--params-file and --slop {slop:.3f} the last thermal image serves for them",
    _K.RGB_SLOWER: "thermal comes at {thermal_rate:.1f} Hz and RGB at {rgb_rate:.1f} Hz: the "
    "output follows RGB, and surplus thermal images stay unpaired",
    _K.UNHEALTHY: "{source}: {status}: {cause}",
    _K.NO_CAMERA_INFO: "thermal.registration_from is {registration_from}, but there is no "
    "calibration of the {stream} camera beside {source}: give the topic of its camera_info with "
    "--{stream}-info-topic or its file with -p {stream}.camera_info_file:=FILE, or give "
    "--registration",
    _K.SAME_CAMERA_INFO: "thermal.registration_from is {registration_from}, but both cameras have "
    "the same calibration and frame: give each camera's own with --rgb-info-topic and "
    "--thermal-info-topic, or give --registration",
    _K.LENS_DISTORTION: "the calibration of the {stream} camera has the distortion model {model}, "
    "which the registration does not know and leaves out: calibrate with plumb_bob, "
    "rational_polynomial or equidistant, or record rectified images and set "
    "thermal.registration_from to camera_info_rect in the --params-file",
    _K.BAD_CALIBRATION: _bad_calibration,
    _K.BAD_REGISTRATION: "the images cannot be registered: {cause} (--registration, "
    "thermal.rotation, thermal.translation)",
    _K.NO_DEPTH: "some pairs have no depth image as near as depth.max_age in time: for these the "
    "plane at thermal.registration_distance counts; name the topic with --depth-topic",
    _K.BAD_DEPTH: "depth images are not used: {cause}",
    _K.NO_COMMON_VIEW: "the thermal and the RGB image have no common field of view: correct "
    "--registration (amdanet register), thermal.crop or the cameras' calibrations",
    _K.WRONG_THERMAL_UNIT: _wrong_thermal_unit,
    _K.REDUCED_SIZE: "images of {size} are computed at {used}, because max_inference_megapixels is "
    "{limit:g}: choose a size with --inference-size, or raise the limit in the --params-file",
    _K.MASK_IS_PART: "the masks show {size} of the RGB image's {whole} pixels, because "
    "crop_to_common_view is true: Nav2's layer drops masks that are smaller than its point cloud",
    _K.UNKNOWN_MASK_CLASS: "{parameter} names {unknown}, which the network does not know: it has "
    "{known}",
}

"""What the package has found out about its inputs, as values.

Pairing, health, geometry and the node return findings. The sentence for a human being is made in
``ros/finding_text.py`` (topics and parameters) and in ``cli/finding_text.py`` (files and options).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class Level(IntEnum):
    """How bad a finding is; the numbers are those of ``diagnostic_msgs/DiagnosticStatus``."""

    OK = 0
    """A remark: nothing is wrong, but something could be better."""
    WARN = 1
    ERROR = 2


class FindingKind(Enum):
    """What was found. Below each kind: what it means, and the names of its values.

    Durations are in seconds, rates in Hz, shares in [0, 1]. ``cause`` is a text with a fix that
    names no topic, parameter or file.
    """

    # Pairing
    NO_MESSAGE = "no_message"
    """No message of the stream has ever come."""
    SILENT = "silent"
    """The stream has stopped: seconds."""
    ZERO_STAMPS = "zero_stamps"
    """Messages whose stamp is not set: count, received."""
    CLOCKS_APART = "clocks_apart"
    """The clocks of the two cameras differ: seconds (thermal is behind RGB where positive)."""
    STAMPS_APART = "stamps_apart"
    """Stamps of one moment differ by more than the slop: seconds (as above), slop, thermal_offset
    (the value to set) and, where the queue was full too, late (the stream that comes later) and
    queue_size (the size to set)."""
    OVERFLOW = "overflow"
    """Messages left a full queue: count, received, queue_size, late (the other stream)."""
    MESSAGES_LOST = "messages_lost"
    """Gaps in the stamps: count, expected."""
    DUPLICATES = "duplicates"
    """Messages whose stamp has come before: count."""
    JUMPS = "jumps"
    """Messages dropped because the stamps jumped: count."""
    LATE = "late"
    """Messages that came after a later one was paired: count, received."""
    UNEVEN_STAMPS = "uneven_stamps"
    """Stamps that deviate from the rhythm: share (mean deviation, of the period)."""
    UNEVEN_ARRIVAL = "uneven_arrival"
    """Delays from stamp to arrival that vary: seconds (their spread)."""
    THERMAL_SLOWER = "thermal_slower"
    """RGB images stay unpaired: thermal_rate, rgb_rate, share (of them), slop (the value with
    which reused thermal images serve for all of them)."""
    RGB_SLOWER = "rgb_slower"
    """Thermal images stay unpaired: thermal_rate, rgb_rate."""

    # Health
    UNHEALTHY = "unhealthy"
    """The images of a stream are degraded, frozen or lost: status ("degraded", "frozen", "lost"),
    cause."""

    # Geometry
    NO_CAMERA_INFO = "no_camera_info"
    """The registration needs a calibration that has not come: registration_from."""
    SAME_CAMERA_INFO = "same_camera_info"
    """Both cameras give the same calibration: registration_from."""
    LENS_DISTORTION = "lens_distortion"
    """The calibration's distortion model is not known, so that it is left out: model, and file
    where the calibration is from one."""
    BAD_CALIBRATION = "bad_calibration"
    """The calibration of the stream cannot be used: cause, and file where it is from one."""
    BAD_REGISTRATION = "bad_registration"
    """The homography or the rotation cannot be used: cause."""
    NO_DEPTH = "no_depth"
    """A pair without a depth image near it in time, of stream "depth"."""
    BAD_DEPTH = "bad_depth"
    """Depth images that do not belong to the RGB images, of stream "depth": cause."""
    CAMERAS_MOVED = "cameras_moved"
    """The thermal images do not lie where the registration puts them: pixels, width (of the image
    in which they count)."""
    NO_COMMON_VIEW = "no_common_view"
    """The thermal and the RGB image show no common part: an error where the outputs would show that
    part alone, else a warning, since the thermal image has no effect."""

    # Temperature
    WRONG_THERMAL_UNIT = "wrong_thermal_unit"
    """The images contradict ``thermal.unit``, so that no temperature is told: unit, problem (what
    they have: "8 bits", or values that the unit makes impossible), and where another unit would do:
    fits (its name, or several)."""

    # Network
    REDUCED_SIZE = "reduced_size"
    """The images are larger than the network computes at their own size: size (theirs), used (the
    network's), both as "width x height", limit (in megapixels)."""

    # Outputs
    MASK_IS_PART = "mask_is_part"
    """The outputs show a part of the RGB image: size (theirs), whole (the RGB image's), both as
    "width x height"."""
    UNKNOWN_MASK_CLASS = "unknown_mask_class"
    """A parameter names classes that the network has not: parameter, unknown, known (all names)."""

    # Node
    NO_PUBLISHER = "no_publisher"
    """Nobody publishes the stream's topic: published (topics that have images), if any have."""
    WRONG_TYPE = "wrong_type"
    """The topic carries messages of another type: type, wanted, and where ``<stream>.transport``
    can read it: transport (its value) and other (the name to remap then)."""
    OTHER_TRANSPORT = "other_transport"
    """Nobody publishes the topic, but its images are published another way: found (the topic),
    transport (the value of ``<stream>.transport`` that reads it), other (the name to remap)."""
    RELIABILITY_MISMATCH = "reliability_mismatch"
    """Publishers that the reliable subscription does not get: count, publishers."""
    IMAGES_REFUSED = "images_refused"
    """Images of the stream that cannot be used: count, cause (of the last one, with its fix)."""
    CONFIGURE_FAILED = "configure_failed"
    """The node could not be configured: cause."""
    NOT_ACTIVE = "not_active"
    """The node does not work now: state (of its lifecycle)."""
    CLOCK_STANDS_STILL = "clock_stands_still"
    """The node's clock does not go on: use_sim_time ("true" or "false")."""
    WORKER_HANGS = "worker_hangs"
    """The worker has computed one pair for too long: seconds, bound (what is too long)."""
    INFERENCE_FAILED = "inference_failed"
    """The last pair could not be computed: cause."""
    PAIRS_TOO_OLD = "pairs_too_old"
    """Pairs older than max_age: count, offered."""
    INFERENCE_SLOW = "inference_slow"
    """The network is far slower than when its engine was chosen: factor."""
    PAIRS_REPLACED = "pairs_replaced"
    """A newer pair replaced others while the network was busy: computed, offered."""
    PAIRS_UNREGISTERED = "pairs_unregistered"
    """Pairs dropped because a calibration has not come: count, offered."""
    ONE_CAMERA = "one_camera"
    """Outputs made from one camera alone: count."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: what.
        stream: "rgb" or "thermal"; None: both, or the node.
        level: how bad it is.
        values: numbers and words, by the names that the kind tells.
    """

    kind: FindingKind
    stream: str | None
    level: Level
    values: Mapping[str, float | str] = field(default_factory=dict)

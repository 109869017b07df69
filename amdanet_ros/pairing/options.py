"""How images are paired."""

from dataclasses import dataclass

from ..parameters import Options, parameter


@dataclass(frozen=True)
class SyncOptions(Options):
    """How RGB and thermal images are paired; times in seconds."""

    slop: float = parameter(
        0.05, "Largest distance of the stamps of a pair, in seconds", low=0.0, high=10.0, live=True
    )
    queue_size: int = parameter(
        10,
        "Messages of each camera that may wait for a partner: more than the difference of the "
        "cameras' delays times their rate",
        low=1,
        high=1000,
    )
    thermal_offset: float = parameter(
        0.0,
        "Seconds added to thermal stamps: corrects a trigger or driver delay",
        low=-1e10,
        high=1e10,
        live=True,
    )
    reuse_thermal: bool = parameter(
        False,
        "For a thermal camera that is slower than the RGB camera: its last image is used again for "
        "each RGB image within the slop",
        live=True,
    )
    max_wait: float = parameter(
        0.1,
        "Longest time that a pair waits for a better partner, in seconds; also the silence of one "
        "camera after which the other goes on alone with single_modality: substitute",
        name="max_wait",
        low=0.0,
        high=60.0,
        live=True,
    )

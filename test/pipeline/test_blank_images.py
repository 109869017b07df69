"""Which images count as without content, of all types that cameras give."""

import numpy as np
import pytest

from amdanet_ros.cli.blank_images import BlankImages
from amdanet_ros.pipeline.health import HealthMonitor, ModalityHealth

NOISE = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (np.zeros((24, 32), np.uint8), "black"),
        (np.full((24, 32), 255, np.uint8), "white"),
        (np.full((24, 32), 7, np.uint8), "of one value"),
        (np.zeros((24, 32), np.uint16), "black"),
        (np.full((24, 32), 16383, np.uint16), "white"),
        (np.full((24, 32), 7000, np.uint16), "of one value"),
        (np.full((24, 32), 300.0, np.float32), "of one value"),
        (NOISE.integers(0, 2, (24, 32)).astype(np.uint8), "black"),  # as a codec leaves it
        (NOISE.integers(50, 200, (24, 32)).astype(np.uint8), ""),
        (np.tile(np.arange(7000, 7032, dtype=np.uint16), (24, 1)), ""),
    ],
)
def test_a_thermal_image_is_blank_where_it_shows_nothing(image, kind):
    assert HealthMonitor().check_thermal(image).blank == kind


@pytest.mark.parametrize(("value", "kind"), [(0, "black"), (255, "white"), (99, "of one value")])
def test_an_rgb_image_is_blank_where_it_shows_nothing(value, kind):
    assert HealthMonitor().check_rgb(np.full((24, 32, 3), value, np.uint8)).blank == kind
    assert not HealthMonitor().check_rgb(NOISE.integers(0, 255, (24, 32, 3), np.uint8)).blank


def test_pairs_are_counted_by_stream_and_kind_and_cameras_that_are_off_are_not():
    counted = BlankImages({"rgb": "/rgb", "thermal": "/thermal/image_raw"})
    monitor = HealthMonitor()
    for value in (0, 0, 200):
        counted.add(
            {
                "rgb": ModalityHealth.lost("no RGB image came"),
                "thermal": monitor.check_thermal(np.full((24, 32), value, np.uint8)),
            }
        )
    counted.add({"rgb": ModalityHealth(), "thermal": ModalityHealth()})
    (sentence,) = counted.sentences()
    assert sentence.startswith("/thermal/image_raw: 3 of 4 pairs have an image without content (2 ")
    assert "2 black, 1 of one value" in sentence

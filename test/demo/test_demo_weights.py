"""What the demo's weights must do on scenes that no training has seen."""

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import DEMO
from amdanet_ros.evaluation.confusion_matrix import ConfusionMatrix
from amdanet_ros.inference import Predictor
from amdanet_ros.synthetic import CONDITIONS, RgbCamera, StreetScene, ThermalCamera, sample

_UNSEEN = 900_000
_SIZE = (240, 320)
_INVISIBLE_RGB = 10.0  # grey levels
_INVISIBLE_THERMAL = 0.04  # of the displayed range
_PLAIN = 20.0  # grey levels: plainly visible


@pytest.fixture(scope="module")
def predictor():
    return Predictor.from_checkpoint("demo", device="cpu", precision="fp32")


def _contrast(picture, mask):
    """Mean of a region against its surroundings, of a grey picture."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((11, 11), np.uint8)).astype(bool)
    core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return float(picture[core].mean() - picture[near & ~mask].mean())


def _grey(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _objects(kind, condition, smallest, scenes):
    """(RGB, thermal, mask) of unseen objects that are large enough and not cut by others."""
    for seed in range(_UNSEEN, _UNSEEN + scenes):
        frame = StreetScene(seed, condition, _SIZE).render(1.0)
        rgb = RgbCamera(seed).capture(frame.radiance)
        thermal = ThermalCamera(seed).capture(frame.temperature)
        for one in frame.objects:
            mask = frame.instances == one.instance
            if one.kind == kind and mask.sum() >= smallest:
                yield rgb, thermal, mask


def test_unseen_scenes_are_segmented_with_a_miou_of_at_least_70_percent(predictor):
    matrix = ConfusionMatrix(len(DEMO))
    for index in range(16):
        one = sample(_UNSEEN + index, _SIZE, CONDITIONS[index % 4])
        predictor.reset()
        matrix.add(one.labels, predictor(one.rgb, one.thermal, {"labels"}).labels)
    assert matrix.scores().mean_iou() >= 0.70


def test_a_person_that_rgb_does_not_show_at_night_stands_out_in_the_fused_picture(predictor):
    found = []
    for rgb, thermal, mask in _objects("person", "night", 150, 30):
        hidden = abs(_contrast(_grey(rgb), mask))
        if hidden > _INVISIBLE_RGB:
            continue
        predictor.reset()
        fused = predictor(rgb, thermal, {"fused"}).fused
        found.append((hidden, abs(_contrast(_grey(fused), mask))))
        if len(found) == 4:
            break
    assert len(found) >= 2
    assert np.median([shown for _, shown in found]) >= _PLAIN
    assert np.median([shown / max(hidden, 1) for hidden, shown in found]) >= 3


def test_a_sign_that_thermal_does_not_show_is_readable_in_the_fused_picture(predictor):
    shown = []
    for rgb, thermal, mask in _objects("sign", "day", 200, 20):
        predictor.reset()
        warmth = predictor.thermal(thermal)
        predictor.reset()
        core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        if abs(_contrast(warmth, mask)) > _INVISIBLE_THERMAL or warmth[core].std() > 0.05:
            continue
        fused = _grey(predictor(rgb, thermal, {"fused"}).fused)
        in_rgb = _grey(rgb)[core]
        # Readable: the print on the plate shows as it does in RGB.
        if in_rgb.std() > _PLAIN:
            likeness = np.corrcoef(in_rgb, fused[core])[0, 1]
            shown.append((fused[core].std(), likeness))
        if len(shown) == 4:
            break
    assert len(shown) >= 2
    assert np.median([spread for spread, _ in shown]) >= 0.5 * _PLAIN
    assert np.median([likeness for _, likeness in shown]) >= 0.7

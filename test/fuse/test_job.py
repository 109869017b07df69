"""The steps of a job: what is kept of each pair until the output is written."""

from types import SimpleNamespace

import numpy as np

from amdanet_ros.classes import MFNET
from amdanet_ros.fuse.job import compute
from amdanet_ros.fuse.source import SourcePair
from amdanet_ros.pipeline import Fusion, FusionOptions
from amdanet_ros.pipeline.pair_geometry import PairGeometry


class Journal(dict):
    """Keeps fusions whole."""

    put = dict.__setitem__


def test_neither_images_nor_depth_are_kept_of_a_pair_that_the_journal_has():
    depth = PairGeometry(pixel_map=object(), projector=object())
    mask = np.zeros((4, 4), np.uint8)
    fusion = Fusion(0, "rgb", 0, MFNET, FusionOptions(), {}, geometry=depth, mask=mask)
    pipeline = SimpleNamespace(process=lambda images: fusion)
    journal = Journal()
    (step,) = compute([SourcePair("first", 0, {}, lambda: None)], pipeline, journal)
    assert journal["first"] is fusion
    assert step.fusion.mask is None
    assert step.fusion.geometry.pixel_map is None
    assert step.fusion.geometry.projector is None

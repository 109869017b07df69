"""What is a remark to most is a warning where somebody subscribes whom it harms."""

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.findings import Finding, FindingKind, Level
from amdanet_ros.ros.camera_pair import weighed

PART = Finding(FindingKind.MASK_IS_PART, None, Level.OK, {"size": "2 x 2", "whole": "3 x 3"})
OTHER = Finding(FindingKind.RGB_SLOWER, None, Level.OK, {"thermal_rate": 30.0, "rgb_rate": 9.0})


@pytest.mark.parametrize("is_read", [False, True])
def test_a_part_is_a_warning_to_who_reads_the_class_table(is_read):
    """As Nav2's segmentation layer does, which drops masks smaller than its cloud."""
    part, other = weighed((PART, OTHER), is_read)
    assert part.level == (Level.WARN if is_read else Level.OK)
    assert (part.kind, part.values) == (PART.kind, PART.values)
    assert other is OTHER

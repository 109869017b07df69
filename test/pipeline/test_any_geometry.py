"""Whatever numbers a registration or a calibration holds, it is used or refused by name."""

import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from amdanet_ros.findings import FindingKind
from amdanet_ros.inference.input_images import prepare_thermal
from amdanet_ros.inference.thermal_normalization import NormalizedThermal
from amdanet_ros.parameters import OptionError
from amdanet_ros.pipeline import RegistrationError
from amdanet_ros.pipeline.geometry import GeometryCache

sys.path.insert(0, str(Path(__file__).parent))
from geometry_inputs import NONE, RAW, RECTIFIED, RGB, THERMAL, info, options, region

NUMBER = st.sampled_from([0.0, 1.0, -1.0, 1e-13, 0.002, 640.0, -5e3, 1e9, 1e300, -1e-300])
SIDE = st.sampled_from([1, 2, 4, 32, 33, 240, 640, 4000])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    matrix=st.tuples(*[NUMBER] * 9),
    rgb_size=st.tuples(SIDE, SIDE),
    thermal_size=st.tuples(SIDE, SIDE),
    sizes=st.sampled_from([None, (*RGB, *THERMAL), (1, 4000, 4000, 1)]),
    crop=st.booleans(),
)
def test_any_homography_is_used_or_refused(matrix, rgb_size, thermal_size, sizes, crop):
    try:
        wanted = options(crop, registration=matrix, registration_sizes=sizes)
    except OptionError as error:
        assert error.name == "registration"
        return
    try:
        geometry = GeometryCache().of(wanted, rgb_size, thermal_size, NONE)
    except RegistrationError as error:
        assert error.finding.kind in (FindingKind.BAD_REGISTRATION, FindingKind.NO_COMMON_VIEW)
        return
    if geometry.homography is not None:
        assert np.isfinite(geometry.homography).all()
        heat = NormalizedThermal(np.full(thermal_size, 0.5, np.float32), None)
        warped = prepare_thermal(heat, geometry.size(rgb_size), (32, 40), geometry.homography)
        assert np.isfinite(warped).all()
    if geometry.window is not None:
        top, left, height, width = geometry.window
        assert 0 <= top < top + height <= rgb_size[0]
        assert 0 <= left < left + width <= rgb_size[1]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    values=st.lists(st.floats(width=64) | NUMBER, min_size=21, max_size=21),
    d=st.lists(st.floats(), max_size=5),
    counts=st.lists(st.sampled_from([0, 1, 2, 240, 320, 2**32 - 1]), min_size=8, max_size=8),
    source=st.sampled_from([RAW, RECTIFIED]),
    stream=st.sampled_from(["rgb", "thermal"]),
)
def test_any_camera_info_is_used_or_refused(values, d, counts, source, stream):
    infos = {"rgb": info(500.0, RGB), "thermal": info(300.0, THERMAL)}
    names = ("height", "width", "binning_x", "binning_y")
    places = dict(zip(("x_offset", "y_offset", "height", "width"), counts[4:], strict=True))
    fields = dict(zip(names, counts, strict=False), roi=region(**places), d=d, r=values[12:])
    k = info(500.0, RGB).k
    infos[stream] = info(500.0, RGB, **fields, k=k, p=[*values[:5], 400.0, *values[6:12]])
    try:
        geometry = GeometryCache().of(options(registration_from=source), RGB, THERMAL, infos)
    except RegistrationError as error:
        assert error.finding.values["cause"]
        return
    if geometry.pixel_map is None:
        assert np.isfinite(geometry.homography).all()
    else:
        assert np.isfinite(geometry.pixel_map.at((24, 32))).all()

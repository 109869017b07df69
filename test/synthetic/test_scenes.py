"""Scenes: reproducible, exact labels, plausible motion."""

import numpy as np
import pytest

from amdanet_ros.classes import DEMO
from amdanet_ros.synthetic import CONDITIONS, StreetScene, sample

SIZE = (240, 320)
THINGS = ("sign", "car", "person", "animal")
CLASS = {name: index for index, name in enumerate(DEMO.names)}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_same_seed_gives_the_same_frame_to_the_bit(condition):
    first, second = (StreetScene(5, condition, (120, 160)).render(1.7) for _ in range(2))
    for name in ("radiance", "temperature", "labels", "instances"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.objects == second.objects


def test_the_order_of_rendering_changes_nothing():
    scene = StreetScene(6, "smoke", (120, 160))
    scene.render(4.0)
    late = scene.render(0.5)
    assert np.array_equal(late.radiance, StreetScene(6, "smoke", (120, 160)).render(0.5).radiance)


def test_other_seeds_give_other_scenes():
    labels = [StreetScene(seed, "day", (120, 160)).render(0).labels for seed in range(4)]
    for i in range(4):
        for other in labels[:i]:
            assert np.mean(labels[i] != other) > 0.05


@pytest.mark.parametrize("size", [(120, 160), (240, 320), (256, 512), (480, 640)])
def test_a_frame_has_the_size_and_types_it_promises(size):
    frame = StreetScene(1, "night", size).render(0.3)
    assert frame.radiance.shape == (*size, 3) and frame.radiance.dtype == np.float32
    assert frame.temperature.shape == size and frame.temperature.dtype == np.float32
    assert frame.labels.shape == size and frame.labels.dtype == np.uint8
    assert frame.instances.shape == size and frame.instances.dtype == np.uint16
    assert np.isfinite(frame.radiance).all() and frame.radiance.min() >= 0
    assert frame.temperature.min() > 220 and frame.temperature.max() < 360
    assert frame.labels.max() < len(DEMO)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_labels_and_instances_tell_the_same_story(condition):
    for seed in range(4):
        frame = StreetScene(seed, condition, SIZE).render(1.0)
        kinds = {item.instance: item.kind for item in frame.objects}
        assert len(kinds) == len(frame.objects), "instance numbers are unique"
        present = set(np.unique(frame.instances).tolist()) - {0}
        assert present <= set(kinds)
        for instance in present:
            labels = frame.labels[frame.instances == instance]
            assert (labels == CLASS[kinds[instance]]).all()
        things = np.isin(frame.labels, [CLASS[kind] for kind in THINGS])
        assert np.array_equal(things, frame.instances > 0)


def test_an_object_is_labelled_where_the_camera_projects_it():
    checked = 0
    for seed in range(6):
        scene = StreetScene(seed, "day", SIZE)
        frame, camera = scene.render(2.0), scene.camera(2.0)
        for item in frame.objects:
            if item.kind != "person":
                continue
            rows, columns = np.nonzero(frame.instances == item.instance)
            if not len(rows):
                continue  # hidden
            foot, head = camera.project(np.array([(item.x, 0.0, item.z), (item.x, 2.0, item.z)]))
            reach = 0.45 * camera.focal_length / item.distance + 2
            assert rows.max() <= foot[1] + 2 and rows.min() >= head[1] - 2
            assert abs(columns - foot[0]).max() <= reach
            checked += 1
    assert checked > 10


def test_ground_and_sky_keep_to_their_side_of_the_horizon():
    for condition in CONDITIONS:
        scene = StreetScene(3, condition, SIZE)
        labels, horizon = scene.render(0).labels, scene.camera(0).horizon
        ground = np.isin(labels, [CLASS["road"], CLASS["road_mark"], CLASS["sidewalk"]])
        assert np.nonzero(ground)[0].min() >= horizon - 1
        assert np.nonzero(labels == CLASS["sky"])[0].max() <= horizon + 2


@pytest.mark.parametrize("condition", ["day", "night"])
def test_a_larger_image_shows_the_same_view(condition):
    for seed in range(3):
        small = StreetScene(seed, condition, SIZE).render(0).labels
        large = StreetScene(seed, condition, (480, 640)).render(0).labels[::2, ::2]
        assert np.mean(small == large) > 0.97


def test_who_crosses_the_street_moves_by_its_own_speed():
    moved = 0
    for seed in range(4):
        scene = StreetScene(seed, "day", SIZE)
        before, after = ({o.instance: o for o in scene.render(t).objects} for t in (1.0, 1.5))
        for instance in before.keys() & after.keys():
            one, other = before[instance], after[instance]
            if one.kind in ("person", "animal"):
                assert abs(other.x - one.x) <= 0.5 * 1.6 + 1e-6
                moved += abs(other.x - one.x) > 0.2
            elif one.kind == "sign":
                assert (other.x, other.z) == (one.x, one.z)
            assert other.distance < one.distance + 0.5 * 4.5
    assert moved >= 4


def height_and_width(frame, instance):
    """Extent in pixels, or None of what is hidden or cut by the image's edge."""
    rows, columns = np.nonzero(frame.instances == instance)
    if len(rows) < 30 or rows.min() == 0 or rows.max() == SIZE[0] - 1:
        return None
    if columns.min() == 0 or columns.max() == SIZE[1] - 1:
        return None
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def test_a_sign_grows_as_the_robot_comes_nearer():
    growths = []
    for seed in range(8):
        scene = StreetScene(seed, "day", SIZE)
        frames = [scene.render(time) for time in (0.0, 1.0)]
        for item in frames[0].objects:
            extents = [height_and_width(frame, item.instance) for frame in frames]
            if item.kind == "sign" and None not in extents:
                growths.append(extents[1][1] - extents[0][1])
    assert len(growths) >= 4
    assert min(growths) >= -1 and np.mean(growths) > 1


def test_walkers_swing_their_legs():
    changes = []
    for seed in range(3):
        scene = StreetScene(seed, "day", SIZE)
        frames = [scene.render(time) for time in (0.0, 0.2, 0.4, 0.6)]
        for item in frames[0].objects:
            extents = [height_and_width(frame, item.instance) for frame in frames]
            if item.kind == "person" and None not in extents:
                slimness = [width / height for height, width in extents]
                changes.append(max(slimness) / min(slimness))
    assert len(changes) >= 3
    assert np.median(changes) > 1.15


def test_what_would_be_too_small_to_tell_is_in_neither_image_nor_labels():
    for seed in range(8):
        frame = StreetScene(seed, "night", SIZE).render(0.5)
        for item in frame.objects:
            assert item.distance < {"person": 19, "animal": 13, "sign": 17, "car": 30}[item.kind]


@pytest.mark.parametrize(
    "arguments, word",
    [((0, "fog"), "condition"), ((0, "day", (16, 320)), "32 x 32"), ((-1, "day"), "seed")],
)
def test_bad_arguments_are_named(arguments, word):
    with pytest.raises(ValueError, match=word):
        StreetScene(*arguments)


def test_a_sample_is_reproducible_and_complete():
    one, two, other = sample(11), sample(11), sample(12)
    assert one.rgb.shape == (*SIZE, 3) and one.rgb.dtype == np.uint8
    assert one.thermal.shape == SIZE and one.thermal.dtype == np.uint16
    assert one.labels.shape == SIZE and one.labels.dtype == np.uint8
    for a, b in zip(one[:3], two[:3], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one.rgb, other.rgb)
    assert sample(11, (120, 160)).rgb.shape == (120, 160, 3)


def test_samples_show_every_class_and_every_condition():
    samples = [sample(seed, (120, 160)) for seed in range(30)]
    assert {item.condition for item in samples} == set(CONDITIONS)
    share = np.mean(
        [np.bincount(item.labels.ravel(), minlength=10)[:10] > 20 for item in samples], axis=0
    )
    assert (share > 0.7).all(), dict(zip(DEMO.names, share, strict=True))
    assert sample(3, (120, 160), "glare").condition == "glare"

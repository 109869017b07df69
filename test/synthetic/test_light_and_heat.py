"""What each camera shows and does not show: the reason for fusing them."""

from functools import lru_cache

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import DEMO
from amdanet_ros.synthetic import CONDITIONS, RgbCamera, StreetScene, ThermalCamera

SIZE = (240, 320)
CLASS = {name: index for index, name in enumerate(DEMO.names)}


@lru_cache(maxsize=64)
def frame_of(seed, condition):
    return StreetScene(seed, condition, SIZE).render(1.0)


def surroundings(frame, instance, width=4):
    """(inside, ring around it): boolean masks; the ring leaves out all other objects."""
    inside = frame.instances == instance
    grown = cv2.dilate(inside.astype(np.uint8), np.ones((2 * width + 1, 2 * width + 1), np.uint8))
    return inside, (grown > 0) & (frame.instances == 0)


def objects(condition, kind, seeds, smallest=120):
    """(frame, object, inside, ring) of those that are seen well enough to measure."""
    for seed in seeds:
        frame = frame_of(seed, condition)
        for item in frame.objects:
            if item.kind == kind:
                inside, ring = surroundings(frame, item.instance)
                if inside.sum() >= smallest and ring.sum() >= 40:
                    yield seed, frame, item, inside, ring


def test_some_people_at_night_are_lost_in_rgb_and_plain_in_heat():
    hidden = 0
    for seed, frame, _, inside, ring in objects("night", "person", range(10)):
        rgb = RgbCamera(seed).capture(frame.radiance).astype(float).mean(axis=2)
        kelvin = ThermalCamera(seed).capture(frame.temperature) / 100
        heat = kelvin[inside].mean() - kelvin[ring].mean()
        assert heat > 3
        hidden += abs(rgb[inside].mean() - rgb[ring].mean()) < 8
    assert hidden >= 2


def test_people_and_animals_are_warmer_than_ground_and_walls_in_every_condition():
    for condition in CONDITIONS:
        for kind in ("person", "animal"):
            contrasts = [
                frame.temperature[inside].mean() - frame.temperature[ring].mean()
                for _, frame, _, inside, ring in objects(condition, kind, range(4))
            ]
            assert contrasts and min(contrasts) > 2


def across_edges(image, instances, instance):
    """Steps of an image from a pixel of the instance to its right neighbour outside, and back."""
    inside = instances == instance
    edge = inside[:, :-1] != inside[:, 1:]
    return np.abs(image[:, 1:].astype(float) - image[:, :-1])[edge]


def test_signs_show_in_rgb_by_day_and_not_in_heat():
    seen = 0
    for seed, frame, item, _, _ in objects("day", "sign", range(8)):
        rgb = RgbCamera(seed, blur=0).capture(frame.radiance).max(axis=2)
        light = np.median(across_edges(rgb, frame.instances, item.instance))
        heat = np.median(across_edges(frame.temperature, frame.instances, item.instance))
        assert heat < 0.6
        seen += light > 15
    assert seen >= 5


def test_road_marks_have_the_temperature_of_the_road():
    for seed in range(4):
        frame = frame_of(seed, "day")
        mark, road = (frame.labels == CLASS[name] for name in ("road_mark", "road"))
        assert abs(frame.temperature[mark].mean() - frame.temperature[road].mean()) < 0.2
        assert frame.radiance[mark].mean() > 3 * frame.radiance[road].mean()


def mark_contrast(frame, near, far):
    labels, radiance = frame.labels[near:far], frame.radiance[near:far].mean(axis=2)
    marks, road = (radiance[labels == CLASS[name]] for name in ("road_mark", "road"))
    return marks.mean() - road.mean() if len(marks) > 20 and len(road) > 20 else np.nan


def test_smoke_takes_contrast_with_distance_from_rgb_only():
    ratios = {}
    for condition in ("day", "smoke"):
        frames = [frame_of(seed, condition) for seed in range(8)]
        contrasts = [(mark_contrast(f, 126, 138), mark_contrast(f, 190, 235)) for f in frames]
        ratios[condition] = np.nanmedian([far / near for far, near in contrasts])
    assert ratios["day"] > 0.8
    assert ratios["smoke"] < 0.75 * ratios["day"]
    far = [
        (
            frame.temperature[inside].mean() - frame.temperature[ring].mean(),
            np.abs(frame.radiance[inside].mean() - frame.radiance[ring].mean()),
        )
        for _, frame, item, inside, ring in objects("smoke", "person", range(12), 60)
        if item.distance > 10
    ]
    assert len(far) >= 3
    assert all(heat > 2 for heat, _ in far)
    assert np.median([light for _, light in far]) < 0.08


def test_glare_blinds_a_part_of_the_rgb_image_only():
    for seed in range(4):
        frame = frame_of(seed, "glare")
        rgb = RgbCamera(seed).capture(frame.radiance)
        blind = (rgb == 255).all(axis=2)
        assert 0.002 < blind.mean() < 0.5
        assert frame.temperature.max() < 345


def test_night_is_darker_than_day():
    day, night = (
        np.mean([frame_of(seed, name).radiance.mean() for seed in range(5)])
        for name in ("day", "night")
    )
    assert night < 0.25 * day


@pytest.mark.parametrize("condition", ["day", "night"])
def test_running_cars_are_hot_at_the_engine_and_cool_at_the_glass(condition):
    spread = [
        np.ptp(np.percentile(frame.temperature[inside], (1, 99)))
        for _, frame, _, inside, _ in objects(condition, "car", range(5), 600)
    ]
    assert len(spread) >= 5
    assert np.median(spread) > 12


def test_the_sky_is_the_coldest_thing():
    for condition in CONDITIONS:
        frame = frame_of(9, condition)
        sky = frame.labels == CLASS["sky"]
        others = np.percentile(frame.temperature[~sky], 2)
        assert np.percentile(frame.temperature[sky], 98) < others

"""Radiance, temperature, label and instance of every pixel of a canvas."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .illumination import Illumination, bloom
from .pattern import TILE, drift_over, grain
from .pinhole import Pinhole
from .surfaces import LABELS

_DETAIL = 24.0  # pixels of the grain pattern in a metre
_SKY_WARMING = 22.0  # kelvin from top to bottom; there is more air in front of the horizon
_SMOKE_WIND = 12.0  # tile pixels a second
_SMOKE_COLOR = 0.55
_BLOOM = 0.5


def shade_canvas(
    canvas: Canvas, camera: Pinhole, illumination: Illumination, time: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute the values of every pixel of a canvas; the time, in seconds, moves the smoke.

    Returns:
        radiance H x W x 3 float32, temperature H x W float32 (kelvin), labels H x W uint8,
        instances H x W uint16.
    """
    polygons = canvas.polygons
    surfaces = [polygon.surface for polygon in polygons]
    color = np.array([s.color for s in surfaces], np.float32) * np.float32(illumination.tint)
    label = np.array([s.label for s in surfaces], np.uint8)
    numbers = np.array(
        [(s.temperature, s.texture, s.heat_texture, s.emission) for s in surfaces], np.float32
    )
    temperature_of, texture_of, heat_texture_of, emission_of = np.ascontiguousarray(numbers.T)
    depth_of = np.array([polygon.depth for polygon in polygons], np.float32)

    visible, heat = canvas.rasterize()
    first = camera.first_ground_row()
    on_ground = np.isnan(depth_of).take(visible[first:])
    x, distance = camera.ground()
    world_z = distance + np.float32(camera.position[2])
    grains = _grains(canvas, camera, visible, on_ground, x, world_z)

    # Radiance is colour times one factor: grain, and light where it differs between pixels.
    factor = texture_of.take(visible)
    factor *= grains
    factor += 1
    np.maximum(factor, 0.1, out=factor)
    depth = emission = None
    if illumination.condition in ("night", "smoke"):
        depth = np.where(np.isnan(depth_of), np.float32(np.inf), depth_of).take(visible)
        np.copyto(depth[first:], distance, where=on_ground)
    if illumination.condition == "night":
        emission = emission_of.take(visible)
        light = np.array([polygon.light for polygon in polygons], np.float32).take(visible)
        np.copyto(light[first:], illumination.lamp_light(x, world_z), where=on_ground)
        light += np.float32(illumination.ambient)
        light += emission
        if illumination.headlights:
            light += illumination.headlight(depth)
        factor *= light
    else:
        color *= (np.float32(illumination.ambient) + emission_of)[:, None]
    radiance = color.take(visible, axis=0)
    radiance *= factor[..., None]
    if illumination.condition == "night":
        radiance = bloom(radiance, emission, _BLOOM)
    elif illumination.condition == "glare":
        radiance += illumination.sun_veil(camera.size)[..., None]
    elif illumination.condition == "smoke":
        clear = illumination.smoke(depth, drift_over(camera.size, _SMOKE_WIND * time))
        radiance *= clear[..., None]
        radiance += (np.float32(_SMOKE_COLOR * illumination.ambient) * (1 - clear))[..., None]

    temperature = temperature_of.take(heat)
    grains *= heat_texture_of.take(heat)
    temperature += grains
    rows = np.arange(camera.size[0], dtype=np.float32)
    warming = rows * np.float32(_SKY_WARMING / camera.size[0])
    temperature += warming[:, None] * (label == LABELS["sky"]).take(heat)
    instance_of = np.array([polygon.instance for polygon in polygons], np.uint16)
    return radiance, temperature, label.take(visible), instance_of.take(visible)


def _grains(
    canvas: Canvas,
    camera: Pinhole,
    visible: np.ndarray,
    on_ground: np.ndarray,
    x: np.ndarray,
    world_z: np.ndarray,
) -> np.ndarray:
    """Return the grain pattern: in world coordinates on the ground, else from the anchor."""
    height, width = camera.size
    first = camera.first_ground_row()
    anchors = np.array([polygon.anchor for polygon in canvas.polygons], np.float32)
    per_pixel = np.float32(_DETAIL) / anchors[:, 2]
    v = per_pixel.take(visible)
    u = v * np.arange(width, dtype=np.float32)
    u -= (anchors[:, 0] * per_pixel).take(visible)
    v *= np.arange(height, dtype=np.float32)[:, None]
    v -= (anchors[:, 1] * per_pixel).take(visible)
    np.copyto(u[first:], x * np.float32(_DETAIL), where=on_ground)
    np.copyto(v[first:], world_z * np.float32(_DETAIL), where=on_ground)
    column = u.astype(np.int32)
    column &= TILE - 1
    row = v.astype(np.int32)
    row &= TILE - 1
    row *= TILE
    row += column
    return grain().ravel().take(row)

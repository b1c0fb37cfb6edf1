"""The sky over a city as images: rain as a radar sees it, cloud as a satellite does. Functions of (seed, instant)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from sources.simulator.noise import Floats, key, uniform

Bytes = NDArray[np.uint8]
Bounds = tuple[float, float, float, float]
DRIFT_DEG_H = (-0.18, 0.05)
"""Rain of the north-east monsoon drifts to the west: degrees of longitude and latitude an hour."""

RADAR_SCALE = 2.0
"""Radar values are rain in mm/h times this, at most 127 mm/h; 0 is dry."""

_CELLS = ((0.9, 1.0, 10_800.0), (0.35, 0.55, 7_200.0), (0.14, 0.3, 3_600.0))
"""Size in degrees, weight and age in seconds of the layers of noise."""


@dataclass(frozen=True, slots=True)
class Sky:
    """``bounds`` west, south, east, north in degrees."""

    seed: int
    bounds: Bounds

    def field(self, what: str, t: float, width: int, height: int) -> Floats:
        """Drifting noise in about [-1, 1], north up."""
        west, south, east, north = self.bounds
        lon = np.linspace(west, east, width) - DRIFT_DEG_H[0] * t / 3600
        lat = np.linspace(north, south, height) - DRIFT_DEG_H[1] * t / 3600
        total = np.zeros((height, width))
        for n, (size, weight, age_s) in enumerate(_CELLS):
            total += weight * self._noise(key(what, n), lon / size, lat / size, t / age_s)
        return np.asarray(total / sum(weight for _, weight, _ in _CELLS))

    def _noise(self, what: int, x: Floats, y: Floats, z: float) -> Floats:
        """One layer: numbers at the corners of cells, eased between, and slowly into those of the next age."""
        age = int(np.floor(z))
        blend = (1 - np.cos(np.pi * (z - age))) / 2
        columns, rows = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        first, top = int(columns.min()), int(rows.min())
        wide, high = int(columns.max()) - first + 2, int(rows.max()) - top + 2
        grid_x, grid_y = np.meshgrid(np.arange(first, first + wide), np.arange(top, top + high))
        now, later = (2 * uniform(self.seed, what, grid_x, grid_y, age + n) - 1 for n in (0, 1))
        grid = now * (1 - blend) + later * blend
        ease_x, ease_y = ((1 - np.cos(np.pi * (v - np.floor(v)))) / 2 for v in (x, y))
        i, j = columns - first, rows - top
        upper = grid[j][:, i] * (1 - ease_x) + grid[j][:, i + 1] * ease_x
        lower = grid[j + 1][:, i] * (1 - ease_x) + grid[j + 1][:, i + 1] * ease_x
        return np.asarray(upper * (1 - ease_y)[:, None] + lower * ease_y[:, None])

    def rain(self, t: float, severity: float, width: int, height: int) -> Bytes:
        """Rain as the radar writes it: some showers on a calm day, most of the province in a storm."""
        cells = self.field("rain", t, width, height)
        dry = 0.28 - 0.55 * severity
        mm_h = np.maximum(0, cells - dry) * (22 + 70 * severity)
        return np.asarray(np.clip(mm_h * RADAR_SCALE, 0, 255), dtype=np.uint8)

    def cloud(self, t: float, severity: float, width: int, height: int) -> Bytes:
        """Red, green, blue and alpha: white where there is cloud."""
        cells = self.field("rain", t, width, height) + 0.4 * self.field("cloud", t, width, height)
        cover = np.clip((cells + 0.15 + 0.9 * severity) * 1.1, 0, 1)
        shade = np.asarray(255 - 55 * np.clip(cells, 0, 1), dtype=np.uint8)
        return np.stack([shade, shade, shade, np.asarray(cover * 235, dtype=np.uint8)])


def geotiff(pixels: Bytes, bounds: Bounds, tags: dict[str, str]) -> bytes:
    """One band in EPSG:4326, 0 is no data."""
    west, south, east, north = bounds
    height, width = pixels.shape
    grid = rasterio.Affine((east - west) / width, 0, west, 0, (south - north) / height, north)
    shape = {"width": width, "height": height, "count": 1, "dtype": "uint8", "nodata": 0}
    with MemoryFile() as file:
        with file.open(driver="GTiff", crs="EPSG:4326", transform=grid, compress="deflate", **shape) as image:
            image.write(pixels, 1)
            image.update_tags(**tags)
        return bytes(file.read())


def png(pixels: Bytes) -> bytes:
    """Of bands, height, width."""
    bands, height, width = pixels.shape
    shape = {"width": width, "height": height, "count": bands, "dtype": "uint8"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a PNG has no place
        with MemoryFile() as file:
            with file.open(driver="PNG", **shape) as image:
                image.write(pixels)
            return bytes(file.read())

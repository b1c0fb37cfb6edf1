"""What the numbers of an image are in colour: rain by the five steps of the look, masks as water, the rest as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from layers import palette

RAIN = frozenset({"radar_rain", "radar_3d"})
RAIN_ALPHA = 0.5
WATER_ALPHA = 0.55
CLOUD_ALPHA = 0.8
MARSHALL_PALMER = (200.0, 1.6)
"""Z = 200 R^1.6 (Marshall, Palmer 1948): rain in mm/h from dBZ, the usual relation of stratiform rain."""

_TIMES = re.compile(r"^mm/(?:h|giờ|gio)(?:\s*[x×*]\s*([0-9.]+))?$")
Scale = tuple[str, str]
"""What the colours mean, Vietnamese and English."""

AS_IT_IS: Scale = ("màu của ảnh", "colours of the picture")
GREY: Scale = ("độ sáng, ảnh không nêu đơn vị", "brightness, the picture names no unit")
RAIN_SCALE: Scale = (
    "mưa " + ", ".join(str(step) for step in palette.RAIN_STEPS_MM_H) + " mm/giờ trở lên",
    "rain from " + ", ".join(str(step) for step in palette.RAIN_STEPS_MM_H) + " mm/h",
)
WATER: Scale = ("vùng có nước", "water")


def painted(
    bands: NDArray[np.generic],
    mask: NDArray[np.generic],
    category: str,
    *,
    unit: str,
    table: Mapping[int, Sequence[int]] | None,
) -> tuple[NDArray[np.uint8], Scale]:
    """RGBA from (bands, height, width) and a mask that is 0 where the image has nothing; and what the colours mean."""
    seen = np.asarray(mask, float) > 0
    if table is not None:
        return _with(np.asarray(_table(table)[np.asarray(bands[0], np.uint8)]), seen), AS_IT_IS
    if len(bands) >= 3:
        return _with(np.dstack([_bytes(band, seen) for band in bands[:3]]), seen, mask), AS_IT_IS
    if category == "flood_extent":
        return _water(bands[0], seen), WATER
    rate = rain_rate(np.asarray(bands[0], float), unit) if category in RAIN else None
    if rate is not None:
        return _rain(np.where(seen, rate, 0.0)), RAIN_SCALE
    grey = _bytes(bands[0], seen)
    return _with(np.dstack([grey] * 3), seen, CLOUD_ALPHA * grey), GREY


def rain_rate(values: NDArray[np.float64], unit: str) -> NDArray[np.float64] | None:
    """mm/h of what an image holds: ``mm/h``, ``mm/h x 2`` (twice the rate, so that bytes hold halves) or ``dBZ``.

    None for another unit or none: nobody guesses rain.
    """
    plain = " ".join(unit.casefold().split())
    if plain == "dbz":
        a, b = MARSHALL_PALMER
        rate: NDArray[np.float64] = (10 ** (values / 10) / a) ** (1 / b)
        return np.where(values > 0, rate, 0.0)
    match = _TIMES.match(plain)
    if match is None:
        return None
    times = float(match[1] or 1)
    return values / times if times > 0 else None


def _rain(rate: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Five steps of the ramp ``mua``; under the first one clear."""
    step = np.digitize(np.nan_to_num(rate), palette.RAIN_STEPS_MM_H)
    stops = [palette.rgb(color) for color in palette.RAMPS["mua"]]
    table = np.zeros((len(stops) + 1, 4))
    table[1:, :3], table[1:, 3] = stops, RAIN_ALPHA
    found: NDArray[np.uint8] = np.rint(table * 255).astype(np.uint8)[step]
    return found


def _water(values: NDArray[np.generic], seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    wet = seen & (np.nan_to_num(np.asarray(values, float)) > 0)
    out = np.zeros((*wet.shape, 4), np.uint8)
    out[wet] = np.rint([255 * part for part in (*palette.rgb(palette.RAMPS["bien"][2]), WATER_ALPHA)])
    return out


def _table(colors: Mapping[int, Sequence[int]]) -> NDArray[np.uint8]:
    table = np.zeros((256, 3), np.uint8)
    for index, color in colors.items():
        if 0 <= index < 256:
            table[index] = color[:3]
    return table


def _bytes(values: NDArray[np.generic], seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A band as bytes: bytes stay, anything else is stretched from its 2nd to its 98th percentile."""
    if values.dtype == np.uint8:
        return np.asarray(values, np.uint8)
    plain = np.asarray(values, float)
    good = plain[seen & np.isfinite(plain)]
    if not good.size:
        return np.zeros(plain.shape, np.uint8)
    low, high = np.percentile(good, (2, 98))
    share = np.clip((np.nan_to_num(plain, nan=low) - low) / max(high - low, 1e-9), 0, 1)
    return np.asarray(np.rint(share * 255), np.uint8)


def _with(
    rgb: NDArray[np.uint8], seen: NDArray[np.bool_], alpha: NDArray[np.generic] | None = None
) -> NDArray[np.uint8]:
    """The colours with an opacity, clear where nothing was seen."""
    opacity = np.full(seen.shape, 255.0) if alpha is None else np.clip(np.asarray(alpha, float), 0, 255)
    return np.dstack([rgb, np.rint(np.where(seen, opacity, 0)).astype(np.uint8)])

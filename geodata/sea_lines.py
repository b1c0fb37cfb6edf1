"""Lines at sea from ``geodata/data/sea_lines.toml``: agreed boundaries and, marked so, the fishing-zone lines.

Coordinates are EPSG:4326, longitude before latitude. The corners are the published ones; the segments between them
are geodesics, which leave the straight segment of a Web Mercator map by at most 0.6 km (measured; on the longest,
336 km).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from shapely.geometry import LineString, Polygon

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid


class SeaLine(BaseModel):
    """One line. ``reference`` lines have no legal force and say "tham khảo" wherever they are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title_vi: str
    title_en: str
    kind: Literal["delimitation", "fishing_zone"]
    status: Literal["agreed", "reference"]
    source_vi: str
    signed: date | None = None
    in_force: date | None = None
    replaced: str | None = None  # the act that replaced the one the line comes from
    points: tuple[tuple[float, float], ...] = Field(min_length=2)

    @property
    def geometry(self) -> LineString:
        return LineString(self.points)

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: tuple[SeaLine, ...] = Field(alias="line")


@cache
def sea_lines() -> Mapping[str, SeaLine]:
    """Every line by id. Raises ConfigInvalid with file and field."""
    path = files("geodata").joinpath("data/sea_lines.toml")
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).lines
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error
    return {line.id: line for line in found}


def inshore_zone() -> Polygon:
    """Vùng lộng: the ring of tuyến bờ out and tuyến lộng back, for reference like its two lines. Islands have their own
    coastal zone of 6 nautical miles, which is not in it.
    """
    known = sea_lines()
    return Polygon([*known["tuyen_bo"].points, *reversed(known["tuyen_long"].points)])

"""The simulated met office of a city: whom it warns of what, and where that is on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import shapely
from pydantic import BaseModel, ConfigDict
from shapely.geometry.base import BaseGeometry

from geodata.geography import collection
from sources.simulator.profile import WaterStation
from sources.simulator.town import Town
from sources.simulator.water import LonLat

SERVICE = "warnings"
NEAR_RIVER = 0.025
"""Degrees on both sides of a river that its warning covers."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class River(_Strict):
    """``gauge`` is a station of the city's profile with alarm levels; ``wards`` are names of today."""

    id: str
    name_vi: str
    name_en: str
    gauge: str
    wards: tuple[str, ...]


class Office(_Strict):
    """``profiles/warnings/CITY.toml``. ``sea`` is a ring of (lon, lat), ``slopes`` are names of today's wards."""

    code: str
    sender: str
    sender_vi: str
    sender_en: str
    place_vi: str
    place_en: str
    province: str
    index: Literal["atom", "rss"] = "atom"
    sea_vi: str
    sea_en: str
    sea: tuple[LonLat, ...]
    slopes: tuple[str, ...]
    slopes_vi: str
    slopes_en: str
    rivers: tuple[River, ...]


@dataclass
class MetCast:
    """The office in its town."""

    town: Town
    office: Office

    @cached_property
    def gauges(self) -> dict[str, WaterStation]:
        """Of the rivers, by river."""
        stations = {station.code: station for station in self.town.profile.water}
        return {river.id: stations[river.gauge] for river in self.office.rivers}

    def codes(self, names: Sequence[str]) -> list[str]:
        """Codes of today's wards of the office's province, in the order of ``names``."""
        wards = collection("wards")
        own = wards[wards["province_code"] == self.office.province]
        known = dict(zip(own["name"], own["id"], strict=True))
        return [str(known[name]) for name in names]

    @cached_property
    def banks(self) -> dict[str, tuple[LonLat, ...]]:
        """A ring around each river within the province, (lon, lat), by river; a river not on the map has none."""
        provinces, rivers = collection("provinces"), collection("rivers")
        own: BaseGeometry = provinces[provinces["id"] == self.office.province].geometry.iloc[0]
        found: dict[str, tuple[LonLat, ...]] = {}
        for river in self.office.rivers:
            lines = rivers[rivers["name_vi"].fillna("").str.casefold() == river.name_vi.casefold()].geometry
            near = shapely.union_all(lines.to_numpy()).intersection(own).buffer(NEAR_RIVER, quad_segs=2)
            parts = [part for part in getattr(near, "geoms", [near]) if not part.is_empty]
            if parts:
                ring = max(parts, key=lambda part: part.area).simplify(0.006).exterior.coords
                found[river.id] = tuple((round(x, 3), round(y, 3)) for x, y in ring[:-1])
        return found

    @cached_property
    def wards(self) -> tuple[tuple[str, LonLat], ...]:
        """Names and places of the province's wards."""
        wards = collection("wards")
        own = wards[wards["province_code"] == self.office.province].sort_values("id")
        return tuple((row.full_name, (float(row.lon), float(row.lat))) for row in own.itertuples(index=False))


def met_cast(town: Town) -> MetCast | None:
    """None where the city does not run the service or has no office."""
    office = town.data(SERVICE, Office) if town.runs(SERVICE) else None
    return None if office is None else MetCast(town, office)

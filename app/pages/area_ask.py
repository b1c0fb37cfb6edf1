"""What a link asks for beside the map: a report of an area, a file of layers, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from app.pages import filters
from app.pages.pictures import ids
from app.state import PageState, initial
from geodata import areas, crs
from geodata.areas import Area, Found
from geodata.city import City
from geodata.errors import UsageError
from geodata.view import Bounds, View
from layers.base import Layer, get, layers

if TYPE_CHECKING:
    from geodata.store.reader import Reader

REPORT_PX = (1600, 1000)
"""The picture of a report: as wide as a sheet of A4 at 216 dots an inch."""

LARGEST_PX = (3840, 2160)
AREA_BOUNDS = Bounds(-180, -85, 180, 85)


class NoArea(UsageError):
    """this link names no area; draw or choose one on the map"""


class BadQuestion(UsageError):
    """{field} of this link cannot be read: {reason}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """``state`` is the map's; ``now`` its clock when the link is live; ``given`` the link's other words."""

    city: City
    state: PageState
    now: datetime
    given: Mapping[str, str]

    @property
    def language(self) -> str:
        return "en" if self.given.get("lang") == "en" else "vi"

    @property
    def moment(self) -> datetime:
        """The clock, whole seconds: a link holds no finer one."""
        return self.state.end(self.now).replace(microsecond=0)

    def view(self, bounds: Bounds, size: tuple[int, int] = REPORT_PX) -> View:
        """These bounds at the clock of the link."""
        known = self.moment if self.state.as_known and not self.state.live else None
        return View(bounds, *size, self.moment - self.state.window, self.moment, known)

    def bounds(self) -> Bounds:
        """``box`` of the link, west,south,east,north. Raises BadQuestion."""
        try:
            west, south, east, north = (float(part) for part in self.given["box"].split(","))
            return Bounds(west, south, east, north)
        except (KeyError, ValueError):
            raise BadQuestion(field="box", reason="west,south,east,north in degrees are needed") from None

    def size(self) -> tuple[int, int]:
        """``size`` of the link, width x height in px. Raises BadQuestion."""
        try:
            width, height = (int(part) for part in self.given.get("size", "1920x1080").split("x"))
        except ValueError:
            raise BadQuestion(field="size", reason="1920x1080 and the like are taken") from None
        if not (200 <= width <= LARGEST_PX[0] and 200 <= height <= LARGEST_PX[1]):
            raise BadQuestion(field="size", reason=f"200 px to {LARGEST_PX[0]}x{LARGEST_PX[1]} are drawn")
        return width, height

    def srid(self) -> int:
        """``srid`` of the link. Raises BadQuestion for another than ``srids``."""
        text = self.given.get("srid", "4326")
        if text not in {str(code) for code in srids(self.city)}:
            known = ", ".join(map(str, srids(self.city)))
            raise BadQuestion(field="srid", reason=f"one of {known} is written")
        return int(text)

    def services(self) -> Sequence[str]:
        """``l`` of the link, services parted by commas; without it those switched on. Only what the city has."""
        asked = self.given["l"].split(",") if self.given.get("l") else sorted(self.state.shown)
        return [name for name in layers() if name in asked and name in self.city.services and name != "platform"]

    def load(self, reader: Reader, layer: Layer, view: View) -> gpd.GeoDataFrame:
        """The layer's rows as the map shows them: with the filters of the link."""
        frame = layer.load(reader, view)
        kept = self.state.filters.get(layer.service)
        return filters.keep(frame, kept) if kept else frame

    def area(self, reader: Reader) -> Area:
        """The area of the link at its clock. Raises NoArea, BadArea, AreaGone."""
        if not self.state.area:
            raise NoArea
        return areas.parse(self.state.area, finder(reader, self.view(AREA_BOUNDS)))


def srids(city: City) -> Sequence[int]:
    """Systems a file may be written in: WGS 84, Web Mercator, the VN-2000 planes of the city."""
    own = [city.srid, *(zone.srid for zone in city.zones)]
    return list(dict.fromkeys([4326, 3857, *(code for code in own if code in crs.ZONES)]))


def ask(city: City, query: Mapping[str, str], now: datetime | None = None) -> Ask:
    """The question of a link; what the map's part of it lacks is the city's own."""
    return Ask(city=city, state=initial(city, query), now=now or datetime.now(UTC), given=query)


def frozen(state: PageState, now: datetime) -> PageState:
    """The state with its clock stopped: what a report's link holds, so that it says the same tomorrow."""
    return replace(state, head=state.end(now).replace(microsecond=0))


def finder(reader: Reader, view: View) -> Any:
    """``find`` of ``areas.parse``: shape and name of an object on the map at the view's clock."""

    def find(service: str, key: str) -> Found | None:
        if service not in layers():
            return None
        frame = get(service).load(reader, view)
        hit = frame[ids(frame) == key] if len(frame) else frame
        if hit.empty or hit.geometry.iloc[0] is None:
            return None
        row = hit.iloc[0]
        return hit.geometry.iloc[0], name_of(row, key)

    return find


def name_of(row: Any, key: str) -> str:
    """Headline, title or name of a row, else its id."""
    for column in ("headline", "title", "name"):
        value = row.get(column)
        if isinstance(value, str) and value:
            return value
    return key

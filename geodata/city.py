"""A city: where it is, how it measures land, which services it runs and from which sources.

Read from ``geodata/cities/*.toml``, one file a city, found by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geodata.calendar import WorkCalendar, WorkingHours
from geodata.catalogue import Legal, Service, one_line, service, services, text_of
from geodata.errors import ConfigInvalid, UnknownName
from geodata.outlet import NAME, OutletBinding
from geodata.scenes import Wall
from geodata.view import Bounds

State = Literal["operating", "pilot", "ready"]
"""Of a service in a city: vận hành, thí điểm, sẵn sàng kết nối. A plan, not a measurement."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceBinding(_Strict):
    """One feed of one service: which protocol, where, whose. ``id`` is unique in the city.

    ``options`` are the protocol's own (its ``Options`` model checks them). No secret stands here: an option
    names the environment variable that holds it. ``simulated`` feeds are marked so wherever they are shown.
    """

    id: str
    protocol: str
    title_vi: str
    title_en: str
    service: str = ""  # filled from the table it stands in
    operator: str | None = None  # who runs the feed
    owner: str | None = None  # whose system it is
    project: str | None = None
    license: str | None = None
    attribution: str | None = None
    cadence_s: float | None = Field(default=None, gt=0)  # None: the service's
    simulated: bool = False
    options: Mapping[str, Any] = Field(default_factory=dict)


class Phase(_Strict):
    title_vi: str
    title_en: str
    start: date | None = None
    end: date | None = None


class CityService(_Strict):
    """A service as the city runs it. ``due_h`` are the city's own deadlines in working hours, by urgency."""

    state: State
    phases: tuple[Phase, ...] = ()
    sources: tuple[SourceBinding, ...] = ()
    due_h: Mapping[str, float] = Field(default_factory=dict)
    note_vi: str | None = None


class Agency(_Strict):
    """Who answers for cases. Valid from the day ``valid_from`` up to, not including, the day ``valid_to``.

    ``addresses``: where it is told what it was given, by kind of outlet: ``{ email = "…", webhook = "https://…" }``.
    """

    id: str
    title_vi: str
    title_en: str
    class_: Literal["department", "district", "ward", "enterprise", "other"] = Field(alias="class")
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None  # id of the agency that took over
    ward_code: str | None = None
    confirmed: bool = True
    addresses: Mapping[str, str] = {}

    def valid(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en


class Area(_Strict):
    """A named operating area built of wards: Đông Hà, Vinh and Buôn Ma Thuột ceased to be units on 01/7/2025."""

    id: str
    title_vi: str
    title_en: str
    wards: tuple[str, ...]  # codes of 2025 units
    confirmed: bool = True


class Zone(_Strict):
    """A VN-2000 zone that older data of the city come in: the zone belongs to the data set, not to the province."""

    srid: int
    about_vi: str
    about_en: str


class DeskHours(_Strict):
    """When shifts begin, local hours in order. A city that works otherwise says so in its file."""

    shifts: tuple[int, ...] = (5, 13, 21)

    @model_validator(mode="after")
    def _ordered(self) -> DeskHours:
        if (
            not self.shifts
            or list(self.shifts) != sorted(set(self.shifts))
            or not 0 <= self.shifts[0] <= self.shifts[-1] < 24
        ):
            raise ValueError("shifts begin at different hours of the day, in order")
        return self

    def began(self, at: datetime, timezone: str) -> datetime:
        """The beginning of the shift of that instant, aware UTC."""
        local = at.astimezone(ZoneInfo(timezone))
        today = [local.replace(hour=hour, minute=0, second=0, microsecond=0) for hour in self.shifts]
        before = [time for time in today if time <= local]
        return (before[-1] if before else today[-1] - timedelta(days=1)).astimezone(UTC)


class City(_Strict):
    id: str
    title_vi: str
    title_en: str
    full_title_vi: str
    full_title_en: str
    province_codes: tuple[str, ...]  # 2025 units
    bounds: tuple[float, float, float, float]
    home: tuple[float, float, float]  # lon, lat, zoom of the planner's first view
    home_layers: tuple[str, ...] = ()  # services the planner shows at first; left out: all it has
    srid: int  # VN-2000 TM-3 zone of the city's own data; foreign data sets bring theirs
    zones: tuple[Zone, ...] = ()
    timezone: str = "Asia/Ho_Chi_Minh"
    working: WorkingHours = WorkingHours()
    hotline: str | None = None
    areas: tuple[Area, ...] = ()
    agencies: tuple[Agency, ...] = ()
    services: Mapping[str, CityService]
    legal: tuple[Legal, ...] = ()
    desk: DeskHours = DeskHours()
    rules: Mapping[str, Mapping[str, float]] = {}  # the city's own limits: rule id to limit to value
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")  # of these pages, for links in messages
    outlets: Mapping[Annotated[str, Field(pattern=NAME)], OutletBinding] = {}
    wall: Wall

    @model_validator(mode="after")
    def _closed(self) -> City:
        """Names used in the file stand in the file."""
        agencies = [a.id for a in self.agencies]
        _unique("agencies", agencies)
        _unique("areas", [a.id for a in self.areas])
        _unique("wall.scenes", [s.id for s in self.wall.scenes])
        _unique("sources", [s.id for entry in self.services.values() for s in entry.sources])
        _known("agencies.successor", {a.successor for a in self.agencies} - {None}, agencies)
        _known("wall.scenes.layers", {x for s in self.wall.scenes for x in s.layers} - {"basemap"}, self.services)
        _known("wall", set(self.wall.services()) - {"basemap"}, self.services)
        _known("home_layers", set(self.home_layers), self.services)
        for name, outlet in self.outlets.items():
            _known(f"outlets.{name}.agencies", set(outlet.agencies), agencies)
        for box in (self.bounds, *(s.bounds for s in self.wall.scenes)):
            Bounds(*box)
        return self

    @property
    def box(self) -> Bounds:
        return Bounds(*self.bounds)

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en

    def bindings(self) -> tuple[SourceBinding, ...]:
        """Every source of the city, with its service filled in."""
        return tuple(
            source.model_copy(update={"service": name})
            for name, entry in self.services.items()
            for source in entry.sources
        )

    def agencies_on(self, day: date) -> Sequence[Agency]:
        """The agencies that exist on that day."""
        return [agency for agency in self.agencies if agency.valid(day)]

    def calendar(self) -> WorkCalendar:
        """The working days and hours of the city's offices."""
        return WorkCalendar(self.working, self.timezone)

    def due(self, name: str, urgency: str | None, requested: datetime) -> datetime | None:
        """When a case of that service is due by the city's rule, else the catalogue's; UTC. None without a rule.

        For cases whose source sends no due time of its own; ``urgency`` is matched as the catalogue matches it.
        """
        known = service(name).urgency(urgency)
        if known is None:
            return None
        hours = self.services[name].due_h.get(known.id, known.due_h) if name in self.services else known.due_h
        return None if hours is None else self.calendar().add(requested, hours)

    def limits(self, rule_id: str) -> Mapping[str, float]:
        """The city's own limits of a rule; what it leaves out is as the rule's file says."""
        return self.rules.get(rule_id, {})

    def catalogue(self) -> Mapping[str, Service]:
        """The services this city has, in the catalogue's order."""
        return {name: entry for name, entry in services().items() if name in self.services}


@cache
def cities() -> Mapping[str, City]:
    """Every city by id. Raises ConfigInvalid with file and field."""
    found = {}
    for path in sorted(files("geodata").joinpath("cities").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            city_ = parse(text_of(path), str(path))
            if f"{city_.id}.toml" != path.name:
                raise ConfigInvalid(path=path, reason=f"id: {city_.id!r} is not the file's name")
            found[city_.id] = city_
    return found


def parse(text: str, path: str) -> City:
    """A city from the text of its file. Raises ConfigInvalid."""
    try:
        city_ = City.model_validate(tomllib.loads(text))
        for name, entry in city_.services.items():
            _in_catalogue(name, entry)
        for measured in city_.wall.measures():
            _measured(*measured)
    except (ValidationError, tomllib.TOMLDecodeError, UnknownName) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error
    return city_


def city(name: str) -> City:
    """The city of that id. Raises UnknownName."""
    try:
        return cities()[name]
    except KeyError:
        raise UnknownName(kind="city", name=name, known=", ".join(cities())) from None


def _in_catalogue(name: str, entry: CityService) -> None:
    known = [urgency.id for urgency in service(name).urgencies]
    for urgency in set(entry.due_h) - set(known):
        raise UnknownName(kind=f"urgency of {name}", name=urgency, known=", ".join(known) or "none")


def _measured(name: str, wanted: str) -> None:
    known = [one.id for one in service(name).observed_properties]
    if wanted not in known:
        raise UnknownName(kind=f"observed property of {name}", name=wanted, known=", ".join(known) or "none")


def _unique(field: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{field}: more than once: {', '.join(twice)}")


def _known(field: str, names: Collection[str | None], known: Collection[str]) -> None:
    unknown = sorted(str(name) for name in names if name not in known)
    if unknown:
        raise ValueError(f"{field}: not in this file: {', '.join(unknown)}")

"""River stations with their alarm levels, from ``geodata/data/stations/hydrology.toml``.

Levels are metres above the zero of each station's own gauge (never one axis for two stations); places are EPSG:4326
and approximate. Law and provenance of every value stand in the file.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid, UnknownName

Alarm = Literal["bd1", "bd2", "bd3"]


class Station(BaseModel):
    """One river station. ``bd1`` < ``bd2`` < ``bd3`` in metres, None where not known; ``number`` is national."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    river: str
    province_code: str  # 2025 unit
    lon: float = Field(ge=102, le=118)
    lat: float = Field(ge=6, le=24)
    number: str | None = None
    bd1: float | None = None
    bd2: float | None = None
    bd3: float | None = None
    unconfirmed: tuple[Alarm, ...] = ()
    approximate: bool = True  # of the place
    source: str

    @model_validator(mode="after")
    def _rising(self) -> Station:
        known = [level for level in (self.bd1, self.bd2, self.bd3) if level is not None]
        if any(low >= high for low, high in pairwise(known)):
            raise ValueError("bd1, bd2, bd3 rise")
        if any(getattr(self, name) is None for name in self.unconfirmed):
            raise ValueError("unconfirmed names a level that is absent")
        return self

    @property
    def alarms(self) -> Mapping[Alarm, float]:
        """The levels that are known, believed ones included, rising."""
        levels: dict[Alarm, float | None] = {"bd1": self.bd1, "bd2": self.bd2, "bd3": self.bd3}
        return {name: level for name, level in levels.items() if level is not None}

    def confirmed(self, name: Alarm) -> bool:
        """Whether that level was read or derived from published bulletins that agree."""
        return name in self.alarms and name not in self.unconfirmed


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stations: tuple[Station, ...] = Field(alias="station")


@cache
def stations() -> Mapping[str, Station]:
    """Every station by id. Raises ConfigInvalid with file and field."""
    path = files("geodata").joinpath("data/stations/hydrology.toml")
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, path: str) -> Mapping[str, Station]:
    """The stations of a file by id. Raises ConfigInvalid."""
    try:
        found = _File.model_validate(tomllib.loads(text)).stations
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error
    return {station.id: station for station in found}


def station(name: str) -> Station:
    """The station of that id. Raises UnknownName."""
    try:
        return stations()[name]
    except KeyError:
        raise UnknownName(kind="station", name=name, known=", ".join(stations())) from None


def find(name: str, province_code: str | None = None) -> Station | None:
    """The station a feed means by an id, a national number or a name ("Trạm thủy văn Kim Long", "kim long").

    Case and Unicode form do not matter, the marks do: no guess among likenesses. None when there is none.
    """
    wanted = _plain(name)
    for found in stations().values():
        if province_code in {None, found.province_code} and wanted in {found.id, found.number, _plain(found.name)}:
            return found
    return None


def _plain(name: str) -> str:
    words = unicodedata.normalize("NFC", name).casefold().split()
    prefix = ("trạm", "thủy", "thuỷ", "văn")
    while words and words[0] in prefix:
        words.pop(0)
    return " ".join(words)

"""What a simulated city is made of, read from ``profiles/*.toml``: one file a city, found by its name.

Places are approximate and chosen for a believable picture; no number of a profile is a measurement.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid

M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Landing(_Strict):
    """A fishing port, home to ``share`` of the fleet; ``prefix`` begins its registrations (ASCII, as AIS sends it).

    Its place is that of the collection ``landings``; ``lon`` and ``lat`` stand here only where that has none.
    """

    id: str
    name: str
    lon: float | None = None
    lat: float | None = None
    share: float
    prefix: str


class Receiver(_Strict):
    """A shore station for AIS. ``station`` is its name in the TAG block; ``range_km`` where half is still heard."""

    id: str
    title_vi: str
    title_en: str
    station: str
    lon: float
    lat: float
    range_km: float = 95.0


class AirStation(_Strict):
    """``burden`` scales what people and traffic emit: 1 is a quiet town."""

    code: str
    name: str
    lon: float
    lat: float
    burden: float = 1.0


class WaterStation(_Strict):
    """A gauge. Levels in metres of the station's own altitude system; ``bd1`` to ``bd3`` are the alarm levels.

    ``tide_m`` is the amplitude of the tide there; ``response_m`` the rise after a wet day of 50 mm.
    """

    code: str
    name: str
    river: str
    lon: float
    lat: float
    base_m: float
    tide_m: float = 0.0
    response_m: float = 0.2
    bd1: float | None = None
    bd2: float | None = None
    bd3: float | None = None
    rain: bool = True


class Profile(_Strict):
    """``unconnected`` are services of the city that the simulator leaves "ready to connect"."""

    vessels: int = 0
    cargo_ships: int = 0
    reports_per_day: int = 100
    unconnected: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    landings: tuple[Landing, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    air: tuple[AirStation, ...] = ()
    water: tuple[WaterStation, ...] = ()


def profile(city: str) -> Profile:
    """The profile of that city, or an empty one with field reports alone. Raises ConfigInvalid."""
    return _read(files("sources.simulator").joinpath("profiles", f"{city}.toml"), Profile) or Profile()


def part_of_profile(name: str, city: str, model: type[M]) -> M | None:
    """What one feed needs to know of that city: ``profiles/NAME/CITY.toml``. Raises ConfigInvalid."""
    return _read(files("sources.simulator").joinpath("profiles", name, f"{city}.toml"), model)


def _read(path: Traversable, model: type[M]) -> M | None:
    if not path.is_file():
        return None
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=str(path), reason=one_line(error)) from error

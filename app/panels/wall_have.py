"""What a block of the wall is made from: one round of reading, and a memory for what is dear to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from geodata.folding import fold
from layers import short_forms

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from app.pages.pictures import Picture
    from app.panels.wall_findings import Found
    from app.panels.wall_rail import Item
    from app.panels.wall_warnings import Warned
    from app.text import Text
    from geodata.city import City
    from geodata.indicators.figure import Value
    from geodata.scenes import Scene
    from geodata.store.reader import Reader
    from geodata.store.types import ServiceState
    from geodata.view import View

T = TypeVar("T")


class Memory:
    """Values of one screen that are read again only after a while. ``clock`` is a monotonic clock in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: dict[object, tuple[float, Any]] = {}

    def keep(self, key: object, every_s: float, work: Callable[[], T]) -> T:
        """The value of ``work``, at most ``every_s`` seconds old."""
        now = self._clock()
        found = self._kept.get(key)
        if found is not None and now - found[0] < every_s:
            value: T = found[1]
            return value
        value = work()
        self._kept[key] = (now, value)
        if len(self._kept) > 200:  # scenes, areas and cameras come and go
            oldest = min(self._kept, key=lambda one: self._kept[one][0])
            del self._kept[oldest]
        return value

    def last(self, key: object) -> Any:
        """What was kept under a key, however old; None when nothing was."""
        found = self._kept.get(key)
        return None if found is None else found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Have:
    """``near`` is what the scene's map shows, ``far`` the whole city. ``area`` is that of a warning that took the wall.
    ``found``: what the watch found; None while none looks. ``figures``: the indicators of each service as far as they
    are counted, ``before`` what each was one period ago, by id.

    ``reader`` is asked in the screen's thread only, dear things through ``memory``.
    """

    city: City
    text: Text
    scene: Scene
    view: View
    wide: View
    now: datetime
    reader: Reader
    memory: Memory
    data: Path
    near: Mapping[str, Picture] = field(default_factory=dict)
    far: Mapping[str, Picture] = field(default_factory=dict)
    services: Mapping[str, ServiceState] = field(default_factory=dict)
    figures: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    before: Mapping[str, Value] = field(default_factory=dict)
    warned: Sequence[Warned] = ()
    found: Found | None = None
    area: BaseGeometry | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.city.timezone)

    def figure(self, name: str) -> Value | None:
        """An indicator by its id; None before it is counted."""
        return next((one for one in self.figures.get(name.partition(".")[0], ()) if one.id == name), None)

    def ready(self, service: str) -> bool:
        """Whether the service has a source that ever spoke."""
        state = self.services.get(service)
        return state is not None and state.state != "ready"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map that a block points to: a number of a list, or a letter of a camera. ``place`` is lon, lat."""

    text: str
    mark: str  # "callout" or "letter"
    level: int
    state: str
    place: tuple[float, float] | None


@dataclass(slots=True)
class Shown:
    """A block as the page draws it: sections, the items it numbers (from ``first``), the cameras it letters."""

    sections: list[dict[str, Any]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)


def ward_of(address: str) -> str:
    """The ward in an address "number street, ward, province", without its kind; empty when it is not written so."""
    parts = [part.strip() for part in address.split(",")]
    if len(parts) < 3:
        return ""
    words = parts[-2].split()
    return " ".join(words[1:]) if len(words) > 1 and fold(words[0]) in {"phuong", "xa", "p", "dac khu"} else parts[-2]


def wordings(*texts: str, cut: bool = True) -> list[str]:
    """Words for one line, the longest first: as they are, in short forms, and (``cut``) only the first thing told."""
    out: list[str] = []
    for text in texts:
        brief = short_forms.brief(text)
        out += [text, brief, *([short_forms.first_told(brief)] if cut else [])]
    return sorted(dict.fromkeys(filter(None, out)), key=len, reverse=True)


KINDS = ("tram thuy van tu dong", "tram thuy van", "tram do mua", "tram", "camera")
"""What names of stations and cameras begin with, folded, the longest first."""


def shortened(name: str) -> str:
    """A station's or a camera's name without its kind and without what follows a dash."""
    first = re.split(r" [–—-] |, | \(", name, maxsplit=1)[0].strip()
    kind = next((kind for kind in KINDS if fold(first).startswith(f"{kind} ")), "")
    bare = " ".join(first.split()[len(kind.split()) :])
    return bare or name

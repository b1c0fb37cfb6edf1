"""An indicator: a pure function of frames with its words. Indicators are found by being there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from geodata import catalogue
from geodata.errors import UnknownName
from geodata.indicators.figure import Figure, Met, State, Value
from geodata.indicators.words import IndicatorWords, Target, read
from geodata.store.errors import StoreError
from geodata.store.reader import Reader
from geodata.watch.frames import Frames, StoreFrames

if TYPE_CHECKING:
    from geodata.city import City

PACKAGE = "geodata.indicators.families"
OWN = "platform"
"""The service of families that are none (``families.toml``)."""

Count = Callable[[Frames], Figure]


@dataclass(frozen=True, slots=True)
class Indicator:
    """``id`` is SERVICE.NAME; ``count`` says the number; ``words`` say what it is."""

    id: str
    count: Count
    words: IndicatorWords

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    @property
    def service(self) -> str:
        """The service of a family of that name; what the program says of itself stands with its ledger."""
        return self.family if self.family in catalogue.services() else OWN

    @property
    def query(self) -> str:
        """The text of the function, as it runs."""
        return inspect.getsource(self.count)

    def value(
        self,
        where: Reader | Frames,
        city: City | None = None,
        at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Value:
        """The number of a city at an instant, as known then or now; ``where``: a store, or frames that know both.

        A function that raises is a ``failed`` value: the others go on. Raises StoreError when the store is away.
        """
        if isinstance(where, Reader):
            if city is None:
                raise TypeError("a reader does not know its city")
            frames: Frames = StoreFrames(where, city, at or datetime.now(UTC), known_at)
        else:
            frames = where
        try:
            figure = self.count(frames)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 (one broken number must not blind the others)
            target = self.words.target(_day(frames))
            return Value(
                id=self.id, service=self.service, at=frames.at, state="failed", target=target, error=_told(error)
            )
        return judged(self, figure, frames)


def _day(frames: Frames) -> date:
    """The day of the instant in the city: a law is in force from a local midnight."""
    return frames.at.astimezone(ZoneInfo(frames.city.timezone)).date()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def judged(one: Indicator, figure: Figure, frames: Frames) -> Value:
    """The figure against the state of its service's feeds and its target. Of a lost feed there is no number."""
    connected, lost = figure.told_by or feeds(frames, one.service)
    state = state_of(figure, connected, lost)
    if state not in {"known", "partial"}:
        figure = replace(figure, value=None, low=None, high=None, level=None)
    target = one.words.target(_day(frames))
    met = None if target is None or state != "known" else meets(figure, target)
    level = 0
    if figure.value is not None and one.words.level and figure.value > 0:
        level = figure.level if figure.level is not None else one.words.level
    elif met == "missed" and target is not None:
        level = target.level
    return Value(
        id=one.id, service=one.service, at=frames.at, state=state, figure=figure, target=target, met=met, level=level,
        lost=0 if figure.told_by else lost, feeds=0 if figure.told_by else connected,
    )  # fmt: skip


def feeds(frames: Frames, service: str) -> tuple[int, int]:
    """How many sources of the service were connected by then, and how many of them are lost."""
    found = frames.sources()
    if found.empty:
        return 0, 0
    begun = ~(pd.to_datetime(found["since"], utc=True) > pd.Timestamp(frames.at))  # later than the instant: not yet
    up = found.loc[(found["service"] == service) & begun, "up"]
    return int(up.notna().sum()), int((up == False).sum())  # noqa: E712 (None is neither)


def state_of(figure: Figure, connected: int, lost: int) -> State:
    """What can be said of a figure. Rows that an import brought have no feed that could be lost."""
    away, came = figure.left_out.get("unknown", 0), figure.n > 0
    if not came and not away and figure.left_out.get("silent", 0):
        return "none"  # all are silent: of none of them anything is known
    if not came and not away and not connected and figure.newest is None:
        return "ready"
    if (connected and lost == connected and (away or not came)) or (away and not came):
        return "unknown"
    if figure.value is None or pd.isna(figure.value):
        return "none"
    return "partial" if away or lost else "known"


def meets(figure: Figure, target: Target) -> Met | None:
    """Whether the target is met; ``unsure`` when it lies inside the interval."""
    value = figure.value
    if value is None:
        return None
    if figure.low is not None and figure.high is not None and figure.low < target.value < figure.high:
        return "unsure"
    good = value >= target.value if target.at == "least" else value <= target.value
    return "met" if good else "missed"


def indicator(count: Count) -> Indicator:
    """Makes a function an indicator: ``FAMILY.NAME`` of its module and name, its words from ``FAMILY.toml``."""
    package, _, family = count.__module__.rpartition(".")
    words = read(package, family)
    if count.__name__ not in words:
        raise UnknownName(kind=f"indicator of {family}.toml", name=count.__name__, known=", ".join(words))
    return Indicator(f"{family}.{count.__name__}", count, words[count.__name__])


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every indicator by its id, families and files in their order."""
    found: dict[str, Indicator] = {}
    for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__):
        loaded = importlib.import_module(f"{PACKAGE}.{module.name}")
        found |= {value.id: value for value in vars(loaded).values() if isinstance(value, Indicator)}
    return dict(sorted(found.items(), key=lambda item: (item[1].service, item[1].family != item[1].service)))


def of_service(service: str) -> list[Indicator]:
    """Those of a service in the order of its file, then those of families that stand with it; or of such a family."""
    return [one for one in indicators().values() if service in {one.service, one.family}]


def get(name: str) -> Indicator:
    """The indicator of an id. Raises UnknownName."""
    try:
        return indicators()[name]
    except KeyError:
        raise UnknownName(kind="indicator", name=name, known=", ".join(indicators())) from None

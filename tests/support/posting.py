"""Findings, journal lines and deliveries made by hand, for tests of what is sent out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import Point

from geodata.city import City, city
from geodata.outlet import OutletBinding
from geodata.store.deliveries import Delivery, Line
from geodata.watch.course import Finding
from geodata.watch.signs import Row
from outlets.base import kinds
from outlets.course import Lane
from outlets.message import Message
from outlets.writing import Writer

T0 = datetime(2026, 11, 20, 5, tzinfo=UTC)  # 12:00 in Vietnam
RULE = "hydrology.over_alarm"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def finding(number: int = 7, **more: Any) -> Finding:
    """A river over its second alarm."""
    given = {
        "id": number, "rule": RULE, "rule_version": 1, "service": "hydrology", "key": f"station:{number}", "level": 3,
        "opened_at": T0, "noticed_at": T0, "updated_at": T0, "geometry": Point(107.58, 16.46),
        "facts": {"name": "Kim Long", "value_m": 3.1, "reached": "bd2", "over_m": 0.1},
        "rows": (Row("hydrology", "Observation", f"station:{number}", T0, "feed"),),
        "limits": ({"name": "bd2", "value": 3.0, "unit": "m", "law": "Quyết định 05/2020/QĐ-TTg", "confirmed": True},),
    }  # fmt: skip
    return Finding(**{**given, **more})


def closed(number: int = 7, minutes: float = 30, **more: Any) -> Finding:
    """The same, over."""
    ended = {"closed_at": at(minutes), "close_noticed_at": at(minutes), "close_reason": "ended"}
    return finding(number, **{**ended, **more})


def delivery(number: int, news: str = "opened", about: Finding | None = None, **more: Any) -> Delivery:
    about = about or finding()
    given: dict[str, Any] = {
        "id": number, "key": f"00000000-0000-4000-8000-{number:012}", "outlet": "out", "news": news, "created_at": T0,
        "tries": 0, "next_try": T0, "finding": about, "time": T0, "level": about.level, "detail": {}, "who": None,
        "agency": None, "had": None, "told": None, "desk_close_reason": None,
    }  # fmt: skip
    return Delivery(**{**given, **more})


def line(what: str, **more: Any) -> Line:
    """Of the watch's journal; with ``act_id`` of the desk's."""
    given: dict[str, Any] = {
        "change_id": None if "act_id" in more else 1, "act_id": None, "finding_id": 7, "time": T0, "what": what,
        "level": 3, "level_before": None, "rule": RULE, "service": "hydrology", "agency": None, "agency_before": None,
        "who": None, "detail": {},
    }  # fmt: skip
    return Line(**{**given, **more})


def lane(kind: str = "webhook", **binding: Any) -> Lane:
    """As the post office makes it of a binding."""
    one, own = OutletBinding(kind=kind, **binding), kinds()[kind]
    return Lane(
        name="out",
        binding=one,
        on=frozenset(own.default_on if one.on is None else one.on),
        per_minute=own.per_minute if one.per_minute is None else one.per_minute,
        tells_past=own.tells_past and not one.agency_addresses,
        never=own.never,
    )


def town(**more: Any) -> City:
    """Huế, with what the test adds: ``addresses`` by agency among it."""
    addresses = more.pop("addresses", {})
    agencies = [one.model_copy(update={"addresses": addresses.get(one.id, {})}) for one in city("hue").agencies]
    return city("hue").model_copy(update={"agencies": tuple(agencies), **more})


def message(one: Delivery | None = None, minutes: float = 1, *, simulated: bool = False, **binding: Any) -> Message:
    """What would be said of a delivery so many minutes after noon."""
    writer = Writer(town(), simulated=simulated)
    return writer.message(one or delivery(1), OutletBinding(kind="webhook", **binding), at(minutes))


def no_secret(_name: str) -> str | None:
    """An environment in which nothing is set."""
    return None


def ids(ones: Sequence[Delivery]) -> list[int]:
    return [one.id for one in ones]

"""All indicators of a city at one instant, and what each was before: the same functions, the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from geodata.citation import cited
from geodata.indicators.figure import Value
from geodata.indicators.indicator import Indicator, get, indicators, of_service
from geodata.watch.frames import Frames, StoreFrames

if TYPE_CHECKING:
    import pandas as pd

    from geodata.city import City
    from geodata.store.reader import Reader

STEP = timedelta(minutes=5)
"""The past is looked at on whole steps, so that what was read once serves until the next."""


def served(city: City) -> list[Indicator]:
    """The indicators of the services that the city has."""
    return [one for one in indicators().values() if one.service in city.services]


def values(frames: Frames, chosen: Iterable[Indicator] | None = None) -> list[Value]:
    """Of these frames. An indicator that raises is ``failed``. Raises StoreError when the store is away."""
    return [one.value(frames) for one in (served(frames.city) if chosen is None else chosen)]


def of_city(
    reader: Reader, city: City, at: datetime | None = None, known_at: datetime | None = None, service: str | None = None
) -> list[Value]:
    """The indicators of a city, or of one of its services, as known then or now. Raises StoreError."""
    chosen = served(city) if service is None else of_service(service)
    return values(StoreFrames(reader, city, at or datetime.now(UTC), known_at), chosen)


def instants(one: Indicator, at: datetime) -> list[datetime]:
    """When the trend looks back at, oldest first: whole steps, ``compare_s`` apart."""
    step = STEP.total_seconds()
    last = datetime.fromtimestamp(at.timestamp() // step * step, UTC)
    return [last - timedelta(seconds=one.words.compare_s * n) for n in range(one.words.points, 0, -1)]


def history(
    reader: Reader, city: City, chosen: Sequence[Indicator], at: datetime, known_at: datetime | None = None
) -> Mapping[str, list[Value]]:
    """What each was at its instants before, oldest first; the frames of one instant are read once for all."""
    by_time: dict[datetime, list[Indicator]] = {}
    for one in chosen:
        for then in instants(one, at):
            by_time.setdefault(then, []).append(one)
    found: dict[str, list[Value]] = {one.id: [] for one in chosen}
    for then in sorted(by_time):
        for value in values(StoreFrames(reader, city, then, known_at), by_time[then]):
            found[value.id].append(value)
    return found


def before(
    reader: Reader, city: City, chosen: Sequence[Indicator], at: datetime, known_at: datetime | None = None
) -> Mapping[str, Value]:
    """What each was one ``compare_s`` ago."""
    by_time: dict[datetime, list[Indicator]] = {}
    for one in chosen:
        by_time.setdefault(instants(one, at)[-1], []).append(one)
    return {
        value.id: value
        for then, own in by_time.items()
        for value in values(StoreFrames(reader, city, then, known_at), own)
    }


def table(
    reader: Reader,
    city: City | str | None = None,
    at: datetime | None = None,
    known_at: datetime | None = None,
    language: str = "vi",
) -> pd.DataFrame:
    """For a notebook: one row an indicator, index id. Times are aware UTC, shares in per cent.

    Columns: service, title, value, unit, state, n, numerator, denominator, low, high, target, at_target, met, level,
    law, newest, age_s, at, simulated, left_out, parts, definition.
    """
    import pandas as pd

    from geodata.city import city as city_of

    own = city_of(city or "hue") if city is None or isinstance(city, str) else city
    rows = [row(value, language) for value in of_city(reader, own, at, known_at)]
    return pd.DataFrame(rows).set_index("id")


def row(value: Value, language: str = "vi") -> dict[str, object]:
    """A value with its words, flat: for tables, CSV and JSON."""
    words, figure, target = get(value.id).words, value.figure, value.target
    return {
        "id": value.id,
        "service": value.service,
        "title": words.title.text(language),
        "value": figure.value,
        "unit": words.unit,
        "state": value.state,
        "n": figure.n,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "low": figure.low,
        "high": figure.high,
        "target": None if target is None else target.value,
        "at_target": None if target is None else target.at,
        "met": value.met,
        "level": value.level,
        "law": "; ".join(cited(law.ref, language) for law in words.laws),
        "newest": figure.newest,
        "age_s": value.age_s,
        "at": value.at,
        "simulated": figure.simulated,
        "left_out": dict(figure.left_out),
        "parts": dict(figure.parts),
        "definition": words.definition.text(language),
    }

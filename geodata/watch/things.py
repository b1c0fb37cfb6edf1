"""What rules of several services ask of their frames: when a thing was heard of, what it tells, where things are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.catalogue import Service
from geodata.records import JSON, Observation, Quality, Thing
from geodata.rules import hearing, office_days
from geodata.watch.frames import Frames
from geodata.watch.signs import Fires, Row

Made = TypeVar("Made")

OFFICE_CADENCE_S = 6 * 3600.0
"""What comes so seldom is written by offices, on working days."""

NAMES_MOST = 12
ROWS_MOST = 50
"""Of one finding; the counts stand in its facts."""


def once(frames: Frames, key: str, make: Callable[[], Made]) -> Made:
    """What is derived from the frames once a pass, for every rule that asks."""
    if key not in frames.memory:
        frames.memory[key] = make()
    found: Made = frames.memory[key]
    return found


def hour(frames: Frames) -> datetime:
    """The full hour at or before the instant."""
    return frames.at.replace(minute=0, second=0, microsecond=0)


def hourly(frames: Frames, key: str, make: Callable[[], Made]) -> Made:
    """What is dear and changes little, once an hour: of weeks past, or counts that nobody reads to the last vessel."""
    now = hour(frames)
    kept = frames.lasting.get(key)
    if kept is None or kept[0] != now:
        for old in [name for name, (of, _) in frames.lasting.items() if of < now]:
            del frames.lasting[old]  # of warnings and segments that nobody asks for any more
        kept = frames.lasting[key] = (now, make())
    found: Made = kept[1]
    return found


def heard(frames: Frames, service: str) -> pd.DataFrame:
    """One row a thing that measures, index id: name, category, agency, properties, geometry of its Thing; time, source,
    feed, simulated of its newest result; ``age_s``, ``due_s`` and ``state`` fresh, late, silent or unknown;
    ``listened_s``: the part of its age in which its feed was there.

    Days off do not age what offices send.
    """
    return once(frames, f"heard {service}", lambda: _heard(frames, service))


def _heard(frames: Frames, service: str) -> pd.DataFrame:
    found = frames.latest(service, Observation)
    if found.empty:
        return pd.DataFrame(columns=["source", "age_s", "listened_s", "due_s", "state"])
    newest = pd.DataFrame(found.sort_values("time", kind="stable").drop_duplicates("id", keep="last").set_index("id"))
    out = newest[["time", "source", "feed", "simulated", "cadence_s", "late_factor"]].copy()
    unheard = hearing.unheard_s(newest)
    things = frames.latest(service, Thing)
    for name in ("name", "category", "agency", "properties", "geometry"):
        own = things[name] if name in things else newest.get(name)
        if own is None:
            out[name] = pd.Series(None, out.index, dtype=object)
        else:
            out[name] = pd.Series(own, dtype=object).reindex(out.index)
    cadence = out["cadence_s"].astype(float)
    out["due_s"] = cadence * out["late_factor"].astype(float)
    out["age_s"] = _age(out, frames)
    out["listened_s"] = out["age_s"] - unheard
    out["state"] = hearing.states(out["age_s"], unheard, cadence, out["due_s"], out["feed"])
    return out


def _age(out: pd.DataFrame, frames: Frames) -> pd.Series[float]:
    age: pd.Series[float] = (pd.Timestamp(frames.at) - out["time"]).dt.total_seconds()
    office = (out["cadence_s"].astype(float) >= OFFICE_CADENCE_S) & (age > out["due_s"])
    if office.any():
        calendar = frames.city.calendar()
        times = out.loc[office, "time"]
        worked = {t: office_days.age(t.to_pydatetime(), frames.at, calendar).total_seconds() for t in times.unique()}
        age = age.where(~office, times.map(worked).reindex(age.index))
    return age


def telling(services: Mapping[str, Service]) -> list[str]:
    """The services whose things measure, by the catalogue."""
    return [name for name, one in services.items() if {"Thing", "Observation"} <= set(one.kinds) and name != "platform"]


def results(frames: Frames, service: str) -> dict[str, dict[str, float | str]]:
    """Newest results by thing and observed property, numbers or words; only of devices that measure."""
    return once(frames, f"results {service}", lambda: _results(frames, service))


def _results(frames: Frames, service: str) -> dict[str, dict[str, float | str]]:
    found = frames.latest(service, Observation)
    if found.empty:
        return {}
    good = found[found["quality"] == Quality.MEASURING]
    out: dict[str, dict[str, float | str]] = {}
    columns = (good["id"], good["observed_property"], good["result"], good["result_text"])
    for thing, name, value, word in zip(*columns, strict=True):
        told = number(value)
        if told is None:
            told = text(word)  # type: ignore[assignment]
        if told is not None:
            out.setdefault(str(thing), {})[str(name)] = told
    return out


def began(frames: Frames, rule_id: str, key: str, told: pd.Timestamp | datetime) -> datetime:
    """When a condition began whose rows tell only that it is there: when its open finding began, else then."""
    time = told.to_pydatetime() if isinstance(told, pd.Timestamp) else told
    return min(frames.opened(rule_id).get(key, time), time, frames.at)


def number(value: Any) -> float | None:
    """A finite number, else None."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None


def text(value: Any) -> str | None:
    """Words of a cell; None for nothing, NaN, NaT and blanks."""
    if value is None or isinstance(value, Mapping | list | tuple) or pd.isna(value):
        return None
    return str(value).strip() or None


def more(value: Any) -> Mapping[str, Any]:
    """Properties of a row, whatever it holds."""
    return value if isinstance(value, Mapping) else {}


def names(frame: pd.DataFrame) -> list[str]:
    """The names of the first rows, ids where they have none."""
    rows = frame.head(NAMES_MOST)
    return [text(name) or str(key) for key, name in zip(rows.index, rows["name"], strict=True)]


def where(places: Iterable[Any]) -> BaseGeometry | None:
    """The points of these places, once each; None without any."""
    shapes = np.array([p for p in places if isinstance(p, BaseGeometry) and not p.is_empty], dtype=object)
    if not len(shapes):
        return None
    spots = np.unique(shapely.get_coordinates(shapely.point_on_surface(shapes)), axis=0)
    return shapely.Point(spots[0]) if len(spots) == 1 else shapely.MultiPoint(spots)


def both(vi: str, en: str) -> dict[str, JSON]:
    """One word in both languages, as a fact."""
    return {"vi": vi, "en": en}


def category(frames: Frames, service: str, code: str) -> JSON:
    """A category of the catalogue in both languages; the source's own word of one that is not there."""
    known = frames.city.catalogue()[service].category(code) if service in frames.city.catalogue() else None
    return both(known.title_vi, known.title_en) if known else code


def agencies(frames: Frames, values: pd.Series[Any]) -> list[JSON]:
    """Whose they are, with their counts: as ``counted``, in both languages where the city knows the agency."""
    known = {one.title_vi: one.title_en for one in frames.city.agencies}
    return [both(told, f"{known.get(name, name)}: {n}")
            for told in counted(values) for name, _, n in [told.rpartition(": ")]]  # fmt: skip


def counted(values: pd.Series[Any], most: int = NAMES_MOST) -> list[str]:
    """The commonest values with their counts, as "Sở Xây dựng: 12"; of equal ones in the order of the alphabet."""
    told = values.dropna().astype(str).value_counts()
    ordered = sorted(told.items(), key=lambda item: (-int(item[1]), str(item[0])))
    return [f"{name}: {n}" for name, n in ordered[:most]]


def together(
    service: str,
    key: str,
    group: pd.DataFrame,
    since: datetime,
    facts: Mapping[str, Any],
    *,
    level: int | None = None,
    kind: str = "Thing",
    confidence: float | None = None,
) -> Fires:
    """One finding of several rows; columns time, source, simulated, geometry."""
    first = group.head(ROWS_MOST)
    table = zip(first.index, first["time"], first["source"], strict=True)
    return Fires(
        key=key,
        since=since,
        level=level,
        confidence=confidence,
        geometry=where(group["geometry"]),
        facts=dict(facts),
        rows=[Row(service, kind, str(name), time.to_pydatetime(), str(source)) for name, time, source in table],
        simulated=bool(group["simulated"].any()),
    )

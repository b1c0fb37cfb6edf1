"""Vessels that fell silent, told apart from feeds that did; zones, boundaries, devices, meetings at sea."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from geodata.records import Position, Thing
from geodata.rules import feed_health, hearing, meeting, port, sea_zone, vessel, vessel_identity
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Holds, Over, Row, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "fishing_vessels"
AIS_CONFIDENCE = 0.5
"""A vessel that only AIS tells of may have sailed out of the receivers' reach; VMS goes by satellite."""

OUTWARD_DEG = 60.0
"""A course within so much of straight across is bound across."""

LEAST_BEYOND = 2


@rule(SERVICE)
def lost_6h(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Silent at sea for longer than the manual report is due, up to the ten days of ``lost_10d``.

    The published pattern of a device switched off far out is a fact of the same finding: it is one silence.
    """
    yield from _lost(frames, limits["lost_s"], limits["long_lost_s"], limits, dark=True)
    yield from _heard(frames, "fishing_vessels.lost_6h", limits["lost_s"])


@rule(SERVICE)
def lost_10d(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Silent for longer than a vessel may stay out without its device."""
    yield from _lost(frames, limits["long_lost_s"], limits["forgotten_s"], limits)


@rule(SERVICE)
def out_of_zone(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Vessels of a length class in a zone that is not theirs, together. The lines are for reference: never sure.

    A vessel from 15 m may pass the inner zones on its way: it counts there only at the speed of fishing, off the ports.
    """
    fleet = _current(frames, limits["lost_s"])
    fleet = fleet[fleet["length_m"].notna()] if len(fleet) else fleet
    if fleet.empty:
        return
    cut = [limits["inshore_m"], limits["offshore_m"]]
    fleet = fleet[~_unsure_length(fleet, cut, limits["length_error_m"])]
    if fleet.empty:
        return
    zone = sea_zone.zones(*_places(fleet), limits["margin_nm"]).set_axis(fleet.index)
    of_length = pd.Series(np.array(["small", "middle", "large"])[np.digitize(fleet["length_m"], cut)], fleet.index)
    speed = pd.to_numeric(fleet["sog_kn"], errors="coerce")
    fishing = speed.between(limits["fishing_least_kn"], limits["fishing_most_kn"]) & ~_near_port(fleet)
    too_far = ((of_length == "small") & zone.isin(["inshore", "offshore"])) | (
        (of_length == "middle") & (zone == "offshore")
    )
    too_near = fishing & ((of_length == "large") & zone.isin(["coast", "inshore"]))
    too_near |= fishing & (of_length == "middle") & (zone == "coast")
    classes = pd.DataFrame({"size": of_length, "zone": zone})
    for key, among, sure in (("too_far", too_far, 0.5), ("too_near", too_near, 0.3)):
        if among.any():
            yield _zone(frames, key, fleet[among], classes[among], sure)


@rule(SERVICE)
def near_boundary(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """On this side of an agreed boundary, near it and bound across, or all but on it."""
    for key, row in _abreast(frames, limits).iterrows():
        if row["nm"] < 0:
            continue
        course = things.number(row["cog_deg"])
        bound = course is not None and abs((course - row["out_deg"] + 180) % 360 - 180) < OUTWARD_DEG
        moving = (things.number(row["sog_kn"]) or 0) >= port.STILL_KN
        if row["nm"] <= limits["near_nm"] and moving and (bound or row["nm"] <= limits["on_it_nm"]):
            yield _boundary(str(key), row, things.began(frames, "fishing_vessels.near_boundary", str(key), row["time"]))
        elif row["nm"] <= limits["near_nm"] * 1.2:
            yield Holds(str(key))


@rule(SERVICE)
def crossed_boundary(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Beyond an agreed boundary by two fixes at least; it ends with the first fix on this side."""
    seen = set()
    for key, row in _abreast(frames, limits).iterrows():
        if row["nm"] >= -limits["margin_nm"]:
            continue
        seen.add(str(key))
        began = _since_beyond(frames, str(key), limits)
        if began is not None:
            yield _boundary(str(key), row, began)
    for key, since in frames.opened("fishing_vessels.crossed_boundary").items():
        back = _back(frames, key, since) if key not in seen else None
        if back is not None:
            yield Over(key, back)


@rule(SERVICE)
def device_twice(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """One monitoring device told of two vessels, both heard lately: one of the two is not where it seems."""
    stands, fleet = frames.latest(SERVICE, Thing), at_sea(frames)
    if stands.empty or fleet.empty:
        return
    heard = fleet[(fleet["age_s"] <= limits["lost_s"]) & (fleet["feed"] != "down")]
    own = stands[stands.index.isin(heard.index)]
    device = pd.Series([vessel_identity.device(p) for p in own["properties"]], own.index, dtype=object).dropna()
    device = device[device.duplicated(keep=False)]
    for number, keys in device.groupby(device).groups.items():
        two = heard.loc[keys]
        names = two["registration"].fillna(pd.Series(two.index, two.index))
        if len(vessels := sorted(set(map(str, names)))) > 1:
            since = things.began(frames, "fishing_vessels.device_twice", f"device:{number}", two["time"].min())
            facts = {"device": str(number), "names": vessels, "n": len(vessels)}
            yield _of_many(f"device:{number}", two, since, facts)


@rule(SERVICE)
def met_at_sea(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A fishing vessel and a ship of another kind, side by side and slow for hours away from every port."""
    found = frames.latest(SERVICE, Position)
    if found.empty:
        return
    age = (pd.Timestamp(frames.at) - found["time"]).dt.total_seconds()
    ships = found[(age <= limits["recent_s"]) & (found["feed"] != "down")]
    ships = ships[(pd.to_numeric(ships["sog_kn"], errors="coerce") <= limits["slow_kn"]) & ~_near_port(ships)]
    fishing = vessel.fishing(ships)
    start = frames.at - timedelta(seconds=4 * limits["least_s"])
    for a, b in meeting.pairs(ships[fishing], ships[~fishing], limits["apart_m"]):
        began = meeting.since(frames.track(SERVICE, a, start), frames.track(SERVICE, b, start), limits["apart_m"])
        if began is not None and (frames.at - began).total_seconds() >= limits["least_s"]:
            two = ships.loc[[a, b]]
            yield _of_many(f"{a}+{b}", two, began, {"names": _named(two), "n": 2}, confidence=0.5)


def _unsure_length(fleet: Any, cut: list[float], error_m: float) -> Any:
    """Whose class a rounding may have changed: an AIS set tells whole metres."""
    near = np.min([(fleet["length_m"] - length).abs() for length in cut], axis=0) <= error_m
    return near & np.array([vessel.by_ais(str(key)) for key in fleet.index])


def _current(frames: Frames, most_s: float) -> Any:
    """The counted devices at sea that were heard of lately, by feeds that are up."""
    fleet = at_sea(frames)
    if fleet.empty:
        return fleet
    return fleet[~fleet["in_port"] & fleet["counted"] & (fleet["age_s"] <= most_s) & (fleet["feed"] != "down")]


def _abreast(frames: Frames, limits: Limits) -> Any:
    """The current vessels that have a boundary abreast within reach, with ``nm`` and ``out_deg``."""
    fleet = _current(frames, limits["lost_s"])
    if fleet.empty:
        return fleet
    where = sea_zone.beyond(*_places(fleet)).set_index(fleet.index)
    return fleet.join(where)[where["line"].notna()]


def _places(fleet: Any) -> tuple[Any, Any]:
    return fleet.geometry.x.to_numpy(), fleet.geometry.y.to_numpy()


def _near_port(ships: Any) -> Any:
    return meeting.port_nm(ships.geometry) <= meeting.PORT_NM


def _since_beyond(frames: Frames, key: str, limits: Limits) -> Any:
    """The first fix of the unbroken run beyond; None for a single one, which may be an error of its own."""
    track = frames.track(SERVICE, key, frames.at - timedelta(days=1))
    if len(track) < LEAST_BEYOND:
        return None
    nm = sea_zone.beyond(track["lon"].to_numpy(float), track["lat"].to_numpy(float))["nm"].to_numpy()
    over = nm < -limits["margin_nm"]
    run = len(over) if over.all() else int(np.argmin(over[::-1]))
    return track["time"].iloc[-run].to_pydatetime() if run >= LEAST_BEYOND else None


def _back(frames: Frames, key: str, since: Any) -> Any:
    """The first fix on this side after the last one beyond; None where the rows do not tell."""
    track = frames.track(SERVICE, key, since - timedelta(minutes=1))
    if track.empty:
        return None
    nm = sea_zone.beyond(track["lon"].to_numpy(float), track["lat"].to_numpy(float))["nm"].to_numpy()
    home = np.flatnonzero(nm >= 0)
    last = np.flatnonzero(nm < 0)
    after = home[home > last[-1]] if len(last) else home
    return track["time"].iloc[int(after[0])].to_pydatetime() if len(after) else None


def _boundary(key: str, row: Any, since: Any) -> Fires:
    return Fires(
        key=key,
        since=since,
        geometry=row["geometry"],
        facts={
            "name": str(row["name"] or key),
            "line": str(row["line"]),
            "away_nm": round(abs(float(row["nm"])), 1),
            "last": row["time"].isoformat(),
            "length_m": None if np.isnan(row["length_m"]) else float(row["length_m"]),
            "sog_kn": _number(row["sog_kn"]),
            "cog_deg": _number(row["cog_deg"]),
        },
        rows=[Row(SERVICE, "Position", key, row["time"].to_pydatetime(), str(row["source"]))],
        simulated=bool(row["simulated"]),
    )


def _zone(frames: Frames, key: str, group: Any, classes: pd.DataFrame, sure: float) -> Fires:
    """``size`` and ``zone`` are the commonest of the group's."""
    since = things.began(frames, "fishing_vessels.out_of_zone", key, group["time"].min())
    size, place = classes.value_counts().index[0]
    facts: dict[str, Any] = {"n": len(group), "size": str(size), "zone": str(place), "names": _named(group)}
    return _of_many(key, group, since, facts, confidence=sure, level=1 if sure < 0.5 else None)


def _named(group: Any) -> list[str]:
    return things.names(group)


def _of_many(
    key: str, group: Any, since: Any, facts: Any, *, confidence: float | None = None, level: int | None = None
) -> Fires:
    return Fires(
        key=key,
        since=since,
        level=level,
        confidence=confidence,
        geometry=things.where(group.geometry),
        facts=facts,
        rows=[
            Row(SERVICE, "Position", str(name), time.to_pydatetime(), str(source))
            for name, time, source in zip(group.index, group["time"], group["source"], strict=True)
        ][: things.ROWS_MOST],
        simulated=bool(group["simulated"].any()),
    )


def _lost(frames: Frames, from_s: float, to_s: float, limits: Limits, *, dark: bool = False) -> Iterable[Sign]:
    fleet = at_sea(frames)
    if fleet.empty:
        return
    sailing = fleet[~fleet["in_port"]]
    health = feed_health.health(sailing["source"], sailing["age_s"], sailing["due_s"])
    told = sailing[(sailing["age_s"] > from_s) & sailing["counted"]]
    late = sailing[(sailing["age_s"] > sailing["due_s"]) & (sailing["age_s"] <= limits["late_most_s"])]
    n_late = late.groupby("source").size()
    off = _perhaps_off(frames, sailing, limits) if dark else set()
    for key, row in told.iterrows():
        own = health.get(str(row["source"]))
        sick = own is not None and not own.ok(limits["least_share"])
        if row["feed"] == "down" or sick or row["listened_s"] <= from_s:
            yield Unknown(str(key))
        elif row["listened_s"] <= to_s:
            more = {"late": int(n_late.get(row["source"], 0)), "hint": "off" if key in off else None}
            yield _fires(str(key), row, from_s, own, more)


def _perhaps_off(frames: Frames, sailing: Any, limits: Limits) -> set[Any]:
    """Heard well, then silent for half a day far from the shore, where others are heard: perhaps switched off."""
    told = sailing[sailing["counted"] & (sailing["age_s"] >= limits["gap_s"])]
    told = told[meeting.shore_nm(told.geometry) > limits["shore_nm"]] if len(told) else told
    found = set()
    for key, row in told.iterrows():
        others = sailing[(sailing["age_s"] <= sailing["due_s"]) & (sailing["source"] == row["source"])]
        if meeting.heard_near(row["geometry"], others.geometry, limits["near_nm"]) < limits["least_near"]:
            continue  # nobody is heard there: it has sailed out of reach
        before = frames.track(SERVICE, str(key), row["time"].to_pydatetime() - timedelta(hours=12))
        if int((before["time"] <= row["time"]).sum()) >= limits["least_fixes"]:
            found.add(key)
    return found


def _heard(frames: Frames, rule_id: str, from_s: float) -> Iterable[Sign]:
    """Of those told as lost: when the silence ended by their own fixes, which may have come hours late."""
    opened = frames.opened(rule_id)
    fleet = at_sea(frames) if opened else None
    for key, since in opened.items():
        if fleet is None or key not in fleet.index or fleet.loc[key, "age_s"] > from_s:
            continue
        fixes = frames.track(SERVICE, key, since - timedelta(seconds=from_s))["time"]
        if len(fixes):
            yield Over(key, fixes.min().to_pydatetime())


def at_sea(frames: Frames) -> Any:
    """The last fix of each device of a fishing vessel, with ``age_s``, ``listened_s``, ``in_port``, ``length_m``,
    ``due_s`` by its length, ``registration`` and ``counted``: the newest of the vessel's devices.
    """
    return things.once(frames, "at sea", lambda: _at_sea(frames))


def _at_sea(frames: Frames) -> Any:
    found = frames.latest(SERVICE, Position)
    if found.empty:
        return found
    fleet = found[vessel.fishing(found)].copy()
    fleet["age_s"] = (pd.Timestamp(frames.at) - fleet["time"]).dt.total_seconds()
    fleet["listened_s"] = fleet["age_s"] - hearing.unheard_s(fleet)
    fleet["in_port"] = port.in_port(fleet)
    length = fleet["properties"].map(lambda p: p.get("length_m") if isinstance(p, dict) else None)
    fleet["length_m"] = pd.to_numeric(length, errors="coerce")
    due = [vessel.interval_s(None if np.isnan(m) else float(m)) for m in fleet["length_m"]]
    fleet["due_s"] = pd.Series(due, fleet.index, dtype=float)
    fleet["registration"] = vessel_identity.registrations(fleet)
    fleet["counted"] = vessel_identity.counted(fleet)
    return fleet


def _fires(key: str, row: Any, from_s: float, own: feed_health.Health | None, more: dict[str, Any]) -> Fires:
    last = row["time"].to_pydatetime()
    ais = vessel.by_ais(key)
    return Fires(
        key=key,
        since=last + timedelta(seconds=from_s),
        level=vessel.level(row["age_s"], ais=ais),
        confidence=AIS_CONFIDENCE if ais else None,
        geometry=row["geometry"],
        facts={
            "name": str(row["name"] or key),
            "last": last.isoformat(),
            "length_m": None if np.isnan(row["length_m"]) else float(row["length_m"]),
            "sog_kn": _number(row["sog_kn"]),
            "cog_deg": _number(row["cog_deg"]),
            "heard": own.heard if own else None,
            "active": own.active if own else None,
            "by": "ais" if ais else "vms",
            **more,
        },
        rows=[Row(SERVICE, "Position", key, last, str(row["source"]))],
        simulated=bool(row["simulated"]),
    )


def _number(value: Any) -> float | None:
    number = pd.to_numeric(value, errors="coerce")
    return None if pd.isna(number) else float(number)

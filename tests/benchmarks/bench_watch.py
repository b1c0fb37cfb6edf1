"""One pass of all rules over a large city, and how it grows: 30,000 vessels, 10,000 things, 100,000 open cases at × 1.

Frames are made in memory, so the time is that of the rules alone. It is told beside that of one plain pandas step over
the same frames (sorting each by its time), which grows with the rows: the ratio holds on another machine.
Run by `make bench`; `--quick` takes × ¼, ½ and 1.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.city import city
from geodata.records import Event, Observation, Position, Record, ServiceRequest, Thing
from geodata.watch.engine import look
from geodata.watch.frames import StillFrames
from geodata.watch.rule import Rule, rules

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)
VESSELS, THINGS, CASES = 30_000, 10_000, 100_000
DAYS_OF_CASES = 60
SHARES = {
    "cameras": 0.5, "traffic": 0.2, "information_security": 0.19, "advertising_screens": 0.1, "air_quality": 0.005,
    "hydrology": 0.005,
}  # fmt: skip
Frames = dict[tuple[str, type[Record]], gpd.GeoDataFrame]


def base(n: int, rng: np.random.Generator, name: str, oldest_s: float, box: tuple[float, ...]) -> gpd.GeoDataFrame:
    """Rows of 4.1 with ages up to ``oldest_s``, most of them young."""
    ages = rng.exponential(oldest_s / 12, n).clip(0, oldest_s)
    times = (pd.Timestamp(AT) - pd.to_timedelta(ages, unit="s")).floor("ms")
    west, south, east, north = box
    table = pd.DataFrame(
        {
            "time": times, "received_at": times, "source": rng.choice([f"{name}_{i}" for i in range(4)], n),
            "simulated": True, "feed": "up", "feed_since": pd.Timestamp(AT) - pd.Timedelta(days=60),
            "feed_lost": pd.Series(pd.NaT, range(n), dtype="datetime64[us, UTC]"), "cadence_s": oldest_s / 6,
            "late_factor": 3.0, "name": [f"{name} {i}" for i in range(n)], "category": None, "agency": None,
        },
        index=pd.Index([f"{name}:{i}" for i in range(n)], name="id"),
    )  # fmt: skip
    table["properties"] = pd.Series([{} for _ in range(n)], table.index, dtype=object)
    places = gpd.points_from_xy(rng.uniform(west, east, n), rng.uniform(south, north, n), crs=4326)
    return gpd.GeoDataFrame(table, geometry=places)


SEA, LAND = (107.2, 15.8, 110.5, 17.9), (107.3, 16.1, 107.8, 16.6)


def fleet(n: int, rng: np.random.Generator) -> Frames:
    frame = base(n, rng, "vessel", 12 * 3600, SEA).assign(status=None, heading_deg=None)
    frame["category"] = rng.choice(["ship_30", "ship_30", "ship_30", "ship_cargo"], n)
    frame["sog_kn"], frame["cog_deg"] = rng.uniform(0, 9, n), rng.uniform(0, 360, n)
    lengths, numbers = rng.uniform(6, 32, n), rng.integers(10_000, 99_999, n)
    frame["properties"] = [{"length_m": float(m), "device": f"VMS-{i}"} for i, m in enumerate(lengths)]
    frame["name"] = [f"TTH-{number}-TS" for number in numbers]
    return {("fishing_vessels", Position): frame, ("fishing_vessels", Thing): frame}


def assets(n: int, rng: np.random.Generator) -> Frames:
    """What stands in a city by its share; three results a thing."""
    found: Frames = {}
    words = {"cameras": ("live", "unreachable"), "advertising_screens": ("on", "fault")}
    for service, share in SHARES.items():
        things = base(int(n * share), rng, service, 1800, LAND)
        kinds = {"air_quality": "pm25", "hydrology": "water_level", "traffic": "speed"}
        parts = []
        for prop in ("status", kinds.get(service, "status_2"), "other"):
            one = things.reset_index().assign(observed_property=prop, quality="measuring", unit=None)
            good, bad = words.get(service, ("up", "down"))
            text = np.where(rng.random(len(one)) < 0.96, good, bad) if prop == "status" else None
            parts.append(
                one.assign(result=None if prop == "status" else rng.uniform(0, 80, len(one)), result_text=text)
            )
        whole = pd.concat(parts, ignore_index=True)
        found[(service, Thing)] = things
        found[(service, Observation)] = gpd.GeoDataFrame(whole, geometry="geometry", crs=4326)
    return found


def cases(n: int, rng: np.random.Generator) -> Frames:
    frame = base(n, rng, "case", DAYS_OF_CASES * 86400, LAND)
    ages = rng.uniform(0, DAYS_OF_CASES * 86400, n)
    asked = (pd.Timestamp(AT) - pd.to_timedelta(ages, unit="s")).floor("ms")
    due = asked + pd.to_timedelta(rng.uniform(1, 90, n), unit="D").floor("ms")
    frame["requested_datetime"], frame["status"], frame["duplicate_of"] = asked, "in_progress", None
    frame["expected_datetime"] = pd.Series(due, frame.index).where(rng.random(n) < 0.7)
    frame["urgency"] = rng.choice(["normal", "urgent", "complex"], n)
    frame["category"] = rng.choice(["roads", "drainage", "trees", "lighting", "environment"], n)
    frame["agency"] = rng.choice([f"Cơ quan {i}" for i in range(85)], n)
    street, trouble = rng.integers(0, 400, n), rng.integers(0, 40, n)
    frame["title"] = [f"Sự cố loại {b} trên đường số {a}" for a, b in zip(street, trouble, strict=True)]
    frame["description"] = None
    return {("field_reports", ServiceRequest): frame}


def incidents(n: int, rng: np.random.Generator) -> Frames:
    frame = base(n, rng, "event", 30 * 86400, LAND).assign(end_time=pd.NaT, status="open", title="Tin", url=None)
    frame["end_time"] = pd.to_datetime(frame["end_time"], utc=True)
    frame["severity"], frame["category"] = rng.integers(1, 5, n).astype(float), rng.choice(["theft", "fire"], n)
    frame["description"], frame["thing_id"], frame["place_confidence"] = None, None, 0.9
    return {("public_order", Event): frame, ("traffic", Event): frame}


def city_of(factor: float) -> StillFrames:
    rng = np.random.default_rng(7)
    made = fleet(int(VESSELS * factor), rng) | assets(int(THINGS * factor), rng)
    made |= cases(int(CASES * factor), rng) | incidents(int(2_000 * factor), rng)
    return StillFrames(AT, city("hue"), made)


def plain(frames: StillFrames) -> float:
    """The step it is measured by: sorting every frame by its time."""
    began = time.perf_counter()
    for frame in frames.rows.values():
        frame.sort_values("time", kind="stable")
    return time.perf_counter() - began


def slowest(frames: StillFrames, chosen: list[Rule]) -> list[tuple[float, str]]:
    found = []
    for rule in chosen:
        began = time.perf_counter()
        rule.signs(frames)
        found.append((time.perf_counter() - began, rule.id))
    return sorted(found, reverse=True)[:6]


def once(factor: float, chosen: list[Rule]) -> dict[str, Any]:
    frames = city_of(factor)
    done = look(chosen, frames, {})
    steps = min(plain(frames) for _ in range(3))
    took = min(look(chosen, frames, {}).took_s for _ in range(2))
    return {"took": took, "plain": steps, "opened": len(done.changes), "failed": done.failed, "frames": frames}


def main() -> None:
    factors = (0.25, 0.5, 1.0) if "--quick" in sys.argv else (1.0, 2.0, 4.0)
    chosen = list(rules().values())
    print(f"one pass of {len(chosen)} rules; × 1 is {VESSELS} vessels, {THINGS} things, {CASES} open cases")
    before = None
    for factor in factors:
        found = once(factor, chosen)
        grown = f"   × {found['took'] / before:4.1f} of the row above" if before else ""
        ratio = found["took"] / found["plain"]
        print(f"× {factor:<5} {found['took']:7.2f} s   {ratio:5.1f} × a sort   {found['opened']:5} opened{grown}")
        for rule_id, reason in found["failed"].items():
            print(f"        failed: {rule_id}: {reason}")
        if factor == 1.0:
            for took, name in slowest(found["frames"], chosen):
                print(f"        {took:6.2f} s  {name}")
        before = found["took"]


if __name__ == "__main__":
    main()

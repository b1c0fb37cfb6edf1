"""What the map says of vessels that have two devices: the same as the desk and the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from geodata.rules.vessel import FISHING
from geodata.view import Bounds, View
from layers.base import get
from layers.fishing_vessels import FishingVessels
from tests.support.watching import T0, rows

VIEW = View(Bounds(107, 16, 109, 18), 1000, 1000, T0 - timedelta(days=1), T0)
LOST = {
    "category": FISHING,
    "lon": 108.0,
    "lat": 16.9,
    "sog_kn": 5.0,
    "cog_deg": 40.0,
    "heading_deg": None,
    "status": None,
    "quality": None,
}


def fix(key: str, name: str, hours: float) -> dict[str, object]:
    return {**LOST, "id": key, "name": name, "time": T0 - timedelta(hours=hours)}


def test_a_vessel_that_another_device_hears_is_not_missing() -> None:
    frame = rows(fix("mmsi:574000001", "TTH-91234-TS", 100), fix("vms:TTH-91234-TS", "TTH-91234-TS", 0.5))
    found = cast("FishingVessels", get("fishing_vessels")).classify(frame, VIEW)
    assert [(str(key), row["state"], row["level"]) for key, row in found.iterrows()] == [
        ("vms:TTH-91234-TS", "fresh", 0)
    ]


def test_a_vessel_lost_by_both_its_devices_is_one_mark() -> None:
    frame = rows(fix("mmsi:574000001", "TTH-91234-TS", 100), fix("vms:TTH-91234-TS", "TTH-91234-TS", 8))
    found = cast("FishingVessels", get("fishing_vessels")).classify(frame, VIEW)
    assert [(str(key), row["state"], row["level"]) for key, row in found.iterrows()] == [
        ("vms:TTH-91234-TS", "silent", 3)
    ]


def test_vessels_of_other_names_are_not_touched() -> None:
    frame = rows(fix("mmsi:574000001", "TTH-91234-TS", 8), fix("vms:TTH-99999-TS", "TTH-99999-TS", 0.5))
    found = cast("FishingVessels", get("fishing_vessels")).classify(frame, VIEW)
    assert len(found) == 2

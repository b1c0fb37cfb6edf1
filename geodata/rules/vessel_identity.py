"""Which vessel a device is on: a vessel may carry two (Decree 41/2026/NĐ-CP), and is counted once.

A vessel is known by its registration (``TTH-91234-TS``), told by the source or written as the name; AIS names lose
dashes and case. Without one a device is a vessel of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

_REGISTRATION = re.compile(r"^([A-ZĐ]{1,4})[ .-]?(\d{4,6})[ .-]?(TS)?$")
NAMED = ("registration", "so_dang_ky")
DEVICE = ("device", "thiet_bi")


def registration(name: Any, properties: Any) -> str | None:
    """The registration in one spelling, else None.

    >>> registration("tth 91234 ts", {}), registration("SAO MAI", {})
    ('TTH-91234-TS', None)
    """
    more = properties if isinstance(properties, Mapping) else {}
    for told in (*(more.get(key) for key in NAMED), name):
        found = _REGISTRATION.match(str(told).strip().upper()) if told is not None else None
        if found:
            return f"{found[1]}-{found[2]}-TS"
    return None


def device(properties: Any) -> str | None:
    """The number of the monitoring device, as the source has it."""
    more = properties if isinstance(properties, Mapping) else {}
    return next((str(more[key]).strip() for key in DEVICE if str(more.get(key) or "").strip()), None)


def registrations(fleet: pd.DataFrame) -> pd.Series[Any]:
    """The registration of each device, None where none is told. Columns name, properties."""
    told = [registration(*one) for one in zip(fleet["name"], fleet["properties"], strict=True)]
    return pd.Series(told, fleet.index, dtype=object)


def counted(fleet: pd.DataFrame) -> pd.Series[bool]:
    """Of the devices of one vessel the one heard of last: of it alone clocks run. Columns registration, time."""
    ordered = fleet.sort_values("time", kind="stable")
    alone = ordered["registration"].isna()
    kept = alone | ~ordered.duplicated("registration", keep="last")
    found: pd.Series[bool] = kept.reindex(fleet.index).astype(bool)
    return found

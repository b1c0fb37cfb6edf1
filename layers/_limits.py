"""What a curve is measured against, in words: what ``Layer.limits`` gives, made from ``geodata.rules``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from geodata.rules import hospital, qcvn, utility
from layers.base import Limit

MEANS = {1: ("1 giờ", "1 h"), 8: ("8 giờ", "8 h"), 24: ("24 giờ", "24 h")}


def alarms(levels: Mapping[str, float], sure: Mapping[str, float]) -> list[Limit]:
    """BĐ1–3 of a river station (Decision 05/2020/QĐ-TTg) by their ids; those not in ``sure`` are unconfirmed."""
    known = [(int(name[2:]), value, name in sure) for name, value in levels.items() if name in {"bd1", "bd2", "bd3"}]
    return [
        Limit(value=value, title_vi=f"BĐ{n}", title_en=f"Alarm {n}", level=n)
        if confirmed
        else Limit(value=value, title_vi=f"BĐ{n} chưa xác nhận", title_en=f"Alarm {n}, unconfirmed")
        for n, value, confirmed in sorted(known)
    ]


def air(pollutant: str, at: datetime) -> list[Limit]:
    """QCVN 05:2023 in force at that moment: a limit of law is no level of ours, so it has none."""
    return [
        Limit(
            value=one.value,
            title_vi=f"QCVN 05, TB {MEANS[one.hours][0]}",
            title_en=f"QCVN 05, {MEANS[one.hours][1]} mean",
        )
        for one in qcvn.limits(pollutant, at)
    ]


def beds() -> list[Limit]:
    """This program's own thresholds of beds in use, %."""
    steps = ((hospital.BUSY, "đông", "busy"), (hospital.FULL, "kín giường", "full"), (hospital.OVER, "quá tải", "over"))
    return [Limit(value=v, title_vi=vi, title_en=en, level=i) for i, (v, vi, en) in enumerate(steps, 1)]


UTILITY: Mapping[str, tuple[tuple[float, str, str, int], ...]] = {
    "pressure": ((utility.LOW_PRESSURE_BAR, "áp lực thấp", "low pressure", utility.LEVELS["pressure"]),),
    "water_loss": (
        (utility.LOSS_TARGET_PERCENT, "mục tiêu", "target", 0),
        (utility.LOSS_HIGH_PERCENT, "thất thoát cao", "high loss", utility.LEVELS["loss"]),
    ),
    "bin_fill": ((utility.FULL_PERCENT, "đầy", "full", utility.LEVELS["full"]),),
}


def utilities(observed_property: str) -> list[Limit]:
    """The thresholds of a utility's assets (``geodata.rules.utility``)."""
    rows = UTILITY.get(observed_property, ())
    return [Limit(value=value, title_vi=vi, title_en=en, level=level) for value, vi, en, level in rows]

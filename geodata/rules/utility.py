"""What a lighting cabinet, pump, gauge, bin or truck is in, from the newest it told.

Pressure: QCVN 07-1:2016/BXD asks for a free head of at least 10 m at the farthest point of a town's supply (believed,
not read). Losses: Decision 2147/QĐ-TTg (2010) set 15 % as the target for 2025 (believed, not read). The levels, and
every other limit here, are this program's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

LOW_PRESSURE_BAR = 1.0
"""10 m of water are 0.98 bar."""

LOSS_TARGET_PERCENT = 15.0
LOSS_HIGH_PERCENT = 25.0
"""Ten points over the target: a leak to look for."""

FULL_PERCENT = 90.0
LAMPS_FEW, LAMPS_MANY = 0.2, 0.5
"""Shares of a cabinet's lamps that do not burn."""

PHASE_GONE_V = 110.0
"""Half of 220 V: the weakest phase is not there."""

LEVELS: Mapping[str, int] = {
    "normal": 0,
    "off": 0,
    "full": 1,
    "lamps_few": 1,
    "lamps_many": 2,
    "loss": 2,
    "pressure": 2,
    "phase": 2,
    "fault": 2,
    "pump": 3,
}
"""Condition to its level; the order is the order of weight."""


def condition(values: Mapping[str, float | str], lamps: float | None = None) -> str:
    """The heaviest of what is true. ``values`` by observed property of the service, numbers in its units."""
    found = list(_conditions(values, lamps))
    order = list(LEVELS)
    return max(found, key=order.index) if found else "normal"


def _conditions(values: Mapping[str, float | str], lamps: float | None) -> Iterator[str]:
    status, pump = values.get("status"), values.get("pump_state")
    if pump == "fault":
        yield "pump"
    if status == "fault":
        yield "fault"
    if status == "off" or pump == "stopped":
        yield "off"
    number = {name: float(value) for name, value in values.items() if not isinstance(value, str)}
    if number.get("voltage", 220.0) < PHASE_GONE_V and status != "off":
        yield "phase"
    if number.get("pressure", LOW_PRESSURE_BAR) < LOW_PRESSURE_BAR:
        yield "pressure"
    if number.get("water_loss", 0.0) >= LOSS_HIGH_PERCENT:
        yield "loss"
    if number.get("bin_fill", 0.0) >= FULL_PERCENT:
        yield "full"
    share = number.get("lamps_out", 0.0) / lamps if lamps and lamps > 0 else 0.0
    if share >= LAMPS_FEW:
        yield "lamps_many" if share >= LAMPS_MANY else "lamps_few"

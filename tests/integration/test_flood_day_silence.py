"""The silence drill on a real store: an operator cut for six hours, and what was stored meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from geodata.city import SourceBinding, city
from geodata.records import Position
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.watch.engine import Watch
from geodata.watch.rule import rules
from tests.conftest import Dsn

T0 = datetime(2026, 10, 20, tzinfo=UTC)
"""The cut begins."""

RULES = [rules()[name] for name in (
    "fishing_vessels.lost_6h", "fishing_vessels.lost_10d", "platform.source_down", "platform.thin_feed",
    "platform.silent_things",
)]  # fmt: skip
ALL = range(12)
LOOKS = (-1, -0.25, 0, 0.25, 1, 2, 3, 4, 5, 6, 6.25, 7, 8)
"""Hours at which the watch looks."""

QUIET = 3
"""The vessel that was lost half an hour before the cut; its device kept on storing."""


def hour(n: float) -> datetime:
    return T0 + timedelta(hours=n)


def fixes(source: str, hours: Sequence[float], vessels: Sequence[int] = ALL, came: float | None = None) -> Batch:
    """A fix of each vessel at each hour, which came at once or at hour ``came``."""
    return Batch([
        Position(thing_id=f"{source}:{v}", time=hour(h), received_at=hour(h if came is None else came),
                 lon=108.1, lat=16.8 + v / 100, sog_kn=5.0)
        for h in hours for v in vessels
    ])  # fmt: skip


async def test_an_operator_cut_for_six_hours_and_its_stored_positions(dsn: Dsn, writer: Writer) -> None:
    """No vessel alarms, the cut is one finding; then the gap closes backward and nothing alarms late."""
    bindings = [SourceBinding(id=name, protocol="vms", title_vi=name, title_en=name, service="fishing_vessels",
                              operator=name, simulated=True) for name in ("cut", "well")]  # fmt: skip
    await writer.register(bindings)
    for name in ("cut", "well"):
        await writer.past_states(name, [(hour(-24), True, None)])
        await writer.write(name, fixes(name, (-6.5,)))
    others = [v for v in ALL if v != QUIET]
    await writer.write("cut", fixes("cut", (-4.0, -2.0, -0.1), others))
    now, news = hour(-1), []
    with Reader(dsn("read")) as reader, FindingStore(dsn("watch")) as store:
        watch = Watch(reader, store, city("hue"), RULES, lambda: now)
        for look in LOOKS:
            now = hour(look)
            await writer.write("well", fixes("well", (look,)))
            if look == 0:
                await writer.past_states("cut", [(hour(0), False, "connection refused")])
            if look == 6:
                await writer.past_states("cut", [(hour(6), True, None)])
                await writer.write("cut", fixes("cut", (1, 3, 5, 5.9), came=6))
            done = watch.once()
            assert done is not None
            assert not done.failed
            news += [(look, c.what, c.finding.key) for c in done.changes if c.what != "keep"]
        closed = reader.query("findings", start=hour(-24), end=hour(24)).set_index("key")
    lost = f"cut:{QUIET}"
    assert news == [
        (-0.25, "open", lost),
        (0.0, "unknown", lost),
        (0.25, "open", "cut"),
        (6.0, "close", lost),
        (6.25, "close", "cut"),
    ]
    assert closed.loc[lost, "opened_at"] == hour(-0.5)
    assert closed.loc[lost, "closed_at"] == hour(1), "by its own fix, not when that came"
    assert list(closed.loc["cut", ["opened_at", "closed_at"]]) == [hour(0), hour(6.0)]

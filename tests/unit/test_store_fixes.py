"""Columns of fixes: exact, whatever is null."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geodata.records import Position
from geodata.store.fixes import POSTGRES_EPOCH_US, fixes
from tests.support.samples import NOON, fix

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)


@given(MOMENTS)
def test_microseconds_are_exact(moment: datetime) -> None:
    columns = fixes([Position(thing_id="1", time=moment, lon=0, lat=0)], {"1": 1}, 1, NOON).columns
    exact = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert columns["time"][0] == exact - POSTGRES_EPOCH_US


def test_newest_of_each_thing() -> None:
    batch = fixes([fix("a", 2), fix("b", 1), fix("a", 5), fix("a", 3)], {"a": 7, "b": 8}, 1, NOON)
    assert sorted(batch.newest()) == [1, 2]
    assert not batch.repeat_themselves
    assert fixes([fix("a", 2), fix("b", 2), fix("a", 2)], {"a": 7, "b": 8}, 1, NOON).repeat_themselves


def test_minutes_of_arrival() -> None:
    arrived = [NOON + timedelta(seconds=s) for s in (0, 59, 60)]
    batch = fixes([fix(at=i, received_at=t) for i, t in enumerate(arrived)], {"mmsi:1": 1}, 1, NOON)
    assert batch.minutes() == [(NOON, 2), (NOON + timedelta(minutes=1), 1)]


def test_every_row_is_copied_once_whatever_is_null() -> None:
    records = [fix(at=i, sog_kn=1 if i & 1 else None, status=3 if i & 2 else None) for i in range(8)]
    batch = fixes(records, {"mmsi:1": 1}, 1, NOON)
    data = batch.copy(("time", "sog_kn", "status"))
    width = 2 + 4 + 8 + 4 + 4  # field count, three lengths, a time
    assert len(data) == 19 + 2 + 8 * width + 4 * 4 + 4 * 2
    assert np.isnan(batch.columns["sog_kn"]).sum() == 4

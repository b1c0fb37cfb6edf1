"""Merge of every kind: duplicates, revisions, late rows, conflicts, and sums that close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.records import (
    Alert,
    Event,
    Feature,
    Observation,
    Position,
    Record,
    Rejected,
    RequestStatus,
    ServiceRequest,
    Thing,
)
from geodata.store.errors import SourceMoved, UnknownSource
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role, Written
from geodata.store.writer import Writer
from tests.support.samples import (
    NOON,
    SERVICES,
    after,
    alert,
    binding,
    case,
    event,
    fix,
    fixes,
    one_of_each,
    value,
    view,
)

Dsn = Callable[[Role], str]
Written_ = tuple[int, int, dict[str, int]]


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        await opened.register([binding()])
        yield opened


@pytest.fixture
def reader(dsn: Dsn) -> Iterator[Reader]:
    with Reader(dsn("read"), SERVICES) as opened:
        yield opened


async def put(writer: Writer, *records: Record) -> Written_:
    written = await writer.write("feed", Batch(records))
    assert written.closes
    return written.stored, written.duplicate, dict(written.rejected)


@pytest.mark.parametrize("record", one_of_each(), ids=lambda r: type(r).__name__)
async def test_a_record_is_stored_once(writer: Writer, record: Record) -> None:
    assert await put(writer, record, record) == (1, 1, {})
    assert await put(writer, record, record, record) == (0, 3, {})


async def test_version_grows_only_with_what_is_stored(writer: Writer) -> None:
    first = await writer.write("feed", Batch(one_of_each()))
    again = await writer.write("feed", Batch(one_of_each()))
    assert first.version > 0
    assert again.version == first.version
    assert (again.stored, again.duplicate) == (0, 8)


async def test_fix_with_other_content_is_a_conflict(writer: Writer, reader: Reader) -> None:
    assert await put(writer, fix(), fix(lon=108)) == (1, 0, {"conflict": 1})
    assert await put(writer, fix(lon=108), fix(at=1), fix()) == (1, 1, {"conflict": 1})
    frame = reader.between("trial", Position, view())
    assert list(frame.geometry.x) == [107.5, 107.5]
    kept = reader.query("rejections", source="feed")
    assert set(kept["reason"]) == {"conflict"}
    assert b'"lon": 108' in kept["payload"][0]


async def test_fixes_by_both_ways(writer: Writer, reader: Reader) -> None:
    """Straight into the table while all are new, by way of the stage when they are not."""
    many = fixes(300)
    assert await put(writer, *many[:100]) == (100, 0, {})
    assert await put(writer, *many[50:200]) == (100, 50, {})
    assert await put(writer, *many[200:]) == (100, 0, {})
    assert await put(writer, *many) == (0, 300, {})
    frame = reader.between("trial", Position, view())
    assert len(frame) == 300
    assert frame["sog_kn"].sum() == sum(f.sog_kn or 0 for f in many)


async def test_late_fix_never_becomes_the_latest(writer: Writer, reader: Reader) -> None:
    await put(writer, fix(at=60, lon=108))
    assert await put(writer, fix(at=0, lon=107)) == (1, 0, {})
    assert reader.latest("trial", Position, view()).geometry.x.tolist() == [108]
    assert reader.latest("trial", Position, view(end=after(seconds=30))).geometry.x.tolist() == [107]


async def test_nulls_come_back_as_nulls(writer: Writer, reader: Reader) -> None:
    await put(writer, fix(at=0, sog_kn=0.0, status=0), fix(at=1), fix(at=2, cog_deg=359.5, heading_deg=1.0))
    frame = reader.between("trial", Position, view())
    assert frame["sog_kn"].isna().tolist() == [False, True, True]
    assert frame["status"].isna().tolist() == [False, True, True]
    assert frame["cog_deg"].tolist()[2] == 359.5


async def test_observation_with_another_result_is_a_revision(writer: Writer, reader: Reader) -> None:
    early, late = after(minutes=1), after(minutes=2)
    assert await put(writer, value(1, received_at=early)) == (1, 0, {})
    assert await put(writer, value(2, received_at=late)) == (1, 0, {})
    assert await put(writer, value(1, received_at=early), value(2, received_at=late)) == (0, 2, {})
    assert reader.latest("trial", Observation, view())["result"].tolist() == [2]
    assert reader.latest("trial", Observation, view(known_at=early))["result"].tolist() == [1]
    assert reader.between("trial", Observation, view(known_at=early))["result"].tolist() == [1]


async def test_revision_that_arrives_late_does_not_win(writer: Writer, reader: Reader) -> None:
    await put(writer, value(2, received_at=after(minutes=2)))
    assert await put(writer, value(1, received_at=after(minutes=1))) == (1, 0, {})
    assert reader.latest("trial", Observation, view())["result"].tolist() == [2]
    assert reader.latest("trial", Observation, view(known_at=after(minutes=1)))["result"].tolist() == [1]


async def test_revision_back_to_an_old_value(writer: Writer, reader: Reader) -> None:
    for result in (1, 2, 1):
        assert await put(writer, value(result)) == (1, 0, {})
    assert reader.latest("trial", Observation, view())["result"].tolist() == [1]


async def test_late_observation_never_becomes_the_latest(writer: Writer, reader: Reader) -> None:
    await put(writer, value(9, at=60))
    await put(writer, value(3, at=0))
    assert reader.latest("trial", Observation, view())["result"].tolist() == [9]
    assert reader.latest("trial", Observation, view(end=after(seconds=59)))["result"].tolist() == [3]


async def test_things_are_merged(writer: Writer, reader: Reader) -> None:
    assert await put(writer, Thing(id="mmsi:1", name="HUE 1", properties={"a": 1})) == (1, 0, {})
    assert await put(writer, Thing(id="mmsi:1", category="ship_30", properties={"b": 2})) == (1, 0, {})
    assert await put(writer, Thing(id="mmsi:1", name="HUE 1"), Thing(id="mmsi:1", properties={"a": 1})) == (0, 2, {})
    row = reader.latest("trial", Thing, view()).loc["mmsi:1"]
    assert (row["name"], row["category"], row["properties"]) == ("HUE 1", "ship_30", {"a": 1, "b": 2})


async def test_late_fragment_fills_gaps_and_changes_nothing_else(writer: Writer, reader: Reader) -> None:
    await put(writer, Thing(id="mmsi:1", name="new", time=after(minutes=2)))
    old = Thing(id="mmsi:1", name="old", category="ship_30", time=after(minutes=1))
    assert await put(writer, old) == (1, 0, {})
    assert await put(writer, old) == (0, 1, {})
    row = reader.latest("trial", Thing, view()).loc["mmsi:1"]
    assert (row["name"], row["category"]) == ("new", "ship_30")
    assert reader.latest("trial", Thing, view(end=after(seconds=90))).loc["mmsi:1", "name"] == "old"


async def test_vessel_known_from_its_fixes_alone_is_no_thing(writer: Writer, reader: Reader) -> None:
    await put(writer, fix())
    assert reader.latest("trial", Thing, view()).empty


async def test_older_update_of_a_case_changes_no_state(writer: Writer, reader: Reader) -> None:
    await put(writer, case(at=0))
    await put(writer, case(RequestStatus.CLOSED, at=600))
    assert await put(writer, case(RequestStatus.DISPATCHED, at=300)) == (1, 0, {})
    assert await put(writer, case(at=0), case(RequestStatus.DISPATCHED, at=300)) == (0, 2, {})
    assert reader.between("trial", ServiceRequest, view()).loc["open311:1", "status"] == "closed"
    assert reader.between("trial", ServiceRequest, view(end=after(seconds=301)))["status"].tolist() == ["dispatched"]
    history = reader.query("request_history", service="trial", id="open311:1")
    assert history["status"].tolist() == ["open", "dispatched", "closed"]


async def test_alert_is_never_edited(writer: Writer, reader: Reader) -> None:
    assert await put(writer, alert(), alert(), alert(headline="other")) == (1, 1, {"conflict": 1})
    update = alert("2", at=60, msg_type="Update", references=(("kttv", "1", NOON),))
    assert await put(writer, update) == (1, 0, {})
    assert reader.latest("trial", Alert, view())["identifier"].tolist() == ["2"]
    first = reader.latest("trial", Alert, view()).iloc[0]
    assert (first["root"], first["first_sent"]) == ("kttv,1,2026-11-20T05:00:00Z", NOON)
    assert reader.latest("trial", Alert, view(end=after(seconds=59)))["identifier"].tolist() == ["1"]
    cancel = alert("3", at=120, msg_type="Cancel", references=(("kttv", "2", after(seconds=60)),))
    await put(writer, cancel)
    assert reader.latest("trial", Alert, view()).empty
    assert len(reader.between("trial", Alert, view())) == 3


async def test_event_is_updated_and_its_payload_may_be_replayed(writer: Writer, reader: Reader) -> None:
    life = [event(severity=1), event(severity=2), event(severity=2, end_time=after(seconds=9))]
    assert await put(writer, *life) == (3, 0, {})
    assert await put(writer, *life) == (0, 3, {})
    row = reader.latest("trial", Event, view()).loc["frigate:1"]
    assert (row["severity"], row["end_time"]) == (2, after(seconds=9))


async def test_feature_keeps_its_history(writer: Writer, reader: Reader) -> None:
    ward = next(r for r in one_of_each() if isinstance(r, Feature))
    await put(writer, replace(ward, name="old", received_at=after(minutes=1)))
    assert await put(writer, replace(ward, name="new", received_at=after(minutes=9))) == (1, 0, {})
    assert reader.latest("trial", Feature, view())["name"].tolist() == ["new"]
    assert reader.latest("trial", Feature, view(known_at=after(minutes=5)))["name"].tolist() == ["old"]


async def test_rejected_fixes_are_counted_with_the_rest(writer: Writer) -> None:
    theirs = [Rejected(reason="checksum", payload=b"x"), Rejected(reason="not_for_us")]
    written = await writer.write("feed", Batch([fix(), fix(lat=91)], rejected=theirs))
    assert written == Written(4, 1, 0, {"checksum": 1, "not_for_us": 1, "implausible": 1}, written.version)


async def test_cursor_is_committed_with_its_rows(writer: Writer) -> None:
    assert await writer.cursor("feed") is None
    await writer.write("feed", Batch([fix()], cursor={"page": 2}))
    await writer.write("feed", Batch([fix(at=1)]))
    assert await writer.cursor("feed") == {"page": 2}


async def test_writers_at_once_lose_and_double_nothing(writer: Writer, dsn: Dsn, reader: Reader) -> None:
    many = fixes(400)
    async with Writer.open(dsn("ingest"), SERVICES) as other:
        await other.register([binding("second")])
        tasks = [
            door.write(name, Batch(many[i : i + 50]))
            for i in range(0, 400, 50)
            for door, name in ((writer, "feed"), (other, "second"))
        ]
        written = sum(await asyncio.gather(*tasks), Written())
    assert written.closes
    assert (written.received, written.stored, written.duplicate) == (800, 400, 400)
    assert len(reader.between("trial", Position, view())) == 400


async def test_unknown_source_and_moved_source(writer: Writer) -> None:
    with pytest.raises(UnknownSource):
        await writer.write("nobody", Batch([fix()]))
    with pytest.raises(SourceMoved):
        await writer.register([binding("feed", "private")])


async def test_months_of_all_times_have_a_partition(writer: Writer, reader: Reader) -> None:
    spread = [fix(at=-86_400 * 30 * n) for n in range(1, 8)]
    assert await put(writer, *spread) == (7, 0, {})
    assert len(reader.between("trial", Position, view(start=NOON - timedelta(days=300)))) == 7


RECORDS = st.one_of(
    st.builds(fix, st.sampled_from(["a", "b"]), st.integers(0, 3), st.sampled_from([107.0, 108.0, 200.0])),
    st.builds(value, st.sampled_from([1.0, 2.0, -1.0, None, "word"]), st.integers(0, 2)),
    st.builds(case, st.sampled_from(RequestStatus), st.integers(0, 3)),
    st.builds(event, st.sampled_from(["x", "y"]), st.integers(0, 2), severity=st.sampled_from([1, 2])),
    st.builds(Thing, id=st.sampled_from(["a", "b"]), name=st.sampled_from([None, "n", "m"])),
    st.builds(alert, st.sampled_from(["1", "2"]), st.integers(0, 1), headline=st.sampled_from([None, "h"])),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(RECORDS, max_size=12), max_size=4))
async def test_sums_close_whatever_comes(dsn: Dsn, batches: list[list[Record]]) -> None:
    async with Writer.open(dsn("ingest"), SERVICES) as writer:
        await writer.register([binding()])
        for batch in batches:
            written = await writer.write("feed", Batch(batch))
            assert written.closes
            assert written.received == len(batch)
    with psycopg.connect(dsn("read")) as connection:
        wrong = connection.execute(
            "select count(*) from ledger where received <> stored + duplicate"
            " + (select coalesce(sum(value::int), 0) from jsonb_each_text(rejected))"
        ).fetchone()
        assert wrong == (0,)

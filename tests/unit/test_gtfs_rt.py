"""GTFS-realtime: what is not sent is not there, who is left out is gone, a header that stands still is dead."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from google.transit import gtfs_realtime_pb2 as gtfs

from geodata.records import Event, Observation, Position, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._gtfs_static import names
from sources.base import Context, Garbled, Unreachable
from sources.gtfs_rt import GTFSRealtimeOptions, batches, parse

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
URL = "http://bus.example/v.pb"
PAYLOADS = Path(__file__).parents[1] / "payloads/gtfs_rt"


def message(t: datetime = NOW, *, differential: bool = False) -> gtfs.FeedMessage:
    made = gtfs.FeedMessage()
    made.header.gtfs_realtime_version = "2.0"
    made.header.timestamp = int(t.timestamp())
    if differential:
        made.header.incrementality = gtfs.FeedHeader.DIFFERENTIAL
    return made


def bus(made: gtfs.FeedMessage, name: str, t: datetime = NOW, lon: float = 107.59) -> gtfs.VehiclePosition:
    entity = made.entity.add()
    entity.id = f"v{name}"
    found: gtfs.VehiclePosition = entity.vehicle
    found.vehicle.id = name
    found.position.latitude, found.position.longitude = 16.46, lon
    found.timestamp = int(t.timestamp())
    return found


def notice(made: gtfs.FeedMessage, name: str, title: str) -> gtfs.Alert:
    entity = made.entity.add()
    entity.id = name
    found: gtfs.Alert = entity.alert
    found.header_text.translation.add().text = title
    return found


def read(made: gtfs.FeedMessage | bytes, **own: object) -> list[Record | Rejected]:
    data = made if isinstance(made, bytes) else made.SerializeToString()
    return list(parse(data, GTFSRealtimeOptions.model_validate({"url": URL, "service": "buses", **own}), NOW))


class Server:
    """Answers with the messages in turn, the last one for ever; ``clock`` follows what it is told."""

    def __init__(self, *bodies: gtfs.FeedMessage | bytes, **own: object) -> None:
        self.bodies = list(bodies)
        self.options = GTFSRealtimeOptions.model_validate({"url": URL, "service": "buses", **own})
        self.asked: list[httpx.Request] = []
        self.now = NOW
        self.cursor: Cursor | None = None
        self.answer: Callable[[httpx.Request], httpx.Response] = self.serve
        self.memory: dict[str, object] = {}

    def serve(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        body = self.bodies[0] if len(self.bodies) == 1 else self.bodies.pop(0)
        return httpx.Response(200, content=body if isinstance(body, bytes) else body.SerializeToString())

    async def poll(self) -> list[Batch]:
        found = []
        transport = httpx.MockTransport(self.answer)
        async with httpx.AsyncClient(transport=transport) as http:
            context = Context(
                http=http, clock=lambda: self.now, service="buses", secret=lambda _: "key", memory=self.memory
            )
            async for batch in batches(self.options, context, self.cursor):
                self.cursor = batch.cursor or self.cursor
                found.append(batch)
        return found


def test_what_is_not_sent_is_nothing() -> None:
    """An unset optional enum reads as 0 or its default: EMPTY would be a crowd that nobody counted."""
    made = message()
    bus(made, "1")
    rows = read(made)
    assert [type(row) for row in rows] == [Thing, Position]
    fix = rows[1]
    assert isinstance(fix, Position)
    assert (fix.sog_kn, fix.heading_deg, fix.cog_deg) == (None, None, None)
    thing = rows[0]
    assert isinstance(thing, Thing)
    assert thing.properties["in_service"] is True
    assert thing.properties["direction"] is None


def test_speed_is_metres_a_second_and_places_are_rounded_to_what_float32_holds() -> None:
    made = message()
    found = bus(made, "1")
    found.position.speed, found.position.bearing, found.occupancy_status = 10.0, 359.99, gtfs.VehiclePosition.EMPTY
    rows = read(made)
    fix = next(row for row in rows if isinstance(row, Position))
    assert (fix.sog_kn, fix.heading_deg, fix.lon) == (19.44, 0.0, 107.59)
    assert [row.result for row in rows if isinstance(row, Observation)] == ["EMPTY"]


def test_a_place_of_nought_is_no_place_and_broken_entities_stand_alone() -> None:
    made = message()
    bus(made, "1").position.Clear()
    bus(made, "2", lon=400)
    bus(made, "3").vehicle.label = "Xe\0"
    bus(made, "4")
    rows = read(made.SerializePartialToString())
    reasons = [row.reason for row in rows if isinstance(row, Rejected)]
    assert reasons == ["malformed", "malformed", "malformed"]
    assert [row.thing_id for row in rows if isinstance(row, Position)] == ["gtfs:4"]
    again = [list(read(row.payload or b"")) for row in rows if isinstance(row, Rejected)]
    assert all(len(part) == 1 and isinstance(part[0], Rejected) for part in again), "one part in the form of a whole"


def test_extensions_are_ignored() -> None:
    made = message()
    bus(made, "1")
    extended = made.SerializeToString() + b"\xc2\x3e\x05\x0a\x03abc\xf8\x7f\x01"
    assert read(extended) == read(made)


def test_an_alert_is_an_event_for_as_long_as_its_period() -> None:
    rows = read((PAYLOADS / "good_alerts.pb").read_bytes(), language="en")
    first, second = (row for row in rows if isinstance(row, Event))
    assert (first.title, first.category, first.severity) == ("Route 03 diverted by flooding", "detour", 2)
    assert first.end_time is not None
    assert first.end_time - first.time == timedelta(hours=7)
    assert second.time == NOW - timedelta(seconds=30)
    assert second.end_time is None


async def test_left_out_of_a_full_dataset_is_gone_and_of_a_differential_is_not() -> None:
    both, one, change = message(), message(NOW + timedelta(seconds=15)), message(NOW + timedelta(30), differential=True)
    change.header.timestamp = int((NOW + timedelta(seconds=30)).timestamp())
    bus(both, "1")
    bus(both, "2")
    bus(one, "1", NOW + timedelta(seconds=10))
    bus(change, "3", NOW + timedelta(seconds=25))
    server = Server(both, one, change)
    await server.poll()
    (batch,) = await server.poll()
    gone = [row for row in batch.records if isinstance(row, Thing)]
    assert [(row.id, row.properties["in_service"]) for row in gone] == [("gtfs:2", False)]
    (batch,) = await server.poll()
    assert [row.id for row in batch.records if isinstance(row, Thing)] == ["gtfs:3"]
    assert server.cursor is not None
    assert set(cast("Any", server.cursor)["feeds"]["url"]["vehicles"].values()) == {"gtfs:1", "gtfs:3"}


async def test_a_bus_that_comes_back_is_told_again() -> None:
    there, left, again = message(), message(NOW + timedelta(seconds=15)), message(NOW + timedelta(seconds=30))
    bus(there, "1")
    bus(again, "1", NOW + timedelta(seconds=30))
    server = Server(there, left, again)
    told = [
        row.properties["in_service"]
        for _ in range(3)
        for b in await server.poll()
        for row in b.records
        if isinstance(row, Thing)
    ]
    assert told == [True, False, True]


async def test_is_deleted_ends_a_bus_and_an_alert_also_after_a_restart() -> None:
    first, second = message(), message(NOW + timedelta(seconds=15), differential=True)
    bus(first, "1")
    notice(first, "n", "Dời điểm dừng")
    for name in ("v1", "n", "unknown"):
        entity = second.entity.add()
        entity.id, entity.is_deleted = name, True
    server = Server(first, second)
    await server.poll()
    server.memory.clear()
    (batch,) = await server.poll()
    thing, event = batch.records
    assert isinstance(thing, Thing)
    assert isinstance(event, Event)
    assert thing.properties["in_service"] is False
    assert (event.status, event.title, event.time) == ("ended", "Dời điểm dừng", NOW)
    assert event.end_time == NOW + timedelta(seconds=15)
    assert [row.reason for row in batch.rejected] == ["unknown_deleted"]


async def test_an_alert_that_is_no_longer_told_has_ended() -> None:
    told, untold = message(), message(NOW + timedelta(minutes=4))
    notice(told, "n", "Cấm đường")
    server = Server(told, untold)
    await server.poll()
    (batch,) = await server.poll()
    (event,) = batch.records
    assert isinstance(event, Event)
    assert (event.title, event.status, event.end_time) == ("Cấm đường", "ended", NOW + timedelta(minutes=4))


async def test_a_header_that_stands_still_is_a_dead_feed() -> None:
    made = message()
    bus(made, "1")
    server = Server(made)
    assert (await server.poll())[0].records
    server.now = NOW + timedelta(minutes=4)
    await server.poll()
    server.now = NOW + timedelta(minutes=12)
    with pytest.raises(Unreachable, match="stand still since 2026-11-21 02:00:00 UTC, 12 min ago"):
        await server.poll()


async def test_an_older_copy_of_another_server_changes_nothing() -> None:
    new, old = message(NOW + timedelta(seconds=30)), message()
    bus(new, "1")
    server = Server(new, old)
    await server.poll()
    (batch,) = await server.poll()
    assert (list(batch.records), [row.reason for row in batch.rejected]) == ([], ["older_copy"])


async def test_an_unchanged_answer_is_not_read_again() -> None:
    made = message()
    bus(made, "1")
    server = Server(made)

    def conditional(request: httpx.Request) -> httpx.Response:
        server.asked.append(request)
        if request.headers.get("If-None-Match") == '"a"':
            return httpx.Response(304)
        return httpx.Response(200, content=made.SerializeToString(), headers={"ETag": '"a"'})

    server.answer = conditional
    assert (await server.poll())[0].records
    assert not (await server.poll())[0].records
    assert len(server.asked) == 2


async def test_the_key_goes_into_the_header_that_the_maker_wants() -> None:
    server = Server(message(), token_env="BUS_KEY", header_name="x-api-key")
    await server.poll()
    assert server.asked[0].headers["x-api-key"] == "key"


async def test_no_protobuf_is_garbled() -> None:
    with pytest.raises(Garbled, match="does not speak GTFS-realtime"):
        await Server(b"<html>502</html>").poll()


def archive(**tables: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, text in tables.items():
            zipped.writestr(f"gtfs/{name}.txt", text)
    return made.getvalue()


async def test_static_names_come_from_the_zip(tmp_path: Path) -> None:
    routes = "\ufeffroute_id,route_short_name,route_long_name\r\nr1,05,Ga Huế – Thuận An\r\n"
    path = tmp_path / "gtfs.zip"
    path.write_bytes(
        archive(
            routes=routes,
            trips="trip_id,route_id,trip_headsign\nt1,r1,Thuận An\n",
            stops="stop_id,stop_name,stop_lat,stop_lon\ns1,Tân Mỹ,16.5352,107.6331\ns2,Sai,x,y\n",
        )
    )
    made = message()
    bus(made, "1").trip.trip_id = "t1"
    notice(made, "n", "Dời").informed_entity.add().stop_id = "s1"
    server = Server(made, static=str(path))
    ((thing, _, event),) = [list(batch.records) for batch in await server.poll()]
    assert isinstance(thing, Thing)
    assert isinstance(event, Event)
    assert thing.properties["route"] == "05"
    assert (thing.properties["route_name"], thing.properties["headsign"]) == ("Ga Huế – Thuận An", "Thuận An")
    assert event.geometry is not None
    assert event.properties["stops"] == ["Tân Mỹ"]


@pytest.mark.parametrize("bad", [b"", b"PK\3\4", archive(routes="route_id\n\xff").replace(b"\xc3\xbf", b"\xff\xff")])
def test_a_broken_zip_is_told(bad: bytes) -> None:
    with pytest.raises(ValueError, match="no GTFS archive"):
        names(bad)


async def test_a_zip_that_is_not_there_is_told_once_and_later_does_not_matter(tmp_path: Path) -> None:
    made = message()
    bus(made, "1")
    server = Server(made, static=str(tmp_path / "none.zip"))
    with pytest.raises(Unreachable, match=r"none\.zip"):
        await server.poll()
    (tmp_path / "none.zip").write_bytes(archive(routes="route_id\nr\n"))
    await server.poll()
    (tmp_path / "none.zip").unlink()
    server.now = NOW + timedelta(hours=25)
    server.bodies = [message(server.now)]
    await server.poll()

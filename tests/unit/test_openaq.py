"""OpenAQ v3: units and licences, catch-up by pages, and the rest that its rate limits ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from geodata.records import Observation, Quality, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources.base import Context, Garbled, Refused, Unreachable
from sources.openaq import OpenAQOptions, batches, parse

NOW = datetime(2026, 11, 21, 2, 10, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads" / "openaq"
KEY = "k3y-0f-openaq"
OPTIONS = OpenAQOptions(
    url="http://openaq.test", api_key_env="OPENAQ", lon=107.6, lat=16.46, page_size=3, service="air_quality"
)


def recorded(name: str) -> list[Record | Rejected]:
    return list(parse((PAYLOADS / name).read_bytes(), OPTIONS, NOW))


def test_a_location_carries_its_licence() -> None:
    (thing,) = recorded("good_locations.json")
    assert isinstance(thing, Thing)
    assert (thing.id, thing.category) == ("openaq:1285357", "air_station")
    assert thing.geometry is not None
    assert (thing.geometry.bounds[0], thing.geometry.bounds[1]) == (107.596351, 16.46226)
    assert thing.properties["license"] == "CC BY 4.0"
    assert thing.properties["attribution"] == "Vietnam Environment Administration"
    assert thing.properties["owner"] == "Unknown Governmental Organization"


def test_a_measurement_is_a_mean_over_its_period() -> None:
    first, flagged = recorded("good_measurements.json")
    assert first == Observation(
        thing_id="openaq:1285357",
        observed_property="pm25",
        phenomenon_time=datetime(2026, 11, 21, 0, tzinfo=UTC),
        phenomenon_end=datetime(2026, 11, 21, 1, tzinfo=UTC),
        result=18.4,
        unit="ug/m3",
        received_at=NOW,
    )
    assert isinstance(flagged, Observation)
    assert flagged.quality is Quality.FAULT


def test_gases_in_parts_become_mass_at_25_degrees() -> None:
    (found,) = recorded("good_measurements_co.json")
    assert isinstance(found, Observation)
    assert (found.observed_property, found.unit) == ("co", "ug/m3")
    assert found.result == pytest.approx(0.42 * 1145, rel=1e-3)  # 1 ppm of CO is 1.145 mg/m³ at 25 °C
    kept = OPTIONS.model_copy(update={"units": {"ppm": "[ppm]"}})
    (plain,) = parse((PAYLOADS / "good_measurements_co.json").read_bytes(), kept, NOW)
    assert isinstance(plain, Observation)
    assert (plain.result, plain.unit) == (0.42, "[ppm]")


def test_what_is_rejected_can_be_read_again() -> None:
    wrong = [row for row in recorded("partial_measurements.json") if isinstance(row, Rejected)]
    assert len(wrong) == 2
    for row in wrong:
        assert row.payload is not None
        assert json.loads(row.payload)["sensorsId"] == 4272000
        assert [type(again) for again in parse(row.payload, OPTIONS, NOW)] == [Rejected]


def stamp(time: datetime) -> dict[str, str]:
    return {
        "utc": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "local": (time + timedelta(hours=7)).isoformat()[:19] + "+07:00",
    }


class Server:
    """One location with one sensor that measures every hour; counts what it is asked."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.status = 200
        self.spoil: Callable[[Any], Any] = lambda body: body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.headers.get("x-api-key") != KEY:
            return httpx.Response(401, json={"message": "Invalid credentials"})
        if self.status != 200:
            return httpx.Response(self.status, headers=self.headers, json={"message": "no"})
        body = self.spoil({"meta": {"found": ">1000"}, "results": self.results(request)})
        return httpx.Response(200, headers=self.headers, json=body)

    def results(self, request: httpx.Request) -> list[Any]:
        path, params = request.url.path, request.url.params
        if path.endswith("/locations"):
            assert params["coordinates"] == "16.4600,107.6000"
            assert params["radius"] == "25000"
            assert params["page"] == "1"
            found = json.loads((PAYLOADS / "good_locations.json").read_text())["results"]
            found[0]["sensors"] = found[0]["sensors"][:1]
            return list(found)
        last = self.now.replace(minute=0)
        if path.endswith("/latest"):
            return [{"datetime": stamp(last), "value": 1, "sensorsId": 4272000, "locationsId": 1285357}]
        assert path.endswith("/sensors/4272000/measurements")
        start = datetime.fromisoformat(params["datetime_from"])
        first, size = (int(params["page"]) - 1) * int(params["limit"]), int(params["limit"])
        ends = [last - timedelta(hours=n) for n in range(24 * 30)]
        wanted = sorted(end for end in ends if end >= start)[first : first + size]
        pm25 = {"id": 2, "name": "pm25", "units": "µg/m³", "displayName": None}
        return [
            {
                "value": 10.0 + end.hour,
                "parameter": pm25,
                "period": {"datetimeFrom": stamp(end - timedelta(hours=1)), "datetimeTo": stamp(end)},
            }
            for end in wanted
        ]


class Reader:
    def __init__(self, server: Server, **options: Any) -> None:
        self.server, self.options = server, OPTIONS.model_copy(update=options)
        self.memory: dict[str, Any] = {}
        self.cursor: Cursor | None = None

    async def poll(self, key: str = KEY) -> list[Batch]:
        found: list[Batch] = []
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.server)) as http:
            context = Context(http=http, clock=lambda: self.server.now, secret=lambda _: key, memory=self.memory)
            async for batch in batches(self.options, context, self.cursor):
                found.append(batch)
                self.cursor = batch.cursor or self.cursor
        return found

    async def hours(self) -> list[int]:
        rows = [row for batch in await self.poll() for row in batch.records if isinstance(row, Observation)]
        return [round((self.server.now - row.phenomenon_time).total_seconds() / 3600) for row in rows]


async def test_history_by_pages_then_only_what_is_new() -> None:
    server = Server()
    reader = Reader(server, history_days=1, overlap_s=0)
    assert len(await reader.hours()) == 24
    assert server.asked.count("/v3/sensors/4272000/measurements") == 9
    server.asked.clear()
    assert await reader.hours() == []
    assert server.asked == ["/v3/locations/1285357/latest"]
    server.now += timedelta(hours=5)  # we were away
    reader.memory.clear()
    assert [hour for hour in await reader.hours() if hour < 6] == [5, 4, 3, 2, 1]


async def test_a_used_up_minute_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("sources._openaq_client.asyncio.sleep", sleep)
    server = Server()
    server.headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"}
    assert await Reader(server, history_days=0.1).hours()
    assert set(waited) == {17.0}


async def test_429_is_left_alone_until_its_time_is_up() -> None:
    server = Server()
    server.status, server.headers = 429, {"x-ratelimit-reset": "40"}
    reader = Reader(server)
    for _ in range(3):
        with pytest.raises(Unreachable, match="too many requests"):
            await reader.poll()
    assert len(server.asked) == 1
    server.status, server.headers = 200, {}
    server.now += timedelta(seconds=41)
    assert await reader.hours()


async def test_failures_are_told_without_the_key() -> None:
    server = Server()
    with pytest.raises(Refused) as caught:
        await Reader(server).poll("wrong-k3y")
    assert "k3y" not in str(caught.value)
    bodies: list[Any] = [[], {"results": 7}, {"message": "no"}]
    server.spoil = lambda _: bodies.pop()
    while bodies:
        with pytest.raises(Garbled):
            await Reader(server).poll()


async def test_a_broken_measurement_among_good_ones_is_kept() -> None:
    server = Server()

    def spoil(body: Any) -> Any:
        if body["results"] and "period" in body["results"][0]:
            body["results"][0]["value"] = "chưa có"
        return body

    server.spoil = spoil
    found = await Reader(server, history_days=0.1, page_size=1000).poll()
    assert [row.reason for batch in found for row in batch.rejected] == ["malformed"]
    assert sum(len(batch.records) for batch in found) > 1

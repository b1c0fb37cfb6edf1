"""The licences of a simulated department, read by SQL from a database of its own, with the least rights."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from geodata.city import city
from geodata.records import Event, Record
from sources._binding import adapter
from sources.base import SourceError, Unreachable
from sources.recording import rows
from sources.simulator import sql_office
from sources.simulator.clock import DAY_S, SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds import road_works as feed
from sources.simulator.road_works import DONE, SUSPENDED, WITHDRAWN, WORKING, Register
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.city_feed import Polled, open_feed
from tests.support.cluster import TestCluster
from tests.support.patience import in_time

FRIDAY = 1795158000.0  # 2026-11-20T14:00 in Huế
SOURCE = feed.SOURCE
READ_ONLY = "set default_transaction_read_only = off; "


@pytest.fixture(scope="module")
def hue() -> Town:
    return Town(city("hue"), 1)


def register(town: Town) -> Register:
    found = town.part(Register.of)
    assert found is not None
    return found


def events(records: list[Record]) -> dict[str, Event]:
    """Of each licence the last, without its arrival."""
    return {row.id: replace(row, received_at=None) for row in records if isinstance(row, Event)}


async def until(poll: Callable[[], Awaitable[bool]]) -> None:
    async with in_time():
        while not await poll():  # noqa: ASYNC110 (a city tells nobody)
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_office, "LOOK_S", 0.05)


def kept_for_itself(source: Polled) -> str:
    """The password, out of a file that nobody else may read."""
    file = Path(source.binding.options["sql"]["password_file"])
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text(encoding="utf-8").strip()


def tried(source: Polled, database: str, statement: str) -> Any:
    """What the city's login gets there, over its own way in."""
    sql = source.binding.options["sql"]
    where, _, _ = sql["url"].removeprefix("postgresql://").partition("/")
    user, _, address = where.partition("@")
    host, port = address.split(":")
    password = kept_for_itself(source)
    with psycopg.connect(host=host, port=port, user=user, password=password, dbname=database) as connection:
        connection.execute(READ_ONLY)
        connection.commit()
        return connection.execute(statement.encode()).fetchone()


async def test_one_view_is_read_and_nothing_else(hue: Town, tmp_path: Path, cluster: TestCluster) -> None:
    at = [FRIDAY - 10 * DAY_S]
    with cluster.fresh() as ours:
        clock = SimulatedClock(real=lambda: at[0])
        async with open_feed("road_works", hue, tmp_path, clock, cluster.cluster.data) as opened:
            source = opened.sources[SOURCE]
            assert kept_for_itself(source) not in source.binding.model_dump_json()
            found = events(await source.poll())
            assert len(found) == len(register(hue).standing(at[0])) > 20
            assert not source.rejected
            west, south, east, north = city("hue").bounds
            places = [row.geometry.bounds for row in found.values() if row.geometry is not None]
            assert len(places) == len(found)
            assert all(west < x < east and south < y < north for x, y, *_ in places)  # VN-2000, X to the north
            assert {row.category for row in found.values()} == {"roadworks"}
            assert await source.poll() == []

            view, table = feed.VIEW, feed.TABLE.name
            count = await asyncio.to_thread(tried, source, "so_xay_dung_hue", f"select count(*) from {view}")
            assert count == (len(found),)
            for database, statement in (
                ("so_xay_dung_hue", f"select count(*) from {table}"),
                ("so_xay_dung_hue", f"delete from {view}"),
                ("so_xay_dung_hue", "create table mine (n int)"),
                ("so_xay_dung_hue", "create table public.mine (n int)"),
                ("so_xay_dung_hue", "create temporary table mine (n int)"),
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await asyncio.to_thread(tried, source, database, statement)
            for database in ("vonglau_template", "postgres", "template1"):
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    await asyncio.to_thread(tried, source, database, "select 1")

            at[0] = FRIDAY  # ten days of changes
            told: dict[str, Event] = {}

            async def caught_up() -> bool:
                told.update(events(await source.poll()))
                return {row.number for row in register(hue).changes(FRIDAY - 10 * DAY_S, FRIDAY)} <= {
                    str(row.properties["licence"]) for row in told.values()
                }

            await until(caught_up)
            assert {row.status for row in told.values()} >= {"ended", WORKING}
            assert {**found, **told} == recorded(hue, FRIDAY)
        with psycopg.connect(cluster.dsn("read", ours)) as connection:  # our own may still enter
            assert connection.execute("select 1").fetchone() == (1,)


def recorded(town: Town, end: float) -> dict[str, Event]:
    """What the recording tells by then: the same records as the view."""
    (bound,) = feed.sources(town)
    source, options = adapter(bound)
    lines = feed.recorded(register(town), end - 10 * DAY_S, end)
    found: list[Record] = []
    for t, body in lines:
        parsed = list(source.parse(str(body).encode(), options, datetime.fromtimestamp(t, UTC)))
        assert all(isinstance(row, Event) for row in parsed)
        found += [row for row in parsed if isinstance(row, Event)]
    return events(found)


async def test_an_office_fails_as_others_do(
    tmp_path: Path, cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources._table_server.CONNECT_S", 1)
    town = Town(city("nghe_an"), 1)
    at = [FRIDAY]
    clock = SimulatedClock(real=lambda: at[0])
    async with open_feed("road_works", town, tmp_path, clock, cluster.cluster.data) as opened:
        source = opened.sources[SOURCE]
        assert await source.poll()

        async def fails() -> bool:
            try:
                await source.poll()
            except Unreachable:
                return True
            return False

        async def works() -> bool:
            return not await fails()

        for fault in ("outage", "stall"):
            opened.switch(f"{SOURCE}={fault}")
            await until(fails)
            opened.clear()
            await until(works)

        async def rejects() -> bool:
            with suppress(SourceError):
                await source.poll()
            return {"no_id", "bad_time"} <= set(source.rejected)

        opened.switch(f"{SOURCE}=garbage")
        await until(rejects)
        opened.clear()

        async def again() -> bool:
            at[0] += 30  # the office saves all of it again
            return bool(await source.poll())

        for fault in ("duplicates", "skew"):
            opened.switch(f"{SOURCE}={fault}")
            await until(again)
            opened.clear()
        at[0] += 8 * DAY_S  # its clock was two hours ahead, and what changes now is read all the same
        found: dict[str, Event] = {}

        async def caught_up() -> bool:
            found.update(events(await source.poll()))
            changed = {row.number for row in register(town).changes(FRIDAY + DAY_S, at[0])}
            return changed <= {str(row.properties["licence"]) for row in found.values()}

        await until(caught_up)


def test_licences_live_and_a_storm_suspends_them(hue: Town, tmp_path: Path) -> None:
    rows_of = register(hue).changes(FRIDAY - 365 * DAY_S, FRIDAY)
    states = {row.state for row in rows_of}
    assert states >= {WORKING, DONE, WITHDRAWN}
    assert len({row.number for row in rows_of}) == len({row.case for row in rows_of}) > 200
    last = {row.case: row for row in rows_of}
    withdrawn = [row for row in last.values() if row.state == WITHDRAWN]
    assert all(row.ends == row.changed and row.note for row in withdrawn)
    assert register(hue).standing(FRIDAY) == Register.of(Town(hue.city, 1)).standing(FRIDAY)  # type: ignore[union-attr]

    wet = Town(hue.city, 1, scenario("flood"), begun=FRIDAY - 14 * 3600)
    assert {row.state for row in register(wet).standing(FRIDAY)} & {WORKING, SUSPENDED} == {SUSPENDED}
    assert SUSPENDED not in {row.state for row in register(wet).standing(FRIDAY + 10 * DAY_S)}

    files = feed.history(hue, tmp_path, FRIDAY - 14 * DAY_S, FRIDAY)
    (bound,) = feed.sources(hue)
    assert len(list(rows(*adapter(bound), [tmp_path / files[SOURCE][0]]))) > 30
    assert feed.sources(Town(city("dong_ha"), 1)) == []


def test_late_rows_keep_their_own_times(hue: Town) -> None:
    faults = Faults([SOURCE])
    faults.switch_on(f"{SOURCE}=late", FRIDAY - 5 * DAY_S)
    late = feed.standing(register(hue), faults, FRIDAY)
    faults.switch_off("all")
    now = feed.standing(register(hue), faults, FRIDAY)
    newer = [row for key, row in now.items() if late.get(key) != row]
    held = max(row["ngay_cap_nhat"] for row in late.values())
    assert newer
    assert all(row["ngay_cap_nhat"] > held for row in newer)  # a cursor that stands at ``held`` finds them

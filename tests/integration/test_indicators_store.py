"""One number on the wall, at the page, in a notebook and on the command line: a few rows of a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from app.context import PageContext, Services
from app.pages import indicators_rows
from app.pages.indicators_reading import Moment, Reading, moment
from app.pages.wall_figures import Figures
from app.panels import wall_tiles
from app.refresh import Refresh
from app.text import Text
from geodata import catalogue
from geodata.city import city
from geodata.commands.indicators import command
from geodata.indicators import whole
from geodata.indicators.indicator import get
from geodata.settings import Settings
from geodata.store.reader import Reader
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)


def until(work: Callable[[], None], done: Callable[[], bool]) -> None:
    """Rounds of reading until nothing is left to be read."""
    for _ in range(200):
        work()
        if done():
            return
    raise AssertionError("never read")


@pytest.fixture
def context(store: SyncStore, reader: Reader, tmp_path: Path) -> PageContext:
    """Huế with cases and vessels."""
    store.write(scene.BINDINGS["field_reports"], scene.reports(NOW))
    store.write(scene.BINDINGS["fishing_vessels"], scene.vessels(NOW))
    tiles, refresh = cast("Any", None), Refresh(reader)
    services = Services(
        settings=Settings(data=tmp_path), city=city("hue"), reader=reader, tiles=tiles, refresh=refresh, build="x"
    )
    return PageContext(services=services, language="vi", user=None)


def test_the_wall_the_page_and_a_notebook_say_one_number(
    context: PageContext, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = whole.table(reader, "hue")
    scenes = [one for one in context.city.wall.scenes if any(block.kind == "tiles" for block in one.blocks)]
    figures, spoken = Figures(context), ["field_reports", "fishing_vessels"]
    until(lambda: figures.read(scenes[0], spoken, 60), lambda: not figures.due(scenes[0], spoken))
    page = Reading(context, Moment())
    until(page.round, lambda: page.whole)
    for name in spoken:
        for value in figures.now[name]:
            assert value.value == table.loc[value.id, "value"] == page.read.values[value.id].value
    chosen = wall_tiles.shown(figures.now["field_reports"])
    assert chosen is not None
    tile = wall_tiles.tile(
        catalogue.service("field_reports"),
        next(state for state in reader.services("hue") if state.id == "field_reports"),
        None, NOW, "Asia/Ho_Chi_Minh", Text("vi"), chosen,
    )  # fmt: skip
    row = indicators_rows.row(get("field_reports.overdue"), page.read.values["field_reports.overdue"], (), Text("vi"))
    assert (tile["value"], tile["level"]) == (row["value"], row["level"]) == ("2", 3)
    assert table.loc["field_reports.overdue", "value"] == 2
    assert table.loc["fishing_vessels.lost_6h", "value"] == 1
    assert table.loc["traffic.speed", "state"] == "ready"
    monkeypatch.setenv("VONGLAU_DSN", reader.dsn)
    done = CliRunner().invoke(command, ["--city", "hue", "--service", "field_reports", "--json"])
    told = {one["id"]: one["value"] for one in json.loads(done.output)}
    assert told["field_reports.overdue"] == 2


def test_the_past_is_told_by_the_same_function(context: PageContext, reader: Reader) -> None:
    one = get("field_reports.open_now")
    found = whole.history(reader, context.city, [one], NOW)[one.id]
    assert [value.at for value in found] == whole.instants(one, NOW)
    assert found[-1].value == 2  # "overdue" and "resolved" were asked 30 h ago; the others came later
    before = whole.before(reader, context.city, [one], NOW)[one.id]
    assert before.value == found[-1].value


def test_a_link_asks_for_an_instant() -> None:
    asked = moment({"t": str(int(NOW.timestamp())), "k": "1"})
    assert (asked.at, asked.known_at, asked.live) == (NOW, NOW, False)
    assert moment({"t": "2026-11-20T07:00:00Z"}).at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert moment({"t": "soon", "known": "9" * 40}) == Moment()


def test_the_export_is_a_table_that_spreadsheets_read(context: PageContext) -> None:
    page = Reading(context, Moment(NOW, NOW + timedelta(seconds=5)))
    until(page.round, lambda: page.whole)
    lines = indicators_rows.table(page.read.values, "vi").splitlines()
    assert lines[0].startswith("\ufeffid,service,title,value")
    assert len(lines) > len(page.read.values)
    assert any(line.startswith("field_reports.open_now,field_reports,Phản ánh đang mở,") for line in lines)

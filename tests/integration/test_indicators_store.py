"""One number on the wall, at the page, in a notebook and on the command line: a few rows of a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from app.context import PageContext, Services
from app.pages import indicators_rows
from app.pages.indicators_clock import Moment
from app.pages.indicators_reading import Reading
from app.pages.wall_figures import Figures
from app.panels import wall_counts, wall_tiles
from app.panels.wall_have import Have, Memory
from app.refresh import Refresh
from app.text import Text
from geodata import catalogue
from geodata.city import city
from geodata.commands.indicators import command
from geodata.indicators import whole
from geodata.indicators.indicator import get
from geodata.records import Observation
from geodata.scenes import Block
from geodata.settings import Settings
from geodata.store.reader import Reader
from geodata.view import Bounds, View
from tests.support import scene
from tests.support.sync_store import SyncStore


def until(work: Callable[[], None], done: Callable[[], bool]) -> None:
    """Rounds of reading until nothing is left to be read."""
    for _ in range(200):
        work()
        if done():
            return
    raise AssertionError("never read")


@pytest.fixture
def now() -> datetime:
    """When the test begins: its rows must not grow old while others run."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def context(store: SyncStore, reader: Reader, tmp_path: Path, now: datetime) -> PageContext:
    """Huế with cases and vessels."""
    store.write(scene.BINDINGS["field_reports"], scene.reports(now))
    store.write(scene.BINDINGS["fishing_vessels"], scene.vessels(now))
    tiles, refresh = cast("Any", None), Refresh(reader)
    services = Services(
        settings=Settings(data=tmp_path), city=city("hue"), reader=reader, tiles=tiles, refresh=refresh, build="x"
    )
    return PageContext(services=services, language="vi", user=None)


def test_the_wall_the_page_and_a_notebook_say_one_number(
    context: PageContext, reader: Reader, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = whole.table(reader, "hue")
    scenes = [one for one in context.city.wall.scenes if any(block.kind == "tiles" for block in one.blocks)]
    figures, spoken = Figures(context), ["field_reports", "fishing_vessels"]
    until(lambda: figures.read(scenes[0], spoken, 60), lambda: not figures.due(scenes[0], spoken))
    page = Reading(context, Moment())
    until(page.round, lambda: page.whole)
    for name in spoken:
        for value in figures.now[name]:
            listed = float(table["value"][value.id])
            assert value.value == page.read.values[value.id].value == (None if isnan(listed) else listed)
    chosen = wall_tiles.shown(figures.now["field_reports"])
    assert chosen is not None
    tile = wall_tiles.tile(
        catalogue.service("field_reports"),
        next(state for state in reader.services("hue") if state.id == "field_reports"),
        None, now, "Asia/Ho_Chi_Minh", Text("vi"), chosen,
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


def test_the_past_is_told_by_the_same_function(context: PageContext, reader: Reader, now: datetime) -> None:
    one = get("field_reports.open_now")
    found = whole.history(reader, context.city, [one], now)[one.id]
    assert [value.at for value in found] == whole.instants(one, now)
    assert found[-1].value == 2  # "overdue" and "resolved" were asked 30 h ago; the others came later
    before = whole.before(reader, context.city, [one], now)[one.id]
    assert before.value == found[-1].value


def test_the_export_is_a_table_that_spreadsheets_read(context: PageContext, now: datetime) -> None:
    page = Reading(context, Moment(now, now + timedelta(seconds=5)))
    until(page.round, lambda: page.whole)
    lines = indicators_rows.table(page.read.values, "vi").splitlines()
    assert lines[0].startswith("\ufeffid,service,title,value")
    assert len(lines) > len(page.read.values)
    assert any(line.startswith("field_reports.open_now,field_reports,Phản ánh đang mở,") for line in lines)


@pytest.mark.parametrize(
    ("measured", "value", "title"), [("speed", "20,0", "Tốc độ trung bình"), ("flow", "300", "Lưu lượng")]
)
def test_a_measured_property_is_its_indicator_or_the_mean_of_its_things(
    store: SyncStore, context: PageContext, reader: Reader, tmp_path: Path, now: datetime, measured: str, value: str,
    title: str,
) -> None:  # fmt: skip
    told = {"speed": (15.0, 25.0), "flow": (200.0, 400.0)}[measured]
    unit = {"speed": "km/h", "flow": "{vehicle}/h"}[measured]
    store.write(
        scene.binding("traffic", 300),
        [
            Observation(thing_id=f"t{n}", observed_property=measured, phenomenon_time=now, result=amount, unit=unit)
            for n, amount in enumerate(told)
        ],
    )
    here = next(one for one in context.city.wall.scenes if one.id == "traffic")
    figures = Figures(context)
    until(lambda: figures.read(here, ["traffic"], 60), lambda: not figures.due(here, ["traffic"]))
    end = datetime.now(UTC)
    view = View(Bounds(*here.bounds), 100, 100, end - timedelta(days=1), end)
    have = Have(
        city=context.city, text=Text("vi"), scene=here, view=view, wide=view, now=end, reader=reader, memory=Memory(),
        data=tmp_path, figures=figures.now, before=figures.before,
        services={state.id: state for state in reader.services("hue")},
    )  # fmt: skip
    (section,) = wall_counts.usual(Block(kind="usual", service="traffic", property=measured), have, 1).sections
    assert section["title"] == title
    assert [(row["value"], row["note"]) for row in section["rows"]] == [(value, "n = 2")]

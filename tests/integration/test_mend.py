"""``vonglau replay --rejected``: what was refused is read again after a mend, once; its first refusal stays counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import cli
from geodata.city import SourceBinding
from geodata.records import Observation, Rejected, Thing
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from sources._mend import mend
from tests.conftest import Dsn

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ENTITY = {
    "@iot.id": 7,
    "name": "Trạm Kim Long",
    "description": "",
    "Datastreams": [
        {
            "@iot.id": 1,
            "unitOfMeasurement": {"symbol": "furlong"},
            "ObservedProperty": {"name": "pm25"},
            "Observations": [{"@iot.id": 1, "phenomenonTime": "2026-11-20T00:00:00Z", "result": 12.5}],
        }
    ],
}


def binding(**options: Any) -> SourceBinding:
    return SourceBinding(
        id="odd_air",
        protocol="sensorthings",
        service="air_quality",
        title_vi="Không khí",
        title_en="Air",
        options={"url": "http://127.0.0.1:9/v1.1", **options},
    )


def sums(reader: Reader) -> tuple[int, int, int]:
    state = next(s for service in reader.services() for s in service.sources if s.id == "odd_air")
    assert state.received == state.stored + state.duplicate + sum(state.rejected.values())
    return state.received, state.stored, sum(state.rejected.values())


async def test_a_unit_that_was_not_known_is_read_after_the_mend(dsn: Dsn, reader: Reader) -> None:
    payload = json.dumps(ENTITY).encode()
    async with Writer.open(dsn("ingest")) as writer:
        await writer.register([binding()])
        garbled = Rejected(reason="garbled", payload=payload, received_at=NOW)
        strange = Observation(
            thing_id="sta:7", observed_property="pm25", phenomenon_time=NOW, result=3.0, unit="furlong"
        )
        await writer.write("odd_air", Batch([Thing(id="sta:7"), strange], rejected=[garbled]))
        assert sums(reader) == (3, 1, 2)
        with Reader(dsn("identity")) as private:
            first, refused = await mend(writer, private, binding(units={"furlong": "ug/m3"}))
            assert first.closes
            assert first.stored == 2  # name and reading of the payload; what the store itself refused stays refused
            again, _ = await mend(writer, private, binding(units={"furlong": "ug/m3"}))
        assert again.stored == 0
    frame = reader.query("rejections", source="odd_air", limit=10)
    assert frame["mended_at"].notna().sum() == 1
    assert refused == 1


def test_a_source_that_is_not_there_is_one_line(dsn: Dsn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONGLAU_DSN", dsn("ingest"))
    result = CliRunner().invoke(cli, ["replay", "--rejected", "nobody", "--city", "hue"])
    assert result.exit_code != 0


def test_the_command_prints_its_sums(dsn: Dsn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VONGLAU_DSN", dsn("ingest"))
    file = tmp_path / "bindings.json"
    file.write_text(json.dumps([binding().model_dump(mode="json", exclude_none=True)]))
    arguments = ["replay", "--rejected", "odd_air", "--bindings", str(file), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"received": 0, "stored": 0, "duplicate": 0, "rejected": {}, "refused": 0}

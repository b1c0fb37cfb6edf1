"""The quick form of ``make faults``: three sources of a simulated city, cut and garbled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Dsn
from tests.faults.drill import run
from tests.support.drill import city

SOURCES = ("simulated_gatus", "simulated_kuma", "simulated_warnings")


@pytest.mark.slow  # until it has been seen green: make test must not wait for it
@pytest.mark.parametrize("fault", ["outage", "garbage"])
def test_sources_fall_once_and_lose_nothing(dsn: Dsn, tmp_path: Path, fault: str) -> None:
    said: list[str] = []
    with city(dsn, tmp_path, only=SOURCES) as here:
        lines = run(here, dsn("ingest"), [fault], 3, at_once=False, say=said.append)
        assert "Traceback" not in here.log.read_text()
    assert {line.source for line in lines} == set(SOURCES)
    assert not [line for line in lines if line.wrong], said
    assert all(line.notice_s is not None for line in lines), said

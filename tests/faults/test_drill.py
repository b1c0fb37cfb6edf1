"""The quick form of ``make faults``: five sources of a simulated city, each with another fault at the same moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Dsn
from tests.faults.drill import FAULTS, drill, settled
from tests.support.drill import city
from tests.support.ledger_audit import audit

SOURCES = ("simulated_gatus", "simulated_kuma", "simulated_traffic", "simulated_dossiers", "simulated_press_vong_lau")

FEEDS = "security,traffic,offices_services,press"


@pytest.mark.timeout(600)
def test_each_source_bears_its_fault_and_disturbs_no_other(dsn: Dsn, tmp_path: Path) -> None:
    with city(dsn, tmp_path, only=SOURCES, feeds=FEEDS) as here:
        assert settled(here) == []
        lines = drill(here, dsn("ingest"), dict(zip(SOURCES, FAULTS, strict=True)))
        sums = audit(dsn("owner"))
        log = here.log.read_text()
    told = "\n".join(line.row() for line in lines)
    assert not [line for line in lines if line.wrong], f"{told}\n{log}"
    assert {line.fault for line in lines if line.notice_s is not None} >= {"outage", "stall"}, told
    assert {one.source for one in sums} == set(SOURCES)
    assert all(one.closes and one.received for one in sums), "\n".join(one.row() for one in sums)
    assert "Traceback" not in log

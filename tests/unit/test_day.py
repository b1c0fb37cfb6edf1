"""The day of a simulated city and the intake's port are kept over a restart, and told from others."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from app.day import LONGEST_S, Day
from app.door import LOOPBACK, TOKEN, kept_port, token
from sources.simulator.scenario import kept
from sources.simulator.serve import scratch


def test_a_restart_goes_on_with_the_same_day(tmp_path: Path) -> None:
    day, now = Day(tmp_path / "run" / "scenario-hue.json", "flood"), time.time()
    assert day.begun() is None
    assert kept(day.file, "flood", now - 3600) == now - 3600
    day.renew()
    assert kept(day.file, "flood", now) == now - 3600 == day.begun()
    assert day.stamp() == f", flood since {now - 3600:.0f}"


@pytest.mark.parametrize("age_s", [LONGEST_S + 60, -3600])
def test_a_day_that_is_over_or_not_yet_begins_anew(tmp_path: Path, age_s: float) -> None:
    day, now = Day(tmp_path / "day.json", "flood"), time.time()
    kept(day.file, "flood", now - age_s)
    day.renew()
    assert day.begun() is None
    assert kept(day.file, "flood", now) == now


def test_another_scenario_begins_anew_and_calm_needs_no_stamp(tmp_path: Path) -> None:
    flood, calm = Day(tmp_path / "day.json", "flood"), Day(tmp_path / "day.json")
    kept(flood.file, "flood", time.time())
    calm.renew()
    assert not calm.file.exists()
    assert kept(calm.file, "calm", 5.0) == 5.0
    assert flood.begun() is None
    assert calm.stamp() == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenario": "flood"}', '{"scenario": "flood", "begun": "x"}', "\0"])
def test_a_broken_file_is_no_day(tmp_path: Path, text: str) -> None:
    day = Day(tmp_path / "day.json", "flood")
    day.file.write_text(text, encoding="utf-8")
    assert day.begun() is None
    assert kept(day.file, "flood", 7.0) == 7.0
    assert json.loads(day.file.read_text(encoding="utf-8")) == {"scenario": "flood", "begun": 7.0}


def test_the_intake_keeps_its_port_while_it_is_free(tmp_path: Path) -> None:
    file = tmp_path / "intake-hue.port"
    first = kept_port(file)
    assert kept_port(file) == first
    with socket.socket() as taken:
        taken.bind((LOOPBACK, first))
        taken.listen()
        assert kept_port(file) not in {0, first}
    file.write_text("no port", encoding="ascii")
    assert kept_port(file) > 0


def test_the_token_is_the_operators_own_or_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    assert len(token()[TOKEN]) > 30
    assert token() != token()
    monkeypatch.setenv(TOKEN, "own")
    assert token() == {TOKEN: "own"}


def test_a_city_sweeps_up_after_one_that_was_killed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"city-{gone.pid}", f"city-{os.getppid()}", "city-hall", "history"):
        (tmp_path / name / "broker").mkdir(parents=True)
    assert scratch(tmp_path) == tmp_path / f"city-{os.getpid()}"
    assert {entry.name for entry in tmp_path.iterdir()} == {
        f"city-{os.getpid()}", f"city-{os.getppid()}", "city-hall", "history",
    }  # fmt: skip

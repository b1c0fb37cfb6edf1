"""`vonglau up` as a user meets it: everything starts, survives kill -9 of any part, and leaves nothing behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.machine import Machine, closes, machine, wait_for

FEEDS = ("fishing_vessels", "field_reports", "air_quality")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def here() -> Iterator[Machine]:
    """One machine for the module: the tests run in order, each goes on from the last."""
    with machine() as one:
        one.start("--history", "1")
        yield one


def receiving(here: Machine) -> bool:
    services = here.services()
    return all(services[name]["state"] == "receiving" for name in FEEDS) and all(
        sum(s["stored"] for s in services[name]["sources"]) > 0 for name in FEEDS
    )


def test_three_feeds_are_received_and_the_sums_close(here: Machine) -> None:
    wait_for(lambda: receiving(here), "three feeds")
    services = here.services()
    assert all(closes(service) for service in services.values())
    assert all(source["simulated"] for name in FEEDS for source in services[name]["sources"])
    assert services["cameras"]["state"] == "ready"
    assert set(services["field_reports"]) >= {
        "id", "title_vi", "title_en", "state", "last_received", "age_s", "version", "sources",
    }  # fmt: skip


def test_history_is_loaded_once_and_replaying_it_stores_nothing_new(here: Machine) -> None:
    wait_for((here.data / "run" / "history-hue.loaded").exists, f"history\n{here.words()}")
    again = here.run("replay", "--recordings", str(here.data / "history" / "hue"), "--json")
    assert again.returncode == 0, again.stderr
    assert '"stored": 0' in again.stdout


def test_a_second_up_on_the_same_folder_says_so_in_one_line(here: Machine) -> None:
    second = here.run("up", "--port", str(here.port + 1), "--no-open")
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("victim", ["ingest", "serve", "simulate"])
def test_a_killed_part_is_started_again_and_feeds_come_back(here: Machine, victim: str) -> None:
    before = here.child(victim).pid
    here.child(victim).kill()
    wait_for(lambda: alive(here, victim) not in {None, before}, f"{victim} again")
    wait_for(here.ready, "/readyz")
    wait_for(lambda: grows(here), f"rows after kill of {victim}\n{here.words()}")
    assert all(closes(service) for service in here.services().values())


def alive(here: Machine, command: str) -> int | None:
    try:
        return here.child(command).pid
    except (StopIteration, psutil.NoSuchProcess):
        return None


def grows(here: Machine) -> bool:
    """More vessel rows than a moment ago."""
    one = here.services()["fishing_vessels"]
    time.sleep(1)
    return bool(here.services()["fishing_vessels"]["version"] > one["version"])


def test_a_killed_database_is_started_again_and_nothing_is_lost(here: Machine) -> None:
    stored = {name: sum(s["stored"] for s in here.services()[name]["sources"]) for name in FEEDS}
    server = next(p for p in here.processes() if p.name() == "postgres" and "-D" in p.cmdline())
    server.kill()
    wait_for(lambda: alive_server(here) not in {None, server.pid}, f"the server again\n{here.words()}")
    wait_for(here.ready, "/readyz")
    wait_for(lambda: grows(here), f"rows after kill of the server\n{here.words()}")
    services = here.services()
    assert all(sum(s["stored"] for s in services[name]["sources"]) >= stored[name] for name in FEEDS)
    assert all(closes(service) for service in services.values())


def alive_server(here: Machine) -> int | None:
    return next((p.pid for p in here.processes() if p.name() == "postgres" and "-D" in p.cmdline()), None)


def test_killed_without_a_word_it_leaves_no_process_and_starts_again(here: Machine) -> None:
    assert here.process is not None
    here.stop(signal.SIGKILL)
    wait_for(lambda: not here.processes(), "every child to end with its parent")
    here.start("--history", "1")
    wait_for(lambda: receiving(here), "three feeds again")
    assert all(closes(service) for service in here.services().values())


def test_ctrl_c_ends_it_cleanly_and_leaves_no_process(here: Machine) -> None:
    assert here.stop(signal.SIGINT) == 0
    assert not here.processes()


def test_the_data_folder_is_closed_to_others(here: Machine) -> None:
    secrets: list[Path] = [p for p in here.data.rglob("*secret*") if p.is_file()]
    assert secrets
    assert all(p.stat().st_mode & 0o077 == 0 for p in secrets)

"""`vonglau up` as a user meets it: everything starts, survives kill -9 of any part, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from geodata.errors import VongLauError
from geodata.store.reader import Reader
from geodata.store.types import ServiceState
from tests.support.machine import FEW, Machine, closes, machine, stored, wait_for

FEEDS = ("fishing_vessels", "field_reports", "air_quality")
DAY = ("--history", "1", "--scenario", "flood")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def here() -> Iterator[Machine]:
    """One machine for the module: the tests run in order, each goes on from the last. All of them on a folder where a
    first start was ended by Ctrl-C while it loaded its history.
    """
    with machine() as one:
        one.start(*DAY)
        interrupted(one)
        one.start(*DAY)
        for command in ("ingest", "simulate"):  # /readyz speaks of the pages, which do not wait for these
            wait_for(lambda command=command: alive(one, command), f"{command}\n{one.words()}")  # type: ignore[misc]
        yield one


def interrupted(here: Machine) -> None:
    """Ctrl-C during the loading of history: nothing is left behind, and nothing says that the history is there."""
    wait_for(lambda: alive(here, "replay"), f"the loading of history\n{here.words()}")
    assert here.stop(signal.SIGINT) == 0, here.words()
    assert not here.processes()
    assert not list((here.data / "run").glob("city-*")), "the city's scratch folder"
    assert not (here.data / "run" / "history-hue.loaded").exists()
    assert "Traceback" not in here.words()


@pytest.fixture
def reader(here: Machine) -> Iterator[Reader]:
    with here.reading() as found:
        yield found


def states(reader: Reader) -> dict[str, ServiceState]:
    return {state.id: state for state in reader.services("hue")}


def receiving(reader: Reader) -> bool:
    found = states(reader)
    return all(found[name].state == "receiving" and stored(found[name]) > 0 for name in FEEDS)


def grown(reader: Reader, before: ServiceState) -> bool:
    """More rows than before; False while the database is away."""
    try:
        return stored(states(reader)[before.id]) > stored(before)
    except VongLauError:
        return False


def test_three_feeds_are_received_and_the_sums_close(here: Machine, reader: Reader) -> None:
    """Received now: what the start before this one has stored is fresh enough to look like it."""
    before = states(reader)
    wait_for(lambda: all(grown(reader, before[name]) for name in FEEDS), f"rows of three feeds\n{here.words()}")
    wait_for(lambda: receiving(reader), f"three feeds\n{here.words()}")
    assert all(closes(state) for state in states(reader).values())
    services = here.services()
    assert all(source["simulated"] for name in FEEDS for source in services[name]["sources"])
    ready = [name for name, service in services.items() if service["state"] == "ready"]
    assert ready == [name for name, service in services.items() if not service["sources"] and name != "platform"]
    assert set(services["field_reports"]) >= {
        "id", "title_vi", "title_en", "state", "last_received", "age_s", "version", "sources",
    }  # fmt: skip
    assert set(services["field_reports"]["sources"][0]) >= {
        "protocol", "state", "last_error", "received", "stored", "duplicate", "rejected",
    }  # fmt: skip


def test_ingest_and_simulator_share_an_intake_whose_token_stands_on_no_command_line(here: Machine) -> None:
    ingest, simulate = here.child("ingest"), here.child("simulate")
    port = (here.data / "run" / "intake-hue.port").read_text().strip()
    assert f"127.0.0.1:{port}" in ingest.cmdline()
    assert f"http://127.0.0.1:{port}" in simulate.cmdline()
    token = ingest.environ()["VONGLAU_INTAKE_TOKEN"]
    assert token == simulate.environ()["VONGLAU_INTAKE_TOKEN"]
    assert not [process for process in here.processes() if token in " ".join(process.cmdline())]
    assert "VONGLAU_INTAKE_TOKEN" not in here.child("serve").environ()

    def answers() -> bool:
        with suppress(httpx.TransportError):  # it opens after the pages
            return httpx.post(f"http://127.0.0.1:{port}/in/nobody", trust_env=False).is_client_error
        return False

    wait_for(answers, "the intake")


def test_who_opens_a_page_waits_for_the_pages_alone(here: Machine) -> None:
    """Whatever starts with them, or again later, stands back on a busy machine."""
    assert here.child("serve").nice() < here.child("ingest").nice() < here.child("simulate").nice()


def test_history_is_loaded_once_and_replaying_it_stores_nothing_new(here: Machine) -> None:
    wait_for((here.data / "run" / "history-hue.loaded").exists, f"history\n{here.words()}")
    begun = json.loads((here.data / "run" / "scenario-hue.json").read_text())["begun"]
    assert (here.data / "run" / "history-hue.loaded").read_text() == f"seed 1, 1 days, flood since {begun:.0f}, {FEW}"
    again = here.run("replay", "--recordings", str(here.data / "history" / "hue"), "--json")
    assert again.returncode == 0, again.stderr
    assert '"stored": 0' in again.stdout


def test_a_second_up_on_the_same_folder_says_so_in_one_line(here: Machine) -> None:
    second = here.run("up", "--port", str(here.port + 1), "--no-open")
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_killed_parts_are_started_again_and_feeds_come_back(here: Machine, reader: Reader) -> None:
    victims = ("ingest", "serve", "simulate")
    before = {victim: here.child(victim).pid for victim in victims}
    for victim in victims:
        here.child(victim).kill()
    for victim in victims:
        wait_for(lambda victim=victim: alive(here, victim) not in {None, before[victim]}, f"{victim} again")  # type: ignore[misc]
    seen = states(reader)["fishing_vessels"]
    wait_for(here.ready, "/readyz")
    wait_for(lambda: grown(reader, seen), f"rows after the kill\n{here.words()}")
    assert all(closes(state) for state in states(reader).values())


def alive(here: Machine, command: str) -> int | None:
    try:
        return here.child(command).pid
    except (LookupError, psutil.NoSuchProcess):
        return None


def test_a_killed_database_is_started_again_and_nothing_is_lost(here: Machine, reader: Reader) -> None:
    seen = states(reader)
    server = alive_server(here)
    assert server is not None
    psutil.Process(server).kill()
    wait_for(lambda: alive_server(here) not in {None, server}, f"the server again\n{here.words()}")
    wait_for(lambda: grown(reader, seen["fishing_vessels"]), f"rows after kill of the server\n{here.words()}")
    wait_for(here.ready, "/readyz")
    found = states(reader)
    assert all(stored(found[name]) >= stored(seen[name]) for name in FEEDS)
    assert all(closes(state) for state in found.values())


def alive_server(here: Machine) -> int | None:
    return next((p.pid for p in here.processes() if p.info["name"] == "postgres" and "-D" in p.info["cmdline"]), None)


def test_killed_without_a_word_it_leaves_no_process_and_starts_again(here: Machine) -> None:
    here.stop(signal.SIGKILL)
    wait_for(lambda: not here.processes(), "every child to end with its parent")
    day = (here.data / "run" / "scenario-hue.json").read_text()
    here.start(*DAY)
    with here.reading() as reader:
        wait_for(lambda: receiving(reader), f"three feeds again\n{here.words()}")
        assert all(closes(state) for state in states(reader).values())
    assert (here.data / "run" / "scenario-hue.json").read_text() == day, "a restart goes on with the same flood"
    assert len(list((here.data / "run").glob("city-*"))) == 1, "the killed city's scratch folder is swept up"


def test_ctrl_c_ends_it_cleanly_and_leaves_no_process(here: Machine) -> None:
    """Every part ends by itself: nothing had to be killed, and the store took all that had been read."""
    assert here.stop(signal.SIGINT) == 0
    assert not here.processes()
    assert "killed" not in here.words()
    assert "stopped before" not in here.words()


def test_a_scenario_that_is_not_there_is_told_at_once(here: Machine) -> None:
    wrong = here.run("up", "--port", str(here.port), "--no-open", "--scenario", "drought")
    assert wrong.returncode == 2
    assert "no scenario 'drought'; there are calm, flood, outage" in wrong.stderr
    wait_for(lambda: not here.processes(), "every part to end")


def test_the_data_folder_is_closed_to_others(here: Machine) -> None:
    secrets: list[Path] = [p for p in here.data.rglob("*secret*") if p.is_file()]
    assert secrets
    assert all(p.stat().st_mode & 0o077 == 0 for p in secrets)

"""What sessions read together, and readings under way: order and sharing, without a store."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import panel as pn
import pytest
from panel.util import edit_readonly

from app import theme
from app.guard import guard
from app.live import Flights, Live
from app.pages import wall_reading
from app.pages.background import Background
from app.pages.pictures import Picture, paint, shared
from app.pages.wall_reading import Gather
from app.supervise import behind
from geodata.city import city
from geodata.view import Bounds, View
from layers.base import layers

PATIENCE_S = 600.0


@pytest.fixture
def live() -> Iterator[Live]:
    one = Live()
    yield one
    one.close()


def view() -> View:
    end = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    return View(Bounds(107, 16, 108, 17), 600, 600, end - timedelta(hours=24), end)


def test_who_asks_while_another_reads_gets_what_it_reads(live: Live) -> None:
    asked, go, made = threading.Event(), threading.Event(), []

    def make() -> object:
        made.append(object())
        asked.set()
        assert go.wait(PATIENCE_S)
        return made[-1]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(live.share, "rows", 7, make, for_s=0.0)
        assert asked.wait(PATIENCE_S)
        second = pool.submit(live.share, "rows", 7, make, for_s=PATIENCE_S)
        go.set()
        assert first.result(PATIENCE_S) is second.result(PATIENCE_S)
    assert len(made) == 1


def test_a_reading_serves_only_its_version_and_only_for_a_while() -> None:
    clock, made = [0.0], iter(range(100))
    live = Live(lambda: clock[0])

    def read(version: int, key: str = "rows", for_s: float = 5) -> int:
        return live.share(key, version, lambda: next(made), for_s=for_s)

    assert [read(1), read(1), read(2), read(2)] == [0, 0, 1, 1]
    assert read(2, "other") == 2
    clock[0] = 5
    assert read(2) == 1
    clock[0] = 5.1
    assert read(2) == 3
    assert [read(0), read(0)] == [4, 5], "an unknown version is shared with nobody"
    live.close()


def test_what_failed_is_read_again(live: Live) -> None:
    def away() -> str:
        raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            live.share("rows", 1, away, for_s=PATIENCE_S)
    told = iter(["broken", "whole", "never"])
    found = [live.share("x", 1, lambda: next(told), for_s=PATIENCE_S, whole=lambda v: v == "whole") for _ in range(3)]
    assert found == ["broken", "whole", "whole"]


def test_old_and_many_readings_are_let_go() -> None:
    clock = [0.0]
    live = Live(lambda: clock[0])
    for n in range(300):
        live.share(n, 1, lambda: "", for_s=1)
    assert len(live._held) <= 64
    clock[0] = 1000
    live.share("last", 1, lambda: "", for_s=1)
    assert list(live._held) == ["last"]
    live.close()


def test_states_are_read_once_for_all_sessions_and_known_without_asking(live: Live) -> None:
    reads = []

    def services(_city: str) -> list[SimpleNamespace]:
        reads.append(1)
        return [SimpleNamespace(id="press")]

    reader: Any = SimpleNamespace(services=services)
    assert live.known == {}
    live._clock = lambda: 0.0
    for _ in range(3):
        assert set(live.states(reader, "hue", {"press": 3})) == {"press"}
    assert len(reads) == 1
    live.states(reader, "hue", {"press": 4})
    assert len(reads) == 2
    assert set(live.known) == {"press"}


def test_a_picture_is_shared_by_who_looks_at_the_same(live: Live) -> None:
    made = []

    def make(_reader: Any, service: str, seen: View, version: int) -> Picture:
        made.append(service)
        return Picture(service=service, view=seen, version=version)

    context: Any = SimpleNamespace(reader=None, live=live, refresh=SimpleNamespace(versions={"press": 2}))
    other = View(view().bounds, 10, 10, view().start, view().end)
    same = [shared(context, "press", view(), make, live=True, for_s=PATIENCE_S) for _ in range(2)]
    assert same[0] is same[1]
    assert shared(context, "press", other, make, live=True, for_s=PATIENCE_S) is not same[0]
    assert made == ["press", "press"]


# -- readings under way -----------------------------------------------------------------------


def test_flights_give_what_has_landed_and_the_newest_of_a_name(live: Live) -> None:
    flights, go = Flights(live.pool), threading.Event()
    assert flights.landed(0) == []
    flights.begin("slow", lambda: go.wait(PATIENCE_S) and "slow")
    flights.begin("quick", lambda: "old")
    flights.begin("quick", lambda: "quick")
    assert flights.landed(0) == ["quick"], "at least one, and not the slow one"
    assert flights.names == {"slow"}
    go.set()
    assert flights.landed(PATIENCE_S) == ["slow"]
    flights.begin("gone", lambda: "gone")
    flights.drop()
    assert flights.landed(0) == []
    live.close()
    flights.begin("late", lambda: "late")
    assert flights.landed(0) == [], "nothing is read when the server is stopping"


def test_a_slow_layer_does_not_keep_the_others_from_the_wall(monkeypatch: pytest.MonkeyPatch, live: Live) -> None:
    hue = city("hue")
    scene = hue.wall.scenes[0]
    near = [name for name in layers() if name in scene.layers]
    slow, go = near[0], threading.Event()

    def reading(_context: Any, service: str, seen: View, _make: Any, **_: Any) -> Picture:
        assert service != slow or go.wait(PATIENCE_S)
        return Picture(service=service, view=seen, version=1)

    monkeypatch.setattr(wall_reading, "shared", reading)
    context: Any = SimpleNamespace(live=live, city=hue)
    gather = Gather(context, SimpleNamespace())  # type: ignore[arg-type]
    gather.services = {name: SimpleNamespace(state="receiving") for name in hue.services}  # type: ignore[misc]
    gather._fly(scene, view())
    while len(gather.near) < len(near) - 1:  # each round gives at least one more
        gather._fly(scene, view())
    assert set(gather.near) == set(near) - {slow}
    assert gather._flights.names == {slow}
    go.set()
    gather._fly(scene, view())
    assert set(gather.near) == set(near)
    assert not gather._flights.names
    assert gather.near_pace.due(near) == []


def test_another_place_begins_anew(monkeypatch: pytest.MonkeyPatch, live: Live) -> None:
    hue = city("hue")
    scene = hue.wall.scenes[0]
    read: list[View] = []

    def reading(_context: Any, service: str, seen: View, _make: Any, **_: Any) -> Picture:
        read.append(seen)
        return Picture(service=service, view=seen, version=1)

    monkeypatch.setattr(wall_reading, "shared", reading)
    context: Any = SimpleNamespace(live=live, city=hue)
    gather = Gather(context, SimpleNamespace())  # type: ignore[arg-type]
    gather.services = {name: SimpleNamespace(state="receiving") for name in hue.services}  # type: ignore[misc]
    other = View(view().bounds, 300, 200, view().start, view().end)
    for seen in (view(), other):
        gather._fly(scene, seen)
        while gather._flights.names:
            gather._fly(scene, seen)
    assert {picture.view for picture in gather.near.values()} == {other}


def test_a_layer_that_fails_is_a_picture_with_its_error() -> None:
    assert paint(None, "press", view(), 1).error == "press"  # type: ignore[arg-type]


# -- what a page costs the others --------------------------------------------------------------


def test_a_guarded_page_does_not_follow_the_busy_sign_of_the_process() -> None:
    page = guard(theme.page(pn.Column(), title="x", language="vi"))
    with edit_readonly(pn.state):
        pn.state.busy = True
        followed = page.busy
        pn.state.busy = False
    assert not followed


def test_without_a_browser_a_page_made_by_hand_is_watched() -> None:
    assert Background().watched


def test_history_runs_behind_the_pages() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as process:
        behind(process.pid, 10)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
        process.kill()
    behind(process.pid, 10)  # it has ended: nothing happens

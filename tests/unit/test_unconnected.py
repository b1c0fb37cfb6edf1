"""A city that nobody reads is not calm: nothing is known of it, and wall and desk say so."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pandas as pd
import pytest

from app.pages import desk_blocks
from app.pages.desk_reading import Queue
from app.panels import wall_todo
from app.panels.wall_findings import Found
from app.panels.wall_have import Have
from app.text import Text
from geodata.city import city
from geodata.scenes import Block
from geodata.store.types import FeedState, ServiceState
from geodata.watch.frames import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT, HUE, NOW = Text("vi"), city("hue"), datetime(2026, 11, 23, 2, tzinfo=UTC)
TODO = Block(kind="todo")


def state(name: str, told: FeedState) -> ServiceState:
    return ServiceState(id=name, state=told, last_received=None, age_s=None, version=1, sources=())


def wall(states: Mapping[str, ServiceState], found: Found | None) -> str:
    have = SimpleNamespace(text=TEXT, services=states, found=found, city=HUE, now=NOW, far={})
    have.ready = lambda name: Have.ready(cast("Have", have), name)
    (section,) = wall_todo.block(TODO, cast("Have", have), 1).sections
    assert not section["items"]
    return f"{section['head']} {section['calm']}".strip()


@pytest.mark.parametrize("found", [Found(), None], ids=["watched", "unwatched"])
def test_a_wall_without_sources_does_not_say_that_all_is_well(found: Found | None) -> None:
    none = {name: state(name, "ready") for name in HUE.services}
    assert wall(none, found) == TEXT("wall.unconnected")
    one = none | {"fishing_vessels": state("fishing_vessels", "receiving")}
    assert TEXT("wall.unconnected") not in wall(one, found)
    assert TEXT("wall.unconnected") not in wall({}, found), "not read yet"


@pytest.mark.parametrize(("connected", "away"), [(False, TEXT("desk.unconnected")), (True, "")])
def test_a_desk_without_sources_does_not_either(away: str, *, connected: bool) -> None:
    looks = Watched(began=NOW, looks=True, last=NOW)
    queue = Queue(at=NOW, shift=NOW, rows=pd.DataFrame(), connected=connected, read=True, watched=looks)
    told = desk_blocks.queue_data(queue, HUE, TEXT, selected=None, which="all", who="an")
    assert (told["away"], told["blind"]) == (away, not connected)
    said = TEXT("desk.calm") if connected else TEXT("desk.queue.blind")
    assert desk_blocks.case_data(None, queue, HUE, TEXT)["empty"] == said

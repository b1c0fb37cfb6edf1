"""What a server does before anybody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app import ahead
from app.context import Services
from geodata.city import city
from geodata.settings import Settings


@dataclass
class Tiles:
    """Remembers what it was asked for."""

    woken: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    def wake(self, views: Sequence[tuple[Any, str]]) -> None:
        assert not self.drawn, "first of all"
        self.woken += [style for _, style in views]

    def draw_ahead(self, views: Sequence[tuple[Any, str]], _stopped: Callable[[], bool]) -> None:
        self.drawn += [f"{style} {view.height_px}" for view, style in views]


def of(environ: dict[str, str]) -> tuple[Tiles, Services]:
    tiles = Tiles()
    settings = Settings.from_environ(environ)
    asked = SimpleNamespace(states=lambda *_: None)
    services = SimpleNamespace(
        settings=settings, tiles=tiles, city=city("hue"), live=asked, reader=None, refresh=SimpleNamespace(versions={})
    )
    return tiles, cast("Services", services)


def test_the_first_pages_are_drawn_and_a_large_wall_once_the_feeds_have_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ahead, "LARGE_AFTER_S", 0)
    tiles, services = of({})
    ahead.prepare(services, threading.Event())
    assert tiles.woken == ["wall", "desk"]
    assert tiles.drawn == ["wall 768", "desk 728", "wall 1536"]


def test_a_server_that_stops_draws_no_large_wall() -> None:
    tiles, services = of({})
    stopped = threading.Event()
    stopped.set()
    ahead.prepare(services, stopped)
    assert tiles.drawn == ["wall 768", "desk 728"]


def test_a_small_machine_may_leave_it_to_the_first_visitor() -> None:
    tiles, services = of({"VONGLAU_DRAW_AHEAD": "0"})
    ahead.prepare(services, threading.Event())
    assert (tiles.woken, tiles.drawn) == ([], [])

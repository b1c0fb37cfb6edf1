"""What a page is given: everything it may touch, and nothing it has to look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from app.live import Live
from app.refresh import Refresh
from app.turns import Turns
from geodata.city import City
from geodata.settings import Settings

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from layers.tiles import TileService

Language = Literal["vi", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all sessions of a process share."""

    settings: Settings
    city: City
    reader: Reader
    tiles: TileService
    refresh: Refresh
    live: Live = field(default_factory=Live)
    turns: Turns = field(default_factory=Turns)
    build: str  # changes with every start of the server: a wall that sees another one reloads


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """One session of one page."""

    services: Services
    language: Language
    user: str | None
    path: Mapping[str, str] = field(default_factory=dict)  # named parts of the route: {"scene": "sea"}
    query: Mapping[str, str] = field(default_factory=dict)  # last value of each argument of the URL
    may_act: Callable[[], bool] = lambda: True  # asked at each deed: a right may end while a page is open

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def city(self) -> City:
        return self.services.city

    @property
    def reader(self) -> Reader:
        return self.services.reader

    @property
    def tiles(self) -> TileService:
        return self.services.tiles

    @property
    def refresh(self) -> Refresh:
        return self.services.refresh

    @property
    def live(self) -> Live:
        return self.services.live

    @property
    def build(self) -> str:
        return self.services.build

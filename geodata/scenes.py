"""The scenes of a city's wall, as data: which part of the map, which layers, and which blocks stand beside it.

A city adds a scene, or changes what one shows, in its own file; no program knows a scene by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "todo", "items", "warnings", "fleet", "rivers", "stations", "rain",
    "wards", "inside", "counts", "usual", "cameras", "tiles",
]  # fmt: skip
"""What a block shows:
``todo`` what needs a person, over all services, worst first · ``items`` what is open of one service (``categories``) ·
``warnings`` warnings in force · ``fleet`` moving things: silent, late, lost, by provider · ``rivers`` hydrographs with
their alarm levels · ``stations`` gauges over an alarm level · ``rain`` the largest sums · ``wards`` cases by ward ·
``inside`` what stands in the area of the highest warning · ``counts`` the classes of one layer · ``usual`` a measured
``property`` against the same hour yesterday · ``cameras`` newest pictures · ``tiles`` a number for each service."""

WHOLE_CITY = frozenset({"todo", "tiles"})
"""Blocks about every service of the city; all others name theirs."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Block(_Strict):
    """One block of a scene. ``most`` bounds its rows, pictures or tiles; the wall shows fewer where they do not fit."""

    kind: Kind
    service: str | None = None
    most: int = Field(default=5, ge=1, le=25)
    columns: int | None = Field(default=None, ge=1, le=6)  # of tiles and pictures; None: as many as suit
    categories: tuple[str, ...] = ()  # of ``items``; none: all
    property: str | None = None  # of ``usual``
    services: tuple[str, ...] = ()  # of ``tiles`` and ``inside``; none: all of the city, all layers of the scene
    near: Literal["map", "river"] = "map"  # which cameras: about the middle of the map, or those by a river
    ids: tuple[str, ...] = ()  # cameras by id, before all others
    half: bool = False  # two such blocks stand side by side
    compact: bool = False  # of a list: one line an item
    title_vi: str | None = None  # instead of the block's own heading
    title_en: str | None = None

    def title(self, language: str) -> str | None:
        return self.title_vi if language == "vi" else self.title_en

    @model_validator(mode="after")
    def _served(self) -> Block:
        if self.service is None and self.kind not in WHOLE_CITY:
            raise ValueError(f"a block {self.kind!r} needs its service")
        if self.kind == "usual" and self.property is None:
            raise ValueError("a block 'usual' needs the property it compares")
        return self


class Scene(_Strict):
    """One scene of the wall. ``rail`` stands at the right of the map, ``low`` below both."""

    id: str
    title_vi: str
    title_en: str
    bounds: tuple[float, float, float, float]  # west, south, east, north; the page fits it into its map block
    layers: tuple[str, ...]
    rail: tuple[Block, ...] = (Block(kind="todo"),)
    rail_u: float = Field(default=60.4, ge=40, le=135)  # width of the rail in u (look.md 3.3)
    low: tuple[Block, ...] = ()
    takes: tuple[str, ...] = ()  # categories of warnings of level 4 and 5 that take the wall with this scene

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.rail + self.low

    def services(self) -> Iterator[str]:
        """Every service the scene names, its layers first."""
        yield from self.layers
        for block in self.blocks:
            if block.service is not None:
                yield block.service
            yield from block.services


class Measure(_Strict):
    """A measurement that the bar shows as the city's weather: of the station nearest to the city's middle."""

    service: str
    property: str


class Wall(_Strict):
    scale: float = Field(default=1.0, gt=0)  # (D / 6 m) × (2.04 m / H), look.md 3.3
    rotate_s: float = Field(default=45, gt=0)
    takeover_min: float = Field(default=60, ge=10)  # a warning of level 4 or 5 keeps the wall so long, unless it ends
    weather: tuple[Measure, ...] = ()
    ticker: tuple[str, ...] = ()  # services whose warnings in force or newest events pass by in words at the foot
    scenes: tuple[Scene, ...] = Field(min_length=1)

    def services(self) -> Iterator[str]:
        """Every service that a scene or the bar names."""
        for scene in self.scenes:
            yield from scene.services()
        for measure in self.weather:
            yield measure.service
        yield from self.ticker

    def measures(self) -> Iterator[tuple[str, str]]:
        """(service, observed property) of all that the wall measures."""
        for measure in self.weather:
            yield measure.service, measure.property
        for scene in self.scenes:
            for block in scene.blocks:
                if block.service is not None and block.property is not None:
                    yield block.service, block.property

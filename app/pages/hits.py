"""What a tap on the map hit: the fan before all, marks before lines before areas, among equals what lies on top."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.pages.fan import FAN, meant
from app.pages.pictures import ids

if TYPE_CHECKING:
    import geopandas as gpd

    from layers.base import Layer
    from layers.mapfigure import MapFigure

MARK, LINE, AREA = 0, 1, 2
FIRST = 10_000
"""Of the fan: it lies over every layer."""

RANKS: Mapping[str, int] = {"Marks": MARK, "Path": LINE, "casing": LINE, "Areas": AREA}
"""By the first tag of a layer's renderer (``layers.mapfigure``)."""

MOST_STORED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One object that was hit. ``row`` only where the database was asked: it says how the row was chosen.

    ``fanned``: its mark in the fan was hit, so it alone is meant.
    """

    service: str
    key: str
    rank: int
    row: pd.Series[Any] | None = None
    fanned: bool = False

    @property
    def name(self) -> tuple[str, str]:
        return self.service, self.key


def taken(figure: MapFigure, layers: Mapping[str, Layer]) -> list[Hit]:
    """The chosen rows of every layer's renderers, best first; the choice is taken back, to be made again."""
    found: list[tuple[int, int, int, Hit]] = []
    for service, renderers in figure.renderers.items():
        if service not in layers and service != FAN:
            continue
        z_order = FIRST if service == FAN else layers[service].z_order
        for renderer in renderers:
            source = renderer.data_source
            chosen, names = list(source.selected.indices), source.data.get("id")
            rank = RANKS.get(str(renderer.tags[0]) if renderer.tags else "", AREA)
            if chosen and names is not None:
                source.selected.indices = []
                found += [(rank, -z_order, -i, _hit(service, str(names[i]), rank)) for i in chosen if i < len(names)]
    best = sorted(found, key=lambda one: one[:3])
    return unique([hit for *_, hit in ([one for one in best if one[1] == -FIRST] or best)])


def _hit(service: str, name: str, rank: int) -> Hit:
    """A mark of the fan stands for the object that it names."""
    meant_, key = meant(name) if service == FAN else (service, name)
    return Hit(service=meant_, key=key, rank=rank, fanned=service == FAN)


def stored(rows: gpd.GeoDataFrame, service: str) -> list[Hit]:
    """What the database has at the place, nearest first (``Reader.at``)."""
    names: Sequence[object] = list(ids(rows)) if len(rows) else []
    found = [
        Hit(service=service, key=str(key), rank=MARK, row=row)
        for key, (_, row) in zip(names, rows.iterrows(), strict=True)
        if str(row.get("kind")) != "Feature"
    ]
    return unique(found)[:MOST_STORED]


def unique(found: Sequence[Hit], seen: Collection[tuple[str, str]] = ()) -> list[Hit]:
    """Each object once, at its first place."""
    out: dict[tuple[str, str], Hit] = {}
    for hit in found:
        if hit.name not in seen:
            out.setdefault(hit.name, hit)
    return list(out.values())

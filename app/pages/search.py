"""The search of the planner: places old and new, then objects of the layers on show, by name or id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.pages.pictures import Picture, ids
from app.panels.rows import word
from geodata import gazetteer
from geodata.catalogue import service as service_of
from geodata.folding import fold

if TYPE_CHECKING:
    from app.text import Text

MOST = 9
MOST_PLACES = 5
PLACE_ZOOM, OBJECT_ZOOM = 14.0, 16.0
ZOOMS: Mapping[str, float] = {
    "city": 12.0,
    "province": 9.5,
    "old_province": 9.5,
    "old_district": 11.5,
    "sea": 7.0,
    "lagoon": 11.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A place (``service`` None) or an object. ``row`` is what the list shows: icon, title, sub."""

    lon: float
    lat: float
    zoom: float
    row: Mapping[str, str]
    service: str | None = None
    key: str = ""


def find(words: str, near: tuple[float, float], pictures: Mapping[str, Picture], text: Text) -> list[Hit]:
    """At most nine hits, places first unless the words look like an id. Diacritics do not matter."""
    objects = list(_objects(words, pictures, text))
    found = list(_places(words, near))[:MOST_PLACES]
    order = [*objects, *found] if any(c.isdigit() for c in words) else [*found, *objects]
    return order[:MOST]


def _objects(words: str, pictures: Mapping[str, Picture], text: Text) -> Iterator[Hit]:
    asked = fold(words)
    for name, picture in pictures.items():
        frame = picture.frame
        if frame is None or frame.empty or not asked:
            continue
        service = service_of(name)
        labels = _labels(frame)
        for position in [i for i, label in enumerate(labels) if asked in fold(label)][:MOST]:
            row = frame.iloc[position]
            place = row.get("geometry")
            if place is None or place.is_empty:
                continue
            point = place.representative_point()
            key = str(ids(frame).iloc[position])
            title = word(row, "title") or word(row, "name") or key
            shown = {"icon": service.icon, "title": title, "sub": f"{service.short(text.language)} · {key}"}
            yield Hit(lon=point.x, lat=point.y, zoom=OBJECT_ZOOM, row=shown, service=name, key=key)


def _labels(frame: pd.DataFrame) -> list[str]:
    """Id, name, title and address of each row in one string."""
    columns: list[Any] = [ids(frame)]
    columns += [frame[name].fillna("").astype(str) for name in ("name", "title", "address") if name in frame]
    return [" ".join(parts) for parts in zip(*columns, strict=True)]


def _places(words: str, near: tuple[float, float]) -> Iterator[Hit]:
    """Places and units, present and former, the nearer first of equal matches."""
    for hit in gazetteer.search(words, MOST, near):
        if hit.lon is not None and hit.lat is not None:
            row = {"icon": "history" if hit.kind.startswith("old_") else "place", "title": hit.name, "sub": hit.detail}
            yield Hit(lon=hit.lon, lat=hit.lat, zoom=ZOOMS.get(hit.kind, PLACE_ZOOM), row=row)

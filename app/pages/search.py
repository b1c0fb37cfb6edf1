"""The search of the planner: places old and new, then objects of the layers on show, by name or id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.pages.pictures import Picture, ids
from app.panels.detail import word
from geodata.catalogue import service as service_of
from geodata.folding import fold

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City

MOST = 9
MOST_PLACES = 5
PLACE_ZOOM, OBJECT_ZOOM = 14.0, 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A place (``service`` None) or an object. ``row`` is what the list shows: icon, title, sub."""

    lon: float
    lat: float
    zoom: float
    row: Mapping[str, str]
    service: str | None = None
    key: str = ""


def find(words: str, city: City, pictures: Mapping[str, Picture], text: Text) -> list[Hit]:
    """At most nine hits, places first unless the words look like an id. Diacritics do not matter."""
    objects = list(_objects(words, pictures, text))
    found = list(_places(words, city, text))[:MOST_PLACES]
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
    columns: list[Any] = [ids(frame)]  # type: ignore[arg-type]
    columns += [frame[name].fillna("").astype(str) for name in ("name", "title", "address") if name in frame]
    return [" ".join(parts) for parts in zip(*columns, strict=True)]


def _places(words: str, city: City, text: Text) -> Iterator[Hit]:
    """Wards of the city's provinces, by present or former name; a former one says where it went."""
    from geodata.admin_units import new_units, old_units

    asked = fold(words)
    if not asked:
        return
    present = [u for u in new_units().values() if u.province_code in city.province_codes]
    for unit in sorted((u for u in present if asked in fold(u.name)), key=lambda u: len(u.name)):
        row = {"icon": "place", "title": unit.full_name, "sub": text("bar.ward")}
        yield Hit(lon=unit.lon, lat=unit.lat, zoom=PLACE_ZOOM, row=row)
    codes = {u.code for u in present}
    for unit in old_units().values():
        if asked in fold(unit.name):
            heirs = [heir for heir in unit.successors if heir.unit.code in codes]
            if heirs:
                row = {
                    "icon": "history",
                    "title": unit.full_name,
                    "sub": text("bar.old_ward", now=heirs[0].unit.full_name),
                }
                yield Hit(lon=unit.lon, lat=unit.lat, zoom=PLACE_ZOOM, row=row)

"""Pictures of cameras beside the map: the same letter on picture and map, its age, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, radians
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from app import snapshots
from app.panels.detail import clock_text, word
from app.panels.wall_have import Have, Shown, Spot, shortened, wordings
from geodata import geography
from geodata.records import Observation, Thing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shapely.geometry.base import BaseGeometry

    from geodata.scenes import Block

LETTERS = "ABCDEF"
"""A scene holds at most six pictures (look.md 3.3)."""

THINGS_S, STATES_S, STAY_S = 60.0, 10.0, 600.0
"""How long a registry, the states, and a choice of cameras are kept: pictures that change place are hard to find."""

LIVE = "live"
APART_M, BANK_M, DEGREE_M = 250.0, 400.0, 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera with a place; ``state`` as its probe says, ``unknown`` when the feed is down or nothing was said."""

    id: str
    name: str
    place: tuple[float, float]
    state: str
    snapshot: str | None
    cadence_s: float


def block(part: Block, have: Have, first: int) -> Shown:
    """At most six newest pictures of the scene's cameras."""
    del first
    assert part.service is not None
    if not have.ready(part.service):
        return Shown()
    known = {camera.id: camera for camera in cameras(part, have)}
    box = have.view.bounds
    key = ("chosen", part.service, part.near, part.ids, have.scene.id, None if have.area is None else have.area.wkb)
    picked = have.memory.keep(key, STAY_S, lambda: [c.id for c in choose(list(known.values()), part, have)])
    shown = [known[one] for one in picked if one in known]
    if len(shown) < min(part.most, len(LETTERS), len(known)):  # some went, or none were there when it was chosen
        picked[:] = [c.id for c in choose(list(known.values()), part, have)]
        shown = [known[one] for one in picked]
    shots = [shot(letter, camera, have) for letter, camera in zip(LETTERS, shown, strict=False)]
    spots = [
        Spot(s["letter"], "letter", s["level"], "unknown" if c.state == "unknown" else "fresh", c.place)
        for s, c in zip(shots, shown, strict=False)
        if box.west <= c.place[0] <= box.east and box.south <= c.place[1] <= box.north
    ]
    if not shots:
        return Shown()
    return Shown([{"kind": "cameras", "columns": part.columns or len(shots), "shots": shots}], [], spots)


def cameras(part: Block, have: Have) -> list[Camera]:
    """The cameras in the scene's part of the map with their states. Raises what the reader raises."""
    name, view, memory = part.service or "", have.view, have.memory
    things = memory.keep(("cameras", name, view.bounds), THINGS_S, lambda: have.reader.latest(name, Thing, view))
    told = memory.keep(("states", name, view.bounds), STATES_S, lambda: have.reader.latest(name, Observation, view))
    told = told[told["observed_property"] == "status"].drop_duplicates("id", keep="last").set_index("id")
    states = {
        str(k): "unknown" if feed == "down" else str(s)
        for k, s, feed in zip(told.index, told["result_text"], told["feed"], strict=True)
    }
    out = []
    for key, row in things.iterrows():
        shape, properties = row.get("geometry"), row.get("properties")
        if shape is None or shape.is_empty:
            continue
        point = shape.representative_point()
        told_as = properties.get("snapshot") if isinstance(properties, dict) else None
        ident = word(row, "id") or str(key)
        out.append(
            Camera(
                id=ident,
                name=word(row, "name") or ident.partition(":")[2] or ident,
                place=(point.x, point.y),
                state=states.get(ident, "unknown"),
                snapshot=told_as if isinstance(told_as, str) else None,
                cadence_s=float(row["cadence_s"]),
            )
        )
    return out


def choose(found: Sequence[Camera], part: Block, have: Have) -> list[Camera]:
    """Named cameras first, then those with a picture, then the nearest to what matters; not two of one place."""
    most = min(part.most, len(LETTERS))
    lon, lat = _middle(have)
    river = _rivers(have) if part.near == "river" else None

    def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
        return hypot((a[0] - b[0]) * cos(radians(a[1])), a[1] - b[1]) * DEGREE_M

    def rank(camera: Camera) -> tuple[bool, int, bool, bool, bool, float]:
        out = have.area is not None and not have.area.intersects(shapely.Point(camera.place))
        bank = river is not None and river.distance(shapely.Point(camera.place)) * DEGREE_M > BANK_M
        named = part.ids.index(camera.id) if camera.id in part.ids else len(part.ids)
        blind = camera.state != LIVE or camera.snapshot is None
        return named == len(part.ids) and bool(part.ids), named, out, bank, blind, metres(camera.place, (lon, lat))

    picked: list[Camera] = []
    rest: list[Camera] = []
    for camera in sorted(found, key=rank):
        twin = any(
            shortened(camera.name) == shortened(p.name) or metres(camera.place, p.place) < APART_M for p in picked
        )
        (rest if twin and camera.id not in part.ids else picked).append(camera)
        if len(picked) == most:
            break
    return [*picked, *rest][:most]


def _middle(have: Have) -> tuple[float, float]:
    if have.area is not None:
        point = have.area.representative_point()
        return point.x, point.y
    box = have.view.bounds
    return (box.west + box.east) / 2, (box.south + box.north) / 2


def _rivers(have: Have) -> BaseGeometry | None:
    box = have.view.bounds
    frame = geography.collection("rivers")
    near = frame.geometry.to_numpy()[frame.intersects(shapely.box(box.west, box.south, box.east, box.north)).to_numpy()]
    return shapely.union_all(near) if len(near) else None


def shot(letter: str, camera: Camera, have: Have) -> dict[str, Any]:
    """One picture: its address, or the words for why there is none; level 2 where a person should look."""
    taken = snapshots.taken_at(have.data, camera.snapshot)
    young = snapshots.newest(have.data, camera.snapshot, have.now)
    seen = camera.state == LIVE and young is not None
    old = taken is not None and (have.now - taken).total_seconds() > 3 * camera.cadence_s
    level = 2 if camera.state not in {LIVE, "unknown"} or (seen and old) else 0
    return {
        "letter": letter,
        "name": wordings(camera.name, shortened(camera.name)),
        "url": young.url if seen and young is not None else None,
        "word": "" if seen else _why(camera, taken, have),
        "t": None if taken is None or not seen else taken.timestamp(),
        "level": level,
        "state": "unknown" if camera.state == "unknown" else "live" if seen else "none",
    }


def _why(camera: Camera, taken: datetime | None, have: Have) -> list[str]:
    """As "Mất hình, hình cuối 13:22", and shorter."""
    text = have.text
    key = f"wall.camera_{camera.state}"
    said = text(key) if camera.state != LIVE and text.has(key) else text("wall.no_picture")
    if taken is None or pd.isna(taken):
        return [said]
    return [text("wall.last_picture", said=said, time=clock_text(taken, have.zone, have.now)), said]

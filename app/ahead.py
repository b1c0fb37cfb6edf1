"""What the first visitor of a server would wait for, done before anybody asks."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from geodata.city import City
from geodata.errors import VongLauError
from geodata.view import Bounds, View

if TYPE_CHECKING:
    from app.context import Services
    from geodata.scenes import Scene
    from layers.tiles import Style

PLANNER_PX = (1196, 728)
WALLS_PX = ((1316, 768), (2632, 1536))
"""The maps of a planner's window and of walls 1080 and 2160 px high: their tiles are drawn before anybody asks."""

LARGE_AFTER_S = 60.0


def homes(city: City) -> list[tuple[View, Style]]:
    """The views that pages of the city open with: the wall, the planner, a wall of twice the height."""
    from app.state import initial

    now = datetime.now(UTC)

    def wall(scene: Scene, width: int, height: int) -> tuple[View, Style]:
        x0, y0, x1, y1 = Bounds(*scene.bounds).mercator
        resolution = max((x1 - x0) / width, (y1 - y0) / height)  # the map shows the whole scene, and more beside it
        x, y, across, up = (x0 + x1) / 2, (y0 + y1) / 2, resolution * width / 2, resolution * height / 2
        return View(Bounds.from_mercator(x - across, y - up, x + across, y + up), width, height, now, now), "wall"

    found: list[tuple[View, Style]] = [wall(scene, *WALLS_PX[0]) for scene in city.wall.scenes[:1]]
    found.append((initial(city, {}).view(*PLANNER_PX, now), "desk"))
    return [*found, *(wall(scene, *WALLS_PX[1]) for scene in city.wall.scenes[:1])]


def prepare(services: Services, stopped: threading.Event) -> None:
    """The states of the sources, compiled kernels, the first tiles of the wall and of the planner: half a minute of a
    processor, in a thread of its own. What is already on disk is there at once. Nothing where the settings say so.
    """
    if not services.settings.draw_ahead:
        return
    with suppress(VongLauError):  # the pages say that the database is away
        services.live.states(services.reader, services.city.id, services.refresh.versions)
    *first, large = homes(services.city)
    with suppress(RuntimeError):  # stopped as soon as it was started
        services.tiles.wake(first)
    services.tiles.draw_ahead(first, stopped.is_set)
    if not stopped.wait(LARGE_AFTER_S):  # the feeds are starting too
        services.tiles.draw_ahead([large], stopped.is_set)

"""One calm line in the middle of the wall, where a scene has nothing to show yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.panels.block import Block

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City, Scene
    from geodata.store.types import ServiceState


class WallNote(Block):
    """``data``: title, line."""


def not_connected(scene: Scene, city: City, services: Mapping[str, ServiceState], text: Text) -> dict[str, str]:
    """Which services of the scene have no source yet; when all have one, that the scene is not built."""
    title = scene.title_vi if text.language == "vi" else scene.title_en
    catalogue = city.catalogue()
    missing = [
        catalogue[name].short(text.language)
        for name in scene.layers
        if name in catalogue and (name not in services or services[name].state == "ready")
    ]
    line = text("wall.not_connected", names=", ".join(missing)) if missing else text("wall.not_built")
    return {"title": title, "line": line}

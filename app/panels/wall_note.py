"""What stands beside the map of a scene whose services have no source yet: one calm line, and which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.panels.wall_have import Have


def section(have: Have) -> dict[str, Any]:
    """Which services of the scene have no source yet; when all have one, that nothing came from them."""
    text, catalogue = have.text, have.city.catalogue()
    missing = [
        catalogue[name].short(text.language)
        for name in dict.fromkeys(have.scene.services())
        if name in catalogue and not have.ready(name)
    ]
    line = text("wall.not_connected", names=", ".join(missing)) if missing else text("wall.nothing_seen")
    return {"kind": "note", "title": have.scene.title(text.language), "line": line}

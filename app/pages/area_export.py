"""What the export panel offers: layers, extents, formats and systems of this map at this moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.pages import area_files
from app.pages.area_ask import LARGEST_PX, srids
from geodata import crs
from geodata.catalogue import service as service_of
from layers import words

if TYPE_CHECKING:
    from app.pages.planner import Planner
    from geodata.areas import Area


def offer(planner: Planner, area: Area | None) -> dict[str, Any]:
    """``export`` of ``AreaPanel``: the link's beginning, and the words of each choice."""
    state, text, view = planner.state, planner.text, planner.view()
    box, shown = view.bounds, [name for name in planner.visible() if name != "platform"]
    focus = state.focus if state.focus in shown else None
    width, height = (min(max(px, 200), most) for px, most in zip(planner.size, LARGEST_PX, strict=True))
    zone = planner.city.timezone
    when = text("export.now") if state.live else words.moment(state.end(datetime.now(UTC)), zone, seconds=True)
    return {
        "title": text("export.title"),
        "query": state.query() + ("" if text.language == "vi" else "&lang=en"),
        "box": f"{box.west:.6f},{box.south:.6f},{box.east:.6f},{box.north:.6f}",
        "size": f"{width}x{height}",
        "focus": None if focus is None else {"id": focus, "label": _focus(planner, focus)},
        "visible": shown,
        "n": text("export.visible", n=len(shown)),
        "area": None if area is None else text("export.area", name=area.title(text.language)),
        "systems": [{"srid": srid, "label": system(srid, planner)} for srid in srids(planner.city)],
        "formats": [
            {"id": name, "label": f"{title}, {text('export.picture')}" if name == "png" else title}
            for name, (title, _) in area_files.FORMATS.items()
        ],
        "notes": [
            text("export.limit", n=words.number(area_files.MOST_ROWS, 0, text.language)),
            text("export.several"),
            text("export.privacy"),
        ],
        "clock": text("export.clock", time=when),
        "words": text.table("export"),
    }


def _focus(planner: Planner, name: str) -> str:
    return planner.text("export.focus", name=service_of(name).short(planner.text.language))


def system(srid: int, planner: Planner) -> str:
    """A coordinate system in words."""
    text = planner.text
    if srid in crs.ZONES:
        return f"VN-2000, {text('report.meridian', meridian=crs.ZONES[srid].meridian)} (EPSG:{srid})"
    return f"{text('export.wgs84' if srid == 4326 else 'export.mercator')} (EPSG:{srid})"

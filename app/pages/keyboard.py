"""What a key of the planner does (look.md 7). The browser turns keys into names; fields keep their own keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.pages.planner import Planner

HOUR = timedelta(hours=1)
ON_THE_MAP = frozenset({"zoom_in", "zoom_out", "left", "right", "up", "down", "box"})


def press(planner: Planner, name: str) -> None:
    """Do what the key of that name stands for; an unknown name does nothing."""
    if name in ON_THE_MAP:
        planner.frame.say({"type": "do", "what": name})
    elif (act := _acts(planner).get(name)) is not None:
        act()


def _acts(planner: Planner) -> Mapping[str, Callable[[], None]]:
    hand = planner.hand
    return {
        "tree": lambda: planner.tree.say({"type": "focus"}),
        "table": lambda: planner.table.say({"type": "focus"}),
        "play": hand.play,
        "live": hand.go_live,
        "moment": lambda: hand.control.say({"type": "open"}),
        "views": lambda: planner.bar.say({"type": "views"}),
        "full": planner.whole_map,
        "hour_back": lambda: hand.step(-HOUR),
        "hour_on": lambda: hand.step(HOUR),
        "clear": planner.escape,
        "detail": planner.selection.first,
        "measure": lambda: planner.area.tools.say({"type": "tool", "name": "measure"}),
        "area": lambda: planner.area.open("area"),
        "export": lambda: planner.area.open("export"),
        "next": lambda: planner.table.say({"type": "next", "by": 1}),
        "previous": lambda: planner.table.say({"type": "next", "by": -1}),
    }

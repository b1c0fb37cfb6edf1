"""Pictures: one module a service. The same object on the wall, in the planner and in a notebook.

For a notebook: ``layers.get(id)``, ``layers.still``, ``layers.live``, ``layers.overlay``, ``layers.drawn`` (in another
projection). They are looked up when asked for: a tile worker that wants one colour must not load a plotting library.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "get": "base",
    "still": "compose",
    "live": "compose",
    "overlay": "compose",
    "projected": "plane",
    "drawn": "plane",
}

__all__ = ["drawn", "get", "live", "overlay", "projected", "still"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'layers' has no attribute {name!r}")
    return getattr(import_module(f"layers.{_PLACES[name]}"), name)

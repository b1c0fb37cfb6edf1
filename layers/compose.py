"""Layers in one picture: ``figure`` for pages, ``overlay`` and ``live`` for notebooks, ``still`` for files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geodata.view import View
from layers.mapfigure import MapFigure

__all__ = ["MapFigure", "figure"]


def figure(view: View, style: str = "desk", tools: Sequence[Any] | None = None) -> MapFigure:
    """A map for a page: style ``desk`` (tools: pan, wheel, tap, or those given) or ``wall`` (no hand, marks × 2.2)."""
    return MapFigure(view, style, tools)

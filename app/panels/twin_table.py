"""The table twin of the picture: one row a mark of the layer in focus, linked both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels.block import Block
from layers import marks, palette
from layers.base import get

if TYPE_CHECKING:
    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.catalogue import Service


class TwinTable(Block):
    """``data``: language, service, title, in_view, total, note, columns [{title, align}], state_column,
    rows [{id, cells, level, state, svg}], selected, empty.

    Messages: ``pick`` {id}, ``fold``. ``say`` takes {"type": "focus"} and {"type": "next", "by": ±1}.
    """


MOST = 500
"""Rows sent to the browser, the abnormal ones first; the head says so when there are more."""


def content(picture: Picture | None, service: Service | None, selected: str | None, text: Text) -> dict[str, Any]:
    """The table of a picture; without a layer in focus, a sentence."""
    base: dict[str, Any] = {"language": text.language, "columns": [], "rows": [], "selected": selected, "title": ""}
    if picture is None or service is None:
        return base | {"empty": text("table.none"), "in_view": 0, "total": 0}
    title = text("table.title", layer=service.short(text.language))
    base |= {"service": service.id, "title": title, "in_view": 0, "total": picture.count or 0}
    if picture.error is not None or picture.frame is None:
        return base | {"empty": text("table.unreadable", reason=picture.error), "in_view": 0, "total": 0}
    frame = _abnormal_first(picture.frame).head(MOST)
    table = get(service.id).table(frame, text.language).fillna("") if len(frame) else pd.DataFrame()
    titles = [str(column) for column in table.columns]
    own = text("table.id") not in titles  # most layers show their own, shorter id
    shown = [text("table.id"), *titles] if own else titles
    rows = [_row(key, values, frame.loc[[key]].iloc[0], own) for key, values in _pairs(table, frame)]
    state = text("table.state")
    return base | {
        "columns": [{"title": n, "align": _align(table, n) if i else "left"} for i, n in enumerate(shown)]
        if rows
        else [],
        "state_column": shown.index(state) if state in shown else 0,
        "rows": rows,
        "in_view": len(rows),
        "note": text("table.first", n=MOST) if (picture.count or 0) > MOST else "",
        "empty": text("table.empty"),
    }


def _pairs(table: pd.DataFrame, frame: pd.DataFrame) -> list[tuple[Any, list[str]]]:
    known = {str(key): key for key in frame.index}
    return [(known[str(key)], [str(v) for v in values]) for key, *values in table.itertuples() if str(key) in known]


def _row(key: Any, cells: list[str], row: pd.Series[Any], own: bool) -> dict[str, Any]:
    level = int(row.get("level") or 0)
    name = str(row["id"]) if "id" in row.index else str(key)
    glyph = marks.svg(palette.LEVEL_SHAPE[level], "fresh", level, 18, tint=palette.SEVERITY[level]) if level else ""
    return {
        "id": name,
        "cells": [name, *cells] if own else cells,
        "level": level,
        "state": str(row.get("state", "")),
        "svg": glyph,
    }


def _abnormal_first(frame: pd.DataFrame) -> pd.DataFrame:
    if "level" not in frame or frame.empty:
        return frame
    return frame.sort_values("level", ascending=False, kind="stable")


def _align(table: pd.DataFrame, name: str) -> str:
    if name not in table.columns:
        return "left"
    values = table[name].astype(str).str.strip()
    return "right" if values.str.match(r"^[-−+]?[\d.,]+( ?\S{1,12})?$").mean() > 0.6 else "left"

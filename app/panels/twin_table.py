"""The table twin of the picture: one row a mark of the layer in focus, linked both ways."""

from __future__ import annotations

from functools import cache
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


MOST = 200
"""Rows sent to the browser, the abnormal ones first; the head says so when there are more."""


def content(picture: Picture | None, service: Service | None, text: Text) -> dict[str, Any]:
    """The table of a picture; without a layer in focus, a sentence. Slow with many rows: not for the event loop."""
    base: dict[str, Any] = {"language": text.language, "columns": [], "rows": [], "title": ""}
    if picture is None or service is None:
        return base | {"empty": text("table.none"), "in_view": 0, "total": 0}
    title = text("table.title", layer=service.short(text.language))
    base |= {"service": service.id, "title": title, "in_view": 0, "total": picture.total}
    if picture.error is not None or picture.frame is None:
        return base | {"empty": text("table.unreadable", reason=picture.error), "in_view": 0, "total": 0}
    frame = _abnormal_first(picture.frame).head(MOST)
    table = get(service.id).table(frame, text.language).fillna("") if len(frame) else pd.DataFrame()
    titles = [str(column) for column in table.columns]
    own = text("table.id") not in titles  # most layers show their own, shorter id
    shown = [text("table.id"), *titles] if own else titles
    rows = _rows(table, frame, own=own)
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


def _rows(table: pd.DataFrame, frame: pd.DataFrame, *, own: bool) -> list[dict[str, Any]]:
    """Rows in the frame's order. ``table`` has the frame's index as text (``Layer.table``)."""
    cells = {str(key): [str(v) for v in values] for key, *values in table.itertuples()}
    names = frame["id"].astype(str) if "id" in frame else frame.index.astype(str)
    levels = (
        pd.to_numeric(frame["level"], errors="coerce").fillna(0).astype(int) if "level" in frame else [0] * len(frame)
    )
    states = frame["state"].astype(str) if "state" in frame else [""] * len(frame)
    return [
        {
            "id": name,
            "cells": [name, *cells[str(key)]] if own else cells[str(key)],
            "level": level,
            "state": state,
            "svg": _glyph(level),
        }
        for key, name, level, state in zip(frame.index, names, levels, states, strict=True)
        if str(key) in cells
    ]


@cache
def _glyph(level: int) -> str:
    if not level:
        return ""
    return marks.svg(palette.LEVEL_SHAPE[level], "fresh", level, 18, tint=palette.SEVERITY[level])


def _abnormal_first(frame: pd.DataFrame) -> pd.DataFrame:
    if "level" not in frame or frame.empty:
        return frame
    return frame.sort_values("level", ascending=False, kind="stable")


def _align(table: pd.DataFrame, name: str) -> str:
    """Numbers and ages stand right."""
    values = table[name].astype(str).str.strip()
    return "right" if values.str.match(r"^[-−+]?[\d.,]+([ \u2009]?\S{1,12})?( \d\d)?$|^–$").mean() > 0.6 else "left"

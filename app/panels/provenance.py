"""Where a row is from: source, owner, protocol, its own id and times, whom to name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.panels.rows import moment, word
from layers import words

if TYPE_CHECKING:
    from app.panels.story import Subject
    from app.text import Text


def provenance(subject: Subject, card: Mapping[str, Any] | None, zone: ZoneInfo, text: Text) -> list[dict[str, Any]]:
    """Rows of label, value and, for a moment, its epoch seconds. What the source does not tell is left out."""
    row = subject.row
    rows: list[dict[str, Any]] = [{"label": text("detail.source"), "value": _source(subject, text), "t": None}]
    source = next((one for one in subject.sources if one.id == word(row, "source")), None)
    if source is not None:
        rows.append({"label": text("detail.protocol"), "value": source.protocol, "t": None})
    for name in ("owner", "operator", "attribution", "license"):
        value = None if card is None else card.get(name)
        if isinstance(value, str) and value and value not in {one["value"] for one in rows}:
            rows.append({"label": text(f"detail.{name}"), "value": value, "t": None})
    rows.append({"label": text("detail.raw_id"), "value": subject.key, "t": None})
    for key, at in (("event_time", moment(row.get("time"))), ("received", moment(row.get("received_at")))):
        if at is not None:
            rows.append(_at(text(f"detail.{key}"), at, zone))
    return rows


def _source(subject: Subject, text: Text) -> str:
    name = word(subject.row, "source")
    source = next((one for one in subject.sources if one.id == name), None)
    label = name if source is None else (source.title_vi if text.language == "vi" else source.title_en)
    simulated = subject.row.get("simulated")
    if simulated is not None and not pd.isna(simulated) and bool(simulated) and text("detail.simulated") not in label:
        return f"{label} ({text('detail.simulated')})"
    return label


def _at(label: str, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {"label": label, "value": words.moment(at, zone, seconds=True), "t": at.timestamp()}

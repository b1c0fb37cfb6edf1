"""A live report loads again only what changed: by version, by what was asked, and after a while in any case.

And its tables tell rows of several kinds without a row of dashes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.pages.area_tool import SAME_S, Loaded, still_good
from app.pages.area_words import cells_of, columns_of
from geodata import areas
from geodata.catalogue import service
from geodata.view import Bounds, View
from layers import report
from layers.base import get
from layers.report import Part, Trend

ASKED = ("x107.5,16.4,107.6,16.5", timedelta(days=1), "{}")


def part(name: str) -> Part:
    return Part(service=service(name))


def test_only_unchanged_layers_of_the_same_question_are_kept() -> None:
    parts = {
        "field_reports": Loaded(what=ASKED, version=7, at=100.0, part=part("field_reports")),
        "cameras": Loaded(what=ASKED, version=3, at=100.0, part=part("cameras")),
        "warnings": Loaded(what=("another",), version=1, at=100.0, part=part("warnings")),
        "press": Loaded(what=ASKED, version=0, at=100.0 - SAME_S, part=part("press")),
    }
    versions = {"field_reports": 7, "cameras": 4, "warnings": 1}
    assert set(still_good(parts, ASKED, versions, 101.0)) == {"field_reports"}


def test_a_kept_part_is_not_loaded_but_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "counted", lambda *_args: Trend(n=5, before=4, bins=[5]))
    loaded: list[str] = []

    def load(layer: Any, _view: View) -> Any:
        loaded.append(layer.service)
        raise RuntimeError

    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    box = Bounds(107.5, 16.4, 107.6, 16.5)
    view, area = View(box, 800, 500, now - timedelta(days=1), now), areas.box(box)
    before = Part(service=service("press"), trend=Trend(n=1, before=0, bins=[1]))
    kept = report._part(None, area, view, get("press"), load, before)  # type: ignore[arg-type]
    assert (loaded, kept.trend and kept.trend.n) == ([], 5)
    broken = Part(service=service("press"), error="unreadable")
    again = report._part(None, area, view, get("press"), load, broken)  # type: ignore[arg-type]
    assert loaded == ["press"], "what could not be read is tried again"
    assert again.error == "press"


def test_rows_of_another_kind_are_told_whole_and_not_as_dashes() -> None:
    incident = {"Vụ việc": "Ngập đường", "Nơi": "Chợ An Cựu", "Bắt đầu": "14:38", "Mức": "3"}
    road = {"Đoạn đường": "Lê Lợi", "Chạy": "ùn tắc"}
    told = [road, incident, incident | {"Nơi": "Phu Văn Lâu"}]
    columns = columns_of(told)
    assert columns == ["Đoạn đường", "Vụ việc", "Nơi", "Bắt đầu", "Mức"]
    assert cells_of(road, columns) == ["Lê Lợi", "Chạy: ùn tắc", "", "", ""]
    assert cells_of(incident, columns) == ["–", "Ngập đường", "Chợ An Cựu", "14:38", "3"]
    assert cells_of({"Tên": "A"}, ["Tên"]) == ["A"]
    assert columns_of([]) == []

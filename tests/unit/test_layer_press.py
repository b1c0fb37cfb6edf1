"""Press: stories grouped, areas by count and confidence, never a guessed point, rumours, what has no place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geodata.rules import story
from layers import _stories as stories
from layers import mapfigure, palette
from layers.base import get
from layers.elements import Areas, Marks, columns
from tests.support import layer_frames as frames

LAYER: Any = get("press")
THUAN_HOA, VY_DA = "19789", "19777"


def article(name: str, code: str | None = THUAN_HOA, sure: float = 0.95, **more: Any) -> dict[str, Any]:
    place = {} if code is None else {"place": {"codes": [code], "names": ["Thuận Hóa"]}}
    return {
        "id": name, "geometry": None if code is None else frames.square(0.02), "place_confidence": sure,
        "place_level": "none" if code is None else "ward", "category": "urban", "title": f"Tin {name}",
        "properties": {"outlet": f"Báo {name}", **place},
    } | more  # fmt: skip


def one(name: str, hour: float, text: str, key: tuple[str, ...] = ("a",)) -> story.Article:
    return story.Article(name, key, frames.END + timedelta(hours=hour), (text,))


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (one("b", 1, "Mất nước ở phường Thuận Hóa"), True),
        (one("b", 1, "Triển lãm ảnh bên sông"), False),
        (one("b", 13, "Mất nước phường Thuận Hóa"), False),  # another day's
        (one("b", 1, "Mất nước phường Thuận Hóa", ("b",)), False),  # of another place
        (one("b", 1, ""), False),
    ],
)
def test_the_same_story(second: story.Article, same: bool) -> None:
    assert (story.grouped([one("a", 0, "Mất nước phường Thuận Hóa"), second])["b"] == "a") is same


def drawn(*rows: dict[str, Any], zoom: float = 11) -> tuple[Any, list[Areas], list[Marks]]:
    at = frames.zoomed(zoom)
    found = stories.classify(frames.events(*rows), at)
    parts = list(mapfigure.flat(LAYER.draw(found, at)))
    return found, [p for p in parts if isinstance(p, Areas)], [p for p in parts if isinstance(p, Marks)]


def test_three_outlets_tell_one_story() -> None:
    title = "Tạm ngừng cấp nước tại phường Thuận Hóa"
    found, areas, marks = drawn(*(article(n, title=title) for n in "abc"), article("d", title="Lễ hội đèn lồng"))
    assert LAYER.count(found) == 2
    assert LAYER.inspect(found.loc["a"], "vi")["Cơ quan đưa tin"] == "3: Báo a, Báo b, Báo c"
    assert sum(len(a.data) for a in areas) == 1
    assert list(columns(marks[0])["text"]) == ["2"]


def test_a_place_that_was_read_is_an_area_and_one_that_was_given_may_be_a_point() -> None:
    given = article("given", None, geometry=frames.point(), place_confidence=float("nan"), place_level="point")
    found, areas, marks = drawn(article("read"), given, article("nowhere", None))
    assert [a.data[0]["id"] for a in areas] == ["read"]
    assert list(columns(marks[1])["id"]) == ["given"]
    assert frames.counts(LAYER.legend(found)) == {"bài có nơi chắc chắn": 2, "không rõ nơi, chỉ trong bảng": 1}
    assert LAYER.inspect(found.loc["nowhere"], "vi")["Nơi"] == "không rõ nơi"
    assert "độ tin cậy 95%" in LAYER.inspect(found.loc["read"], "vi")["Nơi"]


def test_confidence_is_the_opacity_of_the_fill() -> None:
    _, areas, _ = drawn(article("sure"), article("guess", VY_DA, 0.5))
    alpha = {a.data[0]["id"]: mapfigure.style_of(a)["fill_alpha"] for a in areas}
    assert alpha["sure"] > alpha["guess"] >= 0.1


def test_a_rumour_asks_for_somebody_and_is_seen_from_afar() -> None:
    found, areas, marks = drawn(article("a"), article("r", VY_DA, category="rumour", title="Vỡ đập"), zoom=8)
    assert found["level"].to_dict() == {"a": 0, "r": 2}
    assert list(columns(marks[0])["id"]) == ["r"]
    assert mapfigure.style_of(areas[-1])["line_color"] == palette.SEVERITY[2]
    items = {item.title_vi: item.level for item in LAYER.legend(found)}
    assert items["tin đồn cần xác minh"] == 2


def test_a_province_is_only_an_edge_near_by_and_has_no_number() -> None:
    rows = [article("p", None, geometry=frames.square(0.4), place_level="province", place_confidence=0.72)]
    _, far, _ = drawn(*rows, zoom=9)
    _, near, marks = drawn(*rows, zoom=12)
    assert mapfigure.style_of(far[0])["fill_alpha"] > mapfigure.style_of(near[0])["fill_alpha"] == 0
    assert not sum(len(m) for m in marks)


def test_a_lost_feed_is_unknown() -> None:
    found, areas, _ = drawn(article("r", category="rumour", feed="down"))
    assert found.loc["r", ["state", "level"]].tolist() == ["unknown", 0]
    assert mapfigure.style_of(areas[0])["line_color"] == palette.UNKNOWN
    assert frames.counts(LAYER.legend(found))["chưa rõ, mất nguồn"] == 1
    assert LAYER.inspect(found.loc["r"], "en")["State"] == "unknown, feed down"


@pytest.mark.parametrize(
    ("texts", "told"),
    [(["Bác bỏ tin giả về vỡ đập"], True), (["Tin xả lũ là thất thiệt", None], True), (["Nghe nói sắp xả lũ"], False),
     ([], False), ([None], False)],
)  # fmt: skip
def test_what_denies_a_story(texts: list[str | None], told: bool) -> None:
    assert story.denied(texts) is told

"""The wall counts the classes of a layer in the whole city, as its lists and tiles do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from app.pages.pictures import Picture
from app.panels import wall_counts
from app.text import Text
from geodata.scenes import Block
from layers.base import LegendItem, layers
from tests.support.layer_frames import END, EVENT, frame, view

if TYPE_CHECKING:
    from app.panels.wall_have import Have

BLOCK = Block(kind="counts", service="public_order", most=4)


def picture(n: int) -> Picture:
    legend = [LegendItem(mark="hexagon", title_vi="vụ, mức 4", title_en="level 4", state="fresh", level=4, count=n)]
    made = frame([], EVENT)
    made["level"] = []
    made["what"] = []
    return Picture(service="public_order", view=view(), version=1, frame=made, legend=legend)


def shown(*, far_heard: bool = False, **pictures: Picture) -> list[dict[str, Any]]:
    found = {name: {"public_order": one} for name, one in pictures.items()}
    state = SimpleNamespace(last_received=END if far_heard else None)
    have = SimpleNamespace(
        text=Text("vi"),
        near=found.get("near", {}),
        far=found.get("far", {}),
        now=END,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        services={"public_order": state},
    )
    return wall_counts.counts(BLOCK, cast("Have", have), 1).sections


def test_a_scene_counts_what_lies_outside_it_too() -> None:
    assert "public_order" in layers()
    (found,) = shown(near=picture(2), far=picture(4))
    assert [(row["value"], row["level"]) for row in found["rows"]] == [("4", 4)]


def test_a_count_says_when_its_source_was_last_heard() -> None:
    (heard,), (never,) = shown(far_heard=True, far=picture(4)), shown(far=picture(4))
    assert heard["head"] == f"{never['head']}, {END.astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%H:%M}"


def test_until_the_city_is_counted_the_scene_is() -> None:
    (found,) = shown(near=picture(2))
    assert [row["value"] for row in found["rows"]] == ["2"]
    assert shown() == []

"""Advertising boards: a wide rectangle on a foot; hollow when dark, filled by level for what nobody approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import Observation, Thing
from geodata.rules import screen
from geodata.view import View
from layers import _assets as assets
from layers import elements, states, words
from layers._assets import SILENT, UNKNOWN, Condition
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, BOARDS, SAID, NAMES = 9.0, 12.5, 14.0, 16.0
"""Under ``FAR`` only what needs acting on; from ``BOARDS`` on every board has its shape, from ``SAID`` on an abnormal
one says what it is, from ``NAMES`` on each has its name (look.md 3.7)."""

CONDITIONS: assets.Conditions = {
    "on": Condition("đang phát, đã duyệt", "on, approved", always=True),
    "off": Condition("đang tắt", "off", kind="off", always=True),
    "unsaid": Condition("chưa báo trạng thái", "state not told", state="late"),
    "licence_soon": Condition("giấy phép sắp hết hạn", "licence ends soon", 1),
    "blank": Condition("bật, không có nội dung", "on, nothing shown", 1),
    "test": Condition("phát nội dung thử", "test content", 1),
    "unproved": Condition("bật, chưa rõ nội dung", "on, content not told", 1),
    "licence_over": Condition("phát khi giấy phép hết hạn", "on without a licence", 1),
    "fault": Condition("hỏng", "fault", 2),
    "silent": SILENT,
    "unapproved": Condition("nội dung chưa duyệt", "content not approved", 3, always=True),
    "unknown": UNKNOWN,
}
CONTENT = {
    "approved": ("đã duyệt", "approved"),
    "unapproved": ("chưa duyệt", "not approved"),
    "test": ("nội dung thử", "test"),
    "blank": ("không có nội dung", "nothing shown"),
}
STATUS = {"on": ("bật", "on"), "off": ("tắt", "off"), "fault": ("hỏng", "fault")}
OWNER, LICENCE = ("owner", "chu_quan"), ("licence", "giay_phep")
COLUMNS = ("results", "proof_s", "condition", "state", "level", "alpha", "age_s", "mark", "kind")


class AdvertisingScreens(Layer):
    """``load``: one row a board, index id; ``condition`` of ``CONDITIONS``, ``proof_s`` age of what it shows."""

    service = "advertising_screens"
    z_order = 42
    noun = ("màn hình", "boards")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        things = reader.latest(self.service, Thing, view)
        return self.classify(things, reader.latest(self.service, Observation, view), view)

    def classify(self, things: gpd.GeoDataFrame, latest: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row a board with ``COLUMNS``. Pure."""
        if things.empty and latest.empty:
            return assets.empty(things, COLUMNS)
        out = assets.aged(assets.joined(things, latest), view)
        out["proof_s"] = [proof_s(values, view) for values in out["results"]]
        limit = (out["cadence_s"].astype(float) * out["late_factor"].astype(float)).to_numpy()
        rows = zip(out["results"], out["state"], out["proof_s"].to_numpy() <= limit, strict=True)
        found = [condition_of(values, state, proved=bool(proved)) for values, state, proved in rows]
        out = assets.conditioned(out, found, CONDITIONS)
        out["mark"] = "board"
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        shown = assets.placed(frame)
        if view.zoom < FAR:
            shown = shown[shown["level"].astype(int) >= 2]
        level = shown["level"].astype(int).to_numpy()
        lost = (shown["state"] == "unknown").to_numpy()
        near = view.zoom >= BOARDS
        dots = (level < 2) & ~lost & (not near)
        shown = shown.assign(
            mark=np.where(dots, "dot", "board"),
            scale=np.where(dots, 0.6, 1.0 if near else 0.75),
            alpha=np.where(dots & (shown["condition"] == "off").to_numpy(), 0.55, 1.0),
        )
        texts = [said(row, level, view) for row, level in zip(shown.itertuples(), level, strict=True)]
        shown = shown.assign(name=pd.Series(assets.beside(shown, texts, view), shown.index, dtype=object))
        return elements.of(gpd.GeoDataFrame(shown, crs=frame.crs).rename_axis("id"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        return assets.legend_of(frame, CONDITIONS, "board")

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Boards of the city."""
        return len(frame)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        values, more = row["results"], assets.own(row["properties"])
        facts = {
            ("Màn hình" if vi else "Board"): assets.text_of(row["name"]) or str(row.name),
            ("Loại" if vi else "Type"): assets.category_words(self.service, row["category"], language),
            ("Bật, tắt" if vi else "Power"): power_words(row, language),
        }
        if content := content_words(values, language):
            facts["Nội dung" if vi else "Content"] = content
            facts["Báo nội dung cách đây" if vi else "Content told"] = words.age(row["proof_s"], language)
        if licence := licence_words(values, more, language):
            facts["Giấy phép" if vi else "Licence"] = licence
        if owner := assets.text_of(assets.first(more, OWNER)):
            facts["Chủ quản" if vi else "Owner"] = owner
        facts |= assets.measured(self.service, values, language, without=("licence_days",))
        return facts | assets.ending(row, language, CONDITIONS[row["condition"]].words(language))


def word(values: assets.Values, name: str) -> str | None:
    """A worded result."""
    value = values.get(name)
    return value.result if value is not None and isinstance(value.result, str) else None


def days_left(values: assets.Values) -> float | None:
    value = values.get("licence_days")
    return value.result if value is not None and not isinstance(value.result, str) else None


def proof_s(values: assets.Values, view: View) -> float:
    """Seconds since the board told what it shows; NaN when it never did."""
    times = [values[name].time for name in ("content", "content_id") if name in values]
    return (pd.Timestamp(view.end) - max(times)).total_seconds() if times else np.nan


def condition_of(values: assets.Values, state: str, *, proved: bool) -> str:
    """Of one board: what its newest words mean while it is heard of."""
    if state == "silent":
        return "silent"
    found = screen.condition(word(values, "status"), word(values, "content"), days_left(values), proved=proved)
    return found or "unsaid"


def said(row: Any, level: int, view: View) -> str | None:
    """The words beside a mark at that zoom."""
    if level >= 2 and SAID <= view.zoom < NAMES and row.state != "silent":  # that is seen
        return CONDITIONS[row.condition].vi
    return assets.text_of(row.name) if view.zoom >= NAMES else None


def power_words(row: pd.Series[Any], language: str) -> str:
    """On, off or fault; of a silent board what it said last, which is the cause of its silence where there is one."""
    vi, last = language == "vi", word(row["results"], "status") or ""
    told = STATUS.get(last, (last or words.NOTHING,) * 2)[0 if vi else 1]
    if row["state"] not in {"silent", "unknown"}:
        return told
    if last == "fault":  # a last will, or a fault that it told itself
        return "báo hỏng, mất kết nối rồi im lặng" if vi else "told a fault or a lost connection, then silent"
    return f"{told} (tin cuối)" if vi else f"{told} (last heard)"


def content_words(values: assets.Values, language: str) -> str:
    """As "đã duyệt, mã ND-4727"; nothing when the board never told."""
    content, code = word(values, "content"), word(values, "content_id")
    at = 0 if language == "vi" else 1
    parts = [CONTENT.get(content, (content, content))[at]] if content else []
    if code and content != "blank":
        parts.append(f"{('mã', 'no.')[at]} {code}")
    return ", ".join(parts)


def licence_words(values: assets.Values, more: Mapping[str, Any], language: str) -> str:
    """As "181/GP-2024, còn 37 ngày" or "…, hết hạn 8 ngày"."""
    vi, days = language == "vi", days_left(values)
    parts = [found] if (found := assets.text_of(assets.first(more, LICENCE))) else []
    if days is not None:
        count = words.number(abs(days), 0, language)
        if days < 0:
            parts.append(f"hết hạn {count} ngày" if vi else f"over for {count} day{'s' if days < -1 else ''}")
        else:
            parts.append(f"còn {count} ngày" if vi else f"{count} day{'' if days == 1 else 's'} left")
    return ", ".join(parts)

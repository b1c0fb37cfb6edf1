"""Cabinets, pumps, gauges, bins and trucks of public utilities: small cabinets; an outage is one mark, at its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Observation, Thing
from geodata.rules import parents, upstream, utility
from geodata.view import View, mercator_xy
from layers import _assets as assets
from layers import _features as features
from layers import _limits, elements, palette, states, words
from layers._assets import SILENT, UNKNOWN, Condition
from layers.base import Layer, LegendItem, Limit

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, CABINETS, SAID, NUMBERS, NAMES = 9.0, 12.5, 14.0, 15.0, 16.0
"""Under ``FAR`` only what needs acting on; from ``CABINETS`` on every asset has its shape and an outage its lines, from
``SAID`` on an abnormal asset says what it is, from ``NUMBERS`` its number, from ``NAMES`` its name (look.md 3.7)."""

CONDITIONS: assets.Conditions = {
    "normal": Condition("đang hoạt động", "working", always=True),
    "off": Condition("đang tắt, đóng", "off, closed", always=True),
    "maintenance": Condition("bảo trì", "in maintenance", state="maintenance"),
    "explained": Condition("mất theo thiết bị cấp trên", "lost with the asset above", 0, "silent"),
    "full": Condition("thùng rác đầy", "bin full", 1),
    "lamps_few": Condition("nhiều đèn tắt", "many lamps out", 1),
    "lamps_many": Condition("quá nửa số đèn tắt", "over half of the lamps out", 2),
    "loss": Condition("thất thoát nước cao", "high water loss", 2),
    "pressure": Condition("áp lực nước thấp", "low water pressure", 2),
    "phase": Condition("mất pha", "a phase is gone", 2),
    "fault": Condition("hỏng", "fault", 2, always=True),
    "silent": SILENT,
    "upstream": Condition("thiết bị cấp trên mất điện", "asset above has failed", 2),
    "pump": Condition("trạm bơm hỏng", "pump failed", 3),
    "upstream_wide": Condition("cấp trên mất điện, diện rộng", "asset above has failed, wide outage", 3),
    "unknown": UNKNOWN,
}
STATUS = {
    "on": ("bật, mở", "on, open"),
    "off": ("tắt, đóng", "off, closed"),
    "fault": ("hỏng", "fault"),
    "maintenance": ("bảo trì", "maintenance"),
    "running": ("đang chạy", "running"),
    "stopped": ("đang dừng", "stopped"),
}
LAMPS = ("lamps", "so_den")
MUTE = frozenset({"power_grid"})
"""Categories that may stand in the register without reporting: their failure is read from what hangs on them."""

REACH_DEG = 0.2
"""A substation and all that hangs on it lie within about 20 km: read together, or an outage would end at the frame."""

BESIDE = ("pressure", "drain_level", "bin_fill", "waste_collected", "lamps_out")
"""The number beside a mark: the first of these that the asset measures and that says something."""

COLUMNS = (
    "results",
    "above",
    "below",
    "condition",
    "state",
    "level",
    "alpha",
    "age_s",
    "mark",
    "kind",
)


class PublicUtilities(Layer):
    """``load``: one row an asset, index id; ``above`` the parent that explains its loss, ``below`` how many it does."""

    service = "public_utilities"
    z_order = 41
    noun = ("thiết bị", "assets")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        wide = assets.wider(view, REACH_DEG)
        things = reader.latest(self.service, Thing, wide)
        return assets.within(self.classify(things, reader.latest(self.service, Observation, wide), view), view)

    def classify(self, things: gpd.GeoDataFrame, latest: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row an asset with ``COLUMNS``. Pure."""
        if things.empty and latest.empty:
            return assets.empty(things, COLUMNS)
        out = assets.aged(assets.joined(things, latest), view)
        parents = parents_of(out)
        mute = {str(key) for key, c, m in zip(out.index, out["category"], out["measures"], strict=True) if mutes(c, m)}
        told = zip(out.index, out["state"], out["results"], strict=True)
        lost = {str(key) for key, state, results in told if state == "silent" or is_at_fault(results)}
        found = upstream.outage(parents, lost, mute=mute)
        out["above"] = pd.Series([found.because.get(str(key)) for key in out.index], out.index, dtype=object)
        out["below"] = np.array([found.failed.get(str(key), 0) for key in out.index], dtype=int)
        out["parent"] = pd.Series([parents.get(str(key)) for key in out.index], out.index, dtype=object)
        names = {str(key): assets.text_of(name) or str(key) for key, name in out["name"].items()}
        out["parent_name"] = pd.Series([names.get(str(p)) for p in out["parent"]], out.index, dtype=object)
        out["above_name"] = pd.Series([names.get(str(p)) for p in out["above"]], out.index, dtype=object)
        rows = zip(out["results"], out["properties"], out["state"], out["above"], out["below"], strict=True)
        out = assets.conditioned(out, [condition_of(*row) for row in rows], CONDITIONS)
        out["mark"] = "cabinet"
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element | hv.Overlay:
        shown = assets.placed(frame)
        if shown.empty:
            return elements.of(shown)
        links = linked(shown, view)
        if view.zoom < FAR:
            shown = shown[shown["level"].astype(int) >= 2]
        level = shown["level"].astype(int).to_numpy()
        near, cause = view.zoom >= CABINETS, (shown["below"].astype(int) > 0).to_numpy()
        dots = (level < 2) & (shown["state"] != "unknown").to_numpy() & (not near)
        texts = [said(row, view) for row in shown.itertuples()]
        quiet = shown["condition"].isin(["off", "explained"]).to_numpy()
        shown = shown.assign(
            mark=np.where(dots, "dot", "cabinet"),
            state=np.where(dots & (shown["state"] == "silent").to_numpy(), "late", shown["state"]),
            scale=np.where(dots, 0.55, np.where(cause, 1.3, 1.0)) * (1.0 if near else 0.85),
            alpha=np.where(quiet, 0.65, 1.0),
            name=pd.Series(assets.beside(shown, texts, view), shown.index, dtype=object),
        )
        return links * elements.of(gpd.GeoDataFrame(shown, crs=frame.crs).rename_axis("id"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        return assets.legend_of(frame, CONDITIONS, "cabinet")

    def limits(self, row: pd.Series[Any], observed_property: str, at: datetime) -> Sequence[Limit]:
        """The program's thresholds (``geodata.rules.utility``)."""
        del row, at
        return _limits.utilities(observed_property)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi, values = language == "vi", row["results"]
        facts = {
            ("Thiết bị" if vi else "Asset"): assets.text_of(row["name"]) or str(row.name),
            ("Loại" if vi else "Type"): assets.category_words(self.service, row["category"], language),
        }
        if reported := status_words(values, language):
            heard = row["state"] in {"fresh", "late", "maintenance"}
            facts[("Báo về", "Reports")[not vi] if heard else ("Tin cuối", "Last heard")[not vi]] = reported
        if above := assets.text_of(row["above_name"]):
            facts["Mất theo" if vi else "Lost with"] = above
        if below := int(row["below"]):
            facts["Thiết bị mất theo" if vi else "Assets lost with it"] = words.number(below, 0, language)
        elif not row["measures"]:
            facts["Cách biết" if vi else "Known by"] = (
                "không tự báo, suy từ thiết bị cấp dưới" if vi else "does not report; inferred from what hangs on it"
            )
        facts |= assets.measured(self.service, values, language)
        if parent := assets.text_of(row["parent_name"]):
            facts["Cấp trên" if vi else "Hangs on"] = parent
        return facts | assets.ending(row, language, CONDITIONS[row["condition"]].words(language))


def is_at_fault(results: assets.Values) -> bool:
    """Whether its last word was a fault, a last will too: when all below a feeder say so, the fault is the feeder's."""
    return "status" in results and results["status"].result == "fault"


def mutes(category: Any, measures: Any) -> bool:
    """Whether an asset is one that never reports: its state is inferred."""
    return category in MUTE and not measures


def parents_of(frame: pd.DataFrame) -> dict[str, str]:
    """Asset to the asset it hangs on."""
    return parents.parents(zip(frame.index.astype(str), frame["properties"], strict=True))


def condition_of(values: assets.Values, more: Mapping[str, Any], state: str, above: str | None, below: int) -> str:
    """Of one asset: an outage at its cause, then silence, then what it told."""
    if below:
        return "upstream_wide" if below >= upstream.WIDE else "upstream"
    if above is not None:
        return "explained"
    if state == "silent":
        return "silent"
    told = {name: value.result for name, value in values.items()}
    if told.get("status") == "maintenance":
        return "maintenance"
    return utility.condition(told, assets.number_of(assets.first(more, LAMPS)))


def linked(frame: gpd.GeoDataFrame, view: View) -> hv.Path:
    """Dotted lines from an outage to what is lost with it, near enough to tell them apart."""
    lines = []
    if view.zoom >= CABINETS:
        points = shapely.point_on_surface(frame.geometry.to_numpy())
        at = dict(
            zip(frame.index, zip(*mercator_xy(shapely.get_x(points), shapely.get_y(points)), strict=True), strict=True)
        )
        lines = [np.array([at[above], at[key]]) for key, above in frame["above"].items() if above in at]
    path: hv.Path = hv.Path(lines, ["x", "y"]).opts(
        backend="bokeh",
        line_color=palette.TINT["infrastructure"],
        line_width=1.2,
        line_dash=list(features.DOTTED),
        alpha=0.7,
        casing=False,
    )
    return path


def said(row: Any, view: View) -> str | None:
    """The words beside a mark at that zoom."""
    told = None
    if row.below and view.zoom >= CABINETS:
        told = f"{row.below} thiết bị mất theo"
    elif row.level >= 1 and row.state != "silent" and view.zoom >= SAID:
        told = CONDITIONS[row.condition].vi
    number = number_words(row.results) if view.zoom >= NUMBERS and row.state in {"fresh", "late"} else None
    name = assets.text_of(row.name) if view.zoom >= NAMES else None
    return ", ".join(part for part in (name, told, number) if part) or None


def number_words(values: assets.Values) -> str | None:
    """As "1,62 bar" or "82%": the number that says most of the asset."""
    for name in BESIDE:
        value, prop = values.get(name), catalogue.service("public_utilities").observed_property(name)
        if value is not None and prop is not None and not isinstance(value.result, str) and value.result:
            return words.quantity(value.result, prop.unit, prop.decimals)
    return None


def status_words(values: assets.Values, language: str) -> str:
    """What it reports of itself, in words."""
    told = [values[name].result for name in ("status", "pump_state") if name in values]
    at = 0 if language == "vi" else 1
    return ", ".join(STATUS.get(str(word), (str(word),) * 2)[at] for word in told if isinstance(word, str))

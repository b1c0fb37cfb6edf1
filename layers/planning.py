"""Plans, projects, permits and violations: dotted areas by kind, an open violation as a hexagon.

A place that only tells how many permits or violations it had (a ward, an office) is a dot with its figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Event, Feature, Observation, Thing
from geodata.rules import project
from geodata.view import EARTH_RADIUS_M, View
from layers import _assets as assets
from layers import _features as features
from layers import _plan_words as plan
from layers import elements, palette, words
from layers._assets import UNKNOWN, Condition
from layers.badges import WALL_FROM_PX
from layers.base import Layer, LegendItem
from layers.lettering import width

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, NEAR, NAMES = 11.0, 13.0, 15.0
"""Under ``FAR`` areas in trouble stand as marks; from ``NEAR`` on permits and settled violations, from ``NAMES`` on
names."""

LEAST_PX = 4.0
"""Areas smaller than this on the picture are left out, unless they are in trouble."""

FOUND_WITHIN = timedelta(days=365)
"""An open violation stays on the map for a year after it was found."""

SOON = timedelta(days=90)
LABELS_MOST = 60
NAME_PX = 12
COLUMNS = (
    "category_id",
    "zone",
    "standing",
    "condition",
    "state",
    "level",
    "alpha",
    "age_s",
    "mark",
    "kind",
    "results",
)
FIGURES = "figures"
"""Condition of a place that tells numbers: the catalogue has no limit for them, so they ask for nothing."""

TINTS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "land_use": (palette.TINT["people"], features.DOTTED),
    "zoning": (palette.TINT["infrastructure"], features.DOTTED),
    "detailed_plan": (palette.TINT["infrastructure"], (5, 3)),
    "parcel": (palette.LINE2, ()),
    "heritage_zone": (palette.TINT["sea"], features.DOTTED),
    "project": (palette.TINT["environment"], (5, 3)),
}
OTHER = (palette.TEXT3, features.DOTTED)


class Planning(Layer):
    """``load``: features and violations, index id; ``standing`` of a project, ``zone`` the plans around a point."""

    service = "planning"
    z_order = 24
    noun = ("vùng, dự án, hồ sơ", "zones, projects, cases")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        found = reader.latest(self.service, Event, replace(view, start=view.end - FOUND_WITHIN))
        told = figures(reader.latest(self.service, Thing, view), reader.latest(self.service, Observation, view), view)
        return self.classify(reader.latest(self.service, Feature, view), found, view, told)

    def classify(
        self, frame: gpd.GeoDataFrame, events: gpd.GeoDataFrame, view: View, told: gpd.GeoDataFrame | None = None
    ) -> gpd.GeoDataFrame:
        """All with ``COLUMNS``; ``told`` as ``figures`` gives it. Pure."""
        shown = events[~settled_before(events, view)]
        if frame.empty and shown.empty and (told is None or told.empty):
            return assets.empty(frame, COLUMNS)
        out = together(frame, shown, told)
        out["age_s"] = (pd.Timestamp(view.end) - out["received_at"]).dt.total_seconds()
        plain = np.where(out["feed"] == "down", "unknown", "fresh")  # a plan does not age as a signal does
        out["state"] = out["state"].where(out["collection"] == FIGURES, plain)
        out["category_id"] = [category_of(code) for code in out["category"]]
        out["zone"], protected = zones_of(out)
        out["standing"] = [standing_of(row, view) for row in out.to_dict("records")]
        rows = zip(out.to_dict("records"), protected, strict=True)
        out = assets.conditioned(out, [condition_of(row, near, view) for row, near in rows], conditions())
        flat = shapely.get_dimensions(out.geometry.to_numpy()) == 2
        out["mark"] = np.where(out["event"], "hexagon", np.where(flat, "area", "dot"))
        out["alpha"] = np.where(out["condition"] == "settled", palette.FADE_TO, 1.0)
        return gpd.GeoDataFrame(out.sort_values("level", kind="stable"))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element | hv.Overlay:
        shown = assets.placed(frame)
        if shown.empty:
            return elements.of(shown)
        flat = shapely.get_dimensions(shown.geometry.to_numpy()) == 2
        areas = large_first(shown[flat])
        seen = areas[areas["size_m"] >= LEAST_PX * view.resolution_m]
        groups = seen.groupby(["category_id", "state", "level"], sort=False)
        parts = [outlined(rows, str(code), str(state), int(level), view) for (code, state, level), rows in groups]
        overlay: hv.Overlay = hv.Overlay([*parts, points(shown, flat, view), names(seen, view)])
        return overlay

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        items = assets.legend_of(frame, conditions(), "area")
        tints = {one.vi: TINTS[name][0] for name, one in conditions().items() if name in TINTS}
        return [replace(item, tint=tints.get(item.title_vi)) for item in items]

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {
            ("Tên" if vi else "Name"): assets.text_of(row["name"]) or str(row.name),
            ("Loại" if vi else "Type"): assets.category_words(self.service, row["category"], language),
        }
        facts |= plan.violation(row, language) if row["event"] else plan.plan(row, language)
        facts |= assets.measured(self.service, assets.own(row["results"]), language)
        if zone := assets.text_of(row["zone"]):
            facts["Nằm trong" if vi else "Lies in"] = zone
        hectares = features.area_ha(row["geometry"])
        if hectares is not None:
            facts["Diện tích" if vi else "Area"] = words.quantity(hectares, "ha", 1, language)
        facts["Vị trí" if vi else "Place"] = features.place_words(row, language)
        return facts | assets.ending(row, language, state_words(row, language), time="received_at")


def conditions() -> assets.Conditions:
    """The categories of the catalogue that are plans, then projects, permits and violations by what they ask for."""
    plans = {c.id: Condition(c.title_vi, c.title_en) for c in catalogue.service("planning").categories if is_plan(c.id)}
    return {
        **plans,
        "project": Condition("dự án đúng tiến độ", "project on time"),
        "project_done": Condition("dự án hoàn thành", "project done"),
        "project_unsaid": Condition("dự án chưa báo tiến độ", "project, progress not told", state="late"),
        "permit": Condition("giấy phép xây dựng", "building permit", mark="dot"),
        FIGURES: Condition("nơi có số liệu", "place with figures", mark="dot"),
        "figures_old": Condition("nơi có số liệu cũ", "place with old figures", state="silent", mark="dot"),
        "settled": Condition("vi phạm đã xử lý", "violation settled", mark="hexagon"),
        "permit_protected": Condition("giấy phép trong khu di tích", "permit in a monument zone", 1, mark="dot"),
        "ending": Condition("quy hoạch sắp hết hiệu lực", "plan ends soon", 1),
        "project_behind": Condition("dự án chậm", "project behind", 1),
        "violation_1": Condition("vi phạm nhẹ đang xử lý", "minor violation open", 1, mark="hexagon"),
        "project_late": Condition("dự án quá hạn", "project overdue", 2),
        "violation_2": Condition("vi phạm đang xử lý", "violation open", 2, mark="hexagon"),
        "violation_3": Condition("vi phạm nặng đang xử lý", "grave violation open", 3, mark="hexagon"),
        "unknown": UNKNOWN,
    }


def state_words(row: pd.Series[Any], language: str) -> str:
    """What it asks for; a plan that asks for nothing is in force, for only those are read."""
    told = {"unknown", "ending", "permit_protected", FIGURES, "figures_old"}
    if row["condition"] in told or row["event"] or row["standing"] is not None:
        return conditions()[row["condition"]].words(language)
    return "đang có hiệu lực" if language == "vi" else "in force"


def is_plan(code: str) -> bool:
    return code not in {"project", "permit"} and not code.endswith("_violation")


def category_of(code: Any) -> str:
    """The catalogue's category; "other" for what it does not know."""
    known = catalogue.service("planning").category(assets.text_of(code))
    return known.id if known else "other"


def settled_before(events: gpd.GeoDataFrame, view: View) -> pd.Series[bool]:
    """Violations that were settled before the window."""
    gone: pd.Series[bool] = events["end_time"].notna() & (events["end_time"] <= pd.Timestamp(view.start))
    return gone


def figures(things: gpd.GeoDataFrame, latest: pd.DataFrame, view: View) -> gpd.GeoDataFrame:
    """A row a thing that tells a number, with ``results`` and the ``state`` of its age; index id."""
    numbers = latest[latest["result"].notna()] if len(latest) else latest
    joined = assets.joined(things, numbers)
    joined = joined[joined["measures"].astype(bool)]
    return joined if joined.empty else assets.aged(joined, view)


def together(
    frame: gpd.GeoDataFrame, events: gpd.GeoDataFrame, told: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Features, violations and figures in one frame with a unique index; ``event`` tells violations apart."""
    plans = frame.assign(event=False, severity=np.nan, end_time=never(frame), status=None, state=None, results=None)
    cases = events.assign(event=True, name=events["title"], collection="vi_pham", approximate=False)
    cases = cases.assign(valid_from=never(events), valid_to=never(events), state=None, results=None)
    parts = [plans, cases]
    if told is not None and len(told):
        one = told.assign(event=False, severity=np.nan, end_time=never(told), status=None, collection=FIGURES)
        parts.append(one.assign(valid_from=never(told), valid_to=never(told), approximate=False))
    columns = [c for c in plans.columns if all(c in part.columns for part in parts)]
    full = [one[columns] for one in parts if len(one)]
    out = gpd.GeoDataFrame(pd.concat(full) if len(full) > 1 else full[0].copy(), geometry="geometry", crs=frame.crs)
    out.index.name = "id"
    return features.unique(out).copy()


def never(frame: pd.DataFrame) -> pd.Series[Any]:
    """A column of no times."""
    return pd.Series(pd.NaT, frame.index, dtype="datetime64[us, UTC]")


def zones_of(frame: gpd.GeoDataFrame) -> tuple[list[str | None], list[bool]]:
    """The names of the plans that each point lies in, and whether one of them protects monuments."""
    shapes = frame.geometry.to_numpy()
    around = (shapely.get_dimensions(shapes) == 2) & frame["category_id"].map(is_plan).to_numpy()
    within: dict[int, list[int]] = {}
    if around.any():
        plans = np.flatnonzero(around)
        points = np.flatnonzero(shapely.get_dimensions(shapes) == 0)
        point, zone = shapely.STRtree(shapes[plans]).query(shapes[points], predicate="intersects")
        for at, of in zip(points[point], plans[zone], strict=True):
            within.setdefault(int(at), []).append(int(of))
    names, kinds = list(frame["name"]), list(frame["category_id"])
    told = [[assets.text_of(names[z]) or "" for z in within.get(i, ())] for i in range(len(frame))]
    zones = [", ".join(dict.fromkeys(n for n in one if n)) or None for one in told]
    return zones, [any(kinds[z] == "heritage_zone" for z in within.get(i, ())) for i in range(len(frame))]


def standing_of(row: Mapping[str, Any], view: View) -> project.Standing | None:
    """Of a project; None for everything else."""
    if row["event"] or row["collection"] == FIGURES or row["category_id"] != "project":
        return None
    more = row["properties"]
    done = assets.number_of(features.field(more, "progress"))
    if done is None and features.folded(features.field(more, "status")).startswith(("hoan thanh", "done", "completed")):
        done = 100.0
    begin, finish = (features.day_of(features.field(more, name)) for name in ("begin", "finish"))
    today = view.end.astimezone(features.HANOI).date()
    return project.standing(begin, finish, None if done is None else done / 100, today)


STANDINGS = {
    "done": "project_done",
    "unsaid": "project_unsaid",
    "on_time": "project",
    "behind": "project_behind",
    "late": "project_late",
}


def condition_of(row: Mapping[str, Any], protected: bool, view: View) -> str:
    """What one row asks for."""
    if row["event"]:
        level = project.violation(
            assets.number_of(row["severity"]), closed=plan.is_settled(row, view), protected=protected
        )
        return f"violation_{level}" if level else "settled"
    if row["collection"] == FIGURES:
        return "figures_old" if row["state"] == "silent" else FIGURES
    if row["standing"] is not None:
        return STANDINGS[row["standing"].name]
    if row["category_id"] == "permit":
        return "permit_protected" if protected else "permit"
    end = row["valid_to"]
    if not pd.isna(end) and end - pd.Timestamp(view.end) <= SOON:
        return "ending"
    return row["category_id"] if is_plan(row["category_id"]) else "other"


def large_first(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The areas with ``size_m``, about their width in EPSG:3857 m; the largest below."""
    size = np.sqrt(shapely.area(features.projected(areas.geometry.to_numpy())))
    return areas.assign(size_m=size).sort_values("size_m", ascending=False, kind="stable")


def outlined(rows: gpd.GeoDataFrame, code: str, state: str, level: int, view: View) -> elements.Areas:
    """Areas of one kind, state and level: a dotted edge around a breath of fill."""
    color, dash = TINTS.get(code, OTHER)
    wide = 1.4 if code != "parcel" else 0.8
    if state == "unknown":
        color, dash = palette.UNKNOWN, (4, 3)
    elif level:
        color, wide = palette.SEVERITY[level], 2.0
    tolerance = np.degrees(features.SIMPLIFY_PX * view.resolution_m / EARTH_RADIUS_M)
    return elements.areas(
        shapely.simplify(rows.geometry.to_numpy(), tolerance),
        color,
        ids=[str(key) for key in rows.index],
        hatch=None,
        fill_alpha=0.0 if state == "unknown" else 0.10 if level else 0.05,
        line_width=wide,
        line_dash=list(dash) or "solid",
    )


def points(shown: gpd.GeoDataFrame, flat: np.ndarray, view: View) -> elements.Marks:
    """Violations, permits, and from afar the areas that are in trouble."""
    level = shown["level"].astype(int).to_numpy()
    near = view.zoom >= NEAR
    wanted = (~flat & (near | (level >= 2))) | (flat & (level >= 2) & (view.zoom < FAR))
    rows = shown[wanted]
    open_ = rows["level"].astype(int).to_numpy() >= 1
    dots = (rows["mark"] == "dot").to_numpy() | (~open_ & (rows["mark"] == "hexagon").to_numpy())
    rows = rows.assign(
        mark=np.where(dots, "dot", rows["mark"]),
        scale=np.where(dots, 0.75, 1.0 if near else 0.75),
        name=None,
    )
    return elements.of(gpd.GeoDataFrame(rows, crs=shown.crs).rename_axis("id"))


def names(areas: gpd.GeoDataFrame, view: View) -> elements.Marks:
    """Names inside the areas that are large enough for them, the smallest areas first, clear of each other.

    None on a wall, where they could not be read (look.md 3.3).
    """
    told = view.zoom >= NAMES and view.width_px <= WALL_FROM_PX
    rows = areas.iloc[::-1] if told else areas.iloc[:0]
    texts = [(assets.text_of(name) or "").split(",")[0] for name in rows["name"]]  # the ward is written on the map
    room = [size / view.resolution_m * 1.2 for size in rows["size_m"]]
    fits = [i for i, (t, r) in enumerate(zip(texts, room, strict=True)) if t and width(t, NAME_PX) <= r][:LABELS_MOST]
    free = assets.inside(rows.iloc[fits], [texts[i] for i in fits], view)
    kept = [i for i, clear in zip(fits, free, strict=True) if clear]
    label = rows.iloc[kept].assign(mark="label", text=[texts[i] for i in kept])
    label = label.assign(state="fresh", level=0, tint=palette.TEXT2, kind="place").drop(columns=["name"])
    return elements.of(gpd.GeoDataFrame(label, crs=areas.crs).rename_axis(None))

"""Systems of agencies as shields, by the worst that is open; what hangs on a lost line is counted at the line.

Never a network address, a host's name or a mailbox, in no word and no id that leaves this layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata.city import cities
from geodata.records import Event, Observation, Thing
from geodata.rules import site, upstream
from geodata.view import Bounds, View
from layers import _agencies as agencies
from layers import _assets as assets
from layers import elements, states, words
from layers._assets import UNKNOWN, Condition
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, SHIELDS, SAID, NAMES = 9.0, 12.5, 14.0, 16.0
"""Under ``FAR`` only what needs acting on; from ``SHIELDS`` on every system has its shield, from ``SAID`` on an
abnormal one says what it is, from ``NAMES`` on each has its name (look.md 3.7)."""

WORLD = Bounds(-180, -85, 180, 85)
"""Lines and what hangs on them are read together, wherever the frame ends; a city has some hundreds of systems."""

CONDITIONS: assets.Conditions = {
    "reached": Condition("truy cập được", "reached", always=True),
    "unwatched": Condition("chỉ theo dõi qua cảnh báo", "known by alerts only"),
    "just_lost": Condition("vừa mất, chưa quá 2 phút", "just lost, under 2 min"),
    "maintenance": Condition("bảo trì", "in maintenance", state="maintenance"),
    "explained": Condition("mất theo đường truyền", "lost with its line", 0, "silent"),
    "certificate_soon": Condition("chứng thư còn dưới 30 ngày", "certificate under 30 days", 1),
    "notice": Condition("cảnh báo mức thấp", "low alert", 1),
    "certificate_near": Condition("chứng thư còn dưới 7 ngày", "certificate under 7 days", 2),
    "certificate_bad": Condition("chứng thư hết hạn, không hợp lệ", "certificate over or not valid", 2),
    "warning": Condition("cảnh báo mức trung bình", "medium alert", 2),
    "down": Condition("không truy cập được", "not reached", 2, always=True),
    "silent": Condition("mất tín hiệu theo dõi", "watch is silent", 2, "silent"),
    "dns": Condition("tên miền bị đổi", "domain name changed", 3),
    "down_grave": Condition("hệ thống quan trọng bị mất", "important system not reached", 3),
    "line": Condition("đường truyền mất, nhiều nơi mất theo", "line lost, others with it", 3),
    "high": Condition("sự cố mức cao", "high alert", 3),
    "defaced": Condition("nội dung trang bị thay đổi", "page content changed", 4),
    "critical": Condition("sự cố nghiêm trọng", "critical alert", 4, always=True),
    "unknown": UNKNOWN,
}
ENDED = frozenset({"resolved", "closed", "ended"})
OPENED_WITHIN = timedelta(days=30)
"""An alert that says it is open stays open so long without another word; one that says nothing, for the window."""
COLUMNS = (
    "results",
    "alerts",
    "since",
    "above",
    "below",
    "open",
    "watched",
    "condition",
    "state",
    "level",
    "alpha",
    "age_s",
    "mark",
    "kind",
)


class InformationSecurity(Layer):
    """``load``: one row a system, index id, and one for each open alert that names none; ``alerts`` the open ones."""

    service = "information_security"
    z_order = 44
    noun = ("hệ thống", "systems")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        wide = replace(view, bounds=WORLD)
        things, latest = reader.latest(self.service, Thing, wide), reader.latest(self.service, Observation, wide)
        events = reader.latest(self.service, Event, replace(wide, start=view.end - OPENED_WITHIN))
        return assets.within(self.classify(things, latest, events, view), view)

    def classify(
        self, things: gpd.GeoDataFrame, latest: gpd.GeoDataFrame, events: gpd.GeoDataFrame, view: View
    ) -> gpd.GeoDataFrame:
        """The rows with ``COLUMNS``. Pure."""
        alerts = open_alerts(events, view)
        if things.empty and latest.empty and alerts.empty:
            return assets.empty(things, COLUMNS)
        out = assets.aged(with_homeless(assets.joined(things, latest), alerts), view)
        by = {str(key): rows for key, rows in alerts.groupby("thing")} if len(alerts) else {}
        out["alerts"] = pd.Series([told(by.get(str(key))) for key in out.index], out.index, dtype=object)
        out["since"] = pd.Series([since(by.get(str(key))) for key in out.index], out.index, dtype="datetime64[us, UTC]")
        out["open"] = pd.Series([conditions(by.get(str(key))) for key in out.index], out.index, dtype=object)
        found = outages(out, by)
        out["above"] = pd.Series([found.because.get(str(key)) for key in out.index], out.index, dtype=object)
        out["below"] = np.array([found.failed.get(str(key), 0) for key in out.index], dtype=int)
        names = {str(key): public_name(row) for key, row in zip(out.index, out.to_dict("records"), strict=True)}
        out["above_name"] = pd.Series([names.get(str(p)) for p in out["above"]], out.index, dtype=object)
        out = assets.conditioned(out, [condition_of(row, view) for row in out.itertuples()], CONDITIONS)
        out["name"] = pd.Series([names[str(key)] for key in out.index], out.index, dtype=object)
        out["mark"] = "shield"
        out["properties"] = pd.Series([{} for _ in out.index], out.index, dtype=object)  # labels name hosts
        out.index = pd.Index([public_id(str(key)) for key in out.index], name="id")
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        shown = assets.placed(frame)
        if view.zoom < FAR:
            shown = shown[shown["level"].astype(int) >= 2]
        level, near = shown["level"].astype(int).to_numpy(), view.zoom >= SHIELDS
        dots = (level < 2) & (shown["state"] != "unknown").to_numpy() & (not near)
        texts = [beside(row, view) for row in shown.itertuples()]
        shown = shown.assign(
            mark=np.where(dots, "dot", "shield"),
            state=np.where(dots & (shown["state"] == "silent").to_numpy(), "late", shown["state"]),
            scale=np.where(dots, 0.6, 1.0 if near else 0.8),
            name=pd.Series(assets.beside(shown, texts, view), shown.index, dtype=object),
        )
        return elements.of(gpd.GeoDataFrame(shown, crs=frame.crs).rename_axis("id"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        return assets.legend_of(frame, CONDITIONS, "shield")

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Systems that are watched."""
        return int(frame["watched"].astype(bool).sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi, values = language == "vi", row["results"]
        facts = {("Hệ thống" if vi else "System"): assets.text_of(row["name"]) or unnamed(language)}
        if agency := agency_words(row["agency"], row["geometry"], language):
            facts["Cơ quan" if vi else "Agency"] = agency
        if alerts := row["alerts"]:
            facts["Cảnh báo đang mở" if vi else "Open alerts"] = words.number(len(alerts), 0, language)
            facts["Nặng nhất" if vi else "Worst"] = alerts[0]
        if not pd.isna(row["since"]):
            facts["Từ lúc" if vi else "Since"] = words.moment(row["since"])
        if above := assets.text_of(row["above_name"]):
            facts["Mất theo" if vi else "Lost with"] = above
        if below := int(row["below"]):
            facts["Hệ thống mất theo" if vi else "Systems lost with it"] = words.number(below, 0, language)
        facts |= assets.measured(self.service, values, language)
        return facts | assets.ending(row, language, CONDITIONS[row["condition"]].words(language))


def open_alerts(events: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """Alerts not over at the view's clock, the worst first, with ``thing``: the system, or the alert's own id."""
    if events.empty:
        return events.assign(thing=pd.Series(dtype=object))
    ended = (events["end_time"] <= pd.Timestamp(view.end)).to_numpy() | events["status"].isin(ENDED).to_numpy()
    mute = events["status"].isna() & events["end_time"].isna() & (events["time"] <= pd.Timestamp(view.start))
    kept = events[~(ended | mute.to_numpy())].copy()
    named = [assets.text_of(thing) for thing in kept["thing_id"]]
    kept["thing"] = pd.Series(
        [n or str(key) for n, key in zip(named, kept.index, strict=True)], kept.index, dtype=object
    )
    kept["homeless"] = np.array([n is None for n in named], dtype=bool)
    kept["condition"] = [
        site.alert(assets.number_of(s), c) for s, c in zip(kept["severity"], kept["category"], strict=True)
    ]
    order = list(site.LEVELS)
    weight = pd.Series([order.index(c) for c in kept["condition"]], kept.index, dtype=int)
    return kept.assign(weight=weight).sort_values(["weight", "time"], ascending=[False, True], kind="stable")


def with_homeless(frame: gpd.GeoDataFrame, alerts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The systems, and a row for each alert (or unknown system) that no system stands for."""
    out = frame.assign(watched=True)
    strange = alerts[~alerts["thing"].isin(list(out.index))].drop_duplicates("thing") if len(alerts) else alerts
    if strange.empty:
        return out
    added = strange.set_index("thing")
    out = out.reindex(out.index.append(pd.Index(added.index)))
    out["watched"] = out["watched"].eq(True)
    for name in (*assets.OF_THE_NEWEST, "geometry"):
        given = added[name].to_dict()
        merged = [given.get(key, value) for key, value in zip(out.index, out[name], strict=True)]
        out[name] = (
            gpd.GeoSeries(merged, out.index, crs=frame.crs)
            if name == "geometry"
            else pd.Series(merged, out.index, dtype=added[name].dtype)
        )
    out["results"] = pd.Series([v if isinstance(v, dict) else {} for v in out["results"]], out.index, dtype=object)
    out["measures"] = out["measures"].eq(True)
    return out


def told(alerts: pd.DataFrame | None) -> tuple[str, ...]:
    """The titles of open alerts, the worst first, without addresses."""
    if alerts is None:
        return ()
    titles = (assets.text_of(title) for title in alerts["title"])
    return tuple(site.masked(title) if title else "cảnh báo không có tên" for title in titles)


def since(alerts: pd.DataFrame | None) -> Any:
    """When the worst open alert began; NaT without one."""
    return pd.NaT if alerts is None else alerts["time"].iloc[0]


def conditions(alerts: pd.DataFrame | None) -> tuple[str, ...]:
    """What the open alerts put the system in."""
    return () if alerts is None else tuple(alerts["condition"])


def outages(frame: gpd.GeoDataFrame, by: Mapping[str, pd.DataFrame]) -> upstream.Outage:
    """What is lost because a line is: parents are named by alerts and by the systems' own properties."""
    known = {str(key) for key in frame.index}
    short = {key.rpartition(":")[2]: key for key in known}
    parents: dict[str, str] = {}
    down = {str(key) for key, values in zip(frame.index, frame["results"], strict=True) if lost(values)}
    for key, more in zip(frame.index, frame["properties"], strict=True):
        parents |= hung(str(key), assets.own(more).get("parent"), known, short)
    for key, alerts in by.items():
        outage = alerts[alerts["category"] == site.OUTAGE]
        for more in outage["properties"]:
            parents |= hung(key, assets.own(more).get("parent"), known, short)
        if len(outage):
            down.add(key)
    told_down = {parent for parent in parents.values() if parent in down}
    return upstream.outage(parents, {key for key in down if key in known}, told_down)


def hung(key: str, parent: object, known: set[str], short: Mapping[str, str]) -> dict[str, str]:
    """A system and the one it hangs on, when that is one of ours."""
    named = assets.text_of(parent)
    found = named if named in known else short.get(named or "")
    return {key: found} if found is not None and found != key else {}


def lost(values: assets.Values) -> bool:
    return "up" in values and values["up"].result == "down"


def condition_of(row: Any, view: View) -> str:
    """Of one system: a lost line at its cause, what hangs on it, then the worst of alerts and probes."""
    results = {name: value.result for name, value in row.results.items()}
    down_s = None if pd.isna(row.since) else (pd.Timestamp(view.end) - row.since).total_seconds()
    found = site.probed(results, down_s) | set(row.open)
    grave = site.worst(found)
    if row.below and site.LEVELS[grave] <= site.OUTAGE_MOST:
        return "line"
    if row.above is not None and site.LEVELS[site.worst(found - {"down", "down_grave", "just_lost"})] < 1:
        return "explained"
    if row.state == "silent" and site.LEVELS[grave] < 2:
        return "silent"
    if results.get("up") == "maintenance" and site.LEVELS[grave] < 1:
        return "maintenance"
    return grave if found else "reached" if row.measures else "unwatched"


def beside(row: Any, view: View) -> str | None:
    """The words beside a mark at that zoom."""
    if row.below and view.zoom >= SHIELDS:
        return f"{row.below} hệ thống mất theo"
    if view.zoom >= NAMES:
        return assets.text_of(row.name)
    return CONDITIONS[row.condition].vi if row.level >= 2 and row.state != "silent" and view.zoom >= SAID else None


def public_name(row: Mapping[str, Any]) -> str:
    """The system's name when it is no address, else its agency's, else that it has none."""
    name = assets.text_of(row.get("name"))
    if name is not None and not site.tells_address(name):
        return name
    if agency := agency_words(row.get("agency"), row.get("geometry"), "vi"):
        return f"Hệ thống của {agency}"
    alerts = row.get("alerts") or ()
    return alerts[0] if alerts else unnamed("vi")


def unnamed(language: str) -> str:
    return "hệ thống chưa đặt tên" if language == "vi" else "system without a name"


def agency_words(agency: Any, place: shapely.Geometry | None, language: str) -> str | None:
    """The agency's name, never an address in its place. An id of several cities is read in the one around ``place``."""
    key = assets.text_of(agency)
    named = [(city, one) for city in cities().values() for one in city.agencies if one.id == key]
    if len({one.title_vi for _, one in named}) > 1:
        around = [one for city, one in named if place is not None and shapely.box(*city.bounds).intersects(place)]
        return around[0].title(language) if around else None
    found = agencies.title(key, language)
    return site.masked(found) if found else None


def public_id(key: str) -> str:
    """The id; one that tells an address is replaced by a mark of the same length for the same system."""
    return f"site:{blake2b(key.encode(), digest_size=6).hexdigest()}" if site.tells_address(key) else key

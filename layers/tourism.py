"""Sites and stays: a circle with a dot each, with visitors or rooms in use; news shade the place they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import pandas as pd

from geodata.records import Event, Observation, Thing
from geodata.rules import crowd
from geodata.view import View
from layers import _facilities as facilities
from layers import _stories as stories
from layers import _warned as warned
from layers import words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

MAIN = ("visitors", "occupancy", "guests")
YEAR = timedelta(days=364)
"""The same days of the week a year ago."""

WEEK = timedelta(days=7)
COMPARED = ("visitors", "guests", "occupancy")
MARK = "circle_dot"


class Tourism(Layer):
    """``load``: sites, stays and news, index id; ``kind`` place or story; ``used`` share of capacity; ``change`` on the
    same week of last year, of ``compared``.
    """

    service = "tourism"
    z_order = 44
    noun = ("điểm đến, cơ sở lưu trú", "sites and stays")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        things = reader.latest(self.service, Thing, view)
        latest = reader.latest(self.service, Observation, view)
        weeks = [
            reader.between(self.service, Observation, replace(view, start=view.end - back - WEEK, end=view.end - back))
            for back in (timedelta(), YEAR)
        ]
        places = self.classify(things, latest, (weeks[0], weeks[1]), warned.in_force(reader, view), view)
        told = stories.classify(reader.latest(self.service, Event, view), view)
        parts = [part for part in (places, told) if len(part)]
        kinds = {id(places): "place", id(told): "story"}
        if not parts:
            return places.assign(kind=pd.Series(dtype=object))
        return gpd.GeoDataFrame(pd.concat([p.assign(kind=kinds[id(p)]) for p in parts]), crs=things.crs)

    def classify(
        self,
        things: gpd.GeoDataFrame,
        latest: gpd.GeoDataFrame,
        weeks: tuple[pd.DataFrame, pd.DataFrame],
        alerts: gpd.GeoDataFrame,
        view: View,
    ) -> gpd.GeoDataFrame:
        """One row a site or stay; ``weeks`` are the results of this week and of the same one a year ago. Pure."""
        out = facilities.gathered(things, latest, view, MAIN, calendar=None)
        out = out.join(warned.over(out, alerts))
        own = [facilities.number_of(_own(p).get("capacity")) for p in out["properties"]]
        out["capacity"] = pd.Series(own, out.index, dtype=float)
        here = [values.get("visitors") for values in out["values"]]
        used = [crowd.share(v, c) for v, c in zip(here, own, strict=True)]
        out["used"] = pd.Series(used, out.index, dtype=float)
        changes = changed(*weeks)
        out["change"] = pd.Series([changes.get(key) for key in out.index], out.index, dtype=object)
        out["short"] = pd.Series([short(v) for v in out["values"]], out.index, dtype=object)
        return facilities.graded(out, [crowd.level(share) for share in used])

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        kind = frame["kind"] if len(frame) else pd.Series(dtype=object)
        shaded = stories.shading(frame[kind == "story"], view)
        return hv.Overlay([*shaded, facilities.marks(frame[kind == "place"], view, MARK)])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        if frame.empty:
            return [LegendItem(mark=MARK, title_vi="có báo cáo", title_en="reporting", count=0)]
        places, told = frame[frame["kind"] == "place"], frame[frame["kind"] == "story"]
        level = places["level"].astype(int)
        current = places["state"].isin(["fresh", "late"])
        items = stories.legend(told) if len(told) else []
        plain = (places["state"] == "fresh") & (level == 0)
        items.append(LegendItem(mark=MARK, title_vi="có báo cáo", title_en="reporting", count=int(plain.sum())))
        for at, vi, en in ((2, "vượt sức chứa", "over capacity"), (3, "quá đông, trên 120%", "overcrowded, over 120%")):
            n = int((current & (level == at)).sum())
            if n:
                items.append(LegendItem(mark=MARK, title_vi=vi, title_en=en, level=at, count=n))
        return [*items, *facilities.last_rows(places, MARK)]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Sites and stays; news are none."""
        return int((frame["kind"] == "place").sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        if row["kind"] == "story":
            return stories.inspect(row, self.service, language)
        vi = language == "vi"
        facts = facilities.heading(row, self.service, ("Điểm đến", "Place"), language)
        if not pd.isna(row["used"]):
            taken = f"{words.percent(row['used'], 0, language)}, {words.number(row['capacity'], 0, language)}"
            facts["So với sức chứa" if vi else "Of its capacity"] = f"{taken} {'người' if vi else 'people'}"
        facts |= warned.facts(row, language)
        facts |= facilities.numbers(row, self.service, language)
        if isinstance(row["change"], float) and not pd.isna(row["change"]):
            facts["So với cùng tuần năm trước" if vi else "Against the same week last year"] = signed(
                row["change"], language
            )
        rooms = facilities.number_of(_own(row["properties"]).get("rooms"))
        if rooms is not None and "rooms" not in row["values"]:
            facts["Số phòng" if vi else "Rooms"] = words.number(rooms, 0, language)
        return facts | facilities.last_facts(row, language)


def _own(properties: object) -> Mapping[str, Any]:
    return properties if isinstance(properties, Mapping) else {}


def changed(week: pd.DataFrame, year_ago: pd.DataFrame) -> dict[str, float]:
    """Change of the week's mean on that of the same days a year ago: of visitors, else guests, else occupancy.

    −0.34 is a third fewer. Only where both weeks have at least three days and the older one is not empty.
    """
    means = [_means(frame) for frame in (week, year_ago)]
    found: dict[str, float] = {}
    for name in reversed(COMPARED):
        for place in (key for key, prop in means[0] if prop == name):
            now, then = means[0][place, name], means[1].get((place, name))
            if then:
                found[place] = now / then - 1
    return found


def _means(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    good = frame[frame["observed_property"].isin(COMPARED) & frame["result"].notna()] if len(frame) else frame
    if good.empty:
        return {}
    by = good.assign(result=good["result"].astype(float)).groupby(["id", "observed_property"])["result"]
    return {(str(k[0]), str(k[1])): float(rows.mean()) for k, rows in by if len(rows) >= 3}


def signed(change: float, language: str) -> str:
    """As "+11%", "−34%"."""
    text = words.percent(change, 0, language)
    return f"+{text}" if change > 0 and not text.startswith("0") else text


def short(values: Mapping[str, float]) -> str | None:
    """The number beside the mark: visitors of a site, rooms in use of a stay."""
    if "visitors" in values:
        return f"{words.number(values['visitors'])} lượt"
    return f"{words.number(values['occupancy'])}% phòng" if "occupancy" in values else None

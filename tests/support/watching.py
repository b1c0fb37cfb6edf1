"""Rules without a store: a rule made by hand, frames built row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from geodata.city import city
from geodata.records import Record
from geodata.watch.course import Finding, advance
from geodata.watch.frames import StillFrames
from geodata.watch.rule import Rule
from geodata.watch.signs import Fires, Sign
from geodata.watch.words import Limit, RuleWords, Words

T0 = datetime(2026, 11, 20, 5, tzinfo=UTC)
SAY = Words(vi="thử", en="trial")


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def by_hand(**more: Any) -> Rule:
    """A rule of no service whose words are these; what it says is given to ``Story.say``."""
    limits = [Limit.model_validate({"name": "much", "value": 5, "law": "thử"})]
    words = RuleWords.model_validate(
        {"version": 1, "level": 2, "title": SAY, "subject": SAY, "definition": SAY, "limits": limits, **more}
    )
    return Rule("trial.by_hand", lambda frames, limits: (), (), words)


class Story:
    """What becomes of findings as a rule says this and that."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.standing: dict[str, Finding] = {}
        self._next = 1

    def say(self, minute: float, *signs: Sign) -> list[str]:
        """The changes of that minute, as "open a", "close a" …"""
        told = []
        for change in advance(self.rule, self.standing, signs, at(minute)):
            finding = change.finding
            if finding.id is None:
                finding = replace(finding, id=self._next)
                self._next += 1
            self.standing[finding.key] = finding
            told.append(f"{change.what} {finding.key}")
        return told


def fires(key: str = "a", since: float = 0, **more: Any) -> Fires:
    return Fires(key=key, since=at(since), **more)


COMMON: Mapping[str, object] = {
    "source": "feed", "simulated": True, "feed": "up", "feed_since": T0 - timedelta(days=60), "feed_lost": None,
    "cadence_s": 7200.0, "late_factor": 3.0,
}  # fmt: skip


def rows(*found: Mapping[str, Any], by_id: bool = True) -> gpd.GeoDataFrame:
    """A frame of 4.1: each row has ``id`` and ``time``, ``lon`` and ``lat`` or none, and what else the kind has."""
    table = pd.DataFrame([{**COMMON, "properties": {}, "name": None, "category": None, **row} for row in found])
    places = [None if row.get("lon") is None else Point(row["lon"], row["lat"]) for row in found]
    for name in ("time", "received_at", "feed_since", "feed_lost", "phenomenon_end"):
        if name in table:
            table[name] = pd.to_datetime(table[name], utc=True)
    frame = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"], errors="ignore"), geometry=places, crs="EPSG:4326")
    return frame.set_index("id") if by_id else frame


SOURCE = (
    "source", "service", "title_vi", "title_en", "operator", "owner", "protocol", "simulated", "cadence_s", "up",
    "since", "error",
)  # fmt: skip


def sources(**protocols: str) -> pd.DataFrame:
    """``Frames.sources`` of sources that are up, by name and protocol."""
    table: list[dict[str, object]] = [
        {"source": name, "service": "trial", "title_vi": name, "title_en": name, "operator": None, "owner": None,
         "protocol": protocol, "simulated": True, "cadence_s": 60.0, "up": True, "since": T0, "error": None}
        for name, protocol in protocols.items()
    ]  # fmt: skip
    return pd.DataFrame(table, columns=list(SOURCE)).set_index("source")


def still(
    minute: float, frames: Mapping[tuple[str, type[Record]], gpd.GeoDataFrame], feeds: pd.DataFrame, name: str = "hue"
) -> StillFrames:
    return StillFrames(at(minute), city(name), frames, feeds)


def said(rule: Rule, frames: StillFrames) -> Sequence[str]:
    """What the rule says, as "Fires a", in order of the keys."""
    return sorted(f"{type(sign).__name__} {sign.key}" for sign in rule.signs(frames))

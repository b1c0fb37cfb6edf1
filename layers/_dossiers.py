"""Dossiers counted at their office, by its agency, its name or its ward; a dossier itself belongs to a person."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from geodata.folding import fold
from geodata.rules import dossier
from geodata.view import View
from layers import _cases, _wards

CASES = ("cases_open", "cases_overdue", "cases_paused")
COMMON = ("time", "received_at", "source", "simulated", "feed", "feed_since", "feed_lost", "cadence_s", "late_factor")


def keys_of(rows: pd.DataFrame) -> dict[str, str]:
    """What a dossier may call an office, folded, to the office's id: its agency, its name, its ward."""
    found: dict[str, str] = {}
    for key, row in rows.iterrows():
        ward = _wards.named({"agency": row.get("agency"), "name": row.get("name"), "id": str(key)})
        for name in (row.get("agency"), row.get("name"), None if ward is None else ward.code):
            if isinstance(name, str) and name:
                found.setdefault(fold(name), str(key))
    return found


def counted(cases: gpd.GeoDataFrame, rows: pd.DataFrame, view: View) -> dict[str, dict[str, int]]:
    """By office: how many dossiers are open, overdue, paused; by the agency's own name where no office has it."""
    found: dict[str, dict[str, int]] = {}
    known = keys_of(rows)
    for case in cases.to_dict("records") if len(cases) else []:
        if not _cases.is_open(case["status"]):
            continue
        agency, told = case.get("agency"), case.get("properties")
        names = [agency, told.get("ward_code") if isinstance(told, Mapping) else None]
        hits = [known[fold(n)] for n in names if isinstance(n, str) and fold(n) in known]
        key = hits[0] if hits else agency if isinstance(agency, str) and agency else ""
        counts = found.setdefault(key, dict.fromkeys(CASES, 0))
        expected = None if pd.isna(case["expected_datetime"]) else case["expected_datetime"]
        counts["cases_open"] += 1
        counts["cases_paused"] += not dossier.runs(case.get("category"))
        late = dossier.on_time(case.get("category"), expected, None, pd.Timestamp(view.end))
        counts["cases_overdue"] += late is False and case["status"] != "resolved"
    return found


def with_strangers(
    rows: gpd.GeoDataFrame, counts: Mapping[str, Mapping[str, int]], cases: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """The offices, and a row for each agency that has dossiers but no office, at its ward if it is one's committee."""
    names = [name for name in counts if name and name not in rows.index]
    if not names or cases.empty:
        return rows
    source = cases.sort_values("time").iloc[-1]
    common = {c: source[c] for c in COMMON}
    wards = [_wards.by_name(name) for name in names]
    made = gpd.GeoDataFrame(
        {"id": names, "name": names, "category": None, "agency": None, "values": [{} for _ in names], **common},
        geometry=[None if ward is None else ward.point for ward in wards],
        index=names,
        crs=4326,
    )
    return gpd.GeoDataFrame(pd.concat([rows, made]) if len(rows) else made, crs=4326)

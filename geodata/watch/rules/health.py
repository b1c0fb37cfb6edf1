"""Hospitals without a free bed or ambulance, wards with more cases than usual. Counts only, no person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pandas as pd

from geodata.records import Observation
from geodata.rules import hospital
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "health"
CASES = ("cases_dengue", "cases_hfmd", "cases_covid")
PAST = timedelta(weeks=9)
CURRENT = ["fresh", "late"]


@rule(SERVICE)
def full(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Facilities with every bed in use, or without a free ambulance: together."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    found = found[found["state"].isin(CURRENT)]
    levels = pd.Series([beds_level(told.get(str(key), {})) for key in found.index], found.index, dtype=int)
    free = [things.number(told.get(str(key), {}).get("ambulances_free")) for key in found.index]
    none = pd.Series([n == 0 for n in free], found.index, dtype=bool)
    own = found[(levels >= hospital.LEVEL_NO_AMBULANCE) | none]
    if own.empty:
        return
    worst = max(hospital.LEVEL_NO_AMBULANCE, int(levels[own.index].max()))
    since = things.began(frames, "health.full", SERVICE, own["time"].max())
    facts = {"n": len(own), "ambulance": int(none.sum()), "names": things.names(own)}
    yield things.together(SERVICE, SERVICE, own, since, facts, level=worst)


@rule(SERVICE)
def outbreak(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Wards whose week has more cases of a disease than the weeks before explain: one finding a disease."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    past = frames.between(SERVICE, Observation, PAST) if len(found) else found
    for disease in CASES:
        own = past[past["observed_property"] == disease].sort_values("time") if len(past) else past
        if own.empty:
            continue
        weeks = own.groupby("id")["result"].apply(lambda rows: rows.astype(float).tolist()[:-1]).to_dict()
        current = set(found.index[found["state"].isin(CURRENT)].astype(str))
        now = {key: things.number(told.get(key, {}).get(disease)) for key in sorted(current & {*map(str, weeks)})}
        over = [key for key, n in now.items() if hospital.outbreak(n, weeks[key])]
        if over:
            group = found.loc[over]
            n = sum(now[key] or 0 for key in over)
            since = things.began(frames, "health.outbreak", disease, group["time"].max())
            facts = {"disease": disease, "n": int(n), "wards": len(group), "names": things.names(group)}
            yield things.together(SERVICE, disease, group, since, facts)


def beds_level(values: Mapping[str, float | str]) -> int:
    """0 to 3 by the beds in use of one facility (``geodata.rules.hospital``)."""
    used, beds, taken = (things.number(values.get(n)) for n in ("bed_occupancy", "beds", "beds_occupied"))
    if used is None and beds and taken is not None:
        used = 100 * taken / beds
    return hospital.of_beds(used)

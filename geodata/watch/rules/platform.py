"""One cause, one alert: a feed that is down, or that is up and brings too little, is one finding, never one a thing.

What is silent below a failed parent is told at the parent (gateway, feeder, line), the rest of a feed's silent things
together. Fishing vessels and buses have clocks of their own and stand in their own families.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from geodata.records import JSON, Observation, Thing
from geodata.rules import feed_health, parents, upstream
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.rules import fishing_vessels
from geodata.watch.signs import Fires, Row, Sign, Unknown
from geodata.watch.words import Limits

OWN_CLOCKS = frozenset({"fishing_vessels", "buses"})
TOLD = frozenset({"fault", "off", "maintenance", "unreachable", "down", "offline"})
"""Words of a last will, or of a probe: such a thing has told what it is in, and is not silent without a word."""

LEVEL_WIDE = 3
TOGETHER_N = 2


@rule()
def source_down(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Feeds that are down; those of one operator that fell together are one finding, one that falls later another.

    A source that was never connected is no loss.
    """
    found = frames.sources()
    if found.empty:
        return
    down = found[found["up"].eq(False) & found["since"].notna()]
    for key, group in _outages(frames, down, limits["together_s"]):
        operator = group["operator"].iloc[0]
        own = found["operator"] == operator if operator else found.index.isin(group.index)
        yield Fires(
            key=key,
            since=group["since"].min().to_pydatetime(),
            level=LEVEL_WIDE if len(group) >= limits["wide_n"] else None,
            facts={
                "name": things.text(operator),
                "n": len(group),
                "of": int(own.sum()),
                "services": sorted(set(group["service"])),
                "sources": _titles(group),
                "error": next((str(e) for e in group["error"] if e), None),
            },
            rows=[Row(str(r["service"]), "Source", str(i), r["since"].to_pydatetime()) for i, r in group.iterrows()],
            simulated=bool(group["simulated"].any()),
        )


def _outages(frames: Frames, down: pd.DataFrame, together_s: float) -> Iterable[tuple[str, pd.DataFrame]]:
    """Key and feeds of each outage. Its key stays when one more of it falls, or when one of it comes back."""
    opened = frames.opened("platform.source_down")
    alone = down.index.isin(list(opened)) | down["operator"].isna()
    for name, group in down[~alone].groupby("operator"):
        key = f"operator:{name}"
        apart = (group["since"] - opened.get(key, group["since"].min())).dt.total_seconds().abs()
        together = group[apart <= together_s]
        if len(together) >= TOGETHER_N or (key in opened and len(together)):
            yield key, together
        else:
            together = together.iloc[:0]
        yield from ((str(source), group.loc[[source]]) for source in group.index.difference(together.index))
    yield from ((str(source), down.loc[[source]]) for source in down.index[alone])


def _titles(group: pd.DataFrame) -> list[JSON]:
    return [title(group, source) for source in group.sort_values("title_vi").index]


def title(known: pd.DataFrame, source: Any) -> JSON:
    """What a feed is called, in both languages; its id when it is not known."""
    return things.both(*map(str, known.loc[source, ["title_vi", "title_en"]])) if source in known.index else str(source)


@rule()
def thin_feed(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A feed that is up while too few of its active things are heard of in time."""
    for service in frames.city.catalogue():
        found = _due(frames, service)
        if found.empty:
            continue
        down = set(found.loc[found["feed"] == "down", "source"])
        found = found[found["source"].isin(list(_connected(frames) | down))]
        for source, own in feed_health.health(found["source"], found["listened_s"], found["due_s"]).items():
            if source in down:
                yield Unknown(source)
            elif not own.ok(limits["least_share"]):
                yield _thin(frames, service, source, own, found[found["source"] == source])


@rule()
def silent_things(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Things silent by themselves, one finding a feed and one a failed parent; of a sick feed nothing can be told."""
    for service in things.telling(frames.city.catalogue()):
        if service not in OWN_CLOCKS:
            yield from _silent(frames, service, limits)


def _due(frames: Frames, service: str) -> pd.DataFrame:
    """The things whose word is due: source, listened_s, due_s, feed, time, name, geometry."""
    if service == fishing_vessels.SERVICE:
        fleet: pd.DataFrame = fishing_vessels.at_sea(frames)
        return fleet[~fleet["in_port"]] if len(fleet) else fleet
    if service in OWN_CLOCKS or service == "platform":
        return pd.DataFrame()
    found = things.heard(frames, service)
    return found[~found.index.isin(list(_told(frames, service)))] if len(found) else found


def _connected(frames: Frames) -> set[str]:
    """The sources that are up and were by then: what was imported and never connected cannot fall silent."""
    known = frames.sources()
    if known.empty:
        return set()
    return set(known.index[known["up"].eq(True) & (known["since"] <= pd.Timestamp(frames.at))])


def _told(frames: Frames, service: str) -> set[str]:
    """Things whose last word was that they fail or rest."""
    found = frames.latest(service, Observation)
    return set(found.loc[found["result_text"].isin(TOLD), "id"]) if len(found) else set()


def _thin(frames: Frames, service: str, source: str, own: feed_health.Health, found: pd.DataFrame) -> Fires:
    active = found[found["listened_s"] <= found["due_s"] + feed_health.ACTIVE_S]
    over = active[active["listened_s"] > active["due_s"]]
    known = frames.sources()
    since = (over["time"] + pd.to_timedelta(over["due_s"], unit="s")).max()
    return Fires(
        key=source,
        since=things.began(frames, "platform.thin_feed", source, since),
        facts={
            "name": title(known, source),
            "service": service,
            "heard": own.heard,
            "active": own.active,
            "share_percent": round(100 * own.heard / own.active),
            "names": things.names(over),
        },
        geometry=things.where(over["geometry"]),
        rows=[Row(service, "Source", source, None, source)],
        simulated=bool(found["simulated"].any()),
    )


def _silent(frames: Frames, service: str, limits: Limits) -> Iterable[Sign]:
    found = things.heard(frames, service)
    if found.empty:
        return
    told = _told(frames, service)
    due = found[~found.index.isin(list(told))]
    health = feed_health.health(due["source"], due["listened_s"], due["due_s"])
    sick = {name for name, own in health.items() if not own.ok(limits["least_share"])}
    sick |= set(found.loc[found["feed"] == "down", "source"])
    yield from (Unknown(f"{service}:{source}") for source in sorted(sick))
    well = due["source"].isin(list(_connected(frames) - sick))
    quiet = due[(due["state"] == "silent") & (due["age_s"] <= limits["forgotten_s"]) & well]
    if quiet.empty:
        return
    because = _because(frames, service, found, set(quiet.index) | told)
    keys = pd.Series([because.get(str(key)) for key in quiet.index], quiet.index, dtype=object)
    for name, group in quiet.groupby(keys.fillna(quiet["source"])):
        yield _fires(frames, service, str(name), group, found)


def _because(frames: Frames, service: str, found: pd.DataFrame, lost: set[str]) -> dict[str, str]:
    """What is lost to which parent: one that fell silent itself, or below which nothing is heard."""
    known = frames.latest(service, Thing)
    if known.empty or "properties" not in known:
        return {}
    above = parents.parents(zip(known.index.astype(str), known["properties"], strict=True))
    if not above:
        return {}
    over = set(above.values())
    mute = over - set(found.index)
    return dict(upstream.outage(above, lost, lost & over, mute=mute).because)


def _fires(frames: Frames, service: str, name: str, group: pd.DataFrame, found: pd.DataFrame) -> Fires:
    known, parent = frames.sources(), frames.latest(service, Thing)
    by_parent = name in parent.index
    own = found[found["source"].isin(group["source"])]
    called = (things.text(parent.loc[name, "name"]) or name) if by_parent else title(known, name)
    began = group["time"] + pd.to_timedelta(group["due_s"], unit="s")
    ordered = group.assign(began=began).sort_values("began")
    return Fires(
        key=f"{service}:{name}",
        since=things.began(frames, "platform.silent_things", f"{service}:{name}", began.min()),
        level=LEVEL_WIDE if by_parent and len(group) >= upstream.WIDE else None,
        geometry=things.where(group["geometry"]),
        facts={
            "name": called,
            "service": service,
            "n": len(group),
            "of": len(own),
            "names": things.names(ordered),
            "by": "parent" if by_parent else "source",
        },
        rows=[
            Row(service, "Thing", str(key), time.to_pydatetime(), str(source))
            for key, time, source in zip(ordered.index, ordered["time"], ordered["source"], strict=True)
        ][: things.ROWS_MOST],
        simulated=bool(group["simulated"].any()),
    )

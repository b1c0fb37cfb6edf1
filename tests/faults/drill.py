"""``make faults``: each source of a simulated city cut, stalled, garbled, doubled and delayed, then all at once.

The city, the ingest and the database are processes of their own; sources are those of the bindings file. Judged: one
line down and one line up again, sums that close, that no other source goes down or late, and that the store then holds
what the source says it has. A garbled, doubled or late source may stay up: then what was rejected is counted.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from geodata.city import SourceBinding
from geodata.records import Record
from geodata.store.types import Cursor, Role, SourceState
from geodata.store.writer import Writer
from tests.support.cluster import TestCluster, running
from tests.support.drill import POLL_S, City, city, must_fall, patience_s, until
from tests.support.drill_audit import ask, key, missing
from tests.support.machine import closes

FAULTS = ("outage", "stall", "garbage", "duplicates", "late")
NOTICE_S = {"outage": 150.0, "stall": 0.0, "garbage": 12.0, "duplicates": 8.0, "late": 12.0}
"""So long a fault is held at most when nobody falls (cameras are looked at once a minute, twice); a stall as long as
the most patient source waits, and more."""

STALL_MORE_S = 25.0
RECOVER_S = 180.0
UP_S = 240.0
ROUND_S, ROUNDS = 25.0, 5
"""So often what the store lacks is asked for again: what the source computes when it is asked is not there any more,
and no loss. Together longer than any poll interval and any rest that a rate limit asks for."""


@dataclass
class Line:
    """One source under one fault. ``wrong`` says what does not hold; seconds are None where it stayed up."""

    source: str
    fault: str
    notice_s: float | None = None
    recover_s: float | None = None
    rejected: int = 0
    duplicate: int = 0
    asked: int | None = None
    wrong: list[str] = field(default_factory=list)

    def row(self) -> str:
        seconds = [f"{one:6.1f}" if one is not None else "     –" for one in (self.notice_s, self.recover_s)]
        verdict = "; ".join(self.wrong) or ("ok" if self.notice_s is not None else "ok, stayed up")
        asked = "–" if self.asked is None else str(self.asked)
        counted = f"{self.rejected:8} {self.duplicate:9} {asked:>6}"
        return f"{self.source:28} {self.fault:10} {seconds[0]} {seconds[1]} {counted}  {verdict}"


HEAD = f"{'source':28} {'fault':10} notice recover rejected duplicate  asked  verdict"


def drill(here: City, dsn: str, faults: Mapping[str, str], whole: bool = False) -> list[Line]:
    """Each source its fault, all at once, held until those that must are down, lifted, judged."""
    lines = {name: Line(name, fault) for name, fault in faults.items()}
    sources = list(lines)
    since, before = here.position(), here.states()
    cursors = asyncio.run(_cursors(dsn, sources))
    for name, fault in {"all": faults[sources[0]]}.items() if whole else faults.items():
        here.switch(name, fault)
    began, fell = time.monotonic(), dict[str, float]()
    patient = max(patience_s(one) for one in here.bindings if one.id in lines)
    held = max(NOTICE_S[fault] or patient + STALL_MORE_S for fault in faults.values())
    must = {one.id for one in here.bindings if one.id in lines and must_fall(one, faults[one.id])}
    must = must or set(sources)
    until(lambda: must <= set(_noted(here, since, "down", sources, began, fell)), held)
    time.sleep(1)
    for name in ["all"] if whole else sources:
        here.switch(name, None)
    began, rose = time.monotonic(), dict[str, float]()
    until(lambda: set(fell) <= set(_noted(here, since, "up", sources, began, rose)), RECOVER_S)
    time.sleep(POLL_S * 2)
    here.alive()
    for name, line in lines.items():
        line.notice_s, line.recover_s = fell.get(name), rose.get(name)
    _judge(here, lines, since, before)
    _audit(here, lines, cursors)
    return list(lines.values())


def _noted(
    here: City, since: int, word: str, names: Sequence[str], began: float, into: dict[str, float]
) -> dict[str, float]:
    """Writes down when each source first said ``word``."""
    for name, said in here.said(since):
        if said == word and name in names:
            into.setdefault(name, time.monotonic() - began)
    return into


def _judge(here: City, lines: Mapping[str, Line], since: int, before: Mapping[str, SourceState]) -> None:
    said, after = here.said(since), here.states()
    others = sorted({name for name, word in said if name not in lines and word == "down"})
    worse = _behind(here, [
        name for name, state in after.items()
        if name not in lines and name in before and before[name].state == "receiving" and state.state != "receiving"
    ])  # fmt: skip
    must = {one.id for one in here.bindings if one.id in lines and must_fall(one, lines[one.id].fault)}
    open_sums = [service.id for service in here.reader.services() if not closes(service)]
    for name, line in lines.items():
        words = [word for one, word in said if one == name]
        # of a garbled table one poll may hold rows that can be read and the next none: it comes and goes with them
        turns = len(words) // 2 if line.fault == "garbage" else 1
        if words and words != ["down", "up"] * turns:
            line.wrong.append(f"said {' '.join(words)}")
        if not words and name in must:
            line.wrong.append("never noticed")
        line.rejected = sum(after[name].rejected.values()) - sum(before[name].rejected.values())
        line.duplicate = after[name].duplicate - before[name].duplicate
        line.wrong += [f"{other} fell too" for other in others] + [f"{other} is late" for other in worse]
        line.wrong += [f"sums of {service} are open" for service in open_sums]


def _behind(here: City, names: Sequence[str]) -> list[str]:
    """Those that have something which the store lacks: one that speaks seldom looks late when it has nothing new."""
    bindings = [one for one in here.bindings if one.id in names]
    asked = asyncio.run(_ask_all(bindings, {}))
    return [one.id for one in bindings if missing(here.reader, one, asked[one.id] or ())]


def _audit(here: City, lines: Mapping[str, Line], cursors: Mapping[str, Cursor | None]) -> None:
    """What the sources keep must be in the store once they were polled again."""
    sound = [one for one in here.bindings if one.id in lines and not lines[one.id].wrong]
    asked = asyncio.run(_ask_all(sound, cursors))
    for binding in sound:
        if (records := asked[binding.id]) is not None:
            lines[binding.id].asked = len(records)
    open_ = {one.id: (one, records) for one in sound if (records := asked[one.id])}

    def held() -> bool:
        for name, (binding, records) in list(open_.items()):
            if lost := missing(here.reader, binding, records):
                open_[name] = binding, lost
            else:
                del open_[name]
        return not open_

    for _ in range(ROUNDS):
        if until(held, ROUND_S) is not None:
            return
        _still_said(open_)
    for name, (_, lost) in open_.items():
        lines[name].wrong += [f"{len(lost)} lost, first {key(lost[0])}"] if lost else []


def _still_said(open_: dict[str, tuple[SourceBinding, list[Record]]]) -> None:
    """Leaves out what the sources do not say any more, when they are asked as if for the first time."""
    again = asyncio.run(_ask_all([binding for binding, _ in open_.values()], {}))
    for name, (binding, lost) in list(open_.items()):
        if (said := again[name]) is not None:
            known = {key(one) for one in said}
            open_[name] = binding, [one for one in lost if key(one) in known]


async def _ask_all(
    sound: Sequence[SourceBinding], cursors: Mapping[str, Cursor | None]
) -> dict[str, list[Record] | None]:
    found = await asyncio.gather(*(ask(binding, cursors.get(binding.id)) for binding in sound))
    return {binding.id: records for binding, records in zip(sound, found, strict=True)}


async def _cursors(dsn: str, sources: Sequence[str]) -> dict[str, Cursor | None]:
    async with Writer.open(dsn) as writer:
        return {name: await writer.cursor(name) for name in sources}


def settled(here: City) -> list[str]:
    """Waits until every source has said that it is up; those that never did."""
    names = {binding.id for binding in here.bindings}
    until(lambda: names <= {name for name, word in here.said() if word != "down"}, UP_S)
    return sorted(names - {name for name, word in here.said() if word != "down"})


def groups(names: Sequence[str], together: int, patience: Mapping[str, float]) -> Iterator[list[str]]:
    """Far apart in the list, so that those of one family fail at different times; those for which a stall must last
    longer come by themselves.
    """
    for seconds in sorted(set(patience.values())):
        alike = [name for name in names if patience[name] == seconds]
        count = -(-len(alike) // together)
        for first in range(count):
            yield alike[first::count]


def run(
    here: City, dsn: str, faults: Sequence[str], together: int, *, at_once: bool, say: Callable[[str], None]
) -> list[Line]:
    """The whole drill; each line is said as it comes."""
    silent = settled(here)
    lines = [Line(name, "none", wrong=["never up"]) for name in silent]
    for line in lines:
        say(line.row())
    names = [binding.id for binding in here.bindings if binding.id not in silent]
    for fault in faults:
        patience = {one.id: 0.0 if NOTICE_S[fault] else patience_s(one) for one in here.bindings}
        for group in groups(names, together, patience):
            done = drill(here, dsn, dict.fromkeys(group, fault))
            for line in done:
                say(line.row())
            lines += done
        if at_once:
            done = drill(here, dsn, dict.fromkeys(names, fault), whole=True)
            for line in done:
                say("all: " + line.row())
            lines += done
    return lines


def _dsn(cluster: TestCluster, database: str, role: Role) -> str:
    return cluster.dsn(role, database)


@click.command()
@click.option("--source", "sources", multiple=True, help="Only these. Repeatable.")
@click.option("--fault", "faults", multiple=True, type=click.Choice(FAULTS), help="Only these. Repeatable.")
@click.option("--city", "name", default="hue", show_default=True)
@click.option("--speed", default=1.0, show_default=True, help="Of the city's clock; faster, it begins 48 h ago.")
@click.option("--together", default=8, show_default=True, help="Sources that fail at the same moment.")
@click.option("--at-once/--no-at-once", default=True, help="Then all of them together.")
def main(
    sources: tuple[str, ...], faults: tuple[str, ...], name: str, speed: float, together: int, at_once: bool
) -> None:
    """Each source under each fault, then all together. Exit status 1 when something does not hold."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves no process behind
    with (
        tempfile.TemporaryDirectory(prefix="vonglau-drill-") as folder,
        running(f"drill-{Path(folder).name}") as cluster,
        cluster.fresh() as database,
        city(partial(_dsn, cluster, database), Path(folder), name, speed=speed, only=sources) as here,
    ):
        click.echo(HEAD)
        dsn = cluster.dsn("ingest", database)
        lines = run(here, dsn, faults or FAULTS, together, at_once=at_once, say=click.echo)
        errors = here.log.read_text(errors="replace").count("Traceback")
    bad = [line for line in lines if line.wrong]
    click.echo(
        f"{len(lines)} drills, {len(bad)} wrong, {errors} tracebacks in the log, {time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if bad or errors else 0)


if __name__ == "__main__":
    main()

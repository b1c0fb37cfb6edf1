"""How often would it have fired: the same rules over any past window, in memory; what another limit would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from geodata.watch.course import Change, Finding
from geodata.watch.engine import look
from geodata.watch.frames import StoreFrames
from geodata.watch.rule import Rule

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.store.reader import Reader

COLUMNS = ("rule", "key", "level", "opened_at", "noticed_at", "closed_at", "close_reason", "times_opened", "facts")


def changes(
    reader: Reader,
    city: City,
    chosen: Sequence[Rule],
    start: datetime,
    end: datetime,
    step: timedelta = timedelta(minutes=5),
    *,
    as_known: bool = True,
) -> Iterator[Change]:
    """Every change of a watch that looked each ``step`` from ``start`` to ``end``, aware UTC.

    ``as_known``: with what was known at each look, as the watch then; else with all that is known now.
    """
    standing: dict[str, dict[str, Finding]] = {}
    lasting: dict[str, tuple[datetime, Any]] = {}
    number, at = 0, start
    while at <= end:
        frames = StoreFrames(reader, city, at, at if as_known else None, standing, lasting)
        for change in look(chosen, frames, standing).changes:
            finding = change.finding
            if finding.id is None:
                number += 1
                finding = replace(finding, id=number)
            standing.setdefault(finding.rule, {})[finding.key] = finding
            yield Change(change.what, finding)
        at += step


def backtest(
    reader: Reader,
    city: City,
    chosen: Sequence[Rule],
    start: datetime,
    end: datetime,
    step: timedelta = timedelta(minutes=5),
    *,
    as_known: bool = True,
) -> pd.DataFrame:
    """The findings of such a watch: index number, columns ``COLUMNS``; ``closed_at`` is NaT while open at the end."""
    last: dict[int, Finding] = {}
    for change in changes(reader, city, chosen, start, end, step, as_known=as_known):
        assert change.finding.id is not None
        last[change.finding.id] = change.finding
    rows = [{name: getattr(finding, name) for name in COLUMNS} for finding in last.values()]
    frame = pd.DataFrame(rows, index=pd.Index(list(last), name="number"), columns=list(COLUMNS))
    for name in ("opened_at", "noticed_at", "closed_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


def difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """What differs between two back-tests of one window: rows of (rule, key) that only one has, or whose times differ.

    Column ``change``: "new", "gone", "moved"; ``COLUMNS`` are those of ``after``, of ``before`` when gone.
    """
    keyed = {name: _episodes(frame) for name, frame in (("before", before), ("after", after))}
    found = []
    for key in sorted(keyed["before"].keys() | keyed["after"].keys()):
        old, new = keyed["before"].get(key), keyed["after"].get(key)
        if old is None or new is None:
            row = new if new is not None else old
            assert row is not None
            found.append({"change": "new" if old is None else "gone", **row})
        elif any(old[name] != new[name] for name in ("level", "opened_at")) or _differ(
            old["closed_at"], new["closed_at"]
        ):
            found.append({"change": "moved", **new})
    return pd.DataFrame(found, columns=["change", *COLUMNS])


def _episodes(frame: pd.DataFrame) -> dict[tuple[str, str, int], dict[str, object]]:
    """By rule, key and how many of that key came before."""
    nth = frame.sort_values("opened_at").groupby(["rule", "key"]).cumcount()
    rows = frame.assign(nth=nth).to_dict("records")
    return {(str(row["rule"]), str(row["key"]), int(row["nth"])): {name: row[name] for name in COLUMNS} for row in rows}


def _differ(a: object, b: object) -> bool:
    return not (pd.isna(a) and pd.isna(b)) and a != b  # type: ignore[call-overload]

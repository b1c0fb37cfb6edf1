"""A table that an office of the simulated city keeps: its name, who keeps it, how it is written, what it says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from geodata.city import SourceBinding
from sources.simulator import office_book
from sources.simulator.bindings import binding
from sources.simulator.clock import DAY_S, LOCAL
from sources.simulator.town import Town

NOTHING = "–"
"""What an office writes where it does not tell: nothing measured, or a count of too few people."""


@dataclass(frozen=True, slots=True)
class At:
    """A cell that holds an instant (epoch s), written in local time; a wrong clock of the office moves it."""

    t: float
    form: str = "%d/%m/%Y %H:%M"


Row = Mapping[str, Any]
"""Cells by header: texts, numbers, ``At``."""

Known = tuple[float, Row]
"""From when on the row stands in the table (epoch s), and the row."""


def _always(_t: float, _row: Row) -> bool:
    return True


def _runs_all(_: Town) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table and how it is handed out.

    ``rows`` are those that came to stand in it at start < t <= end: a function of the town. Of one ``identity`` (a
    header) the live table shows the last row only. ``kept_s``: how far back the table reaches; ``step_s``: how often
    it is written anew; ``file``: a workbook in a folder, its name without the ending; ``page``: rows in one reply.
    ``record_s``, ``recorded``: which rows a recording holds and how many of them in one payload; ``before``: spans
    (seconds relative to the recording's start) that its first payload holds.
    """

    source: str
    service: str
    titles: tuple[str, str]
    owner: tuple[str, str]
    form: Literal["csv", "xlsx", "json", "ndjson"]
    options: Mapping[str, Any]
    rows: Callable[[Town, float, float], Iterable[Known]]
    runs: Callable[[Town], bool] = _runs_all
    heading: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    merged: str | None = None
    identity: str | None = None
    file: str | None = None
    page: int | None = None
    kept_s: float = DAY_S
    step_s: float = 300.0
    poll_s: float = 60.0
    cadence_s: float | None = None
    record_s: float = DAY_S / 4
    recorded: Callable[[float, Row], bool] = _always
    before: Sequence[tuple[float, float]] = ()

    def is_in(self, town: Town) -> bool:
        return town.runs(self.service) and self.runs(town)

    @property
    def has_versions(self) -> bool:
        """Whether a recording holds every state of a row: of what carries the instant of its change."""
        return self.options.get("kind") == "ServiceRequest"

    def bound(self, town: Town, place: Mapping[str, Any]) -> SourceBinding:
        """``place``: url or path. The owner is the agency of that id, or the name beside it where the city has none."""
        known = {agency.id: agency.title_vi for agency in town.city.agencies if agency.valid_to is None}
        owner = known.get(*self.owner)
        titles = (f"{self.titles[0]} (mô phỏng)", f"{self.titles[1]} (simulated)")
        own: dict[str, Any] = {"issuer": self.source, "city": town.city.id, "decimal": ",", "max_mb": 20}
        if self.form in {"json", "ndjson"}:
            own["decimal"] = "."
        return binding(
            self.source,
            "table",
            self.service,
            titles,
            owner=owner,
            operator=known.get("ioc", owner),
            cadence_s=self.cadence_s,
            options={**own, **self.options, **place, "poll_s": self.poll_s},
        )

    def known(self, town: Town, start: float, end: float) -> list[Known]:
        """Rows in the order in which they came; the same instant in the order in which ``rows`` tells them."""
        return sorted((row for row in self.rows(town, start, end) if start < row[0] <= end), key=lambda row: row[0])

    def standing(self, rows: Sequence[Known]) -> list[Known]:
        """Of each identity the last."""
        if self.identity is None:
            return list(rows)
        last = {row[self.identity]: (t, row) for t, row in rows}
        return sorted(last.values(), key=lambda row: row[0])

    def body(self, rows: Sequence[Row], skew_s: float = 0.0) -> bytes:
        """The table as sent."""
        cells = [written(row, skew_s, comma=self.form == "csv") for row in rows]
        if self.form == "xlsx":
            return office_book.workbook(self.heading, cells, groups=self.groups, merged=self.merged)
        if self.form == "csv":
            return _csv(self.heading, cells)
        if self.form == "ndjson":
            return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in cells).encode()
        return json.dumps({"success": True, "total": len(cells), "data": cells}, ensure_ascii=False).encode()


def written(row: Row, skew_s: float, *, comma: bool) -> dict[str, Any]:
    """The row with its instants as texts, and in a CSV its fractions with a comma."""
    return {name: _cell(value, skew_s, comma=comma) for name, value in row.items()}


def _cell(value: Any, skew_s: float, *, comma: bool) -> Any:
    if isinstance(value, At):
        return datetime.fromtimestamp(value.t + skew_s, UTC).astimezone(LOCAL).strftime(value.form)
    if comma and isinstance(value, float):
        return str(value).replace(".", ",")
    return value


def _csv(heading: str, rows: Sequence[Row]) -> bytes:
    """With a mark of its encoding and semicolons, as Vietnamese spreadsheets save it; the heading above the header."""
    made = io.StringIO()
    out = csv.writer(made, delimiter=";", lineterminator="\r\n")
    if heading:
        out.writerow([heading])
    if rows:
        out.writerow(rows[0])
        out.writerows([["" if cell is None else cell for cell in row.values()] for row in rows])
    return made.getvalue().encode("utf-8-sig")

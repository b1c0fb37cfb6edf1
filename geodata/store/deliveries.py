"""The outbox: which news goes to which outlet, and what became of it. Synchronous, role notify."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from psycopg.rows import dict_row

from geodata.outlet import News
from geodata.records import JSON
from geodata.sql import text
from geodata.store.findings import finding_of
from geodata.store.pool import Connection
from geodata.store.turn import OneTurn
from geodata.watch.course import Finding

AT_ONCE = 500
"""Lines of each journal that are read in one transaction."""

MOST_WAITING = 5000
"""Of one outlet that are looked at together."""

Told = Collection[tuple[str, int]]
"""(outlet, finding) of everything that an outlet was told of or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a journal: of the watch's (``change_id``) or the desk's (``act_id``). ``finding_id`` is None for what
    is of no finding. ``agency`` has it from this line on, ``agency_before`` had it before.
    """

    change_id: int | None
    act_id: int | None
    finding_id: int | None
    time: datetime
    what: str
    level: int | None
    level_before: int | None
    rule: str | None
    service: str | None
    agency: str | None
    agency_before: str | None
    who: str | None
    detail: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line for one outlet."""

    outlet: str
    news: News
    line: Line


Route = Callable[[Sequence[Line], Told], Sequence[Planned]]
"""Which lines go where. Pure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What waits for one outlet. ``finding``: as it stands now, None of a digest; ``time``, ``level``, ``detail``,
    ``who``: of the journal's line. ``had``: what the outlet was told last of this finding; ``told``: the same with what
    was tried in vain, for it may have come through.
    ``desk_close_reason``: not None while the desk has it closed. ``agency``: who has it now.
    """

    id: int
    key: str
    outlet: str
    news: str
    created_at: datetime
    tries: int
    next_try: datetime
    finding: Finding | None
    time: datetime | None
    level: int | None
    detail: Mapping[str, JSON]
    who: str | None
    agency: str | None
    had: str | None
    told: str | None
    desk_close_reason: str | None

    @property
    def ended(self) -> bool:
        """Whether there is nothing to do any more: the condition is over, or the desk closed it."""
        return self.finding is not None and (not self.finding.open or self.desk_close_reason is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A message of the same finding that the outlet has, or may have."""

    key: str
    news: str
    created_at: datetime
    delivered_at: datetime | None


class DeliveryStore(OneTurn):
    """Only one process of a city sends. Every call is a transaction of its own."""

    folder = "outlets"

    def read(self, route: Route, at: datetime) -> int:
        """Reads what the journals have beyond the cursor into the outbox, cursor and outbox together: how many lines.

        The first call of all only sets the cursor: what is old is never sent.
        """
        with self._open() as connection, connection.transaction():
            with connection.cursor(row_factory=dict_row) as cursor:
                where = cursor.execute(text("outlets", "cursor")).fetchone()
                if where is None:
                    cursor.execute(text("outlets", "begin"))
                    return 0
                rows = cursor.execute(text("outlets", "lines"), {**where, "most": AT_ONCE}).fetchall()
            lines = [_line(row) for row in rows]
            if not lines:
                return 0
            findings = sorted({line.finding_id for line in lines if line.finding_id is not None})
            told = set(connection.execute(text("outlets", "told"), {"findings": findings}).fetchall())
            for planned in route(lines, cast("set[tuple[str, int]]", told)):
                connection.execute(text("outlets", "add"), _params(planned, at))
            connection.execute(
                text("outlets", "advance"),
                {
                    "change_id": max(
                        (n for li in lines if (n := li.change_id) is not None), default=where["change_id"]
                    ),
                    "act_id": max((n for li in lines if (n := li.act_id) is not None), default=where["act_id"]),
                },
            )
            return len(lines)

    def renew(self, outlet: str, before: datetime, at: datetime) -> None:
        """What is open, was told before then and not since, and is not waiting, is to be told again."""
        with self._open() as connection:
            connection.execute(text("outlets", "renew"), {"outlet": outlet, "before": before, "at": at})

    def lanes(self) -> list[str]:
        """The outlets for which something waits."""
        with self._open() as connection:
            return [str(name) for (name,) in connection.execute(text("outlets", "lanes")).fetchall()]

    def waiting(self, outlet: str) -> list[Delivery]:
        """What waits for one outlet, oldest first; without those for which a digest stands."""
        return self._deliveries(outlet=outlet, digest_id=None)

    def members(self, digest_id: int) -> list[Delivery]:
        """What a digest stands for, as it stands now."""
        return self._deliveries(outlet=None, digest_id=digest_id)

    def earlier(self, one: Delivery) -> list[Earlier]:
        """What the outlet has, or may have, of the same finding, oldest first."""
        assert one.finding is not None
        values = {"outlet": one.outlet, "finding_id": one.finding.id, "id": one.id}
        with self._open() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return [Earlier(**row) for row in cursor.execute(text("outlets", "earlier"), values).fetchall()]

    def sent(self, outlet: str, after: datetime) -> tuple[int, int]:
        """How many messages, and how many digests of them, the outlet took since then."""
        with self._open() as connection:
            row = connection.execute(text("outlets", "sent"), {"outlet": outlet, "after": after}).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def end(
        self, ids: Collection[int], state: str, at: datetime, *, error: str | None = None, tried: bool = False
    ) -> None:
        """They were ``delivered``, ``given_up`` or ``superseded``, a digest's members with it; tells who listens."""
        if not ids:
            return
        with self._open() as connection, connection.transaction():
            connection.execute(text("outlets", "bump"))
            values = {"ids": list(ids), "state": state, "at": at, "error": error, "tried": int(tried)}
            connection.execute(text("outlets", "end"), values)

    def failed(self, one: int, next_try: datetime, error: str) -> None:
        """It is tried again then."""
        with self._open() as connection:
            connection.execute(text("outlets", "fail"), {"id": one, "next_try": next_try, "error": error})

    def digest(self, outlet: str, ids: Sequence[int], at: datetime) -> int:
        """One delivery in the place of these: its id."""
        with self._open() as connection, connection.transaction():
            row = connection.execute(text("outlets", "digest"), {"outlet": outlet, "at": at}).fetchone()
            assert row is not None
            connection.execute(text("outlets", "join"), {"digest_id": row[0], "ids": list(ids)})
        return int(row[0])

    def counts(self) -> list[dict[str, Any]]:
        """By outlet: how many wait, were delivered, given up, superseded; since when, and why."""
        return self._rows("counts")

    def newest(self, most: int) -> list[dict[str, Any]]:
        """The newest deliveries with their state."""
        return self._rows("newest", most=most)

    def simulated(self) -> bool:
        """Whether every source that the city ever had is simulated."""
        return bool(self._rows("simulated")[0]["coalesce"])

    def _rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        with self._open() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text("outlets", name), values).fetchall()

    def _deliveries(self, **which: object) -> list[Delivery]:
        with self._open() as connection:
            return [_delivery(row) for row in _dicts(connection, which)]


def _dicts(connection: Connection, which: Mapping[str, object]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(text("outlets", "waiting"), {**which, "most": MOST_WAITING}).fetchall()


def _line(row: dict[str, Any]) -> Line:
    level = row.pop("level_then")
    return Line(**{**row, "level": level})


def _params(planned: Planned, at: datetime) -> dict[str, object]:
    line = planned.line
    return {
        "outlet": planned.outlet,
        "news": planned.news,
        "finding_id": line.finding_id,
        "change_id": line.change_id,
        "act_id": line.act_id,
        "at": at,
    }


OWN = (
    "key", "outlet", "news", "created_at", "tries", "next_try", "time", "who", "agency", "had", "told",
    "desk_close_reason",
)  # fmt: skip


def _delivery(row: dict[str, Any]) -> Delivery:
    own = {name: row.pop(name) for name in OWN}
    number, level, detail = row.pop("delivery_id"), row.pop("level_then"), row.pop("detail")
    row["key"] = row.pop("finding_key")
    for name in ("last_error", "digest_id"):
        row.pop(name)
    finding = finding_of(row) if row["finding_id"] is not None else None
    return Delivery(id=number, level=level, detail=detail or {}, finding=finding, **own)

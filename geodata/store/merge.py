"""One batch inside its transaction: staged by COPY, merged by SQL, counted, told."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from psycopg import errors, sql
from psycopg.types.json import Jsonb

from geodata.catalogue import Service
from geodata.records import Observation, Position, Record, ServiceRequest, Thing
from geodata.sql import text
from geodata.store import fixes, stage
from geodata.store.check import Checked, months, reject
from geodata.store.pool import AsyncConnection
from geodata.store.tally import Outcome, Tally, last_arrival
from geodata.store.types import Batch, Written


@dataclass(frozen=True, slots=True)
class Job:
    """A batch that was checked, and whose it is."""

    source_id: int
    service_id: int
    service: Service | None
    batch: Batch
    checked: Checked


@dataclass(slots=True)
class Known:
    """What need not be asked again: surrogate ids by service, partitions, sources whose fixes come new every time."""

    things: dict[tuple[int, str], int] = field(default_factory=dict)
    properties: dict[tuple[int, str], int] = field(default_factory=dict)
    partitions: set[tuple[str, int, int]] = field(default_factory=set)
    repeating: dict[int, bool] = field(default_factory=dict)

    def add(self, other: Known) -> None:
        self.things.update(other.things)
        self.properties.update(other.properties)
        self.partitions.update(other.partitions)
        self.repeating.update(other.repeating)


async def run(connection: AsyncConnection, job: Job, known: Known, found: Known) -> Written:
    """Everything of the batch; the caller commits. ``found`` takes what was learnt, true only after the commit."""
    result = await connection.execute(text("writer", "lock_service"), {"service": job.service_id})
    clock, version = cast("tuple[datetime, int]", await result.fetchone())
    tally = Tally(clock)
    tally.reject(job.checked.rejected)
    where = stage.Where(
        service_id=job.service_id,
        source_id=job.source_id,
        clock=clock,
        service=job.service,
        things=await _things(connection, job, known, found),
        properties=await _properties(connection, job, known, found),
    )
    for kind in (*stage.TABLES, Position):
        records = job.checked.accepted.get(kind, [])
        if records:
            await _partitions(connection, kind, records, known, found)
            outcomes = (
                await _positions(connection, cast("list[Position]", records), where, known, found)
                if kind is Position
                else await _versions(connection, kind, records, where)
            )
            tally.merged(outcomes)
            conflicts = (n for *_, seqs in outcomes for n in seqs)
            tally.reject(reject(records[n], "conflict", "same identity, other content") for n in conflicts)
    await _persons(connection, job, clock)
    return await _close(connection, job, tally, version)


async def _things(connection: AsyncConnection, job: Job, known: Known, found: Known) -> dict[str, int]:
    """Surrogate ids of every thing that the batch names; the missing ones are made."""
    accepted = job.checked.accepted
    names = {r.id for r in cast("list[Thing]", accepted.get(Thing, []))}
    names.update(r.thing_id for r in cast("list[Position]", accepted.get(Position, [])))
    names.update(r.thing_id for r in cast("list[Observation]", accepted.get(Observation, [])))
    ids = {name: known.things[job.service_id, name] for name in names if (job.service_id, name) in known.things}
    missing = sorted(names - ids.keys())
    if missing:
        result = await connection.execute(text("writer", "ensure_things"), {"service": job.service_id, "ids": missing})
        fresh: dict[str, int] = dict(await result.fetchall())
        ids.update(fresh)
        found.things.update({(job.service_id, name): number for name, number in fresh.items()})
    return ids


async def _properties(connection: AsyncConnection, job: Job, known: Known, found: Known) -> dict[str, int]:
    """Surrogate ids of the observed properties of the batch."""
    observations = cast("list[Observation]", job.checked.accepted.get(Observation, []))
    units = {r.observed_property: r.unit for r in observations}
    ids = {name: known.properties[job.service_id, name] for name in units if (job.service_id, name) in known.properties}
    missing = sorted(units.keys() - ids.keys())
    if missing:
        result = await connection.execute(
            text("writer", "ensure_properties"),
            {"service": job.service_id, "names": missing, "units": [units[name] for name in missing]},
        )
        fresh: dict[str, int] = dict(await result.fetchall())
        ids.update(fresh)
        found.properties.update({(job.service_id, name): number for name, number in fresh.items()})
    return ids


async def _partitions(
    connection: AsyncConnection, kind: type[Record], records: list[Record], known: Known, found: Known
) -> None:
    parents = {Position: "position", Observation: "observation"}
    if kind not in parents:
        return
    for moment in months(records):
        partition = (parents[kind], moment.year, moment.month)
        if partition not in known.partitions:
            values = {"parent": parents[kind], "moment": moment}
            await connection.execute(text("writer", "ensure_partition"), values)
            found.partitions.add(partition)


async def _copy(connection: AsyncConnection, target: sql.Identifier, columns: Iterable[str], data: bytes) -> None:
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        target, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(data)


STAGE_POSITION = sql.Identifier("pg_temp", "stage_position")


async def _positions(
    connection: AsyncConnection, records: list[Position], where: stage.Where, known: Known, found: Known
) -> list[Outcome]:
    """Fixes by binary COPY: straight into the table while a source's fixes are all new, else by way of the stage."""
    batch = fixes.fixes(records, where.things, where.source_id, where.clock)
    if not known.repeating.get(where.source_id) and not batch.repeat_themselves:
        try:
            async with connection.transaction():
                await _copy(connection, sql.Identifier("vonglau", "position"), fixes.TABLE, batch.copy(fixes.TABLE))
        except errors.UniqueViolation:
            pass
        else:
            await _copy(connection, STAGE_POSITION, fixes.STAGED, batch.copy(fixes.STAGED, batch.newest()))
            await connection.execute(text("writer", "latest_position"))
            return [(minute, n, 0, []) for minute, n in batch.minutes()]
    await _copy(connection, STAGE_POSITION, fixes.STAGED, batch.copy(fixes.STAGED))
    inserted = await connection.execute(text("writer", "merge_position"))
    found.repeating[where.source_id] = inserted.rowcount < len(records)
    await connection.execute(text("writer", "latest_position"))
    if inserted.rowcount == len(records):
        return [(minute, n, 0, []) for minute, n in batch.minutes()]
    result = await connection.execute(text("writer", "classify_position"))
    return cast("list[Outcome]", await result.fetchall())


async def _versions(
    connection: AsyncConnection, kind: type[Record], records: Sequence[Record], where: stage.Where
) -> list[Outcome]:
    """Rows by COPY, then the kind's merge; an outcome for every row."""
    table = stage.TABLES[kind]
    target = f"stage_{table.table}"
    rows = [] if kind is Observation else list(stage.rows(kind, records, where))
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier("pg_temp", target), sql.SQL(", ").join(map(sql.Identifier, rows[0] if rows else stage.OBSERVED))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        if kind is Observation:
            await copy.write("".join(stage.lines(cast("Sequence[Observation]", records), where)))
        for row in rows:
            await copy.write_row(tuple(row.values()))
    if table.identity:
        values = {"kind": table.table, "identity": list(table.identity), "valid": table.valid}
        await connection.execute(text("writer", "merge_versions"), values)
    else:
        await connection.execute(text("writer", f"merge_{table.table}s"))
    if kind is Observation:
        await connection.execute(text("writer", "latest_observation"))
    outcomes = sql.SQL(text("writer", "outcomes")).format(stage=sql.Identifier("pg_temp", target))
    result = await connection.execute(outcomes)
    return cast("list[Outcome]", await result.fetchall())


async def _persons(connection: AsyncConnection, job: Job, clock: datetime) -> None:
    requests = cast("list[ServiceRequest]", job.checked.accepted.get(ServiceRequest, []))
    named = [r for r in requests if r.person]
    if named:
        await connection.execute(
            text("writer", "keep_persons"),
            {
                "service": job.service_id,
                "ids": [r.id for r in named],
                "persons": [Jsonb(dict(r.person)) for r in named],
                "received": [r.received_at or clock for r in named],
            },
        )


async def _close(connection: AsyncConnection, job: Job, tally: Tally, version: int) -> Written:
    """Rejections, ledger, cursor, version and the one notification."""
    written = tally.written(version)
    if tally.kept:
        await _rejections(connection, job, tally)
    if tally.lines:
        lines = sorted(tally.lines.items())
        values = {
            "source": job.source_id,
            "minutes": [minute for minute, _ in lines],
            "received": [line.received for _, line in lines],
            "stored": [line.stored for _, line in lines],
            "duplicate": [line.duplicate for _, line in lines],
            "rejected": [Jsonb(dict(line.rejected)) for _, line in lines],
            "reasons": Jsonb(dict(written.rejected)),
            "last": last_arrival([*job.batch.records, *job.batch.rejected], tally.clock),
        }
        await connection.execute(text("writer", "ledger"), values)
    if job.batch.cursor is not None:
        cursor = {"source": job.source_id, "value": Jsonb(dict(job.batch.cursor))}
        await connection.execute(text("writer", "set_cursor"), cursor)
    if written.stored:
        result = await connection.execute(text("writer", "bump"), {"service": job.service_id})
        row = cast("tuple[int]", await result.fetchone())
        return tally.written(row[0])
    return written


async def _rejections(connection: AsyncConnection, job: Job, tally: Tally) -> None:
    digests = [
        uuid.UUID(
            bytes=hashlib.blake2b(f"{r.reason}\0{r.detail}\0".encode() + (r.payload or b""), digest_size=16).digest()
        )
        for r in tally.kept
    ]
    await connection.execute(
        text("writer", "rejections"),
        {
            "source": job.source_id,
            "personal": job.service is not None and job.service.personal_data,
            "received": [r.received_at or tally.clock for r in tally.kept],
            "reasons": [r.reason for r in tally.kept],
            "details": [r.detail for r in tally.kept],
            "payloads": [r.payload for r in tally.kept],
            "digests": digests,
        },
    )

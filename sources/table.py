"""Tables of any office: CSV, Excel, JSON, NDJSON over HTTP or in files, tables and views of other databases.

What the columns mean is declared (``TableOptions``); the adapter knows no office. A table without a declared kind
speaks our own words: a column ``kind`` and the fields of ``geodata.records`` as headers.

A recording's body is one file or reply as sent, or one row as an object, as a rejection keeps it.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import datetime

from geodata.records import Event, Feature, Observation, Position, Record, Rejected, ServiceRequest, Thing
from geodata.store.types import Batch, Cursor
from sources import _table_files, _table_http, _table_sql
from sources._table_header import NoColumns, descend
from sources._table_options import TableOptions
from sources._table_poll import rows_of
from sources._table_rows import Table, kept_row, table
from sources._table_text import Unreadable
from sources.base import Context, Source, SourceError

__all__ = ["SOURCE", "TableOptions"]


class NoSource(SourceError):
    """the options name no table: give url, path or sql"""


def parse(payload: bytes, options: TableOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The records of one file or reply. One that is no table, or lacks columns, is one Rejected."""
    try:
        row = kept_row(payload)
        if row is None or (options.rows and descend(row, options.rows)[1]):
            found = table(io.BytesIO(payload), options, strict=False)
        else:
            found = Table(None, iter([row]))
        yield from rows_of(found, options, arrival, arrival)
    except (Unreadable, NoColumns) as error:
        reason = "no_columns" if isinstance(error, NoColumns) else "garbled"
        yield Rejected(reason=reason, detail=str(error)[:200], payload=payload[:65536] or None, received_at=arrival)


async def batches(options: TableOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    if options.url is not None:
        found = _table_http.batches(options, context, cursor)
    elif options.path is not None:
        found = _table_files.batches(options, context, cursor)
    elif options.sql is not None:
        found = _table_sql.batches(options, options.sql, context, cursor)
    else:
        raise NoSource
    async with aclosing(found) as flow:
        async for batch in flow:
            yield batch


SOURCE: Source[TableOptions] = Source(
    protocol="table",
    title="CSV, Excel, JSON, NDJSON, SQL with a declared mapping",
    kinds=frozenset({Thing, Observation, Position, ServiceRequest, Event, Feature}),
    options=TableOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".ndjson", ".geojson"),
    libraries=("python-calamine", "sqlalchemy", "httpx", "defusedxml"),
    limits="spreadsheets and JSON up to 64 MB and 5 million cells; lines up to 1 MB; TCVN3 and VNI are refused",
)

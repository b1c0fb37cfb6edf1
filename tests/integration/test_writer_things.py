"""Fragments of things in one batch are merged as one by one, however often they say the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import psycopg
import pytest
from shapely.geometry import Point

from geodata.records import Thing
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from tests.support.samples import NOON, SERVICES, binding

Dsn = Callable[[Role], str]
VERSIONS = """
select t.id, v.name, v.category, st_astext(v.geom), v.time, v.properties::text, v.received_at, v.superseded_at
from (
    select thing_id, name, category, geom, time, properties, received_at, null::timestamptz as superseded_at, revision
    from thing where revision is not null
    union all
    select thing_id, name, category, geom, time, properties, received_at, superseded_at, revision from thing_history
) as v
join thing as t using (thing_id) join service as s using (service_id)
where s.name = %s order by t.id, v.superseded_at nulls last, v.revision
"""


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        await opened.register([binding("whole", "trial"), binding("single", "private")])
        yield opened


def fragments(seed: int) -> list[Thing]:
    """Of two things, often the same again, some late or of one moment; in the order of arrival, some of one instant."""
    roll = Random(seed)
    found: list[Thing] = []
    said: dict[str, Thing] = {}
    for n in range(40):
        name = roll.choice("ab")
        if name not in said or roll.random() < 0.35:
            said[name] = Thing(
                id=name,
                name=roll.choice((None, "n", "m")),
                category=roll.choice((None, "c")),
                geometry=roll.choice((None, Point(107.5, 16.4), Point(107.6, 16.4))),
                properties=roll.choice(({}, {"x": 1}, {"x": 2}, {"y": 1})),
            )
        at = roll.choice((None, NOON + timedelta(minutes=roll.choice((n // 8, n // 8, roll.randint(0, 6))))))
        found.append(replace(said[name], time=at, received_at=NOON + timedelta(seconds=60 + 10 * (n // 2))))
    return found


async def test_runs_of_the_same_change_nothing(writer: Writer, dsn: Dsn) -> None:
    for seed in range(8):
        things = [replace(one, id=f"{seed}{one.id}") for one in fragments(seed)]
        whole = await writer.write("whole", Batch(things))
        stored = duplicate = 0
        for one in things:
            written = await writer.write("single", Batch([one]))
            stored, duplicate = stored + written.stored, duplicate + written.duplicate
        assert (whole.stored, whole.duplicate) == (stored, duplicate), seed
        assert duplicate > 3
    with psycopg.connect(dsn("read")) as connection:
        rows = [connection.execute(VERSIONS, [name]).fetchall() for name in ("trial", "private")]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 60

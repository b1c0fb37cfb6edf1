"""Fragments of things in one batch are merged as one by one, however often they say the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import psycopg
import pytest
from shapely.geometry import Point

from geodata.records import Observation, Thing
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
        await opened.register(
            [binding("whole", "trial"), binding("single", "private"), binding("imported", "elsewhere")]
        )
        yield opened


def fragments(seed: int) -> list[Thing]:
    """Of two things in two voices, often the same again, some late or of one moment; in the order of arrival."""
    roll = Random(seed)
    found: list[Thing] = []
    said: dict[str, Thing] = {}
    for n in range(40):
        name, voice = roll.choice("ab"), roll.choice("12")
        if voice + name not in said or roll.random() < 0.25:
            said[voice + name] = Thing(
                id=name,
                name=roll.choice((None, "n", "m")),
                category=roll.choice((None, "c")),
                geometry=roll.choice((None, Point(107.5, 16.4), Point(107.6, 16.4))),
                properties=roll.choice(({}, {"x": 1}, {"x": 2}, {"y": 1})),
            )
        at = roll.choice((None, NOON + timedelta(minutes=roll.choice((n // 8, n // 8, roll.randint(0, 6))))))
        found.append(replace(said[voice + name], time=at, received_at=NOON + timedelta(seconds=60 + 10 * (n // 2))))
    return found


async def test_runs_of_the_same_change_nothing(writer: Writer, dsn: Dsn) -> None:
    for seed in range(8):
        things = [replace(one, id=f"{seed}{one.id}") for one in fragments(seed)]
        some = [await writer.write("whole", Batch(things[n : n + 20])) for n in (0, 20)]
        stored = duplicate = 0
        for one in things:
            written = await writer.write("single", Batch([one]))
            stored, duplicate = stored + written.stored, duplicate + written.duplicate
        assert (sum(w.stored for w in some), sum(w.duplicate for w in some)) == (stored, duplicate), seed
        assert duplicate > 3
    with psycopg.connect(dsn("read")) as connection:
        rows = [connection.execute(VERSIONS, [name]).fetchall() for name in ("trial", "private")]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 60


async def test_results_are_stored_to_the_last_bit_and_words_as_they_are(writer: Writer, dsn: Dsn) -> None:
    results: list[float | str | None] = [0.1 + 0.2, -0.0, 1e-300, 1234567890.123456, 5, None]
    results += ["", "\\N", "a\tb\nc\rd\\e", "\\.", "tủ “hỏng” 😀", "'", '"', "null"]
    moment = NOON + timedelta(microseconds=1)
    rows = [
        Observation(
            thing_id="t", observed_property="odd", phenomenon_time=moment + timedelta(seconds=n), result=result,
            phenomenon_end=moment + timedelta(hours=1) if n % 2 else None, numerator=n / 3 if n % 3 else None,
        )
        for n, result in enumerate(results)
    ]  # fmt: skip
    written = await writer.write("imported", Batch(rows))
    assert (written.stored, written.duplicate) == (len(rows), 0)
    assert (await writer.write("imported", Batch(rows))).duplicate == len(rows)
    with psycopg.connect(dsn("read")) as connection:
        found = connection.execute(
            "select coalesce(to_json(result), to_json(result_text)), phenomenon_time, phenomenon_end, numerator"
            " from observation order by phenomenon_time"
        ).fetchall()
    assert found == [(r.result, r.phenomenon_time, r.phenomenon_end, r.numerator) for r in rows]

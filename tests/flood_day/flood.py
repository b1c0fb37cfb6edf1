"""``make flood``: the recorded flood day of Huế, and what the watch must tell of it, line by line.

Recorded twice: the same bytes. Watched by steps out of the store twice, and beside a writer: exactly the expected list.
Watched at 60 times real time while the rows come: the same list but for what ``story.differences`` names.
``--renew`` writes the list anew and says what changed: read every line as the officer who will get it.
"""

from __future__ import annotations

import difflib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from sources.recording import Recording
from tests.conftest import Dsn
from tests.flood_day import replay
from tests.flood_day.day import DAY, SHORT, Form, made, sums
from tests.flood_day.story import differences, read, write
from tests.support.cluster import TestCluster, running

EXPECTED = Path(__file__).parents[1] / "payloads" / "flood_day"
FORMS = {form.name: form for form in (DAY, SHORT)}
LOOKS_APART = timedelta(minutes=30)
"""A watch that needs longer than this between two looks, by the day's own clock, is too slow to be compared."""


def expected(form: Form) -> Path:
    return EXPECTED / f"{form.name}.jsonl"


def apart(form: Form, rows: Sequence[str]) -> list[str]:
    """How a telling differs from the list that is kept, as a diff."""
    path = expected(form)
    kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return list(difflib.unified_diff(kept, list(rows), "expected", "told", lineterm="", n=0))


@click.command()
@click.option("--form", "names", multiple=True, type=click.Choice(list(FORMS)), help="Default: both.")
@click.option("--speed", default=60.0, show_default=True, help="Times real time; 0: leave that run out.")
@click.option("--renew", is_flag=True, help="Write the expected list anew.")
def main(names: Sequence[str], speed: float, renew: bool) -> None:
    """Replays the flood day; ends with 1 when what is told is not what is expected."""
    wrong: list[str] = []
    with running(f"flood-{time.time_ns()}") as cluster:
        for name in names or FORMS:
            with tempfile.TemporaryDirectory() as folder:
                wrong += _form(cluster, FORMS[name], Path(folder), speed, renew=renew)
    click.echo("\n".join(wrong) or "as expected")
    sys.exit(1 if wrong else 0)


def _form(cluster: TestCluster, form: Form, folder: Path, speed: float, *, renew: bool) -> list[str]:
    found = made(form, folder / "one")
    made(form, folder / "two")
    wrong = [] if sums(folder / "one") == sums(folder / "two") else [f"{form.name}: recorded twice, other bytes"]
    with _fresh(cluster) as dsn:
        with _timed(f"{form.name}: into the store"):
            replay.stored(dsn, folder / "one", found)
        with _timed(f"{form.name}: by steps"):
            book = replay.by_steps(dsn, form)
        if renew:
            click.echo("\n".join(apart(form, book.rows())) or "nothing changed")
            write(expected(form), book.rows())
        wrong += apart(form, book.rows())
        click.echo(f"{len(book.episodes)} findings; kept without news: {sum(book.kept.values())} {book.kept}")
        with _timed(f"{form.name}: by steps, again"):
            wrong += [f"again: {line}" for line in apart(form, replay.by_steps(dsn, form).rows())]
    with _fresh(cluster) as dsn, _timed(f"{form.name}: beside a writer"):
        told = replay.beside_a_writer(dsn, form, folder / "one", found).rows()
        wrong += [f"beside a writer: {line}" for line in apart(form, told)]
    return wrong + (_fast(cluster, form, folder / "one", found, speed) if speed else [])


def _fast(cluster: TestCluster, form: Form, folder: Path, found: Sequence[Recording], speed: float) -> list[str]:
    with _fresh(cluster) as dsn, _timed(f"{form.name}: at {speed:g} times real time"):
        book, gap = replay.at_speed(dsn, form, folder, found, speed)
    within = max(form.step, gap) + form.step
    click.echo(f"{len(book.episodes)} findings, looks at most {gap.total_seconds() / 60:.1f} min of the day apart")
    late = [f"{form.name}: looks {gap} apart"] if gap > LOOKS_APART else []
    return late + [f"at {speed:g}×: {line}" for line in differences(read(expected(form)), book.episodes, within)]


@contextmanager
def _fresh(cluster: TestCluster) -> Iterator[Dsn]:
    with cluster.fresh() as name:
        yield lambda role: cluster.dsn(role, name)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    click.echo(f"{what}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

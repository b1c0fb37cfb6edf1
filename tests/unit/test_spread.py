"""Work on several cores: in order, at low priority, and an error of it arrives as itself."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from geodata.errors import UnknownName
from sources._load import by_service
from sources._spread import NICE, spread
from tests.support.samples import binding


def told(number: int) -> tuple[int, int, int]:
    """The number, whose process this is, and its priority."""
    if number == 9:
        raise UnknownName(kind="number", name="9", known="0 to 8")
    return number, os.getpid(), os.nice(0)


def test_in_order_in_other_processes_that_yield() -> None:
    found = list(spread(told, [3, 1, 2], processes=2))
    assert [number for number, *_ in found] == [3, 1, 2]
    assert os.getpid() not in {pid for _, pid, _ in found}
    assert {nice for *_, nice in found} == {min(os.nice(0) + NICE, 19)}


def test_alone_it_stays_in_this_process() -> None:
    assert list(spread(told, [4, 5], processes=1)) == [(4, os.getpid(), os.nice(0)), (5, os.getpid(), os.nice(0))]
    assert list(spread(told, [])) == []


def test_an_error_arrives_as_itself() -> None:
    with pytest.raises(UnknownName, match="no number is named '9'; known: 0 to 8"):
        list(spread(told, [9, 1], processes=2))
    again = pickle.loads(pickle.dumps(UnknownName(kind="x", name="y", known="z")))
    assert (type(again), str(again)) == (UnknownName, "no x is named 'y'; known: z")


def test_a_service_is_one_part_and_the_heaviest_comes_first(tmp_path: Path) -> None:
    sizes = {"little.json": 10, "much.nmea": 700, "packed.ndjson.gz": 100, "more.json": 650}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    services = {"little.json": "a", "much.nmea": "b", "packed.ndjson.gz": "c", "more.json": "a"}
    jobs = [(binding(name, service), (tmp_path / name,)) for name, service in services.items()]
    found = [
        [source.id for source, _ in part] for part in by_service([*jobs, (binding("gone", "d"), (tmp_path / "x",))])
    ]
    assert found == [["packed.ndjson.gz"], ["much.nmea"], ["little.json", "more.json"], ["gone"]]

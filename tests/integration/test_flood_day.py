"""The short form of ``make flood``: three hours of the recorded flood day of Huế, recordings in, findings out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.recording import Recording
from tests.conftest import Dsn
from tests.flood_day import replay
from tests.flood_day.day import SHORT, lines, made, sums
from tests.flood_day.flood import apart

RENEW = "read it as an officer would, then: make flood ARGS=--renew"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flood_day")


@pytest.fixture(scope="module")
def recorded(folder: Path) -> tuple[Recording, ...]:
    return made(SHORT, folder)


def test_out_of_the_store_the_list_is_the_expected_one(dsn: Dsn, folder: Path, recorded: tuple[Recording, ...]) -> None:
    assert all(lines(folder).values())
    replay.stored(dsn, folder, recorded)
    assert "\n".join(apart(SHORT, replay.by_steps(dsn, SHORT).rows())) == "", RENEW


def test_beside_a_writer_the_list_is_the_same(
    dsn: Dsn, folder: Path, recorded: tuple[Recording, ...], tmp_path: Path
) -> None:
    again = made(SHORT, tmp_path)
    assert sums(tmp_path) == sums(folder), "the same seed is the same recording"
    assert again == recorded
    assert "\n".join(apart(SHORT, replay.beside_a_writer(dsn, SHORT, tmp_path, again).rows())) == "", RENEW

"""A wall over several browsers: whose part is whose, and that all parts turn together."""

from __future__ import annotations

import pytest

from app.pages.wall_part import Part
from app.turns import Turns


@pytest.mark.parametrize(
    ("split", "part", "expected"),
    [
        ("3x2", "1", Part(3, 2, 0, 0)),
        ("3x2", "3", Part(3, 2, 2, 0)),
        ("3x2", "4", Part(3, 2, 0, 1)),
        ("3x2", "6", Part(3, 2, 2, 1)),
        ("1x4", "3", Part(1, 4, 0, 2)),
        ("8x8", "64", Part(8, 8, 7, 7)),
        ("3x2", "7", Part()),
        ("3x2", "0", Part()),
        ("3x2", "-1", Part()),
        ("3x2", "x", Part()),
        ("3x2", "²", Part()),
        ("9x1", "1", Part()),
        ("0x2", "1", Part()),
        ("3x2x1", "1", Part()),
        ("", "2", Part()),
    ],
)
def test_parts_are_counted_row_by_row_and_a_wrong_address_is_the_whole_wall(
    split: str, part: str, expected: Part
) -> None:
    assert Part.of({"split": split, "part": part}) == expected


def test_the_first_part_needs_no_number() -> None:
    assert Part.of({"split": "2x1"}) == Part(2, 1, 0, 0)
    assert Part.of({}).name is None


def test_the_unit_is_that_of_the_whole_wall() -> None:
    assert Part().styles(1) == {"--u": "calc(100vh / 108 * 1)"}
    found = Part(3, 2, 2, 1).styles(1.2)
    assert found["--u"] == "calc(200vh / 108 * 1.2)"
    assert (found["left"], found["top"], found["min-width"], found["min-height"]) == (
        "-200vw",
        "-100vh",
        "300vw",
        "200vh",
    )


def test_parts_turn_once_a_round_whoever_asks_first_and_each_wall_for_itself() -> None:
    now = [100.0]
    turns = Turns(steady=lambda: now[0])
    assert turns.shown("2x1") is None
    assert turns.turn("2x1", "sea", 45) == "sea"
    now[0] += 7  # the timer of another part
    assert turns.turn("2x1", "traffic", 45) == "sea"
    assert turns.turn("3x2", "flood", 45) == "flood"
    now[0] += 37  # the first again, a second early by its own clock
    assert turns.turn("2x1", "traffic", 45) == "traffic"
    assert turns.shown("2x1") == "traffic"
    assert turns.shown("3x2") == "flood"

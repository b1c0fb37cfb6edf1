"""What goes out of the house: when the desk must hear that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from geodata.city import city
from geodata.outlet import OutletBinding
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from tests.support.watching import at, said

RULE = rules()["outlets.not_sent"]
OUTLET = OutletBinding.model_validate({"kind": "webhook", "url": "http://x"})


def row(outlet: str | None, waits: float | None = None, gave_up: float | None = None) -> dict[str, Any]:
    """One outlet whose oldest message waits since, or was given up, so many minutes ago."""
    return {
        "outlet": outlet,
        "waiting": int(waits is not None),
        "waits_since": time(waits),
        "given_up": int(gave_up is not None),
        "given_up_since": time(gave_up),
        "error": "refused",
    }


def time(minutes: float | None) -> datetime | None:
    return None if minutes is None else at(-minutes)


CASES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("nothing waits", [], []),
    ("a minute is no trouble", [row("zalo", 1)], []),
    ("ten minutes are", [row("zalo", 10)], ["Fires outlet:zalo"]),
    ("given up is told at once", [row("zalo", None, 1)], ["Fires outlet:zalo"]),
    ("one outlet does not speak for another", [row("mail", 1), row("zalo", 11)], ["Fires outlet:zalo"]),
    ("nobody sends", [row(None, 11)], ["Fires sender"]),
    ("nobody sends yet", [row(None, 1)], []),
]


@pytest.mark.parametrize(("unsent", "told"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_when_it_is_told(unsent: list[dict[str, Any]], told: Sequence[str]) -> None:
    town = city("hue").model_copy(update={"outlets": {"zalo": OUTLET}})
    assert list(said(RULE, StillFrames(at(0), town, unsent=pd.DataFrame(unsent)))) == told


def test_a_city_that_sends_nothing_any_more_is_left_in_peace() -> None:
    unsent = pd.DataFrame([row(None, 600), row("zalo", 600)])
    assert said(RULE, StillFrames(at(0), city("hue"), unsent=unsent)) == []
    assert said(RULE, StillFrames(at(0), city("hue"), unsent=unsent[1:])) == ["Fires outlet:zalo"]


@pytest.mark.parametrize(("days", "told"), [(1, ["Fires sender"]), (8, [])])
def test_a_sender_with_a_file_of_its_own_is_missed_for_a_week(days: float, told: list[str]) -> None:
    """The city knows of no outlet; that something was sent tells that it means to."""
    unsent = pd.DataFrame([row(None, 600) | {"sent_at": time(days * 1440)}])
    assert said(RULE, StillFrames(at(0), city("hue"), unsent=unsent)) == told


def test_it_begins_with_the_oldest_that_did_not_arrive() -> None:
    (sign,) = RULE.signs(StillFrames(at(0), city("hue"), unsent=pd.DataFrame([row("zalo", 20, 30)])))
    assert sign.since == at(-30)  # type: ignore[union-attr]
    assert sign.facts == {"name": "zalo", "waiting": 1, "given_up": 1, "error": "refused"}  # type: ignore[union-attr]

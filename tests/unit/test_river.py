"""The curve of a river on the wall: its trend while it is told, the time of its last value when it is not."""

from __future__ import annotations

import pandas as pd
import pytest

from app.panels import river
from app.text import Text
from tests.support.layer_frames import END, view

TEXT = Text("vi")


def told(state: str, rise_m: float = 0.3) -> dict[str, object]:
    """A gauge told every ten minutes until 11 minutes before the end, 14:00."""
    until = END.timestamp() - 660
    points = [(until - 600 * n, 2.0 - rise_m * n / 6) for n in range(30, -1, -1)]
    gauge = river.River(name="Kim Long", station=None, row=pd.Series({"state": state, "level": 0}), points=points)
    return river.content(gauge, view(), TEXT, "Asia/Ho_Chi_Minh")


def test_a_gauge_that_is_heard_tells_its_trend() -> None:
    found = told("fresh")
    assert (found["value"], found["unit"], found["trend"]) == ("2,00", "m", "lên 0,30 m/giờ")
    assert told("fresh", 0.0)["trend"] == "ít thay đổi"


def test_a_lost_gauge_has_no_value_and_tells_when_its_last_was() -> None:
    found = told("unknown")
    assert (found["value"], found["unit"], found["state"], found["trend"]) == ("?", "", "unknown", "số cuối 13:49")


@pytest.mark.parametrize("state", ["late", "silent"])
def test_a_value_that_is_no_longer_of_now_has_its_time_in_place_of_a_trend(state: str) -> None:
    found = told(state)
    assert (found["value"], found["trend"]) == ("2,00", "số cuối 13:49")

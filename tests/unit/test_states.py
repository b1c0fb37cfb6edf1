"""Fresh, late, silent, unknown, and how opaque."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from layers import states

END = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)


def rows(*ages_s: float, feed: str = "up", cadence_s: float = 600.0, late_factor: float = 3.0) -> pd.DataFrame:
    times = pd.DatetimeIndex([END - timedelta(seconds=age) for age in ages_s])
    return pd.DataFrame({"time": times, "feed": feed, "cadence_s": cadence_s, "late_factor": late_factor})


def test_states_by_age() -> None:
    found = states.classify(rows(0, 600, 601, 1800, 1801), END)
    assert found["state"].tolist() == ["fresh", "fresh", "late", "late", "silent"]
    assert found["age_s"].tolist() == [0, 600, 601, 1800, 1801]


def test_a_feed_that_is_down_makes_every_age_unknown() -> None:
    assert set(states.classify(rows(0, 900, 9000, feed="down"), END)["state"]) == {"unknown"}


def test_marks_fade_to_045_then_stand_out_again() -> None:
    alpha = states.classify(rows(0, 900, 1800, 1801), END)["alpha"].tolist()
    assert alpha == pytest.approx([1.0, 0.725, 0.45, 1.0])
    assert states.classify(rows(900, feed="down"), END)["alpha"].tolist() == [1.0]


def test_a_fix_from_the_future_is_fresh() -> None:
    """A clock on board that is ahead: the row stands at its own time, and no opacity leaves 0..1."""
    found = states.classify(rows(-30), END)
    assert (found["state"][0], found["alpha"][0]) == ("fresh", 1.0)


def test_the_cadence_may_be_the_rule_s_instead_of_the_source_s() -> None:
    assert states.classify(rows(900), END, cadence_s=3600)["state"].tolist() == ["fresh"]


def test_no_rows_keep_the_columns() -> None:
    found = states.classify(rows().iloc[:0], END)
    assert {"age_s", "state", "alpha"} <= set(found.columns)


def test_the_abnormal_is_drawn_last() -> None:
    frame = rows(10, 20, 30).assign(level=[3, 0, 2])
    assert states.ordered(frame)["level"].tolist() == [0, 2, 3]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_has_its_words(language: str) -> None:
    assert len({states.said(state, language) for state in states.WORDS}) == len(states.WORDS)

"""Silence needs somebody who listened: before its source was first connected a thing is unknown, not silent."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geodata.indicators.indicator import get
from tests.support.indicator_frames import frames, town


def test_before_a_source_was_connected_nothing_of_it_was_silent() -> None:
    later = frames(town(), minute=60 * 24 * 40)
    heard = get("advertising_screens.silent").value(later)
    assert heard.value == heard.figure.n == 6
    never = replace(later, feeds=later.feeds.assign(up=None), memory={})
    before = get("advertising_screens.silent").value(never)
    assert (before.value, before.state, before.figure.left_out) == (None, "unknown", {"unknown": 6})
    boards = get("advertising_screens.heard").value(never)
    assert (boards.value, boards.state) == (None, "unknown")


def test_of_two_sources_only_the_one_that_listened_counts() -> None:
    found = frames(town(), minute=60 * 24 * 40)
    rows = dict(found.rows)
    for key, frame in rows.items():
        if key[0] == "advertising_screens":
            rows[key] = frame.assign(
                source=["feed_advertising_screens" if n % 2 else "another" for n in range(len(frame))]
            )
    another = found.feeds.loc[["feed_advertising_screens"]].rename(index={"feed_advertising_screens": "another"})
    feeds = pd.concat([found.feeds, another.assign(up=None)])
    told = get("advertising_screens.silent").value(replace(found, rows=rows, feeds=feeds))
    assert told.state == "partial"
    assert 0 < (told.value or 0) < 6

"""What words of marks cover, so that the names of the map keep away."""

from __future__ import annotations

import pytest

from layers import elements, wordboxes
from layers.lettering import width
from tests.support import layer_frames as frames


def test_a_label_and_the_words_beside_a_mark() -> None:
    half = width("Lũ trên sông", 14, 700, 0.2) / 2
    label = {"mark": "label", "kind": "warning", "text": "Lũ trên sông", "dy": 23.0}
    assert wordboxes.around(label) == pytest.approx((-half, 23 - 8.4, half, 23 + 8.4))
    named = wordboxes.around({"mark": "plus", "name": "81% giường", "text": None})
    assert named is not None
    assert named[0] == 12
    assert wordboxes.around({"mark": "badge", "text": "4,62"}) is None
    assert wordboxes.around({"mark": "label", "text": None}) is None


def test_on_the_screen_of_a_view() -> None:
    at = frames.view()
    x0, y0, x1, y1 = at.bounds.mercator
    rows = {"x": [(x0 + x1) / 2], "y": [(y0 + y1) / 2], "mark": ["plus"], "name": ["a"], "scale": [0.5]}
    ((left, top, _, bottom),) = wordboxes.boxes(elements.of(rows), at, 2.0)
    assert (left, (top + bottom) / 2) == pytest.approx((at.width_px / 2 + 12, at.height_px / 2), abs=1)
    assert not list(wordboxes.boxes(elements.of({"x": [0.0], "y": [0.0], "mark": ["dot"]}), at))
